"""Who is written to about a procurement: schools that may pledge, suppliers that may bid, and who relied on a badge."""

from datetime import timedelta
from typing import Any

import time_machine
from tests.market.procurements.conftest import LOT, Somebody, Town, at, told
from tests.support.badges import accepted

from becta.kernel.actor import Role


def test_schools_are_asked_to_pledge(town: Town) -> None:
    town.somebody("Bea Buyer", town.school, Role.BUYER)
    town.somebody("Ann Auditor", town.school, Role.AUDITOR)
    made = town.lead.starts()
    town.lead.has_done(made, "members", {"schools": [{"organisation": "urn:100001"}]})
    assert town.mails() == []

    town.lead.has_done(made, "gathering")

    assert town.mails() == [("bea.buyer@people.example", "Buy together: Trolleys")]
    assert town.mails() == []


def test_a_school_that_is_asked_in_later_hears_and_nobody_hears_twice(town: Town) -> None:
    town.somebody("Bea Buyer", town.school, Role.BUYER)
    town.somebody("Oli Other", town.other, Role.BUYER)
    eve = town.somebody("Eve Elsewhere", town.elsewhere, Role.BUYER)
    made = town.lead.starts()
    town.lead.has_done(made, "members", {"schools": [{"organisation": "urn:100001"}]})
    town.lead.has_done(made, "gathering")

    town.lead.has_done(made, "members", {"schools": [{"organisation": eve.reference}]})
    town.lead.has_done(made, "members", {"schools": [{"organisation": eve.reference, "cap_pence": 1}]})
    letter = "Buy together: Trolleys"
    assert town.mails() == [("bea.buyer@people.example", letter), ("eve.elsewhere@people.example", letter)]

    town.lead.has_done(made, "members", {"trusts": [{"organisation": "trust:2044"}]})
    assert town.mails() == [("oli.other@people.example", letter)]


def test_a_supplier_that_is_asked_while_the_tender_runs_hears_where_to_bid_and_nobody_hears_twice(
    town: Town, three: list[Somebody]
) -> None:
    tender = town.asks_for_bids(*three)
    dogwood, elder = town.bidder("dogwood"), town.bidder("elder")
    for asked in ([dogwood], [three[0], dogwood, elder]):
        town.lead.has_done(tender, "invitations", {"suppliers": [one.reference for one in asked]})

    letters = town.letters()
    assert sorted((to, subject) for to, subject, _ in letters) == [
        (f"bidder.of.{name}@people.example", "Trolleys: tender advertised")
        for name in ("ash", "beech", "cedar", "dogwood", "elder")
    ]
    [text] = {text.partition(" until ")[0] for *_, text in letters}
    assert text.startswith("You are asked to bid for “Trolleys”. Send a sealed bid to http://")
    assert text.endswith(f"/api/v1/procurements/{tender['id']}/bids")

    town.lead.has_done(tender, "invitations", {"suppliers": [elder.reference]})
    assert town.mails() == []


def test_suppliers_hear_of_the_tender_of_answers_and_of_amendments(town: Town, three: list[Somebody]) -> None:
    tender = town.asks_for_bids(*three)
    bidders = [f"bidder.of.{name}@people.example" for name in ("ash", "beech", "cedar")]
    assert town.mails() == [(to, "Trolleys: tender advertised") for to in bidders]

    told(three[0].does(tender, "questions", {"question": "May the trolleys be blue?"}))
    assert town.mails() == []
    town.lead.has_done(tender, "questions/1/answer", {"answer": "They may"})
    assert town.mails() == [(to, "Trolleys: tender clarified") for to in bidders]

    later = (at(tender["tender_deadline"]) + timedelta(days=1)).isoformat()
    body = {"rationale": "A week of holidays", "is_substantial": False, "tender_deadline": later}
    town.lead.has_done(tender, "amendments", body)
    assert town.mails() == [(to, "Trolleys: tender amended") for to in bidders]


def test_suppliers_hear_that_a_tender_came_to_nothing_and_of_a_draft_nobody_does(
    town: Town, three: list[Somebody]
) -> None:
    draft, tender = town.lead.starts(), town.asks_for_bids(*three)
    town.mails()

    for one in (draft, tender):
        town.lead.has_done(one, "terminate", {"reason": "The money went into the roof"})

    assert town.mails() == [
        (f"bidder.of.{name}@people.example", "Trolleys: ended") for name in ("ash", "beech", "cedar")
    ]


def test_nobody_is_written_to_once_it_is_too_late(town: Town, three: list[Somebody]) -> None:
    tender = town.asks_for_bids(*three)

    with time_machine.travel(at(tender["tender_deadline"]), tick=False):
        assert town.mails() == []


def test_whoever_runs_a_tender_hears_that_a_product_in_a_bid_lost_its_badge(town: Town, three: list[Somebody]) -> None:
    supplier_id = three[0].reference.removeprefix("supplier:")
    product = town.api.published(supplier_id, "trolley")
    badge = accepted(town.api, f"/suppliers/{supplier_id}")
    tender = town.lead.starts(lots=[LOT])
    town.lead.has_done(tender, "invitations", {"suppliers": [one.reference for one in three]})
    codes = town.get_ready(tender)
    tender = town.lead.has_done(tender, "tender")
    lot: dict[str, Any] = {"lot": 1, "tiers": [{"from_quantity": 1, "unit_price_pence": 30_000}]}
    lot |= {"answers": {"safety": "Yes"}, "product_ids": [str(product)]}
    three[0].has_done(tender, "bids", {"lots": [lot], "declarations": {"no_collusion": True}}, 201)
    with time_machine.travel(at(tender["tender_deadline"]) + timedelta(minutes=1), tick=False):
        for officer, code in zip(town.officers, codes, strict=True):
            officer.has_done(tender, "opening", {"code": code})
        town.mails()
        withdrawn = {"decision": "revoked", "reasons": ["IASME withdrew the certificate"]}
        told(town.api.post(f"/badge-claims/{badge}/decision", withdrawn))
        mails = town.mails()

    assert [mail for mail in mails if mail[0] == "lena.lead@people.example"] == [
        ("lena.lead@people.example", "Larch Chromebook 11 no longer holds Cyber Essentials")
    ]
