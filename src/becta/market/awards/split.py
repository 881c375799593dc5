"""The cheapest lawful split of what schools want among suppliers, with proof of it or with the gap stated.

The optimum is found by HiGHS, a mixed-integer solver; what it found is checked and costed again in whole numbers before
anybody sees it. The bound is the solver's own, in floating point: what it proves, it proves to one part in a thousand
million of the total, which is to the penny below ten million pounds.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import ROUND_UP, Decimal
from enum import StrEnum
from math import ceil, isfinite
from time import perf_counter
from uuid import UUID

import msgspec
from msgspec import Struct

from becta.kernel.errors import refuse_if_any
from becta.market.awards.split_check import Part, check_split
from becta.market.awards.split_model import Model, Solution
from becta.market.awards.split_problem import (
    SplitDemand,
    SplitOffer,
    SplitProblem,
    kinds_of_order,
    live_tiers,
    most_of,
    problem_faults,
    quantities,
)

SECONDS = 25.0
"""How long a split may take where nobody says; a clock decides then, so only a proved optimum is always the same."""
_PRECISION = 1e-9
_MOST_FLOWS = 3_000
"""Above so many kinds of order times tiers, whole orders are first fitted to the tiers that units would choose."""
_TOO_MANY = 100_000
"""Above so many the whole problem is not tried where orders could be fitted."""
_GOOD_ENOUGH = Decimal("0.0002")
"""The gap at which orders so fitted are fitted well enough; else the whole problem is tried in the time left."""
_FITTING = 1e-4
"""The relative gap up to which each lot is fitted."""
_LEAST = 0.5
"""Seconds without which the solver is not started."""
_FOR_UNITS = 0.5
"""The part of the time that may go into the split by units where orders must stay whole."""


class SplitStatus(StrEnum):
    """Whether nothing can be cheaper, or only nothing cheaper was found in time."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"


class Why(StrEnum):
    """What keeps demands from being served."""

    NO_SUPPLIER = "no_supplier"
    CEILING = "ceiling"
    CAPACITY = "capacity"
    LIMITS = "limits"
    WHOLE_ORDERS = "whole_orders"
    TIME = "time"


class Won(Struct, frozen=True, kw_only=True):
    """What a supplier wins of a lot, and the unit price in pence that its quantity reaches."""

    supplier: UUID
    lot: UUID
    quantity: int
    unit_price_pence: int


class Split(Struct, frozen=True, kw_only=True):
    """A split that keeps every rule. No other can cost less than `bound_pence`; `gap` is what that leaves open."""

    status: SplitStatus
    total_pence: int
    bound_pence: int
    gap: Decimal
    won: tuple[Won, ...]
    parts: tuple[Part, ...]


class Missing(Struct, frozen=True, kw_only=True):
    """What of a lot cannot be served: units of those wanted, whose (empty: of all together), and why in words."""

    lot: UUID
    wanted: int
    short: int
    why: Why
    sentence: str
    demands: tuple[UUID, ...] = ()


class NoSplit(Struct, frozen=True, kw_only=True):
    """That there is no split, and what is missing; `is_proved` is False if only the time ran out."""

    is_proved: bool
    missing: tuple[Missing, ...]


def best_split(problem: SplitProblem, *, seconds: float = SECONDS) -> Split | NoSplit:
    """The cheapest split within the rules, or what is missing for one; raises Invalid for a problem out of order."""
    refuse_if_any(problem_faults(problem))
    until = perf_counter() + seconds
    if not problem.demands:
        return Split(status=SplitStatus.OPTIMAL, total_pence=0, bound_pence=0, gap=Decimal(0), won=(), parts=())
    hopeless = tuple(_hopeless(problem))
    if hopeless:
        return NoSplit(is_proved=True, missing=hopeless)
    model = Model(problem, whole=False)
    found = model.solve(seconds=seconds * (_FOR_UNITS if problem.whole_orders else 1))
    if found.counts is None:
        return _explained(problem, found, seconds)
    if problem.whole_orders:
        return _kept_whole(problem, model, found, until=until)
    settled = model.solve(seconds=seconds, chosen=found.used)
    return _proved(problem, model.parts(found if settled.counts is None else settled), found.bound)


