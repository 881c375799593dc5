"""Money is whole pence; VAT rounds half a penny up."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from becta.kernel.money import MAX_PENCE, STANDARD_VAT, vat_pence

amounts = st.integers(0, MAX_PENCE)
rates = st.integers(0, 10_000)


@pytest.mark.parametrize(
    ("_case", "net", "rate", "vat"),
    [
        ("nothing", 0, 2000, 0),
        ("a fifth", 19_900, 2000, 3_980),
        ("0.4 of a penny goes down", 2, 2000, 0),
        ("0.6 of a penny goes up", 3, 2000, 1),
        ("exactly half a penny goes up, from an even penny too", 10, 500, 1),
        ("exactly half a penny goes up from an odd penny", 30, 500, 2),
        ("zero rate", 12_345, 0, 0),
        ("whole rate", 12_345, 10_000, 12_345),
        ("the largest amount keeps every penny", MAX_PENCE - 1, 2000, 2_000_000_000_000),
    ],
)
def test_vat_is_rounded_to_the_nearest_penny(_case: str, net: int, rate: int, vat: int) -> None:
    assert vat_pence(net, rate) == vat


@given(amounts, rates)
def test_vat_is_whole_pence_within_half_a_penny_and_a_half_goes_up(net: int, rate: int) -> None:
    vat = vat_pence(net, rate)

    assert type(vat) is int
    assert Fraction(-1, 2) < vat - Fraction(net * rate, 10_000) <= Fraction(1, 2)


@given(amounts, amounts, rates)
def test_vat_never_falls_when_the_price_rises(one: int, other: int, rate: int) -> None:
    low, high = sorted((one, other))

    assert vat_pence(low, rate) <= vat_pence(high, rate)


@given(st.lists(amounts, min_size=1, max_size=50))
def test_vat_of_a_sum_differs_from_the_sum_of_vat_by_at_most_half_a_penny_a_line(lines: list[int]) -> None:
    apart = abs(vat_pence(sum(lines), STANDARD_VAT) - sum(vat_pence(line, STANDARD_VAT) for line in lines))

    assert 2 * apart <= len(lines) + 1
