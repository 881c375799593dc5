"""Reading what is held about a person."""

from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import fields
from sqlalchemy import ColumnElement, select
from sqlmodel import Session, SQLModel, col

from becta.kernel.errors import NotFound
from becta.market.accounts.models import ApiToken, Identity, Invitation, JoinRequest, Member, Person
from becta.market.accounts.organisations import organisations_out
from becta.market.audit.personal import personal_fields
from becta.market.delegation.models import Commitment
from becta.market.privacy.schemas import (
    CommitmentHeld,
    DeedHeld,
    EventHeld,
    IdentityHeld,
    InvitationHeld,
    JoinRequestHeld,
    MembershipHeld,
    PersonExport,
    PersonHeld,
    SessionHeld,
    TokenHeld,
)
from becta.market.signin.models import BrowserSession

_TOLD_WHOLE = {
    (str(model.__tablename__), column)
    for model, column in (
        (Identity, "person_id"),
        (Member, "person_id"),
        (JoinRequest, "person_id"),
        (ApiToken, "person_id"),
        (BrowserSession, "person_id"),
        (Commitment, "made_by"),
    )
}
"""Columns whose rows are in a copy with all that they say."""
S = TypeVar("S", bound=Struct)


def export_person(session: Session, person_id: UUID, *, now: datetime) -> PersonExport:
    """Everything held about a person, but no secret; raises NotFound."""
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound("person", person_id)
    email = person.email
    return PersonExport(
        exported_at=now,
        person=PersonHeld(id=person.id, name=person.name, email=email, created_at=person.created_at),
        identities=_rows(session, IdentityHeld, Identity, col(Identity.person_id) == person_id),
        memberships=_memberships(session, person_id),
        invitations=[] if email is None else _rows(session, InvitationHeld, Invitation, col(Invitation.email) == email),
        join_requests=_rows(session, JoinRequestHeld, JoinRequest, col(JoinRequest.person_id) == person_id),
        tokens=_rows(session, TokenHeld, ApiToken, col(ApiToken.person_id) == person_id),
        sessions=_rows(session, SessionHeld, BrowserSession, col(BrowserSession.person_id) == person_id),
        commitments=_rows(session, CommitmentHeld, Commitment, col(Commitment.made_by) == person_id),
        deeds=_deeds(session, person_id),
        audit_events=[EventHeld(**msgspec.structs.asdict(held)) for held in personal_fields(session, person_id)],
    )


def _deeds(session: Session, person_id: UUID) -> list[DeedHeld]:
    """Where else they are named: whom they invited, what they decided, released or set, what was answered to them."""
    found = []
    for table in SQLModel.metadata.sorted_tables:
        for column in table.columns:
            is_person = any(key.column.table.name == "person" for key in column.foreign_keys)
            if is_person and (table.name, column.name) not in _TOLD_WHOLE:
                rows = session.execute(select(*table.primary_key.columns).where(column == person_id))
                found += [
                    DeedHeld(table=str(table.name), column=str(column.name), id=" ".join(str(part) for part in row))
                    for row in rows
                ]
    return found


def _memberships(session: Session, person_id: UUID) -> list[MembershipHeld]:
    members = session.scalars(
        select(Member).where(col(Member.person_id) == person_id).order_by(col(Member.started_at), col(Member.id))
    ).all()
    names = {one.id: one.name for one in organisations_out(session, [member.organisation_id for member in members])}
    return [
        MembershipHeld(
            organisation_id=member.organisation_id,
            organisation=names[member.organisation_id],
            roles=member.roles,
            started_at=member.started_at,
            ended_at=member.ended_at,
        )
        for member in members
    ]


def _rows(session: Session, shape: type[S], table: type[SQLModel], condition: ColumnElement[bool]) -> list[S]:
    """Rows of a table in the order they were made, with the columns that the shape names."""
    model: Any = table
    columns = [getattr(model, field.name) for field in fields(shape)]
    found = session.execute(select(*columns).where(condition).order_by(model.created_at, model.id))
    return [shape(**row._asdict()) for row in found]
