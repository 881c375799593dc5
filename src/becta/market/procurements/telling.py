"""What every step of a procurement leaves behind in its own transaction: audit event, outbox row, open contracting."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from sqlmodel import Session

from becta.kernel.actor import Actor
from becta.kernel.events import announce, record
from becta.market.procurements.models import Procurement

KIND = "procurement"
"""What the audit trail calls a procurement."""


class Step(StrEnum):
    """A step that others hear of; what open contracting publishes goes by it."""

    STARTED = "started"
    REWRITTEN = "rewritten"
    CONFLICTS_ASSESSED = "conflicts_assessed"
    MARKET_ENGAGED = "market_engaged"
    ENGAGEMENT_WITHOUT_NOTICE = "engagement_without_notice"
    MEMBERS_ASKED = "members_asked"
    SUPPLIERS_ASKED = "suppliers_asked"
    QUESTION_ASKED = "question_asked"
    GATHERING = "gathering"
    ADVERTISED = "advertised"
    CLARIFIED = "clarified"
    AMENDED = "amended"
    OPENED = "opened"
    DECIDED = "decided"
    RECONSIDERED = "reconsidered"
    SUMMARIES_SENT = "summaries_sent"
    AWARD_PUBLISHED = "award_published"
    STANDSTILL = "standstill"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    CONTRACTED = "contracted"
    CONTRACT_MODIFIED = "contract_modified"
    CONTRACT_ENDED = "contract_ended"
    TERMINATED = "terminated"


TOPICS: Mapping[Step, str] = {
    step: f"procurement_{step}"
    for step in (
        Step.MEMBERS_ASKED,
        Step.SUPPLIERS_ASKED,
        Step.GATHERING,
        Step.ADVERTISED,
        Step.CLARIFIED,
        Step.AMENDED,
        Step.RECONSIDERED,
        Step.SUMMARIES_SENT,
        Step.AWARD_PUBLISHED,
        Step.STANDSTILL,
        Step.SUSPENDED,
        Step.RESUMED,
        Step.CONTRACTED,
        Step.TERMINATED,
    )
}
"""What the outbox calls the steps that somebody must be written to about; the others call for nothing outside."""
TO_THE_NEW = frozenset({Step.MEMBERS_ASKED, Step.SUPPLIERS_ASKED})
"""Steps of which only those hear who were asked in by them, and only where the others had their letter already."""


class Publisher(Protocol):
    """Publishes what a step made true, within its transaction."""

    def __call__(self, session: Session, procurement: Procurement, step: Step, *, now: datetime) -> None:
        """Publish the procurement as it stands after the step."""


_publishers: list[Publisher] = []


def on_step(publisher: Publisher) -> Publisher:
    """Have every step published by this function too; the rooms above register themselves."""
    if publisher not in _publishers:
        _publishers.append(publisher)
    return publisher


def tell(
    session: Session,
    actor: Actor,
    procurement: Procurement,
    step: Step,
    *,
    now: datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str | None = None,
    asked_in: UUID | None = None,
) -> None:
    """Record a step in the trail, announce it to the outbox where somebody must hear of it, and publish it.

    `asked_in` is the call of which those whom it asked in must hear, None if they hear with the others later.
    """
    session.flush()
    record(
        session,
        actor,
        f"procurement.{step}",
        KIND,
        procurement.id,
        now=now,
        before=before,
        after=after or {"state": procurement.state},
        reason=reason,
    )
    key = asked_in if step in TO_THE_NEW else procurement.id
    if step in TOPICS and key is not None:
        announce(session, TOPICS[step], key, now=now)
    for publish in _publishers:
        publish(session, procurement, step, now=now)
    session.flush()
