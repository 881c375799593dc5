"""Each check of the QTI runners has an item or package that fails by just that, on its line; full ones pass.

Items are written in 2.1 and put into 3.0 by a rule of thumb, so that both runners are told the same stories.
"""

import re
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.edits import Edits, changed

from becta.compliance.conformance.qti.runner import RUNNERS
from becta.compliance.conformance.reports import Outcome, Report, Severity
from becta.compliance.conformance.runner import ArtefactRunner

QTI_2_1, QTI_3_0 = RUNNERS
BOTH = pytest.mark.parametrize("runner", RUNNERS, ids=lambda runner: runner.code)

ITEM = """<?xml version="1.0" encoding="UTF-8"?>
<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1"
  identifier="half" title="Half" adaptive="false" timeDependent="false">
  <responseDeclaration identifier="RESPONSE" cardinality="multiple" baseType="identifier">
    <correctResponse>
      <value>A</value>
      <value>B</value>
    </correctResponse>
    <mapping defaultValue="-1">
      <mapEntry mapKey="A" mappedValue="1"/>
      <mapEntry mapKey="B" mappedValue="0.5"/>
    </mapping>
  </responseDeclaration>
  <responseDeclaration identifier="PAIRS" cardinality="multiple" baseType="directedPair">
    <correctResponse><value>L1 R1</value></correctResponse>
  </responseDeclaration>
  <responseDeclaration identifier="GAPS" cardinality="multiple" baseType="directedPair">
    <correctResponse><value>W G1</value></correctResponse>
  </responseDeclaration>
  <responseDeclaration identifier="NUMBER" cardinality="single" baseType="float">
    <correctResponse><value>0.5</value></correctResponse>
  </responseDeclaration>
  <responseDeclaration identifier="ORDER" cardinality="ordered" baseType="identifier"/>
  <responseDeclaration identifier="PARTS" cardinality="record"/>
  <outcomeDeclaration identifier="SCORE" cardinality="single" baseType="float">
    <defaultValue><value>0</value></defaultValue>
  </outcomeDeclaration>
  <outcomeDeclaration identifier="FEEDBACK" cardinality="single" baseType="identifier"/>
  <templateDeclaration identifier="T" cardinality="single" baseType="integer"/>
  <stylesheet href="../styles/item.css" type="text/css"/>
  <itemBody>
    <p class="intro">Which are halves?</p>
    <img src="pictures/half%20one.png" alt="Half a circle"/>
    <choiceInteraction responseIdentifier="RESPONSE" minChoices="1" maxChoices="2">
      <simpleChoice identifier="A">2/4</simpleChoice>
      <simpleChoice identifier="B">50%</simpleChoice>
      <simpleChoice identifier="C">1/3</simpleChoice>
    </choiceInteraction>
    <matchInteraction responseIdentifier="PAIRS" maxAssociations="2">
      <simpleMatchSet><simpleAssociableChoice identifier="L1" matchMax="1">a</simpleAssociableChoice></simpleMatchSet>
      <simpleMatchSet><simpleAssociableChoice identifier="R1" matchMax="1">b</simpleAssociableChoice></simpleMatchSet>
    </matchInteraction>
    <gapMatchInteraction responseIdentifier="GAPS">
      <gapText identifier="W" matchMax="1">whole</gapText>
      <p>Two halves make a <gap identifier="G1"/>.</p>
    </gapMatchInteraction>
    <p>A half is <textEntryInteraction responseIdentifier="NUMBER"/>.</p>
    <orderInteraction responseIdentifier="ORDER"><simpleChoice identifier="O1">x</simpleChoice></orderInteraction>
    <extendedTextInteraction responseIdentifier="PARTS"/>
    <feedbackInline outcomeIdentifier="FEEDBACK" identifier="good" showHide="show">Good</feedbackInline>
    <printedVariable identifier="T"/>
  </itemBody>
  <responseProcessing template="http://www.imsglobal.org/question/qti_v2p1/rptemplates/map_response"/>
  <responseProcessing>
    <setOutcomeValue identifier="SCORE"><mapResponse identifier="RESPONSE"/></setOutcomeValue>
    <setOutcomeValue identifier="completionStatus"><variable identifier="numAttempts"/></setOutcomeValue>
  </responseProcessing>
</assessmentItem>
"""
MANIFEST = """<?xml version="1.0" encoding="UTF-8"?>
<manifest xmlns="http://www.imsglobal.org/xsd/imscp_v1p1" identifier="bank">
  <metadata>
    <schema>QTIv2.1 Package</schema>
    <schemaversion>1.0.0</schemaversion>
  </metadata>
  <organizations/>
  <resources>
    <resource identifier="half" type="imsqti_item_xmlv2p1" href="items/half.xml">
      <file href="items/half.xml"/>
      <file href="items/pictures/half%20one.png"/>
      <dependency identifierref="css"/>
    </resource>
    <resource identifier="css" type="webcontent" href="styles/item.css">
      <file href="styles/item.css"/>
    </resource>
  </resources>
</manifest>
"""
FILES = ("items/pictures/half one.png", "styles/item.css")

