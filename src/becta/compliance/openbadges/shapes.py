"""The structure of Open Badges 3.0 credentials: our own JSON Schema, built from a table of the data model's classes.

The facts are those of the specification's appendix "Data Model" (3.0, classes AchievementCredential and below): which
members a class requires, of which class each member is, and what `type` must name. Beyond it we allow what the W3C's
data models 1.1 and 2.0 allow: one thing where Open Badges writes a list, several statuses, members we do not know.
"""

from collections.abc import Iterator
from functools import cache
from typing import Literal

import jsonschema_rs
from msgspec import Struct

from becta.compliance.openbadges.reading import Json, JsonObject
from becta.compliance.openbadges.verdicts import Problem, shown

MOST_FAULTS = 20

IDENTIFIER_TYPES = """sourcedId systemId productId userName accountId emailAddress nationalIdentityNumber isbn issn
lisSourcedId oneRosterSourcedId sisSourcedId ltiContextId ltiDeploymentId ltiToolId ltiPlatformId ltiUserId
identifier"""
RESULT_TYPES = """GradePointAverage LetterGrade Percent PerformanceLevel PredictedScore RawScore Result RubricCriterion
RubricCriterionLevel RubricScore ScaledScore Status"""
STATUSES = "Completed Enrolled Failed InProgress OnHold Withdrew"


class Shape(Struct, frozen=True, kw_only=True):
    """A class of the data model. `named` is whether `type` must name it; members are `name:kind` in one text."""

    required: str
    members: str = ""
    named: bool = True


SHAPES: dict[str, Shape] = {
    "AchievementSubject": Shape(
        required="type achievement",
        members="""id:uri achievement:Achievement identifier:IdentityObject* image:Image result:Result* source:Profile
        activityStartDate:date activityEndDate:date creditsEarned:number licenseNumber:text narrative:text role:text
        term:text""",
    ),
    "EndorsementSubject": Shape(required="id type", members="id:uri endorsementComment:text"),
    "Achievement": Shape(
        required="id type criteria description name",
        members="""id:uri criteria:Criteria description:text name:text image:Image alignment:Alignment*
        creator:Profile creditsAvailable:number fieldOfStudy:text humanCode:text otherIdentifier:IdentifierEntry*
        related:Related* resultDescription:ResultDescription* specialization:text tag:text* version:text
        achievementType:text inLanguage:text endorsement:credential* endorsementJwt:jws*""",
    ),
    "Criteria": Shape(required="", members="id:uri narrative:text", named=False),
    "Evidence": Shape(
        required="type", members="id:uri narrative:text name:text description:text genre:text audience:text"
    ),
    "Image": Shape(required="id type", members="id:uri caption:text"),
    "Alignment": Shape(
        required="type targetName targetUrl",
        members="targetName:text targetUrl:uri targetCode:text targetDescription:text targetFramework:text",
    ),
    "IdentityObject": Shape(
        required="type hashed identityHash identityType",
        members="hashed:boolean identityHash:text identityType:identifierType salt:text",
    ),
    "IdentifierEntry": Shape(
        required="type identifier identifierType", members="identifier:text identifierType:identifierType"
    ),
    "Result": Shape(
        required="type",
        members="achievedLevel:uri alignment:Alignment* resultDescription:uri status:status value:text",
    ),
    "ResultDescription": Shape(
        required="id type name resultType",
        members="""id:uri name:text resultType:resultType alignment:Alignment* allowedValue:text* requiredLevel:uri
        requiredValue:text rubricCriterionLevel:RubricCriterionLevel* valueMax:text valueMin:text""",
    ),
    "RubricCriterionLevel": Shape(
        required="id type name",
        members="id:uri name:text alignment:Alignment* description:text level:text points:text",
    ),
    "Related": Shape(required="id", members="id:uri version:text inLanguage:text", named=False),
    "Profile": Shape(
        required="id type",
        members="""id:uri name:text url:uri phone:text description:text image:Image email:text address:Address
        otherIdentifier:IdentifierEntry* official:text parentOrg:Profile familyName:text givenName:text
        additionalName:text dateOfBirth:text endorsement:credential* endorsementJwt:jws*""",
    ),
    "Address": Shape(
        required="type",
        members="""addressCountry:text addressCountryCode:text addressRegion:text addressLocality:text
        streetAddress:text postOfficeBoxNumber:text postalCode:text geo:GeoCoordinates""",
    ),
    "GeoCoordinates": Shape(required="type latitude longitude", members="latitude:number longitude:number"),
    "CredentialSchema": Shape(required="id type", members="id:uri", named=False),
    "CredentialStatus": Shape(required="type", members="id:uri", named=False),
    "RefreshService": Shape(required="id type", members="id:uri", named=False),
    "Proof": Shape(required="type", named=False),
}
"""Open Badges 3.0, appendix "Data Model"; RelatedAchievement and Criteria need no `type` in the published schema."""

