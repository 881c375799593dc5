"""Schools that get nothing of their lot and said that another would do: pure, with invariants."""

from collections import Counter
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.market.awards.test_choosing import lot, offered, ranked, wants

from becta.kernel.errors import Conflict
from becta.market.awards.choosing import Allocation, Choice, LotAtStake, choose_by_rank
from becta.market.awards.moving import moved_on
from becta.market.awards.splitting import choose_by_split
from becta.market.pledges.tiers import Tier
from becta.market.procurements.terms import AwardMethod

TERMS = lot(1, [], [], []).terms


def wish(school: int, quantity: int, ceiling: int, *others: int, lot_number: int = 1) -> Allocation:
    """What a school pledged to a lot, and which others would do."""
    pledge_id = UUID(int=100 * school + lot_number)
    return replace(wants(school, quantity, ceiling), pledge_id=pledge_id, acceptable_lots=others)


def decide(*lots: LotAtStake, method: AwardMethod = AwardMethod.PER_LOT) -> Choice:
    """Who gets what in the end."""
    is_split = method is AwardMethod.SPLIT
    return moved_on(method, lots, choose_by_split(lots, seconds=10) if is_split else choose_by_rank(method, lots))


def gets(choice: Choice) -> dict[int, tuple[int, int, int]]:
    """By school: the lot, how many, and the price for one."""
    return {
        one.organisation_id.int: (award.lot, one.quantity, award.unit_price_pence)
        for award in choice.awards
        for one in award.allocations
    }


def moves(choice: Choice) -> list[tuple[int, int, int]]:
    """(school, from lot, to lot) in order."""
    return [(one.organisation_id.int, one.from_lot, one.to_lot) for one in choice.moved]


def test_where_no_bid_is_left_schools_move_to_the_first_lot_that_would_do_and_the_decision_says_why() -> None:
    none = lot(1, [], [], [wish(1, 3, 500, 3, 2), wish(2, 4, 600, 2), wish(3, 5, 600)])
    second = lot(2, [ranked(1, 1, 90)], [offered(1, 450)], [wish(4, 2, 450, lot_number=2)])
    third = lot(3, [ranked(2, 1, 90)], [offered(2, 480)], [])

    choice = decide(none, second, third)

    assert gets(choice) == {1: (3, 3, 480), 2: (2, 4, 450), 4: (2, 2, 450)}
    assert moves(choice) == [(2, 1, 2), (1, 1, 3)]
    assert choice.moved[0].reason == "no bid for lot 1 is left; the school named lot 2 as one that would do"
    assert choice.unsuccessful == (1,)


def test_a_school_for_which_its_lot_is_too_dear_moves_within_its_ceiling_or_waits() -> None:
    first = lot(1, [ranked(1, 1, 90)], [offered(1, 500)], [wish(1, 3, 450, 2), wish(2, 3, 399, 2), wish(3, 3, 500, 2)])
    second = lot(2, [ranked(2, 1, 90)], [offered(2, 400)], [])

    choice = decide(first, second)

    assert gets(choice) == {1: (2, 3, 400), 3: (1, 3, 500)}
    assert "not sold at what the school pays at most" in choice.moved[0].reason
    assert [(one.lot, one.organisation_id.int) for one in choice.waiting] == [(1, 2)]


def test_schools_reach_a_tier_together_that_none_reaches_alone_and_who_waited_there_buys_too() -> None:
    none = lot(1, [], [], [wish(1, 25, 400, 2), wish(2, 25, 400, 2)])
    second = lot(2, [ranked(1, 1, 90)], [offered(1, 400, least=60)], [wish(3, 10, 400, lot_number=2)])

    choice = decide(none, second)

    assert gets(choice) == {1: (2, 25, 400), 2: (2, 25, 400), 3: (2, 10, 400)}
    assert choice.waiting == ()


def test_who_pledged_to_a_lot_comes_before_who_comes_from_another_and_then_the_earlier_pledge() -> None:
    none = lot(1, [], [], [wish(2, 4, 500, 2), wish(1, 4, 500, 2), wish(3, 1, 500, 2)])
    second = lot(2, [ranked(1, 1, 90)], [offered(1, 400, capacity=9)], [wish(4, 4, 500, lot_number=2)])

    choice = decide(none, second)

    assert gets(choice) == {4: (2, 4, 400), 1: (2, 4, 400), 3: (2, 1, 400)}


