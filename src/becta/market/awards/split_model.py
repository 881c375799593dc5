"""The split as a mixed-integer programme for HiGHS.

Demands that no rule tells apart are taken together, so the model grows with the prices, not with the schools. If orders
may be split, units of one lot and set of acceptable suppliers stand in a *chain* of pools, from those with the highest
ceiling price down: a pool hands what it has not bought at its own prices to the next, where prices are lower. With
the tiers chosen the rest is a network flow, so its corners are whole numbers. If orders stay whole, each kind of order
(size, ceiling, suppliers) has a count for every tier.
"""

from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf
from typing import NamedTuple
from uuid import UUID

import highspy
from msgspec import Struct

from becta.market.awards.split_check import BrokenSplit, Part
from becta.market.awards.split_problem import LiveTier, SplitDemand, SplitProblem, live_tiers

_TOLERANCE = 1e-9


class Pool(Struct, frozen=True, kw_only=True):
    """Demands taken together: `count` of them of a `size` each; what it does not buy it passes to another."""

    demands: tuple[SplitDemand, ...]
    size: int
    count: int
    passes_to: int | None


class Flow(NamedTuple):
    """A column: how many of a pool (in its size) are bought at a tier."""

    pool: int
    tier: int


class Solution(Struct, frozen=True, kw_only=True):
    """What the solver found: the tiers used, counts by flow (None if nothing was found in time) and by pool what is
    short, and the bound of the objective. `is_infeasible`: there is nothing to find."""

    used: frozenset[int] = frozenset()
    counts: dict[Flow, int] | None = None
    short: dict[int, int] = {}
    bound: float
    is_infeasible: bool = False


class _Quiet(highspy.Highs):
    """The solver without its banner, which it prints when callbacks are first enabled."""

    def enableCallbacks(self) -> None:  # noqa: N802 - its own name
        """Silence it first."""
        self.silent()
        super().enableCallbacks()  # type: ignore[no-untyped-call]  # highspy says nothing of it


