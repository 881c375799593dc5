"""What a claim is worth follows from its dates alone, to the second, in London's days."""

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from becta.compliance.badges.rules import (
    EXPIRING_DAYS,
    IN_WORDS,
    TRANSITIONS,
    ClaimState,
    Standing,
    check_transition,
    next_change,
    standing,
)
from becta.kernel.clock import start_of_day
from becta.kernel.errors import Conflict

SECOND = timedelta(seconds=1)
ACCEPTED = ClaimState.ACCEPTED


@pytest.mark.parametrize(
    ("_case", "issued", "expires", "turns", "before", "after"),
    [
        (
            "becomes valid at midnight in winter",
            date(2026, 1, 10),
            date(2027, 1, 10),
            datetime(2026, 1, 10, tzinfo=UTC),
            Standing.NOT_YET,
            Standing.VALID,
        ),
        (
            "becomes valid at midnight in summer, an hour earlier in UTC",
            date(2026, 7, 10),
            date(2027, 7, 10),
            datetime(2026, 7, 9, 23, tzinfo=UTC),
            Standing.NOT_YET,
            Standing.VALID,
        ),
        (
            "expires at midnight in winter",
            date(2026, 1, 10),
            date(2027, 1, 10),
            datetime(2027, 1, 10, tzinfo=UTC),
            Standing.EXPIRING,
            Standing.EXPIRED,
        ),
        (
            "expires at midnight in summer",
            date(2025, 7, 10),
            date(2026, 7, 10),
            datetime(2026, 7, 9, 23, tzinfo=UTC),
            Standing.EXPIRING,
            Standing.EXPIRED,
        ),
        (
            "expires on the day summer time begins",
            date(2025, 3, 29),
            date(2026, 3, 29),
            datetime(2026, 3, 29, tzinfo=UTC),
            Standing.EXPIRING,
            Standing.EXPIRED,
        ),
        (
            "expires the day after summer time begins",
            date(2025, 3, 30),
            date(2026, 3, 30),
            datetime(2026, 3, 29, 23, tzinfo=UTC),
            Standing.EXPIRING,
            Standing.EXPIRED,
        ),
        (
            "expires the day after summer time ends",
            date(2025, 10, 26),
            date(2026, 10, 26),
            datetime(2026, 10, 26, tzinfo=UTC),
            Standing.EXPIRING,
            Standing.EXPIRED,
        ),
        (
            "shows as expiring thirty days ahead, across the change of clocks",
            date(2025, 11, 10),
            date(2026, 11, 10),
            datetime(2026, 10, 10, 23, tzinfo=UTC),
            Standing.VALID,
            Standing.EXPIRING,
        ),
        (
            "a certificate of three weeks is expiring from its first day",
            date(2026, 1, 1),
            date(2026, 1, 22),
            datetime(2026, 1, 1, tzinfo=UTC),
            Standing.NOT_YET,
            Standing.EXPIRING,
        ),
        (
            "one without an end becomes valid and stays so",
            date(2026, 1, 1),
            None,
            datetime(2026, 1, 1, tzinfo=UTC),
            Standing.NOT_YET,
            Standing.VALID,
        ),
    ],
)
def test_standing_turns_at_londons_midnight_to_the_second(
    _case: str, issued: date, expires: date | None, turns: datetime, before: Standing, after: Standing
) -> None:
    assert standing(ACCEPTED, issued, expires, now=turns - SECOND) is before
    assert standing(ACCEPTED, issued, expires, now=turns) is after
    assert next_change(ACCEPTED, issued, expires, now=turns - SECOND) == turns


@pytest.mark.parametrize(
    ("state", "worth"),
    [
        (ClaimState.CLAIMED, Standing.UNVERIFIED),
        (ClaimState.REFUSED, Standing.REFUSED),
        (ClaimState.REVOKED, Standing.REVOKED),
    ],
)
@pytest.mark.parametrize("year", [2025, 2026, 2027])
def test_a_claim_that_is_not_accepted_has_the_same_standing_on_every_day(
    state: ClaimState, worth: Standing, year: int
) -> None:
    now = datetime(year, 6, 1, tzinfo=UTC)

    assert standing(state, date(2026, 1, 1), date(2027, 1, 1), now=now) is worth
    assert next_change(state, date(2026, 1, 1), date(2027, 1, 1), now=now) is None


