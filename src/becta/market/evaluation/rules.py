"""What evaluators may do when, what is wrong with a score, and how a bid comes to be left out."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from becta.catalogue.text_rules import text_faults
from becta.kernel.errors import Conflict, Fault
from becta.market.evaluation.record import FOLLOWING, SCALE, Ground
from becta.market.procurements.terms import CriterionKind

DECIDED_GROUNDS = frozenset(Ground) - FOLLOWING
"""The grounds on which somebody excludes; the others exclude by themselves."""
LEAST_TIME_TO_ANSWER = timedelta(hours=24)
"""The shortest time in which a supplier must explain: our own floor, the Act says "reasonable" (s.19(4))."""


class ExclusionState(StrEnum):
    """Where an exclusion stands: the supplier was asked to explain, the bid is left out, or it is not after all."""

    ASKED = "asked"
    EXCLUDED = "excluded"
    DROPPED = "dropped"


MOVES: Mapping[ExclusionState, frozenset[ExclusionState]] = {
    ExclusionState.ASKED: frozenset({ExclusionState.EXCLUDED, ExclusionState.DROPPED}),
    ExclusionState.EXCLUDED: frozenset({ExclusionState.DROPPED}),
    ExclusionState.DROPPED: frozenset(),
}
"""The only moves there are; the database's trigger holds the same pairs."""


def check_move(current: ExclusionState, wanted: ExclusionState) -> None:
    """Raise Conflict unless the move is in the table."""
    if wanted not in MOVES[current]:
        allowed = ", ".join(sorted(MOVES[current])) or "nothing: that is final"
        raise Conflict(f"the exclusion is {current}, so it cannot become {wanted}; from here it can become {allowed}")


def check_heard(ground: Ground, *, explained: bool, answer_by: datetime | None, now: datetime) -> None:
    """Raise Conflict unless a supplier who must be heard first was: it explained, or its time to is over.

    For a price that looks abnormally low that is the law (Procurement Act 2023 s.19(4)-(5)).
    """
    if ground is Ground.ABNORMALLY_LOW and answer_by is None:
        raise Conflict("a bid whose price looks abnormally low is excluded only after its supplier was asked (s.19(4))")
    if answer_by is not None and not explained and now < answer_by:
        raise Conflict(f"its supplier was asked to explain and has until {answer_by.isoformat()}")


def mark_faults(kind: CriterionKind, mark: int, reason: str) -> list[Fault]:
    """What is wrong with a mark and its reason: 0 to 5, or for pass or fail 1 or 0; no mark without a reason."""
    most = SCALE if kind is CriterionKind.QUALITY else 1
    faults = text_faults("reason", reason, at_least=3, at_most=5_000)
    if not 0 <= mark <= most:
        mend = f"give a whole mark from 0 to {most}" if most == SCALE else "give 1 if it is met and 0 if not"
        faults.append(Fault(field="mark", problem="is out of range", mend=mend, value=str(mark)))
    return faults


def declaration_faults(*, has_conflict: bool, conflict: str, bids: Collection[UUID]) -> list[Fault]:
    """What is wrong with a declaration of interests (Procurement Act 2023 ss.81-83)."""
    if has_conflict:
        return text_faults("conflict", conflict, at_least=3, at_most=5_000)
    if conflict.strip() or bids:
        mend = "set has_conflict, or leave conflict and bids out"
        return [Fault(field="has_conflict", problem="is false, but a conflict is named", mend=mend)]
    return []
