"""Reading listings: every list takes a constant number of statements, whatever its length."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlmodel import Session, col, or_, select

from becta.catalogue.categories import Kind
from becta.catalogue.connectivity.models import ConnectivityRow
from becta.catalogue.offers.models import Offer
from becta.catalogue.offers.rules import OfferState
from becta.catalogue.products.models import ListingVersion, Product
from becta.catalogue.products.rules import OPEN_STATES, ListingState
from becta.catalogue.suppliers.models import Supplier
from becta.compliance.badges.holders import owner_of_claim
from becta.compliance.badges.models import BadgeClaimRow
from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import NotFound
from becta.market.db import Database
from becta.market.listings.compose import (
    ListingParts,
    OfferParts,
    claim_out,
    fresh_until,
    product_card,
    product_out,
    supplier_out,
    version_out,
)
from becta.market.listings.schemas import ClaimOut, SupplierOut, VersionOut
from becta.refurb.units.models import RemanufacturedDeviceRow

encode = msgspec.json.Encoder().encode


class ListingFilter(Struct, frozen=True, kw_only=True):
    """Which published listings to list."""

    kind: Kind | None = None
    category: str | None = None
    supplier_id: UUID | None = None


def load_listings(session: Session, product_ids: Sequence[UUID]) -> dict[UUID, ListingParts]:
    """The published listings among these products, in five statements."""
    if not product_ids:
        return {}
    heads = session.exec(
        select(Product, ListingVersion, Supplier)
        .join(ListingVersion, col(ListingVersion.product_id) == Product.id)
        .join(Supplier, col(Supplier.id) == Product.supplier_id)
        .where(col(Product.id).in_(product_ids), ListingVersion.state == ListingState.PUBLISHED)
    ).all()
    version_ids = [version.id for product, version, _ in heads if product.kind is Kind.CONNECTIVITY]
    packages = session.exec(select(ConnectivityRow).where(col(ConnectivityRow.version_id).in_(version_ids))).all()
    package_of = {package.version_id: package for package in packages}
    offers = _offers(session, product_ids)
    supplier_ids = {supplier.id for _, _, supplier in heads}
    claims = session.exec(
        select(BadgeClaimRow)
        .where(or_(col(BadgeClaimRow.product_id).in_(product_ids), col(BadgeClaimRow.supplier_id).in_(supplier_ids)))
        .order_by(col(BadgeClaimRow.id))
    ).all()
    claims_of: dict[UUID | None, list[BadgeClaimRow]] = defaultdict(list)
    for claim in claims:
        claims_of[claim.product_id or claim.supplier_id].append(claim)
    return {
        product.id: ListingParts(
            product=product,
            version=version,
            supplier=supplier,
            package=package_of.get(version.id),
            offers=tuple(offers[product.id]),
            claims=(*claims_of[supplier.id], *claims_of[product.id]),
        )
        for product, version, supplier in heads
    }


def _offers(session: Session, product_ids: Sequence[UUID]) -> dict[UUID, list[OfferParts]]:
    rows = session.exec(
        select(Offer, Supplier, RemanufacturedDeviceRow)
        .join(Supplier, col(Supplier.id) == Offer.supplier_id)
        .outerjoin(RemanufacturedDeviceRow, col(RemanufacturedDeviceRow.offer_id) == Offer.id)
        .where(col(Offer.product_id).in_(product_ids), Offer.state == OfferState.ACTIVE)
        .order_by(col(Offer.id))
    ).all()
    offers: dict[UUID, list[OfferParts]] = defaultdict(list)
    for offer, supplier, unit in rows:
        offers[offer.product_id].append(OfferParts(offer=offer, supplier=supplier, unit=unit))
    return offers


_VIEW = """
    CASE WHEN view.stamp = product.revision + supplier.revision
         AND (view.fresh_until IS NULL OR view.fresh_until > :now) THEN view.{column} END
    FROM product
    JOIN listing_version AS version ON version.product_id = product.id AND version.state = 'published'
    JOIN supplier ON supplier.id = product.supplier_id
    LEFT JOIN listing_view AS view ON view.product_id = product.id
