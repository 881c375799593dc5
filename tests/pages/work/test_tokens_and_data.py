import json
import re
from uuid import uuid4

import pytest
from sqlmodel import select
from tests.pages.work.conftest import Town, Visitor
from tests.support.api import Api
from tests.support.browser import Browser, Forms

from becta.kernel.actor import Role
from becta.market.accounts.models import ApiToken, Person
from becta.market.web.work.pages import WORK_PAGES


def words(answer: object) -> str:
    """The text of a page without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())  # type: ignore[attr-defined]


def secret_in(page: object) -> str:
    """The secret that a page shows."""
    [found] = re.findall(r'<code id="secret">(becta_[^<]+)</code>', page.text)  # type: ignore[attr-defined]
    return str(found)


def made(visitor: Visitor, label: str = "Finance system", **fields: object) -> str:
    """Make a token and read its secret."""
    filled = {"label": label, "holder": "mine", "scopes": ["commitments:read"], "days": "30", **fields}
    page = visitor.submit(visitor.get("/tokens/new"), "/tokens/new", **filled)
    assert page.status_code == 200, page.text
    assert page.headers["cache-control"] == "no-store"
    return secret_in(page)


def test_a_token_is_made_its_secret_shown_once_and_it_works(town: Town, buyer: Visitor) -> None:
    secret = made(buyer)

    assert Api(town.client, secret).get("/commitments").status_code == 200
    listed = buyer.get("/tokens")
    assert "Finance system You, for Larch Lane School Read commitments and schemes of delegation" in words(listed)
    assert secret not in listed.text
    with town.db.read() as session:
        [row] = session.exec(select(ApiToken)).all()
    assert row.person_id == buyer.id
    assert secret not in buyer.get(f"/tokens/{row.id}").text


def test_a_token_is_replaced_and_revoked(town: Town, buyer: Visitor) -> None:
    old = made(buyer)
    with town.db.read() as session:
        [token_id] = session.exec(select(ApiToken.id)).all()
    page = buyer.get(f"/tokens/{token_id}")

    new = secret_in(buyer.submit(page, f"/tokens/{token_id}/rotate"))
    again = buyer.submit(page, f"/tokens/{token_id}/rotate")

    assert Api(town.client, old).get("/me").status_code == 401
    assert Api(town.client, new).get("/me").status_code == 200
    assert again.status_code == 409
    assert "The token is revoked already." in words(again)
    with town.db.read() as session:
        newer = session.exec(select(ApiToken.id).where(ApiToken.replaces == token_id)).one()
    address = f"/tokens/{newer}/revoke"
    done = buyer.follow(buyer.submit(buyer.get(f"/tokens/{newer}"), address, reason=""))
    assert "The token was revoked and works no more." in words(done)
    assert Api(town.client, new).get("/me").status_code == 401


def test_the_trust_lead_makes_tokens_of_the_trust_and_revokes_a_members_with_a_reason(
    town: Town, lead: Visitor
) -> None:
    secret = made(lead, "Ledger", holder="organisation", scopes=["commitments:read", "audit:read"])
    assert Api(town.client, secret).get("/me").json()["person"] is None
    member = town.visitor("Tom Flowers", town.trust, Role.BUYER)
    own = made(member, "Spreadsheet")
    with town.db.read() as session:
        theirs = session.exec(select(ApiToken.id).where(ApiToken.person_id == member.id)).one()
    page = lead.get(f"/tokens/{theirs}")
    assert f"/tokens/{theirs}/rotate" not in Forms(page.text).found

    without = lead.submit(page, f"/tokens/{theirs}/revoke", reason="")
    assert (without.status_code, '<a href="#reason">' in without.text) == (400, True)
    assert lead.submit(page, f"/tokens/{theirs}/revoke", reason="It leaked").status_code == 303

    assert Api(town.client, own).get("/me").status_code == 401
    assert "Ledger Larch Learning Trust" in words(lead.get("/tokens"))
    assert "Ledger" not in member.get("/tokens").text


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"label": " "}, '<a href="#label">The name is empty: give 1 to 200 characters</a>'),
        ({"scopes": []}, '<a href="#scopes">What it may do is not chosen: tick at least one</a>'),
        ({"scopes": ["people:erase"]}, '<a href="#scopes">What it may do reach beyond what it may be given'),
        ({"days": "9999"}, '<a href="#days">How long it lasts is not chosen: choose one</a>'),
        ({"holder": "other"}, '<a href="#holder">Whose it is is not chosen: choose one</a>'),
    ],
)
def test_a_token_that_cannot_be_made_is_told_why(
    town: Town, buyer: Visitor, fields: dict[str, object], error: str
) -> None:
    wanted = {"label": "x", "scopes": ["commitments:read"], "days": "30", **fields}

    page = buyer.submit(buyer.get("/tokens/new"), "/tokens/new", **wanted)

    assert page.status_code == 400
    assert error in page.text
    with town.db.read() as session:
        assert session.exec(select(ApiToken)).all() == []


def test_a_token_of_another_is_not_found_and_a_buyer_makes_none_for_the_school(
    town: Town, buyer: Visitor, stranger: Visitor
) -> None:
    made(buyer)
    with town.db.read() as session:
        [token_id] = session.exec(select(ApiToken.id)).all()
    token = Forms(stranger.get("/tokens/new").text).found["/tokens/new"]["csrf_token"]

    assert stranger.get(f"/tokens/{token_id}").status_code == 404
    for step in ("rotate", "revoke"):
        assert stranger.post(f"/tokens/{token_id}/{step}", {"csrf_token": token}).status_code == 404
    form = {"csrf_token": token, "label": "x", "holder": "organisation", "scopes": "commitments:read", "days": "30"}
    assert stranger.post("/tokens/new", form).status_code == 403
    with town.db.read() as session:
        assert len(session.exec(select(ApiToken)).all()) == 1


def test_the_register_of_personal_data_is_public(town: Town) -> None:
    page = Browser(town.client).get("/privacy")

    assert page.status_code == 200
    assert "About whom Everybody who has signed in" in words(page)
    assert "/account/data/download" not in page.text


def test_one_downloads_ones_own_data(town: Town, buyer: Visitor) -> None:
    buyer.commits("10")

    assert 'href="/account/data/download"' in buyer.get("/account/data").text
    answer = buyer.get("/account/data/download")

    assert re.fullmatch(r'attachment; filename="my-data-[\d-]{10}\.json"', answer.headers["content-disposition"])
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["cache-control"] == "no-store"
    told = json.loads(answer.text)
    assert told["person"]["email"] == buyer.email
    assert [one["purpose"] for one in told["commitments"]] == ["Reading books"]
    assert buyer.cookies["session"] not in answer.text
    assert Browser(town.client).get("/account/data/download").status_code == 303


def test_one_erases_oneself_after_ticking_the_box(town: Town, buyer: Visitor, approver: Visitor) -> None:
    made_page = buyer.commits("1200")
    form = buyer.get("/account/erase")
    token = {"csrf_token": Forms(form.text).found["/account/erase"]["csrf_token"]}

    unsure = buyer.post("/account/erase", {**token, "reason": "Leaving the school"})
    assert unsure.status_code == 400
    assert '<a href="#sure">The box is not ticked: tick it if you are sure</a>' in unsure.text
    short = buyer.post("/account/erase", {**token, "reason": "x", "sure": "yes"})
    assert '<a href="#reason">The reason is shorter than 5 characters' in short.text
    held = dict(buyer.cookies)
    done = buyer.post("/account/erase", {**token, "reason": "Leaving the school", "sure": "yes"})

    assert buyer.cookies == {}
    assert "Your data were erased" in words(buyer.follow(done))
    buyer.cookies = held
    assert buyer.get("/account").headers["location"].startswith("/sign-in")
    seen = words(approver.get(str(made_page.url.path)))
    assert "Made by Somebody whose data were erased" in seen
    assert "Somebody whose data were erased Made the commitment" in seen
    assert "Ada Byron" not in seen
    with town.db.read() as session:
        assert session.get_one(Person, buyer.id).email is None


def posted_paths() -> list[str]:
    """Every address of these pages that takes a form, with ids made up."""
    paths = [path for handler in WORK_PAGES if "POST" in handler.http_methods for path in handler.paths]
    return sorted(re.sub(r"\{\w+:uuid\}", str(uuid4()), path) for path in paths)


def test_every_form_is_refused_without_its_token_and_changes_nothing(town: Town, lead: Visitor) -> None:
    paths = posted_paths()
    assert len(paths) == 31
    forged = {"reason": "x", "sure": "yes", "label": "x", "email": "x@example.org", "roles": "buyer"}

    for path in paths:
        for given in ({}, {"csrf_token": "x" * 64}):
            answer = lead.post(path, {**forged, **given})
            assert (path, answer.status_code, "This page is out of date" in answer.text) == (path, 403, True)
    foreign = lead.post(paths[0], forged, origin="https://evil.example")
    assert foreign.status_code == 403


def test_every_page_for_people_sends_others_to_sign_in_and_back(town: Town) -> None:
    nobody = Browser(town.client)
    for handler in WORK_PAGES:
        for path in handler.paths if "GET" in handler.http_methods else ():
            address = re.sub(r"\{\w+:uuid\}", str(uuid4()), path)
            answer = nobody.get(address)
            expected = 303 if handler.opt["access"].signed_in else 200
            assert (address, answer.status_code) == (address, expected)


def test_the_account_page_leads_to_what_one_may_do(buyer: Visitor, town: Town) -> None:
    page = buyer.get("/account")
    for href in ("/commitments/new", "/commitments", "/scheme", "/people", "/tokens", "/join", "/account/data"):
        assert f'href="{href}"' in page.text
        assert buyer.get(href).status_code == 200
    alone = town.visitor("Nia", None).get("/account")
    assert 'href="/join"' in alone.text
    assert 'href="/commitments"' not in alone.text
