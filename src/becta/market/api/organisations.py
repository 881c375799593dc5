"""Organisations: what anybody may know of them, their members, and invitations to join them."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED
from msgspec import Struct
from sqlmodel import Session

from becta.kernel import clock
from becta.kernel.actor import Actor, Role, Scope
from becta.kernel.errors import Forbidden, Invalid, NotFound
from becta.kernel.paging import fingerprint
from becta.market.accounts.histories import organisation_facts
from becta.market.accounts.invitations import invite, withdraw_invitation
from becta.market.accounts.members import end_membership, set_roles
from becta.market.accounts.organisations import known_reference, open_organisation
from becta.market.accounts.queries import invitation_out, invitations, is_member, members, one_member
from becta.market.accounts.schemas import InvitationOut, MemberOut, OrganisationFacts
from becta.market.api.access import BEARER, PUBLIC, SIGNED_IN, Credentials, etag, needs
from becta.market.api.paging import CursorParameter, Limit, Page, link_header, next_cursor, start_after
from becta.market.api.products import ETAG
from becta.market.db import Database
from becta.market.problems import documented


class Roles(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The roles a member is to have, in place of those before."""

    roles: list[Role]


class Ending(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a membership ends; whoever leaves by themselves need not say."""

    reason: str | None = None


class NewInvitation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to invite, and the roles they will have."""

    email: str
    roles: list[Role]


@get(
    "/organisations/{reference:str}",
    sync_to_thread=True,
    operation_id="get_organisation",
    opt={"access": PUBLIC},
    tags=["organisations"],
    responses=documented(404),
)
def get_organisation(db: NamedDependency[Database], reference: FromPath[str]) -> OrganisationFacts:
    """A school, trust, supplier or the operator, with its history."""
    with db.read() as session:
        organisation_id_of(session, reference)
        return organisation_facts(session, reference)


@get(
    "/organisations/{reference:str}/members",
    sync_to_thread=True,
    operation_id="list_members",
    opt={"access": SIGNED_IN},
    tags=["organisations"],
    security=BEARER,
    responses=documented(400, 401, 403, 404),
)
def list_members(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    reference: FromPath[str],
    ended: Annotated[bool, QueryParameter(description="Those who left instead")] = False,
    limit: Limit = 50,
    cursor: CursorParameter = None,
) -> Response[Page[MemberOut]]:
    """Who belongs to an organisation, for its members and whoever manages its people."""
    actor = credentials.actor(db, now=clock.now())
    with db.read() as session:
        organisation_id = organisation_id_of(session, reference)
        _may_see_members(session, actor, organisation_id)
        bound_to = fingerprint("members", organisation_id, ended)
        after = start_after(cursor, bound_to)
        found = members(session, organisation_id, ended=ended, after=after, limit=limit + 1)
    following = next_cursor([one.id for one in found], limit, bound_to)
    return Response(Page(items=found[:limit], next=following), headers=link_header(request, following))


@put(
    "/organisations/{reference:str}/members/{person_id:uuid}",
    sync_to_thread=True,
    operation_id="set_member_roles",
    opt={"access": needs(Scope.PEOPLE_MANAGE)},
    tags=["organisations"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 412, 413),
    response_headers=ETAG,
)
def change_roles(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    reference: FromPath[str],
    person_id: FromPath[UUID],
    data: JSONBody[Roles],
) -> Response[MemberOut]:
    """Give a member other roles; nobody changes their own."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        organisation_id = organisation_id_of(session, reference)
        made = set_roles(session, actor, organisation_id, person_id, data.roles, revision=credentials.revision, now=now)
        told = one_member(session, made.id)
    return Response(told, headers=etag(told.revision))


@post(
    "/organisations/{reference:str}/members/{person_id:uuid}/end",
    sync_to_thread=True,
    status_code=HTTP_200_OK,
    operation_id="end_membership",
    opt={"access": SIGNED_IN},
    tags=["organisations"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 413),
)
def end(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    reference: FromPath[str],
    person_id: FromPath[UUID],
    data: JSONBody[Ending],
) -> MemberOut:
    """Leave an organisation, or remove somebody from it; their own tokens for it end at once."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    if actor.person_id == person_id:
        actor.require(Scope.ACCOUNT_MANAGE)
    with db.write() as session:
        ended = end_membership(
            session, actor, organisation_id_of(session, reference), person_id, reason=data.reason, now=now
        )
        return one_member(session, ended.id)


@post(
    "/organisations/{reference:str}/invitations",
    sync_to_thread=True,
    status_code=HTTP_201_CREATED,
    operation_id="invite",
    opt={"access": needs(Scope.PEOPLE_MANAGE)},
    tags=["organisations"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 413),
)
def invite_somebody(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    reference: FromPath[str],
    data: JSONBody[NewInvitation],
) -> InvitationOut:
    """Invite somebody by e-mail to join; the mail holds a link that works for 14 days."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        actor.require(Scope.PEOPLE_MANAGE, of=organisation_id_of(session, reference))
        organisation = open_organisation(session, reference, now=now)
        return invitation_out(invite(session, actor, organisation, data.email, data.roles, now=now))


@get(
    "/organisations/{reference:str}/invitations",
    sync_to_thread=True,
    operation_id="list_invitations",
    opt={"access": needs(Scope.PEOPLE_MANAGE)},
    tags=["organisations"],
    security=BEARER,
    responses=documented(400, 401, 403, 404),
)
def list_invitations(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    reference: FromPath[str],
    limit: Limit = 50,
    cursor: CursorParameter = None,
) -> Response[Page[InvitationOut]]:
    """The invitations to an organisation, for whoever manages its people."""
    actor = credentials.actor(db, now=clock.now())
    with db.read() as session:
        organisation_id = organisation_id_of(session, reference)
        actor.require(Scope.PEOPLE_MANAGE, of=organisation_id)
        bound_to = fingerprint("invitations", organisation_id)
        found = invitations(session, organisation_id, after=start_after(cursor, bound_to), limit=limit + 1)
    following = next_cursor([one.id for one in found], limit, bound_to)
    return Response(Page(items=found[:limit], next=following), headers=link_header(request, following))


@post(
    "/invitations/{invitation_id:uuid}/withdraw",
    sync_to_thread=True,
    status_code=HTTP_200_OK,
    operation_id="withdraw_invitation",
    opt={"access": needs(Scope.PEOPLE_MANAGE)},
    tags=["organisations"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409),
)
def withdraw(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], invitation_id: FromPath[UUID]
) -> InvitationOut:
    """Take an open invitation back; its link stops working."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        return invitation_out(withdraw_invitation(session, actor, invitation_id, now=now))


def organisation_id_of(session: Session, reference: str) -> UUID:
    """The organisation that an address names; an address that names none leads nowhere."""
    try:
        return known_reference(session, reference).id
    except Invalid:
        raise NotFound("organisation", reference[:80]) from None


def _may_see_members(session: Session, actor: Actor, organisation_id: UUID) -> None:
    """Members see one another; whoever else reaches the organisation must manage its people."""
    if not (actor.organisation_id == organisation_id and is_member(session, actor.person_id, organisation_id)):
        if not actor.reaches(organisation_id):
            raise Forbidden(need=Scope.PEOPLE_MANAGE, organisation_id=organisation_id)
        actor.require(Scope.PEOPLE_MANAGE, of=organisation_id)
