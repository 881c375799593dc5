"""Thresholds, values, time limits and changes of contract: the numbers of the Act, each by its section."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from becta.catalogue.categories import categories
from becta.kernel.errors import Invalid
from becta.market.advice.entries import (
    LIGHT_TOUCH,
    Band,
    BuyerKind,
    ContractKind,
    StandstillException,
)
from becta.market.advice.modifications import (
    Modification,
    Permitted,
    judge_modification,
    modification_copy_due,
    modification_needs_notice,
)
from becta.market.advice.reference import holiday_data, procedure_data, sources, threshold_data
from becta.market.advice.timing import (
    _PARTICIPATION,
    _TENDERING,
    Circumstances,
    contract_copy_due,
    contract_details_due,
    framework_latest_end,
    is_qualifying_planned_notice,
    needs_kpis,
    participation_period_ends,
    standstill,
    standstill_exception,
    tender_period_ends,
    tendering_period,
    termination_notice_due,
)
from becta.market.advice.valuation import (
    aggregated_pence,
    band_of,
    is_above_threshold,
    is_notifiable,
    subject_of,
    threshold_for,
    thresholds_on,
    value_inc_vat,
)

TODAY = date(2026, 11, 26)
GOODS = threshold_for(BuyerKind.TRUST, ContractKind.GOODS_SERVICES, TODAY)


@pytest.mark.parametrize(
    ("buyer", "kind", "on", "pounds"),
    [
        (BuyerKind.SCHOOL, ContractKind.GOODS_SERVICES, "2025-02-24", 214_904),
        (BuyerKind.SCHOOL, ContractKind.GOODS_SERVICES, "2025-12-31", 214_904),
        (BuyerKind.SCHOOL, ContractKind.GOODS_SERVICES, "2026-01-01", 207_720),
        (BuyerKind.CENTRAL_PURCHASING_BODY, ContractKind.GOODS_SERVICES, "2027-12-31", 207_720),
        (BuyerKind.CENTRAL_GOVERNMENT, ContractKind.GOODS_SERVICES, "2026-01-01", 135_018),
        (BuyerKind.TRUST, ContractKind.WORKS, "2025-12-31", 5_372_609),
        (BuyerKind.TRUST, ContractKind.WORKS, "2026-01-01", 5_193_000),
        (BuyerKind.LOCAL_AUTHORITY, ContractKind.LIGHT_TOUCH, "2026-01-01", 663_540),
        (BuyerKind.LOCAL_AUTHORITY, ContractKind.CONCESSION, "2026-01-01", 5_193_000),
        (BuyerKind.LOCAL_AUTHORITY, ContractKind.LIGHT_TOUCH_CONCESSION, "2026-01-01", 5_372_609),
        (BuyerKind.LOCAL_AUTHORITY, ContractKind.UTILITIES, "2026-01-01", 415_440),
    ],
)
def test_the_threshold_is_that_of_the_day_the_procurement_commences(
    buyer: BuyerKind, kind: ContractKind, on: str, pounds: int
) -> None:
    assert threshold_for(buyer, kind, date.fromisoformat(on)).amount_pence == pounds * 100


@pytest.mark.parametrize(
    ("on", "problem"),
    [
        (date(2025, 2, 23), "is before the Procurement Act 2023 came into force on 2025-02-24"),
        (date(2028, 1, 1), "is on or after 2028-01-01, when the thresholds change to amounts we do not know yet"),
    ],
)
def test_a_day_whose_thresholds_are_unknown_is_refused(on: date, problem: str) -> None:
    with pytest.raises(Invalid) as refused:
        thresholds_on(on)

    assert [(fault.field, fault.problem) for fault in refused.value.faults] == [("date", problem)]


def test_there_is_one_threshold_for_each_buyer_kind_and_day() -> None:
    for on in (date(2025, 2, 24), TODAY):
        for buyer in BuyerKind:
            for kind in ContractKind:
                threshold_for(buyer, kind, on)
    assert len(thresholds_on(TODAY)) == len(ContractKind) + 1


def test_the_value_counts_vat_and_the_threshold_itself_is_above() -> None:
    assert value_inc_vat(17_310_000) == GOODS.amount_pence
    assert is_above_threshold(value_inc_vat(17_310_000), GOODS)
    assert not is_above_threshold(value_inc_vat(17_309_999), GOODS)


def test_what_cannot_be_estimated_is_above() -> None:
    assert is_above_threshold(None, GOODS)
    assert is_above_threshold(aggregated_pence([1, None]), GOODS)


def test_contracts_that_could_be_one_are_valued_together() -> None:
    assert aggregated_pence([100, 250, 0]) == 350


@pytest.mark.parametrize(
    ("net", "band"),
    [(999_999, Band.LOW), (1_000_000, Band.MEDIUM), (4_000_000, Band.MEDIUM), (4_000_001, Band.HIGH)],
)
def test_dfe_calls_under_10000_low_and_over_40000_high(net: int, band: Band) -> None:
    assert band_of(net) is band


def test_small_contracts_are_notified_from_30000_pounds_or_12000_for_central_government() -> None:
    assert [is_notifiable(BuyerKind.LOCAL_AUTHORITY, value) for value in (2_999_999, 3_000_000)] == [False, True]
    assert [is_notifiable(BuyerKind.CENTRAL_GOVERNMENT, value) for value in (1_199_999, 1_200_000)] == [False, True]


@pytest.mark.parametrize(
    ("what", "kind"),
    [
        ("laptops", ContractKind.GOODS_SERVICES),
        ("30213100", ContractKind.GOODS_SERVICES),
        ("72400000-4", ContractKind.GOODS_SERVICES),
        ("training-and-cpd", ContractKind.LIGHT_TOUCH),
        ("80420000", ContractKind.LIGHT_TOUCH),
        ("learning-platforms", ContractKind.GOODS_SERVICES),
        ("45314320", ContractKind.WORKS),
        ("installation", ContractKind.GOODS_SERVICES),
    ],
)
def test_what_is_bought_decides_the_kind_of_contract_and_doubt_takes_the_lowest_threshold(
    what: str, kind: ContractKind
) -> None:
    assert subject_of(what).kind is kind


@pytest.mark.parametrize("what", ["", "tanks", "3021310", "30213100-", "３０２１３１００"])
def test_what_is_neither_category_nor_cpv_is_refused(what: str) -> None:
    with pytest.raises(Invalid) as refused:
        subject_of(what)

    assert refused.value.faults[0].field == "what"


def test_every_category_can_be_bought() -> None:
    assert {subject_of(code).code for code in categories()} == set(categories())


@pytest.mark.parametrize(
    ("case", "days"),
    [
        (Circumstances(), 25),
        (Circumstances(is_light_touch=True), 0),
        (Circumstances(is_pre_selected_only=True, is_negotiated=True), 0),
        (Circumstances(is_pre_selected_only=True), 10),
        (Circumstances(is_pre_selected_only=True, is_negotiated=True, is_central_government=True), 25),
        (Circumstances(has_planned_notice=True, is_electronic=False), 10),
        (Circumstances(is_urgent=True, are_documents_at_once=False), 10),
        (Circumstances(is_dynamic_market=True), 10),
        (Circumstances(are_documents_at_once=False), 30),
        (Circumstances(is_electronic=False), 30),
        (Circumstances(is_electronic=False, are_documents_at_once=False), 35),
    ],
)
def test_the_shortest_period_that_applies_is_the_least(case: Circumstances, days: int) -> None:
    assert tendering_period(case).days == days
    assert tender_period_ends(TODAY, case) == TODAY + timedelta(days=days)


def test_a_tendering_period_starts_the_day_after_the_notice() -> None:
    assert tender_period_ends(date(2026, 11, 1)) == date(2026, 11, 26)


def test_requests_to_participate_get_25_days_or_10_in_urgency() -> None:
    assert participation_period_ends(date(2026, 11, 1)) == date(2026, 11, 26)
    assert participation_period_ends(date(2026, 11, 1), Circumstances(is_urgent=True)) == date(2026, 11, 11)


def test_every_period_of_the_data_has_its_rule() -> None:
    assert {one.code for one in procedure_data().tendering_periods} == set(_TENDERING)
    assert {one.code for one in procedure_data().participation_periods} == set(_PARTICIPATION)
    assert {one.code for one in procedure_data().standstill_exceptions} == set(StandstillException)


@given(case=st.builds(Circumstances, **{name: st.booleans() for name in Circumstances.__struct_fields__}))
def test_no_circumstances_leave_suppliers_without_a_rule(case: Circumstances) -> None:
    assert tendering_period(case).days in {0, 10, 25, 30, 35}


def test_a_planned_notice_shortens_from_40_days_to_12_months_before() -> None:
    planned = date(2026, 1, 10)

    assert not is_qualifying_planned_notice(planned, date(2026, 2, 18))
    assert is_qualifying_planned_notice(planned, date(2026, 2, 19))
    assert is_qualifying_planned_notice(planned, date(2027, 1, 10))
    assert not is_qualifying_planned_notice(planned, date(2027, 1, 11))


def test_a_voluntary_standstill_lasts_at_least_eight_working_days() -> None:
    assert standstill(date(2026, 11, 20), days=10).ends == date(2026, 12, 4)
    with pytest.raises(Invalid) as refused:
        standstill(date(2026, 11, 20), days=7)
    assert refused.value.faults[0].field == "days"


def test_call_offs_dynamic_markets_and_light_touch_need_no_standstill_but_a_framework_itself_does() -> None:
    assert standstill_exception() is None
    assert standstill_exception(is_call_off=True) is StandstillException.FRAMEWORK
    assert standstill_exception(is_dynamic_market=True) is StandstillException.DYNAMIC_MARKET
    assert standstill_exception(is_light_touch=True) is StandstillException.LIGHT_TOUCH
    assert standstill_exception(direct_award_ground="extreme_urgency") is StandstillException.EXTREME_URGENCY
    assert standstill_exception(direct_award_ground="single_supplier") is None


def test_periods_that_begin_with_a_day_count_it_as_their_first() -> None:
    entered = date(2027, 1, 1)

    assert contract_details_due(entered) == date(2027, 1, 30)
    assert contract_details_due(entered, is_light_touch=True) == date(2027, 4, 30)
    assert termination_notice_due(entered) == date(2027, 1, 30)
    assert contract_copy_due(entered, 500_000_000) is None
    assert contract_copy_due(entered, 500_000_001) == date(2027, 3, 31)
    assert contract_copy_due(entered, None, is_light_touch=True) == date(2027, 6, 29)
    assert framework_latest_end(entered) == date(2030, 12, 31)


def test_key_performance_indicators_are_set_over_5_million_but_not_for_frameworks_or_light_touch() -> None:
    assert [needs_kpis(value) for value in (500_000_000, 500_000_001, None)] == [False, True, True]
    assert not needs_kpis(None, is_light_touch=True)
    assert not needs_kpis(None, is_framework=True)


def _change(**changes: object) -> Modification:
    whole = {"kind": ContractKind.GOODS_SERVICES, "value_pence": 100_000_000, "new_value_pence": 100_000_000}
    return Modification(**{**whole, "term_days": 1_000, "new_term_days": 1_000, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "needs_notice"),
    [
        (_change(new_value_pence=110_000_000), False),
        (_change(new_value_pence=110_000_001), True),
        (_change(new_value_pence=89_999_999), True),
        (_change(kind=ContractKind.WORKS, new_value_pence=115_000_000), False),
        (_change(kind=ContractKind.WORKS, new_value_pence=115_000_001), True),
        (_change(new_term_days=1_100), False),
        (_change(new_term_days=1_101), True),
        (_change(new_value_pence=150_000_000, new_term_days=1_100), False),
        (_change(new_value_pence=110_000_000, new_term_days=2_000), False),
        (_change(changes_scope=True), True),
        (_change(kind=ContractKind.LIGHT_TOUCH, new_value_pence=900_000_000), False),
        (_change(ground=Permitted.RESTRUCTURING, new_value_pence=101_000_000), True),
    ],
)
def test_a_change_notice_is_due_unless_value_or_term_changes_little(change: Modification, needs_notice: bool) -> None:
    assert modification_needs_notice(change) is needs_notice


@pytest.mark.parametrize(
    ("change", "permitted", "section"),
    [
        (_change(new_value_pence=130_000_000), True, "s.74(3)"),
        (_change(new_term_days=1_101, new_value_pence=105_000_000), True, "s.74(4)"),
        (_change(new_term_days=1_101, new_value_pence=105_000_000, earlier_pence=15_772_000), False, "s.74(1)"),
        (_change(new_term_days=1_101, new_value_pence=111_000_000), False, "s.74(1)"),
        (_change(changes_scope=True), False, "s.74(1)"),
        (_change(favours_supplier=True), True, "s.74(4)"),
        (_change(ground=Permitted.UNFORESEEABLE, new_value_pence=150_000_000), True, "Sch 8 para 4"),
        (_change(ground=Permitted.UNFORESEEABLE, new_value_pence=150_000_001), False, "Sch 8 para 4"),
        (_change(ground=Permitted.PROVIDED_FOR, new_value_pence=900_000_000), True, "Sch 8 para 1"),
        (_change(changes_supplier=True), False, "s.74(9)"),
        (_change(changes_supplier=True, ground=Permitted.RESTRUCTURING), True, "Sch 8 para 9"),
        (_change(kind=ContractKind.LIGHT_TOUCH, changes_scope=True), True, "s.74(2)"),
    ],
)
def test_a_contract_may_be_changed_if_permitted_not_substantial_or_small(
    change: Modification, permitted: bool, section: str
) -> None:
    advice = judge_modification(change, GOODS)

    assert (advice.is_permitted, advice.why[0].section) == (permitted, f"Procurement Act 2023 {section}")
    assert not (advice.needs_notice and not permitted)


def test_a_notified_change_over_5_million_is_published_within_90_days() -> None:
    large = _change(new_value_pence=500_000_001)

    assert modification_copy_due(large, date(2027, 1, 1)) == date(2027, 3, 31)
    assert modification_copy_due(_change(new_value_pence=500_000_000), date(2027, 1, 1)) is None
    assert modification_copy_due(_change(value_pence=490_000_000, new_value_pence=500_000_001), TODAY) is None


def test_every_fact_names_a_source_we_have() -> None:
    data = threshold_data()
    named = {
        *(one.source for one in data.thresholds),
        *(one.source for one in data.bands),
        *(one.source for one in data.cpv_kinds),
        *(one.source for one in data.notifiable_below_threshold),
        *(one.source for one in holiday_data().holidays),
    }

    assert named <= set(sources())
    assert [one.number for one in procedure_data().notices] == [f"UK{number}" for number in range(1, 18)]
    assert {one.kind for one in data.cpv_kinds} <= {*LIGHT_TOUCH, ContractKind.WORKS}
