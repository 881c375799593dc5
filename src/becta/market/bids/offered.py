"""In which procurements a product is offered, for whoever must be told that something about it changed."""

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlmodel import Session, col

from becta.market.bids.contents import BidContent
from becta.market.bids.models import OpenedBid
from becta.market.procurements.models import Procurement
from becta.market.procurements.states import ProcurementState

_RUNNING = (
    ProcurementState.OPENED,
    ProcurementState.DECIDED,
    ProcurementState.STANDSTILL,
    ProcurementState.SUSPENDED,
)
"""States in which bids are open and nothing is contracted yet."""


class OfferedIn(NamedTuple):
    """A procurement in which a bid offers a product, and who runs it."""

    organisation_id: UUID
    procurement_id: UUID
    title: str
    product_id: UUID


def offered_in(session: Session, product_ids: Collection[UUID]) -> list[OfferedIn]:
    """The running procurements in which an opened bid offers one of these products, each once.

    For the marketplace itself: it asks no actor and crosses organisations.
    """
    rows = session.execute(
        select(col(Procurement.organisation_id), col(Procurement.id), col(Procurement.title), col(OpenedBid.content))
        .join(OpenedBid, col(OpenedBid.procurement_id) == col(Procurement.id))
        .where(col(Procurement.state).in_(_RUNNING))
        .order_by(col(Procurement.id), col(OpenedBid.bid_id))
    )
    found = [
        OfferedIn(organisation_id, procurement_id, title, product_id)
        for organisation_id, procurement_id, title, content in rows
        for lot in msgspec.json.decode(content, type=BidContent).lots
        for product_id in lot.product_ids
        if product_id in product_ids
    ]
    return list(dict.fromkeys(found))
