"""Publishing frameworks: each step adds a release, and the clock takes two of them, when it begins and when it ends."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import func
from sqlmodel import Session, col, select

from becta.kernel.clock import london_date, start_of_day
from becta.market.db import Database
from becta.market.frameworks.locks import locked_framework
from becta.market.frameworks.models import Framework, FrameworkApplication
from becta.market.frameworks.queries import dates_of
from becta.market.frameworks.rules import ApplicationState, FrameworkState, Standing, standing
from becta.market.frameworks.steps import Step, on_step
from becta.market.ocds.composing_frameworks import compose_framework, is_governed
from becta.market.ocds.models import OcdsRelease
from becta.market.ocds.notices import NoticeDue, Occasion, notice_due
from becta.market.ocds.publishing import add_release, published
from becta.market.ocds.words import FRAMEWORK_OCCASIONS, framework_tags

log = structlog.get_logger()


@on_step
def publish_framework_release(session: Session, framework: Framework, step: Step, *, now: datetime) -> None:
    """Add the release that a step makes, after those that the clock made due before it; none of a draft."""
    if framework.published_at is None:
        return
    publish_due(session, framework, now=now)
    _publish(session, framework, step, now=now)


def publish_due(session: Session, framework: Framework, *, now: datetime) -> None:
    """Add what the clock made due: that contracts began (UK7), and that the framework ran out (UK11)."""
    told = published(session, framework.ocid).named("contracts")
    begun = {one.id for one in compose_framework(session, framework, told=told, now=now).contracts}
    if begun - told:
        _publish(session, framework, Step.IN_FORCE, now=now)
    has_ended = standing(framework.state, dates_of(framework), now=now) is Standing.EXPIRED
    if has_ended and not _was_published(session, framework.id, Step.EXPIRED):
        _publish(session, framework, Step.EXPIRED, now=now)


def publish_what_is_due(db: Database, *, now: datetime) -> int:
    """Publish of every framework what the clock made due; returns of how many. One that fails holds up no other."""
    with db.only_one("framework releases") as is_ours:
        if not is_ours:
            return 0
        with db.read() as session:
            due = _due(session, now=now)
        return sum(_tried(db, framework_id, now=now) for framework_id in due)


def _tried(db: Database, framework_id: UUID, *, now: datetime) -> bool:
    try:
        with db.write() as session:
            publish_due(session, locked_framework(session, framework_id), now=now)
    except Exception:
        log.exception("what a framework's dates made due could not be published", framework=framework_id)
        return False
    return True


def framework_notice_of(framework: Framework, step: Step, tags: Sequence[str], *, at: datetime) -> NoticeDue | None:
    """The UK notice that a step with these tags calls for, None if none."""
    occasion = FRAMEWORK_OCCASIONS.get(step)
    if step is Step.TERMINATED:
        occasion = Occasion.ENDED if "contractTermination" in tags else Occasion.GIVEN_UP
    if occasion is None:
        return None
    return notice_due(
        occasion,
        is_advertised_to_all=True,
        is_above_threshold=is_governed(framework),
        is_light_touch=framework.is_light_touch,
        at=at,
    )


def _publish(session: Session, framework: Framework, step: Step, *, now: datetime) -> None:
    earlier = published(session, framework.ocid)
    facts = compose_framework(session, framework, told=earlier.named("contracts"), now=now)
    named = framework_tags(
        step,
        told=earlier.named("awards"),
        awards={award.id for award in facts.awards},
        is_in_force=bool(facts.contracts),
    )
    due = framework_notice_of(framework, step, named, at=now)
    add_release(session, facts, step, named, due, earlier, framework_id=framework.id)


def _was_published(session: Session, framework_id: UUID, step: Step) -> bool:
    wanted = select(OcdsRelease.id).where(OcdsRelease.framework_id == framework_id, OcdsRelease.step == step.value)
    return session.exec(wanted).first() is not None


def _due(session: Session, *, now: datetime) -> list[UUID]:
    """The frameworks under which a contract began, or that ran out, and that was not published since."""
    today = london_date(now)
    row, goes_on = FrameworkApplication, col(Framework.state) != FrameworkState.TERMINATED
    begun = session.exec(
        select(row.framework_id, func.max(col(row.awarded_from)))
        .join(Framework, col(Framework.id) == col(row.framework_id))
        .where(col(row.awarded_from) <= today, col(row.state) != ApplicationState.REMOVED, goes_on)
        .group_by(col(row.framework_id))
    ).all()
    ended = session.exec(
        select(Framework.id, func.max(col(Framework.last_on)))
        .where(col(Framework.last_on) < today, goes_on)
        .group_by(col(Framework.id))
    ).all()
    due = []
    for days, step in ((begun, Step.IN_FORCE), (ended, Step.EXPIRED)):
        told = _last_told(session, step)
        due += [one for one, day in days if day is not None and (one not in told or told[one] < start_of_day(day))]
    return sorted(set(due))


def _last_told(session: Session, step: Step) -> dict[UUID | None, datetime]:
    """When that step was last published, by framework."""
    last = func.max(col(OcdsRelease.date))
    wanted = select(OcdsRelease.framework_id, last).where(OcdsRelease.step == step.value)
    return dict(session.exec(wanted.group_by(col(OcdsRelease.framework_id))).all())
