"""Use cases of bidding: take a sealed bid, withdraw one, note one that came too late, and record an outage.

What is slow (validating, sealing, signing) is done before the transaction; the deadline is judged within it, by the
instant at which the request was whole.
"""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlmodel import Session, col, select, update

from becta.catalogue.products.models import Product
from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import Conflict, Fault, Forbidden, NotFound, refuse_if_any
from becta.kernel.events import record
from becta.kernel.ids import new_id
from becta.market.bids.contents import NewBid, packed
from becta.market.bids.models import Bid, LateBid, TenderOutage
from becta.market.bids.officers import gave_codes, person_behind, vouched_keys
from becta.market.bids.receipts import Notary, Receipt, Received
from becta.market.bids.rules import (
    BidState,
    Late,
    bid_faults,
    check_in_time,
    check_move,
    deadline_after_outage,
    outage_faults,
)
from becta.market.bids.schemas import NewOutage
from becta.market.bids.sealing import Occasion, seal
from becta.market.procurements.access import bidder_of, procurement_locked, procurement_shared, seen
from becta.market.procurements.clarifying import extend_deadline
from becta.market.procurements.models import Procurement, ProcurementInvitation
from becta.market.procurements.queries import lots_of
from becta.market.procurements.states import ProcurementState
from becta.market.procurements.telling import KIND as PROCUREMENT

KIND = "bid"
"""What the audit trail calls a bid."""
_UNADVERTISED = (ProcurementState.DRAFT, ProcurementState.GATHERING, ProcurementState.TERMINATED)


class Envelope(Struct, frozen=True, kw_only=True):
    """A bid sealed and ready to be stored: the bytes, its receipt, and the officers' keys it was sealed to."""

    data: bytes
    receipt: Receipt
    officers: frozenset[UUID]


def seal_bid(
    session: Session, actor: Actor, procurement_id: UUID, sent: NewBid, *, notary: Notary, received_at: datetime
) -> Envelope:
    """Check a bid and seal it, outside of any write; raises Invalid, NotFound, Forbidden or Conflict."""
    actor.require(Scope.BIDS_MAKE)
    supplier_id = actor.organisation_id
    if supplier_id is None:
        raise Forbidden(need=Scope.BIDS_MAKE, because="only a supplier bids")
    _deadline(_sought(session, actor, procurement_id, supplier_id))
    lots = {lot.number: lot.terms for lot in lots_of(session, procurement_id)}
    refuse_if_any([*bid_faults(sent, lots), *_product_faults(session, supplier_id, sent)])
    keys = vouched_keys(session, procurement_id, notary)
    occasion = Occasion(
        procurement_id=procurement_id, bid_id=new_id(), supplier_id=supplier_id, received_at=received_at
    )
    sealed = seal(packed(sent), occasion, list(keys.values()))
    received = Received(
        procurement_id=procurement_id,
        bid_id=occasion.bid_id,
        supplier_id=supplier_id,
        received_at=received_at,
        sha256=sealed.sha256,
        size=len(sealed.data),
        commitment=sealed.commitment,
    )
    return Envelope(data=sealed.data, receipt=notary.receipt_of(received), officers=frozenset(keys))


def receive_bid(session: Session, actor: Actor, envelope: Envelope, *, now: datetime) -> Bid:
    """Store a sealed bid, replacing the supplier's bid that stood; raises Late, NotFound, Forbidden or Conflict."""
    receipt = envelope.receipt
    procurement = procurement_shared(session, receipt.procurement_id)
    supplier_id = _bidder_locked(session, actor, procurement, now=now)
    check_in_time("the bid", received_at=receipt.received_at, deadline=_deadline(procurement))
    gave_code = gave_codes(session, procurement.id)
    if gave_code.keys() != envelope.officers:
        raise Conflict("other officers were named while this bid was being sealed; send it again")
    if any(gave_code.values()):
        raise Conflict("the opening has begun, so no bid is taken any more")
    number, replaced = _newest(session, procurement.id, supplier_id)
    if replaced is not None:
        _end(session, replaced, BidState.REPLACED, now=now)
    made = Bid(
        id=receipt.bid_id,
        procurement_id=procurement.id,
        organisation_id=supplier_id,
        number=number + 1,
        state=BidState.CURRENT,
        sealed=envelope.data,
        sha256=receipt.sha256,
        size=receipt.size,
        commitment=receipt.commitment,
        received_at=receipt.received_at,
        made_by=actor.person_id,
        key_id=receipt.key_id,
        signature=receipt.signature,
    )
    session.add(made)
    session.flush()
    told = {"procurement_id", "organisation_id", "number", "sha256", "size", "commitment"}
    after = {**made.model_dump(include=told), "replaces": replaced}
    record(session, actor, "bid.received", KIND, made.id, now=now, after=after)
    return made


def note_late(session: Session, actor: Actor, procurement_id: UUID, late: Late, *, now: datetime) -> LateBid:
    """Note that a bid came too late, and nothing of what it said."""
    assert actor.organisation_id is not None  # it was refused as late, so it came from a supplier
    made = LateBid(
        id=new_id(),
        procurement_id=procurement_id,
        organisation_id=actor.organisation_id,
        person_id=actor.person_id,
        received_at=late.received_at,
        deadline=late.deadline,
    )
    session.add(made)
    session.flush()
    after = {"procurement_id": procurement_id, "received_at": late.received_at, "deadline": late.deadline}
    record(session, actor, "bid.came_late", KIND, made.id, now=now, after=after)
    return made


