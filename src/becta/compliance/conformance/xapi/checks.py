"""What the xAPI runners look at, and the shapes of a statement's parts.

Clauses are those of the xAPI specification 1.0.3, Part Two (xAPI-Data.md of adlnet/xAPI-Spec).
xAPI 2.0 (IEEE 9274.1.1) numbers its clauses otherwise; ours names 1.0.3's for both.
"""

import re
from collections.abc import Mapping

from msgspec import Struct

from becta.compliance.conformance.reports import Check, Severity

_ERRORS = (
    (
        "json",
        "The file is JSON: a statement, an array or StatementResult of them, or one a line; no property twice",
        "2.2",
    ),
    ("no-statement", "The file holds a statement", "2.1"),
    ("statement-parts", "A statement has actor, verb and object", "2.2"),
    ("required", "A part has the properties its table requires", "2.4"),
    ("null", "No value is null outside extensions", "2.2"),
    ("type", "A value has the data type its property asks for", "2.2"),
    ("unknown-property", "There are only properties that the specification names", "2.2"),
    ("key-case", "Properties are written in the specification's case", "2.2"),
    ("enumeration", "A value restricted to a list is one of the list, in its case", "2.2"),
    ("uuid", "Statement ids, references and registrations are UUIDs", "4.4"),
    ("iri", "Ids, types and addresses are IRIs with a scheme", "4.3"),
    ("language-tag", "Languages are tags of RFC 5646", "4.2"),
    ("timestamp", "Timestamps follow ISO 8601", "4.5"),
    ("duration", "Durations follow ISO 8601:2004 4.4.3.2", "4.6"),
    ("version", "The version is one that this edition takes", "2.4.10"),
    ("identifier", "An agent or identified group has exactly one inverse functional identifier", "2.4.2.3"),
    ("mbox", "An mbox is mailto: and one email address", "2.4.2.3"),
    ("mbox-sha1sum", "An mbox_sha1sum is a SHA-1 hash in hexadecimal", "2.4.2.3"),
    ("group-members", "A group without identifier lists its members", "2.4.2.2"),
    ("group-nesting", "A group's members are agents, not groups", "2.4.2.2"),
    ("object-type", "An agent or group as object says its objectType", "2.4.4.2"),
    ("substatement-properties", "A SubStatement has no id, stored, version or authority", "2.4.4.3"),
    ("substatement-nesting", "A SubStatement does not hold another", "2.4.4.3"),
    ("interaction-type", "An interaction activity has a valid interactionType", "2.4.4.1 Interaction Activities"),
    ("interaction-lists", "Component lists are those the interactionType supports", "2.4.4.1 Interaction Components"),
    ("interaction-ids", "Ids in a list of interaction components are distinct", "2.4.4.1 Interaction Components"),
    ("response-pattern", "Correct responses have the interactionType's format", "2.4.4.1 Response Patterns"),
    ("score-scaled", "A scaled score lies between -1 and 1", "2.4.5.1"),
    ("score-bounds", "A score's min is less than its max", "2.4.5.1"),
    ("score-raw", "A raw score lies between min and max", "2.4.5.1"),
    ("activity-context", "revision and platform are used only about activities", "2.4.6"),
    ("context-team", "A context's team is a group", "2.4.6"),
    ("context-activities", "contextActivities has only parent, grouping, category and other", "2.4.6.2"),
    ("authority", "An authority is an agent, or a group of two agents", "2.4.9"),
    ("voiding", "A statement that voids has a StatementRef as object", "2.3.2"),
    ("extension-key", "Keys of extensions are IRIs", "4.1"),
    ("attachment-hash", "An attachment's sha2 is a SHA-2 hash in hexadecimal", "2.4.11"),
    ("attachment-type", "An attachment's contentType is a media type", "2.4.11"),
    ("attachment-length", "An attachment's length is a whole number of octets", "2.4.11"),
    ("signature-type", "A signature is attached as application/octet-stream", "2.6"),
)
_WARNINGS = (
    ("timestamp-format", "Timestamps follow RFC 3339 and have a time zone", "4.5"),
    ("version-set", "A version, if a provider sets one, is the first of its edition", "2.4.10"),
    ("empty-object", "No property is an empty object", "2.2"),
    ("verb-display", "A verb has a display", "2.4.3"),
    ("context-activities-list", "Values in contextActivities are arrays", "2.4.6.2"),
    ("duplicate-id", "Statements of one file have different ids", "2.4.1"),
)
_NOTES = (("statement-id", "A provider gives statements their ids", "2.4.1"),)


class Edition(Struct, frozen=True, kw_only=True):
    """An edition of xAPI: which statement versions it takes, which it asks providers to set, its context's extras."""

    name: str
    versions: str
    set_version: str
    context: Mapping[str, str]
    stricter: frozenset[str] = frozenset()

    def takes(self, version: str) -> bool:
        """Whether a statement may name this version."""
        return re.fullmatch(self.versions, version) is not None


