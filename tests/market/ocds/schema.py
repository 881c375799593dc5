"""The OCDS 1.1 schema of the shared data with its extensions, and whether something is valid by it, to the letter."""

from decimal import Decimal
from functools import cache
from typing import Any

import jsonschema_rs
import msgspec
from tests.support.shared import shared_data

FOLDER = "procurement/ocds-1.1/schema"
FEES = "procurement/ocds_eu_profile/release-schema-patched.json"
EXTENSIONS = ("ocds_lots_extension", "ocds_techniques_extension", "ocds_uk_extension")
Json = dict[str, Any]


def _read(relative: str) -> Any:
    return msgspec.json.decode(shared_data(relative).read_bytes())


def _patch(target: Any, patch: Any) -> Any:
    """A JSON merge patch (RFC 7396), the way extensions change the schema."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _patch(merged.get(name), value)
    return merged


@cache
def plain_validator() -> jsonschema_rs.Validator:
    """Validates a release by the schema alone, formats too."""
    return jsonschema_rs.validator_for(_read(f"{FOLDER}/release-schema.json"), validate_formats=True)


@cache
def release_schema() -> Json:
    """The schema of a release with the extensions that we list."""
    schema = _read(f"{FOLDER}/release-schema.json")
    for extension in EXTENSIONS:
        schema = _patch(schema, _read(f"procurement/{extension}/release-schema.json"))
    return _patch(schema, _fees())


def _fees() -> Json:
    """The extension for participation fees, as the EU profile holds it, with the share of a value that came later."""
    profile = _read(FEES)["definitions"]
    relative = {"type": "object", "properties": {"proportion": {"type": ["number", "null"]}}}
    return {
        "definitions": {
            "ParticipationFee": _patch(profile["ParticipationFee"], {"properties": {"relativeValue": relative}}),
            "Tender": {"properties": {"participationFees": profile["Tender"]["properties"]["participationFees"]}},
        }
    }


@cache
def validator() -> jsonschema_rs.Validator:
    """Validates a release by the schema with the extensions that we list, formats too."""
    return jsonschema_rs.validator_for(release_schema(), validate_formats=True)


@cache
def _package_validator(name: str) -> jsonschema_rs.Validator:
    schema = _read(f"{FOLDER}/{name}-package-schema.json")
    records = {**_read(f"{FOLDER}/record-schema.json")}
    known = {
        "https://standard.open-contracting.org/schema/1__1__5/release-schema.json": release_schema(),
        "https://standard.open-contracting.org/schema/1__2__0/release-schema.json": release_schema(),
        "https://standard.open-contracting.org/schema/1__2__0/record-schema.json": records,
        "https://standard.open-contracting.org/schema/1__1__5/versioned-release-validation-schema.json": _read(
            f"{FOLDER}/versioned-release-validation-schema.json"
        ),
    }
    known["https://standard.open-contracting.org/schema/1__2__0/versioned-release-validation-schema.json"] = known[
        "https://standard.open-contracting.org/schema/1__1__5/versioned-release-validation-schema.json"
    ]
    registry = jsonschema_rs.Registry([(uri, {**content, "id": uri}) for uri, content in known.items()])
    return jsonschema_rs.validator_for(schema, validate_formats=True, registry=registry)


def check_release(release: Any) -> None:
    """The release is valid, and has no field that neither the standard nor a listed extension knows."""
    plain = jsonable(release)
    assert [f"{list(e.instance_path)}: {e.message}" for e in validator().iter_errors(plain)] == []
    assert list(additional(plain)) == []
    assert list(nothings(plain)) == []


def check_package(package: Any, kind: str) -> None:
    """A "release" or "record" package is valid, and so is each release in it."""
    plain = jsonable(package)
    assert [f"{list(e.instance_path)}: {e.message}" for e in _package_validator(kind).iter_errors(plain)] == []
    for release in plain.get("releases", []):
        check_release(release)
    for record in plain.get("records", []):
        for release in (*record["releases"], record["compiledRelease"]):
            check_release(release)


def additional(value: Any, schema: Any = None, at: str = "") -> list[str]:
    """Where fields stand that the schema does not know."""
    schema = _resolved(release_schema() if schema is None else schema)
    if isinstance(value, list):
        inner = schema.get("items", {})
        return [found for number, one in enumerate(value) for found in additional(one, inner, f"{at}/{number}")]
    if not isinstance(value, dict):
        return []
    known = schema.get("properties", {})
    found = [f"{at}/{name}" for name in value if name not in known]
    return found + [
        place for name, one in value.items() if name in known for place in additional(one, known[name], f"{at}/{name}")
    ]


def nothings(value: Any, at: str = "") -> list[str]:
    """Where something stands that says nothing: null, an empty text, list or object."""
    if value is None or value in ("", [], {}):
        return [at]
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for name, one in entries for found in nothings(one, f"{at}/{name}")]


def _resolved(schema: Json) -> Json:
    if "$ref" not in schema:
        return schema
    return release_schema()["definitions"][schema["$ref"].rpartition("/")[2]]


def jsonable(value: Any) -> Any:
    """The value as a validator takes it."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {name: jsonable(one) for name, one in value.items()}
    if isinstance(value, list):
        return [jsonable(one) for one in value]
    return value
