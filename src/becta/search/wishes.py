"""What a question can ask of a badge: its code, version and role, and proof at least this good.

Written `code;version=..;role=..;level=..`, the parts after the code in any order and each optional.
"""

from functools import lru_cache

from msgspec import Struct

from becta.search.documents import BadgeMark

LEVELS = ("self_declared", "tested_by_us", "certified")
"""Levels of proof, weakest first; a badge of any other level has less proof than any that can be asked for."""

BETWEEN = ";"
_PARTS = frozenset({"version", "role", "level"})


class BadgeWish(Struct, frozen=True):
    """A badge that is asked for; what is empty may be anything."""

    code: str
    version: str = ""
    role: str = ""
    level: str = ""

    def is_plain(self) -> bool:
        """Whether any badge of the code will do."""
        return not (self.version or self.role or self.level)

    def takes(self, mark: BadgeMark) -> bool:
        """Whether a badge is what is asked for, whatever its span."""
        return (
            mark.code == self.code
            and self.version in {"", mark.version}
            and self.role in {"", mark.role}
            and (not self.level or mark.level in LEVELS[LEVELS.index(self.level) :])
        )


@lru_cache(maxsize=1024)
def read_wish(text: str) -> BadgeWish | None:
    """The wish that a filter's value stands for; None if it stands for none, so that nothing can meet it."""
    code, *pieces = text.split(BETWEEN)
    parts: dict[str, str] = {}
    for piece in pieces:
        name, _, value = piece.partition("=")
        if name not in _PARTS or name in parts or not value:
            return None
        parts[name] = value
    if parts.get("level", LEVELS[0]) not in LEVELS:
        return None
    return BadgeWish(code=code, **parts)
