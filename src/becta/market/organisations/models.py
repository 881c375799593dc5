"""Establishments, groups, who belongs to which, and what became of what. Nothing is ever deleted.

No personal data is kept: the register's columns of heads and their telephone numbers are not read.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Integer, text
from sqlmodel import Field, SQLModel

from becta.catalogue.offers.rules import Region
from becta.kernel.tables import EnumText
from becta.market.organisations.rules import Gender, GroupStatus, GroupType, LinkKind, SchoolPhase, Status

_CURRENT = text("ended_at IS NULL")


class Establishment(SQLModel, table=True):
    """A school, college or other establishment. `missing_since` is when the register stopped listing it."""

    __tablename__ = "establishment"
    __table_args__ = (
        CheckConstraint("urn BETWEEN 100000 AND 999999", name="urn_six_digits"),
        CheckConstraint("age_low <= age_high", name="ages_in_order"),
        Index(None, "name_key", "urn"),
        Index(None, "la_code", "name_key", "urn"),
    )

    urn: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    ukprn: str | None = Field(default=None, max_length=8, index=True)
    uprn: str | None = Field(default=None, max_length=12)
    name: str = Field(max_length=250)
    name_key: str = Field(max_length=300)
    la_code: str | None = Field(default=None, max_length=3)
    la_name: str | None = Field(default=None, max_length=120)
    establishment_number: str | None = Field(default=None, max_length=4)
    type_code: int | None = None
    type_name: str | None = Field(default=None, max_length=120)
    type_group: str | None = Field(default=None, max_length=120)
    status: Status = Field(sa_type=EnumText(Status))
    opened_on: date | None = None
    opened_reason: str | None = Field(default=None, max_length=120)
    closed_on: date | None = None
    closed_reason: str | None = Field(default=None, max_length=120)
    phase: SchoolPhase = Field(sa_type=EnumText(SchoolPhase))
    age_low: int | None = None
    age_high: int | None = None
    capacity: int | None = None
    pupils: int | None = None
    gender: Gender | None = Field(default=None, sa_type=EnumText(Gender))
    free_meals_basis_points: int | None = None
    street: str | None = Field(default=None, max_length=250)
    locality: str | None = Field(default=None, max_length=250)
    address3: str | None = Field(default=None, max_length=250)
    town: str | None = Field(default=None, max_length=250)
    county: str | None = Field(default=None, max_length=250)
    postcode: str | None = Field(default=None, max_length=8)
    easting: int | None = None
    northing: int | None = None
    region: Region | None = Field(default=None, sa_type=EnumText(Region))
    website: str | None = Field(default=None, max_length=500)
    last_changed_on: date | None = None
    row_hash: str = Field(max_length=64)
    first_seen_at: datetime
    changed_at: datetime
    missing_since: datetime | None = None


class EstablishmentGroup(SQLModel, table=True):
    """A trust, federation or sponsor. `uid` is the register's key; `group_id` (TRnnnnn) passes to a successor."""

    __tablename__ = "establishment_group"
    __table_args__ = (Index(None, "name_key", "uid"),)

    uid: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    group_id: str | None = Field(default=None, max_length=20, index=True)
    name: str = Field(max_length=250)
    name_key: str = Field(max_length=300)
    type: GroupType = Field(sa_type=EnumText(GroupType))
    type_name: str = Field(max_length=120)
    status: GroupStatus = Field(sa_type=EnumText(GroupStatus))
    company_number: str | None = Field(default=None, max_length=8)
    ukprn: str | None = Field(default=None, max_length=8, index=True)
    opened_on: date | None = None
    closed_on: date | None = None
    street: str | None = Field(default=None, max_length=250)
    locality: str | None = Field(default=None, max_length=250)
    address3: str | None = Field(default=None, max_length=250)
    town: str | None = Field(default=None, max_length=250)
    county: str | None = Field(default=None, max_length=250)
    postcode: str | None = Field(default=None, max_length=8)
    row_hash: str = Field(max_length=64)
    first_seen_at: datetime
    changed_at: datetime
    missing_since: datetime | None = None


class GroupMembership(SQLModel, table=True):
    """A school's time in a group. `ended_at` is when the register stopped listing it.

    The register names no day of leaving: `left_on` is the day the school or the group closed, where that ended it.
    """

    __tablename__ = "group_membership"
    __table_args__ = (
        Index(
            "uq_group_membership_current",
            "urn",
            "group_uid",
            unique=True,
            sqlite_where=_CURRENT,
            postgresql_where=_CURRENT,
        ),
    )

    id: UUID = Field(primary_key=True)
    urn: int = Field(foreign_key="establishment.urn")
    group_uid: int = Field(foreign_key="establishment_group.uid", index=True)
    joined_on: date | None = None
    left_on: date | None = None
    started_at: datetime
    changed_at: datetime
    ended_at: datetime | None = None


class EstablishmentLink(SQLModel, table=True):
    """What became of an establishment, stored once whichever side the register states it from."""

    __tablename__ = "establishment_link"
    __table_args__ = (CheckConstraint("predecessor_urn <> successor_urn", name="two_establishments"),)

    predecessor_urn: int = Field(foreign_key="establishment.urn", primary_key=True)
    successor_urn: int = Field(foreign_key="establishment.urn", primary_key=True, index=True)
    kind: LinkKind = Field(sa_type=EnumText(LinkKind))
    established_on: date | None = None
    first_seen_at: datetime
    changed_at: datetime
    ended_at: datetime | None = None


class RegisterState(SQLModel, table=True):
    """Each part of the register: when it was first and last loaded whole. The row is also the import's turnstile."""

    __tablename__ = "register_state"

    kind: str = Field(primary_key=True, max_length=32)
    first_loaded_at: datetime | None = None
    last_loaded_at: datetime | None = None
    turn: int = 0
