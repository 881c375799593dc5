"""The templates of signing in and of one's account: whole, with nothing inline and nothing undefined."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from jinja2 import Environment
from tests.pages.test_templates import Page, used_undefined

from becta.kernel.actor import Actor, Role
from becta.market.accounts.roles import scopes_of
from becta.market.web.account import views as v
from becta.market.web.account.tasks import works_over_api
from becta.market.web.rendering import TEMPLATES
from becta.market.web.views import Link

AT = datetime(2026, 7, 1, 9, 5, tzinfo=UTC)
HOSTILE = '"><script>alert(1)</script>'
SAMPLES: list[Any] = [
    v.SignInPage(csrf="t", next_path="/account"),
    v.SignInPage(
        csrf="t",
        next_path="/account",
        issuers=(Link(text="Google", href="/sign-in/with/google"),),
        mails_links=False,
    ),
    v.SignInPage(
        csrf="t",
        next_path=HOSTILE,
        issuers=(Link(text=HOSTILE, href="/sign-in/with/x"), Link(text="Google", href="/sign-in/with/google")),
        email=HOSTILE,
        error="Enter an e-mail address",
    ),
    v.CheckEmailPage(minutes=15),
    v.CheckEmailPage(minutes=15, outbox_href="/outbox"),
    v.UseLinkPage(csrf="t", code=HOSTILE),
    v.NotePage(title="This link cannot be used", text=HOSTILE, links=(Link(text="Sign in", href="/sign-in"),)),
    v.OrganisationPage(csrf="t", next_path="/account"),
    v.OrganisationPage(csrf="t", next_path="/account", error="Select one", elsewhere_href="/organisation/elsewhere"),
    v.OrganisationPage(
        csrf="t",
        next_path="/account",
        error="Select one",
        choices=(v.Choice(id="1", name=HOSTILE, hint="School", is_chosen=True), v.Choice(id="2", name="Rowan")),
    ),
    v.AccountPage(csrf="t"),
    v.AccountPage(
        csrf="t",
        name=HOSTILE,
        email="ada@larch.sch.uk",
        organisation=HOSTILE,
        roles=("Buyer", "Finance"),
        sessions=(
            v.SessionRow(via="Google", started_at=AT, seen_at=AT, is_this=True),
            v.SessionRow(via=HOSTILE, started_at=AT, seen_at=AT),
        ),
        works_over_api=True,
        can_choose=True,
    ),
    v.OutboxPage(mails=()),
    v.OutboxPage(
        mails=(
            v.MailRow(to=HOSTILE, subject=HOSTILE, sent="today", text=HOSTILE, links=("/sign-in/link?code=x", "//x")),
        )
    ),
]


def test_there_is_a_sample_of_every_page() -> None:
    assert {type(page) for page in SAMPLES} == {kind for kind in TEMPLATES if kind.__module__ == v.__name__}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda page: type(page).__name__)
def test_a_page_is_whole_uses_nothing_undefined_and_holds_nothing_inline(sample: Any, jinja: Environment) -> None:
    used = used_undefined(jinja)
    page = Page(jinja.get_template(TEMPLATES[type(sample)]).render(page=sample))

    assert used == []
    assert len(page.all("h1")) == len(page.all("main")) == len(page.all("title")) == 1
    ids = Counter(attributes["id"] for _, attributes in page.tags if "id" in attributes)
    assert [each for each, count in ids.items() if count > 1] == []
    fields = [field for field in page.all("input") if field.get("type") != "hidden"]
    assert {field["id"] for field in fields} == {label["for"] for label in page.all("label")}
    for _, attributes in page.tags:
        for told in (attributes.get("aria-describedby") or "").split():
            assert told in ids
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
    assert page.all("script") == page.all("style") == []
    for link in page.all("a"):
        href = str(link["href"])
        assert href == "#" or href.startswith("#") or (href.startswith("/") and not href.startswith("//"))
        assert not href.startswith("#") or href in {"#", "#main-content"} or href[1:] in ids


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda page: type(page).__name__)
def test_every_form_that_changes_something_carries_the_token(sample: Any, jinja: Environment) -> None:
    page = Page(jinja.get_template(TEMPLATES[type(sample)]).render(page=sample))

    forms = [form for form in page.all("form") if form["method"] == "post"]
    tokens = [field for field in page.all("input") if field.get("name") == "csrf_token"]
    assert len(forms) == len(tokens)
    assert all(token["value"] == "t" for token in tokens)


def test_times_are_those_of_london(jinja: Environment) -> None:
    page = Page(jinja.get_template("account/account.html").render(page=SAMPLES[11]))

    assert "1 July 2026, 10:05" in page.words


@pytest.mark.parametrize("role", Role)
def test_those_whose_work_has_no_pages_are_told_how_it_is_done(role: Role, jinja: Environment) -> None:
    actor = Actor(kind="person", id="1", label="Ada", scopes=scopes_of([role]), roles=frozenset({role}))
    account = v.AccountPage(csrf="t", works_over_api=works_over_api(actor))
    page = Page(jinja.get_template("account/account.html").render(page=account))

    told = "Listings, offers and the audit trail are worked on over the API, with a token of your own." in page.words
    assert told is (role in {Role.SUPPLIER_EDITOR, Role.OPERATOR, Role.AUDITOR, Role.TRUST_LEAD})
    assert told is ("/tokens" in {link["href"] for link in page.all("a")})
