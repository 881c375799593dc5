"""Loading establishments and groups: the parts of the register whose rows are things with a key of their own."""

from array import array
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import select
from sqlmodel import Session

from becta.catalogue.imports.rows import RawRow
from becta.kernel.errors import Fault
from becta.market.organisations.models import Establishment, EstablishmentGroup
from becta.market.organisations.register.files import Part, RegisterFile
from becta.market.organisations.register.layout import KEYS, Layout, take
from becta.market.organisations.register.run import (
    Run,
    Tally,
    batches,
    insert_events,
    insert_rows,
    refuse_if_shrinks,
    update_rows,
)
from becta.market.organisations.rules import STANDING, GroupStatus, group_object_id, school_id

_KEYS = 1_000_000
_STANDING = frozenset({*STANDING, GroupStatus.OPEN})


class Found(Struct):
    """A record as it stands before a batch."""

    hash: str
    status: str
    name: str
    missing_since: datetime | None


class Keyed(Struct):
    """A row with its key and fingerprint."""

    line: int
    key: int
    hash: str
    values: dict[str, str]


class Entities:
    """One part of the register and its files. Made by reading their keys once, in memory that does not grow."""

    def __init__(self, part: Part, files: Sequence[RegisterFile]) -> None:
        """Read the keys: which line names each first, and which of them stand."""
        self.part = part
        self.files = files
        self.whole = any(file.whole for file in files)
        self.table: Any = Establishment if part is Part.ESTABLISHMENTS else EstablishmentGroup
        self.key_name = KEYS[part].field
        self.key: Any = getattr(self.table, self.key_name)
        self._first = array("Q", bytes(8 * _KEYS))
        self._stands = bytearray(_KEYS)
        for place, file in enumerate(files):
            self._scan(place, file)

    def _scan(self, place: int, file: RegisterFile) -> None:
        layout = Layout(file)
        status = next(bound for bound in layout.cells if bound.cell.field == "status")
        for row in file.rows():
            if row.fault is not None:
                continue
            key, fault = take(layout.key, row.values)
            if fault is None and not self._first[key]:
                self._first[key] = _position(place, row.line)
                stands, _ = take(status, row.values)
                self._stands[key] = stands in _STANDING

    def guard(self, run: Run) -> None:
        """Refuse files that lack more than a tenth of what stands now; raises RegisterShrinks."""
        if not self.whole:
            return
        standing = select(self.key).where(self.table.status.in_(_standing_of(self.part)))
        before = kept = 0
        with run.db.read() as session:
            for key in session.execute(standing.where(self.table.missing_since.is_(None))).scalars():
                before += 1
                kept += self._stands[key]
        refuse_if_shrinks(self.part, before=before, kept=kept, files=self.files)

    def load(self, run: Run) -> None:
        """Bring our records in line with the files."""
        quiet = run.is_first(self.part, whole=self.whole)
        for place, file in enumerate(self.files):
            layout = Layout(file)
            for rows in batches(file.rows()):
                keyed = self._keyed(run.tallies[self.part], layout, place, rows)
                with run.batch() as session:
                    _Batch(self, run, session, layout, quiet=quiet).write(keyed)
                run.advance(len(rows))
        if self.whole:
            self._mark_missing(run, quiet=quiet)
        run.finish(self.part, self.files, whole=self.whole)

    def _keyed(self, tally: Tally, layout: Layout, place: int, rows: Sequence[RawRow]) -> list[Keyed]:
        keyed = []
        for row in rows:
            tally.read()
            key, fault = (0, row.fault) if row.fault else self._key(layout, row.values)
            if fault is None and self._first[key] != _position(place, row.line):
                fault = self._repeated(key, layout)
            if fault is not None:
                tally.reject(layout.file, row.line, [fault])
            else:
                keyed.append(Keyed(row.line, key, layout.hash_of(row.values), row.values))
        return keyed

    @staticmethod
    def _key(layout: Layout, values: dict[str, str]) -> tuple[int, Fault | None]:
        key, fault = take(layout.key, values)
        return key or 0, fault

    def _repeated(self, key: int, layout: Layout) -> Fault:
        place, line = divmod(self._first[key], 1 << 40)
        earlier = self.files[place - 1].name
        where = f"line {line}" if earlier == layout.file.name else f"{earlier}, line {line}"
        problem = f"is on an earlier line already: {where}"
        return Fault(field=layout.key.headers[0], problem=problem, mend="keep one of the two rows", value=str(key))

    def _mark_missing(self, run: Run, *, quiet: bool) -> None:
        present = select(self.key, self.table.name).where(self.table.missing_since.is_(None))
        with run.batch() as session:
            gone = [(key, name) for key, name in session.execute(present) if not self._first[key]]
        for some in batches(gone):
            rows = [{self.key_name: key, "missing_since": run.now, "changed_at": run.now} for key, _ in some]
            with run.batch() as session:
                update_rows(session, self.table, rows)
                if not quiet:
                    insert_events(
                        session, [self.event(run, "missing", key, after={"name": name}) for key, name in some]
                    )
            run.tallies[self.part].missing += len(some)

    def event(
        self, run: Run, verb: str, key: int, *, after: dict[str, Any], before: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """The row of an audit event about one of the part's records."""
        noun = "school" if self.part is Part.ESTABLISHMENTS else "group"
        object_id: UUID = school_id(key) if self.part is Part.ESTABLISHMENTS else group_object_id(key)
        return run.event(f"{noun}.{verb}", noun, object_id, before=before, after={self.key_name: key, **after})


class _Batch:
    """Writing one batch of rows."""

    def __init__(self, entities: Entities, run: Run, session: Session, layout: Layout, *, quiet: bool) -> None:
        self.entities, self.run, self.session, self.layout, self.quiet = entities, run, session, layout, quiet
        self.tally = run.tallies[entities.part]
        self.created: list[dict[str, Any]] = []
        self.changed: list[dict[str, Any]] = []
        self.back: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []

    def write(self, keyed: Sequence[Keyed]) -> None:
        existing = self._existing([row.key for row in keyed])
        for row in keyed:
            self._sort(row, existing.get(row.key))
        table = self.entities.table
        insert_rows(self.session, table, self.created)
        update_rows(self.session, table, self.changed)
        update_rows(self.session, table, self.back)
        insert_events(self.session, self.events)
        self.tally.created(len(self.created))
        self.tally.changed(len(self.changed) + len(self.back))

    def _existing(self, keys: Sequence[int]) -> dict[int, Found]:
        entities = self.entities
        table = entities.table
        columns = (entities.key, table.row_hash, table.status, table.name, table.missing_since)
        return {
            key: Found(*rest) for key, *rest in self.session.execute(select(*columns).where(entities.key.in_(keys)))
        }

    def _sort(self, row: Keyed, found: Found | None) -> None:
        key = {self.entities.key_name: row.key}
        now = self.run.now
        if found is not None and found.hash == row.hash:
            if found.missing_since is None:
                self.tally.unchanged()
            else:
                self.back.append({**key, "missing_since": None, "changed_at": now})
                self._tell("found", row.key, after={"name": found.name})
            return
        made, faults = self.layout.read(row.values)
        if faults:
            self.tally.reject(self.layout.file, row.line, faults)
            return
        record = {**key, **made, "row_hash": row.hash, "changed_at": now, "missing_since": None}
        if found is None:
            self.created.append({**record, "first_seen_at": now})
            self._tell("added", row.key, after={"name": made["name"], "status": made["status"].value})
        else:
            self.changed.append(record)
            self._tell_changes(row.key, found, made)

    def _tell(self, verb: str, key: int, *, after: dict[str, Any], before: dict[str, Any] | None = None) -> None:
        if not self.quiet:
            self.events.append(self.entities.event(self.run, verb, key, before=before, after=after))

    def _tell_changes(self, key: int, found: Found, made: dict[str, Any]) -> None:
        if found.missing_since is not None:
            self._tell("found", key, after={"name": made["name"]})
        if found.status != made["status"]:
            after = {"status": made["status"].value, "name": made["name"]}
            if made.get("closed_on"):
                after["closed_on"] = made["closed_on"].isoformat()
            verb = _verb(found.status, made["status"])
            self._tell(verb, key, before={"status": str(found.status)}, after=after)
        if found.name != made["name"]:
            self._tell("renamed", key, before={"name": found.name}, after={"name": made["name"]})


def _verb(before: str, after: str) -> str:
    match str(before), str(after):
        case _, "closed":
            return "closed"
        case "closed", "open" | "proposed_to_close":
            return "reopened"
        case "proposed_to_open", "open" | "proposed_to_close":
            return "opened"
        case "open", "proposed_to_close":
            return "closure_proposed"
        case "proposed_to_close", "open":
            return "closure_withdrawn"
    return "status_changed"


def _standing_of(part: Part) -> list[Any]:
    return sorted(STANDING) if part is Part.ESTABLISHMENTS else [GroupStatus.OPEN]


def _position(place: int, line: int) -> int:
    """A place among the files and a line, as one number that is never nought."""
    return (place + 1 << 40) | line
