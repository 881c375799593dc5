"""One run of an import: its transactions, its counts, and what it leaves in the audit trail."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlmodel import Session, col

from becta.catalogue.imports.report import ImportReport
from becta.kernel.actor import Actor
from becta.kernel.errors import Conflict, DomainError, Fault
from becta.kernel.events import audit_row, record, record_rows
from becta.market.db import Database
from becta.market.organisations.models import RegisterState
from becta.market.organisations.register.files import Part, RegisterFile
from becta.market.organisations.rules import register_id
from becta.market.organisations.schemas import Counts

T = TypeVar("T")

BATCH = 1_000
"""Rows of one transaction."""

_TURNSTILE = "turnstile"


class RegisterShrinks(DomainError):
    """A file lacks more than a tenth of what stands: most likely it is not whole. Nothing of it is written."""

    def __init__(self, part: Part, *, before: int, kept: int, file: str) -> None:
        """How many there were, and how many of them the file keeps."""
        super().__init__(
            f"{file}: of {before:,} current {part} it keeps only {kept:,}, {before - kept:,} fewer; more than a tenth "
            "is refused. Check that the file is whole; if the register truly shrank, force it"
        )
        self.part = part
        self.before = before
        self.kept = kept


class StrictRefused(DomainError):
    """Rows failed in a strict import, so nothing was written. The report names them."""

    def __init__(self, failed: int) -> None:
        """How many."""
        super().__init__(f"{failed:,} rows cannot be taken, so nothing was written")
        self.failed = failed


class Tally:
    """Counts of one part of the register, which are also added to the report of the whole import."""

    def __init__(self, report: ImportReport) -> None:
        """Start at nothing."""
        self._report = report
        self._read = self._created = self._changed = self._unchanged = self._failed = 0
        self.ended = self.missing = 0

    def read(self) -> None:
        """A row was read."""
        self._read += 1
        self._report.read += 1

    def created(self, number: int) -> None:
        """Records were made."""
        self._created += number
        self._report.created += number

    def changed(self, number: int) -> None:
        """Records were changed."""
        self._changed += number
        self._report.changed += number

    def unchanged(self, number: int = 1) -> None:
        """Records were as they are."""
        self._unchanged += number
        self._report.unchanged += number

    def reject(self, file: RegisterFile, line: int, faults: Sequence[Fault]) -> None:
        """A row cannot be taken."""
        self._failed += 1
        self._report.reject(file.name, line, faults)

    def counts(self) -> Counts:
        """The counts so far."""
        return Counts(
            read=self._read,
            created=self._created,
            changed=self._changed,
            unchanged=self._unchanged,
            failed=self._failed,
            ended=self.ended,
            missing=self.missing,
        )


class Run:
    """Who imports, when, and in which transactions: one for each batch or, strict, one for everything."""

    def __init__(
        self, db: Database, actor: Actor, now: datetime, report: ImportReport, progress: Callable[[int], None] | None
    ) -> None:
        """Set up the counts of all parts."""
        self.db = db
        self.actor = actor
        self.now = now
        self.tallies = {part: Tally(report) for part in Part}
        self._report = report
        self._progress = progress
        self._only: Session | None = None

    def advance(self, rows: int) -> None:
        """Tell whoever watches that so many more rows were dealt with."""
        if self._progress is not None and rows:
            self._progress(rows)

    @contextmanager
    def writing(self, *, strict: bool) -> Iterator[None]:
        """Everything that is written. Strict, it is one transaction, rolled back if any row failed."""
        self._ready_turnstile()
        if not strict:
            yield
            return
        with self.db.write() as session:
            _take_turn(session)
            self._only = session
            try:
                yield
            finally:
                self._only = None
            failed = sum(tally.counts().failed for tally in self.tallies.values())
            if failed:
                raise StrictRefused(failed)

    @contextmanager
    def batch(self) -> Iterator[Session]:
        """The transaction of a batch. Imports that run at once take turns, batch by batch."""
        if self._only is not None:
            yield self._only
            return
        with self.db.write() as session:
            _take_turn(session)
            yield session

    def is_first(self, part: Part, *, whole: bool) -> bool:
        """Whether nothing of a part was loaded to its end before: the first load is no news of single schools."""
        kinds = {_state_key(part, whole=True), _state_key(part, whole=whole)}
        known = select(col(RegisterState.kind)).where(
            col(RegisterState.kind).in_(kinds), col(RegisterState.first_loaded_at).is_not(None)
        )
        with self.batch() as session:
            return session.execute(known).first() is None

    def finish(self, part: Part, files: Sequence[RegisterFile], *, whole: bool) -> None:
        """Note that a part was loaded, and what came of it."""
        counts = self.tallies[part].counts()
        after = {name: getattr(counts, name) for name in counts.__struct_fields__}
        after["files"] = [file.name for file in files]
        with self.batch() as session:
            key = _state_key(part, whole=whole)
            state = session.get(RegisterState, key) or RegisterState(kind=key, first_loaded_at=self.now)
            state.last_loaded_at = self.now
            session.add(state)
            record(session, self.actor, "register.imported", "register", register_id(part), now=self.now, after=after)
            session.flush()

    def event(
        self, action: str, object_type: str, object_id: UUID, *, before: dict[str, Any] | None, after: dict[str, Any]
    ) -> dict[str, Any]:
        """The row of an audit event of this run."""
        return audit_row(self.actor, action, object_type, object_id, now=self.now, before=before, after=after)

    def _ready_turnstile(self) -> None:
        try:
            with self.db.write() as session:
                if session.get(RegisterState, _TURNSTILE) is None:
                    session.add(RegisterState(kind=_TURNSTILE))
        except Conflict:
            pass  # another import made it in the same moment


def insert_rows(session: Session, table: type[Any], rows: Sequence[dict[str, Any]]) -> None:
    """Insert many rows at once, if there are any."""
    if rows:
        session.execute(insert(table), rows)


def update_rows(session: Session, table: type[Any], rows: Sequence[dict[str, Any]]) -> None:
    """Update many rows, each by its primary key, if there are any."""
    if rows:
        session.execute(update(table), rows)


def insert_events(session: Session, events: Sequence[dict[str, Any]]) -> None:
    """Add many events to the audit trail."""
    record_rows(session, events)


def batches(rows: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    """Rows in lists of a size."""
    iterator = iter(rows)
    while batch := list(islice(iterator, size)):
        yield batch


def refuse_if_shrinks(part: Part, *, before: int, kept: int, files: Sequence[RegisterFile]) -> None:
    """Raise RegisterShrinks if more than a tenth of what stood before is gone."""
    if (before - kept) * 10 > before:
        raise RegisterShrinks(part, before=before, kept=kept, file=", ".join(file.name for file in files))


def _state_key(part: Part, *, whole: bool) -> str:
    return part.value if whole else f"{part}:part"


def _take_turn(session: Session) -> None:
    """Hold the turnstile until the transaction ends: on PostgreSQL this row's lock does what SQLite does by itself."""
    turn = update(RegisterState).where(col(RegisterState.kind) == _TURNSTILE)
    session.execute(turn.values(turn=RegisterState.turn + 1).execution_options(synchronize_session=False))