Case = tuple[str, Edits, str, str]
"""Check, edits, a text on the line where it is found, field."""
TEMPLATE = "http://www.imsglobal.org/question/qti_v2p1/rptemplates/map_response"
ROOT = 'identifier="half"'
"""On the line where the root's start tag ends, which is the line libxml2 gives."""
IN_ITEM: list[Case] = [
    ("item-xml", [("</assessmentItem>", "<")], "<", ""),
    ("item-root", [("assessmentItem", "assessmentSection")], ROOT, "assessmentItem"),
    ("item-attribute", [(' title="Half"', "")], ROOT, "title"),
    ("item-attribute", [(' timeDependent="false"', "")], ROOT, "timeDependent"),
    ("item-attribute", [('identifier="PARTS" cardinality="record"', 'identifier="PARTS"')], '"PARTS"', "cardinality"),
    ("item-attribute", [('<simpleChoice identifier="C"', "<simpleChoice")], "1/3", "identifier"),
    ("item-attribute", [(' mappedValue="0.5"', "")], 'mapKey="B"', "mappedValue"),
    ("boolean", [('timeDependent="false"', 'timeDependent="no"')], ROOT, "timeDependent"),
    ("boolean", [('adaptive="false"', 'adaptive=""')], ROOT, "adaptive"),
    ("variable-identifier", [('"C"', '"1/3"')], "1/3", "identifier"),
    ("unique-variable", [('identifier="T"', 'identifier="FEEDBACK"')], "<templateDeclaration", "identifier"),
    ("cardinality", [('"ORDER" cardinality="ordered"', '"ORDER" cardinality="sorted"')], "sorted", "cardinality"),
    ("base-type", [('single" baseType="integer"', 'single" baseType="number"')], "number", "baseType"),
    ("base-type", [('single" baseType="integer"', 'single"')], "<templateDeclaration", "baseType"),
    (
        "undeclared-response",
        [('responseIdentifier="PARTS"', 'responseIdentifier="ESSAY"')],
        "ESSAY",
        "responseIdentifier",
    ),
    (
        "undeclared-response",
        [('responseIdentifier="PARTS"', 'responseIdentifier="SCORE"')],
        "<extendedText",
        "responseIdentifier",
    ),
    (
        "response-cardinality",
        [('"ORDER" cardinality="ordered"', '"ORDER" cardinality="multiple"')],
        "<orderInteraction",
        "responseIdentifier",
    ),
    (
        "response-base-type",
        [('"ordered" baseType="identifier"', '"ordered" baseType="string"')],
        "<orderInteraction",
        "responseIdentifier",
    ),
    ("unique-choice", [('"C"', '"B"')], "1/3", "identifier"),
    ("value", [("<value>0.5</value>", "<value>half</value>")], "half</", "value"),
    ("value", [("<value>0.5</value>", "<value>0.5</value><value>.5</value>")], "0.5</", "value"),
    ("value", [("<value>L1 R1</value>", "<value>L1</value>")], "L1</", "value"),
    ("correct-response", [("<value>B</value>", "<value>D</value>")], "<value>D", "value"),
    ("correct-response", [("<value>L1 R1</value>", "<value>R1 L1</value>")], "R1 L1", "value"),
    ("correct-response", [("<value>W G1</value>", "<value>W G2</value>")], "W G2", "value"),
    ("map-key", [('mapKey="B"', 'mapKey="D"')], 'mapKey="D"', "mapKey"),
    ("map-key", [('mapKey="B"', 'mapKey="A"')], '"0.5"', "mapKey"),
    ("mapped-value", [('mappedValue="1"', 'mappedValue="one"')], '"one"', "mappedValue"),
    ("choice-limits", [('minChoices="1"', 'minChoices="3"')], '"3"', "minChoices"),
    (
        "undeclared-variable",
        [('<mapResponse identifier="RESPONSE"', '<mapResponse identifier="SCORE"')],
        "<mapR",
        "identifier",
    ),
    (
        "undeclared-variable",
        [('outcomeIdentifier="FEEDBACK"', 'outcomeIdentifier="T"')],
        "<feedback",
        "outcomeIdentifier",
    ),
    ("undeclared-variable", [('"numAttempts"', '"tries"')], "tries", "identifier"),
    (
        "template-variables",
        [
            ('outcomeDeclaration identifier="SCORE"', 'outcomeDeclaration identifier="POINTS"'),
            ('setOutcomeValue identifier="SCORE"', 'setOutcomeValue identifier="POINTS"'),
        ],
        "rptemplates",
        "template",
    ),
    ("media-file", [("pictures/half", "pictures/third")], "<img", "src"),
    ("media-file", [("../styles/item.css", "styles/item.css")], "<stylesheet", "href"),
    ("template", [(TEMPLATE, "https://scoring.example/ours")], "scoring", "template"),
    ("template", [("/map_response", "/map_all")], "map_all", "template"),
    ("html-element", [("Which are halves?", "<iframe>Which?</iframe>")], "<iframe", "iframe"),
    ("html-attribute", [('class="intro"', 'onclick="alert(1)"')], "onclick", "onclick"),
    ("image-text", [(' alt="Half a circle"', "")], "<img", "alt"),
]
IN_MANIFEST: list[Case] = [
    ("xml", [("</manifest>", "<")], "<", ""),
    ("root", [("<manifest ", "<package "), ("</manifest>", "</package>")], "<package", "manifest"),
    ("missing-element", [("<organizations/>", "")], "<manifest", "organizations"),
    ("missing-attribute", [(' type="webcontent"', "")], '"css" href', "type"),
    ("missing-attribute", [(' href="items/half.xml">', ">")], '"half"', "href"),
    ("identifier", [('identifier="bank"', 'identifier="1"')], "<manifest", "identifier"),
    (
        "unique-identifier",
        [('identifier="css"', 'identifier="bank"'), ('ref="css"', 'ref="bank"')],
        "webc",
        "identifier",
    ),
    ("dependency", [('ref="css"', 'ref="style"')], "<dependency", "identifierref"),
    ("base", [("<resources>", '<resources xml:base="/">')], "<resources", "xml:base"),
    (
        "outside",
        [('<file href="styles/item.css"/>', '<file href="styles/item.css"/><file href="../a"/>')],
        "../a",
        "href",
    ),
    (
        "missing-file",
        [('<file href="styles/item.css"/>', '<file href="styles/item.css"/><file href="a"/>')],
        '"a"',
        "href",
    ),
    ("own-file", [('<file href="styles/item.css"/>', "")], '"css" type', "href"),
    ("unlisted-file", [('<file href="items/pictures/half%20one.png"/>', "")], "<manifest", "file"),
    (
        "resource-type",
        [("</resources>", '<resource identifier="t" type="imsqti_test_xmlv2p0"/></resources>')],
        "v2p0",
        "type",
    ),
    ("no-item", [("imsqti_item_xmlv2p1", "webcontent")], "<manifest", "resource"),
    ("package-schema", [("QTIv2.1 Package", "IMS Content")], "<schema>", "schema"),
    ("package-schema", [("<schema>QTIv2.1 Package</schema>", "")], "<manifest", "metadata"),
]


