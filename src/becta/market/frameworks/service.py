"""Use cases of whoever runs a framework: publish, extend, tell, award, open again, terminate."""

from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec
from sqlmodel import Session, col, select

from becta.kernel.actor import Actor
from becta.kernel.clock import london_date
from becta.kernel.errors import Conflict, Fault, Invalid, NotFound, refuse_if_any
from becta.kernel.working_days import standstill_end
from becta.market.advice.reference import uk_calendar
from becta.market.frameworks.faults import late_award_faults, opening_faults, reason_faults, reopening_faults
from becta.market.frameworks.locks import locked_for_running, require_running
from becta.market.frameworks.models import Framework, FrameworkApplication, FrameworkRound
from becta.market.frameworks.queries import dates_of, next_award_due, rounds_of
from becta.market.frameworks.rules import (
    ApplicationState,
    Extended,
    FrameworkState,
    Standing,
    check_framework_move,
    is_taking_applications,
    last_day,
    standing,
)
from becta.market.frameworks.steps import Step, tell
from becta.market.frameworks.telling import award_applications, tell_applicants
from becta.market.frameworks.terms import Extension, Opening


def publish_framework(
    session: Session, actor: Actor, framework_id: UUID, opening: Opening, *, revision: int | None, now: datetime
) -> Framework:
    """Publish a draft and open it for applications; raises Invalid, NotFound, Forbidden, Stale or Conflict."""
    framework = locked_for_running(session, actor, framework_id, revision)
    if framework.state is not FrameworkState.DRAFT:
        raise Conflict(f"the framework is {framework.state}, so it cannot be published again")
    framework.published_at = now
    _open(session, actor, framework, opening, now=now)
    after = {"closes_at": framework.closes_at, "short_period_reason": opening.short_period_reason}
    tell(session, actor, framework, Step.PUBLISHED, now=now, after=after)
    return framework


def reopen_framework(
    session: Session, actor: Actor, framework_id: UUID, opening: Opening, *, revision: int | None, now: datetime
) -> Framework:
    """Open an open framework for applications again (s.49(1)), so early that the next award can still be in time.

    Its suppliers are ranked again with the applicants, on their earlier tender or a new one (s.49(4) and (5)). Raises
    Invalid, NotFound, Forbidden, Stale, or Conflict if it is not one, is not in force, or missed an award (s.49(2)(a)).
    """
    framework = locked_for_running(session, actor, framework_id, revision)
    if not framework.is_open_framework:
        raise Conflict("only an open framework is opened again (s.49); set up another framework")
    where = standing(framework.state, dates_of(framework), now=now)
    if where is not Standing.IN_FORCE or framework.state is not FrameworkState.AWARDED:
        what = "open already" if framework.state is FrameworkState.OPEN else str(where)
        raise Conflict(f"the framework is {what}; it is opened again while it is in force")
    due = next_award_due(framework, rounds_of(session, framework))
    refuse_if_any(reopening_faults(opening, due, uk_calendar(), now=now))
    _open(session, actor, framework, opening, now=now)
    after = {"round": framework.round, "closes_at": framework.closes_at}
    tell(session, actor, framework, Step.REOPENED, now=now, after=after)
    return framework


