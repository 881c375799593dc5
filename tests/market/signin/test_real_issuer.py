"""The whole way in through a real issuer (oidc-provider-mock) over HTTP, followed by hand."""

import re

import httpx
from tests.market.signin.conftest import Build
from tests.support.people import member, person, school

from becta.kernel.actor import Role
from becta.market.signin.issuers import Issuer

HEAD = "head@larch.sch.uk"


def test_a_person_signs_in_through_a_real_issuer_and_picks_the_organisation(opened: Build, provider: str) -> None:
    configured = Issuer.model_validate(
        {
            "slug": "school-login",
            "name": "School login",
            "issuer": provider,
            "client_id": "becta",
            "client_secret": "anything",
            "trust_email": True,
        }
    )
    town = opened(issuers=(configured,))
    with town.db.write() as session:
        head = person(session, "The Head", HEAD)
        member(session, head, school(session), Role.BUYER)
        member(session, head, school(session, 100_002, "Rowan School"), Role.APPROVER)
    claims = {"email": HEAD, "email_verified": True, "name": "The Head"}
    assert httpx.put(f"{provider}/users/head-1", json=claims).status_code == 204
    browser = town.browser()

    asked = browser.get("/account")
    assert asked.headers["location"] == "/sign-in?next=%2Faccount"
    ways = browser.follow(asked)
    [href] = re.findall(r'href="(/sign-in/with/[^"]+)"', ways.text)
    assert "Sign in with School login" in ways.text
    away = browser.get(href)
    assert away.headers["location"].startswith(f"{provider}/oauth2/authorize?")

    there = httpx.post(away.headers["location"], data={"sub": "head-1"})
    assert there.status_code == 302
    arrived = browser.get(there.headers["location"])
    assert (arrived.status_code, arrived.headers["location"]) == (303, "/organisation?next=%2Faccount")
    choices = browser.follow(arrived)
    [rowan] = re.findall(r'value="([0-9a-f-]+)"[^>]*>\s*<label[^>]*>Rowan School', choices.text)
    picked = browser.submit(choices, "/organisation", organisation=rowan)
    account = browser.follow(picked)

    for expected in ("The Head", HEAD, "Rowan School", "Approver:", "School login"):
        assert expected in account.text
    assert [action for action, _, _ in town.actions()] == [
        "person.linked",
        "person.signed_in",
        "session.organisation_chosen",
    ]
    assert there.headers["location"] not in account.text


def test_the_issuer_says_no(opened: Build, provider: str) -> None:
    configured = Issuer.model_validate(
        {"slug": "x", "name": "X", "issuer": provider, "client_id": "becta", "client_secret": "anything"}
    )
    browser = opened(issuers=(configured,)).browser()
    away = browser.get("/sign-in/with/x")

    there = httpx.post(away.headers["location"], data={"action": "deny"})
    back = browser.get(f"/sign-in/with/x/callback?{there.headers['location'].partition('?')[2]}")

    assert back.status_code == 400
    assert "Sign-in did not work" in back.text
    assert "session" not in browser.cookies
