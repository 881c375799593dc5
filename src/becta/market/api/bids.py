"""Opening officers, sealed bids with their receipts, the opening, and outages, under a procurement."""

import hmac
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any
from urllib.parse import quote
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from becta.kernel import clock
from becta.kernel.actor import Scope
from becta.kernel.paging import fingerprint
from becta.market.api.access import PUBLIC, Credentials
from becta.market.api.idempotency import Answer, IdempotencyKey, once
from becta.market.api.paging import CursorParameter, Limit, link_header, next_cursor, start_after
from becta.market.api.routes import ASKED, NOT_YET, SEEN, TAKEN, TAKEN_ONCE, of_procurement
from becta.market.bids.codes import code_of, new_key
from becta.market.bids.contents import NewBid
from becta.market.bids.officers import name_officers, take_up_duty
from becta.market.bids.opening import give_code
from becta.market.bids.queries import bid_file, bid_short, bids, officers, outage_out, outages, own_bid, own_bids
from becta.market.bids.receipts import Notary, Receipt
from becta.market.bids.rules import LARGEST_BODY, Late
from becta.market.bids.schemas import (
    BidShort,
    BidsOut,
    CodeOut,
    GivenCode,
    NewOfficers,
    NewOutage,
    OfficersOut,
    OpeningOut,
    OutageOut,
    OwnBids,
    ReceiptVerdict,
)
from becta.market.bids.service import note_late, receive_bid, record_outage, seal_bid, withdraw_bid
from becta.market.db import Database
from becta.market.problems import documented

_at = partial(of_procurement, "bids")
NOT_KEPT = {"Cache-Control": "no-store"}
ARRIVAL = {"received_at": Provide(clock.now, sync_to_thread=False)}
"""The instant at which a request was whole, read before it waits for a thread."""


@_at(post, "officers", "name_opening_officers", Scope.PROCUREMENTS_RUN, TAKEN, status_code=HTTP_200_OK)
def name(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    data: JSONBody[NewOfficers],
) -> OfficersOut:
    """Name the two to four people of whom any two open the bids together; settled once the first bid came."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        name_officers(session, actor, procurement_id, data.people, now=now)
        return officers(session, actor, procurement_id)


@_at(get, "officers", "list_opening_officers", Scope.PROCUREMENTS_READ, SEEN)
def list_officers(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], procurement_id: FromPath[UUID]
) -> OfficersOut:
    """The opening officers of your procurement, and whether all of them hold their codes."""
    actor = credentials.actor(db, now=clock.now())
    with db.read() as session:
        return officers(session, actor, procurement_id)


@_at(post, "officers/me/code", "take_up_opening_duty", Scope.BIDS_OPEN, NOT_YET)
def take_up(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    notary: NamedDependency[Notary],
    procurement_id: FromPath[UUID],
) -> Response[CodeOut]:
    """Take up your duty as an opening officer. The answer shows your opening code, this once: it is stored nowhere."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    key = new_key()
    with db.write() as session:
        public = bytes(key.public_key)
        take_up_duty(session, actor, procurement_id, public_key=public, notary=notary, now=now)
    return Response(CodeOut(code=code_of(key), taken_at=now), headers=NOT_KEPT)


@_at(post, "bids", "make_bid", Scope.BIDS_MAKE, TAKEN_ONCE, request_max_body_size=LARGEST_BODY, dependencies=ARRIVAL)
def make(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    notary: NamedDependency[Notary],
    received_at: NamedDependency[datetime],
    procurement_id: FromPath[UUID],
    data: JSONBody[NewBid],
    idempotency_key: IdempotencyKey = None,
) -> Response[BidShort]:
    """Bid, or replace the bid that you made; it is checked, sealed at once, and the answer holds a signed receipt.

    Nobody can read it before two opening officers open all bids after the deadline. What comes at the deadline or
    later, by the server's time, is refused, and that it came is noted.
    """
    actor = credentials.actor(db, now=received_at)
    with db.read() as session:
        envelope = seal_bid(session, actor, procurement_id, data, notary=notary, received_at=received_at)

    def do() -> Answer:
        return Answer(bid_short(receive_bid(session, actor, envelope, now=received_at)))

    asked = ("bid", procurement_id, _blinded(data, credentials))
    try:
        with db.write() as session:
            return once(session, actor, idempotency_key, asked, do, now=received_at)
    except Late as late:
        with db.write() as session:
            note_late(session, actor, procurement_id, late, now=clock.now())
        raise


