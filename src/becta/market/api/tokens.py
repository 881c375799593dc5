"""API tokens over the API: make, list, rotate and revoke. A secret is told once."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED
from msgspec import Meta, Struct

from becta.kernel import clock
from becta.kernel.actor import Scope
from becta.kernel.errors import Fault, Invalid
from becta.kernel.paging import fingerprint
from becta.market.accounts.models import ApiToken, Organisation
from becta.market.accounts.organisations import open_organisation
from becta.market.accounts.queries import token_out, tokens
from becta.market.accounts.schemas import MadeToken, TokenOut
from becta.market.accounts.tokens import issue_personal_token, issue_token, revoke_token, rotate_token
from becta.market.api.access import BEARER, SIGNED_IN, Credentials, needs
from becta.market.api.organisations import organisation_id_of
from becta.market.api.paging import CursorParameter, Limit, Page, link_header, next_cursor, start_after
from becta.market.db import Database
from becta.market.problems import documented


class NewToken(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A token to make: your own (`personal`), or the organisation's.

    Without `scopes`, all it may be given but "account:manage".
    """

    label: str
    personal: bool
    organisation: str | None = None
    scopes: list[Scope] | None = None
    days: Annotated[int, Meta(ge=1, le=365)] = 90


class Rotation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long the old secret lives on beside the new one."""

    grace_hours: Annotated[int, Meta(ge=0, le=24)] = 0


class Revocation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a token ends; needed where it is another person's."""

    reason: str | None = None


@post(
    "/tokens",
    sync_to_thread=True,
    status_code=HTTP_201_CREATED,
    operation_id="create_token",
    opt={"access": needs(Scope.ACCOUNT_MANAGE)},
    tags=["tokens"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 413),
)
def create(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], data: JSONBody[NewToken]
) -> Response[MadeToken]:
    """Make a token. Its secret is in this answer and nowhere else."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    wanted: dict[str, Any] = {
        "label": data.label,
        "scopes": data.scopes,
        "expires_at": now + timedelta(days=data.days),
        "now": now,
    }
    with db.write() as session:
        organisation_id = actor.organisation_id
        if data.organisation is not None:
            organisation_id = organisation_id_of(session, data.organisation)
        if organisation_id is None:
            mend = "name the organisation that the token is to act for"
            raise Invalid([Fault(field="organisation", problem="is missing, and you act for none", mend=mend)])
        if data.personal:
            made = issue_personal_token(session, actor, organisation_id, **wanted)
        else:
            actor.require(Scope.TOKENS_MANAGE, of=organisation_id)
            organisation = (
                session.get_one(Organisation, organisation_id)
                if data.organisation is None
                else open_organisation(session, data.organisation, now=now)
            )
            made = issue_token(session, actor, organisation, **wanted)
        return _told(*made)


@get(
    "/tokens",
    sync_to_thread=True,
    operation_id="list_tokens",
    opt={"access": SIGNED_IN},
    tags=["tokens"],
    security=BEARER,
    responses=documented(400, 401, 403, 404),
)
def list_tokens(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    organisation: Annotated[
        str | None, QueryParameter(max_length=80, description="Also those of this organisation, if you manage them")
    ] = None,
    limit: Limit = 50,
    cursor: CursorParameter = None,
) -> Response[Page[TokenOut]]:
    """Your own tokens, and those of the organisation you act for if you manage its tokens."""
    actor = credentials.actor(db, now=clock.now())
    with db.read() as session:
        shown = actor.organisation_id if Scope.TOKENS_MANAGE in actor.scopes else None
        if organisation is not None:
            shown = organisation_id_of(session, organisation)
            actor.require(Scope.TOKENS_MANAGE, of=shown)
        bound_to = fingerprint("tokens", shown, actor.person_id)
        after = start_after(cursor, bound_to)
        found = tokens(session, organisation_id=shown, person_id=actor.person_id, after=after, limit=limit + 1)
    following = next_cursor([one.id for one in found], limit, bound_to)
    return Response(Page(items=found[:limit], next=following), headers=link_header(request, following))


@post(
    "/tokens/{token_id:uuid}/rotate",
    sync_to_thread=True,
    status_code=HTTP_201_CREATED,
    operation_id="rotate_token",
    opt={"access": SIGNED_IN},
    tags=["tokens"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 413),
)
def rotate(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    token_id: FromPath[UUID],
    data: JSONBody[Rotation],
) -> Response[MadeToken]:
    """Get a new token in place of one, with the same label and scopes; the old one ends at once or within a day."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        return _told(*rotate_token(session, actor, token_id, grace=timedelta(hours=data.grace_hours), now=now))


@post(
    "/tokens/{token_id:uuid}/revoke",
    sync_to_thread=True,
    status_code=HTTP_200_OK,
    operation_id="revoke_token",
    opt={"access": SIGNED_IN},
    tags=["tokens"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 413),
)
def revoke(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    token_id: FromPath[UUID],
    data: JSONBody[Revocation],
) -> TokenOut:
    """End a token at once."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        return token_out(revoke_token(session, actor, token_id, reason=data.reason, now=now))


def _told(token: ApiToken, secret: str) -> Response[MadeToken]:
    told = MadeToken(token=token_out(token), secret=secret)
    return Response(told, status_code=HTTP_201_CREATED, headers={"Cache-Control": "no-store"})
