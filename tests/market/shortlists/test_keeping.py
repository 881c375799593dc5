"""Keeping a shortlist over HTTP: starting, adding, removing, closing, and who may."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.market.shortlists.conftest import ELSEWHERE, NEED, UID, URN, Somebody, Town, told
from tests.support.api import Api, token_for
from tests.support.badges import CYBER, accepted
from tests.support.watching import everything, statements

from becta.kernel.actor import Role, Scope
from becta.market.shortlists.queries import holders_of
from becta.market.shortlists.rules import MAX_ENTRIES


def faults(answer: Any) -> dict[str, str]:
    """What is wrong with each field, in an answer that must be 400."""
    return {one["pointer"]: one["detail"] for one in told(answer, 400)["errors"]}


def test_a_shortlist_is_started_for_a_school_with_its_need_and_wanted_badges(town: Town, buyer: Somebody) -> None:
    answer = buyer.api.post(
        "/shortlists",
        {
            "organisation": f"urn:{URN}",
            "name": " Year 7 devices ",
            "need": NEED,
            "badges": ["lti;level=certified;version=1.3", "cyber-essentials", "cyber-essentials"],
        },
    )

    made = told(answer, 201)
    assert answer.headers["location"] == f"/api/v1/shortlists/{made['id']}"
    assert answer.headers["etag"] == '"1"'
    assert (made["name"], made["need"], made["state"]) == ("Year 7 devices", NEED, "open")
    assert made["organisation"]["reference"] == f"urn:{URN}"
    assert made["badges"] == ["lti;version=1.3;level=certified", "cyber-essentials"]
    assert (made["created_by"], made["created_by_name"]) == (str(buyer.id), "Ada Byron")
    assert (made["entries"], made["removed"], made["as_ended"]) == ([], [], None)
    assert town.actions(made) == ["shortlist.started"]


def test_everything_wrong_with_a_shortlist_is_told_at_once(town: Town, buyer: Somebody) -> None:
    body = {"organisation": f"urn:{URN}", "name": "", "need": "x", "badges": ["lti;role=Teacher", "no-such"]}

    found = faults(buyer.api.post("/shortlists", body))

    assert set(found) == {"/name", "/need", "/badges/0/role", "/badges/1/standard"}
    assert found["/badges/0/role"] == "badges.0.role is not a role of LTI (Teacher)"
    assert buyer.api.get("/shortlists").json()["items"] == []


def test_a_shortlist_is_of_a_school_or_a_trust_and_of_nobody_else(town: Town, api: Api, buyer: Somebody) -> None:
    lead = town.somebody("Mary Jackson", town.trust, Role.TRUST_LEAD)
    body = {"organisation": f"trust:{UID}", "name": "All schools", "need": NEED}

    assert told(lead.api.post("/shortlists", body), 201)["organisation"]["reference"] == f"trust:{UID}"
    assert lead.starts()["organisation"]["reference"] == f"urn:{URN}"
    assert buyer.api.post("/shortlists", body).status_code == 403
    assert buyer.api.post("/shortlists", {**body, "organisation": f"urn:{ELSEWHERE}"}).status_code == 403
    supplier = {**body, "organisation": f"supplier:{town.supplier}"}
    assert "is neither a school nor a trust" in faults(buyer.api.post("/shortlists", supplier))["/organisation"]


def test_the_same_request_under_one_key_starts_one_shortlist(town: Town, buyer: Somebody) -> None:
    body = {"organisation": f"urn:{URN}", "name": "Devices", "need": NEED}

    first, second = (buyer.api.post("/shortlists", body, **{"Idempotency-Key": "k1"}) for _ in range(2))

    assert first.json() == second.json()
    assert len(buyer.api.get("/shortlists").json()["items"]) == 1


def test_an_entry_keeps_who_added_it_when_why_and_at_what_price(town: Town, buyer: Somebody) -> None:
    product = town.product(price_pence=15_000)
    shortlist = buyer.starts()

    answer = buyer.adds(shortlist, product, "Sturdy, and its battery can be changed")

    [entry] = told(answer, 201)["entries"]
    assert answer.headers["etag"] == '"2"'
    assert (entry["product_id"], entry["title"]) == (str(product), "Larch Chromebook 11")
    assert (entry["added_by"], entry["added_by_name"]) == (str(buyer.id), "Ada Byron")
    assert entry["note"] == "Sturdy, and its battery can be changed"
    assert (entry["price_pence_then"], entry["badges_then"], entry["is_listed"]) == (15_000, [], True)
    assert town.actions(shortlist) == ["shortlist.started", "shortlist.entry_added"]
    added = town.events(shortlist)[1].after
    assert added is not None
    assert (added["product_id"], added["price_pence_then"]) == (str(product), 15_000)


def test_a_product_is_on_a_shortlist_once(town: Town, buyer: Somebody) -> None:
    product = town.product()
    shortlist = buyer.starts()
    buyer.has_added(shortlist, product)

    again = told(buyer.adds(shortlist, product), 409)

    assert again["detail"] == "the product is on this shortlist already"
    assert len(buyer.sees(shortlist)["entries"]) == 1
    assert buyer.sees(shortlist)["revision"] == 2


def test_only_a_listed_product_can_be_added(town: Town, buyer: Somebody) -> None:
    shortlist = buyer.starts()
    draft = town.api.draft(town.supplier, "draft")

    assert buyer.adds(shortlist, draft).status_code == 404
    assert buyer.adds(shortlist, uuid4()).status_code == 404
    assert buyer.sees(shortlist)["entries"] == []


def test_there_is_room_for_fifty_and_one_removed_makes_room(town: Town, buyer: Somebody) -> None:
    shortlist = buyer.starts()
    *products, one_more = town.listed(MAX_ENTRIES + 1)
    for product in products:
        last = buyer.has_added(shortlist, product)

    full = told(buyer.adds(shortlist, one_more), 409)
    assert full["detail"].startswith("there are 50 products on this shortlist")
    told(buyer.removes(shortlist, last["entries"][0]["id"]))
    assert len(buyer.has_added(shortlist, one_more)["entries"]) == MAX_ENTRIES == 50


def test_a_removed_product_stays_in_the_record_and_can_come_back(town: Town, buyer: Somebody) -> None:
    product = town.product()
    accepted(town.api, f"/suppliers/{town.supplier}")
    shortlist = buyer.starts()
    [entry] = buyer.has_added(shortlist, product)["entries"]
    colleague = town.somebody("Grace Hopper", town.school, Role.EVALUATOR)

    gone = told(colleague.removes(shortlist, entry["id"], "Too heavy"))

    assert gone["entries"] == []
    [removed] = gone["removed"]
    assert (removed["removed_by_name"], removed["reason"]) == ("Grace Hopper", "Too heavy")
    assert [badge["standard"] for badge in removed["badges_then"]] == [CYBER["standard"]]
    assert colleague.removes(shortlist, entry["id"]).status_code == 409
    back = buyer.has_added(shortlist, product)
    assert (len(back["entries"]), len(back["removed"])) == (1, 1)
    assert town.actions(shortlist)[2:] == ["shortlist.entry_removed", "shortlist.entry_added"]
    assert town.events(shortlist)[2].reason == "Too heavy"


def test_an_entry_is_removed_from_its_own_shortlist_with_a_reason(town: Town, buyer: Somebody) -> None:
    one, other = buyer.starts("One"), buyer.starts("Other")
    [entry] = buyer.has_added(one, town.product())["entries"]

    assert buyer.removes(other, entry["id"]).status_code == 404
    assert buyer.removes(one, str(uuid4())).status_code == 404
    assert set(faults(buyer.removes(one, entry["id"], " "))) == {"/reason"}
    assert len(buyer.sees(one)["entries"]) == 1


def test_closing_freezes_the_shortlist_with_the_choice_and_how_everything_stood(town: Town, buyer: Somebody) -> None:
    chosen, other = town.product("a", price_pence=15_000), town.product("b", price_pence=12_000)
    shortlist = buyer.starts()
    buyer.has_added(shortlist, chosen)
    buyer.has_added(shortlist, other)

    closed = told(buyer.closes(shortlist, chosen))
    town.api.offer(chosen, town.supplier, "cheaper", price_pence=11_000)

    assert (closed["state"], closed["chosen_product_id"]) == ("closed", str(chosen))
    assert (closed["reason"], closed["ended_by_name"]) == ("The only one with a five-year warranty", "Ada Byron")
    now = buyer.sees(shortlist)
    assert [entry["price_pence"] for entry in now["as_ended"]] == [15_000, 12_000]
    assert [entry["added_by_name"] for entry in now["as_ended"]] == ["Ada Byron"] * 2
    assert [entry["price_pence"] for entry in now["entries"]] == [11_000, 12_000]
    assert town.actions(shortlist)[-1] == "shortlist.closed"
    assert town.events(shortlist)[-1].reason == closed["reason"]


def test_what_is_chosen_is_on_the_shortlist(town: Town, buyer: Somebody) -> None:
    shortlist = buyer.starts()
    [entry] = buyer.has_added(shortlist, town.product("a"))["entries"]
    buyer.has_added(shortlist, town.product("b"))
    buyer.removes(shortlist, entry["id"])

    assert set(faults(buyer.closes(shortlist, UUID(entry["product_id"])))) == {"/product_id"}
    assert set(faults(buyer.closes(shortlist, uuid4()))) == {"/product_id"}
    assert buyer.sees(shortlist)["state"] == "open"


@pytest.mark.parametrize("ending", ["closed", "archived"])
def test_a_shortlist_that_has_ended_changes_no_more(town: Town, buyer: Somebody, ending: str) -> None:
    product, other = town.product("a"), town.product("b")
    shortlist = buyer.starts()
    [entry] = buyer.has_added(shortlist, product)["entries"]
    told(buyer.closes(shortlist, product) if ending == "closed" else buyer.archives(shortlist))
    before = everything(town.db)

    refused = [
        buyer.adds(shortlist, other),
        buyer.removes(shortlist, entry["id"]),
        buyer.amends(shortlist, name="Another"),
        buyer.closes(shortlist, product),
        buyer.archives(shortlist),
    ]

    assert [answer.status_code for answer in refused] == [409] * 5
    assert {answer.json()["detail"].partition(",")[0] for answer in refused} == {f"the shortlist is {ending}"}
    assert everything(town.db) == before


def test_an_archived_shortlist_says_why_and_chose_nothing(town: Town, buyer: Somebody) -> None:
    shortlist = buyer.starts()

    put_away = told(buyer.archives(shortlist, "The grant was refused"))

    assert (put_away["state"], put_away["reason"]) == ("archived", "The grant was refused")
    assert (put_away["chosen_product_id"], put_away["as_ended"]) == (None, [])
    assert town.actions(shortlist) == ["shortlist.started", "shortlist.archived"]


def test_a_change_names_the_revision_it_was_made_on(town: Town, buyer: Somebody) -> None:
    shortlist = buyer.starts()
    changed = told(buyer.amends(shortlist, if_match='"1"', need="40 Chromebooks", badges=["lti"]))

    assert (changed["need"], changed["badges"], changed["revision"]) == ("40 Chromebooks", ["lti"], 2)
    assert buyer.amends(shortlist, if_match='"1"', need="50 Chromebooks").status_code == 412
    assert buyer.sees(shortlist)["need"] == "40 Chromebooks"
    event = town.events(shortlist)[-1]
    assert (event.action, event.before, event.after) == (
        "shortlist.amended",
        {"name": "Year 7 devices", "need": NEED, "badges": []},
        {"name": "Year 7 devices", "need": "40 Chromebooks", "badges": ["lti"]},
    )


def test_a_trust_sees_and_keeps_the_shortlists_of_its_schools_and_others_see_nothing(
    town: Town, buyer: Somebody
) -> None:
    shortlist = buyer.starts()
    lead = town.somebody("Mary Jackson", town.trust, Role.TRUST_LEAD)
    stranger = town.somebody("Eve Else", town.elsewhere, Role.BUYER)

    assert [one["id"] for one in lead.api.get("/shortlists").json()["items"]] == [shortlist["id"]]
    lead.has_added(shortlist, town.product())
    assert stranger.api.get("/shortlists").json()["items"] == []
    assert stranger.api.get(f"/shortlists/{shortlist['id']}").status_code == 404
    for answer in (stranger.adds(shortlist, uuid4()), stranger.archives(shortlist), stranger.amends(shortlist)):
        assert answer.status_code == 404


def test_an_auditor_reads_and_changes_nothing_and_a_machine_keeps_no_shortlist(town: Town, buyer: Somebody) -> None:
    shortlist = buyer.starts()
    auditor = town.somebody("Al Audit", town.school, Role.AUDITOR)
    operator = Api(town.client, token_for(town.db, None))

    assert auditor.sees(shortlist)["name"] == "Year 7 devices"
    assert auditor.archives(shortlist).status_code == 403
    assert operator.get(f"/shortlists/{shortlist['id']}").status_code == 200
    assert operator.post(f"/shortlists/{shortlist['id']}/archive", {"reason": "Because"}).status_code == 403
    assert Scope.SHORTLISTS_WRITE.value not in operator.get("/me").json()["scopes"]


def test_the_list_is_paged_filtered_and_counts_what_is_on_each(town: Town, buyer: Somebody) -> None:
    made = [buyer.starts(f"List {number}") for number in range(5)]
    buyer.has_added(made[4], town.product())
    told(buyer.archives(made[0]))

    first = buyer.api.get("/shortlists", limit=2).json()
    second = buyer.api.get("/shortlists", limit=2, cursor=first["next"]).json()
    third = buyer.api.get("/shortlists", limit=2, cursor=second["next"]).json()

    names = [one["name"] for page in (first, second, third) for one in page["items"]]
    assert names == ["List 4", "List 3", "List 2", "List 1", "List 0"]
    assert [one["entries"] for one in first["items"]] == [1, 0]
    assert third["next"] is None
    assert [one["name"] for one in buyer.api.get("/shortlists", state="archived").json()["items"]] == ["List 0"]
    assert len(buyer.api.get("/shortlists", organisation=f"urn:{URN}").json()["items"]) == 5
    assert buyer.api.get("/shortlists", organisation=f"urn:{ELSEWHERE}").json()["items"] == []


def test_lists_and_shortlists_take_the_same_statements_however_long_they_are(town: Town, buyer: Somebody) -> None:
    short, long = buyer.starts("Short"), buyer.starts("Long", badges=["lti", "cyber-essentials"])
    buyer.has_added(short, town.product("only"))
    for number in range(12):
        product = town.product(f"cb-{number}")
        accepted(town.api, f"/products/{product}", standard="lti", standard_version="1.3", role="Tool")
        buyer.has_added(long, product)

    sent = {}
    for name, path in (("one", "?limit=1"), ("two", ""), ("short", f"/{short['id']}"), ("long", f"/{long['id']}")):
        with statements(town.db) as noted:
            assert buyer.api.get(f"/shortlists{path}").status_code == 200
        sent[name] = len(noted)

    assert sent["one"] == sent["two"]
    assert sent["short"] == sent["long"]


def test_who_has_a_product_on_an_open_shortlist_is_known_for_the_mail_about_lost_badges(
    town: Town, buyer: Somebody
) -> None:
    lead = town.somebody("Mary Jackson", town.trust, Role.TRUST_LEAD)
    one, other, third = town.product("a"), town.product("b"), town.product("c")
    ours, theirs, ended = buyer.starts("Ours"), lead.starts("Theirs", organisation=f"trust:{UID}"), buyer.starts("Old")
    for shortlist, product in ((ours, one), (ours, other), (theirs, one), (ended, one)):
        lead.has_added(shortlist, product)
    told(buyer.archives(ended))
    [removed] = [entry["id"] for entry in buyer.sees(ours)["entries"] if entry["product_id"] == str(other)]
    told(buyer.removes(ours, removed))

    with town.db.read() as session:
        found = holders_of(session, [one, other, third])

    assert sorted(found) == sorted(
        [
            (town.school.id, UUID(ours["id"]), "Ours", one),
            (town.trust.id, UUID(theirs["id"]), "Theirs", one),
        ]
    )
