"""Each check of the SCORM runners has a package that fails by just that, on its line; full packages pass."""

import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.edits import Edits, changed

from becta.compliance.conformance.reports import Outcome, Report, Severity
from becta.compliance.conformance.runner import ArtefactRunner
from becta.compliance.conformance.scorm.runner import RUNNERS

SCORM_1_2, SCORM_2004 = RUNNERS

FIRST = """<?xml version="1.0" encoding="utf-8"?>
<manifest identifier="geology" version="1" xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2"
  xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2">
  <metadata>
    <schema>ADL SCORM</schema>
    <schemaversion>1.2</schemaversion>
  </metadata>
  <organizations default="course">
    <organization identifier="course">
      <title>Geology</title>
      <item identifier="part">
        <title>Rocks</title>
        <item identifier="granite" identifierref="r-granite" isvisible="true">
          <title>Granite</title>
          <adlcp:maxtimeallowed>0001:30:00</adlcp:maxtimeallowed>
          <adlcp:timelimitaction>exit,no message</adlcp:timelimitaction>
          <adlcp:datafromlms>speed=3</adlcp:datafromlms>
          <adlcp:masteryscore>80</adlcp:masteryscore>
        </item>
        <item identifier="slate" identifierref="r-slate">
          <title>Slate</title>
          <adlcp:prerequisites type="aicc_script">granite="passed"</adlcp:prerequisites>
        </item>
      </item>
    </organization>
  </organizations>
  <resources xml:base="content/">
    <resource identifier="r-granite" type="webcontent" adlcp:scormtype="sco" href="granite%20one.html?mode=1">
      <file href="granite one.html"/>
      <dependency identifierref="r-shared"/>
    </resource>
    <resource identifier="r-slate" type="webcontent" adlcp:scormtype="asset" href="https://content.example/slate"/>
    <resource identifier="r-shared" type="webcontent" adlcp:scormtype="asset" xml:base="shared/">
      <file href="api.js"/>
    </resource>
  </resources>
</manifest>
"""

LATER = """<?xml version="1.0" encoding="utf-8"?>
<manifest identifier="geology" version="1" xmlns="http://www.imsglobal.org/xsd/imscp_v1p1"
  xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_v1p3" xmlns:imsss="http://www.imsglobal.org/xsd/imsss">
  <metadata>
    <schema>ADL SCORM</schema>
    <schemaversion>2004 4th Edition</schemaversion>
  </metadata>
  <organizations default="course">
    <organization identifier="course">
      <title>Geology</title>
      <item identifier="part">
        <title>Rocks</title>
        <item identifier="granite" identifierref="r-granite" isvisible="true">
          <title>Granite</title>
          <adlcp:timeLimitAction>exit,no message</adlcp:timeLimitAction>
          <adlcp:dataFromLMS>speed=3</adlcp:dataFromLMS>
          <adlcp:completionThreshold completedByMeasure="true" minProgressMeasure="0.8" progressWeight="1.0"/>
          <imsss:sequencing IDRef="usual">
            <imsss:objectives>
              <imsss:primaryObjective objectiveID="pass" satisfiedByMeasure="true">
                <imsss:minNormalizedMeasure>0.8</imsss:minNormalizedMeasure>
              </imsss:primaryObjective>
              <imsss:objective objectiveID="extra"><imsss:mapInfo readSatisfiedStatus="true"/></imsss:objective>
            </imsss:objectives>
          </imsss:sequencing>
        </item>
        <item identifier="slate" identifierref="r-slate">
          <title>Slate</title>
        </item>
      </item>
      <imsss:sequencing>
        <imsss:controlMode choice="true" flow="true"/>
        <imsss:rollupRules objectiveMeasureWeight="0.5">
          <imsss:rollupRule childActivitySet="any">
            <imsss:rollupConditions><imsss:rollupCondition condition="completed"/></imsss:rollupConditions>
            <imsss:rollupAction action="completed"/>
          </imsss:rollupRule>
        </imsss:rollupRules>
      </imsss:sequencing>
    </organization>
  </organizations>
  <resources xml:base="content/">
    <resource identifier="r-granite" type="webcontent" adlcp:scormType="sco" href="granite%20one.html?mode=1">
      <file href="granite one.html"/>
      <dependency identifierref="r-shared"/>
    </resource>
    <resource identifier="r-slate" type="webcontent" adlcp:scormType="asset" href="https://content.example/slate"/>
    <resource identifier="r-shared" type="webcontent" adlcp:scormType="asset" xml:base="shared/">
      <file href="api.js"/>
    </resource>
  </resources>
  <imsss:sequencingCollection>
    <imsss:sequencing ID="usual">
      <imsss:sequencingRules>
        <imsss:preConditionRule>
          <imsss:ruleConditions>
            <imsss:ruleCondition condition="objectiveMeasureLessThan" measureThreshold="0.5"/>
          </imsss:ruleConditions>
          <imsss:ruleAction action="skip"/>
        </imsss:preConditionRule>
      </imsss:sequencingRules>
      <imsss:limitConditions attemptLimit="3"/>
    </imsss:sequencing>
  </imsss:sequencingCollection>
</manifest>
"""
CLEAN = {"scorm-1.2": FIRST, "scorm-2004": LATER}
FILES = ("content/granite one.html", "content/shared/api.js", "imscp_v1p1.xsd")

