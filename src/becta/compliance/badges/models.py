"""Stored badge claims."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Text
from sqlmodel import Field, SQLModel

from becta.compliance.badges.rules import ClaimState, Level
from becta.kernel.tables import JSON_TYPE, EnumText


class BadgeClaimRow(SQLModel, table=True):
    """A claim of exactly one holder, a supplier or a product."""

    __tablename__ = "badge_claim"
    __table_args__ = (
        CheckConstraint("(supplier_id IS NULL) <> (product_id IS NULL)", name="one_holder"),
        CheckConstraint("expires_on IS NULL OR expires_on > issued_on", name="expires_after_issue"),
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
    expires_on: date | None = None
    reasons: list[str] = Field(sa_type=JSON_TYPE)
    revision: int = 1
    created_at: datetime
    decided_at: datetime | None = None
