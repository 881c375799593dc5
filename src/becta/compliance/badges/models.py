"""Stored badge claims, what became of them, and the badges of the ledger."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text, text
from sqlmodel import Field, SQLModel

from becta.compliance.badges.notices import Notice
from becta.compliance.badges.rules import ClaimState, Level
from becta.compliance.standards.entries import Holder
from becta.kernel.tables import JSON_TYPE, EnumText

UNSIGNED = "credential IS NULL"
LOST = "state IN ('suspended', 'revoked')"
"""Few rows of many, which are asked for often."""


class BadgeClaimRow(SQLModel, table=True):
    """A claim of exactly one holder, a supplier or a product.

    `taken_by` is the verifier who checks it now, `checked_by` who accepted it first where the standard wants two,
    `accepted_by` who accepted it: ids of people, or of tokens that nobody is behind.
    """

    __tablename__ = "badge_claim"
    __table_args__ = (
        CheckConstraint("(supplier_id IS NULL) <> (product_id IS NULL)", name="one_holder"),
        CheckConstraint("expires_on IS NULL OR expires_on > issued_on", name="expires_after_issue"),
        Index("ix_badge_claim_lost", "state", sqlite_where=text(LOST), postgresql_where=text(LOST)),
    )

    id: UUID = Field(primary_key=True)
    supplier_id: UUID | None = Field(default=None, foreign_key="supplier.id", index=True)
    product_id: UUID | None = Field(default=None, foreign_key="product.id", index=True)
    state: ClaimState = Field(sa_type=EnumText(ClaimState))
    standard: str = Field(max_length=64)
    standard_version: str = Field(max_length=32)
    role: str = Field(max_length=32)
    level: Level = Field(sa_type=EnumText(Level))
    scope: str = Field(sa_type=Text)
    certificate_reference: str = Field(max_length=120)
    evidence_url: str = Field(max_length=500)
    evidence_note: str = Field(sa_type=Text)
    issued_on: date
    expires_on: date | None = Field(default=None, index=True)
    reasons: list[str] = Field(sa_type=JSON_TYPE)
    revision: int = 1
    created_at: datetime
    decided_at: datetime | None = None
    taken_by: str | None = Field(default=None, max_length=64)
    taken_at: datetime | None = None
    checked_by: str | None = Field(default=None, max_length=64)
    checked_at: datetime | None = None
    accepted_by: str | None = Field(default=None, max_length=64)

    @property
    def holder(self) -> Holder:
        """Whether a product or a supplier has it."""
        return Holder.PRODUCT if self.product_id else Holder.SUPPLIER


class BadgeHistory(SQLModel, table=True):
    """One turn in the life of an accepted claim: accepted, suspended or revoked, and when. Rows are only added."""

    __tablename__ = "badge_history"
    __table_args__ = (Index(None, "claim_id", "at"),)

    id: UUID = Field(primary_key=True)
    claim_id: UUID = Field(foreign_key="badge_claim.id")
    at: datetime
    state: ClaimState = Field(sa_type=EnumText(ClaimState))
    reasons: list[str] = Field(sa_type=JSON_TYPE)


class Badge(SQLModel, table=True):
    """An accepted claim in the ledger: what its evidence was, byte for byte, and the signed credential.

    `evidence_record` is JSON whose SHA-256 is `evidence_sha256`. `credential` (with a Data Integrity proof) and
    `credential_jwt` are null until signed. The status lists hold the badge at `status_index` of list `status_list`.
    """

    __tablename__ = "badge"
    __table_args__ = (
        Index("uq_badge_status_place", "status_list", "status_index", unique=True),
        Index("ix_badge_unsigned", "claim_id", sqlite_where=text(UNSIGNED), postgresql_where=text(UNSIGNED)),
    )

    claim_id: UUID = Field(primary_key=True, foreign_key="badge_claim.id")
    status_list: int
    status_index: int
    evidence_record: str = Field(sa_type=Text)
    evidence_sha256: str = Field(max_length=64)
    issued_at: datetime
    key_id: str | None = Field(default=None, max_length=80, foreign_key="badge_key.id", index=True)
    signed_at: datetime | None = None
    credential: str | None = Field(default=None, sa_type=Text)
    credential_jwt: str | None = Field(default=None, sa_type=Text)


class BadgeKey(SQLModel, table=True):
    """The public half of a key that signs badges, `id` its Multikey. The newest that is not retired signs.

    A retired key goes on proving what it signed; a compromised one proves nothing any more.
    """

    __tablename__ = "badge_key"

    id: str = Field(primary_key=True, max_length=80)
    made_at: datetime
    retired_at: datetime | None = None
    compromised_at: datetime | None = None


class BadgeNotice(SQLModel, table=True):
    """A notice that was given of the end of a badge, so that each is given once."""

    __tablename__ = "badge_notice"
    __table_args__ = (Index("uq_badge_notice_once", "claim_id", "kind", unique=True),)

    id: UUID = Field(primary_key=True)
    claim_id: UUID = Field(foreign_key="badge_claim.id")
    kind: Notice = Field(sa_type=EnumText(Notice))
    given_at: datetime
