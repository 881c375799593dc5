"""Signing in: the ways to, links by e-mail, and issuers."""

from typing import Any
from urllib.parse import urlencode

import structlog
from litestar import Request, Response, get, post
from litestar.params import FromPath

from becta.kernel import clock
from becta.kernel.errors import Invalid, NotFound
from becta.market.api.access import PUBLIC
from becta.market.signin.fetching import Unanswered
from becta.market.signin.links import ask_link, use_link
from becta.market.signin.people import SignInRefused
from becta.market.signin.returning import CALLBACK, arrive
from becta.market.signin.rules import HOME, LINK, LINK_LASTS, local_path
from becta.market.web.account.answers import (
    Running,
    has_outbox,
    jar_of,
    let_in,
    link_refused,
    see_other,
    shown,
    sign_in_failed,
)
from becta.market.web.account.views import CheckEmailPage, SignInPage, UseLinkPage
from becta.market.web.rendering import Rendering
from becta.market.web.views import Link
from becta.market.web.visitor import SIGN_IN, Filled, StaleForm, Visiting, Visitor
from becta.market.wiring import House

LONGEST_SHOWN = 254
log = structlog.get_logger()


@get(SIGN_IN, opt={"access": PUBLIC}, sync_to_thread=True)
def sign_in(request: Request[Any, Any, Any], pages: Rendering, visitor: Visiting, house: Running) -> Response[Any]:
    """Ways to sign in; whoever is signed in already goes on."""
    next_path = local_path(request.query_params.get("next", ""))
    if visitor.known(house.db, now=clock.now()) is not None:
        return see_other(next_path)
    browser = visitor.as_browser()
    response = shown(pages, _ways(house, browser, next_path))
    jar = jar_of(house)
    response.set_cookie(jar.keep(jar.browser, str(browser.browser)))
    return response


@post("/sign-in/link", opt={"access": PUBLIC}, sync_to_thread=True, status_code=303)
def ask(form: Filled, pages: Rendering, visitor: Visiting, house: Running) -> Response[Any]:
    """Ask for a link by e-mail. The answer is the same for every address."""
    _needs_links(house)
    if visitor.browser is None:
        raise StaleForm("the browser kept no cookie")
    next_path = local_path(form.text("next"))
    try:
        with house.db.write() as session:
            ask_link(session, form.text("email"), browser=visitor.browser, next_path=next_path, now=clock.now())
    except Invalid as error:
        email = form.text("email")[:LONGEST_SHOWN]
        return shown(pages, _ways(house, visitor, next_path, email=email, error=error.faults[0].mend), status_code=400)
    return see_other("/sign-in/check-your-email")


@get("/sign-in/check-your-email", opt={"access": PUBLIC}, sync_to_thread=True)
def check_email(pages: Rendering, house: Running) -> Response[str]:
    """Say that a link is on its way."""
    _needs_links(house)
    outbox = "/outbox" if has_outbox(house) else ""
    return shown(pages, CheckEmailPage(minutes=LINK_LASTS.seconds // 60, outbox_href=outbox))


@get("/sign-in/link", opt={"access": PUBLIC}, sync_to_thread=True)
def open_link(request: Request[Any, Any, Any], pages: Rendering, visitor: Visiting, house: Running) -> Response[str]:
    """The page a mailed link leads to. It uses nothing up: mail programs fetch links too."""
    _needs_links(house)
    if visitor.browser is None:
        return link_refused(pages)
    page = UseLinkPage(csrf=visitor.csrf, code=request.query_params.get("code", "")[:100])
    # "no-referrer" would make the browser send "Origin: null" with the form; this sends our origin and never the code
    return shown(pages, page, Referrer_Policy="strict-origin")


@post("/sign-in/link/use", opt={"access": PUBLIC}, sync_to_thread=True, status_code=303)
def use(form: Filled, pages: Rendering, visitor: Visiting, house: Running) -> Response[Any]:
    """Use a link up and sign in."""
    _needs_links(house)
    now = clock.now()
    try:
        with house.db.write() as session:
            person, next_path = use_link(session, house.signer, form.text("code"), browser=visitor.browser, now=now)
            arrival = arrive(
                session,
                person,
                via=LINK,
                organisation_id=None,
                next_path=next_path,
                former=visitor.secret,
                settings=house.settings,
                now=now,
            )
    except SignInRefused as error:
        log.warning("sign-in link refused", reason=error.reason)
        return link_refused(pages)
    return let_in(arrival, jar_of(house))


@get("/sign-in/with/{slug:str}", opt={"access": PUBLIC}, sync_to_thread=True)
def go_to_issuer(
    request: Request[Any, Any, Any], slug: FromPath[str], pages: Rendering, visitor: Visiting, house: Running
) -> Response[Any]:
    """Go to an issuer. A link and not a form: the content policy lets forms lead to ourselves only."""
    browser, now = visitor.as_browser(), clock.now()
    next_path = local_path(request.query_params.get("next", ""))
    try:
        address = house.front.send_away(house.db, slug, browser=str(browser.browser), next_path=next_path, now=now)
    except Unanswered as error:
        log.warning("issuer did not answer", issuer=slug, reason=str(error))
        return sign_in_failed(pages, status_code=503)
    jar = jar_of(house)
    return see_other(address, cookies=[jar.keep(jar.browser, str(browser.browser))])


@get(CALLBACK.format(slug="{slug:str}"), opt={"access": PUBLIC}, sync_to_thread=True)
def come_back(
    request: Request[Any, Any, Any], slug: FromPath[str], pages: Rendering, visitor: Visiting, house: Running
) -> Response[Any]:
    """Come back from an issuer and sign in."""
    try:
        arrival = house.front.receive(
            house.db,
            slug,
            {name: values[-1] for name, values in request.query_params.dict().items()},
            browser=visitor.browser,
            former=visitor.secret,
            now=clock.now(),
        )
    except SignInRefused as error:
        log.warning("sign-in refused", issuer=slug, reason=error.reason)
        return sign_in_failed(pages)
    except Unanswered as error:
        log.warning("issuer did not answer", issuer=slug, reason=str(error))
        return sign_in_failed(pages, status_code=503)
    return let_in(arrival, jar_of(house))


def _needs_links(house: House) -> None:
    if not house.settings.mail_links:
        raise NotFound("way to sign in", LINK)


def _ways(house: House, visitor: Visitor, next_path: str, *, email: str = "", error: str = "") -> SignInPage:
    query = "" if next_path == HOME else f"?{urlencode({'next': next_path})}"
    return SignInPage(
        csrf=visitor.csrf,
        next_path=next_path,
        issuers=tuple(
            Link(text=issuer.name, href=f"/sign-in/with/{issuer.slug}{query}") for issuer in house.settings.issuers
        ),
        mails_links=house.settings.mail_links,
        email=email,
        error=error,
    )
