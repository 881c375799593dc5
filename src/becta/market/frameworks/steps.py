"""What every step of a framework leaves behind in its own transaction: audit event, and what is published."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from sqlmodel import Session

from becta.kernel.actor import Actor
from becta.kernel.events import record
from becta.market.frameworks.locks import KIND
from becta.market.frameworks.models import Framework


class Step(StrEnum):
    """A step that others hear of. The last two are taken by the clock: they follow from the dates of an award."""

    SET_UP = "set_up"
    AMENDED = "amended"
    PUBLISHED = "published"
    EXTENDED = "extended"
    REOPENED = "reopened"
    SUMMARIES_SENT = "summaries_sent"
    AWARDED = "awarded"
    SUPPLIER_SUSPENDED = "supplier_suspended"
    SUPPLIER_REINSTATED = "supplier_reinstated"
    SUPPLIER_REMOVED = "supplier_removed"
    TERMINATED = "terminated"
    IN_FORCE = "in_force"
    EXPIRED = "expired"


class Publisher(Protocol):
    """Publishes what a step made true, within its transaction."""

    def __call__(self, session: Session, framework: Framework, step: Step, *, now: datetime) -> None:
        """Publish the framework as it stands after the step."""


_publishers: list[Publisher] = []


def on_step(publisher: Publisher) -> Publisher:
    """Have every step published by this function too; the rooms above register themselves."""
    if publisher not in _publishers:
        _publishers.append(publisher)
    return publisher


def tell(
    session: Session,
    actor: Actor,
    framework: Framework,
    step: Step,
    *,
    now: datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str | None = None,
) -> None:
    """Record a step in the trail and publish it."""
    session.flush()
    action = f"framework.{step}"
    record(session, actor, action, KIND, framework.id, now=now, before=before, after=after, reason=reason)
    publish(session, framework, step, now=now)


def publish(session: Session, framework: Framework, step: Step, *, now: datetime) -> None:
    """Publish a step that the trail tells elsewhere, such as with a supplier's application."""
    for one in _publishers:
        one(session, framework, step, now=now)
    session.flush()
