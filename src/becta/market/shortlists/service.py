"""Use cases of shortlists: start and amend one, put products on it and take them off, close or archive it.

A shortlist must show afterwards who chose and why, so a person is behind each of these.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlmodel import Session, select

from becta.catalogue.text_rules import text_faults
from becta.compliance.badges.requirements import parse_requirement
from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import Conflict, Fault, Forbidden, Invalid, NotFound, refuse_if_any, refuse_if_stale
from becta.kernel.events import record
from becta.kernel.ids import new_id
from becta.market.accounts.models import Organisation
from becta.market.accounts.organisations import open_organisation
from becta.market.delegation.rules import SPENDING
from becta.market.listings.compose import cheapest_offer
from becta.market.listings.queries import one_listing
from becta.market.shortlists.models import Shortlist, ShortlistEntry
from becta.market.shortlists.queries import entries_of
from becta.market.shortlists.rules import (
    MAX_ENTRIES,
    ShortlistState,
    check_move,
    check_open,
    reason_faults,
    shortlist_faults,
)
from becta.market.shortlists.schemas import Choice, NewEntry, NewShortlist, ShortlistTerms
from becta.market.shortlists.standing import entries_now, held_badges

KIND = "shortlist"
"""What the audit trail calls a shortlist."""


def start_shortlist(session: Session, actor: Actor, wanted: NewShortlist, *, now: datetime) -> Shortlist:
    """Start a shortlist for a school or trust; raises Invalid, Forbidden or NotFound."""
    person_id = _person(actor)
    badges = _checked(wanted)
    organisation = _buying(session, wanted.organisation, now=now)
    actor.require(Scope.SHORTLISTS_WRITE, of=organisation.id)
    made = Shortlist(
        id=new_id(),
        organisation_id=organisation.id,
        name=wanted.name.strip(),
        need=wanted.need.strip(),
        badges=badges,
        state=ShortlistState.OPEN,
        created_by=person_id,
        created_at=now,
    )
    session.add(made)
    session.flush()
    after = made.model_dump(include={"organisation_id", *_SAID})
    record(session, actor, "shortlist.started", KIND, made.id, now=now, after=after)
    return made


def amend_shortlist(
    session: Session, actor: Actor, shortlist_id: UUID, wanted: ShortlistTerms, *, revision: int | None, now: datetime
) -> Shortlist:
    """Change what an open shortlist says of itself; raises Invalid, NotFound, Forbidden, Stale, or Conflict."""
    badges = _checked(wanted)
    shortlist = _locked(session, actor, shortlist_id, revision)
    check_open(shortlist.state)
    before = shortlist.model_dump(include=_SAID)
    shortlist.name, shortlist.need, shortlist.badges = wanted.name.strip(), wanted.need.strip(), badges
    shortlist.revision += 1
    after = shortlist.model_dump(include=_SAID)
    record(session, actor, "shortlist.amended", KIND, shortlist.id, now=now, before=before, after=after)
    return shortlist


def add_to_shortlist(
    session: Session, actor: Actor, shortlist_id: UUID, wanted: NewEntry, *, revision: int | None, now: datetime
) -> ShortlistEntry:
    """Put a listed product on an open shortlist, with its price and the badges that hold at this second.

    Raises Invalid, NotFound, Forbidden, Stale, or Conflict if it is on it already or there is no room.
    """
    refuse_if_any(text_faults("note", wanted.note, at_most=1_000))
    shortlist = _locked(session, actor, shortlist_id, revision)
    check_open(shortlist.state)
    on_it = _on_it(session, shortlist.id)
    if any(entry.product_id == wanted.product_id for entry in on_it):
        raise Conflict("the product is on this shortlist already")
    if len(on_it) >= MAX_ENTRIES:
        raise Conflict(f"there are {MAX_ENTRIES} products on this shortlist, the most there can be; remove one first")
    parts = one_listing(session, wanted.product_id)
    cheapest = cheapest_offer(parts)
    entry = ShortlistEntry(
        id=new_id(),
        shortlist_id=shortlist.id,
        product_id=wanted.product_id,
        note=wanted.note.strip(),
        added_by=_person(actor),
        added_at=now,
        title_then=parts.version.title,
        supplier_then=parts.supplier.name,
        price_pence_then=None if cheapest is None else cheapest.price_pence,
        badges_then=[msgspec.to_builtins(badge) for badge in held_badges(parts.claims, now=now)],
    )
    session.add(entry)
    shortlist.revision += 1
    session.flush()
    told = {"product_id", "note", "title_then", "price_pence_then", "badges_then"}
    after = {"entry_id": entry.id, **entry.model_dump(include=told)}
    record(session, actor, "shortlist.entry_added", KIND, shortlist.id, now=now, after=after)
    return entry


def remove_from_shortlist(
    session: Session,
    actor: Actor,
    shortlist_id: UUID,
    entry_id: UUID,
    reason: str,
    *,
    revision: int | None,
    now: datetime,
) -> ShortlistEntry:
    """Take a product off an open shortlist, saying why; the entry is kept as history.

    Raises Invalid, NotFound, Forbidden, Stale, or Conflict if it was taken off already.
    """
    refuse_if_any(reason_faults(reason))
    shortlist = _locked(session, actor, shortlist_id, revision)
    check_open(shortlist.state)
    entry = session.get(ShortlistEntry, entry_id)
    if entry is None or entry.shortlist_id != shortlist.id:
        raise NotFound("entry", entry_id)
    if entry.removed_at is not None:
        raise Conflict("the product was taken off this shortlist already")
    entry.removed_at, entry.removed_by, entry.removed_reason = now, _person(actor), reason.strip()
    shortlist.revision += 1
    session.flush()
    before = {"entry_id": entry.id, "product_id": entry.product_id}
    record(session, actor, "shortlist.entry_removed", KIND, shortlist.id, now=now, before=before, reason=reason.strip())
    return entry


def close_shortlist(
    session: Session, actor: Actor, shortlist_id: UUID, choice: Choice, *, revision: int | None, now: datetime
) -> Shortlist:
    """Close a shortlist with the product chosen from it and why; from then on it is frozen as it stands.

    Raises Invalid, also for a product that is not on it, NotFound, Forbidden, Stale, or Conflict.
    """
    refuse_if_any(reason_faults(choice.reason))
    shortlist = _locked(session, actor, shortlist_id, revision)
    check_move(shortlist.state, ShortlistState.CLOSED)
    if all(entry.product_id != choice.product_id for entry in _on_it(session, shortlist.id)):
        problem, mend = "is not on this shortlist", "choose a product that is, or add it first"
        fault = Fault(field="product_id", problem=problem, mend=mend, value=str(choice.product_id))
        raise Invalid([fault])
    return _end(session, actor, shortlist, choice.reason, chosen=choice.product_id, now=now)


def archive_shortlist(
    session: Session, actor: Actor, shortlist_id: UUID, reason: str, *, revision: int | None, now: datetime
) -> Shortlist:
    """Put a shortlist away without a choice, saying why; raises Invalid, NotFound, Forbidden, Stale, or Conflict."""
    refuse_if_any(reason_faults(reason))
    shortlist = _locked(session, actor, shortlist_id, revision)
    check_move(shortlist.state, ShortlistState.ARCHIVED)
    return _end(session, actor, shortlist, reason, chosen=None, now=now)


_SAID = {"name", "need", "badges"}


def _end(
    session: Session, actor: Actor, shortlist: Shortlist, reason: str, *, chosen: UUID | None, now: datetime
) -> Shortlist:
    """Freeze a shortlist as it stands: closed with what is chosen, archived without."""
    state = ShortlistState.ARCHIVED if chosen is None else ShortlistState.CLOSED
    stood = entries_now(session, _on_it(session, shortlist.id), shortlist.badges, {}, now=now)
    shortlist.as_ended = [msgspec.to_builtins(entry) for entry in stood]
    shortlist.ended_at, shortlist.ended_by, shortlist.reason = now, _person(actor), reason.strip()
    shortlist.state, shortlist.chosen_product_id = state, chosen
    shortlist.revision += 1
    session.flush()
    after = {"state": state, "chosen_product_id": shortlist.chosen_product_id}
    before = {"state": ShortlistState.OPEN}
    record(
        session,
        actor,
        f"shortlist.{state}",
        KIND,
        shortlist.id,
        now=now,
        before=before,
        after=after,
        reason=shortlist.reason,
    )
    return shortlist


def _person(actor: Actor) -> UUID:
    if actor.person_id is None:
        because = "a shortlist needs a person behind it: use that person's own token"
        raise Forbidden(need=Scope.SHORTLISTS_WRITE, because=because)
    return actor.person_id


def _checked(wanted: NewShortlist | ShortlistTerms) -> list[str]:
    """The wanted badges, each written in the one way there is and once; raises Invalid with every fault."""
    faults = shortlist_faults(name=wanted.name, need=wanted.need, badges=wanted.badges)
    texts = []
    for place, text in enumerate(wanted.badges):
        try:
            texts.append(parse_requirement(text).text)
        except Invalid as error:
            faults += [msgspec.structs.replace(fault, field=f"badges.{place}.{fault.field}") for fault in error.faults]
    refuse_if_any(faults)
    return list(dict.fromkeys(texts))


def _buying(session: Session, reference: str, *, now: datetime) -> Organisation:
    organisation = open_organisation(session, reference, now=now)
    if organisation.kind not in SPENDING:
        mend = 'name a school ("urn:100000") or a trust ("trust:2044")'
        problem = "is neither a school nor a trust"
        raise Invalid([Fault(field="organisation", problem=problem, mend=mend, value=reference[:80])])
    return organisation


def _locked(session: Session, actor: Actor, shortlist_id: UUID, revision: int | None) -> Shortlist:
    """The shortlist, locked for change; to whoever does not reach it there is none."""
    found = session.exec(select(Shortlist).where(Shortlist.id == shortlist_id).with_for_update()).first()
    if found is None or not actor.reaches(found.organisation_id):
        raise NotFound(KIND, shortlist_id)
    actor.require(Scope.SHORTLISTS_WRITE, of=found.organisation_id)
    _person(actor)
    refuse_if_stale(revision, found.revision)
    return found


def _on_it(session: Session, shortlist_id: UUID) -> Sequence[ShortlistEntry]:
    return [entry for entry in entries_of(session, shortlist_id) if entry.removed_at is None]
