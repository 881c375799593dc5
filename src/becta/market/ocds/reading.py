"""Reading OCDS notices of others: JSON Lines, a release, a release package or a record package, from a stream.

The input is hostile until it was read: sizes, depth and numbers have limits, and what is refused is told by line,
place, problem and mend without stopping the rest. Numbers with a point stay `Decimal`: nothing becomes a float.
"""

import json
import re
from collections.abc import Iterator
from decimal import Context, Decimal
from typing import Any, BinaryIO

import msgspec
from msgspec import Struct

from becta.market.ocds.checking import Mistake, Unreadable, mistakes, pointer

LOOKED_AT = 50
"""How many lines tell whether a file is JSON Lines or one document over many lines."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_EXACT = Context(prec=1_000)
_NUMBER = "is a number too large or too fine to be meant"


class Limits(Struct, frozen=True, kw_only=True):
    """What a file may be at most: bytes of a line and of a document, lines, depth, and digits of a number."""

    line_bytes: int = 4 * 2**20
    document_bytes: int = 32 * 2**20
    lines: int = 1_000_000
    depth: int = 32
    digits: int = 64


LIMITS = Limits()
"""What is read unless a test says otherwise."""


class Source(Struct, frozen=True, kw_only=True):
    """What the package around a release says of itself; empty texts where there is none."""

    publisher: str = ""
    license: str = ""


class ReadRelease(Struct, frozen=True, kw_only=True):
    """A release as it came: its line, its place within what stood there, its value, and the same as JSON text."""

    line: int
    at: str
    value: dict[str, Any]
    text: str
    source: Source = Source()


class Refused(Struct, frozen=True, kw_only=True):
    """Something that was not taken: in which line (from 1), and what is wrong with it."""

    line: int
    mistake: Mistake


def read_notices(stream: BinaryIO, limits: Limits = LIMITS) -> Iterator[ReadRelease | Refused]:
    """Every release of a file, and every reason why one was refused, in the order of the file."""
    first = [line for _, line in zip(range(LOOKED_AT), _lines(stream, limits), strict=False)]
    if _is_document(first, limits):
        yield from _document(first, stream, limits)
        return
    for number, line in enumerate(_chained(first, stream, limits), 1):
        if number > limits.lines:
            mend = "send the file in parts"
            yield _refused(number, "", f"is one line more than the {limits.lines:,} that are read", mend)
            return
        if line is None:
            yield _refused(number, "", f"is longer than {limits.line_bytes:,} bytes", "send fewer in a line")
        elif line.strip():
            yield from _releases(line.rstrip(b"\r\n"), number, limits)


def canonical(value: Any) -> bytes:
    """The same bytes for equal JSON values: names in order, and numbers without zeros that say nothing."""
    return msgspec.json.encode(_plain(value), order="sorted")


def encoded(value: Any) -> str:
    """The value as JSON text, numbers digit by digit."""
    return _ENCODER.encode(value).decode()


def parsed(text: str | bytes) -> Any:
    """JSON text of ours, read back with every digit."""
    return json.loads(text, parse_float=Decimal)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, Decimal) or (isinstance(value, int) and not isinstance(value, bool)):
        return {"number": f"{Decimal(value).normalize(_EXACT):f}"}
    return value


def _lines(stream: BinaryIO, limits: Limits) -> Iterator[bytes | None]:
    """Line by line, None for one that is too long; no more of it than the limit is held in memory."""
    most = limits.line_bytes
    while line := stream.readline(most + 1):
        if len(line) <= most:
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(most)
        yield None


def _chained(first: list[bytes | None], stream: BinaryIO, limits: Limits) -> Iterator[bytes | None]:
    yield from first
    yield from _lines(stream, limits)


def _is_document(first: list[bytes | None], limits: Limits) -> bool:
    """Whether the lines are those of one JSON text: several, of which none that is not indented is an object."""
    told = [line for line in first if line is None or line.strip()]
    if len(told) < 2 or None in told:
        return False
    whole = (line for line in told if line is not None and line.lstrip(b"\xef\xbb\xbf").startswith(b"{"))
    return not any(isinstance(_parse(line, limits), dict) for line in whole)


def _document(first: list[bytes | None], stream: BinaryIO, limits: Limits) -> Iterator[ReadRelease | Refused]:
    head = b"".join(line for line in first if line is not None)
    raw = head + stream.read(limits.document_bytes + 1 - len(head))
    if len(raw) > limits.document_bytes:
        mend = "send it as JSON Lines, a release each line"
        yield _refused(1, "", f"is one text of more than {limits.document_bytes:,} bytes", mend)
        return
    yield from _releases(raw, 1, limits)


def _releases(raw: bytes, line: int, limits: Limits) -> Iterator[ReadRelease | Refused]:
    """The releases of one JSON text: itself, or those of the package it is."""
    value = _parse(raw, limits)
    if isinstance(value, Refused):
        yield msgspec.structs.replace(value, line=line + value.line - 1)
        return
    if isinstance(value, dict) and ("releases" in value or "records" in value) and "ocid" not in value:
        yield from _package(value, line, limits)
    elif isinstance(value, list):
        yield from _all(value, "", line, limits, Source())
    else:
        yield from _one(value, "", line, limits, Source())


def _package(package: dict[str, Any], line: int, limits: Limits) -> Iterator[ReadRelease | Refused]:
    source = _source(package)
    if "releases" in package:
        yield from _all(package["releases"], "/releases", line, limits, source)
    records = package.get("records", [])
    if not isinstance(records, list):
        yield _refused(line, "/records", "is not a list", "give a list in [ ]")
        return
    for number, record in enumerate(records):
        at = pointer("records", number)
        if not isinstance(record, dict):
            yield _refused(line, at, "is not an object", "give a record with its releases")
            continue
        releases = record.get("releases")
        embedded = isinstance(releases, list) and any(isinstance(one, dict) and "ocid" in one for one in releases)
        if embedded or "compiledRelease" not in record:
            yield from _all(releases, f"{at}/releases", line, limits, source)
        else:
            yield from _one(record["compiledRelease"], f"{at}/compiledRelease", line, limits, source)


def _all(values: Any, at: str, line: int, limits: Limits, source: Source) -> Iterator[ReadRelease | Refused]:
    if not isinstance(values, list):
        yield _refused(line, at, "is not a list of releases", "give the releases in [ ]")
        return
    for number, value in enumerate(values):
        here = f"{at}/{number}"
        if isinstance(value, dict) and "url" in value and "ocid" not in value:
            mend = "send the release itself: we fetch nothing"
            yield _refused(line, here, "is a link to a release that is elsewhere", mend)
        else:
            yield from _one(value, here, line, limits, source)


def _one(value: Any, at: str, line: int, limits: Limits, source: Source) -> Iterator[ReadRelease | Refused]:
    found = list(_unreadable(value, at, limits.depth)) or mistakes(value, at=at)
    if found:
        yield from (Refused(line=line, mistake=mistake) for mistake in found)
    else:
        yield ReadRelease(line=line, at=at, value=value, text=encoded(value), source=source)


def _source(package: dict[str, Any]) -> Source:
    publisher = package.get("publisher")
    name = publisher.get("name") if isinstance(publisher, dict) else None
    return Source(publisher=_told(name), license=_told(package.get("license")))


def _told(value: Any) -> str:
    is_plain = isinstance(value, str) and "\x00" not in value and not _SURROGATE.search(value)
    return value[:500] if is_plain else ""


def _refused(line: int, at: str, problem: str, mend: str, value: str | None = None) -> Refused:
    return Refused(line=line, mistake=Mistake(pointer=at, problem=problem, mend=mend, value=value))


def _parse(raw: bytes, limits: Limits) -> Any:
    """The value of a JSON text, or why it is none, with the line within the text."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return _refused(line, "", f"is not UTF-8 at byte {error.start + 1}", "save the file as UTF-8")

    def number(digits: str) -> Any:
        value = Decimal(digits) if len(digits) <= 2 * limits.digits else None
        if value is None or (value and not -limits.digits < value.adjusted() < limits.digits):
            return Unreadable(_NUMBER, "give the number that is meant")
        return value if "." in digits or "e" in digits.lower() else int(digits)

    try:
        return json.loads(
            text,
            parse_float=number,
            parse_int=number,
            parse_constant=lambda name: Unreadable(f"is {name}", "JSON knows no such number; leave it out"),
            object_pairs_hook=_pairs,
        )
    except json.JSONDecodeError as error:
        problem = f"is not JSON: {error.msg.lower()} at character {error.colno}"
        return _refused(error.lineno, "", problem, "mend the text there")
    except RecursionError:
        return _refused(1, "", "is nested too deeply", f"nest at most {limits.depth} levels")