XAPI_1 = Edition(name="1.0.3", versions=r"1\.0\.\d+", set_version="1.0.0", context={})
XAPI_2 = Edition(
    name="2.0",
    versions=r"1\.0\.\d+|2\.0\.\d+",
    set_version="2.0.0",
    context={"contextAgents": "context-agent[]", "contextGroups": "context-group[]"},
    stricter=frozenset({"timestamp-format"}),
)
"""What 2.0 adds is what we know of IEEE 9274.1.1 without having read it: not verified clause by clause."""


def checks_of(edition: Edition) -> tuple[Check, ...]:
    """The checks of an edition, errors first; some warnings of 1.0.3 are errors in 2.0."""
    standing = "xAPI 1.0.3" if edition is XAPI_1 else "IEEE 9274.1.1, as xAPI 1.0.3"
    tables = ((Severity.ERROR, _ERRORS), (Severity.WARNING, _WARNINGS), (Severity.NOTE, _NOTES))
    return tuple(
        Check(
            id=check,
            title=title,
            clause=f"{standing} Part Two {clause}",
            severity=Severity.ERROR if check in edition.stricter else severity,
        )
        for severity, rows in tables
        for check, title, clause in rows
    )


IDENTIFIERS = ("mbox", "mbox_sha1sum", "openid", "account")
"""The four inverse functional identifiers (2.4.2.3)."""

_IDENTIFIED = {"mbox": "mailto", "mbox_sha1sum": "sha1", "openid": "iri", "account": "account"}
_STATEMENT = {
    "actor": "actor",
    "verb": "verb",
    "object": "object",
    "result": "result",
    "context": "context",
    "timestamp": "timestamp",
    "attachments": "attachment[]",
}
SHAPES: Mapping[str, Mapping[str, str]] = {
    "statement": {
        **_STATEMENT,
        "id": "uuid",
        "stored": "timestamp",
        "authority": "authority",
        "version": "version",
    },
    "substatement": {"objectType": "text", **_STATEMENT},
    "agent": {"objectType": "text", "name": "text", **_IDENTIFIED},
    "group": {"objectType": "text", "name": "text", **_IDENTIFIED, "member": "member[]"},
    "account": {"homePage": "*iri", "name": "*text"},
    "verb": {"id": "*iri", "display": "language-map"},
    "activity": {"objectType": "text", "id": "*iri", "definition": "definition"},
    "definition": {
        "name": "language-map",
        "description": "language-map",
        "type": "iri",
        "moreInfo": "iri",
        "extensions": "extensions",
        "interactionType": "text",
        "correctResponsesPattern": "text[]",
        "choices": "component[]",
        "scale": "component[]",
        "source": "component[]",
        "target": "component[]",
        "steps": "component[]",
    },
    "component": {"id": "*text", "description": "language-map"},
    "reference": {"objectType": "*text", "id": "*uuid"},
    "result": {
        "score": "score",
        "success": "boolean",
        "completion": "boolean",
        "response": "text",
        "duration": "duration",
        "extensions": "extensions",
    },
    "score": {"scaled": "number", "raw": "number", "min": "number", "max": "number"},
    "context": {
        "registration": "uuid",
        "instructor": "actor",
        "team": "team",
        "contextActivities": "context-activities",
        "revision": "text",
        "platform": "text",
        "language": "language",
        "statement": "reference",
        "extensions": "extensions",
    },
    "context-agent": {"objectType": "*text", "agent": "*actor", "relevantTypes": "iri[]"},
    "context-group": {"objectType": "*text", "group": "*actor", "relevantTypes": "iri[]"},
    "attachment": {
        "usageType": "*iri",
        "display": "*language-map",
        "description": "language-map",
        "contentType": "*media-type",
        "length": "*length",
        "sha2": "*sha2",
        "fileUrl": "iri",
    },
}
"""The properties of each part and the kind of their values; `*` marks those the part must have."""

INTERACTIONS: Mapping[str, frozenset[str]] = {
    "true-false": frozenset(),
    "choice": frozenset({"choices"}),
    "fill-in": frozenset(),
    "long-fill-in": frozenset(),
    "matching": frozenset({"source", "target"}),
    "performance": frozenset({"steps"}),
    "sequencing": frozenset({"choices"}),
    "likert": frozenset({"scale"}),
    "numeric": frozenset(),
    "other": frozenset(),
}
"""The interaction types and the component lists each supports (2.4.4.1)."""

VOIDED = "http://adlnet.gov/expapi/verbs/voided"
SIGNATURE = "http://adlnet.gov/expapi/attachments/signature"
CONTEXT_ACTIVITIES = ("parent", "grouping", "category", "other")
