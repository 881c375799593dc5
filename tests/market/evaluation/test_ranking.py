"""The ranking of a record: worked examples, and what must hold of any."""

from decimal import Decimal
from fractions import Fraction
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.market.evaluation.records import BASELINE, MUST, SEED, bid, bid_id, record, records

from becta.kernel.errors import Invalid
from becta.market.evaluation.pricing import (
    SHEETS,
    Baseline,
    PriceFormula,
    looks_abnormally_low,
    price_shares,
    rounded,
)
from becta.market.evaluation.ranking import lot_of, rank, record_faults
from becta.market.evaluation.record import EvaluationRecord, Ground, PassFailCriterion, RecordedExclusion, flagged
from becta.market.procurements.terms import AwardMethod, TieRule

F = PriceFormula
ABSOLUTE = tuple(formula for formula, sheet in SHEETS.items() if not sheet.depends_on_others)


def places(of: EvaluationRecord) -> list[int]:
    """The numbers of the ranked bids, best first."""
    return [one.bid_id.int for one in rank(of).ranked]


def test_a_worked_example_in_every_part() -> None:
    [first, second] = rank(record(bid(1, 12_000, 4, 3), bid(2, 9_000, 3, 5))).ranked

    assert (first.bid_id, first.rank, first.price_score, first.quality_score) == (
        bid_id(2), 1, Decimal("40.0000"), Decimal("44.0000"),
    )  # fmt: skip
    assert [(one.code, one.mark, one.score) for one in first.criteria] == [
        ("c1", 3, Decimal("24.0000")),
        ("c2", 5, Decimal("20.0000")),
    ]
    assert (second.price_score, second.total) == (Decimal("30.0000"), Decimal("74.0000"))
    assert first.total == Decimal("84.0000")


@pytest.mark.parametrize(
    ("formula", "prices", "shares"),
    [
        (F.RELATIVE, [100, 200, 400], ["1", "1/2", "1/4"]),
        (F.RELATIVE, [0, 0, 5], ["1", "1", "0"]),
        (F.LINEAR, [100, 150, 200, 900], ["1", "1/2", "0", "0"]),
        (F.LINEAR, [0, 5], ["1", "0"]),
        (F.AVERAGE, [100, 200, 300], ["3/4", "1/2", "1/4"]),
        (F.AVERAGE, [0, 0], ["1/2", "1/2"]),
        (F.AVERAGE, [1, 1, 10], ["7/8", "7/8", "0"]),
        (F.BASELINE, [0, 500, 15_250, 30_000, 99_999], ["1", "1", "1/2", "0", "0"]),
        (F.PRICE_PER_QUALITY_POINT, [100, 200], ["0", "0"]),
        (F.RELATIVE, [], []),
    ],
)
def test_each_formula_gives_the_share_it_says(formula: PriceFormula, prices: list[int], shares: list[str]) -> None:
    assert price_shares(formula, prices, BASELINE) == [Fraction(share) for share in shares]


def test_a_price_below_zero_or_a_baseline_upside_down_is_no_price() -> None:
    with pytest.raises(ValueError, match="a price below zero"):
        price_shares(F.RELATIVE, [-1])
    for wrong in (None, Baseline(base_pence=5, ceiling_pence=5)):
        with pytest.raises(ValueError, match="a base below its ceiling"):
            price_shares(F.BASELINE, [1], wrong)


def test_half_of_a_ten_thousandth_is_rounded_up() -> None:
    assert [rounded(Fraction(one, 20_000)) for one in (0, 1, 2, 3)] == [
        Decimal("0.0000"), Decimal("0.0001"), Decimal("0.0001"), Decimal("0.0002"),
    ]  # fmt: skip


def test_without_the_lowest_bid_a_relative_formula_can_turn_the_order_of_the_others_round() -> None:
    # as its sheet warns: 1 is ahead of 2 while 3 stands, and behind once 3 is excluded
    bids = (bid(1, 14_000, 5), bid(2, 10_000, 3), bid(3, 5_000, 0))
    before = record(*bids, weights=("60", "40"))
    out = RecordedExclusion(bid_id=bid_id(3), ground=Ground.MANDATORY, reason="On the debarment list")

    assert [one for one in places(before) if one != 3] == [1, 2]
    assert places(msgspec.structs.replace(before, exclusions=(out,))) == [2, 1]
    left = rank(msgspec.structs.replace(before, exclusions=(out,))).left_out
    assert [(one.bid_id, one.ground, one.reason) for one in left] == [
        (bid_id(3), Ground.MANDATORY, "On the debarment list")
    ]


