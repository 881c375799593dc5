"""Opening the bids: two officers give their codes, one after the other, and everything sealed is opened at once.

The first officer's key is kept only as long as the second has not come, and only sealed to the other officers' keys.
All that is slow is done between transactions; what was found is stored in one.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import msgspec
import structlog
from msgspec import Struct
from nacl.public import PrivateKey
from sqlalchemy import select
from sqlmodel import Session, col, update

from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import Conflict
from becta.kernel.events import record
from becta.market.bids.codes import check_is_of, handed_over, key_of, taken_over
from becta.market.bids.contents import BidContent, Unreadable, unpacked
from becta.market.bids.models import Bid, BidFile, OpenedBid, OpeningOfficer
from becta.market.bids.officers import officer_of, on_duty, person_behind
from becta.market.bids.queries import receipt_of
from becta.market.bids.receipts import Notary
from becta.market.bids.rules import BidState, check_may_open
from becta.market.bids.schemas import OpeningOut
from becta.market.bids.sealing import Occasion, Unopened, open_sealed
from becta.market.db import Database
from becta.market.listings.queries import load_listings
from becta.market.procurements.access import procurement_held, seen
from becta.market.procurements.models import Procurement
from becta.market.procurements.service import mark_opened
from becta.market.procurements.states import Phase, check_phase
from becta.market.procurements.telling import KIND as PROCUREMENT
from becta.market.shortlists.standing import held_badges

log = structlog.get_logger()


class Readable(Struct, frozen=True, kw_only=True):
    """A bid that was opened: its content as text and as a value, its salt, and the data of its files."""

    bid_id: UUID
    text: str
    content: BidContent
    salt: bytes
    files: tuple[bytes, ...]


class Broken(Struct, frozen=True, kw_only=True):
    """A bid that could not be read, and why."""

    bid_id: UUID
    reason: str


class _Station(Struct, frozen=True, kw_only=True):
    """An officer at the opening: themselves, whoever gave their code first, and all of them."""

    own: OpeningOfficer
    first: OpeningOfficer | None
    all: Sequence[OpeningOfficer]


def give_code(
    db: Database, actor: Actor, procurement_id: UUID, code: str, *, notary: Notary, now: datetime
) -> OpeningOut:
    """An officer gives their code: the first begins the opening, the second completes it.

    Raises NotFound, Forbidden, Conflict before the deadline or once bids are open, or Invalid for a wrong code.
    """
    person_id = person_behind(actor, Scope.BIDS_OPEN)
    with db.read() as session:  # nothing of the code is looked at before the deadline has passed
        station = _station(session, actor, procurement_id, person_id, now=now)
    key = key_of(code)
    check_is_of(key, _public(station.own))
    if station.first is None or station.first.id == station.own.id:
        with db.write() as session:
            if _begun(session, actor, procurement_id, key, now=now):
                return OpeningOut(is_open=False)
        with db.read() as session:  # another officer gave their code in the same moment
            station = _station(session, actor, procurement_id, person_id, now=now)
    return _complete(db, actor, procurement_id, station, key, notary=notary, now=now)


def _station(session: Session, actor: Actor, procurement_id: UUID, person_id: UUID, *, now: datetime) -> _Station:
    procurement, _ = seen(session, actor, procurement_id)
    _check_may_open(procurement, now=now)
    officers = on_duty(session, procurement_id)
    own = officer_of(officers, person_id)
    if own.public_key is None:
        raise Conflict("you never took this duty up, so you have no code; any two others open the bids")
    first = next((officer for officer in officers if officer.gave_code_at is not None), None)
    return _Station(own=own, first=first, all=officers)


def _check_may_open(procurement: Procurement, *, now: datetime) -> None:
    if procurement.opened_at is not None:
        raise Conflict("the bids are open already")
    check_phase(procurement, Phase.TENDERING, Phase.SEALED, now=now, doing="opening bids")
    if procurement.tender_deadline is None:
        raise Conflict("no bids were asked for")
    check_may_open(deadline=procurement.tender_deadline, now=now)


def _begun(session: Session, actor: Actor, procurement_id: UUID, key: PrivateKey, *, now: datetime) -> bool:
    """Keep the first officer's key for the others, sealed to each of theirs; False if somebody else was first."""
    person_id = person_behind(actor, Scope.BIDS_OPEN)
    procurement_held(session, procurement_id)
    session.expire_all()
    station = _station(session, actor, procurement_id, person_id, now=now)
    if station.first is not None and station.first.id != station.own.id:
        return False
    others = {str(one.id): _public(one) for one in station.all if one.public_key and one.id != station.own.id}
    sealed = handed_over(key, others)
    station.own.handed_over = {name: b64encode(data).decode() for name, data in sealed.items()}
    if station.own.gave_code_at is None:
        station.own.gave_code_at = now
        told = {"officer": person_id}
        record(session, actor, "procurement.opening_begun", PROCUREMENT, procurement_id, now=now, after=told)
    session.flush()
    return True


