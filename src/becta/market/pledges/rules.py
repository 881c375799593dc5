"""What a pledge may become, what is wrong with one, and what its commitment makes of it."""

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum

from becta.catalogue.text_rules import text_faults
from becta.kernel.errors import Conflict, Fault
from becta.kernel.money import MAX_PENCE, pounds
from becta.market.delegation.rules import MAX_AMOUNT, CommitmentState
from becta.market.pledges.tiers import MAX_QUANTITY


class PledgeState(StrEnum):
    """Where a pledge stands: it stands, somebody took it back, or its commitment ended and it with that."""

    STANDING = "standing"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


MOVES: Mapping[PledgeState, frozenset[PledgeState]] = {
    PledgeState.STANDING: frozenset({PledgeState.WITHDRAWN, PledgeState.LAPSED}),
    PledgeState.WITHDRAWN: frozenset(),
    PledgeState.LAPSED: frozenset(),
}
"""The only moves there are; the database's trigger holds the same pairs."""
LIVE = frozenset({CommitmentState.HELD, CommitmentState.APPROVED})
"""What a commitment must be for its pledge to stand; it counts on the tiers once it is approved."""


class CapLevel(StrEnum):
    """Whose cap it is; they nest, and are always taken in this order, so that nobody waits in a circle."""

    SCHOOL = "school"
    TRUST = "trust"
    CONSORTIUM = "consortium"


_WHOSE: Mapping[CapLevel, str] = {
    CapLevel.SCHOOL: "the school's",
    CapLevel.TRUST: "the trust's",
    CapLevel.CONSORTIUM: "everybody's",
}


class CapReached(Conflict):
    """What is pledged would go beyond a cap."""


def is_approved_in_time(approved_at: datetime | None, opened_at: datetime | None) -> bool:
    """Whether an approval makes a pledge count: what suppliers bid for is fixed when their bids are opened."""
    return opened_at is None or (approved_at is not None and approved_at <= opened_at)


def state_now(stored: PledgeState, commitment: CommitmentState) -> PledgeState:
    """Where a pledge stands, whether anybody noticed yet that its commitment has ended or not."""
    return PledgeState.LAPSED if stored is PledgeState.STANDING and commitment not in LIVE else stored


def check_standing(state: PledgeState) -> None:
    """Raise Conflict unless a pledge may still be changed."""
    if state is not PledgeState.STANDING:
        raise Conflict(f"the pledge is {state}, so it stays as it was; make another one")


def cap_sentence(level: CapLevel, wanted_pence: int, cap_pence: int) -> str:
    """Why a pledge goes beyond a cap, in words."""
    return f"with {pounds(wanted_pence)} more, {_WHOSE[level]} cap of {pounds(cap_pence)} would be exceeded"


def low_cap_sentence(level: CapLevel, name: str, pledged_pence: int, cap_pence: int) -> str:
    """Why a cap cannot be set so low for a school or trust of this name, in words."""
    return f"{name} has pledged {pounds(pledged_pence)}, more than {_WHOSE[level]} cap of {pounds(cap_pence)}"


def pledge_faults(
    *,
    quantity: int,
    ceiling_price_pence: int,
    alone_price_pence: int | None,
    acceptable_lots: Collection[int],
    alternatives: str,
    budget_code: str,
    lot: int,
    lots: Mapping[int, str],
) -> list[Fault]:
    """Everything wrong with a pledge to a lot of a procurement that has these lots, each with its category.

    Only a lot of the same category would do: the scheme of delegation let the school commit money for that.
    """
    faults = text_faults("alternatives", alternatives, at_most=2_000)
    faults += text_faults("budget_code", budget_code, at_least=1, at_most=40)
    for name, value, least, most in (
        ("quantity", quantity, 1, MAX_QUANTITY),
        ("ceiling_price_pence", ceiling_price_pence, 1, MAX_AMOUNT),
        ("alone_price_pence", alone_price_pence, 0, MAX_PENCE),
    ):
        if value is not None and not least <= value <= most:
            mend = f"give {least} to {most:,}"
            faults.append(Fault(field=name, problem="is out of range", mend=mend, value=str(value)))
    if not faults and quantity * ceiling_price_pence > MAX_AMOUNT:
        mend = f"pledge no more than {pounds(MAX_AMOUNT)} at once"
        problem = f"times the quantity is {pounds(quantity * ceiling_price_pence)}"
        faults.append(Fault(field="ceiling_price_pence", problem=problem, mend=mend, value=str(ceiling_price_pence)))
    known = ", ".join(str(number) for number in sorted(lots))
    if lot not in lots:
        faults.append(Fault(field="lot", problem="is no lot of this", mend=f"name one of {known}", value=str(lot)))
    for place, other in enumerate(acceptable_lots):
        if other == lot or other not in lots:
            problem = "is the lot itself" if other == lot else "is no lot of this"
            mend = f"name another of {known}"
            faults.append(Fault(field=f"acceptable_lots.{place}", problem=problem, mend=mend, value=str(other)))
        elif lots[other] != lots.get(lot, lots[other]):
            problem, mend = f"is of {lots[other]}, not {lots[lot]}", "name one of the same category, or pledge to it"
            faults.append(Fault(field=f"acceptable_lots.{place}", problem=problem, mend=mend, value=str(other)))
    return faults


def reason_faults(reason: str) -> list[Fault]:
    """What is wrong with a reason for the file."""
    return text_faults("reason", reason, at_least=3, at_most=1_000)
