"""What suppliers want to hear of, and telling them: of each open process that fits, once."""

from collections import defaultdict
from datetime import datetime
from uuid import UUID

import msgspec
from sqlmodel import Session, col, select

from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import Conflict, Forbidden, NotFound, refuse_if_any
from becta.kernel.events import announce, record
from becta.kernel.ids import new_id
from becta.market.accounts.models import Organisation
from becta.market.accounts.roles import OrganisationKind
from becta.market.db import Database
from becta.market.ocds.interests import MAX_INTERESTS, Interest, fits, interest_faults
from becta.market.ocds.models import NoticeAlert, NoticeInterest, OcdsNotice
from becta.market.ocds.queries import open_notices

KIND = "notice_interest"
"""What the audit trail calls an interest."""
Matches = dict[UUID, list[tuple[NoticeInterest, OcdsNotice]]]
"""By supplier, the notices that fit and the interest that each fits."""
TOPIC = "notice_alert"
"""The outbox's topic of a letter that tells of notices; its key is the `letter` of the alerts in it."""


def save_interest(session: Session, actor: Actor, wanted: Interest, *, now: datetime) -> NoticeInterest:
    """Save what a supplier wants to hear of from now on; raises Invalid, Forbidden or Conflict."""
    refuse_if_any(interest_faults(wanted))
    organisation_id = _supplier(session, actor)
    if len(interests_of(session, actor)) >= MAX_INTERESTS:
        raise Conflict(f"there are {MAX_INTERESTS} interests, the most there can be; end one first")
    made = NoticeInterest(
        id=new_id(), organisation_id=organisation_id, wanted=msgspec.to_builtins(wanted), created_at=now
    )
    session.add(made)
    session.flush()
    record(session, actor, "notice_interest.saved", KIND, made.id, now=now, after=made.wanted)
    return made


def end_interest(session: Session, actor: Actor, interest_id: UUID, *, now: datetime) -> NoticeInterest:
    """Stop telling of what fits an interest; raises NotFound, Forbidden, or Conflict if it has ended."""
    organisation_id = _supplier(session, actor)
    found = session.exec(select(NoticeInterest).where(NoticeInterest.id == interest_id).with_for_update()).first()
    if found is None or found.organisation_id != organisation_id:
        raise NotFound("interest", interest_id)
    if found.ended_at is not None:
        raise Conflict("this interest has ended already")
    found.ended_at = now
    record(session, actor, "notice_interest.ended", KIND, found.id, now=now)
    return found


def interests_of(session: Session, actor: Actor) -> list[NoticeInterest]:
    """What the actor's supplier wants to hear of, oldest first; raises Forbidden for who bids for none."""
    wanted = select(NoticeInterest).where(
        NoticeInterest.organisation_id == _supplier(session, actor), col(NoticeInterest.ended_at).is_(None)
    )
    return list(session.exec(wanted.order_by(col(NoticeInterest.id))))


def tell_of_notices(db: Database, *, now: datetime) -> int:
    """Announce a letter to every supplier for whom there is an open notice it was not told of; returns how many.

    Told is what came after the interest was saved; of a process a supplier hears once, however often it changes.
    """
    with db.only_one("notices") as is_ours:
        new = _news(db, now=now) if is_ours else {}
        if new:
            with db.write() as session:
                for matches in new.values():
                    _announce(session, matches, now=now)
    return len(new)


def _news(db: Database, *, now: datetime) -> Matches:
    still_open = select(OcdsNotice.ocid).where(col(OcdsNotice.deadline) > now)
    wanted = select(NoticeAlert.organisation_id, NoticeAlert.ocid).where(col(NoticeAlert.ocid).in_(still_open))
    with db.read() as session:
        interests = session.exec(select(NoticeInterest).where(col(NoticeInterest.ended_at).is_(None))).all()
        found = open_notices(session, now=now) if interests else []
        told = set(session.exec(wanted).all())
    return _that_fit(list(interests), found, told)


def _that_fit(interests: list[NoticeInterest], notices: list[OcdsNotice], told: set[tuple[UUID, str]]) -> Matches:
    """By supplier, what fits one of its interests and was not told."""
    new: Matches = defaultdict(list)
    for interest in interests:
        wanted = msgspec.convert(interest.wanted, Interest)
        for notice in notices:
            key = (interest.organisation_id, notice.ocid)
            if notice.imported_at < interest.created_at or key in told:
                continue
            if fits(wanted, cpv=notice.cpv, text=f"{notice.title} {notice.description}"):
                told.add(key)
                new[interest.organisation_id].append((interest, notice))
    return new


def _announce(session: Session, matches: list[tuple[NoticeInterest, OcdsNotice]], *, now: datetime) -> None:
    letter = new_id()
    for interest, notice in matches:
        session.add(
            NoticeAlert(
                id=new_id(),
                letter=letter,
                organisation_id=interest.organisation_id,
                interest_id=interest.id,
                notice_id=notice.id,
                ocid=notice.ocid,
                created_at=now,
            )
        )
    announce(session, TOPIC, letter, now=now)


def _supplier(session: Session, actor: Actor) -> UUID:
    """The supplier that the actor bids for."""
    actor.require(Scope.BIDS_MAKE)
    found = None if actor.organisation_id is None else session.get(Organisation, actor.organisation_id)
    if found is None or found.kind is not OrganisationKind.SUPPLIER:
        raise Forbidden(need=Scope.BIDS_MAKE, because="only a supplier saves what it wants to hear of")
    return found.id
