"""Schools pledge together: what counts, what is held, what may be changed and until when, and who sees what."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import select
from tests.market.pledges.conftest import FREE, HELD_ABOVE, Somebody, Town, must_balance, procurement, takes_part, told
from tests.support.watching import everything, statements

from becta.kernel import clock
from becta.kernel.actor import Role
from becta.market.pledges.lapsing import let_lapsed_go
from becta.market.pledges.models import PledgeQuestion
from becta.market.pledges.queries import demand_of
from becta.market.pledges.rules import CapLevel, pledge_faults
from becta.market.pledges.sharing import SharingPolicy
from becta.market.procurements.models import Procurement, ProcurementLot
from becta.market.procurements.states import ProcurementState


def lot_id(town: Town, number: int = 1) -> UUID:
    """The id of a lot of the procurement."""
    with town.db.read() as session:
        return session.exec(
            select(ProcurementLot.id).where(
                ProcurementLot.procurement_id == town.procurement_id, ProcurementLot.number == number
            )
        ).one()


def test_a_pledge_commits_the_most_it_can_cost_and_counts_on_the_curve_at_once(town: Town, buyer: Somebody) -> None:
    made = buyer.has_pledged(30, 19_000, acceptable_lots=[2], alternatives="Windows would do")

    assert (made["lot"], made["quantity"], made["state"], made["counts"]) == (1, 30, "standing", True)
    assert (made["acceptable_lots"], made["alternatives"]) == ([2], "Windows would do")
    assert (made["commitment_state"], made["question"], made["revision"]) == ("approved", None, 1)
    assert made["organisation"]["name"] == "Larch Lane School"
    commitment = told(buyer.api.get(f"/commitments/{made['commitment_id']}"))
    assert (commitment["amount_pence"], commitment["budget_code"]) == (570_000, "ICT-01")
    assert commitment["purpose"] == "Pledge of 30 to Devices for September: Chromebooks 1"
    assert town.actions(made) == ["pledge.made"]
    assert town.committed() == {
        (CapLevel.SCHOOL, town.larch.id): 570_000,
        (CapLevel.TRUST, town.trust.id): 570_000,
        (CapLevel.CONSORTIUM, town.trust.id): 570_000,
    }
    elm = town.somebody(town.elm)
    elm.has_pledged(58)
    curve = buyer.curve()
    assert (curve["pledged"], curve["school_quantity"], curve["unit_price_pence"]) == (88, 30, 20_000)
    assert curve["next_tier"]["sentence"] == "12 more devices reach the next tier; your school would save £600.00 more"
    with town.db.read() as session:
        [first, second] = sorted(demand_of(session, lot_id(town)), key=lambda one: one.quantity)
    assert (first.organisation_id, first.quantity, first.ceiling_price_pence) == (town.larch.id, 30, 19_000)
    assert (first.acceptable_lots, second.quantity) == ((2,), 58)


def test_a_held_pledge_holds_its_caps_and_counts_once_it_is_approved(town: Town, buyer: Somebody) -> None:
    town.rules(town.larch, HELD_ABOVE)
    made = buyer.has_pledged(30)

    assert (made["commitment_state"], made["counts"], buyer.curve()["pledged"]) == ("held", False, 0)
    assert town.committed()[CapLevel.SCHOOL, town.larch.id] == 600_000
    town.somebody(town.larch, Role.APPROVER).decides(made, "approve")
    assert (buyer.sees(made)["counts"], buyer.curve()["pledged"]) == (True, 30)


def test_what_the_scheme_refuses_is_no_pledge_and_says_the_rule(town: Town, buyer: Somebody) -> None:
    town.rules(town.larch, [{**FREE, "limit_pence": 100_000}])
    before = everything(town.db)
    answer = buyer.pledges(30)

    assert answer.status_code == 403
    assert "£1,000.00" in answer.json()["detail"]
    assert everything(town.db) == before


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"quantity": 0}, ["quantity"]),
        ({"quantity": 10**7, "ceiling": 0}, ["quantity", "ceiling_price_pence"]),
        ({"quantity": 10**6, "ceiling": 10**9}, ["ceiling_price_pence"]),
        ({"lot": 3}, ["lot"]),
        ({"acceptable_lots": [1, 9]}, ["acceptable_lots.0", "acceptable_lots.1"]),
        ({"budget_code": ""}, ["budget_code"]),
        ({"alone_price_pence": -1}, ["alone_price_pence"]),
        ({"organisation": "urn:100888"}, ["organisation"]),
        ({"organisation": "Larch"}, ["organisation"]),
    ],
)
def test_a_bad_pledge_is_refused_with_every_fault(
    town: Town, buyer: Somebody, changes: dict[str, Any], fields: list[str]
) -> None:
    before = everything(town.db)
    who = town.somebody(town.stranger) if changes.get("organisation") == "urn:100888" else buyer
    if who is not buyer:
        before = everything(town.db)
    answer = who.pledges(**changes)

    if who is buyer:
        assert [error["pointer"] for error in told(answer, 400)["errors"]] == [
            "/" + field.replace(".", "/") for field in fields
        ]
    else:
        assert answer.status_code == 404  # whoever takes no part sees no procurement
    assert everything(town.db) == before


def test_only_a_lot_of_the_same_category_would_do_and_the_order_of_choice_is_kept(town: Town, buyer: Somebody) -> None:
    said = {"quantity": 1, "ceiling_price_pence": 1, "alone_price_pence": None, "alternatives": "", "budget_code": "A"}
    lots = {1: "laptops", 2: "software", 3: "laptops"}

    [fault] = pledge_faults(**said, acceptable_lots=(3, 2), lot=1, lots=lots)  # type: ignore[arg-type]

    assert (fault.field, fault.problem) == ("acceptable_lots.1", "is of software, not laptops")
    with town.db.write() as session:
        other = procurement(session, town.trust, town.lead.id, lots=3)
        takes_part(session, other, town.larch, town.trust)
    pledge = told(
        buyer.api.post(
            f"/procurements/{other}/pledges",
            {
                "organisation": "urn:100001",
                "quantity": 1,
                "ceiling_price_pence": 1,
                "budget_code": "A",
                "acceptable_lots": [3, 2, 3],
            },
        ),
        201,
    )
    assert pledge["acceptable_lots"] == [3, 2]


def test_a_school_pledges_once_to_a_lot_and_the_same_request_is_done_once(town: Town, buyer: Somebody) -> None:
    key = {"headers": {"Idempotency-Key": str(uuid4())}}
    made = buyer.has_pledged(10, **key)

    assert buyer.has_pledged(10, **key) == made
    again = buyer.pledges(20)
    assert (again.status_code, again.json()["detail"]) == (
        409,
        "this school has pledged to this lot already; amend that pledge",
    )
    buyer.has_pledged(5, lot=2)
    must_balance(town.db)


@pytest.mark.parametrize(
    ("caps", "sentence"),
    [
        ({"larch": 399_999}, "with £4,000.00 more, the school's cap of £3,999.99 would be exceeded"),
        ({"trusts": 399_999}, "with £4,000.00 more, the trust's cap of £3,999.99 would be exceeded"),
        ({"everybody": 399_999}, "with £4,000.00 more, everybody's cap of £3,999.99 would be exceeded"),
    ],
)
def test_no_cap_is_exceeded_on_any_level(town: Town, buyer: Somebody, caps: dict[str, int], sentence: str) -> None:
    town.caps(**caps)
    before = everything(town.db)
    answer = buyer.pledges(20)

    assert (answer.status_code, answer.json()["detail"]) == (409, sentence)
    assert everything(town.db) == before
    buyer.has_pledged(19)
    must_balance(town.db)


def test_amending_holds_more_or_gives_back_and_commits_anew_only_for_more(town: Town, buyer: Somebody) -> None:
    town.caps(trusts=500_000)
    made = buyer.has_pledged(20)
    less = told(buyer.amends(made, quantity=15))
    assert (less["quantity"], less["commitment_id"], less["revision"]) == (15, made["commitment_id"], 2)
    assert town.committed()[CapLevel.TRUST, town.trust.id] == 300_000

    more = told(buyer.amends(less, quantity=25))
    assert more["commitment_id"] != made["commitment_id"]
    assert told(buyer.api.get(f"/commitments/{made['commitment_id']}"))["state"] == "withdrawn"
    refused = buyer.amends(more, quantity=26)
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        "with £200.00 more, the trust's cap of £5,000.00 would be exceeded",
    )
    assert buyer.sees(made) == more
    assert town.actions(made) == ["pledge.made", "pledge.amended", "pledge.amended"]
    assert buyer.amends(made, if_match='"1"', quantity=1).status_code == 412
    must_balance(town.db)


def test_a_pledge_on_another_budget_is_committed_anew(town: Town, buyer: Somebody) -> None:
    made = buyer.has_pledged(20)
    moved = told(buyer.amends(made, budget_code="ICT-02"))

    assert told(buyer.api.get(f"/commitments/{moved['commitment_id']}"))["budget_code"] == "ICT-02"


def test_a_withdrawn_pledge_gives_back_its_caps_and_its_commitment(town: Town, buyer: Somebody) -> None:
    made = buyer.has_pledged(20)
    gone = told(buyer.withdraws(made))

    assert (gone["state"], gone["commitment_state"], gone["counts"]) == ("withdrawn", "withdrawn", False)
    assert gone["reason"] == "No money this year"
    assert set(town.committed().values()) == {0}
    assert town.actions(made) == ["pledge.made", "pledge.withdrawn"]
    assert buyer.withdraws(made).status_code == buyer.amends(made).status_code == 409
    assert buyer.withdraws(made, "").status_code == 400
    buyer.has_pledged(5)
    must_balance(town.db)


def test_a_pledge_lapses_with_its_commitment_and_makes_room_at_once(town: Town, buyer: Somebody) -> None:
    town.rules(town.larch, HELD_ABOVE)
    town.caps(trusts=600_000)
    made = buyer.has_pledged(30)
    town.somebody(town.larch, Role.APPROVER).decides(made, "decline")

    assert (buyer.sees(made)["state"], buyer.lists(state="standing")) == ("lapsed", [])
    assert [one["id"] for one in buyer.lists(state="lapsed")] == [made["id"]]
    assert buyer.amends(made).status_code == 409
    town.somebody(town.rowan).has_pledged(30)  # what the lapsed one held is given back when it is wanted
    assert town.actions(made) == ["pledge.made", "pledge.lapsed"]
    assert let_lapsed_go(town.db, now=clock.now()) == 0
    must_balance(town.db)


def test_a_school_whose_pledge_lapsed_pledges_anew(town: Town, buyer: Somebody) -> None:
    town.rules(town.larch, HELD_ABOVE)
    made = buyer.has_pledged(30)
    town.somebody(town.larch, Role.APPROVER).decides(made, "decline")
    anew = buyer.has_pledged(31)

    assert (buyer.sees(made)["state"], buyer.sees(anew)["state"]) == ("lapsed", "standing")
    assert buyer.sees(made)["reason"] == "its commitment was declined"
    must_balance(town.db)


def test_each_sees_what_is_theirs(town: Town, buyer: Somebody) -> None:
    made = buyer.has_pledged(30)
    other = town.somebody(town.elm)
    others = other.has_pledged(5)
    lead, stranger = town.somebody(town.trust, Role.TRUST_LEAD), town.somebody(town.stranger)

    assert [one["id"] for one in buyer.lists()] == [made["id"]]
    assert [one["id"] for one in other.lists()] == [others["id"]]
    assert [one["id"] for one in lead.lists()] == [others["id"], made["id"]]
    assert [one["id"] for one in lead.lists(lot=2)] == []
    assert other.api.get(f"{other.root}/pledges/{made['id']}").status_code == 404
    assert other.withdraws(made).status_code == other.amends(made).status_code == 404
    for path in ("pledges", "tier-curve", "savings"):
        assert stranger.api.get(f"{stranger.root}/{path}").status_code == 404
    assert other.api.get(f"{other.root}/tier-curve", organisation="urn:100001").status_code == 404
    assert lead.curve(organisation="urn:100777")["school_quantity"] == 5
    assert lead.curve()["school_quantity"] == 0
    assert buyer.api.get(f"{buyer.root}/tier-curve", lot=7).status_code == 400
    assert lead.withdraws(others).status_code == 404  # it runs the procurement, but the school is not its own
    assert town.somebody(town.larch, Role.FINANCE).pledges().status_code == 403


def test_nothing_is_pledged_or_amended_before_or_after_the_time_for_it(town: Town, buyer: Somebody) -> None:
    made = buyer.has_pledged(10)
    town.locks(withdrawals_for=None)

    assert buyer.pledges(10, lot=2).json()["detail"] == (
        "pledging takes a procurement that is gathering; this one is locked"
    )
    assert buyer.amends(made, quantity=1).status_code == 409
    kept = buyer.withdraws(made)
    assert kept.json()["detail"] == "pledges to this are not taken back once locked; the procurement is locked"
    assert buyer.answers(made, "stays", 1).json()["detail"] == (
        "this school is asked nothing: at its ceiling it stays anyway"
    )
    assert buyer.sees(made) == made
    with town.db.write() as session:
        session.get_one(Procurement, town.procurement_id).state = ProcurementState.TERMINATED
    assert told(buyer.withdraws(made))["state"] == "withdrawn"


def test_after_the_lock_a_school_leaves_until_the_withdrawal_deadline(town: Town, buyer: Somebody) -> None:
    made = buyer.has_pledged(10)
    town.locks(withdrawals_for=timedelta(0))
    assert buyer.withdraws(made).status_code == 409
    town.locks()

    assert told(buyer.withdraws(made))["state"] == "withdrawn"


def test_those_whom_a_leaver_lifts_above_their_ceiling_are_asked_and_each_answer_does_what_it_says(
    town: Town, buyer: Somebody
) -> None:
    rowan, elm = town.somebody(town.rowan), town.somebody(town.elm)
    leaving, careful, free = buyer.has_pledged(60), rowan.has_pledged(30, 18_000), elm.has_pledged(20, 18_500)
    assert buyer.savings()["unit_price_pence"] == 18_000
    town.locks()
    assert rowan.sees(careful)["question"] is None
    told(buyer.withdraws(leaving))

    asked = rowan.sees(careful)["question"]
    assert (asked["ceiling_price_pence"], asked["new_price_pence"]) == (18_000, 20_000)
    assert elm.sees(free)["question"]["new_price_pence"] == 20_000
    shared = rowan.savings()
    assert (shared["schools"], shared["asked"], shared["waiting"], shared["shares"]) == (0, 2, 0, [])
    assert rowan.answers(careful, "stays", 19_000).json()["detail"] == (
        "others have answered since: the price asked about is £200.00 now"
    )
    stayed = told(rowan.answers(careful, "stays", 20_000))
    assert (stayed["ceiling_price_pence"], stayed["question"], stayed["counts"]) == (20_000, None, True)
    assert told(rowan.api.get(f"/commitments/{stayed['commitment_id']}"))["amount_pence"] == 600_000
    left = told(elm.answers(free, "leaves", 20_000))
    assert (left["state"], left["reason"]) == ("withdrawn", "left when asked to stay at £200.00")
    assert town.actions(careful) == ["pledge.made", "pledge.stayed"]
    shared = rowan.savings()
    assert [(one["organisation"]["name"], one["pays_pence"]) for one in shared["shares"]] == [
        ("Rowan Road School", 600_000)
    ]
    must_balance(town.db)


def test_a_stay_that_its_scheme_holds_asks_those_whom_it_makes_dearer(town: Town, buyer: Somebody) -> None:
    town.rules(town.rowan, HELD_ABOVE)
    rowan, elm = town.somebody(town.rowan), town.somebody(town.elm)
    leaving, careful, calm = buyer.has_pledged(400), rowan.has_pledged(23, 17_200), elm.has_pledged(80, 18_000)
    town.locks()
    told(buyer.withdraws(leaving))
    assert elm.sees(calm)["question"] is None

    assert told(rowan.answers(careful, "stays", 18_000))["commitment_state"] == "held"

    assert elm.sees(calm)["question"]["new_price_pence"] == 20_000
    asked = select(PledgeQuestion.pledge_id, PledgeQuestion.unit_price_pence).order_by(PledgeQuestion.id)
    with town.db.read() as session:
        assert session.exec(asked).all() == [(UUID(careful["id"]), 18_000), (UUID(calm["id"]), 20_000)]


def test_whoever_does_not_answer_before_the_bids_are_opened_is_no_demand(town: Town, buyer: Somebody) -> None:
    rowan = town.somebody(town.rowan)
    leaving, careful = buyer.has_pledged(80), rowan.has_pledged(30, 18_000)
    kept = town.somebody(town.elm).has_pledged(20)
    town.locks()
    told(buyer.withdraws(leaving))
    with town.db.read() as session:
        assert len(demand_of(session, lot_id(town))) == 2
    with town.db.write() as session:
        found = session.get_one(Procurement, town.procurement_id)
        found.state = ProcurementState.TENDERING
        session.flush()
        found.state, found.opened_at = ProcurementState.OPENED, clock.now()

    with town.db.read() as session:
        assert [str(one.pledge_id) for one in demand_of(session, lot_id(town))] == [kept["id"]]
    assert rowan.answers(careful, "stays", 20_000).status_code == 409


def test_savings_show_the_published_policy_and_each_school_its_own_share(town: Town, buyer: Somebody) -> None:
    with town.db.write() as session:
        session.get_one(Procurement, town.procurement_id).savings_policy = SharingPolicy.EQUAL_PER_SCHOOL
    buyer.has_pledged(80)
    town.somebody(town.elm).has_pledged(40, alone_price_pence=19_000)
    town.somebody(town.rowan).has_pledged(10, 17_000)

    shared = buyer.savings()
    assert (shared["quantity"], shared["total_pence"], shared["saves_pence"]) == (120, 2_160_000, 200_000)
    assert shared["policy_sentence"] == "The saving is shared equally between the schools, whatever they buy."
    assert [(one["organisation"]["reference"], one["saves_pence"]) for one in shared["shares"]] == [
        ("urn:100001", 100_000)
    ]
    assert (shared["schools"], shared["waiting"]) == (2, 1)
    lead = town.somebody(town.trust, Role.TRUST_LEAD).savings()
    assert sum(one["pays_pence"] for one in lead["shares"]) == lead["total_pence"]
    without = buyer.api.get(f"{buyer.root}/savings", lot=2)
    assert (without.status_code, without.json()["detail"]) == (
        409,
        "no prices are known for this lot before the bids are opened, so nothing is shared yet",
    )


@pytest.mark.parametrize(
    ("stated", "lots", "number", "alone"),
    [
        (0, 21_000, 1, 0),
        (19_500, 21_000, 1, 19_500),
        (None, 21_000, 1, 21_000),
        (None, 0, 1, 0),
        (None, None, 1, 18_000),
        (None, None, 2, None),
    ],
)
def test_demand_tells_the_same_price_alone_as_the_curve(
    town: Town, buyer: Somebody, stated: int | None, lots: int | None, number: int, alone: int | None
) -> None:
    with town.db.write() as session:
        lot = session.get_one(ProcurementLot, lot_id(town, number))
        lot.terms = {**lot.terms, "alone_price_pence": lots}
    buyer.has_pledged(120, lot=number, alone_price_pence=stated)

    with town.db.read() as session:
        [found] = demand_of(session, lot_id(town, number))
    assert found.alone_price_pence == buyer.curve(lot=number)["alone_price_pence"] == alone


def test_a_list_takes_the_same_statements_whatever_its_length(town: Town, buyer: Somebody) -> None:
    lead = town.somebody(town.trust, Role.TRUST_LEAD)
    buyer.has_pledged(60)
    with statements(town.db) as for_one:
        assert len(lead.lists()) == 1
    town.somebody(town.rowan).has_pledged(10, lot=2)
    leaving = town.somebody(town.elm)
    left = leaving.has_pledged(60)
    with statements(town.db) as for_three:
        assert len(lead.lists()) == 3
    assert len(for_one) == len(for_three)
    town.locks()
    told(leaving.withdraws(left))
    with statements(town.db) as once_locked:
        assert len(lead.lists()) == 3
    assert len(once_locked) == len(for_three) + 2
