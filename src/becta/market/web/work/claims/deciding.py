"""A verifier's steps: take a claim, let it go, decide it, and check a badge again."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Response, post
from litestar.params import FromPath
from sqlmodel import Session

from becta.compliance.badges.checking import decide_claim, recheck_badge, release_claim, take_claim
from becta.compliance.badges.rules import ClaimState
from becta.kernel import clock
from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import Fault, Invalid
from becta.market.api.access import needs
from becta.market.web.account.answers import Running, see_other, shown
from becta.market.web.rendering import Pages, Rendering
from becta.market.web.visitor import Filled, Form, Visiting, Visitor
from becta.market.web.work.claims.checking import FAILS, HOLDS, ONE, WITHDRAWN, check_page
from becta.market.web.work.claims.words import CHECKING
from becta.market.web.work.forms import REFUSED, refusal, revision_of
from becta.market.wiring import House

LABELS = {"decision": "The decision", "result": "The result", "reasons": "The reasons"}
_OFFERED = frozenset({ClaimState.ACCEPTED, ClaimState.RETURNED, ClaimState.REFUSED})

Step = Callable[[Session, Actor, datetime], object]


@post(f"{ONE}/take", opt={"access": needs(Scope.BADGES_DECIDE)}, sync_to_thread=True, status_code=303)
def take(claim_id: FromPath[UUID], form: Filled, pages: Rendering, visitor: Visiting, house: Running) -> Response[Any]:
    """Take a claim to check it."""

    def step(session: Session, actor: Actor, now: datetime) -> object:
        return take_claim(session, actor, claim_id, revision=revision_of(form), now=now)

    return _done(step, claim_id, form, pages, visitor, house)


@post(f"{ONE}/release", opt={"access": needs(Scope.BADGES_DECIDE)}, sync_to_thread=True, status_code=303)
def release(
    claim_id: FromPath[UUID], form: Filled, pages: Rendering, visitor: Visiting, house: Running
) -> Response[Any]:
    """Let a claim go, also in another's place."""

    def step(session: Session, actor: Actor, now: datetime) -> object:
        return release_claim(session, actor, claim_id, revision=revision_of(form), now=now)

    return _done(step, claim_id, form, pages, visitor, house)


@post(f"{ONE}/decide", opt={"access": needs(Scope.BADGES_DECIDE)}, sync_to_thread=True, status_code=303)
def decide(
    claim_id: FromPath[UUID], form: Filled, pages: Rendering, visitor: Visiting, house: Running
) -> Response[Any]:
    """Accept, return or refuse a claim."""

    def step(session: Session, actor: Actor, now: datetime) -> object:
        chosen, reasons = form.text("decision"), _reasons(form)
        if chosen not in _OFFERED:
            raise Invalid([Fault(field="decision", problem="is not made", mend="choose one")])
        return decide_claim(session, actor, claim_id, ClaimState(chosen), reasons, revision=revision_of(form), now=now)

    return _done(step, claim_id, form, pages, visitor, house)


@post(f"{ONE}/recheck", opt={"access": needs(Scope.BADGES_DECIDE)}, sync_to_thread=True, status_code=303)
def recheck(
    claim_id: FromPath[UUID], form: Filled, pages: Rendering, visitor: Visiting, house: Running
) -> Response[Any]:
    """Record a later check of a badge, or withdraw it."""

    def step(session: Session, actor: Actor, now: datetime) -> object:
        result, reasons, revision = form.text("result"), _reasons(form), revision_of(form)
        if result == WITHDRAWN:
            return decide_claim(session, actor, claim_id, ClaimState.REVOKED, reasons, revision=revision, now=now)
        if result not in {HOLDS, FAILS}:
            raise Invalid([Fault(field="result", problem="is not chosen", mend="say what the check found")])
        holds = result == HOLDS
        return recheck_badge(session, actor, claim_id, holds=holds, reasons=reasons, revision=revision, now=now)

    return _done(step, claim_id, form, pages, visitor, house)


def _done(step: Step, claim_id: UUID, form: Form, pages: Pages, visitor: Visitor, house: House) -> Response[Any]:
    """One step in a transaction of its own; whatever stands in its way is told on the claim's page."""
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    try:
        with house.db.write() as session:
            step(session, actor, now)
    except REFUSED as error:
        refused = refusal(_for_people(error), LABELS)
        with house.db.read() as session:
            page = check_page(session, actor, claim_id, refused.shown(visitor, form), now=now)
        return shown(pages, page, status_code=refused.status)
    return see_other(f"{CHECKING}/{claim_id}")


def _reasons(form: Form) -> list[str]:
    """One reason on each line."""
    return [line for text in form.text("reasons").splitlines() if (line := text.strip())]


def _for_people(error: Any) -> Any:
    """The same refusal; that there are no reasons is put as somebody at a form would."""
    if not isinstance(error, Invalid) or not any(fault.field == "reasons" for fault in error.faults):
        return error
    mend = "give 1 to 20, each on a line of its own, of 3 to 500 characters"
    return Invalid(
        [
            Fault(field="reasons", problem="are missing or too many", mend=mend)
            if fault.field == "reasons" and "no entry" in fault.problem
            else fault
            for fault in error.faults
        ]
    )
