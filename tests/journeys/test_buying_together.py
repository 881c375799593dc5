"""The whole story over HTTP: a need, forty schools pledge, six suppliers bid sealed, a split award, over Christmas."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from litestar.testing import TestClient

from becta.kernel.actor import Role
from becta.market.wiring import House
from tests.journeys.buying import Consortium, Somebody, a_bid, a_need, told
from tests.market.ocds.schema import check_release
from tests.support.api import Api

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
"""A Monday; tenders are due on 14 December, so that the standstill falls over Christmas."""
PRICES = {1: 33_000, 2: 32_000, 3: 34_500, 4: 30_500, 5: 36_000, 6: 15_000}
"""Each supplier's price for one laptop below 600, pence ex VAT. The sixth is too cheap to be true."""
CAPACITY = {4: 700}


@pytest.fixture
def consortium(house: House, client: TestClient[Any], api: Api) -> Consortium:
    """The trust, its schools and the suppliers, before the story begins."""
    with time_machine.travel(START - timedelta(days=2), tick=False):
        return Consortium(house, client, api)


def test_forty_schools_buy_laptops_together(consortium: Consortium, tmp_path: Path) -> None:
    with time_machine.travel(START, tick=False) as clock:
        lead = consortium.somebody("Lena Lead", consortium.trust, Role.TRUST_LEAD)
        officers = [
            consortium.somebody(name, consortium.trust, Role.FINANCE) for name in ("Olive Officer", "Omar Officer")
        ]
        root = starts(lead)
        pledge_all(consortium, root)
        clock.move_to(START + timedelta(days=15))
        codes = advertises(lead, officers, root)
        bids(consortium, root)
        clock.move_to(START + timedelta(days=42, hours=4))
        opens(lead, officers, codes, root)
        clock.shift(timedelta(days=2))
        scores(consortium, lead, root)
        excludes_the_too_cheap(consortium, lead, root)
        clock.move_to(datetime(2026, 12, 21, 11, 0, tzinfo=UTC))
        awards(consortium, lead, root)
        stands_still_over_christmas(lead, root, clock)
        contracts(consortium, lead, root)
        is_open(consortium, lead, root)
        can_be_scored_again(lead, root, tmp_path)


def starts(lead: Somebody) -> str:
    """The trust starts the need, asks its schools in, and lets them pledge."""
    made = lead.posts("/procurements", a_need(lead.reference, START), 201)
    assert made["phase"] == "draft"
    assert made["is_above_threshold"] is True
    root = f"/procurements/{made['id']}"
    asked = lead.posts(f"{root}/members", {"trusts": [{"organisation": lead.reference, "cap_pence": 60_000_000}]})
    assert asked["members"] == 40
    assert lead.posts(f"{root}/gathering")["phase"] == "gathering"
    return root


def pledge_all(consortium: Consortium, root: str) -> None:
    """Every school pledges; the curve says what the next tier would save, and at the end the last tier is reached."""
    for number, school in enumerate(consortium.schools):
        buyer = consortium.somebody(f"Buyer {number + 1}", school, Role.BUYER)
        quantity = 20 + number % 11
        ceiling = 20_000 if number == 39 else 35_000
        body = {"organisation": buyer.reference, "quantity": quantity, "ceiling_price_pence": ceiling}
        pledge = buyer.posts(f"{root}/pledges", {**body, "budget_code": f"ICT-{number:02}"}, 201)
        assert (pledge["counts"], pledge["commitment_state"]) == (True, "approved")
        if number in {0, 39}:
            curve = buyer.gets(f"{root}/tier-curve")
            assert curve["pledged"] == (20 if number == 0 else 986)
            more = 480 if number == 0 else 14
            assert f"{more} more laptops reach the next tier" in curve["next_tier"]["sentence"]


