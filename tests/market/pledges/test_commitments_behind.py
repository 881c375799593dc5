"""A commitment behind a standing pledge: who would take it back takes back the pledge, by the rules of pledges."""

from datetime import timedelta

import pytest
from litestar.testing import TestClient
from sqlmodel import Session
from tests.market.pledges.conftest import HELD_ABOVE, Somebody, Town, must_balance, told
from tests.market.pledges.test_pledging import lot_id
from tests.support.api import Api
from tests.support.browser import Browser, Forms
from tests.support.people import member, person, token_of
from tests.support.watching import everything

from becta.kernel import clock
from becta.kernel.actor import Role
from becta.market.pledges.queries import demand_of
from becta.market.procurements.models import Procurement
from becta.market.procurements.states import ProcurementState
from becta.market.signin.sessions import start_session

RESTS = "a pledge rests on this commitment: take the pledge back instead"


def opens(session: Session, town: Town) -> None:
    """The bids are opened now."""
    found = session.get_one(Procurement, town.procurement_id)
    found.state = ProcurementState.TENDERING
    session.flush()
    found.state, found.opened_at = ProcurementState.OPENED, clock.now()


def test_an_approval_after_the_bids_were_opened_makes_no_demand_and_the_pledge_can_be_taken_back(
    town: Town, buyer: Somebody
) -> None:
    town.rules(town.larch, HELD_ABOVE)
    made, kept = buyer.has_pledged(30), town.somebody(town.elm).has_pledged(5)
    town.locks()
    with town.db.write() as session:
        opens(session, town)
    approver = town.somebody(town.larch, Role.APPROVER)
    approver.decides(made, "approve")

    late = buyer.sees(made)
    with town.db.read() as session:
        assert [str(one.pledge_id) for one in demand_of(session, lot_id(town))] == [kept["id"]]
    assert (late["state"], late["commitment_state"], late["counts"]) == ("standing", "approved", False)
    assert buyer.curve()["pledged"] == 5
    assert told(buyer.withdraws(made))["state"] == "withdrawn"
    assert town.somebody(town.elm).withdraws(kept).status_code == 409
    must_balance(town.db)


def test_who_never_counted_and_leaves_holds_up_no_price_for_those_who_did_not_answer(
    town: Town, buyer: Somebody
) -> None:
    town.rules(town.elm, HELD_ABOVE)
    held = town.somebody(town.elm).has_pledged(80)
    leaving, careful = buyer.has_pledged(80), town.somebody(town.rowan).has_pledged(30, 18_000)
    town.locks()
    told(buyer.withdraws(leaving))
    with town.db.write() as session:
        opens(session, town)
    assert careful["counts"]

    told(town.somebody(town.elm, Role.BUYER, Role.APPROVER).withdraws(held))

    with town.db.read() as session:  # at 30 one costs more than 18,000, and Rowan Road was asked
        assert demand_of(session, lot_id(town)) == []


@pytest.mark.parametrize("rules", [None, HELD_ABOVE])
def test_it_is_not_withdrawn_by_itself_but_goes_with_its_pledge(
    town: Town, buyer: Somebody, rules: list[dict[str, object]] | None
) -> None:
    if rules is not None:
        town.rules(town.larch, rules)
    made, stranger = buyer.has_pledged(30), town.somebody(town.stranger)
    path, reason = f"/commitments/{made['commitment_id']}/withdraw", {"reason": "No money this year"}
    before = everything(town.db)

    refused = buyer.api.post(path, reason)
    assert (refused.status_code, refused.json()["detail"]) == (409, RESTS)
    assert stranger.api.post(path, reason).status_code == 404
    assert buyer.api.post(path, reason, **{"If-Match": '"7"'}).status_code == 412
    assert everything(town.db) == before
    assert told(buyer.withdraws(made))["commitment_state"] == "withdrawn"
    again = buyer.api.post(path, reason)
    assert (again.status_code, again.json()["detail"] == RESTS) == (409, False)
    must_balance(town.db)


def test_the_withdrawal_deadline_of_a_pledge_holds_for_its_commitment_too(town: Town, buyer: Somebody) -> None:
    made = buyer.has_pledged(30)
    town.locks(withdrawals_for=timedelta(0))

    refused = buyer.api.post(f"/commitments/{made['commitment_id']}/withdraw", {"reason": "No money this year"})
    assert (refused.status_code, refused.json()["detail"]) == (409, RESTS)
    assert buyer.withdraws(made).status_code == 409
    assert buyer.sees(made) == made


def test_its_page_offers_no_withdrawal_and_refuses_one_made_anyway(town: Town, client: TestClient) -> None:
    with town.db.write() as session:
        who = person(session, "Grace Hopper")
        member(session, who, town.larch, Role.BUYER)
        lasts = timedelta(hours=1)
        organisation_id = town.larch.id
        _, secret = start_session(
            session, who, via="link", organisation_id=organisation_id, lasts=lasts, now=clock.now()
        )
        maker = Somebody(Api(client, token_of(session, who, town.larch)), town.procurement_id, town.larch)
    made = maker.has_pledged(30)
    browser, address = Browser(client), f"/commitments/{made['commitment_id']}"
    browser.cookies["session"] = secret

    page = browser.get(address)
    assert "A pledge rests on this" in page.text
    assert f"{address}/withdraw" not in Forms(page.text).found
    csrf = Forms(browser.get("/commitments/new").text).found["/commitments/new"]["csrf_token"]
    refused = browser.post(f"{address}/withdraw", {"csrf_token": csrf, "revision": "1", "reason": "By an older page"})
    assert (refused.status_code, RESTS.capitalize() in refused.text) == (409, True)
    assert maker.sees(made) == made


def test_whoever_did_not_answer_before_the_opening_takes_its_pledge_back_after_it(town: Town, buyer: Somebody) -> None:
    rowan, elm = town.somebody(town.rowan), town.somebody(town.elm)
    leaving, silent, kept = buyer.has_pledged(80), rowan.has_pledged(30, 18_000), elm.has_pledged(20)
    town.locks()
    told(buyer.withdraws(leaving))
    with town.db.write() as session:
        opens(session, town)

    assert elm.withdraws(kept).status_code == 409
    assert told(rowan.withdraws(silent))["commitment_state"] == "withdrawn"
    assert elm.withdraws(kept).status_code == 409
    with town.db.read() as session:
        assert [str(one.pledge_id) for one in demand_of(session, lot_id(town))] == [kept["id"]]
    must_balance(town.db)
