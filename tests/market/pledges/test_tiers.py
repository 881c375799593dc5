"""Where what is pledged stands on the tiers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.market.pledges.stakes import tables

from becta.market.pledges.tiers import Tier, price_at, tier_curve, tier_faults

TIERS = (
    Tier(from_quantity=1, unit_price_pence=20_000),
    Tier(from_quantity=100, unit_price_pence=18_000),
    Tier(from_quantity=500, unit_price_pence=17_680),
)


def test_the_curve_says_how_many_reach_the_next_tier_and_what_the_school_would_save() -> None:
    curve = tier_curve(TIERS, pledged=488, school_quantity=30, alone_price_pence=None)

    assert [point.is_reached for point in curve.points] == [True, True, False]
    assert (curve.unit_price_pence, curve.alone_price_pence) == (18_000, 20_000)
    assert (curve.school_pays_pence, curve.school_saves_pence) == (540_000, 60_000)
    assert curve.sentence == "488 devices pledged, so each costs £180.00; your school saves £600.00"
    assert curve.next_tier is not None
    assert (curve.next_tier.more, curve.next_tier.saves_more_pence) == (12, 9_600)
    assert curve.next_tier.sentence == "12 more devices reach the next tier; your school would save £96.00 more"


def test_one_more_is_said_in_the_singular_and_the_top_tier_has_no_next() -> None:
    near = tier_curve(TIERS, pledged=99, school_quantity=0, alone_price_pence=None)
    top = tier_curve(TIERS, pledged=500, school_quantity=0, alone_price_pence=None)

    assert near.next_tier is not None
    assert near.next_tier.sentence == "1 more device reaches the next tier at £180.00 each"
    assert top.next_tier is None
    assert top.sentence == "500 devices pledged, so each costs £176.80"
    empty = tier_curve(TIERS, pledged=0, school_quantity=0, alone_price_pence=None)
    assert empty.sentence == "nothing is pledged yet; the first device costs £200.00"


def test_a_school_that_is_cheaper_alone_is_promised_no_saving() -> None:
    curve = tier_curve(TIERS, pledged=99, school_quantity=10, alone_price_pence=17_900)

    assert (curve.school_pays_pence, curve.school_saves_pence) == (179_000, 0)
    assert curve.next_tier is not None
    assert curve.next_tier.saves_more_pence == 0


def test_before_prices_are_known_the_curve_only_says_how_many_are_pledged() -> None:
    none = tier_curve((), pledged=40, school_quantity=40, alone_price_pence=None, thing="licence")

    assert (none.unit_price_pence, none.school_pays_pence, none.next_tier) == (None, None, None)
    assert none.sentence == "40 licences pledged; prices come with the bids"


@pytest.mark.parametrize(
    ("tiers", "fields"),
    [
        ([], ["tiers"]),
        ([Tier(from_quantity=2, unit_price_pence=5)], ["tiers.0.from_quantity"]),
        (
            [Tier(from_quantity=1, unit_price_pence=5), Tier(from_quantity=1, unit_price_pence=6)],
            ["tiers.1.from_quantity", "tiers.1.unit_price_pence"],
        ),
        (
            [Tier(from_quantity=1, unit_price_pence=-1), Tier(from_quantity=10**7, unit_price_pence=-1)],
            ["tiers.0.unit_price_pence", "tiers.1.from_quantity", "tiers.1.unit_price_pence"],
        ),
        (TIERS, []),
    ],
)
def test_a_table_starts_at_one_ascends_and_grows_no_dearer(tiers: list[Tier], fields: list[str]) -> None:
    assert [fault.field for fault in tier_faults(tiers)] == fields


@given(tables(), st.integers(0, 3_000), st.integers(0, 3_000))
def test_more_is_never_dearer(tiers: list[Tier], quantity: int, more: int) -> None:
    assert tier_faults(tiers) == []
    assert price_at(tiers, quantity + more) <= price_at(tiers, quantity)


@given(tables(), st.integers(0, 3_000), st.integers(0, 500))
def test_the_promised_saving_is_what_the_next_tier_brings(tiers: list[Tier], pledged: int, own: int) -> None:
    curve = tier_curve(tiers, pledged=pledged + own, school_quantity=own, alone_price_pence=None)

    if curve.next_tier is not None:
        reached = tier_curve(
            tiers,
            pledged=pledged + own + curve.next_tier.more,
            school_quantity=own,
            alone_price_pence=curve.alone_price_pence,
        )
        assert reached.school_pays_pence == curve.school_pays_pence - curve.next_tier.saves_more_pence
        assert reached.unit_price_pence == curve.next_tier.unit_price_pence
