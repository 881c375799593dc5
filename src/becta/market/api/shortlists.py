"""Shortlists: the candidates that schools and trusts keep for a purchase, and afterwards why."""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK

from becta.kernel import clock
from becta.kernel.actor import Scope
from becta.kernel.paging import fingerprint
from becta.market.accounts.organisations import parse_reference
from becta.market.api.access import BEARER, Credentials, etag, needs
from becta.market.api.idempotency import Answer, IdempotencyKey, once
from becta.market.api.paging import CursorParameter, Limit, Page, link_header, next_cursor, start_after
from becta.market.api.products import ETAG, Reason
from becta.market.db import Database
from becta.market.problems import documented
from becta.market.shortlists.export import shortlist_csv
from becta.market.shortlists.queries import one_shortlist, shortlists
from becta.market.shortlists.rules import ShortlistState
from becta.market.shortlists.schemas import (
    Choice,
    NewEntry,
    NewShortlist,
    ShortlistOut,
    ShortlistShort,
    ShortlistTerms,
)
from becta.market.shortlists.service import (
    add_to_shortlist,
    amend_shortlist,
    archive_shortlist,
    close_shortlist,
    remove_from_shortlist,
    start_shortlist,
)

CSV, JSON = "text/csv", "application/json"


@post(
    "/shortlists",
    sync_to_thread=True,
    operation_id="start_shortlist",
    opt={"access": needs(Scope.SHORTLISTS_WRITE)},
    tags=["shortlists"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 413, 422),
    response_headers=ETAG,
)
def start(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    data: JSONBody[NewShortlist],
    idempotency_key: IdempotencyKey = None,
) -> Response[ShortlistOut]:
    """Start a shortlist for a school or trust; `badges` says what each product on it should hold."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:

        def do() -> Answer:
            made = start_shortlist(session, actor, data, now=now)
            told = one_shortlist(session, actor, made.id, now=now)
            return Answer(told, {**etag(told.revision), "Location": f"/api/v1/shortlists/{told.id}"})

        return once(session, actor, idempotency_key, ("POST /shortlists", data), do, now=now)


@get(
    "/shortlists",
    sync_to_thread=True,
    operation_id="list_shortlists",
    opt={"access": needs(Scope.SHORTLISTS_READ)},
    tags=["shortlists"],
    security=BEARER,
    responses=documented(400, 401, 403),
)
def list_shortlists(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    wanted: Annotated[ShortlistState | None, QueryParameter(name="state", description="Only this state")] = None,
    organisation: Annotated[
        str | None, QueryParameter(max_length=80, description='Only this school or trust, such as "urn:100001"')
    ] = None,
    limit: Limit = 50,
    cursor: CursorParameter = None,
) -> Response[Page[ShortlistShort]]:
    """The shortlists of your organisation and those it owns, newest first."""
    actor = credentials.actor(db, now=clock.now())
    organisation_id = None if organisation is None else parse_reference(organisation, "organisation").id
    bound_to = fingerprint("shortlists", actor.bound_to, wanted, organisation_id)
    before = start_after(cursor, bound_to)
    with db.read() as session:
        found = shortlists(
            session, actor, state=wanted, organisation_id=organisation_id, before=before, limit=limit + 1
        )
    following = next_cursor([one.id for one in found], limit, bound_to)
    return Response(Page(items=found[:limit], next=following), headers=link_header(request, following))


@get(
    "/shortlists/{shortlist_id:uuid}",
    sync_to_thread=True,
    operation_id="get_shortlist",
    opt={"access": needs(Scope.SHORTLISTS_READ)},
    tags=["shortlists"],
    security=BEARER,
    responses=documented(401, 403, 404),
    response_headers=ETAG,
)
def get_shortlist(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    shortlist_id: FromPath[UUID],
) -> Response[ShortlistOut]:
    """A shortlist with what is true of its products now; with `Accept: text/csv` a table for the file.

    The table of one that was closed or archived shows it as it stood at that second.
    """
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.read() as session:
        found = one_shortlist(session, actor, shortlist_id, now=now)
    headers = {**etag(found.revision), "Vary": "Accept"}
    if request.accept.best_match([JSON, CSV], default=JSON) == CSV:
        named = {"Content-Disposition": f'attachment; filename="shortlist-{found.id}.csv"'}
        table: Response[Any] = Response(
            shortlist_csv(found, now=now).encode(), media_type=CSV, headers={**headers, **named}
        )
        return table
    return Response(found, headers=headers)


@put(
    "/shortlists/{shortlist_id:uuid}",
    sync_to_thread=True,
    operation_id="amend_shortlist",
    opt={"access": needs(Scope.SHORTLISTS_WRITE)},
    tags=["shortlists"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 412, 413),
    response_headers=ETAG,
)
def amend(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    shortlist_id: FromPath[UUID],
    data: JSONBody[ShortlistTerms],
) -> Response[ShortlistOut]:
    """Change the name, the need and the wanted badges of an open shortlist."""
    return _step(db, credentials, shortlist_id, amend_shortlist, data)


@post(
    "/shortlists/{shortlist_id:uuid}/entries",
    sync_to_thread=True,
    operation_id="add_to_shortlist",
    opt={"access": needs(Scope.SHORTLISTS_WRITE)},
    tags=["shortlists"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 412, 413),
    response_headers=ETAG,
)
def add(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    shortlist_id: FromPath[UUID],
    data: JSONBody[NewEntry],
) -> Response[ShortlistOut]:
    """Put a listed product on an open shortlist; its price and badges of this second are kept with it."""
    return _step(db, credentials, shortlist_id, add_to_shortlist, data, status_code=201)


@post(
    "/shortlists/{shortlist_id:uuid}/entries/{entry_id:uuid}/remove",
    sync_to_thread=True,
    status_code=HTTP_200_OK,
    operation_id="remove_from_shortlist",
    opt={"access": needs(Scope.SHORTLISTS_WRITE)},
    tags=["shortlists"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 412, 413),
    response_headers=ETAG,
)
def remove(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    shortlist_id: FromPath[UUID],
    entry_id: FromPath[UUID],
    data: JSONBody[Reason],
) -> Response[ShortlistOut]:
    """Take a product off an open shortlist, saying why; it stays under `removed`."""
    return _step(db, credentials, shortlist_id, remove_from_shortlist, entry_id, data.reason)


@post(
    "/shortlists/{shortlist_id:uuid}/close",
    sync_to_thread=True,
    status_code=HTTP_200_OK,
    operation_id="close_shortlist",
    opt={"access": needs(Scope.SHORTLISTS_WRITE)},
    tags=["shortlists"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 412, 413),
    response_headers=ETAG,
)
def close(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    shortlist_id: FromPath[UUID],
    data: JSONBody[Choice],
) -> Response[ShortlistOut]:
    """Close a shortlist with the product chosen from it and why; it is frozen, and `as_ended` shows how it stood."""
    return _step(db, credentials, shortlist_id, close_shortlist, data)


@post(
    "/shortlists/{shortlist_id:uuid}/archive",
    sync_to_thread=True,
    status_code=HTTP_200_OK,
    operation_id="archive_shortlist",
    opt={"access": needs(Scope.SHORTLISTS_WRITE)},
    tags=["shortlists"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 412, 413),
    response_headers=ETAG,
)
def archive(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    shortlist_id: FromPath[UUID],
    data: JSONBody[Reason],
) -> Response[ShortlistOut]:
    """Put a shortlist away without choosing anything, saying why; it is frozen as it stands."""
    return _step(db, credentials, shortlist_id, archive_shortlist, data.reason)


def _step(
    db: Database,
    credentials: Credentials,
    shortlist_id: UUID,
    use_case: Callable[..., object],
    *given: object,
    status_code: int = HTTP_200_OK,
) -> Response[ShortlistOut]:
    """One step in a shortlist's life, in a transaction of its own."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        use_case(session, actor, shortlist_id, *given, revision=credentials.revision, now=now)
        session.flush()
        told = one_shortlist(session, actor, shortlist_id, now=now)
    return Response(told, headers=etag(told.revision), status_code=status_code)
