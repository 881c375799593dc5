"""The database: read and write transactions on SQLite (embedded) or PostgreSQL, and the schema's migrations."""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from alembic import command
from alembic.config import Config
from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from becta.kernel.append import append_recorded
from becta.kernel.errors import Conflict

LOCK_WAIT_SECONDS = 30
TAKEN = {
    "23505",  # PostgreSQL: unique_violation
    "SQLITE_CONSTRAINT_UNIQUE",
    "SQLITE_CONSTRAINT_PRIMARYKEY",
}
"""How each database says that something of which there is one at a time exists already."""


class Database:
    """Opens transactions. Handlers open and close them in their own thread, and nothing slow happens inside."""

    def __init__(self, url: str, *, connections: int = 8) -> None:
        """Connect lazily to `url`, keeping up to `connections` open."""
        self.url = url
        self.engine = _engine(url, connections)
        self._writing = self.engine.execution_options(begin_mode="IMMEDIATE")
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A read transaction; what it sees does not change while it lasts on SQLite."""
        with Session(self.engine, autoflush=False, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A write transaction: committed on leaving, rolled back on any error. SQLite admits one writer at a time.

        What was recorded on the session is put into the audit trail last, see `append_recorded`.
        Raises Conflict when somebody else made the same thing after this transaction looked for it.
        """
        try:
            with Session(self._writing, expire_on_commit=False) as session, session.begin():
                yield session
                append_recorded(session)
        except IntegrityError as error:
            if _is_taken(error):
                raise Conflict("somebody made the same thing at the same moment; read it again") from error
            raise

    def fetch(self, sql: str, parameters: Mapping[str, object]) -> list[tuple[Any, ...]]:
        """Rows of one hand-written read with `:name` parameters, on a bare cursor.

        A tenth of a session's cost, for the hottest reads only. UUIDs of SQLite come back as their hex digits.
        """
        if self.engine.dialect.name == "sqlite":
            named = {name: value.hex if isinstance(value, UUID) else value for name, value in parameters.items()}
            return self._reader().execute(sql, named).fetchall()
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(sql), parameters)]

    def _reader(self) -> sqlite3.Connection:
        """This thread's own connection for `fetch`: a visit to the pool would cost as much as the read."""
        reader: sqlite3.Connection | None = getattr(self._local, "reader", None)
        if reader is None:
            pooled = self.engine.raw_connection()
            reader = self._local.reader = cast("sqlite3.Connection", pooled.driver_connection)
            pooled.detach()
            self._readers.append(reader)
        return reader

    async def fetch_soon(self, sql: str, parameters: Mapping[str, object]) -> list[tuple[Any, ...]]:
        """`fetch` for an async handler: on SQLite at once, since a thread costs more than the read, else in one."""
        if self.engine.dialect.name == "sqlite":
            return self.fetch(sql, parameters)
        return await asyncio.to_thread(self.fetch, sql, parameters)

    def migrate(self) -> None:
        """Bring the schema to the newest version; one process at a time, the others wait."""
        with self._migrating():
            command.upgrade(self.alembic_config(), "head")

    @contextmanager
    def _migrating(self) -> Iterator[None]:
        if self.engine.dialect.name == "sqlite":
            with FileLock(f"{self.engine.url.database}.migrating"):
                yield
            return
        with self.engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(hashtext('becta.migrate'))"))
            yield
            connection.execute(text("SELECT pg_advisory_unlock(hashtext('becta.migrate'))"))

    @contextmanager
    def only_one(self, name: str) -> Iterator[bool]:
        """Whether nobody else, in any process, is inside a block of this name; nobody waits."""
        if self.engine.dialect.name == "sqlite":
            lock = FileLock(f"{self.engine.url.database}.{name}", blocking=False)
            try:
                lock.acquire()
            except Timeout:
                yield False
                return
            try:
                yield True
            finally:
                lock.release()
            return
        key = {"name": f"becta.{name}"}
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            is_ours = bool(connection.scalar(text("SELECT pg_try_advisory_lock(hashtext(:name))"), key))
            try:
                yield is_ours
            finally:
                if is_ours:
                    connection.execute(text("SELECT pg_advisory_unlock(hashtext(:name))"), key)

    @property
    def exists(self) -> bool:
        """Whether there is a database; a PostgreSQL one is taken to be there."""
        return self.engine.dialect.name != "sqlite" or Path(str(self.engine.url.database)).is_file()

    def alembic_config(self) -> Config:
        """Alembic's configuration for this database; used by `migrate` and the migration tests."""
        config = Config()
        config.set_main_option("script_location", str(files("becta.migrations")))
        config.attributes["engine"] = self.engine
        return config

    def close(self) -> None:
        """Close all connections."""
        while self._readers:
            self._readers.pop().close()
        self.engine.dispose()


def _is_taken(error: IntegrityError) -> bool:
    code = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorname", None)
    return code in TAKEN


def _engine(url: str, connections: int) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        psycopg = parsed.set(drivername="postgresql+psycopg")
        return create_engine(psycopg, pool_size=connections, max_overflow=2, pool_pre_ping=True, hide_parameters=True)
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    options: dict[str, Any] = {"connect_args": {"check_same_thread": False}, "hide_parameters": True}  # not into logs
    engine = create_engine(parsed, pool_size=connections, max_overflow=2, **options)

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # we send BEGIN ourselves: sqlite3's own spoils savepoints
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout={LOCK_WAIT_SECONDS * 1000}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "cache_size=-16000",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        mode = connection.get_execution_options().get("begin_mode", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {mode}")

    return engine
