"""Working days of the whole United Kingdom: what counts, where a standstill ends, and what nobody may guess."""

import json
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.shared import shared_data

from becta.kernel.working_days import (
    Calendar,
    Holiday,
    Nation,
    UnknownYear,
    add_working_days,
    calendar_of,
    holidays_skipped,
    is_working_day,
    standstill_end,
)
from becta.market.advice.reference import uk_calendar

UK = uk_calendar()
ENGLAND = calendar_of(
    [one for one in UK.holidays.values() if Nation.ENGLAND_AND_WALES in one.nations], first_year=2025, last_year=2028
)
FILE = "procurement/bank_holidays/bank-holidays.json"

days = st.dates(date(2025, 1, 1), date(2028, 11, 30))


def _vector(published: str, ends: str) -> tuple[date, date]:
    return date.fromisoformat(published), date.fromisoformat(ends)


@pytest.mark.parametrize(
    ("published", "ends"),
    [
        _vector("2026-11-20", "2026-12-02"),
        _vector("2026-11-23", "2026-12-03"),
        _vector("2026-11-28", "2026-12-10"),
        _vector("2026-12-18", "2026-12-31"),
        _vector("2026-12-21", "2027-01-05"),
        _vector("2026-12-24", "2027-01-08"),
        _vector("2026-06-10", "2026-06-22"),
        _vector("2026-03-12", "2026-03-24"),
        _vector("2026-07-08", "2026-07-20"),
    ],
    ids=str,
)
def test_a_standstill_ends_on_its_eighth_working_day_of_the_whole_kingdom(published: date, ends: date) -> None:
    assert standstill_end(published, UK) == ends


def test_england_alone_would_end_a_standstill_too_early() -> None:
    assert standstill_end(date(2026, 11, 20), ENGLAND) == date(2026, 12, 1)
    assert standstill_end(date(2026, 12, 21), ENGLAND) == date(2027, 1, 4)


def test_one_nations_holiday_is_no_working_day_for_any() -> None:
    assert not is_working_day(date(2026, 11, 30), UK)
    assert UK.holidays[date(2026, 11, 30)].nations == (Nation.SCOTLAND,)
    assert is_working_day(date(2026, 12, 1), UK)
    assert not is_working_day(date(2026, 11, 29), UK)


def test_the_holidays_of_a_standstill_over_christmas_are_named() -> None:
    skipped = holidays_skipped(date(2026, 12, 21), date(2027, 1, 5), UK)

    assert [(one.date.isoformat(), one.name) for one in skipped] == [
        ("2026-12-25", "Christmas Day"),
        ("2026-12-28", "Boxing Day (substitute)"),
        ("2027-01-01", "New Year's Day"),
        ("2027-01-04", "2 January (substitute)"),
    ]


def test_a_holiday_on_a_sunday_takes_no_working_day() -> None:
    fuller = _with(UK, {date(2026, 11, 22)})

    assert standstill_end(date(2026, 11, 20), fuller) == date(2026, 12, 2)
    assert [one.date for one in holidays_skipped(date(2026, 11, 20), date(2026, 12, 2), fuller)] == [date(2026, 11, 30)]


@pytest.mark.parametrize("published", [date(2024, 12, 31), date(2028, 12, 20), date(2029, 1, 1), date.max], ids=str)
def test_a_year_whose_holidays_are_unknown_is_refused(published: date) -> None:
    with pytest.raises(UnknownYear, match="known for 2025 to 2028 only"):
        standstill_end(published, UK)


def test_holidays_cannot_be_counted_outside_the_known_years() -> None:
    with pytest.raises(UnknownYear):
        holidays_skipped(date(2024, 12, 31), date(2025, 1, 3), UK)
    with pytest.raises(UnknownYear):
        holidays_skipped(date(2028, 12, 1), date(2029, 1, 1), UK)


def test_a_period_has_at_least_one_day_and_nothing_is_counted_backwards() -> None:
    with pytest.raises(ValueError, match="0 working days are no period"):
        standstill_end(date(2026, 11, 20), UK, 0)
    with pytest.raises(ValueError, match="-1 working days cannot be added"):
        add_working_days(date(2026, 11, 20), -1, UK)
    assert add_working_days(date(2026, 11, 28), 0, UK) == date(2026, 11, 28)


@pytest.mark.parametrize(
    "holidays",
    [[date(2029, 1, 1)], [date(2026, 1, 1), date(2026, 1, 1)]],
    ids=["outside the years", "named twice"],
)
def test_a_faulty_calendar_is_not_made(holidays: list[date]) -> None:
    with pytest.raises(ValueError, match="named twice or lies outside"):
        calendar_of([_holiday(day) for day in holidays], first_year=2025, last_year=2028)


@given(published=days, length=st.integers(1, 15))
def test_a_standstill_holds_exactly_its_working_days_and_ends_on_one(published: date, length: int) -> None:
    ends = standstill_end(published, UK, length)

    assert is_working_day(ends, UK)
    assert sum(is_working_day(day, UK) for day in _span(published, ends)) == length


@given(first=days, second=days)
def test_whoever_publishes_later_waits_no_less(first: date, second: date) -> None:
    earlier, later = sorted((first, second))

    assert standstill_end(earlier, UK) <= standstill_end(later, UK)


@given(published=days, more=st.sets(days, max_size=5))
def test_another_holiday_never_shortens_a_standstill(published: date, more: set[date]) -> None:
    fuller = _with(UK, more)

    assert standstill_end(published, fuller) >= standstill_end(published, UK)


@given(day=days, steps=st.integers(0, 8), more=st.integers(0, 8))
def test_working_days_add_up(day: date, steps: int, more: int) -> None:
    assert add_working_days(add_working_days(day, steps, UK), more, UK) == add_working_days(day, steps + more, UK)


@given(published=days)
def test_skipped_holidays_explain_every_weekday_that_did_not_count(published: date) -> None:
    ends = standstill_end(published, UK)
    skipped = holidays_skipped(published, ends, UK)

    assert all(one.date < two.date for one, two in pairwise(skipped))
    assert {one.date for one in skipped} == {
        day for day in _span(published, ends) if day.weekday() < 5 and not is_working_day(day, UK)
    }


def test_our_holidays_are_those_the_government_publishes() -> None:
    """The published list of August 2026 kept here lacks the one holiday proclaimed for the World Cup."""
    published: dict[date, set[Nation]] = {}
    for nation, part in json.loads(shared_data(FILE).read_bytes()).items():
        for event in part["events"]:
            day = date.fromisoformat(event["date"])
            if UK.first_year <= day.year <= UK.last_year:
                published.setdefault(day, set()).add(Nation(nation))

    ours = {day: set(one.nations) for day, one in UK.holidays.items()}
    assert ours.pop(date(2026, 6, 15)) == {Nation.SCOTLAND}
    published.pop(date(2026, 6, 15), None)
    assert ours == published


def _span(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _holiday(day: date) -> Holiday:
    return Holiday(date=day, name="A holiday", nations=(Nation.SCOTLAND,))


def _with(calendar: Calendar, more: set[date]) -> Calendar:
    holidays = {**{day: _holiday(day) for day in more}, **calendar.holidays}
    return calendar_of(holidays.values(), first_year=calendar.first_year, last_year=calendar.last_year)
