"""The winners where lots are split among suppliers: the cheapest lawful split of what schools pledged."""

from collections import defaultdict
from collections.abc import Sequence
from time import perf_counter
from uuid import UUID

import msgspec

from becta.kernel.errors import Conflict
from becta.market.awards.choosing import Allocation, Choice, LotAtStake, Optimum, PlannedAward, Waiting, waiting_for
from becta.market.awards.split import NoSplit, Split, Why, best_split
from becta.market.awards.split_problem import SplitDemand, SplitOffer, SplitProblem


def choose_by_split(lots: Sequence[LotAtStake], *, seconds: float) -> Choice:
    """The cheapest split among the best-ranked bids, each school's order kept whole, and the proof of it.

    Of each lot the best bids share, as many as the lot has suppliers; the next of the ranking is asked only where these
    cannot supply all. A school for which every price is too high waits. Raises Conflict that says what is missing where
    there is no split.
    """
    asked = [lot for lot in lots if lot.wanted and lot.ranking.ranked]
    unsuccessful = tuple(lot.number for lot in lots if lot.wanted and not lot.ranking.ranked)
    allocations, demands = _demands(asked)
    taken = {lot.lot_id: lot.terms.max_suppliers or len(lot.ranking.ranked) for lot in asked}
    waiting: set[UUID] = set()
    until = perf_counter() + seconds
    while len(waiting) < len(demands):
        problem = SplitProblem(
            offers=tuple(offer for lot in asked for offer in _offers(lot, taken[lot.lot_id])),
            demands=tuple(one for one in demands if one.id not in waiting),
            max_suppliers={lot.lot_id: most for lot in asked if (most := lot.terms.max_suppliers) is not None},
            whole_orders=True,
        )
        found = best_split(problem, seconds=max(1.0, until - perf_counter()))
        if isinstance(found, Split):
            return Choice(
                awards=_awards(asked, found, allocations),
                waiting=_waiting(asked, allocations, waiting),
                unsuccessful=unsuccessful,
                optimum=(_optimum(asked, found),),
            )
        if not found.is_proved:
            raise Conflict(_why(found))
        too_low = {id_ for one in found.missing if one.why is Why.CEILING for id_ in one.demands}
        if not too_low and not _ask_more(asked, taken, {one.lot for one in found.missing}):
            too_low = _lowest_limit(problem, found, seconds=max(1.0, until - perf_counter()))
        waiting |= too_low
    return Choice(awards=(), waiting=_waiting(asked, allocations, waiting), unsuccessful=unsuccessful)


def _ask_more(lots: Sequence[LotAtStake], taken: dict[UUID, int], short: set[UUID]) -> bool:
    """Ask the next bid of the rankings of these lots; whether there was one."""
    more = [lot.lot_id for lot in lots if lot.lot_id in short and taken[lot.lot_id] < len(lot.ranking.ranked)]
    for lot_id in more:
        taken[lot_id] += 1
    return bool(more)


def _lowest_limit(problem: SplitProblem, found: NoSplit, *, seconds: float) -> set[UUID]:
    """Whose limit stands in the way, the lowest first; raises Conflict where it is not limits that do."""
    unlimited = [msgspec.structs.replace(one, ceiling_pence=None) for one in problem.demands]
    if isinstance(best_split(msgspec.structs.replace(problem, demands=tuple(unlimited)), seconds=seconds), NoSplit):
        raise Conflict(_why(found))
    short = {one.lot for one in found.missing}
    limited = [
        (one.ceiling_pence, one.id) for one in problem.demands if one.lot in short and one.ceiling_pence is not None
    ]
    return {min(limited)[1]}


def _why(found: NoSplit) -> str:
    sentences = "; ".join(one.sentence for one in found.missing)
    word = "there is no lawful split" if found.is_proved else "no split was found in time, try again with more"
    return f"{word}: {sentences}"


def _waiting(
    lots: Sequence[LotAtStake], allocations: dict[UUID, tuple[UUID, Allocation]], waiting: set[UUID]
) -> tuple[Waiting, ...]:
    by_id = {lot.lot_id: lot for lot in lots}
    return tuple(
        one for key in sorted(waiting) for one in waiting_for(by_id[allocations[key][0]], (allocations[key][1],))
    )


def _demands(lots: Sequence[LotAtStake]) -> tuple[dict[UUID, tuple[UUID, Allocation]], list[SplitDemand]]:
    """What schools want as the solver takes it, and which lot and allocation each demand stands for."""
    allocations: dict[UUID, tuple[UUID, Allocation]] = {}
    demands = []
    for lot in lots:
        for place, one in enumerate(lot.wanted):
            key = one.pledge_id or UUID(int=(lot.lot_id.int + place + 1) % (1 << 128))
            allocations[key] = (lot.lot_id, one)
            demands.append(SplitDemand(id=key, lot=lot.lot_id, quantity=one.quantity, ceiling_pence=one.limit_pence))
    return allocations, demands


def _offers(lot: LotAtStake, many: int) -> list[SplitOffer]:
    """What so many of the best-ranked bids offer of a lot, by bid; those left out of the ranking are not asked."""
    return [
        SplitOffer(supplier=offered.bid_id, lot=lot.lot_id, tiers=offered.tiers, capacity=offered.capacity)
        for ranked in sorted(lot.ranking.ranked[:many], key=lambda one: one.bid_id)
        if (offered := lot.offered[ranked.bid_id])
    ]


def _awards(
    lots: Sequence[LotAtStake], found: Split, allocations: dict[UUID, tuple[UUID, Allocation]]
) -> tuple[PlannedAward, ...]:
    parts = defaultdict(list)
    for part in found.parts:
        parts[part.lot, part.supplier].append(part)
    by_id = {lot.lot_id: lot for lot in lots}
    return tuple(
        PlannedAward(
            lot_id=won.lot,
            lot=by_id[won.lot].number,
            bid_id=won.supplier,
            organisation_id=by_id[won.lot].offered[won.supplier].organisation_id,
            quantity=won.quantity,
            unit_price_pence=won.unit_price_pence,
            vat_basis_points=by_id[won.lot].offered[won.supplier].vat_basis_points,
            allocations=tuple(
                msgspec.structs.replace(allocations[part.demand][1], quantity=part.quantity)
                for part in parts[won.lot, won.supplier]
            ),
        )
        for won in found.won
    )


def _optimum(lots: Sequence[LotAtStake], found: Split) -> Optimum:
    return Optimum(
        status=found.status,
        total_pence=found.total_pence,
        bound_pence=found.bound_pence,
        gap=found.gap,
        lots=tuple(lot.number for lot in lots if lot.wanted),
    )
