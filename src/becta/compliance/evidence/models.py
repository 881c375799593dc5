"""Stored evidence. Files lie in the file store under their SHA-256; here is what they are."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Text
from sqlmodel import Field, SQLModel

from becta.compliance.standards.entries import EvidenceKind
from becta.kernel.tables import EnumText


class Evidence(SQLModel, table=True):
    """A piece of evidence of one claim. It is added while the claim is open, and never changed or removed."""

    __tablename__ = "evidence"
    __table_args__ = (
        CheckConstraint("(kind = 'file') = (file_sha256 IS NOT NULL)", name="a_file_has_its_hash"),
        CheckConstraint("(kind = 'conformance_run') = (run_id IS NOT NULL)", name="a_run_is_named"),
    )

    id: UUID = Field(primary_key=True)
    claim_id: UUID = Field(foreign_key="badge_claim.id", index=True)
    kind: EvidenceKind = Field(sa_type=EnumText(EvidenceKind))
    note: str = Field(sa_type=Text)
    url: str = Field(max_length=500)
    certificate_number: str = Field(max_length=120)
    scope: str = Field(sa_type=Text)
    issued_on: date | None = None
    expires_on: date | None = None
    run_id: UUID | None = Field(default=None, foreign_key="conformance_run.id", index=True)
    file_name: str | None = Field(default=None, max_length=200)
    file_sha256: str | None = Field(default=None, max_length=64)
    file_bytes: int | None = Field(default=None, sa_type=BigInteger)
    media_type: str | None = Field(default=None, max_length=80)
    added_at: datetime