Case = tuple[str, Edits, str, str]
"""Check, edits, a text on the line where it is found, field."""
TOP = "xmlns:adlcp"
"""On the line where the start tag of the manifest ends, which is the line libxml2 gives."""
BOTH: list[Case] = [
    ("xml", [("</manifest>", "<")], "<", ""),
    (
        "root",
        [('<manifest identifier="geology" version="1" xmlns="http', '<manifest xmlns="urn:x" x="http')],
        TOP,
        "manifest",
    ),
    ("missing-element", [("<organizations ", "<groups "), ("</organizations>", "</groups>")], TOP, "organizations"),
    ("missing-attribute", [(' identifier="slate"', "")], '<item identifierref="r-slate"', "identifier"),
    ("missing-attribute", [('<file href="api.js"/>', '<file href="api.js"/><file/>')], "<file/>", "href"),
    ("identifier", [('identifier="part"', 'identifier="1 part"')], '"1 part"', "identifier"),
    ("unique-identifier", [('identifier="part"', 'identifier="course"')], '<item identifier="course"', "identifier"),
    ("dependency", [('identifierref="r-shared"', 'identifierref="r-other"')], "<dependency", "identifierref"),
    ("base", [('xml:base="shared/"', 'xml:base="shared"')], 'xml:base="shared"', "xml:base"),
    ("outside", [('<file href="api.js"/>', '<file href="api.js"/><file href="../../../api.js"/>')], "api.js", "href"),
    ("missing-file", [('<file href="api.js"/>', '<file href="api.js"/><file href="API.js"/>')], "api.js", "href"),
    ("own-file", [('<file href="granite one.html"/>', "")], '"r-granite" type', "href"),
    ("unlisted-file", [('<file href="api.js"/>', "")], TOP, "file"),
    ("schema", [("ADL SCORM", "IMS Content")], "<schema>", "schema"),
    ("schema-version", [("<schemaversion>", "<schemaversion>1.1 or ")], "<schemaversion>", "schemaversion"),
    ("default-organization", [('default="course"', 'default="other"')], "<organizations", "default"),
    ("title", [("<title>Slate</title>", "")], '<item identifier="slate"', "title"),
    (
        "resource-reference",
        [('identifierref="r-slate"', 'identifierref="slate"')],
        '<item identifier="slate"',
        "identifierref",
    ),
    (
        "launchable",
        [('identifierref="r-slate"', 'identifierref="r-shared"')],
        '<item identifier="slate"',
        "identifierref",
    ),
    ("resource-type", [('"r-shared" type="webcontent"', '"r-shared" type="text"')], '"r-shared" type', "type"),
    ("visible", [('isvisible="true"', 'isvisible="yes"')], "isvisible", "isvisible"),
    ("no-schema", [("<schema>ADL SCORM</schema>", "")], TOP, "metadata"),
]
ONLY_FIRST: list[Case] = [
    (
        "organization",
        [("</organization>", '</organization><organization identifier="b"><title>B</title></organization>')],
        '"b"',
        "item",
    ),
    ("scorm-type", [('adlcp:scormtype="asset" href', "href")], '"r-slate" type', "adlcp:scormtype"),
    ("sco-href", [('adlcp:scormtype="asset" xml', 'adlcp:scormtype="sco" xml')], '"r-shared" type', "href"),
    ("time-limit-action", [("exit,no message", "stop")], "stop", "timelimitaction"),
    ("launch-data", [("speed=3", "x" * 256)], "xxx", "datafromlms"),
    ("empty-data", [(">80<", "> <")], "masteryscore", "masteryscore"),
    ("mastery-score", [(">80<", ">101<")], ">101<", "masteryscore"),
    ("max-time", [("0001:30:00", "90 minutes")], "90 minutes", "maxtimeallowed"),
    ("prerequisites", [('granite="passed"', "granite&amp;marble")], "marble", "prerequisites"),
    ("prerequisites", [(' type="aicc_script"', "")], "<adlcp:prerequisites", "type"),
    ("no-sco", [('adlcp:scormtype="sco"', 'adlcp:scormtype="asset"')], TOP, ""),
]
ONLY_LATER: list[Case] = [
    (
        "organization",
        [("</organization>", '</organization><organization identifier="b"><title>B</title></organization>')],
        '"b"',
        "item",
    ),
    ("default-organization", [(' default="course"', "")], "<organizations", "default"),
    (
        "scorm-type",
        [('adlcp:scormType="asset" href', 'adlcp:scormType="SCO" href')],
        '"r-slate" type',
        "adlcp:scormType",
    ),
    ("sco-href", [('adlcp:scormType="asset" xml', 'adlcp:scormType="sco" xml')], '"r-shared" type', "href"),
    ("time-limit-action", [("exit,no message", "exit, no message")], "exit, no", "timeLimitAction"),
    ("empty-data", [("speed=3", "")], "dataFromLMS", "dataFromLMS"),
    ("launch-data", [("speed=3", "x" * 4_001)], "xxx", "dataFromLMS"),
    (
        "leaf",
        [('<item identifier="part"', '<item identifier="part" identifierref="r-slate"')],
        '<item identifier="part"',
        "identifierref",
    ),
    ("leaf", [(' identifierref="r-slate"', "")], '<item identifier="slate"', "identifierref"),
    ("measure", [(">0.8<", ">80<")], ">80<", "minNormalizedMeasure"),
    ("measure", [('measureThreshold="0.5"', 'measureThreshold="-1.5"')], "-1.5", "measureThreshold"),
    ("measure", [('minProgressMeasure="0.8"', 'minProgressMeasure="most"')], "most", "minProgressMeasure"),
    ("sequencing-reference", [('IDRef="usual"', 'IDRef="unusual"')], "unusual", "IDRef"),
    (
        "sequencing-objective",
        [('objectiveID="extra"', 'objectiveID="pass"')],
        '<imsss:objective objectiveID="pass"',
        "objectiveID",
    ),
    ("sequencing-rule", [('action="skip"', 'action="exit"')], 'action="exit"', "action"),
    ("sequencing-rule", [('condition="completed"', 'condition="done"')], '"done"', "condition"),
    ("sequencing-limit", [('attemptLimit="3"', 'attemptLimit="three"')], "three", "attemptLimit"),
    ("sequencing-flag", [('flow="true"', 'flow="on"')], 'flow="on"', "flow"),
    ("no-sco", [('adlcp:scormType="sco"', 'adlcp:scormType="asset"')], TOP, ""),
]
OF: dict[str, list[Case]] = {"scorm-1.2": BOTH + ONLY_FIRST, "scorm-2004": BOTH + ONLY_LATER}


