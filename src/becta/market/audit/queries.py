"""Reading the trail: single events, the history of an object, and proofs. Who may see an event is asked here."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, RowMapping, or_, select, true

from becta.kernel.actor import Actor
from becta.kernel.append import EVENTS, HASHED
from becta.kernel.errors import Fault, Invalid, NotFound
from becta.kernel.trail import MAX_INTEGER, Entry, canonical, consistency_path, inclusion_path, root_of
from becta.market.audit.owners import is_owned, tells_of_owned
from becta.market.audit.schemas import ConsistencyOut, EventOut, InclusionOut, Opening, Proof
from becta.market.audit.sealing import Checkpoint, hashes_of, trail_size

_SHOWN = tuple(name for name in EventOut.__struct_fields__ if name != "entry")


def visible(actor: Actor) -> ColumnElement[bool]:
    """What holds of the events an actor may see: all for the marketplace, else those its organisations may know of.

    They may know what was done for them, and what anybody did to a thing of theirs.
    """
    if actor.bound_to is None:
        return true()
    reach = {actor.bound_to, *actor.also_reaches}
    return or_(EVENTS.c.acting_for.in_(reach), tells_of_owned(reach))


def one_event(connection: Connection, actor: Actor, position: int) -> EventOut:
    """An event with the text that is hashed; raises NotFound for one that the actor may not see."""
    row = _row(connection, actor, position)
    return _event(row, entry=entry_of(row).decode())


def history(
    connection: Connection, actor: Actor, object_type: str, object_id: UUID, *, before: int | None, limit: int
) -> list[EventOut]:
    """What was done to an object, newest first, from just before a position; all of it to whoever reaches its owner.

    Whether the actor may read the trail is asked by the API. A page that shows an object may show its history as well.
    """
    query = select(*(EVENTS.c[name] for name in _SHOWN)).where(
        EVENTS.c.object_type == object_type, EVENTS.c.object_id == object_id
    )
    if actor.bound_to is not None:
        reach = {actor.bound_to, *actor.also_reaches}
        query = query.where(or_(EVENTS.c.acting_for.in_(reach), is_owned(reach, object_type, object_id)))
    if before is not None:
        query = query.where(EVENTS.c.position < before)
    rows = connection.execute(query.order_by(EVENTS.c.position.desc()).limit(limit))
    return [_event(row) for row in rows.mappings()]


def proof_of(connection: Connection, actor: Actor, position: int, checkpoint: Checkpoint) -> Proof:
    """Everything needed to check an event against a checkpoint; raises NotFound for one the actor may not see."""
    row = _row(connection, actor, position)
    path = inclusion_path(hashes_of(connection), position, checkpoint.size)
    return Proof(
        entry=entry_of(row).decode(),
        personal={UUID(person): Opening(**opening) for person, opening in (row["personal"] or {}).items()},
        index=position,
        size=checkpoint.size,
        path=[one.hex() for one in path],
        checkpoint=checkpoint.note,
    )


def inclusion(connection: Connection, position: int, size: int) -> InclusionOut:
    """The proof that an event is among the first `size`; raises NotFound, or Invalid for a size that cannot be."""
    held = trail_size(connection)
    if not 0 <= position < held:
        raise NotFound("audit event", position)
    if not position < size <= held:
        mend = f"choose one from {position + 1} to {held}"
        raise Invalid([Fault(field="size", problem="has no tree with this event", mend=mend, value=str(size))])
    hashes = hashes_of(connection)
    [leaf] = hashes(0, position, position + 1)
    path = inclusion_path(hashes, position, size)
    return InclusionOut(
        position=position,
        leaf_hash=leaf.hex(),
        size=size,
        root=root_of(hashes, size).hex(),
        path=[one.hex() for one in path],
    )


def consistency(connection: Connection, first: int, second: int) -> ConsistencyOut:
    """The proof that the trail only grew from one size to another; raises Invalid for sizes that cannot be."""
    held = trail_size(connection)
    if not 1 <= first <= second <= held:
        mend = f"choose 1 <= first <= second <= {held}"
        raise Invalid([Fault(field="second", problem="and first are not sizes in order", mend=mend)])
    hashes = hashes_of(connection)
    return ConsistencyOut(
        first=first,
        first_root=root_of(hashes, first).hex(),
        second=second,
        second_root=root_of(hashes, second).hex(),
        path=[one.hex() for one in consistency_path(hashes, first, second)],
    )


def entry_of(row: RowMapping) -> bytes:
    """The text of a stored event that is hashed."""
    return canonical(Entry(**{name: row[name] for name in HASHED}))


def entry_at(row: RowMapping, position: int) -> bytes:
    """The text of a stored event as it would be at a position."""
    return canonical(Entry(**{**{name: row[name] for name in HASHED}, "position": position}))


def _row(connection: Connection, actor: Actor, position: int) -> RowMapping:
    if position >= MAX_INTEGER:
        raise NotFound("audit event", position)
    query = select(EVENTS).where(EVENTS.c.position == position, visible(actor))
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NotFound("audit event", position)
    return row


def _event(row: RowMapping, **more: Any) -> EventOut:
    personal = {UUID(person): opening["fields"] for person, opening in (row["personal"] or {}).items()}
    label = row["actor_label"]
    if row["person_id"] is not None:
        label = personal.get(row["person_id"], {}).get("label")
    known = {name: row[name] for name in _SHOWN}
    return EventOut(**{**known, "actor_label": label, "personal": personal}, **more)
