"""Keys and secrets in files of their own: for their owner alone, and made once however many processes need them."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path


def kept(path: Path, make: Callable[[], bytes]) -> bytes:
    """What a file holds; it is made now if there is none. Two processes at once both get what the first one made."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        _write(path, make())
        return path.read_bytes()


def _write(path: Path, data: bytes) -> None:
    """Write under another name, then link it to its own, which succeeds for one process alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, made = tempfile.mkstemp(dir=path.parent, prefix=".key-")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(made, path)
        except FileExistsError:
            return
    finally:
        Path(made).unlink()
