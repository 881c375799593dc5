"""Who belongs to an organisation: joining, changing roles, leaving. Each change locks the organisation's row."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select, update

from becta.catalogue.text_rules import text_faults
from becta.kernel.actor import Actor, Role, Scope
from becta.kernel.errors import Conflict, Forbidden, NotFound, refuse_if_any, refuse_if_stale
from becta.kernel.events import record
from becta.kernel.ids import new_id
from becta.market.accounts.models import Invitation, Member, Organisation, Person
from becta.market.accounts.organisations import OrganisationOut
from becta.market.accounts.roles import KIND_ROLES, OrganisationKind, scopes_of
from becta.market.accounts.rules import clashing_kinds, givable_roles, leaves_nobody, role_faults
from becta.market.accounts.tokens import revoke_tokens_of
from becta.market.signin.models import BrowserSession

NAME_ANOTHER = "nobody else manages the people of this organisation: somebody else must be given such a role first"
NOT_BOTH = "nobody is both of the operator and of a school or trust: they must leave the one before they join the other"


def set_roles(
    session: Session,
    actor: Actor,
    organisation_id: UUID,
    person_id: UUID,
    roles: Iterable[Role],
    *,
    revision: int | None,
    now: datetime,
) -> Member:
    """Give a member these roles instead of the ones they have.

    Raises NotFound, Forbidden, also for one's own roles, Stale, Invalid for roles one may not give or take, and
    Conflict for those of the last who manages people, or for more of one who is both the operator's and a school's.
    """
    locked_person(session, person_id)
    organisation = managed_organisation(session, actor, organisation_id)
    member = _current(session, person_id, organisation_id)
    if actor.person_id == person_id:
        because = "nobody changes their own roles: ask somebody else who manages people here"
        raise Forbidden(need=Scope.PEOPLE_MANAGE, organisation_id=organisation_id, because=because)
    refuse_if_stale(revision, member.revision)
    wanted, held = frozenset(roles), roles_held(member)
    refuse_if_any(role_faults(organisation.kind, wanted, givable_by(actor, organisation), held=held))
    if wanted - held:
        _refuse_both_sides(session, person_id, organisation)
    if wanted != held:
        before = managers_of(session, organisation)
        _set(session, actor, member, wanted, now=now)
        from_outside = actor.organisation_id != organisation.id
        _refuse_to_leave_nobody(session, organisation, before, from_outside=from_outside)
    return member


def end_membership(
    session: Session, actor: Actor, organisation_id: UUID, person_id: UUID, *, reason: str | None, now: datetime
) -> Member:
    """End a membership: somebody leaves, or is removed for a reason.

    Their own tokens for the organisation are revoked, their sessions act for it no more, and invitations they sent are
    withdrawn. Raises NotFound, Forbidden, Invalid, or Conflict for the last who manages people.
    """
    is_leaving = actor.person_id == person_id
    if is_leaving:
        organisation = locked_organisation(session, organisation_id)
    else:
        organisation = managed_organisation(session, actor, organisation_id)
    member = _current(session, person_id, organisation_id)
    faults = text_faults("reason", reason or "", at_least=0 if is_leaving else 1, at_most=1_000)
    if not is_leaving:
        faults += role_faults(organisation.kind, (), givable_by(actor, organisation), held=roles_held(member))
    refuse_if_any(faults)
    before = managers_of(session, organisation)
    member.ended_at = now
    member.revision += 1
    session.flush()
    from_outside = not is_leaving and actor.organisation_id != organisation_id
    _refuse_to_leave_nobody(session, organisation, before, from_outside=from_outside)
    told = {"organisation_id": str(organisation_id), "person_id": str(person_id), "roles": sorted(member.roles)}
    action = "member.left" if is_leaving else "member.removed"
    record(session, actor, action, "member", member.id, now=now, before=told, reason=reason or None)
    why = reason or "left the organisation"
    revoke_tokens_of(session, actor, person_id, organisation_id, reason=why, now=now)
    _act_for_it_no_more(session, actor, person_id, organisation_id, now=now)
    return member


def admit(
    session: Session, actor: Actor, organisation: Organisation, person_id: UUID, roles: Iterable[Role], *, now: datetime
) -> Member:
    """Make a person a member with these roles besides any they have there; the organisation must be locked.

    Whether they may be is the caller's to know: an invitation was accepted or a request confirmed. Raises Conflict for
    the operator's people in a school or trust, and the other way round.
    """
    locked_person(session, person_id)
    _refuse_both_sides(session, person_id, organisation)
    given = frozenset(roles) & KIND_ROLES[organisation.kind]
    member = find_member(session, person_id, organisation.id)
    if member is not None:
        if given - roles_held(member):
            _set(session, actor, member, roles_held(member) | given, now=now)
        return member
    member = Member(
        id=new_id(), person_id=person_id, organisation_id=organisation.id, roles=sorted(given), started_at=now
    )
    session.add(member)
    session.flush()
    after = {"organisation_id": str(organisation.id), "person_id": str(person_id), "roles": member.roles}
    record(session, actor, "member.joined", "member", member.id, now=now, after=after)
    return member


def managed_organisation(session: Session, actor: Actor, organisation_id: UUID) -> Organisation:
    """The organisation, locked as below, if the actor manages its people; raises Forbidden or NotFound.

    Whoever lost that right while they waited for the lock is refused too.
    """
    actor.require(Scope.PEOPLE_MANAGE, of=organisation_id)
    organisation = locked_organisation(session, organisation_id)
    if actor.person_id is not None and actor.organisation_id is not None:
        member = find_member(session, actor.person_id, actor.organisation_id)
        if member is None or Scope.PEOPLE_MANAGE not in scopes_of(roles_held(member)):
            raise Forbidden(need=Scope.PEOPLE_MANAGE, organisation_id=organisation_id)
    return organisation


def locked_organisation(session: Session, organisation_id: UUID) -> Organisation:
    """The organisation, locked until the transaction ends, so that changes of its people come one after another."""
    found = session.exec(select(Organisation).where(col(Organisation.id) == organisation_id).with_for_update()).first()
    if found is None:
        raise NotFound("organisation", organisation_id)
    return found


def locked_person(session: Session, person_id: UUID) -> Person | None:
    """The person, locked until the transaction ends, so that they join one thing after another; None if unknown.

    Whoever locks an organisation too does that second.
    """
    return session.exec(
        select(Person)
        .where(col(Person.id) == person_id)
        .with_for_update(key_share=True)  # rows that only refer to the person need not wait
        .execution_options(populate_existing=True)
    ).first()


def givable_by(actor: Actor, organisation: Organisation | OrganisationOut) -> frozenset[Role]:
    """The roles an actor may give in an organisation, or take away."""
    return givable_roles(
        organisation.kind, scopes=actor.scopes, roles=actor.roles, is_operator=is_operator(actor, organisation)
    )


def is_operator(actor: Actor, organisation: Organisation | OrganisationOut) -> bool:
    """Whether an actor reaches the organisation only as the operator of the marketplace, or is the marketplace."""
    return actor.bound_to is None and organisation.kind is not OrganisationKind.OPERATOR


def find_member(session: Session, person_id: UUID, organisation_id: UUID) -> Member | None:
    """A person's present membership, None if there is none."""
    return session.exec(
        select(Member)
        .where(
            col(Member.person_id) == person_id,
            col(Member.organisation_id) == organisation_id,
            col(Member.ended_at).is_(None),
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()


def managers_of(session: Session, organisation: Organisation) -> int:
    """How many members of an organisation manage its people."""
    held = session.exec(
        select(Member.roles).where(col(Member.organisation_id) == organisation.id, col(Member.ended_at).is_(None))
    )
    fitting = KIND_ROLES[organisation.kind]
    return sum(Scope.PEOPLE_MANAGE in scopes_of(frozenset(map(Role, roles)) & fitting) for roles in held)


def roles_held(member: Member) -> frozenset[Role]:
    """A member's roles."""
    return frozenset(map(Role, member.roles))


def _current(session: Session, person_id: UUID, organisation_id: UUID) -> Member:
    member = find_member(session, person_id, organisation_id)
    if member is None:
        raise NotFound("member", person_id)
    return member


def _set(session: Session, actor: Actor, member: Member, roles: frozenset[Role], *, now: datetime) -> None:
    told = {"organisation_id": str(member.organisation_id), "person_id": str(member.person_id)}
    before = {**told, "roles": sorted(member.roles)}
    member.roles = sorted(roles)
    member.revision += 1
    session.flush()
    after = {**told, "roles": member.roles}
    record(session, actor, "member.roles_changed", "member", member.id, now=now, before=before, after=after)


def _refuse_to_leave_nobody(session: Session, organisation: Organisation, before: int, *, from_outside: bool) -> None:
    after = managers_of(session, organisation)
    if leaves_nobody(managers_before=before, managers_after=after, from_outside=from_outside):
        raise Conflict(NAME_ANOTHER)


def _refuse_both_sides(session: Session, person_id: UUID, organisation: Organisation) -> None:
    """Refuse to let one person oversee and spend; the person must be locked."""
    clashing = (
        select(Member.id)
        .join(Organisation, col(Organisation.id) == col(Member.organisation_id))
        .where(
            col(Member.person_id) == person_id,
            col(Member.ended_at).is_(None),
            col(Organisation.kind).in_(clashing_kinds(organisation.kind)),
        )
    )
    if session.exec(clashing).first() is not None:
        raise Conflict(NOT_BOTH)


def _act_for_it_no_more(
    session: Session, actor: Actor, person_id: UUID, organisation_id: UUID, *, now: datetime
) -> None:
    session.exec(
        update(BrowserSession)
        .where(col(BrowserSession.person_id) == person_id, col(BrowserSession.organisation_id) == organisation_id)
        .values(organisation_id=None)
    )
    sent = session.exec(
        select(Invitation)
        .where(
            col(Invitation.invited_by) == person_id,
            col(Invitation.organisation_id) == organisation_id,
            col(Invitation.accepted_at).is_(None),
            col(Invitation.withdrawn_at).is_(None),
        )
        .order_by(col(Invitation.id))
        .with_for_update()
    )
    for invitation in sent:
        invitation.withdrawn_at, invitation.email = now, None
        session.flush()
        why = "who sent it is no longer a member"
        record(session, actor, "invitation.withdrawn", "invitation", invitation.id, now=now, reason=why)
