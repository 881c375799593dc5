"""Time: UTC in storage, Europe/London at the edge. The only place that reads the clock."""

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
