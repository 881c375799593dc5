"""Which weights would change the winner, against trying every step there is."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from tests.market.evaluation.records import bid, bid_id, record, records

from becta.market.evaluation.pricing import PriceFormula
from becta.market.evaluation.ranking import rank, ranked_with, weights_of
from becta.market.evaluation.record import EvaluationRecord
from becta.market.evaluation.sensitivity import STEPS, sensitivity


def test_a_worked_example() -> None:
    # 2 leads with 40 + 36 against 30 + 45: with the price at 37.5 the quality's five points in sixty weigh as much
    made = record(bid(1, 12_000, 4), bid(2, 9_000, 3), weights=("40", "60"))

    [price, quality] = sensitivity(made)

    # exact: w + (100 - w) * 0.6 against 0.75 w + (100 - w) * 0.8, equal at w = 44.44
    assert rank(made).ranked[0].bid_id == bid_id(1)
    assert price.lower is None
    assert price.higher is not None
    assert (price.component, price.weight) == ("price", Decimal(40))
    assert (price.higher.weight, price.higher.change, price.higher.winner_id) == (
        Decimal("44.5"), Decimal("4.5"), bid_id(2),
    )  # fmt: skip
    assert quality.lower is not None
    assert (quality.component, quality.lower.weight, quality.higher) == ("c1", Decimal("55.5"), None)


def test_with_one_bid_or_the_very_same_twice_no_weight_changes_the_winner() -> None:
    assert sensitivity(record(bid(1, 12_000, 4, 4))) == ()
    for one in sensitivity(record(bid(1, 12_000, 4, 4), bid(2, 12_000, 4, 4))):
        assert (one.lower, one.higher) == (None, None)


def test_a_weight_of_all_there_is_cannot_be_moved_in_proportion() -> None:
    [price] = sensitivity(record(bid(1, 12_000), bid(2, 9_000), weights=("100",)))

    assert (price.lower, price.higher) == (None, None)


@settings(max_examples=6, deadline=None)
@given(records(least=2))
def test_no_step_nearer_changes_the_winner_and_the_one_named_does(made: EvaluationRecord) -> None:
    found = rank(made)
    standing = [one for one in made.bids if one.id in {each.bid_id for each in found.ranked}]
    for one in sensitivity(made):
        assert found.winner is not None
        code = None if one.component == "price" else one.component
        if one.weight == 100:
            assert (one.lower, one.higher) == (None, None)
            continue
        tried = {step: winner(made, standing, code, step) for step in range(100 * STEPS + 1)}
        now = one.weight * STEPS
        below = max((step for step, who in tried.items() if step < now and who != found.winner.bid_id), default=None)
        above = min((step for step, who in tried.items() if step > now and who != found.winner.bid_id), default=None)
        assert (None if one.lower is None else one.lower.weight * STEPS) == below
        assert (None if one.higher is None else one.higher.weight * STEPS) == above


def winner(made: EvaluationRecord, standing: list, code: str | None, step: int) -> object:  # type: ignore[type-arg]
    """Who wins with one weight at so many steps."""
    published, moved = weights_of(made), Fraction(step, STEPS)
    rest = 100 - published[code]
    weights = {key: moved if key == code else weight * (100 - moved) / rest for key, weight in published.items()}
    return ranked_with(made, standing, weights)[0].bid_id


def test_the_price_has_no_weight_to_change_in_a_price_per_quality_point() -> None:
    made = record(
        bid(1, 10_000, 5, 1), bid(2, 10_000, 1, 5), weights=("0", "60", "40"),
        price_formula=PriceFormula.PRICE_PER_QUALITY_POINT,
    )  # fmt: skip

    assert [(one.component, one.lower.weight if one.lower else None) for one in sensitivity(made)] == [
        ("c1", Decimal("49.9") if rank(made).ranked[0].bid_id == bid_id(1) else None),
        ("c2", None),
    ]