CREDENTIAL_MEMBERS = """id:uri name:text description:text image:Image evidence:Evidence* issuer:Profile proof:Proof*
credentialSchema:CredentialSchema* credentialStatus:CredentialStatus* refreshService:RefreshService*
endorsement:credential* endorsementJwt:jws* awardedDate:date"""
DATES = {True: ("validFrom", "validUntil"), False: ("issuanceDate", "expirationDate")}
"""Names of the beginning and end of validity, by whether the credential follows VCDM 2.0."""

_PLAIN: dict[str, JsonObject] = {
    "text": {"type": "string"},
    "uri": {"type": "string", "minLength": 1},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$"},
    "jws": {"type": "string", "pattern": r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+$"},
    "credential": {"type": "object"},
    "status": {"enum": [*STATUSES.split()]},
    "identifierType": {"anyOf": [{"enum": [*IDENTIFIER_TYPES.split()]}, {"type": "string", "pattern": "^ext:."}]},
    "resultType": {"anyOf": [{"enum": [*RESULT_TYPES.split()]}, {"type": "string", "pattern": "^ext:."}]},
}


def structure_faults(
    credential: JsonObject, kind: Literal["badge", "endorsement"], *, version_2: bool
) -> list[Problem]:
    """Where the credential breaks the data model, under the check "schema", "issuer" or "subject"."""
    validator = _validator(kind, version_2)
    found = []
    for error in validator.iter_errors(credential):
        path = [str(step) for step in error.instance_path]
        keyword = str(error.schema_path[-1]) if error.schema_path else ""
        found.append(_problem(path, keyword, str(error.message)))
        if len(found) >= MOST_FAULTS:
            break
    return found


def _problem(path: list[str], keyword: str, message: str) -> Problem:
    place = "".join(f"[{step}]" if step.isdigit() else f".{step}" for step in path).lstrip(".") or "the credential"
    about_type = path[-1:] == ["type"] or (len(path) > 1 and path[-2] == "type")
    if path[:1] == ["issuer"] or (not path and message.startswith('"issuer"')):
        check = "issuer"
    elif path[:1] == ["credentialSubject"] and about_type:
        check = "subject"
    else:
        check = "schema"
    told = f"{place} breaks the schema of Open Badges 3.0"
    if about_type:
        return Problem(check, f"{told}: its type is not that of its class ({shown(message)})")
    return Problem(check, f"{told}, {keyword}: {shown(message)}")


@cache
def _validator(kind: str, version_2: bool) -> jsonschema_rs.Draft202012Validator:
    subject = "AchievementSubject" if kind == "badge" else "EndorsementSubject"
    begins, ends = DATES[version_2]
    members = f"{CREDENTIAL_MEMBERS} credentialSubject:{subject} {begins}:date {ends}:date"
    schema: JsonObject = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$defs": {name: _object(shape, name) for name, shape in SHAPES.items()},
        **_object(
            Shape(required=f"@context id type issuer credentialSubject {begins}", members=members, named=False), ""
        ),
    }
    return jsonschema_rs.Draft202012Validator(schema)


def _object(shape: Shape, name: str) -> JsonObject:
    properties: JsonObject = dict(_members(shape.members))
    if shape.named:
        properties["type"] = {
            "if": {"type": "array"},
            "then": {"contains": {"const": name}, "items": {"type": "string"}},
            "else": {"const": name},
        }
    return {"type": "object", "required": [*shape.required.split()], "properties": properties}


def _members(text: str) -> Iterator[tuple[str, Json]]:
    for member in text.split():
        name, _, kind = member.partition(":")
        one = kind.removesuffix("*")
        schema: JsonObject = _PLAIN.get(one, {"$ref": f"#/$defs/{one}"})
        if kind.endswith("*"):
            yield name, {"if": {"type": "array"}, "then": {"items": schema}, "else": schema}
        else:
            yield name, schema