def _pairs(pairs: list[tuple[str, Any]]) -> Any:
    value = dict(pairs)
    if len(value) == len(pairs):
        return value
    seen: set[str] = set()
    twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
    return Unreadable(f"gives the name {twice[:60]!r} twice", "give it once: nobody can tell which one is meant")


def _unreadable(value: Any, at: str, depth: int) -> Iterator[Mistake]:
    """What JSON allows and we cannot keep."""
    if isinstance(value, Unreadable):
        yield Mistake(pointer=at, problem=value.problem, mend=value.mend)
    elif isinstance(value, str):
        yield from _unkept(value, at)
    elif isinstance(value, dict | list):
        if depth == 0:
            yield Mistake(pointer=at, problem="is nested too deeply", mend="nest fewer levels")
            return
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(name, str) and any(_unkept(name, at)):
                yield Mistake(pointer=at, problem="has a name that holds no plain text", mend="name it plainly")
            yield from _unreadable(inner, f"{at}{pointer(name)}", depth - 1)


def _unkept(text: str, at: str) -> Iterator[Mistake]:
    if "\x00" in text:
        yield Mistake(pointer=at, problem="holds the character NUL", mend="remove it")
    elif _SURROGATE.search(text):
        yield Mistake(pointer=at, problem="holds half of a surrogate pair", mend="write the whole character")
