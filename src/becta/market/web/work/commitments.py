"""Commitments: the list, and committing an amount."""

from hashlib import sha256
from typing import Any

from litestar import Request, Response, get, post
from sqlmodel import Session

from becta.catalogue.categories import Kind, categories
from becta.kernel import clock
from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import DomainError, Fault, Invalid
from becta.kernel.ids import new_id
from becta.kernel.paging import fingerprint
from becta.market.api.access import needs
from becta.market.api.idempotency import Answer, once
from becta.market.api.paging import next_cursor, start_after
from becta.market.delegation.faults import commitment_faults
from becta.market.delegation.queries import commitments
from becta.market.delegation.rules import CommitmentState
from becta.market.delegation.schemas import CommitmentOut, NewCommitment
from becta.market.delegation.service import make_commitment
from becta.market.listings.words import KINDS
from becta.market.web.account.answers import Running, see_other, shown
from becta.market.web.addresses import next_href
from becta.market.web.rendering import Rendering
from becta.market.web.views import Option
from becta.market.web.visitor import Filled, Form, Visiting
from becta.market.web.work.amounts import AMOUNT_MEND, pence_of
from becta.market.web.work.forms import REFUSED, refusal
from becta.market.web.work.places import reached_places
from becta.market.web.work.views import CommitmentRow, CommitmentsPage, FormView, Group, NewCommitmentPage
from becta.market.web.work.words import NOBODY, state_tag

LIST = "/commitments"
PER_PAGE = 25
LABELS = {
    "organisation": "The organisation",
    "purpose": "What it is for",
    "amount": "The amount",
    "category": "The category",
    "budget_code": "The budget code",
}


@get(LIST, opt={"access": needs(Scope.COMMITMENTS_READ)}, sync_to_thread=True)
def list_commitments(
    request: Request[Any, Any, Any], pages: Rendering, visitor: Visiting, house: Running
) -> Response[str]:
    """Commitments of the organisation acted for and those it reaches, newest first."""
    actor = visitor.actor(house.db, now=clock.now())
    only_held = request.query_params.get("state") == CommitmentState.HELD
    state = CommitmentState.HELD if only_held else None
    bound_to = fingerprint("commitment pages", actor.bound_to, state)
    before = start_after(request.query_params.get("cursor") or None, bound_to)
    with house.db.read() as session:
        found = commitments(session, actor, state=state, before=before, limit=PER_PAGE + 1)
    following = next_cursor([one.id for one in found], PER_PAGE, bound_to)
    query = {"state": "held"} if only_held else {}
    page = CommitmentsPage(
        rows=tuple(_row(one) for one in found[:PER_PAGE]),
        only_held=only_held,
        may_make=Scope.COMMITMENTS_MAKE in actor.scopes,
        next_href=next_href(LIST, following, **query),
    )
    return shown(pages, page)


@get(f"{LIST}/new", opt={"access": needs(Scope.COMMITMENTS_MAKE)}, sync_to_thread=True)
def new_commitment(pages: Rendering, visitor: Visiting, house: Running) -> Response[str]:
    """The form to commit an amount."""
    actor = visitor.actor(house.db, now=clock.now())
    with house.db.read() as session:
        page = _form(session, actor, FormView(csrf=visitor.csrf), key=str(new_id()))
    return shown(pages, page)


@post(f"{LIST}/new", opt={"access": needs(Scope.COMMITMENTS_MAKE)}, sync_to_thread=True, status_code=303)
def commit(form: Filled, pages: Rendering, visitor: Visiting, house: Running) -> Response[Any]:
    """Commit an amount; the commitment's page says what became of it."""
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    try:
        wanted = _wanted(form)
        with house.db.write() as session:

            def do() -> Answer:
                made = make_commitment(session, actor, wanted, now=now)
                return Answer({"id": made.id}, {"Location": f"{LIST}/{made.id}"})

            asked = ("commitment page", wanted)
            made = once(session, actor, _key(form), asked, do, now=now)
    except REFUSED as error:
        return _again(error, form, pages, visitor, house, actor)
    return see_other(str(made.headers["Location"]))


def category_group(kind: Kind) -> Group:
    """The categories of a kind, for a select."""
    listed = [Option(value=one.code, text=one.name) for one in categories().values() if one.kind is kind]
    return Group(title=KINDS[kind], options=tuple(listed))


def _again(
    error: DomainError, form: Form, pages: Rendering, visitor: Visiting, house: Running, actor: Actor
) -> Response[str]:
    refused = refusal(error, LABELS)
    with house.db.read() as session:
        page = _form(session, actor, refused.shown(visitor, form), key=form.text("key")[:80])
    return shown(pages, page, status_code=refused.status)


def _wanted(form: Form) -> NewCommitment:
    """What was filled in; raises Invalid with every fault at once, in words for somebody at a form."""
    amount = pence_of(form.text("amount"))
    said = {name: form.text(name).strip() for name in ("purpose", "category", "budget_code")}
    faults = [fault for fault in commitment_faults(amount_pence=1, **said) if fault.field != "category"]
    if amount is None:
        faults.append(Fault(field="amount", problem="is not an amount of money", mend=AMOUNT_MEND))
    if said["category"] not in categories():
        faults.append(Fault(field="category", problem="is not chosen", mend="choose the one that fits best"))
    if amount is None or faults:
        raise Invalid(faults)
    return NewCommitment(organisation=form.text("organisation"), amount_pence=amount, **said)


def _key(form: Form) -> str:
    """The same for a double click; another one when somebody goes back and sends something else."""
    sent = [(name, value) for name, value in form.values.items() if name != "csrf_token"]
    return sha256(repr(sent).encode()).hexdigest()


def _form(session: Session, actor: Actor, form: FormView, *, key: str) -> NewCommitmentPage:
    return NewCommitmentPage(
        form=form,
        key=key,
        places=reached_places(session, actor),
        categories=tuple(category_group(kind) for kind in Kind),
    )


def _row(one: CommitmentOut) -> CommitmentRow:
    return CommitmentRow(
        href=f"{LIST}/{one.id}",
        purpose=one.purpose,
        organisation=one.organisation.name,
        amount_pence=one.amount_pence,
        made_by=one.made_by_name or NOBODY,
        made_at=one.created_at,
        state=state_tag(one.state),
    )