"""
_BODY = "SELECT" + _VIEW.format(column="body") + "WHERE product.id = :product_id"
_CARDS = (
    "SELECT version.product_id,"
    + _VIEW.format(column="card")
    + "WHERE {conditions} ORDER BY version.product_id LIMIT :limit"
)
_CONDITIONS = {
    "kind": "product.kind = :kind",
    "category": "version.category = :category",
    "supplier_id": "product.supplier_id = :supplier_id",
    "after": "version.product_id > :after",
}


async def product_body(db: Database, product_id: UUID, *, now: datetime) -> bytes:
    """A published product's JSON, in one statement while its view is fresh; raises NotFound."""
    rows = await db.fetch_soon(_BODY, {"product_id": product_id, "now": int(now.timestamp())})
    if rows and rows[0][0] is not None:
        return bytes(rows[0][0])
    return await asyncio.to_thread(_built_body, db, product_id, now)


async def product_cards(
    db: Database, wanted: ListingFilter, *, after: UUID | None, limit: int, now: datetime
) -> tuple[list[bytes], UUID | None]:
    """Published listings as card JSON, oldest product first, and the product to go on after if there are more.

    One statement while the views are fresh.
    """
    chosen = {name: value for name, value in (*msgspec.structs.asdict(wanted).items(), ("after", after)) if value}
    conditions = " AND ".join(_CONDITIONS[name] for name in chosen) or "TRUE"
    statement = _CARDS.format(conditions=conditions)
    rows = await db.fetch_soon(statement, {**chosen, "limit": limit + 1, "now": int(now.timestamp())})
    page = rows[:limit]
    last = UUID(str(page[-1][0])) if len(rows) > limit else None
    stale = [UUID(str(key)) for key, card in page if card is None]
    if not stale:
        return [card for _, card in page], last
    built = await asyncio.to_thread(_built_cards, db, stale, now)
    cards = (card or built.get(UUID(str(key))) for key, card in page)
    return [card for card in cards if card is not None], last


def _built_body(db: Database, product_id: UUID, now: datetime) -> bytes:
    with db.read() as session:
        return encode(product_out(one_listing(session, product_id), now=now))


def _built_cards(db: Database, product_ids: Sequence[UUID], now: datetime) -> dict[UUID, bytes]:
    with db.read() as session:
        listings = load_listings(session, product_ids)
    return {product_id: encode(product_card(parts, now=now)) for product_id, parts in listings.items()}


def views_of(listings: Iterable[ListingParts], *, now: datetime) -> Iterator[dict[str, object]]:
    """Rows of `listing_view` for these listings."""
    for parts in listings:
        yield {
            "product_id": parts.product.id,
            "stamp": parts.stamp,
            "fresh_until": fresh_until(parts, now=now),
            "body": encode(product_out(parts, now=now)),
            "card": encode(product_card(parts, now=now)),
        }


def suppliers_out(session: Session, *, after: UUID | None, limit: int, now: datetime) -> list[SupplierOut]:
    """Suppliers in order of registration, with their badges, in two statements."""
    query = select(Supplier).order_by(col(Supplier.id)).limit(limit)
    if after is not None:
        query = query.where(col(Supplier.id) > after)
    suppliers = session.exec(query).all()
    claims = session.exec(
        select(BadgeClaimRow)
        .where(col(BadgeClaimRow.supplier_id).in_([supplier.id for supplier in suppliers]))
        .order_by(col(BadgeClaimRow.id))
    ).all()
    claims_of: dict[UUID | None, list[BadgeClaimRow]] = defaultdict(list)
    for claim in claims:
        claims_of[claim.supplier_id].append(claim)
    return [supplier_out(supplier, claims_of[supplier.id], now=now) for supplier in suppliers]


def one_supplier(session: Session, supplier_id: UUID, *, now: datetime) -> SupplierOut:
    """A supplier with its badges; raises NotFound."""
    supplier = session.get(Supplier, supplier_id)
    if supplier is None:
        raise NotFound("supplier", supplier_id)
    claims = session.exec(select(BadgeClaimRow).where(BadgeClaimRow.supplier_id == supplier_id)).all()
    return supplier_out(supplier, claims, now=now)


