"""From the first declaration to the ranking: who may do and see what, and what comes of it."""

import json
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import time_machine
from litestar.testing import TestClient
from sqlmodel import select
from tests.market.evaluation.conftest import TERMS, Opened, Somebody, told

from becta.compliance.badges.rules import Level
from becta.compliance.standards.registry import Holder
from becta.kernel import clock
from becta.kernel.actor import Role
from becta.kernel.events import OutboxMessage
from becta.market.evaluation.queries import agreed_reasons, excluded, is_settled
from becta.market.notify.evaluation_letters import EvaluationLetters
from becta.market.pledges.tiers import Tier
from becta.market.procurements.states import ProcurementState
from becta.market.shortlists.rules import HeldBadge
from becta.market.wiring import House


def problem(answer: Any, status: int) -> str:
    """What an answer of this status says is wrong."""
    body = told(answer, status)
    return "; ".join([body["detail"], *(one["detail"] for one in body.get("errors", []))])


def test_from_the_panel_to_a_ranking_that_a_script_repeats(opened: Opened, tmp_path: Path) -> None:
    opened.settled()

    # price 60 x 10,000 / P and quality 40 x mark / 5
    ranked = [("Larch", "70.0000"), ("Elm", "68.0000"), ("Rowan", "56.0000")]
    assert opened.buyer.ranks() == ranked
    record, script = opened.buyer.get("evaluation-record", lot=1), opened.buyer.api.get("/reference/rescore.py")
    (tmp_path / "record.json").write_bytes(record.content)
    (tmp_path / "rescore.py").write_bytes(script.content)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "rescore.py", "--json", "record.json"],
        cwd=tmp_path, capture_output=True, check=True, text=True,
    )  # fmt: skip
    assert [(one["supplier"], one["total"]) for one in json.loads(done.stdout)["ranked"]] == ranked
    assert script.headers["content-type"] == "text/x-python; charset=utf-8"

    [price, delivery] = told(opened.buyer.get("sensitivity", lot=1))
    assert (price["component"], price["weight"], price["lower"]) == ("price", "60", None)
    assert (price["higher"]["weight"], price["higher"]["supplier"]) == ("61.6", "Elm")
    assert (delivery["lower"]["weight"], delivery["higher"]) == ("38.4", None)
    with opened.db.read() as session:
        assert is_settled(session, opened.id)
        assert set(agreed_reasons(session, opened.id).values()) == {"It is a 5", "It is a 4", "It is a 1"}
    assert {one.action for one in opened.events()} == {
        "evaluation.appointed",
        "evaluation.declared",
        "evaluation.scored",
        "evaluation.moderated",
        "evaluation.agreed",
    }


def test_nobody_scores_before_they_are_appointed_and_have_declared(opened: Opened) -> None:
    bid = opened.bids["larch"]

    told(opened.first.scores(bid, 3), 404)
    told(opened.buyer.appoints(opened.first), 201)
    assert problem(opened.first.scores(bid, 3), 409) == "declare your interests first: nobody scores before that"
    told(opened.first.declares())
    assert told(opened.first.scores(bid, 3))["revision"] == 1
    assert told(opened.first.scores(bid, 2))["revision"] == 2


def test_nobody_sees_the_scores_of_another_before_moderation_begins(opened: Opened) -> None:
    opened.panel()
    told(opened.first.scores(opened.bids["larch"], 2))
    told(opened.second.scores(opened.bids["larch"], 5))
    auditor = opened.somebody("Anna Auditor", opened.trust, Role.AUDITOR)

    def seen_by(who: Somebody) -> list[tuple[str, int]]:
        return [(one["evaluator_name"], one["mark"]) for one in told(who.get("scores", lot=1))["items"]]

    assert seen_by(opened.first) == [("Eve One", 2)]
    assert seen_by(opened.second) == [("Evan Two", 5)]
    assert seen_by(opened.buyer) == seen_by(auditor) == []
    assert told(opened.buyer.get("scores", lot=1))["missing"] == 10
    assert [one.after for one in opened.events() if "mark" in json.dumps(one.after)] == []
    told(opened.bidder("larch").get("scores", lot=1), 404)
    told(opened.somebody("Cole League", opened.school, Role.BUYER).get("scores", lot=1), 404)

    assert "is empty, but 10 scores are missing" in problem(opened.buyer.moderates(), 400)
    assert told(opened.buyer.moderates("Evan is ill until Easter"), 201)["missing"] == 10
    for who in (opened.first, opened.second, opened.buyer):
        assert sorted(seen_by(who)) == [("Evan Two", 5), ("Eve One", 2)]
    said = "moderation of this lot began, so what was scored alone stays as it is"
    assert problem(opened.first.scores(opened.bids["larch"], 3), 409) == said


