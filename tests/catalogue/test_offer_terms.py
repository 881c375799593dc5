"""Offers: prices in whole pence, and buying more never costs more each."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.catalogue import terms

from becta.catalogue.offers.rules import OfferTerms, Region, Tier, terms_faults, unit_price

RANGES = {
    "price_pence": (0, 10**13),
    "vat_basis_points": (0, 10_000),
    "minimum_order": (1, 1_000_000),
    "lead_time_days": (0, 730),
    "contract_term_months": (1, 120),
}


def tier(from_quantity: int, price_pence: int) -> Tier:
    return Tier(from_quantity=from_quantity, price_pence=price_pence)


def told(**changes: Any) -> list[tuple[str, str]]:
    return [(fault.field, fault.problem) for fault in terms_faults(terms(**changes))]


@pytest.mark.parametrize("name", RANGES)
def test_each_figure_has_its_range(name: str) -> None:
    low, high = RANGES[name]

    assert told(**{name: low}) == []
    assert told(**{name: high}) == []
    assert told(**{name: low - 1}) == [(name, "is out of range")]
    assert told(**{name: high + 1}) == [(name, "is out of range")]


@pytest.mark.parametrize(
    ("_case", "changes", "faults"),
    [
        ("nowhere served", {"regions": ()}, [("regions", "is empty")]),
        ("a region twice", {"regions": (Region.LONDON,) * 2}, [("regions", "names a region twice")]),
        ("rising tiers, falling prices", {"tiers": (tier(10, 18_000), tier(50, 17_000))}, []),
        ("a tier at the same price", {"tiers": (tier(10, 19_900),)}, []),
        ("a tier for nothing", {"tiers": (tier(10, 0),)}, []),
        ("20 tiers", {"tiers": tuple(tier(n, 100) for n in range(2, 22))}, []),
        ("21 tiers", {"tiers": tuple(tier(n, 100) for n in range(2, 23))}, [("tiers", "has more than 20 tiers")]),
        ("a tier from one on", {"tiers": (tier(1, 100),)}, [("tiers.0.from_quantity", "does not rise")]),
        (
            "a tier at the minimum order",
            {"minimum_order": 5, "tiers": (tier(5, 100),)},
            [("tiers.0.from_quantity", "does not rise")],
        ),
        (
            "the same quantity twice",
            {"tiers": (tier(10, 200), tier(10, 100))},
            [("tiers.1.from_quantity", "does not rise")],
        ),
        ("beyond a million", {"tiers": (tier(1_000_001, 100),)}, [("tiers.0.from_quantity", "does not rise")]),
        (
            "a dearer tier",
            {"tiers": (tier(10, 19_901),)},
            [("tiers.0.price_pence", "is higher than the price of fewer")],
        ),
        (
            "dearer than the tier before",
            {"tiers": (tier(10, 100), tier(20, 101))},
            [("tiers.1.price_pence", "is higher than the price of fewer")],
        ),
        ("a negative tier", {"tiers": (tier(10, -1),)}, [("tiers.0.price_pence", "is negative")]),
        (
            "everything at once",
            {"price_pence": -1, "regions": (), "tiers": (tier(0, 5),)},
            [
                ("price_pence", "is out of range"),
                ("regions", "is empty"),
                ("tiers.0.from_quantity", "does not rise"),
                ("tiers.0.price_pence", "is higher than the price of fewer"),
            ],
        ),
    ],
)
def test_faults_of_regions_and_tiers(_case: str, changes: dict[str, Any], faults: list[tuple[str, str]]) -> None:
    assert told(**changes) == faults


@pytest.mark.parametrize(
    ("quantity", "price"), [(1, 19_900), (9, 19_900), (10, 18_000), (49, 18_000), (50, 17_000), (10**9, 17_000)]
)
def test_a_tiers_price_holds_from_its_quantity_on(quantity: int, price: int) -> None:
    assert unit_price(terms(tiers=(tier(10, 18_000), tier(50, 17_000))), quantity) == price


tiers = st.lists(st.builds(tier, st.integers(-2, 60), st.integers(-2, 60)), max_size=4).map(tuple)
any_terms = st.builds(
    lambda price, minimum, steps: terms(price_pence=price, minimum_order=minimum, tiers=steps),
    st.integers(-2, 60),
    st.integers(0, 20),
    tiers,
)


@st.composite
def right_terms(draw: st.DrawFn) -> OfferTerms:
    """Terms made to be right, so that the properties are not tried on refused ones only."""
    quantities = sorted(draw(st.sets(st.integers(2, 1_000_000), max_size=6)))
    prices = sorted(draw(st.lists(st.integers(0, 10**13), min_size=len(quantities) + 1, max_size=len(quantities) + 1)))
    steps = tuple(tier(quantity, price) for quantity, price in zip(quantities, reversed(prices[:-1]), strict=True))
    return terms(price_pence=prices[-1], tiers=steps)


@given(right_terms())
def test_rising_quantities_at_falling_prices_are_accepted(offered: OfferTerms) -> None:
    assert terms_faults(offered) == []


@given(right_terms(), st.integers(1, 10**6), st.integers(1, 10**6))
def test_buying_more_never_costs_more_each(offered: OfferTerms, one: int, other: int) -> None:
    fewer, more = sorted((one, other))

    assert unit_price(offered, more) <= unit_price(offered, fewer) <= offered.price_pence


@given(any_terms)
def test_terms_are_right_exactly_when_tiers_rise_from_the_minimum_and_prices_never_do(offered: OfferTerms) -> None:
    quantities = [offered.minimum_order, *(step.from_quantity for step in offered.tiers)]
    prices = [offered.price_pence, *(step.price_pence for step in offered.tiers)]

    assert (terms_faults(offered) == []) is (
        offered.minimum_order >= 1
        and min(prices) >= 0
        and all(fewer < more for fewer, more in pairwise(quantities))
        and all(more <= fewer for fewer, more in pairwise(prices))
    )
