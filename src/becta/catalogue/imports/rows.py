"""Reading rows from CSV and JSON Lines files, plain or gzipped, one at a time.

Text is UTF-8 (a byte order mark is fine); the DfE register's latin-1 is asked for by name. CSV may be parted by
commas, semicolons or tabs, as its header or a first line such as `sep=;` says.
"""

import codecs
import csv
import gzip
import re
import sys
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Self, cast

import msgspec
from msgspec import Struct

from becta.kernel.errors import Fault

csv.field_size_limit(min(sys.maxsize, 4_000_000))

MAX_LINE = 4_000_000
"""Characters of one line; a longer one is refused rather than read into memory."""

MAX_ROW_LINES = 1_000
"""Lines that a CSV row's quoted cells may run over; so far back can be gone when a quote was never closed."""


class RawRow(Struct, frozen=True):
    """A row and the line it starts on, or, in its stead, the fault that made it unreadable."""

    line: int
    values: dict[str, Any]
    fault: Fault | None = None


class UnreadableFile(Exception):
    """The file as a whole cannot be read; the text says why and what to do."""


def is_json_lines(path: Path) -> bool:
    """Whether the file's name says JSON Lines rather than CSV; raises UnreadableFile if it says neither."""
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    last = suffixes[-1] if suffixes else ""
    if last in {".jsonl", ".ndjson", ".json"}:
        return True
    if last in {".csv", ".tsv", ".txt"}:
        return False
    raise UnreadableFile(f"{path.name}: cannot tell its format; name it .csv or .jsonl (.gz may follow)")


def read_rows(
    path: Path, *, encoding: str = "utf-8-sig", columns: Callable[[list[str]], list[str]] = list
) -> Iterator[RawRow]:
    """The rows of a file in order; raises UnreadableFile if it is missing, misnamed or has no usable header.

    `columns` is given a CSV header's names before any row, and may rename them or raise UnreadableFile.
    """
    if not path.is_file():
        raise UnreadableFile(f"{path}: there is no such file")
    json_lines = is_json_lines(path)
    opener = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with opener(path, "rb") as raw:
            if raw.read(2) in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
                wanted = "UTF-8" if json_lines else '"CSV UTF-8"'
                raise UnreadableFile(f"{path.name}: is UTF-16 text; save it as {wanted}")
        with opener(path, "rt", encoding=encoding, errors="surrogateescape", newline="") as opened:
            stream = cast(IO[str], opened)
            yield from _json_rows(stream) if json_lines else _csv_rows(stream, path, columns)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UnreadableFile(f"{path.name}: is not a whole gzip file ({error}); compress it again") from None


def _json_rows(stream: IO[str]) -> Iterator[RawRow]:
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    number = 0
    while text := stream.readline(MAX_LINE + 1):
        number += 1
        if len(text) > MAX_LINE:
            while text and not text.endswith("\n"):
                text = stream.readline(MAX_LINE)
            yield RawRow(number, {}, _row_fault("is longer than 4,000,000 characters", "split it", ""))
        elif text.strip():
            yield _json_row(number, text, decode)


def _json_row(number: int, text: str, decode: Any) -> RawRow:
    if _undecodable(text):
        return RawRow(number, {}, _encoding_fault(text))
    try:
        return RawRow(number, decode(text))
    except (msgspec.DecodeError, RecursionError) as error:
        return RawRow(
            number, {}, _row_fault(f"is not a JSON object: {error}", "write one JSON object on the line", text)
        )


class _Lines:
    """The physical lines of a CSV file; those of a record that proved unreadable can be given out once more."""

    def __init__(self, stream: IO[str]) -> None:
        """Start before the first line."""
        self._stream = stream
        self._again: deque[str] = deque()
        self._taken: list[str] = []
        self._size = 0
        self._furthest = 0
        self.start = 1

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        if len(self._taken) >= MAX_ROW_LINES or self._size > MAX_LINE:
            raise csv.Error(f"a quoted cell does not end within {MAX_ROW_LINES:,} lines")
        text = self._again.popleft() if self._again else next(self._stream)
        self._taken.append(text)
        self._size += len(text)
        return text

    def begin(self) -> None:
        """The record before has been read; another starts."""
        self.start += len(self._taken)
        self._taken.clear()
        self._size = 0

    def give_back(self) -> None:
        """Nothing has been taken yet after all."""
        self._again.extendleft(reversed(self._taken))
        self._taken.clear()
        self._size = 0

    def resume_after_first(self) -> None:
        """The record cannot be read: the lines after its first may be rows that an open quote swallowed."""
        self._furthest = max(self._furthest, self.start + len(self._taken) - 1)
        self._again.extendleft(reversed(self._taken[1:]))
        del self._taken[1:]

    def has_stray_quote(self, delimiter: str) -> bool:
        """Whether a record among lines given out again is but the tail of a cell, by a quote where none may be."""
        if self.start > self._furthest:
            return False
        text = "".join(self._taken)
        return '"' in text and not _WELL_QUOTED[delimiter].fullmatch(text.rstrip("\r\n"))


