"""Who somebody is when they ask: the actor behind a session or a token, with what their roles allow at this moment."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select
from sqlmodel import Session, col

from becta.kernel.actor import Actor, Role, Scope
from becta.market.accounts.models import Member, Organisation, Person
from becta.market.accounts.organisations import schools_of
from becta.market.accounts.roles import KIND_ROLES, SELF, OrganisationKind, scopes_of

PERSON = "person"
TOKEN = "token"  # noqa: S105 - a kind of actor
NOBODY = "a person whose data were erased"


def person_actor(
    session: Session,
    person: Person,
    organisation_id: UUID | None,
    *,
    kind: str = PERSON,
    actor_id: UUID | None = None,
    scopes: frozenset[Scope] | None = None,
) -> Actor:
    """A person acting for an organisation, with the scopes of their roles there (of those in `scopes`, if given).

    Whoever is not, or no longer, a member of the organisation acts for none and may do nothing but what everybody may
    for themselves.
    """
    found = None if organisation_id is None else _membership(session, person.id, organisation_id)
    return member_actor(session, person, found, kind=kind, actor_id=actor_id, scopes=scopes)


def member_actor(
    session: Session,
    person: Person,
    membership: tuple[Member, Organisation] | None,
    *,
    kind: str = PERSON,
    actor_id: UUID | None = None,
    scopes: frozenset[Scope] | None = None,
) -> Actor:
    """`person_actor` of somebody whose membership, if any, was read already."""
    id_, label = str(actor_id or person.id), person.name or person.email or NOBODY
    if membership is None:
        own = SELF if scopes is None else SELF & scopes
        return Actor(kind=kind, id=id_, label=label, scopes=own, person_id=person.id)
    member, organisation = membership
    roles = frozenset(Role(role) for role in member.roles) & KIND_ROLES[organisation.kind]
    allowed = scopes_of(roles) | SELF
    return Actor(
        kind=kind,
        id=id_,
        label=label,
        scopes=allowed if scopes is None else allowed & scopes,
        organisation_id=organisation.id,
        person_id=person.id,
        roles=roles,
        also_reaches=reach_of(session, organisation),
    )


def reach_of(session: Session, organisation: Organisation) -> frozenset[UUID]:
    """The organisations one may act on besides its own: a trust owns its schools."""
    if organisation.kind is OrganisationKind.TRUST and organisation.group_uid is not None:
        return schools_of(session, organisation.group_uid)
    return frozenset()


def is_membership(person_id: Any, organisation_id: Any) -> ColumnElement[bool]:
    """The condition for a member to be this person's present membership of this organisation."""
    return and_(
        col(Member.person_id) == person_id,
        col(Member.organisation_id) == organisation_id,
        col(Member.ended_at).is_(None),
    )


def _membership(session: Session, person_id: UUID, organisation_id: UUID) -> tuple[Member, Organisation] | None:
    row = session.execute(
        select(Member, Organisation)
        .join(Organisation, col(Organisation.id) == col(Member.organisation_id))
        .where(is_membership(person_id, organisation_id))
    ).first()
    return None if row is None else (row[0], row[1])
