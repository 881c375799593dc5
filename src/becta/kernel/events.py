"""What happened (the audit trail) and what must follow (the outbox), written with the change itself."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, Integer, Text, text
from sqlmodel import Field, Session, SQLModel

from becta.kernel.actor import Actor
from becta.kernel.tables import JSON_TYPE

SEQUENCE = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite only numbers rows by itself for INTEGER."""


class AuditEvent(SQLModel, table=True):
    """One thing somebody did. Rows are only ever added."""

    __tablename__ = "audit_event"
    __table_args__ = (Index(None, "object_type", "object_id", "id"),)

    id: int | None = Field(default=None, sa_column=Column(SEQUENCE, primary_key=True, autoincrement=True))
    at: datetime
    actor_kind: str = Field(max_length=32)
    actor_id: str = Field(max_length=64)
    actor_label: str = Field(max_length=200)
    acting_for: UUID | None = None
    action: str = Field(max_length=64)
    object_type: str = Field(max_length=32)
    object_id: UUID
    before: dict[str, Any] | None = Field(default=None, sa_type=JSON_TYPE)
    after: dict[str, Any] | None = Field(default=None, sa_type=JSON_TYPE)
    reason: str | None = Field(default=None, sa_type=Text)


class OutboxMessage(SQLModel, table=True):
    """Something the rest of the house must hear about. `key` is the id of what changed; its newest state is read."""

    __tablename__ = "outbox_message"
    __table_args__ = (
        Index(
            "ix_outbox_message_pending",
            "id",
            sqlite_where=text("done_at IS NULL"),
            postgresql_where=text("done_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, sa_column=Column(SEQUENCE, primary_key=True, autoincrement=True))
    topic: str = Field(max_length=64)
    key: UUID
    created_at: datetime
    done_at: datetime | None = None
    attempts: int = 0
    retry_at: datetime | None = None
    parked_at: datetime | None = None
    last_error: str | None = Field(default=None, sa_type=Text)


def audit_row(
    actor: Actor,
    action: str,
    object_type: str,
    object_id: UUID,
    *,
    now: datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str | None = None,
) -> dict[str, Any]:
    """The row of one audit event, for bulk inserts."""
    return {
        "at": now,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "actor_label": actor.label,
        "acting_for": actor.supplier_id,
        "action": action,
        "object_type": object_type,
        "object_id": object_id,
        "before": before,
        "after": after,
        "reason": reason,
    }


def record(
    session: Session,
    actor: Actor,
    action: str,
    object_type: str,
    object_id: UUID,
    *,
    now: datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str | None = None,
) -> None:
    """Add to the audit trail within the change's own transaction."""
    row = audit_row(actor, action, object_type, object_id, now=now, before=before, after=after, reason=reason)
    session.add(AuditEvent(**row))


def announce(session: Session, topic: str, key: UUID, *, now: datetime) -> None:
    """Add to the outbox within the change's own transaction."""
    session.add(OutboxMessage(topic=topic, key=key, created_at=now))
