"""What every step of a procurement leaves behind in its own transaction: audit event, outbox row, open contracting."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

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
        Step.GATHERING,
        Step.ADVERTISED,
        Step.CLARIFIED,
        Step.AMENDED,
        Step.SUMMARIES_SENT,
        Step.AWARD_PUBLISHED,
        Step.STANDSTILL,
        Step.TERMINATED,
    )
}
"""What the outbox calls the steps that somebody must be written to about; the others call for nothing outside."""


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
) -> None:
    """Record a step in the trail, announce it to the outbox where somebody must hear of it, and publish it."""
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
    if step in TOPICS:
        announce(session, TOPICS[step], procurement.id, now=now)
    for publish in _publishers:
        publish(session, procurement, step, now=now)
    session.flush()
