"""Reads a credential from JSON, a compact JWT or a baked picture. Input is hostile: all limits are checked here."""

import json
import math
import re
from collections.abc import Mapping
from typing import TypeAlias

from msgspec import Struct

from becta.compliance.openbadges.baking import PNG_SIGNATURE, unbake_png, unbake_svg

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
JsonObject: TypeAlias = dict[str, Json]

LARGEST_TEXT = 1_000_000
"""Characters of JSON or of a compact JWT."""
LARGEST_PICTURE = 8_000_000
"""Bytes of a baked SVG or PNG."""
DEEPEST = 40
"""Levels of nesting."""
MOST_VALUES = 2_000
"""Objects, arrays and single values in one credential. 1EdTech's example of everything has some 600."""
LONGEST_ARRAY = 200
"""Entries of an array in a credential: JSON-LD compares each with each."""
COMPACT_JWS = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*")


class Unreadable(Exception):
    """The input is no credential that can be read, or breaks a limit. Says why."""


class Reading(Struct, frozen=True, kw_only=True):
    """What was read. `form` is json, jwt, svg or png; exactly one of `credential` and `token` is there."""

    form: str
    credential: JsonObject | None = None
    token: str | None = None


def read(document: bytes | str | Mapping[str, object]) -> Reading:
    """Find the credential in the input; raises Unreadable."""
    if isinstance(document, Mapping):
        return Reading(form="json", credential=parse_object(_dumped(document)))
    if isinstance(document, bytes | bytearray):
        document = bytes(document)
        form, text = _text_of(document)
    elif document.lstrip("\ufeff \t\r\n").startswith("<"):
        form, text = _text_of(document.encode("utf-8", "replace"))
    else:
        form, text = "", document
    text = text.strip("\ufeff \t\r\n")
    if len(text) > LARGEST_TEXT:
        raise Unreadable(f"the credential is longer than {LARGEST_TEXT} characters")
    if text.startswith("{"):
        return Reading(form=form or "json", credential=parse_object(text))
    if COMPACT_JWS.fullmatch(text):
        return Reading(form=form or "jwt", token=text)
    raise Unreadable("the format is not JSON, a compact JWT, or an SVG or PNG with a credential inside")


def parse_object(text: str | bytes, *, most_values: int = MOST_VALUES) -> JsonObject:
    """Parse a JSON object strictly: no duplicate names, no NaN, limits on size and depth. Raises Unreadable."""
    if len(text) > LARGEST_TEXT:
        raise Unreadable(f"the JSON is longer than {LARGEST_TEXT} characters")
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8")
        value = json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_no_constant)
    except RecursionError:
        raise Unreadable("the format is wrong: the JSON is nested too deeply") from None
    except ValueError as error:
        raise Unreadable(f"the format is wrong: not JSON ({_plain(error)})") from None
    if not isinstance(value, dict):
        raise Unreadable("the format is wrong: the JSON is not an object")
    _check_limits(value, most_values)
    return value


def as_list(value: Json) -> list[Json]:
    """One or many, as JSON-LD has it, as a list; nothing for null."""
    return value if isinstance(value, list) else [] if value is None else [value]


def objects_in(value: Json) -> list[JsonObject]:
    """The objects among one or many values."""
    return [entry for entry in as_list(value) if isinstance(entry, dict)]


def text_at(value: Json, *path: str) -> str | None:
    """The text at the end of a path of names; None if anything on the way is missing or of another kind."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else None


def id_of(value: Json) -> str | None:
    """The id of a thing that is given by its id or as an object with one."""
    return value if isinstance(value, str) else text_at(value, "id")


def _text_of(data: bytes) -> tuple[str, str]:
    if len(data) > LARGEST_PICTURE:
        raise Unreadable(f"the file is larger than {LARGEST_PICTURE} bytes")
    try:
        if data.startswith(PNG_SIGNATURE):
            return "png", unbake_png(data)
        start = data.lstrip(b"\xef\xbb\xbf \t\r\n")
        if start[:14].lower().startswith((b"<!doctype html", b"<html")):
            raise Unreadable("this is a web page, not a badge: give the address of the credential that it links to")
        if start.startswith(b"<"):
            return "svg", unbake_svg(data)
        return "", data.decode("utf-8")
    except UnicodeDecodeError:
        raise Unreadable("the format is unknown: neither UTF-8 text nor a PNG") from None
    except ValueError as error:
        raise Unreadable(f"the format of the picture is wrong: {error}") from None


def _dumped(document: Mapping[str, object]) -> str:
    try:
        return json.dumps(dict(document), allow_nan=False)
    except (RecursionError, ValueError, TypeError) as error:
        raise Unreadable(f"the format is wrong: not JSON ({_plain(error)})") from None


def _without_duplicates(pairs: list[tuple[str, Json]]) -> JsonObject:
    found: JsonObject = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the name {name[:40]!r} appears twice in one object")
        found[name] = value
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def _check_limits(root: JsonObject, most_values: int) -> None:
    """Walk without recursion, so that the walk itself is safe."""
    waiting: list[tuple[Json, int]] = [(root, 1)]
    seen = 0
    while waiting:
        value, depth = waiting.pop()
        seen += 1
        if seen > most_values or depth > DEEPEST:
            which = f"more than {most_values} values" if seen > most_values else f"more than {DEEPEST} levels"
            raise Unreadable(f"the format is refused: the JSON has {which}")
        if isinstance(value, dict):
            _check_text(*value)
            waiting += [(inner, depth + 1) for inner in value.values()]
        elif isinstance(value, list):
            if _flat_length(value) > LONGEST_ARRAY and most_values == MOST_VALUES:
                raise Unreadable(f"the format is refused: an array has more than {LONGEST_ARRAY} entries")
            waiting += [(inner, depth + 1) for inner in value]
        elif isinstance(value, str):
            _check_text(value)
        elif isinstance(value, float) and not math.isfinite(value):
            raise Unreadable("the format is wrong: a number is too large")


def _flat_length(array: list[Json]) -> int:
    """Entries with those of arrays inside arrays, which JSON-LD makes one."""
    length, waiting = 0, [array]
    while waiting:
        for inner in waiting.pop():
            if isinstance(inner, list):
                waiting.append(inner)
            else:
                length += 1
    return length


def _check_text(*texts: str) -> None:
    for text in texts:
        if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
            raise Unreadable("the format is wrong: half a surrogate pair in a text")


def _plain(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
