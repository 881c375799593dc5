"""Databases of a real PostgreSQL server, lent to one test after another.

Making one takes as long as many a test. So those who bring one back leave it emptied for the next, unless the test
changed its schema: such a one is dropped.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg
from psycopg.sql import SQL, Composed, Identifier

TEMPLATE = "template_market"
_WATCHED = """
    CREATE SCHEMA testing;
    CREATE TABLE testing.schema_change ();
    CREATE FUNCTION testing.note_change() RETURNS event_trigger LANGUAGE plpgsql
      AS $$ BEGIN INSERT INTO testing.schema_change DEFAULT VALUES; END $$;
    CREATE EVENT TRIGGER note_change ON ddl_command_end EXECUTE FUNCTION testing.note_change();
    CREATE EVENT TRIGGER note_drop ON sql_drop EXECUTE FUNCTION testing.note_change();
"""
_TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
_TOUCHED = f"{_TABLES} AND pg_relation_size(oid) > 0"
_RESTART = "SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'"
_CHANGED = "SELECT EXISTS (SELECT FROM testing.schema_change)"
_OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> %s"


class Lender:
    """Lends migrated databases of one server by their addresses; `server` has the template already."""

    def __init__(self, server: Any) -> None:
        """Watch the template's schema, so that every copy tells when a test changed it."""
        self._server = server
        self._idle: list[str] = []
        self._owner = psycopg.connect(server.get_uri(), autocommit=True)
        with psycopg.connect(server.get_uri(TEMPLATE), autocommit=True) as template:
            self._given = {name: rows for (name,) in template.execute(_TOUCHED) if (rows := _rows(template, name))}
            template.execute(_WATCHED)

    @contextmanager
    def __call__(self) -> Iterator[str]:
        """The address of a database as migrating leaves it."""
        name = self._idle.pop() if self._idle else self._made()
        address = str(self._server.get_uri(name))
        yield address
        if self._is_emptied(address):
            self._idle.append(name)
        else:
            self._owner.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))

    def close(self) -> None:
        """Let the server go."""
        self._owner.close()

    def _made(self) -> str:
        name = f"market_{uuid4().hex}"
        self._owner.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(TEMPLATE)))
        return name

    def _is_emptied(self, address: str) -> bool:
        """Whether a database is again as it was made; False once its schema was changed."""
        with psycopg.connect(address, autocommit=True) as session:
            session.execute(_OTHERS, [session.info.backend_pid])
            changed = session.execute(_CHANGED).fetchone()
            if changed is None or changed[0]:
                return False
            session.execute("SET session_replication_role = replica")  # neither guards nor references count here
            touched = {name for (name,) in session.execute(_TOUCHED)}
            emptying = [SQL("DELETE FROM {}").format(Identifier(name)) for name in sorted(touched | self._given.keys())]
            filling = [_filling(name, rows) for name, rows in self._given.items()]
            session.execute(SQL("; ").join([*emptying, *filling]))
            session.execute(_RESTART)
        return True


def _rows(session: psycopg.Connection[Any], table: str) -> str:
    """A table's rows as JSON, empty where there are none."""
    found = session.execute(SQL("SELECT json_agg(t)::text FROM {} t").format(Identifier(table))).fetchone()
    return str(found[0]) if found is not None and found[0] is not None else ""


def _filling(table: str, rows: str) -> Composed:
    statement = "INSERT INTO {0} SELECT * FROM json_populate_recordset(NULL::{0}, {1})"
    return SQL(statement).format(Identifier(table), rows)
