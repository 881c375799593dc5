"""Putting a product on a shortlist, by the link on its page."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from sqlmodel import Session

from becta.kernel import clock
from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import Fault, Invalid, NotFound
from becta.market.api.access import needs
from becta.market.listings.queries import one_listing
from becta.market.shortlists.queries import shortlists
from becta.market.shortlists.rules import ShortlistState
from becta.market.shortlists.schemas import NewEntry
from becta.market.shortlists.service import add_to_shortlist
from becta.market.web.account.answers import Running, see_other, shown
from becta.market.web.addresses import as_uuid
from becta.market.web.rendering import Rendering
from becta.market.web.views import Option
from becta.market.web.visitor import Filled, Visiting
from becta.market.web.work.forms import REFUSED, refusal
from becta.market.web.work.shortlists.views import AddToShortlistPage
from becta.market.web.work.shortlists.words import LIST
from becta.market.web.work.views import FormView

ADD = f"{LIST}/add"
MOST_OPTIONS = 50
LABELS = {"shortlist": "The shortlist", "note": "The note"}


@get(ADD, opt={"access": needs(Scope.SHORTLISTS_WRITE)}, sync_to_thread=True)
def choose_shortlist(
    request: Request[Any, Any, Any], pages: Rendering, visitor: Visiting, house: Running
) -> Response[str]:
    """The form to put the product named in the address on an open shortlist."""
    actor = visitor.actor(house.db, now=clock.now())
    product_id = _product(request.query_params.get("product", ""))
    chosen = request.query_params.get("shortlist", "")[:40]
    form = FormView(csrf=visitor.csrf, values={"shortlist": (chosen,)})
    with house.db.read() as session:
        page = _page(session, actor, product_id, form)
    return shown(pages, page)


@post(ADD, opt={"access": needs(Scope.SHORTLISTS_WRITE)}, sync_to_thread=True, status_code=303)
def add(form: Filled, pages: Rendering, visitor: Visiting, house: Running) -> Response[Any]:
    """Put a product on a shortlist."""
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    product_id = _product(form.text("product"))
    shortlist_id = as_uuid(form.text("shortlist"))
    try:
        if shortlist_id is None:
            mend = "choose one, or start another"
            raise Invalid([Fault(field="shortlist", problem="is not chosen", mend=mend)])
        wanted = NewEntry(product_id=product_id, note=form.text("note").strip())
        with house.db.write() as session:
            add_to_shortlist(session, actor, shortlist_id, wanted, revision=None, now=now)
    except REFUSED as error:
        refused = refusal(error, LABELS)
        with house.db.read() as session:
            page = _page(session, actor, product_id, refused.shown(visitor, form))
        return shown(pages, page, status_code=refused.status)
    return see_other(f"{LIST}/{shortlist_id}")


def _product(text: str) -> UUID:
    found = as_uuid(text)
    if found is None:
        raise NotFound("product", text[:40])
    return found


def _page(session: Session, actor: Actor, product_id: UUID, form: FormView) -> AddToShortlistPage:
    parts = one_listing(session, product_id)
    found = shortlists(session, actor, state=ShortlistState.OPEN, limit=MOST_OPTIONS)
    own = actor.organisation_id
    return AddToShortlistPage(
        form=form,
        product=str(product_id),
        title=parts.version.title,
        supplier=parts.supplier.name,
        back_href=f"/products/{product_id}",
        new_href=f"{LIST}/new?{urlencode({'product': product_id})}",
        options=tuple(
            Option(
                value=str(one.id),
                text=one.name if one.organisation.id == own else f"{one.name} ({one.organisation.name})",
            )
            for one in found
        ),
    )
