"""Signing in by an e-mailed link: once, for 15 minutes, in the browser that asked, and telling nobody anything."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from sqlmodel import select
from tests.market.signin.conftest import Build, Town, issuer_of, link_in
from tests.support.browser import Browser, Forms
from tests.support.issuers import LoopbackIssuer
from tests.support.people import member, person, school
from tests.support.watching import everything

from becta.kernel.actor import Role
from becta.market.accounts.models import Person
from becta.market.signin.models import BrowserSession, SignInLink
from becta.market.signin.rules import SIGN_IN


def people(town: Town) -> list[str | None]:
    with town.db.read() as session:
        return [one.email for one in session.exec(select(Person).order_by(Person.created_at)).all()]


def refused(town: Town, browser: Browser, code: str, page_of: Browser | None = None) -> None:
    """A code opens nothing, changes nothing, and the page does not tell why."""
    before = everything(town.db)
    page = (page_of or browser).get("/sign-in/link?code=whatever")

    answer = browser.submit(page, "/sign-in/link/use", code=code)

    assert answer.status_code == 400
    assert "This link cannot be used" in answer.text
    assert "session" not in browser.cookies
    assert everything(town.db) == before


def test_somebody_signs_in_by_a_link_and_sees_who_they_are(town: Town) -> None:
    browser = town.browser()

    assert browser.get("/account").headers["location"] == "/sign-in?next=%2Faccount"
    assert town.sign_in(browser, " Ada@Larch.sch.uk ", "/account") == "/account"

    page = browser.get("/account")
    assert page.status_code == 200
    assert "ada@larch.sch.uk" in page.text
    assert "No organisation" in page.text
    assert page.headers["cache-control"] == "no-store"
    assert people(town) == ["ada@larch.sch.uk"]
    assert [action for action, _, _ in town.actions()] == ["person.registered", "person.signed_in"]


def test_a_link_leads_back_to_where_somebody_wanted_to_go_and_an_only_organisation_is_picked_at_once(
    town: Town,
) -> None:
    with town.db.write() as session:
        ada = person(session, email="ada@larch.sch.uk")
        member(session, ada, school(session), Role.BUYER)
    browser = town.browser()

    assert town.sign_in(browser, "ada@larch.sch.uk", "/search%3Fq%3Dtablet") == "/search?q=tablet"

    assert "Larch Lane School" in browser.get("/account").text
    assert people(town) == ["ada@larch.sch.uk"]


def test_the_mail_says_where_and_how_long_and_its_code_stands_nowhere_in_the_database(town: Town) -> None:
    link = town.ask_link(town.browser(), "ada@larch.sch.uk")
    [mail] = town.mails()

    assert mail["To"] == "ada@larch.sch.uk"
    assert mail["Subject"] == "Your link to sign in"
    assert "within 15 minutes" in mail.get_content()
    code = link.removeprefix("/sign-in/link?code=")
    with town.db.read() as session:
        [row] = session.exec(select(SignInLink)).all()
    assert town.house.signer.check(SIGN_IN, code) == row.id
    assert code not in repr(everything(town.db))


def test_looking_at_a_link_does_not_use_it_up_and_its_page_gives_the_code_to_nobody(town: Town) -> None:
    browser = town.browser()
    link = town.ask_link(browser, "ada@larch.sch.uk")

    for _ in range(3):  # a mail scanner, a preview, the person
        page = browser.get(link)
        assert page.status_code == 200
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "strict-origin"
    answer = browser.submit(page, "/sign-in/link/use")

    assert answer.status_code == 303
    assert "code" not in answer.headers["location"]


def test_a_link_works_once(town: Town) -> None:
    browser = town.browser()
    link = town.ask_link(browser, "ada@larch.sch.uk")
    kept = dict(browser.cookies)
    page = browser.get(link)
    assert browser.submit(page, "/sign-in/link/use").status_code == 303

    again = town.browser()
    again.cookies = kept
    refused(town, again, Forms(page.text).found["/sign-in/link/use"]["code"])


def test_a_link_works_for_fifteen_minutes(town: Town, traveller: time_machine.Traveller) -> None:
    browser, late = town.browser(), town.browser()
    link = town.ask_link(browser, "ada@larch.sch.uk")
    missed = town.ask_link(late, "grace@larch.sch.uk").removeprefix("/sign-in/link?code=")

    traveller.shift(timedelta(minutes=15) - timedelta(microseconds=1))
    assert browser.submit(browser.get(link), "/sign-in/link/use").status_code == 303
    traveller.shift(timedelta(microseconds=1))
    refused(town, late, missed)


def test_a_link_works_only_in_the_browser_that_asked_for_it(town: Town) -> None:
    asker, thief = town.browser(), town.browser()
    link = town.ask_link(asker, "ada@larch.sch.uk")
    thief.get("/sign-in")

    refused(town, thief, link.removeprefix("/sign-in/link?code="))
    assert "This link cannot be used" in town.browser().get(link).text  # a browser without any cookie of ours

    assert asker.submit(asker.get(link), "/sign-in/link/use").status_code == 303  # nothing was used up


def test_made_up_codes_open_nothing(town: Town) -> None:
    browser = town.browser()
    good = town.ask_link(browser, "ada@larch.sch.uk").removeprefix("/sign-in/link?code=")
    signer = town.house.signer
    link_id = signer.check(SIGN_IN, good)
    assert link_id is not None

    for code in ("", "x", good[:-1], good + "A", good.swapcase(), str(link_id), signer.sign(SIGN_IN, uuid4())):
        refused(town, browser, code)
    refused(town, browser, signer.sign("invitation", link_id))  # signed by us, for something else


def test_the_answer_is_the_same_whether_we_know_an_address_or_not(town: Town) -> None:
    with town.db.write() as session:
        person(session, email="known@larch.sch.uk")
    answers = []
    for email in ("known@larch.sch.uk", "unknown@larch.sch.uk"):
        browser = town.browser()
        answer = browser.submit(browser.get("/sign-in"), "/sign-in/link", email=email)
        told = {name: value for name, value in answer.headers.items() if name != "set-cookie"}
        answers.append((answer.status_code, told, answer.content, browser.follow(answer).text))

    assert answers[0] == answers[1]
    assert [mail["To"] for mail in town.mails()] == ["known@larch.sch.uk", "unknown@larch.sch.uk"]
    assert people(town) == ["known@larch.sch.uk"]  # asking makes nobody


def test_nobody_locks_another_out_by_asking_for_their_links(town: Town) -> None:
    stranger, ada = town.browser(), town.browser()
    for _ in range(6):
        stranger.submit(stranger.get("/sign-in"), "/sign-in/link", email="ada@larch.sch.uk")

    town.sign_in(ada, "ada@larch.sch.uk")

    assert len(town.mails()) == 5 + 1
    for _ in range(5):
        other = town.browser()
        for _ in range(5):
            other.submit(other.get("/sign-in"), "/sign-in/link", email="ada@larch.sch.uk")
    assert len(town.mails()) == 1 + 20  # a used link counts no more


def test_no_more_than_five_links_are_alive_for_an_address_and_the_answer_does_not_tell(
    town: Town, traveller: time_machine.Traveller
) -> None:
    browser = town.browser()
    answers = set()
    for _ in range(8):
        answer = browser.submit(browser.get("/sign-in"), "/sign-in/link", email="ada@larch.sch.uk")
        answers.add((answer.status_code, answer.headers["location"]))
    town.ask_link(browser, "grace@larch.sch.uk")

    assert len(answers) == 1
    assert [mail["To"] for mail in town.mails()] == ["ada@larch.sch.uk"] * 5 + ["grace@larch.sch.uk"]
    traveller.shift(timedelta(minutes=15))
    town.ask_link(browser, "ada@larch.sch.uk")
    assert len(town.mails()) == 7


@pytest.mark.parametrize(
    "email", ["", "ada", "ada@", "ada@larch", "a b@larch.sch.uk", "ada@larch.sch.uk\r\nBcc: x@y.uk"]
)
def test_a_bad_address_is_told_at_the_field(town: Town, email: str) -> None:
    browser = town.browser()

    answer = browser.submit(browser.get("/sign-in?next=/search"), "/sign-in/link", email=email)

    assert answer.status_code == 400
    assert "There is a problem" in answer.text
    assert 'href="#email"' in answer.text
    assert 'id="email-error"' in answer.text
    assert Forms(answer.text).found["/sign-in/link"]["next"] == "/search"
    assert town.mails() == []


def test_of_two_uses_at_once_one_wins(town: Town) -> None:
    browser = town.browser()
    link = town.ask_link(browser, "ada@larch.sch.uk")
    fields = Forms(browser.get(link).text).found["/sign-in/link/use"]
    together = threading.Barrier(4)
    found: list[int] = []

    def use(one: Browser) -> None:
        one.cookies = dict(browser.cookies)
        together.wait()
        found.append(one.post("/sign-in/link/use", fields).status_code)

    threads = [threading.Thread(target=use, args=(town.browser(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(found) == [303, 400, 400, 400]
    assert people(town) == ["ada@larch.sch.uk"]


def test_links_in_mails_are_built_from_the_settings_and_never_from_the_request(opened: Build) -> None:
    town = opened(public_url="https://market.example")
    browser = town.browser()
    forged = {"host": "evil.example", "x_forwarded_host": "evil.example", "x_forwarded_proto": "http"}
    page = browser.get("/sign-in", **forged)

    browser.submit(page, "/sign-in/link", email="ada@larch.sch.uk")

    [mail] = town.mails()
    assert "https://market.example/sign-in/link?code=" in mail.get_content()
    assert "evil" not in mail.as_string()


def test_a_session_secret_and_a_link_code_are_stored_as_hashes_only(town: Town) -> None:
    browser = town.browser()
    town.sign_in(browser, "ada@larch.sch.uk")

    stored = repr(everything(town.db))
    assert browser.cookies["session"] not in stored
    with town.db.read() as session:
        assert len(session.exec(select(BrowserSession)).all()) == 1
    assert link_in(town.mails()[0]).partition("code=")[2] not in stored


def test_with_mailed_links_off_there_is_no_form_no_mail_and_links_on_their_way_open_nothing(
    opened: Build, issuer: LoopbackIssuer
) -> None:
    before = opened()
    browser = before.browser()
    link = before.ask_link(browser, "ada@larch.sch.uk")
    fields = Forms(browser.get(link).text).found["/sign-in/link/use"]
    browser.submit(browser.get("/sign-in"), "/sign-in/link", email="ada@larch.sch.uk")

    town = opened(mail_links=False, issuers=(issuer_of(issuer),))
    later = town.browser()
    later.cookies = dict(browser.cookies)
    stored = everything(town.db)
    page = later.get("/sign-in")
    answers = [
        later.post("/sign-in/link", {**fields, "email": "ada@larch.sch.uk"}),
        later.get("/sign-in/check-your-email"),
        later.get(link),
        later.post("/sign-in/link/use", fields),
    ]

    assert "Sign in with Loopback" in page.text
    assert Forms(page.text).found == {}
    assert "e-mail" not in page.text
    assert [answer.status_code for answer in answers] == [404] * 4
    assert everything(town.db) == stored
    assert len(town.mails()) == 1  # that of before; the one that waited in the outbox is not written
    assert people(town) == []
