"""Which route? Lawful and sensible routes with their reasons and dates."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from becta.kernel.errors import Invalid
from becta.kernel.working_days import is_working_day
from becta.market.advice.entries import SCHOOLS, Band, BuyerKind, Route
from becta.market.advice.judging import FrameworkInHand
from becta.market.advice.reference import uk_calendar
from becta.market.advice.routes import Question, RouteAdvice, RouteOption, advise_route
from becta.market.advice.steps import Step

TODAY = date(2026, 11, 26)
EVERY = set(Route)
UNCOMPETED = {Route.CATALOGUE, Route.THREE_QUOTES}

questions = st.builds(
    Question,
    buyer=st.sampled_from(BuyerKind),
    what=st.sampled_from(["laptops", "training-and-cpd", "45314320", "learning-platforms"]),
    on=st.dates(date(2025, 2, 24), date(2027, 12, 31)),
    value_pence=st.none() | st.integers(0, 10**9),
    schools=st.integers(1, 90),
    term_months=st.none() | st.integers(1, 120),
    framework=st.none() | st.just(FrameworkInHand(name="Larch Framework")),
    vat_basis_points=st.just(2000),
    buyer_notes=st.just(()),
)


def ask(**changes: Any) -> RouteAdvice:
    return advise_route(Question(**{"buyer": BuyerKind.TRUST, "what": "laptops", "on": TODAY, **changes}))


def option(advice: RouteAdvice, route: Route) -> RouteOption:
    return next(one for one in advice.routes if one.route is route)


def lawful(advice: RouteAdvice) -> set[Route]:
    return {one.route for one in advice.routes if one.is_lawful}


def step(found: RouteOption, words: str) -> Step:
    return next(one for one in found.steps if words in one.text)


def dated(found: RouteOption) -> list[tuple[str | None, str | None, str | None]]:
    return [
        (one.notice, one.earliest and one.earliest.isoformat(), one.latest and one.latest.isoformat())
        for one in found.steps
        if one.notice
    ]


@pytest.mark.parametrize(
    ("value", "band", "recommended", "sensible"),
    [
        (
            999_999,
            Band.LOW,
            Route.CATALOGUE,
            {Route.CATALOGUE, Route.THREE_QUOTES, Route.FRAMEWORK_DIRECT_AWARD},
        ),
        (
            4_000_000,
            Band.MEDIUM,
            Route.THREE_QUOTES,
            {Route.THREE_QUOTES, Route.FRAMEWORK_DIRECT_AWARD, Route.FRAMEWORK_FURTHER_COMPETITION},
        ),
        (
            17_309_999,
            Band.HIGH,
            Route.OPEN_PROCEDURE,
            {Route.OPEN_PROCEDURE, Route.FRAMEWORK_FURTHER_COMPETITION},
        ),
    ],
)
def test_below_the_threshold_every_route_is_lawful_and_dfes_bands_say_what_is_sensible(
    value: int, band: Band, recommended: Route, sensible: set[Route]
) -> None:
    advice = ask(value_pence=value)

    assert (advice.is_above_threshold, advice.band, advice.recommended) == (False, band, recommended)
    assert lawful(advice) == EVERY
    assert {one.route for one in advice.routes if one.is_sensible} == sensible
    assert advice.direct_award == ()


def test_at_the_threshold_quotes_and_catalogue_are_unlawful() -> None:
    advice = ask(value_pence=17_310_000)

    assert (advice.value_inc_vat_pence, advice.is_above_threshold, advice.band) == (20_772_000, True, None)
    assert lawful(advice) == EVERY - UNCOMPETED
    assert advice.recommended is Route.OPEN_PROCEDURE
    assert option(advice, Route.THREE_QUOTES).why[0].section == "Procurement Act 2023 ss.3, 11, 19, 20"
    assert advice.direct_award[0].section == "Procurement Act 2023 s.41"


def test_an_unknown_value_is_treated_as_above() -> None:
    advice = ask()

    assert (advice.value_inc_vat_pence, advice.is_above_threshold) == (None, True)
    assert lawful(advice) == EVERY - UNCOMPETED
    assert "Procurement Act 2023 Sch 3 para 5" in {one.section for one in advice.notes}


def test_an_open_procedure_over_christmas_has_its_dates() -> None:
    found = option(ask(value_pence=20_000_000, term_months=36), Route.OPEN_PROCEDURE)

    assert dated(found) == [
        ("UK2", "2026-11-26", None),
        ("UK4", "2026-11-26", None),
        ("UK6", "2026-12-22", None),
        ("UK7", "2027-01-07", "2027-02-05"),
        ("UK11", "2030-01-06", "2030-02-04"),
    ]
    assert step(found, "Tenders are due").earliest == date(2026, 12, 21)
    assert step(found, "mandatory standstill").earliest == date(2027, 1, 6)
    assert found.contract_from == date(2027, 1, 7)


def test_a_competitive_flexible_procedure_asks_for_participation_first() -> None:
    found = option(ask(value_pence=20_000_000), Route.COMPETITIVE_FLEXIBLE)

    assert step(found, "Requests to participate are due").earliest == date(2026, 12, 21)
    assert step(found, "Invite tenders").earliest == date(2026, 12, 22)
    assert step(found, "Tenders are due, at least 10 days").earliest == date(2027, 1, 1)
    assert found.contract_from == date(2027, 1, 15)


def test_central_government_may_not_shorten_for_pre_selected_suppliers() -> None:
    found = option(ask(buyer=BuyerKind.CENTRAL_GOVERNMENT, value_pence=20_000_000), Route.COMPETITIVE_FLEXIBLE)

    assert step(found, "Tenders are due, at least 25 days").earliest == date(2027, 1, 16)


def test_a_call_off_above_the_threshold_needs_an_award_notice_but_no_standstill() -> None:
    found = option(ask(value_pence=20_000_000), Route.FRAMEWORK_DIRECT_AWARD)

    assert dated(found) == [("UK6", "2026-11-26", None), ("UK7", "2026-11-26", "2026-12-25")]
    voluntary = step(found, "A standstill is not mandatory")
    assert (voluntary.is_required, voluntary.earliest) == (False, date(2026, 12, 8))
    assert found.contract_from == TODAY


def test_a_light_touch_contract_has_its_own_threshold_and_no_mandatory_standstill() -> None:
    below = ask(what="80420000", value_pence=55_000_000)
    above = option(ask(what="80420000", value_pence=55_295_000, term_months=12), Route.OPEN_PROCEDURE)

    assert (below.threshold.amount_pence, below.is_above_threshold) == (66_354_000, False)
    assert step(above, "Tenders are due").section == "Our allowance, not law"
    assert above.contract_from == date(2026, 12, 7)
    assert step(above, "contract details notice").latest == date(2027, 4, 5)


def test_over_5_million_the_contract_is_published_and_kpis_are_set() -> None:
    found = option(ask(value_pence=420_000_000), Route.OPEN_PROCEDURE)

    assert step(found, "key performance indicators").is_required
    assert step(found, "copy of the contract").latest == date(2027, 4, 6)


def test_a_council_publishes_below_threshold_notices_and_a_school_does_not() -> None:
    council = ask(buyer=BuyerKind.LOCAL_AUTHORITY, value_pence=5_000_000)
    school = ask(buyer=BuyerKind.SCHOOL, value_pence=5_000_000)
    small = ask(buyer=BuyerKind.LOCAL_AUTHORITY, value_pence=2_000_000)

    assert dated(option(council, Route.OPEN_PROCEDURE)) == [("UK4", "2026-11-26", None), ("UK7", "2026-12-07", None)]
    assert dated(option(council, Route.THREE_QUOTES)) == [("UK7", "2026-12-07", None)]
    assert dated(option(small, Route.OPEN_PROCEDURE)) == []
    assert all(dated(one) == [] for one in school.routes)
    assert "Procurement Act 2023 s.84(2)(a)" in {one.section for one in school.notes}
    assert option(council, Route.COMPETITIVE_FLEXIBLE).why[-1].section == "Procurement Act 2023 s.85(1), (3)"


def test_a_framework_in_hand_is_recommended_and_its_limits_hold() -> None:
    free = FrameworkInHand(name="Larch Framework")
    bound = FrameworkInHand(name="Larch Framework", routes=frozenset({Route.FRAMEWORK_DIRECT_AWARD}))
    over = FrameworkInHand(name="Larch Framework", ends=date(2026, 11, 25))
    closed = FrameworkInHand(name="Larch Framework", is_entitled=False)
    last_day = FrameworkInHand(name="Larch Framework", ends=TODAY)

    assert lawful(ask(value_pence=1, framework=last_day)) == EVERY
    assert ask(value_pence=20_000_000, framework=free).recommended is Route.FRAMEWORK_FURTHER_COMPETITION
    assert ask(value_pence=500_000, framework=free).recommended is Route.FRAMEWORK_DIRECT_AWARD
    assert ask(value_pence=20_000_000, framework=bound).recommended is Route.FRAMEWORK_DIRECT_AWARD
    ended = ask(value_pence=20_000_000, framework=over)
    assert ended.recommended is Route.OPEN_PROCEDURE
    assert option(ended, Route.FRAMEWORK_DIRECT_AWARD).why[0].text == "Larch Framework ended on 25 November 2026."
    assert lawful(ask(value_pence=1, framework=closed)) == EVERY - {
        Route.FRAMEWORK_DIRECT_AWARD,
        Route.FRAMEWORK_FURTHER_COMPETITION,
    }


def test_every_number_that_cannot_be_is_named_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        ask(value_pence=-1, schools=0, term_months=601)

    assert [fault.field for fault in refused.value.faults] == ["value_pence", "schools", "term_months"]
    assert all(fault.mend for fault in refused.value.faults)


@given(question=questions)
def test_advice_is_lawful_reasoned_and_in_order(question: Question) -> None:
    advice = advise_route(question)
    recommended = option(advice, advice.recommended)

    assert [one.route for one in advice.routes] == list(Route)
    assert recommended.is_lawful
    assert recommended.is_sensible
    if advice.is_above_threshold:
        assert not lawful(advice) & UNCOMPETED
    for one in advice.routes:
        assert one.why
        assert all(reason.section and reason.text.endswith(".") for reason in (*one.why, *advice.notes))
        assert one.is_lawful or not (one.is_sensible or one.steps or one.contract_from)
        if one.is_lawful:
            _check_steps(one, question)


def _check_steps(one: RouteOption, question: Question) -> None:
    days = [each.earliest for each in one.steps if each.earliest and each.is_required]
    assert days == sorted(days)
    assert one.contract_from is not None
    assert one.contract_from >= question.on
    assert all(each.latest is None or (each.earliest and each.earliest <= each.latest) for each in one.steps)
    for each in one.steps:
        if "mandatory standstill" in each.text:
            assert each.earliest is not None
            assert is_working_day(each.earliest, uk_calendar())
            assert each.earliest < one.contract_from


@given(question=questions, more=st.integers(0, 10**9))
def test_a_larger_value_never_makes_an_unlawful_route_lawful(question: Question, more: int) -> None:
    larger = Question(
        buyer=question.buyer,
        what=question.what,
        on=question.on,
        value_pence=None if question.value_pence is None else question.value_pence + more,
        framework=question.framework,
    )

    assert lawful(advise_route(larger)) <= lawful(advise_route(question))


def test_only_schools_are_spared_part_6() -> None:
    assert {BuyerKind.SCHOOL, BuyerKind.TRUST} == SCHOOLS
