"""What a purchase is worth in law and whose threshold it is held against.

Procurement Act 2023 s.4, s.123(2), Schedules 1 and 3. Amounts are pence; those called net are ex VAT.
"""

import re
from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from becta.catalogue.categories import categories
from becta.kernel.errors import Fault, Invalid
from becta.kernel.money import MAX_PENCE, STANDARD_VAT, vat_pence
from becta.market.advice.entries import (
    Authority,
    Band,
    BuyerKind,
    ContractKind,
    CpvKind,
    Reason,
    Threshold,
)
from becta.market.advice.reference import sources, threshold_data

_CPV = re.compile(r"(\d{8})(?:-\d)?", re.ASCII)


class Subject(Struct, frozen=True, kw_only=True):
    """What is bought: a category of ours or a CPV code, the kind of contract it makes, and why."""

    code: str
    name: str
    kind: ContractKind
    why: Reason


def value_inc_vat(net_pence: int, vat_basis_points: int = STANDARD_VAT) -> int:
    """What the Act values a contract at: with VAT, even if the buyer recovers it (s.123(2)). Pence."""
    return net_pence + vat_pence(net_pence, vat_basis_points)


def aggregated_pence(contracts: Sequence[int | None]) -> int | None:
    """What each of several contracts that could reasonably be one is valued at: their sum (Schedule 3 para 4).

    None, if one of them cannot be estimated, for then none can be said to lie below the threshold (para 5).
    """
    known = [value for value in contracts if value is not None]
    return sum(known) if len(known) == len(contracts) else None


def framework_pence(call_offs: Sequence[int | None]) -> int | None:
    """What a framework is valued at: the sum of all contracts that may be awarded under it (Schedule 3 para 2)."""
    return aggregated_pence(call_offs)


def threshold_for(kind_of_buyer: BuyerKind, kind_of_contract: ContractKind, on: date) -> Threshold:
    """The threshold for a procurement that commences on a day (Schedule 1); raises Invalid for a day without one."""
    found = [one for one in thresholds_on(on) if one.kind is kind_of_contract]
    own = authority_of(kind_of_buyer)
    return next(one for one in found if one.authority in {own, Authority.ANY})


def thresholds_on(on: date) -> tuple[Threshold, ...]:
    """Every threshold in force on a day; raises Invalid, naming `date`, for a day of which we know none."""
    known = threshold_data().thresholds
    found = tuple(one for one in known if one.effective_from <= on < one.effective_to)
    if not found:
        first, end = min(one.effective_from for one in known), max(one.effective_to for one in known)
        problem = (
            f"is before the Procurement Act 2023 came into force on {first}"
            if on < first
            else f"is on or after {end}, when the thresholds change to amounts we do not know yet"
        )
        mend = f"give a day from {first} on and before {end}"
        raise Invalid([Fault(field="date", problem=problem, mend=mend, value=str(on))])
    return found


def is_above_threshold(value_inc_vat_pence: int | None, threshold: Threshold) -> bool:
    """Whether the Act governs the contract: a value not less than the threshold (s.3), or none (Schedule 3 para 5)."""
    return value_inc_vat_pence is None or value_inc_vat_pence >= threshold.amount_pence


def is_notifiable(kind_of_buyer: BuyerKind, value_inc_vat_pence: int) -> bool:
    """Whether a below-threshold contract is large enough to be notified, if Part 6 applies at all (s.87(4))."""
    own = authority_of(kind_of_buyer)
    least = next(one for one in threshold_data().notifiable_below_threshold if one.authority is own)
    return value_inc_vat_pence >= least.amount_pence


def authority_of(kind_of_buyer: BuyerKind) -> Authority:
    """Central government or not (Schedule 1 para 5): schools, trusts and councils are sub-central."""
    return Authority.CENTRAL if kind_of_buyer is BuyerKind.CENTRAL_GOVERNMENT else Authority.SUB_CENTRAL


def band_of(net_pence: int) -> Band:
    """How much that is in the eyes of DfE, ex VAT: policy, for purchases below the threshold."""
    return next(one.band for one in threshold_data().bands if one.below_pence is None or net_pence < one.below_pence)


def subject_of(what: str) -> Subject:
    """What a category's code or a CPV code stands for; raises Invalid, naming `what`."""
    category = categories().get(what)
    if category is not None:
        kind, why = _kind_of(category.name, category.cpv)
        return Subject(code=category.code, name=category.name, kind=kind, why=why)
    found = _CPV.fullmatch(what)
    if found is None:
        mend = "give a category such as laptops (see GET /api/v1/categories) or eight digits of CPV such as 30213100"
        raise Invalid([Fault(field="what", problem="is neither a category nor a CPV code", mend=mend, value=what[:80])])
    kind, why = _kind_of(f"CPV {found[1]}", (found[1],))
    return Subject(code=found[1], name=f"CPV {found[1]}", kind=kind, why=why)


def value_faults(net_pence: int | None, field: str = "value_pence") -> list[Fault]:
    """What is wrong with an amount ex VAT; nothing if none is given."""
    if net_pence is None or 0 <= net_pence <= MAX_PENCE:
        return []
    mend = "give whole pence ex VAT over the whole term and for all schools, or leave it out if it is not known"
    return [Fault(field=field, problem=f"is not an amount from 0 to {MAX_PENCE}", mend=mend, value=str(net_pence))]


def _kind_of(name: str, codes: Sequence[str]) -> tuple[ContractKind, Reason]:
    """The kind of contract codes make together; where they differ, the one with the lowest threshold."""
    matches = [_cpv_kind(code) for code in codes]
    first = matches[0] if matches else None
    if first is None or any(one is None or one.kind is not first.kind for one in matches):
        text = f"{name}: a contract for goods and services."
        if any(matches):
            text = f"{name}: it may be several kinds of contract, so the lowest threshold that may apply is taken."
        return ContractKind.GOODS_SERVICES, Reason(text=text, section="Procurement Act 2023 Sch 1")
    if first.kind is ContractKind.WORKS:
        text, section = f"{name}: a works contract, {first.name}.", "Procurement Act 2023 Sch 1 para 4"
    else:
        text, section = f"{name}: a light touch contract, {first.name}.", "Procurement Act 2023 s.9"
    return first.kind, Reason(text=text, section=section, certainty=sources()[first.source].certainty)


def _cpv_kind(code: str) -> CpvKind | None:
    fitting = [one for one in threshold_data().cpv_kinds if code.startswith(one.prefix)]
    return max(fitting, key=lambda one: len(one.prefix), default=None)