@_at(get, "bids", "list_bids", Scope.PROCUREMENTS_READ, ASKED)
def list_bids(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    limit: Limit = 50,
    cursor: CursorParameter = None,
) -> Response[BidsOut]:
    """The bids for your procurement: nothing before the deadline, then how many, and all of them once opened."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    bound_to = fingerprint("bids", procurement_id)
    after = start_after(cursor, bound_to)
    with db.read() as session:
        found = bids(session, actor, procurement_id, now=now, after=after, limit=limit + 1)
    following = next_cursor([one.id for one in found.items], limit, bound_to)
    page = msgspec.structs.replace(found, items=found.items[:limit], next=following)
    return Response(page, headers=link_header(request, following))


@_at(get, "bids/mine", "list_own_bids", Scope.BIDS_MAKE, SEEN)
def list_own(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], procurement_id: FromPath[UUID]
) -> OwnBids:
    """Your own bids with their receipts, newest first; once they were opened, with what they said."""
    actor = credentials.actor(db, now=clock.now())
    with db.read() as session:
        return own_bids(session, actor, procurement_id)


@_at(
    post,
    "bids/{bid_id:uuid}/withdraw",
    "withdraw_bid",
    Scope.BIDS_MAKE,
    NOT_YET,
    status_code=HTTP_200_OK,
    dependencies=ARRIVAL,
)
def withdraw(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    received_at: NamedDependency[datetime],
    procurement_id: FromPath[UUID],
    bid_id: FromPath[UUID],
) -> BidShort:
    """Withdraw your bid before the deadline; its sealed bytes are thrown away, its receipt stays."""
    actor = credentials.actor(db, now=received_at)
    with db.write() as session:
        withdraw_bid(session, actor, procurement_id, bid_id, now=received_at)
        return own_bid(session, actor, procurement_id, bid_id)


@_at(get, "bids/{bid_id:uuid}/files/{number:int}", "get_bid_file", Scope.PROCUREMENTS_READ, SEEN)
def get_file(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    bid_id: FromPath[UUID],
    number: FromPath[int],
) -> Response[bytes]:
    """A file of an opened bid, to be saved."""
    actor = credentials.actor(db, now=clock.now())
    with db.read() as session:
        note, data = bid_file(session, actor, procurement_id, bid_id, number)
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(note.name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        **NOT_KEPT,
    }
    return Response(data, media_type=note.media_type, headers=headers)


@_at(post, "opening", "open_bids", Scope.BIDS_OPEN, TAKEN, status_code=HTTP_200_OK)
def give(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    notary: NamedDependency[Notary],
    procurement_id: FromPath[UUID],
    data: JSONBody[GivenCode],
) -> OpeningOut:
    """Give your opening code once the deadline has passed; with the second officer's, all bids are opened."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    return give_code(db, actor, procurement_id, data.code, notary=notary, now=now)


@_at(post, "outages", "record_outage", Scope.PROCUREMENTS_RUN, TAKEN_ONCE)
def add_outage(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    procurement_id: FromPath[UUID],
    data: JSONBody[NewOutage],
    idempotency_key: IdempotencyKey = None,
) -> Response[OutageOut]:
    """Record a time in which bids could not be sent; the deadline moves by its length, for everybody."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        return once(
            session,
            actor,
            idempotency_key,
            ("outage", procurement_id, data),
            lambda: Answer(outage_out(record_outage(session, actor, procurement_id, data, now=now))),
            now=now,
        )


@_at(get, "outages", "list_outages", Scope.PROCUREMENTS_READ, SEEN)
def list_outages(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], procurement_id: FromPath[UUID]
) -> list[OutageOut]:
    """The outages recorded for a procurement, and what its deadline became each time."""
    actor = credentials.actor(db, now=clock.now())
    with db.read() as session:
        return list(outages(session, actor, procurement_id))


@post(
    "/bids/receipts/verify",
    sync_to_thread=True,
    status_code=HTTP_200_OK,
    operation_id="verify_bid_receipt",
    opt={"access": PUBLIC},
    tags=["bids"],
    responses=documented(400, 413),
)
def verify(notary: NamedDependency[Notary], data: JSONBody[Receipt]) -> ReceiptVerdict:
    """Whether a receipt for a bid is one that this marketplace signed, unchanged."""
    if notary.is_ours(data):
        return ReceiptVerdict(valid=True)
    return ReceiptVerdict(valid=False, problem="it is not signed by this marketplace, or was changed since")


def _blinded(data: NewBid, credentials: Credentials) -> str:
    """What tells the same bid sent again from another one, and tells nothing of it without the sender's token.

    Tokens are 256 random bits and kept only as hashes, so that nobody with the database can try prices against it.
    """
    secret = (credentials.secret or "").encode()
    return hmac.digest(secret, msgspec.json.encode(data, order="deterministic"), sha256).hex()
