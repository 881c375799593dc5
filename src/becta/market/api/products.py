"""Products: what buyers read, and the supplier's write side of listings."""

from collections.abc import Callable
from hashlib import blake2b
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post, put
from litestar.datastructures import ResponseHeader
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK
from msgspec import Struct

from becta.catalogue.categories import Kind, categories
from becta.catalogue.products.models import Product
from becta.catalogue.products.rules import ListingContent, ListingState
from becta.catalogue.products.service import (
    edit_listing,
    publish_listing,
    send_back_listing,
    start_listing,
    submit_listing,
    withdraw_listing,
)
from becta.kernel import clock
from becta.kernel.actor import Scope
from becta.kernel.errors import Fault, faults_within, refuse_if_any
from becta.kernel.paging import encode_cursor, fingerprint
from becta.market.api.access import BEARER, PUBLIC, Credentials, etag, is_known, needs
from becta.market.api.paging import CursorParameter, Limit, Page, link_header, next_cursor, start_after
from becta.market.db import Database
from becta.market.listings.queries import ListingFilter, product_body, product_cards, versions_in_work, versions_of
from becta.market.listings.schemas import ProductCard, ProductOut, VersionOut
from becta.market.problems import documented

ETAG = [
    ResponseHeader(name="ETag", description="Send it as If-Match to change just this revision", documentation_only=True)
]

UNCHANGED = ResponseSpec(data_container=None, description="You have it as it is", generate_examples=False)


