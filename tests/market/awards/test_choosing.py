"""Who wins where lots go whole to the best bid, and what each school pays: pure, with invariants."""

from decimal import Decimal
from itertools import combinations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from becta.kernel.errors import Conflict
from becta.market.awards.choosing import Allocation, LotAtStake, Offered, choose_by_rank, who_buys
from becta.market.awards.shares import shares_of
from becta.market.awards.splitting import choose_by_split
from becta.market.evaluation.pricing import PriceFormula
from becta.market.evaluation.ranking import RankedBid, Ranking
from becta.market.pledges.sharing import SharingPolicy
from becta.market.pledges.tiers import Tier, price_for
from becta.market.procurements.terms import AwardMethod, LotTerms

PROCUREMENT = UUID(int=99)
TERMS = LotTerms(title="Laptops", description="Laptops", category="laptops", cpv="30213100")


def ranked(bid: int, rank: int, total: int, price: int = 1_000) -> RankedBid:
    """A bid at a place of a ranking."""
    return RankedBid(
        rank=rank,
        bid_id=UUID(int=bid),
        supplier=f"Supplier {bid}",
        price_pence=price,
        price_score=Decimal(total),
        criteria=(),
        quality_score=Decimal(0),
        total=Decimal(total),
        price_per_point=None,
        lot_drawn=str(bid),
    )


def offered(bid: int, price: int, *, capacity: int | None = None, least: int = 1) -> Offered:
    """What a bid offers: one tier."""
    return Offered(
        bid_id=UUID(int=bid),
        organisation_id=UUID(int=1_000 + bid),
        tiers=(Tier(from_quantity=least, unit_price_pence=price),),
        capacity=capacity,
        vat_basis_points=2_000,
    )


def wants(school: int, quantity: int, ceiling: int | None = None, alone: int | None = None) -> Allocation:
    """What a school wants."""
    return Allocation(
        organisation_id=UUID(int=school),
        quantity=quantity,
        ceiling_price_pence=ceiling,
        alone_price_pence=alone,
        pledge_id=UUID(int=10_000 + school),
    )


def lot(
    number: int, ranking: list[RankedBid], offers: list[Offered], wanted: list[Allocation], terms: LotTerms = TERMS
) -> LotAtStake:
    """A lot with all that decides it."""
    return LotAtStake(
        lot_id=UUID(int=number),
        number=number,
        terms=terms,
        wanted=tuple(wanted),
        offered={one.bid_id: one for one in offers},
        ranking=Ranking(
            procurement_id=PROCUREMENT,
            lot=number,
            price_formula=PriceFormula.LINEAR,
            ranked=tuple(ranking),
            left_out=(),
        ),
    )


def test_each_lot_goes_to_the_best_of_its_ranking() -> None:
    first = lot(1, [ranked(1, 1, 90), ranked(2, 2, 80)], [offered(1, 500), offered(2, 400)], [wants(1, 3), wants(2, 4)])
    second = lot(2, [ranked(2, 1, 70), ranked(1, 2, 60)], [offered(1, 50), offered(2, 40)], [wants(1, 5)])

    choice = choose_by_rank(AwardMethod.PER_LOT, [first, second])

    assert [(one.lot, one.bid_id.int, one.quantity, one.unit_price_pence) for one in choice.awards] == [
        (1, 1, 7, 500),
        (2, 2, 5, 40),
    ]
    assert choice.awards[0].allocations == first.wanted


def test_one_supplier_for_everything_is_the_best_over_all_lots() -> None:
    first = lot(1, [ranked(1, 1, 90), ranked(2, 2, 85)], [offered(1, 500), offered(2, 400)], [wants(1, 3)])
    second = lot(2, [ranked(2, 1, 70), ranked(1, 2, 60)], [offered(1, 50), offered(2, 40)], [wants(1, 5)])

    choice = choose_by_rank(AwardMethod.SINGLE, [first, second])

    assert [(one.lot, one.bid_id.int) for one in choice.awards] == [(1, 2), (2, 2)]


def test_one_supplier_for_everything_must_have_bid_for_everything() -> None:
    first = lot(1, [ranked(1, 1, 90)], [offered(1, 500)], [wants(1, 3)])
    second = lot(2, [ranked(2, 1, 70)], [offered(2, 40)], [wants(1, 5)])

    with pytest.raises(Conflict, match="no bid that is left covers every lot"):
        choose_by_rank(AwardMethod.SINGLE, [first, second])


