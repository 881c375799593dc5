"""What states, steps and pieces of evidence are called on these pages."""

from datetime import datetime

from becta.compliance.badges.credentials import badge_name
from becta.compliance.badges.models import BadgeClaimRow
from becta.compliance.badges.rules import ClaimState, Level, Standing, standing
from becta.compliance.conformance.models import ConformanceRun, RunState
from becta.compliance.conformance.reports import Outcome
from becta.compliance.evidence.models import Evidence
from becta.compliance.standards.entries import EvidenceKind
from becta.compliance.standards.registry import standards
from becta.market.web.badges.badge import KINDS
from becta.market.web.formats import count_of, level_words, london_date
from becta.market.web.standards import EVIDENCE
from becta.market.web.views import Fact, Link
from becta.market.web.work.claims.queries import ClaimLine
from becta.market.web.work.claims.views import Guide, PieceRow
from becta.market.web.work.views import Tag

CLAIMS, RUNS, CHECKING = "/claims", "/claims/runs", "/checking"
GREY, YELLOW, GREEN, RED, BLUE = (f"govuk-tag--{colour}" for colour in ("grey", "yellow", "green", "red", "blue"))
STATES = {
    ClaimState.CLAIMED: ("Waiting", YELLOW),
    ClaimState.CHECKING: ("Being checked", BLUE),
    ClaimState.CHECKED: ("Checked once", BLUE),
    ClaimState.RETURNED: ("Returned to you", RED),
    ClaimState.REFUSED: ("Refused", RED),
    ClaimState.SUSPENDED: ("Suspended", RED),
    ClaimState.REVOKED: ("Withdrawn", RED),
}
STANDINGS = {
    Standing.VALID: ("Accepted", GREEN),
    Standing.EXPIRING: ("Ends soon", YELLOW),
    Standing.EXPIRED: ("Expired", RED),
    Standing.NOT_YET: ("Accepted, not begun", BLUE),
}
NEXT = {
    ClaimState.CHECKING: "Nothing: a verifier is checking it",
    ClaimState.CHECKED: "Nothing: a second person must agree",
    ClaimState.RETURNED: "Mend it and send it again",
    ClaimState.REFUSED: "Read why; claim again if you can show more",
    ClaimState.SUSPENDED: "Read why; it holds again once a new check passes",
    ClaimState.REVOKED: "Read why; claim again if you can show more",
}
HEADLINES = {
    ClaimState.CLAIMED: "This waits for a verifier. Until then you can add evidence.",
    ClaimState.CHECKING: "A verifier is checking this. Nothing can be added meanwhile.",
    ClaimState.CHECKED: "One person has accepted this, and a second person must agree.",
    ClaimState.RETURNED: "This was returned to you. Mend what is named below and send it again.",
    ClaimState.REFUSED: "This was refused for the reasons below.",
    ClaimState.SUSPENDED: "The badge is suspended, because a later check failed. It shows nowhere until one passes.",
    ClaimState.REVOKED: "The badge was withdrawn for the reasons below.",
}
HELD = {
    Standing.VALID: "This is accepted: the badge shows wherever its holder is listed.",
    Standing.EXPIRING: "This is accepted, and ends soon. Claim again with the next certificate.",
    Standing.EXPIRED: "This was accepted and has ended. The badge shows nowhere any more.",
    Standing.NOT_YET: "This is accepted. The badge shows from its day of issue on.",
}
TOLD = {
    "badge.claimed": "Claimed it",
    "badge.recorded": "Recorded it",
    "badge.evidence_added": "Added evidence",
    "badge.mended": "Mended it and sent it again",
    "badge.taken": "Took it to check",
    "badge.let_go": "Let it go",
    "badge.checked": "Accepted it as the first of two",
    "badge.accepted": "Accepted it",
    "badge.returned": "Returned it",
    "badge.refused": "Refused it",
    "badge.suspended": "Suspended the badge",
    "badge.revoked": "Withdrew the badge",
    "badge.checked_again": "Checked the badge again",
}
LEVELS = {
    Level.CERTIFIED: "Certified: somebody else gave a certificate",
    Level.SELF_DECLARED: "Self-declared: we state it ourselves",
    Level.TESTED_BY_US: "Tested by this marketplace: a run of its checks passed",
}
RUN_STATES = {
    RunState.WAITING: ("Waiting", YELLOW),
    RunState.GIVEN_UP: ("Broke down", GREY),
    Outcome.PASSED: ("Passed", GREEN),
    Outcome.FAILED: ("Failed", RED),
    Outcome.REFUSED: ("Not judged", RED),
}


def tag_of(claim: BadgeClaimRow, *, now: datetime) -> Tag:
    """Where a claim stands now, as a tag."""
    if claim.state is ClaimState.ACCEPTED:
        text, colour = STANDINGS[standing(claim.state, claim.issued_on, claim.expires_on, now=now)]
    else:
        text, colour = STATES[claim.state]
    return Tag(text=text, colour=colour)


