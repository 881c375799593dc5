"""Requests to join: confirmed or refused by somebody who manages people there."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from sqlmodel import Session

from becta.kernel import clock
from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import NotFound
from becta.market.accounts.joining import confirm_request, refuse_request
from becta.market.accounts.queries import one_join_request
from becta.market.api.access import needs
from becta.market.web.account.answers import Running, see_other, shown
from becta.market.web.formats import london_time
from becta.market.web.rendering import Pages, Rendering
from becta.market.web.views import Fact
from becta.market.web.visitor import Filled, Form, Visiting, Visitor
from becta.market.web.work.forms import REFUSED, refusal
from becta.market.web.work.people import PEOPLE, givable_options, people_href, roles_in
from becta.market.web.work.views import FormView, RequestPage
from becta.market.web.work.words import JOIN_STATES, roles_text
from becta.market.wiring import House

ONE = f"{PEOPLE}/requests/{{request_id:uuid}}"
LABELS = {"roles": "The choice of roles", "reason": "The reason"}


@get(ONE, opt={"access": needs(Scope.PEOPLE_MANAGE)}, sync_to_thread=True)
def show_request(request_id: FromPath[UUID], pages: Rendering, visitor: Visiting, house: Running) -> Response[str]:
    """Who asks to join, and as what."""
    actor = visitor.actor(house.db, now=clock.now())
    with house.db.read() as session:
        page = _page(session, actor, request_id, FormView(csrf=visitor.csrf))
    return shown(pages, page)


@post(f"{ONE}/confirm", opt={"access": needs(Scope.PEOPLE_MANAGE)}, sync_to_thread=True, status_code=303)
def confirm(
    request_id: FromPath[UUID], form: Filled, pages: Rendering, visitor: Visiting, house: Running
) -> Response[Any]:
    """Let in who asked, with the roles ticked."""
    return _decide(confirm_request, request_id, roles_in(form), form, pages, visitor, house, done="confirmed")


@post(f"{ONE}/refuse", opt={"access": needs(Scope.PEOPLE_MANAGE)}, sync_to_thread=True, status_code=303)
def refuse(
    request_id: FromPath[UUID], form: Filled, pages: Rendering, visitor: Visiting, house: Running
) -> Response[Any]:
    """Do not let in who asked, saying why."""
    reason = form.text("reason").strip()
    return _decide(refuse_request, request_id, reason, form, pages, visitor, house, done="refused")


def _decide(
    use_case: Callable[..., object],
    request_id: UUID,
    given: object,
    form: Form,
    pages: Pages,
    visitor: Visitor,
    house: House,
    *,
    done: str,
) -> Response[Any]:
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    try:
        with house.db.write() as session:
            use_case(session, actor, request_id, given, now=now)
    except REFUSED as error:
        refused = refusal(error, LABELS)
        with house.db.read() as session:
            page = _page(session, actor, request_id, refused.shown(visitor, form))
        return shown(pages, page, status_code=refused.status)
    with house.db.read() as session:
        reference = one_join_request(session, request_id).organisation.reference
    return see_other(people_href(reference, done=done))


def _page(session: Session, actor: Actor, request_id: UUID, form: FormView) -> RequestPage:
    found = one_join_request(session, request_id)
    if not actor.reaches(found.organisation.id):
        raise NotFound("request to join", request_id)
    wanted = FormView(
        csrf=form.csrf,
        values=form.values or {"roles": tuple(found.wanted_roles)},
        errors=form.errors,
        notice=form.notice,
    )
    return RequestPage(
        form=wanted,
        href=f"{PEOPLE}/requests/{found.id}",
        back_href=people_href(found.organisation.reference),
        organisation=found.organisation.name,
        facts=(
            Fact(term="Name", text=found.person.name or "Not known"),
            Fact(term="E-mail address", text=found.person.email or "Not known"),
            Fact(term="Asks to be", text=roles_text(found.wanted_roles)),
            Fact(term="Asked on", text=london_time(found.created_at)),
            Fact(term="State", text=JOIN_STATES[found.state]),
        ),
        roles=givable_options(actor, found.organisation),
    )
