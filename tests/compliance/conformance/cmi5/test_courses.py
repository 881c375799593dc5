"""Each check of the cmi5 runner has a course that fails by just that, on its line; a full course passes."""

import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.edits import Edits, changed

from becta.compliance.conformance.cmi5.runner import RUNNERS
from becta.compliance.conformance.reports import Outcome, Report, Severity

(CMI5,) = RUNNERS

CLEAN = """<?xml version="1.0" encoding="utf-8"?>
<courseStructure xmlns="https://w3id.org/xapi/profiles/cmi5/v1/CourseStructure.xsd" xmlns:v="urn:vendor">
  <course id="https://courses.example/geology">
    <title><langstring lang="en-GB">Geology</langstring></title>
    <description><langstring lang="en-GB">Rocks</langstring><langstring lang="cy">Creigiau</langstring></description>
    <v:logo href="logo.png"/>
  </course>
  <objectives>
    <objective id="https://courses.example/objectives/rocks">
      <title><langstring lang="en-GB">Know rocks</langstring></title>
      <description><langstring lang="en-GB">Tell them apart</langstring></description>
    </objective>
  </objectives>
  <block id="https://courses.example/geology/first">
    <title><langstring lang="en-GB">First</langstring></title>
    <description><langstring lang="en-GB">The start</langstring></description>
    <objectives>
      <objective idref="https://courses.example/objectives/rocks"/>
    </objectives>
    <au id="https://courses.example/geology/1" moveOn="Passed" masteryScore="0.8500" launchMethod="OwnWindow">
      <title><langstring lang="en-GB">Granite</langstring></title>
      <description><langstring lang="en-GB">Hard</langstring></description>
      <url> units/granite%20one.html?speed=3#top </url>
      <launchParameters>mode=1</launchParameters>
      <entitlementKey>xyz</entitlementKey>
    </au>
  </block>
  <au id="https://courses.example/geology/2" activityType="http://adlnet.gov/expapi/activities/lesson">
    <title><langstring lang="en-GB">Slate</langstring></title>
    <description><langstring lang="en-GB">Flat</langstring></description>
    <url>https://content.example/slate</url>
  </au>
</courseStructure>
"""

CASES: list[tuple[str, Edits, int, str]] = [
    ("root", [("profiles/cmi5/v1", "profiles/cmi5/v2")], 2, "courseStructure"),
    ("missing-element", [("<url>https://content.example/slate</url>", "")], 28, "au"),
    ("missing-element", [('<langstring lang="en-GB">Slate</langstring>', "")], 29, "title"),
    ("unexpected-element", [("<entitlementKey>xyz</entitlementKey>", "<cost>3</cost>")], 25, "cost"),
    (
        "unexpected-element",
        [
            ("<launchParameters>mode=1</launchParameters>", ""),
            ("</entitlementKey>", "</entitlementKey><launchParameters/>"),
        ],
        25,
        "launchParameters",
    ),
    ("missing-attribute", [(' id="https://courses.example/geology/2"', "")], 28, "id"),
    ("unexpected-attribute", [('launchMethod="OwnWindow"', 'launchmethod="OwnWindow"')], 20, "launchmethod"),
    ("id", [('id="https://courses.example/geology/2"', 'id="slate"')], 28, "id"),
    ("unique-id", [("geology/2", "geology/1")], 28, "id"),
    ("objective-reference", [('idref="https://courses.example/objectives/rocks"', 'idref="urn:x"')], 18, "idref"),
    ("url", [("https://content.example/slate<", "https://content.example/a slate<")], 31, "url"),
    ("url", [("https://content.example/slate<", "<")], 31, "url"),
    ("url-file", [("units/granite", "units/marble")], 23, "url"),
    ("url-file", [("units/granite", "../units/granite")], 23, "url"),
    ("launch-method", [("OwnWindow", "NewWindow")], 20, "launchMethod"),
    ("move-on", [('moveOn="Passed"', 'moveOn="passed"')], 20, "moveOn"),
    ("mastery-score", [("0.8500", "85")], 20, "masteryScore"),
    ("mastery-score", [("0.8500", "8.5e-1")], 20, "masteryScore"),
    ("mastery-precision", [("0.8500", "0.85001")], 20, "masteryScore"),
    ("activity-type", [("http://adlnet.gov/expapi/activities/lesson", "lesson")], 28, "activityType"),
    ("language", [('lang="cy"', 'lang="Cymraeg!"')], 5, "lang"),
    ("empty-text", [(">Flat<", "> <")], 30, "langstring"),
    ("xml", [("</courseStructure>", "")], 34, ""),
]