def withdraw_bid(session: Session, actor: Actor, procurement_id: UUID, bid_id: UUID, *, now: datetime) -> None:
    """Withdraw a bid before the deadline: its hash and receipt stay, its sealed bytes go.

    Raises Late, NotFound, Forbidden, or Conflict if it does not stand any more.
    """
    procurement = procurement_shared(session, procurement_id)
    supplier_id = _bidder_locked(session, actor, procurement, now=now)
    wanted = select(Bid.state).where(
        Bid.id == bid_id, Bid.procurement_id == procurement_id, Bid.organisation_id == supplier_id
    )
    state = session.exec(wanted).first()
    if state is None:
        raise NotFound(KIND, bid_id)
    check_in_time("the withdrawal", received_at=now, deadline=_deadline(procurement))
    check_move(BidState(state), BidState.WITHDRAWN)
    _end(session, bid_id, BidState.WITHDRAWN, now=now)
    record(session, actor, "bid.withdrawn", KIND, bid_id, now=now, after={"procurement_id": procurement_id})


def record_outage(
    session: Session, actor: Actor, procurement_id: UUID, wanted: NewOutage, *, now: datetime
) -> TenderOutage:
    """Record an outage and give everybody as much more time; raises Invalid, NotFound, Forbidden or Conflict."""
    recorded_by = person_behind(actor, Scope.PROCUREMENTS_RUN)
    refuse_if_any(
        outage_faults(began_at=wanted.began_at, ended_at=wanted.ended_at, now=now, reason=wanted.reason.strip())
    )
    procurement = procurement_locked(session, actor, procurement_id, Scope.PROCUREMENTS_RUN)
    before = _deadline(procurement)
    if any(gave_codes(session, procurement_id).values()):
        raise Conflict("an officer has given their code already, so the deadline stays")
    after = deadline_after_outage(before, began_at=wanted.began_at, ended_at=wanted.ended_at, now=now)
    reason = wanted.reason.strip()
    extend_deadline(session, actor, procurement, after, f"Bids could not be sent for a time: {reason}", now=now)
    made = TenderOutage(
        id=new_id(),
        procurement_id=procurement_id,
        began_at=wanted.began_at,
        ended_at=wanted.ended_at,
        reason=reason,
        recorded_by=recorded_by,
        recorded_at=now,
        deadline_before=before,
        deadline_after=after,
    )
    session.add(made)
    session.flush()
    told = made.model_dump(include={"began_at", "ended_at", "deadline_before", "deadline_after"})
    record(
        session, actor, "procurement.outage_recorded", PROCUREMENT, procurement_id, now=now, after=told, reason=reason
    )
    return made


def _sought(session: Session, actor: Actor, procurement_id: UUID, supplier_id: UUID) -> Procurement:
    """The procurement that a supplier bids for; for one that was invited, that alone is looked up."""
    if session.get(ProcurementInvitation, (procurement_id, supplier_id)) is not None:
        found = session.get_one(Procurement, procurement_id)
        if found.state not in {ProcurementState.DRAFT, ProcurementState.GATHERING}:
            return found
    return seen(session, actor, procurement_id)[0]


def _bidder_locked(session: Session, actor: Actor, procurement: Procurement, *, now: datetime) -> UUID:
    """The supplier the actor bids for; a supplier's bids for a procurement are changed one after another."""
    if actor.organisation_id is not None:
        session.get(ProcurementInvitation, (procurement.id, actor.organisation_id), with_for_update=True)
    return bidder_of(session, actor, procurement, now=now)


def _deadline(procurement: Procurement) -> datetime:
    if procurement.state in _UNADVERTISED or procurement.tender_deadline is None:
        raise Conflict(f"no bids are asked for: the procurement is {procurement.state}")
    return procurement.tender_deadline


def _newest(session: Session, procurement_id: UUID, supplier_id: UUID) -> tuple[int, UUID | None]:
    """The number of the supplier's newest bid, 0 without one, and its id if it still stands: only the newest may."""
    own = select(Bid.number, Bid.id, Bid.state).where(
        Bid.procurement_id == procurement_id, Bid.organisation_id == supplier_id
    )
    found = session.exec(own.order_by(col(Bid.number).desc()).limit(1)).first()
    if found is None:
        return 0, None
    number, bid_id, state = found
    return number, bid_id if state == BidState.CURRENT else None


def _end(session: Session, bid_id: UUID, state: BidState, *, now: datetime) -> None:
    """End a bid that stands, and let go of its sealed bytes."""
    session.exec(update(Bid).where(col(Bid.id) == bid_id).values(state=state, sealed=None, ended_at=now))


def _product_faults(session: Session, supplier_id: UUID, sent: NewBid) -> list[Fault]:
    named = {product_id for lot in sent.lots for product_id in lot.product_ids}
    if not named:
        return []
    wanted = select(Product.id).where(col(Product.id).in_(sorted(named)), Product.supplier_id == supplier_id)
    own = set(session.exec(wanted))
    problem, mend = "is no product of yours", "name products that your own organisation lists"
    return [
        Fault(field=f"lots.{place}.product_ids.{at}", problem=problem, mend=mend, value=str(product_id))
        for place, lot in enumerate(sent.lots)
        for at, product_id in enumerate(lot.product_ids)
        if product_id not in own
    ]
