"""Loading a file: rows are read, checked and stored in batches, so memory stays flat and good rows are never held up.

What a row means is the loader's business; this module knows lines, batches, faults and transactions.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

from msgspec import Struct
from sqlmodel import Session, func, select

from becta.catalogue.imports.columns import Column, flatten, known_spelling, unknown_columns
from becta.catalogue.imports.report import ImportReport
from becta.catalogue.imports.rows import RawRow, UnreadableFile, read_rows
from becta.kernel.actor import Actor
from becta.kernel.errors import Conflict, Fault

BATCH = 500

TURN = 0x_BEC7A
"""Number of the lock in PostgreSQL that batches of imports take turns by."""

R = TypeVar("R", bound=Struct)
WriteTransaction = Callable[[], AbstractContextManager[Session]]


class Placed(Struct, frozen=True):
    """A row that can be read, with its line and the key that makes it the same thing as before."""

    line: int
    key: tuple[str, ...]
    row: Any


class Loaded(Struct, kw_only=True):
    """What storing a batch did; `rejected` holds rows that the database's state forbids."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: list[tuple[int, list[Fault]]] = []

    def reject(self, line: int, fault: Fault) -> None:
        """Refuse a row for what the database holds."""
        self.rejected.append((line, [fault]))

    def add(self, other: "Loaded") -> None:
        """Add another batch's counts."""
        self.created += other.created
        self.changed += other.changed
        self.unchanged += other.unchanged


class Origin(Struct, frozen=True, kw_only=True):
    """Who imports which file when, for the audit trail."""

    actor: Actor
    file: str
    now: datetime

    def reason(self, line: int) -> str:
        """Where a change came from."""
        return f"imported from {self.file} line {line}"


class Loader(Protocol):
    """Knows one kind of row."""

    @property
    def columns(self) -> Sequence[Column]:
        """The columns a file may have."""

    def adapt(self, values: dict[str, Any]) -> dict[str, Any]:
        """Bring another layout's row into ours; ours comes back as it is."""

    def read(self, values: dict[str, Any]) -> tuple[Any | None, tuple[str, ...], list[Fault]]:
        """The row and its key, or everything wrong with it."""

    def store(self, session: Session, batch: Sequence[Placed], origin: Origin) -> Loaded:
        """Bring the database to what the rows say."""


class StrictRefusal(Exception):
    """A file with a bad row was refused whole, as --strict asks."""


def import_file(
    write: WriteTransaction,
    loader: Loader,
    path: Path,
    *,
    actor: Actor,
    now: datetime,
    report: ImportReport,
    strict: bool = False,
    progress: Callable[[int], None] = lambda _lines: None,
) -> None:
    """Import a file into `report`; raises UnreadableFile, or StrictRefusal with nothing written."""
    origin = Origin(actor=actor, file=path.name, now=now)
    batches = _batches(loader, path, report, progress)
    if not strict:
        for batch in batches:
            try:
                loaded = _store(write, loader, batch, origin)
            except Conflict:  # somebody beside us made one of these things; now it is there to be found
                loaded = _store(write, loader, batch, origin)
            _count(report, path, loaded)
        return
    failed_before, whole = report.failed, Loaded()
    with write() as session:
        _take_turn(session)
        for batch in batches:
            loaded = loader.store(session, batch, origin)
            whole.add(loaded)
            _reject(report, path, loaded)
        failed = report.failed - failed_before
        if failed:
            raise StrictRefusal(f"{path.name}: {failed} bad rows, so nothing was imported (--strict)")
    _count(report, path, whole)


def _store(write: WriteTransaction, loader: Loader, batch: Sequence[Placed], origin: Origin) -> Loaded:
    with write() as session:
        _take_turn(session)
        return loader.store(session, batch, origin)


def _take_turn(session: Session) -> None:
    """Wait until no other import is within a batch, lest two make the same thing; SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(TURN)))


def _batches(loader: Loader, path: Path, report: ImportReport, progress: Callable[[int], None]) -> Any:
    known = [column.name for column in loader.columns]
    seen: dict[int, int] = {}
    batch: list[Placed] = []
    broken: UnreadableFile | None = None
    try:
        for raw in read_rows(path, columns=lambda names: _header(path, names, loader.columns)):
            report.read += 1
            placed, faults = _place(loader, raw, known, seen)
            if placed is None:
                report.reject(path.name, raw.line, faults)
            else:
                batch.append(placed)
            if len(batch) == BATCH:
                yield batch
                progress(report.read)
                batch = []
    except UnreadableFile as error:
        broken = error  # what came before is good, and is stored first
    if batch:
        yield batch
    progress(report.read)
    if broken is not None:
        raise broken


def _header(path: Path, names: list[str], columns: Sequence[Column]) -> list[str]:
    """A CSV header's names as we spell them; raises UnreadableFile for unknown columns, or needed ones it lacks."""
    header = known_spelling(names, [column.name for column in columns])
    unknown = unknown_columns(filter(None, header), [column.name for column in columns])
    told = [f"{fault.field} {fault.problem}: {fault.mend}" for fault in unknown]
    needed = [column.name for column in columns if column.required and column.name not in header]
    misspelt = {fault.mend for fault in unknown}
    lacking = [name for name in needed if f"rename it to {name}" not in misspelt]
    if lacking:
        told.append(f"lacks columns that every row must fill: {', '.join(lacking)}")
    if told:
        raise UnreadableFile(f"{path.name}: {'; '.join(told)}")
    return header


def _place(loader: Loader, raw: RawRow, known: list[str], seen: dict[int, int]) -> tuple[Placed | None, list[Fault]]:
    if raw.fault is not None:
        return None, [raw.fault]
    values = flatten(loader.adapt(raw.values), known)
    row, key, faults = loader.read(values)
    faults = [*unknown_columns(values, known), *faults]
    if row is None or faults:
        return None, faults
    mark = hash(key)
    if mark in seen:
        return None, [row_repeated(key[-1], seen[mark])]
    seen[mark] = raw.line
    return Placed(raw.line, key, row), []


def row_repeated(reference: str, first_line: int) -> Fault:
    """The fault of a second row for the same thing."""
    problem = f"is already in this file, on line {first_line}"
    return Fault(field="reference", problem=problem, mend="keep one of the two rows", value=reference)


def _count(report: ImportReport, path: Path, loaded: Loaded) -> None:
    report.created += loaded.created
    report.changed += loaded.changed
    report.unchanged += loaded.unchanged
    _reject(report, path, loaded)


def _reject(report: ImportReport, path: Path, loaded: Loaded) -> None:
    for line, faults in loaded.rejected:
        report.reject(path.name, line, faults)