class NewProduct(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A product to list. `reference` is the supplier's own and stays; everything else is the first draft."""

    supplier_id: UUID
    reference: str
    kind: Kind
    content: ListingContent


class Reasons(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a listing is sent back, one entry a reason."""

    reasons: list[str]


class Reason(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a listing is withdrawn."""

    reason: str


@get("/products", operation_id="list_products", opt={"access": PUBLIC}, tags=["products"], responses=documented(400))
async def list_products(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    kind: Annotated[Kind | None, QueryParameter(description="Only this kind")] = None,
    category: Annotated[str | None, QueryParameter(max_length=64, description="Only this category")] = None,
    supplier_id: Annotated[UUID | None, QueryParameter(description="Only this supplier")] = None,
    limit: Limit = 50,
    cursor: CursorParameter = None,
) -> Response[Page[ProductCard]]:
    """Published products, oldest first."""
    if category is not None and category not in categories():
        mend = "choose one of those under /api/v1/categories"
        refuse_if_any([Fault(field="category", problem="is not a category", mend=mend, value=category)])
    wanted = ListingFilter(kind=kind, category=category, supplier_id=supplier_id)
    bound_to = fingerprint("products", wanted)
    cards, last = await product_cards(db, wanted, after=start_after(cursor, bound_to), limit=limit, now=clock.now())
    following = None if last is None else encode_cursor(bound_to, last)
    body = b'{"items":[' + b",".join(cards) + b'],"next":' + msgspec.json.encode(following) + b"}"
    return _json(body, headers=link_header(request, following))


@get(
    "/products/{product_id:uuid}",
    operation_id="get_product",
    opt={"access": PUBLIC},
    tags=["products"],
    responses={**documented(404), 304: UNCHANGED},
    response_headers=[ResponseHeader(name="ETag", description="Send it as If-None-Match", documentation_only=True)],
)
async def get_product(
    request: Request[Any, Any, Any], db: NamedDependency[Database], product_id: FromPath[UUID]
) -> Response[ProductOut]:
    """A published product with its offers and badges."""
    body = await product_body(db, product_id, now=clock.now())
    tag = f'W/"{blake2b(body, digest_size=8).hexdigest()}"'
    if is_known(request, tag):
        return _json(b"", headers={"ETag": tag}, status_code=304)
    return _json(body, headers={"ETag": tag})


@post(
    "/products",
    sync_to_thread=True,
    operation_id="create_product",
    opt={"access": needs(Scope.LISTINGS_WRITE)},
    tags=["listings"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 413),
    response_headers=ETAG,
)
def create_product(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], data: JSONBody[NewProduct]
) -> Response[VersionOut]:
    """List a product: it starts as a draft that only its supplier sees."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        with faults_within("content", but=frozenset({"reference"})):
            product, _ = start_listing(
                session,
                actor,
                supplier_id=data.supplier_id,
                reference=data.reference,
                kind=data.kind,
                content=data.content,
                now=now,
            )
        session.flush()
        newest = versions_of(session, product.id)[0]
    return Response(
        newest, headers={**etag(newest.product_revision), "Location": f"/api/v1/products/{product.id}/versions"}
    )


@put(
    "/products/{product_id:uuid}/draft",
    sync_to_thread=True,
    operation_id="edit_listing",
    opt={"access": needs(Scope.LISTINGS_WRITE)},
    tags=["listings"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 412, 413),
    response_headers=ETAG,
)
def edit(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    product_id: FromPath[UUID],
    data: JSONBody[ListingContent],
) -> Response[VersionOut]:
    """Change the draft, or start a new one beside what is published."""
    return _step(db, credentials, product_id, edit_listing, data)


@post(
    "/products/{product_id:uuid}/submit",
    sync_to_thread=True,
    status_code=HTTP_200_OK,
    operation_id="submit_listing",
    opt={"access": needs(Scope.LISTINGS_WRITE)},
    tags=["listings"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 412),
    response_headers=ETAG,
)
def submit(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], product_id: FromPath[UUID]
) -> Response[VersionOut]:
    """Ask the operator to publish the draft."""
    return _step(db, credentials, product_id, submit_listing)


@post(
    "/products/{product_id:uuid}/publish",
    sync_to_thread=True,
    status_code=HTTP_200_OK,
    operation_id="publish_listing",
    opt={"access": needs(Scope.LISTINGS_DECIDE)},
    tags=["listings"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 412),
    response_headers=ETAG,
)
def publish(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], product_id: FromPath[UUID]
) -> Response[VersionOut]:
    """Publish the submitted version; the one before it is superseded in the same moment."""
    return _step(db, credentials, product_id, publish_listing)


@post(
    "/products/{product_id:uuid}/return",
    sync_to_thread=True,
    status_code=HTTP_200_OK,
    operation_id="return_listing",
    opt={"access": needs(Scope.LISTINGS_DECIDE)},
    tags=["listings"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 412, 413),
    response_headers=ETAG,
)
def send_back(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    product_id: FromPath[UUID],
    data: JSONBody[Reasons],
) -> Response[VersionOut]:
    """Return the submitted version to its supplier with reasons."""
    return _step(db, credentials, product_id, send_back_listing, data.reasons)


@post(
    "/products/{product_id:uuid}/withdraw",
    sync_to_thread=True,
    status_code=HTTP_200_OK,
    operation_id="withdraw_listing",
    opt={"access": needs(Scope.LISTINGS_WRITE)},
    tags=["listings"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 412, 413),
    response_headers=ETAG,
)
def withdraw(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    product_id: FromPath[UUID],
    data: JSONBody[Reason],
) -> Response[VersionOut]:
    """Take the listing off the marketplace; what was published stays on record."""
    return _step(db, credentials, product_id, withdraw_listing, data.reason)


@get(
    "/products/{product_id:uuid}/versions",
    sync_to_thread=True,
    operation_id="list_versions",
    opt={"access": needs(Scope.LISTINGS_WRITE)},
    tags=["listings"],
    security=BEARER,
    responses=documented(400, 401, 403, 404),
    response_headers=ETAG,
)
def list_versions(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], product_id: FromPath[UUID]
) -> Response[list[VersionOut]]:
    """Every version of a listing, newest first, for its supplier and the operator."""
    actor = credentials.actor(db, now=clock.now())
    with db.read() as session:
        versions = versions_of(session, product_id)
        actor.require(Scope.LISTINGS_WRITE, of=session.get_one(Product, product_id).supplier_id)
    return Response(versions, headers=etag(versions[0].product_revision))


@get(
    "/listings",
    sync_to_thread=True,
    operation_id="list_listings",
    opt={"access": needs(Scope.LISTINGS_WRITE)},
    tags=["listings"],
    security=BEARER,
    responses=documented(400, 401, 403),
)
def list_listings(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    wanted: Annotated[
        ListingState | None, QueryParameter(name="state", description="Only this state; without it, all in work")
    ] = None,
    limit: Limit = 50,
    cursor: CursorParameter = None,
) -> Response[Page[VersionOut]]:
    """Drafts, submitted and returned listings of the token's supplier, or of all for the operator."""
    actor = credentials.actor(db, now=clock.now())
    actor.require(Scope.LISTINGS_WRITE)
    bound_to = fingerprint("listings", actor.bound_to, wanted)
    after = start_after(cursor, bound_to)
    with db.read() as session:
        found = versions_in_work(session, actor.bound_to, wanted, after=after, limit=limit + 1)
    following = next_cursor([version_id for version_id, _ in found], limit, bound_to)
    page = Page(items=[version for _, version in found[:limit]], next=following)
    return Response(page, headers=link_header(request, following))


def _step(
    db: Database, credentials: Credentials, product_id: UUID, use_case: Callable[..., object], *given: object
) -> Response[VersionOut]:
    """One step in a listing's life: who asks, the step in a transaction of its own, the newest version as answer."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        use_case(session, actor, product_id, *given, revision=credentials.revision, now=now)
        session.flush()
        newest = versions_of(session, product_id)[0]
    return Response(newest, headers=etag(newest.product_revision))


def _json(body: bytes, *, headers: dict[str, str], status_code: int = HTTP_200_OK) -> Response[Any]:
    return Response(body, media_type="application/json", headers=headers, status_code=status_code)
