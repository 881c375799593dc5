"""Use cases of offers: make, change, end. An offer is live at once; each change is in the audit trail."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlmodel import Session, col, select, update

from becta.catalogue.offers.models import Offer
from becta.catalogue.offers.rules import OfferState, OfferTerms, terms_faults
from becta.catalogue.products.models import Product
from becta.catalogue.products.service import TOPIC as PRODUCT_TOPIC
from becta.catalogue.products.service import published_version
from becta.catalogue.suppliers.models import Supplier
from becta.catalogue.text_rules import reference_faults
from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import Conflict, NotFound, refuse_if_any, refuse_if_stale
from becta.kernel.events import announce, record
from becta.kernel.ids import new_id


def offer_columns(terms: OfferTerms) -> dict[str, Any]:
    """The column values of an offer's terms."""
    values: dict[str, Any] = msgspec.to_builtins(terms)
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def terms_of(offer: Offer) -> OfferTerms:
    """The terms held in an offer's row."""
    return msgspec.convert({name: getattr(offer, name) for name in OfferTerms.__struct_fields__}, OfferTerms)


def make_offer(
    session: Session,
    actor: Actor,
    *,
    product_id: UUID,
    supplier_id: UUID,
    reference: str,
    terms: OfferTerms,
    now: datetime,
) -> Offer:
    """Offer a product at a price; raises Invalid, Forbidden, NotFound, or Conflict when the reference is taken."""
    actor.require(Scope.OFFERS_WRITE, of=supplier_id)
    refuse_if_any([*reference_faults(reference), *terms_faults(terms)])
    product = session.get(Product, product_id)
    if product is None or (product.supplier_id != supplier_id and published_version(session, product_id) is None):
        raise NotFound("product", product_id)
    if session.get(Supplier, supplier_id) is None:
        raise NotFound("supplier", supplier_id)
    taken = select(Offer.id).where(Offer.supplier_id == supplier_id, Offer.reference == reference)
    if session.exec(taken).first():
        raise Conflict(f"this supplier already has an offer with the reference {reference}")
    offer = Offer(
        id=new_id(),
        product_id=product_id,
        supplier_id=supplier_id,
        reference=reference,
        state=OfferState.ACTIVE,
        created_at=now,
        **offer_columns(terms),
    )
    session.add(offer)
    session.flush()
    record(session, actor, "offer.made", "offer", offer.id, now=now, after=offer_columns(terms))
    touch_product(session, product_id, now=now)
    return offer


def change_offer(
    session: Session, actor: Actor, offer_id: UUID, terms: OfferTerms, *, revision: int | None, now: datetime
) -> Offer:
    """Replace an active offer's terms; raises Stale when `revision` is no longer the current one."""
    offer = locked_offer(session, actor, offer_id, revision)
    refuse_if_any(terms_faults(terms))
    before, after = offer_columns(terms_of(offer)), offer_columns(terms)
    for name, value in after.items():
        setattr(offer, name, value)
    offer.revision += 1
    record(session, actor, "offer.changed", "offer", offer.id, now=now, before=before, after=after)
    touch_product(session, offer.product_id, now=now)
    return offer


def end_offer(session: Session, actor: Actor, offer_id: UUID, *, revision: int | None, now: datetime) -> Offer:
    """End an active offer; it stays for the record."""
    offer = locked_offer(session, actor, offer_id, revision)
    offer.state = OfferState.ENDED
    offer.revision += 1
    record(
        session, actor, "offer.ended", "offer", offer.id, now=now, before={"state": "active"}, after={"state": "ended"}
    )
    touch_product(session, offer.product_id, now=now)
    return offer


def locked_offer(session: Session, actor: Actor, offer_id: UUID, revision: int | None) -> Offer:
    """The active offer, locked for change by an actor who may change it."""
    offer = session.exec(select(Offer).where(Offer.id == offer_id).with_for_update()).first()
    if offer is None:
        raise NotFound("offer", offer_id)
    actor.require(Scope.OFFERS_WRITE, of=offer.supplier_id)
    refuse_if_stale(revision, offer.revision)
    if offer.state is OfferState.ENDED:
        raise Conflict("the offer has ended; make a new one")
    return offer


def touch_product(session: Session, product_id: UUID, *, now: datetime) -> None:
    """Grow the product's revision and announce it, because something a buyer sees of it changed."""
    session.exec(update(Product).where(col(Product.id) == product_id).values(revision=col(Product.revision) + 1))
    announce(session, PRODUCT_TOPIC, product_id, now=now)
