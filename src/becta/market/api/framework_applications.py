"""Applications for a framework's lots: what a supplier does with its own, and how an authority assesses them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post, put
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from becta.kernel import clock
from becta.kernel.actor import Scope
from becta.kernel.paging import fingerprint
from becta.market.api.access import BEARER, Credentials, etag, needs
from becta.market.api.frameworks import RUNNING, step
from becta.market.api.idempotency import Answer, IdempotencyKey, once
from becta.market.api.paging import CursorParameter, Limit, Page, link_header, next_cursor, start_after
from becta.market.api.products import ETAG, Reason
from becta.market.db import Database
from becta.market.frameworks.applications import (
    application_sent,
    applications_sent,
    own_application,
    own_applications,
)
from becta.market.frameworks.applying import (
    amend_application,
    start_application,
    submit_application,
    withdraw_application,
)
from becta.market.frameworks.assessing import (
    decide_application,
    reinstate_supplier,
    release_application,
    remove_supplier,
    suspend_supplier,
    take_application,
)
from becta.market.frameworks.schemas import ApplicationOut, ApplicationShort
from becta.market.frameworks.scoring import Assessment
from becta.market.frameworks.terms import ApplicationTerms, NewApplication, Submission
from becta.market.problems import documented

_APPLYING: dict[str, Any] = {
    "opt": {"access": needs(Scope.FRAMEWORKS_APPLY)},
    "tags": ["frameworks"],
    "security": BEARER,
    "responses": documented(400, 401, 403, 404, 409, 412, 413),
    "response_headers": ETAG,
}


def _applying(path: str, operation_id: str) -> Callable[..., HTTPRouteHandler]:
    """A route that takes a supplier's own application one step on."""
    address = f"/framework-applications/{{application_id:uuid}}/{path}"
    return post(address, sync_to_thread=True, status_code=HTTP_200_OK, operation_id=operation_id, **_APPLYING)


def _assessing(path: str, operation_id: str) -> Callable[..., HTTPRouteHandler]:
    """A route that takes an application one step on, by whom it was sent to."""
    return step(f"applications/{{application_id:uuid}}/{path}", operation_id)


@post(
    "/frameworks/{framework_id:uuid}/lots/{lot:int}/applications",
    sync_to_thread=True,
    operation_id="start_framework_application",
    **{**_APPLYING, "responses": documented(400, 401, 403, 404, 409, 413, 422)},
)
def start(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    framework_id: FromPath[UUID],
    lot: FromPath[int],
    data: JSONBody[NewApplication],
    idempotency_key: IdempotencyKey = None,
) -> Response[ApplicationOut]:
    """Start a supplier's application for a lot, as a draft that only the supplier sees."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:

        def do() -> Answer:
            made = start_application(session, actor, framework_id, lot, data, now=now)
            told = own_application(session, actor, made.id, now=now)
            return Answer(told, {**etag(told.revision), "Location": f"/api/v1/framework-applications/{told.id}"})

        asked = ("POST /frameworks/lots/applications", framework_id, lot, data)
        return once(session, actor, idempotency_key, asked, do, now=now)


@get(
    "/framework-applications",
    sync_to_thread=True,
    operation_id="list_own_framework_applications",
    **{**_APPLYING, "responses": documented(400, 401, 403), "response_headers": None},
)
def list_own_applications(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    limit: Limit = 50,
    cursor: CursorParameter = None,
) -> Response[Page[ApplicationShort]]:
    """Your supplier's applications, newest first."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    bound_to = fingerprint("own framework applications", actor.organisation_id)
    before = start_after(cursor, bound_to)
    with db.read() as session:
        found = own_applications(session, actor, before=before, limit=limit + 1, now=now)
    following = next_cursor([one.id for one in found], limit, bound_to)
    return Response(Page(items=found[:limit], next=following), headers=link_header(request, following))


