"""A procurement over HTTP, up to the deadline: who sees what, what is refused and why, and who was first."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from tests.market.procurements.conftest import LOT, Somebody, Town, at, fields, in_days, terms, told

from becta.kernel import clock
from becta.kernel.actor import Role


def test_a_draft_is_the_leads_own_business(town: Town) -> None:
    made = town.lead.starts()
    supplier = town.bidder("ash")
    stranger = town.somebody("Sam Stranger", town.elsewhere, Role.BUYER)

    assert (made["phase"], made["seen_as"], made["is_above_threshold"]) == ("draft", "lead", False)
    assert [one.looks_at(made).status_code for one in (supplier, stranger)] == [404, 404]
    assert [told(one.api.get("/procurements"))["items"] for one in (supplier, stranger)] == [[], []]
    assert [one["id"] for one in told(town.lead.api.get("/procurements"))["items"]] == [made["id"]]
    assert town.actions(made) == ["procurement.started"]


def test_a_draft_is_rewritten_as_a_whole_by_whoever_knows_its_newest_version(town: Town) -> None:
    made = town.lead.starts()
    path, body = f"/procurements/{made['id']}", terms(title="Twenty trolleys", lots=[LOT, LOT])

    stale = town.lead.api.put(path, body, **{"If-Match": '"9"'})
    rewritten = told(town.lead.api.put(path, body, **{"If-Match": '"1"'}))

    assert stale.status_code == 412
    assert (rewritten["title"], rewritten["revision"]) == ("Twenty trolleys", 2)
    assert [lot["number"] for lot in rewritten["lots"]] == [1, 2]


@pytest.mark.parametrize(
    ("_case", "changes", "field"),
    [
        ("an empty title", {"title": " "}, "title"),
        ("no lot", {"lots": []}, "lots"),
        ("weights short of a hundred", {"lots": [{**LOT, "price_weight": "59"}]}, "lots.0.price_weight"),
        ("a badge nobody knows", {"lots": [{**LOT, "badges": ["no-such-standard"]}]}, "lots.0.badges.0.standard"),
        ("a framework route without its lot", {"route": "framework_further_competition"}, "framework_lot_id"),
        ("an amount below nothing", {"estimated_value_pence": -1}, "estimated_value_pence"),
        ("a deadline in a hundred years", {"timetable": {"tender_deadline": "2126-01-01T00:00:00Z"}}, None),
        (
            "a time without an offset",
            {"timetable": {"tender_deadline": "2026-12-30T12:00:00"}},
            "timetable.tender_deadline",
        ),
        ("before all calendars", {"timetable": {"tender_deadline": "0001-01-01T00:00:00+14:00"}}, None),
        ("a signalling NaN", {"lots": [{**LOT, "price_weight": "sNaN"}]}, "lots.0.price_weight"),
        ("split without saying how many", {"award_method": "split"}, "lots.0.max_suppliers"),
        ("one supplier, but split", {"award_method": "split", "lots": [{**LOT, "max_suppliers": 1}]}, "award_method"),
    ],
)
def test_what_is_wrong_is_named_by_its_field(
    town: Town, _case: str, changes: dict[str, Any], field: str | None
) -> None:
    answer = town.lead.api.post("/procurements", {"organisation": town.lead.reference, **terms(**changes)})

    assert fields(answer) == {field or "timetable.tender_deadline"}


def test_quotes_are_not_enough_at_or_above_the_threshold(town: Town, three: list[Somebody]) -> None:
    made = town.lead.starts(estimated_value_pence=17_310_000)
    town.lead.has_done(made, "invitations", {"suppliers": [one.reference for one in three]})
    town.get_ready(made)

    assert made["is_above_threshold"] is True
    assert fields(town.lead.does(made, "tender")) == {"route"}
    assert town.lead.starts(estimated_value_pence=17_309_999)["is_above_threshold"] is False


def test_a_public_tender_above_the_threshold_gives_twenty_five_days(town: Town) -> None:
    public = {"route": "open_procedure", "estimated_value_pence": None}
    short = town.lead.starts(**public, timetable={"tender_deadline": in_days(20)})
    town.get_ready(short)
    enough = town.lead.starts(**public, timetable={"tender_deadline": in_days(26)})
    town.get_ready(enough)

    refused = town.lead.does(short, "tender")

    assert fields(refused) == {"timetable.tender_deadline"}
    assert "s.54" in refused.text
    assert town.lead.has_done(enough, "tender")["phase"] == "tendering"


def test_nothing_is_advertised_before_all_is_ready(town: Town, three: list[Somebody]) -> None:
    made = town.lead.starts()

    assert "s.83" in told(town.lead.does(made, "tender"), 409)["detail"]
    town.lead.has_done(made, "conflicts-assessment", {"finding": "Nobody has an interest"})
    assert "officers" in told(town.lead.does(made, "tender"), 409)["detail"]
    town.get_ready(made)
    assert "0 suppliers are asked" in told(town.lead.does(made, "tender"), 409)["detail"]
    town.lead.has_done(made, "invitations", {"suppliers": [one.reference for one in three]})
    assert town.lead.has_done(made, "tender")["phase"] == "tendering"


def test_a_supplier_that_was_asked_sees_the_tender_and_not_who_is_behind_it(town: Town, three: list[Somebody]) -> None:
    tender = town.asks_for_bids(*three, cap_pence=9_999_999)
    other = town.bidder("dogwood")

    seen = three[0].sees(tender)

    assert (seen["seen_as"], seen["cap_pence"], seen["members"], seen["suppliers"]) == ("bidder", None, 0, None)
    assert seen["lots"][0]["terms"]["price_weight"] == "60"
    assert len(seen["tie_seed_hash"]) == 64
    assert other.looks_at(tender).status_code == 404
    assert three[0].api.get(f"/procurements/{tender['id']}/members").status_code == 404


def test_what_schools_pay_today_is_no_business_of_suppliers(town: Town, three: list[Somebody]) -> None:
    tender = town.asks_for_bids(*three, lots=[{**LOT, "alone_price_pence": 41_000}])

    assert tender["lots"][0]["terms"]["alone_price_pence"] == 41_000
    assert three[0].sees(tender)["lots"][0]["terms"]["alone_price_pence"] is None


def test_a_draft_of_an_open_procedure_that_came_to_nothing_stays_unseen(town: Town) -> None:
    made = town.lead.starts(route="open_procedure")
    supplier = town.bidder("ash")
    town.lead.has_done(made, "terminate", {"reason": "We think again"})

    assert supplier.looks_at(made).status_code == 404
    assert told(supplier.api.get("/procurements"))["items"] == []


def test_what_schools_pledged_counts_for_the_threshold_whatever_was_estimated(
    town: Town, three: list[Somebody]
) -> None:
    made = town.lead.starts(estimated_value_pence=1)
    town.lead.has_done(made, "members", {"schools": [{"organisation": "urn:100001"}]})
    town.lead.has_done(made, "invitations", {"suppliers": [one.reference for one in three]})
    town.lead.has_done(made, "gathering")
    town.may_spend(town.school)
    buyer = town.somebody("Bea Buyer", town.school, Role.BUYER)
    pledge = {"organisation": "urn:100001", "quantity": 1_000, "ceiling_price_pence": 20_000, "budget_code": "ICT"}
    buyer.has_done(made, "pledges", pledge, 201)
    town.get_ready(made)

    with time_machine.travel(at(made["pledge_deadline"]), tick=False):
        assert fields(town.lead.does(made, "tender")) == {"route"}


def test_in_an_open_procedure_every_supplier_may_bid(town: Town) -> None:
    tender = town.asks_for_bids(route="open_procedure", estimated_value_pence=None)
    assert tender["suppliers"] is None
    anybody, school = town.bidder("ash"), town.somebody("Sam", town.elsewhere, Role.BUYER)

    assert anybody.sees(tender)["seen_as"] == "bidder"
    assert school.looks_at(tender).status_code == 404


def test_a_school_that_takes_part_sees_itself_and_its_trust_all_its_schools(town: Town) -> None:
    made = town.lead.starts()
    asked = {
        "trusts": [{"organisation": town.lead.reference}],
        "schools": [{"organisation": "urn:100777", "cap_pence": 5}],
    }
    town.lead.has_done(made, "members", asked)
    stranger = town.somebody("Sam Stranger", town.elsewhere, Role.BUYER)

    seen = told(stranger.api.get(f"/procurements/{made['id']}/members"))["items"]

    assert [(one["organisation"]["name"], one["cap_pence"]) for one in seen] == [("Elm Hill School", 5)]
    everybody = told(town.lead.api.get(f"/procurements/{made['id']}/members"))["items"]
    assert {one["organisation"]["name"] for one in everybody} == {
        "Elm Hill School",
        "Larch Lane School",
        "Rowan Road School",
    }
    assert stranger.sees(made)["seen_as"] == "member"
    assert stranger.does(made, "gathering").status_code == 403


def test_a_question_is_answered_to_all_and_nobody_learns_who_asked(town: Town, three: list[Somebody]) -> None:
    tender = town.asks_for_bids(*three)

    told(three[0].does(tender, "questions", {"question": "May the trolleys be blue?"}))
    assert three[1].sees(tender)["clarifications"] == []
    town.lead.has_done(tender, "questions/1/answer", {"answer": "They may"})

    for reader in (*three, town.lead):
        [one] = reader.sees(tender)["clarifications"]
        assert (one["question"], one["answer"]) == ("May the trolleys be blue?", "They may")
        assert three[0].reference.removeprefix("supplier:") not in reader.looks_at(tender).text
    again = town.lead.does(tender, "questions/1/answer", {"answer": "They may not"})
    assert (again.status_code, town.lead.does(tender, "questions/2/answer", {"answer": "Yes"}).status_code) == (
        409,
        404,
    )


def test_a_deadline_moves_later_for_everybody_and_a_substantial_change_leaves_time(
    town: Town, three: list[Somebody]
) -> None:
    tender = town.asks_for_bids(*three, timetable={"tender_deadline": in_days(5)})
    change: dict[str, Any] = {"rationale": "We need a lock on each trolley", "is_substantial": True}

    assert fields(town.lead.does(tender, "amendments", change)) == {"tender_deadline"}
    assert fields(town.lead.does(tender, "amendments", {**change, "tender_deadline": in_days(4)})) == {
        "tender_deadline"
    }
    later = in_days(16)
    town.lead.has_done(tender, "amendments", {**change, "description": "With locks", "tender_deadline": later})

    seen = three[2].sees(tender)
    assert (at(seen["tender_deadline"]), seen["description"]) == (at(later), "With locks")
    assert [one["rationale"] for one in seen["amendments"]] == ["We need a lock on each trolley"]
    assert town.actions(tender)[-1] == "procurement.amended"


def test_after_the_deadline_nothing_is_asked_answered_or_amended(town: Town, three: list[Somebody]) -> None:
    tender = town.asks_for_bids(*three, timetable={"tender_deadline": in_days(2)})
    told(three[0].does(tender, "questions", {"question": "May the trolleys be blue?"}))

    with time_machine.travel(clock.now() + timedelta(days=2), tick=False):
        assert town.lead.sees(tender)["phase"] == "sealed"
        answers = [
            three[0].does(tender, "questions", {"question": "Are you there?"}),
            town.lead.does(tender, "questions/1/answer", {"answer": "They may"}),
            town.lead.does(tender, "amendments", {"rationale": "More time", "is_substantial": False}),
        ]

    assert [answer.status_code for answer in answers] == [409, 409, 409]


def test_what_ends_without_an_award_ends_with_a_reason_and_for_good(town: Town, three: list[Somebody]) -> None:
    tender = town.asks_for_bids(*three)

    assert fields(town.lead.does(tender, "terminate", {"reason": ""})) == {"reason"}
    ended = town.lead.has_done(tender, "terminate", {"reason": "The money went into the roof"})

    assert (ended["phase"], ended["reason"]) == ("terminated", "The money went into the roof")
    assert town.lead.does(tender, "tender").status_code == 409
    assert three[0].does(tender, "questions", {"question": "Why?"}).status_code == 409


def test_of_many_who_advertise_at_once_one_does(town: Town, three: list[Somebody]) -> None:
    made = town.lead.starts()
    town.lead.has_done(made, "invitations", {"suppliers": [one.reference for one in three]})
    town.get_ready(made)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: town.lead.does(made, "tender").status_code, range(6)))

    assert sorted(answers) == [200, 409, 409, 409, 409, 409]
    assert town.actions(made).count("procurement.advertised") == 1


def test_a_token_without_a_person_runs_nothing(town: Town) -> None:
    answer = town.api.post("/procurements", {"organisation": town.lead.reference, **terms()})

    assert answer.status_code == 403


def test_market_engagement_or_why_no_notice_tells_of_it_is_noted_before_the_tender(
    town: Town, three: list[Somebody]
) -> None:
    made = town.lead.starts()
    said = {"description": "We ask three makers what is to be had"}
    assert town.lead.has_done(made, "engagement", said)["engagement"] == {
        **said,
        "is_done": False,
        "no_notice_because": None,
    }
    assert fields(town.lead.does(made, "engagement", {})) == {"description"}
    assert fields(town.lead.does(made, "engagement", {**said, "no_notice_because": "None was"})) == {"description"}
    assert fields(town.lead.does(made, "engagement", {"no_notice_because": " "})) == {"no_notice_because"}

    tender = town.asks_for_bids(*three)
    assert town.lead.does(tender, "engagement", said).status_code == 409
    assert town.actions(made) == ["procurement.started", "procurement.market_engaged"]
