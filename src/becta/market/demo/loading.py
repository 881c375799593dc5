"""Loading the demonstration and generated catalogues, in bulk, through the same loaders as imported files."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import islice
from typing import TypeVar
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlmodel import Session, col, select

from becta.catalogue.imports.loading import Loaded, Loader, Origin, Placed
from becta.catalogue.imports.products import ProductLoader, ProductRow
from becta.catalogue.imports.suppliers import SupplierLoader, SupplierRow
from becta.catalogue.products.models import Product
from becta.catalogue.suppliers.models import Supplier
from becta.compliance.badges.bulk import DecidedClaim, store_claims
from becta.compliance.badges.rules import ClaimState
from becta.compliance.standards.registry import Holder
from becta.kernel.actor import system
from becta.market.db import Database
from becta.market.demo.catalogue import demonstration
from becta.market.demo.generator import generate, generated_suppliers
from becta.market.demo.people import load_people
from becta.market.demo.rows import DemoBadge, DemoProduct, DemoSupplier
from becta.refurb.units.imports import OfferLoader, OfferRow

BATCH = 1_000

T = TypeVar("T")


class DemoSummary(Struct, kw_only=True):
    """How much was loaded; all zero when it was there already."""

    suppliers: int = 0
    products: int = 0
    offers: int = 0
    claims: int = 0
    people: int = 0


def load_demonstration(db: Database, *, today: date, now: datetime) -> DemoSummary:
    """Load the authored catalogue and the people who use it; a second time changes nothing."""
    authored = demonstration(today)
    summary = _load(db, authored.suppliers, authored.products, now=now)
    summary.people = load_people(db, now=now)
    return summary


def load_generated(db: Database, count: int, *, seed: int, today: date, now: datetime) -> DemoSummary:
    """Load `count` generated listings, the same for the same seed; a second time changes nothing."""
    return _load(db, generated_suppliers(seed=seed, today=today), generate(count, seed=seed, today=today), now=now)


def _load(
    db: Database, suppliers: Iterable[DemoSupplier], products: Iterable[DemoProduct], *, now: datetime
) -> DemoSummary:
    summary = DemoSummary()
    origin = Origin(actor=system("demonstration"), file="the demonstration catalogue", now=now)
    for supplier_batch in _batches(suppliers):
        with db.write() as session:
            _suppliers(session, supplier_batch, origin, summary)
    product_loader, offer_loader = ProductLoader(), OfferLoader()
    for product_batch in _batches(products):
        with db.write() as session:
            _products(session, product_batch, product_loader, offer_loader, origin, summary)
    return summary


def _suppliers(session: Session, batch: list[DemoSupplier], origin: Origin, summary: DemoSummary) -> None:
    rows = [SupplierRow(reference=s.reference, **msgspec.structs.asdict(s.details)) for s in batch]
    loaded = _store(session, SupplierLoader(), rows, origin)
    summary.suppliers += loaded.created
    if loaded.created:
        references = [supplier.reference for supplier in batch]
        query = select(Supplier.reference, Supplier.id).where(col(Supplier.reference).in_(references))
        ids = dict(session.exec(query).all())
        claims = [_decided(badge, Holder.SUPPLIER, ids[s.reference]) for s in batch for badge in s.badges]
        summary.claims += store_claims(session, claims, origin.actor, now=origin.now)


def _products(
    session: Session,
    batch: list[DemoProduct],
    product_loader: ProductLoader,
    offer_loader: OfferLoader,
    origin: Origin,
    summary: DemoSummary,
) -> None:
    rows = [
        ProductRow(supplier=p.supplier, reference=p.reference, kind=p.kind, **msgspec.structs.asdict(p.content))
        for p in batch
    ]
    created = _store(session, product_loader, rows, origin).created
    summary.products += created
    offers = [
        OfferRow(
            supplier=offer.supplier,
            reference=offer.reference,
            product=product.reference,
            product_supplier=product.supplier,
            remanufactured=offer.remanufactured,
            **msgspec.structs.asdict(offer.terms),
        )
        for product in batch
        for offer in product.offers
    ]
    summary.offers += _store(session, offer_loader, offers, origin).created
    if created:
        query = (
            select(Supplier.reference, Product.reference, Product.id)
            .join(Product, col(Product.supplier_id) == Supplier.id)
            .where(col(Product.reference).in_([product.reference for product in batch]))
        )
        ids = {(row[0], row[1]): row[2] for row in session.exec(query)}
        claims = [_decided(b, Holder.PRODUCT, ids[p.supplier, p.reference]) for p in batch for b in p.badges]
        summary.claims += store_claims(session, claims, origin.actor, now=origin.now)


def _store(session: Session, loader: Loader, rows: Iterable[Struct], origin: Origin) -> Loaded:
    placed = [Placed(line, (), row) for line, row in enumerate(rows, 1)]
    loaded = loader.store(session, placed, origin)
    if loaded.rejected:
        raise ValueError(f"the demonstration breaks a rule: {loaded.rejected[0]}")
    return loaded


def _decided(badge: DemoBadge, holder: Holder, holder_id: UUID) -> DecidedClaim:
    reasons = (badge.reason,) if badge.reason else ()
    return DecidedClaim(
        holder=holder, holder_id=holder_id, claim=badge.claim, state=ClaimState(badge.decision), reasons=reasons
    )


def _batches(rows: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, BATCH)):
        yield batch
