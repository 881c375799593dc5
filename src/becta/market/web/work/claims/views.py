"""What the pages of claims, runs and checking show; see `becta.market.web.views`."""

from datetime import datetime

from msgspec import Struct

from becta.market.web.views import Fact, Link, Option
from becta.market.web.work.views import FormView, Group, Happening, Tag


class ClaimRow(Struct, frozen=True, kw_only=True):
    """A claim in its supplier's list; `level` is a code, `then` what is to be done next."""

    href: str
    badge: str
    holder: str
    level: str
    days: str
    state: Tag
    then: str


class ClaimsPage(Struct, frozen=True, kw_only=True):
    """Claims of a supplier and its products, newest first."""

    rows: tuple[ClaimRow, ...]
    may_claim: bool
    next_href: str = ""


class Guide(Struct, frozen=True, kw_only=True):
    """What a standard wants of a claim; `two_people` says why two must agree, "" where one may decide."""

    standard: Link
    wanted: tuple[str, ...]
    scope_rule: str
    decided_by: str
    renewal: str
    two_people: str = ""


class StartClaimPage(Struct, frozen=True, kw_only=True):
    """Choosing whom a claim is for and to which standard; no `holders` for who has no supplier.

    `is_cut`: there are more products than the select holds, so one can be named by the supplier's own reference.
    """

    form: FormView
    holders: tuple[Group, ...]
    standards: tuple[Group, ...]
    is_cut: bool = False


class EditClaimPage(Struct, frozen=True, kw_only=True):
    """The particulars of a claim to make, or of one to mend (then `revision` is set and `reasons` say what to mend).

    `kept` are hidden fields. Where `levels` is empty the level stands already.
    """

    form: FormView
    title: str
    action: str
    button: str
    back: Link
    badge: str
    holder: str
    kept: tuple[Option, ...]
    roles: tuple[Option, ...]
    levels: tuple[Option, ...]
    runs: tuple[Option, ...]
    guide: Guide
    reasons: tuple[str, ...] = ()
    revision: int | None = None


class PieceRow(Struct, frozen=True, kw_only=True):
    """A piece of evidence; `href` leads to where it can be seen or fetched, `sha256` is that of a file."""

    kind: str
    facts: tuple[Fact, ...]
    link: Link | None
    sha256: str
    added_at: datetime


class ClaimPage(Struct, frozen=True, kw_only=True):
    """A claim for its supplier. `adding` leads to the forms for more evidence, `mend_href` to mending, "" if closed."""

    title: str
    holder: str
    state: Tag
    headline: str
    reasons: tuple[str, ...]
    facts: tuple[Fact, ...]
    evidence: tuple[PieceRow, ...]
    adding: tuple[Link, ...]
    mend_href: str
    badge_href: str
    guide: Guide


class AddEvidencePage(Struct, frozen=True, kw_only=True):
    """Adding a piece of evidence of one kind (a code)."""

    form: FormView
    title: str
    action: str
    back: Link
    kind: str
    runs: tuple[Option, ...] = ()


class RunRow(Struct, frozen=True, kw_only=True):
    """A conformance run in its supplier's list."""

    href: str
    runner: str
    product: str
    product_version: str
    asked_at: datetime
    state: Tag
    found: str


class RunsPage(Struct, frozen=True, kw_only=True):
    """The runs of a supplier's products, newest first."""

    rows: tuple[RunRow, ...]
    may_ask: bool
    next_href: str = ""


class StartRunPage(Struct, frozen=True, kw_only=True):
    """Choosing a product and a runner."""

    form: FormView
    products: tuple[Option, ...]
    runners: tuple[Group, ...]
    is_cut: bool = False


class Setting(Struct, frozen=True, kw_only=True):
    """A setting of an endpoint to be filled in; a secret one is never shown again, a long one has several lines."""

    name: str
    label: str
    hint: str
    is_secret: bool
    is_long: bool


class NewRunPage(Struct, frozen=True, kw_only=True):
    """Having a product tested: by a file with one of `suffixes`, or by an endpoint with `settings`."""

    form: FormView
    product: str
    runner: str
    product_id: str
    runner_code: str
    suffixes: tuple[str, ...]
    settings: tuple[Setting, ...]


class QueueRow(Struct, frozen=True, kw_only=True):
    """A claim or badge that somebody must look at."""

    href: str
    badge: str
    holder: str
    level: str
    since: datetime
    days: str
    note: str


class Queue(Struct, frozen=True, kw_only=True):
    """Claims in the same state, those that wait longest first; `is_cut`: there are more."""

    title: str
    empty: str
    rows: tuple[QueueRow, ...]
    is_cut: bool = False


class CheckingPage(Struct, frozen=True, kw_only=True):
    """Everything verifiers have before them."""

    queues: tuple[Queue, ...]


class CheckPage(Struct, frozen=True, kw_only=True):
    """A claim for a verifier: what is claimed, what shows it, what is odd (`doubts`), and what may be decided.

    `decisions` are for a claim, `rechecks` for a badge; empty for what is closed or in another's hands (`why_not`).
    """

    form: FormView
    href: str
    revision: int
    title: str
    holder: str
    supplier: str
    state: Tag
    headline: str
    doubts: tuple[str, ...]
    reasons: tuple[str, ...]
    facts: tuple[Fact, ...]
    evidence: tuple[PieceRow, ...]
    guide: Guide
    history: tuple[Happening, ...]
    badge_href: str = ""
    may_take: bool = False
    may_let_go: bool = False
    decisions: tuple[Option, ...] = ()
    rechecks: tuple[Option, ...] = ()
    why_not: str = ""


TEMPLATES: dict[type[Struct], str] = {
    ClaimsPage: "work/claims.html",
    StartClaimPage: "work/claim_start.html",
    EditClaimPage: "work/claim_edit.html",
    ClaimPage: "work/claim.html",
    AddEvidencePage: "work/claim_evidence.html",
    RunsPage: "work/claim_runs.html",
    StartRunPage: "work/claim_run_start.html",
    NewRunPage: "work/claim_run_new.html",
    CheckingPage: "work/checking.html",
    CheckPage: "work/check.html",
}
