"""Reading frameworks: the public list and one of them, an authority's own with drafts, and standard terms.

Where a framework stands follows from its dates and the clock, in SQL by the same cases as in `rules.standing`.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlmodel import Session, col

from becta.catalogue.suppliers.models import Supplier
from becta.kernel.actor import SYSTEM, Actor
from becta.kernel.clock import london_date
from becta.kernel.errors import NotFound
from becta.market.accounts.organisations import organisation_out, organisations_out
from becta.market.frameworks.columns import (
    award_criteria_of,
    entitled_buyers,
    extensions_of,
    questions_of,
    selection_criteria_of,
)
from becta.market.frameworks.entitlement import Buyer, is_entitled
from becta.market.frameworks.models import (
    Framework,
    FrameworkApplication,
    FrameworkLot,
    FrameworkRound,
    FrameworkTermsText,
)
from becta.market.frameworks.rules import (
    ApplicationState,
    Dates,
    FrameworkState,
    Method,
    Standing,
    is_in_force,
    is_taking_applications,
    next_award_by,
    standing,
)
from becta.market.frameworks.schemas import AwardedSupplier, FrameworkOut, FrameworkShort, LotOut, RoundOut, TermsOut

_CHUNK = 200


class FrameworkFilter(Struct, frozen=True, kw_only=True):
    """Which frameworks a list shows; None is any. `levy_at_most` is in basis points; `buyer` must be entitled."""

    keyword: str | None = None
    standing: Standing | None = None
    is_taking_applications: bool | None = None
    category: str | None = None
    is_with_competition: bool | None = None
    levy_at_most: int | None = None
    buyer: Buyer | None = None


def frameworks(
    session: Session, wanted: FrameworkFilter, *, before: UUID | None = None, limit: int = 50, now: datetime
) -> list[FrameworkShort]:
    """Published frameworks, newest first. Who is entitled is asked of each, so those are read in chunks."""
    public = col(Framework.published_at).is_not(None)
    asked = select(Framework).where(public, *_conditions(wanted, now=now)).order_by(col(Framework.id).desc())
    found: list[Framework] = []
    while len(found) < limit:
        page = asked if before is None else asked.where(col(Framework.id) < before)
        rows = session.execute(page.limit(limit if wanted.buyer is None else _CHUNK)).scalars().all()
        buyer = wanted.buyer
        found += [row for row in rows if buyer is None or is_entitled(entitled_buyers(row), buyer)]
        if buyer is None or len(rows) < _CHUNK:
            break
        before = rows[-1].id
    return _shorts(session, found[:limit], now=now)


def own_frameworks(
    session: Session, actor: Actor, *, before: UUID | None = None, limit: int = 50, now: datetime
) -> list[FrameworkShort]:
    """The frameworks that the actor's organisation runs, drafts included, newest first."""
    asked = select(Framework).order_by(col(Framework.id).desc()).limit(limit)
    if actor.kind != SYSTEM:
        asked = asked.where(col(Framework.authority_id) == actor.organisation_id)
    if before is not None:
        asked = asked.where(col(Framework.id) < before)
    return _shorts(session, session.execute(asked).scalars().all(), now=now)


def published_framework(session: Session, framework_id: UUID, *, now: datetime) -> FrameworkOut:
    """A framework that was published, as it stands now; raises NotFound."""
    found = session.get(Framework, framework_id)
    if found is None or found.published_at is None:
        raise NotFound("framework", framework_id)
    return framework_out(session, found, now=now)


def own_framework(session: Session, actor: Actor, framework_id: UUID, *, now: datetime) -> FrameworkOut:
    """A framework that the actor's organisation runs, also as a draft; raises NotFound."""
    found = session.get(Framework, framework_id)
    if found is None or (actor.kind != SYSTEM and actor.organisation_id != found.authority_id):
        raise NotFound("framework", framework_id)
    return framework_out(session, found, now=now)


def standard_terms(session: Session, framework_id: UUID, sha256: str) -> TermsOut:
    """A version of a published framework's standard terms; raises NotFound."""
    framework = session.get(Framework, framework_id)
    if framework is None or framework.published_at is None or framework.terms_sha256 != sha256:
        raise NotFound("standard terms", sha256[:64])
    found = session.get_one(FrameworkTermsText, (framework_id, sha256))
    return TermsOut(sha256=found.sha256, text=found.text, made_at=found.made_at)


