"""Who visits a page: known by a cookie, asked only when a page wants to know, and every form proved to be ours."""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie, UploadFile
from litestar.di import NamedDependency
from litestar.exceptions import ClientException, PermissionDeniedException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.handlers import BaseRouteHandler
from litestar.params import SkipValidation
from litestar.response import Redirect
from msgspec import Struct

from becta.kernel.actor import Actor
from becta.kernel.errors import Forbidden
from becta.market.accounts.access import person_actor
from becta.market.accounts.models import Person
from becta.market.api.access import Access
from becta.market.db import Database
from becta.market.settings import Settings
from becta.market.signin.rules import local_path
from becta.market.signin.sessions import find_session, new_secret, note_seen
from becta.market.web.errors import Handlers, for_pages
from becta.market.web.rendering import Pages
from becta.market.web.views import Link, ProblemPage

SIGN_IN = "/sign-in"
TOKEN_FIELD = "csrf_token"  # noqa: S105 - a field's name
FORM_TYPE = "application/x-www-form-urlencoded"
FILES_TYPE = "multipart/form-data"
LARGEST_FORM = 64_000
LARGEST_UPLOAD = 11_000_000
"""Bytes of a form with files, where a page takes files at all."""
MOST_FIELDS = 200
LONGEST_SECRET = 100
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
NO_STORE = {"Cache-Control": "no-store"}
STALE = ProblemPage(
    status=403,
    title="This page is out of date",
    detail="Nothing was changed. You may have signed in or out since you opened the page, or your browser keeps no "
    "cookies. Open the page again and repeat what you did.",
    links=(Link(text="Your account", href="/account"), Link(text="Go to the home page", href="/")),
)


class SignInNeeded(Exception):
    """A page is for people who are signed in; they are sent to sign in and then back to `path`."""

    def __init__(self, path: str) -> None:
        """Name the page."""
        super().__init__(path)
        self.path = path


class StaleForm(PermissionDeniedException):
    """A form did not come from a page of ours in this browser, or that page is out of date."""


class Jar(Struct, frozen=True):
    """Our cookies. Over https the browser itself keeps them to this very host, by their names' prefix."""

    is_secure: bool

    @property
    def session(self) -> str:
        """The name of the cookie of somebody signed in."""
        return "__Host-session" if self.is_secure else "session"

    @property
    def browser(self) -> str:
        """The name of the cookie that ties a sign-in to the browser that began it."""
        return "__Host-browser" if self.is_secure else "browser"

    def keep(self, name: str, secret: str) -> Cookie:
        """A cookie until the browser closes."""
        return Cookie(key=name, value=secret, path="/", secure=self.is_secure, httponly=True, samesite="lax")

    def drop(self, name: str) -> Cookie:
        """Take a cookie away."""
        return Cookie(key=name, value="", max_age=0, path="/", secure=self.is_secure, httponly=True, samesite="lax")


class SignedIn(Struct, frozen=True, kw_only=True):
    """A live session: its person, and the actor they are at this moment."""

    session_id: UUID
    via: str
    person: Person
    actor: Actor


class Visitor(Struct, frozen=True, kw_only=True):
    """Who asks for a page. Nothing is looked up until asked for."""

    access: Access
    path: str
    secret: str | None
    browser: str | None
    settings: Settings

    def actor(self, db: Database, *, now: datetime) -> Actor:
        """Who asks; raises SignInNeeded without a live session, and Forbidden without the scope the page needs."""
        return self.signed_in(db, now=now).actor

    def signed_in(self, db: Database, *, now: datetime) -> SignedIn:
        """Who asks, with their session; raises as `actor` does."""
        found = self.known(db, now=now)
        if found is None:
            raise SignInNeeded(self.path)
        if self.access.scope is not None and self.access.scope not in found.actor.scopes:
            raise Forbidden(need=self.access.scope)
        return found

    def known(self, db: Database, *, now: datetime) -> SignedIn | None:
        """Who asks, None for somebody not signed in."""
        if self.secret is None:
            return None
        with db.read() as session:
            row = find_session(session, self.secret, idle=self.settings.session_idle, now=now)
            if row is None:
                return None
            held, person = row
            actor = person_actor(session, person, held.organisation_id)
        note_seen(db, held, now=now)
        return SignedIn(session_id=held.id, via=held.via, person=person, actor=actor)

    @property
    def csrf(self) -> str:
        """What forms on this visitor's pages carry; "" for a browser that holds no cookie of ours, whose forms fail."""
        held = self.secret or self.browser
        return "" if held is None else csrf_token(held)

    def as_browser(self) -> "Visitor":
        """The same visitor, with a browser cookie made if there was none; the answer must keep it."""
        if self.browser is not None:
            return self
        return Visitor(
            access=self.access, path=self.path, secret=self.secret, browser=new_secret(), settings=self.settings
        )


