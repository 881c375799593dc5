"""Our description of OneRoster 1.2 beside two OpenAPI documents of others; what differs is listed with the reason.

Neither document is 1EdTech's own: both were written by implementers for their servers.
"""

import re
from typing import Any

import pytest
import yaml
from tests.support.shared import shared_data

from becta.compliance.conformance.oneroster.rest_collections import COLLECTIONS
from becta.compliance.conformance.oneroster.rest_schemas import (
    FIELDS_12,
    PARTS_12,
    STATUSES,
    VOCABULARIES_12,
    Version,
    fields_of,
    required_fields,
)

DOCUMENTS = ["edfi_oneroster_v1p2_openapi.yml", "cmoffatt_1edtech_swagger.yml"]
DOCUMENT = pytest.mark.parametrize("document", DOCUMENTS)
THEIR_NAMES = {"demographics": "demographic"}
ROOT = "/ims/oneroster/rostering/v1p2"


def load(document: str) -> dict[str, Any]:
    text = shared_data(f"interop/oneroster/{document}").read_text(encoding="utf-8")
    text = re.sub(r"[\x7f-\x9f]", "", text)  # one of them holds text that was decoded wrongly once
    loaded: dict[str, Any] = yaml.load(text, Loader=yaml.BaseLoader)  # so that NO is Norway
    return loaded


def schemas(document: str) -> dict[str, Any]:
    loaded = load(document)
    found: dict[str, Any] = loaded["definitions"] if "swagger" in loaded else loaded["components"]["schemas"]
    return found


def our_shape(notation: str) -> str:
    """How a field is described: its type, and its format or words."""
    kind = notation.rstrip("!*+")
    if notation.endswith(("*", "+")):
        return "array"
    if kind.startswith("ref:") or kind in PARTS_12 or kind == "object":
        return "object"
    if kind == "trueFalse":
        return "string: false true"
    words = {**VOCABULARIES_12, "status": STATUSES, "roleType": ("primary", "secondary")}.get(kind)
    if words is not None:
        return "string: " + " ".join(sorted(words))
    return {"date": "string date", "instant": "string date-time"}.get(kind, "string")


def their_shape(described: dict[str, Any]) -> str:
    described = described.get("schema", described)
    shape = str(described.get("type", ""))
    if "enum" in described:
        return f"{shape}: " + " ".join(sorted(described["enum"]))
    return shape + (f" {described['format']}" if "format" in described else "")


def differences(document: str) -> dict[tuple[str, str], str]:
    theirs = schemas(document)
    found: dict[tuple[str, str], str] = {}
    ours = {kind: fields_of(Version.V12, kind) for kind in FIELDS_12} | {"role": dict(PARTS_12["role"])}
    for kind, fields in ours.items():
        described = theirs[THEIR_NAMES.get(kind, kind)]
        assert described.get("required", []) == []
        for name in {*fields, *described["properties"]}:
            if name not in described["properties"]:
                found[kind, name] = "only ours"
            elif name not in fields:
                found[kind, name] = "only theirs"
            elif our_shape(fields[name]) != their_shape(described["properties"][name]):
                found[kind, name] = "differs"
    return found


