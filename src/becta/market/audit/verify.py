"""Checking the whole trail: every row against its hash, every hash against the tree, the tree against what was signed.

Rows are read once, in order, and in constant memory. Two trees grow beside each other: one of the leaves alone, one
that goes on with the stored tiles. A checkpoint that either gives is good; which of them fails tells what was changed.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select
from sqlmodel import col

from becta.kernel.append import EVENTS, HEAD, TILES
from becta.kernel.events import ERASED
from becta.kernel.trail import LEVELS, TILE, Growing, commitment, leaf_hash
from becta.market.audit.findings import Findings, Report, Wrong
from becta.market.audit.keys import VerifierKey
from becta.market.audit.models import AuditCheckpoint
from becta.market.audit.notes import BadNote, read_note
from becta.market.audit.queries import entry_at
from becta.market.db import Database

CHUNK = 32 * TILE
COMPARED = 200
"""Altered rows that are compared with one another, to tell those that changed places."""
NO_LEAF = bytes(32)


def verify(db: Database, keys: Sequence[VerifierKey], kept: Sequence[str] = ()) -> Report:
    """Check the whole trail with the keys that may have signed it, and against checkpoints kept elsewhere."""
    isolation: Any = {} if db.engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    with db.engine.connect().execution_options(**isolation) as connection:
        return _Verifier(connection, keys, kept).run()


class _Signed:
    """A checkpoint that must be met, once its note was read."""

    def __init__(self, size: int, root: bytes, source: str) -> None:
        self.size, self.root, self.source = size, root, source


class _Verifier:
    def __init__(self, connection: Connection, keys: Sequence[VerifierKey], kept: Sequence[str]) -> None:
        self.connection = connection
        self.keys = keys
        self.findings = Findings()
        self.by_leaves = Growing(self._on_tile)
        self.by_tiles = Growing(self._stored_tile)
        self.tiles: dict[tuple[int, int], bytes] = {}
        self.made: dict[int, bytes] = {}
        self.suspect_from: int | None = None
        self.gap = False
        self.altered: list[tuple[RowMapping, bytes]] = []
        self.good = 0
        self.is_rewritten = False
        self.checkpoints = 0
        self.erasures: dict[str, int] = {}
        self.missing: dict[str, tuple[int, int]] = {}
        self.kept = sorted(self._read_kept(kept), key=lambda one: one.size)

    def run(self) -> Report:
        size = self.connection.execute(select(HEAD.c.size)).scalar()
        last = self.connection.execute(select(func.max(EVENTS.c.position))).scalar()
        held = 0 if last is None else last + 1
        if size is None:
            self.findings.add(Wrong.HEAD, 0, "the row that says how long the trail is has gone")
            size = held
        self._find_extra(size)
        for start in range(0, min(size, held), CHUNK):
            self._read_chunk(start, min(start + CHUNK, size, held))
        if held < size:
            self.findings.add(Wrong.MISSING, held, "the event is missing", until=size - 1)
        self._find_moved()
        self._find_truncated(size)
        self._find_unexplained()
        found = self.findings
        found.found.sort(key=lambda finding: finding.position)
        return Report(
            events=size,
            checkpoints=self.checkpoints,
            signed=self.good,
            erased=len(self.missing),
            findings=found.found,
            more_findings=found.more,
        )

    def _read_kept(self, kept: Sequence[str]) -> Iterator[_Signed]:
        for note in kept:
            try:
                stated = read_note(note, self.keys)
            except BadNote as error:
                self.findings.add(Wrong.CHECKPOINT, 0, f"the checkpoint kept elsewhere {error}")
            else:
                yield _Signed(stated.size, stated.root, "kept elsewhere")

    def _find_extra(self, size: int) -> None:
        outside = (EVENTS.c.position < 0) | (EVENTS.c.position >= size)
        query = select(EVENTS.c.position).where(outside).order_by(EVENTS.c.position)
        for position in self.connection.execute(query).scalars():
            self.findings.add(Wrong.EXTRA, position, f"a row that the trail of {size} events has no place for")

    def _read_chunk(self, start: int, stop: int) -> None:
        rows = self._rows(start, stop)
        self._read_tiles(start, stop)
        signed = self._signed_in(start, stop)
        for position in range(start, stop):
            row = rows.get(position)
            if row is None:
                self._add_missing(position)
            elif isinstance(row, bytes):
                self._add_unreadable(position, row)
            else:
                self._add(row)
            self._meet(signed)

    def _rows(self, start: int, stop: int) -> dict[int, RowMapping | bytes]:
        """The rows of a chunk by position; of one whose values cannot even be read, the stored hash alone."""
        wanted = (EVENTS.c.position >= start, EVENTS.c.position < stop)
        try:
            found = self.connection.execute(select(EVENTS).where(*wanted)).mappings().all()
        except Exception:  # whoever tampers with a row decides what goes wrong in reading it
            if stop - start > 1:
                middle = (start + stop) // 2
                return self._rows(start, middle) | self._rows(middle, stop)
            leaf = self.connection.execute(select(EVENTS.c.leaf_hash).where(*wanted)).scalar()
            return {start: _hash(leaf)}
        return {row["position"]: row for row in found}

    def _read_tiles(self, start: int, stop: int) -> None:
        self.tiles.clear()
        for level in range(1, LEVELS + 1):
            width = TILE**level
            query = select(TILES.c.number, TILES.c.hash).where(
                TILES.c.level == level, TILES.c.number >= start // width, TILES.c.number < stop // width
            )
            for number, tile in self.connection.execute(query):
                self.tiles[level, number] = _hash(tile)

    def _signed_in(self, start: int, stop: int) -> list[_Signed]:
        """The checkpoints to meet in a chunk, the last to be met first."""
        query = (
            select(AuditCheckpoint)
            .where(col(AuditCheckpoint.size) > start, col(AuditCheckpoint.size) <= stop)
            .order_by(col(AuditCheckpoint.size))
        )
        signed = [one for one in self.kept if start < one.size <= stop]
        for row in self.connection.execute(query):
            self.checkpoints += 1
            try:
                stated = read_note(row.note, self.keys)
            except BadNote as error:
                self.findings.add(Wrong.CHECKPOINT, row.size - 1, f"the checkpoint of {row.size} events {error}")
                continue
            if (stated.size, stated.root.hex(), stated.key_id) != (row.size, row.root, row.key_id):
                said = f"the checkpoint of {row.size} events is signed for {stated.size} with another root or key"
                self.findings.add(Wrong.CHECKPOINT, row.size - 1, said)
            else:
                signed.append(_Signed(row.size, stated.root, "in the database"))
        return sorted(signed, key=lambda one: -one.size)

    def _add(self, row: RowMapping) -> None:
        position = row["position"]
        stored = _hash(row["leaf_hash"])
        if _leaf(row, position) != stored:
            self._suspect(position)
            if len(self.altered) < COMPARED:
                self.altered.append((row, stored))
            else:
                self._tell_altered(row)
        elif row["action"] == ERASED:
            self.erasures[str(row["object_id"])] = position
        if row["commitments"] or row["personal"]:
            self._check_personal(row)
        self.by_leaves.add(stored)
        self.by_tiles.add(stored)

    def _add_unreadable(self, position: int, stored: bytes) -> None:
        self._suspect(position)
        self.findings.add(Wrong.ALTERED, position, "the row holds values that cannot be read")
        self.by_leaves.add(stored)
        self.by_tiles.add(stored)

    def _add_missing(self, position: int) -> None:
        self.findings.add(Wrong.MISSING, position, "the event is missing")
        self._suspect(position)
        self.gap = True
        self.by_leaves.add(NO_LEAF)
        self.by_tiles.add(NO_LEAF)

    def _suspect(self, position: int) -> None:
        if self.suspect_from is None:
            self.suspect_from = position

    def _on_tile(self, level: int, number: int, made: bytes) -> bytes:
        """Compare a tile made of leaves with the stored one, unless its leaves were found wrong already."""
        if level == 1:
            self._compare(level, number, made, is_explained=self.suspect_from is not None)
        self.made[level] = made
        return made

    def _stored_tile(self, level: int, number: int, made: bytes) -> bytes:
        """Go on with the stored tile; from then on what was wrong below it matters no more."""
        stored = self.tiles.get((level, number))
        if level == 1:
            self.gap = self.gap and stored is None
            self.suspect_from = None
        else:
            self._compare(level, number, made, is_explained=stored == self.made[level] or self.gap)
        return made if stored is None else stored

    def _compare(self, level: int, number: int, made: bytes, *, is_explained: bool) -> None:
        stored = self.tiles.get((level, number))
        first, last = number * TILE**level, (number + 1) * TILE**level - 1
        if stored is None:
            self.findings.add(Wrong.TILE, first, f"the tile {number} of level {level} is missing", until=last)
        elif stored != made and not is_explained:
            said = f"what stands below does not give the tile {number} of level {level}: a hash was changed"
            self.findings.add(Wrong.TILE, first, said, until=last)

    def _meet(self, signed: list[_Signed]) -> None:
        """Compare the trees with the checkpoints of their size."""
        while signed and signed[-1].size == self.by_leaves.size:
            one = signed.pop()
            if one.root in (self.by_tiles.root(), self.by_leaves.root()):
                self.good = one.size
            elif self.gap:
                continue  # without the missing event nobody can tell
            elif not self.is_rewritten:
                self.is_rewritten = True
                said = (
                    f"the trail is not the one that was signed at {one.size} events (checkpoint {one.source}): "
                    "something here was changed, and the hashes after it made anew"
                )
                self.findings.add(Wrong.REWRITTEN, self.good, said, until=one.size - 1)

    def _check_personal(self, row: RowMapping) -> None:
        commitments, personal = row["commitments"] or {}, row["personal"] or {}
        if not isinstance(personal, dict) or not isinstance(commitments, dict):
            self.findings.add(Wrong.PERSONAL, row["position"], "the personal fields cannot be read", about=_about(row))
            return
        for person, opening in personal.items():
            if not _opens(opening, commitments.get(person)):
                said = f"the personal fields of {person} are not those that were recorded"
                self.findings.add(Wrong.PERSONAL, row["position"], said, about=_about(row))
        for person in commitments:
            if person not in personal:
                first, _ = self.missing.get(person, (row["position"], 0))
                self.missing[person] = (first, row["position"])

    def _find_moved(self) -> None:
        """Tell the rows that changed places from those that were altered where they stand."""
        told: set[int] = set()
        for row, stored in self.altered:
            here = row["position"]
            for other, other_stored in self.altered:
                there = other["position"]
                if there == here or here in told:
                    continue
                if _leaf(row, there) in (stored, other_stored):
                    told.add(here)
                    said = f"the event of position {there} was put here: rows were swapped or moved"
                    self.findings.add(Wrong.MOVED, here, said, about=_about(row))
        for row, _ in self.altered:
            if row["position"] not in told:
                self._tell_altered(row)

    def _tell_altered(self, row: RowMapping) -> None:
        self.findings.add(Wrong.ALTERED, row["position"], "the row is not what was recorded", about=_about(row))

    def _find_truncated(self, size: int) -> None:
        query = select(func.max(AuditCheckpoint.size)).where(col(AuditCheckpoint.size) > size)
        beyond = [(self.connection.execute(query).scalar(), "in the database")]
        beyond += [(one.size, one.source) for one in self.kept if one.size > size]
        for signed, source in beyond:
            if signed is not None:
                said = f"a checkpoint {source} has {signed} events, the trail {size}: its end was removed"
                self.findings.add(Wrong.TRUNCATED, size, said, until=signed - 1)

    def _find_unexplained(self) -> None:
        for person, (first, last) in self.missing.items():
            if self.erasures.get(person, -1) < last:
                said = f"the personal fields of {person} are gone, and no event says that they were erased"
                self.findings.add(Wrong.ERASED, first, said, until=last)


def _leaf(row: RowMapping, position: int) -> bytes:
    try:
        return leaf_hash(entry_at(row, position))
    except (TypeError, ValueError):
        return NO_LEAF


def _hash(text: object) -> bytes:
    try:
        return bytes.fromhex(str(text))
    except ValueError:
        return b""


def _opens(opening: Any, wanted: str | None) -> bool:
    try:
        return commitment(bytes.fromhex(opening["salt"]), opening["fields"]) == wanted
    except (KeyError, TypeError, ValueError):
        return False


def _about(row: RowMapping) -> str:
    return f"{row['action']} of {row['object_type']} {row['object_id']}"
