"""Calling off over HTTP: what a framework must allow, from the first step to the contract, and for whom."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from httpx import Response
from sqlmodel import select
from tests.market.frameworks.buying import DIRECT, WANTED, Buying, bids, in_force
from tests.market.frameworks.conftest import UID, URN, Authority, Town, lot, told
from tests.support.people import school
from tests.support.watching import statements

from becta.kernel import clock
from becta.kernel.events import AuditEvent
from becta.market.frameworks.buyers import not_entitled
from becta.market.frameworks.models import Framework
from becta.market.organisations.models import Establishment, EstablishmentGroup
from becta.market.organisations.rules import GroupStatus, Status

BECAUSE = {"reason": "Deliveries fail and are not mended"}
Agreed = dict[str, Any]


def faults(answer: Response) -> list[tuple[str, str]]:
    """Field and detail of what is wrong."""
    return [(one["pointer"], one["detail"]) for one in told(answer, 400)["errors"]]


def closes(town: Town, urn: int, status: Status = Status.CLOSED) -> None:
    """The register says that a school has closed, or is otherwise."""
    with town.db.write() as session:
        session.exec(select(Establishment).where(Establishment.urn == urn)).one().status = status


def to_the_contract(traveller: time_machine.Traveller, buying: Buying, made: Agreed, *offers: Any) -> None:
    """Ask for bids, take them, open them, decide and tell."""
    told(buying.does(made, "tender"))
    for bidder, price in offers:
        told(bids(bidder, made, price), 201)
    traveller.shift(timedelta(days=10, hours=1))
    buying.opens_and_scores(made)
    buying.awards(made)


def test_a_trust_awards_directly_under_a_lot_that_provides_for_it(
    traveller: time_machine.Traveller, town: Town, lead: Authority
) -> None:
    framework = in_force(traveller, town, lead, "larch", "rowan")
    buying, larch = Buying(town), town.bidder("larch")
    made = buying.starts(framework, larch, route=DIRECT)
    to_the_contract(traveller, buying, made, (larch, 30_000))

    assert told(buying.concludes(made))["phase"] == "contracted"
    [call] = told(buying.lead.get(f"/procurements/{made['id']}/call-offs"))["items"]
    assert (call["quantity"], call["net_pence"], call["levy_pence"]) == (10, 300_000, 4_500)
    release = told(town.public.get(f"/ocds/records/{made['ocid']}"))["records"][0]["compiledRelease"]
    assert (release["tender"]["procurementMethod"], release["tender"]["competitive"]) == ("direct", False)
    assert release["relatedProcesses"][0]["identifier"] == framework["ocid"]


def _expired(traveller: time_machine.Traveller, lead: Authority, framework: Agreed) -> None:
    traveller.move_to(datetime(2027, 1, 16, 9, tzinfo=UTC))


def _ended(_: time_machine.Traveller, lead: Authority, framework: Agreed) -> None:
    lead.does(framework, "terminate", **BECAUSE)


def _suspended(_: time_machine.Traveller, lead: Authority, framework: Agreed) -> None:
    for one in told(lead.api.get(f"/frameworks/{framework['id']}/applications"))["items"]:
        told(lead.judges(one, "suspend", BECAUSE))


def _as_it_was(*_: Any) -> None:
    return


@pytest.mark.parametrize(
    ("change", "of_the_lot", "of_the_need", "because"),
    [
        (_expired, {}, {}, "is not in force on 2027-01-16 (from 2026-12-03 to 2027-01-15)"),
        (_ended, {}, {}, "is not in force on 2026-12-03 (from 2026-12-03 to 2027-01-15, and it was ended)"),
        (_suspended, {}, {}, "lot 1 has no supplier to invite (s.45(2))"),
        (_as_it_was, {"method": "direct_award"}, {}, "lot 1 provides for award without competition only (s.45(5)(d))"),
        (_as_it_was, {"category": "tablets"}, {}, "the framework's lot is for tablets, not for laptops"),
        (
            _as_it_was,
            {},
            {"estimated_value_pence": 416_666_668},
            "£5,000,000.02 with VAT is more than the £5,000,000.00 that",
        ),
    ],
    ids=["expired", "ended", "suspended", "another way", "another category", "beyond its value"],
)
def test_nothing_is_asked_for_that_the_framework_does_not_provide_for(
    traveller: time_machine.Traveller,
    town: Town,
    lead: Authority,
    change: Callable[[time_machine.Traveller, Authority, Agreed], None],
    of_the_lot: dict[str, Any],
    of_the_need: dict[str, Any],
    because: str,
) -> None:
    framework = in_force(traveller, town, lead, "larch", ends_on="2027-01-15", lots=[lot(1, **of_the_lot)])
    buying = Buying(town)
    far = {"timetable": {"tender_deadline": (clock.now() + timedelta(days=60)).isoformat()}}
    made = buying.starts(framework, town.bidder("larch"), **{**far, **of_the_need})
    change(traveller, lead, framework)

    refused = told(buying.does(made, "tender"), 409)

    assert because in refused["detail"]
    assert told(buying.lead.get(f"/procurements/{made['id']}"))["phase"] == "draft"


def test_only_suppliers_on_the_lot_are_asked(traveller: time_machine.Traveller, town: Town, lead: Authority) -> None:
    framework = in_force(traveller, town, lead, "larch")
    buying, hazel = Buying(town), town.bidder("hazel")
    made = told(buying.tries(framework), 201)

    refused = faults(buying.does(made, "invitations", {"suppliers": [f"supplier:{hazel.id}"]}))

    assert refused == [("/suppliers/0", f"suppliers.0 does not hold the lot (supplier:{hazel.id})")]


def test_a_contract_is_not_entered_into_once_the_framework_has_run_out_or_its_winner_is_suspended(
    traveller: time_machine.Traveller, town: Town, lead: Authority
) -> None:
    framework = in_force(traveller, town, lead, "larch", ends_on="2027-01-15")
    buying, larch = Buying(town), town.bidder("larch")
    made = buying.starts(framework, larch)
    to_the_contract(traveller, buying, made, (larch, 30_000))
    [application] = told(lead.api.get(f"/frameworks/{framework['id']}/applications"))["items"]

    told(lead.judges(application, "suspend", BECAUSE))
    suspended = told(buying.concludes(made), 409)
    told(lead.judges(application, "reinstate", BECAUSE))
    traveller.move_to(datetime(2027, 1, 16, 9, tzinfo=UTC))
    late = told(buying.concludes(made), 409)
    traveller.move_to(datetime(2027, 1, 15, 23, tzinfo=UTC))

    assert suspended["detail"].startswith("a winner is not on the framework's lot any more")
    assert "is not in force on 2027-01-16 (from 2026-12-03 to 2027-01-15)" in late["detail"]
    assert told(buying.concludes(made))["phase"] == "contracted"


def test_call_offs_do_not_together_go_beyond_what_the_framework_was_advertised_with(
    traveller: time_machine.Traveller, town: Town, lead: Authority
) -> None:
    framework = in_force(traveller, town, lead, "larch", estimated_value_pence=600_000)
    buying, larch = Buying(town), town.bidder("larch")
    first = buying.starts(framework, larch)
    to_the_contract(traveller, buying, first, (larch, 30_000))
    told(buying.concludes(first))
    too_dear = told(buying.does(buying.starts(framework, larch, estimated_value_pence=200_001), "tender"), 409)
    second = buying.starts(framework, larch, estimated_value_pence=200_000)
    to_the_contract(traveller, buying, second, (larch, 20_001))

    refused = told(buying.concludes(second), 409)

    assert too_dear["detail"].startswith("£2,400.01 with VAT is more than the £2,400.00 left of what the framework")
    assert refused["detail"].startswith("£2,400.12 with VAT is more than the £2,400.00 left of what the framework")
    assert told(buying.lead.get(f"/procurements/{second['id']}/contracts")) == []
    [contract] = told(buying.lead.get(f"/procurements/{first['id']}/contracts"))
    dearer = {"description": "More laptops", "net_pence": 500_001, "ends_on": contract["ends_on"]}
    changes = f"contracts/{contract['id']}/changes"
    beyond = told(buying.does(first, changes, dearer), 409)
    assert beyond["detail"].startswith("£2,400.01 with VAT is more than the £2,400.00 left of what the framework")
    [changed] = told(buying.does(first, changes, {**dearer, "net_pence": 500_000}))
    assert changed["net_pence"] + changed["vat_pence"] == 600_000


def test_every_school_that_buys_must_be_entitled_and_one_that_closes_holds_nobody_up(
    traveller: time_machine.Traveller, town: Town, lead: Authority
) -> None:
    entitled = {"trusts": [f"trust:{UID}"], "classes": [{"regions": ["london"], "kinds": ["maintained_school"]}]}
    framework = in_force(traveller, town, lead, "larch", entitled=entitled)
    buying, larch = Buying(town), town.bidder("larch")
    day = clock.now()
    dates = {"pledge_deadline": 5, "withdrawal_deadline": 5, "tender_deadline": 20}
    timetable = {name: (day + timedelta(days=days)).isoformat() for name, days in dates.items()}
    made = buying.starts(framework, larch, lots=[{**WANTED, "quantity": None}], timetable=timetable)
    buyers = {one.urn: buying.may_spend(one) for one in (town.school, town.elsewhere)}

    asked = [{"organisation": f"urn:{urn}"} for urn in (URN, 100_777, 100_888)]
    refused = faults(buying.does(made, "members", {"schools": asked}))
    assert refused == [
        (
            "/schools/2/organisation",
            "schools.2.organisation may not use the framework BECTA-2026-01 (s.45(5)(f)): the framework does not list"
            " Beech Hall, and the register does not say that it is a state school (Beech Hall)",
        )
    ]
    assert told(buying.lead.get(f"/procurements/{made['id']}"))["members"] == 0
    told(buying.does(made, "members", {"schools": asked[:2]}))
    told(buying.does(made, "gathering"))
    pledge = {"quantity": 10, "ceiling_price_pence": 40_000, "budget_code": "ICT"}
    for urn, buyer in buyers.items():
        told(buyer.post(f"/procurements/{made['id']}/pledges", {"organisation": f"urn:{urn}", **pledge}), 201)
    traveller.move_to(day + timedelta(days=6))
    closes(town, 100_777)
    told(buying.does(made, "tender"))
    told(bids(larch, made, 30_000), 201)
    traveller.move_to(day + timedelta(days=20, hours=1))
    buying.opens_and_scores(made)
    closes(town, 100_777, Status.OPEN)
    buying.awards(made)
    closes(town, 100_777)

    refused_at_last = told(buying.concludes(made), 409)["detail"]
    pledges = told(buying.lead.get(f"/procurements/{made['id']}/pledges"))["items"]
    told(buying.does(made, "reconsider", {"reason": "Elm Hill School has closed"}))
    buying.awards(made)
    told(buying.concludes(made))

    assert refused_at_last == "1 of the pledges that the award rests on count no longer; reconsider the award"
    assert {one["organisation"]["name"]: one["counts"] for one in pledges} == {
        "Larch Lane School": True,
        "Elm Hill School": False,
    }
    [call] = told(buying.lead.get(f"/procurements/{made['id']}/call-offs"))["items"]
    assert (call["school"]["name"], call["quantity"]) == ("Larch Lane School", 10)


def test_whoever_runs_a_call_off_must_still_be_entitled_when_the_contract_is_made(
    traveller: time_machine.Traveller, town: Town, lead: Authority
) -> None:
    framework = in_force(traveller, town, lead, "larch")
    buying, larch = Buying(town), town.bidder("larch")
    made = buying.starts(framework, larch)
    to_the_contract(traveller, buying, made, (larch, 30_000))
    with town.db.write() as session:
        session.get_one(EstablishmentGroup, UID).status = GroupStatus.CLOSED

    refused = told(buying.concludes(made), 409)["detail"]

    assert refused.startswith("1 of 1 buyers may not use the framework BECTA-2026-01 (s.45(5)(f)): Larch Learning")


def test_a_trust_brings_its_schools_but_for_those_that_may_not_use_the_framework(
    traveller: time_machine.Traveller, town: Town, lead: Authority
) -> None:
    framework, buying = in_force(traveller, town, lead, "larch"), Buying(town)
    with town.db.write() as session:
        left_out = school(session, 100_999, "Ash Road School", UID, type_group="Academies", status=Status.CLOSED).id
    made = told(buying.tries(framework), 201)

    told(buying.does(made, "members", {"trusts": [{"organisation": f"trust:{UID}"}]}))

    assert told(buying.lead.get(f"/procurements/{made['id']}"))["members"] == 1
    with town.db.read() as session:
        wanted = select(AuditEvent).where(AuditEvent.action == "procurement.members_asked")
        assert session.exec(wanted).one().after["not_entitled"] == [str(left_out)]


def test_a_school_that_may_no_longer_use_the_framework_does_not_pledge(
    traveller: time_machine.Traveller, town: Town, lead: Authority
) -> None:
    framework = in_force(traveller, town, lead, "larch")
    buying = Buying(town)
    deadline = (clock.now() + timedelta(days=5)).isoformat()
    made = told(buying.tries(framework, timetable={"pledge_deadline": deadline}), 201)
    buyer = buying.may_spend(town.school)
    told(buying.does(made, "members", {"trusts": [{"organisation": f"trust:{UID}"}]}))
    told(buying.does(made, "gathering"))
    with town.db.write() as session:
        school = session.exec(select(Establishment).where(Establishment.urn == URN)).one()
        school.type_group = "Independent schools"

    pledge = {"organisation": f"urn:{URN}", "quantity": 10, "ceiling_price_pence": 40_000, "budget_code": "ICT"}
    refused = faults(buyer.post(f"/procurements/{made['id']}/pledges", pledge))

    assert [field for field, _ in refused] == ["/organisation"]
    assert "the framework does not list Larch Lane School" in refused[0][1]


def test_many_schools_are_asked_in_few_statements(town: Town, lead: Authority) -> None:
    framework_id = UUID(lead.sets_up(entitled={"trusts": [f"trust:{UID}"]})["id"])
    with town.db.write() as session:
        ids = [school(session, 110_000 + number, f"School {number:02}", UID).id for number in range(40)]
        ids += [school(session, 120_000 + number, f"Other {number:02}").id for number in range(40)]

    with town.db.read() as session, statements(town.db) as sent:
        refused = not_entitled(session, session.get_one(Framework, framework_id), ids)

    assert [one.name for one in refused] == [f"Other {number:02}" for number in range(40)]
    assert len([one for one in sent if one.startswith("SELECT")]) <= 3
