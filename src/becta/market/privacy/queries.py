"""Reading what is held about a person."""

from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

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
        audit_events=[
            EventHeld(position=held.position, at=held.at, action=held.action, fields=held.fields)
            for held in personal_fields(session, person_id)
        ],
    )


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
