"""XML and JSON from strangers: limits first, then a parse that knows its lines. Nothing is ever fetched."""

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, NoReturn

from lxml import etree
from msgspec import Struct

from becta.compliance.conformance.reports import Refused

_CHUNK = 65_536
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{},:]|[^\s\[\]{},:"]+', re.DOTALL)
_NOT_BRACKETS = re.compile(r"[^\[\]{}]+")
_HALF_PAIR = re.compile(r"\\u[dD][89a-fA-F]")
_CONSTANTS = {"NaN", "Infinity", "-Infinity"}
_DIGITS = 1_000


class XmlLimits(Struct, frozen=True, kw_only=True):
    """How large an XML document may be; `text` counts characters of one element, `nodes` elements, comments, PIs.

    Our own numbers; libxml2's of 256 levels and 10 million characters stand behind them.
    """

    bytes: int = 20_000_000
    depth: int = 100
    nodes: int = 500_000
    text: int = 5_000_000
    attributes: int = 200


class JsonLimits(Struct, frozen=True, kw_only=True):
    """How large a JSON document may be; `values` counts members and elements at all levels. Our own numbers."""

    bytes: int = 20_000_000
    depth: int = 100
    values: int = 1_000_000


XML_LIMITS = XmlLimits()
JSON_LIMITS = JsonLimits()


class Malformed(Exception):
    """The document breaks the grammar of its format; `line` and `column` count from 1, None if not known."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        """Say what is wrong and where."""
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


def read_document(artefact: Path, limits: XmlLimits | JsonLimits) -> bytes:
    """A file as parsers take it: of one that is larger than they take, just enough for them to see that."""
    with artefact.open("rb") as stream:
        return stream.read(limits.bytes + 1)


def parse_xml(data: bytes | BinaryIO, name: str, limits: XmlLimits = XML_LIMITS) -> etree._Element:
    """The root of an XML document, its elements knowing their `sourceline`.

    Raises Refused for a DTD (and so for every entity of one) and for what breaks a limit, Malformed for a plain
    syntax error. A first pass builds nothing and stops at the first offence; only then is the tree built.
    """
    content = data if isinstance(data, bytes) else data.read(limits.bytes + 1)
    if len(content) > limits.bytes:
        raise Refused(f"{name} is larger than {limits.bytes:,} bytes")
    guard = _closed_parser(_Guard(name, limits))
    try:
        for start in range(0, len(content), _CHUNK):
            guard.feed(content[start : start + _CHUNK])
        guard.close()
        return etree.fromstring(content, _closed_parser())
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise Malformed(f"{name} is not well-formed XML: {error.msg}", max(line, 1), column or None) from error


def _closed_parser(target: "_Guard | None" = None) -> etree.XMLParser:
    return etree.XMLParser(
        target=target,  # type: ignore[arg-type]  # the stubs bind every method to one unsolved AnyStr
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        recover=False,
    )


class _Guard:
    """Hears the events of a parse and stops it at the first thing that we do not take."""

    def __init__(self, name: str, limits: XmlLimits) -> None:
        self._name = name
        self._limits = limits
        self._depth = 0
        self._nodes = 0
        self._text = 0

    def doctype(self, name: str, public: str | None, system: str | None) -> None:  # noqa: ARG002  # lxml's signature
        raise Refused(f"{self._name} has a document type declaration (DTD), which can define entities")

    def start(self, tag: str | bytes, attributes: Mapping[str, str]) -> None:  # noqa: ARG002
        self._depth += 1
        self._text = 0
        self._node()
        if self._depth > self._limits.depth:
            raise Refused(f"{self._name} nests elements more than {self._limits.depth} deep")
        if len(attributes) > self._limits.attributes:
            raise Refused(f"{self._name} has an element of more than {self._limits.attributes} attributes")

    def end(self, tag: str | bytes) -> None:  # noqa: ARG002
        self._depth -= 1
        self._text = 0

    def data(self, data: str | bytes) -> None:
        self._text += len(data)
        if self._text > self._limits.text:
            raise Refused(f"{self._name} has a text of more than {self._limits.text:,} characters")

    def comment(self, text: str | bytes) -> None:  # noqa: ARG002
        self._node()

    def pi(self, target: str, data: str | None = None) -> None:  # noqa: ARG002
        self._node()

    def close(self) -> None:
        return None

    def _node(self) -> None:
        self._nodes += 1
        if self._nodes > self._limits.nodes:
            raise Refused(f"{self._name} has more than {self._limits.nodes:,} elements")


def parse_json(data: bytes, name: str, limits: JsonLimits = JSON_LIMITS) -> object:
    """The value of a JSON document (RFC 8259) in UTF-8; a byte order mark at its start is passed over.

    Raises Refused for what breaks a limit; Malformed, with line and column, for a syntax error, a key that an object
    has twice, NaN and Infinity, a number beyond a double, and half a surrogate pair.
    """
    if len(data) > limits.bytes:
        raise Refused(f"{name} is larger than {limits.bytes:,} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        column = error.start - (before.rfind(b"\n") + 1) + 1
        raise Malformed(f"{name} is not UTF-8", before.count(b"\n") + 1, column) from error
    _limit_json(text, name, limits)
    try:
        value: object = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=_whole, parse_float=_real
        )
    except json.JSONDecodeError as error:
        raise Malformed(f"{name} is not JSON: {error.msg}", error.lineno, error.colno) from error
    except _Offence as offence:
        place = _place(text, offence.places(text))
        raise Malformed(f"{name} is not sound JSON: {offence}", *place) from offence
    except RecursionError as error:
        raise Refused(f"{name} nests values too deep") from error
    if _HALF_PAIR.search(text):
        _refuse_half_pairs(value, name)
    return value


class _Offence(Exception):
    """Something json.loads would take and we do not; knows how to find its place again."""

    def __init__(self, message: str, places: Callable[[str], Iterator[int]]) -> None:
        super().__init__(message)
        self.places = places


def _limit_json(text: str, name: str, limits: JsonLimits) -> None:
    bare = _STRING.sub("", text)
    if bare.count(",") + bare.count("[") + bare.count("{") > limits.values:
        raise Refused(f"{name} has more than {limits.values:,} values")
    depth = 0
    for bracket in _NOT_BRACKETS.sub("", bare):
        depth += 1 if bracket in "[{" else -1
        if depth > limits.depth:
            raise Refused(f"{name} nests values more than {limits.depth} deep")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _Offence("a key appears twice in one object", _doubles)
            seen.add(key)
    return found


def _no_constant(constant: str) -> NoReturn:
    raise _Offence(f"{constant} is no JSON number", lambda text: _tokens(text, _CONSTANTS.__contains__))


def _whole(digits: str) -> int:
    if len(digits) > _DIGITS:
        raise _Offence(
            f"a number has more than {_DIGITS:,} digits",
            lambda text: _tokens(text, lambda token: token == digits),
        )
    return int(digits)


def _real(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise _Offence("a number is beyond a double", lambda text: _tokens(text, lambda token: token == digits))
    return number


def _tokens(text: str, wanted: Callable[[str], bool]) -> Iterator[int]:
    return (match.start() for match in _TOKEN.finditer(text) if wanted(match.group()))


def _doubles(text: str) -> Iterator[int]:
    """Where keys are given for the second time, the first object to close first, as json.loads met it."""
    open_objects: list[tuple[set[str], list[int]]] = []
    last: tuple[int, str] | None = None
    for match in _TOKEN.finditer(text):
        piece = match.group()
        if piece in {"{", "["}:
            open_objects.append((set(), []))
        elif piece in {"}", "]"} and open_objects:
            yield from open_objects.pop()[1]
        elif piece == ":" and last is not None and open_objects:
            keys, twice = open_objects[-1]
            key = json.loads(last[1], strict=False)
            if key in keys:
                twice.append(last[0])
            keys.add(key)
        last = (match.start(), piece) if piece[0] == '"' else None


def _place(text: str, places: Iterator[int]) -> tuple[int | None, int | None]:
    position = next(places, None)
    if position is None:
        return None, None
    return text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position)


def _refuse_half_pairs(value: object, name: str) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise Malformed(f"{name} is not sound JSON: a text holds half of a surrogate pair") from error
