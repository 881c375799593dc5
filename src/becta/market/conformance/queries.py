"""Reading conformance runs."""

from uuid import UUID

import msgspec
from sqlmodel import Session, col, select

from becta.catalogue.products.models import Product
from becta.compliance.conformance.models import ConformanceRun
from becta.compliance.conformance.reports import Report
from becta.compliance.conformance.runner import ArtefactRunner, EndpointRunner
from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import NotFound
from becta.market.conformance.schemas import RunnerOut, RunOut, RunShort

_SHORT = RunShort.__struct_fields__


def runner_out(runner: ArtefactRunner | EndpointRunner) -> RunnerOut:
    """A runner for those who may use it."""
    told = RunnerOut(
        code=runner.code,
        version=runner.version,
        title=runner.title,
        standard=runner.standard,
        standard_version=runner.standard_version,
        role=runner.role,
        checks=runner.checks,
    )
    if isinstance(runner, ArtefactRunner):
        return msgspec.structs.replace(told, suffixes=runner.suffixes)
    return msgspec.structs.replace(
        told,
        settings=dict(runner.settings),
        optional=tuple(sorted(runner.optional)),
        secret=tuple(sorted(runner.secret)),
    )


def runs_of(session: Session, product_id: UUID, *, before: UUID | None, limit: int) -> list[RunShort]:
    """The runs of a product, newest first, in one statement; raises NotFound."""
    if session.get(Product, product_id) is None:
        raise NotFound("product", product_id)
    wanted = select(ConformanceRun).where(ConformanceRun.product_id == product_id)
    if before is not None:
        wanted = wanted.where(col(ConformanceRun.id) < before)
    rows = session.exec(wanted.order_by(col(ConformanceRun.id).desc()).limit(limit)).all()
    return [RunShort(**{name: getattr(row, name) for name in _SHORT}) for row in rows]


def one_run(session: Session, run_id: UUID, actor: Actor | None) -> RunOut:
    """A run with its result; what findings quote of the input is for its supplier and verifiers. Raises NotFound."""
    row = session.get(ConformanceRun, run_id)
    if row is None:
        raise NotFound("conformance run", run_id)
    report = None if row.report is None else msgspec.convert(row.report, Report)
    if report is not None and not _may_quote(session, row, actor):
        bare = tuple(msgspec.structs.replace(finding, value=None) for finding in report.findings)
        report = msgspec.structs.replace(report, findings=bare)
    return RunOut(
        **{name: getattr(row, name) for name in _SHORT},
        recheck_of=row.recheck_of,
        file_name=row.file_name,
        file_sha256=row.file_sha256,
        file_bytes=row.file_bytes,
        settings=row.settings,
        report=report,
        report_sha256=row.report_sha256,
    )


def _may_quote(session: Session, run: ConformanceRun, actor: Actor | None) -> bool:
    if actor is None:
        return False
    if Scope.BADGES_DECIDE in actor.scopes:
        return True
    return Scope.BADGES_CLAIM in actor.scopes and actor.reaches(session.get_one(Product, run.product_id).supplier_id)
