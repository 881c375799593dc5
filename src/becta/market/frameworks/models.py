"""Frameworks with their lots, standard terms and rounds, and suppliers' applications. Nothing published is deleted."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, text
from sqlmodel import Field, SQLModel

from becta.kernel.tables import JSON_TYPE, NULL_OR_JSON, EnumText
from becta.market.frameworks.rules import ApplicationState, FrameworkState, Method

_NOT_WITHDRAWN = text("state <> 'withdrawn'")
_ON_IT = text("state IN ('awarded', 'suspended') AND awarded_until IS NULL")


class Framework(SQLModel, table=True):
    """A framework of an authority. What it says is fixed once it is published; its lots are rows of their own.

    `ocid` names it in open contracting. `standstill_ends_on` and `in_force_from` are those of its first award;
    `last_on` is set by each award.
    """

    __tablename__ = "framework"
    __table_args__ = (
        Index("uq_framework_ocid", "ocid", unique=True),
        CheckConstraint("revision > 0", name="revision"),
        CheckConstraint("ends_on >= starts_on", name="dates_in_order"),
        CheckConstraint("estimated_value_pence > 0", name="value"),
        CheckConstraint("levy_basis_points BETWEEN 0 AND 1000", name="levy"),
        CheckConstraint("state IN ('draft', 'terminated') OR published_at IS NOT NULL", name="published"),
        CheckConstraint("state NOT IN ('open', 'awarded') OR closes_at IS NOT NULL", name="closes"),
        CheckConstraint(
            "state <> 'awarded' OR (in_force_from IS NOT NULL AND last_on IS NOT NULL"
            " AND standstill_ends_on IS NOT NULL AND standstill_ends_on < in_force_from)",
            name="awarded_after_standstill",
        ),
        CheckConstraint(
            "(state = 'terminated') = (terminated_at IS NOT NULL) AND (state = 'terminated') = (reason IS NOT NULL)",
            name="terminated_with_reason",
        ),
    )

    id: UUID = Field(primary_key=True)
    ocid: str = Field(max_length=64)
    authority_id: UUID = Field(foreign_key="organisation.id", index=True)
    reference: str = Field(max_length=40, unique=True)
    title: str = Field(max_length=200)
    description: str = Field(sa_type=Text)
    cpv_codes: list[str] = Field(sa_type=JSON_TYPE)
    price_mechanism: str = Field(sa_type=Text)
    is_open_framework: bool
    is_light_touch: bool
    entitled: dict[str, Any] = Field(sa_type=JSON_TYPE)
    starts_on: date
    ends_on: date
    long_term_reason: str | None = Field(default=None, sa_type=Text)
    estimated_value_pence: int = Field(sa_type=BigInteger)
    levy_basis_points: int
    selection_criteria: list[dict[str, Any]] = Field(sa_type=JSON_TYPE)
    award_criteria: list[dict[str, Any]] = Field(sa_type=JSON_TYPE)
    questions: list[dict[str, Any]] = Field(sa_type=JSON_TYPE)
    terms_sha256: str = Field(max_length=64)
    created_by: UUID = Field(foreign_key="person.id", index=True)
    created_at: datetime
    state: FrameworkState = Field(sa_type=EnumText(FrameworkState))
    round: int = 0
    published_at: datetime | None = None
    closes_at: datetime | None = None
    standstill_ends_on: date | None = None
    in_force_from: date | None = None
    last_on: date | None = None
    terminated_at: datetime | None = None
    terminated_by: UUID | None = Field(default=None, foreign_key="person.id")
    reason: str | None = Field(default=None, sa_type=Text)
    revision: int = 1


class FrameworkLot(SQLModel, table=True):
    """A lot of a framework, fixed once the framework is published."""

    __tablename__ = "framework_lot"
    __table_args__ = (
        Index("uq_framework_lot_number", "framework_id", "number", unique=True),
        CheckConstraint("number BETWEEN 1 AND 999", name="number"),
        CheckConstraint("max_suppliers > 0", name="max_suppliers"),
    )

    id: UUID = Field(primary_key=True)
    framework_id: UUID = Field(foreign_key="framework.id")
    number: int
    title: str = Field(max_length=200)
    description: str = Field(sa_type=Text)
    category: str = Field(max_length=64, index=True)
    method: Method = Field(sa_type=EnumText(Method))
    core_terms: str = Field(sa_type=Text)
    mechanism: str = Field(sa_type=Text)
    max_suppliers: int | None = None


class FrameworkTermsText(SQLModel, table=True):
    """A version of a framework's standard terms, named by its SHA-256. Rows are only ever added."""

    __tablename__ = "framework_terms"

    framework_id: UUID = Field(foreign_key="framework.id", primary_key=True)
    sha256: str = Field(max_length=64, primary_key=True)
    text: str = Field(sa_type=Text)
    made_by: UUID = Field(foreign_key="person.id")
    made_at: datetime


