"""Enums are stored by value; the audit trail and the outbox live and die with the change's own transaction."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum

import pytest
from sqlalchemy import Column, MetaData, Table, insert, select, text
from sqlalchemy.exc import DBAPIError, StatementError
from sqlmodel import select as select_rows

from becta.kernel.actor import Actor
from becta.kernel.events import AuditEvent, OutboxMessage, announce, record
from becta.kernel.ids import new_id
from becta.kernel.tables import EnumText
from becta.market.db import Database

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


class Colour(StrEnum):
    RED = "red-ish"
    BLUE = "blue"


PAINT = Table("paint_of_a_test", MetaData(), Column("colour", EnumText(Colour)))


@pytest.fixture
def paint(db: Database) -> Table:
    with db.write() as session:
        PAINT.create(session.connection())
    return PAINT


def test_an_enum_is_stored_as_its_value_and_comes_back_as_a_member(db: Database, paint: Table) -> None:
    with db.write() as session:
        session.execute(insert(paint), [{"colour": Colour.RED}, {"colour": "blue"}, {"colour": None}])

    with db.read() as session:
        stored = session.execute(text("SELECT colour FROM paint_of_a_test ORDER BY colour")).scalars().all()
        read = session.execute(select(paint.c.colour).where(paint.c.colour.is_not(None))).scalars().all()

    assert set(stored) == {"red-ish", "blue", None}
    assert sorted(read) == [Colour.BLUE, Colour.RED]
    assert {type(colour) for colour in read} == {Colour}


@pytest.mark.parametrize(
    ("_case", "value"), [("a member's name", "RED"), ("another case", "Blue"), ("anything else", "green")]
)
def test_what_is_no_member_is_not_stored(_case: str, value: str, db: Database, paint: Table) -> None:
    with pytest.raises(StatementError, match="is not a valid Colour"), db.write() as session:
        session.execute(insert(paint), [{"colour": value}])

    with db.read() as session:
        assert session.execute(select(paint)).all() == []


def test_a_value_nobody_knows_is_not_read_as_a_member(db: Database, paint: Table) -> None:
    with db.write() as session:
        session.execute(text("INSERT INTO paint_of_a_test VALUES ('green')"))

    with db.read() as session, pytest.raises(ValueError, match="'green' is not a valid Colour"):
        session.execute(select(paint)).all()


def test_audit_and_outbox_tell_who_did_what_when(db: Database, operator: Actor) -> None:
    key = new_id()
    with db.write() as session:
        record(session, operator, "thing.made", "thing", key, now=NOW, after={"a": [1, "é"]}, reason="because")
        announce(session, "thing", key, now=NOW)

    with db.read() as session:
        event = session.exec(select_rows(AuditEvent)).one()
        message = session.exec(select_rows(OutboxMessage)).one()

    assert (event.at, event.action, event.object_type, event.object_id) == (NOW, "thing.made", "thing", key)
    assert (event.actor_kind, event.actor_id, event.actor_label, event.acting_for) == ("system", "system", "test", None)
    assert (event.before, event.after, event.reason) == (None, {"a": [1, "é"]}, "because")
    assert (message.topic, message.key, message.created_at) == ("thing", key, NOW)
    assert (message.done_at, message.attempts, message.retry_at, message.parked_at) == (None, 0, None, None)


def test_a_supplier_acting_is_named_in_the_audit_trail(db: Database) -> None:
    supplier_id = new_id()
    actor = Actor(kind="token", id="7", label="Larch's shop", scopes=frozenset(), organisation_id=supplier_id)
    with db.write() as session:
        record(session, actor, "thing.made", "thing", new_id(), now=NOW)

    with db.read() as session:
        event = session.exec(select_rows(AuditEvent)).one()

    assert (event.actor_kind, event.actor_label, event.acting_for) == ("token", "Larch's shop", supplier_id)


def test_a_change_undone_leaves_no_audit_event_and_no_message(db: Database, operator: Actor) -> None:
    def make_and_fail() -> None:
        with db.write() as session:
            record(session, operator, "thing.made", "thing", new_id(), now=NOW)
            announce(session, "thing", new_id(), now=NOW)
            session.flush()
            raise RuntimeError("undo")

    with pytest.raises(RuntimeError, match="undo"):
        make_and_fail()

    with db.read() as session:
        assert session.exec(select_rows(AuditEvent)).all() == []
        assert session.exec(select_rows(OutboxMessage)).all() == []


@pytest.mark.parametrize("statement", ["UPDATE audit_event SET action = 'other'", "DELETE FROM audit_event"])
def test_the_audit_trail_only_grows(statement: str, db: Database, operator: Actor) -> None:
    with db.write() as session:
        record(session, operator, "thing.made", "thing", new_id(), now=NOW)

    with pytest.raises(DBAPIError, match="the audit trail only grows"), db.write() as session:
        session.execute(text(statement))

    with db.read() as session:
        assert session.exec(select_rows(AuditEvent)).one().action == "thing.made"


def test_times_come_back_aware_and_in_utc(db: Database, operator: Actor) -> None:
    with db.write() as session:
        record(session, operator, "thing.made", "thing", new_id(), now=NOW)

    with db.read() as session:
        at = session.exec(select_rows(AuditEvent)).one().at

    assert at.utcoffset() == timedelta(0)
