"""Broken rows: each is named with its file, line, field and value, and blocks no other."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from becta.catalogue.imports.rows import UnreadableFile
from becta.market.organisations.rules import SchoolPhase
from becta.market.organisations.schemas import Counts

_SCHOOL_CASES = [
    ({"URN": "12345"}, "URN", "is not a URN", "12345"),
    ({"URN": "1234567"}, "URN", "is not a URN", "1234567"),
    ({"URN": "ABCDEF"}, "URN", "is not a URN", "ABCDEF"),
    ({"URN": "012345"}, "URN", "is not a URN", "012345"),
    ({"URN": ""}, "URN", "is missing", ""),
    ({"EstablishmentName": ""}, "EstablishmentName", "is missing", ""),
    ({"EstablishmentName": "x" * 251}, "EstablishmentName", "is longer than 250 characters", "x" * 80),
    ({"EstablishmentName": "A\x00B"}, "EstablishmentName", "has control characters", "A�B"),
    ({"EstablishmentStatus (name)": "Burnt"}, "EstablishmentStatus (name)", "is no status of the register", "Burnt"),
    ({"EstablishmentStatus (name)": ""}, "EstablishmentStatus (name)", "is missing", ""),
    ({"PhaseOfEducation (name)": "Tertiary"}, "PhaseOfEducation (name)", "is no phase of the register", "Tertiary"),
    ({"OpenDate": "31-02-2020"}, "OpenDate", "is a day that does not exist", "31-02-2020"),
    ({"CloseDate": "1 May 2020"}, "CloseDate", "is not a date", "1 May 2020"),
    ({"OpenDate": "01/09/99"}, "OpenDate", "is not a date", "01/09/99"),
    ({"StatutoryLowAge": "12"}, "StatutoryLowAge", "is above StatutoryHighAge (11)", "12"),
    ({"StatutoryHighAge": "eleven"}, "StatutoryHighAge", "is not a whole number", "eleven"),
    ({"Postcode": "EC3A"}, "Postcode", "is not a postcode", "EC3A"),
    ({"NumberOfPupils": "-3"}, "NumberOfPupils", "is out of range", "-3"),
    ({"NumberOfPupils": "27.5"}, "NumberOfPupils", "is not a whole number", "27.5"),
    ({"SchoolCapacity": "1000000"}, "SchoolCapacity", "is out of range", "1000000"),
    ({"PercentageFSM": "101"}, "PercentageFSM", "is out of range", "101"),
    ({"PercentageFSM": "many"}, "PercentageFSM", "is not a percentage", "many"),
    ({"UKPRN": "2000000"}, "UKPRN", "is not a UKPRN", "2000000"),
    ({"UPRN": "5.00E+06"}, "UPRN", "is not a UPRN", "5.00E+06"),
    ({"LA (code)": "E09"}, "LA (code)", "is not a local authority's code", "E09"),
    ({"EstablishmentNumber": "36145"}, "EstablishmentNumber", "is not an establishment number", "36145"),
    ({"Easting": "900000"}, "Easting", "is out of range", "900000"),
    ({"Gender (name)": "All"}, "Gender (name)", "is no gender of entry of the register", "All"),
]


@pytest.mark.parametrize(("_cells", "field", "problem", "value"), _SCHOOL_CASES)
def test_a_broken_school_is_named_and_blocks_no_other(
    register: Any, _cells: dict[str, str], field: str, problem: str, value: str
) -> None:
    broken = {"URN": "100001", **_cells}

    summary = register.load(register.schools({"URN": "100000"}, broken, {"URN": "100002"}))

    assert summary.establishments == Counts(read=3, created=2, failed=1)
    (fault,) = register.report.faults
    assert (fault.file, fault.line) == ("edubasealldata20261122.csv", 3)
    assert (fault.fault.field, fault.fault.problem, fault.fault.value) == (field, problem, value)
    assert fault.fault.mend
    assert [row[0] for row in register.state()["Establishment"]] == [100_000, 100_002]


def test_a_row_with_several_faults_has_them_all_named(register: Any) -> None:
    register.load(register.schools({"URN": "100000", "Postcode": "x", "OpenDate": "x", "NumberOfPupils": "x"}))

    assert [field for _, field, _, _ in register.faults()] == ["OpenDate", "NumberOfPupils", "Postcode"]


def test_a_second_row_of_a_school_names_the_line_of_the_first(register: Any) -> None:
    again = {"URN": "100000", "EstablishmentName": "Impostor"}

    summary = register.load(register.schools({"URN": "100000"}, {"URN": "100001"}, again))

    assert summary.establishments == Counts(read=3, created=2, failed=1)
    assert register.faults() == [(4, "URN", "is on an earlier line already: line 2", "100000")]
    assert register.school(100_000).name == "A School"


def test_a_second_row_in_another_file_names_that_file(register: Any) -> None:
    register.load(
        register.schools({"URN": "100000"}),
        register.schools({"URN": "100000"}, name="edubaseallstatefunded20261122.csv"),
    )

    assert register.faults() == [
        (2, "URN", "is on an earlier line already: edubasealldata20261122.csv, line 2", "100000")
    ]


def test_a_school_whose_row_is_broken_is_not_taken_for_missing_and_keeps_what_it_had(register: Any) -> None:
    register.load(register.schools({"URN": "100000"}))

    summary = register.load(register.schools({"URN": "100000", "EstablishmentName": "New", "Postcode": "x"}))

    assert summary.establishments == Counts(read=1, failed=1)
    school = register.school(100_000)
    assert (school.name, school.missing_since) == ("A School", None)


_GROUP_CASES = [
    ({"Group UID": "TR1"}, "Group UID", "is not a group's UID"),
    ({"Group UID": "0"}, "Group UID", "is not a group's UID"),
    ({"Group UID": "²"}, "Group UID", "is not a group's UID"),
    ({"Group Name": ""}, "Group Name", "is missing"),
    ({"Group Status": "Asleep"}, "Group Status", "is no group status of the register"),
    ({"Companies House Number": "123456789"}, "Companies House Number", "is not a company number"),
    ({"Closed Date": "00/00/0000"}, "Closed Date", "is a day that does not exist"),
    ({"Group Postcode": "PE10"}, "Group Postcode", "is not a postcode"),
]


@pytest.mark.parametrize(("_cells", "field", "problem"), _GROUP_CASES)
def test_a_broken_group_is_named(register: Any, _cells: dict[str, str], field: str, problem: str) -> None:
    summary = register.load(register.groups({"Group UID": "1"}, {"Group UID": "2", **_cells}))

    assert summary.groups == Counts(read=2, created=1, failed=1)
    assert [(line, name, text) for line, name, text, _ in register.faults()] == [(3, field, problem)]


_MEMBER_CASES = [
    ({"URN": "999999"}, "URN", "is no establishment that we know of"),
    ({"Group UID": "4711"}, "Group UID", "is no group that we know of"),
    ({"URN": "?"}, "URN", "is not a URN"),
    ({"Joined date": "soon"}, "Joined date", "is not a date"),
    ({}, "Group UID", "names a school and group that are on an earlier line already: alllinksdata20261122.csv, line 2"),
]


@pytest.mark.parametrize(("_cells", "field", "problem"), _MEMBER_CASES)
def test_a_broken_membership_is_named(register: Any, _cells: dict[str, str], field: str, problem: str) -> None:
    good = {"URN": "100000", "Group UID": "1"}

    summary = register.load(
        register.schools({"URN": "100000"}),
        register.groups({"Group UID": "1"}),
        register.members(good, {**good, **_cells}),
    )

    assert summary.memberships == Counts(read=2, created=1, failed=1)
    assert [(line, name, text) for line, name, text, _ in register.faults()] == [(3, field, problem)]


def test_a_membership_whose_row_breaks_is_not_ended(register: Any) -> None:
    good = {"URN": "100000", "Group UID": "1"}
    register.load(register.schools({"URN": "100000"}), register.groups({"Group UID": "1"}), register.members(good))

    summary = register.load(register.members({**good, "Joined date": "soon"}))

    assert summary.memberships == Counts(read=1, failed=1)


_LINK_CASES = [
    ({"LinkURN": "999999"}, "URN or LinkURN", "is no establishment that we know of"),
    ({"URN": "1"}, "URN", "is not a URN"),
    ({"LinkURN": ""}, "LinkURN", "is missing"),
    ({"LinkURN": "100001"}, "LinkURN", "is the establishment itself"),
    ({"LinkType": "Cousin"}, "LinkType", "is no link type of the register"),
    ({"LinkEstablishedDate": "2019"}, "LinkEstablishedDate", "is not a date"),
]


@pytest.mark.parametrize(("_cells", "field", "problem"), _LINK_CASES)
def test_a_broken_link_is_named(register: Any, _cells: dict[str, str], field: str, problem: str) -> None:
    link = {"URN": "100001", "LinkURN": "100000", **_cells}

    summary = register.load(register.schools({"URN": "100000"}, {"URN": "100001"}), register.links(link))

    assert summary.links == Counts(read=1, failed=1)
    assert [(line, name, text) for line, name, text, _ in register.faults()] == [(2, field, problem)]
    assert register.state()["EstablishmentLink"] == []


def test_a_row_with_a_cell_too_few_and_a_broken_quote_are_named(register: Any) -> None:
    path = register.schools({"URN": "100000"}, {"URN": "100001"})
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\r\n".join([*lines[:2], lines[2].rpartition(b",")[0], b'"100003', b""]))

    summary = register.load(path)

    assert summary.establishments == Counts(read=3, created=1, failed=2)
    assert [(line, field) for line, field, _, _ in register.faults()] == [(3, "(row)"), (4, "(row)")]


@pytest.mark.parametrize("blank", ["", "Not recorded", "Not applicable", " Not Applicable ", "Does not apply"])
def test_the_registers_ways_of_saying_nothing_are_none(register: Any, blank: str) -> None:
    cells = ("UKPRN", "Postcode", "OpenDate", "Gender (name)", "PhaseOfEducation (name)", "NumberOfPupils", "Street")

    register.load(register.schools({"URN": "100000", **dict.fromkeys(cells, blank)}))

    school = register.school(100_000)
    assert (school.ukprn, school.postcode, school.opened_on, school.gender, school.pupils, school.street) == (None,) * 6
    assert school.phase is SchoolPhase.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("_given", "kept"),
    [
        ("HTTP://www.a.sch.uk/", "http://www.a.sch.uk/"),
        ("http:/www.a.sch.uk", "http://www.a.sch.uk"),
        ("https//www.a.sch.uk", "https://www.a.sch.uk"),
        ("www.a.sch.uk:8080/x?y=1", "http://www.a.sch.uk:8080/x?y=1"),
        ("javascript:alert(document.cookie)", None),
        ("head@a.sch.uk", None),
        ("Not Available", None),
        ("url1", None),
        ("www.a.sch.uk and others", None),
    ],
)
def test_a_website_is_kept_only_if_it_may_be_linked_to(register: Any, _given: str, kept: str | None) -> None:
    register.load(register.schools({"URN": "100000", "SchoolWebsite": _given}))

    assert register.report.faults == []
    assert register.school(100_000).website == kept


def test_a_file_with_an_unusual_name_is_known_by_its_header(register: Any) -> None:
    summary = register.load(
        register.members({"URN": "100000", "Group UID": "1"}, name="c.csv"),
        register.links({"URN": "100000", "LinkURN": "100001"}, name="d.csv"),
        register.groups({"Group UID": "1"}, name="b.csv"),
        register.schools({"URN": "100000"}, {"URN": "100001"}, name="a.csv"),
    )

    assert summary.files == ("c.csv", "d.csv", "b.csv", "a.csv")
    assert (summary.establishments.created, summary.groups.created) == (2, 1)
    assert (summary.memberships.created, summary.links.created) == (1, 1)


def test_a_zipped_file_and_one_given_twice_are_read_once(register: Any) -> None:
    plain = register.schools({"URN": "100000"})
    zipped = plain.with_name("edubasealldata20261123.csv.gz")
    zipped.write_bytes(gzip.compress(plain.read_bytes()))

    assert register.load(zipped, zipped).establishments == Counts(read=1, created=1)


def _write(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("edubasealldata20261122.csv", b"URN,Name\n1,x\n", "lacks the columns EstablishmentName, EstablishmentStatus"),
        ("links_edubasealldata20261122.csv", b"URN,Name\n1,x\n", "lacks the columns LinkURN, LinkType"),
        ("prices.csv", b"sku,price\n1,2\n", "is no file of the register"),
        ("some.csv", b"URN,Group UID\n1,2\n", "nearest to its memberships, but lacks the columns Joined date"),
        ("edubasealldata20261122.csv", b"", "is empty"),
        ("edubasealldata20261122.xlsx", b"PK", "cannot tell its format"),
        ("edubasealldata20261122.jsonl", b"{}", "is not CSV"),
        ("edubasealldata20261122.csv.gz", b"nonsense", "is not a whole gzip file"),
    ],
)
def test_a_file_that_is_none_of_the_registers_is_refused_and_nothing_is_written(
    register: Any, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    good = register.groups({"Group UID": "1"})

    with pytest.raises(UnreadableFile) as refused:
        register.load(good, _write(tmp_path, name, content))

    assert name in str(refused.value)
    assert said in str(refused.value)
    assert not any(register.state().values())


def test_a_file_that_does_not_exist_is_refused(register: Any, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="there is no such file"):
        register.load(tmp_path / "edubasealldata20261122.csv")
