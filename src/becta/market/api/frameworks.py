"""Frameworks: the public list, and what an authority does to set up, open, award and end one."""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post, put
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK
from msgspec import Struct

from becta.catalogue.categories import categories
from becta.catalogue.text_rules import text_faults
from becta.kernel import clock
from becta.kernel.actor import Scope
from becta.kernel.errors import Fault, refuse_if_any
from becta.kernel.paging import fingerprint
from becta.market.api.access import BEARER, PUBLIC, Credentials, etag, needs
from becta.market.api.idempotency import Answer, IdempotencyKey, once
from becta.market.api.paging import CursorParameter, Limit, Page, link_header, next_cursor, start_after
from becta.market.api.products import ETAG, Reason
from becta.market.db import Database
from becta.market.frameworks.buyers import buyer_named
from becta.market.frameworks.declarations import Grounds, grounds
from becta.market.frameworks.drafting import amend_framework, set_up_framework
from becta.market.frameworks.entitlement import Entitlement, entitlement
from becta.market.frameworks.queries import (
    FrameworkFilter,
    frameworks,
    own_framework,
    own_frameworks,
    published_framework,
    standard_terms,
)
from becta.market.frameworks.rules import Standing
from becta.market.frameworks.schemas import FrameworkOut, FrameworkShort, TermsOut
from becta.market.frameworks.service import (
    award_framework,
    extend_deadline,
    publish_framework,
    reopen_framework,
    send_summaries,
    terminate_framework,
)
from becta.market.frameworks.terms import Extension, FrameworkTerms, NewFramework, Opening
from becta.market.problems import documented
from becta.market.settings import Settings

RUNNING: dict[str, Any] = {
    "opt": {"access": needs(Scope.FRAMEWORKS_RUN)},
    "tags": ["frameworks"],
    "security": BEARER,
    "responses": documented(400, 401, 403, 404, 409, 412, 413),
    "response_headers": ETAG,
}
"""What every step in a framework's life has in common; each names who may take it."""


def step(path: str, operation_id: str) -> Callable[..., HTTPRouteHandler]:
    """A route that takes a framework, or an application for one, one step on."""
    return post(
        f"/frameworks/{{framework_id:uuid}}/{path}",
        sync_to_thread=True,
        status_code=HTTP_200_OK,
        operation_id=operation_id,
        **RUNNING,
    )


class PublicFilter(Struct, frozen=True, kw_only=True):
    """What the public list is filtered by, as the query names it."""

    keyword: str | None
    status: Standing | None
    open: bool | None
    category: str | None
    competition: bool | None
    levy_max: int | None
    buyer: str | None


@get(
    "/frameworks",
    sync_to_thread=True,
    operation_id="list_frameworks",
    opt={"access": PUBLIC},
    tags=["frameworks"],
    responses=documented(400, 404),
)
def list_frameworks(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    keyword: Annotated[str | None, QueryParameter(max_length=200, description="Every word of it, anywhere")] = None,
    status: Annotated[Standing | None, QueryParameter(description="Where they stand now")] = None,
    is_open: Annotated[bool | None, QueryParameter(name="open", description="Whether suppliers may apply")] = None,
    category: Annotated[str | None, QueryParameter(max_length=64, description="With a lot of this category")] = None,
    competition: Annotated[
        bool | None, QueryParameter(description="With a lot to call off from after competition, or without it")
    ] = None,
    levy_max: Annotated[int | None, QueryParameter(ge=0, le=10_000, description="Levy at most, basis points")] = None,
    buyer: Annotated[
        str | None, QueryParameter(max_length=80, description='That this buyer may use, such as "urn:100001"')
    ] = None,
    limit: Limit = 50,
    cursor: CursorParameter = None,
) -> Response[Page[FrameworkShort]]:
    """Published frameworks, newest first, as they stand now."""
    now = clock.now()
    asked = PublicFilter(
        keyword=keyword,
        status=status,
        open=is_open,
        category=category,
        competition=competition,
        levy_max=levy_max,
        buyer=buyer,
    )
    if category is not None and category not in categories():
        mend = "choose one of those under /api/v1/categories"
        refuse_if_any([Fault(field="category", problem="is not a category", mend=mend, value=category)])
    refuse_if_any(text_faults("keyword", keyword or "", at_most=200))
    bound_to = fingerprint("frameworks", asked)
    before = start_after(cursor, bound_to)
    with db.read() as session:
        wanted = FrameworkFilter(
            keyword=keyword,
            standing=status,
            is_taking_applications=is_open,
            category=category,
            is_with_competition=competition,
            levy_at_most=levy_max,
            buyer=None if buyer is None else buyer_named(session, buyer),
        )
        found = frameworks(session, wanted, before=before, limit=limit + 1, now=now)
    following = next_cursor([one.id for one in found], limit, bound_to)
    return Response(Page(items=found[:limit], next=following), headers=link_header(request, following))


