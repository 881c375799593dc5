"""Whether a public contract may be changed, and whether the change needs a notice: Procurement Act 2023 ss.74 to 77."""

from datetime import date, timedelta
from enum import StrEnum

from msgspec import Struct

from becta.market.advice.entries import LIGHT_TOUCH, ContractKind, Reason, Threshold
from becta.market.advice.reference import procedure_data

_ACT = "Procurement Act 2023 "


class Permitted(StrEnum):
    """The grounds of Schedule 8 that schools may meet."""

    PROVIDED_FOR = "provided_for"
    URGENCY = "urgency"
    UNFORESEEABLE = "unforeseeable"
    KNOWN_RISK = "known_risk"
    ADDITIONAL = "additional"
    RESTRUCTURING = "restructuring"


_CAPPED = {Permitted.UNFORESEEABLE, Permitted.KNOWN_RISK, Permitted.ADDITIONAL}
_PARAGRAPHS = {
    Permitted.PROVIDED_FOR: 1,
    Permitted.URGENCY: 2,
    Permitted.UNFORESEEABLE: 4,
    Permitted.KNOWN_RISK: 5,
    Permitted.ADDITIONAL: 8,
    Permitted.RESTRUCTURING: 9,
}


class Modification(Struct, frozen=True, kw_only=True):
    """A change to a contract: values in pence with VAT, terms in days, `term_days` the longest provided for on award.

    `earlier_pence` is what earlier below-threshold modifications already added to the value (s.74(6)).
    """

    kind: ContractKind
    value_pence: int
    new_value_pence: int
    term_days: int
    new_term_days: int
    changes_scope: bool = False
    favours_supplier: bool = False
    changes_supplier: bool = False
    ground: Permitted | None = None
    earlier_pence: int = 0


class ModificationAdvice(Struct, frozen=True, kw_only=True):
    """Whether a change is lawful without a new procurement and whether UK10 comes first, each with its section."""

    is_permitted: bool
    is_substantial: bool
    is_below_threshold: bool
    needs_notice: bool
    why: tuple[Reason, ...]


def is_substantial(change: Modification) -> bool:
    """Whether the change is substantial: term by more than 10 per cent, scope or economic balance (s.74(3))."""
    limits = procedure_data().modifications
    longer = not _within(change.term_days, change.new_term_days, limits.term_percent)
    return longer or change.changes_scope or change.favours_supplier


def is_below_threshold_modification(change: Modification, threshold: Threshold) -> bool:
    """Whether the change is small enough in itself and with those before it (s.74(4)(a) to (c))."""
    added = change.earlier_pence + change.new_value_pence - change.value_pence
    small = _within(change.value_pence, change.new_value_pence, _value_percent(change.kind))
    return small and added < threshold.amount_pence and not change.changes_scope


def modification_needs_notice(change: Modification) -> bool:
    """Whether a contract change notice UK10 is published first (s.75).

    It is not if the value changes by no more than 10 per cent (works 15), or the term does by no more than 10; a value
    or term left as it is excuses nothing. Light touch contracts need none, a restructured supplier always one.
    """
    if change.kind in LIGHT_TOUCH:
        return False
    if change.ground is Permitted.RESTRUCTURING:
        return True
    limits = procedure_data().modifications
    by_value = change.new_value_pence != change.value_pence and _within(
        change.value_pence, change.new_value_pence, _value_percent(change.kind)
    )
    by_term = change.new_term_days != change.term_days and _within(
        change.term_days, change.new_term_days, limits.term_percent
    )
    return not (by_value or by_term)


def modification_copy_due(change: Modification, made: date) -> date | None:
    """The last day to publish the modification: over £5 million and with a notice (s.77); None: it need not be."""
    limits = procedure_data().deadlines
    if not modification_needs_notice(change) or change.new_value_pence <= limits.modification_copy_above_pence:
        return None
    return made + timedelta(days=limits.modification_copy_days - 1)


def judge_modification(change: Modification, threshold: Threshold) -> ModificationAdvice:
    """Whether a contract may be changed like this, whether a notice comes first, and why."""
    substantial, small = is_substantial(change), is_below_threshold_modification(change, threshold)
    permitted, why = _permission(change, is_big=substantial, is_small=small)
    needs_notice = modification_needs_notice(change)
    if permitted:
        text = "Publish a contract change notice (UK10) first." if needs_notice else "No contract change notice is due."
        why = (*why, Reason(text=text, section=f"{_ACT}s.75"))
    return ModificationAdvice(
        is_permitted=permitted,
        is_substantial=substantial,
        is_below_threshold=small,
        needs_notice=permitted and needs_notice,
        why=why,
    )


def _permission(change: Modification, *, is_big: bool, is_small: bool) -> tuple[bool, tuple[Reason, ...]]:
    if change.changes_supplier and change.ground is not Permitted.RESTRUCTURING:
        text = "A public contract may pass to another supplier only when the supplier is restructured."
        return False, (Reason(text=text, section=f"{_ACT}s.74(9)"),)
    if change.kind in LIGHT_TOUCH:
        return True, (Reason(text="A light touch contract may be modified.", section=f"{_ACT}s.74(2)"),)
    if change.ground is not None:
        return _schedule_8(change, change.ground)
    if not is_big:
        return True, (Reason(text="The modification is not substantial.", section=f"{_ACT}s.74(3)"),)
    if is_small:
        return True, (Reason(text="The modification is below the threshold.", section=f"{_ACT}s.74(4)"),)
    text = "The modification is substantial and neither permitted nor small: it needs a new procurement."
    return False, (Reason(text=text, section=f"{_ACT}s.74(1)"),)


def _schedule_8(change: Modification, ground: Permitted) -> tuple[bool, tuple[Reason, ...]]:
    section = f"{_ACT}Sch 8 para {_PARAGRAPHS[ground]}"
    most = procedure_data().modifications.schedule_8_value_percent
    too_much = 100 * (change.new_value_pence - change.value_pence) > most * change.value_pence
    if ground in _CAPPED and too_much:
        return False, (Reason(text=f"The value may rise by no more than {most}% on this ground.", section=section),)
    return True, (Reason(text="Schedule 8 permits this modification.", section=section),)


def _value_percent(kind: ContractKind) -> int:
    limits = procedure_data().modifications
    return limits.value_percent_works if kind is ContractKind.WORKS else limits.value_percent


def _within(before: int, after: int, percent: int) -> bool:
    return 100 * abs(after - before) <= percent * before
