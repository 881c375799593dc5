"""From scores to contracts over HTTP: what must come first, what can be taken back, and what is frozen."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import select
from tests.market.awards.conftest import Judged
from tests.market.ocds.schema import check_release
from tests.market.procurements.conftest import LOT, Somebody, Town, at, fields, told

from becta.kernel.actor import Role
from becta.market.awards.models import CallOff
from becta.market.procurements.terms import MOVING_SENTENCE


def test_below_the_threshold_a_contract_follows_the_summaries_without_a_standstill(judged: Judged) -> None:
    with judged.then():
        judged.decides()
        day = judged.now.date().isoformat()
        early = judged.lead.does(judged.it, "contracts", {"starts_on": day})
        assert "summaries" in told(early, 409)["detail"]
        judged.lead.has_done(judged.it, "summaries")
        assert judged.lead.has_done(judged.it, "contracts", {"starts_on": day})["phase"] == "contracted"

        [contract] = judged.gets("contracts")
        [call_off] = judged.gets("call-offs")["items"]
        report = judged.gets("savings-report")

    assert (contract["supplier"]["name"], contract["net_pence"], contract["vat_pence"]) == ("Beech", 280_000, 56_000)
    assert (call_off["school"]["name"], call_off["quantity"], call_off["gross_pence"]) == (
        "Larch Learning Trust",
        10,
        336_000,
    )
    assert (report["saves_pence"], report["share"]) == (70_000, "20.00")


def test_nothing_is_decided_before_the_scores_are_there(town: Town, three: list[Somebody]) -> None:
    tender = town.asks_for_bids(*three)

    assert town.lead.does(tender, "award", {"reason": "We like it"}).status_code == 409
    assert three[0].does(tender, "award", {"reason": "We like us"}).status_code == 403


def test_a_bidder_reads_how_it_was_assessed_and_of_the_others_only_who_won(
    judged: Judged, three: list[Somebody]
) -> None:
    with judged.then():
        judged.decides()
        assert judged.gets("summaries", three[0]) == []
        judged.lead.has_done(judged.it, "summaries")
        [summary] = judged.gets("summaries", three[0])

    [own] = summary["body"]["own"]
    assert (summary["supplier"]["name"], own["rank"], own["of"]) == ("Ash", 2, 3)
    assert [(one["mark"], one["reason"]) for one in own["criteria"]] == [(4, "Locks on every door")]
    assert [one["supplier"] for one in summary["body"]["winners"]] == ["Beech"]
    with judged.then():
        assert three[0].api.get(f"/procurements/{judged.it['id']}/awards").status_code == 404
        assert "28000" not in three[0].api.get(f"/procurements/{judged.it['id']}/summaries").text


def test_a_voluntary_standstill_is_of_eight_working_days_or_more(judged: Judged) -> None:
    with judged.then():
        judged.decides()
        judged.lead.has_done(judged.it, "summaries")
        judged.town.mails()
        assert fields(judged.lead.does(judged.it, "standstill", {"days": 7})) == {"days"}
        assert judged.lead.has_done(judged.it, "standstill", {"days": 8})["phase"] == "standstill"
        assert {subject for _, subject in judged.town.mails()} == {"Trolleys: award published"}
        hasty = judged.lead.does(judged.it, "contracts", {"starts_on": "2030-01-01"})
        assert hasty.status_code == 409
    with judged.then(days=30):
        assert judged.lead.sees(judged.it)["phase"] == "standstill_over"
        late = {"reason": "Ash claims a mistake"}
        assert fields(judged.lead.does(judged.it, "challenge", late)) == {"notified_at"}
        in_time = {**late, "notified_at": (judged.now + timedelta(hours=2)).isoformat()}
        assert judged.lead.has_done(judged.it, "challenge", in_time)["phase"] == "suspended"


def test_a_call_off_above_the_threshold_is_contracted_once_its_award_notice_is_out(
    called_off: Judged, three: list[Somebody]
) -> None:
    lead, it, town = called_off.lead, called_off.it, called_off.town
    with called_off.then():
        starts = {"starts_on": called_off.now.date().isoformat()}
        called_off.decides()
        assert "s.50(3)" in told(lead.does(it, "award-notice"), 409)["detail"]
        lead.has_done(it, "summaries")
        town.mails()
        assert "(UK6)" in told(lead.does(it, "contracts", starts), 409)["detail"]
        assert three[0].api.get(f"/procurements/{it['id']}/awards").status_code == 404

        published = lead.has_done(it, "award-notice")
        mails = town.mails()
        [decision] = called_off.gets("awards", three[0])
        assert "out already" in told(lead.does(it, "standstill", {}), 409)["detail"]
        contracted = lead.has_done(it, "contracts", starts)
        notices = told(lead.api.get(f"/ocds/notices/{it['id']}"))
        [call_off] = called_off.gets("call-offs")["items"]

    assert (published["phase"], at(published["award_published_at"])) == ("decided", called_off.now)
    assert mails == [
        (f"bidder.of.{name}@people.example", "Trolleys: award published") for name in ("ash", "beech", "cedar")
    ]
    assert [one["supplier"]["name"] for one in decision["awards"]] == ["Beech"]
    assert (contracted["phase"], call_off["levy_pence"]) == ("contracted", 5_600)
    assert [(one["number"], one["step"], one["is_due"]) for one in notices] == [
        ("UK6", "award_published", True),
        ("UK7", "contracted", True),
    ]
    check_release(notices[0]["release"])
    assert (notices[0]["release"]["tag"], notices[0]["release"]["tender"]["status"]) == (["award"], "complete")


def test_a_published_award_that_is_reconsidered_is_cancelled_in_public_and_published_anew(called_off: Judged) -> None:
    lead, it = called_off.lead, called_off.it
    with called_off.then():
        called_off.decides()
        lead.has_done(it, "summaries")
        lead.has_done(it, "award-notice")
        again = lead.has_done(it, "reconsider", {"reason": "A price was misread"})
        package = told(lead.api.get("/ocds/releases", limit=100))

    assert (again["phase"], again["award_published_at"]) == ("opened", None)
    assert [one["tag"] for one in package["releases"]][-2:] == [["award"], ["awardCancellation"]]


@pytest.mark.parametrize(
    ("_case", "change", "said"),
    [
        ("contracted", "UPDATE procurement SET state = 'contracted'", "notice comes before the standstill and the"),
        (
            "standstill",
            "UPDATE procurement SET state = 'standstill', may_contract_from = opened_at",
            "notice comes before the standstill",
        ),
        (
            "contract",
            "INSERT INTO contract (id, procurement_id, organisation_id, decision_id, state, net_pence, vat_pence,"
            " starts_on, ends_on, entered_at, revision) SELECT id, id, organisation_id, id, 'active', 1, 0,"
            " CURRENT_DATE, CURRENT_DATE, opened_at, 1 FROM procurement",
            "the award notice comes before the contract",
        ),
        (
            "summaries",
            "UPDATE procurement SET award_published_at = opened_at",
            "assessment summaries come before the award notice",
        ),
        ("threshold", "UPDATE procurement SET is_above_threshold = false", "advertised above the threshold stays"),
    ],
)
def test_the_database_contracts_nothing_above_the_threshold_without_its_notice(
    called_off: Judged, _case: str, change: str, said: str
) -> None:
    with called_off.then():
        called_off.decides()

    with called_off.town.db.engine.connect() as connection, pytest.raises(DBAPIError, match=said):
        connection.exec_driver_sql(change)


def test_a_school_whose_lot_got_no_bid_gets_of_another_that_it_named_and_reads_why(
    town: Town, three: list[Somebody]
) -> None:
    town.may_spend(town.school, town.other)
    buyers = [town.somebody("Bea Buyer", town.school, Role.BUYER), town.somebody("Ben Buyer", town.other, Role.BUYER)]
    lots = [{**LOT, "quantity": None, "title": title} for title in ("New trolleys", "Refurbished trolleys")]
    named = {"lot": 1, "quantity": 4, "ceiling_price_pence": 29_000, "acceptable_lots": [2]}
    pledged = [
        (buyers[0], {**named, "alternatives": "Two small ones for a large one"}),
        (buyers[1], {"lot": 2, "quantity": 6, "ceiling_price_pence": 30_000}),
    ]
    judged = Judged(town, three, pledged=pledged, bid_for=2, lots=lots)
    with judged.then():
        judged.decides()
        [decision] = judged.gets("awards")
        record = judged.gets("evaluation-record", lot=2)
        scores = judged.gets("scores", lot=1)
        judged.lead.has_done(judged.it, "summaries")
        judged.lead.has_done(judged.it, "award-notice")
        seen = [judged.gets("awards", one)[0]["moved"] for one in (*buyers, three[0])]
        judged.lead.has_done(judged.it, "contracts", {"starts_on": judged.now.date().isoformat()})
        calls = {one["school"]["name"]: one for one in judged.gets("call-offs")["items"]}
        pledges = [told(one.api.get(f"/procurements/{judged.it['id']}/pledges"))["items"][0] for one in buyers]
        releases = told(judged.lead.api.get("/ocds/releases", limit=100))["releases"]

    [award] = decision["awards"]
    assert (award["lot"], award["supplier"]["name"], award["quantity"]) == (2, "Beech", 10)
    [moved] = decision["moved"]
    assert (moved["from_lot"], moved["to_lot"], moved["quantity"]) == (1, 2, 4)
    assert moved["reason"] == "no bid for lot 1 is left; the school named lot 2 as one that would do"
    assert (decision["waiting"], decision["unsuccessful"], seen) == ([], [1], [[moved], [], []])
    assert (record["quantity"], scores["alternatives"]) == (6, ["Two small ones for a large one"])
    call = calls["Larch Lane School"]
    assert (call["lot"], call["quantity"], call["net_pence"], call["alone_pence"]) == (2, 4, 112_000, 112_000)
    assert (len(calls), [one["state"] for one in pledges]) == (2, ["standing", "standing"])
    [tender, published] = [one for one in releases if one["tag"] in (["tender"], ["award"])]
    assert MOVING_SENTENCE in tender["tender"]["awardCriteriaDetails"]
    assert published["awards"][0]["items"][0]["quantity"] == 10
    check_release(published)


def test_a_decision_is_taken_back_with_a_reason_and_stays_on_record(judged: Judged) -> None:
    with judged.then():
        judged.decides()
        judged.lead.has_done(judged.it, "reconsider", {"reason": "The best bid names a banned director"})
        body = {"bid_id": judged.bids["Beech"], "ground": "mandatory", "reason": "Its director is banned"}
        judged.lead.has_done(judged.it, "exclusions", body, 201)
        judged.decides()
        second, first = judged.gets("awards")

    assert (first["state"], first["withdrawn_reason"]) == ("withdrawn", "The best bid names a banned director")
    assert [one["supplier"]["name"] for one in (*first["awards"], *second["awards"])] == ["Beech", "Ash"]


def test_a_contract_is_changed_only_as_far_as_the_act_lets_it_be(judged: Judged) -> None:
    with judged.then():
        judged.decides()
        judged.lead.has_done(judged.it, "summaries")
        judged.lead.has_done(judged.it, "contracts", {"starts_on": judged.now.date().isoformat()})
        [contract] = judged.gets("contracts")
        path = f"contracts/{contract['id']}"
        change = {"description": "One trolley more", "net_pence": 300_000, "ends_on": contract["ends_on"]}

        stale = judged.lead.does(judged.it, f"{path}/changes", change, **{"If-Match": '"9"'})
        [changed] = judged.lead.has_done(judged.it, f"{path}/changes", change)
        much = judged.lead.does(
            judged.it, f"{path}/changes", {**change, "net_pence": 30_000_000, "changes_scope": True}
        )
        [ended] = judged.lead.has_done(judged.it, f"{path}/end", {"reason": "Both sides agreed"})
        again = judged.lead.does(judged.it, f"{path}/end", {"reason": "Once more"})

    assert stale.status_code == 412
    assert (changed["net_pence"], changed["changes"][0]["net_pence_before"]) == (300_000, 280_000)
    assert "below the threshold" in changed["changes"][0]["sentence"]
    assert (much.status_code, "s.74" in much.text) == (409, True)
    assert (ended["state"], again.status_code) == ("terminated", 409)


def test_of_many_who_conclude_at_once_one_does_and_each_school_is_called_off_once(judged: Judged) -> None:
    with judged.then():
        judged.decides()
        judged.lead.has_done(judged.it, "summaries")
        body = {"starts_on": judged.now.date().isoformat()}
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda _: judged.lead.does(judged.it, "contracts", body).status_code, range(6)))

    assert sorted(answers) == [200, 409, 409, 409, 409, 409]
    with judged.town.db.read() as session:
        assert len(session.exec(select(CallOff)).all()) == 1


@pytest.mark.parametrize("change", ["UPDATE award SET quantity = 9", "DELETE FROM award", "DELETE FROM award_decision"])
def test_the_database_lets_nobody_change_or_remove_what_was_awarded(judged: Judged, change: str) -> None:
    with judged.then():
        judged.decides()

    with judged.town.db.engine.connect() as connection, pytest.raises(DBAPIError, match="what an award came to is"):
        connection.exec_driver_sql(change)
