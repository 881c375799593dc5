"""Reading claims, runs and products for the pages: each list in a constant number of statements."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import ScalarSelect, func
from sqlalchemy import select as select_all
from sqlalchemy.sql import Select
from sqlmodel import Session, and_, col, or_, select

from becta.catalogue.products.models import ListingVersion, Product
from becta.catalogue.products.rules import ListingState
from becta.catalogue.suppliers.models import Supplier
from becta.compliance.badges.models import BadgeClaimRow
from becta.compliance.badges.rules import EXPIRING_DAYS, ClaimState
from becta.compliance.conformance.models import ConformanceRun
from becta.compliance.conformance.reports import Outcome
from becta.compliance.evidence.models import Evidence
from becta.market.accounts.models import Person
from becta.market.web.addresses import as_uuid
from becta.market.web.work.words import NOBODY

WAITING = (ClaimState.CLAIMED, ClaimState.CHECKING, ClaimState.CHECKED)
"""States in which a claim waits for a verifier."""


class ClaimLine(Struct, frozen=True, kw_only=True):
    """A claim with what its holder and supplier are called, and how many pieces of evidence it has."""

    claim: BadgeClaimRow
    holder: str
    supplier: str
    pieces: int


class RunLine(Struct, frozen=True, kw_only=True):
    """A run with what its product is called."""

    run: ConformanceRun
    product: str


class ListedProduct(Struct, frozen=True, kw_only=True):
    """A product with a published listing."""

    id: UUID
    title: str


def claims_of(session: Session, supplier_id: UUID | None, *, before: UUID | None, limit: int) -> list[ClaimLine]:
    """Claims of a supplier and its products, or all for None, newest first, in one statement."""
    wanted = _lines()
    if supplier_id is not None:
        wanted = wanted.where(Supplier.id == supplier_id)
    if before is not None:
        wanted = wanted.where(col(BadgeClaimRow.id) < before)
    return _as_lines(session, wanted.order_by(col(BadgeClaimRow.id).desc()).limit(limit))


def one_line(session: Session, claim_id: UUID) -> ClaimLine:
    """A claim that is there, with its names, in one statement."""
    [found] = _as_lines(session, _lines().where(BadgeClaimRow.id == claim_id))
    return found


def waiting_claims(session: Session, *, limit: int) -> list[ClaimLine]:
    """Claims that wait for a verifier, oldest first, in one statement."""
    wanted = _lines().where(col(BadgeClaimRow.state).in_(WAITING))
    return _as_lines(session, wanted.order_by(col(BadgeClaimRow.id)).limit(limit))


def ending_badges(session: Session, today: date, *, limit: int) -> list[ClaimLine]:
    """Badges that are suspended or end within EXPIRING_DAYS, the first to end first, in one statement."""
    soon = and_(
        BadgeClaimRow.state == ClaimState.ACCEPTED,
        col(BadgeClaimRow.expires_on) > today,
        col(BadgeClaimRow.expires_on) <= today + timedelta(days=EXPIRING_DAYS),
    )
    suspended = and_(
        BadgeClaimRow.state == ClaimState.SUSPENDED,
        or_(col(BadgeClaimRow.expires_on).is_(None), col(BadgeClaimRow.expires_on) > today),
    )
    wanted = _lines().where(or_(soon, suspended))
    return _as_lines(session, wanted.order_by(col(BadgeClaimRow.expires_on), col(BadgeClaimRow.id)).limit(limit))


def names_of(session: Session, keys: Iterable[str | None]) -> dict[str, str]:
    """What those who check are called by their keys: a person's name, or that it was a token; in one statement."""
    given = {key for key in keys if key}
    people = {found: key for key in given if (found := as_uuid(key)) is not None}
    held = session.exec(select(Person.id, Person.name).where(col(Person.id).in_(people))).all() if people else []
    named = {people[person_id]: name or NOBODY for person_id, name in held}
    return {key: named.get(key, "A program with a token") for key in given}


def evidence_rows(session: Session, claim_id: UUID) -> list[tuple[Evidence, ConformanceRun | None]]:
    """The evidence of a claim, oldest first, with the run where it is one, in one statement."""
    rows = session.exec(
        select(Evidence, ConformanceRun)
        .outerjoin(ConformanceRun, col(ConformanceRun.id) == Evidence.run_id)
        .where(Evidence.claim_id == claim_id)
        .order_by(col(Evidence.id))
    ).all()
    return [(piece, run) for piece, run in rows]


