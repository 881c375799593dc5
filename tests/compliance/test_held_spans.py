"""When a badge was held: from its acceptance, within its dates, and not while it was suspended."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from becta.compliance.badges.rules import ClaimState, Span, Standing, held_spans, standing
from becta.kernel.clock import start_of_day

ISSUED, EXPIRES = date(2026, 3, 1), date(2027, 3, 1)
A, S, R = ClaimState.ACCEPTED, ClaimState.SUSPENDED, ClaimState.REVOKED


def at(month: int, day: int, year: int = 2026) -> datetime:
    return datetime(year, month, day, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("_case", "turns", "expires_on", "held"),
    [
        ("never accepted", [], EXPIRES, []),
        ("accepted, to its end", [(at(4, 1), A)], EXPIRES, [(at(4, 1), start_of_day(EXPIRES))]),
        ("accepted before its first day", [(at(2, 1), A)], EXPIRES, [(start_of_day(ISSUED), start_of_day(EXPIRES))]),
        ("without end", [(at(4, 1), A)], None, [(at(4, 1), None)]),
        ("revoked", [(at(4, 1), A), (at(5, 1), R)], EXPIRES, [(at(4, 1), at(5, 1))]),
        (
            "suspended and held again",
            [(at(4, 1), A), (at(5, 1), S), (at(6, 1), A)],
            EXPIRES,
            [(at(4, 1), at(5, 1)), (at(6, 1), start_of_day(EXPIRES))],
        ),
        ("accepted after it had ended", [(at(4, 1, 2027), A)], EXPIRES, []),
        ("revoked before its first day", [(at(2, 1), A), (at(2, 2), R)], EXPIRES, []),
    ],
)
def test_the_times_at_which_a_claim_was_a_badge(
    _case: str,
    turns: list[tuple[datetime, ClaimState]],
    expires_on: date | None,
    held: list[tuple[datetime, datetime | None]],
) -> None:
    assert [(span.since, span.until) for span in held_spans(turns, ISSUED, expires_on)] == held


def test_a_badge_of_a_day_is_one_held_at_any_instant_of_it() -> None:
    span = Span(at(4, 1), at(5, 1))

    assert [span.touches(date(2026, 3, 31)), span.touches(date(2026, 4, 1)), span.touches(date(2026, 5, 1))] == [
        False,
        True,
        True,
    ]
    assert not span.touches(date(2026, 5, 2))
    assert [span.holds_at(at(4, 1)), span.holds_at(at(5, 1) - timedelta(seconds=1)), span.holds_at(at(5, 1))] == [
        True,
        True,
        False,
    ]


_INSTANTS = st.integers(min_value=0, max_value=3 * 365 * 86_400).map(
    lambda s: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=s)
)
_DAYS = st.dates(min_value=date(2025, 6, 1), max_value=date(2027, 6, 1))


@given(
    turns=st.lists(st.tuples(_INSTANTS, st.sampled_from([A, S, R])), max_size=6, unique_by=lambda turn: turn[0]),
    issued_on=_DAYS,
    life=st.one_of(st.none(), st.integers(min_value=1, max_value=500)),
    instant=_INSTANTS,
)
def test_at_every_instant_the_times_agree_with_what_a_badge_is_worth(
    turns: list[tuple[datetime, ClaimState]], issued_on: date, life: int | None, instant: datetime
) -> None:
    turns.sort()
    expires_on = None if life is None else issued_on + timedelta(days=life)
    state = next((state for when, state in reversed(turns) if when <= instant), ClaimState.CLAIMED)
    worth = standing(state, issued_on, expires_on, now=instant)

    held = any(span.holds_at(instant) for span in held_spans(turns, issued_on, expires_on))

    assert held == (worth in {Standing.VALID, Standing.EXPIRING})
