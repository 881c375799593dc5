"""Frameworks over HTTP, from the draft to the last day, with the clock moved along."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from tests.market.frameworks.buying import AWARD, in_force
from tests.market.frameworks.conftest import (
    BOTH,
    CLOSES,
    ELSEWHERE,
    PLAIN,
    QUESTION,
    START,
    TERMS,
    UID,
    URN,
    Authority,
    Town,
    lot,
    said,
    terms,
    told,
)
from tests.support.people import member

from becta.kernel.actor import Role
from becta.kernel.errors import NotFound
from becta.market.accounts.models import Person
from becta.market.frameworks.calloffs import lot_rules
from becta.market.frameworks.queries import framework_lot_suppliers
from becta.market.frameworks.rules import levy_pence, may_direct_award

BECAUSE = {"reason": "Deliveries fail and are not mended"}


def test_a_framework_from_its_draft_to_its_last_day(
    traveller: time_machine.Traveller, town: Town, lead: Authority
) -> None:
    larch, rowan, hazel, elm = (town.bidder(name) for name in ("larch", "rowan", "hazel", "elm"))
    draft = lead.sets_up()
    assert town.public.get(f"/frameworks/{draft['id']}").status_code == 404
    assert town.public.get("/frameworks").json()["items"] == []
    assert larch.tries(draft).status_code == 404

    framework = lead.publishes(draft)
    assert (framework["standing"], framework["is_taking_applications"]) == ("open", True)
    public = told(town.public.get(f"/frameworks/{draft['id']}"))
    assert public == framework
    shown = told(town.public.get(f"/frameworks/{draft['id']}/terms/{framework['terms_sha256']}"))
    assert shown["text"] == TERMS

    first = larch.applies(framework, 1, "no", *BOTH)
    second = rowan.applies(framework, 1, "put_right", *BOTH)
    third = hazel.applies(framework, 1, "yes", *BOTH)
    fourth = elm.applies(framework, 1, "no", *BOTH)
    assert third["verdict"]["effect"] == "fail"
    assert lead.judges(first, "take").status_code == 409
    assert told(lead.api.get(f"/frameworks/{draft['id']}/applications"))["items"] == []

    traveller.move_to(CLOSES)
    assert lead.sees(framework)["standing"] == "assessing"
    late = told(rowan.tries(framework, 2), 409)
    assert late["detail"] == "applications closed at 2026-11-11T09:00:00+00:00, by the server's time"
    assert lead.tries(framework, "summaries").status_code == 409
    assert lead.has_judged(first, quality="5", price="4")["standing"] == "admitted"
    assert lead.has_judged(second, quality="4", price="5", accepted=True)["total"] == "88"
    refused = lead.has_judged(third)
    assert (refused["standing"], refused["reason"]) == (
        "not_admitted",
        '"Have you been penalised for misconduct in relation to tax?" is answered "Yes", which fails',
    )
    poor = lead.has_judged(fourth, quality="1.9")
    assert poor["reason"] == "quality scores 1.9, below the minimum of 2"
    assert larch.sees(first)["standing"] == "under_assessment"
    assert larch.sees(first)["total"] is None

    traveller.move_to(AWARD)
    early = told(lead.tries(framework, "award"), 409)
    assert early["detail"].startswith("assessment summaries are sent before the award is published (s.50(3))")
    lead.does(framework, "summaries")
    summary = hazel.sees(third)["summary"]
    assert summary["successful"] == [{"supplier": "Larch", "total": "92"}, {"supplier": "Rowan", "total": "88"}]
    assert summary["reasons"] == [refused["reason"]]
    assert larch.sees(first)["summary"]["sentence"] == "92 of 100, place 1 of 2; the lot takes all that are admitted"

    awarded = lead.does(framework, "award")
    [once] = awarded["rounds"]
    assert (once["award_published_on"], once["standstill_ends_on"], once["effective_from"]) == (
        "2026-11-20",
        "2026-12-02",
        "2026-12-03",
    )
    assert awarded["standing"] == "standstill"
    assert larch.sees(first)["standing"] == "standstill"
    traveller.move_to(datetime(2026, 12, 2, 23, 59, tzinfo=UTC))
    assert lead.sees(framework)["standing"] == "standstill"
    traveller.move_to(datetime(2026, 12, 3, tzinfo=UTC))
    assert lead.sees(framework)["standing"] == "in_force"
    assert larch.sees(first)["standing"] == "awarded"

    suspended = told(lead.judges(first, "suspend", BECAUSE))
    assert suspended["standing"] == "suspended"
    assert [one["name"] for one in lead.sees(framework)["lots"][0]["suppliers"]] == ["Rowan"]
    told(lead.judges(first, "reinstate", BECAUSE))
    told(lead.judges(second, "remove", BECAUSE))
    assert [one["name"] for one in lead.sees(framework)["lots"][0]["suppliers"]] == ["Larch"]
    assert lead.judges(second, "reinstate", BECAUSE).status_code == 409

    traveller.move_to(datetime(2030, 11, 30, 23, tzinfo=UTC))
    assert told(town.public.get("/frameworks", status="in_force"))["items"][0]["id"] == draft["id"]
    traveller.move_to(datetime(2030, 12, 1, tzinfo=UTC))
    assert lead.sees(framework)["standing"] == "expired"
    assert told(town.public.get("/frameworks", status="in_force"))["items"] == []
    assert lead.tries(framework, "terminate", **BECAUSE).status_code == 409
    assert town.actions(draft) == [
        "framework.set_up",
        "framework.published",
        "framework.summaries_sent",
        "framework.awarded",
    ]
    assert town.actions(first) == [
        "framework_application.started",
        "framework_application.submitted",
        "framework_application.taken",
        "framework_application.admitted",
        "framework_application.told",
        "framework_application.awarded",
        "framework_application.suspended",
        "framework_application.reinstated",
    ]


def test_what_a_procurement_asks_of_a_framework(traveller: time_machine.Traveller, town: Town, lead: Authority) -> None:
    framework = in_force(traveller, town, lead, "larch", "rowan")
    [only] = framework["lots"]
    lot_id = UUID(only["id"])

    with town.db.read() as session:
        on_it = framework_lot_suppliers(session, lot_id, date(2030, 11, 30))
        assert [one.name for one in on_it] == ["Larch", "Rowan"]
        assert framework_lot_suppliers(session, lot_id, date(2026, 12, 2)) == ()
        assert framework_lot_suppliers(session, lot_id, date(2030, 12, 1)) == ()
        rules = lot_rules(session, lot_id)
        assert levy_pence(10_033, rules) == 150  # 150.495
        assert levy_pence(10_034, rules) == 151  # 150.51
        assert may_direct_award(rules, 2).section == "s.45(4)(b)"

    lead.does(framework, "terminate", **BECAUSE)
    with town.db.read() as session:
        assert framework_lot_suppliers(session, lot_id, date(2026, 12, 4)) == ()


def test_an_open_framework_opens_again_while_it_stays_in_force(
    traveller: time_machine.Traveller, town: Town, lead: Authority
) -> None:
    framework = in_force(traveller, town, lead, "larch", is_open_framework=True, ends_on="2034-11-30")
    assert framework["last_on"] == "2030-12-01"  # a single supplier, s.49(6)
    assert framework["next_award_by"] == "2029-12-02"
    rowan = town.bidder("rowan")

    closes = datetime(2027, 1, 15, 12, tzinfo=UTC)
    again = lead.does(framework, "reopen", closes_at=closes.isoformat())
    assert (again["standing"], again["is_taking_applications"], len(again["rounds"])) == ("in_force", True, 2)
    application = rowan.applies(again)
    assert lead.tries(framework, "reopen", closes_at=closes.isoformat()).status_code == 409
    traveller.move_to(closes)
    assert lead.has_judged(application)["standing"] == "admitted"
    lead.does(framework, "summaries")
    awarded = lead.does(framework, "award")

    assert awarded["standing"] == "in_force"
    assert awarded["last_on"] == "2034-11-30"
    assert awarded["next_award_by"] == "2032-01-26"
    assert [one["awarded_from"] for one in awarded["lots"][0]["suppliers"]] == ["2026-12-03", "2027-01-27"]
    traveller.move_to(closes + timedelta(days=1))
    with town.db.read() as session:
        lot_id = UUID(awarded["lots"][0]["id"])
        assert [one.name for one in framework_lot_suppliers(session, lot_id, date(2027, 1, 26))] == ["Larch"]
        assert len(framework_lot_suppliers(session, lot_id, date(2027, 1, 27))) == 2
    assert town.actions(awarded)[-4:] == [
        "framework.awarded",
        "framework.reopened",
        "framework.summaries_sent",
        "framework.awarded",
    ]


def test_a_closed_framework_does_not_open_again(traveller: time_machine.Traveller, town: Town, lead: Authority) -> None:
    framework = in_force(traveller, town, lead, "larch")
    again = told(lead.tries(framework, "reopen", closes_at="2027-06-01T12:00:00Z"), 409)

    assert again["detail"] == "only an open framework is opened again (s.49); set up another framework"


def test_a_lot_with_room_for_one_takes_the_best_and_tells_the_other_why(
    traveller: time_machine.Traveller, town: Town, lead: Authority
) -> None:
    larch, rowan = town.bidder("larch"), town.bidder("rowan")
    framework = lead.publishes(lead.sets_up(lots=[lot(1, max_suppliers=1, core_terms="", mechanism="")]))
    best, other = larch.applies(framework, 1, "no", *BOTH), rowan.applies(framework, 1, "no", *BOTH)
    traveller.move_to(AWARD)
    lead.has_judged(best, quality="4.5")
    lead.has_judged(other, quality="4.4")
    lead.does(framework, "summaries")
    lead.does(framework, "award")

    assert larch.sees(best)["standing"] == "standstill"
    lost = rowan.sees(other)
    assert (lost["standing"], lost["reason"]) == ("not_awarded", "76.8 of 100, place 2 of 2; the lot takes 1")
    assert lost["summary"]["scores"][0]["reason"] == "As they show"


def test_only_its_authority_runs_a_framework_and_only_its_supplier_sees_an_application(
    traveller: time_machine.Traveller, town: Town, lead: Authority
) -> None:
    trust_lead = town.runs("Grace Hopper", f"trust:{UID}")
    own = trust_lead.sets_up(reference="LARCH-1")
    larch, rowan = town.bidder("larch"), town.bidder("rowan")

    assert lead.tries(own, "terminate", **BECAUSE).status_code == 404
    assert lead.api.get(f"/frameworks/{own['id']}/own").status_code == 404
    assert told(lead.api.get("/frameworks/own"))["items"] == []
    published = trust_lead.publishes(own)
    assert lead.tries(own, "terminate", **BECAUSE).status_code == 403
    assert lead.api.post("/frameworks", {"authority": f"trust:{UID}", "terms": terms()}).status_code == 403
    assert trust_lead.api.post("/frameworks", {"authority": f"urn:{URN}", "terms": terms()}).status_code == 400

    application = larch.applies(published, 1, "no", *BOTH)
    assert rowan.api.get(f"/framework-applications/{application['id']}").status_code == 404
    assert rowan.submits(application, published).status_code == 404
    assert rowan.tries(published, supplier=f"supplier:{larch.id}").status_code == 403
    assert told(rowan.api.get("/framework-applications"))["items"] == []
    assert len(told(larch.api.get("/framework-applications"))["items"]) == 1
    assert lead.api.get(f"/frameworks/{own['id']}/applications").status_code == 403
    assert trust_lead.api.get(f"/frameworks/{own['id']}/applications/{application['id']}").status_code == 404
    traveller.move_to(CLOSES)
    assert trust_lead.api.get(f"/frameworks/{own['id']}/applications/{application['id']}").status_code == 200


def test_an_application_is_changed_until_the_deadline_and_submitted_whole(
    traveller: time_machine.Traveller, town: Town, lead: Authority
) -> None:
    larch = town.bidder("larch")
    framework = lead.publishes(lead.sets_up())
    begun = larch.api.made(
        f"/frameworks/{framework['id']}/lots/1/applications", {"supplier": f"supplier:{larch.id}", "terms": {}}
    )
    path = f"/framework-applications/{begun['id']}"

    lacking = told(larch.api.post(f"{path}/submit", {"terms_sha256": "x"}), 400)
    assert (
        sorted(error["detail"] for error in lacking["errors"])
        == [
            "answers say nothing to the question tax",
            "responses say nothing to insurance",
            "responses say nothing to price",
            "responses say nothing to quality",
            "share_code is empty",
            "terms_sha256 is not of the terms that apply",
        ]
        or len(lacking["errors"]) == 6
    )
    assert told(larch.api.put(path, said("put_right", *BOTH)))["standing"] == "draft"
    assert told(larch.submits(begun, framework))["standing"] == "submitted"
    assert larch.tries(framework).status_code == 409
    amended = told(larch.api.put(path, said("no", *BOTH)))
    assert (amended["standing"], amended["submitted_at"]) == ("draft", None)
    assert larch.api.put(path, said("no"), **{"If-Match": '"1"'}).status_code == 412
    told(larch.submits(begun, framework))

    lead.does(framework, "extend", closes_at=(CLOSES + timedelta(days=2)).isoformat(), reason="The portal was down")
    traveller.move_to(CLOSES + timedelta(days=1))
    told(larch.api.put(path, said("no", *BOTH)))
    traveller.move_to(CLOSES + timedelta(days=2))
    assert larch.submits(begun, framework).status_code == 409
    assert lead.tries(framework, "extend", closes_at="2026-12-24T12:00:00Z", reason="Again").status_code == 409
    assert told(lead.api.get(f"/frameworks/{framework['id']}/applications"))["items"] == []


def test_the_list_finds_by_word_category_competition_levy_and_buyer(town: Town, lead: Authority) -> None:
    one = lead.publishes(lead.sets_up(reference="ONE", levy_basis_points=0, entitled={"trusts": [f"trust:{UID}"]}))
    only = lot(1, title="Learning platforms", category="tablets", method="further_competition")
    london = {"classes": [{"regions": ["london"], "kinds": ["maintained_school"]}]}
    two = lead.publishes(lead.sets_up(reference="TWO", title="Screens_100%", lots=[only], entitled=london))

    def found(**asked: object) -> list[str]:
        return [item["reference"] for item in told(town.public.get("/frameworks", **asked))["items"]]

    assert found() == ["TWO", "ONE"]
    assert found(keyword="PLATFORMS learning") == ["TWO"]
    assert found(keyword="_100%") == ["TWO"]
    assert found(category="laptops") == ["ONE"]
    assert found(competition=False) == ["ONE"]
    assert found(competition=True) == ["TWO", "ONE"]
    assert found(levy_max=100) == ["ONE"]
    assert found(buyer=f"urn:{URN}") == found(buyer=f"trust:{UID}") == ["ONE"]
    assert found(buyer=f"urn:{ELSEWHERE}") == ["TWO"]
    assert found(status="open", open=True) == ["TWO", "ONE"]
    assert found(open=False) == []
    first = told(town.public.get("/frameworks", limit=1))
    assert [item["id"] for item in first["items"]] == [two["id"]]
    rest = told(town.public.get("/frameworks", limit=1, cursor=first["next"]))
    assert ([item["id"] for item in rest["items"]], rest["next"]) == ([one["id"]], None)
    assert town.public.get("/frameworks", category="cheese").status_code == 400
    said_so = told(town.public.get(f"/frameworks/{one['id']}/entitlement", buyer="urn:100888"))
    assert said_so["sentence"] == (
        "the framework does not list Beech Hall, and the register does not say that it is a state school"
    )


def test_a_draft_is_amended_until_it_is_published_and_bad_ones_are_refused_with_everything_wrong(
    town: Town, lead: Authority
) -> None:
    draft = lead.sets_up()
    path = f"/frameworks/{draft['id']}"
    kept = draft["lots"][0]["id"]

    changed = told(lead.api.put(path, terms(title="Devices and repair", lots=[lot(1)])))
    assert (changed["title"], [one["id"] for one in changed["lots"]]) == ("Devices and repair", [kept])
    assert lead.api.put(path, terms(), **{"If-Match": '"1"'}).status_code == 412
    assert lead.api.post("/frameworks", {"authority": "operator", "terms": terms()}).status_code == 409
    bad = terms(ends_on="2030-12-01", lots=[lot(1, mechanism=""), lot(1)], entitled={"schools": ["urn:999999"]})
    refused = told(lead.api.put(path, bad), 400)
    assert [error["pointer"] for error in refused["errors"]] == [
        "/ends_on",
        "/lots/0/mechanism",
        "/lots/1/number",
        "/entitled/schools",
    ]
    short = told(lead.tries(draft, "publish", closes_at=(START + timedelta(days=24)).isoformat()), 400)
    assert "leaves 24 days to apply (s.54)" in short["detail"]
    urgent = {"closes_at": (START + timedelta(days=10)).isoformat(), "short_period_reason": "The roof fell in"}
    assert lead.does(draft, "publish", **urgent)["rounds"][0]["short_period_reason"] == "The roof fell in"
    assert lead.api.put(path, terms()).status_code == 409


def test_a_member_of_a_supplier_does_not_assess_it(
    traveller: time_machine.Traveller, town: Town, lead: Authority
) -> None:
    larch = town.bidder("larch")
    framework = lead.publishes(lead.sets_up(**PLAIN))
    application = larch.applies(framework)
    with town.db.write() as session:
        member(session, session.get_one(Person, lead.id), town.organisation(larch.id), Role.SUPPLIER_EDITOR)
    traveller.move_to(CLOSES)

    refused = told(lead.judges(application, "take"), 403)
    assert refused["detail"].startswith("you are a member of this supplier")
    assert town.runs("Grace Hopper").has_judged(application)["standing"] == "admitted"


def test_what_cannot_be_read_is_refused_and_never_breaks(town: Town, lead: Authority) -> None:
    draft = lead.sets_up()
    framework = lead.publishes(draft)
    larch = town.bidder("larch")

    assert larch.tries(framework, 10**30).status_code == 404
    assert town.public.get(f"/frameworks/{draft['id']}/terms/%00").status_code == 404
    assert town.public.get("/frameworks", keyword="a\0b").status_code == 400
    for changes in (
        {"award_criteria": [{"code": "a", "text": "Price", "weight": weight}]}
        for weight in ("NaN", "1E+400", "-1", "100.001", "50")
    ):
        assert lead.api.post("/frameworks", {"authority": "operator", "terms": terms(**changes)}).status_code == 400
    for changes in (
        {"lots": [lot(10**30)]},
        {"estimated_value_pence": 10**30},
        {"levy_basis_points": -1},
        {"ends_on": "9999-12-31", "long_term_reason": "For ever"},
        {"title": "A\0B"},
        {"questions": [{**QUESTION, "answers": [{"code": "a\0", "text": "x", "effect": "pass"}]}]},
        {"entitled": {"trusts": ["urn:100001"], "schools": ["trust:2044", "nobody"]}},
        {"entitled": {}},
        {"unknown": 1},
    ):
        refused = lead.api.post("/frameworks", {"authority": "operator", "terms": terms(reference="X", **changes)})
        assert refused.status_code == 400, changes
    other = lead.sets_up(reference="OTHER")
    beyond = ("9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", "2026-12-01T12:00:00", "2031-01-01T12:00:00Z")
    for closes_at in beyond:
        assert lead.tries(other, "publish", closes_at=closes_at).status_code == 400, closes_at


def test_nothing_is_awarded_to_nobody(traveller: time_machine.Traveller, town: Town, lead: Authority) -> None:
    larch = town.bidder("larch")
    framework = lead.publishes(lead.sets_up(**PLAIN))
    application = larch.applies(framework, 1, "yes")
    traveller.move_to(AWARD)
    assert lead.has_judged(application)["standing"] == "not_admitted"
    lead.does(framework, "summaries")

    refused = told(lead.tries(framework, "award"), 409)
    assert refused["detail"].startswith("no application was successful")
    ended = lead.does(framework, "terminate", reason="No supplier qualifies")
    assert (ended["standing"], ended["reason"]) == ("terminated", "No supplier qualifies")
    assert lead.tries(framework, "terminate", reason="Again").status_code == 409


def test_the_standard_questions_ask_about_every_ground_of_the_day(town: Town, lead: Authority) -> None:
    known = told(town.public.get("/frameworks/exclusion-grounds"))
    draft = lead.sets_up(asks_exclusion_grounds=True, questions=[])

    assert {one["ground"] for one in draft["questions"]} == {one["code"] for one in known["grounds"]}
    assert known["sureness"] == "M"
    with town.db.read() as session, pytest.raises(NotFound, match="no lot"):
        framework_lot_suppliers(session, town.school.id, date(2026, 1, 1))
