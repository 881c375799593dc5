"""Inviting somebody by e-mail, and accepting. Whatever is wrong with an invitation, the answer is the same."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, func, select, update

from becta.kernel import clock
from becta.kernel.actor import Actor, Role, Scope
from becta.kernel.errors import Conflict, Fault, NotFound, refuse_if_any
from becta.kernel.events import announce, record
from becta.kernel.ids import new_id
from becta.market.accounts.access import person_actor
from becta.market.accounts.domains import proper_email
from becta.market.accounts.members import (
    admit,
    givable_by,
    locked_organisation,
    locked_person,
    managed_organisation,
)
from becta.market.accounts.models import Invitation, Member, Organisation, Person
from becta.market.accounts.rules import INVITATION_LASTS, MAX_OPEN_INVITATIONS, role_faults
from becta.market.db import Database

TOPIC = "invitation"
PURPOSE = "invitation"
"""What the signature in an invitation's link is for."""


def invite(
    session: Session,
    actor: Actor,
    organisation: Organisation,
    email: str,
    roles: Iterable[Role],
    *,
    now: datetime,
) -> Invitation:
    """Invite somebody else by e-mail to join with these roles; it replaces an invitation of theirs that is still open.

    Raises Forbidden, Invalid, or Conflict where too many are open. The mail is sent by the outbox.
    """
    managed_organisation(session, actor, organisation.id)
    address = proper_email(email)
    faults = role_faults(organisation.kind, roles, givable_by(actor, organisation), at_least=1)
    if address is None:
        mend = "give an e-mail address, such as ann@example.org"
        faults.append(Fault(field="email", problem="is not an e-mail address", mend=mend, value=email[:80]))
    elif actor.person_id is not None and session.get_one(Person, actor.person_id).email == address:
        mend = "ask somebody else who manages people here to change your roles"
        faults.append(Fault(field="email", problem="is your own", mend=mend))
    refuse_if_any(faults)
    for older in _open(session, organisation.id, address, now=now):
        _withdraw(session, actor, older, reason="replaced by a newer one", now=now)
    _refuse_more(session, organisation.id, now=now)
    made = Invitation(
        id=new_id(),
        organisation_id=organisation.id,
        email=address,
        roles=sorted(set(roles)),
        invited_by=actor.person_id,
        created_at=now,
        expires_at=now + INVITATION_LASTS,
    )
    session.add(made)
    session.flush()
    after = {"organisation_id": str(organisation.id), "roles": made.roles, "expires_at": made.expires_at}
    record(session, actor, "invitation.made", "invitation", made.id, now=now, after=after)
    announce(session, TOPIC, made.id, now=now)
    return made


def withdraw_invitation(session: Session, actor: Actor, invitation_id: UUID, *, now: datetime) -> Invitation:
    """Take an open invitation back; raises NotFound, Forbidden, or Conflict once it is accepted or withdrawn."""
    organisation_id = session.exec(
        select(Invitation.organisation_id).where(col(Invitation.id) == invitation_id)
    ).first()
    if organisation_id is None or not actor.reaches(organisation_id):
        raise NotFound("invitation", invitation_id)
    managed_organisation(session, actor, organisation_id)
    invitation = _locked(session, invitation_id)
    if invitation is None or invitation.accepted_at is not None or invitation.withdrawn_at is not None:
        raise Conflict("the invitation is settled already")
    _withdraw(session, actor, invitation, reason=None, now=now)
    return invitation


def accept_invitation(session: Session, actor: Actor, invitation_id: UUID | None, *, now: datetime) -> Member:
    """Make who is signed in a member, if the invitation went to the e-mail address they proved to be theirs.

    Raises NotFound, in the same words, for one that is unknown, expired, withdrawn, used, another's, sent by oneself or
    by somebody who may not give these roles any more, and Conflict for the operator's people in a school or trust, and
    the other way round. `invitation_id` None is a code that we did not sign.
    """
    person = None if actor.person_id is None else locked_person(session, actor.person_id)
    organisation_id = session.exec(
        select(Invitation.organisation_id).where(col(Invitation.id) == invitation_id)
    ).first()
    if person is None or person.email is None or organisation_id is None:
        raise _no_such_invitation()
    organisation = locked_organisation(session, organisation_id)
    invitation = _locked(session, invitation_id)
    if (
        invitation is None
        or invitation.email != person.email
        or invitation.accepted_at is not None
        or invitation.withdrawn_at is not None
        or invitation.expires_at <= now
        or invitation.invited_by == person.id
        or not _is_still_givable(session, invitation, organisation)
    ):
        raise _no_such_invitation()
    invitation.accepted_at, invitation.accepted_by, invitation.email = now, person.id, None
    session.flush()
    record(session, actor, "invitation.accepted", "invitation", invitation.id, now=now)
    return admit(session, actor, organisation, person.id, map(Role, invitation.roles), now=now)


def forget_expired(db: Database) -> int:
    """Empty the e-mail addresses of invitations that expired; returns how many. Safe to do at any time."""
    gone = update(Invitation).where(col(Invitation.expires_at) <= clock.now(), col(Invitation.email).is_not(None))
    with db.write() as session:
        return session.exec(gone.values(email=None)).rowcount


def _no_such_invitation() -> NotFound:
    return NotFound("invitation", "with this code for you")


def _is_still_givable(session: Session, invitation: Invitation, organisation: Organisation) -> bool:
    """Whether who invited may give these roles at this moment too, for any organisation that they act for."""
    if invitation.invited_by is None:
        return True
    inviter = session.get_one(Person, invitation.invited_by)
    homes = session.exec(
        select(Member.organisation_id).where(col(Member.person_id) == inviter.id, col(Member.ended_at).is_(None))
    ).all()
    roles = frozenset(map(Role, invitation.roles))
    return any(
        Scope.PEOPLE_MANAGE in acting.scopes
        and acting.reaches(organisation.id)
        and roles <= givable_by(acting, organisation)
        for acting in (person_actor(session, inviter, home) for home in homes)
    )


def _refuse_more(session: Session, organisation_id: UUID, *, now: datetime) -> None:
    count = select(func.count()).where(
        col(Invitation.organisation_id) == organisation_id,
        col(Invitation.accepted_at).is_(None),
        col(Invitation.withdrawn_at).is_(None),
        col(Invitation.expires_at) > now,
    )
    if session.exec(count).one() >= MAX_OPEN_INVITATIONS:
        raise Conflict(f"there are {MAX_OPEN_INVITATIONS} open invitations already: withdraw some first")


def _open(session: Session, organisation_id: UUID, email: str | None, *, now: datetime) -> list[Invitation]:
    """The open invitations to an address. The organisation is locked, so no other can be made meanwhile."""
    query = (
        select(Invitation)
        .where(
            col(Invitation.organisation_id) == organisation_id,
            col(Invitation.email) == email,
            col(Invitation.accepted_at).is_(None),
            col(Invitation.withdrawn_at).is_(None),
            col(Invitation.expires_at) > now,
        )
        .order_by(col(Invitation.id))
        .with_for_update()
    )
    return list(session.exec(query))


def _locked(session: Session, invitation_id: UUID | None) -> Invitation | None:
    return session.exec(
        select(Invitation)
        .where(col(Invitation.id) == invitation_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()


def _withdraw(session: Session, actor: Actor, invitation: Invitation, *, reason: str | None, now: datetime) -> None:
    invitation.withdrawn_at, invitation.email = now, None
    session.flush()
    record(session, actor, "invitation.withdrawn", "invitation", invitation.id, now=now, reason=reason)
