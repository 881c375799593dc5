"""Use cases of whoever assesses: take an application, give it back, decide on it; suspend, reinstate, remove."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlmodel import Session, col, or_, select

from becta.kernel.actor import Actor, Scope
from becta.kernel.clock import london_date
from becta.kernel.errors import Conflict, Forbidden, refuse_if_any
from becta.kernel.events import record
from becta.market.accounts.models import Member
from becta.market.frameworks.columns import award_criteria_of, questions_of, selection_criteria_of, terms_of
from becta.market.frameworks.declarations import Effect, Verdict, assess_declaration
from becta.market.frameworks.faults import reason_faults
from becta.market.frameworks.locks import APPLICATION, locked_for_assessing, person_behind
from becta.market.frameworks.models import Framework, FrameworkApplication
from becta.market.frameworks.rules import (
    ApplicationState,
    FrameworkState,
    check_application_move,
    is_taking_applications,
)
from becta.market.frameworks.scoring import (
    Assessment,
    AwardCriterion,
    assessment_faults,
    needs_person,
    outcome_of,
)
from becta.market.frameworks.steps import Step, publish


def take_application(
    session: Session,
    actor: Actor,
    framework_id: UUID,
    application_id: UUID,
    *,
    revision: int | None,
    now: datetime,
) -> FrameworkApplication:
    """Begin to assess an application once the deadline has come.

    One whose answers fail is not admitted at once, with the answers that fail; one that leaves a person nothing to
    judge is admitted at once. Raises NotFound, Forbidden, Stale, or Conflict, also if somebody else has taken it.
    """
    framework, application = locked_for_assessing(session, actor, framework_id, application_id, revision)
    if is_taking_applications(framework.state, framework.closes_at, now=now):
        raise Conflict(f"suppliers may apply until {framework.closes_at}; nothing is assessed before")
    if application.state is ApplicationState.UNDER_ASSESSMENT:
        raise Conflict("somebody is assessing this application already")
    _must_be_assessed(framework, application)
    _refuse_own(session, person_behind(actor, Scope.FRAMEWORKS_RUN), application)
    check_application_move(application.state, ApplicationState.UNDER_ASSESSMENT)
    verdict = assess_declaration(questions_of(framework), terms_of(application).answers)
    before = {"state": application.state}
    application.state = ApplicationState.UNDER_ASSESSMENT
    application.assessor_id = person_behind(actor, Scope.FRAMEWORKS_RUN)
    application.verdict = msgspec.to_builtins(verdict)
    _step(session, actor, application, "taken", before=before, now=now)
    selection, award = selection_criteria_of(framework), award_criteria_of(framework)
    if verdict.effect is Effect.FAIL or not needs_person(selection, award, verdict):
        _decide(session, actor, application, award, verdict, Assessment(), now=now)
    return application


def release_application(
    session: Session,
    actor: Actor,
    framework_id: UUID,
    application_id: UUID,
    *,
    revision: int | None,
    now: datetime,
) -> FrameworkApplication:
    """Give an application back for another to assess, by whoever took it; raises as `decide_application`."""
    _, application = _taken(session, actor, framework_id, application_id, revision)
    check_application_move(application.state, ApplicationState.SUBMITTED)
    before = {"state": application.state, "assessor_id": application.assessor_id}
    application.state, application.assessor_id, application.verdict = ApplicationState.SUBMITTED, None, None
    _step(session, actor, application, "released", before=before, now=now)
    return application


def decide_application(
    session: Session,
    actor: Actor,
    framework_id: UUID,
    application_id: UUID,
    given: Assessment,
    *,
    revision: int | None,
    now: datetime,
) -> FrameworkApplication:
    """Judge all that a person must of an application; whether it is admitted follows from that.

    Raises Invalid with all that is missing, NotFound, Forbidden for another than who took it, Stale, or Conflict.
    """
    framework, application = _taken(session, actor, framework_id, application_id, revision)
    selection, award = selection_criteria_of(framework), award_criteria_of(framework)
    verdict = msgspec.convert(application.verdict, Verdict)
    refuse_if_any(assessment_faults(selection, award, verdict, given))
    _decide(session, actor, application, award, verdict, given, now=now)
    return application


def suspend_supplier(
    session: Session,
    actor: Actor,
    framework_id: UUID,
    application_id: UUID,
    reason: str,
    *,
    revision: int | None,
    now: datetime,
) -> FrameworkApplication:
    """Keep a supplier from being called off from on a lot for a while, saying why; as `remove_supplier` otherwise."""
    return _stand(
        session, actor, framework_id, application_id, ApplicationState.SUSPENDED, "suspended", reason, revision, now
    )


def reinstate_supplier(
    session: Session,
    actor: Actor,
    framework_id: UUID,
    application_id: UUID,
    reason: str,
    *,
    revision: int | None,
    now: datetime,
) -> FrameworkApplication:
    """End a supplier's suspension on a lot, saying why; as `remove_supplier` otherwise."""
    return _stand(
        session, actor, framework_id, application_id, ApplicationState.AWARDED, "reinstated", reason, revision, now
    )