class Model:
    """Pools, tiers and flows of a problem, and what the solver makes of them."""

    def __init__(self, problem: SplitProblem, *, whole: bool, tiers: Iterable[LiveTier] | None = None) -> None:
        """Take demands together; `tiers` are those that may be used, by default all that can be reached."""
        self.problem, self.whole = problem, whole
        self.tiers = list(live_tiers(problem) if tiers is None else tiers)
        self.pools: list[Pool] = []
        self.flows: list[Flow] = []
        for (_, usable), demands in self._groups().items():
            self._add(demands, usable)

    def _groups(self) -> dict[tuple[UUID, tuple[int, ...]], list[SplitDemand]]:
        """Demands by lot and by the tiers of suppliers they accept, the cheapest first."""
        by_lot: dict[UUID, list[int]] = defaultdict(list)
        for place in sorted(range(len(self.tiers)), key=lambda place: self.tiers[place].price):
            by_lot[self.problem.offers[self.tiers[place].offer].lot].append(place)
        usable: dict[tuple[UUID, frozenset[UUID] | None], tuple[int, ...]] = {}
        groups: dict[tuple[UUID, tuple[int, ...]], list[SplitDemand]] = defaultdict(list)
        for one in self.problem.demands:
            key = (one.lot, one.suppliers)
            if key not in usable:
                usable[key] = tuple(
                    place
                    for place in by_lot[one.lot]
                    if one.suppliers is None or self.problem.offers[self.tiers[place].offer].supplier in one.suppliers
                )
            groups[one.lot, usable[key]].append(one)
        return groups

    def _add(self, demands: Sequence[SplitDemand], usable: Sequence[int]) -> None:
        """Pools and flows for demands of one lot that accept the same suppliers; `usable` tiers, the cheapest first."""
        prices = [self.tiers[place].price for place in usable]
        kinds: dict[tuple[int, int], list[SplitDemand]] = defaultdict(list)
        for demand in demands:
            payable = len(prices) if demand.ceiling_pence is None else bisect_right(prices, demand.ceiling_pence)
            kinds[payable, demand.quantity if self.whole else 1].append(demand)
        lowest = 0
        for (payable, size), members in sorted(kinds.items(), key=lambda item: item[0]):
            ordered = tuple(sorted(members, key=lambda one: one.id))
            count = len(ordered) if self.whole else sum(one.quantity for one in ordered)
            below = len(self.pools) - 1 if lowest and not self.whole else None
            place = len(self.pools)
            self.pools.append(Pool(demands=ordered, size=size, count=count, passes_to=below))
            first = 0 if self.whole else lowest
            self.flows += [Flow(place, tier) for tier in usable[first:payable]]
            lowest = payable

    def solve(
        self,
        *,
        seconds: float,
        shortage: bool = False,
        chosen: frozenset[int] | None = None,
        gap: float = 0.0,
    ) -> Solution:
        """Solve within so many seconds: the least cost or, with `shortage`, the fewest units that stay unserved.

        `chosen` fixes the tiers in use, and `gap` is a relative gap that is good enough.
        """
        build = _Build()
        used = [build.column(cost=0, most=1, whole=chosen is None, least=0) for _ in self.tiers]
        if chosen is not None:
            for place, column in enumerate(used):
                build.fix(column, 1 if place in chosen else 0)
        flows = []
        for pool, tier in self.flows:
            size = self.pools[pool].size
            cost = 0 if shortage else size * self.tiers[tier].price
            flows.append(build.column(cost=cost, most=self._most(pool), whole=self.whole))
        passed = [build.column(cost=0, most=inf if one.passes_to is not None else 0) for one in self.pools]
        short = [build.column(cost=one.size, most=inf if shortage else 0, whole=self.whole) for one in self.pools]
        self._serve(build, flows, passed, short)
        self._limit(build, used, flows)
        return self._read(build.run(seconds=seconds, gap=gap), used, flows, short)

    def parts(self, solution: Solution) -> list[Part]:
        """Who gets what by a solution, each demand in as few parts as there can be; raises BrokenSplit."""
        stock = [deque((one, 1 if self.whole else one.quantity) for one in pool.demands) for pool in self.pools]
        bought: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for (pool, tier), count in (solution.counts or {}).items():
            bought[pool].append((tier, count))
        parts = []
        for place in reversed(range(len(self.pools))):
            for tier, count in bought[place]:
                parts += [self._part(tier, one, count) for one, count in _take(stock[place], count)]
            onward = self.pools[place].passes_to
            if onward is not None:
                stock[onward] += stock[place]
        return parts

    def _part(self, tier: int, demand: SplitDemand, count: int) -> Part:
        at = self.tiers[tier]
        return Part(
            demand=demand.id,
            lot=demand.lot,
            supplier=self.problem.offers[at.offer].supplier,
            quantity=demand.quantity if self.whole else count,
            unit_price_pence=at.price,
        )

    def _most(self, pool: int) -> float:
        return self.pools[pool].count if self.whole else inf

    def _serve(self, build: "_Build", flows: list[int], passed: list[int], short: list[int]) -> None:
        """Every pool: what it buys, passes on and lacks is its own count and what it was passed."""
        rows: list[dict[int, float]] = [{passed[place]: 1, short[place]: 1} for place in range(len(self.pools))]
        for (pool, _), column in zip(self.flows, flows, strict=True):
            rows[pool][column] = 1
        for place, one in enumerate(self.pools):
            if one.passes_to is not None:
                rows[one.passes_to][passed[place]] = -1
        for row, one in zip(rows, self.pools, strict=True):
            build.row(row, one.count, one.count)

    def _limit(self, build: "_Build", used: list[int], flows: list[int]) -> None:
        """A tier is used within its quantities, one of an offer, and nobody beyond what limits it."""
        of_tier: list[dict[int, float]] = [{} for _ in self.tiers]
        for (pool, tier), column in zip(self.flows, flows, strict=True):
            of_tier[tier][column] = self.pools[pool].size
        of_offer: dict[int, list[int]] = defaultdict(list)
        for place, at in enumerate(self.tiers):
            of_offer[at.offer].append(place)
            build.row({**of_tier[place], used[place]: -at.most}, -inf, 0)
            build.row({**of_tier[place], used[place]: -at.least}, 0, inf)
        of_lot: dict[UUID, dict[int, float]] = defaultdict(dict)
        of_supplier: dict[UUID, dict[int, float]] = defaultdict(dict)
        for offer, places in of_offer.items():
            build.row({used[place]: 1 for place in places}, 0, 1)
            won = {column: size for place in places for column, size in of_tier[place].items()}
            of_lot[self.problem.offers[offer].lot].update({used[place]: 1 for place in places})
            of_supplier[self.problem.offers[offer].supplier].update(won)
        for lot, most in self.problem.max_suppliers.items():
            build.row(of_lot[lot], 0, most)
        for supplier, most in self.problem.capacities.items():
            build.row(of_supplier[supplier], 0, most)

    def _read(self, found: "_Found", used: list[int], flows: list[int], short: list[int]) -> Solution:
        if found.values is None:
            return Solution(bound=found.bound, is_infeasible=found.is_infeasible)
        values = found.values
        counts = {flow: round(values[column]) for flow, column in zip(self.flows, flows, strict=True)}
        lacking = {place: round(values[column]) for place, column in enumerate(short)}
        return Solution(
            used=frozenset(place for place, column in enumerate(used) if values[column] > 0.5),
            counts={flow: count for flow, count in counts.items() if count},
            bound=found.bound,
            short={place: count for place, count in lacking.items() if count},
        )