def test_a_school_does_not_move_to_a_lot_that_it_pledged_to_itself_nor_twice_to_one() -> None:
    none = lot(1, [], [], [wish(1, 3, 500, 2), wish(2, 3, 500, 2)])
    second = lot(2, [ranked(1, 1, 90)], [offered(1, 400)], [wish(1, 5, 500, lot_number=2)])
    third = lot(3, [], [], [wish(2, 9, 500, 2, lot_number=3)])

    choice = decide(none, second, third)

    assert gets(choice) == {1: (2, 5, 400), 2: (2, 3, 400)}


def test_what_another_lot_costs_alone_bounds_what_is_paid_for_it() -> None:
    none = lot(1, [], [], [replace(wish(1, 3, 500, 2), alone_price_pence=100)])
    dear = lot(2, [ranked(1, 1, 90)], [offered(1, 400)], [], replace(TERMS, alone_price_pence=399))
    fair = lot(2, [ranked(1, 1, 90)], [offered(1, 400)], [], replace(TERMS, alone_price_pence=450))

    assert gets(decide(none, dear)) == {}
    [award] = decide(none, fair).awards
    assert award.allocations[0].alone_price_pence == 450


def test_where_one_supplier_wins_all_lots_schools_move_only_to_what_that_one_sells() -> None:
    first = lot(1, [ranked(1, 1, 90)], [offered(1, 500)], [wish(1, 3, 500, lot_number=1), wish(2, 3, 450, 2, 3)])
    other = lot(2, [ranked(2, 1, 90)], [offered(2, 300)], [])
    own = lot(3, [ranked(2, 1, 90), ranked(1, 2, 50)], [offered(1, 440), offered(2, 300)], [])

    choice = decide(first, other, own, method=AwardMethod.SINGLE)

    assert gets(choice) == {1: (1, 3, 500), 2: (3, 3, 440)}


def test_one_supplier_that_wins_all_lots_sells_of_those_named_even_if_nobody_pays_its_price_elsewhere() -> None:
    first = lot(1, [ranked(1, 1, 90)], [offered(1, 500)], [wish(1, 3, 450, 2)])
    own = lot(2, [ranked(2, 1, 90), ranked(1, 2, 50)], [offered(1, 440), offered(2, 300)], [])

    assert gets(decide(first, own, method=AwardMethod.SINGLE)) == {1: (2, 3, 440)}


def test_room_that_a_school_does_not_take_after_all_goes_to_the_next() -> None:
    ten, eight = Tier(from_quantity=1, unit_price_pence=10), Tier(from_quantity=80, unit_price_pence=8)
    none = lot(1, [], [], [wish(1, 70, 8, 2), wish(2, 40, 10, 2)])
    second = lot(2, [ranked(1, 1, 90)], [replace(offered(1, 10, capacity=100), tiers=(ten, eight))], [])

    assert gets(decide(none, second)) == {2: (2, 40, 10)}


def test_a_school_does_not_move_where_a_pledge_of_its_own_stands_uncounted_nor_to_another_category() -> None:
    none = lot(1, [], [], [wish(1, 3, 500, 2)])
    second = lot(2, [ranked(1, 1, 90)], [offered(1, 400)], [])

    assert gets(decide(none, second)) == {1: (2, 3, 400)}
    assert gets(decide(none, replace(second, bound=(UUID(int=1),)))) == {}
    assert gets(decide(none, replace(second, terms=replace(TERMS, category="tablets")))) == {}


School = tuple[int, int, int, list[int]]
"""The lot it pledged to, how many, its ceiling, and which lots would do."""
Bid = tuple[list[tuple[int, int]], int | None]
"""Where tiers start with their prices, and the capacity."""
schools = st.tuples(
    st.integers(1, 3),
    st.integers(1, 20),
    st.integers(1, 100),
    st.lists(st.integers(1, 3), max_size=2, unique=True),
)
bids = st.tuples(
    st.lists(st.tuples(st.integers(1, 12), st.integers(1, 100)), min_size=1, max_size=3),
    st.none() | st.integers(60, 90),
)


