"""A day in England begins at London's midnight, which is not always midnight in UTC."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from becta.kernel import clock

days = st.dates(date(1972, 1, 1), date(2099, 12, 31))


@pytest.mark.parametrize(
    ("_case", "day", "begins"),
    [
        ("winter time", date(2026, 1, 15), datetime(2026, 1, 15, tzinfo=UTC)),
        ("summer time", date(2026, 7, 15), datetime(2026, 7, 14, 23, tzinfo=UTC)),
        ("the day summer time begins", date(2026, 3, 29), datetime(2026, 3, 29, tzinfo=UTC)),
        ("the day after", date(2026, 3, 30), datetime(2026, 3, 29, 23, tzinfo=UTC)),
        ("the day summer time ends", date(2026, 10, 25), datetime(2026, 10, 24, 23, tzinfo=UTC)),
        ("the day after that", date(2026, 10, 26), datetime(2026, 10, 26, tzinfo=UTC)),
    ],
)
def test_a_day_begins_at_londons_midnight(_case: str, day: date, begins: datetime) -> None:
    assert clock.start_of_day(day) == begins
    assert clock.london_date(begins) == day
    assert clock.london_date(begins - timedelta(microseconds=1)) == day - timedelta(days=1)


@given(days)
def test_every_instant_of_a_day_belongs_to_that_day(day: date) -> None:
    begins, ends = clock.start_of_day(day), clock.start_of_day(day + timedelta(days=1))

    assert clock.london_date(begins) == day
    assert clock.london_date(ends - timedelta(microseconds=1)) == day
    assert ends - begins in {timedelta(hours=23), timedelta(hours=24), timedelta(hours=25)}


@given(st.datetimes(datetime(1972, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001 - and so aware
def test_an_instant_lies_within_the_day_it_is_said_to(instant: datetime) -> None:
    day = clock.london_date(instant)

    assert clock.start_of_day(day) <= instant < clock.start_of_day(day + timedelta(days=1))


def test_the_clock_tells_aware_utc() -> None:
    assert clock.now().tzinfo is UTC
