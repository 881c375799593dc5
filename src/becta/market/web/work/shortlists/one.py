"""One shortlist: its products side by side, taking one off, ending it, and the file for the records."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from sqlmodel import Session

from becta.compliance.badges.requirements import parse_requirement
from becta.kernel import clock
from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import Fault, Invalid, NotFound
from becta.market.api.access import needs
from becta.market.shortlists.export import shortlist_csv
from becta.market.shortlists.queries import one_shortlist
from becta.market.shortlists.rules import ShortlistState
from becta.market.shortlists.schemas import Choice, EntryOut, ShortlistOut
from becta.market.shortlists.service import KIND, archive_shortlist, close_shortlist, remove_from_shortlist
from becta.market.web.account.answers import Running, see_other, shown
from becta.market.web.addresses import as_uuid
from becta.market.web.rendering import SECURITY_HEADERS, Rendering
from becta.market.web.views import Option
from becta.market.web.visitor import NO_STORE, Filled, Form, Visiting
from becta.market.web.work.forms import REFUSED, refusal, revision_of
from becta.market.web.work.happenings import happenings
from becta.market.web.work.shortlists.listing import ONE
from becta.market.web.work.shortlists.views import EndShortlistPage, RemoveFromShortlistPage, ShortlistPage
from becta.market.web.work.shortlists.words import (
    HEADLINES,
    LIST,
    entry_row,
    facts_of,
    removed_rows,
    tag_of,
    warnings_of,
)
from becta.market.web.work.views import FormView
from becta.market.web.work.words import HAPPENINGS

NONE_OF_THEM = "none"
REMOVE = f"{ONE}/entries/{{entry_id:uuid}}/remove"
LABELS = {"choice": "The choice", "reason": "The reason"}


@get(ONE, opt={"access": needs(Scope.SHORTLISTS_READ)}, sync_to_thread=True)
def show_shortlist(shortlist_id: FromPath[UUID], pages: Rendering, visitor: Visiting, house: Running) -> Response[str]:
    """A shortlist with what is true of its products now, and its history."""
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    with house.db.read() as session:
        found = one_shortlist(session, actor, shortlist_id, now=now)
        happened = happenings(session, actor, KIND, shortlist_id, HAPPENINGS)
    may_write = Scope.SHORTLISTS_WRITE in actor.scopes
    page = ShortlistPage(
        title=found.name,
        href=f"{LIST}/{found.id}",
        state=tag_of(found.state),
        headline=HEADLINES[found.state],
        facts=facts_of(found, tuple(parse_requirement(text).words for text in found.badges)),
        warnings=warnings_of(found),
        entries=tuple(entry_row(found, entry, may_write=may_write) for entry in found.entries),
        removed=removed_rows(found),
        history=happened,
        may_write=may_write and found.state is ShortlistState.OPEN,
        has_ended=found.state is not ShortlistState.OPEN,
    )
    return shown(pages, page)


@get(f"{ONE}/download", opt={"access": needs(Scope.SHORTLISTS_READ)}, sync_to_thread=True)
def download(shortlist_id: FromPath[UUID], visitor: Visiting, house: Running) -> Response[bytes]:
    """The shortlist as a table; once it has ended, as it stood then."""
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    with house.db.read() as session:
        found = one_shortlist(session, actor, shortlist_id, now=now)
    named = {"Content-Disposition": f'attachment; filename="shortlist-{found.id}.csv"'}
    return Response(
        shortlist_csv(found, now=now).encode("utf-8-sig"),  # by its mark spreadsheets know the encoding
        media_type="text/csv",
        headers={**SECURITY_HEADERS, **NO_STORE, **named},
    )


@get(REMOVE, opt={"access": needs(Scope.SHORTLISTS_WRITE)}, sync_to_thread=True)
def ask_to_remove(
    shortlist_id: FromPath[UUID], entry_id: FromPath[UUID], pages: Rendering, visitor: Visiting, house: Running
) -> Response[str]:
    """The form to take a product off."""
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    with house.db.read() as session:
        found = one_shortlist(session, actor, shortlist_id, now=now)
    entry = _entry(found, entry_id)
    return shown(pages, _removing(found, entry.title, entry_id, FormView(csrf=visitor.csrf), found.revision))


@post(REMOVE, opt={"access": needs(Scope.SHORTLISTS_WRITE)}, sync_to_thread=True, status_code=303)
def remove(
    shortlist_id: FromPath[UUID],
    entry_id: FromPath[UUID],
    form: Filled,
    pages: Rendering,
    visitor: Visiting,
    house: Running,
) -> Response[Any]:
    """Take a product off, saying why."""
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    revision, reason = revision_of(form), form.text("reason").strip()
    try:
        with house.db.write() as session:
            remove_from_shortlist(session, actor, shortlist_id, entry_id, reason, revision=revision, now=now)
    except REFUSED as error:
        refused = refusal(error, LABELS)
        with house.db.read() as session:
            found = one_shortlist(session, actor, shortlist_id, now=now)
        page = _removing(found, _title(found, entry_id), entry_id, refused.shown(visitor, form), revision)
        return shown(pages, page, status_code=refused.status)
    return see_other(f"{LIST}/{shortlist_id}")


@get(f"{ONE}/end", opt={"access": needs(Scope.SHORTLISTS_WRITE)}, sync_to_thread=True)
def ask_to_end(shortlist_id: FromPath[UUID], pages: Rendering, visitor: Visiting, house: Running) -> Response[str]:
    """The form to choose a product, or none, and end the shortlist."""
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    with house.db.read() as session:
        found = one_shortlist(session, actor, shortlist_id, now=now)
    return shown(pages, _ending(found, FormView(csrf=visitor.csrf), found.revision))


@post(f"{ONE}/end", opt={"access": needs(Scope.SHORTLISTS_WRITE)}, sync_to_thread=True, status_code=303)
def end(
    shortlist_id: FromPath[UUID], form: Filled, pages: Rendering, visitor: Visiting, house: Running
) -> Response[Any]:
    """Close the shortlist with a choice, or put it away without one."""
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    revision = revision_of(form)
    try:
        with house.db.write() as session:
            _end(session, actor, shortlist_id, form, revision, now=now)
    except REFUSED as error:
        refused = refusal(error, LABELS)
        with house.db.read() as session:
            found = one_shortlist(session, actor, shortlist_id, now=now)
        page = _ending(found, refused.shown(visitor, form), revision)
        return shown(pages, page, status_code=refused.status)
    return see_other(f"{LIST}/{shortlist_id}")


def _end(session: Session, actor: Actor, shortlist_id: UUID, form: Form, revision: int, *, now: datetime) -> None:
    choice, reason = form.text("choice"), form.text("reason").strip()
    if choice == NONE_OF_THEM:
        archive_shortlist(session, actor, shortlist_id, reason, revision=revision, now=now)
        return
    chosen = as_uuid(choice)
    if chosen is None:
        raise Invalid([Fault(field="choice", problem="is not made", mend="choose a product, or no product")])
    made = Choice(product_id=chosen, reason=reason)
    close_shortlist(session, actor, shortlist_id, made, revision=revision, now=now)


def _entry(found: ShortlistOut, entry_id: UUID) -> EntryOut:
    for entry in found.entries:
        if entry.id == entry_id:
            return entry
    raise NotFound("entry", entry_id)


def _title(found: ShortlistOut, entry_id: UUID) -> str:
    """What a product on the list, or once on it, is called."""
    titles = {one.id: one.title for one in found.entries} | {one.id: one.title for one in found.removed}
    return titles.get(entry_id, "")


def _removing(
    found: ShortlistOut, product: str, entry_id: UUID, form: FormView, revision: int
) -> RemoveFromShortlistPage:
    return RemoveFromShortlistPage(
        form=form,
        action=f"{LIST}/{found.id}/entries/{entry_id}/remove",
        back_href=f"{LIST}/{found.id}",
        shortlist=found.name,
        product=product,
        revision=revision,
    )


def _ending(found: ShortlistOut, form: FormView, revision: int) -> EndShortlistPage:
    products = [Option(value=str(one.product_id), text=f"{one.title} from {one.supplier}") for one in found.entries]
    return EndShortlistPage(
        form=form,
        action=f"{LIST}/{found.id}/end",
        back_href=f"{LIST}/{found.id}",
        shortlist=found.name,
        revision=revision,
        choices=(*products, Option(value=NONE_OF_THEM, text="No product: put the list away")),
    )
