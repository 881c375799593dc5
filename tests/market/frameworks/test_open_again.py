"""An open framework opens again: its suppliers are ranked again with the applicants (Procurement Act 2023 s.49)."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import time_machine
from sqlmodel import select
from tests.market.frameworks.buying import AWARD
from tests.market.frameworks.conftest import BOTH, PLAIN, Authority, Bidder, Town, lot, told
from tests.market.ocds.schema import check_release

from becta.market.frameworks.queries import framework_lot_suppliers
from becta.market.ocds.models import OcdsRelease
from becta.market.ocds.publishing_frameworks import publish_what_is_due
from becta.market.ocds.reading import parsed

BECAUSE = {"reason": "Deliveries fail and are not mended"}
AGAIN = datetime(2027, 1, 15, 12, tzinfo=UTC)
OPEN = {"is_open_framework": True, "ends_on": "2034-11-30"}


class Scheme:
    """An open framework with room for so many on its one lot, first awarded to these with these totals."""

    def __init__(
        self, traveller: time_machine.Traveller, town: Town, lead: Authority, room: int | None, **qualities: str
    ) -> None:
        self.traveller, self.town, self.lead = traveller, town, lead
        self.it = lead.publishes(lead.sets_up(**OPEN, lots=[lot(1, max_suppliers=room)]))
        self.tenders = {name: self.applies(name) for name in qualities}
        traveller.move_to(AWARD)
        self.awards(self.tenders, qualities)
        traveller.move_to(datetime(2026, 12, 3, 9, tzinfo=UTC))
        self.lot_id = UUID(self.it["lots"][0]["id"])

    def bidder(self, name: str) -> Bidder:
        """A supplier."""
        return self.town.bidder(name)

    def applies(self, name: str) -> dict[str, Any]:
        """Tender for the lot, which must be taken."""
        return self.bidder(name).applies(self.it, 1, "no", *BOTH)

    def awards(self, tenders: dict[str, dict[str, Any]], qualities: dict[str, str]) -> dict[str, Any]:
        """Judge these tenders, tell everybody, and award."""
        self.tells(tenders, qualities)
        return self.lead.does(self.it, "award")

    def tells(self, tenders: dict[str, dict[str, Any]], qualities: dict[str, str]) -> None:
        """Judge these tenders and tell everybody."""
        for name, tender in tenders.items():
            self.lead.has_judged(tender, quality=qualities[name])
        self.lead.does(self.it, "summaries")

    def opens_again(self) -> None:
        """Open for applications once more, which must be taken."""
        self.it = self.lead.does(self.it, "reopen", closes_at=AGAIN.isoformat())

    def on_it(self, day: date) -> list[str]:
        """Who may be called off from on a day."""
        with self.town.db.read() as session:
            return [one.name for one in framework_lot_suppliers(session, self.lot_id, day)]


def test_suppliers_are_ranked_again_on_their_old_or_a_new_tender_with_the_applicants(
    traveller: time_machine.Traveller, town: Town, lead: Authority
) -> None:
    scheme = Scheme(traveller, town, lead, 2, larch="3", rowan="3.5")
    scheme.opens_again()
    tenders = {name: scheme.applies(name) for name in ("larch", "hazel", "elm")}
    traveller.move_to(AGAIN)
    awarded = scheme.awards(tenders, {"larch": "5", "hazel": "4", "elm": "3.4"})

    old_larch, rowan = (scheme.bidder(name).sees(scheme.tenders[name]) for name in ("larch", "rowan"))
    elm = scheme.bidder("elm").sees(tenders["elm"])
    assert (old_larch["awarded_until"], old_larch["reason"]) == ("2027-01-26", "a new tender takes its place")
    assert old_larch["later_summaries"] == []
    assert (rowan["awarded_until"], rowan["reason"]) == ("2027-01-26", "66 of 100, place 3 of 4; the lot takes 2")
    [again] = rowan["later_summaries"]
    assert (again["is_successful"], again["rank"]) == (False, 3)
    assert [one["supplier"] for one in again["successful"]] == ["Larch", "Hazel"]
    assert (elm["standing"], elm["summary"]["sentence"]) == (
        "not_awarded",
        "64.8 of 100, place 4 of 4; the lot takes 2",
    )
    assert rowan["standing"] == "awarded"
    assert scheme.on_it(date(2027, 1, 26)) == ["Larch", "Rowan"]
    assert scheme.on_it(date(2027, 1, 27)) == ["Hazel", "Larch"]
    assert (awarded["last_on"], awarded["next_award_by"]) == ("2034-11-30", "2032-01-26")

    traveller.move_to(datetime(2027, 1, 27, 9, tzinfo=UTC))
    assert scheme.bidder("rowan").sees(scheme.tenders["rowan"])["standing"] == "ended"
    assert [one["name"] for one in lead.sees(scheme.it)["lots"][0]["suppliers"]] == ["Hazel", "Larch"]
    ended = told(lead.judges(scheme.tenders["rowan"], "suspend", BECAUSE), 409)
    assert ended["detail"] == "its place on the lot ended on 2027-01-26, so nothing of it changes"
    is_told(town, scheme)


def is_told(town: Town, scheme: Scheme) -> None:
    """Open contracting tells the round, its award, and whose places it ended."""
    assert publish_what_is_due(town.db, now=datetime(2027, 1, 27, 9, tzinfo=UTC)) == 1
    with town.db.read() as session:
        wanted = select(OcdsRelease).where(OcdsRelease.ocid == scheme.it["ocid"]).order_by(OcdsRelease.number)
        rows = [(row.step, row.notice, parsed(row.body)) for row in session.exec(wanted)]
    for _, _, release in rows:
        check_release(release)
    assert [(step, notice) for step, notice, _ in rows[-4:]] == [
        ("in_force", "UK7"),
        ("reopened", "UK4"),
        ("awarded", "UK6"),
        ("in_force", "UK7"),
    ]
    last = rows[-1][2]
    assert [(one["suppliers"][0]["name"], one["description"]) for one in last["awards"]] == [
        ("Larch", "On the lot from 2026-12-03 until 2027-01-26."),
        ("Rowan", "On the lot from 2026-12-03 until 2027-01-26."),
        ("Larch", "On the lot from 2027-01-27."),
        ("Hazel", "On the lot from 2027-01-27."),
    ]
    assert [one["status"] for one in last["contracts"]] == ["terminated", "terminated", "active", "active"]
    assert last["contracts"][0]["description"] == "A later round took its place."
    agreement = last["tender"]["techniques"]["frameworkAgreement"]
    assert (agreement["isOpenFrameworkScheme"], agreement["openFrameworkSchemeEndDate"]) == (
        True,
        "2034-11-30T23:59:59Z",
    )


def test_a_new_tender_that_is_not_admitted_leaves_the_earlier_one_in_the_ranking(
    traveller: time_machine.Traveller, town: Town, lead: Authority
) -> None:
    scheme = Scheme(traveller, town, lead, None, larch="4")
    scheme.opens_again()
    tenders = {name: scheme.applies(name) for name in ("larch", "rowan")}
    traveller.move_to(AGAIN)
    scheme.awards(tenders, {"larch": "1.9", "rowan": "3"})

    larch = scheme.bidder("larch")
    assert larch.sees(tenders["larch"])["standing"] == "not_admitted"
    old = larch.sees(scheme.tenders["larch"])
    assert (old["standing"], old["awarded_until"]) == ("awarded", None)
    assert old["later_summaries"][0]["sentence"] == "72 of 100, place 1 of 2; the lot takes all that are admitted"
    assert scheme.on_it(date(2027, 1, 27)) == ["Larch", "Rowan"]


def test_a_new_tender_is_no_way_round_a_suspension(
    traveller: time_machine.Traveller, town: Town, lead: Authority
) -> None:
    scheme = Scheme(traveller, town, lead, 1, larch="4", rowan="3")
    scheme.opens_again()
    told(lead.judges(scheme.tenders["larch"], "suspend", BECAUSE))
    refused = told(scheme.bidder("larch").tries(scheme.it), 409)
    told(lead.judges(scheme.tenders["larch"], "reinstate", BECAUSE))
    anew = scheme.applies("larch")
    traveller.move_to(AGAIN)
    lead.has_judged(anew, quality="5")
    told(lead.judges(scheme.tenders["larch"], "suspend", BECAUSE))
    held_up = told(lead.tries(scheme.it, "summaries"), 409)
    told(lead.judges(scheme.tenders["larch"], "reinstate", BECAUSE))
    lead.does(scheme.it, "summaries")
    told(lead.judges(scheme.tenders["larch"], "suspend", BECAUSE))
    held_up_again = told(lead.tries(scheme.it, "award"), 409)
    told(lead.judges(scheme.tenders["larch"], "remove", BECAUSE))

    assert refused["detail"] == "this supplier is suspended on lot 1; it may tender anew once it is reinstated"
    for one in (held_up, held_up_again):
        assert one["detail"] == "1 suppliers that tender anew are suspended; reinstate or remove them first"
    assert scheme.on_it(date(2027, 1, 16)) == []


def test_a_suspension_holds_for_the_place_that_ends_and_the_one_after_it(
    traveller: time_machine.Traveller, town: Town, lead: Authority
) -> None:
    scheme = Scheme(traveller, town, lead, 2, larch="4", rowan="3")
    scheme.opens_again()
    anew = scheme.applies("larch")
    traveller.move_to(AGAIN)
    scheme.awards({"larch": anew}, {"larch": "5"})
    standstill, after = date(2027, 1, 26), date(2027, 1, 27)

    told(lead.judges(scheme.tenders["larch"], "suspend", BECAUSE))
    assert (scheme.on_it(standstill), scheme.on_it(after)) == (["Rowan"], ["Rowan"])
    told(lead.judges(anew, "reinstate", BECAUSE))
    assert (scheme.on_it(standstill), scheme.on_it(after)) == (["Larch", "Rowan"], ["Larch", "Rowan"])
    told(lead.judges(scheme.tenders["larch"], "remove", BECAUSE))
    assert (scheme.on_it(standstill), scheme.on_it(after)) == (["Rowan"], ["Rowan"])
    for place in (scheme.tenders["larch"], anew):
        assert town.actions(place)[-3:] == [
            f"framework_application.{done}" for done in ("suspended", "reinstated", "removed")
        ]


def test_an_open_framework_is_awarded_again_within_three_years(traveller: time_machine.Traveller, town: Town) -> None:
    traveller.move_to(datetime(2025, 6, 2, 9, tzinfo=UTC))
    lead = town.runs("Grace Hopper")
    opened = lead.sets_up(**PLAIN, is_open_framework=True, starts_on="2025-07-01", ends_on="2033-06-30", lots=[lot(1)])
    framework = lead.publishes(opened, datetime(2025, 7, 2, 9, tzinfo=UTC))
    tenders = [town.bidder(name).applies(framework) for name in ("larch", "rowan")]
    traveller.move_to(datetime(2025, 7, 10, 9, tzinfo=UTC))
    for one in tenders:
        lead.has_judged(one)
    lead.does(framework, "summaries")
    due = lead.does(framework, "award")["next_award_by"]
    traveller.move_to(datetime(2028, 6, 1, 9, tzinfo=UTC))
    again = town.runs("Ada Lovelace")

    late = told(again.tries(framework, "reopen", closes_at="2028-07-23T09:00:00Z"), 400)
    in_standstill = told(again.tries(framework, "reopen", closes_at="2028-07-12T09:00:00Z"), 400)
    again.does(framework, "reopen", closes_at="2028-07-11T09:00:00Z")
    put_off = {"closes_at": "2028-07-12T09:00:00Z", "reason": "A supplier asked"}
    extended = told(again.tries(framework, "extend", **put_off), 400)
    traveller.move_to(datetime(2028, 7, 17, 9, tzinfo=UTC))
    again.does(framework, "summaries")
    too_late = told(again.tries(framework, "award"), 409)

    assert due == "2028-07-22"
    assert late["errors"][0]["detail"] == "closes_at is after 2028-07-22, when the next award is due (s.49(2)(a))"
    for one in (in_standstill, extended):
        assert one["errors"][0]["detail"] == (
            "closes_at leaves no time for the standstill: the next award must take effect by 2028-07-22 (s.49(2)(a))"
        )
    assert too_late["detail"].startswith("the award would take effect on 2028-07-27, but was due by 2028-07-22")


def test_an_open_framework_that_missed_an_award_is_not_opened_again(
    traveller: time_machine.Traveller, town: Town, lead: Authority
) -> None:
    scheme = Scheme(traveller, town, lead, 2, larch="4", rowan="4")
    traveller.move_to(datetime(2029, 12, 3, 12, tzinfo=UTC))
    again = town.runs("Grace Hopper")

    missed = told(again.tries(scheme.it, "reopen", closes_at="2030-02-01T12:00:00Z"), 400)

    assert missed["errors"][0]["detail"] == "closes_at is after 2029-12-02, when the next award was due"
