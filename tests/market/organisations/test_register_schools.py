"""What happens to schools over the years, as the register tells it and as we keep it."""

from datetime import date
from typing import Any

import pytest

from becta.catalogue.offers.rules import Region
from becta.market.organisations.rules import Status
from becta.market.organisations.schemas import Counts

ONE, TWO, THREE = ({"URN": urn} for urn in ("100000", "100001", "100002"))
CLOSED = {"EstablishmentStatus (name)": "Closed", "CloseDate": "31/08/2026"}


def _many(number: int) -> list[dict[str, str]]:
    return [{"URN": str(100_000 + n)} for n in range(number)]


def test_a_school_is_kept_as_the_register_states_it(register: Any) -> None:
    summary = register.load(register.schools({**ONE, "EstablishmentName": "St Chad’s  Æthelred é School"}))

    assert summary.establishments == Counts(read=1, created=1)
    school = register.school(100_000)
    assert school.name == "St Chad’s Æthelred é School"
    assert school.name_key == "st chads aethelred e school"
    assert (school.opened_on, school.last_changed_on) == (date(1999, 9, 1), date(2017, 9, 16))
    assert (school.opened_reason, school.closed_reason, school.county) == (None, None, None)
    assert (school.free_meals_basis_points, school.pupils, school.capacity) == (1_250, 276, 286)
    assert (school.easting, school.northing, school.region) == (533_498, 181_201, Region.LONDON)
    assert (school.website, school.postcode) == ("http://www.example.sch.uk", "EC3A 5DE")
    assert (school.first_seen_at, school.changed_at) == (register.now, register.now)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig"])
def test_names_survive_whichever_way_the_file_was_saved(register: Any, encoding: str) -> None:
    name = "École St Chad’s Æthelred"
    register.load(register.schools({**ONE, "EstablishmentName": name}, encoding=encoding))

    assert register.school(100_000).name == name


def test_no_personal_data_is_stored(register: Any) -> None:
    register.load(register.schools(ONE), register.groups({"Group UID": "2044"}))

    stored = repr(register.state()) + repr(register.events(register=True))
    assert not [word for word in ("Quillfeather", "Winifred", "02070000000", "BSc") if word in stored]


def test_the_order_of_the_files_does_not_matter(register: Any) -> None:
    summary = register.load(
        register.links({"URN": "100001", "LinkURN": "100000"}),
        register.members({**ONE, "Group UID": "2044"}),
        register.groups({"Group UID": "2044"}),
        register.schools(ONE, TWO),
    )

    assert (summary.establishments.created, summary.groups.created) == (2, 1)
    assert (summary.memberships.created, summary.links.created) == (1, 1)
    assert register.report.faults == []


def test_a_school_closes_reopens_and_each_is_told(register: Any) -> None:
    others = _many(20)[1:]
    register.load(register.schools(ONE, *others))
    first_seen = register.school(100_000).first_seen_at

    summary = register.load(register.schools({**ONE, **CLOSED}, *others))

    assert summary.establishments == Counts(read=20, changed=1, unchanged=19)
    closed = register.school(100_000)
    assert (closed.status, closed.closed_on, closed.first_seen_at) == (Status.CLOSED, date(2026, 8, 31), first_seen)
    assert closed.changed_at == register.now

    register.load(register.schools(ONE, *others))

    assert (register.school(100_000).status, register.school(100_000).closed_on) == (Status.OPEN, None)
    told = {"urn": 100_000, "status": "closed", "name": "A School", "closed_on": "2026-08-31"}
    assert register.events() == [
        ("school.closed", {"status": "open"}, told),
        ("school.reopened", {"status": "closed"}, {"urn": 100_000, "status": "open", "name": "A School"}),
    ]


@pytest.mark.parametrize(
    ("before", "after", "action"),
    [
        ("Open", "Open, but proposed to close", "school.closure_proposed"),
        ("Open, but proposed to close", "Open", "school.closure_withdrawn"),
        ("Open, but proposed to close", "Closed", "school.closed"),
        ("Proposed to open", "Open", "school.opened"),
        ("Open", "Proposed to open", "school.status_changed"),
    ],
)
def test_every_change_of_status_has_its_name(register: Any, before: str, after: str, action: str) -> None:
    others = _many(20)[1:]
    register.load(register.schools({**ONE, "EstablishmentStatus (name)": before}, *others))
    register.load(register.schools({**ONE, "EstablishmentStatus (name)": after}, *others))

    assert [event[0] for event in register.events()] == [action]


def test_a_new_name_and_a_new_school_are_told_other_changes_are_not(register: Any) -> None:
    register.load(register.schools(ONE, TWO))

    renamed, grown = {**ONE, "EstablishmentName": "New Name"}, {**TWO, "NumberOfPupils": "300"}
    summary = register.load(register.schools(renamed, grown, THREE))

    assert summary.establishments == Counts(read=3, created=1, changed=2)
    assert register.school(100_001).pupils == 300
    assert sorted(register.events(), key=str) == [
        ("school.added", None, {"urn": 100_002, "name": "A School", "status": "open"}),
        ("school.renamed", {"name": "A School"}, {"urn": 100_000, "name": "New Name"}),
    ]


def test_a_school_the_register_forgets_is_kept_and_marked_until_it_is_back(register: Any) -> None:
    rows = _many(20)
    register.load(register.schools(*rows))

    gone = register.load(register.schools(*rows[1:]))

    assert gone.establishments == Counts(read=19, unchanged=19, missing=1)
    assert register.school(100_000).missing_since == register.now
    assert register.school(100_000).status is Status.OPEN
    assert register.load(register.schools(*rows[1:])).establishments.missing == 0

    back = register.load(register.schools(*rows))

    assert back.establishments == Counts(read=20, changed=1, unchanged=19)
    assert register.school(100_000).missing_since is None
    assert [event[0] for event in register.events()] == ["school.missing", "school.found"]


def test_part_of_the_register_says_nothing_of_the_rest(register: Any) -> None:
    register.load(register.schools(*_many(20)))

    summary = register.load(register.schools(ONE, name="edubaseallstatefunded20261122.csv"))

    assert summary.establishments == Counts(read=1, unchanged=1)


def test_columns_that_a_years_file_lacks_leave_what_we_know(register: Any, tmp_path: Any) -> None:
    register.load(register.schools(ONE))
    slim = tmp_path / "edubasealldata20250101.csv"
    slim.write_text(
        "URN,EstablishmentName,EstablishmentStatus (name),PhaseOfEducation (name),PercentageFSM 2025,Unheard Of\n"
        "100000,A School,Open,Primary,20,x\n",
        encoding="latin-1",
    )

    assert register.load(slim).establishments == Counts(read=1, changed=1)

    school = register.school(100_000)
    assert (school.free_meals_basis_points, school.postcode, school.pupils) == (2_000, "EC3A 5DE", 276)
