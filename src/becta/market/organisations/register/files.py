"""Telling the register's files apart, and where in each the columns are that we read.

A file is known by its name (`edubasealldata20261122.csv`), and when the name is unusual by its header. Columns are
found whatever their case, and with a date behind the name; those we do not read, persons' names among them, are left.
"""

import codecs
import csv
import gzip
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

from msgspec import Struct

from becta.catalogue.imports.rows import RawRow, UnreadableFile, is_json_lines, read_rows


class Part(StrEnum):
    """The parts of the register, in the order they are loaded."""

    ESTABLISHMENTS = "establishments"
    GROUPS = "groups"
    MEMBERSHIPS = "memberships"
    LINKS = "links"


class RegisterFile(Struct, frozen=True, kw_only=True):
    """A file of the register. One that is not `whole` says nothing about what it does not list."""

    path: Path
    part: Part
    whole: bool
    encoding: str
    headers: dict[str, str]

    @property
    def name(self) -> str:
        """How faults name it."""
        return self.path.name

    def rows(self) -> Iterator[RawRow]:
        """Its rows, one at a time."""
        return read_rows(self.path, encoding=self.encoding)


_NAMES: tuple[tuple[str, Part, bool], ...] = (
    ("links_edubasealldata", Part.LINKS, True),
    ("links_edubaseall", Part.LINKS, False),
    ("edubasealldata", Part.ESTABLISHMENTS, True),
    ("edubaseall", Part.ESTABLISHMENTS, False),
    ("allgroupsdata", Part.GROUPS, True),
    ("alllinksdata", Part.MEMBERSHIPS, True),
    ("academiesmatmembership", Part.MEMBERSHIPS, False),
)

REQUIRED: dict[Part, tuple[str, ...]] = {
    Part.MEMBERSHIPS: ("URN", "Group UID", "Joined date"),
    Part.LINKS: ("URN", "LinkURN", "LinkType"),
    Part.ESTABLISHMENTS: ("URN", "EstablishmentName", "EstablishmentStatus (name)", "PhaseOfEducation (name)"),
    Part.GROUPS: ("Group UID", "Group Name", "Group Type", "Group Status"),
}
"""What a file must have, in the order in which headers are tried."""

_DATED = re.compile(r"(?<=\S)[ _-]*\(?(\d{2}[-/]\d{2}[-/]\d{4}|\d{4}[-/]\d{2}[-/]\d{2}|\d{8}|20\d{2})\)?$")


def recognise(path: Path) -> RegisterFile:
    """Which part of the register a file is; raises UnreadableFile, naming the columns it lacks, if it is none."""
    if not path.is_file():
        raise UnreadableFile(f"{path}: there is no such file")
    if is_json_lines(path):
        raise UnreadableFile(f"{path.name}: is not CSV; the register's files are")
    try:
        encoding = _encoding_of(path)
        headers = _headers(path, encoding)
    except (gzip.BadGzipFile, EOFError) as error:
        raise UnreadableFile(f"{path.name}: is not a whole gzip file ({error}); compress it again") from None
    part, whole = _part_of(path, headers)
    return RegisterFile(path=path, part=part, whole=whole, encoding=encoding, headers=headers)


def _part_of(path: Path, headers: dict[str, str]) -> tuple[Part, bool]:
    lacking = {part: [name for name in names if column(name) not in headers] for part, names in REQUIRED.items()}
    stem = path.name.casefold()
    for start, part, whole in _NAMES:
        if stem.startswith(start):
            if lacking[part]:
                raise UnreadableFile(
                    f"{path.name}: by its name holds the register's {part}, but lacks the columns "
                    f"{', '.join(lacking[part])}; download it again from Get Information about Schools"
                )
            return part, whole
    for part, names in lacking.items():
        if not names:
            return part, True
    nearest = min(lacking, key=lambda part: len(lacking[part]) / len(REQUIRED[part]))
    raise UnreadableFile(
        f"{path.name}: is no file of the register; it comes nearest to its {nearest}, "
        f"but lacks the columns {', '.join(lacking[nearest])}"
    )


def column(name: str) -> str:
    """A column's name as it is compared."""
    return _DATED.sub("", " ".join(name.split())).casefold()


def _headers(path: Path, encoding: str) -> dict[str, str]:
    with _open(path) as raw:
        line = raw.readline(200_000).decode(encoding, "replace")
        try:
            names = [name.strip() for name in next(csv.reader([line]), [])]
        except csv.Error as error:
            raise UnreadableFile(f"{path.name}: its header cannot be read ({error})") from None
    if not any(names):
        raise UnreadableFile(f"{path.name}: is empty; its first line must name the columns")
    undated_last = sorted(filter(None, names), key=lambda name: (column(name) == name.casefold(), name))
    return {column(name): name for name in undated_last}


def _encoding_of(path: Path) -> str:
    """UTF-8 where the whole file is that (somebody saved it again), else the register's own latin-1."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with _open(path) as raw:
        try:
            while block := raw.read(1 << 18):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "latin-1"
    return "utf-8-sig"


def _open(path: Path) -> Any:
    return gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb")
