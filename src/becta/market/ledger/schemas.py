"""Badges as the public sees them: what each is, what it rests on, and what became of it."""

from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from becta.compliance.badges.rules import ClaimState, Level, Standing
from becta.compliance.standards.entries import EvidenceKind
from becta.compliance.standards.registry import Holder


class EvidenceOut(Struct, frozen=True, kw_only=True):
    """A piece of evidence. Of a file everybody sees the SHA-256; the file itself only its supplier and verifiers."""

    id: UUID
    kind: EvidenceKind
    note: str
    url: str
    certificate_number: str
    scope: str
    issued_on: date | None
    expires_on: date | None
    conformance_run_id: UUID | None
    file_name: str | None
    file_sha256: str | None
    file_bytes: int | None
    media_type: str | None
    added_at: datetime


class TurnOut(Struct, frozen=True, kw_only=True):
    """A turn in a badge's life: accepted, suspended or revoked, when and why."""

    at: datetime
    state: ClaimState
    reasons: tuple[str, ...]


class BadgeRecord(Struct, frozen=True, kw_only=True):
    """A badge of the ledger as it stands now. It belongs to its `holder`, within its `scope`.

    `evidence_sha256` is that of the bytes at `evidence_record_url`.
    """

    id: UUID
    name: str
    standard: str
    version: str
    role: str
    level: Level
    publisher: str
    holder: Holder
    holder_id: UUID
    holder_name: str
    supplier_name: str
    scope: str
    certificate_reference: str
    evidence_url: str
    evidence_note: str
    issued_on: date
    expires_on: date | None
    standing: Standing
    history: tuple[TurnOut, ...]
    evidence: tuple[EvidenceOut, ...]
    evidence_sha256: str
    evidence_record_url: str
    credential_url: str
    credential_jwt_url: str
    image_url: str
    page_url: str
    issuer: str
    issued_at: datetime
    status_list: int
    status_index: int


class HeldBadgeOut(Struct, frozen=True, kw_only=True):
    """A badge that was held for a time: from `held_from` up to but not including `held_until`, null while it holds."""

    id: UUID
    name: str
    standard: str
    version: str
    role: str
    level: Level
    holder: Holder
    scope: str
    certificate_reference: str
    issued_on: date
    expires_on: date | None
    held_from: datetime
    held_until: datetime | None
    evidence_sha256: str | None


class HeldBadges(Struct, frozen=True, kw_only=True):
    """Which badges were held at an instant, or at any time of a day."""

    as_of: str
    items: list[HeldBadgeOut]
