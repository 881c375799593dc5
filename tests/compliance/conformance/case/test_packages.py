"""Each check of the CASE runners has a package that fails by just that; a full package of each version passes."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.shared import shared_data

from becta.compliance.conformance.case.runner import RUNNERS
from becta.compliance.conformance.case.tables import ASSOCIATION_TYPES, shapes_of
from becta.compliance.conformance.reports import Outcome, Report, Severity
from becta.compliance.conformance.runner import ArtefactRunner

CASE_1_0, CASE_1_1 = RUNNERS
GONE = object()
WHEN = "2026-01-31T09:30:00+00:00"
NEVER = "00000000-0000-4000-8000-00000000ffff"


def identifier(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def thing(number: int, **more: object) -> dict[str, object]:
    uri = f"https://frameworks.example/{number}"
    return {"identifier": identifier(number), "uri": uri, "lastChangeDateTime": WHEN, **more}


def link(number: int) -> dict[str, object]:
    uri = f"https://frameworks.example/{number}"
    return {"title": f"Thing {number}", "identifier": identifier(number), "uri": uri}


def child(number: int, origin: int, destination: int) -> dict[str, object]:
    ends = {"originNodeURI": link(origin), "destinationNodeURI": link(destination)}
    return thing(number, associationType="isChildOf", sequenceNumber=1, **ends)


CLEAN: dict[str, Any] = {
    "CFDocument": thing(
        1,
        title="Mathematics, key stage 3",
        creator="Example Trust",
        description="What pupils should know",
        officialSourceURL="https://frameworks.example/source",
        publisher="Example Trust",
        subject=["Mathematics"],
        subjectURI=[link(50)],
        language="en-GB",
        version="2",
        adoptionStatus="Draft",
        statusStartDate="2026-01-01",
        statusEndDate="2027-01-01",
        licenseURI=link(51),
        notes="None",
    ),
    "CFItems": [
        thing(10, fullStatement="Number", CFItemType="Strand", CFItemTypeURI=link(52), CFDocumentURI=link(1)),
        thing(
            11,
            fullStatement="Use fractions",
            conceptKeywords=["fraction"],
            conceptKeywordsURI=link(53),
            educationLevel=["07", "08"],
            language="en",
            statusStartDate="2026-01-01",
        ),
    ],
    "CFAssociations": [
        child(20, 10, 1),
        child(21, 11, 10),
        thing(
            22,
            associationType="exactMatchOf",
            originNodeURI=link(11),
            destinationNodeURI={"title": "Elsewhere", "identifier": "KS3.4", "uri": "urn:elsewhere:4"},
            CFAssociationGroupingURI=link(54),
            CFDocumentURI=link(1),
        ),
    ],
    "CFDefinitions": {
        "CFSubjects": [thing(50, title="Mathematics", hierarchyCode="1")],
        "CFLicenses": [thing(51, title="Open", licenseText="Do as you like")],
        "CFItemTypes": [thing(52, title="Strand", description="A strand", hierarchyCode="1")],
        "CFConcepts": [thing(53, title="Fraction", hierarchyCode="1", keywords="half")],
        "CFAssociationGroupings": [thing(54, title="Crosswalk")],
    },
    "CFRubrics": [
        thing(
            60,
            title="Fractions",
            CFRubricCriteria=[
                thing(
                    61,
                    rubricId=identifier(60),
                    CFItemURI=link(11),
                    weight=0.5,
                    position=1,
                    CFRubricCriterionLevels=[thing(62, rubricCriterionId=identifier(61), score=1.5, position=1)],
                )
            ],
        )
    ],
}

Changes = dict[str, object]
CASES: list[tuple[str, Changes, str]] = [
    ("required", {"/CFDocument/creator": GONE}, "/CFDocument"),
    ("required", {"/CFItems/0/fullStatement": GONE}, "/CFItems/0"),
    ("required", {"/CFAssociations/2/destinationNodeURI/title": GONE}, "/CFAssociations/2/destinationNodeURI"),
    ("required", {"/CFDefinitions/CFLicenses/0/licenseText": GONE}, "/CFDefinitions/CFLicenses/0"),
    ("type", {"/CFItems/1/educationLevel": "07"}, "/CFItems/1/educationLevel"),
    ("type", {"/CFAssociations/0/sequenceNumber": 1.5}, "/CFAssociations/0/sequenceNumber"),
    ("type", {"/CFDocument/notes": None}, "/CFDocument/notes"),
    ("type", {"/CFRubrics": {}}, "/CFRubrics"),
    ("uuid", {"/CFRubrics/0/identifier": "rubric-1", "/CFRubrics/0/CFRubricCriteria": []}, "/CFRubrics/0/identifier"),
    (
        "uuid",
        {"/CFAssociations/0/identifier": "00000000-0000-4000-8000-00000000000A"},
        "/CFAssociations/0/identifier",
    ),
    ("uri", {"/CFDocument/officialSourceURL": "frameworks.example"}, "/CFDocument/officialSourceURL"),
    ("date-time", {"/CFItems/0/lastChangeDateTime": "2026-01-31"}, "/CFItems/0/lastChangeDateTime"),
    ("date-time", {"/CFItems/0/lastChangeDateTime": "2026-01-31T09:30:00"}, "/CFItems/0/lastChangeDateTime"),
    ("date", {"/CFDocument/statusEndDate": "31/01/2027"}, "/CFDocument/statusEndDate"),
    ("language", {"/CFDocument/language": "English (UK)"}, "/CFDocument/language"),
    ("association-type", {"/CFAssociations/2/associationType": "sameAs"}, "/CFAssociations/2/associationType"),
    ("duplicate-identifier", {"/CFAssociations/2/identifier": identifier(20)}, "/CFAssociations/2/identifier"),
    (
        "child-ends",
        {"/CFAssociations/0/destinationNodeURI/identifier": NEVER},
        "/CFAssociations/0/destinationNodeURI",
    ),
    ("child-cycle", {"/CFAssociations/0/destinationNodeURI": link(11)}, "/CFAssociations/1"),
    ("document-reference", {"/CFItems/0/CFDocumentURI/identifier": NEVER}, "/CFItems/0/CFDocumentURI"),
    (
        "rubric-reference",
        {"/CFRubrics/0/CFRubricCriteria/0/rubricId": NEVER},
        "/CFRubrics/0/CFRubricCriteria/0/rubricId",
    ),
    (
        "rubric-reference",
        {"/CFRubrics/0/CFRubricCriteria/0/CFItemURI": link(20)},
        "/CFRubrics/0/CFRubricCriteria/0/CFItemURI",
    ),
    ("adoption-status", {"/CFDocument/adoptionStatus": "Nearly"}, "/CFDocument/adoptionStatus"),
    ("association-ends", {"/CFAssociations/2/originNodeURI/identifier": "KS3.3"}, "/CFAssociations/2"),
    ("definition-reference", {"/CFItems/0/CFItemTypeURI/identifier": NEVER}, "/CFItems/0/CFItemTypeURI"),
    ("definition-reference", {"/CFDefinitions/CFSubjects": []}, "/CFDocument/subjectURI/0"),
    ("reference-uri", {"/CFAssociations/1/originNodeURI/uri": "urn:other"}, "/CFAssociations/1/originNodeURI/uri"),
    ("status-dates", {"/CFDocument/statusEndDate": "2025-12-31"}, "/CFDocument/statusEndDate"),
    ("duplicate-association", {"/CFAssociations/2": child(23, 11, 10)}, "/CFAssociations/2"),
    ("unplaced-item", {"/CFAssociations/1/associationType": "isRelatedTo"}, "/CFItems/1"),
    ("unknown-property", {"/CFItems/0/colour": "red"}, "/CFItems/0"),
]
CASES_OF_1_1: list[tuple[str, Changes, str]] = [
    ("case-version", {"/CFDocument/caseVersion": "1.0"}, "/CFDocument/caseVersion"),
    (
        "target-type",
        {"/CFAssociations/2/destinationNodeURI/targetType": "Other"},
        "/CFAssociations/2/destinationNodeURI/targetType",
    ),
]


def changed(changes: Changes) -> dict[str, Any]:
    """The clean package with values set, or taken away, at JSON pointers."""
    package = copy.deepcopy(CLEAN)
    for pointer, value in changes.items():
        *way, last = (int(step) if step.isdigit() else step for step in pointer.split("/")[1:])
        place: Any = package
        for step in way:
            place = place[step]
        if value is GONE:
            del place[last]
        else:
            place[last] = copy.deepcopy(value)
    return package


def run(folder: Path, content: object, runner: ArtefactRunner = CASE_1_1) -> Report:
    artefact = folder / "framework.json"
    artefact.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return runner.run(artefact)


@pytest.mark.parametrize("runner", RUNNERS, ids=lambda runner: runner.code)
def test_a_full_package_passes_with_no_finding(tmp_path: Path, runner: ArtefactRunner) -> None:
    report = run(tmp_path, CLEAN, runner)

    assert report.findings == ()
    assert report.outcome is Outcome.PASSED
    assert report.facts == {"items": 2, "associations": 3}


@pytest.mark.parametrize(
    ("runner", "check", "changes", "field"),
    [(CASE_1_0, *case) for case in CASES] + [(CASE_1_1, *case) for case in CASES + CASES_OF_1_1],
)
def test_a_package_that_breaks_one_rule_is_found_by_that_check_alone(
    tmp_path: Path, runner: ArtefactRunner, check: str, changes: Changes, field: str
) -> None:
    report = run(tmp_path, changed(changes), runner)

    asked = {declared.id: declared for declared in runner.checks}[check]
    assert [(found.check, found.field, found.file) for found in report.findings] == [(check, field, "framework.json")]
    assert report.findings[0].clause == asked.clause
    assert report.outcome is (Outcome.FAILED if asked.severity is Severity.ERROR else Outcome.PASSED)


def test_every_declared_check_has_a_failing_case() -> None:
    cases = {check for check, _, _ in CASES} | {"json"}

    assert cases == {check.id for check in CASE_1_0.checks}
    assert cases | {check for check, _, _ in CASES_OF_1_1} == {check.id for check in CASE_1_1.checks}


def test_what_is_not_json_is_told_with_its_line(tmp_path: Path) -> None:
    report = run(tmp_path, b'{\n"CFDocument": \n}')

    assert [(found.check, found.line) for found in report.findings] == [("json", 3)]


def test_what_1_1_added_is_unknown_to_1_0(tmp_path: Path) -> None:
    package = changed({"/CFDocument/caseVersion": "1.1", "/CFAssociations/2/associationType": "isTranslationOf"})

    assert run(tmp_path, package).findings == ()
    assert [(found.check, found.severity) for found in run(tmp_path, package, CASE_1_0).findings] == [
        ("unknown-property", Severity.WARNING),
        ("association-type", Severity.ERROR),
    ]


def test_1_1_takes_extended_vocabularies(tmp_path: Path) -> None:
    package = changed(
        {
            "/CFAssociations/2/associationType": "ext:assesses",
            "/CFAssociations/2/destinationNodeURI/targetType": "ext:skill",
            "/extensions": {"anything": None},
        }
    )

    assert run(tmp_path, package).findings == ()


def test_a_long_chain_is_no_circle_and_a_long_circle_is_one(tmp_path: Path) -> None:
    many = range(1_000, 3_000)
    items = [thing(number, fullStatement="Step") for number in many]
    chain = [child(number + 10_000, number, number + 1 if number + 1 in many else 1) for number in many]
    package = {"CFDocument": CLEAN["CFDocument"], "CFItems": items, "CFAssociations": chain}
    package["CFDefinitions"] = CLEAN["CFDefinitions"]
    circle = copy.deepcopy(package)
    circle["CFAssociations"][-1]["destinationNodeURI"] = link(1_000)

    assert run(tmp_path, package).findings == ()
    assert [(found.check, found.field) for found in run(tmp_path, circle).findings] == [
        ("child-cycle", "/CFAssociations/1999")
    ]


@pytest.mark.parametrize(
    ("_case", "content", "refusal"),
    [
        ("deep", b'{"a":' * 5_000, "framework.json nests values more than 100 deep"),
        ("huge", b" " * 20_000_001, "framework.json is larger than 20,000,000 bytes"),
    ],
)
def test_what_passes_a_limit_is_refused(tmp_path: Path, _case: str, content: bytes, refusal: str) -> None:
    report = run(tmp_path, content)

    assert (report.outcome, report.refusal) == (Outcome.REFUSED, refusal)


_TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just(identifier(10)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["identifier", "uri", "title", "CFItems", "originNodeURI"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@settings(deadline=None)  # a slow machine is no fault
@given(st.sampled_from([field for _, _, field in CASES]), _TREES)
def test_no_value_anywhere_raises(drafts: Path, pointer: str, value: object) -> None:
    assert run(drafts, changed({pointer: value})).outcome in {Outcome.PASSED, Outcome.FAILED}
    assert run(drafts, value).outcome is Outcome.FAILED


OFFICIAL = {
    "document": "CFPckgDocument",
    "item": "CFPckgItem",
    "association": "CFPckgAssociation",
    "definitions": "CFDefinition",
    "concept": "CFConcept",
    "subject": "CFSubject",
    "license": "CFLicense",
    "item-type": "CFItemType",
    "grouping": "CFAssociationGrouping",
    "rubric": "CFRubric",
    "criterion": "CFRubricCriterion",
    "level": "CFRubricCriterionLevel",
    "link": "LinkURI",
    "node-link": "LinkGenURI",
}


def required(properties: Any) -> set[str]:
    return {name for name, kind in properties.items() if kind.startswith("*")}


def test_our_tables_of_1_1_agree_with_the_schema_beside_the_checkout() -> None:
    schema = json.loads(shared_data("interop/case/official/case-v1p1-cfpackage.json").read_bytes())
    shapes = shapes_of("1.1")

    assert set(shapes["package"]) == set(schema["properties"])
    assert required(shapes["package"]) == set(schema["required"])
    for shape, name in OFFICIAL.items():
        theirs = schema["$defs"][name]
        assert set(shapes[shape]) - {"CFDocumentURI"} == set(theirs["properties"]), shape
        assert required(shapes[shape]) == set(theirs.get("required", [])), shape
    types = schema["$defs"]["CFPckgAssociation"]["properties"]["associationType"]["oneOf"][0]["enum"]
    assert ASSOCIATION_TYPES["1.1"] == set(types)


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_our_tables_require_what_open_case_requires(version: str) -> None:
    name = f"interop/case/case-v{version.replace('.', 'p')}-cfpackage.json"
    definitions = json.loads(shared_data(name).read_bytes())["definitions"]

    for shape, theirs in (("document", "CFDocument"), ("item", "CFItem"), ("association", "CFAssociation")):
        wanted = {"identifier" if key == "sourcedId" else key for key in definitions[theirs]["required"]}
        assert required(shapes_of(version)[shape]) == wanted - {"CFDocumentURI"}, shape
    assert required(shapes_of(version)["link"]) == set(definitions["LinkURI"]["required"])
    assert required(shapes_of(version)["node-link"]) == set(definitions["LinkGenURI"]["required"])
