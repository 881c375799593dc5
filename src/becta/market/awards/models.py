"""What was decided and what came of it: awards, summaries, contracts and their changes, and each school's call-off."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, text
from sqlmodel import Field, SQLModel

from becta.kernel.tables import JSON_TYPE, EnumText
from becta.market.awards.states import ContractState, DecisionState
from becta.market.procurements.terms import AwardMethod

_CURRENT = text("state <> 'withdrawn'")


class AwardDecision(SQLModel, table=True):
    """Who wins and why, as decided at one time. A later decision takes the place of one that was withdrawn.

    `optimum` is the solver's proof where a lot was split: status, total, bound (pence) and gap. `waiting` are schools
    for which it was too dear, `moved` those that get of another lot that they had named, `unsuccessful` the lots
    without a bid. `inputs_hash` is over all that it rests on.
    """

    __tablename__ = "award_decision"
    __table_args__ = (
        Index("uq_award_decision_procurement_number", "procurement_id", "number", unique=True),
        Index(
            "uq_award_decision_current",
            "procurement_id",
            unique=True,
            sqlite_where=_CURRENT,
            postgresql_where=_CURRENT,
        ),
    )

    id: UUID = Field(primary_key=True)
    procurement_id: UUID = Field(foreign_key="procurement.id")
    number: int
    method: AwardMethod = Field(sa_type=EnumText(AwardMethod))
    state: DecisionState = Field(sa_type=EnumText(DecisionState))
    reason: str = Field(sa_type=Text)
    optimum: list[dict[str, Any]] = Field(sa_type=JSON_TYPE)
    waiting: list[dict[str, Any]] = Field(sa_type=JSON_TYPE)
    moved: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON_TYPE)
    unsuccessful: list[int] = Field(sa_type=JSON_TYPE)
    inputs_hash: str = Field(max_length=64)
    decided_by: UUID = Field(foreign_key="person.id")
    decided_at: datetime
    withdrawn_at: datetime | None = None
    withdrawn_reason: str | None = Field(default=None, sa_type=Text)


class Award(SQLModel, table=True):
    """What a supplier wins of a lot: so many at so much each, in pence. `allocations`: which schools get how many."""

    __tablename__ = "award"
    __table_args__ = (
        Index("uq_award_decision_lot_bid", "decision_id", "lot_id", "bid_id", unique=True),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("net_pence = quantity * unit_price_pence", name="net"),
        CheckConstraint("vat_pence >= 0", name="vat"),
    )

    id: UUID = Field(primary_key=True)
    decision_id: UUID = Field(foreign_key="award_decision.id")
    procurement_id: UUID = Field(foreign_key="procurement.id", index=True)
    lot_id: UUID = Field(foreign_key="procurement_lot.id")
    bid_id: UUID = Field(foreign_key="bid.id")
    organisation_id: UUID = Field(foreign_key="organisation.id")
    quantity: int = Field(sa_type=BigInteger)
    unit_price_pence: int = Field(sa_type=BigInteger)
    net_pence: int = Field(sa_type=BigInteger)
    vat_basis_points: int
    vat_pence: int = Field(sa_type=BigInteger)
    allocations: list[dict[str, Any]] = Field(sa_type=JSON_TYPE)


class AssessmentSummary(SQLModel, table=True):
    """What a bidder is told of how its bid and the winner's were assessed (Procurement Act 2023 s.50)."""

    __tablename__ = "assessment_summary"
    __table_args__ = (Index("uq_assessment_summary_decision_bid", "decision_id", "bid_id", unique=True),)

    id: UUID = Field(primary_key=True)
    decision_id: UUID = Field(foreign_key="award_decision.id")
    procurement_id: UUID = Field(foreign_key="procurement.id")
    bid_id: UUID = Field(foreign_key="bid.id")
    organisation_id: UUID = Field(foreign_key="organisation.id", index=True)
    body: dict[str, Any] = Field(sa_type=JSON_TYPE)
    sent_at: datetime


class Contract(SQLModel, table=True):
    """A contract with a supplier that came of an award. Values in pence.

    `details_due_on` is the last day for notice UK7; None below the threshold, where no notice is due.
    """

    __tablename__ = "contract"
    __table_args__ = (
        Index("uq_contract_procurement_organisation", "procurement_id", "organisation_id", unique=True),
        CheckConstraint("revision > 0", name="revision"),
        CheckConstraint("ends_on > starts_on", name="term"),
        CheckConstraint("(state = 'active') = (ended_at IS NULL)", name="ended_at"),
    )

    id: UUID = Field(primary_key=True)
    procurement_id: UUID = Field(foreign_key="procurement.id")
    organisation_id: UUID = Field(foreign_key="organisation.id")
    decision_id: UUID = Field(foreign_key="award_decision.id")
    state: ContractState = Field(sa_type=EnumText(ContractState))
    net_pence: int = Field(sa_type=BigInteger)
    vat_pence: int = Field(sa_type=BigInteger)
    starts_on: date
    ends_on: date
    entered_at: datetime
    details_due_on: date | None = None
    ended_at: datetime | None = None
    ended_reason: str | None = Field(default=None, sa_type=Text)
    revision: int = 1


class ContractChange(SQLModel, table=True):
    """A modification of a contract: the ground (Procurement Act 2023 s.74), what changed, and whether UK10 is due."""

    __tablename__ = "contract_change"
    __table_args__ = (Index("uq_contract_change_contract_number", "contract_id", "number", unique=True),)

    id: UUID = Field(primary_key=True)
    contract_id: UUID = Field(foreign_key="contract.id")
    number: int
    description: str = Field(sa_type=Text)
    ground: str = Field(max_length=40)
    net_pence_before: int = Field(sa_type=BigInteger)
    net_pence_after: int = Field(sa_type=BigInteger)
    ends_on_before: date
    ends_on_after: date
    is_substantial: bool
    needs_notice: bool
    sentence: str = Field(sa_type=Text)
    made_by: UUID = Field(foreign_key="person.id")
    made_at: datetime


class CallOff(SQLModel, table=True):
    """What one school gets and owes under a contract, frozen when it was concluded and ready to be ordered.

    `net_pence` is the school's share by the published policy; `levy_pence` is the framework's part of it, which the
    supplier owes. All in pence.
    """

    __tablename__ = "call_off"
    __table_args__ = (
        Index("uq_call_off_contract_lot_school", "contract_id", "lot_id", "organisation_id", unique=True),
        Index(None, "organisation_id", "id"),
        CheckConstraint("quantity > 0 AND net_pence >= 0 AND levy_pence >= 0 AND vat_pence >= 0", name="amounts"),
    )

    id: UUID = Field(primary_key=True)
    contract_id: UUID = Field(foreign_key="contract.id")
    procurement_id: UUID = Field(foreign_key="procurement.id", index=True)
    lot_id: UUID = Field(foreign_key="procurement_lot.id")
    award_id: UUID = Field(foreign_key="award.id")
    organisation_id: UUID = Field(foreign_key="organisation.id")
    pledge_id: UUID | None = Field(default=None, foreign_key="pledge.id")
    quantity: int = Field(sa_type=BigInteger)
    unit_price_pence: int = Field(sa_type=BigInteger)
    net_pence: int = Field(sa_type=BigInteger)
    levy_pence: int = Field(sa_type=BigInteger)
    vat_basis_points: int
    vat_pence: int = Field(sa_type=BigInteger)
    alone_pence: int = Field(sa_type=BigInteger)
    budget_code: str = Field(max_length=40)
    frozen_at: datetime
