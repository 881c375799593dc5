"""Where a procurement stands: what is stored, what the clock makes of it, and the only moves there are."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from becta.kernel.errors import Conflict


class ProcurementState(StrEnum):
    """What somebody decided last about a procurement. What follows from the time alone is its `Phase`."""

    DRAFT = "draft"
    GATHERING = "gathering"
    TENDERING = "tendering"
    OPENED = "opened"
    DECIDED = "decided"
    STANDSTILL = "standstill"
    SUSPENDED = "suspended"
    CONTRACTED = "contracted"
    TERMINATED = "terminated"


_S = ProcurementState
MOVES: Mapping[ProcurementState, frozenset[ProcurementState]] = {
    _S.DRAFT: frozenset({_S.GATHERING, _S.TENDERING, _S.TERMINATED}),
    _S.GATHERING: frozenset({_S.TENDERING, _S.TERMINATED}),
    _S.TENDERING: frozenset({_S.OPENED, _S.TERMINATED}),
    _S.OPENED: frozenset({_S.DECIDED, _S.TERMINATED}),
    _S.DECIDED: frozenset({_S.OPENED, _S.STANDSTILL, _S.CONTRACTED, _S.TERMINATED}),
    _S.STANDSTILL: frozenset({_S.OPENED, _S.SUSPENDED, _S.CONTRACTED, _S.TERMINATED}),
    _S.SUSPENDED: frozenset({_S.OPENED, _S.STANDSTILL, _S.TERMINATED}),
    _S.CONTRACTED: frozenset(),
    _S.TERMINATED: frozenset(),
}
"""The only moves there are; the database's trigger holds the same pairs."""


class Phase(StrEnum):
    """Where a procurement stands at an instant: its state, and what its dates make of that."""

    DRAFT = "draft"
    GATHERING = "gathering"
    LOCKED = "locked"
    TENDERING = "tendering"
    SEALED = "sealed"
    OPENED = "opened"
    DECIDED = "decided"
    STANDSTILL = "standstill"
    STANDSTILL_OVER = "standstill_over"
    SUSPENDED = "suspended"
    CONTRACTED = "contracted"
    TERMINATED = "terminated"


class Dated(Protocol):
    """What of a procurement must be known to say its phase; a stored one has all of it."""

    state: ProcurementState
    pledge_deadline: datetime | None
    tender_deadline: datetime | None
    may_contract_from: datetime | None


def phase_of(procurement: Dated, *, now: datetime) -> Phase:
    """Where a procurement stands now. Its deadlines count to the instant, whether anything noticed them or not."""
    match procurement.state:
        case _S.GATHERING if _is_past(procurement.pledge_deadline, now):
            return Phase.LOCKED
        case _S.TENDERING if _is_past(procurement.tender_deadline, now):
            return Phase.SEALED
        case _S.STANDSTILL if _is_past(procurement.may_contract_from, now):
            return Phase.STANDSTILL_OVER
        case state:
            return Phase(state.value)


def check_move(current: ProcurementState, wanted: ProcurementState) -> None:
    """Raise Conflict unless the move is in the table."""
    if wanted not in MOVES[current]:
        allowed = ", ".join(sorted(MOVES[current])) or "nothing: that is final"
        raise Conflict(f"the procurement is {current}, so it cannot become {wanted}; from here it can become {allowed}")


def check_phase(procurement: Dated, *wanted: Phase, now: datetime, doing: str) -> None:
    """Raise Conflict unless the procurement is in one of these phases now; `doing` is what was tried."""
    phase = phase_of(procurement, now=now)
    if phase not in wanted:
        when = " or ".join(wanted)
        raise Conflict(f"{doing} takes a procurement that is {when}; this one is {phase}")


def _is_past(instant: datetime | None, now: datetime) -> bool:
    return instant is not None and now >= instant
