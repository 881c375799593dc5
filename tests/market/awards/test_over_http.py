"""From scores to contracts over HTTP: what must come first, what can be taken back, and what is frozen."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import select
from tests.market.awards.conftest import Judged
from tests.market.procurements.conftest import Somebody, Town, fields, told

from becta.market.awards.models import CallOff


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
        assert fields(judged.lead.does(judged.it, "standstill", {"days": 7})) == {"days"}
        assert judged.lead.has_done(judged.it, "standstill", {"days": 8})["phase"] == "standstill"
        hasty = judged.lead.does(judged.it, "contracts", {"starts_on": "2030-01-01"})
        assert hasty.status_code == 409
    with judged.then(days=30):
        assert judged.lead.sees(judged.it)["phase"] == "standstill_over"
        late = {"reason": "Ash claims a mistake"}
        assert fields(judged.lead.does(judged.it, "challenge", late)) == {"notified_at"}
        in_time = {**late, "notified_at": (judged.now + timedelta(hours=2)).isoformat()}
        assert judged.lead.has_done(judged.it, "challenge", in_time)["phase"] == "suspended"


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