def test_price_per_quality_point_takes_the_lowest_figure_and_no_points_come_last() -> None:
    found = rank(record(bid(1, 8_000, 4, 4), bid(2, 6_000, 2, 2), bid(3, 1, 0, 0), weights=("0", "60", "40"),
                        price_formula=F.PRICE_PER_QUALITY_POINT)).ranked  # fmt: skip

    assert [(one.bid_id.int, one.price_per_point) for one in found] == [
        (1, Decimal("100.0000")), (2, Decimal("150.0000")), (3, None),
    ]  # fmt: skip


def test_ties_fall_to_quality_then_price_then_the_lot_as_published() -> None:
    by_quality = record(bid(1, 10_000, 3, 5), bid(2, 8_000, 2, 5), weights=("40", "40", "20"))
    assert [one.total for one in rank(by_quality).ranked] == [Decimal("76.0000"), Decimal("76.0000")]
    assert places(by_quality) == [1, 2]
    assert places(msgspec.structs.replace(by_quality, tie_rule=TieRule.PRICE_THEN_QUALITY)) == [2, 1]
    assert [one.decided_by for one in rank(by_quality).ranked] == ["quality", None]

    same = record(bid(1, 10_000, 3, 3), bid(2, 10_000, 3, 3))
    lots = {number: lot_of(SEED, bid_id(number)) for number in (1, 2)}
    assert places(same) == sorted(lots, key=lots.__getitem__)
    assert [one.decided_by for one in rank(same).ranked] == ["lot", None]


def test_a_bid_that_fails_a_criterion_is_left_out_with_the_reason() -> None:
    must = (PassFailCriterion(code="iso", title="Holds ISO 27001"),)
    found = rank(record(bid(1, 1, 5, 5), bid(2, 2, 0, 0, passes={"iso": True}), pass_fail=must))

    assert [one.bid_id.int for one in found.ranked] == [2]
    assert [(one.bid_id.int, one.ground, one.reason) for one in found.left_out] == [
        (1, Ground.FAILED_CRITERION, "does not meet: Holds ISO 27001")
    ]


def test_a_bid_without_a_required_badge_is_left_out_with_what_it_lacks() -> None:
    passes: dict[int, dict[str, bool]] = {
        1: {"badge:lti": False},
        2: {"iso": True, "badge:lti": True},
        3: {"iso": False, "badge:lti": False},
        4: {},
    }
    found = rank(record(*(bid(number, 1, 5, 5, passes=held) for number, held in passes.items()), pass_fail=MUST))

    assert [one.bid_id.int for one in found.ranked] == [2]
    assert [(one.bid_id.int, one.ground, one.reason) for one in found.left_out] == [
        (1, Ground.FAILED_CRITERION, "lacks LTI"),
        (3, Ground.FAILED_CRITERION, "does not meet: Holds ISO 27001; lacks LTI"),
        (4, Ground.FAILED_CRITERION, "does not meet: Holds ISO 27001; lacks LTI"),
    ]


def test_a_bid_that_sells_none_so_few_or_has_too_few_for_the_lot_is_left_out_with_the_reason() -> None:
    bids = (bid(1, 1, 5, 5, sells_from=1_201), bid(2, 2, 5, 5, capacity=1_199), bid(3, 3, 0, 0, capacity=1_200))
    too_many = (1, Ground.MINIMUM_ORDER, "sells none below 1,201, and 1,200 are wanted")
    too_few = (2, Ground.CAPACITY, "can supply 1,199 at most, and 1,200 are wanted of one supplier")

    for method, standing, gone in (
        (AwardMethod.PER_LOT, [3], [too_many, too_few]),
        (AwardMethod.SINGLE, [3], [too_many, too_few]),
        (AwardMethod.SPLIT, [2, 3], [too_many]),
    ):
        made = record(*bids, award_method=method)
        assert places(made) == standing
        assert [(one.bid_id.int, one.ground, one.reason) for one in rank(made).left_out] == gone
    assert places(record(*bids, quantity=0)) == [1, 2, 3]


def test_no_price_is_too_high_to_be_ranked_and_that_of_a_bid_left_out_is_not_looked_at() -> None:
    dear, upside_down = bid(1, 10**18, 5, 5), bid(2, -10, 5, 5)
    out = RecordedExclusion(bid_id=bid_id(2), ground=Ground.NON_COMPLIANT, reason="A price below nothing")

    assert places(record(dear, upside_down, bid(3, 9_000, 3, 5), exclusions=(out,))) == [3, 1]
    with pytest.raises(Invalid, match="is out of range"):
        rank(record(dear, upside_down))


