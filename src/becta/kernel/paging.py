"""Keyset cursors: opaque, versioned, and bound to the list they were made for."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from hashlib import blake2b
from typing import Any, TypeVar

import msgspec

from becta.kernel.errors import Fault, Invalid

T = TypeVar("T")

VERSION = 1
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
MEND = "leave the cursor out to start again, and change no other parameter between pages"


def fingerprint(*parts: object) -> str:
    """A short hash of what defines a list (sort, filters), to bind cursors to it."""
    return blake2b(repr(parts).encode(), digest_size=6).hexdigest()


def encode_cursor(bound_to: str, position: Any) -> str:
    """An opaque cursor that continues after `position` in the list `bound_to`."""
    return urlsafe_b64encode(msgspec.json.encode((VERSION, bound_to, position))).rstrip(b"=").decode()


def decode_cursor(cursor: str, bound_to: str, position_type: type[T]) -> T:
    """The position in a cursor; raises Invalid if it is malformed or of another list."""
    try:
        raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        if _NUL.search(raw):
            raise ValueError("no text of ours holds NUL, and PostgreSQL refuses it")
        version, bound, position = msgspec.json.decode(raw, type=tuple[int, str, position_type])  # type: ignore[valid-type]
    except (ValueError, Base64Error, msgspec.MsgspecError, RecursionError):
        raise Invalid([Fault(field="cursor", problem="is not a cursor of ours", mend=MEND, value=cursor)]) from None
    if version != VERSION or bound != bound_to:
        raise Invalid([Fault(field="cursor", problem="belongs to another list", mend=MEND, value=cursor)])
    return position
