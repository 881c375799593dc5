"""Schools that get nothing of their lot and said that another would do: who moves where, by one published rule.

The rule, the same for every procurement and known before anybody pledges:

1. Every lot is judged and awarded on what was pledged to it. Nothing below changes a ranking or a winner.
2. A school that got nothing of its lot, since no bid was left for it or whoever wins asks more than the school pays at
   most, is tried with the lots it named, in its order. All first choices come first, then all second ones.
3. It buys there from who won that lot, or else would have, all that it pledged or nothing, at the price that all reach
   together; never above its own ceiling, nor above what that lot costs alone.
4. Those who pledged to the lot come first, then earlier pledges, as far as the supplier can supply. Whoever had
   something of the lot before keeps it, at the same price or below, and shares what is saved with nobody who comes
   later: these pay the price for one.
5. A school has one order of a lot: it does not move to one that it has pledged to itself, nor to one of another
   category than the school committed its money for.
"""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct, structs

from becta.market.awards.choosing import Allocation, Choice, LotAtStake, Moved, Offered, PlannedAward
from becta.market.pledges.sharing import largest_group
from becta.market.pledges.tiers import alone_price, price_at, price_for
from becta.market.procurements.terms import AwardMethod


class _Order(Struct, frozen=True):
    """What a school wants of the lot it pledged to."""

    lot: LotAtStake
    wanted: Allocation

    @property
    def school(self) -> UUID:
        """Whose it is."""
        return self.wanted.organisation_id


class _Counter:
    """A lot of which more may be bought: the bids that sell of it, and what each has sold."""

    def __init__(self, lot: LotAtStake, sellers: Sequence[Offered], sold: Sequence[PlannedAward]) -> None:
        """What was sold once the lot was awarded on what was pledged to it."""
        self.lot, self.sellers = lot, sellers
        self.sold = {one.bid_id: list(one.allocations) for one in sold}
        self.schools = {*lot.bound, *(one.organisation_id for one in lot.wanted)}

    def serve(self, orders: Sequence[_Order]) -> list[_Order]:
        """Sell to these, one order of a school, first come first served, the cheapest seller first; who was served."""
        asking = {one.school: (one, self._at_price_alone_here(one)) for one in orders}
        served = []
        for seller in sorted(self.sellers, key=lambda one: price_at(one.tiers, self._sold_by(one))):
            group = self._group(seller, [wanted for _, wanted in asking.values()])
            self.sold.setdefault(seller.bid_id, []).extend(structs.replace(one, came_later=True) for one in group)
            served += [asking.pop(one.organisation_id)[0] for one in group]
        self.schools.update(one.school for one in served)
        return served

    def awards(self) -> list[PlannedAward]:
        """What each bid wins of the lot now."""
        return [
            PlannedAward(
                lot_id=self.lot.lot_id,
                lot=self.lot.number,
                bid_id=seller.bid_id,
                organisation_id=seller.organisation_id,
                quantity=quantity,
                unit_price_pence=price_at(seller.tiers, quantity),
                vat_basis_points=seller.vat_basis_points,
                allocations=tuple(self.sold[seller.bid_id]),
            )
            for seller in self.sellers
            if (quantity := self._sold_by(seller))
        ]

    def _group(self, seller: Offered, asking: Sequence[Allocation]) -> list[Allocation]:
        """Who buys of a seller beside those who do: whom it has room for, and whose limit the price is within.

        Whoever finds the price too high gives its room back, for which the others are asked again.
        """
        while True:
            fitting = self._fitting(seller, asking)
            group = largest_group(seller.tiers, fitting, beside=self._sold_by(seller))[0]
            if len(group) == len(fitting):
                return group
            dropped = {one.organisation_id for one in fitting} - {one.organisation_id for one in group}
            asking = [one for one in asking if one.organisation_id not in dropped]

    def _fitting(self, seller: Offered, asking: Sequence[Allocation]) -> list[Allocation]:
        """Whom a seller has room for, in order, if the price is as low as it can get."""
        sold, everything = self._sold_by(seller), sum(one.quantity for one in asking)
        room = everything if seller.capacity is None else min(everything, seller.capacity - sold)
        lowest = price_for(seller.tiers, sold + room)
        fitting = []
        for one in asking:
            can_pay = lowest is not None and (one.limit_pence is None or one.limit_pence >= lowest)
            if can_pay and one.quantity <= room:
                fitting.append(one)
                room -= one.quantity
        return fitting

    def _at_price_alone_here(self, order: _Order) -> Allocation:
        """What is wanted; who comes from another lot is measured against what this one costs alone."""
        if order.lot.number == self.lot.number:
            return order.wanted
        terms = self.lot.terms
        alone = alone_price(terms.tiers, order.wanted.quantity, terms.alone_price_pence)
        return structs.replace(order.wanted, alone_price_pence=alone)

    def _sold_by(self, seller: Offered) -> int:
        return sum(one.quantity for one in self.sold.get(seller.bid_id, ()))