def advertises(lead: Somebody, officers: list[Somebody], root: str) -> list[str]:
    """Two officers take up their duty, conflicts are assessed, and the tender goes out to everybody."""
    assert lead.gets(root)["phase"] == "locked"
    early = lead.api.post(f"{root}/tender")
    assert (early.status_code, "s.83" in early.text) == (409, True)
    lead.posts(f"{root}/conflicts-assessment", {"finding": "Nobody who decides has an interest in a supplier"})
    lead.posts(f"{root}/officers", {"people": [str(one.id) for one in officers]})
    codes = [one.posts(f"{root}/officers/me/code", status=201)["code"] for one in officers]
    assert lead.posts(f"{root}/tender")["phase"] == "tendering"
    return codes


def bids(consortium: Consortium, root: str) -> None:
    """A question is answered to all, and six suppliers hand in sealed bids; one does it twice."""
    first = consortium.suppliers[0]
    first.posts(f"{root}/questions", {"question": "May refurbished laptops be offered?"})
    lead = consortium.somebody("Lena Deputy", consortium.trust, Role.TRUST_LEAD)
    lead.posts(f"{root}/questions/1/answer", {"answer": "Yes, if updates reach 2031"})
    for number, supplier in enumerate(consortium.suppliers, 1):
        [question] = supplier.gets(root)["clarifications"]
        assert question["answer"] == "Yes, if updates reach 2031"
        supplier.posts(f"{root}/bids", a_bid(PRICES[number], capacity=CAPACITY.get(number)), 201)
    first.posts(f"{root}/bids", a_bid(PRICES[1] - 100), 201)


def opens(lead: Somebody, officers: list[Somebody], codes: list[str], root: str) -> None:
    """One officer alone opens nothing; both together open all six."""
    assert lead.gets(root)["phase"] == "sealed"
    officers[0].posts(f"{root}/opening", {"code": codes[0]})
    assert lead.gets(root)["phase"] == "sealed"
    officers[1].posts(f"{root}/opening", {"code": codes[1]})
    assert lead.gets(root)["phase"] == "opened"


def scores(consortium: Consortium, lead: Somebody, root: str) -> None:
    """Two evaluators declare their interests, score alone, and agree; then there is a ranking."""
    panel = [consortium.somebody(name, consortium.trust, Role.EVALUATOR) for name in ("Eve Judge", "Evan Judge")]
    for one in panel:
        lead.posts(f"{root}/evaluators", {"person_id": str(one.id)}, 201)
    bids = by_supplier(lead, root)
    first_bid = bids["Supplier 1"]
    early = panel[0].api.put(f"{root}/scores", a_score(first_bid, "support", 4))
    assert early.status_code == 409, early.text
    for judge in panel:
        judge.puts(f"{root}/conflict-declaration", {"has_conflict": False})
    for place, judge in enumerate(panel):
        for name, bid_id in bids.items():
            for criterion, mark in (("support", 3 + place), ("delivery", 4), ("updates", 1)):
                judge.puts(f"{root}/scores", a_score(bid_id, criterion, mark))
            assert name.startswith("Supplier")
        seen = judge.gets(f"{root}/scores", lot=1)
        assert {one["evaluator"] for one in seen["items"]} == {str(judge.id)}
    lead.posts(f"{root}/moderation", {"lot": 1}, 201)
    for name, bid_id in bids.items():
        support = 5 if name == "Supplier 2" else 3
        for criterion, mark in (("support", support), ("delivery", 4), ("updates", 1)):
            panel[0].puts(f"{root}/consensus", a_score(bid_id, criterion, mark))


def a_score(bid_id: str, criterion: str, mark: int) -> dict[str, Any]:
    """A mark with its reason."""
    return {"lot": 1, "bid_id": bid_id, "criterion": criterion, "mark": mark, "reason": f"It reads like a {mark}"}


def by_supplier(lead: Somebody, root: str) -> dict[str, str]:
    """The opened bids by the name of their supplier."""
    found = lead.gets(f"{root}/bids")["items"]
    assert len(found) == 6
    return {one["supplier"]: one["id"] for one in found}


