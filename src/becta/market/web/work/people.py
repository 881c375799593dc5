"""Who belongs to an organisation, who is invited, and inviting."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from msgspec.structs import replace
from sqlmodel import Session

from becta.kernel import clock
from becta.kernel.actor import Actor, Role, Scope
from becta.kernel.paging import fingerprint
from becta.market.accounts.invitations import invite, withdraw_invitation
from becta.market.accounts.members import givable_by
from becta.market.accounts.organisations import OrganisationOut, open_organisation
from becta.market.accounts.queries import invitations, join_requests, members
from becta.market.accounts.rules import JoinState
from becta.market.accounts.schemas import JoinRequestOut, MemberOut
from becta.market.api.access import SIGNED_IN, needs
from becta.market.api.paging import next_cursor, start_after
from becta.market.web.account.answers import Running, see_other, shown
from becta.market.web.account.words import ROLE_WORDS
from becta.market.web.rendering import Rendering
from becta.market.web.views import Option
from becta.market.web.visitor import Filled, Form, Visiting
from becta.market.web.work.forms import REFUSED, refusal
from becta.market.web.work.places import found_places, pick_href, school_links, shown_place, sought
from becta.market.web.work.views import FormView, InvitationRow, InvitePage, MemberRow, PeoplePage, RequestRow
from becta.market.web.work.words import NOBODY, roles_text

PEOPLE = "/people"
PER_PAGE = 50
MOST_REQUESTS = 100
BATCH = 200
LABELS = {"email": "What you typed", "roles": "The choice of roles"}
DONE = {
    "invited": "The invitation is on its way by e-mail.",
    "roles": "The roles were changed.",
    "ended": "The membership has ended.",
    "withdrawn": "The invitation was withdrawn.",
    "confirmed": "The person has joined.",
    "refused": "The request was refused; the person is told why.",
}


@get(PEOPLE, opt={"access": SIGNED_IN}, sync_to_thread=True)
def people(request: Request[Any, Any, Any], pages: Rendering, visitor: Visiting, house: Running) -> Response[Any]:
    """Who belongs to the organisation acted for, or to a school of one's trust, who is invited and who asks to join."""
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    query = request.query_params
    if actor.organisation_id is None:
        return see_other(pick_href(PEOPLE))
    form = FormView(csrf=visitor.csrf)
    with house.db.read() as session:
        reference, cursor, done = (query.get(name, "") for name in ("organisation", "cursor", "done"))
        page = _list(session, actor, reference, form, cursor=cursor, done=done, now=now)
        q = sought(request) if page.may_look else ""
        if q:
            found, is_cut = found_places(session, q, people_href)
            page = replace(page, q=q, found=found, is_cut=is_cut)
    return shown(pages, page)


@get(f"{PEOPLE}/invite", opt={"access": needs(Scope.PEOPLE_MANAGE)}, sync_to_thread=True)
def new_invitation(
    request: Request[Any, Any, Any], pages: Rendering, visitor: Visiting, house: Running
) -> Response[str]:
    """The form to invite somebody."""
    actor = visitor.actor(house.db, now=clock.now())
    with house.db.read() as session:
        place = shown_place(session, actor, request.query_params.get("organisation", ""), Scope.PEOPLE_MANAGE)
    return shown(pages, _invite_page(actor, place, FormView(csrf=visitor.csrf)))


@post(f"{PEOPLE}/invite", opt={"access": needs(Scope.PEOPLE_MANAGE)}, sync_to_thread=True, status_code=303)
def send_invitation(form: Filled, pages: Rendering, visitor: Visiting, house: Running) -> Response[Any]:
    """Invite somebody by e-mail."""
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    with house.db.read() as session:
        place = shown_place(session, actor, form.text("organisation"), Scope.PEOPLE_MANAGE)
    try:
        with house.db.write() as session:
            organisation = open_organisation(session, place.reference, now=now)
            invite(session, actor, organisation, form.text("email"), roles_in(form), now=now)
    except REFUSED as error:
        refused = refusal(error, LABELS)
        return shown(pages, _invite_page(actor, place, refused.shown(visitor, form)), status_code=refused.status)
    return see_other(people_href(place.reference, done="invited"))


