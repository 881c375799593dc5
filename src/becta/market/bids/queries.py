"""Reading bids: what their supplier and their buyer may know at this time, and what was opened."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import Row, func, select
from sqlmodel import Session, col

from becta.catalogue.suppliers.models import Supplier
from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import NotFound
from becta.market.accounts.models import Person
from becta.market.bids.badges import BadgeLack, badge_lacks
from becta.market.bids.contents import BidContent, FileNote
from becta.market.bids.models import Bid, BidFile, LateBid, OpenedBid, OpeningOfficer, TenderOutage
from becta.market.bids.officers import are_ready, on_duty
from becta.market.bids.receipts import Receipt
from becta.market.bids.rules import BidState
from becta.market.bids.schemas import (
    BidShort,
    BidsOut,
    LateOut,
    OfficerOut,
    OfficersOut,
    OpenedOut,
    OutageOut,
    OwnBids,
)
from becta.market.procurements.access import View, seen
from becta.market.procurements.models import Procurement
from becta.market.procurements.queries import lots_of
from becta.market.procurements.states import Phase, phase_of
from becta.market.procurements.telling import KIND as PROCUREMENT
from becta.market.procurements.terms import LotTerms
from becta.market.shortlists.rules import HeldBadge

_STANDING = (BidState.CURRENT, BidState.OPENED, BidState.UNREADABLE)
_TOLD = tuple(col(getattr(Bid, name)) for name in Bid.model_fields if name not in {"sealed", "made_by"})
"""All of a bid but its sealed bytes, which no list needs, and who sent it."""
_BEFORE_DEADLINE = (Phase.DRAFT, Phase.GATHERING, Phase.LOCKED, Phase.TENDERING)


class Opened(Struct, frozen=True, kw_only=True):
    """An opened bid: whose it is, what it says, and the badges that each offered product held at the opening."""

    bid_id: UUID
    organisation_id: UUID
    supplier_name: str
    content: BidContent
    badges: dict[UUID, tuple[HeldBadge, ...]] = {}


def opened_bids(session: Session, procurement_id: UUID) -> list[Opened]:
    """The opened bids of a procurement by id, in one statement; it asks nobody."""
    rows = session.execute(
        select(OpenedBid, col(Supplier.name))
        .join(Supplier, col(Supplier.id) == col(OpenedBid.organisation_id))
        .where(col(OpenedBid.procurement_id) == procurement_id)
        .order_by(col(OpenedBid.bid_id))
    )
    return [
        Opened(
            bid_id=bid.bid_id,
            organisation_id=bid.organisation_id,
            supplier_name=name,
            content=msgspec.json.decode(bid.content, type=BidContent),
            badges=_badges(bid.badges),
        )
        for bid, name in rows
    ]


def officers(session: Session, actor: Actor, procurement_id: UUID) -> OfficersOut:
    """The opening officers of a procurement of the buyer's; raises NotFound."""
    _bought(session, actor, procurement_id)
    found = on_duty(session, procurement_id)
    wanted = select(col(Person.id), col(Person.name)).where(col(Person.id).in_([one.person_id for one in found]))
    names = {row[0]: row[1] for row in session.execute(wanted)}
    return OfficersOut(
        items=tuple(officer_out(officer, names.get(officer.person_id)) for officer in found), are_ready=are_ready(found)
    )


def officers_ready(session: Session, procurement_id: UUID) -> bool:
    """Whether the officers of a procurement hold their codes, so that bids can be asked for."""
    return are_ready(on_duty(session, procurement_id))


def officer_out(officer: OpeningOfficer, name: str | None) -> OfficerOut:
    """An officer as shown."""
    return OfficerOut(
        person_id=officer.person_id,
        name=name,
        named_at=officer.named_at,
        taken_at=officer.taken_at,
        gave_code_at=officer.gave_code_at,
    )


def bids(
    session: Session, actor: Actor, procurement_id: UUID, *, now: datetime, after: UUID | None = None, limit: int = 50
) -> BidsOut:
    """What a buyer may know of the bids at this time; raises NotFound."""
    procurement = _bought(session, actor, procurement_id)
    if phase_of(procurement, now=now) in _BEFORE_DEADLINE:
        return BidsOut(count=None, opened_at=None, items=())
    counted = select(func.count()).where(col(Bid.procurement_id) == procurement_id, col(Bid.state).in_(_STANDING))
    count = session.execute(counted).scalar_one()
    if procurement.opened_at is None:
        return BidsOut(count=count, opened_at=None, items=())
    items = _opened(session, procurement_id, after, limit)
    return BidsOut(count=count, opened_at=procurement.opened_at, items=items)


def own_bids(session: Session, actor: Actor, procurement_id: UUID) -> OwnBids:
    """A supplier's own bids with their receipts, newest first; raises NotFound."""
    actor.require(Scope.BIDS_MAKE)
    seen(session, actor, procurement_id)
    rows = session.execute(
        select(*_TOLD, col(OpenedBid.content), col(OpenedBid.salt))
        .outerjoin(OpenedBid, col(OpenedBid.bid_id) == col(Bid.id))
        .where(col(Bid.procurement_id) == procurement_id, col(Bid.organisation_id) == actor.organisation_id)
        .order_by(col(Bid.number).desc())
    )
    late = select(col(LateBid.received_at), col(LateBid.deadline)).where(
        col(LateBid.procurement_id) == procurement_id, col(LateBid.organisation_id) == actor.organisation_id
    )
    return OwnBids(
        items=tuple(_short(row) for row in rows),
        late=tuple(
            LateOut(received_at=came, deadline=deadline)
            for came, deadline in session.execute(late.order_by(col(LateBid.id)))
        ),
    )


