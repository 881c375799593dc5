"""A person's copy of what is held about them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct


class PersonHeld(Struct, frozen=True, kw_only=True):
    """Who they are."""

    id: UUID
    name: str | None
    email: str | None
    created_at: datetime


class IdentityHeld(Struct, frozen=True, kw_only=True):
    """How an issuer knows them."""

    issuer: str
    subject: str
    created_at: datetime


class MembershipHeld(Struct, frozen=True, kw_only=True):
    """Their time in an organisation."""

    organisation_id: UUID
    organisation: str
    roles: list[str]
    started_at: datetime
    ended_at: datetime | None


class InvitationHeld(Struct, frozen=True, kw_only=True):
    """An invitation to their e-mail address that is not settled."""

    organisation_id: UUID
    roles: list[str]
    created_at: datetime
    expires_at: datetime


class JoinRequestHeld(Struct, frozen=True, kw_only=True):
    """A request of theirs to join."""

    organisation_id: UUID
    state: str
    created_at: datetime
    decided_at: datetime | None
    reason: str | None


class TokenHeld(Struct, frozen=True, kw_only=True):
    """A personal token."""

    id: UUID
    label: str
    organisation_id: UUID
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class SessionHeld(Struct, frozen=True, kw_only=True):
    """A session at a browser."""

    via: str
    created_at: datetime
    seen_at: datetime
    ended_at: datetime | None


class CommitmentHeld(Struct, frozen=True, kw_only=True):
    """Money they committed."""

    id: UUID
    organisation_id: UUID
    purpose: str
    amount_pence: int
    state: str
    created_at: datetime


class DeedHeld(Struct, frozen=True, kw_only=True):
    """A row elsewhere that names them: the table, the column, and the row's id."""

    table: str
    column: str
    id: str


class EventHeld(Struct, frozen=True, kw_only=True):
    """Something in the audit trail that they did, or that names them, with the fields that can be erased."""

    position: int
    at: datetime
    action: str
    object_type: str
    object_id: UUID
    fields: dict[str, Any]


class PersonExport(Struct, frozen=True, kw_only=True):
    """Everything that is held about a person (UK GDPR Article 15), in a form that programs read (Article 20)."""

    exported_at: datetime
    person: PersonHeld
    identities: list[IdentityHeld]
    memberships: list[MembershipHeld]
    invitations: list[InvitationHeld]
    join_requests: list[JoinRequestHeld]
    tokens: list[TokenHeld]
    sessions: list[SessionHeld]
    commitments: list[CommitmentHeld]
    deeds: list[DeedHeld]
    audit_events: list[EventHeld]
