"""What schools pledge, and what is committed under each cap. Pledges end, and are never deleted."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, text
from sqlmodel import Field, SQLModel

from becta.kernel.tables import JSON_TYPE, EnumText
from becta.market.pledges.rules import CapLevel, PledgeState

_STANDS = text("state = 'standing'")


class Pledge(SQLModel, table=True):
    """So many of a lot that a school takes at no more than its ceiling; its commitment says whether it counts.

    Prices are pence for one, ex VAT; `alone_price_pence` is what the school says it pays alone (None: as the lot says).
    """

    __tablename__ = "pledge"
    __table_args__ = (
        Index(
            "uq_pledge_standing",
            "lot_id",
            "organisation_id",
            unique=True,
            sqlite_where=_STANDS,
            postgresql_where=_STANDS,
        ),
        Index(None, "procurement_id", "id"),
        Index(None, "organisation_id"),
        CheckConstraint("quantity > 0 AND ceiling_price_pence > 0", name="amount"),
        CheckConstraint("alone_price_pence IS NULL OR alone_price_pence >= 0", name="alone"),
        CheckConstraint("revision > 0", name="revision"),
        CheckConstraint(
            "(state = 'standing') = (ended_at IS NULL) AND (ended_at IS NULL) = (reason IS NULL)",
            name="ended_with_reason",
        ),
    )

    id: UUID = Field(primary_key=True)
    procurement_id: UUID = Field(foreign_key="procurement.id")
    lot_id: UUID = Field(foreign_key="procurement_lot.id")
    organisation_id: UUID = Field(foreign_key="organisation.id")
    quantity: int
    ceiling_price_pence: int = Field(sa_type=BigInteger)
    alone_price_pence: int | None = Field(default=None, sa_type=BigInteger)
    acceptable_lots: list[int] = Field(sa_type=JSON_TYPE)
    alternatives: str = Field(sa_type=Text)
    budget_code: str = Field(max_length=40)
    commitment_id: UUID = Field(foreign_key="commitment.id", unique=True)
    state: PledgeState = Field(sa_type=EnumText(PledgeState))
    made_by: UUID = Field(foreign_key="person.id", index=True)
    made_at: datetime
    changed_at: datetime
    ended_at: datetime | None = None
    ended_by: UUID | None = Field(default=None, foreign_key="person.id")
    reason: str | None = Field(default=None, sa_type=Text)
    revision: int = 1

    @property
    def amount_pence(self) -> int:
        """The most it can cost, ex VAT: what it holds of every cap above it."""
        return self.quantity * self.ceiling_price_pence


class PledgeQuestion(SQLModel, table=True):
    """That a school was asked whether it stays at a price (pence for one, ex VAT): once about each price."""

    __tablename__ = "pledge_question"
    __table_args__ = (Index("uq_pledge_question_pledge_price", "pledge_id", "unit_price_pence", unique=True),)

    id: UUID = Field(primary_key=True)
    pledge_id: UUID = Field(foreign_key="pledge.id")
    unit_price_pence: int = Field(sa_type=BigInteger)
    asked_at: datetime


class PledgeCap(SQLModel, table=True):
    """What the standing pledges under a cap hold of it, pence ex VAT; `cap_pence` as it was at the last pledge."""

    __tablename__ = "pledge_cap"
    __table_args__ = (
        CheckConstraint("committed_pence >= 0", name="committed"),
        CheckConstraint("cap_pence IS NULL OR committed_pence <= cap_pence", name="held"),
    )

    procurement_id: UUID = Field(foreign_key="procurement.id", primary_key=True)
    level: CapLevel = Field(sa_type=EnumText(CapLevel), primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id", primary_key=True)
    committed_pence: int = Field(sa_type=BigInteger)
    cap_pence: int | None = Field(default=None, sa_type=BigInteger)
