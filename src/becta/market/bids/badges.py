"""Which badges a lot requires, and which of them the products that a bid offers did not hold at the opening."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from uuid import UUID

from msgspec import Struct

from becta.compliance.badges.requirements import BadgeRequirement, meets, parse_requirement
from becta.compliance.badges.rules import EARLIEST, ClaimState, Level
from becta.market.bids.contents import LotBid
from becta.market.procurements.terms import LotTerms
from becta.market.shortlists.rules import HeldBadge

_AT_THE_OPENING = datetime(2000, 1, 1, tzinfo=UTC)
"""Any instant would do: a badge that was noted at the opening held then, and is judged as of then for good."""


class BadgeLack(Struct, frozen=True, kw_only=True):
    """A badge that a lot requires and a product of a bid for it did not hold at the opening.

    `requirement` is its text, `product_id` None where the bid names no product for the lot.
    """

    lot: int
    requirement: str
    product_id: UUID | None
    sentence: str


class _Noted(Struct, kw_only=True):
    """A badge that held at the opening, as the claim that a requirement judges; `Held` is of no frozen thing."""

    standard: str
    standard_version: str
    role: str
    level: Level
    state: ClaimState = ClaimState.ACCEPTED
    issued_on: date = EARLIEST
    expires_on: date | None = None


def required_badges(terms: LotTerms) -> tuple[BadgeRequirement, ...]:
    """The badges that a lot requires, each once."""
    return tuple(dict.fromkeys(parse_requirement(text) for text in terms.badges))


def badge_lacks(part: LotBid, terms: LotTerms, held: Mapping[UUID, Sequence[HeldBadge]]) -> tuple[BadgeLack, ...]:
    """The required badges that a bid's part for a lot lacks, product by product; `held` are those at the opening."""
    products: Iterable[UUID | None] = part.product_ids or (None,)
    noted = {product_id: [_noted(badge) for badge in badges] for product_id, badges in held.items()}
    return tuple(
        BadgeLack(lot=part.lot, requirement=badge.text, product_id=product_id, sentence=_sentence(badge, product_id))
        for badge in required_badges(terms)
        for product_id in products
        if product_id is None or not meets(noted.get(product_id, ()), badge, now=_AT_THE_OPENING)
    )


def _noted(badge: HeldBadge) -> _Noted:
    return _Noted(standard=badge.standard, standard_version=badge.version, role=badge.role, level=badge.level)


def _sentence(badge: BadgeRequirement, product_id: UUID | None) -> str:
    return f"names no product that holds {badge.words}" if product_id is None else f"lacks {badge.words}"
