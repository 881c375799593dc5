"""Where indexes live on disk: one folder per generation, and a pointer to the one in use.

directory/
  current           the name of the generation in use, replaced by rename
  write.lock        held by whoever may write; the kernel frees it when they die
  generations/<name>/         a tantivy index, with our `version` beside its meta.json
  generations/<name>.building held while a generation is being filled
"""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from becta.search import schema

Stamp = tuple[int, int, int]
NOTHING: Stamp = (0, 0, 0)


def _stamp(path: str) -> Stamp:
    try:
        found = os.stat(path)  # noqa: PTH116  # on the path of every search
    except OSError:
        return NOTHING
    return found.st_mtime_ns, found.st_ino, found.st_size


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Generations:
    """The generations in one directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._folder = directory / "generations"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._pointer = directory / "current"
        self._pointer_path = str(self._pointer)

    def pointer_stamp(self) -> Stamp:
        """Changes whenever another generation comes into use."""
        return _stamp(self._pointer_path)

    def commit_stamp(self, name: str) -> Stamp:
        """Changes whenever a generation is committed to."""
        return _stamp(f"{self._folder}/{name}/meta.json")

    def current(self) -> str | None:
        """The generation in use, if there is one that this version of the code can read."""
        try:
            name = self._pointer.read_text("utf-8").strip()
            version = (self._folder / name / "version").read_text("utf-8").strip() if name else ""
        except (OSError, UnicodeDecodeError):
            return None
        return name if version == str(schema.VERSION) else None

    def path(self, name: str) -> Path:
        """The folder of a generation."""
        return self._folder / name

    def create(self, name: str = "") -> str:
        """A new, empty generation that nobody uses yet."""
        name = name or uuid.uuid4().hex
        path = self.path(name)
        path.mkdir()
        (path / "version").write_text(str(schema.VERSION), "utf-8")
        return name

    def use(self, name: str) -> None:
        """Point every process at a generation, at once and durably, then remove the others."""
        fresh = self.directory / f"current.{uuid.uuid4().hex}"
        with fresh.open("w", encoding="utf-8") as file:
            file.write(name)
            file.flush()
            os.fsync(file.fileno())
        _sync_folder(self.path(name))
        _sync_folder(self._folder)
        fresh.replace(self._pointer)
        _sync_folder(self.directory)
        self.sweep(keep=name)

    @contextmanager
    def writing(self, wait: float) -> Iterator[None]:
        """Hold the right to write, across processes."""
        lock = FileLock(self.directory / "write.lock", thread_local=False)
        try:
            lock.acquire(timeout=wait)
        except Timeout:
            msg = f"another process has been writing to {self.directory} for {wait:g} seconds"
            raise TimeoutError(msg) from None
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def building(self) -> Iterator[str]:
        """A new generation that no sweep removes while it is being filled."""
        name = uuid.uuid4().hex
        lock = self._building_lock(name)
        lock.acquire()
        try:
            yield self.create(name)
        finally:
            if self.current() != name:
                self.remove(name)
            lock.release()
            self._lock_path(name).unlink(missing_ok=True)

    def remove(self, name: str) -> None:
        """Delete a generation; readers that have it open keep what they have mapped."""
        shutil.rmtree(self.path(name), ignore_errors=True)

    def sweep(self, keep: str | None) -> None:
        """Remove generations left behind by builders that died, and those no longer in use."""
        for path in self._folder.iterdir():
            name = path.name
            if not path.is_dir() or name == keep:
                continue
            lock = self._building_lock(name)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue
            try:
                self.remove(name)
            finally:
                lock.release()
                self._lock_path(name).unlink(missing_ok=True)

    def _lock_path(self, name: str) -> Path:
        return self._folder / f"{name}.building"

    def _building_lock(self, name: str) -> FileLock:
        return FileLock(self._lock_path(name), thread_local=False)
