"""Trusts and federations, who joins and leaves them, and what became of schools."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from becta.market.organisations.models import EstablishmentLink, GroupMembership
from becta.market.organisations.rules import GroupStatus, GroupType, LinkKind
from becta.market.organisations.schemas import Counts

CLOSED = {"EstablishmentStatus (name)": "Closed", "CloseDate": "31/08/2026"}


def _many(number: int, **cells: str) -> list[dict[str, str]]:
    return [{"URN": str(100_000 + n), **cells} for n in range(number)]


def _memberships(register: Any, urn: int) -> list[GroupMembership]:
    with register.db.read() as session:
        rows = session.execute(select(GroupMembership).where(col(GroupMembership.urn) == urn)).scalars()
        return sorted(rows, key=lambda row: (row.started_at, row.group_uid))


def _links(register: Any) -> list[tuple[int, int, LinkKind, date | None]]:
    with register.db.read() as session:
        rows = session.execute(select(EstablishmentLink)).scalars()
        found = [(row.predecessor_urn, row.successor_urn, row.kind, row.established_on) for row in rows]
    return sorted(found, key=lambda link: link[:2])


def test_groups_keep_their_type_by_name_or_code(register: Any) -> None:
    codes = {"Group Type": "", "Group Type (code)": "06"}
    register.load(
        register.groups(
            {"Group UID": "1", **codes},
            {"Group UID": "2", **codes, "Group Type (code)": "6"},
            {"Group UID": "3", "Group Type": "Federation", "Companies House Number": ""},
            {"Group UID": "4", "Group Type": "Learning village", "Companies House Number": "oc123456"},
            {"Group UID": "5", "Group ID": "West Surrey Federation", "Group Name": "None"},
            {"Group UID": "6", "Group ID": "TR00055.old"},
        )
    )

    types = [register.group(uid).type for uid in range(1, 5)]
    assert types == [GroupType.MULTI_ACADEMY_TRUST] * 2 + [GroupType.FEDERATION, GroupType.OTHER]
    assert register.group(1).company_number == "07318714"
    assert (register.group(4).company_number, register.group(4).type_name) == ("OC123456", "Learning village")
    assert (register.group(5).group_id, register.group(5).name) == (None, "None")
    assert register.group(6).group_id == "TR00055.old"
    assert register.group(1).opened_on == date(2010, 7, 19)


def test_a_group_closes_and_is_told(register: Any) -> None:
    others = [{"Group UID": str(n)} for n in range(2, 22)]
    register.load(register.groups({"Group UID": "1"}, *others))
    closed = {"Group UID": "1", "Group Status": "Closed", "Closed Date": "01/09/2026"}
    register.load(register.groups(closed, *others))

    assert register.group(1).status is GroupStatus.CLOSED
    assert [(event[0], event[2]["uid"]) for event in register.events()] == [("group.closed", 1)]


def _load_twenty_in_a_trust(register: Any) -> list[dict[str, str]]:
    members = _many(20, **{"Group UID": "2044"})
    groups = register.groups({"Group UID": "2044", "Group Name": "OLD TRUST"}, {"Group UID": "3000"})
    register.load(register.schools(*_many(20)), groups, register.members(*members))
    return members


def test_a_school_moves_to_another_trust_and_keeps_its_history(register: Any) -> None:
    members = _load_twenty_in_a_trust(register)
    moved = {"URN": "100000", "Group UID": "3000", "Joined date": "01/09/2026"}

    summary = register.load(register.members(moved, *members[1:]))

    assert summary.memberships == Counts(read=20, created=1, unchanged=19, ended=1)
    old, new = _memberships(register, 100_000)
    assert (old.group_uid, old.joined_on, old.ended_at, old.left_on) == (2044, date(2010, 12, 1), register.now, None)
    assert (new.group_uid, new.joined_on, new.started_at) == (3000, date(2026, 9, 1), register.now)
    assert new.ended_at is None
    assert sorted(event[0] for event in register.events()) == ["school.joined_group", "school.left_group"]
    left = next(after for action, _, after in register.events() if action == "school.left_group")
    assert left == {"urn": 100_000, "group_uid": 2044, "group": "OLD TRUST", "joined_on": "2010-12-01"}
    assert register.load(register.members(moved, *members[1:])).memberships == Counts(read=20, unchanged=20)


def test_a_school_that_leaves_and_comes_back_has_two_memberships(register: Any) -> None:
    members = _load_twenty_in_a_trust(register)

    assert register.load(register.members(*members[1:])).memberships.ended == 1
    assert register.load(register.members(*members)).memberships.created == 1

    assert [row.ended_at is None for row in _memberships(register, 100_000)] == [False, True]


def test_a_closed_school_left_on_the_day_it_closed(register: Any) -> None:
    members = _load_twenty_in_a_trust(register)

    register.load(
        register.schools({"URN": "100000", **CLOSED}, *_many(20)[1:]),
        register.members(*members[1:]),
    )

    (ended,) = _memberships(register, 100_000)
    assert (ended.left_on, ended.ended_at) == (date(2026, 8, 31), register.now)


def test_a_corrected_joining_date_is_a_change_not_a_move(register: Any) -> None:
    members = _load_twenty_in_a_trust(register)

    summary = register.load(register.members({**members[0], "Joined date": "02/12/2010"}, *members[1:]))

    assert summary.memberships == Counts(read=20, changed=1, unchanged=19)
    (only,) = _memberships(register, 100_000)
    assert only.joined_on == date(2010, 12, 2)


def test_the_academies_file_does_not_end_federations(register: Any) -> None:
    register.load(
        register.schools(*_many(3)),
        register.groups({"Group UID": "2044"}, {"Group UID": "7", "Group Type": "Federation"}),
        register.members(*_many(3, **{"Group UID": "2044"}), {"URN": "100000", "Group UID": "7"}),
    )

    academies = register.members(*_many(3, **{"Group UID": "2044"}), name="academiesmatmembership20261122.csv")
    summary = register.load(academies)

    assert summary.memberships == Counts(read=3, unchanged=3)
    assert [row.ended_at for row in _memberships(register, 100_000)] == [None, None]


def test_both_files_of_memberships_together_agree(register: Any) -> None:
    members = _load_twenty_in_a_trust(register)
    academies = register.members(*members, name="academiesmatmembership20261122.csv")

    summary = register.load(register.members(*members), academies)

    assert summary.memberships == Counts(read=40, unchanged=40)


def test_a_link_stated_from_both_sides_is_kept_once_with_the_more_telling_kind(register: Any) -> None:
    links = register.links(
        {"URN": "100001", "LinkURN": "100000", "LinkType": "Predecessor", "LinkEstablishedDate": "02-09-2019"},
        {"URN": "100000", "LinkURN": "100001", "LinkType": "Successor - merged"},
        {"URN": "100001", "LinkURN": "100002", "LinkType": "Successor - Split School", "LinkEstablishedDate": ""},
        {"URN": "100003", "LinkURN": "100002", "LinkType": "Sixth Form Centre Link"},
        {"URN": "100001", "LinkURN": "100000", "LinkType": "Result of Amalgamation"},
        {"URN": "100002", "LinkURN": "100001", "LinkType": "Other", "LinkEstablishedDate": ""},
    )

    summary = register.load(register.schools(*_many(4)), links)

    assert _links(register) == [
        (100_000, 100_001, LinkKind.MERGED, date(2019, 9, 1)),
        (100_001, 100_002, LinkKind.SPLIT, None),
        (100_002, 100_003, LinkKind.RELATED, date(2019, 9, 1)),
    ]
    assert summary.links == Counts(read=6, created=3)
    assert register.load(links).links == Counts(read=6, unchanged=3)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Predecessor", LinkKind.SUCCEEDED),
        ("Predecessor - amalgamated", LinkKind.AMALGAMATED),
        ("Predecessor - merged", LinkKind.MERGED),
        ("Predecessor - Split School", LinkKind.SPLIT),
    ],
)
def test_predecessor_and_successor_are_the_same_link(register: Any, words: str, kind: LinkKind) -> None:
    forward = words.replace("Predecessor", "Successor")
    register.load(
        register.schools(*_many(4)),
        register.links(
            {"URN": "100001", "LinkURN": "100000", "LinkType": words},
            {"URN": "100002", "LinkURN": "100003", "LinkType": forward},
        ),
    )

    day = date(2019, 9, 1)
    assert _links(register) == [(100_000, 100_001, kind, day), (100_002, 100_003, kind, day)]


def test_a_link_withdrawn_is_ended_and_may_come_back(register: Any) -> None:
    rows = [{"URN": str(100_001 + n), "LinkURN": "100000"} for n in range(11)]
    register.load(register.schools(*_many(12)), register.links(*rows))

    assert register.load(register.links(*rows[1:])).links == Counts(read=10, unchanged=10, ended=1)
    assert register.load(register.links(*rows)).links == Counts(read=11, changed=1, unchanged=10)
    assert [event[0] for event in register.events()] == ["school.link_withdrawn", "school.link_changed"]
