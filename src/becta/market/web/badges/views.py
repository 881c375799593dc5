"""What these pages show; see `becta.market.web.views`."""

from datetime import datetime

from msgspec import Struct

from becta.market.web.views import Fact, Link


class EvidenceRow(Struct, frozen=True, kw_only=True):
    """A piece of evidence. `sha256` is that of a file; `href` leads to what everybody may see."""

    kind: str
    text: str
    href: str = ""
    sha256: str = ""
    added_at: datetime


class TurnRow(Struct, frozen=True, kw_only=True):
    """A turn in a badge's life."""

    at: datetime
    what: str
    reasons: tuple[str, ...] = ()


class VerdictView(Struct, frozen=True, kw_only=True):
    """What verifying a credential gave: whether it holds, and what was found, as (check, message)."""

    is_valid: bool
    problems: tuple[tuple[str, str], ...]
    warnings: tuple[tuple[str, str], ...]
    facts: tuple[Fact, ...] = ()


class BadgePage(Struct, frozen=True, kw_only=True):
    """A badge: whose it is and within which scope, whether it holds, what it rests on, and how to check that oneself.

    `state` and `level` are codes. `snippet` is HTML to be shown on other sites.
    """

    title: str
    holder: str
    covers: str
    state: str
    level: str
    holds: bool
    facts: tuple[Fact, ...]
    evidence: tuple[EvidenceRow, ...]
    evidence_sha256: str
    history: tuple[TurnRow, ...]
    verdict: VerdictView
    image_href: str
    image_text: str
    downloads: tuple[Link, ...]
    snippet: str
    breadcrumbs: tuple[Link, ...]


class VerifyPage(Struct, frozen=True, kw_only=True):
    """The form to verify any Open Badge, and what came of it."""

    csrf: str
    error: str = ""
    verdict: VerdictView | None = None


class CheckRow(Struct, frozen=True, kw_only=True):
    """A check of a run: its clause, how much it matters (a code) and how often it found something."""

    id: str
    title: str
    clause: str
    severity: str
    found: int


class FindingRow(Struct, frozen=True, kw_only=True):
    """Something a check found, and where."""

    severity: str
    clause: str
    place: str
    message: str
    mend: str = ""


class RunPage(Struct, frozen=True, kw_only=True):
    """A conformance run. `outcome` is a code: waiting, passed, failed, refused or given_up."""

    title: str
    outcome: str
    headline: str
    facts: tuple[Fact, ...]
    checks: tuple[CheckRow, ...]
    findings: tuple[FindingRow, ...]
    more_findings: int
    data: Link
    breadcrumbs: tuple[Link, ...]


TEMPLATES: dict[type[Struct], str] = {
    BadgePage: "badges/badge.html",
    VerifyPage: "badges/verify.html",
    RunPage: "badges/run.html",
}
