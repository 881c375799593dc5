"""Reading people and their organisations: each list takes one statement, or two where it names organisations."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlmodel import Session, col

from becta.kernel.actor import Actor, Role
from becta.kernel.errors import NotFound
from becta.market.accounts.models import ApiToken, Invitation, JoinRequest, Member, Person
from becta.market.accounts.organisations import OrganisationOut, organisations_out
from becta.market.accounts.roles import KIND_ROLES, OrganisationKind, known_scopes, scopes_of
from becta.market.accounts.rules import JoinState
from becta.market.accounts.schemas import (
    InvitationOut,
    JoinRequestOut,
    Me,
    MemberOut,
    OwnMembership,
    PersonOut,
    TokenOut,
)


def me(session: Session, actor: Actor) -> Me:
    """Who an actor is, and every organisation that the person behind it belongs to."""
    person = None if actor.person_id is None else session.get(Person, actor.person_id)
    rows = session.execute(
        select(col(Member.organisation_id), col(Member.roles), col(Member.started_at)).where(
            col(Member.person_id) == actor.person_id, col(Member.ended_at).is_(None)
        )
    ).all()
    ids = [row.organisation_id for row in rows]
    named = _named(session, [*ids, *([] if actor.organisation_id is None else [actor.organisation_id])])
    return Me(
        person=None if person is None else PersonOut(id=person.id, name=person.name, email=person.email),
        acting_for=None if actor.organisation_id is None else named[actor.organisation_id],
        scopes=sorted(actor.scopes),
        organisations=sorted(
            (_own_membership(named[row.organisation_id], row) for row in rows),
            key=lambda one: (one.organisation.name.casefold(), one.organisation.id),
        ),
    )


def members(
    session: Session, organisation_id: UUID, *, ended: bool = False, after: UUID | None = None, limit: int
) -> list[MemberOut]:
    """The members of an organisation in the order in which they joined, or those who left."""
    is_over = col(Member.ended_at).is_not(None) if ended else col(Member.ended_at).is_(None)
    query = _members().where(col(Member.organisation_id) == organisation_id, is_over)
    if after is not None:
        query = query.where(col(Member.id) > after)
    return [_member(row) for row in session.execute(query.order_by(col(Member.id)).limit(limit))]


def one_member(session: Session, member_id: UUID) -> MemberOut:
    """A membership; raises NotFound."""
    row = session.execute(_members().where(col(Member.id) == member_id)).first()
    if row is None:
        raise NotFound("member", member_id)
    return _member(row)


def is_member(session: Session, person_id: UUID | None, organisation_id: UUID) -> bool:
    """Whether a person belongs to an organisation now."""
    query = select(col(Member.id)).where(
        col(Member.person_id) == person_id,
        col(Member.organisation_id) == organisation_id,
        col(Member.ended_at).is_(None),
    )
    return session.execute(query).first() is not None


def invitations(
    session: Session, organisation_id: UUID, *, after: UUID | None = None, limit: int
) -> list[InvitationOut]:
    """The invitations to an organisation, settled ones too, in the order in which they were made."""
    query = select(Invitation).where(col(Invitation.organisation_id) == organisation_id)
    if after is not None:
        query = query.where(col(Invitation.id) > after)
    return [invitation_out(row) for row in session.execute(query.order_by(col(Invitation.id)).limit(limit)).scalars()]


def invitation_out(row: Invitation) -> InvitationOut:
    """An invitation as the API tells it."""
    values = {name: getattr(row, name) for name in InvitationOut.__struct_fields__ if name != "roles"}
    return InvitationOut(**values, roles=[Role(role) for role in row.roles])


def join_requests(
    session: Session,
    *,
    organisation_id: UUID | None = None,
    person_id: UUID | None = None,
    state: JoinState | None = None,
    after: UUID | None = None,
    limit: int,
) -> list[JoinRequestOut]:
    """Requests to join an organisation, or of a person, in the order in which they were made."""
    query = _requests()
    if organisation_id is not None:
        query = query.where(col(JoinRequest.organisation_id) == organisation_id)
    else:
        query = query.where(col(JoinRequest.person_id) == person_id)
    if state is not None:
        query = query.where(col(JoinRequest.state) == state)
    if after is not None:
        query = query.where(col(JoinRequest.id) > after)
    return _told(session, session.execute(query.order_by(col(JoinRequest.id)).limit(limit)).all())


def one_join_request(session: Session, request_id: UUID) -> JoinRequestOut:
    """A request to join; raises NotFound."""
    found = _told(session, session.execute(_requests().where(col(JoinRequest.id) == request_id)).all())
    if not found:
        raise NotFound("request to join", request_id)
    return found[0]


def tokens(
    session: Session,
    *,
    organisation_id: UUID | None,
    person_id: UUID | None,
    after: UUID | None = None,
    limit: int,
) -> list[TokenOut]:
    """The tokens of an organisation, its members' own ones too, and those of a person; newest last."""
    theirs = []  # only what is given: "person_id IS NULL" would be the tokens of every organisation
    if organisation_id is not None:
        theirs.append(col(ApiToken.organisation_id) == organisation_id)
    if person_id is not None:
        theirs.append(col(ApiToken.person_id) == person_id)
    if not theirs:
        return []
    query = select(ApiToken).where(or_(*theirs))
    if after is not None:
        query = query.where(col(ApiToken.id) > after)
    return [token_out(row) for row in session.execute(query.order_by(col(ApiToken.id)).limit(limit)).scalars()]


