"""Where an award decision and a contract stand, and the only moves there are."""

from collections.abc import Mapping
from enum import StrEnum

from becta.kernel.errors import Conflict


class DecisionState(StrEnum):
    """Whether a decision stands, was taken back, or became contracts."""

    STANDING = "standing"
    WITHDRAWN = "withdrawn"
    CONTRACTED = "contracted"


class ContractState(StrEnum):
    """Whether a contract runs, or ended early or at its end."""

    ACTIVE = "active"
    TERMINATED = "terminated"
    EXPIRED = "expired"


DECISION_MOVES: Mapping[DecisionState, frozenset[DecisionState]] = {
    DecisionState.STANDING: frozenset({DecisionState.WITHDRAWN, DecisionState.CONTRACTED}),
    DecisionState.WITHDRAWN: frozenset(),
    DecisionState.CONTRACTED: frozenset(),
}
CONTRACT_MOVES: Mapping[ContractState, frozenset[ContractState]] = {
    ContractState.ACTIVE: frozenset({ContractState.TERMINATED, ContractState.EXPIRED}),
    ContractState.TERMINATED: frozenset(),
    ContractState.EXPIRED: frozenset(),
}
"""The only moves there are; the database's triggers hold the same pairs."""


def contract_awaits(
    *, is_above_threshold: bool, needs_standstill: bool, are_summaries_sent: bool, is_published: bool
) -> str | None:
    """What must come before the contracts of an award that was decided and has begun no standstill; None: nothing."""
    if needs_standstill:
        return "a contract may only be entered into after the mandatory standstill (s.51)"
    if not are_summaries_sent:
        return "send the assessment summaries first, so that every bidder knows why"
    if is_above_threshold and not is_published:
        return "publish the award notice (UK6) before entering into a public contract (s.50)"
    return None


def check_contract_move(current: ContractState, wanted: ContractState) -> None:
    """Raise Conflict unless the move is in the table."""
    if wanted not in CONTRACT_MOVES[current]:
        raise Conflict(f"the contract is {current}, which is final")