def remove_supplier(
    session: Session,
    actor: Actor,
    framework_id: UUID,
    application_id: UUID,
    reason: str,
    *,
    revision: int | None,
    now: datetime,
) -> FrameworkApplication:
    """Take a supplier off a lot for good, as must be with an excluded one (s.48), saying why.

    Where it tendered anew, the place that ends and the one that begins after it both change, whichever is named.
    Raises Invalid without a reason, NotFound, Forbidden, Stale, or Conflict.
    """
    return _stand(
        session, actor, framework_id, application_id, ApplicationState.REMOVED, "removed", reason, revision, now
    )


def _taken(
    session: Session, actor: Actor, framework_id: UUID, application_id: UUID, revision: int | None
) -> tuple[Framework, FrameworkApplication]:
    framework, application = locked_for_assessing(session, actor, framework_id, application_id, revision)
    if application.state is not ApplicationState.UNDER_ASSESSMENT:
        raise Conflict(f"the application is {application.state}; it is decided on while it is under assessment")
    if application.assessor_id != person_behind(actor, Scope.FRAMEWORKS_RUN):
        because = "whoever took an application decides on it or gives it back"
        raise Forbidden(need=Scope.FRAMEWORKS_RUN, because=because)
    _must_be_assessed(framework, application)
    return framework, application


def _refuse_own(session: Session, person_id: UUID, application: FrameworkApplication) -> None:
    """A member of the supplier does not assess it: a conflict of interest (s.82)."""
    wanted = select(Member.id).where(
        Member.person_id == person_id,
        Member.organisation_id == application.supplier_id,
        col(Member.ended_at).is_(None),
    )
    if session.exec(wanted).first() is not None:
        because = "you are a member of this supplier, so another person assesses its application (s.82)"
        raise Forbidden(need=Scope.FRAMEWORKS_RUN, because=because)


def _must_be_assessed(framework: Framework, application: FrameworkApplication) -> None:
    if framework.state is not FrameworkState.OPEN or application.round != framework.round:
        raise Conflict(f"the framework is {framework.state}, so this application is not assessed any more")


def _decide(
    session: Session,
    actor: Actor,
    application: FrameworkApplication,
    award: tuple[AwardCriterion, ...],
    verdict: Verdict,
    given: Assessment,
    *,
    now: datetime,
) -> None:
    outcome = outcome_of(award, verdict, given)
    wanted = ApplicationState.ADMITTED if outcome.is_admitted else ApplicationState.NOT_ADMITTED
    check_application_move(application.state, wanted)
    before = {"state": application.state}
    application.state, application.decided_at = wanted, now
    application.assessment = msgspec.to_builtins(given)
    application.total = f"{outcome.total.normalize():f}"
    application.reason = None if outcome.is_admitted else "; ".join(outcome.reasons)
    _step(session, actor, application, wanted, before=before, reason=application.reason, now=now)


def _stand(
    session: Session,
    actor: Actor,
    framework_id: UUID,
    application_id: UUID,
    wanted: ApplicationState,
    done: str,
    reason: str,
    revision: int | None,
    now: datetime,
) -> FrameworkApplication:
    refuse_if_any(reason_faults(reason))
    framework, application = locked_for_assessing(session, actor, framework_id, application_id, revision)
    if framework.state is FrameworkState.TERMINATED:
        raise Conflict("the framework is terminated, so its suppliers stay as they are")
    if application.state is ApplicationState.ADMITTED:
        raise Conflict("the application is admitted; suppliers are awarded together, when the framework is")
    if application.awarded_until is not None and application.awarded_until < london_date(now):
        raise Conflict(f"its place on the lot ended on {application.awarded_until}, so nothing of it changes")
    check_application_move(application.state, wanted)
    for place in (application, *_other_places(session, application, on=london_date(now))):
        if place.state is not wanted:
            before = {"state": place.state}
            place.state, place.reason = wanted, reason.strip()
            _step(session, actor, place, done, before=before, reason=place.reason, now=now)
    publish(session, framework, Step(f"supplier_{done}"), now=now)
    return application


def _other_places(session: Session, application: FrameworkApplication, *, on: date) -> list[FrameworkApplication]:
    """The supplier's other places on the lot that have not ended, locked."""
    row = FrameworkApplication
    wanted = select(row).where(
        row.lot_id == application.lot_id,
        row.supplier_id == application.supplier_id,
        row.id != application.id,
        col(row.state).in_((ApplicationState.AWARDED, ApplicationState.SUSPENDED)),
        or_(col(row.awarded_until).is_(None), col(row.awarded_until) >= on),
    )
    return list(session.exec(wanted.order_by(col(row.id)).with_for_update()))


def _step(
    session: Session,
    actor: Actor,
    application: FrameworkApplication,
    done: str,
    *,
    before: dict[str, Any],
    reason: str | None = None,
    now: datetime,
) -> None:
    application.revision += 1
    session.flush()
    after = {"state": application.state, "assessor_id": application.assessor_id, "total": application.total}
    action = f"framework_application.{done}"
    record(session, actor, action, APPLICATION, application.id, now=now, before=before, after=after, reason=reason)