class Form(Struct, frozen=True):
    """The fields of a form, and its files by field."""

    values: Mapping[str, tuple[str, ...]]
    files: Mapping[str, UploadFile] = {}

    def text(self, name: str) -> str:
        """The last value of a field, "" if there is none."""
        return self.values.get(name, ("",))[-1]

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field, such as ticked boxes."""
        return self.values.get(name, ())


Visiting = NamedDependency[SkipValidation[Visitor]]
"""How handlers ask for `visitor`."""
Filled = NamedDependency[SkipValidation[Form]]
"""How handlers ask for `form`."""
Guard = Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], Awaitable[None]]


def csrf_token(secret: str) -> str:
    """The token that goes with a cookie's secret."""
    return hmac.new(secret.encode(), b"csrf", sha256).hexdigest()


def visitors(settings: Settings, jar: Jar) -> Callable[[Request[Any, Any, Any]], Visitor]:
    """The dependency `visitor`."""

    def visitor(request: Request[Any, Any, Any]) -> Visitor:
        query: str = request.scope["query_string"].decode("latin-1")
        address = request.url.path + (f"?{query}" if query else "")
        return Visitor(
            access=request.route_handler.opt["access"],
            path=local_path(address) if request.method == "GET" else local_path(""),
            secret=_cookie(request, jar.session),
            browser=_cookie(request, jar.browser),
            settings=settings,
        )

    return visitor


async def form(request: Request[Any, Any, Any]) -> Form:
    """The dependency `form`: the fields that were sent, none for anything but a form."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == FILES_TYPE:
        return await _with_files(request)
    if kind != FORM_TYPE:
        return Form({})
    try:
        pairs = parse_qsl(
            (await request.body()).decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"
        )
    except ValueError:
        return Form({})
    values: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        values[name] = (*values.get(name, ()), value)
    return Form(values)


async def _with_files(request: Request[Any, Any, Any]) -> Form:
    """A form with files. One that cannot be read has no fields, so no token of ours, and changes nothing.

    Raises RequestEntityTooLarge.
    """
    try:
        pairs = list((await request.form()).multi_items())
    except RequestEntityTooLarge:
        raise
    except (ClientException, UnicodeDecodeError, ValueError):
        return Form({})
    values: dict[str, tuple[str, ...]] = {}
    files: dict[str, UploadFile] = {}
    for name, value in pairs[:MOST_FIELDS]:
        if isinstance(value, UploadFile):
            files.setdefault(name, value)
        else:
            values[name] = (*values.get(name, ()), str(value))
    return Form(values, files)


def own_forms_only(settings: Settings, jar: Jar) -> Guard:
    """A guard that lets through only what changes nothing, and forms of ours; raises StaleForm."""

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
        if not isinstance(connection, Request) or connection.method in SAFE:
            return
        held = _cookie(connection, jar.session) or _cookie(connection, jar.browser)
        if held is None:  # before a body is taken from somebody who cannot have a form of ours
            raise StaleForm("the browser holds no cookie of ours")
        given = (await form(connection)).text(TOKEN_FIELD)
        is_ours = hmac.compare_digest(given.encode(), csrf_token(held).encode())
        if not (is_ours and _is_same_origin(connection, settings)):
            raise StaleForm("the form did not come from a page of ours")

    return guard


def for_visitors(pages: Pages) -> Handlers:
    """Exception handlers of pages that know their visitor."""

    def sent_to_sign_in(_request: Request[Any, Any, Any], error: SignInNeeded) -> Response[Any]:
        return Redirect(f"{SIGN_IN}?{urlencode({'next': error.path})}", status_code=303, headers=NO_STORE)

    def stale_form(_request: Request[Any, Any, Any], _error: StaleForm) -> Response[Any]:
        return pages.response(STALE, status_code=STALE.status, headers=NO_STORE)

    return {**for_pages(pages), SignInNeeded: sent_to_sign_in, StaleForm: stale_form}


def _is_same_origin(request: Request[Any, Any, Any], settings: Settings) -> bool:
    """Whether the browser says so, if it says anything. Where no public address is set, the Host is taken as ours."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None and site != "same-origin":
        return False
    if origin is None:
        return True
    if settings.public_url is not None:
        return origin == settings.public_url
    return urlsplit(origin).netloc == request.headers.get("host")


def _cookie(request: Request[Any, Any, Any], name: str) -> str | None:
    value: str | None = request.cookies.get(name)
    return value if value and len(value) <= LONGEST_SECRET and value.isascii() else None