REASONS: dict[str, dict[str, str]] = {
    "theirs describes a set of links as one object; the binding has an array of GUIDRefs": {
        "academicSession": "children~",
        "class": "resources~ terms~",
        "course": "resources~",
        "org": "children~",
        "user": "agents~",
    },
    "theirs has the comma-separated text of the CSV binding; the REST binding has arrays of strings": {
        "class": "periods~ subjects~",
        "course": "subjects~",
    },
    "theirs closes the vocabulary to the codes of CEDS and SCED; the binding leaves it to those who adopt it": {
        "class": "subjectCodes~",
        "course": "subjectCodes~",
        "demographics": "countryOfBirthCode~ publicSchoolResidenceStatus~ stateOfBirthAbbreviation~",
    },
    "the binding's TrueFalseEnum is of strings; theirs uses JSON booleans": {
        "demographics": "americanIndianOrAlaskaNative~ asian~ blackOrAfricanAmerican~ demographicRaceTwoOrMoreRaces~ "
        "hispanicOrLatinoEthnicity~ nativeHawaiianOrOtherPacificIslander~ white~",
        "enrollment": "primary~",
    },
    "the binding's field is grades, a list; theirs keeps grade with a closed vocabulary": {
        "class": "grade> grades<",
        "course": "grade> grades<",
        "user": "grade> grades<",
    },
    "the binding's words are male, female, unspecified and other": {"demographics": "sex~"},
    "the binding has two vocabularies, of enrolments and of users; theirs has one that neither version knows": {
        "enrollment": "role~",
        "role": "role~",
    },
    "theirs has the role as an object of its own with a link to the user, as the CSV binding has it": {
        "role": "dateLastModified> metadata> sourcedId> status> user> userProfile< userProfileSourcedId>",
        "user": "roles~",
    },
    "theirs uses other names than the binding for the preferred names": {
        "user": "preferredFamilyName> preferredFirstName< preferredGivenName> preferredLastName<",
    },
    "theirs adds a link the binding does not have": {"user": "demographics>"},
    "theirs leaves out fields of the binding": {
        "demographics": "metadata<",
        "user": "enabledUser< primaryOrg< resources< userMasterIdentifier< userProfiles<",
    },
}
"""Why a field is described differently (~), only by them (>) or only by us (<)."""

SIGNS = {"~": "differs", ">": "only theirs", "<": "only ours"}


@DOCUMENT
def test_what_differs_is_known_with_its_reason(document: str) -> None:
    known = {
        (kind, entry[:-1]): SIGNS[entry[-1]]
        for kinds in REASONS.values()
        for kind, entries in kinds.items()
        for entry in entries.split()
    }
    assert differences(document) == known


@DOCUMENT
def test_the_endpoints_are_the_same(document: str) -> None:
    ours = {f"{ROOT}/{collection.path}" for collection in COLLECTIONS}
    paths = load(document)["paths"]
    assert {path for path in paths if not path.endswith("/{id}")} == ours
    assert {path for path in paths if path.endswith("/{id}")} == {f"{path}/{{id}}" for path in ours}


@DOCUMENT
def test_the_names_in_the_payloads_are_the_same(document: str) -> None:
    loaded = load(document)
    for collection in COLLECTIONS:
        for path, name in (
            (f"{ROOT}/{collection.path}", collection.name),
            (f"{ROOT}/{collection.path}/{{id}}", collection.kind),
        ):
            answer = loaded["paths"][path]["get"]["responses"]["200"]
            schema = answer.get("schema") or answer["content"]["application/json"]["schema"]
            assert list(schema["properties"]) == [name], path


@DOCUMENT
def test_every_query_parameter_of_theirs_is_asked(document: str) -> None:
    get = load(document)["paths"][f"{ROOT}/users"]["get"]
    assert {parameter["name"] for parameter in get["parameters"]} == {
        *("fields", "filter", "limit", "offset", "sort", "orderBy"),
    }


def test_what_we_require_is_what_the_data_types_of_the_binding_require() -> None:
    """The fields with multiplicity 1 or 1..* in the OpenAPI document that goes with the 1.2 binding."""
    always = ["sourcedId", "status", "dateLastModified"]
    assert {kind: required_fields(fields_of(Version.V12, kind)) for kind in FIELDS_12} == {
        "org": [*always, "name", "type", "identifier"],
        "academicSession": [*always, "title", "startDate", "endDate", "type", "schoolYear"],
        "course": [*always, "title", "courseCode"],
        "class": [*always, "title", "course", "school", "terms"],
        "enrollment": [*always, "user", "class", "school", "role"],
        "user": [*always, "enabledUser", "givenName", "familyName", "roles"],
        "demographics": always,
    }
