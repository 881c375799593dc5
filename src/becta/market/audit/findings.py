"""What checking the whole trail can find wrong, each with the place."""

from enum import StrEnum

from msgspec import Struct

MOST = 1_000
"""Findings kept; the others are counted."""


class Wrong(StrEnum):
    """Kinds of findings."""

    HEAD = "head"
    MISSING = "missing"
    EXTRA = "extra"
    ALTERED = "altered"
    MOVED = "moved"
    TILE = "tile"
    REWRITTEN = "rewritten"
    TRUNCATED = "truncated"
    CHECKPOINT = "checkpoint"
    PERSONAL = "personal"
    ERASED = "erased"


class Finding(Struct, frozen=True, kw_only=True):
    """One thing wrong: at which position, or from one to another, in what object, and what it is."""

    kind: Wrong
    position: int
    until: int
    object: str
    problem: str

    def __str__(self) -> str:
        """The finding as a line."""
        place = (
            f"position {self.position}" if self.until == self.position else f"positions {self.position}-{self.until}"
        )
        return f"{place}{f' ({self.object})' if self.object else ''}: {self.problem}"


class Report(Struct, frozen=True, kw_only=True):
    """What checking the whole trail came to."""

    events: int
    checkpoints: int
    signed: int
    erased: int
    findings: list[Finding]
    more_findings: int

    @property
    def is_sound(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.findings


class Findings:
    """Gathers findings; those of neighbouring positions that say the same become one."""

    def __init__(self) -> None:
        """Start with none."""
        self.found: list[Finding] = []
        self.more = 0

    def add(self, kind: Wrong, position: int, problem: str, *, until: int | None = None, about: str = "") -> None:
        """Note one."""
        end = position if until is None else until
        last = self.found[-1] if self.found else None
        same = last is not None and (last.kind, last.problem, last.object, about) == (kind, problem, "", "")
        if last is not None and same and last.until + 1 == position:
            self.found[-1] = Finding(kind=kind, position=last.position, until=end, object="", problem=problem)
        elif len(self.found) < MOST:
            self.found.append(Finding(kind=kind, position=position, until=end, object=about, problem=problem))
        else:
            self.more += 1