def framework_out(session: Session, framework: Framework, *, now: datetime) -> FrameworkOut:
    """A framework with its lots, suppliers and rounds; five statements."""
    lots = _lots(session, [framework.id])
    suppliers = awarded_suppliers(session, [lot.id for lot in lots], london_date(now))
    rounds = rounds_of(session, framework)
    same = {name: getattr(framework, name) for name in _SAME}
    return FrameworkOut(
        **same,
        authority=organisation_out(session, framework.authority_id),
        standing=standing(framework.state, dates_of(framework), now=now),
        is_taking_applications=is_taking_applications(framework.state, framework.closes_at, now=now),
        cpv_codes=tuple(framework.cpv_codes),
        entitled=entitled_buyers(framework),
        last_on=framework.last_on or framework.ends_on,
        next_award_by=next_award_due(framework, rounds),
        selection_criteria=selection_criteria_of(framework),
        award_criteria=award_criteria_of(framework),
        questions=questions_of(framework),
        lots=tuple(_lot_out(lot, suppliers.get(lot.id, ())) for lot in lots),
        rounds=tuple(_round_out(one) for one in rounds),
    )


def rounds_of(session: Session, framework: Framework) -> Sequence[FrameworkRound]:
    """The times that a framework was open for applications, oldest first."""
    asked = select(FrameworkRound).where(col(FrameworkRound.framework_id) == framework.id)
    return session.execute(asked.order_by(col(FrameworkRound.number))).scalars().all()


def next_award_due(framework: Framework, rounds: Sequence[FrameworkRound]) -> date | None:
    """The last day for a framework's next award (s.49(2)(a)), None if it is not an open one or none is due."""
    if not framework.is_open_framework:
        return None
    awarded_on = [one.effective_from for one in rounds if one.effective_from is not None]
    return next_award_by(awarded_on, framework.last_on or framework.ends_on)


def dates_of(framework: Framework) -> Dates:
    """The dates that decide where a framework stands."""
    return Dates(
        closes_at=framework.closes_at,
        standstill_ends_on=framework.standstill_ends_on,
        in_force_from=framework.in_force_from,
        last_on=framework.last_on,
    )


def awarded_suppliers(session: Session, lot_ids: Iterable[UUID], on: date) -> dict[UUID, tuple[AwardedSupplier, ...]]:
    """The suppliers awarded to lots whose place has not ended before a day, by name; one statement.

    Those that are suspended or removed now are left out; those are in whose place begins later.
    """
    row = FrameworkApplication
    asked = (
        select(col(row.lot_id), col(row.supplier_id), col(Supplier.name), col(row.awarded_from), col(row.awarded_until))
        .join(Supplier, col(Supplier.id) == col(row.supplier_id))
        .where(
            col(row.lot_id).in_(sorted(lot_ids)),
            col(row.state) == ApplicationState.AWARDED,
            or_(col(row.awarded_until).is_(None), col(row.awarded_until) >= on),
        )
        .order_by(func.lower(col(Supplier.name)), col(Supplier.id), col(row.awarded_from))
    )
    found: dict[UUID, tuple[AwardedSupplier, ...]] = {}
    for lot_id, supplier_id, name, awarded_from, until in session.execute(asked):
        one = AwardedSupplier(supplier_id=supplier_id, name=name, awarded_from=awarded_from, awarded_until=until)
        found[lot_id] = (*found.get(lot_id, ()), one)
    return found


def framework_lot_suppliers(session: Session, lot_id: UUID, on: date) -> tuple[AwardedSupplier, ...]:
    """Who may be called off from on a lot on a day (or at an instant), by name.

    Awarded by then, neither suspended nor removed now; nobody while the framework is not in force. Raises NotFound.
    """
    day = london_date(on) if isinstance(on, datetime) else on
    lot, framework = lot_and_framework(session, lot_id)
    if not is_in_force(framework.state, dates_of(framework), day):
        return ()
    return tuple(one for one in awarded_suppliers(session, [lot.id], day).get(lot.id, ()) if one.is_on_it(day))


def lot_and_framework(session: Session, lot_id: UUID) -> tuple[FrameworkLot, Framework]:
    """A lot and its framework; raises NotFound."""
    lot = session.get(FrameworkLot, lot_id)
    if lot is None:
        raise NotFound("lot", lot_id)
    return lot, session.get_one(Framework, lot.framework_id)


