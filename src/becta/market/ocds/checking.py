"""What is wrong with something that is meant as an OCDS 1.1 release: every fault by its place, a JSON pointer."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from becta.market.ocds.shapes import CURRENCIES, NEVER_EMPTY, REQUIRED, SHAPES, TAGS

MAX_KEY = 250
"""Most characters of an `ocid` or the `id` of a release that an index of ours holds."""
SHOWN = 60
"""How many characters of a bad value are told."""
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)


class Mistake(Struct, frozen=True, kw_only=True):
    """One thing wrong: where (a JSON pointer), what, how to mend it, and what stood there."""

    pointer: str
    problem: str
    mend: str
    value: str | None = None


class Unreadable(Struct, frozen=True):
    """Stands in a parsed value for what JSON allows and we do not: a name given twice, a number without end."""

    problem: str
    mend: str


def pointer(*parts: object) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def mistakes(value: Any, *, at: str = "") -> list[Mistake]:
    """Everything wrong with a release that stands at a place of what was read."""
    return list(_object(value, "Release", at))


def instant(text: str) -> datetime | None:
    """The instant a text names (RFC 3339), None if it names none."""
    if not _INSTANT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError:
        return None


def is_meant(at: datetime) -> bool:
    """Whether an instant lies in a time that a notice can mean: others cannot be reckoned with in every time zone."""
    return 1900 <= at.year <= 2200


def _object(value: Any, name: str, at: str) -> Iterator[Mistake]:
    if not isinstance(value, dict):
        yield _wrong(at, value, "is not an object", f"give an object with the fields of {name}")
        return
    if name in NEVER_EMPTY and not value:
        yield _wrong(at, value, "is empty", "say something in it or leave it out")
    for field in sorted(REQUIRED.get(name, frozenset()) - value.keys()):
        yield Mistake(pointer=f"{at}/{field}", problem="is missing", mend=f"every {name} needs `{field}`")
    shape = SHAPES[name]
    for field, inner in value.items():
        if field in shape:
            yield from _field(inner, shape[field], f"{at}{pointer(field)}")


def _field(value: Any, kind: str, at: str) -> Iterator[Mistake]:
    if kind[0] in "[{":
        yield from _list(value, kind, at)
    elif kind[0].isupper() and "|" not in kind:
        if not (value is None and kind.endswith("?")):
            yield from _object(value, kind.rstrip("?"), at)
    elif "|" in kind:
        codes = [code for code in kind.split("|") if code]
        if not (isinstance(value, str) and value in codes) and (value is not None or kind.endswith("|")):
            yield _wrong(at, value, "is not one of the codes", f"give one of {', '.join(codes)}")
    else:
        is_right, problem, mend = _SIMPLE[kind]
        if not is_right(value):
            yield _wrong(at, value, problem, mend)


def _list(value: Any, kind: str, at: str) -> Iterator[Mistake]:
    if not isinstance(value, list):
        yield _wrong(at, value, "is not a list", "give a list in [ ]")
        return
    if kind.endswith("+") and not value:
        yield _wrong(at, value, "is an empty list", "name what belongs there or leave it out")
    name = kind.strip("[]{}+")
    seen: dict[Any, int] = {}
    for number, entry in enumerate(value):
        yield from _object(entry, name, f"{at}/{number}")
        first = number if kind[0] == "{" or len(value) == 1 else seen.setdefault(_as_key(entry), number)
        if first != number:
            yield _wrong(f"{at}/{number}", None, f"is the same as number {first} of its list", "give it once")


def _as_key(value: Any) -> Any:
    """The value so that it can be looked up: equal for equal JSON, whatever the order of names."""
    if isinstance(value, dict):
        return frozenset((name, _as_key(inner)) for name, inner in value.items())
    if isinstance(value, list):
        return tuple(map(_as_key, value))
    return (isinstance(value, bool), value)


def _wrong(at: str, value: Any, problem: str, mend: str) -> Mistake:
    shown = None if value is None or isinstance(value, dict | list) else str(value)
    return Mistake(
        pointer=at, problem="is null" if value is None and shown else problem, mend=mend, value=_short(shown)
    )


def _short(shown: str | None) -> str | None:
    return shown if shown is None or len(shown) <= SHOWN else shown[:SHOWN] + "…"


def _is_id(value: Any) -> bool:
    return (isinstance(value, str) and value != "") or _is_whole(value)


def _is_whole(value: Any) -> bool:
    if isinstance(value, Decimal):
        return value == value.to_integral_value()
    return isinstance(value, int) and not isinstance(value, bool)


def _is_key(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_KEY


def _are_texts(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(one, str) for one in value))


def _are_tags(value: Any) -> bool:
    return isinstance(value, list) and value != [] and all(isinstance(tag, str) and tag in TAGS for tag in value)


def _is_instant(value: Any) -> bool:
    return isinstance(value, str) and instant(value) is not None


def _is_moment(value: Any) -> bool:
    at = instant(value) if isinstance(value, str) else None
    return at is not None and is_meant(at)


_INSTANT_MEND = "write it like 2026-11-25T17:00:00Z, with its time zone"
_SIMPLE: Mapping[str, tuple[Callable[[Any], bool], str, str]] = {
    "text": (lambda value: value is None or isinstance(value, str), "is not a text", "put it in quotation marks"),
    "words": (
        lambda value: value is None or (isinstance(value, str) and value != ""),
        "is not a text that says something",
        "give a text in quotation marks or leave it out",
    ),
    "string": (lambda value: isinstance(value, str), "is not a text", "put it in quotation marks"),
    "key": (_is_key, f"is not a text of 1 to {MAX_KEY} characters", "give its identifier in quotation marks"),
    "id": (_is_id, "is not an identifier", "give a text that is not empty, or a whole number"),
    "any": (
        lambda value: isinstance(value, str) or _is_whole(value),
        "is not an identifier",
        "give a text or a whole number",
    ),
    "code": (
        lambda value: value is None or isinstance(value, str) or _is_whole(value),
        "is not a code",
        "give a text or a whole number",
    ),
    "number": (
        lambda value: value is None or (isinstance(value, int | Decimal) and not isinstance(value, bool)),
        "is not a number",
        "give a number without quotation marks, currency sign or thousands separator",
    ),
    "whole": (lambda value: value is None or _is_whole(value), "is not a whole number", "give a whole number"),
    "flag": (lambda value: value is None or isinstance(value, bool), "is not true or false", "give true or false"),
    "instant": (lambda value: value is None or _is_instant(value), "is not an instant", _INSTANT_MEND),
    "moment": (_is_moment, "is not an instant", _INSTANT_MEND),
    "texts": (_are_texts, "is not a list of texts", 'give a list such as ["one", "two"]'),
    "tags": (_are_tags, "is not a list of release tags", f"name at least one of {', '.join(sorted(TAGS))}"),
    "currency": (
        lambda value: value is None or (isinstance(value, str) and value in CURRENCIES),
        "is not a currency",
        "give a code of ISO 4217, such as GBP",
    ),
    "country": (
        lambda value: value is None or (isinstance(value, str) and _COUNTRY.fullmatch(value) is not None),
        "is not a country",
        "give two capital letters (ISO 3166-1), such as GB",
    ),
}
