"""Who is to be told: people of an organisation by what their roles let them do."""

from collections.abc import Callable
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session, col

from becta.kernel.actor import OPERATOR_ID, Role, Scope
from becta.market.accounts.models import Member, Organisation, Person
from becta.market.accounts.organisations import trust_of
from becta.market.accounts.roles import scopes_of
from becta.market.organisations.rules import group_object_id


def managers_of(session: Session, organisation_id: UUID) -> list[str]:
    """The addresses of those who manage an organisation's people; if nobody does, its trust's, else the operator's."""
    organisation = session.get_one(Organisation, organisation_id)
    places = [organisation_id]
    trust = None if organisation.urn is None else trust_of(session, organisation.urn)
    if trust is not None:
        places.append(group_object_id(trust))
    for place in (*places, OPERATOR_ID):
        found = _addresses(session, place, lambda roles: Scope.PEOPLE_MANAGE in scopes_of(roles))
        if found:
            return found
    return []


def holders_of(session: Session, organisation_id: UUID, role: Role, *, but: UUID) -> list[str]:
    """The addresses of those who hold a role in an organisation, without one person."""
    return _addresses(session, organisation_id, lambda roles: role in roles, but=but)


def address_of(session: Session, person_id: UUID) -> list[str]:
    """A person's address, if we know one."""
    email = session.get_one(Person, person_id).email
    return [] if email is None else [email]


def _addresses(
    session: Session, organisation_id: UUID, is_meant: Callable[[frozenset[Role]], bool], *, but: UUID | None = None
) -> list[str]:
    rows = session.execute(
        select(col(Person.id), col(Person.email), col(Member.roles))
        .join(Member, col(Member.person_id) == col(Person.id))
        .where(
            col(Member.organisation_id) == organisation_id,
            col(Member.ended_at).is_(None),
            col(Person.email).is_not(None),
        )
        .order_by(col(Person.email))
    )
    return [email for id_, email, roles in rows if id_ != but and is_meant(frozenset(map(Role, roles)))]
