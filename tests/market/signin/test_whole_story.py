"""The whole story: signed in, acting for a school, committing within the limit, held above it, let through by another.

Once with a real issuer (oidc-provider-mock, in a process of its own) and once with e-mailed links.
"""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tests.market.signin.conftest import Build, Town
from tests.support.browser import Browser
from tests.support.people import member, person, school, trust

from becta.kernel import clock
from becta.kernel.actor import Role, system
from becta.market.audit.verify import verify
from becta.market.delegation.rules import Delegation
from becta.market.delegation.schemas import NewScheme
from becta.market.delegation.service import set_scheme
from becta.market.signin.issuers import Issuer

BUYER, HEAD = "bea@larch.leeds.sch.uk", "hal@larch.leeds.sch.uk"
SCHEME = (
    Delegation(role=Role.BUYER, limit_pence=50_000, above=Role.APPROVER),
    Delegation(role=Role.APPROVER, limit_pence=1_000_000),
)
SignsIn = Callable[[Town, Browser, str], str]


def filled(town: Town) -> Town:
    """A school with a scheme, its buyer, who belongs to another school too, and its head."""
    with town.db.write() as session:
        trust(session, 2044)
        lane = school(session, 100_001, "Larch Lane School", 2044)
        road = school(session, 100_002, "Rowan Road School", 2044)
        bea, hal = person(session, "Bea Barnes", BUYER), person(session, "Hal Hughes", HEAD)
        member(session, bea, lane, Role.BUYER)
        member(session, bea, road)
        member(session, hal, lane, Role.APPROVER)
        wanted = NewScheme(rules=SCHEME)
        set_scheme(session, system("test"), "urn:100001", wanted, revision=None, now=clock.now())
    return town


def by_link(town: Town, browser: Browser, email: str) -> str:
    """Sign in with an e-mailed link."""
    return town.sign_in(browser, email)


def at_issuer(provider: str) -> SignsIn:
    """Sign in at the issuer."""

    def sign_in(_town: Town, browser: Browser, email: str) -> str:
        claims = {"email": email, "email_verified": True}
        assert httpx.put(f"{provider}/users/{email}", json=claims).status_code == 204
        away = browser.get("/sign-in/with/school-login")
        there = httpx.post(away.headers["location"], data={"sub": email})
        arrived = browser.get(there.headers["location"])
        assert arrived.status_code == 303, arrived.text
        return str(arrived.headers["location"])

    return sign_in


def commit(browser: Browser, pounds: str) -> httpx.Response:
    """Commit an amount on the page; returns the page that says what became of it."""
    form = browser.get("/commitments/new")
    fields = {"purpose": "Chromebooks for year 5", "amount": pounds, "category": "chromebooks", "budget_code": "ICT-5"}
    return browser.follow(browser.submit(form, "/commitments/new", **fields))


@pytest.mark.parametrize("way", ["a real issuer", "a signed link"])
def test_a_person_signs_in_commits_within_the_limit_is_held_above_it_and_another_lets_it_through(
    opened: Build, provider: str, way: str
) -> None:
    configured: dict[str, Any] = {
        "slug": "school-login",
        "name": "School login",
        "issuer": provider,
        "client_id": "becta",
        "client_secret": "anything",
        "trust_email": True,
    }
    town = filled(opened(issuers=(Issuer.model_validate(configured),)))
    sign_in = at_issuer(provider) if way == "a real issuer" else by_link
    bea, hal = town.browser(), town.browser()

    choices = bea.get(sign_in(town, bea, BUYER))
    [lane] = re.findall(r'value="([0-9a-f-]+)"[^>]*>\s*<label[^>]*>Larch Lane School', choices.text)
    bea.follow(bea.submit(choices, "/organisation", organisation=lane))
    within = commit(bea, "£499.99")
    above = commit(bea, "500.01")
    town.mails()
    sign_in(town, hal, HEAD)
    place = above.url.path
    approved = hal.follow(hal.submit(hal.get(place), f"{place}/approve"))

    assert "This is approved" in within.text
    assert "£500.01 is above it, so an approver decides" in above.text
    assert f"{place}/approve" not in above.text  # not by herself
    assert "This is approved" in approved.text
    assert "Hal Hughes" in approved.text
    told = [mail for mail in town.mails() if place in mail.get_content()]
    assert [mail["To"] for mail in told] == [HEAD, BUYER]  # it waits for you; it was decided
    assert [action for action, _, _ in town.actions("commitment.")] == [
        "commitment.made",
        "commitment.made",
        "commitment.approved",
    ]
    town.house.sealer.seal()
    assert verify(town.db, [town.house.sealer.key]).findings == []