def test_consensus_comes_after_moderation_began_and_a_ranking_after_consensus(opened: Opened) -> None:
    opened.panel()
    early = opened.first.agrees(opened.bids["larch"], 3)
    assert problem(early, 409) == "moderation of this lot has not begun: every evaluator scores alone first"
    told(opened.buyer.moderates("Nothing to score"), 201)
    told(opened.first.agrees(opened.bids["larch"], 3))

    waiting = "5 marks for lot 1 are not agreed yet, so it has no ranking"
    for what in ("ranking", "sensitivity", "evaluation-record"):
        assert problem(opened.buyer.get(what, lot=1), 409) == waiting
    assert told(opened.buyer.get("consensus", lot=1))["missing"] == 5
    with opened.db.read() as session:
        assert not is_settled(session, opened.id)


def test_a_conflict_recuses_from_a_bid_or_wholly_and_is_owed_no_more(opened: Opened) -> None:
    opened.panel()
    told(opened.first.declares("My sister works there", opened.bids["larch"]))
    refused = "you declared a conflict of interest, so you have no part in this bid"
    assert problem(opened.first.scores(opened.bids["larch"], 5), 403) == refused
    told(opened.first.scores(opened.bids["rowan"], 5))
    assert told(opened.buyer.get("scores", lot=1))["missing"] == 9

    told(opened.second.declares("I own shares in all of them"))
    assert problem(opened.second.scores(opened.bids["rowan"], 5), 403) == refused
    assert told(opened.buyer.get("scores", lot=1))["missing"] == 3
    for who, read in ((opened.first, None), (opened.buyer, "I own shares in all of them")):
        panel = told(who.get("evaluators"))["items"]
        assert [(one["name"], one["is_recused"], one["conflict"]) for one in panel] == [
            ("Eve One", False, "My sister works there"),
            ("Evan Two", True, read),
        ]
    faults = problem(opened.first.declares("", opened.bids["larch"]), 400)
    assert "is false, but a conflict is named" in faults


def test_the_panel_is_of_those_who_take_part_and_of_no_supplier(opened: Opened) -> None:
    outsider = opened.somebody("Olive Out", opened.elsewhere, Role.EVALUATOR)
    assert "is nobody of those who take part" in problem(opened.buyer.appoints(outsider), 400)
    assert "is nobody of those who take part" in problem(opened.buyer.appoints(opened.bidder("larch")), 400)
    told(opened.first.appoints(opened.second), 403)
    told(opened.buyer.appoints(opened.first), 201)
    told(opened.buyer.appoints(opened.first), 409)

    path = f"{opened.path}/evaluators/{opened.first.id}/stand-down"
    done = told(opened.buyer.api.post(path, {"reason": "Left the trust"}))
    assert done["stood_down_reason"] == "Left the trust"
    told(opened.first.declares(), 404)


def test_excluding_a_bid_ranks_the_others_anew(opened: Opened) -> None:
    opened.settled()

    made = told(opened.buyer.excludes(opened.bids["elm"]), 201)

    # without Elm's price of 10,000 Larch's 20,000 is the lowest: 60 for the price, and Rowan's 48
    assert opened.buyer.ranks() == [("Larch", "100.0000"), ("Rowan", "80.0000")]
    assert told(opened.buyer.get("ranking", lot=1))["left_out"] == [
        {
            "bid_id": str(opened.bids["elm"]),
            "supplier": "Elm",
            "ground": "mandatory",
            "reason": "On the debarment list",
        }
    ]
    with opened.db.read() as session:
        assert excluded(session, opened.id) == {opened.bids["elm"]: "On the debarment list"}
    told(opened.buyer.excludes(opened.bids["elm"]), 409)
    assert told(opened.buyer.decides(made, "drop", "Wrong company"))["state"] == "dropped"
    assert [name for name, _ in opened.buyer.ranks()] == ["Larch", "Elm", "Rowan"]


