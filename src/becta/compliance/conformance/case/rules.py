"""Judges the objects of a CFPackage by the tables: their properties, types and vocabularies."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from msgspec import Struct

from becta.compliance.conformance.case.tables import (
    ADOPTION_STATUSES,
    ASSOCIATION_TYPES,
    EXTENSION,
    LINKS,
    shapes_of,
)
from becta.compliance.conformance.xapi import formats

Fields = Mapping[str, object]

_LOWER_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Find(Protocol):
    """Tells of something found: check, message, JSON pointer, value."""

    def __call__(self, check: str, message: str, at: str, value: object = None) -> None:
        """Tell it."""


class Link(Struct, frozen=True):
    """A reference met on the way: what kind, where it stands, what it names."""

    kind: str
    at: str
    identifier: str
    uri: object


def _is_instant(text: str) -> bool:
    return formats.instant(text) is not formats.Instant.NONE and formats.has_zone(text)


_FORMATS: Mapping[str, tuple[Callable[[str], bool], str, str]] = {
    "uuid": (lambda text: _LOWER_UUID.fullmatch(text) is not None, "uuid", "is not a UUID in lower case"),
    "uri": (formats.is_iri, "uri", "is not a URI with a scheme"),
    "date-time": (_is_instant, "date-time", "is not an instant such as 2026-01-31T09:30:00Z"),
    "date": (formats.is_date, "date", "is not a day such as 2026-01-31"),
    "language": (formats.is_language_tag, "language", "is not a language tag"),
}
_TYPES: Mapping[str, tuple[type | tuple[type, ...], str]] = {
    "text": (str, "a string"),
    "number": ((int, float), "a number"),
    "integer": (int, "a whole number"),
    "extensions": (dict, "an object"),
}


class PackageShape:
    """Walks a package by its tables, tells what does not fit, and gathers the links it meets."""

    def __init__(self, version: str, find: Find) -> None:
        """Judge by CASE 1.0 or 1.1."""
        self._version = version
        self._find = find
        self._shapes = shapes_of(version)
        self.links: list[Link] = []

    def shaped(self, shape: str, value: object, at: str) -> None:
        """Judge an object by its class."""
        if not isinstance(value, dict):
            self._find("type", "must be an object", at, value)
            return
        properties = self._shapes[shape]
        for name, kind in properties.items():
            if kind.startswith("*") and name not in value:
                self._find("required", f"has no {name}", at)
        for name, item in value.items():
            here = formats.pointer(at, name)
            if name in properties:
                self._value(properties[name].removeprefix("*"), item, here)
            else:
                self._find("unknown-property", "has a property that is not one of this class", at, name)
        starts, ends = _day(value.get("statusStartDate")), _day(value.get("statusEndDate"))
        if starts and ends and ends < starts:
            self._find("status-dates", "is before statusStartDate", f"{at}/statusEndDate", ends)

    def _value(self, kind: str, value: object, at: str) -> None:
        if kind.endswith("[]"):
            if not isinstance(value, list):
                self._find("type", "must be an array", at, value)
                return
            for index, item in enumerate(value):
                self._value(kind[:-2], item, f"{at}/{index}")
        elif kind in _TYPES:
            types, wanted = _TYPES[kind]
            if not isinstance(value, types) or isinstance(value, bool):
                self._find("type", f"must be {wanted}", at, value)
        elif kind in LINKS or kind == "node-link":
            self._link(kind, value, at)
        elif kind in self._shapes:
            self.shaped(kind, value, at)
        elif not isinstance(value, str):
            self._find("type", "must be a string", at, value)
        elif kind in _FORMATS:
            fits, check, fault = _FORMATS[kind]
            if not fits(value):
                self._find(check, fault, at, value)
        else:
            self._word(kind, value, at)

    def _word(self, kind: str, value: str, at: str) -> None:
        """Judge a word by its vocabulary; the kind is also the check."""
        words = {
            "association-type": ASSOCIATION_TYPES[self._version],
            "adoption-status": ADOPTION_STATUSES[self._version],
            "case-version": frozenset({"1.1"}),
            "target-type": frozenset({"CASE"}),
        }[kind]
        extended = self._version == "1.1" and kind in {"association-type", "target-type"}
        if value not in words and not (extended and re.fullmatch(EXTENSION, value)):
            self._find(kind, f"is none of {', '.join(sorted(words))}", at, value)

    def _link(self, kind: str, value: object, at: str) -> None:
        self.shaped("node-link" if kind == "node-link" else "link", value, at)
        if isinstance(value, dict) and isinstance(value.get("identifier"), str):
            self.links.append(Link(kind, at, value["identifier"], value.get("uri")))


def _day(value: object) -> str:
    return value if isinstance(value, str) and formats.is_date(value) else ""


def members(value: object, name: str) -> Iterator[tuple[int, Fields]]:
    """The objects in an array of an object, with their places; nothing where it is not shaped so."""
    array = value.get(name) if isinstance(value, dict) else None
    for index, item in enumerate(array if isinstance(array, list) else ()):
        if isinstance(item, dict):
            yield index, item
