"""Objects of a OneRoster provider against the description: fields, types, words, dates and references. No I/O."""

from collections.abc import Iterator, Sequence
from functools import cache
from urllib.parse import unquote, urlsplit

import jsonschema_rs
from msgspec import Struct

from becta.compliance.conformance.oneroster.rest_provider import Object
from becta.compliance.conformance.oneroster.rest_schemas import REFERRED, Version, fields_of, schema_of
from becta.compliance.conformance.reports import Recorder

_CHECK_OF = {
    "required": "required",
    "minItems": "required",
    "type": "type",
    "enum": "enumeration",
    "anyOf": "enumeration",
    "format": "date",
    "pattern": "date",
    "additionalProperties": "unknown-field",
}
"""Which check a keyword of JSON Schema stands for; within a reference what is missing or wrong stands for guid-ref."""

PERSONAL = frozenset({"user", "demographics"})
"""Kinds of which no value goes into a finding, since findings are public."""


class Reference(Struct, frozen=True, kw_only=True):
    """One object pointing at another: where it stands, and what it points at."""

    file: str
    field: str
    kind: str
    sourced_id: str
    href: str


def check_object(recorder: Recorder, version: Version, kind: str, item: Object, *, file: str, pointer: str) -> None:
    """Compare an object with the description of its kind; `pointer` is where it stands in the answer."""
    try:
        errors = list(_validator(version, kind).iter_errors(item))
    except ValueError:  # jsonschema-rs follows 255 levels
        recorder.find("type", "the object is nested too deep to be read", file=file, field=pointer)
        return
    for error in errors:
        steps = [str(step) for step in error.instance_path]
        keyword = str(error.kind.name)
        within = "$defs" in [str(step) for step in error.schema_path]
        check = "guid-ref" if within and keyword != "additionalProperties" else _CHECK_OF.get(keyword, "type")
        if keyword == "format" and not within and _format(error) == "uri":
            check = "type"
        if keyword == "required":
            steps.append(str(getattr(error.kind, "property", "")))
        value = None if kind in PERSONAL or keyword == "required" else error.instance
        if keyword == "additionalProperties":
            value = ", ".join(sorted(getattr(error.kind, "unexpected", ())))
        recorder.find(
            check,
            _sentence(keyword, steps, error),
            file=file,
            field="/".join([pointer, *(step.replace("~", "~0").replace("/", "~1") for step in steps)]),
            value=value if isinstance(value, str | int | float) else None,
        )


def references_of(version: Version, kind: str, item: Object, *, file: str, pointer: str) -> Iterator[Reference]:
    """Every well-formed reference an object holds; those at resources are left to the Resources Service."""
    for name, notation in fields_of(version, kind).items():
        if notation.rstrip("!*+") == "role":
            for number, role in enumerate(_list(item.get(name))):
                if isinstance(role, dict):
                    yield from _reference(role.get("org"), "org", file, f"{pointer}/{name}/{number}/org")
        if not notation.startswith("ref:"):
            continue
        wanted = notation.removeprefix("ref:").rstrip("!*+")
        if wanted == "resource":
            continue
        if notation.endswith(("*", "+")):
            for number, held in enumerate(_list(item.get(name))):
                yield from _reference(held, wanted, file, f"{pointer}/{name}/{number}")
        else:
            yield from _reference(item.get(name), wanted, file, f"{pointer}/{name}")


def check_hrefs(recorder: Recorder, references: Sequence[Reference]) -> None:
    """See that every href ends in the sourcedId beside it."""
    for reference in references:
        if _last_step(reference.href) != reference.sourced_id:
            message = "the href does not end in the sourcedId"
            recorder.find("href", message, file=reference.file, field=f"{reference.field}/href")


def check_duplicates(recorder: Recorder, items: Sequence[Object], *, file: str, name: str) -> None:
    """See that no sourcedId occurs twice among the objects of a collection."""
    seen: set[object] = set()
    for number, item in enumerate(items):
        identity = item.get("sourcedId")
        if isinstance(identity, str) and identity in seen:
            message = "the sourcedId occurred before in this collection"
            recorder.find("duplicate", message, file=file, field=f"/{name}/{number}/sourcedId")
        seen.add(identity if isinstance(identity, str) else None)


def _last_step(href: str) -> str:
    try:
        path = urlsplit(href).path
    except ValueError:
        return ""
    return unquote(path.rstrip("/").rpartition("/")[2])


@cache
def _validator(version: Version, kind: str) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(schema_of(version, kind), validate_formats=True)


def _sentence(keyword: str, steps: Sequence[str], error: jsonschema_rs.ValidationError) -> str:
    name = next((step for step in reversed(steps) if not step.isdigit()), "the object")
    if keyword == "format":
        return f"{name} is not a {_format(error)}"
    if keyword == "additionalProperties":
        return f"{name} holds what the description does not know"
    return {
        "required": f"{name} is missing",
        "minItems": f"{name} is empty",
        "minLength": f"{name} is empty",
        "enum": f"{name} is not a word of its vocabulary",
        "anyOf": f"{name} is neither a word of its vocabulary nor an extension that begins with ext:",
        "pattern": f"{name} is not in UTC",
    }.get(keyword, f"{name} has another type than described")


def _format(error: jsonschema_rs.ValidationError) -> str:
    return str(getattr(error.kind, "format", ""))


def _reference(held: object, wanted: str, file: str, pointer: str) -> Iterator[Reference]:
    if not isinstance(held, dict) or held.get("type") != wanted or wanted not in REFERRED:
        return
    identity, href = held.get("sourcedId"), held.get("href")
    if isinstance(identity, str) and identity and isinstance(href, str):
        yield Reference(file=file, field=pointer, kind=wanted, sourced_id=identity, href=href)


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else []
