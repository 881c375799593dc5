"""The audit trail as a Merkle tree (RFC 6962): what of an event is hashed, and how hashes prove one another.

The hashes of complete, aligned blocks of 256 leaves, of 65,536, and so on, are kept as *tiles*. Whatever is asked of a
tree of any size can then be worked out from a few hundred hashes.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

FORMAT = 1
"""Version of the layout of entries. Rows of every version ever used must remain checkable."""
TILE_HEIGHT = 8
TILE = 1 << TILE_HEIGHT
"""How many hashes of one level a tile of the next stands for."""
LEVELS = 3
"""Levels of tiles kept; the third stands for 16,777,216 events."""
SALT_BYTES = 16
EMPTY = sha256(b"").digest()
"""The root of a tree without leaves."""
MAX_INTEGER = 2**63

Hashes = Callable[[int, int, int], Sequence[bytes]]
"""The hashes of a level from one number up to but not including another. Level 0 are the leaves."""

_encode = msgspec.json.Encoder(order="sorted").encode


class Entry(Struct, frozen=True, kw_only=True):
    """What of an event is hashed: all of it, but of what is personal only the commitment."""

    v: int = FORMAT
    position: int
    at: datetime
    actor_kind: str
    actor_id: str
    person_id: UUID | None
    actor_label: str | None
    acting_for: UUID | None
    action: str
    object_type: str
    object_id: UUID
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    reason: str | None
    commitments: dict[str, str] | None


def canonical(value: Any) -> bytes:
    """A value as JSON in one way only: no spaces, sorted keys, UTF-8."""
    return _encode(value)


def plain(value: Any) -> Any:
    """A value as the JSON it will be stored as; raises TypeError for what two databases could write differently."""
    made = msgspec.to_builtins(value)
    _refuse_ambiguous(made)
    return made


def _refuse_ambiguous(value: Any) -> None:
    match value:
        case dict():
            for key, held in value.items():
                if not isinstance(key, str):
                    raise TypeError(f"a key of the trail must be text, not {key!r}")
                _refuse_ambiguous(held)
        case list() | tuple():
            for held in value:
                _refuse_ambiguous(held)
        case float():
            raise TypeError(f"the trail holds no binary fractions, such as {value!r}: use whole units or text")
        case int() if not -MAX_INTEGER <= value < MAX_INTEGER:
            raise TypeError(f"the trail holds no number as large as {value!r}: use text")


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry as a leaf."""
    return sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two hashes that stand side by side."""
    return sha256(b"\1" + left + right).digest()


def commitment(salt: bytes, fields: dict[str, Any]) -> str:
    """What binds the trail to personal fields without holding them; nobody can guess them once the salt is gone."""
    return sha256(salt + canonical(fields)).hexdigest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root of a perfect tree over these hashes; their number is a power of two."""
    while len(hashes) > 1:
        hashes = [node_hash(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
    return hashes[0]


def root_of(hashes: Hashes, size: int) -> bytes:
    """The root of the tree of the first `size` leaves."""
    return _subtree(hashes, 0, size) if size else EMPTY


def inclusion_path(hashes: Hashes, index: int, size: int) -> list[bytes]:
    """What proves that a leaf is in the tree of the first `size` leaves (RFC 6962, 2.1.1)."""
    path, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_subtree(hashes, middle, end))
            end = middle
        else:
            path.append(_subtree(hashes, start, middle))
            start = middle
    return path[::-1]


def consistency_path(hashes: Hashes, first: int, second: int) -> list[bytes]:
    """What proves that the tree of `second` leaves only added to that of `first` (RFC 6962, 2.1.2)."""
    if not 0 < first < second:
        return []
    path, start, end, is_whole = [], 0, second, True
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            path.append(_subtree(hashes, middle, end))
            end = middle
        else:
            path.append(_subtree(hashes, start, middle))
            start, is_whole = middle, False
    if not is_whole:
        path.append(_subtree(hashes, start, end))
    return path[::-1]


def _split(count: int) -> int:
    """The largest power of two below a count."""
    return 1 << (count - 1).bit_length() - 1


def _subtree(hashes: Hashes, start: int, end: int) -> bytes:
    """The root over leaves from a start that is a multiple of the largest power of two in their number."""
    count = end - start
    height = count.bit_length() - 1
    if count == 1 << height:
        level = min(height // TILE_HEIGHT, LEVELS)
        shift = level * TILE_HEIGHT
        return fold(hashes(level, start >> shift, end >> shift))
    middle = start + _split(count)
    return node_hash(_subtree(hashes, start, middle), _subtree(hashes, middle, end))


class Growing:
    """A tree that grows leaf by leaf in constant memory: only the roots of its perfect parts are held."""

    def __init__(self, on_tile: Callable[[int, int, bytes], bytes] | None = None) -> None:
        """Start empty; `on_tile` is told level, number and hash of every tile, and gives the hash to go on with."""
        self.size = 0
        self._parts: list[bytes] = []
        self._on_tile = on_tile

    def add(self, leaf: bytes) -> None:
        """Add the hash of a leaf."""
        self.size += 1
        height, parts, made = 0, self._parts, leaf
        while not self.size & ((1 << height + 1) - 1):
            made = node_hash(parts.pop(), made)
            height += 1
            if height % TILE_HEIGHT == 0 and self._on_tile is not None and height <= LEVELS * TILE_HEIGHT:
                level = height // TILE_HEIGHT
                made = self._on_tile(level, (self.size >> height) - 1, made)
        parts.append(made)

    def root(self) -> bytes:
        """The root of what was added."""
        if not self._parts:
            return EMPTY
        root = self._parts[-1]
        for part in reversed(self._parts[:-1]):
            root = node_hash(part, root)
        return root
