"""Sessions: started, found again by their cookie, moved to another organisation, ended, and swept away."""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlmodel import Session, col

from becta.kernel.errors import NotFound
from becta.kernel.events import record
from becta.kernel.ids import new_id
from becta.market.accounts.access import person_actor
from becta.market.accounts.hashing import hash_of
from becta.market.accounts.models import Member, Person
from becta.market.accounts.organisations import OrganisationOut, organisations_out
from becta.market.db import Database
from becta.market.signin.models import BrowserSession, SignInFlow, SignInLink
from becta.market.signin.rules import ENDED_KEPT, SEEN_EVERY

SESSION = "browser_session"


class SessionOut(Struct, frozen=True, kw_only=True):
    """A session as its person sees it."""

    id: UUID
    via: str
    started_at: datetime
    seen_at: datetime


def new_secret() -> str:
    """A fresh secret of 256 bits for a cookie, a state or a nonce."""
    return secrets.token_urlsafe(32)


def start_session(
    session: Session,
    person: Person,
    *,
    via: str,
    organisation_id: UUID | None,
    lasts: timedelta,
    now: datetime,
) -> tuple[BrowserSession, str]:
    """Sign a person in: a new session, and its secret, which nobody had before."""
    secret = new_secret()
    made = BrowserSession(
        id=new_id(),
        secret_hash=hash_of(secret),
        person_id=person.id,
        organisation_id=organisation_id,
        via=via,
        created_at=now,
        seen_at=now,
        expires_at=now + lasts,
    )
    session.add(made)
    session.flush()
    actor = person_actor(session, person, organisation_id)
    record(session, actor, "person.signed_in", "person", person.id, now=now, after={"session": made.id, "via": via})
    return made, secret


def find_session(
    session: Session, secret: str, *, idle: timedelta, now: datetime
) -> tuple[BrowserSession, Person] | None:
    """The live session with this secret and its person, None if there is none."""
    row = session.execute(
        select(BrowserSession, Person)
        .join(Person, col(Person.id) == col(BrowserSession.person_id))
        .where(
            col(BrowserSession.secret_hash) == hash_of(secret),
            _is_live(now=now, idle=idle),
            col(Person.erased_at).is_(None),
        )
    ).first()
    return None if row is None else (row[0], row[1])


def lock_session(
    session: Session, session_id: UUID, *, idle: timedelta, now: datetime
) -> tuple[BrowserSession, Person]:
    """A live session for changing it; raises NotFound if it has ended meanwhile."""
    held = session.execute(
        select(BrowserSession)
        .where(col(BrowserSession.id) == session_id, _is_live(now=now, idle=idle))
        .with_for_update()
    ).scalar()
    if held is None:
        raise NotFound("session", session_id)
    return held, session.get_one(Person, held.person_id)


def note_seen(db: Database, held: BrowserSession, *, now: datetime) -> None:
    """Write that a session was used, at most once a minute."""
    if now - held.seen_at < SEEN_EVERY:
        return
    with db.write() as session:
        session.execute(
            update(BrowserSession)
            .where(col(BrowserSession.id) == held.id, col(BrowserSession.seen_at) < now)
            .values(seen_at=now)
        )


def choose_organisation(
    session: Session, held: BrowserSession, person: Person, organisation_id: UUID, *, now: datetime
) -> str:
    """Act for another organisation from now on; the session gets a fresh secret. Raises NotFound unless a member."""
    actor = person_actor(session, person, organisation_id)
    if actor.organisation_id is None:
        raise NotFound("organisation", organisation_id)
    before = {"organisation_id": held.organisation_id}
    secret = new_secret()
    held.organisation_id, held.secret_hash = organisation_id, hash_of(secret)
    session.flush()
    after = {"organisation_id": organisation_id}
    record(session, actor, "session.organisation_chosen", SESSION, held.id, now=now, before=before, after=after)
    return secret


def sign_out(session: Session, held: BrowserSession, person: Person, *, now: datetime) -> None:
    """End a session."""
    held.ended_at = now
    actor = person_actor(session, person, held.organisation_id)
    record(session, actor, "person.signed_out", "person", person.id, now=now, after={"sessions": [held.id]})


def sign_out_everywhere(session: Session, held: BrowserSession, person: Person, *, now: datetime) -> int:
    """End every session of the person who holds this one; returns how many."""
    ended = session.execute(
        update(BrowserSession)
        .where(col(BrowserSession.person_id) == person.id, col(BrowserSession.ended_at).is_(None))
        .values(ended_at=now)
        .returning(col(BrowserSession.id))
    ).scalars()
    ids = sorted(ended)
    actor = person_actor(session, person, held.organisation_id)
    record(session, actor, "person.signed_out", "person", person.id, now=now, after={"sessions": ids})
    return len(ids)


def sessions_of(session: Session, person_id: UUID, *, idle: timedelta, now: datetime) -> list[SessionOut]:
    """The live sessions of a person, the one used last first."""
    held = session.execute(
        select(BrowserSession)
        .where(col(BrowserSession.person_id) == person_id, _is_live(now=now, idle=idle))
        .order_by(col(BrowserSession.seen_at).desc(), col(BrowserSession.id).desc())
    ).scalars()
    return [SessionOut(id=one.id, via=one.via, started_at=one.created_at, seen_at=one.seen_at) for one in held]


def organisations_of(session: Session, person_id: UUID) -> list[OrganisationOut]:
    """The organisations a person is a member of now, by name."""
    ids = session.execute(
        select(col(Member.organisation_id)).where(col(Member.person_id) == person_id, col(Member.ended_at).is_(None))
    ).scalars()
    return organisations_out(session, list(ids))


def only_organisation(session: Session, person_id: UUID) -> UUID | None:
    """The organisation of a person who is a member of exactly one: there is nothing to pick."""
    found = organisations_of(session, person_id)
    return found[0].id if len(found) == 1 else None


def prune(db: Database, *, now: datetime) -> int:
    """Delete what is over: links and sign-ins that expired, and sessions that ended long ago; returns how many."""
    longest_ago = now - ENDED_KEPT
    over = (
        delete(SignInLink).where(col(SignInLink.expires_at) <= now),
        delete(SignInFlow).where(col(SignInFlow.expires_at) <= now),
        delete(BrowserSession).where(
            or_(
                col(BrowserSession.ended_at) <= longest_ago,
                col(BrowserSession.expires_at) <= longest_ago,
                col(BrowserSession.seen_at) <= longest_ago,
            )
        ),
    )
    with db.write() as session:
        return sum(session.execute(statement).rowcount for statement in over)  # type: ignore[attr-defined] # CursorResult


def _is_live(*, now: datetime, idle: timedelta) -> ColumnElement[bool]:
    return and_(
        col(BrowserSession.ended_at).is_(None),
        col(BrowserSession.expires_at) > now,
        col(BrowserSession.seen_at) > now - idle,
    )
