"""What each school pays of an award by the published policy, against what it would have paid alone. Pure functions."""

from collections.abc import Sequence

from becta.market.awards.choosing import Allocation
from becta.market.pledges.sharing import Share, SharingPolicy, Stake, share
from becta.market.pledges.tiers import Tier


def shares_of(policy: SharingPolicy, unit_price_pence: int, allocations: Sequence[Allocation]) -> list[Share]:
    """Each school's share in the order of the allocations; they sum exactly to the price of the award.

    A school whose price alone nobody knows counts as if it paid the same alone: no saving is claimed for it. No price
    of an award is above a school's limit, so all of them buy. Whoever came later pays the price for one, and the others
    share what they save as if it had not come, so it makes nobody pay more.
    """
    tiers = (Tier(from_quantity=1, unit_price_pence=unit_price_pence),)
    first = [_stake(one, unit_price_pence) for one in allocations if not one.came_later]
    later = [_stake(one, unit_price_pence) for one in allocations if one.came_later]
    shares = (*share(policy, tiers, first).shares, *share(SharingPolicy.ONE_PRICE, tiers, later).shares)
    found = {one.school: one for one in shares}
    return [found[one.organisation_id] for one in allocations]


def _stake(one: Allocation, unit_price_pence: int) -> Stake:
    return Stake(
        school=one.organisation_id,
        quantity=one.quantity,
        ceiling_price_pence=unit_price_pence if one.ceiling_price_pence is None else one.ceiling_price_pence,
        alone_price_pence=unit_price_pence if one.alone_price_pence is None else one.alone_price_pence,
    )