def test_an_expired_claim_never_changes_again_by_itself() -> None:
    now = datetime(2027, 1, 1, tzinfo=UTC)

    assert next_change(ACCEPTED, date(2026, 1, 1), date(2027, 1, 1), now=now) is None


@st.composite
def lives(draw: st.DrawFn) -> tuple[date, date | None]:
    """Days of issue and expiry, short lives and long ones."""
    issued = draw(st.dates(date(1990, 1, 1), date(2090, 1, 1)))
    days = draw(st.one_of(st.none(), st.integers(1, 2 * EXPIRING_DAYS), st.integers(1, 4_000)))
    return issued, None if days is None else issued + timedelta(days=days)


offsets = st.timedeltas(timedelta(days=-5_000), timedelta(days=5_000))


@given(st.sampled_from(ClaimState), lives(), st.timedeltas(timedelta(0), timedelta(days=5_000)))
def test_a_claim_is_worth_nothing_from_its_expiry_on(
    state: ClaimState, life: tuple[date, date | None], later: timedelta
) -> None:
    issued, expires = life
    assume(expires is not None)

    worth = standing(state, issued, expires, now=start_of_day(expires or issued) + later)

    assert worth not in {Standing.VALID, Standing.EXPIRING}


@given(lives(), offsets)
def test_an_accepted_claim_is_good_exactly_between_its_days(life: tuple[date, date | None], offset: timedelta) -> None:
    issued, expires = life
    now = start_of_day(issued) + offset

    good = standing(ACCEPTED, issued, expires, now=now) in {Standing.VALID, Standing.EXPIRING}

    assert good is (start_of_day(issued) <= now and (expires is None or now < start_of_day(expires)))


@given(lives(), offsets)
def test_next_change_is_the_very_instant_at_which_standing_changes(
    life: tuple[date, date | None], offset: timedelta
) -> None:
    issued, expires = life
    now = start_of_day(issued) + offset
    change = next_change(ACCEPTED, issued, expires, now=now)
    assume(change is not None)
    turns = change or now

    present = standing(ACCEPTED, issued, expires, now=now)

    assert turns > now
    assert standing(ACCEPTED, issued, expires, now=turns - timedelta(microseconds=1)) is present
    assert standing(ACCEPTED, issued, expires, now=turns) is not present


@given(lives(), offsets, st.floats(0, 1, exclude_max=True))
def test_standing_is_constant_until_the_next_change(
    life: tuple[date, date | None], offset: timedelta, part: float
) -> None:
    issued, expires = life
    now = start_of_day(issued) + offset
    until = next_change(ACCEPTED, issued, expires, now=now) or now + timedelta(days=10_000)

    between = now + (until - now) * part

    assert standing(ACCEPTED, issued, expires, now=min(between, until - timedelta(microseconds=1))) is standing(
        ACCEPTED, issued, expires, now=now
    )


@given(lives())
def test_a_life_runs_its_course_by_next_changes_alone(life: tuple[date, date | None]) -> None:
    issued, expires = life
    now: datetime | None = start_of_day(issued) - SECOND
    course = []
    while now is not None:
        course.append(standing(ACCEPTED, issued, expires, now=now))
        now = next_change(ACCEPTED, issued, expires, now=now)

    if expires is None:
        assert course == [Standing.NOT_YET, Standing.VALID]
    elif (expires - issued).days > EXPIRING_DAYS:
        assert course == [Standing.NOT_YET, Standing.VALID, Standing.EXPIRING, Standing.EXPIRED]
    else:
        assert course == [Standing.NOT_YET, Standing.EXPIRING, Standing.EXPIRED]


@pytest.mark.parametrize(("current", "wanted"), list(product(ClaimState, ClaimState)))
def test_a_claim_moves_exactly_as_the_table_says(current: ClaimState, wanted: ClaimState) -> None:
    if wanted in TRANSITIONS[current]:
        check_transition(current, wanted)
    else:
        with pytest.raises(Conflict, match=f"^the claim {IN_WORDS[current]}, so it cannot become {wanted}$"):
            check_transition(current, wanted)