def test_a_best_bid_that_has_too_few_says_so() -> None:
    with pytest.raises(Conflict, match="can supply 2 of 3"):
        choose_by_rank(AwardMethod.PER_LOT, [lot(1, [ranked(1, 1, 90)], [offered(1, 500, capacity=2)], [wants(1, 3)])])


@pytest.mark.parametrize(
    ("_case", "offer", "want"),
    [
        ("it sells only more", offered(1, 500, least=8), wants(1, 3)),
        ("dearer than the ceiling", offered(1, 500), wants(1, 3, ceiling=499)),
        ("dearer than alone", offered(1, 500), wants(1, 3, ceiling=900, alone=499)),
    ],
)
def test_a_school_for_which_the_best_bid_is_too_dear_waits_and_holds_up_nobody(
    _case: str, offer: Offered, want: Allocation
) -> None:
    other = lot(2, [ranked(1, 1, 90)], [offered(1, 50)], [wants(2, 5)])

    choice = choose_by_rank(AwardMethod.PER_LOT, [lot(1, [ranked(1, 1, 90)], [offer], [want]), other])

    assert [(one.lot, one.organisation_id.int, one.quantity) for one in choice.waiting] == [(1, 1, 3)]
    assert [one.lot for one in choice.awards] == [2]


def test_a_lot_without_a_bid_left_is_not_awarded_and_holds_up_no_other() -> None:
    other = lot(2, [ranked(1, 1, 90)], [offered(1, 50)], [wants(2, 5)])

    choice = choose_by_rank(AwardMethod.PER_LOT, [lot(1, [], [], [wants(1, 1)]), other])

    assert (choice.unsuccessful, [one.lot for one in choice.awards]) == ((1,), [2])


@given(
    st.lists(st.tuples(st.integers(1, 40), st.none() | st.integers(1, 100)), min_size=1, max_size=8),
    st.lists(st.tuples(st.integers(1, 60), st.integers(1, 100)), min_size=1, max_size=4),
)
def test_those_who_buy_are_the_largest_group_in_which_nobody_pays_above_its_limit(
    asked: list[tuple[int, int | None]], steps: list[tuple[int, int]]
) -> None:
    wanted = [wants(place, quantity, ceiling) for place, (quantity, ceiling) in enumerate(asked, 1)]
    prices = sorted((price for _, price in steps), reverse=True)
    starts = sorted({start for start, _ in steps})
    tiers = [Tier(from_quantity=start, unit_price_pence=price) for start, price in zip(starts, prices, strict=False)]

    buying, waiting, price = who_buys(wanted, tiers)

    assert {*buying, *waiting} == {*wanted}
    assert price == price_for(tiers, sum(one.quantity for one in buying))
    if price is not None:
        assert all(one.limit_pence is None or one.limit_pence >= price for one in buying)
    for size in range(len(buying) + 1, len(wanted) + 1):
        for group in combinations(wanted, size):
            reached = price_for(tiers, sum(one.quantity for one in group))
            assert reached is None or any(one.limit_pence is not None and one.limit_pence < reached for one in group)


def test_a_split_keeps_each_order_whole_and_within_its_limits() -> None:
    offers = [offered(1, 500, capacity=6), offered(2, 510), offered(3, 400)]
    asked = [wants(1, 4, ceiling=505), wants(2, 4, ceiling=600), wants(3, 2, ceiling=600)]
    made = lot(1, [ranked(1, 1, 90), ranked(2, 2, 80)], offers, asked)  # the third was left out of the ranking

    choice = choose_by_split([made], seconds=10)

    assert {(one.bid_id.int, one.quantity) for one in choice.awards} == {(1, 6), (2, 4)}
    of_first = next(one for one in choice.awards if one.bid_id.int == 1)
    assert {one.organisation_id.int for one in of_first.allocations} == {1, 3}
    assert choice.optimum[0].status == "optimal"
    assert choice.optimum[0].total_pence == 6 * 500 + 4 * 510