def run(folder: Path, runner: ArtefactRunner, manifest: str | bytes, name: str = "imsmanifest.xml") -> Report:
    artefact = folder / "course.zip"
    with zipfile.ZipFile(artefact, "w") as archive:
        archive.writestr(name, manifest)
        for file in FILES:
            archive.writestr(file, "x")
    return runner.run(artefact)


@pytest.mark.parametrize("runner", RUNNERS, ids=lambda runner: runner.code)
def test_a_full_package_passes_with_no_finding(tmp_path: Path, runner: ArtefactRunner) -> None:
    report = run(tmp_path, runner, CLEAN[runner.code])

    assert report.findings == ()
    assert report.outcome is Outcome.PASSED
    assert report.facts == {"files": 4, "items": 3, "resources": 3}


@pytest.mark.parametrize(
    ("runner", "check", "edits", "place", "field"), [(runner, *case) for runner in RUNNERS for case in OF[runner.code]]
)
def test_a_package_that_breaks_one_rule_is_found_by_that_check_alone(
    tmp_path: Path, runner: ArtefactRunner, check: str, edits: Edits, place: str, field: str
) -> None:
    manifest = changed(CLEAN[runner.code], edits)
    lines = [number for number, line in enumerate(manifest.splitlines(), 1) if place in line]

    report = run(tmp_path, runner, manifest)

    asked = {declared.id: declared for declared in runner.checks}[check]
    told = [finding for finding in report.findings if finding.severity is not Severity.NOTE or check == finding.check]
    assert [(found.check, found.file, found.field) for found in told] == [(check, "imsmanifest.xml", field)]
    assert told[0].line in lines
    assert told[0].clause == asked.clause
    assert report.outcome is (Outcome.FAILED if asked.severity is Severity.ERROR else Outcome.PASSED)


