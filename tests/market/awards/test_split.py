"""The best split against trying every one there is, and what is said where there is none."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import product
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from becta.kernel.errors import Invalid
from becta.market.awards.split import NoSplit, Split, SplitStatus, Why, best_split
from becta.market.awards.split_check import BrokenSplit, Part, check_split
from becta.market.awards.split_problem import SplitDemand, SplitOffer, SplitProblem
from becta.market.bench.awards import large_problem
from becta.market.pledges.tiers import Tier, price_for

LARCH, ROWAN, ELM = (UUID(int=number) for number in (101, 102, 103))
LAPTOPS, SWITCHES = UUID(int=1), UUID(int=2)


def offer(supplier: UUID, *tiers: tuple[int, int], lot: UUID = LAPTOPS, capacity: int | None = None) -> SplitOffer:
    """An offer with tiers as (from quantity, pence)."""
    made = tuple(Tier(from_quantity=start, unit_price_pence=price) for start, price in tiers)
    return SplitOffer(supplier=supplier, lot=lot, tiers=made, capacity=capacity)


def demand(number: int, quantity: int, ceiling: int | None = None, *only: UUID, lot: UUID = LAPTOPS) -> SplitDemand:
    """What a school wants, of some suppliers only if any are named."""
    suppliers = frozenset(only) or None
    return SplitDemand(id=UUID(int=number), lot=lot, quantity=quantity, ceiling_pence=ceiling, suppliers=suppliers)


def problem(offers: list[SplitOffer], demands: list[SplitDemand], **rules: Any) -> SplitProblem:
    """A problem."""
    return SplitProblem(offers=tuple(offers), demands=tuple(demands), **rules)


def split(of: SplitProblem) -> Split:
    """The best split, which there must be."""
    found = best_split(of)
    assert isinstance(found, Split), found
    return found


def won(found: Split) -> dict[tuple[int, int], tuple[int, int]]:
    """Quantity and price by supplier and lot."""
    return {(one.supplier.int, one.lot.int): (one.quantity, one.unit_price_pence) for one in found.won}


def none(of: SplitProblem) -> list[tuple[int, int, int, Why]]:
    """What is missing, by lot: units wanted, short, and why."""
    found = best_split(of)
    assert isinstance(found, NoSplit), found
    assert found.is_proved
    return [(one.lot.int, one.wanted, one.short, one.why) for one in found.missing]


def test_a_tier_reached_by_the_total_prices_every_unit() -> None:
    # Rowan is cheaper per unit at first, but only Larch reaches a tier that beats it
    found = split(problem([offer(LARCH, (1, 300), (50, 200)), offer(ROWAN, (1, 250))], [demand(1, 30), demand(2, 25)]))

    assert won(found) == {(101, 1): (55, 200)}
    assert (found.status, found.total_pence, found.bound_pence, found.gap) == (
        SplitStatus.OPTIMAL, 11_000, 11_000, Decimal(0),
    )  # fmt: skip


def test_a_capacity_leaves_the_rest_to_the_next_and_a_tier_is_reached_on_purpose() -> None:
    offers = [offer(LARCH, (1, 100), capacity=60), offer(ROWAN, (1, 300), (50, 120))]
    found = split(problem(offers, [demand(number, 10) for number in range(1, 11)]))

    # 60 at 100 would leave 40 at 300; fifty each at 100 and 120 is cheaper
    assert won(found) == {(101, 1): (50, 100), (102, 1): (50, 120)}
    assert found.total_pence == 11_000


def test_ceilings_and_accepted_suppliers_are_kept_to_school_by_school() -> None:
    offers = [offer(LARCH, (1, 100), capacity=10), offer(ROWAN, (1, 150))]
    demands = [demand(1, 10), demand(2, 10, 120), demand(3, 5, None, ROWAN)]

    found = split(problem(offers, demands))

    assert {(part.demand.int, part.supplier.int, part.quantity) for part in found.parts} == {
        (1, 102, 10), (2, 101, 10), (3, 102, 5),
    }  # fmt: skip


def test_orders_stay_whole_when_they_must_and_are_split_when_they_may() -> None:
    offers = [offer(LARCH, (1, 100), capacity=15), offer(ROWAN, (1, 150))]
    demands = [demand(1, 10), demand(2, 10)]

    assert split(problem(offers, demands)).total_pence == 15 * 100 + 5 * 150
    whole = split(problem(offers, demands, whole_orders=True))
    assert (whole.total_pence, whole.status) == (10 * 100 + 10 * 150, SplitStatus.OPTIMAL)


def test_limits_over_all_lots_of_a_share_and_of_how_many_suppliers() -> None:
    offers = [offer(LARCH, (1, 100)), offer(ROWAN, (1, 120)), offer(ELM, (1, 130))]
    offers += [offer(LARCH, (1, 100), lot=SWITCHES), offer(ROWAN, (1, 500), lot=SWITCHES)]
    demands = [demand(1, 100), demand(2, 50, lot=SWITCHES)]

    overall = split(problem(offers, demands, capacities={LARCH: 60}))
    assert won(overall) == {(101, 1): (10, 100), (102, 1): (90, 120), (101, 2): (50, 100)}
    share = split(problem(offers[:3], demands[:1], max_share_percent=40))
    assert won(share) == {(101, 1): (40, 100), (102, 1): (40, 120), (103, 1): (20, 130)}
    few = split(problem([*offers[:1], offer(ROWAN, (1, 120), capacity=30), *offers[2:3]], demands[:1],
                        max_share_percent=80, max_suppliers={LAPTOPS: 2}))  # fmt: skip
    assert won(few) == {(101, 1): (80, 100), (102, 1): (20, 120)}


def test_what_is_missing_is_said_exactly() -> None:
    larch, rowan = offer(LARCH, (1, 100), capacity=60), offer(ROWAN, (20, 120), capacity=30)

    assert none(problem([larch, rowan], [demand(1, 100)])) == [(1, 100, 10, Why.CAPACITY)]
    assert none(problem([larch], [demand(1, 9, 99), demand(2, 5)])) == [(1, 14, 9, Why.CEILING)]
    assert none(problem([larch], [demand(1, 9, None, ELM), demand(2, 5)])) == [(1, 14, 9, Why.NO_SUPPLIER)]
    assert none(problem([rowan], [demand(1, 19)])) == [(1, 19, 19, Why.NO_SUPPLIER)]
    limited = problem([larch, rowan], [demand(1, 80)], max_suppliers={LAPTOPS: 1})
    assert none(limited) == [(1, 80, 20, Why.LIMITS)]
    whole = problem([larch, rowan], [demand(1, 45), demand(2, 45)], whole_orders=True)
    assert none(whole) == [(1, 90, 45, Why.WHOLE_ORDERS)]
    found = best_split(problem([larch], [demand(1, 9, 99), demand(2, 5)]))
    assert isinstance(found, NoSplit)
    assert [(one.demands, one.sentence) for one in found.missing] == [
        (
            (UUID(int=1),),
            "9 of 14 units: their ceilings, the highest 99 pence, are below 100 pence, the least they could pay",
        )
    ]


def test_nothing_wanted_costs_nothing() -> None:
    found = split(problem([offer(LARCH, (1, 100))], []))

    assert (found.total_pence, found.parts, found.status) == (0, (), SplitStatus.OPTIMAL)


def test_a_problem_out_of_order_is_refused_with_every_fault() -> None:
    wrong = problem([offer(LARCH, (2, 5), (2, 4)), offer(LARCH, (1, -1))], [demand(1, 0), demand(1, 1)],
                    max_share_percent=0)  # fmt: skip

    with pytest.raises(Invalid) as caught:
        best_split(wrong)
    assert [fault.field for fault in caught.value.faults] == [
        "offers", "offers.0.tiers", "offers.1.tiers", "demands", "demands.0.quantity", "max_share_percent",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"quantity": 9}, "is not served exactly"),
        ({"supplier": ELM}, "sells no 10 units"),
        ({"unit_price_pence": 99}, "a price that the quantity does not reach"),
        ({"demand": UUID(int=9)}, "serves no demand"),
    ],
)
def test_the_check_takes_nothing_on_trust(changes: dict[str, Any], said: str) -> None:
    posed = problem([offer(LARCH, (1, 100))], [demand(1, 10)])
    part = Part(demand=UUID(int=1), lot=LAPTOPS, supplier=LARCH, quantity=10, unit_price_pence=100)
    assert check_split(posed, [part]) == 1_000

    with pytest.raises(BrokenSplit, match=said):
        check_split(posed, [msgspec.structs.replace(part, **changes)])


@st.composite
def problems(draw: st.DrawFn) -> SplitProblem:
    """Small problems: two or three suppliers, one or two lots, up to three demands of up to four units."""
    suppliers = [LARCH, ROWAN, ELM][: draw(st.integers(1, 3))]
    lots = [LAPTOPS, SWITCHES][: draw(st.integers(1, 2))]
    price = st.integers(1, 9)
    offers = []
    for supplier, lot in product(suppliers, lots):
        starts = sorted({draw(st.sampled_from([1, 1, 2])), *draw(st.lists(st.integers(3, 6), max_size=1))})
        tiers = [(start, draw(price)) for start in starts]
        offers.append(offer(supplier, *tiers, lot=lot, capacity=draw(st.none() | st.integers(1, 6))))
    demands = []
    for number in range(draw(st.integers(1, 3))):
        only = draw(st.just(()) | st.sets(st.sampled_from(suppliers), min_size=1).map(sorted))
        ceiling = draw(st.none() | st.integers(2, 9))
        demands.append(demand(number, draw(st.integers(1, 4)), ceiling, *only, lot=draw(st.sampled_from(lots))))
    return problem(
        offers,
        demands,
        capacities={LARCH: draw(st.integers(1, 8))} if draw(st.booleans()) else {},
        max_suppliers={LAPTOPS: draw(st.integers(1, 2))} if draw(st.booleans()) else {},
        max_share_percent=draw(st.none() | st.sampled_from([50, 75])),
        whole_orders=draw(st.booleans()),
    )


@settings(max_examples=60, deadline=None)
@given(problems())
def test_no_split_at_all_is_cheaper_than_the_best(posed: SplitProblem) -> None:
    cheapest = min((total for parts in every_split(posed) if (total := cost(posed, parts)) is not None), default=None)

    found = best_split(posed)

    if cheapest is None:
        assert isinstance(found, NoSplit), found
        assert found.is_proved
        assert sum(one.short for one in found.missing) > 0
        return
    assert isinstance(found, Split), found
    assert (found.status, found.total_pence, found.bound_pence) == (SplitStatus.OPTIMAL, cheapest, cheapest)
    assert best_split(posed) == found


def every_split(posed: SplitProblem) -> Iterator[list[Part]]:
    """Each way to share each demand among suppliers, lawful or not."""
    suppliers = sorted({one.supplier for one in posed.offers})
    shares = [list(_shares(one.quantity, len(suppliers))) for one in posed.demands]
    for chosen in product(*shares):
        given = [
            (one, supplier, units)
            for one, share in zip(posed.demands, chosen, strict=True)
            for supplier, units in zip(suppliers, share, strict=True)
            if units
        ]
        totals: dict[tuple[UUID, UUID], int] = {}
        for one, supplier, units in given:
            totals[supplier, one.lot] = totals.get((supplier, one.lot), 0) + units
        prices = {
            (each.supplier, each.lot): price_for(each.tiers, totals.get((each.supplier, each.lot), 0))
            for each in posed.offers
        }
        yield [
            Part(demand=one.id, lot=one.lot, supplier=supplier, quantity=units,
                 unit_price_pence=prices[supplier, one.lot] or 0)
            for one, supplier, units in given
        ]  # fmt: skip


def _shares(units: int, among: int) -> Iterator[tuple[int, ...]]:
    if among == 1:
        yield (units,)
        return
    for first in range(units + 1):
        for rest in _shares(units - first, among - 1):
            yield (first, *rest)


def cost(posed: SplitProblem, parts: list[Part]) -> int | None:
    """What a split costs, None if it breaks a rule."""
    try:
        return check_split(posed, parts)
    except BrokenSplit:
        return None


def test_a_large_problem_is_settled_with_its_gap_and_keeps_orders_whole() -> None:
    whole = large_problem(suppliers=12, lots=2, schools=400, whole_orders=True)
    by_units = split(msgspec.structs.replace(whole, whole_orders=False))
    found = best_split(whole, seconds=20)

    assert isinstance(found, Split)
    assert check_split(whole, found.parts) == found.total_pence
    assert len(found.parts) == len(whole.demands)
    assert by_units.bound_pence <= found.bound_pence <= found.total_pence
    assert found.gap <= Decimal("0.0002")
