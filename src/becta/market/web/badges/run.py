"""The page of a conformance run: everybody reads the whole result."""

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from becta.compliance.conformance.models import RunState
from becta.compliance.conformance.reports import Finding, Outcome
from becta.kernel.errors import NotFound
from becta.market.api.access import PUBLIC
from becta.market.conformance.desk import Desk
from becta.market.conformance.queries import one_run
from becta.market.conformance.schemas import RunOut
from becta.market.db import Database
from becta.market.ledger.signing import listed_name
from becta.market.web.account.answers import Running
from becta.market.web.addresses import as_uuid
from becta.market.web.badges.badge import FRESH
from becta.market.web.badges.views import CheckRow, FindingRow, RunPage
from becta.market.web.formats import count_of, london_time
from becta.market.web.rendering import Rendering
from becta.market.web.views import Fact, Link

SHOWN = 200
"""Findings on the page; the data have the rest."""


@get("/conformance/{run_id:str}", opt={"access": PUBLIC}, sync_to_thread=True)
def show_run(db: NamedDependency[Database], house: Running, pages: Rendering, run_id: FromPath[str]) -> Response[str]:
    """A run with each check, its clause, and each finding with its file and line."""
    key = as_uuid(run_id)
    if key is None:
        raise NotFound("conformance run", run_id)
    with db.read() as session:
        run = one_run(session, key, None)
        product = listed_name(session, run.product_id) or "A product that is not listed yet"
    return pages.response(run_page(run, product, runner_title(house.desk, run.runner)), headers=FRESH)


def runner_title(desk: Desk, code: str) -> str:
    """What a runner is called; its code if there is no such runner any more."""
    runner = desk.runners.get(code)
    return code if runner is None else runner.title


def run_page(run: RunOut, product: str, title: str) -> RunPage:
    """What the page shows of a run."""
    report = run.report
    findings = report.findings if report else ()
    return RunPage(
        title=f"{title}: {product}",
        outcome=run.outcome or run.state,
        headline=_headline(run),
        facts=_facts(run, product),
        checks=tuple(
            CheckRow(id=check.id, title=check.title, clause=check.clause, severity=check.severity, found=check.found)
            for check in (report.checks if report else ())
        ),
        findings=tuple(_finding(finding) for finding in findings[:SHOWN]),
        more_findings=max(0, (sum(check.found for check in report.checks) if report else 0) - SHOWN),
        data=Link(text="The whole result as data", href=f"/api/v1/conformance-runs/{run.id}"),
        breadcrumbs=(Link(text="Home", href="/"), Link(text=product, href=f"/products/{run.product_id}")),
    )


def _headline(run: RunOut) -> str:
    if run.state is RunState.WAITING:
        return "The run is waiting for its turn. Load this page again in a minute."
    if run.state is RunState.GIVEN_UP or run.report is None:
        return "The run broke down on our side; it says nothing of the product."
    if run.outcome is Outcome.REFUSED:
        return f"Nothing was judged, because the input breaks a limit: {run.report.refusal}."
    warned = count_of(run.warnings, "warning")
    if run.outcome is Outcome.PASSED:
        return f"Every check passed, with {warned}."
    return f"{count_of(run.errors, 'error')} and {warned} were found."


def _facts(run: RunOut, product: str) -> tuple[Fact, ...]:
    role = f", role {run.role}" if run.role else ""
    facts = [
        Fact(term="Product", text=product, href=f"/products/{run.product_id}"),
        Fact(term="Version of the product", text=run.product_version),
        Fact(
            term="Tested against",
            text=f"{run.standard} {run.standard_version}{role}",
            href=f"/standards/{run.standard}",
        ),
        Fact(term="Runner", text=f"{run.runner}, version {run.runner_version}"),
        Fact(term="File", text=run.file_name or "", note=f"SHA-256 {run.file_sha256}" if run.file_sha256 else ""),
        *(Fact(term=name.replace("_", " ").capitalize(), text=str(value)) for name, value in run.settings.items()),
        Fact(term="Asked for", text=london_time(run.asked_at)),
        Fact(term="Done", text=london_time(run.done_at) if run.done_at else ""),
        Fact(term="SHA-256 of the result", text=run.report_sha256 or ""),
    ]
    return tuple(fact for fact in facts if fact.text)


def _finding(finding: Finding) -> FindingRow:
    line = f", line {finding.line:,}" if finding.line else ""
    field = f", {finding.field}" if finding.field else ""
    return FindingRow(
        severity=finding.severity,
        clause=finding.clause,
        place=f"{finding.file}{line}{field}".lstrip(", "),
        message=finding.message,
        mend=finding.mend,
    )
