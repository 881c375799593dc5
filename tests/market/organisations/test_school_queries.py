"""Finding schools, and all there is to know of one."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session

from becta.kernel.errors import Invalid, NotFound
from becta.market.organisations.queries import one_school, schools
from becta.market.organisations.rules import GroupType, LinkKind, SchoolPhase

CELLS = ("URN", "EstablishmentName", "LA (code)", "PhaseOfEducation (name)", "Postcode", "UKPRN")
ROWS = (
    ("100000", "St Chad’s School", "201", "Primary", "EC3A 5DE", "10000001"),
    ("100001", "St. Chads Academy", "201", "Secondary", "EC2Y 8BB", ""),
    ("100002", "Æthelred College", "202", "16 plus", "EC2Y 8BB", ""),
    ("100003", "100% School_", "202", "Primary", "", ""),
    ("100004", "Zeal School", "202", "Primary", "", ""),
    ("100005", "Zeal School", "202", "Primary", "", ""),
)


@pytest.fixture
def loaded(register: Any) -> Any:
    names = register.groups(
        {"Group UID": "1", "Group Name": "OLD TRUST"},
        {"Group UID": "2", "Group Name": "NEW TRUST"},
        {"Group UID": "3", "Group Name": "FEDERATION", "Group Type": "Federation"},
    )
    others = [{"URN": urn, "Group UID": "1"} for urn in ("100002", "100003")]
    federation = {"URN": "100001", "Group UID": "3", "Joined date": "01/01/2015"}
    links = register.links(
        {"URN": "100001", "LinkURN": "100000", "LinkType": "Predecessor - merged"},
        {"URN": "100001", "LinkURN": "100002", "LinkType": "Successor"},
        {"URN": "100001", "LinkURN": "100003", "LinkType": "Sixth Form Centre School"},
    )
    register.load(
        register.schools(*(dict(zip(CELLS, row, strict=True)) for row in ROWS)),
        names,
        register.members({"URN": "100001", "Group UID": "1"}, federation, *others),
        links,
    )
    moved = {"URN": "100001", "Group UID": "2", "Joined date": "01/09/2026"}
    register.load(register.members(moved, federation, *others), force=True)
    return register


def _urns(loaded: Any, **wanted: Any) -> list[int]:
    with loaded.db.read() as session:
        return [item.urn for item in schools(session, **wanted).items]


@pytest.mark.parametrize(
    ("_wanted", "urns"),
    [
        ({}, [100_003, 100_002, 100_001, 100_000, 100_004, 100_005]),
        ({"q": "st chads"}, [100_001, 100_000]),
        ({"q": "ST CHAD'S"}, [100_001, 100_000]),
        ({"q": "school zeal"}, [100_004, 100_005]),
        ({"q": "aethelred"}, [100_002]),
        ({"q": "ÆTHELRED"}, [100_002]),
        ({"q": "100004"}, [100_004]),
        ({"q": "10000001"}, [100_000]),
        ({"q": "ec2y8bb"}, [100_002, 100_001]),
        ({"q": "%"}, [100_003, 100_002, 100_001, 100_000, 100_004, 100_005]),
        ({"q": "100 school"}, [100_003]),
        ({"q": "nowhere"}, []),
        ({"la_code": "201"}, [100_001, 100_000]),
        ({"phase": SchoolPhase.PRIMARY, "la_code": "202"}, [100_003, 100_004, 100_005]),
        ({"trust_uid": 1}, [100_003, 100_002]),
        ({"trust_uid": 2}, [100_001]),
        ({"trust_uid": 3}, [100_001]),
    ],
)
def test_schools_are_found_by_name_place_phase_and_group(loaded: Any, _wanted: dict[str, Any], urns: list[int]) -> None:
    assert _urns(loaded, **_wanted) == urns


def test_pages_continue_where_the_last_one_ended(loaded: Any) -> None:
    seen, after = [], None
    with loaded.db.read() as session:
        while True:
            page = schools(session, after=after, limit=2)
            seen += [item.urn for item in page.items]
            after = page.next
            if after is None:
                break
            assert len(page.items) == 2

        assert seen == [100_003, 100_002, 100_001, 100_000, 100_004, 100_005]
        cursor = schools(session, limit=1).next
        with pytest.raises(Invalid):
            schools(session, la_code="201", after=cursor)
        with pytest.raises(Invalid):
            schools(session, after="nonsense")


def test_an_item_names_the_present_trust_only(loaded: Any) -> None:
    with loaded.db.read() as session:
        items = {item.urn: item for item in schools(session).items}

    assert (items[100_001].trust_uid, items[100_001].trust_name) == (2, "NEW TRUST")
    assert (items[100_000].trust_uid, items[100_000].trust_name) == (None, None)


def test_one_school_has_its_groups_their_history_and_its_links(loaded: Any) -> None:
    with loaded.db.read() as session:
        school = one_school(session, 100_001)

    assert school.trust is not None
    assert (school.trust.group_name, school.trust.group_type) == ("NEW TRUST", GroupType.MULTI_ACADEMY_TRUST)
    assert [one.group_name for one in school.groups] == ["NEW TRUST", "FEDERATION"]
    assert [(one.group_name, one.ended_at is None) for one in school.memberships] == [
        ("NEW TRUST", True),
        ("FEDERATION", True),
        ("OLD TRUST", False),
    ]
    assert [(one.urn, one.name, one.kind) for one in school.predecessors] == [
        (100_000, "St Chad’s School", LinkKind.MERGED)
    ]
    assert [one.urn for one in school.successors] == [100_002]
    assert [one.urn for one in school.related] == [100_003]
    with loaded.db.read() as session:
        assert [one.urn for one in one_school(session, 100_000).successors] == [100_001]
        with pytest.raises(NotFound):
            one_school(session, 999_999)


@pytest.mark.parametrize(
    ("_read", "statements"),
    [(lambda session: schools(session, q="s", limit=200), 1), (lambda session: one_school(session, 100_001), 3)],
)
def test_reads_take_a_constant_number_of_statements(
    loaded: Any, _read: Callable[[Session], Any], statements: int
) -> None:
    seen: list[str] = []
    event.listen(loaded.db.engine, "before_cursor_execute", lambda *given: seen.append(given[2]))

    with loaded.db.read() as session:
        _read(session)

    assert len([text for text in seen if text.startswith("SELECT")]) == statements
