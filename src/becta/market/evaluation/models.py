"""Evaluators, what each scored alone, what they agreed, and which bids are left out. Nothing is deleted."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text
from sqlmodel import Field, SQLModel

from becta.kernel.tables import JSON_TYPE, EnumText
from becta.market.evaluation.record import Ground
from becta.market.evaluation.rules import ExclusionState

_COUNTED = "revision > 0 AND mark >= 0 AND mark <= 5"


class Evaluator(SQLModel, table=True):
    """Somebody appointed to score the bids of a procurement, and their declaration of interests.

    `recused_from` holds the ids of bids they have no part in; with `is_recused` they have no part in any.
    """

    __tablename__ = "evaluator"
    __table_args__ = (
        CheckConstraint("revision > 0", name="revision"),
        CheckConstraint("declared_at IS NOT NULL OR conflict IS NULL", name="declared_at"),
        CheckConstraint("(stood_down_at IS NULL) = (stood_down_reason IS NULL)", name="stood_down_with_reason"),
    )

    procurement_id: UUID = Field(foreign_key="procurement.id", primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", primary_key=True, index=True)
    appointed_by: UUID = Field(foreign_key="person.id")
    appointed_at: datetime
    declared_at: datetime | None = None
    conflict: str | None = Field(default=None, sa_type=Text)
    recused_from: list[str] = Field(sa_type=JSON_TYPE)
    is_recused: bool = False
    stood_down_at: datetime | None = None
    stood_down_reason: str | None = Field(default=None, sa_type=Text)
    revision: int = 1


class EvaluationScore(SQLModel, table=True):
    """What an evaluator gave a bid by a criterion, and why. A change of mind is a new row of the next revision."""

    __tablename__ = "evaluation_score"
    __table_args__ = (
        Index("uq_evaluation_score_revision", "lot_id", "bid_id", "criterion", "person_id", "revision", unique=True),
        CheckConstraint(_COUNTED, name="counted"),
    )

    id: UUID = Field(primary_key=True)
    procurement_id: UUID = Field(foreign_key="procurement.id")
    lot_id: UUID = Field(foreign_key="procurement_lot.id")
    bid_id: UUID = Field(foreign_key="opened_bid.bid_id")
    criterion: str = Field(max_length=64)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    revision: int
    mark: int
    reason: str = Field(sa_type=Text)
    scored_at: datetime


class Moderation(SQLModel, table=True):
    """That the scores of a lot are seen by all evaluators and end; how many were `missing` then, and why so."""

    __tablename__ = "moderation"
    __table_args__ = (CheckConstraint("missing = 0 OR reason IS NOT NULL", name="missing_with_reason"),)

    lot_id: UUID = Field(foreign_key="procurement_lot.id", primary_key=True)
    procurement_id: UUID = Field(foreign_key="procurement.id")
    began_by: UUID = Field(foreign_key="person.id")
    began_at: datetime
    missing: int
    reason: str | None = Field(default=None, sa_type=Text)


class Consensus(SQLModel, table=True):
    """What the evaluators agreed for a bid by a criterion, why, and who of them moderated."""

    __tablename__ = "consensus"
    __table_args__ = (CheckConstraint(_COUNTED, name="counted"),)

    lot_id: UUID = Field(foreign_key="procurement_lot.id", primary_key=True)
    bid_id: UUID = Field(foreign_key="opened_bid.bid_id", primary_key=True)
    criterion: str = Field(max_length=64, primary_key=True)
    procurement_id: UUID = Field(foreign_key="procurement.id", index=True)
    mark: int
    reason: str = Field(sa_type=Text)
    agreed_by: UUID = Field(foreign_key="person.id", index=True)
    agreed_at: datetime
    revision: int = 1


class BidExclusion(SQLModel, table=True):
    """A bid that may be or is left out of a lot (`lot_id` None: of all), what its supplier was asked, and said."""

    __tablename__ = "bid_exclusion"
    __table_args__ = (
        CheckConstraint("revision > 0", name="revision"),
        CheckConstraint(
            "(state = 'asked') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL)"
            " AND (decided_at IS NULL) = (reason IS NULL)",
            name="decided_with_reason",
        ),
        CheckConstraint(
            "(asked_at IS NULL) = (question IS NULL) AND (asked_at IS NULL) = (asked_by IS NULL)"
            " AND (asked_at IS NULL) = (answer_by IS NULL) AND (state <> 'asked' OR asked_at IS NOT NULL)",
            name="asked",
        ),
        CheckConstraint(
            "(explained_at IS NULL) = (explanation IS NULL) AND (explained_at IS NULL OR asked_at IS NOT NULL)",
            name="explained",
        ),
        CheckConstraint("ground <> 'abnormally_low' OR asked_at IS NOT NULL", name="low_is_asked_first"),
    )

    id: UUID = Field(primary_key=True)
    procurement_id: UUID = Field(foreign_key="procurement.id", index=True)
    bid_id: UUID = Field(foreign_key="opened_bid.bid_id")
    lot_id: UUID | None = Field(default=None, foreign_key="procurement_lot.id")
    ground: Ground = Field(sa_type=EnumText(Ground))
    state: ExclusionState = Field(sa_type=EnumText(ExclusionState))
    question: str | None = Field(default=None, sa_type=Text)
    asked_by: UUID | None = Field(default=None, foreign_key="person.id")
    asked_at: datetime | None = None
    answer_by: datetime | None = None
    explanation: str | None = Field(default=None, sa_type=Text)
    explained_by: UUID | None = Field(default=None, foreign_key="person.id")
    explained_at: datetime | None = None
    reason: str | None = Field(default=None, sa_type=Text)
    decided_by: UUID | None = Field(default=None, foreign_key="person.id")
    decided_at: datetime | None = None
    revision: int = 1
