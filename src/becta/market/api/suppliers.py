"""Suppliers, and the reference list of categories."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from becta.catalogue.categories import categories
from becta.catalogue.suppliers.rules import SupplierDetails
from becta.catalogue.suppliers.service import amend_supplier, register_supplier
from becta.kernel import clock
from becta.kernel.actor import Scope
from becta.kernel.errors import faults_within
from becta.kernel.paging import fingerprint
from becta.market.api.access import BEARER, PUBLIC, Credentials, etag, needs
from becta.market.api.paging import CursorParameter, Limit, Page, link_header, next_cursor, start_after
from becta.market.db import Database
from becta.market.listings.compose import category_out
from becta.market.listings.queries import one_supplier, suppliers_out
from becta.market.listings.schemas import CategoryOut, SupplierOut
from becta.market.problems import documented

SUPPLIERS = fingerprint("suppliers")


class NewSupplier(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A supplier to register. `reference` is its short name in addresses and files, and stays."""

    reference: str
    details: SupplierDetails


@get(
    "/categories",
    sync_to_thread=False,
    operation_id="list_categories",
    opt={"access": PUBLIC},
    tags=["reference"],
)
def list_categories() -> Page[CategoryOut]:
    """Every category, grouped by kind."""
    return Page(items=[category_out(code) for code in categories()], next=None)


@get(
    "/suppliers",
    sync_to_thread=True,
    operation_id="list_suppliers",
    opt={"access": PUBLIC},
    tags=["suppliers"],
    responses=documented(400),
)
def list_suppliers(
    request: Request[Any, Any, Any], db: NamedDependency[Database], limit: Limit = 50, cursor: CursorParameter = None
) -> Response[Page[SupplierOut]]:
    """Suppliers with their badges, in order of registration."""
    after = start_after(cursor, SUPPLIERS)
    with db.read() as session:
        found = suppliers_out(session, after=after, limit=limit + 1, now=clock.now())
    following = next_cursor([supplier.id for supplier in found], limit, SUPPLIERS)
    return Response(Page(items=found[:limit], next=following), headers=link_header(request, following))


@get(
    "/suppliers/{supplier_id:uuid}",
    sync_to_thread=True,
    operation_id="get_supplier",
    opt={"access": PUBLIC},
    tags=["suppliers"],
    responses=documented(404),
)
def get_supplier(db: NamedDependency[Database], supplier_id: FromPath[UUID]) -> Response[SupplierOut]:
    """A supplier with its badges."""
    with db.read() as session:
        supplier = one_supplier(session, supplier_id, now=clock.now())
    return Response(supplier, headers=etag(supplier.revision))


@post(
    "/suppliers",
    sync_to_thread=True,
    operation_id="create_supplier",
    opt={"access": needs(Scope.SUPPLIERS_WRITE)},
    tags=["suppliers"],
    security=BEARER,
    responses=documented(400, 401, 403, 409, 413),
)
def create_supplier(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], data: JSONBody[NewSupplier]
) -> Response[SupplierOut]:
    """Register a supplier (operator)."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        with faults_within("details", but=frozenset({"reference"})):
            made = register_supplier(session, actor, data.reference, data.details, now=now)
        supplier = one_supplier(session, made.id, now=now)
    return Response(supplier, headers={**etag(supplier.revision), "Location": f"/api/v1/suppliers/{supplier.id}"})


@put(
    "/suppliers/{supplier_id:uuid}",
    sync_to_thread=True,
    operation_id="amend_supplier",
    opt={"access": needs(Scope.LISTINGS_WRITE)},
    tags=["suppliers"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 412, 413),
)
def amend(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    supplier_id: FromPath[UUID],
    data: JSONBody[SupplierDetails],
) -> Response[SupplierOut]:
    """Replace a supplier's details."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        amend_supplier(session, actor, supplier_id, data, revision=credentials.revision, now=now)
        supplier = one_supplier(session, supplier_id, now=now)
    return Response(supplier, headers=etag(supplier.revision))
