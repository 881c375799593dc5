"""How days and measurements are judged: pure functions, tried over their whole range."""

from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from becta.catalogue.products.rules import Phase
from becta.compliance.standards.entries import Certainty, Criterion, Edition, EvidenceType, Operator
from becta.compliance.standards.registry import standard
from becta.compliance.standards.rules import (
    EditionState,
    Measured,
    Verdict,
    applies,
    certificate_warning,
    edition_state,
    in_force,
    judge,
    may_be_issued,
)

MET, NOT_MET, UNKNOWN = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN
numbers = st.one_of(st.integers(-(10**9), 10**9), st.floats(-1e9, 1e9))
words = st.text("abc", max_size=2)
days = st.dates(date(2015, 1, 1), date(2035, 1, 1))


def criterion(
    operator: Operator,
    value: bool | int | float | str | tuple[str, ...],
    *,
    applies_to: tuple[Phase, ...] = (),
    starts: date | None = None,
    ends: date | None = None,
) -> Criterion:
    return Criterion(
        id="c",
        requirement="r",
        title="Something",
        metric="m",
        operator=operator,
        value=value,
        unit="u",
        certainty=Certainty.GENERAL,
        source="ours",
        evidence_type=EvidenceType.STATEMENT,
        applies_to=applies_to,
        effective_from=starts,
        effective_to=ends,
    )


def made(starts: date | None, ends: date | None = None, transition: date | None = None) -> Edition:
    return Edition(
        version="1",
        name="One",
        certainty=Certainty.GENERAL,
        source="ours",
        effective_from=starts,
        effective_to=ends,
        transition_end=transition,
    )


@pytest.mark.parametrize(
    ("operator", "value", "measured", "verdict"),
    [
        (Operator.AT_LEAST, 100, 100, MET),
        (Operator.AT_LEAST, 100, 99.9, NOT_MET),
        (Operator.AT_LEAST, 100, True, UNKNOWN),
        (Operator.AT_LEAST, 100, "1000", UNKNOWN),
        (Operator.AT_LEAST, 100, float("nan"), UNKNOWN),
        (Operator.AT_LEAST, 100, float("inf"), UNKNOWN),
        (Operator.AT_MOST, 14, 14, MET),
        (Operator.AT_MOST, 14, 15, NOT_MET),
        (Operator.AT_MOST, 14, "soon", UNKNOWN),
        (Operator.EQUALS, True, True, MET),
        (Operator.EQUALS, True, False, NOT_MET),
        (Operator.EQUALS, True, 1, UNKNOWN),
        (Operator.EQUALS, True, "yes", UNKNOWN),
        (Operator.EQUALS, 1, True, UNKNOWN),
        (Operator.EQUALS, 1, 1.0, MET),
        (Operator.EQUALS, "om4", "om4", MET),
        (Operator.EQUALS, "om4", "om5", NOT_MET),
        (Operator.ONE_OF, ("fttp", "leased_line"), "fttp", MET),
        (Operator.ONE_OF, ("fttp", "leased_line"), "sogea", NOT_MET),
        (Operator.ONE_OF, ("fttp",), ("fttp",), UNKNOWN),
        (Operator.NONE_OF, ("open", "wep"), "wpa3", MET),
        (Operator.NONE_OF, ("open", "wep"), "wep", NOT_MET),
        (Operator.NONE_OF, ("open", "wep"), 3, UNKNOWN),
        (Operator.INCLUDES_ALL, ("a", "b"), ["b", "c", "a"], MET),
        (Operator.INCLUDES_ALL, ("a", "b"), frozenset({"a"}), NOT_MET),
        (Operator.INCLUDES_ALL, ("a", "b"), (), NOT_MET),
        (Operator.INCLUDES_ALL, ("a", "b"), "ab", UNKNOWN),
    ],
)
def test_a_measurement_is_held_against_what_is_asked(
    operator: Operator, value: bool | int | float | str | tuple[str, ...], measured: Measured, verdict: Verdict
) -> None:
    assert judge(criterion(operator, value), measured) is verdict


@pytest.mark.parametrize("operator", Operator)
def test_what_nobody_measured_is_unknown(operator: Operator) -> None:
    value = 1 if operator in {Operator.AT_LEAST, Operator.AT_MOST, Operator.EQUALS} else ("a",)

    assert judge(criterion(operator, value), None) is UNKNOWN


@given(numbers, numbers)
def test_of_two_limits_one_is_met_and_both_only_when_equal(wanted: float, found: float) -> None:
    least, most = (judge(criterion(each, wanted), found) for each in (Operator.AT_LEAST, Operator.AT_MOST))

    assert MET in {least, most}
    assert (least is most) is (judge(criterion(Operator.EQUALS, wanted), found) is MET)


@given(numbers, numbers, st.floats(0, 1e6))
def test_more_never_turns_a_minimum_that_is_met_into_one_that_is_not(wanted: float, found: float, more: float) -> None:
    assume(judge(criterion(Operator.AT_LEAST, wanted), found) is MET)

    assert judge(criterion(Operator.AT_LEAST, wanted), found + more) is MET