def bid_short(bid: Bid) -> BidShort:
    """A bid as its supplier sees it while it is sealed."""
    return BidShort(
        id=bid.id,
        number=bid.number,
        state=bid.state,
        receipt=receipt_of(bid),
        ended_at=bid.ended_at,
        reason=bid.reason,
    )


def own_bid(session: Session, actor: Actor, procurement_id: UUID, bid_id: UUID) -> BidShort:
    """One of the supplier's own bids; raises NotFound."""
    for bid in own_bids(session, actor, procurement_id).items:
        if bid.id == bid_id:
            return bid
    raise NotFound("bid", bid_id)


def bid_file(session: Session, actor: Actor, procurement_id: UUID, bid_id: UUID, number: int) -> tuple[FileNote, bytes]:
    """A file of an opened bid and its data; raises NotFound."""
    _bought(session, actor, procurement_id)
    found = session.get(OpenedBid, bid_id)
    file = session.get(BidFile, (bid_id, number))
    if found is None or found.procurement_id != procurement_id or file is None:
        raise NotFound("file", number)
    return msgspec.json.decode(found.content, type=BidContent).files[number - 1], file.data


def outages(session: Session, actor: Actor, procurement_id: UUID) -> tuple[OutageOut, ...]:
    """The outages recorded for a procurement, oldest first, for everybody who sees it; raises NotFound."""
    seen(session, actor, procurement_id)
    wanted = select(TenderOutage).where(col(TenderOutage.procurement_id) == procurement_id)
    return tuple(outage_out(one) for one in session.execute(wanted.order_by(col(TenderOutage.id))).scalars())


def outage_out(outage: TenderOutage) -> OutageOut:
    """An outage as shown."""
    return OutageOut(**outage.model_dump(exclude={"procurement_id", "recorded_by"}))


def receipt_of(bid: Bid) -> Receipt:
    """The receipt that was given for a bid."""
    return Receipt(
        procurement_id=bid.procurement_id,
        bid_id=bid.id,
        supplier_id=bid.organisation_id,
        received_at=bid.received_at,
        sha256=bid.sha256,
        size=bid.size,
        commitment=bid.commitment,
        key_id=bid.key_id,
        signature=bid.signature,
    )


def _bought(session: Session, actor: Actor, procurement_id: UUID) -> Procurement:
    """A procurement that the actor's organisation runs; whoever only takes part or bids learns nothing of its bids."""
    procurement, view = seen(session, actor, procurement_id)
    if view is not View.LEAD:
        raise NotFound(PROCUREMENT, procurement_id)
    return procurement


def _opened(session: Session, procurement_id: UUID, after: UUID | None, limit: int) -> tuple[OpenedOut, ...]:
    wanted = (
        select(*_TOLD, col(OpenedBid.content), col(OpenedBid.salt), col(OpenedBid.badges), col(Supplier.name))
        .join(Supplier, col(Supplier.id) == col(Bid.organisation_id))
        .outerjoin(OpenedBid, col(OpenedBid.bid_id) == col(Bid.id))
        .where(col(Bid.procurement_id) == procurement_id, col(Bid.state).in_([BidState.OPENED, BidState.UNREADABLE]))
    )
    if after is not None:
        wanted = wanted.where(col(Bid.id) > after)
    rows = session.execute(wanted.order_by(col(Bid.id)).limit(limit))
    terms = {lot.number: lot.terms for lot in lots_of(session, procurement_id)}
    return tuple(
        OpenedOut(
            id=row.id,
            supplier_id=row.organisation_id,
            supplier=row.name,
            receipt=_receipt(row),
            state=row.state,
            content=_content(row.content),
            salt=row.salt,
            badges=_badges(row.badges),
            lacks=_lacks(_content(row.content), terms, _badges(row.badges)),
            reason=row.reason,
        )
        for row in rows
    )


def _short(row: Row[Any]) -> BidShort:
    return BidShort(
        id=row.id,
        number=row.number,
        state=row.state,
        receipt=_receipt(row),
        ended_at=row.ended_at,
        reason=row.reason,
        content=_content(row.content),
        salt=row.salt,
    )


def _receipt(row: Row[Any]) -> Receipt:
    return Receipt(
        procurement_id=row.procurement_id,
        bid_id=row.id,
        supplier_id=row.organisation_id,
        received_at=row.received_at,
        sha256=row.sha256,
        size=row.size,
        commitment=row.commitment,
        key_id=row.key_id,
        signature=row.signature,
    )


def _badges(noted: dict[str, Any] | None) -> dict[UUID, tuple[HeldBadge, ...]]:
    return msgspec.convert(noted or {}, dict[UUID, tuple[HeldBadge, ...]])


def _lacks(
    content: BidContent | None, terms: Mapping[int, LotTerms], held: Mapping[UUID, Sequence[HeldBadge]]
) -> tuple[BadgeLack, ...]:
    parts = () if content is None else content.lots
    return tuple(lack for part in parts for lack in badge_lacks(part, terms[part.lot], held))


def _content(text: str | None) -> BidContent | None:
    return None if text is None else msgspec.json.decode(text, type=BidContent)
