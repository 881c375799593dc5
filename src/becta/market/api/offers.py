"""Offers: prices and terms, with the particulars of used devices."""

from uuid import UUID

from litestar import Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK
from msgspec import Struct

from becta.catalogue.offers.rules import OfferTerms
from becta.catalogue.offers.service import end_offer
from becta.kernel import clock
from becta.kernel.actor import Scope
from becta.kernel.errors import faults_within
from becta.market.api.access import BEARER, PUBLIC, Credentials, etag, needs
from becta.market.api.paging import Page
from becta.market.db import Database
from becta.market.listings.compose import offer_out
from becta.market.listings.queries import one_listing, one_offer
from becta.market.listings.schemas import OfferOut
from becta.market.problems import documented
from becta.refurb.units.rules import RemanufacturedDevice
from becta.refurb.units.service import change_device_offer, offer_device

NOT_TERMS = frozenset({"reference", "remanufactured"})
"""Parts of the body beside `terms` that a fault can be in."""


class OfferIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An offer's terms; `remanufactured` is for goods that are not new."""

    terms: OfferTerms
    remanufactured: RemanufacturedDevice | None = None


class NewOffer(OfferIn, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An offer by a supplier, under the supplier's own reference."""

    supplier_id: UUID
    reference: str


@get(
    "/products/{product_id:uuid}/offers",
    sync_to_thread=True,
    operation_id="list_offers",
    opt={"access": PUBLIC},
    tags=["offers"],
    responses=documented(404),
)
def list_offers(db: NamedDependency[Database], product_id: FromPath[UUID]) -> Page[OfferOut]:
    """The active offers of a published product, oldest first; a product has few, so there is one page."""
    with db.read() as session:
        return Page(items=[offer_out(parts) for parts in one_listing(session, product_id).offers], next=None)


@get(
    "/offers/{offer_id:uuid}",
    sync_to_thread=True,
    operation_id="get_offer",
    opt={"access": PUBLIC},
    tags=["offers"],
    responses=documented(404),
)
def get_offer(db: NamedDependency[Database], offer_id: FromPath[UUID]) -> Response[OfferOut]:
    """One offer of a published product, active or ended."""
    with db.read() as session:
        parts = one_offer(session, offer_id)
        one_listing(session, parts.offer.product_id)
        return Response(offer_out(parts), headers=etag(parts.offer.revision))


@post(
    "/products/{product_id:uuid}/offers",
    sync_to_thread=True,
    operation_id="create_offer",
    opt={"access": needs(Scope.OFFERS_WRITE)},
    tags=["offers"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 413),
)
def create_offer(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    product_id: FromPath[UUID],
    data: JSONBody[NewOffer],
) -> Response[OfferOut]:
    """Offer a product at a price; it is live at once."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        with faults_within("terms", but=NOT_TERMS):
            offer = offer_device(
                session,
                actor,
                product_id=product_id,
                supplier_id=data.supplier_id,
                reference=data.reference,
                terms=data.terms,
                unit=data.remanufactured,
                now=now,
            )
        session.flush()
        made = offer_out(one_offer(session, offer.id))
    return Response(made, headers={**etag(made.revision), "Location": f"/api/v1/offers/{made.id}"})


@put(
    "/offers/{offer_id:uuid}",
    sync_to_thread=True,
    operation_id="change_offer",
    opt={"access": needs(Scope.OFFERS_WRITE)},
    tags=["offers"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 412, 413),
)
def change_offer(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    offer_id: FromPath[UUID],
    data: JSONBody[OfferIn],
) -> Response[OfferOut]:
    """Replace an active offer's terms."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        revision = credentials.revision
        with faults_within("terms", but=NOT_TERMS):
            change_device_offer(session, actor, offer_id, data.terms, data.remanufactured, revision=revision, now=now)
        session.flush()
        changed = offer_out(one_offer(session, offer_id))
    return Response(changed, headers=etag(changed.revision))


@post(
    "/offers/{offer_id:uuid}/end",
    sync_to_thread=True,
    status_code=HTTP_200_OK,
    operation_id="end_offer",
    opt={"access": needs(Scope.OFFERS_WRITE)},
    tags=["offers"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 412),
)
def end(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], offer_id: FromPath[UUID]
) -> Response[OfferOut]:
    """End an offer; it stays for the record."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        end_offer(session, actor, offer_id, revision=credentials.revision, now=now)
        session.flush()
        ended = offer_out(one_offer(session, offer_id))
    return Response(ended, headers=etag(ended.revision))
