"""Open contracting: our releases, records and notices for anybody, and what others published as alerts and prices."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.response import Stream
from litestar.status_codes import HTTP_200_OK
from msgspec import Meta

from becta.kernel import clock
from becta.kernel.actor import Scope
from becta.kernel.errors import NotFound, refuse_if_any
from becta.kernel.paging import decode_cursor, encode_cursor, fingerprint
from becta.kernel.trail import MAX_INTEGER
from becta.market.api.access import BEARER, PUBLIC, Credentials, needs
from becta.market.api.idempotency import Answer, IdempotencyKey, once
from becta.market.api.paging import CursorParameter, Limit, Page, link_header, next_cursor, start_after
from becta.market.db import Database
from becta.market.ocds.alerts import end_interest, interests_of, save_interest
from becta.market.ocds.drafts import NoticeDraft, framework_notice_drafts, notice_drafts
from becta.market.ocds.interests import cpv_faults
from becta.market.ocds.models import OcdsRelease
from becta.market.ocds.packages import Publisher, csv_head, csv_row, record_package, release_package
from becta.market.ocds.queries import (
    AT_ONCE,
    benchmark,
    notices,
    one_notice,
    one_release,
    plain,
    processes,
    releases_after,
    releases_of,
)
from becta.market.ocds.schemas import BenchmarkOut, InterestIn, InterestOut, NoticeOut, interest_out, notice_out
from becta.market.problems import documented
from becta.market.settings import Settings

JSON, JSON_LINES, CSV = "application/json", "application/x-ndjson", "text/csv"
OPEN = {"Access-Control-Allow-Origin": "*"}
"""Anybody's page may read what is published."""
PACKAGE = ResponseSpec(dict[str, Any], description="A package as OCDS 1.1 describes it", generate_examples=False)
RELEASE = ResponseSpec(dict[str, Any], description="A release, as it came", generate_examples=False)
RELEASES, RECORDS = fingerprint("ocds-releases"), fingerprint("ocds-records")
Number = Annotated[int, Meta(ge=0, le=MAX_INTEGER - 1)]
Since = Annotated[
    str | None,
    QueryParameter(max_length=400, description="The cursor of the Link header of the page before; leave out to start"),
]
Cpv = Annotated[str, QueryParameter(max_length=10, description="A CPV code or its beginning, such as 30213100")]


def _text(description: str, media_type: str) -> ResponseSpec:
    return ResponseSpec(str, description=description, media_type=media_type, generate_examples=False)


@get(
    "/ocds/releases",
    sync_to_thread=True,
    operation_id="list_releases",
    opt={"access": PUBLIC},
    tags=["open contracting"],
    responses={**documented(400), 200: PACKAGE},
)
def list_releases(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    since: Since = None,
    limit: Limit = 50,
) -> Response[bytes]:
    """Our releases since a cursor, oldest first, as an OCDS release package.

    The Link header leads to the `next` page while there is one, and always to where to look for changes (`monitor`).
    """
    after = _after(since, RELEASES)
    with db.read() as session:
        rows = releases_after(session, after, limit + 1)
    page, has_more = rows[:limit], len(rows) > limit
    cursor = encode_cursor(RELEASES, page[-1].number if page else after)
    body = release_package(
        [row.body for row in page], _publisher(settings), uri=_uri(request, settings), published=_published(page)
    )
    return Response(body, media_type=JSON, headers={**OPEN, **_feed(request, cursor, has_more=has_more)})


@get(
    "/ocds/releases/{ocid:str}/{release_id:str}",
    sync_to_thread=True,
    operation_id="get_release",
    opt={"access": PUBLIC},
    tags=["open contracting"],
    responses={**documented(404), 200: PACKAGE},
)
def get_release(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    ocid: FromPath[str],
    release_id: FromPath[str],
) -> Response[bytes]:
    """One release of ours, in a package."""
    with db.read() as session:
        row = one_release(session, ocid, release_id)
    body = release_package([row.body], _publisher(settings), uri=_uri(request, settings), published=row.date)
    return Response(body, media_type=JSON, headers=OPEN)


@get(
    "/ocds/records",
    sync_to_thread=True,
    operation_id="list_records",
    opt={"access": PUBLIC},
    tags=["open contracting"],
    responses={**documented(400), 200: PACKAGE},
)
def list_records(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    limit: Limit = 20,
    cursor: CursorParameter = None,
) -> Response[bytes]:
    """Our processes as an OCDS record package: each with its releases, and what they come to."""
    after = _after(cursor, RECORDS)
    with db.read() as session:
        keys = processes(session, after, limit + 1)
        found = releases_of(session, [key.ocid for key in keys[:limit]])
    following = encode_cursor(RECORDS, keys[limit - 1].number) if len(keys) > limit else None
    body = record_package(
        [[row.body for row in rows] for rows in found.values()],
        _publisher(settings),
        uri=_uri(request, settings),
        published=_published([rows[-1] for rows in found.values()]),
    )
    return Response(body, media_type=JSON, headers={**OPEN, **link_header(request, following)})