def test_in_a_split_the_best_ranked_share_and_the_next_is_asked_only_where_they_cannot_supply_all() -> None:
    offers = [offered(1, 500, capacity=6), offered(2, 510, capacity=6), offered(3, 400)]
    ranking = [ranked(1, 1, 90), ranked(2, 2, 80), ranked(3, 3, 10)]
    two = replace(TERMS, max_suppliers=2)

    enough = choose_by_split([lot(1, ranking, offers, [wants(1, 5), wants(2, 5)], two)], seconds=10)
    too_few = choose_by_split([lot(1, ranking, offers, [wants(1, 5), wants(2, 5), wants(3, 5)], two)], seconds=10)

    assert {one.bid_id.int for one in enough.awards} == {1, 2}
    assert {one.bid_id.int for one in too_few.awards} == {3}


def test_in_a_split_a_school_that_pays_too_little_waits() -> None:
    made = lot(1, [ranked(1, 1, 90)], [offered(1, 500)], [wants(1, 4, ceiling=499), wants(2, 4, ceiling=500)])

    choice = choose_by_split([made], seconds=10)

    assert [(one.quantity, one.unit_price_pence) for one in choice.awards] == [(4, 500)]
    assert [one.organisation_id.int for one in choice.waiting] == [1]


def test_where_nothing_can_be_split_it_says_what_is_missing() -> None:
    made = lot(1, [ranked(1, 1, 90)], [offered(1, 500, capacity=6)], [wants(1, 4), wants(2, 4)])

    with pytest.raises(Conflict, match="there is no lawful split: 2 of 8 units"):
        choose_by_split([made], seconds=10)


limits = st.integers(0, 5_000)
asked_for = st.tuples(st.integers(1, 50), st.none() | limits, st.none() | limits)
"""How many, and how far ceiling and price alone are above the price reached."""


def _at_price(price: int, asked: list[tuple[int, int | None, int | None]]) -> list[Allocation]:
    """What schools get: no price of an award is above the prices that a school names."""
    return [
        replace(
            wants(place, quantity),
            ceiling_price_pence=None if ceiling is None else price + ceiling,
            alone_price_pence=None if alone is None else price + alone,
        )
        for place, (quantity, ceiling, alone) in enumerate(asked)
    ]


@given(
    st.sampled_from(SharingPolicy),
    st.integers(0, 5_000),
    st.lists(asked_for, min_size=1, max_size=6),
)
def test_shares_sum_to_the_award_and_nobody_pays_more_than_its_limit(
    policy: SharingPolicy, price: int, asked: list[tuple[int, int | None, int | None]]
) -> None:
    allocations = _at_price(price, asked)

    shares = shares_of(policy, price, allocations)

    assert [one.school for one in shares] == [one.organisation_id for one in allocations]
    assert sum(one.pays_pence for one in shares) == price * sum(quantity for quantity, _, _ in asked)
    for one, paid in zip(allocations, shares, strict=True):
        assert one.limit_pence is None or paid.pays_pence <= one.limit_pence * one.quantity
        assert paid.pays_pence <= paid.alone_pence


@given(
    st.sampled_from(SharingPolicy),
    st.integers(0, 5_000),
    st.integers(0, 500),
    st.lists(asked_for, min_size=1, max_size=5),
    st.lists(st.integers(1, 50), max_size=3),
)
def test_who_comes_later_pays_the_price_for_one_and_makes_nobody_pay_a_penny_more(
    policy: SharingPolicy, price: int, cheaper: int, asked: list[tuple[int, int | None, int | None]], coming: list[int]
) -> None:
    first, reached = _at_price(price, asked), max(price - cheaper, 0)
    later = [
        replace(wants(100 + place, quantity, alone=9_999), came_later=True) for place, quantity in enumerate(coming)
    ]

    before = shares_of(policy, price, first)
    after = shares_of(policy, reached, [*later, *first])

    assert sum(one.pays_pence for one in after) == reached * sum(one.quantity for one in (*later, *first))
    assert [one.pays_pence for one in after[: len(later)]] == [reached * quantity for quantity in coming]
    for had, has in zip(before, after[len(later) :], strict=True):
        assert has.pays_pence <= had.pays_pence


def test_who_moves_in_takes_nothing_of_a_saving_shared_equally() -> None:
    first = wants(1, 100, alone=50_000)
    moved = replace(wants(2, 1, alone=50_000), came_later=True)

    shares = shares_of(SharingPolicy.EQUAL_PER_SCHOOL, 40_000, [first, moved])

    assert [one.pays_pence for one in shares] == [4_000_000, 40_000]
