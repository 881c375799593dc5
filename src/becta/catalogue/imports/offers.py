"""Bringing offers to what a file says, in bulk: new ones made, changed ones changed, the rest left alone."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import insert
from sqlmodel import Session, bindparam, col, select, update

from becta.catalogue.imports.loading import Loaded, Origin
from becta.catalogue.offers.models import Offer
from becta.catalogue.offers.rules import OfferState, OfferTerms
from becta.catalogue.offers.service import offer_columns, terms_of
from becta.catalogue.products.models import Product
from becta.catalogue.products.service import TOPIC
from becta.kernel.errors import Fault
from becta.kernel.events import OutboxMessage, audit_row, record_rows
from becta.kernel.ids import new_id


class WantedOffer(Struct, frozen=True, kw_only=True):
    """What a row says of an offer; `particulars_differ` when something beside its terms changed."""

    line: int
    supplier_id: UUID
    product_id: UUID
    reference: str
    terms: OfferTerms
    particulars_differ: bool = False


def held_offers(session: Session, keys: Sequence[tuple[UUID, str]]) -> dict[tuple[UUID, str], Offer]:
    """The offers already held, and now locked, under these suppliers and references."""
    named = (
        col(Offer.supplier_id).in_({supplier_id for supplier_id, _ in keys}),
        col(Offer.reference).in_([reference for _, reference in keys]),
    )
    found = session.exec(select(Offer).where(*named).order_by(col(Offer.id)).with_for_update()).all()
    return {(offer.supplier_id, offer.reference): offer for offer in found}


def store_offers(
    session: Session,
    wanted: Sequence[WantedOffer],
    held: dict[tuple[UUID, str], Offer],
    origin: Origin,
    loaded: Loaded,
    *,
    announced: frozenset[UUID] = frozenset(),
) -> dict[int, UUID]:
    """Write what differs; returns the offer of each line that was written. Counts and refusals go to `loaded`.

    Products in `announced` are not touched: their change has been announced in this transaction.
    """
    written: dict[int, UUID] = {}
    fresh: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    touched: set[UUID] = set()
    for want in wanted:
        offer, after = held.get((want.supplier_id, want.reference)), offer_columns(want.terms)
        reason = origin.reason(want.line)
        if offer is None:
            offer_id = new_id()
            head = {"id": offer_id, "product_id": want.product_id, "supplier_id": want.supplier_id}
            state = {"reference": want.reference, "state": OfferState.ACTIVE, "revision": 1, "created_at": origin.now}
            fresh.append({**head, **state, **after})
            events.append(
                audit_row(origin.actor, "offer.made", "offer", offer_id, now=origin.now, after=after, reason=reason)
            )
            loaded.created += 1
        elif refusal := offer_refusal(offer, want.product_id):
            loaded.reject(want.line, refusal)
            continue
        elif terms_of(offer) == want.terms and not want.particulars_differ:
            loaded.unchanged += 1
            continue
        else:
            offer_id, before = offer.id, offer_columns(terms_of(offer))
            changed.append({"offer_id": offer_id, **after})
            events.append(
                audit_row(
                    origin.actor,
                    "offer.changed",
                    "offer",
                    offer_id,
                    now=origin.now,
                    before=before,
                    after=after,
                    reason=reason,
                )
            )
            loaded.changed += 1
        written[want.line] = offer_id
        touched.add(want.product_id)
    _write(session, fresh, changed, events, sorted(touched - announced), origin)
    return written


def offer_refusal(offer: Offer, product_id: UUID | None) -> Fault | None:
    """Why an offer cannot be changed to one of this product, if it cannot."""
    if offer.product_id != product_id:
        mend = "give the offer of this product another reference"
        return Fault(field="reference", problem="is an offer of another product", mend=mend, value=offer.reference)
    if offer.state is OfferState.ENDED:
        mend = "give the new offer another reference"
        return Fault(field="reference", problem="is an offer that has ended", mend=mend, value=offer.reference)
    return None


def _write(
    session: Session,
    fresh: list[dict[str, Any]],
    changed: list[dict[str, Any]],
    events: list[dict[str, Any]],
    touched: list[UUID],
    origin: Origin,
) -> None:
    if not events:
        return
    if fresh:
        session.execute(insert(Offer), fresh)
    if changed:
        names = OfferTerms.__struct_fields__
        values: dict[str, Any] = {name: bindparam(name) for name in names}
        table = Offer.__table__  # type: ignore[attr-defined]  # SQLModel does not declare it
        statement = update(table).where(table.c.id == bindparam("offer_id"))
        session.connection().execute(statement.values(revision=table.c.revision + 1, **values), changed)
    record_rows(session, events)
    if not touched:
        return
    session.execute(update(Product).where(col(Product.id).in_(touched)).values(revision=col(Product.revision) + 1))
    messages = [{"topic": TOPIC, "key": key, "created_at": origin.now, "attempts": 0} for key in touched]
    session.execute(insert(OutboxMessage), messages)