class FrameworkRound(SQLModel, table=True):
    """A time that a framework was open for applications: a closed one has one round, an open one may have more.

    `extensions` are its `rules.Extended`, oldest first.
    """

    __tablename__ = "framework_round"
    __table_args__ = (
        CheckConstraint("award_published_on IS NULL OR summaries_sent_at IS NOT NULL", name="summaries_first"),
        CheckConstraint(
            "(award_published_on IS NULL) = (effective_from IS NULL)"
            " AND (award_published_on IS NULL) = (standstill_ends_on IS NULL)"
            " AND (effective_from IS NULL OR standstill_ends_on < effective_from)",
            name="awarded_after_standstill",
        ),
    )

    framework_id: UUID = Field(foreign_key="framework.id", primary_key=True)
    number: int = Field(primary_key=True)
    opened_at: datetime
    opened_by: UUID = Field(foreign_key="person.id")
    closes_at: datetime
    extensions: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON_TYPE)
    short_period_reason: str | None = Field(default=None, sa_type=Text)
    summaries_sent_at: datetime | None = None
    award_published_on: date | None = None
    awarded_by: UUID | None = Field(default=None, foreign_key="person.id")
    standstill_ends_on: date | None = None
    effective_from: date | None = None


class FrameworkApplication(SQLModel, table=True):
    """A supplier's application for a lot in a round; what it says is fixed once its assessment begins.

    `total` is a decimal as text; `reason` is that of the last step which needed one. `later_summaries` are those of
    later rounds of an open framework that it was ranked in again; `awarded_until` is set when one ends its place.
    """

    __tablename__ = "framework_application"
    __table_args__ = (
        Index(None, "lot_id", "state"),
        Index(None, "supplier_id", "id"),
        Index(
            "uq_framework_application_round",
            "lot_id",
            "supplier_id",
            "round",
            unique=True,
            sqlite_where=_NOT_WITHDRAWN,
            postgresql_where=_NOT_WITHDRAWN,
        ),
        Index(
            "uq_framework_application_on_it",
            "lot_id",
            "supplier_id",
            unique=True,
            sqlite_where=_ON_IT,
            postgresql_where=_ON_IT,
        ),
        CheckConstraint("revision > 0", name="revision"),
        CheckConstraint(
            "state IN ('draft', 'withdrawn') OR (submitted_at IS NOT NULL AND terms_sha256 IS NOT NULL)",
            name="submitted",
        ),
        CheckConstraint("(state = 'under_assessment') <= (assessor_id IS NOT NULL)", name="assessed_by_somebody"),
        CheckConstraint(
            "state NOT IN ('not_admitted', 'suspended', 'removed') OR reason IS NOT NULL", name="refused_with_reason"
        ),
        CheckConstraint(
            "state NOT IN ('awarded', 'suspended', 'removed') OR (awarded_from IS NOT NULL AND summary IS NOT NULL)",
            name="awarded_after_summary",
        ),
    )

    id: UUID = Field(primary_key=True)
    framework_id: UUID = Field(foreign_key="framework.id", index=True)
    lot_id: UUID = Field(foreign_key="framework_lot.id")
    supplier_id: UUID = Field(foreign_key="organisation.id")
    round: int
    created_by: UUID | None = Field(default=None, foreign_key="person.id")
    created_at: datetime
    answers: list[dict[str, Any]] = Field(sa_type=JSON_TYPE)
    responses: list[dict[str, Any]] = Field(sa_type=JSON_TYPE)
    share_code: str = Field(max_length=40)
    state: ApplicationState = Field(sa_type=EnumText(ApplicationState))
    terms_sha256: str | None = Field(default=None, max_length=64)
    submitted_at: datetime | None = None
    submitted_by: UUID | None = Field(default=None, foreign_key="person.id")
    assessor_id: UUID | None = Field(default=None, foreign_key="person.id")
    verdict: dict[str, Any] | None = Field(default=None, sa_type=NULL_OR_JSON)
    assessment: dict[str, Any] | None = Field(default=None, sa_type=NULL_OR_JSON)
    total: str | None = Field(default=None, max_length=20)
    decided_at: datetime | None = None
    reason: str | None = Field(default=None, sa_type=Text)
    summary: dict[str, Any] | None = Field(default=None, sa_type=NULL_OR_JSON)
    later_summaries: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON_TYPE)
    awarded_from: date | None = None
    awarded_until: date | None = None
    revision: int = 1
