"""Erasing a person (UK GDPR Article 17): who they were goes, what they decided stays provable."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, delete, select, update

from becta.catalogue.text_rules import text_faults
from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import Conflict, NotFound, refuse_if_any
from becta.kernel.events import ERASED, record
from becta.market.accounts.models import ApiToken, Identity, Invitation, JoinRequest, Member, Person
from becta.market.accounts.rules import JoinState
from becta.market.audit.personal import erase_personal
from becta.market.idempotency.models import IdempotencyKeyRow
from becta.market.signin.models import BrowserSession, SignInLink


def erase_person(session: Session, actor: Actor, person_id: UUID, reason: str, *, now: datetime) -> None:
    """Erase a person for good, at their own wish or by the operator's decision.

    Their sessions, identities and tokens end with it. The audit trail keeps what was decided and by which identifier,
    and this erasure, but neither name nor e-mail address. Raises Invalid without a reason, Forbidden, NotFound, or
    Conflict if they are erased already.
    """
    if actor.person_id != person_id or actor.kind == "token":
        actor.require(Scope.PEOPLE_ERASE)
    refuse_if_any(text_faults("reason", reason, at_least=5, at_most=500))
    person = session.exec(select(Person).where(Person.id == person_id).with_for_update()).first()
    if person is None:
        raise NotFound("person", person_id)
    if person.erased_at is not None:
        raise Conflict("this person is erased already")
    _end_access(session, person, now=now)
    erase_personal(session, person_id)
    person.name = person.email = None
    person.erased_at = now
    record(session, actor, ERASED, "person", person_id, now=now, reason=reason)


def _end_access(session: Session, person: Person, *, now: datetime) -> None:
    mine = person.id
    session.exec(delete(Identity).where(col(Identity.person_id) == mine))
    session.exec(delete(IdempotencyKeyRow).where(col(IdempotencyKeyRow.person_id) == mine))
    session.exec(delete(BrowserSession).where(col(BrowserSession.person_id) == mine))
    session.exec(
        update(Member).where(col(Member.person_id) == mine, col(Member.ended_at).is_(None)).values(ended_at=now)
    )
    session.exec(
        update(ApiToken)
        .where(col(ApiToken.person_id) == mine, col(ApiToken.revoked_at).is_(None))
        .values(revoked_at=now, label="")
    )
    session.exec(
        update(JoinRequest)
        .where(col(JoinRequest.person_id) == mine, col(JoinRequest.state) == JoinState.ASKED)
        .values(state=JoinState.WITHDRAWN, decided_at=now)
    )
    if person.email is not None:
        session.exec(delete(SignInLink).where(col(SignInLink.email) == person.email))
        session.exec(
            update(Invitation).where(col(Invitation.email) == person.email).values(email=None, withdrawn_at=now)
        )
