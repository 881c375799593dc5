"""Procurements, their lots, who is in them, what was asked and answered, and what was amended. Nothing is deleted."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Text
from sqlmodel import Field, SQLModel

from becta.kernel.tables import JSON_TYPE, NULL_OR_JSON, EnumText
from becta.market.pledges.sharing import SharingPolicy
from becta.market.procurements.states import ProcurementState
from becta.market.procurements.terms import AwardMethod, Route


class Procurement(SQLModel, table=True):
    """A need that is bought in one go, and where that stands. `organisation_id` is the lead: a trust or a school.

    `cap_pence` is the most that everybody together commits (None: no limit). Amounts in pence ex VAT. `tie_seed` draws
    lots between equal bids: its hash is published at once, the seed itself once the bids are open. `engagement` is
    `MarketEngagement`, None where nothing is noted.
    """

    __tablename__ = "procurement"
    __table_args__ = (
        Index(None, "organisation_id", "id"),
        CheckConstraint("revision > 0", name="revision"),
        CheckConstraint("cap_pence IS NULL OR cap_pence >= 0", name="cap"),
        CheckConstraint("estimated_value_pence IS NULL OR estimated_value_pence >= 0", name="estimate"),
        CheckConstraint(
            "state NOT IN ('opened', 'decided', 'standstill', 'suspended', 'contracted') OR opened_at IS NOT NULL",
            name="opened_first",
        ),
        CheckConstraint("state <> 'standstill' OR may_contract_from IS NOT NULL", name="standstill_ends"),
    )

    id: UUID = Field(primary_key=True)
    ocid: str = Field(max_length=64, unique=True)
    organisation_id: UUID = Field(foreign_key="organisation.id")
    title: str = Field(max_length=200)
    description: str = Field(sa_type=Text)
    route: Route = Field(sa_type=EnumText(Route))
    framework_lot_id: UUID | None = Field(default=None, foreign_key="framework_lot.id")
    award_method: AwardMethod = Field(sa_type=EnumText(AwardMethod))
    savings_policy: SharingPolicy = Field(sa_type=EnumText(SharingPolicy))
    tie_seed: str = Field(max_length=64)
    state: ProcurementState = Field(sa_type=EnumText(ProcurementState))
    estimated_value_pence: int | None = Field(default=None, sa_type=BigInteger)
    is_above_threshold: bool
    cap_pence: int | None = Field(default=None, sa_type=BigInteger)
    pledge_deadline: datetime | None = None
    withdrawal_deadline: datetime | None = None
    clarification_deadline: datetime | None = None
    tender_deadline: datetime | None = None
    conflicts_assessed_at: datetime | None = None
    engagement: dict[str, Any] | None = Field(default=None, sa_type=NULL_OR_JSON)
    advertised_at: datetime | None = None
    opened_at: datetime | None = None
    decided_at: datetime | None = None
    summaries_sent_at: datetime | None = None
    award_published_at: datetime | None = None
    standstill_starts: date | None = None
    standstill_ends: date | None = None
    may_contract_from: datetime | None = None
    contracted_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = Field(default=None, sa_type=Text)
    created_by: UUID = Field(foreign_key="person.id", index=True)
    created_at: datetime
    revision: int = 1

    @property
    def is_award_public(self) -> bool:
        """Whether anybody may know who won: the award notice is out, or, below the threshold, there are contracts."""
        return self.award_published_at is not None or self.contracted_at is not None


class ProcurementLot(SQLModel, table=True):
    """A part of a procurement that is judged and awarded by itself. `terms` is `LotTerms`, frozen once advertised."""

    __tablename__ = "procurement_lot"
    __table_args__ = (
        Index("uq_procurement_lot_procurement_number", "procurement_id", "number", unique=True),
        CheckConstraint("number > 0", name="counted"),
    )

    id: UUID = Field(primary_key=True)
    procurement_id: UUID = Field(foreign_key="procurement.id")
    number: int
    terms: dict[str, Any] = Field(sa_type=JSON_TYPE)


class ProcurementTrust(SQLModel, table=True):
    """A trust whose schools take part, and the most that they commit together (pence ex VAT; None: no limit)."""

    __tablename__ = "procurement_trust"
    __table_args__ = (CheckConstraint("cap_pence IS NULL OR cap_pence >= 0", name="cap"),)

    procurement_id: UUID = Field(foreign_key="procurement.id", primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id", primary_key=True)
    cap_pence: int | None = Field(default=None, sa_type=BigInteger)


class ProcurementMember(SQLModel, table=True):
    """A school that may pledge, under its trust where that takes part, with its own cap (None: no limit).

    `asked_in` is the call that asked it in while others pledged already; None if it was asked before.
    """

    __tablename__ = "procurement_member"
    __table_args__ = (
        Index(None, "organisation_id"),
        CheckConstraint("cap_pence IS NULL OR cap_pence >= 0", name="cap"),
    )

    procurement_id: UUID = Field(foreign_key="procurement.id", primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id", primary_key=True)
    trust_id: UUID | None = Field(default=None, foreign_key="organisation.id")
    cap_pence: int | None = Field(default=None, sa_type=BigInteger)
    invited_at: datetime
    asked_in: UUID | None = Field(default=None, index=True)


class ProcurementInvitation(SQLModel, table=True):
    """A supplier that was asked to bid. In an open procedure any supplier may, and is noted here when it does.

    `asked_in` is the call that asked it while the tender ran already; None otherwise.
    """

    __tablename__ = "procurement_invitation"
    __table_args__ = (Index(None, "organisation_id"),)

    procurement_id: UUID = Field(foreign_key="procurement.id", primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id", primary_key=True)
    invited_at: datetime
    asked_in: UUID | None = Field(default=None, index=True)


class Clarification(SQLModel, table=True):
    """A question of a supplier and its answer, which goes to all at once; no answer of ours says who asked."""

    __tablename__ = "clarification"
    __table_args__ = (
        Index("uq_clarification_procurement_number", "procurement_id", "number", unique=True),
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered_at"),
    )

    id: UUID = Field(primary_key=True)
    procurement_id: UUID = Field(foreign_key="procurement.id")
    number: int
    asked_by: UUID = Field(foreign_key="organisation.id")
    question: str = Field(sa_type=Text)
    asked_at: datetime
    answer: str | None = Field(default=None, sa_type=Text)
    answered_by: UUID | None = Field(default=None, foreign_key="person.id")
    answered_at: datetime | None = None


class Amendment(SQLModel, table=True):
    """Something changed while bids were being made: what and why, and the deadline before and after."""

    __tablename__ = "amendment"
    __table_args__ = (Index("uq_amendment_procurement_number", "procurement_id", "number", unique=True),)

    id: UUID = Field(primary_key=True)
    procurement_id: UUID = Field(foreign_key="procurement.id")
    number: int
    rationale: str = Field(sa_type=Text)
    is_substantial: bool
    before: dict[str, Any] | None = Field(default=None, sa_type=NULL_OR_JSON)
    after: dict[str, Any] | None = Field(default=None, sa_type=NULL_OR_JSON)
    deadline_before: datetime
    deadline_after: datetime
    made_by: UUID | None = Field(default=None, foreign_key="person.id")
    made_at: datetime