@get(
    "/ocds/records/{ocid:str}",
    sync_to_thread=True,
    operation_id="get_record",
    opt={"access": PUBLIC},
    tags=["open contracting"],
    responses={**documented(400, 404), 200: PACKAGE},
)
def get_record(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    ocid: FromPath[str],
    versions: Annotated[bool, QueryParameter(description="Also tell what each field was when")] = False,
) -> Response[bytes]:
    """One process of ours in a record package, with the versions of each field if asked for."""
    with db.read() as session:
        rows = releases_of(session, [plain(ocid)])[plain(ocid)]
    if not rows:
        raise NotFound("process", ocid)
    body = record_package(
        [[row.body for row in rows]],
        _publisher(settings),
        uri=_uri(request, settings),
        published=rows[-1].date,
        with_versions=versions,
    )
    return Response(body, media_type=JSON, headers=OPEN)


@get(
    "/ocds/releases.jsonl",
    sync_to_thread=True,
    operation_id="stream_releases",
    opt={"access": PUBLIC},
    tags=["open contracting"],
    responses={200: _text("A release a line", JSON_LINES)},
)
def stream_releases(db: NamedDependency[Database]) -> Stream:
    """All our releases as JSON Lines, one a line, oldest first."""
    return Stream(_lines(db, lambda row: f"{row.body}\n"), media_type=JSON_LINES, headers=OPEN)


@get(
    "/ocds/releases.csv",
    sync_to_thread=True,
    operation_id="stream_releases_table",
    opt={"access": PUBLIC},
    tags=["open contracting"],
    responses={200: _text("A release a row", CSV)},
)
def stream_table(db: NamedDependency[Database]) -> Stream:
    """All our releases as a table (RFC 4180), one a row, oldest first."""
    named = {"Content-Disposition": 'attachment; filename="releases.csv"'}
    lines = _lines(db, lambda row: csv_row(row.body, row.notice), head=csv_head())
    return Stream(lines, media_type=CSV, headers={**OPEN, **named})


@get(
    "/ocds/notices/{procurement_id:uuid}",
    sync_to_thread=True,
    operation_id="list_notice_drafts",
    opt={"access": needs(Scope.PROCUREMENTS_READ)},
    tags=["open contracting"],
    security=BEARER,
    responses=documented(401, 403, 404),
)
def list_drafts(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], procurement_id: FromPath[UUID]
) -> list[NoticeDraft]:
    """The UK notices of a procurement of yours as drafts ready to send to the central digital platform first."""
    actor = credentials.actor(db, now=clock.now())
    with db.read() as session:
        return notice_drafts(session, actor, procurement_id)


@get(
    "/ocds/notices/frameworks/{framework_id:uuid}",
    sync_to_thread=True,
    operation_id="list_framework_notice_drafts",
    opt={"access": needs(Scope.FRAMEWORKS_RUN)},
    tags=["open contracting"],
    security=BEARER,
    responses=documented(401, 403, 404),
)
def list_framework_drafts(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], framework_id: FromPath[UUID]
) -> list[NoticeDraft]:
    """The UK notices of a framework of yours as drafts ready to send to the central digital platform first."""
    actor = credentials.actor(db, now=clock.now())
    with db.read() as session:
        return framework_notice_drafts(session, actor, framework_id)


@get(
    "/notices",
    sync_to_thread=True,
    operation_id="list_notices",
    opt={"access": PUBLIC},
    tags=["open contracting"],
    responses=documented(400),
)
def list_notices(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    is_open: Annotated[bool | None, QueryParameter(name="open", description="Can still be bid for, or not")] = None,
    cpv: Annotated[str | None, QueryParameter(max_length=10, description="Only under this CPV code")] = None,
    limit: Limit = 50,
    cursor: CursorParameter = None,
) -> Response[Page[NoticeOut]]:
    """What others published, by the newest word on each process, the last that came first."""
    if cpv is not None:
        refuse_if_any(cpv_faults("cpv", cpv))
    bound_to = fingerprint("notices", is_open, cpv)
    before = start_after(cursor, bound_to)
    with db.read() as session:
        found = notices(session, is_open=is_open, cpv=cpv, before=before, limit=limit + 1, now=clock.now())
    following = next_cursor([one.id for one in found], limit, bound_to)
    items = [notice_out(one) for one in found[:limit]]
    return Response(Page(items=items, next=following), headers=link_header(request, following))


