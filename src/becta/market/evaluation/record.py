"""The evaluation record of a lot: all that decides it, which bids it leaves out, and what is wrong with one.

Excluded tenders are disregarded and everything is worked out without them (Procurement Act 2023 ss.19, 26).
"""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from msgspec import Struct, structs

from becta.kernel.errors import Fault
from becta.market.evaluation.pricing import Baseline, PriceFormula, looks_abnormally_low
from becta.market.procurements.terms import AwardMethod, TieRule

FORMAT = "becta-evaluation-record/1"
SCALE = 5
"""Quality is scored in whole marks from 0 to this."""


class PriceBasis(StrEnum):
    """Which price is judged."""

    EX_VAT = "ex_vat"
    INC_VAT = "inc_vat"


class Ground(StrEnum):
    """Why a bid is left out of the ranking: somebody decides it, or it follows from the record (`FOLLOWING`)."""

    MANDATORY = "mandatory"
    DISCRETIONARY = "discretionary"
    NON_COMPLIANT = "non_compliant"
    ABNORMALLY_LOW = "abnormally_low"
    FAILED_CRITERION = "failed_criterion"
    MINIMUM_ORDER = "minimum_order"
    CAPACITY = "capacity"


FOLLOWING = frozenset({Ground.FAILED_CRITERION, Ground.MINIMUM_ORDER, Ground.CAPACITY})
"""Grounds that nobody decides."""


class QualityCriterion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A criterion scored 0 to 5; `weight` in per cent."""

    code: str
    title: str
    weight: Decimal


class PassFailCriterion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A criterion that is met or not; a bid that does not meet it is left out.

    `badge` is the badge that is required, as `compliance.badges.requirements` writes it: such a criterion is met when
    every product that the bid offers for the lot held it at the opening, and it offers one. None: evaluators judge.
    """

    code: str
    title: str
    badge: str | None = None


