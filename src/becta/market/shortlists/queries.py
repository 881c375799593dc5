"""Reading shortlists: lists of two statements, one shortlist with what is true now, and who has what on theirs."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, ScalarSelect, func, select, true
from sqlmodel import Session, col

from becta.kernel.actor import Actor
from becta.kernel.errors import NotFound
from becta.market.accounts.models import Person
from becta.market.accounts.organisations import organisation_out, organisations_out
from becta.market.shortlists.models import Shortlist, ShortlistEntry
from becta.market.shortlists.rules import ShortlistState
from becta.market.shortlists.schemas import EntryOut, OnShortlist, RemovedOut, ShortlistOut, ShortlistShort
from becta.market.shortlists.standing import Names, badges_then, entries_now


def shortlists(
    session: Session,
    actor: Actor,
    *,
    state: ShortlistState | None = None,
    organisation_id: UUID | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[ShortlistShort]:
    """The shortlists within the actor's reach, newest first, two statements whatever their number."""
    wanted = select(Shortlist, col(Person.name), _open_entries()).join(
        Person, col(Person.id) == col(Shortlist.created_by)
    )
    wanted = wanted.where(_within_reach(actor))
    if state is not None:
        wanted = wanted.where(col(Shortlist.state) == state)
    if organisation_id is not None:
        wanted = wanted.where(col(Shortlist.organisation_id) == organisation_id)
    if before is not None:
        wanted = wanted.where(col(Shortlist.id) < before)
    rows = session.execute(wanted.order_by(col(Shortlist.id).desc()).limit(limit)).all()
    if not rows:
        return []
    named = organisations_out(session, list({one.organisation_id for one, _, _ in rows}))
    organisation_of = {one.id: one for one in named}
    return [
        ShortlistShort(
            id=one.id,
            organisation=organisation_of[one.organisation_id],
            name=one.name,
            state=one.state,
            entries=entries,
            created_by=one.created_by,
            created_by_name=name,
            created_at=one.created_at,
            ended_at=one.ended_at,
            revision=one.revision,
        )
        for one, name, entries in rows
    ]


def one_shortlist(session: Session, actor: Actor, shortlist_id: UUID, *, now: datetime) -> ShortlistOut:
    """A shortlist within the actor's reach with what is true of its products now; raises NotFound."""
    found = session.execute(
        select(Shortlist).where(col(Shortlist.id) == shortlist_id, _within_reach(actor))
    ).scalar_one_or_none()
    if found is None:
        raise NotFound("shortlist", shortlist_id)
    entries = entries_of(session, shortlist_id)
    names = _names(session, found, entries)
    on_it = [entry for entry in entries if entry.removed_at is None]
    return ShortlistOut(
        id=found.id,
        organisation=organisation_out(session, found.organisation_id),
        name=found.name,
        need=found.need,
        badges=tuple(found.badges),
        state=found.state,
        created_by=found.created_by,
        created_by_name=names.get(found.created_by),
        created_at=found.created_at,
        chosen_product_id=found.chosen_product_id,
        reason=found.reason,
        ended_by=found.ended_by,
        ended_by_name=None if found.ended_by is None else names.get(found.ended_by),
        ended_at=found.ended_at,
        entries=entries_now(session, on_it, found.badges, names, now=now),
        removed=tuple(_removed(entry, names) for entry in entries if entry.removed_at is not None),
        as_ended=_as_ended(found, names),
        revision=found.revision,
    )


def entries_of(session: Session, shortlist_id: UUID) -> Sequence[ShortlistEntry]:
    """Everything that is or was on a shortlist, in the order it was put there."""
    wanted = select(ShortlistEntry).where(col(ShortlistEntry.shortlist_id) == shortlist_id)
    return session.execute(wanted.order_by(col(ShortlistEntry.id))).scalars().all()


def holders_of(session: Session, product_ids: Iterable[UUID]) -> list[OnShortlist]:
    """Which open shortlists have these products on them now, in one statement: whom a lost badge concerns.

    For the marketplace itself: it asks no actor and crosses organisations.
    """
    rows = session.execute(
        select(col(Shortlist.organisation_id), col(Shortlist.id), col(Shortlist.name), col(ShortlistEntry.product_id))
        .join(ShortlistEntry, col(ShortlistEntry.shortlist_id) == col(Shortlist.id))
        .where(
            col(Shortlist.state) == ShortlistState.OPEN,
            col(ShortlistEntry.removed_at).is_(None),
            col(ShortlistEntry.product_id).in_(sorted(set(product_ids))),
        )
        .order_by(col(Shortlist.organisation_id), col(Shortlist.id), col(ShortlistEntry.id))
    )
    return [OnShortlist(*row) for row in rows]


def _within_reach(actor: Actor) -> ColumnElement[bool]:
    if actor.bound_to is None:
        return true()
    return col(Shortlist.organisation_id).in_(sorted({actor.bound_to, *actor.also_reaches}))


def _open_entries() -> ScalarSelect[int]:
    entry = ShortlistEntry
    counted = select(func.count()).where(col(entry.shortlist_id) == col(Shortlist.id), col(entry.removed_at).is_(None))
    return counted.correlate(Shortlist).scalar_subquery()


def _names(session: Session, found: Shortlist, entries: Sequence[ShortlistEntry]) -> Names:
    """The names of everybody who had a hand in a shortlist, None for those whose data were erased."""
    ids = {found.created_by, found.ended_by} | {by for one in entries for by in (one.added_by, one.removed_by)}
    wanted = select(col(Person.id), col(Person.name)).where(col(Person.id).in_(sorted(id_ for id_ in ids if id_)))
    return {row[0]: row[1] for row in session.execute(wanted)}


def _as_ended(found: Shortlist, names: Names) -> tuple[EntryOut, ...] | None:
    """The entries as they stood when it ended; names are not stored with them, so that they can be erased."""
    if found.as_ended is None:
        return None
    kept = msgspec.convert(found.as_ended, tuple[EntryOut, ...])
    return tuple(msgspec.structs.replace(entry, added_by_name=names.get(entry.added_by)) for entry in kept)


def _removed(entry: ShortlistEntry, names: Names) -> RemovedOut:
    assert entry.removed_by is not None  # the table's check constraint
    assert entry.removed_at is not None
    return RemovedOut(
        id=entry.id,
        product_id=entry.product_id,
        title=entry.title_then,
        supplier=entry.supplier_then,
        note=entry.note,
        added_by=entry.added_by,
        added_by_name=names.get(entry.added_by),
        added_at=entry.added_at,
        price_pence_then=entry.price_pence_then,
        badges_then=badges_then(entry),
        removed_by=entry.removed_by,
        removed_by_name=names.get(entry.removed_by),
        removed_at=entry.removed_at,
        reason=entry.removed_reason or "",
    )