def headline_of(claim: BadgeClaimRow, *, now: datetime) -> str:
    """Where a claim stands now, in a sentence to its supplier."""
    if claim.state is ClaimState.ACCEPTED:
        return HELD[standing(claim.state, claim.issued_on, claim.expires_on, now=now)]
    return HEADLINES[claim.state]


def then_of(line: ClaimLine, *, now: datetime) -> str:
    """What a supplier is to do next about a claim."""
    claim = line.claim
    if claim.state is ClaimState.CLAIMED:
        return "Nothing: it waits for a verifier" if line.pieces else "Add evidence: there is none yet"
    if claim.state is not ClaimState.ACCEPTED:
        return NEXT[claim.state]
    match standing(claim.state, claim.issued_on, claim.expires_on, now=now):
        case Standing.EXPIRED:
            return "Claim again with the next certificate"
        case Standing.EXPIRING if claim.expires_on is not None:
            return f"Claim the next one before {london_date(claim.expires_on)}"
        case Standing.NOT_YET:
            return f"Nothing: it holds from {london_date(claim.issued_on)}"
    return "Nothing"


def title_of(claim: BadgeClaimRow) -> str:
    """A claim's badge with its role: "LTI 1.3, Tool"."""
    return f"{badge_name(claim)}, {claim.role}" if claim.role else badge_name(claim)


def days_of(claim: BadgeClaimRow) -> str:
    """From when to when: "2 May 2026 to 2 May 2027"."""
    ends = "no end" if claim.expires_on is None else london_date(claim.expires_on)
    return f"{london_date(claim.issued_on)} to {ends}"


def facts_of(line: ClaimLine) -> tuple[Fact, ...]:
    """The particulars of a claim."""
    claim = line.claim
    standard = standards()[claim.standard]
    facts = [
        Fact(term="Held by", text=line.holder, href=f"/products/{claim.product_id}" if claim.product_id else None),
        Fact(term="Supplier", text=line.supplier if claim.product_id else ""),
        Fact(term="Standard", text=f"{standard.name} {claim.standard_version}", href=f"/standards/{claim.standard}"),
        Fact(term="Role", text=claim.role),
        Fact(term="Level of proof", text=level_words(claim.level)),
        Fact(term="Certificate number", text=claim.certificate_reference),
        Fact(term="Scope", text=claim.scope or "Not given"),
        Fact(term="Issued", text=london_date(claim.issued_on)),
        Fact(term="Ends", text="No end" if claim.expires_on is None else london_date(claim.expires_on)),
        Fact(term="Address", text=claim.evidence_url, href=claim.evidence_url),
        Fact(term="Note", text=claim.evidence_note),
        Fact(term="Claimed", text=london_date(claim.created_at)),
    ]
    return tuple(fact for fact in facts if fact.text)


def piece_row(piece: Evidence, run: ConformanceRun | None) -> PieceRow:
    """A piece of evidence for those who may see all of it."""
    link = None
    if piece.file_name is not None:
        link = Link(text=piece.file_name, href=f"{CHECKING}/evidence/{piece.id}")
    elif run is not None:
        link = Link(text=f"{run.runner}: {run_tag(run).text.lower()}", href=f"/conformance/{run.id}")
    elif piece.url:
        link = Link(text=piece.url, href=piece.url)
    facts = (
        Fact(term="Certificate number", text=piece.certificate_number),
        Fact(term="Scope", text=piece.scope),
        Fact(term="Issued", text=london_date(piece.issued_on) if piece.issued_on else ""),
        Fact(term="Ends", text=london_date(piece.expires_on) if piece.expires_on else ""),
        Fact(term="Note", text=piece.note if piece.note != piece.file_name else ""),
        Fact(term="Size", text=f"{piece.file_bytes:,} bytes" if piece.file_bytes is not None else ""),
    )
    return PieceRow(
        kind=KINDS[EvidenceKind(piece.kind)],
        facts=tuple(fact for fact in facts if fact.text),
        link=link,
        sha256=piece.file_sha256 or "",
        added_at=piece.added_at,
    )


def guide_of(code: str) -> Guide:
    """What a standard wants of a claim; the code is one of the registry's."""
    standard = standards()[code]
    return Guide(
        standard=Link(text=standard.name, href=f"/standards/{code}"),
        wanted=tuple(EVIDENCE[kind] for kind in standard.evidence_wanted),
        scope_rule=standard.scope_rule,
        decided_by=standard.decided_by,
        renewal=standard.renewal,
        two_people=standard.four_eyes_why,
    )


def run_tag(run: ConformanceRun) -> Tag:
    """How a run ended, as a tag."""
    text, colour = RUN_STATES[run.outcome or run.state]
    return Tag(text=text, colour=colour)


def run_words(run: ConformanceRun, title: str) -> str:
    """A run in a select: what tested it, when it was done and how it ended."""
    done = "" if run.done_at is None else f" on {london_date(run.done_at)}"
    return f"{title}, version {run.product_version}: {run_tag(run).text.lower()}{done}"


def found_words(run: ConformanceRun) -> str:
    """What a run found, "" while it waits."""
    if run.state is not RunState.DONE:
        return ""
    return f"{count_of(run.errors, 'error')}, {count_of(run.warnings, 'warning')}"
