"""Events get their places in the trail as the last thing before a commit: without gaps, and never silently lost."""

import re
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session
from tests.support.trail import NOW, TABLES, THING, person, recorded, sealer
from tests.support.watching import everything, statements

from becta.kernel.actor import Actor, system
from becta.kernel.append import ABOUT, EVENTS, HASHED, TILES, append_recorded
from becta.kernel.events import REASONED, Unrecorded, record
from becta.kernel.trail import LEVELS, TILE, Entry, canonical, commitment, fold, leaf_hash
from becta.market.db import Database


def rows(db: Database) -> list[dict[str, Any]]:
    with db.read() as session:
        found = session.connection().execute(select(EVENTS).order_by(EVENTS.c.position)).mappings()
        return [dict(row) for row in found]


def tiles(db: Database) -> dict[tuple[int, int], str]:
    with db.read() as session:
        return {(row.level, row.number): row.hash for row in session.connection().execute(select(TILES))}


def beginnings(sent: list[str]) -> list[str]:
    """The first words of statements; SQLite tells one again for each trigger it sets off."""
    return [words for words, _ in groupby(" ".join(re.split(r"\W+", one)[:3]) for one in sent)]


def test_every_event_gets_the_next_place_and_the_hash_of_what_it_says(db: Database) -> None:
    recorded(db, 2)
    recorded(db, 1, person(), start=2)

    found = rows(db)

    assert [row["position"] for row in found] == [0, 1, 2]
    for row in found:
        assert row["leaf_hash"] == leaf_hash(canonical(Entry(**{name: row[name] for name in HASHED}))).hex()


def test_a_persons_name_is_kept_where_it_can_be_erased_and_hashed_as_a_commitment(db: Database) -> None:
    jo, sam = person("Jo Bloggs", 1), UUID(int=2)
    with db.write() as session:
        record(session, jo, "member.invited", "member", THING, now=NOW, personal={sam: {"email": "sam@larch.sch.uk"}})

    [row] = rows(db)

    assert (row["person_id"], row["actor_label"]) == (UUID(int=1), None)
    assert {key: opening["fields"] for key, opening in row["personal"].items()} == {
        str(UUID(int=1)): {"label": "Jo Bloggs"},
        str(sam): {"email": "sam@larch.sch.uk"},
    }
    assert row["commitments"] == {
        key: commitment(bytes.fromhex(opening["salt"]), opening["fields"]) for key, opening in row["personal"].items()
    }
    assert len({opening["salt"] for opening in row["personal"].values()}) == 2
    assert b"Jo" not in canonical(Entry(**{name: row[name] for name in HASHED}))
    with db.read() as session:
        assert [tuple(found) for found in session.connection().execute(select(ABOUT))] == [(sam, 0)]


def test_whoever_is_no_person_is_named_in_the_entry(db: Database) -> None:
    recorded(db, 1, Actor(kind="token", id="7", label="Larch's shop", scopes=frozenset(), organisation_id=UUID(int=3)))

    [row] = rows(db)

    assert (row["actor_label"], row["acting_for"], row["personal"], row["commitments"]) == (
        "Larch's shop",
        UUID(int=3),
        None,
        None,
    )


@pytest.mark.parametrize("sizes", [[1] * 3 + [TILE], [TILE - 1, 1, 1], [100, 3 * TILE, 7], [TILE * 2]])
def test_each_complete_block_becomes_a_tile_however_the_events_came(db: Database, sizes: list[int]) -> None:
    start = 0
    for size in sizes:
        recorded(db, size, start=start)
        start += size

    leaves = [bytes.fromhex(row["leaf_hash"]) for row in rows(db)]

    assert tiles(db) == {
        (1, number): fold(leaves[number * TILE : (number + 1) * TILE]).hex() for number in range(start // TILE)
    }


def test_256_tiles_become_one_of_the_next_level(db: Database) -> None:
    recorded(db, TILE * TILE - 300)
    recorded(db, 600, start=TILE * TILE - 300)

    found = tiles(db)

    assert [number for level, number in sorted(found) if level > 1] == [0]
    below = [bytes.fromhex(found[1, number]) for number in range(TILE)]
    assert found[2, 0] == fold(below).hex()
    assert len(found) == TILE + 1 + 1
    assert max(level for level, _ in found) < LEVELS


def test_writers_at_once_share_the_places_without_gaps(db: Database) -> None:
    def write(turn: int) -> None:
        for number in range(20):
            recorded(db, 1 + number % 3, start=1_000 * turn + number * 10)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))

    found = rows(db)
    assert [row["position"] for row in found] == list(range(len(found)))
    assert len(found) == 8 * (7 * 1 + 7 * 2 + 6 * 3)
    leaves = [bytes.fromhex(row["leaf_hash"]) for row in found]
    assert tiles(db) == {(1, 0): fold(leaves[:TILE]).hex()}