def excludes_the_too_cheap(consortium: Consortium, lead: Somebody, root: str) -> None:
    """The sixth bid is abnormally low: its supplier is asked, then left out, and all is worked out anew."""
    before = lead.gets(f"{root}/ranking", lot=1)
    assert (before["ranked"][0]["supplier"], before["left_out"]) == ("Supplier 6", [])
    bid_id = before["ranked"][0]["bid_id"]
    question = {
        "bid_id": bid_id,
        "ground": "abnormally_low",
        "question": "How can this price be kept?",
        "answer_by": "2026-12-18T12:00:00Z",
    }
    asked = lead.posts(f"{root}/exclusions/questions", question, 201)
    consortium.suppliers[5].posts(f"{root}/exclusions/{asked['id']}/explanation", {"explanation": "We hope to"})
    lead.posts(f"{root}/exclusions/{asked['id']}/exclude", {"reason": "The price cannot be kept"})
    after = lead.gets(f"{root}/ranking", lot=1)
    assert [one["supplier"] for one in after["left_out"]] == ["Supplier 6"]
    assert len(after["ranked"]) == 5
    assert after["ranked"][0]["price_score"] > before["ranked"][1]["price_score"]


def awards(consortium: Consortium, lead: Somebody, root: str) -> None:
    """The cheapest split is found with its proof; no contract before summaries and standstill."""
    decided = lead.posts(f"{root}/award", {"reason": "The cheapest split of the bids that are left"})
    assert decided["phase"] == "decided"
    [decision] = lead.gets(f"{root}/awards")
    [optimum] = decision["optimum"]
    won = {one["supplier"]["name"]: (one["quantity"], one["unit_price_pence"]) for one in decision["awards"]}
    assert sum(quantity for quantity, _ in won.values()) == 960
    assert [(one["lot"], one["quantity"]) for one in decision["waiting"]] == [(1, 26)]
    assert won["Supplier 4"][1] == 27_450
    assert 600 <= won["Supplier 4"][0] <= 700
    assert optimum["total_pence"] == sum(quantity * price for quantity, price in won.values())
    assert optimum["bound_pence"] <= optimum["total_pence"]
    hasty = lead.api.post(f"{root}/contracts", {"starts_on": "2027-01-11"})
    assert (hasty.status_code, "s.51" in hasty.text) == (409, True)
    early = lead.api.post(f"{root}/standstill", {})
    assert (early.status_code, "s.50" in early.text) == (409, True)
    lead.posts(f"{root}/summaries")
    without = lead.api.post(f"{root}/award-notice")
    assert (without.status_code, "s.51" in without.text) == (409, True)
    for number, supplier in enumerate(consortium.suppliers, 1):
        [summary] = supplier.gets(f"{root}/summaries")
        assert summary["supplier"]["name"] == f"Supplier {number}"
        assert {one["supplier"] for one in summary["body"]["winners"]} == set(won)


def stands_still_over_christmas(lead: Somebody, root: str, clock: time_machine.Traveller) -> None:
    """Published on 21 December it ends on 5 January; a challenge suspends it, and nothing is contracted meanwhile."""
    standing = lead.posts(f"{root}/standstill", {})
    assert (standing["standstill_starts"], standing["standstill_ends"]) == ("2026-12-21", "2027-01-05")
    assert standing["may_contract_from"] == "2027-01-06T00:00:00Z"
    clock.move_to(datetime(2027, 1, 5, 23, 59, tzinfo=UTC))
    assert lead.api.post(f"{root}/contracts", {"starts_on": "2027-01-11"}).status_code == 409
    assert lead.posts(f"{root}/challenge", {"reason": "Supplier 3 claims a mistake"})["phase"] == "suspended"
    clock.move_to(datetime(2027, 1, 6, 9, 0, tzinfo=UTC))
    assert lead.api.post(f"{root}/contracts", {"starts_on": "2027-01-11"}).status_code == 409
    assert lead.posts(f"{root}/resume", {"reason": "The claim was withdrawn"})["phase"] == "standstill_over"


