"""Suppliers hear of the end of a badge 30 and 7 days before and 7 after; those who rely on it, when it lapses."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from becta.compliance.badges.notices import Notice, due, ends_for

END = date(2026, 7, 1)


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (-31, ()),
        (-30, (Notice.MONTH_BEFORE,)),
        (-8, (Notice.MONTH_BEFORE,)),
        (-7, (Notice.WEEK_BEFORE,)),
        (-1, (Notice.WEEK_BEFORE,)),
        (0, (Notice.LAPSED,)),
        (6, (Notice.LAPSED,)),
        (7, (Notice.LAPSED, Notice.WEEK_AFTER)),
        (29, (Notice.LAPSED, Notice.WEEK_AFTER)),
        (30, (Notice.WEEK_AFTER,)),
        (36, (Notice.WEEK_AFTER,)),
        (37, ()),
        (400, ()),
    ],
)
def test_what_is_due_so_many_days_from_the_end(days: int, told: tuple[Notice, ...]) -> None:
    assert due(END, END + timedelta(days=days)) == told


@given(started=st.integers(min_value=-60, max_value=60), step=st.integers(min_value=1, max_value=6))
def test_whoever_looks_at_least_every_six_days_misses_none_and_nothing_is_told_twice_over(
    started: int, step: int
) -> None:
    seen: list[Notice] = []
    for day in range(started, 61, step):
        seen += [notice for notice in due(END, END + timedelta(days=day)) if notice not in seen]

    wanted = [notice for notice in Notice if started <= -30]
    assert set(wanted) <= set(seen)
    assert seen == sorted(seen, key=list(Notice).index)


@given(days=st.integers(min_value=-60, max_value=60))
def test_the_ends_for_which_a_notice_is_due_are_those_for_which_it_is_due(days: int) -> None:
    today = END + timedelta(days=days)

    for notice in Notice:
        first, last = ends_for(notice, today)
        assert (first <= END <= last) == (notice in due(END, today))
