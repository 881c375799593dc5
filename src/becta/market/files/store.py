"""The file store: a folder in which each file lies under its SHA-256 or a key, written whole or not at all."""

import os
import tempfile
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO

from msgspec import Struct

from becta.kernel.errors import Fault, Invalid

CHUNK = 1 << 20
PARTIAL = ".partial-"


class Kept(Struct, frozen=True, kw_only=True):
    """A file of the store: its SHA-256 and how many bytes it has."""

    sha256: str
    size: int


class FileStore:
    """Files by their SHA-256. The same content sent twice lies there once."""

    def __init__(self, folder: Path) -> None:
        """Keep files in this folder, which is made with the first of them."""
        self._folder = folder

    def keep(self, source: IO[bytes], *, at_most: int, key: str | None = None) -> Kept:
        """Keep what can be read from a source under its SHA-256 or another key, safe on disk when this returns.

        Raises Invalid, keeping nothing, once there are more than `at_most` bytes.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=self._folder, prefix=PARTIAL)
        digest, size = sha256(), 0
        try:
            with os.fdopen(handle, "wb") as target:
                while chunk := source.read(CHUNK):
                    size += len(chunk)
                    if size > at_most:
                        mend = f"send at most {at_most // (1 << 20)} MB"
                        raise Invalid([Fault(field="file", problem="is too large", mend=mend)])
                    digest.update(chunk)
                    target.write(chunk)
                target.flush()
                os.fsync(target.fileno())
            path = self.path(key or digest.hexdigest())
            path.parent.mkdir(mode=0o700, exist_ok=True)
            Path(partial).replace(path)
            _sync(path.parent)
        finally:
            Path(partial).unlink(missing_ok=True)
        return Kept(sha256=digest.hexdigest(), size=size)

    def path(self, key: str) -> Path:
        """Where the file with this SHA-256 or key lies, if it is kept."""
        return self._folder / key[-2:] / key

    def drop(self, key: str) -> None:
        """Throw a file away; no error if it is not there."""
        self.path(key).unlink(missing_ok=True)

    def sweep(self, before: datetime, is_needed: Callable[[str], bool]) -> int:
        """Throw away what came before an instant and broke off, or whose key is not needed; returns how much."""
        gone = 0
        for path in self._folder.glob("**/*"):
            try:
                is_old = path.is_file() and path.stat().st_mtime < before.timestamp()
                if is_old and (path.name.startswith(PARTIAL) or not is_needed(path.name)):
                    path.unlink()
                    gone += 1
            except FileNotFoundError:
                continue  # somebody else swept it
        return gone


def _sync(folder: Path) -> None:
    """Have the folder itself on disk: without it a file may be gone after a power cut although it was written."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
