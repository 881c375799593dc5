"""What OneRoster's REST bindings say an object holds, as JSON Schemas of our own. No I/O.

The facts of 1.2 are those of the OpenAPI document that goes with the Rostering Service REST/JSON Binding (19 September
2022), by the names of its data types (OrgDType and so on); those of 1.1 come from the data model of the OneRoster 1.1
specification. Where 1.1's text leaves open whether true and false are JSON booleans or strings, both are taken.

A field is noted as its kind, then `!` required, `*` a list, `+` a required list of at least one, nothing optional.
"""

from collections.abc import Mapping
from enum import StrEnum

Fields = Mapping[str, str]


class Version(StrEnum):
    """The versions of OneRoster that have a REST binding we test."""

    V11 = "1.1"
    V12 = "1.2"


OBJECT: Fields = {"sourcedId": "string!", "status": "status!", "dateLastModified": "instant!", "metadata": "object"}

FIELDS_12: dict[str, Fields] = {
    "org": {
        "name": "string!",
        "type": "orgType!",
        "identifier": "string!",
        "parent": "ref:org",
        "children": "ref:org*",
    },
    "academicSession": {
        "title": "string!",
        "startDate": "date!",
        "endDate": "date!",
        "type": "sessionType!",
        "parent": "ref:academicSession",
        "children": "ref:academicSession*",
        "schoolYear": "string!",
    },
    "course": {
        "title": "string!",
        "schoolYear": "ref:academicSession",
        "courseCode": "string!",
        "grades": "string*",
        "subjects": "string*",
        "org": "ref:org",
        "subjectCodes": "string*",
        "resources": "ref:resource*",
    },
    "class": {
        "title": "string!",
        "classCode": "string",
        "classType": "classType",
        "location": "string",
        "grades": "string*",
        "subjects": "string*",
        "course": "ref:course!",
        "school": "ref:org!",
        "terms": "ref:academicSession+",
        "subjectCodes": "string*",
        "periods": "string*",
        "resources": "ref:resource*",
    },
    "enrollment": {
        "user": "ref:user!",
        "class": "ref:class!",
        "school": "ref:org!",
        "role": "enrollmentRole!",
        "primary": "trueFalse",
        "beginDate": "date",
        "endDate": "date",
    },
    "user": {
        "userMasterIdentifier": "string",
        "username": "string",
        "userIds": "userId*",
        "enabledUser": "trueFalse!",
        "givenName": "string!",
        "familyName": "string!",
        "middleName": "string",
        "preferredFirstName": "string",
        "preferredMiddleName": "string",
        "preferredLastName": "string",
        "pronouns": "string",
        "roles": "role+",
        "userProfiles": "userProfile*",
        "primaryOrg": "ref:org",
        "identifier": "string",
        "email": "string",
        "sms": "string",
        "phone": "string",
        "agents": "ref:user*",
        "grades": "string*",
        "password": "string",
        "resources": "ref:resource*",
    },
    "demographics": {
        "birthDate": "date",
        "sex": "sex",
        "americanIndianOrAlaskaNative": "trueFalse",
        "asian": "trueFalse",
        "blackOrAfricanAmerican": "trueFalse",
        "nativeHawaiianOrOtherPacificIslander": "trueFalse",
        "white": "trueFalse",
        "demographicRaceTwoOrMoreRaces": "trueFalse",
        "hispanicOrLatinoEthnicity": "trueFalse",
        "countryOfBirthCode": "string",
        "stateOfBirthAbbreviation": "string",
        "cityOfBirth": "string",
        "publicSchoolResidenceStatus": "string",
    },
}
"""The data types of 1.2 by the name a single object has in its payload."""

PARTS_12: dict[str, Fields] = {
    "role": {
        "roleType": "roleType!",
        "role": "userRole!",
        "org": "ref:org!",
        "userProfile": "uri",
        "beginDate": "date",
        "endDate": "date",
    },
    "userId": {"type": "string!", "identifier": "string!"},
    "userProfile": {
        "profileId": "uri!",
        "profileType": "string!",
        "vendorId": "string!",
        "applicationId": "string",
        "description": "string",
        "credentials": "object*",
    },
}

FIELDS_11: dict[str, Fields] = {
    **{kind: FIELDS_12[kind] for kind in ("academicSession", "enrollment", "demographics")},
    "org": {**FIELDS_12["org"], "identifier": "string"},
    "course": {**FIELDS_12["course"], "org": "ref:org!"},
    "class": {**FIELDS_12["class"], "classType": "classType!"},
    "user": {
        "username": "string!",
        "userIds": "userId*",
        "enabledUser": "trueFalse!",
        "givenName": "string!",
        "familyName": "string!",
        "middleName": "string",
        "role": "userRole!",
        "identifier": "string",
        "email": "string",
        "sms": "string",
        "phone": "string",
        "agents": "ref:user*",
        "orgs": "ref:org+",
        "grades": "string*",
        "password": "string",
    },
}
"""Where 1.1 differs: a user has one role, a user name and orgs; a course an org; a class a type."""