def hyphened(name: str) -> str:
    return re.sub(r"(?<=[a-z])[A-Z]", lambda letter: f"-{letter.group().lower()}", name)


def in_3_0(text: str) -> str:
    """An item or a manifest of 2.1 as 3.0 would have it."""
    html = {"p", "img", "iframe"}
    if "<assessment" in text:
        text = re.sub(
            r"(</?)([a-zA-Z]+)",
            lambda tag: tag[0] if tag[2] in html else f"{tag[1]}qti-{hyphened(tag[2])}",
            text,
        )
        text = re.sub(r' ([a-z]+[A-Z]\w*)="', lambda attribute: f' {hyphened(attribute[1])}="', text)
    return (
        text.replace("http://www.imsglobal.org/xsd/imsqti_v2p1", "http://www.imsglobal.org/xsd/imsqtiasi_v3p0")
        .replace("http://www.imsglobal.org/xsd/imscp_v1p1", "http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1")
        .replace("http://www.imsglobal.org/question/qti_v2p1", "https://purl.imsglobal.org/spec/qti/v3p0")
        .replace("QTIv2.1 Package", "QTI Package")
        .replace("xmlv2p1", "xmlv3p0")
    )


def run(
    folder: Path, runner: ArtefactRunner, item: str = ITEM, manifest: str = MANIFEST, name: str = "imsmanifest.xml"
) -> Report:
    """Run over a package, put into 3.0 if that is the runner's version."""
    artefact = folder / "bank.zip"
    written = in_3_0 if runner is QTI_3_0 else str
    with zipfile.ZipFile(artefact, "w") as archive:
        archive.writestr(name, written(manifest))
        archive.writestr("items/half.xml", written(item))
        for file in FILES:
            archive.writestr(file, "x")
    return runner.run(artefact)


@BOTH
def test_a_full_package_passes_with_no_finding(tmp_path: Path, runner: ArtefactRunner) -> None:
    report = run(tmp_path, runner)

    assert report.findings == ()
    assert report.outcome is Outcome.PASSED
    assert report.facts == {"files": 4, "items": 1}


