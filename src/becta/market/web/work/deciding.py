"""One commitment: how it stands, who must decide, what was done, and deciding."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from sqlmodel import Session

from becta.catalogue.categories import categories
from becta.kernel import clock
from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import DomainError, Stale
from becta.kernel.money import pounds
from becta.market.accounts.models import Organisation
from becta.market.api.access import needs
from becta.market.delegation.queries import binding_schemes, one_commitment
from becta.market.delegation.rules import MOVES, CommitmentState, a_role, may_release
from becta.market.delegation.schemas import CommitmentOut, HoldOut
from becta.market.delegation.service import decline_commitment, release_commitment
from becta.market.pledges.backing import is_pledged, withdraw_unless_pledged
from becta.market.web.account.answers import Running, see_other, shown
from becta.market.web.formats import london_date
from becta.market.web.rendering import Pages, Rendering
from becta.market.web.views import Fact
from becta.market.web.visitor import Filled, Form, Visiting, Visitor
from becta.market.web.work.commitments import LIST
from becta.market.web.work.forms import REFUSED, Refusal, refusal, revision_of
from becta.market.web.work.happenings import happenings
from becta.market.web.work.views import CommitmentPage, FormView, Verdict
from becta.market.web.work.words import HAPPENINGS, NOBODY, OUTCOMES, state_tag
from becta.market.wiring import House

ONE = f"{LIST}/{{commitment_id:uuid}}"
LABELS = {"reason": "The reason"}
HEADLINES = {
    CommitmentState.APPROVED: "This is approved: the money may be spent.",
    CommitmentState.HELD: "This waits for a decision: do not spend the money yet.",
    CommitmentState.REFUSED: "This is refused: the rules do not allow it.",
    CommitmentState.DECLINED: "This was turned down.",
    CommitmentState.WITHDRAWN: "This was withdrawn.",
}


@get(ONE, opt={"access": needs(Scope.COMMITMENTS_READ)}, sync_to_thread=True)
def show_commitment(
    commitment_id: FromPath[UUID], pages: Rendering, visitor: Visiting, house: Running
) -> Response[str]:
    """A commitment with what its schemes say, who must decide, and its history."""
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    with house.db.read() as session:
        page = _page(session, actor, commitment_id, FormView(csrf=visitor.csrf), now=now)
    return shown(pages, page)


@post(f"{ONE}/approve", opt={"access": needs(Scope.COMMITMENTS_DECIDE)}, sync_to_thread=True, status_code=303)
def approve(
    commitment_id: FromPath[UUID], form: Filled, pages: Rendering, visitor: Visiting, house: Running
) -> Response[Any]:
    """Let a held commitment through."""
    return _step(release_commitment, CommitmentState.APPROVED, commitment_id, form, pages, visitor, house)


@post(f"{ONE}/decline", opt={"access": needs(Scope.COMMITMENTS_DECIDE)}, sync_to_thread=True, status_code=303)
def decline(
    commitment_id: FromPath[UUID], form: Filled, pages: Rendering, visitor: Visiting, house: Running
) -> Response[Any]:
    """Turn a held commitment down, saying why."""
    reason = form.text("reason").strip()
    return _step(decline_commitment, CommitmentState.DECLINED, commitment_id, form, pages, visitor, house, reason)


@post(f"{ONE}/withdraw", opt={"access": needs(Scope.COMMITMENTS_MAKE)}, sync_to_thread=True, status_code=303)
def withdraw(
    commitment_id: FromPath[UUID], form: Filled, pages: Rendering, visitor: Visiting, house: Running
) -> Response[Any]:
    """Take a commitment back, saying why."""
    reason = form.text("reason").strip()
    return _step(withdraw_unless_pledged, CommitmentState.WITHDRAWN, commitment_id, form, pages, visitor, house, reason)


def _step(
    use_case: Callable[..., object],
    wanted: CommitmentState,
    commitment_id: UUID,
    form: Form,
    pages: Pages,
    visitor: Visitor,
    house: House,
    *given: object,
) -> Response[Any]:
    """One step in a commitment's life; whatever stands in its way is told on the commitment's page."""
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    try:
        with house.db.write() as session:
            use_case(session, actor, commitment_id, *given, revision=revision_of(form), now=now)
    except REFUSED as error:
        with house.db.read() as session:
            refused = _refusal(error, wanted, one_commitment(session, actor, commitment_id))
            page = _page(session, actor, commitment_id, refused.shown(visitor, form), now=now)
        return shown(pages, page, status_code=refused.status)
    return see_other(f"{LIST}/{commitment_id}")


def _refusal(error: DomainError, wanted: CommitmentState, found: CommitmentOut) -> Refusal:
    if isinstance(error, Stale) and wanted not in MOVES[found.state]:
        settled = state_tag(found.state).text.lower()
        return Refusal(status=409, notice=f"Nothing was changed. This is decided already: {settled}.")
    return refusal(error, LABELS)


def _page(session: Session, actor: Actor, commitment_id: UUID, form: FormView, *, now: datetime) -> CommitmentPage:
    found = one_commitment(session, actor, commitment_id)
    is_held, is_maker = found.state is CommitmentState.HELD, found.made_by == actor.person_id
    decides = Scope.COMMITMENTS_DECIDE in actor.scopes
    may_approve, why_not = _may_approve(session, actor, found, now=now) if is_held and decides else (False, ())
    has_pledge = is_pledged(session, found.id)
    approved_and_mine = found.state is CommitmentState.APPROVED and (is_maker or decides)
    return CommitmentPage(
        form=form,
        href=f"{LIST}/{found.id}",
        revision=found.revision,
        title=found.purpose,
        headline=HEADLINES[found.state],
        state=state_tag(found.state),
        facts=_facts(found),
        verdicts=tuple(
            Verdict(organisation=one.organisation_name, outcome=OUTCOMES[one.outcome], sentence=one.sentence)
            for one in found.decisions
        ),
        waits=tuple(_wait(found, hold) for hold in found.holds) if is_held else (),
        history=happenings(session, actor, "commitment", found.id, HAPPENINGS),
        may_approve=may_approve,
        may_decline=is_held and decides and not is_maker,
        may_withdraw=not has_pledge
        and Scope.COMMITMENTS_MAKE in actor.scopes
        and ((is_held and is_maker) or approved_and_mine),
        has_pledge=has_pledge,
        why_not=why_not,
    )


def _facts(found: CommitmentOut) -> tuple[Fact, ...]:
    category = categories().get(found.category)
    facts = (
        Fact(term="Amount", text=pounds(found.amount_pence)),
        Fact(term="For", text=found.organisation.name),
        Fact(term="Category", text=found.category if category is None else category.name),
        Fact(term="Budget code", text=found.budget_code),
        Fact(term="Made by", text=found.made_by_name or NOBODY, note=london_date(found.created_at)),
    )
    return (*facts, Fact(term="Reason given", text=found.reason)) if found.reason else facts


def _wait(found: CommitmentOut, hold: HoldOut) -> str:
    """What a scheme's hold waits for: "Larch Trust: an approver or somebody above must decide"."""
    name = _holder(found, hold)
    if hold.released_at is not None:
        return f"{name}: let through on {london_date(hold.released_at)}"
    return f"{name}: {a_role(hold.role)} or somebody above must decide"


