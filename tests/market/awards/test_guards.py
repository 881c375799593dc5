"""What must still hold after a decision: what it rests on, its pledges, the framework, and the rules of changes."""

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import date, timedelta
from itertools import product
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import highspy
import pytest
from sqlmodel import select
from structlog.testing import capture_logs
from tests.market.awards.conftest import Judged
from tests.market.awards.test_choosing import lot, offered, ranked, wants
from tests.market.pledges.conftest import HELD_ABOVE, set_rules
from tests.market.procurements.conftest import LOT, Somebody, Town, told

from becta.kernel import clock
from becta.kernel.actor import Actor, Role, Scope
from becta.kernel.errors import Conflict
from becta.market.awards.contracting import conclude
from becta.market.awards.deciding import work_out
from becta.market.awards.models import Contract
from becta.market.awards.schemas import NewContracts
from becta.market.awards.states import contract_awaits
from becta.market.db import Database
from becta.market.delegation.models import Commitment
from becta.market.delegation.rules import CommitmentState
from becta.market.frameworks.models import FrameworkApplication
from becta.market.frameworks.rules import ApplicationState
from becta.market.procurements.terms import AwardMethod


def test_a_contract_awaits_summaries_above_the_threshold_its_notice_and_a_mandatory_standstill() -> None:
    for above, standstill, summaries, published in product((False, True), repeat=4):
        awaited = contract_awaits(
            is_above_threshold=above,
            needs_standstill=standstill,
            are_summaries_sent=summaries,
            is_published=published,
        )
        assert (awaited is None) is (not standstill and summaries and (published or not above))
        assert ("UK6" in (awaited or "")) is (not standstill and summaries and above and not published)


def everything_stands(judged: Judged) -> None:
    """Nothing was contracted, and the decision is as it was."""
    assert judged.lead.sees(judged.it)["phase"] == "decided"
    with judged.town.db.read() as session:
        assert session.exec(select(Contract)).all() == []


def test_a_winner_suspended_from_the_frameworks_lot_gets_no_contract(called_off: Judged) -> None:
    lead, it = called_off.lead, called_off.it
    with called_off.then():
        called_off.decides()
        lead.has_done(it, "summaries")
        lead.has_done(it, "award-notice")
        winner = UUID(called_off.gets("awards")[0]["awards"][0]["supplier"]["id"])
        with called_off.town.db.write() as session:
            on_it = session.exec(select(FrameworkApplication).where(FrameworkApplication.supplier_id == winner)).one()
            on_it.state, on_it.reason = ApplicationState.SUSPENDED, "Its insurance lapsed"

        refused = told(lead.does(it, "contracts", {"starts_on": called_off.now.date().isoformat()}), 409)

        assert refused["detail"] == "a winner is not on the framework's lot any more; reconsider the award (s.45)"
        everything_stands(called_off)


@pytest.fixture
def pledged(town: Town, three: list[Somebody]) -> Judged:
    """Two schools that pledged, and the quotes scored."""
    town.may_spend(town.school, town.other)
    buyers = [town.somebody("Bea Buyer", town.school, Role.BUYER), town.somebody("Ben Buyer", town.other, Role.BUYER)]
    pledge = {"lot": 1, "quantity": 5, "ceiling_price_pence": 30_000}
    return Judged(town, three, pledged=[(buyer, pledge) for buyer in buyers], lots=[LOT])


def stops_counting(db: Database, pledge: dict[str, Any]) -> None:
    """The commitment behind a pledge ends elsewhere."""
    with db.write() as session:
        behind = session.get_one(Commitment, UUID(pledge["commitment_id"]))
        behind.state, behind.decided_at, behind.reason = CommitmentState.WITHDRAWN, clock.now(), "The school closed"


def test_no_summary_goes_out_once_what_the_award_rests_on_has_changed(pledged: Judged) -> None:
    with pledged.then():
        pledged.decides()
        stops_counting(pledged.town.db, pledged.pledges[0])

        refused = told(pledged.lead.does(pledged.it, "summaries"), 409)

        assert refused["detail"] == "what the award rests on has changed since it was decided; reconsider it"
        assert pledged.gets("summaries") == []
        everything_stands(pledged)


def test_no_contract_rests_on_a_pledge_that_counts_no_longer(pledged: Judged) -> None:
    starts = {"starts_on": pledged.now.date().isoformat()}
    with pledged.then():
        pledged.decides()
        pledged.lead.has_done(pledged.it, "summaries")
        stops_counting(pledged.town.db, pledged.pledges[0])

        refused = told(pledged.lead.does(pledged.it, "contracts", starts), 409)
        assert refused["detail"] == "1 of the pledges that the award rests on count no longer; reconsider the award"
        everything_stands(pledged)

        pledged.lead.has_done(pledged.it, "reconsider", {"reason": "A school closed"})
        pledged.decides()
        pledged.lead.has_done(pledged.it, "summaries")
        pledged.lead.has_done(pledged.it, "contracts", starts)
        [call] = pledged.gets("call-offs")["items"]
    assert (call["school"]["name"], call["quantity"]) == ("Rowan Road School", 5)


