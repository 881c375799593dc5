"""Files lie under their SHA-256: whole or not at all, once however often they are sent."""

import io
import os
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from becta.kernel import clock
from becta.kernel.errors import Invalid
from becta.market.files.store import FileStore


def test_a_file_is_kept_once_under_its_hash(tmp_path: Path) -> None:
    store, content = FileStore(tmp_path / "files"), os.urandom(3_000_000)
    digest = sha256(content).hexdigest()

    first, again = (store.keep(io.BytesIO(content), at_most=len(content)) for _ in range(2))

    assert first == again
    assert (first.sha256, first.size) == (digest, len(content))
    assert store.path(digest).read_bytes() == content
    assert [path for path in (tmp_path / "files").rglob("*") if path.is_file()] == [store.path(digest)]
    assert store.path(digest).stat().st_mode & 0o077 == 0


def test_a_file_that_is_too_large_or_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    store = FileStore(tmp_path)

    class Breaking(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell():
                raise ConnectionResetError
            return super().read(10 if size else size)

    with pytest.raises(Invalid, match="is too large"):
        store.keep(io.BytesIO(b"x" * 11), at_most=10)
    with pytest.raises(ConnectionResetError):
        store.keep(Breaking(b"x" * 100), at_most=1_000)

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_a_killed_process_left_or_nobody_needs_is_swept_away(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    kept = store.keep(io.BytesIO(b"whole"), at_most=10)
    (tmp_path / ".partial-old").write_bytes(b"half")

    assert store.sweep(clock.now() - timedelta(hours=1), lambda _: False) == 0
    assert store.sweep(clock.now() + timedelta(hours=1), {kept.sha256}.__contains__) == 1
    assert store.path(kept.sha256).read_bytes() == b"whole"
    assert store.sweep(clock.now() + timedelta(hours=1), lambda _: False) == 1
    store.drop(kept.sha256)
    assert not store.path(kept.sha256).exists()