@pytest.mark.parametrize("runner", RUNNERS, ids=lambda runner: runner.code)
def test_every_declared_check_has_a_failing_case(runner: ArtefactRunner) -> None:
    assert {case[0] for case in OF[runner.code]} | {"manifest-file"} == {check.id for check in runner.checks}


@pytest.mark.parametrize("runner", RUNNERS, ids=lambda runner: runner.code)
def test_a_manifest_in_a_folder_is_none(tmp_path: Path, runner: ArtefactRunner) -> None:
    report = run(tmp_path, runner, CLEAN[runner.code], name="course/imsmanifest.xml")

    assert [(found.check, found.message) for found in report.findings] == [
        ("manifest-file", "has its manifest in a folder: course/imsmanifest.xml")
    ]
    assert report.outcome is Outcome.FAILED


def test_one_version_does_not_pass_for_the_other(tmp_path: Path) -> None:
    assert [found.check for found in run(tmp_path, SCORM_2004, FIRST).findings] == ["root"]
    assert [found.check for found in run(tmp_path, SCORM_1_2, LATER).findings] == ["root"]


LAUGHS = '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;">]><manifest>&c;</manifest>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><manifest>&b;</manifest>'


@pytest.mark.parametrize("manifest", [LAUGHS, OUTSIDE, "<a>" * 200 + "</a>" * 200], ids=["laughs", "outside", "deep"])
def test_hostile_manifests_are_refused(tmp_path: Path, manifest: str) -> None:
    report = run(tmp_path, SCORM_1_2, manifest)

    assert (report.outcome, report.findings) == (Outcome.REFUSED, ())


def test_a_package_that_leaves_its_folder_is_refused(tmp_path: Path) -> None:
    assert run(tmp_path, SCORM_2004, LATER, name="../imsmanifest.xml").outcome is Outcome.REFUSED


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    artefact = tmp_path / "course.zip"
    with zipfile.ZipFile(artefact, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("imsmanifest.xml", b" " * 10_000_000)

    assert SCORM_1_2.run(artefact).outcome is Outcome.REFUSED


def test_what_is_no_zip_is_refused(tmp_path: Path) -> None:
    artefact = tmp_path / "course.zip"
    artefact.write_text(FIRST)

    assert SCORM_1_2.run(artefact).refusal == "the file is not a zip: it does not begin as one"


@settings(deadline=None)  # a slow machine is no fault
@given(
    st.sampled_from(RUNNERS),
    st.integers(0, len(FIRST)),
    st.integers(0, 60),
    st.sampled_from(["", "<", "</item>", '"', "<item>", "é\0", "../"]),
)
def test_no_mutation_raises(drafts: Path, runner: ArtefactRunner, start: int, length: int, put: str) -> None:
    manifest = CLEAN[runner.code]

    report = run(drafts, runner, manifest[:start] + put + manifest[start + length :])

    assert report.outcome in set(Outcome)