def standing_in_sql(*, now: datetime) -> ColumnElement[str]:
    """Where a framework stands, as `rules.standing` says."""
    row, today = Framework, london_date(now)
    is_open = and_(col(row.state) == FrameworkState.OPEN, col(row.closes_at) > now)
    return case(
        (col(row.state) == FrameworkState.DRAFT, Standing.DRAFT.value),
        (col(row.state) == FrameworkState.TERMINATED, Standing.TERMINATED.value),
        (and_(col(row.in_force_from).is_(None), is_open), Standing.OPEN.value),
        (col(row.in_force_from).is_(None), Standing.ASSESSING.value),
        (col(row.last_on) < today, Standing.EXPIRED.value),
        (col(row.in_force_from) <= today, Standing.IN_FORCE.value),
        (col(row.standstill_ends_on) >= today, Standing.STANDSTILL.value),
        else_=Standing.AWAITING_START.value,
    )


_SAME = (
    "id",
    "ocid",
    "reference",
    "title",
    "description",
    "price_mechanism",
    "is_open_framework",
    "is_light_touch",
    "starts_on",
    "ends_on",
    "long_term_reason",
    "in_force_from",
    "estimated_value_pence",
    "levy_basis_points",
    "terms_sha256",
    "published_at",
    "terminated_at",
    "reason",
    "revision",
)
_WITH = {True: (Method.FURTHER_COMPETITION, Method.BOTH), False: (Method.DIRECT_AWARD, Method.BOTH)}


def _conditions(wanted: FrameworkFilter, *, now: datetime) -> list[ColumnElement[bool]]:
    row, lot = Framework, FrameworkLot
    of_it = col(lot.framework_id) == col(row.id)
    found: list[ColumnElement[bool]] = []
    for word in (wanted.keyword or "").lower().split():
        texts = (col(row.reference), col(row.title), col(row.description))
        in_lot = or_(
            *(func.lower(text).contains(word, autoescape=True) for text in (col(lot.title), col(lot.description)))
        )
        said = or_(*(func.lower(text).contains(word, autoescape=True) for text in texts))
        found.append(or_(said, exists().where(of_it, in_lot)))
    if wanted.standing is not None:
        found.append(standing_in_sql(now=now) == wanted.standing.value)
    if wanted.is_taking_applications is not None:
        is_open = and_(col(row.state) == FrameworkState.OPEN, col(row.closes_at) > now)
        found.append(is_open if wanted.is_taking_applications else ~is_open)
    if wanted.category is not None:
        found.append(exists().where(of_it, col(lot.category) == wanted.category))
    if wanted.is_with_competition is not None:
        found.append(exists().where(of_it, col(lot.method).in_(_WITH[wanted.is_with_competition])))
    if wanted.levy_at_most is not None:
        found.append(col(row.levy_basis_points) <= wanted.levy_at_most)
    return found


def _shorts(session: Session, found: Sequence[Framework], *, now: datetime) -> list[FrameworkShort]:
    if not found:
        return []
    lots = _lots(session, [one.id for one in found])
    named = organisations_out(session, list({one.authority_id for one in found}))
    authority_of = {one.id: one for one in named}
    return [
        FrameworkShort(
            id=one.id,
            reference=one.reference,
            title=one.title,
            authority=authority_of[one.authority_id],
            standing=standing(one.state, dates_of(one), now=now),
            is_taking_applications=is_taking_applications(one.state, one.closes_at, now=now),
            closes_at=one.closes_at,
            is_open_framework=one.is_open_framework,
            categories=tuple(sorted({lot.category for lot in lots if lot.framework_id == one.id})),
            methods=tuple(sorted({lot.method for lot in lots if lot.framework_id == one.id})),
            starts_on=one.starts_on,
            last_on=one.last_on or one.ends_on,
            estimated_value_pence=one.estimated_value_pence,
            levy_basis_points=one.levy_basis_points,
        )
        for one in found
    ]


def _lots(session: Session, framework_ids: Sequence[UUID]) -> Sequence[FrameworkLot]:
    asked = select(FrameworkLot).where(col(FrameworkLot.framework_id).in_(sorted(framework_ids)))
    return session.execute(asked.order_by(col(FrameworkLot.framework_id), col(FrameworkLot.number))).scalars().all()


def _lot_out(lot: FrameworkLot, suppliers: tuple[AwardedSupplier, ...]) -> LotOut:
    said = lot.model_dump(exclude={"framework_id"})
    return LotOut(**said, suppliers=suppliers)


def _round_out(one: FrameworkRound) -> RoundOut:
    said = one.model_dump(exclude={"framework_id", "opened_by", "awarded_by", "extensions"})
    return RoundOut(**said, extensions=extensions_of(one))
