"""What is wrong with a procurement: its terms, its timetable, and a change to it. Pure functions."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from becta.catalogue.categories import categories
from becta.catalogue.text_rules import text_faults
from becta.kernel.errors import Fault
from becta.kernel.money import MAX_PENCE
from becta.market.evaluation.pricing import PriceFormula
from becta.market.pledges.tiers import MAX_QUANTITY, tier_faults
from becta.market.procurements.terms import AwardMethod, CriterionKind, LotTerms, Route

MAX_LOTS = 50
MAX_CRITERIA = 30
NEEDS_FRAMEWORK = frozenset({Route.FRAMEWORK_DIRECT_AWARD, Route.FRAMEWORK_FURTHER_COMPETITION})
HUNDRED = Decimal(100)
LONGEST = timedelta(days=3 * 365)
"""No deadline is further away than that: beyond it a typing error is certain."""


def lots_faults(lots: Sequence[LotTerms]) -> list[Fault]:
    """Everything wrong with the lots."""
    if not 1 <= len(lots) <= MAX_LOTS:
        return [Fault(field="lots", problem=f"has {len(lots)} entries", mend=f"name 1 to {MAX_LOTS} lots")]
    return [fault for place, lot in enumerate(lots) for fault in _lot_faults(f"lots.{place}", lot)]


def _lot_faults(at: str, lot: LotTerms) -> list[Fault]:
    faults = text_faults(f"{at}.title", lot.title, at_least=1, at_most=200)
    faults += text_faults(f"{at}.description", lot.description, at_least=1, at_most=20_000)
    faults += text_faults(f"{at}.unit", lot.unit, at_least=1, at_most=40)
    if lot.category not in categories():
        mend = f"use one of {', '.join(categories())}"
        faults.append(Fault(field=f"{at}.category", problem="is no category", mend=mend, value=lot.category[:80]))
    if not re.fullmatch(r"\d{8}(-\d)?", lot.cpv, re.ASCII):
        mend = "write the eight digits of the CPV code, such as 30213100"
        faults.append(Fault(field=f"{at}.cpv", problem="is no CPV code", mend=mend, value=lot.cpv[:20]))
    if lot.price_formula is PriceFormula.BASELINE and lot.baseline is None:
        mend = "publish base_pence and ceiling_pence, or use another formula"
        faults.append(Fault(field=f"{at}.baseline", problem="is missing", mend=mend))
    if lot.baseline is not None and not 0 <= lot.baseline.base_pence < lot.baseline.ceiling_pence <= MAX_PENCE:
        mend = "let ceiling_pence be above base_pence"
        faults.append(Fault(field=f"{at}.baseline", problem="does not fit", mend=mend))
    faults += _weight_faults(at, lot)
    faults += tier_faults(lot.tiers, f"{at}.tiers") if lot.tiers else []
    faults += _number_faults(at, lot)
    return faults


def _weight_faults(at: str, lot: LotTerms) -> list[Fault]:
    """The weights are named and sum to exactly 100 per cent (Procurement Act 2023 s.23(3))."""
    faults: list[Fault] = []
    if len(lot.criteria) > MAX_CRITERIA:
        return [Fault(field=f"{at}.criteria", problem="are too many", mend=f"name at most {MAX_CRITERIA}")]
    codes = [one.code for one in lot.criteria]
    for place, one in enumerate(lot.criteria):
        here = f"{at}.criteria.{place}"
        faults += text_faults(f"{here}.title", one.title, at_least=1, at_most=300)
        faults += text_faults(f"{here}.guidance", one.guidance, at_most=5_000)
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", one.code):
            mend = "use lower-case letters, digits and _, such as safeguarding"
            faults.append(Fault(field=f"{here}.code", problem="is no code", mend=mend, value=one.code[:40]))
        elif codes.count(one.code) > 1:
            faults.append(Fault(field=f"{here}.code", problem="is there twice", mend="use each code once"))
        is_quality = one.kind is CriterionKind.QUALITY
        if is_quality != (one.weight is not None) or not (one.weight is None or _is_weight(one.weight)):
            mend = "weigh quality above 0, up to 100, with 2 decimals at most; pass or fail has no weight"
            faults.append(Fault(field=f"{here}.weight", problem="does not fit", mend=mend, value=str(one.weight)))
    if not (_is_weight(lot.price_weight) or (lot.price_weight.is_finite() and lot.price_weight == 0)):
        mend = "use 0 to 100 with at most 2 decimals"
        faults.append(Fault(field=f"{at}.price_weight", problem="is no weight", mend=mend, value=str(lot.price_weight)))
    if faults:
        return faults
    if lot.price_formula is PriceFormula.PRICE_PER_QUALITY_POINT and lot.price_weight != 0:
        mend = "set it to 0: this formula divides the price by quality points, so the price has no weight of its own"
        return [Fault(field=f"{at}.price_weight", problem="is not 0", mend=mend, value=str(lot.price_weight))]
    total = sum((one.weight for one in lot.criteria if one.weight is not None), start=lot.price_weight)
    if total != HUNDRED:
        mend = "let the weights of price and of the quality criteria sum to exactly 100"
        faults.append(Fault(field=f"{at}.price_weight", problem=f"and the criteria sum to {total}", mend=mend))
    return faults


def _is_weight(weight: Decimal) -> bool:
    return weight.is_finite() and 0 < weight <= HUNDRED and weight == weight.quantize(Decimal("0.01"))


def _number_faults(at: str, lot: LotTerms) -> list[Fault]:
    faults: list[Fault] = []
    for name, least, most in (
        ("quantity", 1, MAX_QUANTITY),
        ("alone_price_pence", 0, MAX_PENCE),
        ("vat_basis_points", 0, 10_000),
        ("max_suppliers", 1, 100),
        ("term_months", 1, 240),
    ):
        value = getattr(lot, name)
        if value is not None and not least <= value <= most:
            mend = f"use {least} to {most}"
            faults.append(Fault(field=f"{at}.{name}", problem="is out of range", mend=mend, value=str(value)))
    if lot.supported_until is not None:
        try:
            date.fromisoformat(lot.supported_until)
        except ValueError:
            mend = "write a day such as 2030-08-31"
            value = lot.supported_until[:20]
            faults.append(Fault(field=f"{at}.supported_until", problem="is no date", mend=mend, value=value))
    return faults


def timetable_faults(
    *,
    pledge_deadline: datetime | None,
    withdrawal_deadline: datetime | None,
    clarification_deadline: datetime | None,
    tender_deadline: datetime | None,
) -> list[Fault]:
    """The dates must follow one another: pledges, withdrawals, questions, tenders."""
    named = [
        ("pledge_deadline", pledge_deadline),
        ("withdrawal_deadline", withdrawal_deadline),
        ("clarification_deadline", clarification_deadline),
        ("tender_deadline", tender_deadline),
    ]
    given = [(name, at) for name, at in named if at is not None]
    return [
        Fault(field=f"timetable.{name}", problem=f"is before {earlier}", mend=f"set it no earlier than {earlier}")
        for (earlier, before), (name, at) in pairwise(given)
        if at < before
    ]


def far_faults(field: str, at: datetime | None, *, now: datetime) -> list[Fault]:
    """A time further away than three years is a typing error."""
    if at is None or (at.year > 1 and abs(at - now) <= LONGEST):
        return []
    return [Fault(field=field, problem="is too far away", mend="set one within three years", value=str(at))]


def still_to_come(field: str, deadline: datetime | None, *, now: datetime) -> list[Fault]:
    """A deadline that is needed now must be set and lie ahead."""
    if deadline is None:
        return [Fault(field=field, problem="is missing", mend="set it before this step")]
    if deadline <= now:
        return [Fault(field=field, problem="has passed", mend="set one that is still to come")]
    return []


def award_method_faults(method: AwardMethod, lots: Sequence[LotTerms]) -> list[Fault]:
    """What of the lots does not fit how winners are found: by the published weights (Procurement Act 2023 s.19)."""
    if method is AwardMethod.SPLIT and all(lot.max_suppliers == 1 for lot in lots):
        mend = "let a lot have several suppliers, or award per lot"
        return [Fault(field="award_method", problem="splits, but every lot has one supplier", mend=mend)]
    if method is AwardMethod.SPLIT:
        mend = "say how many of the best-ranked bids share the lot, or give the price all the weight"
        return [
            Fault(field=f"lots.{place}.max_suppliers", problem="is missing where quality counts", mend=mend)
            for place, lot in enumerate(lots)
            if lot.max_suppliers is None and lot.price_weight != HUNDRED
        ]
    if method is AwardMethod.SINGLE:
        mend = "use another formula: totals of several lots cannot be added without a score for the price"
        return [
            Fault(field=f"lots.{place}.price_formula", problem="gives no total", mend=mend)
            for place, lot in enumerate(lots)
            if lot.price_formula is PriceFormula.PRICE_PER_QUALITY_POINT
        ]
    return []


def extension_faults(
    *, before: datetime, after: datetime | None, is_substantial: bool, now: datetime, at_least: timedelta
) -> list[Fault]:
    """A deadline only moves later, and for a substantial change so far that `at_least` is left from now (s.31)."""
    if after is None:
        if is_substantial and before - now < at_least:
            mend = f"set a tender_deadline at least {at_least.days} days from now"
            return [Fault(field="tender_deadline", problem="leaves too little time for the change", mend=mend)]
        return []
    if after <= before:
        mend = "set one later than the present deadline: it never comes nearer"
        return [Fault(field="tender_deadline", problem="is no later", mend=mend, value=after.isoformat())]
    if is_substantial and after - now < at_least:
        mend = f"leave at least {at_least.days} days from now"
        return [Fault(field="tender_deadline", problem="leaves too little time for the change", mend=mend)]
    return []