@given(
    asked=st.lists(schools, min_size=1, max_size=6),
    bid_for=st.lists(st.lists(bids, max_size=2), min_size=3, max_size=3),
)
def test_whoever_moves_said_so_and_nobody_else_loses_by_it(asked: list[School], bid_for: list[list[Bid]]) -> None:
    must_hold(AwardMethod.PER_LOT, [_at_stake(number, asked, bids) for number, bids in enumerate(bid_for, 1)])


@settings(max_examples=25)
@given(
    asked=st.lists(schools, min_size=1, max_size=4),
    bid_for=st.lists(st.lists(bids, max_size=2), min_size=3, max_size=3),
)
def test_the_same_holds_where_lots_are_split(asked: list[School], bid_for: list[list[Bid]]) -> None:
    must_hold(AwardMethod.SPLIT, [_at_stake(number, asked, bids) for number, bids in enumerate(bid_for, 1)])


def must_hold(method: AwardMethod, lots: list[LotAtStake]) -> None:
    """Consent, ceilings, whole orders, capacities, and nobody worse off than without those who moved."""
    try:
        is_split = method is AwardMethod.SPLIT
        plain = choose_by_split(lots, seconds=5) if is_split else choose_by_rank(method, lots)
    except Conflict:  # too little is offered of a lot, so that nothing is awarded
        return

    choice = moved_on(method, lots, plain)

    orders = {one.pledge_id: (here.number, one) for here in lots for one in here.wanted}
    served = [(award, one) for award in choice.awards for one in award.allocations]
    for award, one in served:
        own, order = orders[one.pledge_id]
        assert award.lot == own or award.lot in order.acceptable_lots
        assert (award.unit_price_pence, one.quantity) <= (order.ceiling_price_pence or 0, order.quantity)
        assert (one.organisation_id, own, award.lot) in {
            (told.organisation_id, told.from_lot, told.to_lot) for told in choice.moved
        } or award.lot == own
    assert max(Counter((award.lot, one.organisation_id) for award, one in served).values(), default=1) == 1
    assert max(Counter(one.pledge_id for _, one in served).values(), default=1) == 1
    assert len(choice.moved) == sum(orders[one.pledge_id][0] != award.lot for award, one in served)
    for award in choice.awards:
        offer = next(here for here in lots if here.number == award.lot).offered[award.bid_id]
        assert award.quantity == sum(one.quantity for one in award.allocations) <= (offer.capacity or 10**6)
    paid = {one.pledge_id: award.unit_price_pence for award, one in served}
    for award in plain.awards:
        assert all(paid[one.pledge_id] <= award.unit_price_pence for one in award.allocations)
    first = {one.pledge_id for award in plain.awards for one in award.allocations}
    assert all(one.came_later is (one.pledge_id not in first) for _, one in served)
    left = {key for key in orders if key not in paid}
    waits = {(one.lot, one.organisation_id) for one in choice.waiting}
    unsold = {key for key in left if orders[key][0] in choice.unsuccessful}
    assert waits == {(orders[key][0], orders[key][1].organisation_id) for key in left - unsold}


def _at_stake(number: int, asked: list[School], made: list[Bid]) -> LotAtStake:
    wanted = [
        wish(school, quantity, ceiling, *(one for one in others if one != number), lot_number=number)
        for school, (of, quantity, ceiling, others) in enumerate(asked, 1)
        if of == number
    ]
    offers = []
    for place, (steps, capacity) in enumerate(made, 1):
        starts = sorted({start for start, _ in steps})
        prices = sorted((price for _, price in steps), reverse=True)
        tiers = tuple(
            replace(offered(1, 1).tiers[0], from_quantity=start, unit_price_pence=price)
            for start, price in zip(starts, prices, strict=False)
        )
        offers.append(replace(offered(10 * number + place, 1), tiers=tiers, capacity=capacity))
    ranking = [ranked(one.bid_id.int, place, 100 - place) for place, one in enumerate(offers, 1)]
    return lot(number, ranking, offers, wanted)
