"""Each step of a procurement is published once, whole and valid, and nothing before its time."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import select
from tests.market.ocds.conftest import PERSON, SECRET_PRICE, START, Story
from tests.market.ocds.schema import check_package, check_release

from becta.market.db import Database
from becta.market.ocds.models import OcdsRelease
from becta.market.ocds.packages import Publisher, record_package, release_package
from becta.market.ocds.publishing import publish_release
from becta.market.ocds.reading import parsed
from becta.market.procurements.models import Procurement
from becta.market.procurements.states import ProcurementState
from becta.market.procurements.telling import Step
from becta.market.procurements.terms import Route


class Undone(Exception):
    """Something went wrong after a step was published, within its transaction."""


def whole(story: Story) -> None:
    """Every step there is."""
    story.steps(Step.STARTED)
    story.steps(Step.GATHERING, ProcurementState.GATHERING)
    story.advertises()
    story.answers()
    story.amends()
    story.bids_come()
    story.opens()
    story.decides()
    story.stands_still()
    story.steps(Step.SUSPENDED, ProcurementState.SUSPENDED)
    story.steps(Step.RESUMED, ProcurementState.STANDSTILL)
    story.reconsiders()
    story.decides(winner=1, number=2)
    story.stands_still()
    story.contracts(winner=1)
    story.modifies()
    story.modifies(2, needs_notice=False)
    story.ends()


def test_every_step_of_a_whole_story_is_published_as_valid_releases_with_their_notices(story: Story) -> None:
    whole(story)

    assert [(row.step, tuple(row.tags), row.notice) for row in story.rows()] == [
        ("gathering", ("planning",), "UK3"),
        ("advertised", ("tender",), "UK4"),
        ("clarified", ("tenderUpdate",), None),
        ("amended", ("tenderAmendment",), "UK4"),
        ("opened", ("tenderUpdate",), None),
        ("standstill", ("award",), "UK6"),
        ("suspended", ("awardUpdate",), None),
        ("resumed", ("awardUpdate",), None),
        ("reconsidered", ("awardCancellation",), None),
        ("standstill", ("award",), "UK6"),
        ("contracted", ("awardUpdate", "contract"), "UK7"),
        ("contract_modified", ("contractAmendment",), "UK10"),
        ("contract_modified", ("contractAmendment",), None),
        ("contract_ended", ("contractTermination",), "UK11"),
    ]
    releases, bodies = story.releases(), [row.body for row in story.rows()]
    for one in releases:
        check_release(one)
    publisher = Publisher(name="Us", origin="https://us.example")
    package = release_package(bodies, publisher, uri="https://us.example/1", published=START)
    record = record_package([bodies], publisher, uri="https://us.example/2", published=START, with_versions=True)
    check_package(parsed(package), "release")
    check_package(parsed(record), "record")
    [told] = parsed(record)["records"]
    process = told["compiledRelease"]
    assert [(award["status"], award["suppliers"][0]["name"]) for award in process["awards"]] == [
        ("cancelled", "Elm Ltd"),
        ("active", "Oak Ltd"),
    ]
    assert [award["description"] for award in process["awards"]] == [
        "The award was taken back.",
        "No claim holds the award up.",
    ]
    assert [contract["status"] for contract in process["contracts"]] == ["terminated"]
    assert [lot["status"] for lot in process["tender"]["lots"]] == ["complete", "unsuccessful"]
    assert [one["id"] for one in process["contracts"][0]["amendments"]] == ["1", "2"]
    assert process["buyer"] == {"id": "GB-UKPRN-10012345", "name": "Larch Learning Trust"}


def test_what_a_step_made_true_is_said(story: Story) -> None:
    whole(story)

    planning, tender, answered, amended, opened, award, suspended, *_ = story.releases()

    assert (planning["tender"]["status"], "value" in planning["tender"]) == ("planning", False)
    assert tender["tender"]["value"]["amount"] == parsed("200000.50")
    assert tender["tender"]["value"]["amountGross"] == parsed("240000.60")
    assert (tender["tender"]["procurementMethod"], tender["tender"]["aboveThreshold"]) == ("open", True)
    assert tender["tender"]["items"][0]["quantity"] == 30
    assert tender["tender"]["awardCriteriaDetails"].startswith(
        "Laptops: price 60 % (relative formula); Delivery 40 %; to be met: Safeguarding."
    )
    assert answered["tender"]["documents"][0]["description"] == "Which sockets?\n\nUK ones"
    assert amended["tender"]["amendments"][0]["releaseID"] == amended["id"]
    assert amended["tender"]["tenderPeriod"]["endDate"] == "2026-12-12T09:00:00Z"
    assert opened["tender"]["status"] == "active"
    assert award["awards"][0]["standstillPeriod"] == {
        "startDate": "2026-12-14T00:00:00Z",
        "endDate": "2026-12-23T23:59:59Z",
    }
    assert award["awards"][0]["value"]["amountGross"] == parsed("674350.09")
    assert award["awards"][0]["status"] == "pending"
    assert "A claim was notified" in suspended["awards"][0]["description"]


def test_no_bid_no_award_and_no_person_is_told_before_its_time(story: Story) -> None:
    story.advertises()
    story.bids_come()
    story.answers()
    before = story.rows()[-1].body
    story.opens()
    story.decides()
    decided = [row.body for row in story.rows()]
    story.stands_still()

    for hidden in ("Elm", "Oak", str(story.suppliers[0]), "numberOfTenderers"):
        assert hidden not in before
    assert all(str(SECRET_PRICE)[:-2] not in body and "Elm" not in body for body in decided)
    assert f"{SECRET_PRICE}"[:-2] in story.rows()[-1].body
    for body in (row.body for row in story.rows()):
        assert PERSON not in body
        assert "quill@" not in body
        assert str(story.person_id) not in body


def test_who_asks_by_name_gives_no_tender_notice_and_answers_by_letter(db: Database) -> None:
    story = Story(db, route=Route.THREE_QUOTES, above=False)
    story.advertises()
    story.answers()

    [tender, _answered] = story.rows()
    assert (tender.notice, parsed(tender.body)["tender"]["procurementMethod"]) == (None, "limited")
    assert all("UK ones" not in row.body for row in story.rows())


def test_a_procurement_that_was_never_public_ends_unseen_and_a_public_one_is_cancelled(story: Story) -> None:
    story.steps(Step.STARTED)
    assert story.rows() == []
    story.advertises()
    story.steps(Step.TERMINATED, ProcurementState.TERMINATED, ended_at=START, reason=f"{PERSON} changed their mind")

    [_, cancelled] = story.releases()
    assert (cancelled["tag"], cancelled["tender"]["status"]) == (["tenderCancellation"], "cancelled")
    assert story.rows()[-1].notice == "UK12"
    check_release(cancelled)


def test_a_step_published_twice_is_published_once(story: Story) -> None:
    story.advertises()
    with story.db.write() as session:
        publish_release(session, session.get_one(Procurement, story.id), Step.ADVERTISED, now=story.now)

    assert len(story.rows()) == 1


def test_what_is_undone_is_not_published_and_leaves_no_gap(story: Story) -> None:
    story.advertises()
    with suppress(Undone), story.db.write() as session:
        publish_release(session, session.get_one(Procurement, story.id), Step.OPENED, now=story.now)
        raise Undone
    story.answers()

    assert [(row.number, row.step) for row in story.rows()] == [(1, "advertised"), (2, "clarified")]


@pytest.mark.parametrize(
    "change",
    [
        lambda: text("UPDATE ocds_release SET body = '{}'"),
        lambda: text("DELETE FROM ocds_release"),
        lambda: text("UPDATE ocds_head SET size = 0"),
    ],
    ids=["changed", "deleted", "numbered anew"],
)
def test_nobody_rewrites_what_was_published(story: Story, change: Callable[[], object]) -> None:
    story.advertises()

    with pytest.raises(IntegrityError), story.db.write() as session:
        session.execute(change())  # type: ignore[call-overload]

    with story.db.read() as session:
        assert len(session.exec(select(OcdsRelease)).all()) == 1


def test_market_engagement_is_published_before_the_tender_with_its_notice(story: Story) -> None:
    asked = {"description": "We ask three makers what is to be had", "is_done": False, "no_notice_because": None}
    story.steps(Step.MARKET_ENGAGED, engagement=asked)
    story.steps(Step.GATHERING, ProcurementState.GATHERING)
    story.steps(Step.MARKET_ENGAGED, engagement={**asked, "is_done": True})
    story.advertises()

    assert [(row.tags, row.notice) for row in story.rows()] == [
        (["planning"], "UK2"),
        (["planningUpdate"], "UK3"),
        (["planningUpdate"], "UK2"),
        (["tender"], "UK4"),
    ]
    releases = story.releases()
    for one in releases:
        check_release(one)
    assert [one["planning"]["milestones"][0]["status"] for one in releases] == ["scheduled", "scheduled", "met", "met"]


def test_why_no_notice_told_of_engagement_is_in_the_tender_and_nowhere_before(story: Story) -> None:
    why = {"description": None, "is_done": False, "no_notice_because": "No supplier was spoken to before"}
    story.steps(Step.ENGAGEMENT_WITHOUT_NOTICE, engagement=why)
    assert story.rows() == []

    story.advertises()

    [tender] = story.releases()
    check_release(tender)
    assert tender["planning"] == {"noEngagementNoticeRationale": "No supplier was spoken to before"}
