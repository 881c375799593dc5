"""What a framework and an application may become, where they stand on a day, and what may be called off from them.

Sections are those of the Procurement Act 2023.
"""

from collections.abc import Mapping, Sequence, Set
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from msgspec import Struct

from becta.kernel.clock import add_months, london_date
from becta.kernel.errors import Conflict

TERM_YEARS = 4
"""Longest term of a framework without reasons: s.47(1)(b); and of one with a single supplier in a scheme: s.49(6)."""
SCHEME_YEARS = 8
"""When the last framework of an open framework ends, counted from the first award: s.49(2)(c)."""
FIRST_YEARS, NEXT_YEARS = 3, 5
"""Within which an open framework awards again: after the first award, and after the second: s.49(2)(a)."""
MAX_LOT = 999
"""Largest number of a lot."""
_DAY = timedelta(days=1)


class FrameworkState(StrEnum):
    """What somebody last made of a framework; where it stands on a day follows from this and its dates."""

    DRAFT = "draft"
    OPEN = "open"
    AWARDED = "awarded"
    TERMINATED = "terminated"


class Standing(StrEnum):
    """Where a framework stands at an instant."""

    DRAFT = "draft"
    OPEN = "open"
    ASSESSING = "assessing"
    STANDSTILL = "standstill"
    AWAITING_START = "awaiting_start"
    IN_FORCE = "in_force"
    EXPIRED = "expired"
    TERMINATED = "terminated"


class ApplicationState(StrEnum):
    """What somebody last made of a supplier's application for a lot."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    UNDER_ASSESSMENT = "under_assessment"
    ADMITTED = "admitted"
    NOT_ADMITTED = "not_admitted"
    AWARDED = "awarded"
    NOT_AWARDED = "not_awarded"
    SUSPENDED = "suspended"
    REMOVED = "removed"
    WITHDRAWN = "withdrawn"


class Method(StrEnum):
    """How contracts are called off from a lot: without competition, after further competition, or either."""

    DIRECT_AWARD = "direct_award"
    FURTHER_COMPETITION = "further_competition"
    BOTH = "both"


_F, _A = FrameworkState, ApplicationState

FRAMEWORK_MOVES: Mapping[FrameworkState, frozenset[FrameworkState]] = {
    _F.DRAFT: frozenset({_F.OPEN, _F.TERMINATED}),
    _F.OPEN: frozenset({_F.AWARDED, _F.TERMINATED}),
    _F.AWARDED: frozenset({_F.OPEN, _F.TERMINATED}),
    _F.TERMINATED: frozenset(),
}
"""The only moves there are; the database's trigger holds the same pairs. Only an open framework opens again."""

APPLICATION_MOVES: Mapping[ApplicationState, frozenset[ApplicationState]] = {
    _A.DRAFT: frozenset({_A.SUBMITTED, _A.WITHDRAWN}),
    _A.SUBMITTED: frozenset({_A.DRAFT, _A.UNDER_ASSESSMENT, _A.WITHDRAWN}),
    _A.UNDER_ASSESSMENT: frozenset({_A.SUBMITTED, _A.ADMITTED, _A.NOT_ADMITTED}),
    _A.ADMITTED: frozenset({_A.AWARDED, _A.NOT_AWARDED}),
    _A.NOT_ADMITTED: frozenset(),
    _A.AWARDED: frozenset({_A.SUSPENDED, _A.REMOVED}),
    _A.NOT_AWARDED: frozenset(),
    _A.SUSPENDED: frozenset({_A.AWARDED, _A.REMOVED}),
    _A.REMOVED: frozenset(),
    _A.WITHDRAWN: frozenset(),
}
"""The only moves there are; the database's trigger holds the same pairs."""


class Dates(Struct, frozen=True, kw_only=True):
    """The dates that decide where a framework stands; `standstill_ends_on` is that of its first award.

    `in_force_from` and `last_on` are known once it is first awarded.
    """

    closes_at: datetime | None = None
    standstill_ends_on: date | None = None
    in_force_from: date | None = None
    last_on: date | None = None


class Extended(Struct, frozen=True, kw_only=True):
    """That the deadline of a round was put off for everybody, from when to when, and why, as everybody is told."""

    at: datetime
    before: datetime
    after: datetime
    reason: str


class Lot(Struct, frozen=True, kw_only=True):
    """What a lot says of calling off; the levy is the framework's, in basis points of a call-off's value."""

    number: int
    method: Method
    core_terms: str = ""
    mechanism: str = ""
    levy_basis_points: int = 0
    is_light_touch: bool = False


class Ruling(Struct, frozen=True, kw_only=True):
    """Whether something may be done, why in a sentence, and the section that says so."""

    is_allowed: bool
    sentence: str
    section: str


def check_framework_move(current: FrameworkState, wanted: FrameworkState) -> None:
    """Raise Conflict unless the move is in the table."""
    _check("framework", current, wanted, FRAMEWORK_MOVES[current])


def check_application_move(current: ApplicationState, wanted: ApplicationState) -> None:
    """Raise Conflict unless the move is in the table."""
    _check("application", current, wanted, APPLICATION_MOVES[current])