def published_stamps(session: Session, *, after: UUID | None, limit: int) -> list[tuple[UUID, int]]:
    """(id, stamp) of published listings in order of id, for comparing with the index."""
    query = (
        select(col(Product.id), col(Product.revision) + col(Supplier.revision))
        .join(ListingVersion, col(ListingVersion.product_id) == Product.id)
        .join(Supplier, col(Supplier.id) == Product.supplier_id)
        .where(ListingVersion.state == ListingState.PUBLISHED)
        .order_by(col(ListingVersion.product_id))
        .limit(limit)
    )
    if after is not None:
        query = query.where(col(ListingVersion.product_id) > after)
    return [(row[0], row[1]) for row in session.exec(query).all()]


def one_listing(session: Session, product_id: UUID) -> ListingParts:
    """Everything of one published listing; raises NotFound."""
    parts = load_listings(session, [product_id]).get(product_id)
    if parts is None:
        raise NotFound("product", product_id)
    return parts


def one_offer(session: Session, offer_id: UUID) -> OfferParts:
    """An offer, active or ended, with its particulars; raises NotFound."""
    row = session.exec(
        select(Offer, Supplier, RemanufacturedDeviceRow)
        .join(Supplier, col(Supplier.id) == Offer.supplier_id)
        .outerjoin(RemanufacturedDeviceRow, col(RemanufacturedDeviceRow.offer_id) == Offer.id)
        .where(Offer.id == offer_id)
    ).first()
    if row is None:
        raise NotFound("offer", offer_id)
    return OfferParts(offer=row[0], supplier=row[1], unit=row[2])


def versions_of(session: Session, product_id: UUID) -> list[VersionOut]:
    """Every version of a listing, newest first, in three statements; raises NotFound."""
    product = session.get(Product, product_id)
    if product is None:
        raise NotFound("product", product_id)
    versions = session.exec(
        select(ListingVersion)
        .where(ListingVersion.product_id == product_id)
        .order_by(col(ListingVersion.number).desc())
    ).all()
    packages = session.exec(
        select(ConnectivityRow).where(col(ConnectivityRow.version_id).in_([version.id for version in versions]))
    ).all()
    package_of = {package.version_id: package for package in packages}
    return [version_out(product, version, package_of.get(version.id)) for version in versions]


def claims_of_supplier(
    session: Session, supplier_id: UUID | None, *, after: UUID | None, limit: int, now: datetime
) -> list[ClaimOut]:
    """Badge claims of a supplier and its products, or all of them for None, oldest first, in one statement."""
    query = select(BadgeClaimRow).outerjoin(Product, col(Product.id) == BadgeClaimRow.product_id)
    if supplier_id is not None:
        query = query.where(or_(BadgeClaimRow.supplier_id == supplier_id, Product.supplier_id == supplier_id))
    if after is not None:
        query = query.where(col(BadgeClaimRow.id) > after)
    claims = session.exec(query.order_by(col(BadgeClaimRow.id)).limit(limit)).all()
    return [claim_out(claim, now=now) for claim in claims]


def one_claim(session: Session, actor: Actor, claim_id: UUID) -> BadgeClaimRow:
    """A claim, for its supplier and whoever decides on claims; raises NotFound for anybody else."""
    row = session.get(BadgeClaimRow, claim_id)
    if row is None or not (
        Scope.BADGES_DECIDE in actor.scopes
        or (Scope.BADGES_CLAIM in actor.scopes and actor.reaches(owner_of_claim(session, row)))
    ):
        raise NotFound("badge claim", claim_id)
    return row


def versions_in_work(
    session: Session, supplier_id: UUID | None, state: ListingState | None, *, after: UUID | None, limit: int
) -> list[tuple[UUID, VersionOut]]:
    """Versions that wait for somebody (of one supplier, or of all for None), oldest first, in two statements."""
    query = select(Product, ListingVersion).join(Product, col(Product.id) == ListingVersion.product_id)
    query = query.where(col(ListingVersion.state).in_(OPEN_STATES if state is None else (state,)))
    if supplier_id is not None:
        query = query.where(Product.supplier_id == supplier_id)
    if after is not None:
        query = query.where(col(ListingVersion.id) > after)
    rows = session.exec(query.order_by(col(ListingVersion.id)).limit(limit)).all()
    version_ids = [version.id for _, version in rows]
    packages = session.exec(select(ConnectivityRow).where(col(ConnectivityRow.version_id).in_(version_ids))).all()
    package_of = {package.version_id: package for package in packages}
    return [(version.id, version_out(product, version, package_of.get(version.id))) for product, version in rows]
