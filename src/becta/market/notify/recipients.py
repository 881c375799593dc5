"""Who is to be told: people of an organisation by what their roles let them do."""

from collections.abc import Callable, Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select, tuple_
from sqlmodel import Session, col

from becta.catalogue.categories import categories
from becta.kernel.actor import OPERATOR_ID, Role, Scope
from becta.market.accounts.models import Member, Organisation, Person
from becta.market.accounts.organisations import trust_of
from becta.market.accounts.roles import scopes_of
from becta.market.delegation.models import Commitment, CommitmentHold
from becta.market.delegation.queries import scheme_in_force
from becta.market.delegation.rules import releasing_roles
from becta.market.organisations.rules import group_object_id
from becta.market.pledges.models import Pledge


def managers_of(session: Session, organisation_id: UUID, *, but: UUID | None = None) -> list[str]:
    """The addresses of those who manage an organisation's people; if nobody does, its trust's, else the operator's.

    Without one person (`but`): if nobody else does, the next above are told.
    """
    organisation = session.get_one(Organisation, organisation_id)
    places = [organisation_id]
    trust = None if organisation.urn is None else trust_of(session, organisation.urn)
    if trust is not None:
        places.append(group_object_id(trust))
    for place in (*places, OPERATOR_ID):
        found = _addresses(session, [place], lambda roles: Scope.PEOPLE_MANAGE in scopes_of(roles), but=but)
        if found:
            return found
    return []


def releasers_of(session: Session, commitment: Commitment, hold: CommitmentHold, *, now: datetime) -> list[str]:
    """The addresses of those who may let a held commitment through: with the role, else with the next one above.

    They act for the organisation whose scheme holds it or for the one it is made for, and did not make it.
    """
    scheme = scheme_in_force(session, hold.organisation_id, now=now)
    releasing = releasing_roles(
        scheme.rules if scheme is not None else (),
        held_for=hold.role,
        amount_pence=commitment.amount_pence,
        category=commitment.category,
        kind=categories()[commitment.category].kind,
    )
    places = {hold.organisation_id, commitment.organisation_id}
    for role in releasing:
        found = _addresses(session, places, frozenset({role}).issubset, but=commitment.made_by)
        if found:
            return found
    return []


def those_who_may(session: Session, organisation_id: UUID, scope: Scope) -> list[str]:
    """The addresses of those in an organisation whose roles let them do something."""
    return _addresses(session, [organisation_id], lambda roles: scope in scopes_of(roles), but=None)


def all_who_may(session: Session, places: Select[UUID], scope: Scope) -> list[str]:
    """The addresses of those in any of many organisations whose roles let them do something, each once."""
    is_there = col(Member.organisation_id).in_(places)
    return _addresses_where(session, is_there, lambda roles: scope in scopes_of(roles), but=None)


def those_behind(session: Session, pledges: ColumnElement[bool]) -> list[str]:
    """The addresses of those who pledge for the schools of these pledges, and of who made one for its trust.

    Whoever made one and acts for another organisation since hears nothing of it.
    """
    schools = select(col(Pledge.organisation_id)).where(pledges)
    makers = (
        select(col(Pledge.made_by), col(Commitment.acting_for))
        .join(Commitment, col(Commitment.id) == col(Pledge.commitment_id))
        .where(pledges)
    )
    is_meant = or_(
        col(Member.organisation_id).in_(schools),
        tuple_(col(Member.person_id), col(Member.organisation_id)).in_(makers),
    )
    return _addresses_where(session, is_meant, lambda roles: Scope.PLEDGES_MAKE in scopes_of(roles), but=None)


def address_of(session: Session, person_id: UUID) -> list[str]:
    """A person's address, if we know one."""
    email = session.get_one(Person, person_id).email
    return [] if email is None else [email]


def _addresses(
    session: Session, places: Collection[UUID], is_meant: Callable[[frozenset[Role]], bool], *, but: UUID | None
) -> list[str]:
    return _addresses_where(session, col(Member.organisation_id).in_(places), is_meant, but=but)


def _addresses_where(
    session: Session, are_there: ColumnElement[bool], is_meant: Callable[[frozenset[Role]], bool], *, but: UUID | None
) -> list[str]:
    rows = session.execute(
        select(col(Person.id), col(Person.email), col(Member.roles))
        .join(Member, col(Member.person_id) == col(Person.id))
        .where(
            are_there,
            col(Member.ended_at).is_(None),
            col(Person.email).is_not(None),
        )
        .order_by(col(Person.email))
    )
    meant = [email for id_, email, roles in rows if id_ != but and is_meant(frozenset(map(Role, roles)))]
    return list(dict.fromkeys(meant))