def _kept_whole(problem: SplitProblem, units: Model, found: Solution, *, until: float) -> Split | NoSplit:
    """The split with orders kept whole. The one by units is never dearer, so its bound holds here too."""
    bound, fitted = found.bound, None
    size = kinds_of_order(problem) * len(units.tiers)
    if size > _MOST_FLOWS:
        fitted = _fitted(problem, units, found, until=until)
        if fitted is not None:
            made = _proved(problem, fitted, bound)
            if made.gap <= _GOOD_ENOUGH or size > _TOO_MANY:
                return made
    model, left = Model(problem, whole=True), max(_LEAST, until - perf_counter())
    solved = model.solve(seconds=left)
    bound = max(bound, solved.bound)
    known = [parts for parts in (fitted, model.parts(solved) if solved.counts is not None else None) if parts]
    if known:
        return min((_proved(problem, parts, bound) for parts in known), key=lambda one: one.total_pence)
    if solved.is_infeasible:
        return NoSplit(is_proved=True, missing=tuple(_short(problem, Why.WHOLE_ORDERS, left)))
    return NoSplit(is_proved=False, missing=tuple(_out_of_time(problem)))


def _fitted(problem: SplitProblem, units: Model, found: Solution, *, until: float) -> list[Part] | None:
    """Whole orders fitted, lot by lot, to the tiers that units chose; None where one does not fit or in time.

    A supplier's capacity over all lots is shared out as the units were, and what is left of it evenly.
    """
    won: dict[tuple[UUID, UUID], int] = defaultdict(int)
    for flow, count in (found.counts or {}).items():
        offer = problem.offers[units.tiers[flow.tier].offer]
        won[offer.supplier, offer.lot] += count
    offers = tuple(_with_room(problem, offer, won) for offer in problem.offers)
    chosen = [units.tiers[place] for place in sorted(found.used)]
    lots = sorted({one.lot for one in problem.demands})
    parts: list[Part] = []
    for place, lot in enumerate(lots):
        left = (until - perf_counter()) / (len(lots) - place)
        if left < _LEAST:
            return None
        demands = tuple(one for one in problem.demands if one.lot == lot)
        alone = msgspec.structs.replace(problem, offers=offers, demands=demands, capacities={})
        tiers = [
            tier._replace(most=min(tier.most, most_of(alone, offers[tier.offer], sum(one.quantity for one in demands))))
            for tier in chosen
            if offers[tier.offer].lot == lot
        ]
        model = Model(alone, whole=True, tiers=tiers)
        fitted = model.solve(seconds=left, gap=_FITTING)
        if fitted.counts is None:
            return None
        parts += model.parts(fitted)
    return parts


def _with_room(problem: SplitProblem, offer: SplitOffer, won: dict[tuple[UUID, UUID], int]) -> SplitOffer:
    """The offer limited to its part of what its supplier can supply over all lots."""
    overall = problem.capacities.get(offer.supplier)
    if overall is None:
        return offer
    own = {lot: units for (supplier, lot), units in won.items() if supplier == offer.supplier}
    spare = (overall - sum(own.values())) // max(1, len(own))
    room = own.get(offer.lot, 0) + spare
    return msgspec.structs.replace(offer, capacity=room if offer.capacity is None else min(offer.capacity, room))


def _proved(problem: SplitProblem, parts: Iterable[Part], bound: float) -> Split:
    """Parts as a split, checked and costed in whole numbers; raises BrokenSplit if the solver was wrong."""
    ordered = tuple(sorted(parts, key=lambda one: (one.lot, one.demand, one.supplier)))
    total = check_split(problem, ordered)
    least = max(0, ceil(bound - _PRECISION)) if isfinite(bound) else 0
    if total - least <= total * _PRECISION:
        least = total
    gap = Decimal(total - least) / total if total else Decimal(0)
    return Split(
        status=SplitStatus.OPTIMAL if least == total else SplitStatus.FEASIBLE,
        total_pence=total,
        bound_pence=least,
        gap=gap.quantize(Decimal("0.000001"), rounding=ROUND_UP),
        won=_won(ordered),
        parts=ordered,
    )


