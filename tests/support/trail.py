"""An audit trail to look at and to tamper with."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from becta.kernel.actor import Actor, Scope, system
from becta.kernel.append import EVENTS
from becta.kernel.events import audit_row, record_rows
from becta.kernel.trail import Entry, Growing, canonical, leaf_hash
from becta.market.audit.sealing import Sealer
from becta.market.db import Database

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
TABLES = ("audit_event", "audit_about", "audit_head", "audit_tile", "audit_checkpoint")
THING = UUID(int=77)


def person(name: str = "Jo Bloggs", number: int = 1, organisation_id: UUID | None = None) -> Actor:
    """Somebody acting under their own name."""
    return Actor(
        kind="person",
        id=f"session-{number}",
        label=name,
        scopes=frozenset({Scope.AUDIT_READ}),
        organisation_id=organisation_id or UUID(int=500),
        person_id=UUID(int=number),
    )


def recorded(db: Database, count: int, actor: Actor | None = None, *, start: int = 0, **more: Any) -> None:
    """So many events, in one transaction."""
    who = actor or system("test")
    rows = [
        audit_row(who, "thing.made", "thing", UUID(int=1_000_000 + number), now=NOW, after={"number": number}, **more)
        for number in range(start, start + count)
    ]
    with db.write() as session:
        record_rows(session, rows)


def sealer(db: Database, folder: Path) -> Sealer:
    """What signs, with a key in a folder."""
    return Sealer(db, folder / "keys" / "audit.pem", "test-market")


@contextmanager
def unguarded(db: Database) -> Iterator[Connection]:
    """The database as whoever owns it can have it: without triggers, for the length of a transaction."""
    with db.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            yield connection
            return
        kept = list(connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")))
        for name, _ in kept:
            connection.execute(text(f"DROP TRIGGER {name}"))
        yield connection
        for _, sql in kept:
            connection.exec_driver_sql(sql)


def make_hashes_anew(connection: Connection) -> None:
    """What somebody with the whole database and the source, but without the key, would do to cover their traces."""
    tiles: list[dict[str, Any]] = []

    def note(level: int, number: int, made: bytes) -> bytes:
        tiles.append({"level": level, "number": number, "hash": made.hex()})
        return made

    tree = Growing(note)
    for row in connection.execute(EVENTS.select().order_by(EVENTS.c.position)).mappings().all():
        said = {name: row[name] for name in Entry.__struct_fields__ if name not in {"v", "position"}}
        leaf = leaf_hash(canonical(Entry(position=tree.size, **said)))
        connection.execute(
            text("UPDATE audit_event SET position = :new, leaf_hash = :leaf WHERE position = :old"),
            {"new": tree.size, "leaf": leaf.hex(), "old": row["position"]},
        )
        tree.add(leaf)
    connection.execute(text("DELETE FROM audit_tile"))
    for tile in tiles:
        connection.execute(text("INSERT INTO audit_tile VALUES (:level, :number, :hash)"), tile)
    connection.execute(text("UPDATE audit_head SET size = :size"), {"size": tree.size})
