"""What the trail holds about a person that can be erased: found, told, and erased.

The hashed entry keeps a commitment, a hash over random salt and the fields; without the salt it tells nobody anything.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import bindparam, select, union
from sqlmodel import Session, update

from becta.kernel.append import ABOUT, EVENTS

BATCH = 1_000


class Held(Struct, frozen=True, kw_only=True):
    """Fields about a person that an event holds."""

    position: int
    at: datetime
    action: str
    object_type: str
    object_id: UUID
    fields: dict[str, Any]


def personal_fields(session: Session, person_id: UUID) -> Iterator[Held]:
    """Everything the trail holds about a person, in order."""
    for row in _about(session, person_id):
        opening = (row.personal or {}).get(str(person_id))
        if opening is not None:
            yield Held(
                position=row.position,
                at=row.at,
                action=row.action,
                object_type=row.object_type,
                object_id=row.object_id,
                fields=opening["fields"],
            )


def erase_personal(session: Session, person_id: UUID) -> int:
    """Erase what the trail holds about a person, in how many events; the use case records `person.erased`.

    Events recorded on the same session are not in the trail yet: they must hold nothing about the person.
    """
    statement = update(EVENTS).where(EVENTS.c.position == bindparam("at_position")).values(personal=bindparam("left"))
    fresh = []
    for row in _about(session, person_id):
        held = row.personal or {}
        left = {key: value for key, value in held.items() if key != str(person_id)}
        if left != held:
            fresh.append({"at_position": row.position, "left": left or None})
    for begin in range(0, len(fresh), BATCH):
        session.connection().execute(statement, fresh[begin : begin + BATCH])
    return len(fresh)


def _about(session: Session, person_id: UUID) -> Any:
    found = union(
        select(EVENTS.c.position).where(EVENTS.c.person_id == person_id),
        select(ABOUT.c.position).where(ABOUT.c.person_id == person_id),
    ).subquery()
    query = (
        select(*(EVENTS.c[name] for name in ("position", "at", "action", "object_type", "object_id", "personal")))
        .join(found, found.c.position == EVENTS.c.position)
        .order_by(EVENTS.c.position)
    )
    return session.connection().execute(query)
