"""One member: changing their roles, ending their membership."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy import select
from sqlmodel import Session, col

from becta.kernel import clock
from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import DomainError, Forbidden, NotFound
from becta.market.accounts.members import end_membership, set_roles
from becta.market.accounts.models import Member
from becta.market.accounts.organisations import OrganisationOut
from becta.market.accounts.queries import one_member
from becta.market.accounts.schemas import MemberOut
from becta.market.api.access import SIGNED_IN, needs
from becta.market.signin.rules import HOME
from becta.market.web.account.answers import Running, see_other, shown
from becta.market.web.rendering import Pages, Rendering
from becta.market.web.visitor import Filled, Form, Visiting, Visitor
from becta.market.web.work.forms import REFUSED, refusal, revision_of
from becta.market.web.work.people import PEOPLE, givable_options, people_href, role_options, roles_in
from becta.market.web.work.places import shown_place
from becta.market.web.work.views import FormView, MemberPage
from becta.market.web.work.words import NOBODY
from becta.market.wiring import House

ONE = f"{PEOPLE}/{{person_id:uuid}}"
LABELS = {"roles": "The choice of roles", "reason": "The reason"}


@get(ONE, opt={"access": SIGNED_IN}, sync_to_thread=True)
def show_member(
    request: Request[Any, Any, Any], person_id: FromPath[UUID], pages: Rendering, visitor: Visiting, house: Running
) -> Response[str]:
    """A member's roles, for whoever manages people; and leaving, for oneself."""
    actor = visitor.actor(house.db, now=clock.now())
    with house.db.read() as session:
        place = shown_place(session, actor, request.query_params.get("organisation", ""), Scope.PEOPLE_MANAGE)
        page = _page(session, actor, place, person_id, FormView(csrf=visitor.csrf))
    return shown(pages, page)


@post(f"{ONE}/roles", opt={"access": needs(Scope.PEOPLE_MANAGE)}, sync_to_thread=True, status_code=303)
def change_roles(
    person_id: FromPath[UUID], form: Filled, pages: Rendering, visitor: Visiting, house: Running
) -> Response[Any]:
    """Give a member other roles."""
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    with house.db.read() as session:
        place = shown_place(session, actor, form.text("organisation"), Scope.PEOPLE_MANAGE)
    try:
        with house.db.write() as session:
            set_roles(session, actor, place.id, person_id, roles_in(form), revision=revision_of(form), now=now)
    except REFUSED as error:
        return _again(error, place, person_id, form, pages, visitor, house, actor)
    return see_other(people_href(place.reference, done="roles"))


@post(f"{ONE}/end", opt={"access": SIGNED_IN}, sync_to_thread=True, status_code=303)
def end(person_id: FromPath[UUID], form: Filled, pages: Rendering, visitor: Visiting, house: Running) -> Response[Any]:
    """Remove a member, saying why; or leave, oneself."""
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    with house.db.read() as session:
        place = shown_place(session, actor, form.text("organisation"), Scope.PEOPLE_MANAGE)
    try:
        with house.db.write() as session:
            end_membership(session, actor, place.id, person_id, reason=form.text("reason").strip() or None, now=now)
    except REFUSED as error:
        return _again(error, place, person_id, form, pages, visitor, house, actor)
    return see_other(HOME if person_id == actor.person_id else people_href(place.reference, done="ended"))


def _again(
    error: DomainError,
    place: OrganisationOut,
    person_id: UUID,
    form: Form,
    pages: Pages,
    visitor: Visitor,
    house: House,
    actor: Actor,
) -> Response[str]:
    refused = refusal(error, LABELS)
    with house.db.read() as session:
        page = _page(session, actor, place, person_id, refused.shown(visitor, form))
    return shown(pages, page, status_code=refused.status)


def _page(session: Session, actor: Actor, place: OrganisationOut, person_id: UUID, form: FormView) -> MemberPage:
    is_self = person_id == actor.person_id
    if not is_self and Scope.PEOPLE_MANAGE not in actor.scopes:
        raise Forbidden(need=Scope.PEOPLE_MANAGE, organisation_id=place.id)
    found = _current(session, place.id, person_id)
    options = givable_options(actor, place)
    givable = {one.value for one in options}
    held = FormView(
        csrf=form.csrf,
        values=form.values or {"roles": tuple(found.roles)},
        errors=form.errors,
        notice=form.notice,
    )
    return MemberPage(
        form=held,
        href=f"{PEOPLE}/{person_id}",
        back_href=people_href(place.reference),
        reference=place.reference,
        organisation=place.name,
        name=found.person.name or found.person.email or NOBODY,
        email=found.person.email or "",
        revision=found.revision,
        is_self=is_self,
        roles=options,
        kept=role_options(role for role in found.roles if role not in givable),
    )


def _current(session: Session, organisation_id: UUID, person_id: UUID) -> MemberOut:
    id_ = session.execute(
        select(col(Member.id)).where(
            col(Member.person_id) == person_id,
            col(Member.organisation_id) == organisation_id,
            col(Member.ended_at).is_(None),
        )
    ).scalar()
    if id_ is None:
        raise NotFound("member", person_id)
    return one_member(session, id_)
