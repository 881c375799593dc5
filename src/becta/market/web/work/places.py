"""The organisations that somebody acts for, reaches, or may ask to join."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from litestar import Request
from sqlalchemy import func, select
from sqlmodel import Session, col

from becta.catalogue.suppliers.models import Supplier
from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import NotFound
from becta.market.accounts.histories import organisation_facts
from becta.market.accounts.models import Organisation
from becta.market.accounts.organisations import OrganisationOut, organisation_out
from becta.market.accounts.roles import OrganisationKind
from becta.market.api.organisations import organisation_id_of
from becta.market.organisations.queries import MAX_LIMIT, schools
from becta.market.organisations.rules import STANDING
from becta.market.web.account.answers import PICK
from becta.market.web.views import Link, Option
from becta.market.web.work.views import Place

MOST_FOUND = 20
LONGEST_QUERY = 100


def pick_href(path: str) -> str:
    """Where somebody who acts for no organisation picks one, and then goes on to `path`."""
    return f"{PICK}?{urlencode({'next': path})}"


def reached_places(session: Session, actor: Actor) -> tuple[Option, ...]:
    """The organisation somebody acts for and, if it is a trust, its schools by name; as references."""
    if actor.organisation_id is None:
        return ()
    own = organisation_out(session, actor.organisation_id)
    return (Option(value=own.reference, text=own.name), *_schools(session, own))


def school_links(session: Session, actor: Actor, path: str) -> tuple[Link, ...]:
    """The same page (`path`) for each school of the trust that somebody acts for."""
    return tuple(
        Link(text=place.text, href=f"{path}?{urlencode({'organisation': place.value})}")
        for place in reached_places(session, actor)[1:]
    )


def shown_place(session: Session, actor: Actor, reference: str, scope: Scope) -> OrganisationOut:
    """The organisation that a page is about: the one acted for, or one within reach where the scope counts.

    Raises NotFound for one beyond reach, and Forbidden.
    """
    if not reference:
        if actor.organisation_id is None:
            raise NotFound("organisation", "that you act for")
        return organisation_out(session, actor.organisation_id)
    if not actor.reaches(organisation_id_of(session, reference)):
        raise NotFound("organisation", reference[:80])
    found = organisation_facts(session, reference).organisation
    if found.id != actor.organisation_id:
        actor.require(scope, of=found.id)
    return found


def found_places(session: Session, q: str, href: Callable[[str], str]) -> tuple[tuple[Place, ...], bool]:
    """Schools, their trusts, and suppliers by name or URN, and whether there are more; `href` makes their links."""
    page = schools(session, q=q, limit=MOST_FOUND)
    standing = [one for one in page.items if one.status in STANDING]
    trusts = {one.trust_uid: one.trust_name or "" for one in standing if one.trust_uid is not None}
    found = [
        Place(
            href=href(f"urn:{one.urn}"),
            name=one.name,
            hint=", ".join(part for part in (one.town, one.postcode, f"URN {one.urn}") if part),
        )
        for one in standing
    ]
    found += [
        Place(href=href(f"trust:{uid}"), name=name, hint="Trust of a school above") for uid, name in trusts.items()
    ]
    found += _suppliers(session, q, href)
    return tuple(found), page.next is not None


def sought(request: Request[Any, Any, Any]) -> str:
    """What somebody looks for, tidied; "" for nothing."""
    return " ".join(request.query_params.get("q", "")[:LONGEST_QUERY].replace("\0", "").split())


def join_href(reference: str) -> str:
    """The page on which one asks to join an organisation."""
    return f"/join/ask?{urlencode({'organisation': reference})}"


def _suppliers(session: Session, q: str, href: Callable[[str], str]) -> list[Place]:
    wanted = select(col(Supplier.id), col(Supplier.name)).order_by(func.lower(col(Supplier.name)), col(Supplier.id))
    for word in q.split():
        wanted = wanted.where(func.lower(col(Supplier.name)).contains(word.lower(), autoescape=True))
    rows = session.execute(wanted.limit(MOST_FOUND))
    return [Place(href=href(f"supplier:{id_}"), name=name, hint="Supplier") for id_, name in rows]


def _schools(session: Session, own: OrganisationOut) -> list[Option]:
    if own.kind is not OrganisationKind.TRUST:
        return []
    uid = session.get_one(Organisation, own.id).group_uid
    page = schools(session, trust_uid=uid, limit=MAX_LIMIT)
    return [Option(value=f"urn:{one.urn}", text=one.name) for one in page.items if one.status in STANDING]
