"""Bids over HTTP: sealed with a receipt, replaced and withdrawn until the deadline, opened by two officers together."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from litestar.testing import TestClient
from tests.market.bids.conftest import ANSWER, DECLARED, FILE, PRICE, TERMS, Tender, a_bid, told
from tests.support.api import Api
from tests.support.badges import LTI, accepted
from tests.support.catalogue import make_supplier, make_version
from tests.support.people import school

from becta.kernel import clock
from becta.kernel.actor import Role
from becta.market.bids.queries import opened_bids
from becta.market.bids.rules import OPENS_AFTER
from becta.market.wiring import House


def problems(answer: Any) -> dict[str, str]:
    """The pointers of a 400 and what is said of each."""
    assert answer.status_code == 400, answer.text
    return {one["pointer"]: one["detail"] for one in answer.json()["errors"]}


def test_two_officers_together_open_what_two_suppliers_sealed(tender: Tender) -> None:
    larch, rowan = tender.supplier(), tender.supplier("rowan-devices")
    first, second = larch.has_bid(), rowan.has_bid(a_bid(20_000, lot=2, files=[]))
    assert tender.buyer.sees() == {"count": None, "opened_at": None, "items": [], "next": None}

    tender.closes()

    assert tender.buyer.sees() == {"count": 2, "opened_at": None, "items": [], "next": None}
    assert told(tender.officers[2].gives(tender.codes[2])) == {"is_open": False, "opened": 0, "unreadable": 0}
    assert tender.buyer.sees()["items"] == []
    assert told(tender.officers[0].gives(tender.codes[0])) == {"is_open": True, "opened": 2, "unreadable": 0}
    seen = tender.buyer.sees()
    assert (seen["count"], [item["supplier"] for item in seen["items"]]) == (2, ["Larch Technology", "Rowan Devices"])
    one = seen["items"][0]
    assert one["receipt"] == first["receipt"]
    assert one["content"]["lots"][0]["tiers"][0] == {"from_quantity": 1, "unit_price_pence": PRICE}
    assert one["content"]["lots"][0]["answers"]["delivery"] == ANSWER
    assert one["content"]["declarations"] == DECLARED
    assert one["content"]["files"] == [
        {
            "number": 1,
            "name": "trolley.pdf",
            "media_type": "application/pdf",
            "size": len(FILE),
            "sha256": sha256(FILE).hexdigest(),
        }
    ]
    file = tender.buyer.api.get(f"{tender.path}/bids/{first['id']}/files/1")
    assert (file.content, file.headers["content-type"]) == (FILE, "application/pdf")
    assert tender.buyer.api.get(f"{tender.path}/bids/{first['id']}/files/2").status_code == 404
    with tender.db.read() as session:
        opened = opened_bids(session, tender.id)
    assert [(bid.bid_id, bid.supplier_name) for bid in opened] == [
        (UUID(first["id"]), "Larch Technology"),
        (UUID(second["id"]), "Rowan Devices"),
    ]
    assert opened[1].content.lots[0].tiers[0].unit_price_pence == 20_000
    assert all(officer.handed_over is None for officer in tender.duties())


def test_a_receipt_is_signed_and_its_commitment_is_to_what_was_opened(tender: Tender, client: TestClient) -> None:
    larch = tender.supplier()
    receipt = larch.has_bid()["receipt"]
    verify = "/api/v1/bids/receipts/verify"

    assert client.post(verify, json=receipt).json() == {"valid": True, "problem": None}
    for change in ({"sha256": "0" * 64}, {"received_at": "2026-01-01T00:00:00Z"}, {"signature": "bm8="}, {"size": 1}):
        assert client.post(verify, json={**receipt, **change}).json()["valid"] is False
    [row] = tender.rows()
    assert row.sealed is not None
    assert sha256(row.sealed).hexdigest() == receipt["sha256"]
    assert len(row.sealed) == receipt["size"]

    tender.closes()
    tender.opens()

    [own] = larch.own()["items"]
    with tender.db.read() as session:
        [text] = [row[0] for row in session.connection().exec_driver_sql("SELECT content FROM opened_bid")]
    packed = len(text.encode()).to_bytes(4) + text.encode() + FILE
    commitment = sha256(b"BECTA-BID-COMMITMENT-1\n" + bytes.fromhex(own["salt"]) + packed).hexdigest()
    assert commitment == receipt["commitment"]


def test_a_new_bid_replaces_the_former_and_a_withdrawn_one_is_never_read(tender: Tender) -> None:
    larch, rowan = tender.supplier(), tender.supplier("rowan-devices")
    first, second = larch.has_bid(a_bid(40_000)), larch.has_bid(a_bid(30_000))
    gone = rowan.has_bid()

    assert told(rowan.withdraws(gone))["state"] == "withdrawn"
    assert [(bid["number"], bid["state"]) for bid in larch.own()["items"]] == [(2, "current"), (1, "replaced")]
    assert [bid.sealed is None for bid in tender.rows()] == [True, False, True]
    for supplier, bid in ((larch, first), (rowan, gone)):
        assert supplier.withdraws(bid).status_code == 409
    assert larch.withdraws(gone).status_code == 404

    tender.closes()

    assert tender.buyer.sees()["count"] == 1
    assert tender.opens() == {"is_open": True, "opened": 1, "unreadable": 0}
    [item] = tender.buyer.sees()["items"]
    assert item["id"] == second["id"]
    assert item["content"]["lots"][0]["tiers"][0]["unit_price_pence"] == 30_000
    [kept] = rowan.own()["items"]
    assert (kept["receipt"], kept["content"]) == (gone["receipt"], None)
    actions = [event.action for event in tender.events() if event.object_type == "bid"]
    assert actions == ["bid.received", "bid.received", "bid.received", "bid.withdrawn", "bid.opened"]


def test_late_is_late_by_the_servers_time_and_only_that_it_came_is_kept(tender: Tender) -> None:
    larch = tender.supplier()
    bid = larch.has_bid()
    tender.deadline(clock.now())

    refused = larch.bids(a_bid(1_234))

    assert refused.status_code == 409
    assert "the bid came too late: the deadline was " in refused.json()["detail"]
    assert "the server's time on arrival was " in refused.json()["detail"]
    assert larch.withdraws(bid).status_code == 409
    own = larch.own()
    assert [item["state"] for item in own["items"]] == ["current"]
    [late] = own["late"]
    assert late["received_at"] >= late["deadline"]
    assert [event.action for event in tender.events()][-1] == "bid.came_late"


def test_the_same_request_sent_again_has_one_bid_and_its_receipt_even_after_the_deadline(tender: Tender) -> None:
    larch = tender.supplier()
    key = {"Idempotency-Key": str(uuid4())}
    first = told(larch.bids(**key), 201)
    assert told(larch.bids(**key), 201) == first
    assert larch.bids(a_bid(PRICE - 1), **key).status_code == 422

    tender.closes()

    assert told(larch.bids(**key), 201) == first
    assert len(tender.rows()) == 1
    assert larch.own()["late"] == []


def test_before_the_deadline_no_code_is_taken_nor_looked_at(tender: Tender) -> None:
    tender.supplier().has_bid()

    for code in (tender.codes[0], "nonsense"):
        refused = tender.officers[0].gives(code)
        assert refused.status_code == 409
        assert "bids stay sealed until their deadline has passed" in refused.json()["detail"]
    tender.deadline(clock.now() - OPENS_AFTER / 2)
    assert tender.officers[0].gives(tender.codes[0]).status_code == 409
    assert [(officer.gave_code_at, officer.handed_over) for officer in tender.duties()] == [(None, None)] * 3


def test_a_wrong_code_is_told_as_such_and_one_officer_alone_opens_nothing(tender: Tender) -> None:
    tender.supplier().has_bid()
    tender.closes()
    one, two = tender.officers[:2]

    assert problems(one.gives("ABCD-EFGH")) == {
        "/code": "code is not an opening code: something was mistyped",
    }
    not_yours = {"/code": "code is an opening code, but not yours for this procurement"}
    assert problems(one.gives(tender.codes[1])) == not_yours
    for _ in range(2):
        assert told(one.gives(tender.codes[0]))["is_open"] is False
    assert problems(one.gives(tender.codes[1])) == not_yours
    assert problems(two.gives(tender.codes[0])) == not_yours
    assert tender.buyer.gives(tender.codes[1]).status_code == 403
    assert [bid.state for bid in tender.rows()] == ["current"]
    assert tender.buyer.sees()["items"] == []
    assert told(two.gives(tender.codes[1].lower().replace("-", " ")))["is_open"] is True
    assert two.gives(tender.codes[1]).json()["detail"] == "the bids are open already"


@pytest.mark.parametrize(("one", "other"), [(0, 1), (1, 2), (2, 0)])
def test_any_two_of_three_open(tender: Tender, one: int, other: int) -> None:
    tender.supplier().has_bid()
    tender.closes()

    told(tender.officers[one].gives(tender.codes[one]))

    assert told(tender.officers[other].gives(tender.codes[other]))["opened"] == 1


def test_a_code_is_shown_once_and_the_officers_stay_once_a_bid_came(tender: Tender) -> None:
    assert tender.officers[0].takes_up().status_code == 409
    one, two, three = tender.officers
    told(tender.buyer.names(one, two))
    told(tender.buyer.names(one, two, three))
    again = told(three.takes_up(), 201)["code"]
    assert again != tender.codes[2]

    tender.supplier().has_bid()

    assert tender.buyer.names(one, two).status_code == 409
    assert tender.buyer.names(one, two).json()["detail"].startswith("a bid was sealed to these officers already")
    tender.closes()
    assert problems(three.gives(tender.codes[2]))["/code"].startswith("code is an opening code, but not yours")
    told(three.gives(again))
    assert told(one.gives(tender.codes[0]))["opened"] == 1
    shown = told(tender.buyer.api.get(f"{tender.path}/officers"))
    assert [(item["name"], item["gave_code_at"] is not None) for item in shown["items"]] == [
        ("Olive One", True),
        ("Oscar Two", False),
        ("Oona Three", True),
    ]


def test_nothing_is_sealed_before_every_officer_holds_a_code(house: House, client: TestClient) -> None:
    tender = Tender(house, client)
    larch = tender.supplier()
    assert larch.bids().status_code == 409
    told(tender.buyer.names(*tender.officers[:2]))
    told(tender.officers[0].takes_up(), 201)
    assert larch.bids().json()["detail"].startswith("the officers who will open the bids have not all taken up")
    told(tender.officers[1].takes_up(), 201)
    assert tender.officers[2].takes_up().status_code == 403
    larch.has_bid()


def test_officers_are_two_to_four_of_the_buyers_people_who_may_open(tender: Tender) -> None:
    larch = tender.supplier()
    plain = tender.somebody("Paul Plain", tender.trust, Role.BUYER)
    one, two = tender.officers[:2]

    assert problems(tender.buyer.names(one)) == {"/people": "people are not as many as it takes"}
    assert problems(tender.buyer.names(one, one))["/people"] == "people are not as many as it takes"
    refused = problems(tender.buyer.names(one, plain, larch))
    assert refused == {
        f"/people/{place}": f"people.{place} may not open bids here ({who.id})"
        for place, who in ((1, plain), (2, larch))
    }
    assert larch.names(one, two).status_code == 403
    assert tender.officers[0].names(one, two).status_code == 403


def test_who_has_no_part_in_a_tender_learns_nothing_of_its_bids(tender: Tender) -> None:
    larch, stranger = tender.supplier(), tender.supplier("elm-uninvited", invited=False)
    with tender.db.write() as session:
        elsewhere = school(session, 100_777, "Elm Hill School")
    outsider = tender.somebody("Olga Outside", elsewhere, Role.APPROVER)
    bid = larch.has_bid()
    tender.closes()
    tender.opens()

    assert stranger.bids().status_code == 404
    assert stranger.withdraws(bid).status_code == 404
    assert outsider.api.get(f"{tender.path}/bids").status_code == 404
    assert outsider.gives(tender.codes[0]).status_code == 404
    for path in ("bids", f"bids/{bid['id']}/files/1", "officers"):
        assert larch.api.get(f"{tender.path}/{path}").status_code in {403, 404}
    assert tender.buyer.bids().status_code == 403


def test_mistakes_in_a_bid_are_told_at_once_by_field_and_nothing_is_kept(tender: Tender) -> None:
    larch = tender.supplier()
    with tender.db.write() as session:
        others = make_version(session, make_supplier(session, "elm-devices"), "cb-1").product_id
    lots = [
        {
            "lot": 1,
            "tiers": [{"from_quantity": 10, "unit_price_pence": 100}, {"from_quantity": 5, "unit_price_pence": 200}],
            "capacity": 3,
            "vat_basis_points": 20_000,
            "answers": {"delivery": " ", "colour": "red"},
            "product_ids": [str(others)],
        },
        {"lot": 1, "tiers": [], "answers": {"delivery": "x", "badges": "y"}},
        {"lot": 9, "tiers": []},
    ]
    files = [{"name": "a/b", "media_type": "pdf", "data": ""}]

    assert problems(larch.bids({"lots": lots, "declarations": {"No!": True}, "files": files})) == {
        "/lots/0/tiers/1/from_quantity": "lots.0.tiers.1.from_quantity does not start above the tier before",
        "/lots/0/tiers/1/unit_price_pence": "lots.0.tiers.1.unit_price_pence is dearer than the tier before",
        "/lots/0/capacity": "lots.0.capacity does not fit the tiers",
        "/lots/0/vat_basis_points": "lots.0.vat_basis_points is no rate",
        "/lots/0/answers": "lots.0.answers answers what was not asked (colour)",
        "/lots/0/answers/delivery": "lots.0.answers.delivery is empty",
        "/lots/0/answers/badges": "lots.0.answers.badges is missing",
        "/lots/0/product_ids/0": f"lots.0.product_ids.0 is no product of yours ({others})",
        "/lots/1/lot": "lots.1.lot is bid for twice",
        "/lots/1/tiers": "lots.1.tiers has 0 tiers",
        "/lots/2/lot": "lots.2.lot is no lot of this procurement",
        "/declarations": "declarations has a code that is none (No!)",
        "/files/0/name": "files.0.name is no plain file name",
        "/files/0/media_type": "files.0.media_type is no media type",
        "/files/0/data": "files.0.data is empty",
    }
    assert problems(larch.bids({"lots": []})) == {"/lots": "lots is empty"}
    assert tender.rows() == []


def test_no_price_for_one_is_above_ten_million_pounds(tender: Tender) -> None:
    larch = tender.supplier()

    assert problems(larch.bids(a_bid(10**9 + 1))) == {
        "/lots/0/tiers/0/unit_price_pence": "lots.0.tiers.0.unit_price_pence is no price"
    }
    larch.has_bid(a_bid(10**9))


def test_the_buyer_sees_which_required_badges_the_offered_products_lacked(
    house: House, client: TestClient, api: Api
) -> None:
    badge = "lti;version=1.3;role=Tool"
    tender = Tender(house, client, msgspec.structs.replace(TERMS, badges=(badge,)))
    tender.ready()
    larch, rowan = tender.supplier(), tender.supplier("rowan-devices")
    with tender.db.write() as session:
        fine, weak = (make_version(session, larch.organisation_id, name).product_id for name in ("fine", "weak"))
    accepted(api, f"/products/{fine}", **LTI)
    accepted(api, f"/products/{weak}", **{**LTI, "role": "Platform"})
    body = a_bid()
    body["lots"][0]["product_ids"] = [str(fine), str(weak)]
    larch.has_bid(body)
    rowan.has_bid(a_bid(lot=2))
    tender.closes()
    tender.opens()

    lacks = {one["supplier"]: one["lacks"] for one in tender.buyer.sees()["items"]}

    lack = {"requirement": badge, "product_id": None}
    assert lacks == {
        "Larch Technology": [
            {**lack, "lot": 1, "product_id": str(weak), "sentence": "lacks LTI 1.3, role Tool"},
        ],
        "Rowan Devices": [{**lack, "lot": 2, "sentence": "names no product that holds LTI 1.3, role Tool"}],
    }


def test_an_outage_gives_everybody_as_much_more_time(tender: Tender) -> None:
    larch = tender.supplier()
    now = clock.now()
    tender.deadline(now - timedelta(seconds=90))
    assert larch.bids().status_code == 409
    outage = {"began_at": (now - timedelta(minutes=30)).isoformat(), "ended_at": now.isoformat(), "reason": "No power"}

    assert problems(tender.buyer.api.post(f"{tender.path}/outages", {**outage, "began_at": now.isoformat()})) == {
        "/ended_at": "ended_at does not fit the beginning"
    }
    made = told(tender.buyer.api.post(f"{tender.path}/outages", outage), 201)

    after = clock.now() + timedelta(minutes=30)
    assert made["reason"] == "No power"
    assert after - timedelta(seconds=30) < datetime.fromisoformat(made["deadline_after"]) < after + timedelta(minutes=1)
    larch.has_bid()
    assert tender.buyer.api.get(f"{tender.path}/outages").json() == [made]
    tender.closes()
    told(tender.officers[0].gives(tender.codes[0]))
    assert tender.buyer.api.post(f"{tender.path}/outages", outage).json()["detail"] == (
        "an officer has given their code already, so the deadline stays"
    )