@post(
    f"{PEOPLE}/invitations/{{invitation_id:uuid}}/withdraw",
    opt={"access": needs(Scope.PEOPLE_MANAGE)},
    sync_to_thread=True,
    status_code=303,
)
def take_back(
    invitation_id: FromPath[UUID], form: Filled, pages: Rendering, visitor: Visiting, house: Running
) -> Response[Any]:
    """Withdraw an open invitation."""
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    reference = form.text("organisation")
    try:
        with house.db.write() as session:
            withdraw_invitation(session, actor, invitation_id, now=now)
    except REFUSED as error:
        refused = refusal(error, {})
        with house.db.read() as session:
            page = _list(session, actor, reference, refused.shown(visitor, form), now=now)
        return shown(pages, page, status_code=refused.status)
    return see_other(people_href(reference, done="withdrawn"))


def people_href(reference: str, **more: str) -> str:
    """The list of an organisation's people."""
    return f"{PEOPLE}?{urlencode({'organisation': reference, **more})}"


def roles_in(form: Form) -> list[Role]:
    """The roles that were ticked; what is no role is left out."""
    return [Role(value) for value in form.all("roles") if value in set(Role)]


def role_options(roles: Iterable[Role]) -> tuple[Option, ...]:
    """Roles as boxes to tick."""
    wanted = frozenset(roles)
    return tuple(Option(value=role.value, text=ROLE_WORDS[role]) for role in Role if role in wanted)


def givable_options(actor: Actor, place: OrganisationOut) -> tuple[Option, ...]:
    """The roles that the visitor may give in an organisation."""
    return role_options(givable_by(actor, place))


def _list(
    session: Session, actor: Actor, reference: str, form: FormView, *, cursor: str = "", done: str = "", now: datetime
) -> PeoplePage:
    place = shown_place(session, actor, reference, Scope.PEOPLE_MANAGE)
    manages = Scope.PEOPLE_MANAGE in actor.scopes
    bound_to = fingerprint("people pages", place.id)
    found = members(session, place.id, after=start_after(cursor or None, bound_to), limit=PER_PAGE + 1)
    following = next_cursor([one.id for one in found], PER_PAGE, bound_to)
    asked = join_requests(session, organisation_id=place.id, state=JoinState.ASKED, limit=MOST_REQUESTS)
    return PeoplePage(
        form=form,
        organisation=place.name,
        reference=place.reference,
        may_manage=manages,
        members=tuple(_member(one, actor, place, manages=manages) for one in found[:PER_PAGE]),
        invitations=_open_invitations(session, place, now=now) if manages else (),
        requests=tuple(_request(one) for one in asked) if manages else (),
        schools=school_links(session, actor, PEOPLE) if manages and place.id == actor.organisation_id else (),
        invite_href=f"{PEOPLE}/invite?{urlencode({'organisation': place.reference})}" if manages else "",
        next_href="" if following is None else people_href(place.reference, cursor=following),
        done=DONE.get(done, ""),
        may_look=manages and actor.bound_to is None,
    )


def _member(one: MemberOut, actor: Actor, place: OrganisationOut, *, manages: bool) -> MemberRow:
    may_open = manages or one.person.id == actor.person_id
    query = urlencode({"organisation": place.reference})
    return MemberRow(
        name=one.person.name or one.person.email or NOBODY,
        email=one.person.email or "",
        roles=roles_text(one.roles),
        since=one.started_at,
        href=f"{PEOPLE}/{one.person.id}?{query}" if may_open else "",
    )


def _open_invitations(session: Session, place: OrganisationOut, *, now: datetime) -> tuple[InvitationRow, ...]:
    """Those not settled, found by reading on through all there were: at most so many are open at a time."""
    rows: list[InvitationRow] = []
    after: UUID | None = None
    while batch := invitations(session, place.id, after=after, limit=BATCH):
        rows += [
            InvitationRow(id=str(one.id), email=one.email or "", roles=roles_text(one.roles), until=one.expires_at)
            for one in batch
            if one.accepted_at is None and one.withdrawn_at is None and one.expires_at > now
        ]
        after = batch[-1].id
        if len(batch) < BATCH:
            break
    return tuple(rows)


def _request(one: JoinRequestOut) -> RequestRow:
    return RequestRow(
        href=f"{PEOPLE}/requests/{one.id}",
        name=one.person.name or one.person.email or NOBODY,
        email=one.person.email or "",
        roles=roles_text(one.wanted_roles),
        asked_at=one.created_at,
    )


def _invite_page(actor: Actor, place: OrganisationOut, form: FormView) -> InvitePage:
    return InvitePage(
        form=form,
        organisation=place.name,
        reference=place.reference,
        back_href=people_href(place.reference),
        roles=givable_options(actor, place),
    )
