"""Putting what a transaction recorded at the end of the trail: positions, hashes, and the tiles that become complete.

It is the last thing before the commit, because from here on other writers wait: the row that holds the trail's size is
locked last by everybody, so no order of locks can turn into a deadlock.
"""

from datetime import UTC
from itertools import chain
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select, update
from sqlmodel import Session, SQLModel

from becta.kernel.events import PENDING, AuditEvent, Unrecorded
from becta.kernel.trail import LEVELS, TILE, Entry, canonical, fold, leaf_hash

_TABLES = SQLModel.metadata.tables
EVENTS = _TABLES[str(AuditEvent.__tablename__)]
ABOUT, HEAD, TILES = _TABLES["audit_about"], _TABLES["audit_head"], _TABLES["audit_tile"]
HASHED = tuple(name for name in Entry.__struct_fields__ if name != "v")

_GROW = update(HEAD).values(size=HEAD.c.size + bindparam("added")).returning(HEAD.c.size)
_ADD_EVENTS, _ADD_ABOUT, _ADD_TILES = EVENTS.insert(), ABOUT.insert(), TILES.insert()
_LEAVES = (
    select(EVENTS.c.leaf_hash)
    .where(EVENTS.c.position >= bindparam("start"), EVENTS.c.position < bindparam("stop"))
    .order_by(EVENTS.c.position)
)
_TILES = (
    select(TILES.c.hash)
    .where(
        TILES.c.level == bindparam("level"), TILES.c.number >= bindparam("start"), TILES.c.number < bindparam("stop")
    )
    .order_by(TILES.c.number)
)


def append_recorded(session: Session) -> None:
    """Put into the trail what was recorded on the session; nothing may be recorded after it."""
    rows: list[dict[str, Any]] | None = session.info.pop(PENDING, None)
    if not rows:
        return
    session.flush()
    connection = session.connection()
    size = connection.execute(_GROW, {"added": len(rows)}).scalar()
    if size is None:
        raise Unrecorded("the row that says how long the trail is has gone")
    first = size - len(rows)
    for position, row in enumerate(rows, first):
        row["position"] = position
        row["at"] = row["at"].astimezone(UTC)
        row["leaf_hash"] = leaf_hash(canonical(Entry(**{name: row[name] for name in HASHED}))).hex()
    connection.execute(_ADD_EVENTS, rows)
    about = [
        {"person_id": UUID(person), "position": row["position"]}
        for row in rows
        for person in row["personal"] or ()
        if UUID(person) != row["person_id"]
    ]
    if about:
        connection.execute(_ADD_ABOUT, about)
    if first // TILE != size // TILE:
        _complete_tiles(connection, first, [row["leaf_hash"] for row in rows])


def stored_hashes(connection: Connection, level: int, start: int, stop: int) -> list[bytes]:
    """The hashes of a level from one number up to another, as the database holds them; raises if one is missing."""
    query, named = (_TILES, {"level": level}) if level else (_LEAVES, {})
    found = connection.execute(query, {**named, "start": start, "stop": stop}).scalars().all()
    if len(found) != stop - start:
        raise LookupError(f"level {level} of the trail lacks {stop - start - len(found)} of {start} to {stop - 1}")
    return [bytes.fromhex(one) for one in found]


def _complete_tiles(connection: Connection, first: int, added: list[str]) -> None:
    """Write the tiles that the added leaves complete, level by level: a tile is a leaf of the level above it."""
    fresh, at = [bytes.fromhex(one) for one in added], first
    made: list[dict[str, Any]] = []
    for level in range(1, LEVELS + 1):
        start = at // TILE * TILE
        stop = (at + len(fresh)) // TILE * TILE
        if stop <= start:
            break
        hashes = list(chain(stored_hashes(connection, level - 1, start, at), fresh))
        fresh = [fold(hashes[begin : begin + TILE]) for begin in range(0, stop - start, TILE)]
        at = start // TILE
        made += [{"level": level, "number": number, "hash": one.hex()} for number, one in enumerate(fresh, at)]
    connection.execute(_ADD_TILES, made)
