"""The ranking that follows from the evaluation record of a lot alone."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from uuid import UUID

import msgspec
from msgspec import Struct

from becta.kernel.errors import Fault, refuse_if_any
from becta.market.evaluation.pricing import PriceFormula, price_per_point, price_shares, rounded
from becta.market.evaluation.record import (
    SCALE,
    EvaluationRecord,
    LeftOut,
    PriceBasis,
    RecordedBid,
    bid_faults,
    exclusion_faults,
    left_out,
    rule_faults,
)
from becta.market.procurements.terms import TieRule


class CriterionScore(Struct, frozen=True, kw_only=True):
    """What a bid earns by a criterion: its mark of 5, and that share of the weight."""

    code: str
    mark: int
    score: Decimal


class RankedBid(Struct, frozen=True, kw_only=True):
    """A bid's place and every part of it. Scores are rounded to four places, then added.

    `price_per_point` (pence) decides under that formula, else it is None. `lot_drawn` is smaller for the luckier bid.
    `decided_by` says what put it before the next bid where their totals are equal.
    """

    rank: int
    bid_id: UUID
    supplier: str
    price_pence: int
    price_score: Decimal
    criteria: tuple[CriterionScore, ...]
    quality_score: Decimal
    total: Decimal
    price_per_point: Decimal | None
    lot_drawn: str
    decided_by: str | None = None


class Ranking(Struct, frozen=True, kw_only=True):
    """The bids of a lot, best first, and those left out."""

    procurement_id: UUID
    lot: int
    price_formula: PriceFormula
    ranked: tuple[RankedBid, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def winner(self) -> RankedBid | None:
        """The most advantageous tender, None if no bid is left."""
        return self.ranked[0] if self.ranked else None


Weights = Mapping[str | None, Fraction]
"""The weight of each criterion by its code, and of the price under None."""
Key = tuple[bool, Decimal, Decimal | int, Decimal | int, str]


def seed_hash(seed: str) -> str:
    """What is published of the seed of lots before anybody bids."""
    return sha256(seed.encode()).hexdigest()


def lot_of(seed: str, bid_id: UUID) -> str:
    """The lot a bid draws: nobody can foresee it without the seed, and anybody can check it with it."""
    return sha256(f"{seed}:{bid_id}".encode()).hexdigest()


def rank(record: EvaluationRecord) -> Ranking:
    """The ranking that follows from a record; raises Invalid with every fault of the record."""
    refuse_if_any(record_faults(record))
    out = left_out(record)
    gone = {one.bid_id for one in out}
    standing = [bid for bid in record.bids if bid.id not in gone]
    return Ranking(
        procurement_id=record.procurement_id,
        lot=record.lot,
        price_formula=record.price_formula,
        ranked=ranked_with(record, standing, weights_of(record)),
        left_out=out,
    )


def weights_of(record: EvaluationRecord) -> dict[str | None, Fraction]:
    """The published weights of a record."""
    of_criteria: dict[str | None, Fraction] = {one.code: Fraction(one.weight) for one in record.criteria}
    return {None: Fraction(record.price_weight), **of_criteria}


def ranked_with(record: EvaluationRecord, standing: Sequence[RecordedBid], weights: Weights) -> tuple[RankedBid, ...]:
    """The bids that stand, best first, as if the tender had been published with these weights."""
    prices = [judged_price(record, bid) for bid in standing]
    shares = price_shares(record.price_formula, prices, record.baseline)
    made = [
        _scored(record, bid, price, share, weights) for bid, price, share in zip(standing, prices, shares, strict=True)
    ]
    made.sort(key=lambda one: _key(record, one))
    return tuple(_placed(record, made))


def judged_price(record: EvaluationRecord, bid: RecordedBid) -> int:
    """The price of a bid in pence that the formula sees."""
    return bid.price_ex_vat_pence if record.price_basis is PriceBasis.EX_VAT else bid.price_inc_vat_pence


def record_faults(record: EvaluationRecord) -> list[Fault]:
    """Everything for which a record cannot be ranked."""
    return [*rule_faults(record), *_seed_faults(record), *bid_faults(record), *exclusion_faults(record)]


def _scored(record: EvaluationRecord, bid: RecordedBid, price: int, share: Fraction, weights: Weights) -> RankedBid:
    criteria = tuple(
        CriterionScore(
            code=one.code, mark=bid.scores[one.code], score=rounded(weights[one.code] * bid.scores[one.code] / SCALE)
        )
        for one in record.criteria
    )
    quality = sum((one.score for one in criteria), Decimal(0))
    price_score = rounded(weights[None] * share)
    is_per_point = record.price_formula is PriceFormula.PRICE_PER_QUALITY_POINT
    return RankedBid(
        rank=0,
        bid_id=bid.id,
        supplier=bid.supplier,
        price_pence=price,
        price_score=price_score,
        criteria=criteria,
        quality_score=quality,
        total=price_score + quality,
        price_per_point=price_per_point(price, quality) if is_per_point else None,
        lot_drawn=lot_of(record.tie_seed, bid.id),
    )


def _figure(record: EvaluationRecord, bid: RankedBid) -> tuple[bool, Decimal]:
    """What is compared first, smaller is better: whether it lacks a price per point, and the figure."""
    if record.price_formula is PriceFormula.PRICE_PER_QUALITY_POINT:
        return (bid.price_per_point is None, bid.price_per_point or Decimal(0))
    return (False, -bid.total)


def _key(record: EvaluationRecord, bid: RankedBid) -> Key:
    quality, price = -bid.quality_score, bid.price_pence
    first, second = (quality, price) if record.tie_rule is TieRule.QUALITY_THEN_PRICE else (price, quality)
    return (*_figure(record, bid), first, second, bid.lot_drawn)


def _placed(record: EvaluationRecord, ordered: Sequence[RankedBid]) -> list[RankedBid]:
    following = [*ordered[1:], None][: len(ordered)]
    return [
        msgspec.structs.replace(bid, rank=place, decided_by=None if after is None else _decided_by(record, bid, after))
        for place, (bid, after) in enumerate(zip(ordered, following, strict=True), 1)
    ]


def _decided_by(record: EvaluationRecord, bid: RankedBid, after: RankedBid) -> str | None:
    if _figure(record, bid) != _figure(record, after):
        return None
    order = ["quality", "price"] if record.tie_rule is TieRule.QUALITY_THEN_PRICE else ["price", "quality"]
    differs = {"quality": bid.quality_score != after.quality_score, "price": bid.price_pence != after.price_pence}
    return next((name for name in order if differs[name]), "lot")


def _seed_faults(record: EvaluationRecord) -> list[Fault]:
    if seed_hash(record.tie_seed) == record.tie_seed_hash:
        return []
    mend = "give the seed whose hash was published"
    return [Fault(field="tie_seed", problem="does not have the published hash", mend=mend)]
