"""Each class of the data model is known: what it requires and what its type must name."""

import copy
from typing import Any

import pytest
from tests.compliance.openbadges.samples import badge

from becta.compliance.openbadges.shapes import SHAPES, structure_faults

IMAGE = {"id": "https://example.org/i.png", "type": "Image"}
GEO = {"type": "GeoCoordinates", "latitude": 54.97, "longitude": -1.61}
ADDRESS = {"type": ["Address"], "addressLocality": "Newcastle", "geo": GEO}
ENTRY = {"type": "IdentifierEntry", "identifier": "123456", "identifierType": "ext:URN"}
ALIGNMENT = {"type": ["Alignment"], "targetName": "A standard", "targetUrl": "https://example.org/standard"}
LEVEL = {"id": "urn:x:level", "type": ["RubricCriterionLevel"], "name": "Met"}
DESCRIPTION = {
    "id": "urn:x:result", "type": ["ResultDescription"], "name": "Grade", "resultType": "LetterGrade",
    "rubricCriterionLevel": [LEVEL],
}  # fmt: skip
IDENTITY = {"type": "IdentityObject", "hashed": False, "identityHash": "a@example.org", "identityType": "emailAddress"}


def full() -> dict[str, Any]:
    """A badge that uses every class of the table that a badge can hold."""
    credential = badge(
        image=IMAGE,
        proof={"type": "DataIntegrityProof"},
        credentialSchema=[{"id": "https://example.org/s", "type": "1EdTechJsonSchemaValidator2019"}],
        refreshService={"id": "https://example.org/r", "type": "1EdTechCredentialRefresh"},
    )
    credential["issuer"] |= {"address": ADDRESS, "otherIdentifier": [ENTRY]}
    credential["credentialSubject"] |= {"identifier": [IDENTITY], "result": [{"type": ["Result"], "value": "A"}]}
    credential["credentialSubject"]["achievement"] |= {
        "alignment": [ALIGNMENT],
        "resultDescription": [DESCRIPTION],
        "related": [{"id": "urn:x:related"}],
    }
    return copy.deepcopy(credential)


PLACES: dict[str, tuple[tuple[Any, ...], str]] = {
    "AchievementSubject": (("credentialSubject",), "subject"),
    "Achievement": (("credentialSubject", "achievement"), "subject"),
    "Evidence": (("evidence", 0), "schema"),
    "Image": (("image",), "schema"),
    "Alignment": (("credentialSubject", "achievement", "alignment", 0), "subject"),
    "IdentityObject": (("credentialSubject", "identifier", 0), "subject"),
    "IdentifierEntry": (("issuer", "otherIdentifier", 0), "issuer"),
    "Result": (("credentialSubject", "result", 0), "subject"),
    "ResultDescription": (("credentialSubject", "achievement", "resultDescription", 0), "subject"),
    "RubricCriterionLevel": (
        ("credentialSubject", "achievement", "resultDescription", 0, "rubricCriterionLevel", 0), "subject",
    ),
    "Profile": (("issuer",), "issuer"),
    "Address": (("issuer", "address"), "issuer"),
    "GeoCoordinates": (("issuer", "address", "geo"), "issuer"),
}  # fmt: skip
UNNAMED: dict[str, tuple[Any, ...]] = {
    "Criteria": ("credentialSubject", "achievement", "criteria"),
    "Related": ("credentialSubject", "achievement", "related", 0),
    "CredentialSchema": ("credentialSchema", 0),
    "CredentialStatus": ("credentialStatus", 0),
    "RefreshService": ("refreshService",),
    "Proof": ("proof",),
}


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def test_the_tables_name_every_class_but_the_endorsements_subject() -> None:
    assert set(PLACES) | set(UNNAMED) | {"EndorsementSubject"} == set(SHAPES)
    assert {name for name, shape in SHAPES.items() if shape.named} == set(PLACES) | {"EndorsementSubject"}


def test_a_badge_that_uses_every_class_has_no_fault() -> None:
    assert structure_faults(full(), "badge", version_2=True) == []


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("wrong", ["Other", ["Other"], [], 3])
def test_a_class_under_another_type_is_found_where_it_is(name: str, wrong: Any) -> None:
    path, check = PLACES[name]
    credential = full()
    at(credential, path)["type"] = wrong
    found = structure_faults(credential, "badge", version_2=True)

    assert [fault.check for fault in found] == [check]
    assert "type" in found[0].message


REQUIRED = [
    (name, path, member)
    for name, path in [(name, path) for name, (path, _) in PLACES.items()] + list(UNNAMED.items())
    for member in SHAPES[name].required.split()
]


@pytest.mark.parametrize(("name", "path", "member"), REQUIRED)
def test_a_missing_member_is_found_where_it_is_missing(name: str, path: tuple[Any, ...], member: str) -> None:
    credential = full()
    del at(credential, path)[member]
    found = structure_faults(credential, "badge", version_2=True)

    assert [fault.check for fault in found] == ["issuer" if path[0] == "issuer" else "schema"]
    assert f'"{member}" is a required property' in found[0].message


@pytest.mark.parametrize("member", ["@context", "id", "type", "issuer", "credentialSubject", "validFrom"])
def test_a_missing_member_of_the_credential_is_found(member: str) -> None:
    credential = full()
    del credential[member]
    found = structure_faults(credential, "badge", version_2=True)

    assert [fault.check for fault in found] == ["issuer" if member == "issuer" else "schema"]
    assert f'"{member}" is a required property' in found[0].message


def test_version_1_of_the_data_model_has_its_own_names_of_dates() -> None:
    credential = full()
    credential["issuanceDate"] = credential.pop("validFrom")

    assert structure_faults(credential, "badge", version_2=False) == []
    assert len(structure_faults(credential, "badge", version_2=True)) == 1


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("validFrom",), "2026-11-01"),
        (("validFrom",), "2026-11-01T09:00:00"),
        (("validUntil",), 5),
        (("credentialSubject", "identifier", 0, "identityType"), "shoeSize"),
        (("credentialSubject", "result", 0, "status"), "Perhaps"),
        (("credentialSubject", "achievement", "name"), ["a"]),
        (("credentialSubject", "creditsEarned"), "4"),
        (("endorsementJwt",), ["not a token"]),
    ],
)
def test_a_value_of_the_wrong_kind_is_found(path: tuple[Any, ...], value: Any) -> None:
    credential = full()
    at(credential, path[:-1])[path[-1]] = value

    assert [fault.check for fault in structure_faults(credential, "badge", version_2=True)] == ["schema"]
