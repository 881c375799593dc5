"""Picking the organisation to act for: among one's own, or on the page of DfE Sign-in."""

from typing import Any
from uuid import UUID

import structlog
from litestar import Request, Response, get, post

from becta.kernel import clock
from becta.kernel.errors import NotFound
from becta.market.accounts.organisations import OrganisationOut
from becta.market.api.access import SIGNED_IN
from becta.market.signin.fetching import Unanswered
from becta.market.signin.people import SignInRefused
from becta.market.signin.returning import SELECTION_CALLBACK
from becta.market.signin.rules import HOME, local_path
from becta.market.signin.sessions import choose_organisation, lock_session, organisations_of
from becta.market.web.account.answers import AGAIN, PICK, Running, jar_of, see_other, shown
from becta.market.web.account.views import Choice, NotePage, OrganisationPage
from becta.market.web.account.words import KIND_WORDS
from becta.market.web.addresses import as_uuid
from becta.market.web.rendering import Pages, Rendering
from becta.market.web.views import Link
from becta.market.web.visitor import Filled, SignedIn, StaleForm, Visiting
from becta.market.wiring import House

ELSEWHERE = f"{PICK}/elsewhere"
NOTHING_PICKED = "Select the organisation you want to act for"

log = structlog.get_logger()


@get(PICK, opt={"access": SIGNED_IN}, sync_to_thread=True)
def organisations(
    request: Request[Any, Any, Any], pages: Rendering, visitor: Visiting, house: Running
) -> Response[str]:
    """The organisations to pick from."""
    held = visitor.signed_in(house.db, now=clock.now())
    next_path = local_path(request.query_params.get("next", ""))
    return shown(pages, _page(house, held, csrf=visitor.csrf, next_path=next_path))


@post(PICK, opt={"access": SIGNED_IN}, sync_to_thread=True, status_code=303)
def pick(form: Filled, pages: Rendering, visitor: Visiting, house: Running) -> Response[Any]:
    """Act for another organisation."""
    now = clock.now()
    held = visitor.signed_in(house.db, now=now)
    next_path, wanted = local_path(form.text("next")), as_uuid(form.text("organisation"))
    try:
        if wanted is None:
            raise NotFound("organisation", "")
        secret = _act_for(house, held, wanted)
    except NotFound:
        page = _page(house, held, csrf=visitor.csrf, next_path=next_path, error=NOTHING_PICKED)
        return shown(pages, page, status_code=400)
    jar = jar_of(house)
    return see_other(next_path, cookies=[jar.keep(jar.session, secret)])


@get(ELSEWHERE, opt={"access": SIGNED_IN}, sync_to_thread=True)
def choose_elsewhere(
    request: Request[Any, Any, Any], pages: Rendering, visitor: Visiting, house: Running
) -> Response[Any]:
    """Go to the page of DfE Sign-in. A link and not a form, as for issuers; other sites cannot send people here."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise StaleForm("another site sent the browser here")
    now = clock.now()
    held = visitor.signed_in(house.db, now=now)
    try:
        return see_other(house.front.choose_elsewhere(house.db, held.session_id, now=now))
    except Unanswered as error:
        log.warning("issuer did not answer", issuer=held.via, reason=str(error))
        return _not_chosen(pages, status_code=503)


@get(SELECTION_CALLBACK, opt={"access": SIGNED_IN}, sync_to_thread=True)
def chosen_elsewhere(
    request: Request[Any, Any, Any], pages: Rendering, visitor: Visiting, house: Running
) -> Response[Any]:
    """Come back from the page of DfE Sign-in; nothing in the address is believed before DfE Sign-in confirms it."""
    now, jar = clock.now(), jar_of(house)
    held = visitor.signed_in(house.db, now=now)
    answer = {name: values[-1] for name, values in request.query_params.dict().items()}
    try:
        secret = house.front.chosen(house.db, held.session_id, answer, now=now)
    except SignInRefused as error:
        log.warning("choice of organisation refused", issuer=held.via, reason=error.reason)
        return _not_chosen(pages)
    except Unanswered as error:
        log.warning("issuer did not answer", issuer=held.via, reason=str(error))
        return _not_chosen(pages, status_code=503)
    if secret is not None:
        return see_other(HOME, cookies=[jar.keep(jar.session, secret)])
    if answer.get("type") == "signOut":
        return see_other("/", cookies=[jar.drop(jar.session)])
    return see_other(PICK)


def _act_for(house: House, held: SignedIn, organisation_id: UUID) -> str:
    now = clock.now()
    with house.db.write() as session:
        locked, person = lock_session(session, held.session_id, idle=house.settings.session_idle, now=now)
        return choose_organisation(session, locked, person, organisation_id, now=now)


def _page(house: House, held: SignedIn, *, csrf: str, next_path: str, error: str = "") -> OrganisationPage:
    with house.db.read() as session:
        found = organisations_of(session, held.person.id)
    return OrganisationPage(
        csrf=csrf,
        next_path=next_path,
        choices=tuple(_choice(one, held.actor.organisation_id) for one in found),
        elsewhere_href=ELSEWHERE if house.front.chooser(held.via) is not None else "",
        error=error,
    )


def _choice(organisation: OrganisationOut, chosen: UUID | None) -> Choice:
    return Choice(
        id=str(organisation.id),
        name=organisation.name,
        hint=KIND_WORDS[organisation.kind] + ("" if organisation.is_open else ", closed"),
        is_chosen=organisation.id == chosen,
    )


def _not_chosen(pages: Pages, *, status_code: int = 400) -> Response[str]:
    page = NotePage(
        title="The organisation was not changed",
        text="DfE Sign-in did not confirm the organisation, or it does not act here.",
        links=(Link(text="Choose again", href=PICK), *AGAIN[1:]),
    )
    return shown(pages, page, status_code=status_code)