def test_writers_who_take_locks_in_opposite_orders_beside_the_trail_wait_but_do_not_fail(db: Database) -> None:
    """The trail's own lock comes last, so two who record first and lock later cannot hold each other up."""
    with db.write() as session:
        session.execute(text("CREATE TABLE counted (id INTEGER PRIMARY KEY, n INTEGER)"))
        session.execute(text("INSERT INTO counted VALUES (1, 0)"))

    def write(_: int) -> None:
        for _turn in range(10):
            with db.write() as session:
                record(session, system("test"), "thing.made", "thing", THING, now=NOW)
                session.execute(text("UPDATE counted SET n = n + 1 WHERE id = 1"))
                record(session, system("test"), "thing.changed", "thing", THING, now=NOW)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(6)))

    assert [row["position"] for row in rows(db)] == list(range(120))


def test_what_is_rolled_back_leaves_no_gap(db: Database) -> None:
    recorded(db, 3)
    before = everything(db)

    def fail() -> None:
        with db.write() as session:
            record(session, system("test"), "thing.made", "thing", THING, now=NOW)
            append_recorded(session)
            raise LookupError

    with pytest.raises(LookupError):
        fail()

    assert everything(db) == before
    recorded(db, 1)
    assert [row["position"] for row in rows(db)] == [0, 1, 2, 3]


def test_a_transaction_opened_past_the_database_cannot_lose_events(db: Database) -> None:
    before = everything(db)

    with Session(db.engine) as session:
        record(session, system("test"), "thing.made", "thing", THING, now=NOW)
        with pytest.raises(Unrecorded):
            session.commit()
        session.rollback()
        session.commit()  # what was rolled back is forgotten

    assert everything(db) == before


def test_a_savepoint_takes_back_no_event_and_takes_none(db: Database) -> None:
    with db.write() as session:
        record(session, system("test"), "thing.made", "thing", THING, now=NOW)
        with session.begin_nested() as savepoint:
            savepoint.rollback()
        with session.begin_nested() as savepoint:
            with pytest.raises(Unrecorded):
                record(session, system("test"), "thing.lost", "thing", THING, now=NOW)
            savepoint.commit()

    assert [row["action"] for row in rows(db)] == ["thing.made"]


def test_a_request_asks_the_database_for_two_statements_more(db: Database) -> None:
    recorded(db, 1)

    with statements(db) as sent:
        recorded(db, 1)

    assert beginnings(sent) == ["UPDATE audit_head SET", "INSERT INTO audit_event"]


@pytest.mark.parametrize("action", sorted(REASONED))
def test_what_needs_a_reason_is_not_recorded_without(db: Database, action: str) -> None:
    for reason in (None, "", "  "):
        with pytest.raises(ValueError, match="needs a reason"), db.write() as session:
            record(session, system("test"), action, "thing", THING, now=NOW, reason=reason)
    assert rows(db) == []

    with db.write() as session:
        record(session, system("test"), action, "thing", THING, now=NOW, reason="because")
    assert [row["reason"] for row in rows(db)] == ["because"]


def test_a_fraction_is_not_recorded(db: Database) -> None:
    with pytest.raises(TypeError, match="binary fractions"), db.write() as session:
        record(session, system("test"), "thing.made", "thing", THING, now=NOW, after={"price": 0.1})

    assert rows(db) == []


CHANGES = [
    "UPDATE audit_event SET action = 'x.y'",
    "UPDATE audit_event SET position = position + 100",
    "UPDATE audit_event SET reason = 'x', personal = NULL",
    "UPDATE audit_event SET leaf_hash = ''",
    "UPDATE audit_about SET position = 5",
    "UPDATE audit_tile SET hash = ''",
    "UPDATE audit_checkpoint SET note = ''",
    "UPDATE audit_head SET size = size",
    "UPDATE audit_head SET size = size - 1",
    *(f"DELETE FROM {table}" for table in TABLES),
]
REPLACES = [
    "INSERT OR REPLACE INTO audit_event SELECT * FROM audit_event WHERE position = 3",
    "REPLACE INTO audit_head VALUES (1, 5)",
    "REPLACE INTO audit_tile SELECT * FROM audit_tile",
]


def test_no_table_of_the_trail_lets_go_of_anything(db: Database, tmp_path: Any) -> None:
    recorded(db, TILE, personal={UUID(int=9): {"email": "x@larch.sch.uk"}})
    sealer(db, tmp_path).seal()
    before = everything(db)
    assert all(before[table] for table in TABLES)

    is_sqlite = db.engine.dialect.name == "sqlite"
    for statement in CHANGES + (REPLACES if is_sqlite else [f"TRUNCATE {table}" for table in TABLES]):
        with pytest.raises(DBAPIError, match="the audit trail only grows"), db.engine.begin() as connection:
            connection.execute(text(statement))

    assert everything(db) == before


def test_what_is_personal_can_be_erased_where_it_stands(db: Database) -> None:
    recorded(db, 1, person())

    with db.engine.begin() as connection:
        connection.execute(text("UPDATE audit_event SET personal = NULL"))

    assert [row["personal"] for row in rows(db)] == [None]


def test_the_trail_is_written_at_the_very_end(db: Database) -> None:
    with statements(db) as sent, db.write() as session:
        record(session, system("test"), "thing.made", "thing", THING, now=NOW)
        session.execute(text("UPDATE outbox_message SET attempts = 1"))

    assert beginnings(sent) == ["UPDATE outbox_message SET", "UPDATE audit_head SET", "INSERT INTO audit_event"]