@BOTH
def test_an_item_alone_passes_with_no_finding(tmp_path: Path, runner: ArtefactRunner) -> None:
    artefact = tmp_path / "half.xml"
    artefact.write_text(in_3_0(ITEM) if runner is QTI_3_0 else ITEM)

    report = runner.run(artefact)

    assert report.findings == ()
    assert report.facts == {"items": 1}


@BOTH
@pytest.mark.parametrize(("check", "edits", "place", "field"), IN_ITEM)
def test_an_item_that_breaks_one_rule_is_found_by_that_check_alone(
    tmp_path: Path, runner: ArtefactRunner, check: str, edits: Edits, place: str, field: str
) -> None:
    item = changed(ITEM, edits)
    lines = [number for number, line in enumerate(item.splitlines(), 1) if place in line]
    names = field if field in {"assessmentItem", "iframe"} else hyphened(field)

    report = run(tmp_path, runner, item)

    asked = {declared.id: declared for declared in runner.checks}[check]
    assert [(found.check, found.file, found.field) for found in report.findings] == [
        (check, "items/half.xml", names if runner is QTI_3_0 else field)
    ]
    assert report.findings[0].line in lines
    assert report.findings[0].clause == asked.clause
    assert report.outcome is (Outcome.FAILED if asked.severity is Severity.ERROR else Outcome.PASSED)


@BOTH
@pytest.mark.parametrize(("check", "edits", "place", "field"), IN_MANIFEST)
def test_a_manifest_that_breaks_one_rule_is_found_by_that_check_alone(
    tmp_path: Path, runner: ArtefactRunner, check: str, edits: Edits, place: str, field: str
) -> None:
    manifest = changed(MANIFEST, edits)
    lines = [number for number, line in enumerate(manifest.splitlines(), 1) if place in line]

    report = run(tmp_path, runner, ITEM, manifest)

    asked = {declared.id: declared for declared in runner.checks}[check]
    assert [(found.check, found.file, found.field) for found in report.findings] == [(check, "imsmanifest.xml", field)]
    assert report.findings[0].line in lines
    assert report.findings[0].clause == asked.clause
    assert report.outcome is (Outcome.FAILED if asked.severity is Severity.ERROR else Outcome.PASSED)


@BOTH
def test_every_declared_check_has_a_failing_case(runner: ArtefactRunner) -> None:
    cases = {case[0] for case in IN_ITEM + IN_MANIFEST} | {"manifest-file"}

    assert cases == {check.id for check in runner.checks}


def test_only_2_1_requires_adaptive(tmp_path: Path) -> None:
    item = changed(ITEM, [(' adaptive="false"', "")])

    assert [(found.check, found.field) for found in run(tmp_path, QTI_2_1, item).findings] == [
        ("item-attribute", "adaptive")
    ]
    assert run(tmp_path, QTI_3_0, item).findings == ()


@BOTH
def test_a_manifest_in_a_folder_is_none(tmp_path: Path, runner: ArtefactRunner) -> None:
    report = run(tmp_path, runner, name="bank/imsmanifest.xml")

    assert [found.check for found in report.findings] == ["manifest-file"]


LAUGHS = '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;">]><manifest>&c;</manifest>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><manifest>&b;</manifest>'
DEEP = "<a>" * 200 + "</a>" * 200


@pytest.mark.parametrize("hostile", [LAUGHS, OUTSIDE, DEEP], ids=["laughs", "outside", "deep"])
def test_hostile_manifests_and_items_are_refused(tmp_path: Path, hostile: str) -> None:
    assert run(tmp_path, QTI_2_1, manifest=hostile).outcome is Outcome.REFUSED
    assert run(tmp_path, QTI_2_1, item=hostile).outcome is Outcome.REFUSED


def test_a_package_that_leaves_its_folder_is_refused(tmp_path: Path) -> None:
    assert run(tmp_path, QTI_2_1, name="../imsmanifest.xml").outcome is Outcome.REFUSED


def test_a_huge_item_is_refused(tmp_path: Path) -> None:
    artefact = tmp_path / "half.xml"
    artefact.write_bytes(b" " * 5_000_001)

    assert QTI_2_1.run(artefact).refusal == "half.xml is larger than 5,000,000 bytes"


@settings(deadline=None)  # a slow machine is no fault
@given(
    st.sampled_from(RUNNERS),
    st.integers(0, len(ITEM)),
    st.integers(0, 60),
    st.sampled_from(["", "<", "</value>", '"', "<value/>", "é\0", "identifier=", "&amp;"]),
)
def test_no_mutation_raises(drafts: Path, runner: ArtefactRunner, start: int, length: int, put: str) -> None:
    report = run(drafts, runner, ITEM[:start] + put + ITEM[start + length :])

    assert report.outcome in set(Outcome)
