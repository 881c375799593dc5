"""Whether a split keeps every rule, and what it costs: in whole numbers, and nothing taken from the solver."""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from msgspec import Struct

from becta.market.awards.split_problem import SplitDemand, SplitProblem, quantities
from becta.market.pledges.tiers import price_for


class Part(Struct, frozen=True, kw_only=True):
    """What of a demand a supplier gets, at its unit price in pence."""

    demand: UUID
    lot: UUID
    supplier: UUID
    quantity: int
    unit_price_pence: int


class BrokenSplit(Exception):
    """A split that breaks a rule: a fault of the program, never handed on."""


def check_split(problem: SplitProblem, parts: Iterable[Part]) -> int:
    """The total in pence of a split; raises BrokenSplit if it breaks any rule of the problem."""
    demands = {one.id: one for one in problem.demands}
    served: dict[UUID, list[Part]] = defaultdict(list)
    won: dict[tuple[UUID, UUID], int] = defaultdict(int)
    for part in parts:
        demand = demands.get(part.demand)
        if demand is None or demand.lot != part.lot or part.quantity < 1:
            raise BrokenSplit(f"a part serves no demand: {part}")
        served[part.demand].append(part)
        won[part.supplier, part.lot] += part.quantity
    prices = _prices(problem, won)
    for demand in problem.demands:
        _check_served(problem, demand, served.get(demand.id, []), prices)
    _check_limits(problem, won)
    return sum(quantity * prices[key] for key, quantity in won.items())


def _prices(problem: SplitProblem, won: dict[tuple[UUID, UUID], int]) -> dict[tuple[UUID, UUID], int]:
    """The unit price that each supplier's total quantity of a lot reaches."""
    offers = {(one.supplier, one.lot): one for one in problem.offers}
    prices = {}
    for key, quantity in won.items():
        offer = offers.get(key)
        price = None if offer is None else price_for(offer.tiers, quantity)
        if offer is None or price is None:
            raise BrokenSplit(f"{key} sells no {quantity} units")
        if offer.capacity is not None and quantity > offer.capacity:
            raise BrokenSplit(f"{key} wins {quantity} and can supply {offer.capacity}")
        prices[key] = price
    return prices


def _check_served(
    problem: SplitProblem, demand: SplitDemand, parts: list[Part], prices: dict[tuple[UUID, UUID], int]
) -> None:
    if sum(part.quantity for part in parts) != demand.quantity:
        raise BrokenSplit(f"demand {demand.id} is not served exactly")
    if problem.whole_orders and len(parts) != 1:
        raise BrokenSplit(f"demand {demand.id} is not kept whole")
    for part in parts:
        if demand.suppliers is not None and part.supplier not in demand.suppliers:
            raise BrokenSplit(f"demand {demand.id} does not accept {part.supplier}")
        if part.unit_price_pence != prices[part.supplier, part.lot]:
            raise BrokenSplit(f"demand {demand.id} is sold at a price that the quantity does not reach")
        if demand.ceiling_pence is not None and part.unit_price_pence > demand.ceiling_pence:
            raise BrokenSplit(f"demand {demand.id} pays more than its ceiling")


def _check_limits(problem: SplitProblem, won: dict[tuple[UUID, UUID], int]) -> None:
    wanted = quantities(problem.demands)
    overall: dict[UUID, int] = defaultdict(int)
    suppliers: dict[UUID, int] = defaultdict(int)
    for (supplier, lot), quantity in won.items():
        overall[supplier] += quantity
        suppliers[lot] += 1
        share = problem.max_share_percent
        if share is not None and quantity * 100 > share * wanted[lot]:
            raise BrokenSplit(f"{supplier} wins more than its share of {lot}")
    for supplier, quantity in overall.items():
        if quantity > problem.capacities.get(supplier, quantity):
            raise BrokenSplit(f"{supplier} wins {quantity} in all and cannot supply so many")
    for lot, number in suppliers.items():
        if number > problem.max_suppliers.get(lot, number):
            raise BrokenSplit(f"{lot} has {number} suppliers")
