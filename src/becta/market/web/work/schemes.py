"""Schemes of delegation in words."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get
from sqlmodel import Session

from becta.kernel import clock
from becta.kernel.actor import Actor, Scope
from becta.kernel.money import pounds
from becta.market.accounts.models import Organisation
from becta.market.accounts.organisations import OrganisationOut, organisations_out
from becta.market.api.access import needs
from becta.market.delegation.queries import schemes_shown_to, trust_id_of
from becta.market.delegation.rules import SPENDING, Delegation, in_words
from becta.market.delegation.schemas import SchemeOut
from becta.market.web.account.answers import Running, shown
from becta.market.web.rendering import Rendering
from becta.market.web.views import Link
from becta.market.web.visitor import Visiting
from becta.market.web.work.places import school_links, shown_place
from becta.market.web.work.views import OrganisationScheme, RuleRow, SchemePage, SchemeView
from becta.market.web.work.words import role_name

SCHEME = "/scheme"
EDIT = f"{SCHEME}/edit"
DONE = {"set": "The scheme is set and in force."}


@get(SCHEME, opt={"access": needs(Scope.COMMITMENTS_READ)}, sync_to_thread=True)
def show_scheme(request: Request[Any, Any, Any], pages: Rendering, visitor: Visiting, house: Running) -> Response[str]:
    """The schemes that bind the organisation acted for: its own, and its trust's."""
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    reference = request.query_params.get("organisation", "")
    with house.db.read() as session:
        place = shown_place(session, actor, reference, Scope.COMMITMENTS_READ)
        page = SchemePage(
            schemes=tuple(_schemes(session, actor, place.id, now=now)),
            edit=_edit(actor, place),
            schools=() if reference else school_links(session, actor, SCHEME),
            done=DONE.get(request.query_params.get("done", ""), ""),
        )
    return shown(pages, page)


def _edit(actor: Actor, place: OrganisationOut) -> Link | None:
    if Scope.SCHEMES_WRITE not in actor.scopes or place.kind not in SPENDING:
        return None
    return Link(
        text=f"Change the scheme of {place.name}", href=f"{EDIT}?{urlencode({'organisation': place.reference})}"
    )


def _schemes(session: Session, actor: Actor, organisation_id: UUID, *, now: datetime) -> list[OrganisationScheme]:
    organisation = session.get(Organisation, organisation_id)
    if organisation is None:  # a school of the trust for which nobody has acted yet
        organisation = session.get_one(Organisation, actor.organisation_id)
    if organisation.kind not in SPENDING:
        return []
    trust_id = trust_id_of(session, organisation)
    ids = [organisation.id] if trust_id is None else [organisation.id, trust_id]
    names = {one.id: one.name for one in organisations_out(session, ids)}
    return [_one(names[id_], schemes_shown_to(session, actor, id_), now=now) for id_ in ids if id_ in names]


def _one(name: str, versions: Sequence[SchemeOut], *, now: datetime) -> OrganisationScheme:
    started = [one for one in versions if one.in_force_from <= now]
    return OrganisationScheme(
        organisation=name,
        in_force=_view(started[0]) if started else None,
        to_come=tuple(_view(one) for one in versions if one.in_force_from > now),
        before=tuple(_view(one) for one in started[1:]),
    )


def _view(scheme: SchemeOut) -> SchemeView:
    return SchemeView(
        number=scheme.number,
        since=scheme.in_force_from,
        note=scheme.note,
        rules=tuple(_rule(one) for one in scheme.rules),
    )


def _rule(rule: Delegation) -> RuleRow:
    limits = {None: "Any amount", 0: "Nothing"}
    return RuleRow(
        role=role_name(rule.role),
        category="Any category" if rule.category is None else _sentence(in_words(rule.category).removeprefix("in ")),
        limit=limits.get(rule.limit_pence) or f"Up to {pounds(rule.limit_pence or 0)}",
        above="Nobody" if rule.above is None else role_name(rule.above),
        two_people="Yes" if rule.two_people else "No",
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
