"""Stored conformance runs: what was tested, and the whole result."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, LargeBinary
from sqlmodel import Field, SQLModel

from becta.compliance.conformance.reports import Outcome
from becta.kernel.tables import JSON_TYPE, NULL_OR_JSON, EnumText


class RunState(StrEnum):
    """Where a run stands. Given up: it broke down on our side, again and again."""

    WAITING = "waiting"
    DONE = "done"
    GIVEN_UP = "given_up"


class ConformanceRun(SQLModel, table=True):
    """A run of one of our runners on a product's artefact or endpoint.

    The artefact is thrown away once it was tested: its SHA-256 stays. `sealed` holds secrets of an endpoint, encrypted,
    until the run is done. `recheck_of` is the claim whose badge is suspended if this run fails.
    """

    __tablename__ = "conformance_run"

    id: UUID = Field(primary_key=True)
    product_id: UUID = Field(foreign_key="product.id", index=True)
    recheck_of: UUID | None = Field(default=None, foreign_key="badge_claim.id", index=True)
    runner: str = Field(max_length=40)
    runner_version: str = Field(max_length=20)
    standard: str = Field(max_length=64)
    standard_version: str = Field(max_length=32)
    role: str = Field(max_length=32)
    state: RunState = Field(sa_type=EnumText(RunState))
    product_version: str = Field(max_length=80)
    file_name: str | None = Field(default=None, max_length=200)
    file_sha256: str | None = Field(default=None, max_length=64)
    file_bytes: int | None = Field(default=None, sa_type=BigInteger)
    settings: dict[str, str] = Field(sa_type=JSON_TYPE)
    sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    asked_at: datetime
    done_at: datetime | None = None
    outcome: Outcome | None = Field(default=None, sa_type=EnumText(Outcome))
    errors: int = 0
    warnings: int = 0
    report: dict[str, Any] | None = Field(default=None, sa_type=NULL_OR_JSON)
    report_sha256: str | None = Field(default=None, max_length=64)
