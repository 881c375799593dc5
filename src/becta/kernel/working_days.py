"""Working days of the United Kingdom: not a Saturday, a Sunday, nor a bank holiday in any part of it.

Procurement Act 2023 s.123(1): one nation's holiday is a holiday for all. Days are calendar days in England.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from enum import StrEnum

from msgspec import Struct

from becta.kernel.errors import DomainError

STANDSTILL_DAYS = 8
"""Working days of the mandatory standstill, and the least of a voluntary one: Procurement Act 2023 s.51(2), (5)."""

_SATURDAY = 5
_DAY = timedelta(days=1)


class Nation(StrEnum):
    """The parts of the United Kingdom that set their own bank holidays."""

    ENGLAND_AND_WALES = "england-and-wales"
    SCOTLAND = "scotland"
    NORTHERN_IRELAND = "northern-ireland"


class Holiday(Struct, frozen=True, kw_only=True):
    """A bank holiday (Banking and Financial Dealings Act 1971) and the nations that keep it."""

    date: date
    name: str
    nations: tuple[Nation, ...]


class Calendar(Struct, frozen=True, kw_only=True):
    """Bank holidays by day, complete from the first day of `first_year` to the last of `last_year`."""

    first_year: int
    last_year: int
    holidays: Mapping[date, Holiday]


class UnknownYear(DomainError):
    """A day in a year whose bank holidays are not known: whether it is a working day cannot be said."""

    def __init__(self, day: date, calendar: Calendar) -> None:
        """Name the day and the years that are known."""
        known = f"{calendar.first_year} to {calendar.last_year}"
        super().__init__(f"bank holidays are known for {known} only, so working days up to {day} cannot be counted")
        self.day = day
        self.first_year = calendar.first_year
        self.last_year = calendar.last_year


def calendar_of(holidays: Iterable[Holiday], *, first_year: int, last_year: int) -> Calendar:
    """A calendar of these holidays; raises ValueError if a day is named twice or lies outside the years."""
    by_day: dict[date, Holiday] = {}
    for holiday in holidays:
        if holiday.date in by_day or not first_year <= holiday.date.year <= last_year:
            raise ValueError(f"{holiday.date} is named twice or lies outside {first_year} to {last_year}")
        by_day[holiday.date] = holiday
    return Calendar(first_year=first_year, last_year=last_year, holidays=by_day)


def is_working_day(day: date, calendar: Calendar) -> bool:
    """Whether a day counts (Procurement Act 2023 s.123(1)); raises UnknownYear."""
    if not calendar.first_year <= day.year <= calendar.last_year:
        raise UnknownYear(day, calendar)
    return day.weekday() < _SATURDAY and day not in calendar.holidays


def working_days_from(first: date, calendar: Calendar) -> Iterator[date]:
    """Working days in order, `first` included if it is one; raises UnknownYear when it leaves the known years."""
    day = first
    while True:
        if is_working_day(day, calendar):
            yield day
        if day == date.max:
            raise UnknownYear(day, calendar)
        day += _DAY


def standstill_end(published: date, calendar: Calendar, days: int = STANDSTILL_DAYS) -> date:
    """The last of so many working days beginning with the day of publication, which counts if it is a working day.

    Procurement Act 2023 s.51(2). Raises UnknownYear, and ValueError for fewer than one day.
    """
    if days < 1:
        raise ValueError(f"{days} working days are no period")
    counted = working_days_from(published, calendar)
    for _ in range(days - 1):
        next(counted)
    return next(counted)


def add_working_days(day: date, days: int, calendar: Calendar) -> date:
    """The day so many working days after `day`, which does not count itself; nought days on is the day itself.

    Raises UnknownYear, and ValueError for a negative number.
    """
    if days < 0:
        raise ValueError(f"{days} working days cannot be added")
    return day if days == 0 else standstill_end(day + _DAY, calendar, days)


def holidays_skipped(first: date, last: date, calendar: Calendar) -> tuple[Holiday, ...]:
    """The bank holidays from `first` to `last`, both included, that would have been working days; in order.

    Raises UnknownYear if either day lies outside the known years.
    """
    for edge in (first, last):
        if not calendar.first_year <= edge.year <= calendar.last_year:
            raise UnknownYear(edge, calendar)
    return tuple(
        holiday
        for day, holiday in sorted(calendar.holidays.items())
        if first <= day <= last and day.weekday() < _SATURDAY
    )