def _complete(
    db: Database,
    actor: Actor,
    procurement_id: UUID,
    station: _Station,
    key: PrivateKey,
    *,
    notary: Notary,
    now: datetime,
) -> OpeningOut:
    assert station.first is not None  # whoever is not the first comes after one
    sealed = (station.first.handed_over or {}).get(str(station.own.id), "")
    first_key = taken_over(b64decode(sealed), key, _public(station.first))
    if first_key is None:
        raise Conflict("what the first officer gave was changed meanwhile; they must give their code again")
    found = [_opened(db, bid_id, first_key, key, notary) for bid_id in _standing(db, procurement_id)]
    with db.write() as session:
        procurement = procurement_held(session, procurement_id)
        session.refresh(procurement)
        _check_may_open(procurement, now=now)
        readable = [bid for bid in found if isinstance(bid, Readable)]
        badges = _badges(session, readable, now=now)
        for bid in found:
            if isinstance(bid, Readable):
                _store(session, actor, procurement_id, bid, badges, now=now)
            else:
                _note_broken(session, actor, bid, now=now)
        for officer in on_duty(session, procurement_id):
            officer.handed_over = None
            if officer.id == station.own.id:
                officer.gave_code_at = now
        session.flush()
        mark_opened(session, actor, procurement, now=now)
    return OpeningOut(is_open=True, opened=len(readable), unreadable=len(found) - len(readable))


def _standing(db: Database, procurement_id: UUID) -> Sequence[UUID]:
    with db.read() as session:
        wanted = select(col(Bid.id)).where(
            col(Bid.procurement_id) == procurement_id, col(Bid.state) == BidState.CURRENT
        )
        return session.execute(wanted.order_by(col(Bid.id))).scalars().all()


def _opened(db: Database, bid_id: UUID, one: PrivateKey, other: PrivateKey, notary: Notary) -> Readable | Broken:
    """A bid opened and checked against its receipt; one is read at a time, so that not all lie in memory sealed."""
    with db.read() as session:
        bid = session.get_one(Bid, bid_id)
    receipt = receipt_of(bid)
    occasion = Occasion(
        procurement_id=bid.procurement_id,
        bid_id=bid.id,
        supplier_id=bid.organisation_id,
        received_at=bid.received_at,
    )
    try:
        if not notary.is_ours(receipt):
            raise Unopened("its receipt is not the one that was given for it")
        if sha256(bid.sealed or b"").hexdigest() != receipt.sha256:
            raise Unopened("its sealed bytes are not those of its receipt")
        opened = open_sealed(bid.sealed or b"", occasion, one, other)
        if opened.commitment != receipt.commitment:
            raise Unopened("its content is not the one of its receipt")
        text, content, files = unpacked(opened.content)
    except (Unopened, Unreadable) as error:
        log.error("a sealed bid cannot be read", bid=str(bid_id), why=str(error))
        return Broken(bid_id=bid_id, reason=str(error))
    return Readable(bid_id=bid_id, text=text, content=content, salt=opened.salt, files=files)


def _store(
    session: Session,
    actor: Actor,
    procurement_id: UUID,
    bid: Readable,
    badges: Mapping[UUID, list[object]],
    *,
    now: datetime,
) -> None:
    _move(session, bid.bid_id, BidState.OPENED, None, now=now)
    organisation_id = session.execute(select(col(Bid.organisation_id)).where(col(Bid.id) == bid.bid_id)).scalar_one()
    offered = {product_id for lot in bid.content.lots for product_id in lot.product_ids}
    made = OpenedBid(
        bid_id=bid.bid_id,
        procurement_id=procurement_id,
        organisation_id=organisation_id,
        content=bid.text,
        salt=bid.salt.hex(),
        badges={str(product_id): badges[product_id] for product_id in sorted(offered)},
        opened_at=now,
    )
    session.add(made)
    session.flush()
    session.add_all(BidFile(bid_id=bid.bid_id, number=number, data=data) for number, data in enumerate(bid.files, 1))
    session.flush()
    record(session, actor, "bid.opened", "bid", bid.bid_id, now=now, after={"procurement_id": procurement_id})


def _note_broken(session: Session, actor: Actor, bid: Broken, *, now: datetime) -> None:
    _move(session, bid.bid_id, BidState.UNREADABLE, bid.reason, now=now)
    record(session, actor, "bid.found_unreadable", "bid", bid.bid_id, now=now, reason=bid.reason)


def _move(session: Session, bid_id: UUID, state: BidState, reason: str | None, *, now: datetime) -> None:
    """Move a bid that stands; raises Conflict if it does not any more."""
    standing = update(Bid).where(col(Bid.id) == bid_id, col(Bid.state) == BidState.CURRENT)
    if session.exec(standing.values(state=state, ended_at=now, reason=reason)).rowcount != 1:
        raise Conflict("a bid changed while it was being opened; give the code again")


def _badges(session: Session, bids: Sequence[Readable], *, now: datetime) -> Mapping[UUID, list[object]]:
    """The badges that each offered product holds now; none where it is not listed any more."""
    offered = {product_id for bid in bids for lot in bid.content.lots for product_id in lot.product_ids}
    listings = load_listings(session, sorted(offered)) if offered else {}
    return {
        product_id: [msgspec.to_builtins(badge) for badge in held_badges(listings[product_id].claims, now=now)]
        if product_id in listings
        else []
        for product_id in offered
    }


def _public(officer: OpeningOfficer) -> bytes:
    return bytes.fromhex(officer.public_key or "")
