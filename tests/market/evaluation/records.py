"""Evaluation records for tests: a real-looking one to change, and any at all by Hypothesis."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from becta.market.evaluation.pricing import Baseline, PriceFormula
from becta.market.evaluation.ranking import seed_hash
from becta.market.evaluation.record import (
    EvaluationRecord,
    Ground,
    PassFailCriterion,
    PriceBasis,
    QualityCriterion,
    RecordedBid,
    RecordedExclusion,
)
from becta.market.procurements.terms import AwardMethod, TieRule

SEED = "larch"
PROCUREMENT = UUID(int=0xB1D)
BASELINE = Baseline(base_pence=500, ceiling_pence=30_000)
MUST = (
    PassFailCriterion(code="iso", title="Holds ISO 27001"),
    PassFailCriterion(code="badge:lti", title="LTI", badge="lti"),
)


def bid_id(number: int) -> UUID:
    """The id of a bid of these tests."""
    return UUID(int=number)


def bid(number: int, price: int, *marks: int, **values: Any) -> RecordedBid:
    """A bid with marks for the criteria c1, c2 and so on."""
    return RecordedBid(
        id=bid_id(number),
        supplier=f"Supplier {number}",
        price_ex_vat_pence=price,
        price_inc_vat_pence=price + price // 5,
        scores={f"c{place}": mark for place, mark in enumerate(marks, 1)},
        **values,
    )


def record(*bids: RecordedBid, weights: tuple[str, ...] = ("40", "40", "20"), **values: Any) -> EvaluationRecord:
    """A record whose first weight is that of the price, the others those of c1, c2 and so on."""
    price_weight, *quality = (Decimal(weight) for weight in weights)
    return EvaluationRecord(
        **{
            "procurement_id": PROCUREMENT,
            "lot": 1,
            "quantity": 1_200,
            "award_method": AwardMethod.PER_LOT,
            "price_weight": price_weight,
            "price_formula": PriceFormula.RELATIVE,
            "baseline": BASELINE,
            "tie_rule": TieRule.QUALITY_THEN_PRICE,
            "tie_seed": SEED,
            "tie_seed_hash": seed_hash(SEED),
            "criteria": tuple(
                QualityCriterion(code=f"c{place}", title=f"Criterion {place}", weight=weight)
                for place, weight in enumerate(quality, 1)
            ),
            "bids": bids,
            **values,
        }
    )


@st.composite
def records(
    draw: st.DrawFn, formulas: tuple[PriceFormula, ...] = tuple(PriceFormula), least: int = 0
) -> EvaluationRecord:
    """Any record that is in order: few marks and prices, so that ties come up often."""
    formula = draw(st.sampled_from(formulas))
    cuts = sorted(draw(st.lists(st.integers(0, 10_000), min_size=2, max_size=2)))
    parts = [cuts[0], cuts[1] - cuts[0], 10_000 - cuts[1]]
    if formula is PriceFormula.PRICE_PER_QUALITY_POINT:
        parts = [0, parts[0] + parts[1], parts[2]]
    prices = st.one_of(st.sampled_from([0, 1, 10_000, 10_001, 12_500, 20_000]), st.integers(0, 40_000))
    drawn = draw(
        st.lists(st.tuples(prices, st.integers(0, 5), st.integers(0, 5), st.booleans()), min_size=least, max_size=6)
    )
    bids = [
        bid(
            number,
            price,
            first,
            second,
            passes={one.code: draw(st.integers(0, 9)) > 0 for one in MUST if draw(st.integers(0, 9)) > 0},
            sells_from=draw(st.sampled_from([1, 1, 1, 100, 1_200])),
            capacity=draw(st.sampled_from([None, None, 1_000, 2_000])),
            looks_abnormally_low=low,
        )
        for number, (price, first, second, low) in enumerate(drawn, 1)
    ]
    gone = draw(st.sets(st.sampled_from([one.id for one in bids]), max_size=2)) if bids else set()
    return record(
        *bids,
        weights=tuple(str(Decimal(part) / 100) for part in parts),
        price_formula=formula,
        tie_rule=draw(st.sampled_from(TieRule)),
        price_basis=draw(st.sampled_from(PriceBasis)),
        quantity=draw(st.sampled_from([0, 50, 1_200, 1_200])),
        award_method=draw(st.sampled_from(AwardMethod)),
        pass_fail=MUST,
        exclusions=tuple(
            RecordedExclusion(bid_id=one, ground=draw(st.sampled_from(Ground)), reason="Because")
            for one in sorted(gone)
        ),
    )