def zipped(folder: Path, course: str | bytes, name: str = "cmi5.xml") -> Path:
    artefact = folder / "course.zip"
    with zipfile.ZipFile(artefact, "w") as archive:
        archive.writestr(name, course)
        archive.writestr("units/granite one.html", "<p>Granite</p>")
    return artefact


def run(folder: Path, course: str | bytes) -> Report:
    return CMI5.run(zipped(folder, course))


def test_a_full_course_passes_with_no_finding(tmp_path: Path) -> None:
    report = run(tmp_path, CLEAN)

    assert report.findings == ()
    assert report.outcome is Outcome.PASSED
    assert report.facts == {"files": 2, "units": 2}


@pytest.mark.parametrize(("check", "edits", "line", "field"), CASES)
def test_a_course_that_breaks_one_rule_is_found_by_that_check_alone(
    tmp_path: Path, check: str, edits: Edits, line: int, field: str
) -> None:
    report = run(tmp_path, changed(CLEAN, edits))

    asked = {declared.id: declared for declared in CMI5.checks}[check]
    assert [(found.check, found.file, found.line, found.field) for found in report.findings] == [
        (check, "cmi5.xml", line, field)
    ]
    assert report.findings[0].clause == asked.clause
    assert report.outcome is (Outcome.FAILED if asked.severity is Severity.ERROR else Outcome.PASSED)


def test_every_declared_check_has_a_failing_case() -> None:
    elsewhere = {"structure-file", "url-absolute", "file-name"}

    assert {case[0] for case in CASES} | elsewhere == {check.id for check in CMI5.checks}


def test_a_zip_with_its_structure_in_a_folder_fails(tmp_path: Path) -> None:
    report = CMI5.run(zipped(tmp_path, CLEAN, name="course/cmi5.xml"))

    assert [(found.check, found.file) for found in report.findings] == [("structure-file", "course.zip")]
    assert report.outcome is Outcome.FAILED


def test_a_structure_alone_has_only_full_addresses(tmp_path: Path) -> None:
    artefact = tmp_path / "cmi5.xml"
    artefact.write_text(CLEAN)
    assert [(found.check, found.line) for found in CMI5.run(artefact).findings] == [("url-absolute", 23)]

    artefact.write_text(changed(CLEAN, [("units/granite%20one.html", "https://content.example/granite")]))
    assert CMI5.run(artefact).findings == ()


def test_a_structure_of_another_name_is_warned_about(tmp_path: Path) -> None:
    artefact = tmp_path / "course.xml"
    artefact.write_text(changed(CLEAN, [("units/granite%20one.html", "https://content.example/granite")]))

    report = CMI5.run(artefact)

    assert [(found.check, found.file) for found in report.findings] == [("file-name", "course.xml")]
    assert report.outcome is Outcome.PASSED


LAUGHS = '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;">]><courseStructure>&c;</courseStructure>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><courseStructure>&b;</courseStructure>'


@pytest.mark.parametrize("course", [LAUGHS, OUTSIDE, "<a>" * 200 + "</a>" * 200], ids=["laughs", "outside", "deep"])
def test_hostile_structures_are_refused(tmp_path: Path, course: str) -> None:
    report = run(tmp_path, course)

    assert report.outcome is Outcome.REFUSED
    assert report.findings == ()


def test_a_zip_that_leaves_its_folder_is_refused(tmp_path: Path) -> None:
    report = CMI5.run(zipped(tmp_path, CLEAN, name="../cmi5.xml"))

    assert (report.outcome, report.refusal) == (
        Outcome.REFUSED,
        "the entry '../cmi5.xml' leaves the package by `..`",
    )


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    artefact = tmp_path / "course.zip"
    with zipfile.ZipFile(artefact, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("cmi5.xml", b"\0" * 10_000_000)

    assert CMI5.run(artefact).outcome is Outcome.REFUSED


@settings(deadline=None)  # a slow machine is no fault
@given(st.integers(0, len(CLEAN)), st.integers(0, 40), st.sampled_from(["", "<", "</au>", '"', "<au>", "é\0", "x"]))
def test_no_mutation_raises(drafts: Path, start: int, length: int, put: str) -> None:
    report = run(drafts, CLEAN[:start] + put + CLEAN[start + length :])

    assert report.outcome in set(Outcome)