def _holder(found: CommitmentOut, hold: HoldOut) -> str:
    names = {one.organisation_id: one.organisation_name for one in found.decisions}
    return names.get(hold.organisation_id, "")


def _may_approve(
    session: Session, actor: Actor, found: CommitmentOut, *, now: datetime
) -> tuple[bool, tuple[str, ...]]:
    """Whether the visitor may let any of it through, and if not why; the use case has the last word."""
    organisation = session.get_one(Organisation, found.organisation.id)
    bound = binding_schemes(session, organisation, acting_for=found.acting_for, now=now)
    schemes = {one.organisation_id: one.scheme for one in bound}
    why_not = []
    for hold in found.holds:
        scheme = schemes.get(hold.organisation_id)
        is_mine = actor.organisation_id in {found.organisation.id, hold.organisation_id}
        if hold.released_at is not None or scheme is None or not is_mine:
            continue
        release = may_release(
            scheme.rules,
            held_for=hold.role,
            roles=actor.roles,
            amount_pence=found.amount_pence,
            category=found.category,
            kind=categories()[found.category].kind,
            is_maker=actor.person_id == found.made_by,
        )
        if release.is_allowed:
            return True, ()
        why_not.append(f"{_holder(found, hold)}: {release.sentence}")
    return False, tuple(why_not)
