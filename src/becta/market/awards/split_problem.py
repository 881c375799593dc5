"""What is to be split among suppliers: their offers, what schools want, and the rules. Quantities are whole units."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from becta.kernel.errors import Fault
from becta.kernel.money import MAX_PENCE
from becta.market.pledges.tiers import Tier

MAX_UNITS = 10**7
"""Most units of one demand: beyond it a typing error is certain, and a solver counts no longer exactly."""


class SplitOffer(Struct, frozen=True, kw_only=True):
    """What a supplier bids for a lot: the tier that its total quantity reaches prices *every* unit it wins there.

    Below its first tier it sells nothing. `capacity` is the most it can supply of the lot (None: no limit).
    """

    supplier: UUID
    lot: UUID
    tiers: tuple[Tier, ...]
    capacity: int | None = None


class SplitDemand(Struct, frozen=True, kw_only=True):
    """What a school wants of a lot: at most at its ceiling price, of these suppliers only (None: no such limit).

    `id` is its own, say of the pledge: a school may want the same twice.
    """

    id: UUID
    lot: UUID
    quantity: int
    ceiling_pence: int | None = None
    suppliers: frozenset[UUID] | None = None


class SplitProblem(Struct, frozen=True, kw_only=True):
    """Everything a split depends on.

    `capacities` limit a supplier over all lots together, `max_suppliers` the suppliers of a lot, `max_share_percent`
    what one of them may win of a lot. `whole_orders`: each demand goes to one supplier.
    """

    offers: tuple[SplitOffer, ...]
    demands: tuple[SplitDemand, ...]
    capacities: Mapping[UUID, int] = {}
    max_suppliers: Mapping[UUID, int] = {}
    max_share_percent: int | None = None
    whole_orders: bool = False


class LiveTier(NamedTuple):
    """A tier that can be reached: from `least` to `most` units each costs `price` pence."""

    offer: int
    least: int
    most: int
    price: int


def problem_faults(problem: SplitProblem) -> list[Fault]:
    """Everything wrong with a problem, whatever split it may have."""
    faults = []
    keys = [(one.supplier, one.lot) for one in problem.offers]
    if len(set(keys)) != len(keys):
        mend = "give one offer of a supplier for a lot"
        faults.append(Fault(field="offers", problem="hold two of a supplier for a lot", mend=mend))
    for place, offer in enumerate(problem.offers):
        starts = [tier.from_quantity for tier in offer.tiers]
        if not starts or starts[0] < 1 or starts != sorted(set(starts)):
            mend = "give tiers from 1 or more, each from more than the one before"
            faults.append(Fault(field=f"offers.{place}.tiers", problem="are none or out of order", mend=mend))
        if any(not 0 <= tier.unit_price_pence <= MAX_PENCE for tier in offer.tiers):
            field = f"offers.{place}.tiers"
            faults.append(Fault(field=field, problem="hold a price out of range", mend="give pence from 0"))
    if len({one.id for one in problem.demands}) != len(problem.demands):
        faults.append(Fault(field="demands", problem="hold an id twice", mend="give each demand its own"))
    for place, demand in enumerate(problem.demands):
        if not 1 <= demand.quantity <= MAX_UNITS:
            field, mend = f"demands.{place}.quantity", f"give 1 to {MAX_UNITS:,}"
            faults.append(Fault(field=field, problem="is out of range", mend=mend))
    share = problem.max_share_percent
    if share is not None and not 1 <= share <= 100:
        faults.append(Fault(field="max_share_percent", problem="is no share", mend="give 1 to 100"))
    return faults


def quantities(demands: Sequence[SplitDemand]) -> dict[UUID, int]:
    """How many units of each lot are wanted."""
    wanted: dict[UUID, int] = {}
    for one in demands:
        wanted[one.lot] = wanted.get(one.lot, 0) + one.quantity
    return wanted


def kinds_of_order(problem: SplitProblem) -> int:
    """How many kinds of demand there are in all that no rule tells apart."""
    return len({(one.lot, one.quantity, one.ceiling_pence, one.suppliers) for one in problem.demands})


def most_of(problem: SplitProblem, offer: SplitOffer, wanted: int) -> int:
    """The most units a supplier can win of a lot, by its capacities, its allowed share, and what is wanted."""
    limits = [wanted, offer.capacity, problem.capacities.get(offer.supplier)]
    if problem.max_share_percent is not None:
        limits.append(wanted * problem.max_share_percent // 100)
    return max(0, min(limit for limit in limits if limit is not None))


def live_tiers(problem: SplitProblem) -> list[LiveTier]:
    """The tiers that can be reached at all, by offer and quantity."""
    wanted, found = quantities(problem.demands), []
    for place, offer in enumerate(problem.offers):
        most = most_of(problem, offer, wanted.get(offer.lot, 0))
        ends = [tier.from_quantity - 1 for tier in offer.tiers[1:]] + [most]
        for tier, end in zip(offer.tiers, ends, strict=True):
            if tier.from_quantity <= min(end, most):
                found.append(LiveTier(place, tier.from_quantity, min(end, most), tier.unit_price_pence))
    return found