class RecordedBid(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bid for a lot: its total price in pence, and by criterion the marks agreed and whether it passes.

    It sells none below `sells_from`, and can supply `capacity` at most (None: any number).
    """

    id: UUID
    supplier: str
    price_ex_vat_pence: int
    price_inc_vat_pence: int
    sells_from: int = 1
    capacity: int | None = None
    scores: dict[str, int] = {}
    passes: dict[str, bool] = {}
    looks_abnormally_low: bool = False


class RecordedExclusion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bid that was excluded: on what ground, why, and what its supplier said when asked."""

    bid_id: UUID
    ground: Ground
    reason: str
    explanation: str | None = None


class EvaluationRecord(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that decides a lot. Weights are per cent and sum to exactly 100; `tie_seed_hash` was published first.

    `quantity` is how many were pledged to the lot, whoever may come to it from another; with 0 none are wanted, and
    prices are for one. After the tie rule the lot drawn decides between equal bids.
    """

    format: str = FORMAT
    procurement_id: UUID
    lot: int
    quantity: int
    award_method: AwardMethod
    price_weight: Decimal
    price_formula: PriceFormula
    price_basis: PriceBasis = PriceBasis.EX_VAT
    baseline: Baseline | None = None
    tie_rule: TieRule
    tie_seed: str
    tie_seed_hash: str
    criteria: tuple[QualityCriterion, ...]
    pass_fail: tuple[PassFailCriterion, ...] = ()
    bids: tuple[RecordedBid, ...]
    exclusions: tuple[RecordedExclusion, ...] = ()


class LeftOut(Struct, frozen=True, kw_only=True):
    """A bid that is not ranked, and why."""

    bid_id: UUID
    supplier: str
    ground: Ground
    reason: str


def left_out(record: EvaluationRecord) -> tuple[LeftOut, ...]:
    """The bids that are not ranked, by id; one whose pass or fail is not agreed is as one that fails."""
    excluded = {one.bid_id: (one.ground, one.reason) for one in record.exclusions}
    found = (
        (bid, excluded.get(bid.id) or _follows(record, bid)) for bid in sorted(record.bids, key=lambda one: one.id)
    )
    return tuple(
        LeftOut(bid_id=bid.id, supplier=bid.supplier, ground=why[0], reason=why[1])
        for bid, why in found
        if why is not None
    )


def needs_marks(record: EvaluationRecord, bid: RecordedBid) -> bool:
    """Whether evaluators must still judge a bid: not if it is left out already, whatever they say."""
    if bid.id in {one.bid_id for one in record.exclusions}:
        return False
    return all(bid.passes.values()) and _cannot_win(record, bid) is None


def flagged(record: EvaluationRecord) -> EvaluationRecord:
    """The same record, with every price held against the others, but for those of bids that are left out already."""
    standing = [bid for bid in record.bids if needs_marks(record, bid)]
    bids = tuple(
        structs.replace(
            bid,
            looks_abnormally_low=looks_abnormally_low(
                bid.price_ex_vat_pence, [one.price_ex_vat_pence for one in standing if one.id != bid.id]
            ),
        )
        for bid in record.bids
    )
    return structs.replace(record, bids=bids)


def bid_faults(record: EvaluationRecord) -> list[Fault]:
    """What is wrong with the prices and marks of the bids; those of bids that are left out are not looked at."""
    faults = []
    if len({bid.id for bid in record.bids}) != len(record.bids):
        faults.append(Fault(field="bids", problem="hold a bid twice", mend="give each bid once"))
    gone = {one.bid_id for one in left_out(record)}
    for place, bid in enumerate(record.bids):
        if bid.id in gone:
            continue
        if not 0 <= bid.price_ex_vat_pence <= bid.price_inc_vat_pence:
            mend = "give pence from 0, the price with VAT no lower"
            faults.append(Fault(field=f"bids.{place}.price_ex_vat_pence", problem="is out of range", mend=mend))
        for one in record.criteria:
            mark = bid.scores.get(one.code)
            if mark is None or not 0 <= mark <= SCALE:
                problem = "has no agreed mark" if mark is None else "is out of range"
                field, mend = f"bids.{place}.scores.{one.code}", f"agree a whole mark from 0 to {SCALE}"
                faults.append(Fault(field=field, problem=problem, mend=mend))
    return faults


def rule_faults(record: EvaluationRecord) -> list[Fault]:
    """What is wrong with the rules that a record names."""
    faults = weight_faults(record.price_weight, [one.weight for one in record.criteria], record.price_formula)
    if record.format != FORMAT:
        faults.append(Fault(field="format", problem="is unknown", mend=f"use {FORMAT}", value=record.format[:40]))
    codes = [*(one.code for one in record.criteria), *(one.code for one in record.pass_fail)]
    if len(set(codes)) != len(codes):
        faults.append(Fault(field="criteria", problem="hold a code twice", mend="give each its own code"))
    line = record.baseline
    if record.price_formula is PriceFormula.BASELINE and (
        line is None or not 0 <= line.base_pence < line.ceiling_pence
    ):
        mend = "publish a base price below a ceiling price"
        faults.append(Fault(field="baseline", problem="is missing or upside down", mend=mend))
    return faults


def weight_faults(price_weight: Decimal, weights: Sequence[Decimal], formula: PriceFormula) -> list[Fault]:
    """What is wrong with published weights: below zero, of more than four places, or not 100 in sum."""
    faults, mend = [], "let the weights of price and criteria sum to exactly 100"
    if any(
        not weight.is_finite() or weight < 0 or -int(weight.as_tuple().exponent) > 4
        for weight in (price_weight, *weights)
    ):
        faults.append(Fault(field="weights", problem="hold one below 0 or finer than 0.0001", mend=mend))
    elif (total := price_weight + sum(weights)) != 100:
        faults.append(Fault(field="weights", problem=f"sum to {total}", mend=mend))
    if formula is PriceFormula.PRICE_PER_QUALITY_POINT and price_weight != 0:
        problem = "is not 0, but a price per quality point has no weight of the price"
        faults.append(Fault(field="price_weight", problem=problem, mend="give all weight to quality criteria"))
    return faults


def exclusion_faults(record: EvaluationRecord) -> list[Fault]:
    """What is wrong with the exclusions of a record."""
    known, faults = {bid.id for bid in record.bids}, []
    if len({one.bid_id for one in record.exclusions}) != len(record.exclusions):
        faults.append(Fault(field="exclusions", problem="hold a bid twice", mend="exclude a bid once"))
    for place, one in enumerate(record.exclusions):
        if one.bid_id not in known:
            mend = "name a bid of this lot"
            faults.append(Fault(field=f"exclusions.{place}.bid_id", problem="is no bid of this record", mend=mend))
        if not one.reason.strip():
            faults.append(Fault(field=f"exclusions.{place}.reason", problem="is empty", mend="say why"))
    return faults


def _follows(record: EvaluationRecord, bid: RecordedBid) -> tuple[Ground, str] | None:
    return _cannot_win(record, bid) or _fails(record, bid)


def _cannot_win(record: EvaluationRecord, bid: RecordedBid) -> tuple[Ground, str] | None:
    """Why a bid could not win what is wanted, whatever its marks."""
    wanted = f"and {record.quantity:,} are wanted"
    if 0 < record.quantity < bid.sells_from:
        return Ground.MINIMUM_ORDER, f"sells none below {bid.sells_from:,}, {wanted}"
    if record.award_method is not AwardMethod.SPLIT and bid.capacity is not None and bid.capacity < record.quantity:
        return Ground.CAPACITY, f"can supply {bid.capacity:,} at most, {wanted} of one supplier"
    return None


def _fails(record: EvaluationRecord, bid: RecordedBid) -> tuple[Ground, str] | None:
    """Which criteria a bid fails: those it was found not to meet, and only if there are none, those not judged."""
    failed = [one for one in record.pass_fail if bid.passes.get(one.code) is False]
    failed = failed or [one for one in record.pass_fail if one.code not in bid.passes]
    judged = ", ".join(one.title for one in failed if one.badge is None)
    said = [f"does not meet: {judged}"] if judged else []
    said += [f"lacks {one.title}" for one in failed if one.badge is not None]
    return (Ground.FAILED_CRITERION, "; ".join(said)) if said else None
