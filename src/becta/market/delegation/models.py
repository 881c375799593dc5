"""Schemes of delegation by version, and commitments of money with what holds them. Nothing here is ever deleted."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Text
from sqlmodel import Field, SQLModel

from becta.kernel.actor import Role
from becta.kernel.tables import JSON_TYPE, EnumText
from becta.market.delegation.rules import MAX_AMOUNT, CommitmentState


class Scheme(SQLModel, table=True):
    """One version of an organisation's scheme. Rows are only ever added; the newest in force counts."""

    __tablename__ = "scheme"
    __table_args__ = (
        Index("uq_scheme_organisation_number", "organisation_id", "number", unique=True),
        CheckConstraint("number > 0", name="counted"),
    )

    id: UUID = Field(primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id")
    number: int
    rules: list[dict[str, Any]] = Field(sa_type=JSON_TYPE)
    note: str = Field(sa_type=Text)
    made_by: UUID | None = Field(default=None, foreign_key="person.id")
    made_at: datetime
    in_force_from: datetime


class Commitment(SQLModel, table=True):
    """An amount that a person committed for an organisation, and what its schemes said of it then.

    `acting_for` is whom the maker acted for: the organisation itself or its trust. What was asked never changes.
    """

    __tablename__ = "commitment"
    __table_args__ = (
        Index(None, "organisation_id", "id"),
        CheckConstraint(f"amount_pence > 0 AND amount_pence <= {MAX_AMOUNT}", name="amount"),
        CheckConstraint("revision > 0", name="revision"),
    )

    id: UUID = Field(primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id")
    acting_for: UUID = Field(foreign_key="organisation.id")
    purpose: str = Field(max_length=200)
    amount_pence: int = Field(sa_type=BigInteger)
    category: str = Field(max_length=64)
    budget_code: str = Field(max_length=40)
    state: CommitmentState = Field(sa_type=EnumText(CommitmentState))
    made_by: UUID = Field(foreign_key="person.id", index=True)
    decisions: list[dict[str, Any]] = Field(sa_type=JSON_TYPE)
    created_at: datetime
    decided_at: datetime | None = None
    decided_by: UUID | None = Field(default=None, foreign_key="person.id")
    reason: str | None = Field(default=None, sa_type=Text)
    revision: int = 1


class CommitmentHold(SQLModel, table=True):
    """What holds a commitment: an organisation's scheme, for a role. Released by another person than its maker."""

    __tablename__ = "commitment_hold"
    __table_args__ = (CheckConstraint("(released_by IS NULL) = (released_at IS NULL)", name="released_by_somebody"),)

    commitment_id: UUID = Field(foreign_key="commitment.id", primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id", primary_key=True)
    scheme_id: UUID = Field(foreign_key="scheme.id")
    role: Role = Field(sa_type=EnumText(Role))
    released_by: UUID | None = Field(default=None, foreign_key="person.id")
    released_at: datetime | None = None
    released_under: UUID | None = Field(default=None, foreign_key="scheme.id")
