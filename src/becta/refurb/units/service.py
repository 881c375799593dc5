"""Use cases of used-device particulars: an offer and its particulars are written together."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlmodel import Session

from becta.catalogue.offers.models import Offer
from becta.catalogue.offers.rules import OfferTerms, terms_faults
from becta.catalogue.offers.service import change_offer, make_offer
from becta.catalogue.text_rules import reference_faults
from becta.kernel.actor import Actor
from becta.kernel.errors import refuse_if_any
from becta.refurb.units.models import RemanufacturedDeviceRow
from becta.refurb.units.rules import RemanufacturedDevice, unit_faults


def offer_device(
    session: Session,
    actor: Actor,
    *,
    product_id: UUID,
    supplier_id: UUID,
    reference: str,
    terms: OfferTerms,
    unit: RemanufacturedDevice | None,
    now: datetime,
) -> Offer:
    """Make an offer in any condition; used devices need their particulars, new goods have none."""
    refuse_if_any([*reference_faults(reference), *terms_faults(terms), *unit_faults(terms.condition, unit)])
    offer = make_offer(
        session, actor, product_id=product_id, supplier_id=supplier_id, reference=reference, terms=terms, now=now
    )
    _set_unit(session, offer.id, unit)
    return offer


def change_device_offer(
    session: Session,
    actor: Actor,
    offer_id: UUID,
    terms: OfferTerms,
    unit: RemanufacturedDevice | None,
    *,
    revision: int | None,
    now: datetime,
) -> Offer:
    """Replace an offer's terms and particulars."""
    refuse_if_any([*terms_faults(terms), *unit_faults(terms.condition, unit)])
    offer = change_offer(session, actor, offer_id, terms, revision=revision, now=now)
    _set_unit(session, offer.id, unit)
    return offer


def _set_unit(session: Session, offer_id: UUID, unit: RemanufacturedDevice | None) -> None:
    held = session.get(RemanufacturedDeviceRow, offer_id)
    if unit is not None:
        session.merge(RemanufacturedDeviceRow(offer_id=offer_id, **msgspec.structs.asdict(unit)))
    elif held is not None:
        session.delete(held)
