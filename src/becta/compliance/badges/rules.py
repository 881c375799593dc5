"""What a badge claim must say, and when it is valid. Validity is always worked out from dates, never stored."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from becta.catalogue.text_rules import is_web_address, text_faults
from becta.compliance.standards.entries import Standard
from becta.compliance.standards.registry import Holder, standards
from becta.kernel.clock import add_months, start_of_day
from becta.kernel.errors import Conflict, Fault

EARLIEST = date(1970, 1, 1)
"""The first day a badge can have been issued on: none of the standards is older."""

LATEST, LATEST_END = date(2200, 1, 1), date(2300, 1, 1)
"""The last day of issue and of expiry taken for one: a later one is a slip, and could lie beyond the calendar."""

EXPIRING_DAYS = 30
"""A valid badge shows as expiring this many days before its end, as IASME's first reminder does."""


class Level(StrEnum):
    """How the claim is proved."""

    CERTIFIED = "certified"
    TESTED_BY_US = "tested_by_us"
    SELF_DECLARED = "self_declared"


class ClaimState(StrEnum):
    """Where a claim stands with the operator.

    Checking: a verifier has taken it. Checked: one person accepted it and the standard wants a second. Returned: the
    supplier must mend it. Suspended: it was accepted, and a later check failed.
    """

    CLAIMED = "claimed"
    CHECKING = "checking"
    CHECKED = "checked"
    RETURNED = "returned"
    ACCEPTED = "accepted"
    SUSPENDED = "suspended"
    REFUSED = "refused"
    REVOKED = "revoked"


_JUDGED = frozenset({ClaimState.CHECKED, ClaimState.ACCEPTED, ClaimState.RETURNED, ClaimState.REFUSED})
TRANSITIONS: dict[ClaimState, frozenset[ClaimState]] = {
    ClaimState.CLAIMED: _JUDGED | {ClaimState.CHECKING},
    ClaimState.CHECKING: _JUDGED | {ClaimState.CLAIMED},
    ClaimState.CHECKED: _JUDGED - {ClaimState.CHECKED},
    ClaimState.RETURNED: frozenset({ClaimState.CLAIMED}),
    ClaimState.ACCEPTED: frozenset({ClaimState.SUSPENDED, ClaimState.REVOKED}),
    ClaimState.SUSPENDED: frozenset({ClaimState.ACCEPTED, ClaimState.REVOKED}),
    ClaimState.REFUSED: frozenset(),
    ClaimState.REVOKED: frozenset(),
}
"""The only moves there are; the database's trigger holds the same pairs."""

IN_WORDS: dict[ClaimState, str] = {
    ClaimState.CLAIMED: "waits to be checked",
    ClaimState.CHECKING: "is being checked",
    ClaimState.CHECKED: "waits for a second person",
    ClaimState.RETURNED: "was returned",
    ClaimState.ACCEPTED: "is accepted",
    ClaimState.SUSPENDED: "is suspended",
    ClaimState.REFUSED: "was refused",
    ClaimState.REVOKED: "was withdrawn",
}
"""Each state as a sentence about a claim goes on."""

OPEN_TO_SUPPLIER = frozenset({ClaimState.CLAIMED, ClaimState.RETURNED})
"""States in which a supplier may still add evidence: nobody is checking it, and nothing rests on it yet."""
DECISIONS = frozenset(
    {ClaimState.ACCEPTED, ClaimState.RETURNED, ClaimState.REFUSED, ClaimState.SUSPENDED, ClaimState.REVOKED}
)
"""What a verifier may decide; the other states follow from who decides and when."""


class Standing(StrEnum):
    """What a claim is worth at an instant."""

    VALID = "valid"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    NOT_YET = "not_yet_valid"
    UNVERIFIED = "unverified"
    REFUSED = "refused"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


