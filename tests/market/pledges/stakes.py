"""Tables of tiers and pledges of many schools, drawn for property tests."""

from uuid import UUID

from hypothesis import strategies as st

from becta.market.pledges.sharing import Stake
from becta.market.pledges.tiers import Tier, alone_price


@st.composite
def tables(draw: st.DrawFn) -> list[Tier]:
    """A right table of tiers."""
    starts = [1, *sorted(draw(st.sets(st.integers(2, 2_000), max_size=5)))]
    prices = sorted(draw(st.lists(st.integers(0, 500), min_size=len(starts), max_size=len(starts))))
    return [
        Tier(from_quantity=start, unit_price_pence=price) for start, price in zip(starts, reversed(prices), strict=True)
    ]


@st.composite
def stakes_of(draw: st.DrawFn, tiers: list[Tier], *, at_most: int = 8) -> list[Stake]:
    """Pledges of several schools; some stated a price alone, others pay their own tier's."""
    made = []
    for number in range(draw(st.integers(0, at_most))):
        quantity = draw(st.integers(1, 600))
        alone = alone_price(tiers, quantity, draw(st.one_of(st.none(), st.integers(0, 600))))
        assert alone is not None
        ceiling = draw(st.integers(0, 600))
        made.append(stake(number, quantity, ceiling=ceiling, alone=alone))
    return made


def stake(number: int, quantity: int, *, ceiling: int, alone: int) -> Stake:
    """What the school of this number pledged."""
    return Stake(school=UUID(int=number), quantity=quantity, ceiling_price_pence=ceiling, alone_price_pence=alone)
