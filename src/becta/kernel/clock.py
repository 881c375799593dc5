"""Time: UTC in storage, Europe/London at the edge. The only place that reads the clock."""

from calendar import monthrange
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - the one place allowed to ask


def london_date(instant: datetime) -> date:
    """The calendar day in England at an instant."""
    return instant.astimezone(LONDON).date()


def start_of_day(day: date) -> datetime:
    """The first instant of a calendar day in England, in UTC."""
    return datetime.combine(day, time.min, tzinfo=LONDON).astimezone(UTC)


def add_months(day: date, months: int) -> date:
    """The same day of the month so many months on, or that month's last day."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