def _well_quoted(delimiter: str) -> re.Pattern[str]:
    cell = rf'(?:"(?:[^"]|"")*+"|[^"\r\n{delimiter}]*+)'
    return re.compile(rf"{cell}(?:{delimiter}{cell})*+")


_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_WELL_QUOTED = {delimiter: _well_quoted(delimiter) for delimiter in _DELIMITERS}


_SEP = re.compile(r'"?sep=([,;\t])"?\s*', re.IGNORECASE)


def _delimiter(lines: _Lines, path: Path) -> str:
    """What parts the cells: what Excel's `sep=` line says, which is passed over, or what the header shows."""
    usual = "\t" if ".tsv" in [suffix.lower() for suffix in path.suffixes] else ","
    first = next(lines, "")
    if told := _SEP.fullmatch(first):
        lines.begin()
        return told[1]
    lines.give_back()
    return next((mark for mark in (usual, *";\t,") if mark in first), usual)


def _csv_rows(stream: IO[str], path: Path, columns: Callable[[list[str]], list[str]]) -> Iterator[RawRow]:
    lines = _Lines(stream)
    delimiter = _delimiter(lines, path)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        names = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise UnreadableFile(f"{path.name}: its header cannot be read ({error})") from None
    if not any(names):
        raise UnreadableFile(f"{path.name}: is empty; its first line must name the columns")
    header = columns(names)
    repeated = sorted({name for name in header if name and header.count(name) > 1})
    if repeated:
        raise UnreadableFile(f"{path.name}: names a column twice: {', '.join(repeated)}; name each once")
    while True:
        lines.begin()
        try:
            cells = next(reader, None)
        except csv.Error as error:
            fault = _row_fault(f"is not CSV: {error}", "quote the cell and double its quotes", "")
        else:
            if cells is None:
                return
            if not any(cells):
                continue
            if lines.has_stray_quote(delimiter):
                fault = _row_fault("is not CSV: a quote within a cell", _REQUOTE, delimiter.join(cells))
            elif len(cells) == len(header):
                yield _csv_row(lines.start, header, cells)
                continue
            else:
                fault = _count_fault(header, cells, delimiter)
        lines.resume_after_first()
        yield RawRow(lines.start, {}, fault)


_REQUOTE = "close the quote that an earlier line left open, or double this one"


def _csv_row(line: int, header: list[str], cells: list[str]) -> RawRow:
    bad = next((cell for cell in cells if _undecodable(cell)), None)
    if bad is not None:
        return RawRow(line, {}, _encoding_fault(bad))
    return RawRow(line, {name: cell for name, cell in zip(header, cells, strict=True) if name})


def _count_fault(header: list[str], cells: list[str], delimiter: str) -> Fault:
    bad = next((cell for cell in cells if _undecodable(cell)), None)
    if bad is not None:
        return _encoding_fault(bad)
    mend = f"quote cells that hold {_DELIMITERS[delimiter]}; leave empty cells empty"
    return _row_fault(f"has {len(cells)} cells where the header has {len(header)}", mend, delimiter.join(cells))


def _undecodable(text: str) -> bool:
    return not text.isascii() and any("\udc80" <= character <= "\udcff" for character in text)


def _encoding_fault(text: str) -> Fault:
    shown = text[:60].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return _row_fault("is not UTF-8 text", "save the file as UTF-8", shown)


def _row_fault(problem: str, mend: str, value: str) -> Fault:
    return Fault(field="(row)", problem=problem, mend=mend, value=value.strip()[:80])
