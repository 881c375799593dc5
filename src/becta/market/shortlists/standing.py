"""What is true of the products on a shortlist at an instant, in a constant number of statements."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlmodel import Session, col

from becta.catalogue.products.models import ListingVersion
from becta.catalogue.products.rules import ListingState
from becta.compliance.badges.credentials import badge_name
from becta.compliance.badges.models import BadgeClaimRow
from becta.compliance.badges.requirements import BadgeRequirement, lacking, parse_requirement
from becta.compliance.badges.rules import standing
from becta.market.listings.compose import SHOWN, ListingParts, cheapest_offer
from becta.market.listings.queries import load_listings
from becta.market.shortlists.models import ShortlistEntry
from becta.market.shortlists.rules import ClaimNow, HeldBadge, Listing, gained, lost
from becta.market.shortlists.schemas import EntryOut, LackingBadge

Names = Mapping[UUID, str | None]


def held_badges(claims: Iterable[BadgeClaimRow], *, now: datetime) -> tuple[HeldBadge, ...]:
    """The badges among these claims that hold now."""
    return tuple(
        HeldBadge(
            claim_id=claim.id,
            standard=claim.standard,
            name=badge_name(claim),
            version=claim.standard_version,
            role=claim.role,
            level=claim.level,
            holder=claim.holder,
            expires_on=claim.expires_on,
        )
        for claim in claims
        if standing(claim.state, claim.issued_on, claim.expires_on, now=now) in SHOWN
    )


def badges_then(entry: ShortlistEntry) -> tuple[HeldBadge, ...]:
    """The badges that were held when a product was put on a shortlist."""
    return msgspec.convert(entry.badges_then, tuple[HeldBadge, ...])


def entries_now(
    session: Session, entries: Sequence[ShortlistEntry], badges: Iterable[str], names: Names, *, now: datetime
) -> tuple[EntryOut, ...]:
    """What is true of these entries now: six statements at most, four of them to load the listings."""
    listings = load_listings(session, [entry.product_id for entry in entries])
    gone = [entry for entry in entries if entry.product_id not in listings]
    withdrawn = _withdrawn(session, [entry.product_id for entry in gone])
    left = _claims(session, gone)
    wanted = [parse_requirement(text) for text in badges]
    found = []
    for entry in entries:
        parts = listings.get(entry.product_id)
        claims = left if parts is None else {claim.id: claim for claim in parts.claims}
        listing = Listing(is_listed=parts is not None, withdrawn_at=withdrawn.get(entry.product_id))
        found.append(_entry(entry, parts, claims, listing, wanted, names.get(entry.added_by), now=now))
    return tuple(found)


def _entry(
    entry: ShortlistEntry,
    parts: ListingParts | None,
    claims: Mapping[UUID, BadgeClaimRow],
    listing: Listing,
    wanted: Sequence[BadgeRequirement],
    added_by_name: str | None,
    *,
    now: datetime,
) -> EntryOut:
    own = () if parts is None else parts.claims
    cheapest = None if parts is None else cheapest_offer(parts)
    then, held = badges_then(entry), held_badges(own, now=now)
    became = {
        claim.id: ClaimNow(
            standing=standing(claim.state, claim.issued_on, claim.expires_on, now=now),
            decided_at=claim.decided_at,
            reasons=tuple(claim.reasons),
        )
        for claim in claims.values()
    }
    return EntryOut(
        id=entry.id,
        product_id=entry.product_id,
        title=entry.title_then if parts is None else parts.version.title,
        supplier=entry.supplier_then if parts is None else parts.supplier.name,
        note=entry.note,
        added_by=entry.added_by,
        added_by_name=added_by_name,
        added_at=entry.added_at,
        price_pence_then=entry.price_pence_then,
        badges_then=then,
        is_listed=listing.is_listed,
        withdrawn_at=listing.withdrawn_at,
        price_pence=None if cheapest is None else cheapest.price_pence,
        unit=None if cheapest is None else cheapest.unit,
        badges_now=held,
        badges_lost=lost(then, held, became, listing),
        badges_gained=gained(then, held),
        badges_lacking=_lacking(parts, wanted, now=now),
    )


def _lacking(
    parts: ListingParts | None, wanted: Sequence[BadgeRequirement], *, now: datetime
) -> tuple[LackingBadge, ...]:
    if parts is None:
        gone = "the listing was withdrawn"
        return tuple(LackingBadge(requirement=one.text, sentence=f"{one.words}: {gone}") for one in wanted)
    missed = lacking(parts.claims, wanted, now=now)
    return tuple(LackingBadge(requirement=one.requirement.text, sentence=one.message) for one in missed)


def _withdrawn(session: Session, product_ids: list[UUID]) -> dict[UUID, datetime]:
    """When the listings of these products were withdrawn."""
    if not product_ids:
        return {}
    version = ListingVersion
    rows = session.execute(
        select(col(version.product_id), func.max(col(version.decided_at)))
        .where(col(version.product_id).in_(product_ids), col(version.state) == ListingState.WITHDRAWN)
        .group_by(col(version.product_id))
    )
    return {row[0]: row[1] for row in rows if row[1] is not None}


def _claims(session: Session, gone: Sequence[ShortlistEntry]) -> dict[UUID, BadgeClaimRow]:
    """The claims on which badges rested of products that are not listed any more."""
    ids = {badge.claim_id for entry in gone for badge in badges_then(entry)}
    if not ids:
        return {}
    rows = session.execute(select(BadgeClaimRow).where(col(BadgeClaimRow.id).in_(sorted(ids)))).scalars()
    return {claim.id: claim for claim in rows}