class BadgeClaim(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A claim to a standard. It is valid from the start of `issued_on` to the start of `expires_on`, London time."""

    standard: str
    standard_version: str
    level: Level
    issued_on: date
    expires_on: date | None = None
    role: str = ""
    scope: str = ""
    certificate_reference: str = ""
    evidence_url: str = ""
    evidence_note: str = ""


def check_transition(current: ClaimState, wanted: ClaimState) -> None:
    """Raise Conflict unless the move is in the table."""
    if wanted not in TRANSITIONS[current]:
        raise Conflict(f"the claim {IN_WORDS[current]}, so it cannot become {wanted}")


_UNACCEPTED = {
    ClaimState.CLAIMED: Standing.UNVERIFIED,
    ClaimState.CHECKING: Standing.UNVERIFIED,
    ClaimState.CHECKED: Standing.UNVERIFIED,
    ClaimState.RETURNED: Standing.UNVERIFIED,
    ClaimState.REFUSED: Standing.REFUSED,
    ClaimState.SUSPENDED: Standing.SUSPENDED,
    ClaimState.REVOKED: Standing.REVOKED,
}


def standing(state: ClaimState, issued_on: date, expires_on: date | None, *, now: datetime) -> Standing:
    """What a claim is worth now; an expired one is never valid, whether or not any worker ran."""
    if state is not ClaimState.ACCEPTED:
        return _UNACCEPTED[state]
    if now < start_of_day(issued_on):
        return Standing.NOT_YET
    if expires_on is None:
        return Standing.VALID
    if now >= start_of_day(expires_on):
        return Standing.EXPIRED
    if now >= start_of_day(expires_on - timedelta(days=EXPIRING_DAYS)):
        return Standing.EXPIRING
    return Standing.VALID


class Span(Struct, frozen=True):
    """A time from an instant up to but not including another; `until` None is open."""

    since: datetime
    until: datetime | None

    def holds_at(self, instant: datetime) -> bool:
        """Whether an instant lies in it."""
        return self.since <= instant and (self.until is None or instant < self.until)

    def touches(self, day: date) -> bool:
        """Whether any instant of a calendar day in England lies in it."""
        begins, ends = start_of_day(day), start_of_day(day + timedelta(days=1))
        return self.since < ends and (self.until is None or begins < self.until)


def held_spans(turns: Sequence[tuple[datetime, ClaimState]], issued_on: date, expires_on: date | None) -> list[Span]:
    """The times at which a claim was a badge: accepted by then, not suspended or revoked, and within its dates.

    `turns` are instants at which its state changed, oldest first.
    """
    first = start_of_day(issued_on)
    last = None if expires_on is None else start_of_day(expires_on)
    spans = []
    for number, (at, state) in enumerate(turns):
        if state is not ClaimState.ACCEPTED:
            continue
        since = max(at, first)
        ends = [turns[number + 1][0]] if number + 1 < len(turns) else []
        until = min([*ends, *([last] if last else [])], default=None)
        if until is None or since < until:
            spans.append(Span(since, until))
    return spans


def next_change(state: ClaimState, issued_on: date, expires_on: date | None, *, now: datetime) -> datetime | None:
    """The next instant at which `standing` gives another answer by itself; None if it never will."""
    if state is not ClaimState.ACCEPTED:
        return None
    days = [issued_on]
    if expires_on is not None:
        days += [max(issued_on, expires_on - timedelta(days=EXPIRING_DAYS)), expires_on]
    return min((instant for day in days if (instant := start_of_day(day)) > now), default=None)


def claim_faults(claim: BadgeClaim, holder: Holder) -> list[Fault]:
    """Everything wrong with a claim made for this kind of holder."""
    standard = standards().get(claim.standard)
    if standard is None:
        mend = f"choose one of {', '.join(standards())}"
        return [Fault(field="standard", problem="is not a standard we know", mend=mend, value=claim.standard[:80])]
    faults = [
        *text_faults("scope", claim.scope, at_most=500),
        *text_faults("certificate_reference", claim.certificate_reference, at_most=120),
        *text_faults("evidence_url", claim.evidence_url, at_most=500),
        *text_faults("evidence_note", claim.evidence_note, at_most=2_000),
    ]
    if standard.holder is not holder:
        mend = f"claim it for a {standard.holder}"
        problem = f"belongs to a {standard.holder}, not to a {holder}"
        faults.append(Fault(field="standard", problem=problem, mend=mend, value=claim.standard))
    if claim.standard_version not in standard.versions:
        mend = f"choose one of {', '.join(standard.versions)}"
        problem = f"is not a version of {standard.name}"
        faults.append(Fault(field="standard_version", problem=problem, mend=mend, value=claim.standard_version[:80]))
    if claim.role not in (standard.roles or ("",)):
        mend = f"choose one of {', '.join(standard.roles)}" if standard.roles else "leave it out"
        faults.append(
            Fault(field="role", problem=f"is not a role of {standard.name}", mend=mend, value=claim.role[:80])
        )
    return [*faults, *_date_faults(claim, standard), *_proof_faults(claim)]


def _date_faults(claim: BadgeClaim, standard: Standard) -> list[Fault]:
    issued_on, expires_on, life = claim.issued_on, claim.expires_on, standard.months_valid
    faults = []

    def fault(field: str, problem: str, mend: str, day: date | None) -> None:
        faults.append(Fault(field=field, problem=problem, mend=mend, value=None if day is None else str(day)))

    printed = "give the day printed on the certificate"
    if issued_on < EARLIEST:
        fault("issued_on", f"is before {EARLIEST:%Y}", printed, issued_on)
    if issued_on > LATEST:
        fault("issued_on", f"is after {LATEST:%Y}", printed, issued_on)
    if expires_on is None:
        if life is not None and issued_on <= LATEST:
            fault("expires_on", "is missing", "give the date printed on the certificate", None)
        return faults
    if expires_on > LATEST_END:
        fault("expires_on", f"is after {LATEST_END:%Y}", printed, expires_on)
    elif life is not None and issued_on <= LATEST and expires_on > _latest_end(issued_on, life):
        mend = f"give the day at most {life} months after the day of issue"
        fault("expires_on", f"is later than {standard.name} lasts", mend, expires_on)
    if expires_on <= issued_on <= LATEST:
        fault("expires_on", "is not after the day of issue", "give a day after the day of issue", expires_on)
    return faults


def _proof_faults(claim: BadgeClaim) -> list[Fault]:
    faults = []
    if claim.level is Level.CERTIFIED and not claim.certificate_reference.strip():
        mend = "give the certificate's reference, or claim it as self-declared"
        faults.append(Fault(field="certificate_reference", problem="is missing for a certified claim", mend=mend))
    if not (claim.evidence_url.strip() or claim.evidence_note.strip()):
        mend = "give an address where the evidence can be seen, or describe it in evidence_note"
        faults.append(Fault(field="evidence_url", problem="is missing", mend=mend))
    if claim.evidence_url and not is_web_address(claim.evidence_url):
        mend = "give the full address, starting with https://"
        faults.append(
            Fault(field="evidence_url", problem="is not a web address", mend=mend, value=claim.evidence_url[:80])
        )
    return faults


def _latest_end(issued_on: date, months: int) -> date:
    return add_months(issued_on, months) + timedelta(days=1)  # a year from 28 February may be printed as 29 February