def standing(state: FrameworkState, dates: Dates, *, now: datetime) -> Standing:
    """Where a framework stands at an instant. One that is opened again stays in force meanwhile."""
    if state in {_F.DRAFT, _F.TERMINATED}:
        return Standing(state)
    if dates.in_force_from is None or dates.last_on is None:
        return Standing.OPEN if is_taking_applications(state, dates.closes_at, now=now) else Standing.ASSESSING
    today = london_date(now)
    if dates.last_on < today:
        return Standing.EXPIRED
    if dates.in_force_from <= today:
        return Standing.IN_FORCE
    in_standstill = dates.standstill_ends_on is not None and today <= dates.standstill_ends_on
    return Standing.STANDSTILL if in_standstill else Standing.AWAITING_START


def is_taking_applications(state: FrameworkState, closes_at: datetime | None, *, now: datetime) -> bool:
    """Whether suppliers may still apply: it is open, and its deadline has not come."""
    return state is _F.OPEN and closes_at is not None and now < closes_at


def is_in_force(state: FrameworkState, dates: Dates, on: date) -> bool:
    """Whether contracts may be called off on a day."""
    if state not in {_F.OPEN, _F.AWARDED} or dates.in_force_from is None or dates.last_on is None:
        return False
    return dates.in_force_from <= on <= dates.last_on


def years_on(first: date, years: int) -> date:
    """The last day of so many years beginning with a day."""
    return add_months(first, 12 * years) - _DAY


def last_day(
    ends_on: date, *, is_open_framework: bool, first_awarded_on: date, awarded_on: date, suppliers: int
) -> date:
    """When a framework ends: as it states, but an open one within the limits of s.49(2)(c) and, if alone, s.49(6)."""
    if not is_open_framework:
        return ends_on
    latest = min(ends_on, years_on(first_awarded_on, SCHEME_YEARS))
    return latest if suppliers > 1 else min(latest, years_on(awarded_on, TERM_YEARS) - _DAY)


def next_award_by(awarded_on: Sequence[date], last_on: date) -> date | None:
    """The last day for an open framework's next award (s.49(2)(a)), None if none is due before it ends.

    The second falls in the three years from the first, a third in the five from the second; a fourth could only be
    due after more than the eight years there are.
    """
    match list(awarded_on):
        case [first]:
            due = years_on(first, FIRST_YEARS)
        case [_, second]:
            due = years_on(second, NEXT_YEARS)
        case _:
            return None
    return due if due < last_on else None


def levy_pence(value_pence: int, lot: Lot) -> int:
    """The levy on a call-off, in pence, half a penny rounded up: a fixed percentage of its estimated value, s.45(7)."""
    exact = Decimal(value_pence) * lot.levy_basis_points / 10_000
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def may_direct_award(lot: Lot, suppliers: int) -> Ruling:
    """Whether a contract may be called off from a lot without competition, with so many suppliers on it now."""
    if suppliers < 1:
        return _no(f"lot {lot.number} has no supplier to award to")
    if lot.method is Method.FURTHER_COMPETITION:
        return _no(f"lot {lot.number} provides for further competition only", "s.45(3)")
    if lot.is_light_touch:
        said = (
            f"lot {lot.number} provides for award without competition, and section 45(3) to (5) leaves light touch out"
        )
        return Ruling(is_allowed=True, sentence=said, section="s.45")
    if suppliers == 1:
        said = f"only one supplier is party to lot {lot.number}"
        return Ruling(is_allowed=True, sentence=said, section="s.45(4)(a)")
    if lot.core_terms.strip() and lot.mechanism.strip():
        said = f"lot {lot.number} sets out the core terms and an objective mechanism for choosing the supplier"
        return Ruling(is_allowed=True, sentence=said, section="s.45(4)(b)")
    missing = "the core terms" if not lot.core_terms.strip() else "an objective mechanism for choosing the supplier"
    return _no(f"lot {lot.number} has {suppliers} suppliers and does not set out {missing}", "s.45(4)(b)")


def may_compete(lot: Lot, suppliers: int) -> Ruling:
    """Whether a contract may be called off from a lot after competition among its suppliers."""
    if suppliers < 1:
        return _no(f"lot {lot.number} has no supplier to invite")
    if lot.method is Method.DIRECT_AWARD:
        return _no(f"lot {lot.number} provides for award without competition only", "s.45(5)(d)")
    said = f"lot {lot.number} provides for further competition among its {suppliers} suppliers"
    return Ruling(is_allowed=True, sentence=said, section="s.45(3)")


def _no(sentence: str, section: str = "s.45(2)") -> Ruling:
    return Ruling(is_allowed=False, sentence=sentence, section=section)


def _check(kind: str, current: str, wanted: str, moves: Set[str]) -> None:
    if wanted not in moves:
        allowed = ", ".join(sorted(moves)) or "nothing: that is final"
        raise Conflict(f"the {kind} is {current}, so it cannot become {wanted}; from here it can become {allowed}")
