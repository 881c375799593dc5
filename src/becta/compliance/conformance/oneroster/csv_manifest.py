"""The manifest of a OneRoster package: what it declares, and what is wrong with it."""

import io
from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct

from becta.compliance.conformance.oneroster.csv_reading import Batch, Find, read_csv
from becta.compliance.conformance.oneroster.csv_tables import Binding

MANIFEST = "manifest.csv"
MANIFEST_BYTES = 1_000_000
"""The largest manifest we read; our own limit."""
_HEADER = ["propertyName", "value"]
_VERSIONS = ("manifest.version", "oneroster.version")
_SOURCE = ("source.systemName", "source.systemCode")


class Mode(StrEnum):
    """How the manifest says a file is exchanged; `unknown` where it does not say."""

    ABSENT = "absent"
    BULK = "bulk"
    DELTA = "delta"
    UNKNOWN = "unknown"


class Declared(Struct, frozen=True):
    """A file's mode and the manifest's line that says so."""

    mode: Mode = Mode.UNKNOWN
    line: int | None = None


class _Property(Struct, frozen=True):
    value: str
    line: int


def read_manifest(data: bytes, binding: Binding, find: Find) -> dict[str, Declared]:
    """The modes of the tables by name; finds whatever is wrong with the manifest."""
    header, batches = read_csv(io.BytesIO(data), MANIFEST, find)
    if header is None:
        find("no-header", "the file is empty", mend="begin it with propertyName,value", line=1)
        return {}
    if header != _HEADER:
        mend = "begin the file with propertyName,value"
        find("manifest-header", "the header is not propertyName,value", mend=mend, line=1, value=",".join(header))
    properties = _properties(batches, find)
    _judge_versions(properties, binding, find)
    known = {*_VERSIONS, *_SOURCE, *(f"file.{name}" for name in binding.tables)}
    for name, given in properties.items():
        if name not in known:
            message = "is not a property of the manifest in this version"
            find("manifest-unknown", f"{name[:80]} {message}", line=given.line, field=name[:80], value=given.value)
    return {name: declared for name in binding.tables if (declared := _declared(name, properties, find)) is not None}


def _properties(batches: Iterator[Batch], find: Find) -> dict[str, _Property]:
    properties: dict[str, _Property] = {}
    for batch in batches:
        for line, cells in zip(batch.lines, batch.rows, strict=True):
            if len(cells) != len(_HEADER):
                mend = "give a name and a value"
                find("cells", f"the row has {len(cells)} cells, not 2", mend=mend, line=line)
            elif cells[0] in properties:
                message = f"{cells[0][:80]} is on line {properties[cells[0]].line} already"
                find("manifest-twice", message, mend="give it once", line=line, field=cells[0][:80], value=cells[1])
            else:
                properties[cells[0]] = _Property(cells[1], line)
    return properties


def _judge_versions(properties: dict[str, _Property], binding: Binding, find: Find) -> None:
    wanted = {"manifest.version": "1.0", "oneroster.version": binding.version}
    for name, check in (("manifest.version", "manifest-version"), ("oneroster.version", "oneroster-version")):
        given = properties.get(name)
        if given is None:
            find("manifest-property", f"{name} is missing", mend=f"add {name},{wanted[name]}", field=name)
        elif given.value != wanted[name]:
            message = f"{name} is not {wanted[name]}"
            find(check, message, mend=f"write {wanted[name]}", line=given.line, field=name, value=given.value)


def _declared(name: str, properties: dict[str, _Property], find: Find) -> Declared | None:
    key = f"file.{name}"
    given = properties.get(key)
    if given is None:
        find("manifest-property", f"{key} is missing", mend=f"add {key} with absent, bulk or delta", field=key)
        return None
    try:
        mode = Mode(given.value)
    except ValueError:
        mode = Mode.UNKNOWN
    if mode is Mode.UNKNOWN:
        message = f"{key} is not absent, bulk or delta"
        find("manifest-mode", message, mend="write one of the three", line=given.line, field=key, value=given.value)
    return Declared(mode, given.line)