@get(
    "/framework-applications/{application_id:uuid}",
    sync_to_thread=True,
    operation_id="get_own_framework_application",
    **{**_APPLYING, "responses": documented(401, 403, 404)},
)
def get_own_application(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], application_id: FromPath[UUID]
) -> Response[ApplicationOut]:
    """One of your supplier's applications; what is made of it shows once all assessment summaries are sent."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.read() as session:
        found = own_application(session, actor, application_id, now=now)
    return Response(found, headers=etag(found.revision))


@put(
    "/framework-applications/{application_id:uuid}",
    sync_to_thread=True,
    operation_id="amend_framework_application",
    **_APPLYING,
)
def amend(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    application_id: FromPath[UUID],
    data: JSONBody[ApplicationTerms],
) -> Response[ApplicationOut]:
    """Change an application before the deadline; one that was submitted is a draft again until submitted anew."""
    return _own_step(db, credentials, application_id, amend_application, data)


@_applying("submit", "submit_framework_application")
def submit(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    application_id: FromPath[UUID],
    data: JSONBody[Submission],
) -> Response[ApplicationOut]:
    """Submit an application that is whole, accepting the standard terms by their hash; late ones are refused."""
    return _own_step(db, credentials, application_id, submit_application, data)


@_applying("withdraw", "withdraw_framework_application")
def withdraw(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], application_id: FromPath[UUID]
) -> Response[ApplicationOut]:
    """Take an application back before its assessment begins."""
    return _own_step(db, credentials, application_id, withdraw_application)


@get(
    "/frameworks/{framework_id:uuid}/applications",
    sync_to_thread=True,
    operation_id="list_framework_applications",
    **{**RUNNING, "responses": documented(400, 401, 403, 404), "response_headers": None},
)
def list_applications(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    framework_id: FromPath[UUID],
    limit: Limit = 50,
    cursor: CursorParameter = None,
) -> Response[Page[ApplicationShort]]:
    """What was submitted for a framework of yours, oldest first; nothing of a round before its deadline."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    bound_to = fingerprint("framework applications", framework_id)
    after = start_after(cursor, bound_to)
    with db.read() as session:
        found = applications_sent(session, actor, framework_id, after=after, limit=limit + 1, now=now)
    following = next_cursor([one.id for one in found], limit, bound_to)
    return Response(Page(items=found[:limit], next=following), headers=link_header(request, following))


@get(
    "/frameworks/{framework_id:uuid}/applications/{application_id:uuid}",
    sync_to_thread=True,
    operation_id="get_framework_application",
    **{**RUNNING, "responses": documented(401, 403, 404)},
)
def get_application(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    framework_id: FromPath[UUID],
    application_id: FromPath[UUID],
) -> Response[ApplicationOut]:
    """An application for a framework of yours, once the deadline has come."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.read() as session:
        found = application_sent(session, actor, framework_id, application_id, now=now)
    return Response(found, headers=etag(found.revision))


@_assessing("take", "take_framework_application")
def take(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    framework_id: FromPath[UUID],
    application_id: FromPath[UUID],
) -> Response[ApplicationOut]:
    """Begin to assess an application: what its answers decide by themselves is decided at once."""
    return _step(db, credentials, framework_id, application_id, take_application)


@_assessing("release", "release_framework_application")
def release(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    framework_id: FromPath[UUID],
    application_id: FromPath[UUID],
) -> Response[ApplicationOut]:
    """Give an application that you took back, for another to assess."""
    return _step(db, credentials, framework_id, application_id, release_application)


@_assessing("decide", "decide_framework_application")
def decide(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    framework_id: FromPath[UUID],
    application_id: FromPath[UUID],
    data: JSONBody[Assessment],
) -> Response[ApplicationOut]:
    """Judge an application that you took, each point with its reason; whether it is admitted follows from that."""
    return _step(db, credentials, framework_id, application_id, decide_application, data)


@_assessing("suspend", "suspend_framework_supplier")
def suspend(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    framework_id: FromPath[UUID],
    application_id: FromPath[UUID],
    data: JSONBody[Reason],
) -> Response[ApplicationOut]:
    """Keep an awarded supplier from being called off from for a while, saying why."""
    return _step(db, credentials, framework_id, application_id, suspend_supplier, data.reason)


@_assessing("reinstate", "reinstate_framework_supplier")
def reinstate(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    framework_id: FromPath[UUID],
    application_id: FromPath[UUID],
    data: JSONBody[Reason],
) -> Response[ApplicationOut]:
    """End a supplier's suspension, saying why."""
    return _step(db, credentials, framework_id, application_id, reinstate_supplier, data.reason)


@_assessing("remove", "remove_framework_supplier")
def remove(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    framework_id: FromPath[UUID],
    application_id: FromPath[UUID],
    data: JSONBody[Reason],
) -> Response[ApplicationOut]:
    """Take an awarded supplier off a lot for good, saying why."""
    return _step(db, credentials, framework_id, application_id, remove_supplier, data.reason)


def _own_step(
    db: Database, credentials: Credentials, application_id: UUID, use_case: Callable[..., object], *given: object
) -> Response[ApplicationOut]:
    """One step of a supplier with its application, in a transaction of its own."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        use_case(session, actor, application_id, *given, revision=credentials.revision, now=now)
        session.flush()
        told = own_application(session, actor, application_id, now=now)
    return Response(told, headers=etag(told.revision))


def _step(
    db: Database,
    credentials: Credentials,
    framework_id: UUID,
    application_id: UUID,
    use_case: Callable[..., object],
    *given: object,
) -> Response[ApplicationOut]:
    """One step of an authority with an application, in a transaction of its own."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        use_case(session, actor, framework_id, application_id, *given, revision=credentials.revision, now=now)
        session.flush()
        told = application_sent(session, actor, framework_id, application_id, now=now)
    return Response(told, headers=etag(told.revision))


FRAMEWORK_APPLICATIONS = [
    start,
    list_own_applications,
    get_own_application,
    amend,
    submit,
    withdraw,
    list_applications,
    get_application,
    take,
    release,
    decide,
    suspend,
    reinstate,
    remove,
]
"""All of these routes, for the application's list."""