def test_a_low_price_is_asked_about_heard_and_then_decided(opened: Opened) -> None:
    opened.settled()
    elm, bid = opened.bidder("elm"), opened.bids["elm"]

    flagged = {one["supplier"]: one["looks_abnormally_low"] for one in record_of(opened)["bids"]}
    assert flagged == {"Larch": False, "Rowan": False, "Elm": True}
    at_once = opened.buyer.excludes(bid, "abnormally_low")
    assert "only after its supplier was asked (s.19(4))" in problem(at_once, 409)
    assert "is too soon" in problem(opened.buyer.asks(bid, hours=1), 400)
    asked = told(opened.buyer.asks(bid), 201)
    with opened.db.read() as session:
        [message] = session.exec(select(OutboxMessage).where(OutboxMessage.topic == "bid_exclusion"))
        letters = EvaluationLetters("https://becta.example").asked(session, message.key, clock.now())
    assert [(to, words.subject) for to, words in letters] == [("sam@elm.example", "Devices: please explain your bid")]
    assert "has until" in problem(opened.buyer.decides(asked, "exclude"), 409)
    with opened.db.read() as session:
        assert not is_settled(session, opened.id)

    assert [one["question"] for one in told(elm.get("exclusions"))["items"]] == ["How is that?"]
    assert told(opened.bidder("larch").get("exclusions"))["items"] == []
    told(opened.bidder("rowan").explains(asked), 404)
    assert told(elm.explains(asked))["explanation"] == "We bought early"
    told(elm.explains(asked), 409)
    told(opened.buyer.decides(asked, "exclude", **{"If-Match": '"1"'}), 412)
    assert told(opened.buyer.decides(asked, "exclude"))["state"] == "excluded"
    assert record_of(opened)["exclusions"] == [
        {"bid_id": str(bid), "ground": "abnormally_low", "reason": "Not convincing", "explanation": "We bought early"}
    ]


def test_a_supplier_who_says_nothing_is_excluded_when_its_time_is_over(opened: Opened) -> None:
    asked = told(opened.buyer.asks(opened.bids["elm"]), 201)

    with time_machine.travel(clock.now() + timedelta(hours=49)):
        assert told(opened.buyer.decides(asked, "exclude"))["state"] == "excluded"


def test_a_bid_that_fails_a_criterion_needs_no_more_marks_and_is_left_out(opened: Opened) -> None:
    opened.scored()
    for name in ("larch", "rowan"):
        told(opened.first.agrees(opened.bids[name], 3))
        told(opened.first.agrees(opened.bids[name], 1, "iso"))
    told(opened.first.agrees(opened.bids["elm"], 0, "iso"))

    assert [name for name, _ in opened.buyer.ranks()] == ["Larch", "Rowan"]
    [left] = told(opened.buyer.get("ranking", lot=1))["left_out"]
    assert (left["supplier"], left["reason"]) == ("Elm", "does not meet: Holds ISO 27001")
    assert "is out of range" in problem(opened.first.agrees(opened.bids["elm"], 2, "iso"), 400)


def test_a_bid_that_cannot_win_the_lot_needs_no_marks_and_the_next_is_first(
    house: House, client: TestClient[Any]
) -> None:
    # a hundred are wanted, of one supplier
    opened = Opened(
        house, client,
        parts={
            "larch": {"tiers": [Tier(from_quantity=500, unit_price_pence=1)]},
            "elm": {"capacity": 99},
            "rowan": {"capacity": 100},
        },
    )  # fmt: skip
    opened.panel()
    assert told(opened.buyer.get("scores", lot=1))["missing"] == 4
    for one in (opened.first, opened.second):
        one.scores_all({"rowan": opened.bids["rowan"]}, 3)
    told(opened.buyer.moderates(), 201)
    told(opened.first.agrees(opened.bids["rowan"], 3))
    told(opened.first.agrees(opened.bids["rowan"], 1, "iso"))

    assert opened.buyer.ranks() == [("Rowan", "84.0000")]
    assert left_out(opened) == {
        "Larch": ("minimum_order", "sells none below 500, and 100 are wanted"),
        "Elm": ("capacity", "can supply 99 at most, and 100 are wanted of one supplier"),
    }
    assert {one["supplier"]: (one["sells_from"], one["capacity"]) for one in record_of(opened)["bids"]} == {
        "Larch": (500, None), "Elm": (1, 99), "Rowan": (1, 100),
    }  # fmt: skip
    with opened.db.read() as session:
        assert is_settled(session, opened.id)
    assert "it follows from the record" in problem(opened.buyer.excludes(opened.bids["elm"], "capacity"), 400)