@get(
    "/frameworks/{framework_id:uuid}",
    sync_to_thread=True,
    operation_id="get_framework",
    opt={"access": PUBLIC},
    tags=["frameworks"],
    responses=documented(404),
    response_headers=ETAG,
)
def get_framework(db: NamedDependency[Database], framework_id: FromPath[UUID]) -> Response[FrameworkOut]:
    """A published framework with its lots and their suppliers, as it stands now."""
    with db.read() as session:
        found = published_framework(session, framework_id, now=clock.now())
    return Response(found, headers=etag(found.revision))


@get(
    "/frameworks/{framework_id:uuid}/terms/{sha256:str}",
    sync_to_thread=True,
    operation_id="get_framework_terms",
    opt={"access": PUBLIC},
    tags=["frameworks"],
    responses=documented(404),
)
def get_framework_terms(
    db: NamedDependency[Database], framework_id: FromPath[UUID], sha256: FromPath[str]
) -> Response[TermsOut]:
    """The standard terms of a published framework, named by their hash."""
    with db.read() as session:
        return Response(standard_terms(session, framework_id, sha256))


@get(
    "/frameworks/{framework_id:uuid}/entitlement",
    sync_to_thread=True,
    operation_id="get_framework_entitlement",
    opt={"access": PUBLIC},
    tags=["frameworks"],
    responses=documented(400, 404),
)
def get_entitlement(
    db: NamedDependency[Database],
    framework_id: FromPath[UUID],
    buyer: Annotated[str, QueryParameter(max_length=80, description='A school or trust, such as "urn:100001"')],
) -> Response[Entitlement]:
    """Whether a school or trust may call off from a published framework, and why."""
    with db.read() as session:
        found = published_framework(session, framework_id, now=clock.now())
        return Response(entitlement(found.entitled, buyer_named(session, buyer)))


@get(
    "/frameworks/exclusion-grounds",
    sync_to_thread=False,
    operation_id="list_exclusion_grounds",
    opt={"access": PUBLIC},
    tags=["frameworks"],
)
def list_exclusion_grounds() -> Response[Grounds]:
    """The exclusion grounds of Schedules 6 and 7 that suppliers are asked about, dated."""
    return Response(grounds())


@post(
    "/frameworks",
    sync_to_thread=True,
    operation_id="set_up_framework",
    **{**RUNNING, "responses": documented(400, 401, 403, 404, 409, 413, 422)},
)
def set_up(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    settings: NamedDependency[Settings],
    data: JSONBody[NewFramework],
    idempotency_key: IdempotencyKey = None,
) -> Response[FrameworkOut]:
    """Set up a framework as a draft that only its authority sees."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:

        def do() -> Answer:
            made = set_up_framework(session, actor, data, ocid_prefix=settings.ocid_prefix, now=now)
            told = own_framework(session, actor, made.id, now=now)
            return Answer(told, {**etag(told.revision), "Location": f"/api/v1/frameworks/{told.id}/own"})

        return once(session, actor, idempotency_key, ("POST /frameworks", data), do, now=now)


@get(
    "/frameworks/own",
    sync_to_thread=True,
    operation_id="list_own_frameworks",
    **{**RUNNING, "responses": documented(400, 401, 403), "response_headers": None},
)
def list_own(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    limit: Limit = 50,
    cursor: CursorParameter = None,
) -> Response[Page[FrameworkShort]]:
    """The frameworks that your organisation runs, drafts included, newest first."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    bound_to = fingerprint("own frameworks", actor.organisation_id)
    before = start_after(cursor, bound_to)
    with db.read() as session:
        found = own_frameworks(session, actor, before=before, limit=limit + 1, now=now)
    following = next_cursor([one.id for one in found], limit, bound_to)
    return Response(Page(items=found[:limit], next=following), headers=link_header(request, following))