def test_a_school_moves_to_no_lot_where_a_pledge_of_its_own_still_waits_for_approval(
    town: Town, three: list[Somebody]
) -> None:
    town.may_spend(town.school, town.other)
    with town.db.write() as session:
        set_rules(session, town.school, HELD_ABOVE, number=2)
    buyers = [town.somebody("Bea Buyer", town.school, Role.BUYER), town.somebody("Ben Buyer", town.other, Role.BUYER)]
    pledged = [
        (buyers[0], {"lot": 1, "quantity": 4, "ceiling_price_pence": 29_000, "acceptable_lots": [2]}),
        (buyers[0], {"lot": 2, "quantity": 20, "ceiling_price_pence": 29_000}),
        (buyers[1], {"lot": 2, "quantity": 6, "ceiling_price_pence": 30_000}),
    ]
    lots = [{**LOT, "quantity": None, "title": title} for title in ("New trolleys", "Refurbished trolleys")]
    judged = Judged(town, three, pledged=pledged, bid_for=2, lots=lots)
    with judged.then():
        judged.decides()
        [decision] = judged.gets("awards")

    assert judged.pledges[1]["commitment_state"] == "held"
    assert ([one["quantity"] for one in decision["awards"]], decision["moved"]) == ([6], [])


def test_quotes_are_judged_against_the_threshold_with_the_vat_of_the_bids(town: Town, three: list[Somebody]) -> None:
    """700 at £280 are £196,000, as the lot has it without VAT, and £235,200 as the bid has it."""
    judged = Judged(town, three, lots=[{**LOT, "quantity": 700, "vat_basis_points": 0}])
    with judged.then():
        refused = told(judged.lead.does(judged.it, "award", {"reason": "The best of the ranking"}), 409)

    assert "quotes are not enough" in refused["detail"]


def test_a_withdrawal_that_waits_while_contracts_are_made_takes_no_call_off_back(pledged: Judged) -> None:
    town, pledge = pledged.town, pledged.pledges[0]
    buyer = town.somebody("Bert Buyer", town.school, Role.BUYER, Role.APPROVER)
    lead = Actor(
        kind="person",
        id=str(town.lead.id),
        label="Lena Lead",
        scopes=frozenset(Scope),
        organisation_id=town.trust.id,
        person_id=town.lead.id,
    )
    wanted, path = NewContracts(starts_on=pledged.now.date()), f"pledges/{pledge['id']}/withdraw"
    with pledged.then(), ThreadPoolExecutor(1) as pool:
        pledged.decides()
        pledged.lead.has_done(pledged.it, "summaries")
        with town.db.write() as session:
            conclude(session, lead, UUID(pledged.it["id"]), wanted, revision=None, now=clock.now())
            withdrawal = pool.submit(buyer.does, pledged.it, path, {"reason": "No money this year"})
            wait([withdrawal], timeout=0.5)
            assert not withdrawal.done()
        assert withdrawal.result().status_code == 409

        [kept] = told(buyer.api.get(f"/procurements/{pledged.it['id']}/pledges"))["items"]
    assert (kept["state"], kept["commitment_state"]) == ("standing", "approved")


def test_changes_are_measured_against_the_contract_as_awarded_with_vat(called_off: Judged) -> None:
    """Of 365 days a tenth is 36; the second extension is small by itself and not with the first."""
    lead, it = called_off.lead, called_off.it
    with called_off.then():
        called_off.decides()
        lead.has_done(it, "summaries")
        lead.has_done(it, "award-notice")
        lead.has_done(it, "contracts", {"starts_on": called_off.now.date().isoformat()})
        [contract] = called_off.gets("contracts")
        path, ends = f"contracts/{contract['id']}/changes", date.fromisoformat(contract["ends_on"])

        def changed(days: int, net: int, **more: Any) -> dict[str, Any]:
            later = (ends + timedelta(days=days)).isoformat()
            return {"description": "More time", "net_pence": net, "ends_on": later, **more}

        [first] = lead.has_done(it, path, changed(36, 280_000))
        twice = told(lead.does(it, path, changed(72, 280_000, changes_scope=True)), 409)
        [second] = lead.has_done(it, path, changed(72, 280_000))
        [third] = lead.has_done(it, path, changed(72, 300_001))
        dear = told(lead.does(it, path, changed(72, 400_000)), 409)
        [kept] = called_off.gets("contracts")

    told_of = [(one["is_substantial"], one["needs_notice"]) for one in third["changes"]]
    assert told_of == [(False, False), (True, True), (True, False)]
    assert "s.74(1)" in twice["detail"]
    assert "s.74(1)" in dear["detail"]
    assert (first["vat_pence"], second["vat_pence"], third["vat_pence"]) == (56_000, 56_000, 60_000)
    assert (kept["net_pence"], kept["vat_pence"], len(kept["changes"])) == (300_001, 60_000, 3)


def test_a_split_that_breaks_a_rule_is_refused_and_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the solver sold everything twice."""
    solve = highspy.Highs.getSolution

    def lies(solver: highspy.Highs) -> SimpleNamespace:
        return SimpleNamespace(col_value=[2 * value for value in solve(solver).col_value])

    monkeypatch.setattr(highspy.Highs, "getSolution", lies)
    asked = lot(1, [ranked(1, 1, 90)], [offered(1, 500)], [wants(1, 4), wants(2, 4)])

    with capture_logs() as logs, pytest.raises(Conflict, match="breaks a rule, so it is not decided on"):
        work_out(AwardMethod.SPLIT, [asked], seconds=5)

    assert [(one["event"], one["log_level"], one["lots"]) for one in logs] == [
        ("split_broken", "error", [str(asked.lot_id)])
    ]