def listed_products(session: Session, supplier_id: UUID, *, limit: int) -> list[ListedProduct]:
    """Products of a supplier that are listed, by title, in one statement."""
    wanted = _listed().where(Product.supplier_id == supplier_id)
    rows = session.exec(wanted.order_by(ListingVersion.title, col(Product.id)).limit(limit)).all()
    return [ListedProduct(id=product_id, title=title) for product_id, title in rows]


def listed_product(
    session: Session, supplier_id: UUID, *, product_id: UUID | None = None, reference: str = ""
) -> ListedProduct | None:
    """A listed product of a supplier, by its id or by the supplier's own reference; None if there is none."""
    named = Product.id == product_id if product_id is not None else Product.reference == reference
    row = session.exec(_listed().where(Product.supplier_id == supplier_id, named)).first()
    return None if row is None else ListedProduct(id=row[0], title=row[1])


def passed_runs(session: Session, product_id: UUID, standard: str, version: str, *, limit: int) -> list[ConformanceRun]:
    """Runs that a product passed for a version of a standard, newest first, in one statement."""
    wanted = select(ConformanceRun).where(
        ConformanceRun.product_id == product_id,
        ConformanceRun.standard == standard,
        ConformanceRun.standard_version == version,
        ConformanceRun.outcome == Outcome.PASSED,
    )
    return list(session.exec(wanted.order_by(col(ConformanceRun.id).desc()).limit(limit)).all())


def runs_of_product(session: Session, product_id: UUID, *, limit: int) -> list[ConformanceRun]:
    """Runs of a product, newest first, in one statement."""
    wanted = select(ConformanceRun).where(ConformanceRun.product_id == product_id)
    return list(session.exec(wanted.order_by(col(ConformanceRun.id).desc()).limit(limit)).all())


def runs_of_supplier(session: Session, supplier_id: UUID | None, *, before: UUID | None, limit: int) -> list[RunLine]:
    """Runs of a supplier's products, or of all for None, newest first, in one statement."""
    wanted = select(ConformanceRun, func.coalesce(_title(), Product.reference)).join(
        Product, col(Product.id) == ConformanceRun.product_id
    )
    if supplier_id is not None:
        wanted = wanted.where(Product.supplier_id == supplier_id)
    if before is not None:
        wanted = wanted.where(col(ConformanceRun.id) < before)
    rows = session.exec(wanted.order_by(col(ConformanceRun.id).desc()).limit(limit)).all()
    return [RunLine(run=run, product=product) for run, product in rows]


def _listed() -> Any:
    return (
        select(Product.id, ListingVersion.title)
        .join(ListingVersion, col(ListingVersion.product_id) == Product.id)
        .where(ListingVersion.state == ListingState.PUBLISHED)
    )


def _title() -> ScalarSelect[str]:
    """What a product of the statement around it is called: by its published listing, else by its newest."""
    return (
        select(ListingVersion.title)
        .where(ListingVersion.product_id == Product.id)
        .order_by((col(ListingVersion.state) == ListingState.PUBLISHED).desc(), col(ListingVersion.number).desc())
        .limit(1)
        .correlate(Product)
        .scalar_subquery()
    )


def _lines() -> Any:
    pieces = select(func.count()).where(Evidence.claim_id == BadgeClaimRow.id).correlate(BadgeClaimRow)
    return (
        select_all(BadgeClaimRow, col(Supplier.name), col(Product.reference), _title(), pieces.scalar_subquery())
        .outerjoin(Product, col(Product.id) == BadgeClaimRow.product_id)
        .join(Supplier, col(Supplier.id) == func.coalesce(BadgeClaimRow.supplier_id, Product.supplier_id))
    )


def _as_lines(session: Session, wanted: Select[Any]) -> list[ClaimLine]:
    rows: Sequence[Any] = session.execute(wanted).all()
    return [
        ClaimLine(
            claim=claim,
            holder=(title or reference) if claim.product_id else supplier,
            supplier=supplier,
            pieces=pieces,
        )
        for claim, supplier, reference, title, pieces in rows
    ]