@given(st.lists(words, min_size=1), words)
def test_a_value_is_among_those_wanted_or_among_none_of_them(wanted: list[str], found: str) -> None:
    one, none = (judge(criterion(each, tuple(wanted)), found) for each in (Operator.ONE_OF, Operator.NONE_OF))

    assert {one, none} == {MET, NOT_MET}
    assert (one is MET) is (found in wanted)


@given(st.lists(words, min_size=1), st.frozensets(words))
def test_a_group_has_all_of_those_wanted_or_lacks_one(wanted: list[str], found: frozenset[str]) -> None:
    verdict = judge(criterion(Operator.INCLUDES_ALL, tuple(wanted)), found)

    assert verdict is (NOT_MET if [each for each in wanted if each not in found] else MET)


@given(
    st.sampled_from(Operator),
    st.one_of(st.booleans(), numbers, words, st.lists(words, min_size=1).map(tuple)),
    st.one_of(st.none(), st.booleans(), st.floats(), words, st.frozensets(words), st.lists(words)),
)
def test_whatever_is_measured_there_is_a_verdict(
    operator: Operator, value: bool | int | float | str | tuple[str, ...], measured: Measured
) -> None:
    assert judge(criterion(operator, value), measured) in set(Verdict)


def test_an_edition_passes_through_its_states_to_the_day() -> None:
    willow = made(date(2025, 4, 28), date(2026, 4, 27), date(2026, 10, 27))

    assert [
        edition_state(willow, day)
        for day in (
            date(2025, 4, 27),
            date(2025, 4, 28),
            date(2026, 4, 26),
            date(2026, 4, 27),
            date(2026, 10, 27),
            date(2026, 10, 28),
        )
    ] == [
        EditionState.FUTURE,
        EditionState.CURRENT,
        EditionState.CURRENT,
        EditionState.TRANSITION,
        EditionState.TRANSITION,
        EditionState.SUPERSEDED,
    ]


@given(st.one_of(st.none(), days), st.integers(1, 999), st.one_of(st.none(), st.integers(0, 400)), days, days)
def test_an_edition_never_goes_back(
    starts: date | None, lasts: int, transition: int | None, day: date, later: date
) -> None:
    assume(day <= later)
    ends = (starts or date(2020, 1, 1)) + timedelta(days=lasts)
    each = made(starts, ends, None if transition is None else ends + timedelta(days=transition))
    order = list(EditionState)

    assert order.index(edition_state(each, day)) <= order.index(edition_state(each, later))


@given(st.one_of(st.none(), days), st.one_of(st.none(), days), days)
def test_a_statement_is_in_force_from_its_first_day_until_the_day_it_no_longer_is(
    starts: date | None, ends: date | None, day: date
) -> None:
    each = criterion(Operator.EQUALS, True, starts=starts, ends=ends)

    assert in_force(each, day) is ((starts or date.min) <= day < (ends or date.max))


@pytest.mark.parametrize("phase", Phase)
def test_a_criterion_without_phases_is_for_all_and_one_with_them_only_for_those(phase: Phase) -> None:
    assert applies(criterion(Operator.EQUALS, True), phase)
    assert applies(criterion(Operator.EQUALS, True, applies_to=(Phase.FE,)), phase) is (phase is Phase.FE)
    assert applies(criterion(Operator.EQUALS, True, applies_to=(Phase.FE,)), None)


def test_a_version_without_an_edition_cannot_be_asked_about() -> None:
    with pytest.raises(KeyError, match="Malvern"):
        may_be_issued(standard("cyber-essentials"), "Malvern", date(2026, 11, 25))


@pytest.mark.parametrize(
    ("number", "is_odd"),
    [
        ("IASME-CE-012345", False),
        ("IASME-CE-P-123456", False),
        ("IASME-CEP-123456", False),
        ("6d3b0c1e-58f1-4c7a-9d1c-0a5b2e7f9a10", False),
        ("  6D3B0C1E-58F1-4C7A-9D1C-0A5B2E7F9A10 ", False),
        ("IASME-CE-1", True),
        ("6d3b0c1e", True),
        ("see our website", True),
        ("", True),
    ],
)
def test_a_certificate_number_of_a_form_never_seen_is_warned_of(number: str, is_odd: bool) -> None:
    for code in ("cyber-essentials", "cyber-essentials-plus"):
        each = standard(code)
        warning = f"the number has none of the forms seen on certificates of {each.name}; look it up in the register"
        assert certificate_warning(each, number) == (warning if is_odd else None)


def test_where_no_form_is_known_no_number_is_odd() -> None:
    assert certificate_warning(standard("lti"), "anything") is None
    assert certificate_warning(msgspec.structs.replace(standard("lti"), certificate_pattern=r"\d+"), "x") is not None
