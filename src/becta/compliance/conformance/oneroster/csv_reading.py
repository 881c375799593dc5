"""CSV as OneRoster wants it (RFC 4180 in UTF-8), read in batches, with the true line of every row."""

import re
from collections import deque
from collections.abc import Callable, Iterator
from typing import BinaryIO, Protocol

from msgspec import Struct

from becta.compliance.conformance.reports import Refused

LONGEST_LINE = 1_000_000
"""Bytes of a line that we read; our own limit."""
_CHUNK = 524_288
_OPEN_LINES = 50  # how far a quote left open is followed before it counts as never closed
_OPEN_CHARACTERS = 100_000
_BOM = b"\xef\xbb\xbf"

_QUOTED = r'"[^"]*+(?:""[^"]*+)*+"'
_CELL = re.compile(rf'(?:^|,)({_QUOTED}|[^",]*+)')
_ROW = re.compile(rf'(?:{_QUOTED}|[^",]*+)(?:,(?:{_QUOTED}|[^",]*+))*+')
_OPEN_ROW = re.compile(rf'(?:(?:{_QUOTED}|[^",]*+),)*+"[^"]*+(?:""[^"]*+)*+')


class Find(Protocol):
    """Notes a finding of one file."""

    def __call__(
        self,
        check: str,
        message: str,
        *,
        mend: str = "",
        line: int | None = None,
        field: str = "",
        value: object = None,
    ) -> None:
        """Note it."""
        ...


def find_nothing(
    check: str,
    message: str,
    *,
    mend: str = "",
    line: int | None = None,
    field: str = "",
    value: object = None,
) -> None:
    """Pass over a finding: for a second reading of a file whose faults are told already."""


class Block(Struct):
    """Some lines, the first one's number, and whether none of them is blank or holds a quote."""

    line: int
    texts: list[str]
    is_plain: bool


class Batch(Struct):
    """Some rows, each with the line that it begins on."""

    lines: list[int]
    rows: list[list[str]]


Lost = Callable[[str], object]
"""Is given each line that could not be read."""


def read_csv(
    stream: BinaryIO, name: str, find: Find, lost: Lost | None = None
) -> tuple[list[str] | None, Iterator[Batch]]:
    """The header's cells (None if the file has no line) and the rows after it.

    Finds what breaks UTF-8 and RFC 4180, and goes on after it; blank lines are found and left out. Raises Refused
    for a line of more than LONGEST_LINE bytes.
    """
    batches = _batches(stream, name, find, lost)
    first = next(batches, None)
    if first is None:
        return None, batches
    header = first.rows.pop(0)
    first.lines.pop(0)
    return header, _chained(first, batches)


def _chained(first: Batch, rest: Iterator[Batch]) -> Iterator[Batch]:
    if first.rows:
        yield first
    yield from rest


def _batches(stream: BinaryIO, name: str, find: Find, lost: Lost | None) -> Iterator[Batch]:
    blocks = _blocks(stream, name, find)
    for block in blocks:
        if block.is_plain:
            yield Batch(
                list(range(block.line, block.line + len(block.texts))), [text.split(",") for text in block.texts]
            )
        else:
            waiting = deque(enumerate(block.texts, block.line))
            batch = Batch([], [])
            while waiting:
                row = _row(waiting, blocks, find, lost)
                if row is not None:
                    batch.lines.append(row[0])
                    batch.rows.append(row[1])
            if batch.rows:
                yield batch


def _row(
    waiting: deque[tuple[int, str]], blocks: Iterator[Block], find: Find, lost: Lost | None
) -> tuple[int, list[str]] | None:
    """The next row and its line, or None if that line holds no row that can be read."""
    line, text = waiting.popleft()
    if '"' not in text:
        if text:
            return line, text.split(",")
        find("blank-row", "the line is blank", mend="leave out blank lines", line=line)
        return None
    if text[0] == text[-1] == '"' and len(text) > 1:
        inner = text[1:-1]
        cells = inner.split('","')
        if inner.count('"') == 2 * (len(cells) - 1):  # every cell quoted, and no quote within one
            return line, cells
    if _ROW.fullmatch(text):
        return line, _cells(text)
    whole = _whole_row(text, waiting, blocks)
    if whole is None:
        mend = 'put a cell with a quote or comma in double quotes, and double each quote (") in it'
        find("quoting", "the quotes of this line do not match", mend=mend, line=line)
        if lost is not None:
            lost(text)
        return None
    find("line-break", "a cell goes over several lines", mend="leave line breaks out of cells", line=line)
    return line, _cells(whole)


def _cells(text: str) -> list[str]:
    return [cell[1:-1].replace('""', '"') if cell[:1] == '"' else cell for cell in _CELL.findall(text)]


def _whole_row(text: str, waiting: deque[tuple[int, str]], blocks: Iterator[Block]) -> str | None:
    """A row whose quote is closed on a later line, or None; lines read in vain go back to those waiting."""
    taken: list[tuple[int, str]] = []
    whole = text
    while _OPEN_ROW.fullmatch(whole) and len(taken) < _OPEN_LINES and len(whole) < _OPEN_CHARACTERS:
        if not waiting and (block := next(blocks, None)) is not None:
            waiting.extend(enumerate(block.texts, block.line))
        if not waiting:
            break
        taken.append(waiting.popleft())
        whole += "\n" + taken[-1][1]
        if _ROW.fullmatch(whole):
            return whole
    waiting.extendleft(reversed(taken))
    return None


def _blocks(stream: BinaryIO, name: str, find: Find) -> Iterator[Block]:
    """The lines of a file, without their ends (LF or CR LF), many at once."""
    line = 1
    rest = b""
    while chunk := stream.read(_CHUNK):
        data = rest + chunk
        if line == 1 and data.startswith(_BOM):
            find("byte-order-mark", "the file begins with a byte order mark", mend="leave it out", line=1)
            data = data[len(_BOM) :]
        cut = data.rfind(b"\n") + 1
        rest = data[cut:]
        if len(rest) > LONGEST_LINE:
            raise Refused(f"{name} has a line of more than {LONGEST_LINE:,} bytes")
        if cut:
            block = _decoded(data[:cut], line, find)
            line += len(block.texts)
            yield block
    if rest:
        yield _decoded(rest, line, find)


def _decoded(data: bytes, first: int, find: Find) -> Block:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        for line, raw in enumerate(data.split(b"\n"), first):
            _find_bad_bytes(raw, line, find)
        text = data.decode(errors="replace")
    text = text.replace("\r\n", "\n").removesuffix("\n")
    texts = text.split("\n")
    if "\r" in text:
        for line, content in enumerate(texts, first):
            if "\r" in content:
                message = "the line holds a carriage return that ends no line"
                find("line-break", message, mend="end lines by LF or CR LF", line=line)
    return Block(first, texts, is_plain='"' not in text and "" not in texts)


def _find_bad_bytes(raw: bytes, line: int, find: Find) -> None:
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        value = raw[error.start : error.start + 8].hex(" ")
        find(
            "encoding", f"byte {error.start + 1} of the line is not UTF-8", mend="save as UTF-8", line=line, value=value
        )
