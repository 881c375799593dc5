"""When somebody is told that a badge ends: 30 and 7 days before and 7 days after, as IASME does. Pure functions."""

from datetime import date, timedelta
from enum import StrEnum

MONTH_DAYS, WEEK_DAYS = 30, 7
STALE_DAYS = 30
"""A notice this many days late is no longer given: whoever starts a worker again after a year sends no old news."""


class Notice(StrEnum):
    """What is told. The supplier is told all but `lapsed`, which goes to those who rely on the badge."""

    MONTH_BEFORE = "month_before"
    WEEK_BEFORE = "week_before"
    LAPSED = "lapsed"
    WEEK_AFTER = "week_after"


_FROM = {
    Notice.MONTH_BEFORE: -MONTH_DAYS,
    Notice.WEEK_BEFORE: -WEEK_DAYS,
    Notice.LAPSED: 0,
    Notice.WEEK_AFTER: WEEK_DAYS,
}
"""The day from which each is due, counted from the end (IASME, page CKHR 3199598610: 30 and 7 before, 7 after)."""
_UNTIL = {Notice.MONTH_BEFORE: -WEEK_DAYS, Notice.WEEK_BEFORE: 0}
"""The first day on which a notice before the end gives way to the next one."""


def due(expires_on: date, today: date) -> tuple[Notice, ...]:
    """The notices due on a day, given or not: of those before the end only the latest, and none that is stale.

    A badge begins to lapse with the first second of the day it expires on.
    """
    days = (today - expires_on).days
    return tuple(notice for notice in Notice if _FROM[notice] <= days < _until(notice))


def ends_for(notice: Notice, today: date) -> tuple[date, date]:
    """The first and the last day of expiry of badges for which a notice is due today."""
    return today - timedelta(days=_until(notice) - 1), today - timedelta(days=_FROM[notice])


def _until(notice: Notice) -> int:
    return _UNTIL.get(notice, _FROM[notice] + STALE_DAYS)
