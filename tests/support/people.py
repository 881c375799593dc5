"""Schools, trusts and the people who act for them."""

import secrets
from typing import Any

from sqlmodel import Session, col, select

from becta.kernel import clock
from becta.kernel.actor import Role, Scope
from becta.kernel.ids import new_id
from becta.market.accounts.hashing import hash_of
from becta.market.accounts.models import ApiToken, Member, Organisation, Person
from becta.market.accounts.organisations import open_organisation
from becta.market.organisations.models import Establishment, EstablishmentGroup, GroupMembership
from becta.market.organisations.rules import GroupStatus, GroupType, SchoolPhase, Status, name_key


def trust(session: Session, uid: int = 2044, name: str = "Larch Learning Trust", **values: Any) -> Organisation:
    """A multi-academy trust of the register."""
    now = clock.now()
    group = EstablishmentGroup(
        uid=uid,
        name=name,
        name_key=name_key(name),
        type=values.pop("type", GroupType.MULTI_ACADEMY_TRUST),
        type_name="Multi-academy trust",
        status=values.pop("status", GroupStatus.OPEN),
        row_hash="",
        first_seen_at=now,
        changed_at=now,
        **values,
    )
    session.add(group)
    session.flush()
    return open_organisation(session, f"trust:{uid}", now=now)


def school(
    session: Session, urn: int = 100_001, name: str = "Larch Lane School", trust_uid: int | None = None, **values: Any
) -> Organisation:
    """A school of the register, in a trust if one is given."""
    now = clock.now()
    establishment = Establishment(
        urn=urn,
        name=name,
        name_key=name_key(name),
        status=values.pop("status", Status.OPEN),
        phase=values.pop("phase", SchoolPhase.PRIMARY),
        row_hash="",
        first_seen_at=now,
        changed_at=now,
        **values,
    )
    session.add(establishment)
    session.flush()
    if trust_uid is not None:
        join_trust(session, urn, trust_uid)
    return open_organisation(session, f"urn:{urn}", now=now)


def join_trust(session: Session, urn: int, uid: int) -> None:
    """The register says that a trust runs the school now."""
    now = clock.now()
    session.add(GroupMembership(id=new_id(), urn=urn, group_uid=uid, started_at=now, changed_at=now))
    session.flush()


def leave_trust(session: Session, urn: int, uid: int) -> None:
    """The register no longer lists the school with the trust."""
    [current] = session.exec(
        select(GroupMembership).where(
            GroupMembership.urn == urn, GroupMembership.group_uid == uid, col(GroupMembership.ended_at).is_(None)
        )
    )
    current.ended_at = clock.now()
    session.flush()


def person(session: Session, name: str = "Ada Byron", email: str | None = None) -> Person:
    """Somebody who signed in once; the e-mail address is taken as proved."""
    made = Person(id=new_id(), name=name, email=email, created_at=clock.now())
    session.add(made)
    session.flush()
    return made


def member(session: Session, who: Person, organisation: Organisation, *roles: Role) -> Member:
    """Make somebody a member."""
    made = Member(
        id=new_id(),
        person_id=who.id,
        organisation_id=organisation.id,
        roles=sorted(roles),
        started_at=clock.now(),
    )
    session.add(made)
    session.flush()
    return made


def token_of(session: Session, who: Person, organisation: Organisation, *scopes: Scope) -> str:
    """The secret of a personal token for an organisation, with all scopes unless some are named."""
    secret = "becta_p_" + secrets.token_hex(24)
    session.add(
        ApiToken(
            id=new_id(),
            secret_hash=hash_of(secret),
            label=f"{who.name}'s",
            organisation_id=organisation.id,
            person_id=who.id,
            scopes=sorted(scopes or Scope),
            created_at=clock.now(),
        )
    )
    session.flush()
    return secret
