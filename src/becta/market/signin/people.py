"""Which person somebody who proved who they are is; a new one the first time."""

from datetime import datetime

from msgspec import Struct
from sqlmodel import Session, select

from becta.kernel.events import record
from becta.kernel.ids import new_id
from becta.market.accounts.access import person_actor
from becta.market.accounts.models import Identity, Person


class SignInRefused(Exception):
    """Somebody cannot be signed in. The reason is for our log: it holds no personal data, and they are not told."""

    def __init__(self, reason: str) -> None:
        """Name the reason."""
        super().__init__(reason)
        self.reason = reason


class Proved(Struct, frozen=True, kw_only=True):
    """Who an issuer says somebody is. `email` is set only if the issuer verified it and is trusted to have done so."""

    issuer: str
    subject: str
    name: str | None = None
    email: str | None = None
    organisation: str | None = None


def person_with_email(session: Session, email: str, *, now: datetime) -> Person:
    """The person with an e-mail address that was just proved, made if there is none."""
    found = session.exec(select(Person).where(Person.email == email)).first()
    return found or _new_person(session, name=None, email=email, now=now)


def person_proved(session: Session, proved: Proved, *, now: datetime) -> Person:
    """The person an issuer speaks of: the one it spoke of before, else the one with the e-mail address, else a new one.

    Raises SignInRefused for somebody whose data were erased.
    """
    known = session.exec(
        select(Identity).where(Identity.issuer == proved.issuer, Identity.subject == proved.subject)
    ).first()
    if known is not None:
        person = session.get_one(Person, known.person_id)
        if person.erased_at is not None:
            raise SignInRefused("the person was erased")
        return person
    found = None
    if proved.email is not None:
        found = session.exec(select(Person).where(Person.email == proved.email)).first()
    person = found or _new_person(session, name=proved.name, email=proved.email, now=now)
    identity = Identity(id=new_id(), person_id=person.id, issuer=proved.issuer, subject=proved.subject, created_at=now)
    session.add(identity)
    session.flush()
    after = {"identity": identity.id, "issuer": proved.issuer, "by_email": found is not None}
    personal = {person.id: {"subject": proved.subject}}
    actor = person_actor(session, person, None)
    record(session, actor, "person.linked", "person", person.id, now=now, after=after, personal=personal)
    return person


def _new_person(session: Session, *, name: str | None, email: str | None, now: datetime) -> Person:
    person = Person(id=new_id(), name=name, email=email, created_at=now)
    session.add(person)
    session.flush()
    personal = {person.id: {"name": name, "email": email}}
    actor = person_actor(session, person, None)
    record(session, actor, "person.registered", "person", person.id, now=now, personal=personal)
    return person