def moved_on(method: AwardMethod, lots: Sequence[LotAtStake], choice: Choice) -> Choice:
    """The choice once those who got nothing of their lot moved where they said they would, by the rule above."""
    unserved = _unserved(lots, choice)
    turns = max((len(one.wanted.acceptable_lots) for one in unserved), default=0)
    if turns == 0:
        return choice
    counters = {lot.number: _counter(method, lot, choice) for lot in lots}
    moved: list[Moved] = []
    for turn in range(turns):
        for number, counter in counters.items():
            coming = _coming(unserved, number, turn, counter)
            if coming:
                waiting = [one for one in unserved if one.lot.number == number]
                served = counter.serve([*waiting, *coming])
                moved += [_told(one, number) for one in served if one.lot.number != number]
                gone = {(one.lot.number, one.school) for one in served}
                unserved = [one for one in unserved if (one.lot.number, one.school) not in gone]
    still = {(one.lot.number, one.school) for one in unserved}
    return structs.replace(
        choice,
        awards=tuple(award for counter in counters.values() for award in counter.awards()),
        waiting=tuple(one for one in choice.waiting if (one.lot, one.organisation_id) in still),
        moved=tuple(moved),
    )


def _unserved(lots: Sequence[LotAtStake], choice: Choice) -> list[_Order]:
    """The orders of which nothing was awarded, by when they were pledged: ids of pledges ascend with time."""
    got = {(award.lot, one.organisation_id) for award in choice.awards for one in award.allocations}
    found = [_Order(lot, one) for lot in lots for one in lot.wanted if (lot.number, one.organisation_id) not in got]
    return sorted(found, key=lambda one: (one.wanted.pledge_id is not None, one.wanted.pledge_id or one.school))


def _coming(unserved: Sequence[_Order], number: int, turn: int, counter: _Counter) -> list[_Order]:
    """Who names this lot next, of its own category, and has no order of it, one order of each school."""
    found: dict[UUID, _Order] = {}
    for one in unserved:
        is_next = one.wanted.acceptable_lots[turn : turn + 1] == (number,)
        is_alike = one.lot.terms.category == counter.lot.terms.category
        if is_next and is_alike and one.school not in counter.schools:
            found.setdefault(one.school, one)
    return list(found.values())


def _counter(method: AwardMethod, lot: LotAtStake, choice: Choice) -> _Counter:
    """A lot with who sells of it: its winners, or if nobody bought, who would have won it."""
    sold = [one for one in choice.awards if one.lot == lot.number]
    won = [one.bid_id for one in sold] or _would_win(method, lot, choice)
    return _Counter(lot, [lot.offered[bid_id] for bid_id in won], sold)


def _would_win(method: AwardMethod, lot: LotAtStake, choice: Choice) -> list[UUID]:
    """The first of the ranking; where one supplier wins all lots, that one, if it is ranked here."""
    if method is not AwardMethod.SINGLE:
        return [] if lot.ranking.winner is None else [lot.ranking.winner.bid_id]
    return [one.bid_id for one in lot.ranking.ranked if one.bid_id == choice.winner]


def _told(order: _Order, to_lot: int) -> Moved:
    own = order.lot.number
    is_sold = order.lot.ranking.winner is not None
    why = f"lot {own} is not sold at what the school pays at most" if is_sold else f"no bid for lot {own} is left"
    return Moved(
        organisation_id=order.school,
        quantity=order.wanted.quantity,
        from_lot=own,
        to_lot=to_lot,
        reason=f"{why}; the school named lot {to_lot} as one that would do",
    )
