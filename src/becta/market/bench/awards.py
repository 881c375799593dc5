"""Awards: how soon the cheapest split of a large procurement is found, and how much is left open."""

from collections.abc import Iterator
from random import Random
from time import perf_counter
from uuid import UUID

from becta.market.awards.split import NoSplit, best_split
from becta.market.awards.split_problem import SplitDemand, SplitOffer, SplitProblem
from becta.market.pledges.tiers import Tier

TIERS = (0, 120, 30, 8, 3)
"""Tiers begin at one, and where one in so many of all units is won."""


def awards(*, suppliers: int, lots: int, schools: int, seconds: int) -> Iterator[str]:
    """Split orders by units, then kept whole, each within so many seconds; yields the lines of a table as they come."""
    for whole in (False, True):
        problem = large_problem(suppliers=suppliers, lots=lots, schools=schools, whole_orders=whole)
        began = perf_counter()
        found = best_split(problem, seconds=seconds)
        took = perf_counter() - began
        asked = (
            f"{suppliers} suppliers x {lots} lots x {len(TIERS)} tiers x {schools:,} schools, {len(problem.demands):,} "
            f"orders {'kept whole' if whole else 'by units'}"
        )
        if isinstance(found, NoSplit):
            yield f"{asked}: none in {took:.1f} s; {'; '.join(one.sentence for one in found.missing)}"
            continue
        yield (
            f"{asked}: {found.status}, gap {found.gap * 100:.4f} % (£{found.total_pence / 100:,.0f}, no less than "
            f"£{found.bound_pence / 100:,.0f}), {len(found.won)} awards, {took:.1f} s (wanted: < 30 s with its gap)"
        )


def large_problem(*, suppliers: int, lots: int, schools: int, whole_orders: bool, seed: int = 5) -> SplitProblem:
    """A made-up procurement in which all rules bite: capacities, ceilings, badges, shares and numbers of suppliers."""
    draw = Random(seed)  # noqa: S311 - made-up data, the same each time
    ids = [UUID(int=1_000_000 + number) for number in range(suppliers)]
    offers, demands = [], []
    wanted = schools * 30
    for lot in (UUID(int=number + 1) for number in range(lots)):
        usual = draw.randrange(8_000, 60_000)
        for supplier in ids:
            price, tiers = usual * draw.uniform(0.9, 1.2), []
            for share in TIERS:
                start = wanted // share if share else 1
                tiers.append(Tier(from_quantity=start, unit_price_pence=int(price)))
                price *= draw.uniform(0.93, 0.99)
            capacity = draw.randrange(wanted // 20, wanted // 3)
            offers.append(SplitOffer(supplier=supplier, lot=lot, tiers=tuple(tiers), capacity=capacity))
        accepted = [None] + [frozenset(draw.sample(ids, suppliers * 3 // 4)) for _ in range(3)]
        demands += [
            SplitDemand(
                id=UUID(int=(school + 1) * 1_000 + lot.int),
                lot=lot,
                quantity=draw.randrange(5, 56),
                ceiling_pence=None if draw.random() < 0.3 else int(usual * draw.uniform(0.94, 1.3)),
                suppliers=draw.choice(accepted),
            )
            for school in range(schools)
        ]
    return SplitProblem(
        offers=tuple(offers),
        demands=tuple(demands),
        capacities=dict.fromkeys(ids, wanted * lots // 8),
        max_suppliers={UUID(int=number + 1): 8 for number in range(lots)},
        max_share_percent=40,
        whole_orders=whole_orders,
    )
