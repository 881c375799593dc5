"""Reading applications: an authority sees those that were sent to it, a supplier its own."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlmodel import Session, col

from becta.catalogue.suppliers.models import Supplier
from becta.kernel.actor import Actor, Scope
from becta.kernel.clock import london_date
from becta.kernel.errors import NotFound
from becta.market.frameworks.columns import questions_of, terms_of
from becta.market.frameworks.declarations import Verdict, assess_declaration
from becta.market.frameworks.locks import is_public, require_running
from becta.market.frameworks.models import Framework, FrameworkApplication, FrameworkLot
from becta.market.frameworks.rules import ApplicationState
from becta.market.frameworks.schemas import ApplicationOut, ApplicationShort, ApplicationStanding, Summary
from becta.market.frameworks.scoring import Assessment

_Row = tuple[FrameworkApplication, Framework, FrameworkLot, str]
_Rows = Select[FrameworkApplication, Framework, FrameworkLot, str]
_HIDDEN = frozenset({ApplicationState.UNDER_ASSESSMENT, ApplicationState.ADMITTED, ApplicationState.NOT_ADMITTED})
"""States that a supplier sees as under assessment until the summaries are sent."""


def applications_sent(
    session: Session,
    actor: Actor,
    framework_id: UUID,
    *,
    after: UUID | None = None,
    limit: int = 50,
    now: datetime,
) -> list[ApplicationShort]:
    """What was submitted for a framework of the actor's, oldest first; of a round only once its deadline has come.

    Raises NotFound or Forbidden.
    """
    _require_own(session, actor, framework_id)
    asked = _rows().where(col(FrameworkApplication.framework_id) == framework_id, _is_sent(now=now))
    if after is not None:
        asked = asked.where(col(FrameworkApplication.id) > after)
    rows = session.execute(asked.order_by(col(FrameworkApplication.id)).limit(limit)).all()
    return [_short(tuple(row), is_suppliers=False, now=now) for row in rows]


def application_sent(
    session: Session, actor: Actor, framework_id: UUID, application_id: UUID, *, now: datetime
) -> ApplicationOut:
    """One that was submitted for a framework of the actor's, once the deadline has come; raises NotFound, Forbidden."""
    _require_own(session, actor, framework_id)
    row = FrameworkApplication
    asked = _rows().where(col(row.id) == application_id, col(row.framework_id) == framework_id, _is_sent(now=now))
    return _out(_one(session, asked, application_id), is_suppliers=False, now=now)


def own_applications(
    session: Session, actor: Actor, *, before: UUID | None = None, limit: int = 50, now: datetime
) -> list[ApplicationShort]:
    """The applications of the actor's supplier, newest first."""
    asked = _rows().where(_is_own(actor))
    if before is not None:
        asked = asked.where(col(FrameworkApplication.id) < before)
    rows = session.execute(asked.order_by(col(FrameworkApplication.id).desc()).limit(limit)).all()
    return [_short(tuple(row), is_suppliers=True, now=now) for row in rows]


def own_application(session: Session, actor: Actor, application_id: UUID, *, now: datetime) -> ApplicationOut:
    """An application of the actor's supplier; raises NotFound."""
    asked = _rows().where(col(FrameworkApplication.id) == application_id, _is_own(actor))
    return _out(_one(session, asked, application_id), is_suppliers=True, now=now)


def standing_of(
    state: ApplicationState,
    place: tuple[date | None, date | None],
    *,
    is_told: bool,
    is_suppliers: bool,
    now: datetime,
) -> ApplicationStanding:
    """Where an application stands for whoever asks: its supplier learns what was decided when all are told.

    `place` is from when until when it is on the lot, as far as each is known.
    """
    awarded_from, awarded_until = place
    if is_suppliers and not is_told and state in _HIDDEN:
        return ApplicationStanding.UNDER_ASSESSMENT
    if awarded_until is not None and london_date(now) > awarded_until and state is not ApplicationState.REMOVED:
        return ApplicationStanding.ENDED
    if state is ApplicationState.AWARDED and awarded_from is not None and london_date(now) < awarded_from:
        return ApplicationStanding.STANDSTILL
    return ApplicationStanding(state)