def extend_deadline(
    session: Session, actor: Actor, framework_id: UUID, wanted: Extension, *, revision: int | None, now: datetime
) -> Framework:
    """Put the deadline off for everybody before it comes, not so late that an open framework's award would be.

    Raises Invalid, NotFound, Forbidden, Stale or Conflict.
    """
    refuse_if_any(reason_faults(wanted.reason))
    framework = locked_for_running(session, actor, framework_id, revision)
    if framework.closes_at is None or not is_taking_applications(framework.state, framework.closes_at, now=now):
        raise Conflict("the framework is not open for applications, so there is no deadline to put off")
    last_on = framework.last_on or framework.ends_on
    opening = Opening(closes_at=wanted.closes_at)
    due = next_award_due(framework, rounds_of(session, framework))
    faults = opening_faults(opening, is_light_touch=True, last_on=last_on, now=now)
    refuse_if_any(faults or late_award_faults(opening.closes_at, due, uk_calendar()))
    if wanted.closes_at <= framework.closes_at:
        mend = f"give a time after {framework.closes_at.isoformat()}"
        raise Invalid([Fault(field="closes_at", problem="is not later than the deadline", mend=mend)])
    before, reason = {"closes_at": framework.closes_at}, wanted.reason.strip()
    current = _round(session, framework)
    made = Extended(at=now, before=framework.closes_at, after=wanted.closes_at, reason=reason)
    current.extensions = [*current.extensions, msgspec.to_builtins(made)]
    framework.closes_at = current.closes_at = wanted.closes_at
    framework.revision += 1
    after = {"closes_at": framework.closes_at}
    tell(session, actor, framework, Step.EXTENDED, now=now, before=before, after=after, reason=reason)
    return framework


def send_summaries(
    session: Session, actor: Actor, framework_id: UUID, *, revision: int | None, now: datetime
) -> Framework:
    """Give every applicant its assessment summary, with its place (s.50); from then on the outcome is fixed.

    Raises NotFound, Forbidden, Stale, or Conflict before the deadline or while any application is not decided.
    """
    framework = locked_for_running(session, actor, framework_id, revision)
    current = _assessing(session, framework, now=now)
    if current.summaries_sent_at is not None:
        raise Conflict("the assessment summaries of this round were sent already")
    applications = _of_round(session, framework)
    waiting = [one for one in applications if one.state in _UNDECIDED]
    if waiting:
        raise Conflict(f"{len(waiting)} of {len(applications)} applications are not decided yet")
    current.summaries_sent_at = now
    framework.revision += 1
    told = tell_applicants(session, actor, framework, applications, _on_it(session, framework), now=now)
    after = {"round": framework.round, "applications": len(applications), "successful": told}
    tell(session, actor, framework, Step.SUMMARIES_SENT, now=now, after=after)
    return framework


def award_framework(
    session: Session, actor: Actor, framework_id: UUID, *, revision: int | None, now: datetime
) -> Framework:
    """Publish the award: the standstill of eight working days begins (s.51), and after it the framework is in force.

    Raises NotFound, Forbidden, Stale, or Conflict unless the summaries were sent and there is somebody to award to.
    """
    framework = locked_for_running(session, actor, framework_id, revision)
    person_id = require_running(actor, framework.authority_id)
    current = _assessing(session, framework, now=now)
    if current.summaries_sent_at is None:
        raise Conflict("assessment summaries are sent before the award is published (s.50(3)); send them first")
    published = london_date(now)
    ends_on = standstill_end(published, uk_calendar())
    effective = max(framework.starts_on, ends_on + timedelta(days=1))
    _refuse_late_award(session, framework, effective)
    applications, on_it = _of_round(session, framework), _on_it(session, framework)
    suppliers = award_applications(session, actor, framework, applications, on_it, effective, now=now)
    if not suppliers:
        raise Conflict("no application was successful, so there is nobody to award to; terminate the framework instead")
    check_framework_move(framework.state, FrameworkState.AWARDED)
    framework.last_on = last_day(
        framework.ends_on,
        is_open_framework=framework.is_open_framework,
        first_awarded_on=framework.in_force_from or effective,
        awarded_on=effective,
        suppliers=len(suppliers),
    )
    if effective > framework.last_on:
        raise Conflict(
            f"the framework ends on {framework.last_on}, before the standstill is over; terminate it instead"
        )
    current.award_published_on, current.awarded_by = published, person_id
    current.standstill_ends_on, current.effective_from = ends_on, effective
    if framework.in_force_from is None:
        framework.standstill_ends_on, framework.in_force_from = ends_on, effective
    framework.state = FrameworkState.AWARDED
    framework.revision += 1
    after = {"round": framework.round, "standstill_ends_on": ends_on, "effective_from": effective}
    after |= {"last_on": framework.last_on, "suppliers": len(suppliers)}
    tell(session, actor, framework, Step.AWARDED, now=now, after=after)
    return framework


