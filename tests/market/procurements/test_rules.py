"""What is wrong with a procurement: weights, tiers, dates and changes, each named by its field."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from becta.market.evaluation.pricing import Baseline, PriceFormula
from becta.market.pledges.tiers import Tier
from becta.market.procurements.rules import extension_faults, lots_faults, still_to_come, timetable_faults
from becta.market.procurements.terms import Criterion, CriterionKind, LotTerms

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SUPPORT = Criterion(code="support", title="Support", kind=CriterionKind.QUALITY, weight=Decimal(40))
UPDATES = Criterion(code="updates", title="Updates", kind=CriterionKind.PASS_FAIL)
LOT = LotTerms(
    title="Laptops",
    description="Laptops for year 7",
    category="laptops",
    cpv="30213100-6",
    criteria=(SUPPORT, UPDATES),
    price_weight=Decimal(60),
    tiers=(Tier(from_quantity=1, unit_price_pence=40_000), Tier(from_quantity=100, unit_price_pence=38_000)),
)


def test_a_lot_as_it_should_be_has_no_fault() -> None:
    assert lots_faults([LOT]) == []


@pytest.mark.parametrize(
    ("_case", "changes", "field"),
    [
        ("no such category", {"category": "teapots"}, "category"),
        ("a CPV code of seven digits", {"cpv": "3021310"}, "cpv"),
        ("weights that sum to 99", {"price_weight": Decimal(59)}, "price_weight"),
        ("a weight below zero", {"price_weight": Decimal(-1)}, "price_weight"),
        ("a weight of three decimals", {"price_weight": Decimal("59.999")}, "price_weight"),
        ("not a number", {"price_weight": Decimal("NaN")}, "price_weight"),
        (
            "pass or fail with a weight",
            {"criteria": (SUPPORT, replace(UPDATES, weight=Decimal(1)))},
            "criteria.1.weight",
        ),
        ("quality without a weight", {"criteria": (replace(SUPPORT, weight=None),)}, "criteria.0.weight"),
        ("a code twice", {"criteria": (SUPPORT, replace(UPDATES, code="support"))}, "criteria.0.code"),
        ("a code with a space", {"criteria": (replace(SUPPORT, code="our support"),)}, "criteria.0.code"),
        ("tiers that become dearer", {"tiers": (LOT.tiers[0], Tier(from_quantity=9, unit_price_pence=40_001))}, None),
        ("a baseline formula without its prices", {"price_formula": PriceFormula.BASELINE}, "baseline"),
        ("a baseline upside down", {"baseline": Baseline(base_pence=9, ceiling_pence=9)}, "baseline"),
        (
            "a price weight beside price per point",
            {"price_formula": PriceFormula.PRICE_PER_QUALITY_POINT},
            "price_weight",
        ),
        ("VAT above 100 per cent", {"vat_basis_points": 10_001}, "vat_basis_points"),
        ("no supplier at all", {"max_suppliers": 0}, "max_suppliers"),
        ("a day that is none", {"supported_until": "2030-02-30"}, "supported_until"),
    ],
)
def test_each_fault_is_named_by_its_field(_case: str, changes: dict[str, object], field: str | None) -> None:
    faults = lots_faults([LOT, replace(LOT, **changes)])

    assert f"lots.1.{field or 'tiers.1.unit_price_pence'}" in {fault.field for fault in faults}
    assert all(fault.field.startswith("lots.1.") for fault in faults)
    assert all(fault.mend for fault in faults)


@given(st.lists(st.integers(1, 9_999), max_size=6), st.integers(0, 10_000))
def test_weights_are_right_exactly_where_they_sum_to_a_hundred(hundredths: list[int], price: int) -> None:
    criteria = tuple(
        Criterion(code=f"c{place}", title="C", kind=CriterionKind.QUALITY, weight=Decimal(one) / 100)
        for place, one in enumerate(hundredths)
    )

    faults = lots_faults([replace(LOT, criteria=criteria, price_weight=Decimal(price) / 100)])

    assert (faults == []) == (sum(hundredths) + price == 10_000)


def test_there_are_one_to_fifty_lots() -> None:
    assert [fault.field for fault in lots_faults([])] == ["lots"]
    assert [fault.field for fault in lots_faults([LOT] * 51)] == ["lots"]


def test_dates_follow_one_another_and_those_left_out_are_no_fault() -> None:
    dates = {
        "pledge_deadline": NOW,
        "withdrawal_deadline": None,
        "clarification_deadline": NOW + 2 * DAY,
        "tender_deadline": NOW + DAY,
    }

    [fault] = timetable_faults(**dates)

    assert (fault.field, fault.problem) == ("timetable.tender_deadline", "is before clarification_deadline")


def test_a_deadline_that_is_needed_lies_ahead() -> None:
    assert still_to_come("x", NOW + DAY, now=NOW) == []
    assert [fault.problem for fault in still_to_come("x", NOW, now=NOW)] == ["has passed"]
    assert [fault.problem for fault in still_to_come("x", None, now=NOW)] == ["is missing"]


@given(before=st.integers(1, 60), after=st.none() | st.integers(1, 60), is_substantial=st.booleans())
def test_a_deadline_only_moves_later_and_a_substantial_change_leaves_ten_days(
    before: int, after: int | None, is_substantial: bool
) -> None:
    faults = extension_faults(
        before=NOW + before * DAY,
        after=None if after is None else NOW + after * DAY,
        is_substantial=is_substantial,
        now=NOW,
        at_least=10 * DAY,
    )

    left = before if after is None else after
    is_right = (after is None or after > before) and (not is_substantial or left >= 10)
    assert (faults == []) == is_right