def _rows() -> _Rows:
    row = FrameworkApplication
    return (
        select(row, Framework, FrameworkLot, col(Supplier.name))
        .join(Framework, col(Framework.id) == col(row.framework_id))
        .join(FrameworkLot, col(FrameworkLot.id) == col(row.lot_id))
        .join(Supplier, col(Supplier.id) == col(row.supplier_id))
    )


def _is_sent(*, now: datetime) -> ColumnElement[bool]:
    """Submitted, not withdrawn, and of a round whose deadline has come: nobody reads it sooner."""
    row = FrameworkApplication
    unsent = (ApplicationState.DRAFT, ApplicationState.WITHDRAWN)
    has_closed = or_(col(row.round) < col(Framework.round), col(Framework.closes_at) <= now)
    return and_(col(row.state).not_in(unsent), has_closed)


def _is_own(actor: Actor) -> ColumnElement[bool]:
    reach = {*actor.also_reaches} | ({actor.organisation_id} if actor.organisation_id is not None else set())
    return col(FrameworkApplication.supplier_id).in_(sorted(reach))


def _require_own(session: Session, actor: Actor, framework_id: UUID) -> None:
    framework = session.get(Framework, framework_id)
    if framework is None or (not is_public(framework) and actor.organisation_id != framework.authority_id):
        raise NotFound("framework", framework_id)
    actor.require(Scope.FRAMEWORKS_RUN)
    require_running(actor, framework.authority_id)


def _one(
    session: Session, asked: Select[FrameworkApplication, Framework, FrameworkLot, str], application_id: UUID
) -> _Row:
    row = session.execute(asked).first()
    if row is None:
        raise NotFound("application", application_id)
    return row[0], row[1], row[2], row[3]


def _heading(row: Sequence[Any], *, is_suppliers: bool, now: datetime) -> dict[str, Any]:
    application, framework, lot, supplier = row
    return {
        "id": application.id,
        "framework_id": framework.id,
        "framework": framework.title,
        "lot": lot.number,
        "round": application.round,
        "supplier_id": application.supplier_id,
        "supplier": supplier,
        "standing": standing_of(
            application.state,
            (application.awarded_from, application.awarded_until),
            is_told=application.summary is not None,
            is_suppliers=is_suppliers,
            now=now,
        ),
        "submitted_at": application.submitted_at,
        "revision": application.revision,
    }


def _short(row: Sequence[Any], *, is_suppliers: bool, now: datetime) -> ApplicationShort:
    return ApplicationShort(**_heading(row, is_suppliers=is_suppliers, now=now))


def _out(row: _Row, *, is_suppliers: bool, now: datetime) -> ApplicationOut:
    application, framework, _, _ = row
    terms = terms_of(application)
    is_shown = not is_suppliers or application.summary is not None
    judged, told = application.assessment, application.summary
    if application.verdict is None or not is_shown:
        verdict = assess_declaration(questions_of(framework), terms.answers)
    else:
        verdict = msgspec.convert(application.verdict, Verdict)
    return ApplicationOut(
        **_heading(row, is_suppliers=is_suppliers, now=now),
        answers=terms.answers,
        responses=terms.responses,
        share_code=terms.share_code,
        verdict=verdict,
        terms_sha256=application.terms_sha256,
        created_at=application.created_at,
        assessor_id=None if is_suppliers else application.assessor_id,
        assessment=msgspec.convert(judged, Assessment) if judged is not None and is_shown else None,
        total=Decimal(application.total) if application.total is not None and is_shown else None,
        decided_at=application.decided_at if is_shown else None,
        reason=application.reason if is_shown else None,
        summary=None if told is None else msgspec.convert(told, Summary),
        later_summaries=msgspec.convert(application.later_summaries, tuple[Summary, ...]),
        awarded_from=application.awarded_from,
        awarded_until=application.awarded_until,
    )