def contracts(consortium: Consortium, lead: Somebody, root: str) -> None:
    """A contract with each winner, and for each school what it gets and owes; it all sums up to the penny."""
    assert lead.posts(f"{root}/contracts", {"starts_on": "2027-01-11"})["phase"] == "contracted"
    made = lead.gets(f"{root}/contracts")
    calls = all_pages(lead, f"{root}/call-offs")
    assert len(calls) == 39
    assert sum(one["quantity"] for one in calls) == 960
    for contract in made:
        own = [one for one in calls if one["contract_id"] == contract["id"]]
        assert sum(one["net_pence"] for one in own) == contract["net_pence"]
        assert (contract["starts_on"], contract["ends_on"]) == ("2027-01-11", "2030-01-10")
        assert contract["details_due_on"] == "2027-02-04"
    assert all(one["net_pence"] <= one["quantity"] * 35_000 <= one["alone_pence"] for one in calls)
    report = lead.gets(f"{root}/savings-report")
    assert report["saves_pence"] == 960 * 42_000 - sum(one["net_pence"] for one in calls)
    buyer, last = (consortium.somebody(f"Buyer again {n}", consortium.schools[n], Role.APPROVER) for n in (0, 39))
    [own] = all_pages(buyer, f"{root}/call-offs")
    assert own["school"]["name"] == "School number 1"
    waiting, served = (one["items"][0]["id"] for one in (last.gets(f"{root}/pledges"), buyer.gets(f"{root}/pledges")))
    last.posts(f"{root}/pledges/{waiting}/withdraw", {"reason": "It was too dear for us"})
    bound = buyer.api.post(f"{root}/pledges/{served}/withdraw", {"reason": "We changed our mind"})
    assert bound.status_code == 409
    assert lead.gets(f"{root}/evaluation-record", lot=1)["quantity"] == 986


def is_open(consortium: Consortium, lead: Somebody, root: str) -> None:
    """Every step is public, valid by the standard with the UK extension, and tells of no person and no losing price."""
    reader = Api(consortium.client, None)
    package = told(reader.get("/ocds/releases", limit=100))
    releases = [one for one in package["releases"] if one["ocid"] == lead.gets(root)["ocid"]]
    assert [one["tag"] for one in releases] == [
        ["planning"],
        ["tender"],
        ["tenderUpdate"],
        ["tenderUpdate"],
        ["award"],
        ["awardUpdate"],
        ["awardUpdate"],
        ["awardUpdate", "contract"],
    ]
    for one in releases:
        check_release(one)
    record = told(reader.get(f"/ocds/records/{releases[0]['ocid']}"))
    assert record["records"][0]["compiledRelease"]["tag"] == ["compiled"]
    text = json.dumps([package, record])
    assert "Lena Lead" not in text
    assert str(PRICES[5] * 9 // 10) not in text


def can_be_scored_again(lead: Somebody, root: str, folder: Path) -> None:
    """The exported record is ranked alike by the script that anybody can download, which knows nothing of us."""
    ranking = lead.gets(f"{root}/ranking", lot=1)
    exported, script = folder / "record.json", folder / "rescore.py"
    exported.write_bytes(lead.api.get(f"{root}/evaluation-record", lot=1).content)
    script.write_bytes(lead.api.get("/reference/rescore.py").content)
    command = [sys.executable, "-I", "-S", str(script), "--json", str(exported)]
    again = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    parts = ("rank", "bid_id", "supplier", "price_pence", "price_score", "quality_score", "total")
    ours, theirs = ([{part: one[part] for part in parts} for one in it["ranked"]] for it in (ranking, again))
    assert ours == theirs
    assert [one["supplier"] for one in again["left_out"]] == ["Supplier 6"]


def all_pages(reader: Somebody, path: str) -> list[dict[str, Any]]:
    """Every item of a list, page by page."""
    page = reader.gets(path, limit=30)
    found: list[dict[str, Any]] = page["items"]
    while page["next"]:
        page = reader.gets(path, limit=30, cursor=page["next"])
        found += page["items"]
    return found
