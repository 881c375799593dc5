"""Setting a scheme of delegation: one row for each rule, from the scheme in force or an example."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, get, post
from sqlmodel import Session

from becta.catalogue.categories import Kind
from becta.kernel import clock
from becta.kernel.actor import Actor, Role, Scope
from becta.kernel.errors import Invalid, NotFound, Stale
from becta.market.accounts.organisations import OrganisationOut
from becta.market.accounts.roles import KIND_ROLES, OrganisationKind
from becta.market.api.access import needs
from becta.market.delegation.queries import schemes_shown_to
from becta.market.delegation.rules import DECIDING, MAKING, SPENDING, Delegation
from becta.market.delegation.schemas import NewScheme, SchemeOut
from becta.market.delegation.service import set_scheme
from becta.market.web.account.answers import Running, see_other, shown
from becta.market.web.rendering import Pages, Rendering
from becta.market.web.views import Option
from becta.market.web.visitor import Filled, Form, Visiting, Visitor
from becta.market.web.work.commitments import category_group
from becta.market.web.work.forms import REFUSED, Refusal, refusal, revision_of
from becta.market.web.work.places import shown_place
from becta.market.web.work.scheme_rows import (
    ANY,
    LEFT_OUT,
    MORE_ROWS,
    MOST_ROWS,
    NO_LIMIT,
    TWO_PEOPLE,
    labels,
    named_by_field,
    rows_in,
    rows_sent,
    values_of,
)
from becta.market.web.work.schemes import EDIT, SCHEME
from becta.market.web.work.views import FormView, Group, SetSchemePage
from becta.market.web.work.words import role_name
from becta.market.wiring import House

EXAMPLES = {
    OrganisationKind.SCHOOL: (
        Delegation(role=Role.BUYER, limit_pence=500_00, above=Role.APPROVER),
        Delegation(role=Role.APPROVER, limit_pence=10_000_00),
    ),
    OrganisationKind.TRUST: (
        Delegation(role=Role.BUYER, limit_pence=1_000_00, above=Role.APPROVER),
        Delegation(role=Role.APPROVER, limit_pence=25_000_00, above=Role.TRUST_LEAD),
        Delegation(role=Role.TRUST_LEAD, limit_pence=100_000_00),
    ),
}
TICKS = (
    Option(value=NO_LIMIT, text="No limit: any amount"),
    Option(value=TWO_PEOPLE, text="Two people: even within the limit somebody else must agree"),
)


@get(EDIT, opt={"access": needs(Scope.SCHEMES_WRITE)}, sync_to_thread=True)
def edit_scheme(request: Request[Any, Any, Any], pages: Rendering, visitor: Visiting, house: Running) -> Response[str]:
    """The form to set a school's or trust's scheme."""
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    with house.db.read() as session:
        place = _place(session, actor, request.query_params.get("organisation", ""))
        page = _fresh(place, schemes_shown_to(session, actor, place.id), FormView(csrf=visitor.csrf), now=now)
    return shown(pages, page)


@post(EDIT, opt={"access": needs(Scope.SCHEMES_WRITE)}, sync_to_thread=True, status_code=303)
def set_it(form: Filled, pages: Rendering, visitor: Visiting, house: Running) -> Response[Any]:
    """Set a scheme, in force at once; or, where more rows are asked for, only give them."""
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    with house.db.read() as session:
        place = _place(session, actor, form.text("organisation"))
    if form.text("more"):
        view = FormView(csrf=visitor.csrf, values=form.values)
        return _again(view, place, form, pages, house, actor, status=200, now=now)
    try:
        rows = rows_in(form)
        wanted = NewScheme(rules=tuple(row.rule for row in rows), note=form.text("note").strip())
        try:
            with house.db.write() as session:
                set_scheme(session, actor, place.reference, wanted, revision=revision_of(form), now=now)
        except Invalid as error:
            raise named_by_field(error, rows) from error
    except Stale as error:
        return _overtaken(refusal(error, {}), place, pages, visitor, house, actor, now=now)
    except REFUSED as error:
        refused = refusal(error, {**labels(rows_sent(form)), "note": "The note"})
        view = refused.shown(visitor, form)
        return _again(view, place, form, pages, house, actor, status=refused.status, now=now)
    return see_other(f"{SCHEME}?{urlencode({'organisation': place.reference, 'done': 'set'})}")


def _place(session: Session, actor: Actor, reference: str) -> OrganisationOut:
    place = shown_place(session, actor, reference, Scope.SCHEMES_WRITE)
    if place.kind not in SPENDING:
        raise NotFound("scheme of", place.reference)
    return place


def _overtaken(
    refused: Refusal,
    place: OrganisationOut,
    pages: Pages,
    visitor: Visitor,
    house: House,
    actor: Actor,
    *,
    now: datetime,
) -> Response[str]:
    """The scheme as somebody else has set it meanwhile: to send one's own rows again would undo theirs unseen."""
    view = FormView(csrf=visitor.csrf, notice=refused.notice)
    with house.db.read() as session:
        page = _fresh(place, schemes_shown_to(session, actor, place.id), view, now=now)
    return shown(pages, page, status_code=refused.status)


def _again(
    view: FormView,
    place: OrganisationOut,
    form: Form,
    pages: Pages,
    house: House,
    actor: Actor,
    *,
    status: int,
    now: datetime,
) -> Response[str]:
    """The form as it was filled in; it keeps the version that it began from."""
    more = MORE_ROWS if form.text("more") else 0
    count = max(rows_sent(form) + more, MORE_ROWS)
    with house.db.read() as session:
        versions = schemes_shown_to(session, actor, place.id)
    return shown(pages, _page(place, versions, view, revision_of(form), count, now=now), status_code=status)


def _fresh(place: OrganisationOut, versions: Sequence[SchemeOut], form: FormView, *, now: datetime) -> SetSchemePage:
    rules = EXAMPLES[place.kind]
    if versions:
        rules = next((one for one in versions if one.in_force_from <= now), versions[0]).rules
    view = FormView(csrf=form.csrf, values=values_of(rules), notice=form.notice)
    revision = versions[0].number if versions else 0
    return _page(place, versions, view, revision, len(rules) + MORE_ROWS, now=now, is_too_long=len(rules) > MOST_ROWS)


def _page(
    place: OrganisationOut,
    versions: Sequence[SchemeOut],
    form: FormView,
    revision: int,
    count: int,
    *,
    now: datetime,
    is_too_long: bool = False,
) -> SetSchemePage:
    of_kind = KIND_ROLES[place.kind]
    return SetSchemePage(
        form=form,
        organisation=place.name,
        reference=place.reference,
        back_href=f"{SCHEME}?{urlencode({'organisation': place.reference})}",
        revision=revision,
        rows=() if is_too_long else tuple(range(min(count, MOST_ROWS))),
        roles=(*_roles(of_kind & MAKING), Option(value=LEFT_OUT, text="No rule: leave this row out")),
        deciders=_roles(of_kind & DECIDING),
        categories=(Group(title="", options=(Option(value=ANY, text="Any category"),)), *map(_group, Kind)),
        ticks=TICKS,
        is_example=not versions,
        replaced=tuple(one.in_force_from for one in versions if one.in_force_from > now),
        may_grow=count < MOST_ROWS,
    )


def _group(kind: Kind) -> Group:
    listed = category_group(kind)
    return Group(title=listed.title, options=(Option(value=kind, text=f"Any {kind} category"), *listed.options))


def _roles(roles: frozenset[Role]) -> tuple[Option, ...]:
    return tuple(Option(value=role.value, text=role_name(role)) for role in Role if role in roles)
