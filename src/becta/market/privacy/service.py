"""Erasing a person (UK GDPR Article 17): who they were goes, what they decided stays provable."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlmodel import Session, col, delete, select

from becta.catalogue.text_rules import text_faults
from becta.kernel.actor import Actor, Scope, system
from becta.kernel.errors import Conflict, NotFound, refuse_if_any
from becta.kernel.events import ERASED, record
from becta.market.accounts.access import NOBODY, TOKEN
from becta.market.accounts.models import ApiToken, Identity, Invitation, JoinRequest, Member, Person
from becta.market.accounts.rules import JoinState
from becta.market.audit.personal import erase_personal
from becta.market.db import Database
from becta.market.idempotency.models import IdempotencyKeyRow
from becta.market.signin.models import BrowserSession, SignInLink

US = system("erasure")
WRITTEN_SINCE = "requests that were under way during the erasure had written these fields since"
LATELY = timedelta(days=1)
"""How long after an erasure it is made sure of again."""


def erase_person(session: Session, actor: Actor, person_id: UUID, reason: str, *, now: datetime) -> None:
    """Erase a person for good, at their own wish or by the operator's decision.

    Their sessions, identities and tokens end with it. The audit trail keeps what was decided and by which identifier,
    and this erasure, but neither name nor e-mail address. Raises Invalid without a reason, Forbidden, NotFound, or
    Conflict if they are erased already.
    """
    if actor.person_id != person_id or actor.kind == TOKEN:
        actor.require(Scope.PEOPLE_ERASE)
    refuse_if_any(text_faults("reason", reason, at_least=5, at_most=500))
    person = session.exec(select(Person).where(Person.id == person_id).with_for_update()).first()
    if person is None:
        raise NotFound("person", person_id)
    if person.erased_at is not None:
        raise Conflict("this person is erased already")
    # what is recorded here must not name them again
    nameless = msgspec.structs.replace(actor, label=NOBODY) if actor.person_id == person_id else actor
    _end_access(session, nameless, person, now=now)
    erase_personal(session, person_id)
    person.name = person.email = None
    person.erased_at = now
    record(session, actor, ERASED, "person", person_id, now=now, reason=reason)


def finish_erasures(db: Database, *, now: datetime) -> int:
    """Erase again what requests that were under way during an erasure wrote after it; returns of how many persons."""
    lately = select(Person).where(col(Person.erased_at) > now - LATELY)
    with db.read() as session:
        erased = session.exec(lately).all()
    for person in erased:
        with db.write() as session:
            _end_access(session, US, person, now=now)
            if erase_personal(session, person.id):
                record(session, US, ERASED, "person", person.id, now=now, reason=WRITTEN_SINCE)
    return len(erased)


def _end_access(session: Session, actor: Actor, person: Person, *, now: datetime) -> None:
    """End whatever lets the person in, each in the trail, and delete what names them beside it."""
    mine = person.id
    for member in session.exec(select(Member).where(Member.person_id == mine, col(Member.ended_at).is_(None))):
        member.ended_at = now
        told = {"organisation_id": str(member.organisation_id), "person_id": str(mine), "roles": sorted(member.roles)}
        record(session, actor, "member.left", "member", member.id, now=now, before=told)
    for token in session.exec(select(ApiToken).where(ApiToken.person_id == mine)):
        token.label = ""
        if token.revoked_at is None:
            token.revoked_at = now
            record(session, actor, "token.revoked", "api_token", token.id, now=now)
    asked = select(JoinRequest).where(JoinRequest.person_id == mine, JoinRequest.state == JoinState.ASKED)
    for request in session.exec(asked):
        request.state, request.decided_at = JoinState.WITHDRAWN, now
        record(session, actor, "join_request.withdrawn", "join_request", request.id, now=now)
    if person.email is not None:
        for invitation in session.exec(select(Invitation).where(Invitation.email == person.email)):
            invitation.email, invitation.withdrawn_at = None, now
            record(session, actor, "invitation.withdrawn", "invitation", invitation.id, now=now)
        session.exec(delete(SignInLink).where(col(SignInLink.email) == person.email))
    session.exec(delete(Identity).where(col(Identity.person_id) == mine))
    session.exec(delete(IdempotencyKeyRow).where(col(IdempotencyKeyRow.person_id) == mine))
    session.exec(delete(BrowserSession).where(col(BrowserSession.person_id) == mine))
    session.flush()
