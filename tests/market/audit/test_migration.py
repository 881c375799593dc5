"""Events recorded before the trail was a tree become its first leaves, and come out of it again as they were."""

from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, text
from tests.support.trail import recorded

from becta.kernel.trail import TILE
from becta.market.audit.verify import verify
from becta.market.db import Database

BEFORE = "20261122_1610"
SHOWN = "SELECT {} AS number, action, actor_label, object_id, before, after, reason, at FROM audit_event ORDER BY {}"


def old_events(connection: Connection, count: int) -> None:
    """Events as they were numbered before: from 1, with a gap where a transaction failed."""
    at = "2026-09-01 09:00:00.123456" + ("+00" if connection.dialect.name == "postgresql" else "")
    for number in range(count):
        connection.execute(
            text(
                "INSERT INTO audit_event (id, at, actor_kind, actor_id, actor_label, action, object_type, object_id,"
                " before, after) VALUES"
                " (:id, :at, 'system', 'system', 'test', :action, 'thing', :object, 'null', :after)"
            ),
            {
                "id": 1 + number + (number > 10) * 5,
                "at": at,
                "action": f"thing.made_{number}",
                "object": f"{number:032x}",
                "after": '{"z": 1, "a": ["x", null]}',
            },
        )


def shown(db: Database, key: str) -> list[dict[str, Any]]:
    with db.engine.connect() as connection:
        return [dict(row) for row in connection.execute(text(SHOWN.format(key, key))).mappings()]


@pytest.mark.parametrize("count", [0, 1, 2 * TILE + 5])
def test_events_there_were_become_leaves_in_their_order_and_can_go_back(db: Database, count: int) -> None:
    config = db.alembic_config()
    command.downgrade(config, BEFORE)
    with db.engine.begin() as connection:
        old_events(connection, count)
    old = shown(db, "id")

    command.upgrade(config, "head")

    new = shown(db, "position")
    assert [row["number"] for row in new] == list(range(count))
    assert [row["action"] for row in new] == [row["action"] for row in old]
    report = verify(db, [])
    assert (report.is_sound, report.events) == (True, count)
    recorded(db, 3)
    assert verify(db, []).events == count + 3

    command.downgrade(config, BEFORE)
    back = shown(db, "id")
    assert [row["number"] for row in back] == list(range(1, count + 4))
    assert [{**row, "number": 0, "before": None} for row in back[:count]] == [
        {**row, "number": 0, "before": None} for row in old
    ]
    with db.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO audit_event (at, actor_kind, actor_id, actor_label, action, object_type, object_id)"
                " SELECT at, actor_kind, actor_id, actor_label, action, object_type, object_id FROM audit_event LIMIT 1"
            )
        )
        assert connection.execute(text("SELECT max(id) FROM audit_event")).scalar() == count + 4
    command.upgrade(config, "head")
    assert verify(db, []).is_sound