def test_every_fault_of_a_record_is_named() -> None:
    wrong = record(
        bid(1, -1, 6),
        bid(1, 5, 3, 3),
        weights=("40", "40.5", "20"),
        tie_seed="another",
        price_formula=F.BASELINE,
        baseline=None,
        exclusions=(RecordedExclusion(bid_id=bid_id(9), ground=Ground.MANDATORY, reason=" "),),
    )

    assert [(one.field, one.problem) for one in record_faults(wrong)] == [
        ("weights", "sum to 100.5"),
        ("baseline", "is missing or upside down"),
        ("tie_seed", "does not have the published hash"),
        ("bids", "hold a bid twice"),
        ("bids.0.price_ex_vat_pence", "is out of range"),
        ("bids.0.scores.c1", "is out of range"),
        ("bids.0.scores.c2", "has no agreed mark"),
        ("exclusions.0.bid_id", "is no bid of this record"),
        ("exclusions.0.reason", "is empty"),
    ]
    with pytest.raises(Invalid):
        rank(wrong)


def test_only_a_price_far_below_the_other_bids_is_to_be_explained() -> None:
    assert looks_abnormally_low(79, [100, 100])
    assert not looks_abnormally_low(80, [100, 100])
    assert not looks_abnormally_low(100, [79, 100])
    assert not looks_abnormally_low(5, [])
    assert not looks_abnormally_low(0, [0])


def test_a_bid_that_is_left_out_sets_no_standard_for_what_is_low() -> None:
    bids = [bid(1, 79), bid(2, 100), bid(3, 100), bid(4, 40, passes={"safe": False}), bid(5, 40)]
    gone = RecordedExclusion(bid_id=bid_id(5), ground=Ground.ABNORMALLY_LOW, reason="Could not be explained")
    must = (PassFailCriterion(code="safe", title="Safe"),)

    made = flagged(record(*bids, exclusions=(gone,), pass_fail=must))

    assert [one.looks_abnormally_low for one in made.bids] == [True, False, False, True, True]


@given(records(), st.randoms(use_true_random=False))
def test_the_order_in_which_bids_are_given_does_not_matter(made: EvaluationRecord, random: Random) -> None:
    shuffled = list(made.bids)
    random.shuffle(shuffled)

    assert rank(msgspec.structs.replace(made, bids=tuple(shuffled))) == rank(made)


@given(records())
def test_scores_keep_within_their_weights_and_sum_to_the_total(made: EvaluationRecord) -> None:
    found = rank(made)

    assert sorted([one.bid_id for one in found.ranked] + [one.bid_id for one in found.left_out]) == [
        one.id for one in made.bids
    ]
    weights = {one.code: one.weight for one in made.criteria}
    for place, one in enumerate(found.ranked, 1):
        assert one.rank == place
        assert 0 <= one.price_score <= made.price_weight
        assert all(0 <= each.score <= weights[each.code] for each in one.criteria)
        assert one.quality_score == sum(each.score for each in one.criteria)
        assert one.total == one.price_score + one.quality_score
        if made.price_formula is F.PRICE_PER_QUALITY_POINT:
            assert (one.price_per_point is None) == (one.quality_score == 0)
    if made.price_formula is not F.PRICE_PER_QUALITY_POINT:
        totals = [one.total for one in found.ranked]
        assert totals == sorted(totals, reverse=True)


@given(records(formulas=ABSOLUTE, least=2), st.data())
def test_excluding_a_bid_under_an_absolute_formula_keeps_the_order_of_the_others(
    made: EvaluationRecord, data: st.DataObject
) -> None:
    before = [one.bid_id for one in rank(msgspec.structs.replace(made, exclusions=())).ranked]
    gone = data.draw(st.sampled_from([one.id for one in made.bids]))
    out = RecordedExclusion(bid_id=gone, ground=Ground.NON_COMPLIANT, reason="Because")

    after = rank(msgspec.structs.replace(made, exclusions=(out,))).ranked
    assert [one.bid_id for one in after] == [one for one in before if one != gone]


@given(records(formulas=(F.RELATIVE, F.LINEAR, F.AVERAGE, F.BASELINE), least=2), st.data())
def test_a_cheaper_price_never_costs_a_bid_places(made: EvaluationRecord, data: st.DataObject) -> None:
    ranked = [one.bid_id for one in rank(made).ranked]
    if not ranked:
        return
    chosen = data.draw(st.sampled_from(ranked))
    place = next(place for place, one in enumerate(made.bids) if one.id == chosen)
    price = data.draw(st.integers(0, made.bids[place].price_ex_vat_pence))
    bids = list(made.bids)
    bids[place] = msgspec.structs.replace(bids[place], price_ex_vat_pence=price, price_inc_vat_pence=price + price // 5)
    after = [one.bid_id for one in rank(msgspec.structs.replace(made, bids=tuple(bids))).ranked]

    assert after.index(chosen) <= ranked.index(chosen)
