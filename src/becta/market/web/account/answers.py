"""Answers that several of these pages give."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from litestar import Response
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.response import Redirect

from becta.market.signin.returning import Arrival
from becta.market.web.account.views import NotePage
from becta.market.web.rendering import Pages
from becta.market.web.views import Link
from becta.market.web.visitor import NO_STORE, SIGN_IN, Jar
from becta.market.wiring import House

AGAIN = (Link(text="Sign in", href=SIGN_IN), Link(text="Go to the home page", href="/"))
PICK = "/organisation"
Running = NamedDependency[SkipValidation[House]]
"""How handlers ask for the `house`."""


def jar_of(house: House) -> Jar:
    """The cookies of a house."""
    return Jar(is_secure=house.settings.is_secure)


def has_outbox(house: House) -> bool:
    """Whether mails can be looked at: only in a demonstration without a mail server."""
    return house.settings.demo and house.settings.smtp_url is None


def see_other(path: str, *, cookies: Iterable[Cookie] = ()) -> Response[Any]:
    """Send the browser on with a GET (after a form, or away to an issuer)."""
    return Redirect(path, status_code=303, headers=NO_STORE, cookies=list(cookies))


def let_in(arrival: Arrival, jar: Jar) -> Response[Any]:
    """Send somebody who has just signed in to where they wanted to go, by way of picking an organisation."""
    path = f"{PICK}?{urlencode({'next': arrival.next_path})}" if arrival.must_pick else arrival.next_path
    return see_other(path, cookies=[jar.keep(jar.session, arrival.secret), jar.drop(jar.browser)])


def link_refused(pages: Pages) -> Response[str]:
    """A link opens nothing. Why is not told: it would help nobody but those who try links."""
    page = NotePage(
        title="This link cannot be used",
        text="A link works once, for 15 minutes, and only in the browser in which it was asked for. "
        "Ask for a new one in the browser you want to use.",
        links=AGAIN,
    )
    return pages.response(page, status_code=400, headers=NO_STORE)


def sign_in_failed(pages: Pages, *, status_code: int = 400) -> Response[str]:
    """Signing in at an issuer came to nothing. Why is in our log."""
    page = NotePage(
        title="Sign-in did not work",
        text="You are not signed in. Try again, or sign in another way.",
        links=AGAIN,
    )
    return pages.response(page, status_code=status_code, headers=NO_STORE)


def shown(pages: Pages, page: Any, *, status_code: int = 200, **headers: str) -> Response[str]:
    """A page of somebody's own: no cache keeps it."""
    given: Mapping[str, str] = {name.replace("_", "-"): value for name, value in headers.items()}
    return pages.response(page, status_code=status_code, headers={**NO_STORE, **given})
