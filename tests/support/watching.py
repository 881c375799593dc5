"""Looking at a database from outside: everything it holds, and the statements it is sent."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, select
from sqlmodel import SQLModel

from becta.market.db import Database

NOT_COUNTED = ("BEGIN", "COMMIT", "ROLLBACK", "SELECT 1", ";", "--")


def everything(db: Database) -> dict[str, list[str]]:
    """Every row of every table, to show that nothing was written."""
    with db.engine.connect() as connection:
        return {
            table.name: sorted(repr(tuple(row)) for row in connection.execute(select(table)))
            for table in SQLModel.metadata.sorted_tables
        }


@contextmanager
def statements(db: Database) -> Iterator[list[str]]:
    """The SQL statements sent while the block runs, by any thread and past SQLAlchemy too: the driver notes them."""
    sent: list[str] = []
    watching = True

    def note(statement: str) -> None:
        if watching and not statement.lstrip().startswith(NOT_COUNTED):
            sent.append(statement)

    def on_checkout(connection: Any, *_: object) -> None:
        if db.engine.dialect.name == "sqlite":
            connection.set_trace_callback(note)
        else:
            connection.cursor_factory = _noting(note)

    for reader in db._readers:
        reader.set_trace_callback(note)
    event.listen(db.engine, "checkout", on_checkout)
    try:
        yield sent
    finally:
        watching = False  # connections keep their notebook
        event.remove(db.engine, "checkout", on_checkout)


def _noting(note: Callable[[str], None]) -> type[Any]:
    from psycopg import Cursor  # noqa: PLC0415 - PostgreSQL's driver is an extra

    class NotingCursor(Cursor[Any]):
        def execute(self, query: Any, *args: Any, **options: Any) -> Any:
            note(str(query))
            return super().execute(query, *args, **options)

    return NotingCursor