def _take(stock: deque[tuple[SplitDemand, int]], count: int) -> Iterator[tuple[SplitDemand, int]]:
    """Take so many from the front of a stock; what is left of the last one stays in front."""
    while count > 0:
        if not stock:
            raise BrokenSplit("more is bought than wanted")
        demand, left = stock.popleft()
        taken = min(left, count)
        if taken < left:
            stock.appendleft((demand, left - taken))
        count -= taken
        yield demand, taken


class _Found(NamedTuple):
    values: list[float] | None
    bound: float
    is_infeasible: bool


class _Build:
    """Columns and rows as the solver wants them."""

    def __init__(self) -> None:
        self._costs: list[float] = []
        self._least: list[float] = []
        self._most: list[float] = []
        self._whole: list[bool] = []
        self._rows: list[tuple[float, float]] = []
        self._starts, self._index, self._values = [0], list[int](), list[float]()

    def column(self, *, cost: float, most: float, whole: bool = False, least: float = 0) -> int:
        """Add a column; gives its place."""
        self._costs.append(cost)
        self._least.append(least)
        self._most.append(most)
        self._whole.append(whole)
        return len(self._costs) - 1

    def fix(self, column: int, value: float) -> None:
        """Let a column be this and nothing else."""
        self._least[column] = self._most[column] = value

    def row(self, entries: Mapping[int, float], least: float, most: float) -> None:
        """Add a row; one without entries is left out."""
        if not entries:
            return
        self._rows.append((least, most))
        self._index += entries.keys()
        self._values += entries.values()
        self._starts.append(len(self._index))

    def run(self, *, seconds: float, gap: float) -> _Found:
        """Solve, always in the same way: one thread, one seed."""
        solver = _Quiet()  # type: ignore[no-untyped-call]  # nor of this
        options: dict[str, bool | int | float] = {
            "threads": 1,
            "random_seed": 1,
            "time_limit": max(0.1, seconds),
            "mip_rel_gap": gap,
            "mip_abs_gap": 0.5,
            "mip_feasibility_tolerance": _TOLERANCE,
            "primal_feasibility_tolerance": _TOLERANCE,
        }
        for name, value in options.items():
            solver.setOptionValue(name, value)
        solver.passModel(self._model())
        solver.run()
        status, info = solver.getModelStatus(), solver.getInfo()
        has_any = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        is_mip = any(self._whole)
        return _Found(
            values=list(solver.getSolution().col_value) if has_any else None,
            bound=info.mip_dual_bound if is_mip else (info.objective_function_value if has_any else -inf),
            is_infeasible=status == highspy.HighsModelStatus.kInfeasible,
        )

    def _model(self) -> highspy.HighsLp:
        made = highspy.HighsLp()
        made.num_col_, made.num_row_ = len(self._costs), len(self._rows)
        made.col_cost_, made.col_lower_, made.col_upper_ = self._costs, self._least, self._most
        made.row_lower_ = [least for least, _ in self._rows]
        made.row_upper_ = [most for _, most in self._rows]
        made.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        made.a_matrix_.start_, made.a_matrix_.index_, made.a_matrix_.value_ = self._starts, self._index, self._values
        if any(self._whole):
            kinds = highspy.HighsVarType
            made.integrality_ = [kinds.kInteger if whole else kinds.kContinuous for whole in self._whole]
        return made