def terminate_framework(
    session: Session, actor: Actor, framework_id: UUID, reason: str, *, revision: int | None, now: datetime
) -> Framework:
    """End a framework for good, also before it is awarded (s.55), saying why; raises as `amend_framework`."""
    refuse_if_any(reason_faults(reason))
    framework = locked_for_running(session, actor, framework_id, revision)
    check_framework_move(framework.state, FrameworkState.TERMINATED)
    if standing(framework.state, dates_of(framework), now=now) is Standing.EXPIRED:
        raise Conflict(f"the framework ended on {framework.last_on}, so it is not terminated")
    before = {"state": framework.state}
    framework.state, framework.terminated_at, framework.reason = FrameworkState.TERMINATED, now, reason.strip()
    framework.terminated_by = require_running(actor, framework.authority_id)
    framework.revision += 1
    after, why = {"state": framework.state}, framework.reason
    tell(session, actor, framework, Step.TERMINATED, now=now, before=before, after=after, reason=why)
    return framework


_UNDECIDED = frozenset({ApplicationState.SUBMITTED, ApplicationState.UNDER_ASSESSMENT})


def _open(session: Session, actor: Actor, framework: Framework, opening: Opening, *, now: datetime) -> None:
    last_on = framework.last_on or framework.ends_on
    refuse_if_any(opening_faults(opening, is_light_touch=framework.is_light_touch, last_on=last_on, now=now))
    check_framework_move(framework.state, FrameworkState.OPEN)
    framework.state, framework.closes_at = FrameworkState.OPEN, opening.closes_at
    framework.round += 1
    framework.revision += 1
    made = FrameworkRound(
        framework_id=framework.id,
        number=framework.round,
        opened_at=now,
        opened_by=require_running(actor, framework.authority_id),
        closes_at=opening.closes_at,
        short_period_reason=opening.short_period_reason,
    )
    session.add(made)
    session.flush()


def _round(session: Session, framework: Framework) -> FrameworkRound:
    found = session.get(FrameworkRound, (framework.id, framework.round))
    if found is None:
        raise NotFound("round", framework.round)
    return found


def _assessing(session: Session, framework: Framework, *, now: datetime) -> FrameworkRound:
    """The round that is being assessed; raises Conflict if none is."""
    if framework.state is not FrameworkState.OPEN:
        raise Conflict(f"the framework is {framework.state}, so there is nothing to award")
    if is_taking_applications(framework.state, framework.closes_at, now=now):
        raise Conflict(f"suppliers may apply until {framework.closes_at}; nothing is decided before")
    return _round(session, framework)


def _refuse_late_award(session: Session, framework: Framework, effective: date) -> None:
    due = next_award_due(framework, rounds_of(session, framework))
    if due is not None and effective > due:
        raise Conflict(
            f"the award would take effect on {effective}, but was due by {due} (s.49(2)(a)); terminate the framework "
            "and set up another"
        )


def _on_it(session: Session, framework: Framework) -> list[FrameworkApplication]:
    """The places on an open framework that earlier rounds gave and none has ended, locked, oldest first."""
    row = FrameworkApplication
    wanted = select(row).where(
        row.framework_id == framework.id,
        row.round < framework.round,
        col(row.state).in_((ApplicationState.AWARDED, ApplicationState.SUSPENDED)),
        col(row.awarded_until).is_(None),
    )
    return list(session.exec(wanted.order_by(col(row.id)).with_for_update()))


def _of_round(session: Session, framework: Framework) -> list[FrameworkApplication]:
    """What was submitted in this round, locked, in the order it was started."""
    unsent = (ApplicationState.DRAFT, ApplicationState.WITHDRAWN)
    wanted = select(FrameworkApplication).where(
        FrameworkApplication.framework_id == framework.id,
        FrameworkApplication.round == framework.round,
        col(FrameworkApplication.state).not_in(unsent),
    )
    return list(session.exec(wanted.order_by(col(FrameworkApplication.id)).with_for_update()))