@get(
    "/notices/{notice_id:uuid}/release",
    sync_to_thread=True,
    operation_id="get_notice_release",
    opt={"access": PUBLIC},
    tags=["open contracting"],
    responses={**documented(404), 200: RELEASE},
)
def get_notice(db: NamedDependency[Database], notice_id: FromPath[UUID]) -> Response[bytes]:
    """The release of somebody else as it came, digit by digit."""
    with db.read() as session:
        found = one_notice(session, notice_id)
    return Response(found.body.encode(), media_type=JSON, headers=OPEN)


@post(
    "/notices/interests",
    sync_to_thread=True,
    operation_id="save_interest",
    opt={"access": needs(Scope.BIDS_MAKE)},
    tags=["open contracting"],
    security=BEARER,
    responses=documented(400, 401, 403, 409, 413, 422),
)
def save(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    data: JSONBody[InterestIn],
    idempotency_key: IdempotencyKey = None,
) -> Response[InterestOut]:
    """Save what your company wants to hear of: it is told of each new open process that fits, once, by e-mail."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:

        def do() -> Answer:
            made = save_interest(session, actor, data, now=now)
            return Answer(interest_out(made), {"Location": f"/api/v1/notices/interests/{made.id}"})

        return once(session, actor, idempotency_key, ("POST /notices/interests", data), do, now=now)


@get(
    "/notices/interests",
    sync_to_thread=True,
    operation_id="list_interests",
    opt={"access": needs(Scope.BIDS_MAKE)},
    tags=["open contracting"],
    security=BEARER,
    responses=documented(401, 403),
)
def list_interests(db: NamedDependency[Database], credentials: NamedDependency[Credentials]) -> list[InterestOut]:
    """What your company wants to hear of, oldest first."""
    actor = credentials.actor(db, now=clock.now())
    with db.read() as session:
        return [interest_out(one) for one in interests_of(session, actor)]


@post(
    "/notices/interests/{interest_id:uuid}/end",
    sync_to_thread=True,
    status_code=HTTP_200_OK,
    operation_id="end_interest",
    opt={"access": needs(Scope.BIDS_MAKE)},
    tags=["open contracting"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409),
)
def end(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], interest_id: FromPath[UUID]
) -> InterestOut:
    """Hear no more of what fits an interest."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        return interest_out(end_interest(session, actor, interest_id, now=now))


@get(
    "/reference/benchmarks",
    sync_to_thread=True,
    operation_id="get_benchmarks",
    opt={"access": PUBLIC},
    tags=["reference"],
    responses=documented(400),
)
def get_benchmarks(db: NamedDependency[Database], cpv: Cpv) -> BenchmarkOut:
    """How awarded values of what lies below a CPV code are spread; with fewer than three awards nothing is told."""
    refuse_if_any(cpv_faults("cpv", cpv))
    with db.read() as session:
        return benchmark(session, cpv)


OPEN_CONTRACTING: list[Any] = [
    list_releases,
    get_release,
    list_records,
    get_record,
    stream_releases,
    stream_table,
    list_drafts,
    list_framework_drafts,
    list_notices,
    get_notice,
    save,
    list_interests,
    end,
    get_benchmarks,
]
"""Every route of open contracting."""


def _after(cursor: str | None, bound_to: str) -> int:
    """The number after which a page starts; raises Invalid for a cursor of another list."""
    if cursor is None:
        return 0
    number: int = decode_cursor(cursor, bound_to, Number)
    return number


def _publisher(settings: Settings) -> Publisher:
    return Publisher(name="BECTA 2.0 marketplace", origin=settings.origin)


def _uri(request: Request[Any, Any, Any], settings: Settings) -> str:
    query: str = request.scope["query_string"].decode("latin-1")
    return f"{settings.origin}{request.scope['path']}{'?' if query else ''}{query}"


def _published(rows: list[OcdsRelease]) -> datetime:
    """When a page last changed: the same page is the same to the letter whenever it is asked for."""
    return max((row.date for row in rows), default=clock.now())


def _feed(request: Request[Any, Any, Any], cursor: str, *, has_more: bool) -> dict[str, str]:
    query: str = request.scope["query_string"].decode("latin-1")
    kept = [part for part in query.split("&") if part and not part.startswith("since=")]
    target = f"<{request.scope['path']}?{'&'.join([*kept, f'since={cursor}'])}>"
    links = [f'{target}; rel="next"'] if has_more else []
    return {"Link": ", ".join([*links, f'{target}; rel="monitor"'])}


def _lines(db: Database, line: Callable[[OcdsRelease], str], head: str = "") -> Iterator[bytes]:
    """Lines of all releases, each few in a transaction of their own: a slow reader holds nothing."""
    if head:
        yield head.encode()
    number = 0
    while True:
        with db.read() as session:
            rows = releases_after(session, number, AT_ONCE)
        if not rows:
            return
        number = rows[-1].number
        yield "".join(map(line, rows)).encode()