@get(
    "/frameworks/{framework_id:uuid}/own",
    sync_to_thread=True,
    operation_id="get_own_framework",
    **{**RUNNING, "responses": documented(401, 403, 404)},
)
def get_own(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], framework_id: FromPath[UUID]
) -> Response[FrameworkOut]:
    """A framework that your organisation runs, also as a draft."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.read() as session:
        found = own_framework(session, actor, framework_id, now=now)
    return Response(found, headers=etag(found.revision))


@put("/frameworks/{framework_id:uuid}", sync_to_thread=True, operation_id="amend_framework", **RUNNING)
def amend(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    framework_id: FromPath[UUID],
    data: JSONBody[FrameworkTerms],
) -> Response[FrameworkOut]:
    """Change what a draft says; nothing of it changes once it is published."""
    return _step(db, credentials, framework_id, amend_framework, data)


@step("publish", "publish_framework")
def publish(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    framework_id: FromPath[UUID],
    data: JSONBody[Opening],
) -> Response[FrameworkOut]:
    """Publish a draft and open it for applications, for 25 days or more (s.54)."""
    return _step(db, credentials, framework_id, publish_framework, data)


@step("reopen", "reopen_framework")
def reopen(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    framework_id: FromPath[UUID],
    data: JSONBody[Opening],
) -> Response[FrameworkOut]:
    """Open an open framework for applications again (s.49).

    It stays in force. Its suppliers are ranked again with the applicants, and the award may end their places.
    """
    return _step(db, credentials, framework_id, reopen_framework, data)


@step("extend", "extend_framework_deadline")
def extend(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    framework_id: FromPath[UUID],
    data: JSONBody[Extension],
) -> Response[FrameworkOut]:
    """Put the deadline off for everybody, saying why, before it comes."""
    return _step(db, credentials, framework_id, extend_deadline, data)


@step("summaries", "send_framework_summaries")
def summaries(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], framework_id: FromPath[UUID]
) -> Response[FrameworkOut]:
    """Give every applicant its assessment summary (s.50), once all applications are decided."""
    return _step(db, credentials, framework_id, send_summaries)


@step("award", "award_framework")
def award(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], framework_id: FromPath[UUID]
) -> Response[FrameworkOut]:
    """Publish the award; after a standstill of eight working days (s.51) the framework is in force."""
    return _step(db, credentials, framework_id, award_framework)


@step("terminate", "terminate_framework")
def terminate(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    framework_id: FromPath[UUID],
    data: JSONBody[Reason],
) -> Response[FrameworkOut]:
    """End a framework for good, also before it is awarded (s.55), saying why."""
    return _step(db, credentials, framework_id, terminate_framework, data.reason)


def _step(
    db: Database, credentials: Credentials, framework_id: UUID, use_case: Callable[..., object], *given: object
) -> Response[FrameworkOut]:
    """One step in a framework's life, in a transaction of its own."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        use_case(session, actor, framework_id, *given, revision=credentials.revision, now=now)
        session.flush()
        told = own_framework(session, actor, framework_id, now=now)
    return Response(told, headers=etag(told.revision))


FRAMEWORKS = [
    list_frameworks,
    list_exclusion_grounds,
    list_own,
    get_framework,
    get_framework_terms,
    get_entitlement,
    set_up,
    get_own,
    amend,
    publish,
    reopen,
    extend,
    summaries,
    award,
    terminate,
]
"""All of these routes, for the application's list."""
