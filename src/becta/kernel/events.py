"""What happened (the audit trail) and what must follow (the outbox), written with the change itself.

Events are gathered on the session and put into the trail by `append_recorded`, the last thing before the commit.
"""

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, Text, event, text
from sqlmodel import Field, Session, SQLModel

from becta.kernel.actor import Actor
from becta.kernel.tables import NULL_OR_JSON
from becta.kernel.trail import SALT_BYTES, commitment, plain

SEQUENCE = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite only numbers rows by itself for INTEGER."""
PENDING = "recorded"
"""Under which name a session holds what was recorded and is not in the trail yet."""
ERASED = "person.erased"
"""The action that explains why a person's fields are missing; its object is the person."""
REASONED = frozenset(
    {
        "listing.returned",
        "listing.withdrawn",
        "badge.returned",
        "badge.refused",
        "badge.suspended",
        "badge.revoked",
        "badge_key.compromised",
        "commitment.declined",
        "commitment.withdrawn",
        "framework.extended",
        "framework.terminated",
        "evaluation.stood_down",
        "evaluation.explanation_asked",
        "evaluation.excluded",
        "evaluation.dropped",
        "framework_application.not_admitted",
        "framework_application.suspended",
        "framework_application.reinstated",
        "framework_application.removed",
        "join_request.refused",
        "member.removed",
        "person.erased",
        "pledge.withdrawn",
        "procurement.conflicts_assessed",
        "procurement.amended",
        "procurement.decided",
        "procurement.reconsidered",
        "procurement.suspended",
        "procurement.resumed",
        "procurement.contract_modified",
        "procurement.contract_ended",
        "procurement.terminated",
        "shortlist.entry_removed",
        "shortlist.closed",
        "shortlist.archived",
        "token.revoked_for_another",
    }
)
"""Actions that nobody may do without saying why."""

Personal = Mapping[UUID, Mapping[str, Any]]
"""Erasable fields by the person they are about."""


class AuditEvent(SQLModel, table=True):
    """One thing somebody did: a leaf of the tree. Rows are only ever added; `personal` alone can be erased."""

    __tablename__ = "audit_event"
    __table_args__ = (Index(None, "object_type", "object_id", "position"),)

    position: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    at: datetime
    actor_kind: str = Field(max_length=32)
    actor_id: str = Field(max_length=64)
    person_id: UUID | None = Field(default=None, index=True)
    actor_label: str | None = Field(default=None, max_length=200)
    acting_for: UUID | None = None
    action: str = Field(max_length=64)
    object_type: str = Field(max_length=32)
    object_id: UUID
    before: dict[str, Any] | None = Field(default=None, sa_type=NULL_OR_JSON)
    after: dict[str, Any] | None = Field(default=None, sa_type=NULL_OR_JSON)
    reason: str | None = Field(default=None, sa_type=Text)
    commitments: dict[str, str] | None = Field(default=None, sa_type=NULL_OR_JSON)
    leaf_hash: str = Field(max_length=64)
    personal: dict[str, Any] | None = Field(default=None, sa_type=NULL_OR_JSON)


class AuditAbout(SQLModel, table=True):
    """An event that holds personal fields of somebody other than who acted."""

    __tablename__ = "audit_about"

    person_id: UUID = Field(primary_key=True)
    position: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))


class AuditHead(SQLModel, table=True):
    """How many events there are. One row, whose lock puts writers in line."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: int = Field(default=1, sa_column=Column(Integer, primary_key=True, autoincrement=False))
    size: int = Field(sa_type=BigInteger)


class AuditTile(SQLModel, table=True):
    """The root of a complete, aligned block of 256 to the power of `level` events."""

    __tablename__ = "audit_tile"

    level: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    hash: str = Field(max_length=64)


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


class Unrecorded(Exception):
    """A transaction was to be committed with events that are not in the trail: a fault of the program."""


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
    personal: Personal | None = None,
) -> dict[str, Any]:
    """The row of one audit event, for `record_rows`; raises ValueError if it says no reason where one is needed.

    What is about a person goes into `personal`, never into `before`, `after` or `reason`: those cannot be erased.
    """
    if action in REASONED and not (reason and reason.strip()):
        raise ValueError(f"{action} needs a reason")
    held = {person: dict(fields) for person, fields in (personal or {}).items()}
    if actor.person_id is not None and not (action == ERASED and object_id == actor.person_id):
        held[actor.person_id] = {"label": actor.label, **held.get(actor.person_id, {})}
    openings, commitments = _sealed(held)
    return {
        "at": now,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "person_id": actor.person_id,
        "actor_label": actor.label if actor.person_id is None else None,
        "acting_for": actor.organisation_id,
        "action": action,
        "object_type": object_type,
        "object_id": object_id,
        "before": None if before is None else plain(before),
        "after": None if after is None else plain(after),
        "reason": reason,
        "commitments": commitments,
        "personal": openings,
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
    personal: Personal | None = None,
) -> None:
    """Add to the audit trail within the change's own transaction; see `audit_row` for what goes where."""
    row = audit_row(
        actor, action, object_type, object_id, now=now, before=before, after=after, reason=reason, personal=personal
    )
    record_rows(session, [row])


def record_rows(session: Session, rows: Iterable[dict[str, Any]]) -> None:
    """Add many rows of `audit_row` to the audit trail within the change's own transaction.

    Raises Unrecorded within a savepoint: undoing that would not undo what is gathered here.
    """
    if session.in_nested_transaction():
        raise Unrecorded("events are not recorded within a savepoint")
    session.info.setdefault(PENDING, []).extend(rows)


def announce(session: Session, topic: str, key: UUID, *, now: datetime) -> None:
    """Add to the outbox within the change's own transaction."""
    session.add(OutboxMessage(topic=topic, key=key, created_at=now))


def _sealed(held: dict[UUID, dict[str, Any]]) -> tuple[dict[str, Any] | None, dict[str, str] | None]:
    """What is kept of personal fields to open them with, and the commitments that are hashed."""
    if not held:
        return None, None
    openings, commitments = {}, {}
    for person, fields in held.items():
        salt, told = secrets.token_bytes(SALT_BYTES), plain(fields)
        openings[str(person)] = {"salt": salt.hex(), "fields": told}
        commitments[str(person)] = commitment(salt, told)
    return openings, commitments


@event.listens_for(Session, "before_commit")
def _refuse_to_lose(session: Session) -> None:
    if session.info.get(PENDING) and not session.in_nested_transaction():
        raise Unrecorded("events were recorded in a transaction that Database.write() did not open")


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop(PENDING, None)
