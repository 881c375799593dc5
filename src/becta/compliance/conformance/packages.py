"""Zip files from strangers: looked through before anything is read, read with a count, never extracted to disk."""

import copy
import io
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

from msgspec import Struct

from becta.compliance.conformance.reports import Refused

_DRIVE = re.compile(r"[A-Za-z]:")
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_SCRAMBLED = 0x1 | 0x40 | 0x2000  # APPNOTE 4.4.4: encrypted, strongly encrypted, masked headers
_PATCHED = 0x20
_LOCAL_HEADER_BYTES = 30
_PIECE = 65_536
_STARTS = (b"PK\x03\x04", b"PK\x05\x06")  # the first entry's local header, or the end record of an empty zip
_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, NotImplementedError, ValueError)


class PackageLimits(Struct, frozen=True, kw_only=True):
    """How much of a package we take; all our own numbers, and callers may ask for less.

    `ratio` is bytes out for one byte in (deflate cannot pass 1,032), judged for entries of `ratio_from_bytes` or more.
    A OneRoster package of a million enrolments is about 20 MB in and 150 MB out.
    """

    entries: int = 2_000
    archive_bytes: int = 500_000_000
    directory_bytes: int = 2_000_000
    largest_bytes: int = 500_000_000
    total_bytes: int = 1_000_000_000
    ratio: int = 200
    ratio_from_bytes: int = 1_000_000


PACKAGE_LIMITS = PackageLimits()


class Package:
    """The files of an opened zip. Made by `open_package`, usable inside its `with` only."""

    def __init__(self, archive: zipfile.ZipFile, files: dict[str, zipfile.ZipInfo], limits: PackageLimits) -> None:
        """Hold an archive whose entries have been judged already."""
        self._archive = archive
        self._files = files
        self._limits = limits
        self._seen: dict[str, int] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The files, folders left out, in the order of the zip's directory."""
        return tuple(self._files)

    def size(self, name: str) -> int:
        """Bytes of a file as the zip's directory claims; KeyError if there is no such file."""
        return self._files[name].file_size

    def open(self, name: str) -> BinaryIO:
        """Read a file as a stream; KeyError if there is none.

        Reading raises Refused when the real bytes pass a limit or are not what the directory promised.
        """
        info = copy.copy(self._files[name])
        claimed, info.file_size = info.file_size, self._limits.largest_bytes + 1  # zipfile would stop at the claim
        try:
            entry = self._archive.open(info)
        except (*_BROKEN, RuntimeError) as error:
            raise _broken_entry(name, error) from error
        return cast(BinaryIO, io.BufferedReader(_Counted(self, name, entry, claimed), _PIECE))

    def read(self, name: str, at_most: int | None = None) -> bytes:
        """A whole file, of `at_most` bytes if given; KeyError if there is none, Refused if it is larger or broken."""
        if at_most is None:
            at_most = self._limits.largest_bytes
        data = bytearray()
        with self.open(name) as stream:
            while chunk := stream.read(_PIECE):
                data += chunk
                if len(data) > at_most:
                    raise Refused(f"the entry {_shown(name)} holds more than {at_most:,} bytes")
        return bytes(data)

    def count(self, name: str, read: int) -> None:
        """Note that so many real bytes of a file have been read; raises Refused over a limit."""
        self._seen[name] = max(read, self._seen.get(name, 0))
        if read > self._limits.largest_bytes:
            raise Refused(f"the entry {_shown(name)} unpacks to more than {self._limits.largest_bytes:,} bytes")
        if sum(self._seen.values()) > self._limits.total_bytes:
            raise Refused(f"the package unpacks to more than {self._limits.total_bytes:,} bytes ({_shown(name)})")


class _Counted(io.RawIOBase):
    """The real bytes of an entry, counted as they come out."""

    def __init__(self, package: Package, name: str, entry: IO[bytes], claimed: int) -> None:
        self._package = package
        self._name = name
        self._entry = entry
        self._claimed = claimed
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast(bytearray, buffer)).cast("B")
        try:
            data = self._entry.read(min(len(view), _PIECE))  # small pieces, so that the count is never far behind
        except (*_BROKEN, RuntimeError) as error:
            raise _broken_entry(self._name, error) from error
        self._read += len(data)
        self._package.count(self._name, self._read)
        if self._read > self._claimed or (not data and view and self._read < self._claimed):
            raise Refused(f"the entry {_shown(self._name)} does not hold the {self._claimed:,} bytes its header claims")
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._entry.close()
        super().close()


class _Bounded(io.BufferedReader):
    """A file that gives no more at once than a directory may hold: zipfile reads a directory in one piece."""

    at_most: int | None = None

    def read(self, size: int | None = -1, /) -> bytes:
        if self.at_most is not None and size is not None and size > self.at_most:
            raise Refused(f"the zip's directory is larger than {self.at_most:,} bytes")
        return super().read(size)