VOCABULARIES: dict[str, tuple[str, ...]] = {
    "orgType": ("department", "district", "local", "national", "school", "state"),
    "sessionType": ("gradingPeriod", "schoolYear", "semester", "term"),
    "classType": ("homeroom", "scheduled"),
}
"""The same words in both versions; 1.2 also takes words of its own that begin with `ext:`."""

VOCABULARIES_11: dict[str, tuple[str, ...]] = {
    **VOCABULARIES,
    "enrollmentRole": ("administrator", "aide", "guardian", "parent", "proctor", "relative", "student", "teacher"),
    "userRole": ("administrator", "aide", "guardian", "parent", "proctor", "relative", "student", "teacher"),
    "sex": ("female", "male"),
}

VOCABULARIES_12: dict[str, tuple[str, ...]] = {
    **VOCABULARIES,
    "enrollmentRole": ("administrator", "proctor", "student", "teacher"),
    "userRole": (
        *("aide", "counselor", "districtAdministrator", "guardian", "parent", "principal", "proctor", "relative"),
        *("siteAdministrator", "student", "systemAdministrator", "teacher"),
    ),
    "sex": ("female", "male", "other", "unspecified"),
}

STATUSES = ("active", "tobedeleted")
REFERRED = ("academicSession", "class", "course", "org", "resource", "user")
"""What a GUIDRef may point at, by its `type`."""

UTC = r"(Z|\+00:00)$"
"""A dateTime must be in UTC: the W3C profile of ISO 8601 writes that as Z or +00:00."""

EXTENSION = r"^ext:[a-zA-Z0-9.\-_]+$"


def fields_of(version: Version, kind: str) -> dict[str, str]:
    """Every field of an object, by its notation."""
    table = FIELDS_12 if version is Version.V12 else FIELDS_11
    return {**OBJECT, **table[kind]}


def schema_of(version: Version, kind: str) -> dict[str, object]:
    """The JSON Schema (2020-12) of a whole object of a kind, such as `org`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$defs": {f"ref-{kind}": _reference(kind) for kind in REFERRED},
        **_object(version, fields_of(version, kind)),
    }


def required_fields(fields: Fields) -> list[str]:
    """Names of the fields that must be there."""
    return [name for name, notation in fields.items() if notation.endswith(("!", "+"))]


def _object(version: Version, fields: Fields) -> dict[str, object]:
    return {
        "type": "object",
        "required": required_fields(fields),
        "properties": {name: _field(version, notation) for name, notation in fields.items()},
        "additionalProperties": False,
    }


def _field(version: Version, notation: str) -> dict[str, object]:
    if notation.endswith("*"):
        return {"type": "array", "items": _kind(version, notation[:-1])}
    if notation.endswith("+"):
        return {"type": "array", "minItems": 1, "items": _kind(version, notation[:-1])}
    return _kind(version, notation.removesuffix("!"))


def _kind(version: Version, kind: str) -> dict[str, object]:
    if kind.startswith("ref:"):
        return {"$ref": f"#/$defs/ref-{kind.removeprefix('ref:')}"}
    if kind in PARTS_12:
        return _object(version, PARTS_12[kind])
    if kind in VOCABULARIES_12:
        return _words(version, kind)
    return _SIMPLE[kind] if kind != "trueFalse" else _true_false(version)


def _words(version: Version, vocabulary: str) -> dict[str, object]:
    if version is Version.V11:
        return {"enum": list(VOCABULARIES_11[vocabulary])}
    own = {"type": "string", "pattern": EXTENSION}
    return {"anyOf": [{"enum": list(VOCABULARIES_12[vocabulary])}, own]}


def _true_false(version: Version) -> dict[str, object]:
    return {"enum": ["true", "false"] if version is Version.V12 else ["true", "false", True, False]}


def _reference(kind: str) -> dict[str, object]:
    return {
        "type": "object",
        "required": ["href", "sourcedId", "type"],
        "properties": {
            "href": {"type": "string", "format": "uri"},
            "sourcedId": {"type": "string", "minLength": 1},
            "type": {"enum": [kind]},
        },
        "additionalProperties": False,
    }


_SIMPLE: dict[str, dict[str, object]] = {
    "string": {"type": "string"},
    "uri": {"type": "string", "format": "uri"},
    "object": {"type": "object"},
    "date": {"type": "string", "format": "date"},
    "instant": {"type": "string", "format": "date-time", "pattern": UTC},
    "status": {"enum": list(STATUSES)},
    "roleType": {"enum": ["primary", "secondary"]},
}