def test_a_required_badge_is_met_by_every_product_at_the_opening_and_judged_by_nobody(
    house: House, client: TestClient[Any]
) -> None:
    held, weak = uuid4(), uuid4()
    lti = HeldBadge(
        claim_id=uuid4(), standard="lti", name="LTI 1.3", version="1.3", role="Tool", level=Level.CERTIFIED,
        holder=Holder.PRODUCT, expires_on=date(2020, 1, 1),
    )  # fmt: skip
    opened = Opened(
        house, client,
        terms=msgspec.structs.replace(TERMS, badges=("lti;version=1.3;role=Tool", "lti;role=Tool;version=1.3")),
        parts={"larch": {"product_ids": [held]}, "rowan": {"product_ids": [held, weak]}},
        badges={held: (lti,), weak: (msgspec.structs.replace(lti, role="Platform"),)},
    )  # fmt: skip
    opened.panel()
    for one in (opened.first, opened.second):
        one.scores_all({"larch": opened.bids["larch"]}, 3)
        told(one.scores(opened.bids["larch"], 1, "badge:lti;version=1.3;role=Tool"), 404)
    told(opened.buyer.moderates(), 201)
    told(opened.first.agrees(opened.bids["larch"], 3))
    told(opened.first.agrees(opened.bids["larch"], 1, "iso"))
    told(opened.first.agrees(opened.bids["elm"], 1, "badge:lti;version=1.3;role=Tool"), 404)

    assert [name for name, _ in opened.buyer.ranks()] == ["Larch"]
    lacks = ("failed_criterion", "lacks LTI 1.3, role Tool")
    assert left_out(opened) == {"Rowan": lacks, "Elm": lacks}
    record = record_of(opened)
    badge = {"code": "badge:lti;version=1.3;role=Tool", "title": "LTI 1.3, role Tool"}
    assert record["pass_fail"][1:] == [{**badge, "badge": "lti;version=1.3;role=Tool"}]
    assert {one["supplier"]: one["passes"][badge["code"]] for one in record["bids"]} == {
        "Larch": True, "Rowan": False, "Elm": False,
    }  # fmt: skip


def left_out(opened: Opened) -> dict[str, tuple[str, str]]:
    """Who is left out of the ranking, on what ground and why."""
    gone = told(opened.buyer.get("ranking", lot=1))["left_out"]
    return {one["supplier"]: (one["ground"], one["reason"]) for one in gone}


def test_schools_see_the_ranking_once_it_is_decided_and_bidders_never(opened: Opened) -> None:
    opened.settled()
    school, bidder = opened.somebody("Cole League", opened.school, Role.BUYER), opened.bidder("larch")

    told(school.get("ranking", lot=1), 404)
    with opened.db.write() as session:
        opened.move(session, ProcurementState.DECIDED, decided_at=clock.now())
    assert [name for name, _ in school.ranks()] == ["Larch", "Elm", "Rowan"]
    told(bidder.get("ranking", lot=1), 404)
    told(bidder.get("evaluation-record", lot=1), 404)
    assert "takes a procurement that is opened" in problem(opened.buyer.excludes(opened.bids["elm"]), 409)
    assert "takes a procurement that is opened" in problem(opened.first.agrees(opened.bids["elm"], 5), 409)


def test_what_is_not_there_is_not_found(opened: Opened) -> None:
    opened.panel()

    told(opened.first.scores(opened.bids["larch"], 3, "colour"), 404)
    told(opened.first.scores(opened.id, 3), 404)
    told(opened.buyer.get("ranking", lot=9), 404)
    assert "is no opened bid" in problem(opened.buyer.excludes(opened.id), 400)


def test_the_formulas_are_published_with_their_weaknesses(opened: Opened) -> None:
    found = told(opened.buyer.api.get("/reference/price-formulas"))

    assert [one["formula"] for one in found] == [
        "relative", "linear", "average", "baseline", "price_per_quality_point",
    ]  # fmt: skip
    assert found[0]["weakness"] == (
        "Scores hang on the lowest bid: when it is excluded, the order of the others can turn round."
    )


def record_of(opened: Opened) -> dict[str, Any]:
    """The exported record."""
    found: dict[str, Any] = told(opened.buyer.get("evaluation-record", lot=1))
    return found
