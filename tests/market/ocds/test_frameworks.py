"""A framework in the open: every public step from its notice to its last day, and a call-off under it."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import select
from tests.market.frameworks.buying import Buying, bids
from tests.market.frameworks.conftest import (
    BOTH,
    CLOSES,
    PLAIN,
    UID,
    Authority,
    Town,
    lead,
    lot,
    told,
    town,
    traveller,
)
from tests.market.ocds.schema import check_package, check_release

from becta.kernel import clock
from becta.market.ocds.models import OcdsRelease
from becta.market.ocds.publishing_frameworks import publish_what_is_due
from becta.market.ocds.reading import parsed
from becta.market.wiring import House

__all__ = ["lead", "town", "traveller"]

AWARD = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
BECAUSE = {"reason": "Horatio found that deliveries fail"}
STEPS = [
    ("published", ["tender"], "UK4"),
    ("extended", ["tenderAmendment"], "UK4"),
    ("awarded", ["award"], "UK6"),
    ("in_force", ["awardUpdate", "contract"], "UK7"),
    ("supplier_suspended", ["awardUpdate", "contractUpdate"], None),
    ("supplier_reinstated", ["awardUpdate", "contractUpdate"], None),
    ("supplier_removed", ["awardUpdate", "contractUpdate"], None),
    ("expired", ["contractTermination"], "UK11"),
]
"""What a framework publishes from its notice to its last day."""


def releases(town: Town) -> list[dict[str, Any]]:
    """The whole feed, page by page, each page and each release valid."""
    found: list[dict[str, Any]] = []
    answer = town.public.get("/ocds/releases", limit=3)
    while True:
        package = parsed(answer.content)
        check_package(package, "release")
        found += package["releases"]
        if 'rel="next"' not in answer.headers["link"]:
            return found
        address = answer.headers["link"].partition(">")[0].removeprefix("<")
        answer = town.client.get(address)


def rows_of(town: Town, framework: dict[str, Any]) -> list[tuple[str, list[str], str | None]]:
    """Step, tags and notice of each release of a framework, oldest first."""
    with town.db.read() as session:
        wanted = select(OcdsRelease).where(OcdsRelease.ocid == framework["ocid"]).order_by(OcdsRelease.number)
        return [(row.step, row.tags, row.notice) for row in session.exec(wanted)]


def passes(town: Town) -> int:
    """The house looks what the clock made due."""
    return publish_what_is_due(town.db, now=clock.now())


def test_a_framework_and_a_call_off_under_it_are_told_step_by_step(
    traveller: time_machine.Traveller, town: Town, lead: Authority
) -> None:
    larch, rowan, hazel = (town.bidder(name) for name in ("larch", "rowan", "hazel"))
    framework = lead.publishes(lead.sets_up(lots=[lot(1), lot(2, method="further_competition", category="tablets")]))
    later = CLOSES + timedelta(days=1)
    lead.does(framework, "extend", closes_at=later.isoformat(), reason="The portal was down")
    first, second = (one.applies(framework, 1, "no", *BOTH) for one in (larch, rowan))
    third = hazel.applies(framework, 1, "yes", *BOTH)
    traveller.move_to(AWARD)
    lead.has_judged(first, quality="5")
    for one in (second, third):
        lead.has_judged(one)
    lead.does(framework, "summaries")
    assert [one["tag"] for one in releases(town)] == [["tender"], ["tenderAmendment"]]
    lead.does(framework, "award")
    assert passes(town) == 0
    traveller.move_to(datetime(2026, 12, 3, 9, tzinfo=UTC))
    assert (passes(town), passes(town)) == (1, 0)
    told(lead.judges(second, "suspend", BECAUSE))
    told(lead.judges(second, "reinstate", BECAUSE))
    call_off = is_called_off(traveller, town, framework)
    told(lead.judges(second, "remove", BECAUSE))
    traveller.move_to(datetime(2030, 12, 1, 9, tzinfo=UTC))
    assert (passes(town), passes(town)) == (1, 0)

    assert rows_of(town, framework) == STEPS
    feed = releases(town)
    assert [one["date"] for one in feed] == sorted(one["date"] for one in feed)
    own = [one for one in feed if one["ocid"] == framework["ocid"]]
    under = [one for one in feed if one["ocid"] == call_off["ocid"]]
    assert [one["tag"] for one in under] == [["tender"], ["tenderUpdate"], ["award", "contract"]]
    assert len(own) + len(under) == len(feed) == len(STEPS) + 3
    said_by_the_tender(own[0], own[1])
    said_by_the_award(own[2], own[3])
    for one in under:
        assert one["relatedProcesses"] == [
            {"id": "framework", "relationship": ["framework"], "scheme": "ocid", "identifier": framework["ocid"]}
        ]
        assert one["tender"]["competitive"] is True
    comes_to(town, framework)
    text = json.dumps(told(town.public.get("/ocds/records")))
    for hidden in ("Horatio", "Hazel", str(hazel.id), "Ada Byron", "Our quality"):
        assert hidden not in text


def is_called_off(traveller: time_machine.Traveller, town: Town, framework: dict[str, Any]) -> dict[str, Any]:
    """The trust buys ten laptops from the better of two suppliers of the lot."""
    buying, larch, rowan = Buying(town), town.bidder("larch"), town.bidder("rowan")
    made = buying.starts(framework, larch, rowan)
    told(buying.does(made, "tender"))
    told(bids(larch, made, 30_000), 201)
    told(bids(rowan, made, 29_000), 201)
    traveller.shift(timedelta(days=10, hours=1))
    buying.opens_and_scores(made)
    buying.awards(made)
    contracted = told(buying.concludes(made))
    assert contracted["phase"] == "contracted"
    [call] = told(buying.lead.get(f"/procurements/{made['id']}/call-offs"))["items"]
    assert (call["net_pence"], call["levy_pence"]) == (290_000, 4_350)
    return made


def said_by_the_tender(tender: dict[str, Any], amended: dict[str, Any]) -> None:
    """Lots, term, levy, entitled buyers, value and how the framework is used (s.45(5)); then the later deadline."""
    said = tender["tender"]
    assert said["value"] == {"amountGross": parsed("5000000.00"), "currency": "GBP"}
    assert said["contractPeriod"] == {"startDate": "2026-12-01T00:00:00Z", "endDate": "2030-11-30T23:59:59Z"}
    assert said["techniques"]["frameworkAgreement"] == {
        "method": "withAndWithoutReopeningCompetition",
        "buyerCategories": "All state-funded schools in England and their trusts.",
        "isOpenFrameworkScheme": False,
        "type": "open",
    }
    assert [one["techniques"]["frameworkAgreement"]["method"] for one in said["lots"]] == [
        "withAndWithoutReopeningCompetition",
        "withReopeningCompetition",
    ]
    [levy] = said["participationFees"]
    assert (levy["type"], levy["relativeValue"]["proportion"]) == (["win"], parsed("0.015"))
    assert said["eligibilityCriteria"] == "insurance: Insurance of two million pounds by the start"
    assert said["awardCriteriaDetails"] == "quality 60 %: Repair and support; price 40 %: Maximum prices"
    assert [one["classification"]["id"] for one in said["items"]] == ["30213100", "30213200"]
    assert (said["status"], said["procurementMethod"], said["aboveThreshold"]) == ("active", "open", True)
    assert said["documents"][1]["noticeType"] == "UK4"
    [change] = amended["tender"]["amendments"]
    assert (change["rationale"], change["releaseID"]) == ("The portal was down", amended["id"])
    assert amended["tender"]["tenderPeriod"]["endDate"] == "2026-11-12T09:00:00Z"


def said_by_the_award(award: dict[str, Any], contract: dict[str, Any]) -> None:
    """Who won which lot, the summaries and the standstill (ss.50, 51); then the contracts (s.53)."""
    assert [(one["suppliers"][0]["name"], one["status"], one["relatedLots"]) for one in award["awards"]] == [
        ("Larch", "pending", ["1"]),
        ("Rowan", "pending", ["1"]),
    ]
    one = award["awards"][0]
    assert one["assessmentSummariesDateSent"] == "2026-11-20T10:00:00Z"
    assert one["standstillPeriod"] == {"startDate": "2026-11-20T00:00:00Z", "endDate": "2026-12-02T23:59:59Z"}
    assert "contracts" not in award
    assert (award["tender"]["numberOfTenderers"], award["tender"]["status"]) == (3, "complete")
    assert [lot["status"] for lot in award["tender"]["lots"]] == ["complete", "unsuccessful"]
    assert [(made["awardID"], made["status"], made["dateSigned"]) for made in contract["contracts"]] == [
        (one["id"], "active", "2026-12-03T00:00:00Z") for one in contract["awards"]
    ]


def comes_to(town: Town, framework: dict[str, Any]) -> None:
    """The record holds all releases and what they come to; the table and the lines have them too."""
    package = parsed(town.public.get(f"/ocds/records/{framework['ocid']}", versions=True).content)
    check_package(package, "record")
    [record] = package["records"]
    process = record["compiledRelease"]
    assert len(record["releases"]) == len(STEPS)
    assert [(one["suppliers"][0]["name"], one["status"]) for one in process["awards"]] == [
        ("Larch", "active"),
        ("Rowan", "cancelled"),
    ]
    assert [one["description"] for one in process["awards"]] == ["On the lot from 2026-12-03.", "Taken off the lot."]
    assert [(one["status"], one["description"]) for one in process["contracts"]] == [
        ("terminated", "Ended with its term."),
        ("terminated", "The supplier was taken off the lot."),
    ]
    assert process["buyer"]["name"] == "The operator of this marketplace"
    table = csv.DictReader(io.StringIO(town.public.get("/ocds/releases.csv").text))
    assert [row["notice"] for row in table if row["ocid"] == framework["ocid"]] == [one[2] or "" for one in STEPS]
    lines = [parsed(line) for line in town.public.get("/ocds/releases.jsonl").text.splitlines()]
    assert [one for one in lines if one["ocid"] == framework["ocid"]] == record["releases"]


def test_drafts_of_a_frameworks_notices_are_for_whoever_runs_it(
    traveller: time_machine.Traveller, town: Town, lead: Authority
) -> None:
    framework = lead.publishes(lead.sets_up(**{**PLAIN, "is_light_touch": True, "cpv_codes": ["80420000"]}))
    application = town.bidder("larch").applies(framework)
    traveller.move_to(AWARD)
    lead.has_judged(application)
    lead.does(framework, "summaries")
    lead.does(framework, "award")
    traveller.move_to(datetime(2026, 12, 3, 9, tzinfo=UTC))
    passes(town)
    lead.does(framework, "terminate", **BECAUSE)
    path = f"/ocds/notices/frameworks/{framework['id']}"

    drafts = told(lead.api.get(path))

    assert [(one["number"], one["is_due"], one["due_by"]) for one in drafts] == [
        ("UK4", True, None),
        ("UK6", True, None),
        ("UK7", True, "2027-04-02T09:00:00Z"),
        ("UK11", True, "2027-01-02T09:00:00Z"),
    ]
    assert "the estimated value without VAT" in drafts[0]["still_needed"]
    elsewhere = town.runs("Grace Hopper", f"trust:{UID}")
    assert [one.get(path).status_code for one in (town.public, elsewhere.api)] == [401, 403]


def test_a_framework_given_up_before_its_award_or_within_the_standstill_says_so(
    traveller: time_machine.Traveller, town: Town, lead: Authority
) -> None:
    draft = lead.sets_up(reference="DRAFT", **PLAIN)
    lead.does(draft, "terminate", **BECAUSE)
    early, late = (lead.publishes(lead.sets_up(reference=name, **PLAIN)) for name in ("EARLY", "LATE"))
    application = town.bidder("larch").applies(late)
    lead.does(early, "terminate", **BECAUSE)
    traveller.move_to(AWARD)
    lead.has_judged(application)
    lead.does(late, "summaries")
    lead.does(late, "award")
    lead.does(late, "terminate", **BECAUSE)
    traveller.move_to(datetime(2027, 1, 1, tzinfo=UTC))

    assert passes(town) == 0
    assert rows_of(town, draft) == []
    assert rows_of(town, early)[-1] == ("terminated", ["tenderCancellation"], "UK12")
    assert rows_of(town, late)[-1] == ("terminated", ["awardCancellation", "tenderCancellation"], "UK12")
    last = releases(town)[-1]
    assert (last["tender"]["status"], last["awards"][0]["status"]) == ("cancelled", "cancelled")
    check_release(last)


def test_what_begins_while_nobody_looked_is_told_before_the_next_step(
    traveller: time_machine.Traveller, town: Town, lead: Authority
) -> None:
    framework = lead.publishes(lead.sets_up(**PLAIN))
    application = town.bidder("larch").applies(framework)
    traveller.move_to(AWARD)
    lead.has_judged(application)
    lead.does(framework, "summaries")
    lead.does(framework, "award")
    traveller.move_to(datetime(2026, 12, 10, tzinfo=UTC))
    told(lead.judges(application, "suspend", BECAUSE))

    assert [step for step, _, _ in rows_of(town, framework)][-2:] == ["in_force", "supplier_suspended"]
    assert passes(town) == 0


@pytest.mark.parametrize("named", ["NULL, NULL", "(SELECT id FROM framework), (SELECT id FROM framework)"])
def test_a_release_is_of_one_process(town: Town, lead: Authority, named: str) -> None:
    lead.publishes(lead.sets_up())
    insert = (
        "INSERT INTO ocds_release (procurement_id, framework_id, id, number, ocid, release_id, step, tags, date, body)"
        f" SELECT {named}, framework_id, 9, ocid, 'again', step, tags, date, body FROM ocds_release"
    )

    with pytest.raises(IntegrityError, match="one_process"), town.db.write() as session:
        session.execute(text(insert))


def test_frameworks_of_before_get_the_ocid_that_call_offs_gave_them(house: House, town: Town, lead: Authority) -> None:
    running, ended = (lead.publishes(lead.sets_up(reference=name)) for name in ("RUNNING", "ENDED"))
    lead.does(ended, "terminate", **BECAUSE)
    config = house.db.alembic_config()

    command.downgrade(config, "20261126_0070")
    with house.db.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM ocds_release")) == 0
    command.upgrade(config, "head")

    for one in (running, ended):
        assert told(town.public.get(f"/frameworks/{one['id']}"))["ocid"] == one["ocid"] == f"ocds-xxxxxx-{one['id']}"
    with pytest.raises(IntegrityError), town.db.write() as session:
        session.execute(text("UPDATE framework SET ocid = 'ocds-xxxxxx-1'"))
