"""Every form is proved to be ours, no page sends people elsewhere, and pages of one's own are kept by no cache."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.routes import HTTPRoute
from tests.market.signin.conftest import Build, Town
from tests.support.browser import FORM, Browser, Forms
from tests.support.watching import everything

from becta.market.accounts.domains import proper_email
from becta.market.signin.rules import HOME, LONGEST_PATH, local_path, plain_name
from becta.market.web.visitor import LARGEST_FORM, SAFE, csrf_token

EMAIL = "ada@larch.sch.uk"
ELSEWHERE = [
    "https://evil.example",
    "http:evil.example",
    "//evil.example",
    "///evil.example",
    "////evil.example/%2e%2e",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/ /evil.example",
    "/x\r\nLocation: https://evil.example",
    "/..//evil.example",
    "/.//evil.example",
    "/x//evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "@evil.example",
    "?next=//evil.example",
    "#",
    "",
    "/\u2215/evil.example",
    "/\uff0fevil.example",
    "/é",
    "/\x00",
    "/\x7f",
    "/" + "x" * LONGEST_PATH,
]
OURS = [
    "/",
    "/account",
    "/search?q=a%20b&kind=software",
    "/x?next=https://evil.example//",
    "/a/b#c",
    "/%2f%2fevil.example",
]


def page_routes(town: Town) -> list[tuple[str, str, Any]]:
    """Method, path and handler of every route outside API, schema and static files."""
    return [
        (method, route.path, handler)
        for route in town.client.app.routes
        if isinstance(route, HTTPRoute) and not re.match(r"/(api|schema|static|health)\b", route.path)
        for handler in route.route_handlers
        for method in handler.http_methods - {"OPTIONS"}
    ]


def filled(path: str) -> str:
    """A path with something in the place of its parameters."""
    return re.sub(r"\{\w+:(\w+)\}", lambda found: {"uuid": "0" * 32, "int": "1"}.get(found[1], "x"), path)


def signed_in(town: Town) -> Browser:
    browser = town.browser()
    town.sign_in(browser, EMAIL)
    return browser


@pytest.mark.parametrize("next_path", ELSEWHERE)
def test_an_address_elsewhere_leads_to_ones_account(next_path: str) -> None:
    assert local_path(next_path) == HOME


@pytest.mark.parametrize("next_path", OURS)
def test_a_path_of_ours_is_kept(next_path: str) -> None:
    assert local_path(next_path) == next_path


@given(
    st.one_of(
        st.text(),
        st.text(alphabet="/\\.:@ \t\nx?#%"),
        st.sampled_from(ELSEWHERE).flatmap(lambda a: st.text().map(lambda b: a + b)),
    )
)
def test_whatever_is_typed_a_path_stays_ours(text: str) -> None:
    path = local_path(text)

    assert re.match(r"/(?![/\\])", path)
    assert path.isascii()
    assert path.isprintable()
    assert " " not in path
    assert "\\" not in path
    assert "//" not in re.split(r"[?#]", path)[0]
    assert local_path(path) == path


@given(st.text())
def test_an_address_that_passes_is_one_plain_address(text: str) -> None:
    email = proper_email(text)
    if email is not None:
        assert re.fullmatch(r"[!-~]+@[a-z0-9.-]+\.[a-z0-9-]+", email)
        assert email.count("@") == 1
        assert proper_email(email) == email


def test_a_name_from_elsewhere_is_one_line() -> None:
    assert plain_name(" Ada\r\n\x00 Byron\u202e ") == "Ada Byron"
    assert plain_name("x" * 300) == "x" * 200
    assert plain_name("\n") is plain_name(7) is plain_name(None) is None


@pytest.mark.parametrize("next_path", ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example"])
def test_signing_in_sends_nobody_elsewhere(town: Town, next_path: str) -> None:
    browser = town.browser()
    page = browser.get("/sign-in")
    browser.submit(page, "/sign-in/link", email=EMAIL, next=next_path)
    link = re.findall(r"http://testserver(/\S+)", town.mails()[-1].get_content())[0]
    answer = browser.submit(browser.get(link), "/sign-in/link/use")

    assert answer.headers["location"] == "/account"
    assert browser.get(f"/sign-in?next={next_path}").headers["location"] == "/account"


def test_every_form_of_every_page_is_refused_without_its_token(town: Town) -> None:
    browser, stranger = signed_in(town), town.browser()
    stranger.get("/sign-in")
    unsafe = [(method, path) for method, path, _ in page_routes(town) if method not in SAFE]
    before = everything(town.db)

    assert {"/sign-in/link", "/sign-in/link/use", "/organisation", "/sign-out", "/sign-out/everywhere"} <= {
        path for _, path in unsafe
    }
    for method, path in unsafe:
        for who in (browser, stranger, town.browser()):
            for fields in ({}, {"csrf_token": ""}, {"csrf_token": "x" * 64}, {"csrf_token": csrf_token("other")}):
                answer = who._ask(
                    method,
                    filled(path),
                    headers={"content-type": FORM},
                    content="&".join(f"{name}={value}" for name, value in fields.items()),
                )
                assert (method, path, answer.status_code) == (method, path, 403)
                assert "This page is out of date" in answer.text
    assert everything(town.db) == before


def test_the_token_of_one_browser_is_worth_nothing_in_another(town: Town) -> None:
    mine, theirs = signed_in(town), signed_in(town)
    fields = Forms(theirs.get("/account").text).found["/sign-out"]

    assert mine.post("/sign-out", fields).status_code == 403
    assert theirs.post("/sign-out", fields).status_code == 303


def test_a_token_from_before_signing_in_is_worth_nothing_after(town: Town) -> None:
    browser = town.browser()
    before = Forms(browser.get("/sign-in").text).found["/sign-in/link"]["csrf_token"]
    town.sign_in(browser, EMAIL)

    assert browser.post("/sign-out", {"csrf_token": before}).status_code == 403


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", "application/json", ""])
def test_only_a_form_is_read_as_one(town: Town, kind: str) -> None:
    browser = signed_in(town)
    token = Forms(browser.get("/account").text).found["/sign-out"]["csrf_token"]

    assert browser.post("/sign-out", {"csrf_token": token}, content_type=kind).status_code == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://testserver", "sec_fetch_site": "same-origin"}, 303),
        ({"origin": "http://testserver"}, 303),
        ({"sec_fetch_site": "same-origin"}, 303),
        ({}, 303),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "http://testserver.evil.example"}, 403),
        ({"origin": "http://testserver:81"}, 403),
        ({"origin": "https://testserver"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": ""}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"sec_fetch_site": "none"}, 403),
        ({"origin": "http://testserver", "sec_fetch_site": "cross-site"}, 403),
        ({"origin": "https://evil.example", "host": "evil.example"}, 403),
    ],
)
def test_a_form_from_elsewhere_is_refused_even_with_its_token(town: Town, headers: dict[str, str], status: int) -> None:
    browser = signed_in(town)
    fields = Forms(browser.get("/account").text).found["/sign-out"]

    assert browser.post("/sign-out", fields, **headers).status_code == status


def test_without_a_public_address_the_host_that_was_asked_is_ours(opened: Build) -> None:
    town = opened(public_url=None)
    browser = town.browser()
    fields = Forms(browser.get("/sign-in").text).found["/sign-in/link"]
    fields["email"] = EMAIL

    assert browser.post("/sign-in/link", fields, origin="http://testserver.local").status_code == 303
    assert browser.post("/sign-in/link", fields, origin="http://evil.example").status_code == 403


def test_a_form_without_end_is_refused(town: Town) -> None:
    browser = signed_in(town)
    fields = Forms(browser.get("/account").text).found["/sign-out"]

    assert browser.post("/sign-out", {**fields, "more": "x" * LARGEST_FORM}).status_code == 413
    assert browser.post("/sign-out", {**fields, "more": ["x"] * 300}).status_code == 403


def test_pages_of_ones_own_and_pages_with_tokens_are_kept_by_no_cache(town: Town) -> None:
    browser = signed_in(town)
    seen = 0
    for method, path, handler in page_routes(town):
        if method != "GET":
            continue
        answer = browser.get(filled(path))
        is_own = handler.opt["access"].signed_in or bool(Forms(answer.text).methods.get("post"))
        if is_own or "csrf_token" in answer.text:
            seen += 1
            assert (path, answer.headers.get("cache-control")) == (path, "no-store")
    assert seen >= 4
    assert town.browser().get("/account").headers["cache-control"] == "no-store"


def test_public_pages_are_the_same_for_everybody(town: Town) -> None:
    browser, stranger = signed_in(town), town.browser()

    for path in ("/", "/search", "/problems/invalid"):
        mine, theirs = browser.get(path), stranger.get(path)
        assert mine.text == theirs.text
        assert mine.headers.get("set-cookie") is None


def test_every_page_says_who_may_see_it(town: Town) -> None:
    for method, path, handler in page_routes(town):
        assert "access" in handler.opt, f"{method} {path}"
        if handler.opt["access"].signed_in and method == "GET":
            answer = town.browser().get(filled(path))
            assert (path, answer.status_code) == (path, 303)
            assert answer.headers["location"].startswith("/sign-in?next=")


def test_the_mails_of_a_demonstration_can_be_looked_at_and_no_others(opened: Build) -> None:
    for given_settings, status in (
        ({"demo": True}, 200),
        ({"demo": False}, 404),
        ({"demo": True, "smtp_url": "smtp://127.0.0.1:9"}, 404),
    ):
        town = opened(**given_settings)
        browser = town.browser()
        page = browser.get("/outbox")
        assert page.status_code == status
        check = browser.get("/sign-in/check-your-email").text
        assert ("/outbox" in check) is (status == 200)
    town = opened(demo=True)
    browser = town.browser()
    link = town.ask_link(browser, EMAIL)
    page = browser.get("/outbox").text
    assert f'href="{link}"' in page
    assert "To ada@larch.sch.uk" in page
