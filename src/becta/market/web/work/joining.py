"""Joining an organisation: finding it and asking, or accepting an invitation."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlmodel import Session

from becta.kernel import clock
from becta.kernel.errors import DomainError
from becta.market.accounts.histories import organisation_facts
from becta.market.accounts.joining import ask_to_join, withdraw_request
from becta.market.accounts.organisations import OrganisationOut, open_organisation
from becta.market.accounts.queries import join_requests
from becta.market.accounts.roles import KIND_ROLES
from becta.market.accounts.rules import JoinState
from becta.market.accounts.schemas import JoinRequestOut
from becta.market.api.access import SIGNED_IN
from becta.market.api.organisations import organisation_id_of
from becta.market.web.account.answers import Running, see_other, shown
from becta.market.web.rendering import Pages, Rendering
from becta.market.web.visitor import Filled, Form, SignedIn, Visiting, Visitor
from becta.market.web.work.forms import REFUSED, refusal
from becta.market.web.work.people import role_options, roles_in
from becta.market.web.work.places import found_places, join_href, sought
from becta.market.web.work.views import AskPage, FormView, JoinPage, OwnRequest
from becta.market.web.work.words import JOIN_STATES
from becta.market.wiring import House

JOIN = "/join"
MOST_OWN = 100
DONE = {
    "asked": "You have asked. Somebody there decides, and we write to you.",
    "withdrawn": "Your request was withdrawn.",
}


@get(JOIN, opt={"access": SIGNED_IN}, sync_to_thread=True)
def look(request: Request[Any, Any, Any], pages: Rendering, visitor: Visiting, house: Running) -> Response[str]:
    """Look for an organisation to join; one's own requests, and what became of them."""
    held = visitor.signed_in(house.db, now=clock.now())
    page = _page(house, held, FormView(csrf=visitor.csrf), q=sought(request), done=request.query_params.get("done", ""))
    return shown(pages, page)


@get(f"{JOIN}/ask", opt={"access": SIGNED_IN}, sync_to_thread=True)
def ask_form(request: Request[Any, Any, Any], pages: Rendering, visitor: Visiting, house: Running) -> Response[str]:
    """The form to ask to join an organisation."""
    held = visitor.signed_in(house.db, now=clock.now())
    with house.db.read() as session:
        place = _place(session, request.query_params.get("organisation", ""))
    return shown(pages, _ask_page(held, place, FormView(csrf=visitor.csrf)))


@post(f"{JOIN}/ask", opt={"access": SIGNED_IN}, sync_to_thread=True, status_code=303)
def ask(form: Filled, pages: Rendering, visitor: Visiting, house: Running) -> Response[Any]:
    """Ask to join an organisation."""
    now = clock.now()
    held = visitor.signed_in(house.db, now=now)
    with house.db.read() as session:
        place = _place(session, form.text("organisation"))
    try:
        with house.db.write() as session:
            organisation = open_organisation(session, place.reference, now=now)
            ask_to_join(session, held.actor, organisation, roles_in(form), now=now)
    except REFUSED as error:
        return _asked_in_vain(error, held, place, form, pages, visitor)
    return see_other(f"{JOIN}?done=asked")


@post(f"{JOIN}/{{request_id:uuid}}/withdraw", opt={"access": SIGNED_IN}, sync_to_thread=True, status_code=303)
def take_back(
    request_id: FromPath[UUID], form: Filled, pages: Rendering, visitor: Visiting, house: Running
) -> Response[Any]:
    """Take one's own request back."""
    now = clock.now()
    held = visitor.signed_in(house.db, now=now)
    try:
        with house.db.write() as session:
            withdraw_request(session, held.actor, request_id, now=now)
    except REFUSED as error:
        refused = refusal(error, {})
        page = _page(house, held, refused.shown(visitor, form), q="")
        return shown(pages, page, status_code=refused.status)
    return see_other(f"{JOIN}?done=withdrawn")


def _asked_in_vain(
    error: DomainError, held: SignedIn, place: OrganisationOut, form: Form, pages: Pages, visitor: Visitor
) -> Response[str]:
    refused = refusal(error, {"roles": "The choice of roles", "organisation": place.name})
    return shown(pages, _ask_page(held, place, refused.shown(visitor, form)), status_code=refused.status)


def _place(session: Session, reference: str) -> OrganisationOut:
    organisation_id_of(session, reference)
    return organisation_facts(session, reference).organisation


def _page(house: House, held: SignedIn, form: FormView, *, q: str, done: str = "") -> JoinPage:
    with house.db.read() as session:
        found, is_cut = found_places(session, q, join_href) if q else ((), False)
        own = join_requests(session, person_id=held.person.id, limit=MOST_OWN)
    return JoinPage(
        form=form,
        q=q,
        found=found,
        is_cut=is_cut,
        own=tuple(_own(one) for one in reversed(own)),
        done=DONE.get(done, ""),
    )


def _own(one: JoinRequestOut) -> OwnRequest:
    return OwnRequest(
        id=str(one.id),
        organisation=one.organisation.name,
        asked_at=one.created_at,
        state=JOIN_STATES[one.state],
        reason=one.reason or "",
        is_open=one.state is JoinState.ASKED,
    )


def _ask_page(held: SignedIn, place: OrganisationOut, form: FormView) -> AskPage:
    return AskPage(
        form=form,
        organisation=place.name,
        reference=place.reference,
        email=held.person.email or "",
        roles=role_options(KIND_ROLES[place.kind]),
    )
