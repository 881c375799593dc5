"""The list of shortlists, starting one, and changing what it says of itself."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlmodel import Session

from becta.compliance.badges.requirements import SYNTAX
from becta.compliance.standards.registry import standards
from becta.kernel import clock
from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import DomainError, Fault, Invalid
from becta.kernel.paging import fingerprint
from becta.market.api.access import needs
from becta.market.api.paging import next_cursor, start_after
from becta.market.shortlists.queries import one_shortlist, shortlists
from becta.market.shortlists.rules import ShortlistState
from becta.market.shortlists.schemas import NewShortlist, ShortlistOut, ShortlistShort, ShortlistTerms
from becta.market.shortlists.service import amend_shortlist, start_shortlist
from becta.market.web.account.answers import Running, see_other, shown
from becta.market.web.addresses import as_uuid, next_href
from becta.market.web.rendering import Rendering
from becta.market.web.views import Link, Option
from becta.market.web.visitor import Filled, Form, Visiting
from becta.market.web.work.forms import REFUSED, refusal, revision_of
from becta.market.web.work.places import reached_places
from becta.market.web.work.shortlists.views import EditShortlistPage, ShortlistRow, ShortlistsPage
from becta.market.web.work.shortlists.words import LIST, tag_of
from becta.market.web.work.views import FormView
from becta.market.web.work.words import NOBODY

PER_PAGE = 25
ONE = f"{LIST}/{{shortlist_id:uuid}}"
LABELS = {
    "organisation": "The organisation",
    "name": "The name",
    "need": "The need",
    "badges": "The badges",
}


@get(LIST, opt={"access": needs(Scope.SHORTLISTS_READ)}, sync_to_thread=True)
def list_shortlists(
    request: Request[Any, Any, Any], pages: Rendering, visitor: Visiting, house: Running
) -> Response[str]:
    """Shortlists of the organisation acted for and those it reaches, newest first."""
    actor = visitor.actor(house.db, now=clock.now())
    only_open = request.query_params.get("state") == ShortlistState.OPEN
    state = ShortlistState.OPEN if only_open else None
    bound_to = fingerprint("shortlist pages", actor.bound_to, state)
    before = start_after(request.query_params.get("cursor") or None, bound_to)
    with house.db.read() as session:
        found = shortlists(session, actor, state=state, before=before, limit=PER_PAGE + 1)
    following = next_cursor([one.id for one in found], PER_PAGE, bound_to)
    query = {"state": "open"} if only_open else {}
    page = ShortlistsPage(
        rows=tuple(_row(one) for one in found[:PER_PAGE]),
        only_open=only_open,
        may_write=Scope.SHORTLISTS_WRITE in actor.scopes,
        next_href=next_href(LIST, following, **query),
    )
    return shown(pages, page)


@get(f"{LIST}/new", opt={"access": needs(Scope.SHORTLISTS_WRITE)}, sync_to_thread=True)
def new_shortlist(
    request: Request[Any, Any, Any], pages: Rendering, visitor: Visiting, house: Running
) -> Response[str]:
    """The form to start a shortlist; with `product`, that is added next."""
    actor = visitor.actor(house.db, now=clock.now())
    product = _product(request.query_params.get("product", ""))
    with house.db.read() as session:
        page = _new(session, actor, FormView(csrf=visitor.csrf), product)
    return shown(pages, page)


@post(f"{LIST}/new", opt={"access": needs(Scope.SHORTLISTS_WRITE)}, sync_to_thread=True, status_code=303)
def start(form: Filled, pages: Rendering, visitor: Visiting, house: Running) -> Response[Any]:
    """Start a shortlist."""
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    product = _product(form.text("product"))
    try:
        wanted = NewShortlist(organisation=form.text("organisation"), **_said(form))
        with house.db.write() as session:
            made = start_shortlist(session, actor, wanted, now=now).id
    except REFUSED as error:
        refused = refusal(_at_fields(error), LABELS)
        with house.db.read() as session:
            page = _new(session, actor, refused.shown(visitor, form), product)
        return shown(pages, page, status_code=refused.status)
    query = urlencode({"product": product, "shortlist": made})
    return see_other(f"{LIST}/add?{query}" if product else f"{LIST}/{made}")


@get(f"{ONE}/edit", opt={"access": needs(Scope.SHORTLISTS_WRITE)}, sync_to_thread=True)
def edit_shortlist(shortlist_id: FromPath[UUID], pages: Rendering, visitor: Visiting, house: Running) -> Response[str]:
    """The form to change what a shortlist says of itself."""
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    with house.db.read() as session:
        found = one_shortlist(session, actor, shortlist_id, now=now)
    values = {"name": (found.name,), "need": (found.need,), "badges": ("\n".join(found.badges),)}
    return shown(pages, _edit(found, FormView(csrf=visitor.csrf, values=values), found.revision))


@post(f"{ONE}/edit", opt={"access": needs(Scope.SHORTLISTS_WRITE)}, sync_to_thread=True, status_code=303)
def amend(
    shortlist_id: FromPath[UUID], form: Filled, pages: Rendering, visitor: Visiting, house: Running
) -> Response[Any]:
    """Change what a shortlist says of itself."""
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    revision = revision_of(form)
    try:
        with house.db.write() as session:
            amend_shortlist(session, actor, shortlist_id, ShortlistTerms(**_said(form)), revision=revision, now=now)
    except REFUSED as error:
        refused = refusal(_at_fields(error), LABELS)
        with house.db.read() as session:
            found = one_shortlist(session, actor, shortlist_id, now=now)
        page = _edit(found, refused.shown(visitor, form), revision)
        return shown(pages, page, status_code=refused.status)
    return see_other(f"{LIST}/{shortlist_id}")


def _said(form: Form) -> dict[str, Any]:
    lines = (line.strip() for line in form.text("badges").splitlines())
    return {
        "name": form.text("name").strip(),
        "need": form.text("need").strip(),
        "badges": tuple(line for line in lines if line),
    }


def _at_fields(error: DomainError) -> DomainError:
    """The same refusal; what is wrong with one badge also says with which."""
    if not isinstance(error, Invalid):
        return error
    return Invalid([_at_line(fault) for fault in error.faults])


def _at_line(fault: Fault) -> Fault:
    field, _, rest = fault.field.partition(".")
    place, _, part = rest.partition(".")
    if not part:
        return fault
    problem = f"cannot be read on line {int(place) + 1}: the {part} {fault.value or ''} {fault.problem}"
    return Fault(field=field, problem=" ".join(problem.split()), mend=fault.mend, value=fault.value)


def _product(text: str) -> str:
    """The id of a product as it was sent on, "" for what is none."""
    found = as_uuid(text)
    return "" if found is None else str(found)


def _new(session: Session, actor: Actor, form: FormView, product: str) -> EditShortlistPage:
    return EditShortlistPage(
        form=form,
        title="Start a shortlist",
        action=f"{LIST}/new",
        button="Start the shortlist",
        back=Link(text="Shortlists", href=LIST),
        places=reached_places(session, actor),
        product=product,
        codes=_codes(),
    )


def _edit(found: ShortlistOut, form: FormView, revision: int) -> EditShortlistPage:
    return EditShortlistPage(
        form=form,
        title="Change the shortlist",
        action=f"{LIST}/{found.id}/edit",
        button="Save",
        back=Link(text=found.name, href=f"{LIST}/{found.id}"),
        revision=revision,
        codes=_codes(),
    )


def _codes() -> tuple[Option, ...]:
    """The standards that may be wanted, and how each is written."""
    return (
        Option(value=SYNTAX, text="More exactly"),
        *(Option(value=code, text=one.name) for code, one in standards().items()),
    )


def _row(one: ShortlistShort) -> ShortlistRow:
    return ShortlistRow(
        href=f"{LIST}/{one.id}",
        name=one.name,
        organisation=one.organisation.name,
        entries=one.entries,
        started_by=one.created_by_name or NOBODY,
        started_at=one.created_at,
        state=tag_of(one.state),
    )
