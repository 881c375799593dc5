"""What the OneRoster REST runners look at. Clauses name headings: their numbers differ by edition.

Advice, and what editions of the specification leave open, is a warning; what only one of several lawful ways shows is
a note.
"""

from becta.compliance.conformance.oneroster.rest_schemas import Version
from becta.compliance.conformance.reports import Check, Severity

BINDINGS = {
    Version.V11: "OneRoster 1.1, REST binding",
    Version.V12: "OneRoster 1.2 Rostering REST/JSON binding",
}
MODELS = {
    Version.V11: "OneRoster 1.1, Data Model",
    Version.V12: "OneRoster 1.2 Rostering OpenAPI, data types",
}

_WARNING = Severity.WARNING

# id, title, where the clause stands (binding, model or another document by name), clause, severity
_TABLE: tuple[tuple[str, str, str, str, Severity], ...] = (
    ("reachable", "Every address asked answers in HTTP", "binding", "Endpoints", Severity.ERROR),
    ("token", "The token endpoint grants a token for client credentials", "RFC 6749", "4.4, 5.1", Severity.ERROR),
    ("token-type", "The token is a bearer token", "RFC 6749", "7.1 (and RFC 6750)", Severity.ERROR),
    ("token-expiry", "The answer says when the token ends", "RFC 6749", "5.1 expires_in", _WARNING),
    ("token-cache", "The token is sent with Cache-Control: no-store", "RFC 6749", "5.1", _WARNING),
    ("token-basic", "The client may authenticate with HTTP Basic", "RFC 6749", "2.3.1", Severity.NOTE),
    ("refuses-no-token", "A request without a token gets 401", "RFC 6750", "3", Severity.ERROR),
    ("refuses-wrong-token", "A request with a wrong token gets 401", "RFC 6750", "3.1 invalid_token", Severity.ERROR),
    ("challenge", "A 401 carries WWW-Authenticate: Bearer", "RFC 6750", "3", _WARNING),
    ("endpoint", "The collection answers with 200", "binding", "Endpoints", Severity.ERROR),
    ("demographics", "Demographics can be read", "binding", "Endpoints (demographics are privileged)", Severity.NOTE),
    ("media-type", "Answers are application/json", "binding", "HTTP headers", Severity.ERROR),
    ("payload", "The payload is a list under the collection's name", "model", "set containers", Severity.ERROR),
    ("required", "Required fields are there", "model", "multiplicity", Severity.ERROR),
    ("type", "Values have the type described", "model", "types", Severity.ERROR),
    ("enumeration", "Values are words of the vocabulary", "model", "enumerations", Severity.ERROR),
    ("date", "Dates are ISO 8601, instants in UTC", "model", "Date and DateTime", Severity.ERROR),
    ("guid-ref", "References hold href, sourcedId and the right type", "model", "GUIDRef", Severity.ERROR),
    ("unknown-field", "Fields of one's own are in metadata", "model", "metadata extension", _WARNING),
    ("href", "The href of a reference ends in its sourcedId", "model", "GUIDRef href", _WARNING),
    ("duplicate", "A sourcedId occurs once in a collection", "model", "sourcedId", Severity.ERROR),
    ("subset", "schools, terms, students and such hold only theirs", "binding", "Endpoints", Severity.ERROR),
    ("limit", "No more than limit objects come", "binding", "Pagination", Severity.ERROR),
    ("offset", "The page at an offset begins there", "binding", "Pagination", Severity.ERROR),
    ("paging-end", "There is nothing behind the last page", "binding", "Pagination", Severity.ERROR),
    ("total-count", "X-Total-Count tells how many there are", "binding", "Pagination", _WARNING),
    ("total-count-value", "X-Total-Count is the right number", "binding", "Pagination", Severity.ERROR),
    ("link", "A Link header names the next page", "binding", "Pagination (RFC 8288)", _WARNING),
    ("sort", "sort and orderBy put objects in order", "binding", "Sorting", Severity.ERROR),
    ("filter", "filter=status='active' gives active objects only", "binding", "Filtering", Severity.ERROR),
    ("filter-date", "filter=dateLastModified>'...' gives later ones", "binding", "Filtering", Severity.ERROR),
    ("filter-unknown", "A filter by an unknown field gets 400", "binding", "Filtering", Severity.ERROR),
    ("fields", "fields=... selects fields", "binding", "Field Selection", Severity.ERROR),
    ("fields-unknown", "An unknown field is refused or ignored", "binding", "Field Selection", _WARNING),
    ("single", "An object can be read by its sourcedId", "binding", "Endpoints", Severity.ERROR),
    ("unknown-object", "An unknown sourcedId gets 404", "binding", "HTTP status codes", Severity.ERROR),
    ("status-info", "Errors carry an imsx_StatusInfo payload", "model", "imsx_StatusInfo", Severity.ERROR),
    ("reference", "What is referred to exists", "model", "GUIDRef sourcedId", Severity.ERROR),
)


def checks_for(version: Version) -> tuple[Check, ...]:
    """The checks of a version's runner."""
    places = {"binding": BINDINGS[version], "model": MODELS[version]}
    return tuple(
        Check(id=name, title=title, clause=f"{places.get(place, place)}: {clause}", severity=severity)
        for name, title, place, clause, severity in _TABLE
    )
