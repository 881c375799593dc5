"""Sessions: their cookies, how long they last, fresh secrets, other organisations, and ending them."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from sqlmodel import select
from tests.market.signin.conftest import Build, Town, issuer_of
from tests.support.browser import Browser
from tests.support.issuers import LoopbackIssuer
from tests.support.people import member, person, school, token_of, trust
from tests.support.watching import everything, statements

from becta.kernel import clock
from becta.kernel.actor import Role
from becta.market.accounts.hashing import hash_of
from becta.market.accounts.models import Member, Person
from becta.market.signin.models import BrowserSession, SignInFlow, SignInLink
from becta.market.signin.sessions import prune

EMAIL = "ada@larch.sch.uk"


def is_signed_in(browser: Browser) -> bool:
    return browser.get("/account").status_code == 200


def copy_of(town: Town, browser: Browser) -> Browser:
    """Another browser that was handed the same cookies."""
    other = town.browser()
    other.cookies = dict(browser.cookies)
    return other


def sessions(town: Town) -> list[BrowserSession]:
    with town.db.read() as session:
        return list(session.exec(select(BrowserSession).order_by(BrowserSession.created_at)).all())


@pytest.mark.parametrize(
    ("public_url", "prefix", "secure"), [("https://market.example", "__Host-", True), ("http://testserver", "", "")]
)
def test_cookies_are_kept_from_scripts_other_sites_and_other_hosts(
    opened: Build, public_url: str, prefix: str, secure: bool | str
) -> None:
    town = opened(public_url=public_url)
    browser = town.browser()
    browser.get("/sign-in")
    seen = {morsel.key: morsel for morsel in browser.set_cookies}
    page = browser.get(town.ask_link(browser, EMAIL).removeprefix(public_url))
    browser.submit(page, "/sign-in/link/use")
    seen |= {morsel.key: morsel for morsel in browser.set_cookies if morsel.value}

    assert set(seen) == {f"{prefix}session", f"{prefix}browser"}
    for morsel in seen.values():
        assert (morsel["httponly"], morsel["secure"], morsel["samesite"]) == (True, secure, "lax")
        assert (morsel["path"], morsel["domain"]) == ("/", "")
        assert (morsel["max-age"], morsel["expires"]) == ("", "")
        assert len(morsel.value) == 43  # 256 bits
    assert set(browser.cookies) == {f"{prefix}session"}  # the other one has served


def test_a_cookie_under_the_plain_name_opens_nothing_over_https(opened: Build) -> None:
    town = opened(public_url="https://market.example")
    browser = town.browser()
    page = browser.get(town.ask_link(browser, EMAIL).removeprefix("https://market.example"))
    browser.submit(page, "/sign-in/link/use")
    other = town.browser()
    other.cookies = {"session": browser.cookies["__Host-session"]}

    assert is_signed_in(browser)
    assert not is_signed_in(other)


def test_a_session_ends_half_an_hour_after_its_last_use(town: Town, traveller: time_machine.Traveller) -> None:
    browser = town.browser()
    town.sign_in(browser, EMAIL)

    for _ in range(3):
        traveller.shift(timedelta(minutes=29, seconds=59))
        assert is_signed_in(browser)
    traveller.shift(timedelta(minutes=30))
    assert not is_signed_in(browser)


def test_a_session_ends_after_twelve_hours_however_much_it_is_used(
    town: Town, traveller: time_machine.Traveller
) -> None:
    browser = town.browser()
    town.sign_in(browser, EMAIL)

    for _ in range(35):
        traveller.shift(timedelta(minutes=20))
        assert is_signed_in(browser)
    traveller.shift(timedelta(minutes=19, seconds=59))
    assert is_signed_in(browser)
    traveller.shift(timedelta(seconds=1))
    assert not is_signed_in(browser)


def test_the_last_use_is_written_once_a_minute_at_most(town: Town, traveller: time_machine.Traveller) -> None:
    browser = town.browser()
    town.sign_in(browser, EMAIL)
    started = clock.now()
    for seconds, expected in ((59, started), (1, started + timedelta(minutes=1)), (30, started + timedelta(minutes=1))):
        traveller.shift(timedelta(seconds=seconds))
        with statements(town.db) as sent:
            assert is_signed_in(browser)
        assert sessions(town)[0].seen_at == expected
        assert any(statement.startswith("UPDATE") for statement in sent) is (expected == clock.now())


def test_a_session_planted_before_signing_in_is_worth_nothing_after(town: Town) -> None:
    victim = town.browser()
    planted = {"session": "a" * 43, "browser": "b" * 43}
    victim.cookies = dict(planted)

    town.sign_in(victim, EMAIL)

    attacker = town.browser()
    attacker.cookies = dict(planted)
    assert victim.cookies["session"] != planted["session"]
    assert is_signed_in(victim)
    assert not is_signed_in(attacker)


def test_signing_in_again_ends_the_session_before(town: Town) -> None:
    browser = town.browser()
    town.sign_in(browser, EMAIL)
    before = copy_of(town, browser)
    before_that = dict(browser.cookies)
    asked = town.browser()
    link = town.ask_link(asked, "grace@larch.sch.uk")
    asked.cookies |= before_that
    answer = asked.submit(asked.get(link), "/sign-in/link/use")

    assert answer.status_code == 303
    assert is_signed_in(asked)
    assert not is_signed_in(before)
    assert [one.ended_at is None for one in sessions(town)] == [False, True]


def test_the_secret_is_another_one_after_every_change_of_organisation(town: Town) -> None:
    with town.db.write() as session:
        ada = person(session, email=EMAIL)
        trust(session)
        first, second = school(session, trust_uid=2044), school(session, 100_002, "Rowan School")
        member(session, ada, first, Role.BUYER)
        member(session, ada, second, Role.FINANCE)
    browser = town.browser()

    assert town.sign_in(browser, EMAIL, "/search") == "/organisation?next=%2Fsearch"
    page = browser.get("/organisation?next=/search")
    assert page.text.index("Larch Lane School") < page.text.index("Rowan School")
    for chosen, name, words in ((second, "Rowan School", "Finance:"), (first, "Larch Lane School", "Buyer:")):
        former = copy_of(town, browser)
        answer = browser.submit(browser.get("/organisation"), "/organisation", organisation=chosen.id)
        assert (answer.status_code, answer.headers["location"]) == (303, "/account")
        account = browser.get("/account").text
        assert name in account
        assert words in account
        assert not is_signed_in(former)

    assert [after["organisation_id"] for _, _, after in town.actions("session.")] == [str(second.id), str(first.id)]
    assert len(sessions(town)) == 1


def test_nobody_acts_for_an_organisation_they_do_not_belong_to(town: Town) -> None:
    with town.db.write() as session:
        ada = person(session, email=EMAIL)
        own, left, foreign = school(session), school(session, 100_002), school(session, 100_003)
        member(session, ada, own, Role.BUYER)
        member(session, ada, left, Role.BUYER).ended_at = clock.now()
    browser = town.browser()
    town.sign_in(browser, EMAIL)
    kept = dict(browser.cookies)
    before = everything(town.db)

    for wanted in (foreign.id, left.id, uuid4(), "", "x"):
        answer = browser.submit(browser.get("/organisation"), "/organisation", organisation=wanted)
        assert answer.status_code == 400
        assert "Select the organisation you want to act for" in answer.text
    assert everything(town.db) == before
    assert browser.cookies == kept
    assert "Larch Lane School" in browser.get("/account").text


def test_whoever_loses_a_membership_acts_for_nothing_at_once(town: Town) -> None:
    with town.db.write() as session:
        ada = person(session, email=EMAIL)
        member(session, ada, school(session), Role.BUYER)
    browser = town.browser()
    town.sign_in(browser, EMAIL)
    assert "Larch Lane School" in browser.get("/account").text

    with town.db.write() as session:
        session.exec(select(Member)).one().ended_at = clock.now()

    page = browser.get("/account").text
    assert "No organisation" in page
    assert "Buyer:" not in page


def test_signing_out_ends_the_session_and_not_only_the_cookie(town: Town) -> None:
    browser, elsewhere = town.browser(), town.browser()
    town.sign_in(browser, EMAIL)
    town.sign_in(elsewhere, EMAIL)
    kept = copy_of(town, browser)

    answer = browser.submit(browser.get("/account"), "/sign-out")

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert browser.cookies == {}
    assert not is_signed_in(kept)
    assert is_signed_in(elsewhere)
    assert [action for action, _, _ in town.actions("person.signed_out")] == ["person.signed_out"]


def test_signing_out_everywhere_ends_every_session_of_the_person_and_of_nobody_else(town: Town) -> None:
    browsers = [town.browser() for _ in range(3)]
    for browser in browsers:
        town.sign_in(browser, EMAIL)
    other = town.browser()
    town.sign_in(other, "grace@larch.sch.uk")
    page = browsers[1].get("/account")
    assert page.text.count("a link by e-mail") == 3
    assert page.text.count("(this browser)") == 1

    assert browsers[1].submit(page, "/sign-out/everywhere").status_code == 303

    assert [is_signed_in(one) for one in browsers] == [False, False, False]
    assert is_signed_in(other)
    [(_, _, after)] = town.actions("person.signed_out")
    assert len(after["sessions"]) == 3


def test_an_erased_person_is_signed_out(town: Town) -> None:
    browser = town.browser()
    town.sign_in(browser, EMAIL)
    with town.db.write() as session:
        ada = session.exec(select(Person)).one()
        ada.email, ada.erased_at = None, clock.now()

    assert not is_signed_in(browser)


def test_cookies_mean_nothing_to_the_api_and_tokens_mean_nothing_to_pages(town: Town) -> None:
    with town.db.write() as session:
        ada = person(session, email=EMAIL)
        larch = school(session)
        member(session, ada, larch, Role.APPROVER)
        token = token_of(session, ada, larch)
    browser = town.browser()
    town.sign_in(browser, EMAIL)

    assert is_signed_in(browser)
    assert browser.get("/api/v1/badge-claims").status_code == 401
    bare = town.browser()
    assert bare.get("/api/v1/badge-claims", authorization=f"Bearer {token}").status_code == 403  # known, without scope
    assert bare.get("/account", authorization=f"Bearer {token}").headers["location"] == "/sign-in?next=%2Faccount"
    assert bare.get("/account", authorization=f"Bearer {browser.cookies['session']}").status_code == 303


def test_a_session_secret_in_the_address_opens_nothing(town: Town) -> None:
    browser = town.browser()
    town.sign_in(browser, EMAIL)

    bare = town.browser()
    assert bare.get(f"/account?session={browser.cookies['session']}").status_code == 303
    bare.cookies = {"session": hash_of(browser.cookies["session"])}  # nor does what the database holds
    assert not is_signed_in(bare)


def test_what_is_over_is_swept_away(opened: Build, issuer: LoopbackIssuer, traveller: time_machine.Traveller) -> None:
    town = opened(issuers=(issuer_of(issuer),))
    used, ended, idle = town.browser(), town.browser(), town.browser()
    for browser in (used, ended, idle):
        town.sign_in(browser, EMAIL)
    ended.submit(ended.get("/account"), "/sign-out")
    idle.get("/sign-in/with/loopback")

    def left() -> tuple[int, int, int]:
        with town.db.read() as session:
            return (
                len(session.exec(select(SignInLink)).all()),
                len(session.exec(select(SignInFlow)).all()),
                len(session.exec(select(BrowserSession)).all()),
            )

    assert (prune(town.db, now=clock.now()), left()) == (0, (3, 1, 3))
    traveller.shift(timedelta(minutes=10))
    assert (prune(town.db, now=clock.now()), left()) == (1, (3, 0, 3))
    traveller.shift(timedelta(minutes=5))
    assert (prune(town.db, now=clock.now()), left()) == (3, (0, 0, 3))
    traveller.shift(timedelta(days=30) - timedelta(minutes=15))
    assert left() == (0, 0, 3)
    prune(town.db, now=clock.now())
    assert left() == (0, 0, 0)
    assert len(town.actions("person.signed_in")) == 3  # the trail remembers
