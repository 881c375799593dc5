"""Conformance runs as everybody sees them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from becta.compliance.conformance.models import RunState
from becta.compliance.conformance.reports import Check, Outcome, Report


class RunnerOut(Struct, frozen=True, kw_only=True):
    """A runner: what it tests and what it needs. It takes a file (`suffixes`) or an endpoint (`settings`)."""

    code: str
    version: str
    title: str
    standard: str
    standard_version: str
    role: str
    suffixes: tuple[str, ...] = ()
    settings: dict[str, str] = {}
    optional: tuple[str, ...] = ()
    secret: tuple[str, ...] = ()
    checks: tuple[Check, ...]


class RunShort(Struct, frozen=True, kw_only=True):
    """A run in lists."""

    id: UUID
    product_id: UUID
    product_version: str
    runner: str
    runner_version: str
    standard: str
    standard_version: str
    role: str
    state: RunState
    outcome: Outcome | None
    errors: int
    warnings: int
    asked_at: datetime
    done_at: datetime | None


class RunOut(RunShort, frozen=True, kw_only=True):
    """A run with its whole result.

    `report_sha256` is that of the report as it was stored, in canonical JSON. In the public's copy the findings lack
    `value`, which may quote what the supplier sent; its supplier and verifiers see it.
    """

    recheck_of: UUID | None
    file_name: str | None
    file_sha256: str | None
    file_bytes: int | None
    settings: dict[str, Any]
    report: Report | None
    report_sha256: str | None
