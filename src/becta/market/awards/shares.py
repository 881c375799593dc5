"""What each school pays of an award by the published policy, against what it would have paid alone. Pure functions."""

from collections.abc import Sequence

from becta.market.awards.choosing import Allocation
from becta.market.pledges.sharing import Share, SharingPolicy, Stake, share
from becta.market.pledges.tiers import Tier


def shares_of(policy: SharingPolicy, unit_price_pence: int, allocations: Sequence[Allocation]) -> list[Share]:
    """Each school's share in the order of the allocations; they sum exactly to the price of the award.

    A school whose price alone nobody knows counts as if it paid the same alone: no saving is claimed for it. No price
    of an award is above a school's limit, so all of them buy.
    """
    stakes = [
        Stake(
            school=one.organisation_id,
            quantity=one.quantity,
            ceiling_price_pence=unit_price_pence if one.ceiling_price_pence is None else one.ceiling_price_pence,
            alone_price_pence=unit_price_pence if one.alone_price_pence is None else one.alone_price_pence,
        )
        for one in allocations
    ]
    tiers = (Tier(from_quantity=1, unit_price_pence=unit_price_pence),)
    found = {one.school: one for one in share(policy, tiers, stakes).shares}
    return [found[one.organisation_id] for one in allocations]