def _won(parts: tuple[Part, ...]) -> tuple[Won, ...]:
    units: dict[tuple[UUID, UUID, int], int] = defaultdict(int)
    for part in parts:
        units[part.lot, part.supplier, part.unit_price_pence] += part.quantity
    return tuple(
        Won(supplier=supplier, lot=lot, quantity=quantity, unit_price_pence=price)
        for (lot, supplier, price), quantity in sorted(units.items())
    )


def _hopeless(problem: SplitProblem) -> Iterator[Missing]:
    """Demands that could not be served if they were the only ones."""
    wanted = quantities(problem.demands)
    cheapest: dict[tuple[UUID, UUID], int] = {}
    for tier in live_tiers(problem):
        offer = problem.offers[tier.offer]
        key = (offer.lot, offer.supplier)
        cheapest[key] = min(tier.price, cheapest.get(key, tier.price))
    least: dict[tuple[UUID, frozenset[UUID] | None], int | None] = {}
    found: dict[tuple[UUID, Why, int | None], list[SplitDemand]] = defaultdict(list)
    for one in problem.demands:
        asked = (one.lot, one.suppliers)
        if asked not in least:
            prices = [
                price
                for (lot, supplier), price in cheapest.items()
                if lot == one.lot and (one.suppliers is None or supplier in one.suppliers)
            ]
            least[asked] = min(prices, default=None)
        price = least[asked]
        if price is None:
            found[one.lot, Why.NO_SUPPLIER, None].append(one)
        elif one.ceiling_pence is not None and price > one.ceiling_pence:
            found[one.lot, Why.CEILING, price].append(one)
    for (lot, why, lowest), demands in sorted(
        found.items(), key=lambda item: (item[0][0], item[0][1], item[0][2] or 0)
    ):
        short = sum(one.quantity for one in demands)
        said = "no supplier they accept sells a quantity that can be reached"
        if lowest is not None:
            ceilings = [one.ceiling_pence for one in demands if one.ceiling_pence is not None]
            said = (
                f"their ceilings, the highest {max(ceilings)} pence, are below {lowest} pence, the least they could pay"
            )
        yield Missing(
            lot=lot,
            wanted=wanted[lot],
            short=short,
            why=why,
            sentence=f"{short} of {wanted[lot]} units: {said}",
            demands=tuple(one.id for one in demands),
        )


def _explained(problem: SplitProblem, found: Solution, seconds: float) -> NoSplit:
    if not found.is_infeasible:
        return NoSplit(is_proved=False, missing=tuple(_out_of_time(problem)))
    free = msgspec.structs.replace(problem, max_suppliers={}, max_share_percent=None)
    why = Why.CAPACITY
    if free != problem and not any(Model(free, whole=False).solve(seconds=seconds, shortage=True).short.values()):
        why = Why.LIMITS
    by_units = msgspec.structs.replace(problem, whole_orders=False)
    return NoSplit(is_proved=True, missing=tuple(_short(by_units, why, seconds)))


_SAYING = {
    Why.CAPACITY: "the capacities and tiers of suppliers they accept, at prices within their ceilings, go no further",
    Why.LIMITS: "the limits on how many suppliers, or what share each, leave no room; without them all could be served",
    Why.WHOLE_ORDERS: "they do not fit as whole orders; split among suppliers all could be served",
    Why.TIME: "no split was found in the time given, and none was shown to be impossible",
}


def _short(problem: SplitProblem, why: Why, seconds: float) -> Iterator[Missing]:
    """The fewest units that must stay unserved, by lot."""
    model, wanted = Model(problem, whole=problem.whole_orders), quantities(problem.demands)
    lacking: dict[UUID, int] = defaultdict(int)
    for place, count in model.solve(seconds=seconds, shortage=True).short.items():
        pool = model.pools[place]
        lacking[pool.demands[0].lot] += count * pool.size
    for lot, short in sorted(lacking.items()):
        said = f"{short} of {wanted[lot]} units: {_SAYING[why]}"
        yield Missing(lot=lot, wanted=wanted[lot], short=short, why=why, sentence=said)


def _out_of_time(problem: SplitProblem) -> Iterator[Missing]:
    for lot, wanted in sorted(quantities(problem.demands).items()):
        said = f"{wanted} units: {_SAYING[Why.TIME]}"
        yield Missing(lot=lot, wanted=wanted, short=wanted, why=Why.TIME, sentence=said)
