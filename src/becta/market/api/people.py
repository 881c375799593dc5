"""Who asks, and how people come to an organisation: accepting an invitation, asking to join and being let in."""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED
from msgspec import Struct

from becta.kernel import clock
from becta.kernel.actor import Role, Scope
from becta.kernel.paging import fingerprint
from becta.market.accounts.invitations import PURPOSE, accept_invitation
from becta.market.accounts.joining import ask_to_join, confirm_request, refuse_request, withdraw_request
from becta.market.accounts.models import JoinRequest
from becta.market.accounts.organisations import open_organisation
from becta.market.accounts.queries import join_requests, me, one_join_request, one_member
from becta.market.accounts.rules import JoinState
from becta.market.accounts.schemas import JoinRequestOut, Me, MemberOut
from becta.market.api.access import BEARER, SIGNED_IN, Credentials, needs
from becta.market.api.organisations import Roles, organisation_id_of
from becta.market.api.paging import CursorParameter, Limit, Page, link_header, next_cursor, start_after
from becta.market.db import Database
from becta.market.problems import documented
from becta.market.signing import LinkSigner


class Code(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The code of an invitation, out of the link in its mail."""

    code: str


class NewJoinRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which organisation to join ("urn:", "trust:" or "supplier:" and its key), and the roles wanted there."""

    organisation: str
    roles: list[Role]


class Refusal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a request is refused; who asked is told."""

    reason: str


@get(
    "/me",
    sync_to_thread=True,
    operation_id="get_me",
    opt={"access": SIGNED_IN},
    tags=["people"],
    security=BEARER,
    responses=documented(401, 403),
)
def get_me(db: NamedDependency[Database], credentials: NamedDependency[Credentials]) -> Me:
    """Who asks, for which organisation, and every organisation they belong to."""
    actor = credentials.actor(db, now=clock.now())
    with db.read() as session:
        return me(session, actor)


@post(
    "/invitations/accept",
    sync_to_thread=True,
    status_code=HTTP_200_OK,
    operation_id="accept_invitation",
    opt={"access": needs(Scope.ACCOUNT_MANAGE)},
    tags=["people"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 413),
)
def accept(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    signer: NamedDependency[LinkSigner],
    data: JSONBody[Code],
) -> MemberOut:
    """Join as invited: the invitation must have gone to the e-mail address with which you signed in."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        joined = accept_invitation(session, actor, signer.check(PURPOSE, data.code), now=now)
        return one_member(session, joined.id)


@post(
    "/join-requests",
    sync_to_thread=True,
    status_code=HTTP_201_CREATED,
    operation_id="ask_to_join",
    opt={"access": needs(Scope.ACCOUNT_MANAGE)},
    tags=["people"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 413),
)
def ask(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], data: JSONBody[NewJoinRequest]
) -> JoinRequestOut:
    """Ask to join an organisation whose e-mail address you have; somebody there confirms it."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        organisation = open_organisation(session, data.organisation, now=now)
        asked = ask_to_join(session, actor, organisation, data.roles, now=now)
        return one_join_request(session, asked.id)


@get(
    "/join-requests",
    sync_to_thread=True,
    operation_id="list_own_join_requests",
    opt={"access": SIGNED_IN},
    tags=["people"],
    security=BEARER,
    responses=documented(400, 401, 403),
)
def list_own(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    limit: Limit = 50,
    cursor: CursorParameter = None,
) -> Response[Page[JoinRequestOut]]:
    """Your own requests to join, and what became of them."""
    actor = credentials.actor(db, now=clock.now())
    bound_to = fingerprint("own_join_requests", actor.person_id)
    after = start_after(cursor, bound_to)
    with db.read() as session:
        found = join_requests(session, person_id=actor.person_id, after=after, limit=limit + 1)
    following = next_cursor([one.id for one in found], limit, bound_to)
    return Response(Page(items=found[:limit], next=following), headers=link_header(request, following))


@get(
    "/organisations/{reference:str}/join-requests",
    sync_to_thread=True,
    operation_id="list_join_requests",
    opt={"access": needs(Scope.PEOPLE_MANAGE)},
    tags=["organisations"],
    security=BEARER,
    responses=documented(400, 401, 403, 404),
)
def list_join_requests(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    reference: FromPath[str],
    wanted: Annotated[JoinState | None, QueryParameter(name="state", description="Only this state")] = None,
    limit: Limit = 50,
    cursor: CursorParameter = None,
) -> Response[Page[JoinRequestOut]]:
    """Requests to join an organisation, for whoever manages its people."""
    actor = credentials.actor(db, now=clock.now())
    with db.read() as session:
        organisation_id = organisation_id_of(session, reference)
        actor.require(Scope.PEOPLE_MANAGE, of=organisation_id)
        bound_to = fingerprint("join_requests", organisation_id, wanted)
        after = start_after(cursor, bound_to)
        found = join_requests(session, organisation_id=organisation_id, state=wanted, after=after, limit=limit + 1)
    following = next_cursor([one.id for one in found], limit, bound_to)
    return Response(Page(items=found[:limit], next=following), headers=link_header(request, following))


@post(
    "/join-requests/{request_id:uuid}/confirm",
    sync_to_thread=True,
    status_code=HTTP_200_OK,
    operation_id="confirm_join_request",
    opt={"access": needs(Scope.PEOPLE_MANAGE)},
    tags=["organisations"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 413),
)
def confirm(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    request_id: FromPath[UUID],
    data: JSONBody[Roles],
) -> JoinRequestOut:
    """Let in who asked, with these roles."""
    return _decide(db, credentials, request_id, confirm_request, data.roles)


@post(
    "/join-requests/{request_id:uuid}/refuse",
    sync_to_thread=True,
    status_code=HTTP_200_OK,
    operation_id="refuse_join_request",
    opt={"access": needs(Scope.PEOPLE_MANAGE)},
    tags=["organisations"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 413),
)
def refuse(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    request_id: FromPath[UUID],
    data: JSONBody[Refusal],
) -> JoinRequestOut:
    """Do not let in who asked, for a reason."""
    return _decide(db, credentials, request_id, refuse_request, data.reason)


@post(
    "/join-requests/{request_id:uuid}/withdraw",
    sync_to_thread=True,
    status_code=HTTP_200_OK,
    operation_id="withdraw_join_request",
    opt={"access": needs(Scope.ACCOUNT_MANAGE)},
    tags=["people"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409),
)
def withdraw(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], request_id: FromPath[UUID]
) -> JoinRequestOut:
    """Take your own request back."""
    return _decide(db, credentials, request_id, withdraw_request)


def _decide(
    db: Database, credentials: Credentials, request_id: UUID, use_case: Callable[..., JoinRequest], *given: object
) -> JoinRequestOut:
    """One step of a request: who asks, the step in a transaction of its own, the request as answer."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        use_case(session, actor, request_id, *given, now=now)
        return one_join_request(session, request_id)
