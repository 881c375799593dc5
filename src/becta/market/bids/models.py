"""Sealed bids, the officers who open them, what was refused as late, and what was opened. Nothing is deleted."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, Text, text
from sqlmodel import Field, SQLModel

from becta.kernel.tables import JSON_TYPE, NULL_OR_JSON, EnumText
from becta.market.bids.rules import BidState

_STANDS = text("state IN ('current', 'opened', 'unreadable')")
_ON_DUTY = text("stood_down_at IS NULL")


class OpeningOfficer(SQLModel, table=True):
    """Somebody named to open the bids of a procurement with another. Of their key only the public half is kept.

    `public_key` and our signature over it (`key_signature`) are hex. `handed_over` is set between the first officer's
    code and the second's: the first one's key, sealed to each other officer's (base64 by the officer's id).
    """

    __tablename__ = "opening_officer"
    __table_args__ = (
        Index(
            "uq_opening_officer_on_duty",
            "procurement_id",
            "person_id",
            unique=True,
            sqlite_where=_ON_DUTY,
            postgresql_where=_ON_DUTY,
        ),
        CheckConstraint(
            "(public_key IS NULL) = (taken_at IS NULL) AND (public_key IS NULL) = (key_signature IS NULL)",
            name="taken_with_key",
        ),
        CheckConstraint("gave_code_at IS NULL OR public_key IS NOT NULL", name="code_of_key"),
    )

    id: UUID = Field(primary_key=True)
    procurement_id: UUID = Field(foreign_key="procurement.id")
    person_id: UUID = Field(foreign_key="person.id", index=True)
    named_by: UUID = Field(foreign_key="person.id")
    named_at: datetime
    public_key: str | None = Field(default=None, max_length=64)
    key_signature: str | None = Field(default=None, max_length=128)
    taken_at: datetime | None = None
    handed_over: dict[str, str] | None = Field(default=None, sa_type=NULL_OR_JSON)
    gave_code_at: datetime | None = None
    stood_down_at: datetime | None = None


class Bid(SQLModel, table=True):
    """A supplier's bid as it came: sealed, with its receipt. `number` counts the bids of one supplier.

    A replaced or withdrawn bid loses its sealed bytes, which nobody may open any more; hash and receipt stay.
    """

    __tablename__ = "bid"
    __table_args__ = (
        Index(
            "uq_bid_standing",
            "procurement_id",
            "organisation_id",
            unique=True,
            sqlite_where=_STANDS,
            postgresql_where=_STANDS,
        ),
        Index("uq_bid_number", "procurement_id", "organisation_id", "number", unique=True),
        CheckConstraint("number > 0 AND size > 0", name="counted"),
        CheckConstraint("(state IN ('replaced', 'withdrawn')) = (sealed IS NULL)", name="sealed_while_it_stands"),
        CheckConstraint("(state = 'current') = (ended_at IS NULL)", name="ended_at"),
        CheckConstraint("(state = 'unreadable') = (reason IS NOT NULL)", name="unreadable_with_reason"),
    )

    id: UUID = Field(primary_key=True)
    procurement_id: UUID = Field(foreign_key="procurement.id")
    organisation_id: UUID = Field(foreign_key="organisation.id", index=True)
    number: int
    state: BidState = Field(sa_type=EnumText(BidState))
    sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    sha256: str = Field(max_length=64)
    size: int
    commitment: str = Field(max_length=64)
    received_at: datetime
    made_by: UUID | None = Field(default=None, foreign_key="person.id", index=True)
    key_id: str = Field(max_length=8)
    signature: str = Field(max_length=128)
    ended_at: datetime | None = None
    reason: str | None = Field(default=None, sa_type=Text)


class LateBid(SQLModel, table=True):
    """That a bid came too late and was refused: who sent it and when. Nothing of the bid is kept."""

    __tablename__ = "late_bid"

    id: UUID = Field(primary_key=True)
    procurement_id: UUID = Field(foreign_key="procurement.id", index=True)
    organisation_id: UUID = Field(foreign_key="organisation.id")
    person_id: UUID | None = Field(default=None, foreign_key="person.id", index=True)
    received_at: datetime
    deadline: datetime


class TenderOutage(SQLModel, table=True):
    """A time in which bids could not be sent, and what the deadline became for everybody."""

    __tablename__ = "tender_outage"
    __table_args__ = (CheckConstraint("began_at < ended_at", name="lasted"),)

    id: UUID = Field(primary_key=True)
    procurement_id: UUID = Field(foreign_key="procurement.id", index=True)
    began_at: datetime
    ended_at: datetime
    reason: str = Field(sa_type=Text)
    recorded_by: UUID = Field(foreign_key="person.id")
    recorded_at: datetime
    deadline_before: datetime
    deadline_after: datetime


class OpenedBid(SQLModel, table=True):
    """What was in a bid: `content` is `BidContent` as JSON, byte for byte what the commitment was made to.

    With `salt` (hex) anybody can check it against the receipt. `badges` are those that each offered product held then.
    """

    __tablename__ = "opened_bid"
    __table_args__ = (Index(None, "procurement_id"),)

    bid_id: UUID = Field(foreign_key="bid.id", primary_key=True)
    procurement_id: UUID = Field(foreign_key="procurement.id")
    organisation_id: UUID = Field(foreign_key="organisation.id")
    content: str = Field(sa_type=Text)
    salt: str = Field(max_length=64)
    badges: dict[str, Any] = Field(sa_type=JSON_TYPE)
    opened_at: datetime


class BidFile(SQLModel, table=True):
    """A file that was in an opened bid; its name, kind and SHA-256 are in the content, in the same order."""

    __tablename__ = "bid_file"
    __table_args__ = (CheckConstraint("number > 0", name="counted"),)

    bid_id: UUID = Field(foreign_key="opened_bid.bid_id", primary_key=True)
    number: int = Field(primary_key=True)
    data: bytes = Field(sa_type=LargeBinary)
