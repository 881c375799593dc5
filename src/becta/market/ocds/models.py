"""Releases of ours, notices of others, and who wants to hear of which. Rows are only ever added."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, Text
from sqlmodel import Field, SQLModel

from becta.kernel.tables import JSON_TYPE, EnumText
from becta.market.ocds.projecting import Stage


class OcdsRelease(SQLModel, table=True):
    """A release that one step of a procurement or framework made. `body` is its JSON as published, to the letter.

    `number` counts all releases in the order of their commits; `notice` is that of the notice to be sent, if one is.
    """

    __tablename__ = "ocds_release"
    __table_args__ = (
        Index("uq_ocds_release_ocid_release", "ocid", "release_id", unique=True),
        Index("uq_ocds_release_number", "number", unique=True),
        CheckConstraint("(procurement_id IS NULL) <> (framework_id IS NULL)", name="one_process"),
    )

    id: UUID = Field(primary_key=True)
    number: int = Field(sa_type=BigInteger)
    ocid: str = Field(max_length=64)
    release_id: str = Field(max_length=120)
    procurement_id: UUID | None = Field(default=None, foreign_key="procurement.id", index=True)
    framework_id: UUID | None = Field(default=None, foreign_key="framework.id", index=True)
    step: str = Field(max_length=32)
    tags: list[str] = Field(sa_type=JSON_TYPE)
    date: datetime
    notice: str | None = Field(default=None, max_length=8)
    body: str = Field(sa_type=Text)


class OcdsHead(SQLModel, table=True):
    """How many releases there are. One row, whose lock puts those who publish in line, so that no feed misses one."""

    __tablename__ = "ocds_head"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: int = Field(default=1, sa_column=Column(Integer, primary_key=True, autoincrement=False))
    size: int = Field(sa_type=BigInteger)


class OcdsNotice(SQLModel, table=True):
    """A release of somebody else as it came (`body`), with what it says in short.

    A release that came again changed is a further `version`. `value_digits` is the sum as given, `value_pence` the
    same where it is whole pence of sterling.
    """

    __tablename__ = "ocds_notice"
    __table_args__ = (
        Index("uq_ocds_notice_ocid_release_version", "ocid", "release_id", "version", unique=True),
        Index(None, "deadline"),
        CheckConstraint("version > 0", name="version"),
    )

    id: UUID = Field(primary_key=True)
    ocid: str = Field(max_length=250)
    release_id: str = Field(max_length=250)
    version: int
    digest: str = Field(max_length=64)
    publisher: str = Field(sa_type=Text)
    license: str = Field(sa_type=Text)
    body: str = Field(sa_type=Text)
    imported_at: datetime
    date: datetime
    tags: list[str] = Field(sa_type=JSON_TYPE)
    stage: Stage = Field(sa_type=EnumText(Stage))
    title: str = Field(sa_type=Text)
    description: str = Field(sa_type=Text)
    buyer: str = Field(sa_type=Text)
    main_cpv: str | None = Field(default=None, max_length=8, index=True)
    cpv: list[str] = Field(sa_type=JSON_TYPE)
    value_digits: str | None = Field(default=None, sa_type=Text)
    value_currency: str | None = Field(default=None, max_length=3)
    value_pence: int | None = Field(default=None, sa_type=BigInteger)
    published_at: datetime | None = None
    deadline: datetime | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


class OcdsNoticeAward(SQLModel, table=True):
    """An award of a notice of somebody else; `cpv` is the main code of what was bought."""

    __tablename__ = "ocds_notice_award"
    __table_args__ = (Index(None, "cpv"), Index(None, "ocid"))

    notice_id: UUID = Field(foreign_key="ocds_notice.id", primary_key=True)
    position: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    ocid: str = Field(max_length=250)
    award_id: str = Field(sa_type=Text)
    title: str = Field(sa_type=Text)
    status: str = Field(max_length=32)
    cpv: str | None = Field(default=None, max_length=8)
    date: datetime | None = None
    value_digits: str | None = Field(default=None, sa_type=Text)
    value_currency: str | None = Field(default=None, max_length=3)
    value_pence: int | None = Field(default=None, sa_type=BigInteger)
    suppliers: list[str] = Field(sa_type=JSON_TYPE)


class NoticeInterest(SQLModel, table=True):
    """What a supplier wants to hear of; `wanted` is an `Interest`."""

    __tablename__ = "notice_interest"

    id: UUID = Field(primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id", index=True)
    wanted: dict[str, Any] = Field(sa_type=JSON_TYPE)
    created_at: datetime
    ended_at: datetime | None = None


class NoticeAlert(SQLModel, table=True):
    """That a supplier is told of a process, once. `letter` is shared by what is told in one mail."""

    __tablename__ = "notice_alert"
    __table_args__ = (Index("uq_notice_alert_organisation_ocid", "organisation_id", "ocid", unique=True),)

    id: UUID = Field(primary_key=True)
    letter: UUID = Field(index=True)
    organisation_id: UUID = Field(foreign_key="organisation.id")
    interest_id: UUID = Field(foreign_key="notice_interest.id", index=True)
    notice_id: UUID = Field(foreign_key="ocds_notice.id", index=True)
    ocid: str = Field(max_length=250)
    created_at: datetime