def token_out(row: ApiToken) -> TokenOut:
    """A token as the API tells it, without its secret."""
    values = {name: getattr(row, name) for name in TokenOut.__struct_fields__ if name != "scopes"}
    return TokenOut(**values, scopes=sorted(known_scopes(row.scopes)))


def _named(session: Session, ids: list[UUID]) -> dict[UUID, OrganisationOut]:
    return {one.id: one for one in organisations_out(session, sorted(set(ids)))}


def _own_membership(organisation: OrganisationOut, row: Any) -> OwnMembership:
    roles = frozenset(map(Role, row.roles)) & KIND_ROLES[OrganisationKind(organisation.kind)]
    return OwnMembership(
        organisation=organisation, roles=sorted(roles), scopes=sorted(scopes_of(roles)), since=row.started_at
    )


def _members() -> Select[Any]:
    columns: tuple[Any, ...] = (Member, col(Person.name), col(Person.email))
    return select(*columns).join(Person, col(Person.id) == col(Member.person_id))


def _member(row: Any) -> MemberOut:
    member: Member = row.Member
    return MemberOut(
        id=member.id,
        person=PersonOut(id=member.person_id, name=row.name, email=row.email),
        roles=[Role(role) for role in member.roles],
        revision=member.revision,
        started_at=member.started_at,
        ended_at=member.ended_at,
    )


def _requests() -> Select[Any]:
    columns: tuple[Any, ...] = (JoinRequest, col(Person.name), col(Person.email))
    return select(*columns).join(Person, col(Person.id) == col(JoinRequest.person_id))


def _told(session: Session, rows: Any) -> list[JoinRequestOut]:
    named = _named(session, [row.JoinRequest.organisation_id for row in rows])
    return [
        JoinRequestOut(
            id=row.JoinRequest.id,
            organisation=named[row.JoinRequest.organisation_id],
            person=PersonOut(id=row.JoinRequest.person_id, name=row.name, email=row.email),
            state=row.JoinRequest.state,
            wanted_roles=[Role(role) for role in row.JoinRequest.wanted_roles],
            created_at=row.JoinRequest.created_at,
            decided_at=row.JoinRequest.decided_at,
            reason=row.JoinRequest.reason,
        )
        for row in rows
    ]
