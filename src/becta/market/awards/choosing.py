"""Who wins what: the winners that follow from rankings, and how much each school gets from whom. Pure functions."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from msgspec import Struct

from becta.kernel.errors import Conflict
from becta.kernel.money import vat_pence
from becta.market.evaluation.ranking import RankedBid, Ranking
from becta.market.pledges.sharing import largest_group
from becta.market.pledges.tiers import Tier
from becta.market.procurements.terms import AwardMethod, LotTerms


class Allocation(Struct, frozen=True, kw_only=True):
    """How many a school wants of a lot, or gets from a winner, and what it rests on.

    Prices are pence for one, ex VAT: its ceiling (None where nobody pledged), and what it pays alone (None: unknown).
    `acceptable_lots` would do instead, first choice first. `came_later` is whether it buys only since others moved.
    """

    organisation_id: UUID
    quantity: int
    ceiling_price_pence: int | None = None
    alone_price_pence: int | None = None
    pledge_id: UUID | None = None
    budget_code: str = ""
    acceptable_lots: tuple[int, ...] = ()
    came_later: bool = False

    @property
    def limit_pence(self) -> int | None:
        """The most it pays for one: no more than its ceiling, nor than alone; None is no limit."""
        known = [one for one in (self.ceiling_price_pence, self.alone_price_pence) if one is not None]
        return min(known) if known else None


class Offered(Struct, frozen=True, kw_only=True):
    """A bid for a lot that may win it: its tiers, and how many it can supply (None: any number)."""

    bid_id: UUID
    organisation_id: UUID
    tiers: tuple[Tier, ...]
    capacity: int | None
    vat_basis_points: int


class LotAtStake(Struct, frozen=True, kw_only=True):
    """A lot with everything that decides it.

    `bound` are schools with a pledge to it that stands, counting or not, though they named it as one that would do.
    """

    lot_id: UUID
    number: int
    terms: LotTerms
    wanted: tuple[Allocation, ...]
    offered: Mapping[UUID, Offered]
    ranking: Ranking
    bound: tuple[UUID, ...] = ()

    @property
    def quantity(self) -> int:
        """How many are wanted altogether."""
        return sum(one.quantity for one in self.wanted)


class PlannedAward(Struct, frozen=True, kw_only=True):
    """What a bid wins of a lot. Price in pence ex VAT; VAT at the bid's own rate."""

    lot_id: UUID
    lot: int
    bid_id: UUID
    organisation_id: UUID
    quantity: int
    unit_price_pence: int
    vat_basis_points: int
    allocations: tuple[Allocation, ...]

    @property
    def net_pence(self) -> int:
        """The price of all of it, ex VAT."""
        return self.quantity * self.unit_price_pence

    @property
    def vat_pence(self) -> int:
        """The VAT on all of it."""
        return vat_pence(self.net_pence, self.vat_basis_points)


class Optimum(Struct, frozen=True, kw_only=True):
    """The solver's word on a split: `gap` is how far above the bound (pence) the total may be, as a share of it."""

    status: str
    total_pence: int
    bound_pence: int
    gap: Decimal
    lots: tuple[int, ...]


class Waiting(Struct, frozen=True, kw_only=True):
    """A school that gets nothing of a lot: whoever wins asks more than it pays at most, or than alone."""

    lot: int
    organisation_id: UUID
    quantity: int


class Moved(Struct, frozen=True, kw_only=True):
    """A school that gets of another lot what it could not get of the one it pledged to, and why; it had said so."""

    organisation_id: UUID
    quantity: int
    from_lot: int
    to_lot: int
    reason: str


class Choice(Struct, frozen=True, kw_only=True):
    """Who wins what, who waits or moved, the lots for which no bid is left, and the proof where something was split.

    The proof is of the split of what was pledged to each lot, before anybody moved. `winner` is the bid that wins
    every lot, where one does.
    """

    awards: tuple[PlannedAward, ...]
    waiting: tuple[Waiting, ...] = ()
    moved: tuple[Moved, ...] = ()
    unsuccessful: tuple[int, ...] = ()
    optimum: tuple[Optimum, ...] = ()
    winner: UUID | None = None


def choose_by_rank(method: AwardMethod, lots: Sequence[LotAtStake]) -> Choice:
    """The winners where each lot goes whole to one bid: the best of its ranking, or of all lots together.

    A school for which the price is too high waits, and a lot for which no bid is left is not awarded. Raises Conflict
    where the best bid cannot supply what is wanted.
    """
    asked = [lot for lot in lots if lot.wanted]
    best = _best_of_all(asked) if method is AwardMethod.SINGLE and asked else None
    if best is not None:
        winners = [(lot, best) for lot in asked]
    else:
        winners = [(lot, lot.ranking.winner.bid_id) for lot in asked if lot.ranking.winner is not None]
    made = [_whole(lot, lot.offered[bid_id]) for lot, bid_id in winners]
    return Choice(
        awards=tuple(award for award, _ in made if award is not None),
        waiting=tuple(one for _, waiting in made for one in waiting),
        unsuccessful=tuple(lot.number for lot in asked if lot.ranking.winner is None),
        winner=best,
    )


def who_buys(
    wanted: Sequence[Allocation], tiers: Sequence[Tier]
) -> tuple[tuple[Allocation, ...], tuple[Allocation, ...], int | None]:
    """Who buys at the price that those who buy reach, who waits, and that price: the largest such group there is.

    The price is None where nobody buys.
    """
    group, price = largest_group(tiers, wanted)
    kept = {one.organisation_id for one in group}
    return tuple(group), tuple(one for one in wanted if one.organisation_id not in kept), price


def _best_of_all(lots: Sequence[LotAtStake]) -> UUID:
    """The supplier with the highest sum of totals over all lots; equal ones go by price, then by the lot drawn."""
    found: dict[UUID, list[RankedBid]] = {}
    for lot in lots:
        for one in lot.ranking.ranked:
            found.setdefault(one.bid_id, []).append(one)
    whole = {bid_id: ranked for bid_id, ranked in found.items() if len(ranked) == len(lots)}
    if not whole:
        raise Conflict("no bid that is left covers every lot, so no supplier can win them all: award per lot instead")
    return min(
        whole,
        key=lambda bid_id: (
            -sum((one.total for one in whole[bid_id]), Decimal(0)),
            sum(one.price_pence for one in whole[bid_id]),
            whole[bid_id][0].lot_drawn,
        ),
    )


def waiting_for(lot: LotAtStake, ones: Sequence[Allocation]) -> tuple[Waiting, ...]:
    """These schools as they are told that they get nothing of a lot."""
    return tuple(Waiting(lot=lot.number, organisation_id=one.organisation_id, quantity=one.quantity) for one in ones)


def _whole(lot: LotAtStake, offered: Offered) -> tuple[PlannedAward | None, tuple[Waiting, ...]]:
    buying, waiting, price = who_buys(lot.wanted, offered.tiers)
    quantity = sum(one.quantity for one in buying)
    if offered.capacity is not None and offered.capacity < quantity:
        raise Conflict(
            f"the best bid for lot {lot.number} can supply {offered.capacity} of {quantity}: split the lot, or exclude "
            f"the bid with a reason"
        )
    if price is None:
        return None, waiting_for(lot, waiting)
    award = PlannedAward(
        lot_id=lot.lot_id,
        lot=lot.number,
        bid_id=offered.bid_id,
        organisation_id=offered.organisation_id,
        quantity=quantity,
        unit_price_pence=price,
        vat_basis_points=offered.vat_basis_points,
        allocations=buying,
    )
    return award, waiting_for(lot, waiting)