@contextmanager
def open_package(path: Path, limits: PackageLimits = PACKAGE_LIMITS) -> Iterator[Package]:
    """Open a zip after looking through its whole directory; raises Refused, naming the entry, for what is hostile.

    Refused: what is no zip or a broken one, too many or too large entries, a ratio that says bomb, entries that
    overlap, names that leave the package or appear twice (also by case), links and devices, encryption, and methods
    other than stored and deflated. Zips inside it are never opened. A missing file raises FileNotFoundError.
    """
    size = path.stat().st_size
    if size > limits.archive_bytes:
        raise Refused(f"the file is larger than {limits.archive_bytes:,} bytes")
    with _Bounded(io.FileIO(path)) as file:
        if file.read(4) not in _STARTS:
            raise Refused("the file is not a zip: it does not begin as one")
        file.at_most = limits.directory_bytes
        try:
            archive = zipfile.ZipFile(file)
        except _BROKEN as error:
            raise Refused(f"the zip is broken: {str(error)[:120]}") from error
        file.at_most = None
        with archive:
            yield Package(archive, _judged(archive, limits), limits)


def _judged(archive: zipfile.ZipFile, limits: PackageLimits) -> dict[str, zipfile.ZipInfo]:
    infos = archive.infolist()
    if len(infos) > limits.entries:
        raise Refused(f"the zip has {len(infos):,} entries, more than {limits.entries:,}")
    for info in infos:
        _judge_name(info.orig_filename)
        _judge_kind(info)
        _judge_size(info, limits)
    _judge_doubles(infos)
    _judge_overlaps(infos, archive.start_dir)
    total = sum(info.file_size for info in infos)
    if total > limits.total_bytes:
        largest = max(infos, key=lambda info: info.file_size).orig_filename
        raise Refused(
            f"the package unpacks to {total:,} bytes, more than {limits.total_bytes:,}; "
            f"its largest entry is {_shown(largest)}"
        )
    return {info.orig_filename: info for info in infos if not info.is_dir()}


def _judge_name(name: str) -> None:
    fault = None
    if not name:
        fault = "has no name"
    elif any(unicodedata.category(character) in {"Cc", "Cs"} for character in name):
        fault = "has a control character in its name"
    elif "\\" in name:
        fault = "has a backslash in its name"
    elif name.startswith("/"):
        fault = "has an absolute path"
    elif _DRIVE.match(name):
        fault = "begins with a drive letter"
    elif ".." in name.split("/"):
        fault = "leaves the package by `..`"
    elif not all(part not in {"", "."} for part in name.removesuffix("/").split("/")):
        fault = "has an empty step or a `.` in its path"
    if fault is not None:
        raise Refused(f"the entry {_shown(name)} {fault}")


def _judge_kind(info: zipfile.ZipInfo) -> None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    fault = None
    if kind == stat.S_IFLNK:
        fault = "is a symbolic link"
    elif kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        fault = "is a device or another special file"
    elif info.flag_bits & _SCRAMBLED:
        fault = "is encrypted"
    elif info.flag_bits & _PATCHED:
        fault = "is a patch of another file"
    elif info.compress_type not in _METHODS:
        fault = f"is packed by method {info.compress_type}; only stored (0) and deflated (8) are read"
    if fault is not None:
        raise Refused(f"the entry {_shown(info.orig_filename)} {fault}")


def _judge_size(info: zipfile.ZipInfo, limits: PackageLimits) -> None:
    name = _shown(info.orig_filename)
    if info.file_size > limits.largest_bytes:
        raise Refused(f"the entry {name} unpacks to {info.file_size:,} bytes, more than {limits.largest_bytes:,}")
    if info.file_size >= limits.ratio_from_bytes and info.file_size > limits.ratio * max(info.compress_size, 1):
        raise Refused(f"the entry {name} grows more than {limits.ratio} times when unpacked, as a zip bomb does")
    if info.compress_type == zipfile.ZIP_STORED and info.file_size != info.compress_size:
        raise Refused(f"the entry {name} is stored, yet its two sizes differ")


def _judge_doubles(infos: list[zipfile.ZipInfo]) -> None:
    seen: dict[str, str] = {}
    for info in infos:
        key = unicodedata.normalize("NFC", info.orig_filename.removesuffix("/")).casefold()
        if key in seen:
            both = f"{_shown(seen[key])} and {_shown(info.orig_filename)}"
            raise Refused(f"the zip has the same name twice: {both}")
        seen[key] = info.orig_filename
    files = {key for key, name in seen.items() if not name.endswith("/")}
    for key, name in seen.items():
        steps = key.split("/")
        if any("/".join(steps[:length]) in files for length in range(1, len(steps))):
            raise Refused(f"the entry {_shown(name)} lies in a folder that is also a file")


def _judge_overlaps(infos: list[zipfile.ZipInfo], end: int) -> None:
    """No byte may serve two entries: D. Fifield's "A better zip bomb" (WOOT 2019) lives on overlap alone."""
    for info in sorted(infos, key=lambda info: info.header_offset, reverse=True):
        least = _LOCAL_HEADER_BYTES + info.compress_size
        if info.header_offset < 0 or info.header_offset + least > end:
            raise Refused(f"the entry {_shown(info.orig_filename)} overlaps what follows it, as a zip bomb's do")
        end = info.header_offset


def _broken_entry(name: str, error: Exception) -> Refused:
    return Refused(f"the entry {_shown(name)} is broken: {str(error)[:120]}")


def _shown(name: str) -> str:
    return ascii(name if len(name) <= 80 else name[:77] + "...")
