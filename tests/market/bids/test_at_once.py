"""Several people at the same bids in the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any

import msgspec
from tests.market.bids.conftest import Tender, a_bid, told

from becta.kernel import clock
from becta.kernel.errors import Conflict
from becta.market.accounts.tokens import actor_of
from becta.market.bids.contents import NewBid
from becta.market.bids.service import receive_bid, seal_bid


def together(*actions: Callable[[], Any]) -> list[Any]:
    """What comes of actions that start in the same moment."""
    start = Barrier(len(actions))

    def run(action: Callable[[], Any]) -> Any:
        start.wait(timeout=30)
        return action()

    with ThreadPoolExecutor(len(actions)) as threads:
        return list(threads.map(run, actions))


def test_a_supplier_who_sends_many_at_once_has_one_that_stands(tender: Tender) -> None:
    larch = tender.supplier()

    answers = together(*(partial(larch.bids, a_bid(90_000 + number)) for number in range(6)))

    assert [answer.status_code for answer in answers] == [201] * 6
    bids = larch.own()["items"]
    assert [bid["number"] for bid in bids] == [6, 5, 4, 3, 2, 1]
    assert [bid["state"] for bid in bids] == ["current"] + ["replaced"] * 5


def test_replacing_against_withdrawing_ends_in_one_of_the_two_orders(tender: Tender) -> None:
    larch = tender.supplier()

    for _ in range(4):
        bid = larch.has_bid()
        replaced, withdrawn = together(partial(larch.bids), partial(larch.withdraws, bid))

        assert (replaced.status_code, withdrawn.status_code) in {(201, 200), (201, 409)}
        states = {one["id"]: one["state"] for one in larch.own()["items"]}
        assert states[replaced.json()["id"]] == "current"
        assert states[bid["id"]] == ("withdrawn" if withdrawn.status_code == 200 else "replaced")


def test_two_officers_at_once_open_everything_once(tender: Tender) -> None:
    for number in range(3):
        tender.supplier(f"supplier-{number}").has_bid()
    tender.closes()

    answers = together(
        *(partial(officer.gives, code) for officer, code in zip(tender.officers, tender.codes, strict=True))
    )

    done = [answer.json() for answer in answers if answer.status_code == 200]
    assert [answer.status_code for answer in answers if answer.status_code != 200] in ([], [409])
    assert sorted(one["is_open"] for one in done)[:2] == [False, True]
    assert sum(one["opened"] for one in done) == 3
    assert [bid.state for bid in tender.rows()] == ["opened"] * 3
    assert [event.action for event in tender.events()].count("procurement.opened") == 1


def test_a_bid_that_was_in_time_but_stored_late_never_slips_past_the_opening(tender: Tender) -> None:
    """Stored while the officers open, it is either opened with the others or refused: never taken and left sealed."""
    larch, rowan = tender.supplier(), tender.supplier("rowan-devices")
    rowan.has_bid()
    now = clock.now()
    deadline = now - timedelta(minutes=2)
    secret = larch.api.headers["Authorization"].removeprefix("Bearer ")
    with tender.db.read() as session:
        actor = actor_of(session, secret, now=now)
        assert actor is not None
        sent = msgspec.convert(a_bid(), NewBid)
        came = deadline - timedelta(seconds=1)
        envelope = seal_bid(session, actor, tender.id, sent, notary=tender.house.notary, received_at=came)
    tender.deadline(deadline)

    def store() -> bool:
        try:
            with tender.db.write() as session:
                receive_bid(session, actor, envelope, now=came)
        except Conflict:  # the opening has begun
            return False
        return True

    was_stored, _ = together(store, partial(tender.officers[0].gives, tender.codes[0]))
    if not told(tender.officers[1].gives(tender.codes[1]))["is_open"]:
        told(tender.officers[0].gives(tender.codes[0]))

    assert [bid.state for bid in tender.rows()] == ["opened"] * (2 if was_stored else 1)
