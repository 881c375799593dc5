"""Schools that others leave with a dearer price are written to at once, and once about each price."""

from datetime import timedelta
from email import message_from_bytes, policy
from uuid import UUID

import pytest
from sqlmodel import select
from tests.market.pledges.conftest import Somebody, Town, told
from tests.support.people import member, person

from becta.kernel import clock
from becta.kernel.actor import Role
from becta.market.accounts.models import Member, Person
from becta.market.pledges.models import Pledge
from becta.market.procurements.models import Procurement


@pytest.fixture
def addressed(town: Town) -> Town:
    """Larch Lane, Rowan Road and Elm Hill each with a buyer that has an address; Elm Hill with an auditor too."""
    with town.db.write() as session:
        for name, organisation, role in (
            ("larch", town.larch, Role.BUYER),
            ("rowan", town.rowan, Role.BUYER),
            ("elm", town.elm, Role.BUYER),
            ("auditor", town.elm, Role.AUDITOR),
        ):
            member(session, person(session, name, f"{name}@people.example"), organisation, role)
        session.get_one(Procurement, town.procurement_id).tender_deadline = clock.now() + timedelta(days=30)
    return town


def letters(town: Town) -> list[tuple[str, str, str]]:
    """(to, subject, text) of the questions mailed since the last look."""
    town.house.relay.drain()
    found = sorted(town.house.settings.mail_dir.glob("*.eml"))
    mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in found]
    for path in found:
        path.unlink()
    told_of = [(str(mail["To"]), str(mail["Subject"]), mail.get_content()) for mail in mails]
    return sorted(one for one in told_of if "do you stay" in one[1])


def test_those_whom_a_leaver_lifts_above_their_ceiling_are_written_to_with_the_price_and_the_time(
    addressed: Town, buyer: Somebody
) -> None:
    rowan, elm = addressed.somebody(addressed.rowan), addressed.somebody(addressed.elm)
    leaving = buyer.has_pledged(80)
    rowan.has_pledged(30, 18_000)
    elm.has_pledged(20, 20_000)
    addressed.locks()
    assert letters(addressed) == []

    told(buyer.withdraws(leaving))
    [(to, subject, text)] = letters(addressed)

    assert (to, subject) == ("rowan@people.example", "Devices for September: do you stay at £200.00?")
    assert "one device would cost £200.00, above your school's ceiling of £180.00. Say before " in text
    assert f"/api/v1/procurements/{addressed.procurement_id}/pledges/" in text


def test_a_second_leaver_asks_nobody_again_about_the_same_price_and_again_about_a_higher_one(
    addressed: Town, buyer: Somebody
) -> None:
    rowan, elm = addressed.somebody(addressed.rowan), addressed.somebody(addressed.elm)
    first, small = buyer.has_pledged(400), elm.has_pledged(10, 17_500)
    rowan.has_pledged(100, 17_200)
    addressed.locks()

    told(buyer.withdraws(first))
    assert [(to, subject[-8:]) for to, subject, _ in letters(addressed)] == [
        ("elm@people.example", "£180.00?"),
        ("rowan@people.example", "£180.00?"),
    ]
    told(elm.withdraws(small))
    assert letters(addressed) == []


def test_a_question_that_others_have_overtaken_is_not_mailed(addressed: Town, buyer: Somebody) -> None:
    rowan, elm = addressed.somebody(addressed.rowan), addressed.somebody(addressed.elm)
    first, second = buyer.has_pledged(400), elm.has_pledged(90)
    rowan.has_pledged(90, 17_200)
    addressed.locks()

    told(buyer.withdraws(first))
    told(elm.withdraws(second))

    assert [(to, subject) for to, subject, _ in letters(addressed)] == [
        ("rowan@people.example", "Devices for September: do you stay at £200.00?")
    ]


def test_who_made_a_pledge_and_buys_for_another_school_since_hears_nothing_of_it(
    addressed: Town, buyer: Somebody
) -> None:
    rowan = addressed.somebody(addressed.rowan)
    leaving = buyer.has_pledged(80)
    made = UUID(rowan.has_pledged(30, 18_000)["id"])
    addressed.locks()
    with addressed.db.write() as session:
        gone = session.get_one(Person, session.get_one(Pledge, made).made_by)
        gone.email = "gone@people.example"
        session.exec(select(Member).where(Member.person_id == gone.id)).one().ended_at = clock.now()
        member(session, gone, addressed.elm, Role.BUYER)

    told(buyer.withdraws(leaving))

    assert [to for to, _, _ in letters(addressed)] == ["rowan@people.example"]
