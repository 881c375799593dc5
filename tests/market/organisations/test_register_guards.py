"""What an import refuses, and what it leaves behind when it is strict, broken off, or not alone."""

from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from becta.kernel.events import AuditEvent
from becta.market.organisations.models import GroupMembership, RegisterState
from becta.market.organisations.schemas import Counts
from becta.market.organisations.service import RegisterShrinks, StrictRefused

ONE, TWO = {"URN": "100000"}, {"URN": "100001"}
CLOSED = {"EstablishmentStatus (name)": "Closed", "CloseDate": "31/08/2026"}


def _many(number: int, **cells: str) -> list[dict[str, str]]:
    return [{"URN": str(100_000 + n), **cells} for n in range(number)]


def test_a_file_that_lost_more_than_a_tenth_is_refused_before_anything_is_written(register: Any) -> None:
    register.load(register.schools(*_many(20)))
    before, events = register.state(), register.events(register=True)
    fewer = register.schools({**ONE, "EstablishmentName": "New"}, *_many(17)[1:])

    with pytest.raises(RegisterShrinks) as refused:
        register.load(fewer)

    assert (refused.value.before, refused.value.kept) == (20, 17)
    assert "of 20 current establishments it keeps only 17" in str(refused.value)
    assert register.state() == before
    assert register.events(register=True) == events

    forced = register.load(fewer, force=True)

    assert forced.establishments == Counts(read=17, changed=1, unchanged=16, missing=3)


def test_a_tenth_itself_may_go(register: Any) -> None:
    register.load(register.schools(*_many(20)))

    assert register.load(register.schools(*_many(18))).establishments.missing == 2


def test_closing_more_than_a_tenth_is_refused_too(register: Any) -> None:
    register.load(register.schools(*_many(20)))

    with pytest.raises(RegisterShrinks):
        register.load(register.schools(*_many(3, **CLOSED), *_many(20)[3:]))


def test_other_schools_do_not_make_up_for_those_that_went(register: Any) -> None:
    register.load(register.schools(*_many(20)))

    with pytest.raises(RegisterShrinks):
        register.load(register.schools(*({"URN": str(200_000 + n)} for n in range(20))))


@pytest.mark.parametrize("shrinking", ["groups", "members", "links"])
def test_groups_memberships_and_links_are_guarded_too_and_hold_everything_back(register: Any, shrinking: str) -> None:
    rows: dict[str, list[dict[str, str]]] = {
        "groups": [{"Group UID": str(n)} for n in range(1, 21)],
        "members": _many(20, **{"Group UID": "1"}),
        "links": [{"URN": str(100_001 + n), "LinkURN": "100000"} for n in range(20)],
    }
    write = {"groups": register.groups, "members": register.members, "links": register.links}
    register.load(register.schools(*_many(21)), *(write[part](*rows[part]) for part in rows))
    before = register.state()

    with pytest.raises(RegisterShrinks):
        register.load(register.schools(*_many(40)), write[shrinking](*rows[shrinking][3:]))

    assert register.state() == before


def test_strict_writes_nothing_at_all_if_one_row_fails_and_names_every_fault(register: Any) -> None:
    schools = register.schools(ONE, {"URN": "12"}, {**TWO, "Postcode": "nowhere"})
    members = register.members({**ONE, "Group UID": "1"}, {**ONE, "Group UID": "99"})

    with pytest.raises(StrictRefused) as refused:
        register.load(schools, register.groups({"Group UID": "1"}), members, strict=True)

    assert refused.value.failed == 3
    assert sorted(fault[1] for fault in register.faults()) == ["Group UID", "Postcode", "URN"]
    assert not any(register.state().values())
    assert register.events(register=True) == []


def test_strict_writes_everything_if_all_is_well(register: Any) -> None:
    members = register.members({**ONE, "Group UID": "1"})
    summary = register.load(register.schools(*_many(3)), register.groups({"Group UID": "1"}), members, strict=True)

    assert (summary.establishments.created, summary.memberships.created) == (3, 1)
    assert len(register.events(register=True)) == 3


def test_one_event_for_each_part_and_run_carries_the_counts(register: Any) -> None:
    register.load(register.schools(ONE, {"URN": "x"}))

    noughts = dict.fromkeys(("changed", "unchanged", "ended", "missing"), 0)
    counts = {"read": 2, "created": 1, "failed": 1, **noughts, "files": ["edubasealldata20261122.csv"]}
    assert register.events(register=True) == [("register.imported", None, counts)]
    with register.db.read() as session:
        assert session.execute(select(col(AuditEvent.actor_label))).scalar_one() == "test"


def test_two_imports_at_once_end_as_one(register: Any) -> None:
    rows = _many(3_000)
    old = [register.schools(*rows), register.groups({"Group UID": "1"}, {"Group UID": "2"})]
    register.load(*old, register.members(*({**row, "Group UID": "1"} for row in rows)))
    changed = [{**row, "EstablishmentName": f"School {row['URN']}"} for row in rows[50:]]
    moved = [{**row, "Group UID": "2" if n < 200 else "1"} for n, row in enumerate(rows)]
    new = [register.schools(*rows[:50], *changed), register.members(*moved)]
    new.append(register.links({"URN": "100001", "LinkURN": "100000"}))
    done: list[Any] = []

    threads = [Thread(target=lambda: done.append(register.load(*new))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(done) == 2
    assert sum(one.establishments.changed for one in done) == 2_950
    assert sum(one.memberships.created for one in done) == 200
    assert sum(one.memberships.ended for one in done) == 200
    assert sum(one.links.created for one in done) == 1
    with register.db.read() as session:
        current = select(func.count()).where(col(GroupMembership.ended_at).is_(None))
        turns = select(col(RegisterState.turn)).where(col(RegisterState.kind) == "turnstile")
        assert session.execute(current).scalar_one() == 3_000
        assert session.execute(turns).scalar_one() >= 2 * (3 + 3 + 1)
    again = register.load(*new)
    assert again.establishments == Counts(read=3_000, unchanged=3_000)
    assert again.memberships == Counts(read=3_000, unchanged=3_000)
    assert again.links == Counts(read=1, unchanged=1)


def test_two_first_imports_at_once_end_as_one(register: Any) -> None:
    files = [register.schools(*_many(3_000)), register.groups({"Group UID": "1"})]
    files.append(register.members(*_many(3_000, **{"Group UID": "1"})))
    done: list[Any] = []

    threads = [Thread(target=lambda: done.append(register.load(*files))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(one.establishments.created for one in done) == 3_000
    assert sum(one.groups.created for one in done) == 1
    assert sum(one.memberships.created for one in done) == 3_000


def test_an_import_that_broke_off_is_taken_up_again_without_news_of_every_school(register: Any) -> None:
    files = [register.schools(*_many(2_500))]

    def break_off(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        register.load(*files, progress=break_off)
    summary = register.load(*files)

    assert summary.establishments == Counts(read=2_500, created=1_500, unchanged=1_000)
    assert register.events() == []
    assert register.school(100_000).first_seen_at == register.now - timedelta(days=1)
