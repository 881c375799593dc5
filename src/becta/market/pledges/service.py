"""Use cases of pledges: make, amend and withdraw one, and answer when others left and made it dearer.

A pledge is a commitment of money under the school's own scheme of delegation, for the most that it can cost. Locks are
taken in one order: procurement, pledge, commitment, caps from the school upwards, and the trail.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import Conflict, Fault, Forbidden, Invalid, NotFound, refuse_if_any, refuse_if_stale
from becta.kernel.events import record
from becta.kernel.ids import new_id
from becta.kernel.money import pounds
from becta.market.accounts.models import Organisation
from becta.market.accounts.organisations import parse_reference, reference_of
from becta.market.delegation.models import Commitment
from becta.market.delegation.service import withdraw_commitment
from becta.market.pledges.asking_again import ask_those_who_stay
from becta.market.pledges.backing import commit_for_pledge
from becta.market.pledges.caps import Lot, Part, hold, part_of
from becta.market.pledges.lapsing import mark_lapsed
from becta.market.pledges.leaving import question_to, silent_ones
from becta.market.pledges.models import Pledge
from becta.market.pledges.queries import KIND
from becta.market.pledges.rules import (
    LIVE,
    PledgeState,
    check_standing,
    is_approved_in_time,
    pledge_faults,
    reason_faults,
    state_now,
)
from becta.market.pledges.schemas import AnswerGiven, NewPledge, PledgeTerms
from becta.market.pledges.sharing import Answer
from becta.market.procurements.access import procurement_held, procurement_shared, view_of
from becta.market.procurements.calling_off import refuse_unentitled
from becta.market.procurements.models import Procurement, ProcurementLot
from becta.market.procurements.states import Phase, ProcurementState, check_phase, phase_of

_SAID = frozenset(PledgeTerms.__struct_fields__)
_OWN = (
    select(Pledge, Commitment)
    .join(Commitment, col(Commitment.id) == col(Pledge.commitment_id))
    .where(
        col(Pledge.lot_id) == bindparam("lot_id"),
        col(Pledge.organisation_id) == bindparam("school_id"),
        col(Pledge.state) == PledgeState.STANDING,
    )
    .with_for_update(of=Pledge)
)


def make_pledge(session: Session, actor: Actor, procurement_id: UUID, wanted: NewPledge, *, now: datetime) -> Pledge:
    """Pledge for a school, until the pledge deadline. Held by its scheme, it holds its caps and does not count yet.

    Raises Invalid, NotFound, Forbidden with the sentence of the scheme that refuses it, CapReached, or Conflict if the
    school has pledged to the lot already.
    """
    person_id = _person(actor)
    school_id = parse_reference(wanted.organisation, "organisation").id
    actor.require(Scope.PLEDGES_MAKE, of=school_id)
    procurement = procurement_shared(session, procurement_id)
    part = _part(session, actor, procurement, school_id, wanted.organisation)
    check_phase(procurement, Phase.GATHERING, now=now, doing="pledging")
    refuse_unentitled(session, procurement, {school_id: "organisation"})
    lot = _checked(part, wanted, wanted.lot)
    freed = _lapsed_already(session, lot.id, school_id, now=now)
    committed = commit_for_pledge(session, actor, procurement, lot, wanted, wanted.organisation, now=now)
    made = Pledge(
        id=new_id(),
        procurement_id=procurement.id,
        lot_id=lot.id,
        organisation_id=school_id,
        **_written(wanted),
        commitment_id=committed.id,
        state=PledgeState.STANDING,
        made_by=person_id,
        made_at=now,
        changed_at=now,
    )
    session.add(made)
    session.flush()
    after = made.model_dump(include={"procurement_id", "lot_id", "organisation_id", "commitment_id", *_SAID})
    record(session, actor, "pledge.made", KIND, made.id, now=now, after=after)
    hold(session, procurement.id, part.caps, made.amount_pence - freed)
    return made


def amend_pledge(
    session: Session,
    actor: Actor,
    procurement_id: UUID,
    pledge_id: UUID,
    wanted: PledgeTerms,
    *,
    revision: int | None,
    now: datetime,
) -> Pledge:
    """Change a pledge until the pledge deadline; beyond what was committed, or on another budget, it commits anew.

    Raises as `make_pledge`, or Stale.
    """
    procurement = procurement_shared(session, procurement_id)
    pledge, commitment = _locked(session, actor, procurement, pledge_id, revision)
    check_phase(procurement, Phase.GATHERING, now=now, doing="amending a pledge")
    part = _part(session, actor, procurement, pledge.organisation_id)
    lot = _checked(part, wanted, next(one.number for one in part.lots.values() if one.id == pledge.lot_id))
    _change(session, actor, procurement, (pledge, commitment), (part, lot), wanted, "pledge.amended", now=now)
    return pledge


def withdraw_pledge(
    session: Session,
    actor: Actor,
    procurement_id: UUID,
    pledge_id: UUID,
    reason: str,
    *,
    is_called_off: Callable[[Session, UUID], bool],
    revision: int | None,
    now: datetime,
) -> Pledge:
    """Take a pledge back, saying why: freely until the pledge deadline, then until the withdrawal deadline.

    Who was asked to stay and did not answer before bids were opened may still, and so may who was not approved by then,
    and once there are contracts whoever got nothing. `is_called_off` tells whether the pledge became a call-off, which
    is asked once the procurement is held, so that nobody contracts meanwhile. Its commitment is withdrawn with it, so
    it takes who made that or decides on it. Whoever would then pay above its ceiling is asked first, see
    `question_to`. Raises Invalid, NotFound, Forbidden, Stale, or Conflict.
    """
    refuse_if_any(reason_faults(reason))
    procurement = procurement_held(session, procurement_id)
    pledge, commitment = _locked(session, actor, procurement, pledge_id, revision)
    if procurement.state is not ProcurementState.CONTRACTED or is_called_off(session, pledge_id):
        _may_leave(session, procurement, pledge, commitment, now=now)
    _leave(session, actor, procurement, pledge, commitment, reason.strip(), now=now)
    return pledge


def answer_question(
    session: Session,
    actor: Actor,
    procurement_id: UUID,
    pledge_id: UUID,
    given: AnswerGiven,
    *,
    revision: int | None,
    now: datetime,
) -> Pledge:
    """Say whether a school stays at the price it was asked about, or leaves, until the bids are opened.

    Staying raises its ceiling to that price and commits anew. Raises as `amend_pledge`, and Conflict where nothing is
    asked, or about another price by now.
    """
    procurement = procurement_held(session, procurement_id)
    pledge, commitment = _locked(session, actor, procurement, pledge_id, revision)
    check_phase(procurement, Phase.LOCKED, Phase.TENDERING, Phase.SEALED, now=now, doing="answering")
    asked = question_to(session, procurement, pledge, now=now)
    if asked is None:
        raise Conflict("this school is asked nothing: at its ceiling it stays anyway")
    if asked.new_price_pence != given.unit_price_pence:
        raise Conflict(f"others have answered since: the price asked about is {pounds(asked.new_price_pence)} now")
    if given.answer is Answer.LEAVES:
        reason = f"left when asked to stay at {pounds(asked.new_price_pence)}"
        _leave(session, actor, procurement, pledge, commitment, reason, now=now)
        return pledge
    said = {name: getattr(pledge, name) for name in _SAID}
    said |= {"ceiling_price_pence": asked.new_price_pence, "acceptable_lots": tuple(pledge.acceptable_lots)}
    part = _part(session, actor, procurement, pledge.organisation_id)
    lot = next(one for one in part.lots.values() if one.id == pledge.lot_id)
    parts = (part, lot)
    _change(session, actor, procurement, (pledge, commitment), parts, PledgeTerms(**said), "pledge.stayed", now=now)
    return pledge


def _change(
    session: Session,
    actor: Actor,
    procurement: Procurement,
    stood: tuple[Pledge, Commitment],
    place: tuple[Part, Lot],
    wanted: PledgeTerms,
    action: str,
    *,
    now: datetime,
) -> None:
    (pledge, commitment), (part, lot) = stood, place
    before, held = pledge.model_dump(include={"commitment_id", *_SAID}), pledge.amount_pence
    for name, value in _written(wanted).items():
        setattr(pledge, name, value)
    if pledge.amount_pence > commitment.amount_pence or pledge.budget_code != commitment.budget_code:
        withdraw_commitment(session, actor, commitment.id, "replaced by a changed pledge", revision=None, now=now)
        reference = _reference(session, pledge.organisation_id)
        pledge.commitment_id = commit_for_pledge(session, actor, procurement, lot, wanted, reference, now=now).id
    pledge.changed_at = now
    pledge.revision += 1
    session.flush()
    after = pledge.model_dump(include={"commitment_id", *_SAID})
    record(session, actor, action, KIND, pledge.id, now=now, before=before, after=after)
    ask_those_who_stay(session, procurement, pledge.lot_id, now=now)
    hold(session, procurement.id, part.caps, pledge.amount_pence - held)


def _leave(
    session: Session,
    actor: Actor,
    procurement: Procurement,
    pledge: Pledge,
    commitment: Commitment,
    reason: str,
    *,
    now: datetime,
) -> None:
    withdraw_commitment(session, actor, commitment.id, reason, revision=None, now=now)
    pledge.state, pledge.ended_at, pledge.ended_by, pledge.reason = PledgeState.WITHDRAWN, now, actor.person_id, reason
    pledge.revision += 1
    session.flush()
    before, after = {"state": PledgeState.STANDING}, {"state": pledge.state}
    record(session, actor, "pledge.withdrawn", KIND, pledge.id, now=now, before=before, after=after, reason=reason)
    ask_those_who_stay(session, procurement, pledge.lot_id, now=now)
    hold(session, procurement.id, _part(session, actor, procurement, pledge.organisation_id).caps, -pledge.amount_pence)


def _may_leave(
    session: Session, procurement: Procurement, pledge: Pledge, commitment: Commitment, *, now: datetime
) -> None:
    phase, until = phase_of(procurement, now=now), procurement.withdrawal_deadline
    if phase in {Phase.GATHERING, Phase.TERMINATED}:
        return
    if phase in {Phase.LOCKED, Phase.TENDERING} and until is not None and now < until:
        return
    if not is_approved_in_time(commitment.decided_at, procurement.opened_at):
        return
    lot = session.get_one(ProcurementLot, pledge.lot_id)
    if pledge.organisation_id not in silent_ones(session, procurement, lot):
        ended = f"could be taken back until {until:%Y-%m-%d %H:%M} UTC" if until else "are not taken back once locked"
        raise Conflict(f"pledges to this {ended}; the procurement is {phase}")


def _checked(part: Part, wanted: PledgeTerms, number: int) -> Lot:
    """The lot pledged to; raises Invalid with everything wrong with the pledge."""
    said = {name: getattr(wanted, name) for name in _SAID}
    refuse_if_any(pledge_faults(**said, lot=number, lots={one.number: one.category for one in part.lots.values()}))
    return part.lots[number]


def _written(wanted: PledgeTerms) -> dict[str, Any]:
    """The columns that hold what a pledge says."""
    said: dict[str, Any] = {name: getattr(wanted, name) for name in _SAID}
    return said | {
        "acceptable_lots": list(dict.fromkeys(wanted.acceptable_lots)),
        "alternatives": wanted.alternatives.strip(),
        "budget_code": wanted.budget_code.strip(),
    }


def _person(actor: Actor) -> UUID:
    if actor.person_id is None:
        because = "a pledge needs a person behind it: use that person's own token"
        raise Forbidden(need=Scope.PLEDGES_MAKE, because=because)
    return actor.person_id


def _part(
    session: Session, actor: Actor, procurement: Procurement, school_id: UUID, reference: str | None = None
) -> Part:
    """The part of a school that takes part; raises NotFound to who sees no such procurement, else Invalid."""
    part = part_of(session, procurement, school_id)
    if part is not None:
        return part
    if view_of(session, actor, procurement) is None:
        raise NotFound("procurement", procurement.id)
    mend = "ask whoever runs the procurement to invite it"
    raise Invalid([Fault(field="organisation", problem="does not take part", mend=mend, value=reference)])


def _locked(
    session: Session, actor: Actor, procurement: Procurement, pledge_id: UUID, revision: int | None
) -> tuple[Pledge, Commitment]:
    """A standing pledge, locked for change, with its commitment; to whoever does not reach it there is none."""
    found = session.exec(select(Pledge).where(Pledge.id == pledge_id).with_for_update()).first()
    if found is None or found.procurement_id != procurement.id or not actor.reaches(found.organisation_id):
        raise NotFound(KIND, pledge_id)
    actor.require(Scope.PLEDGES_MAKE, of=found.organisation_id)
    _person(actor)
    refuse_if_stale(revision, found.revision)
    commitment = session.exec(select(Commitment).where(Commitment.id == found.commitment_id).with_for_update()).one()
    check_standing(state_now(found.state, commitment.state))
    return found, commitment


def _lapsed_already(session: Session, lot_id: UUID, school_id: UUID, *, now: datetime) -> int:
    """Let go of the school's own pledge whose commitment has ended, so that it can pledge anew; gives what it held.

    Raises Conflict if its pledge stands.
    """
    found = session.execute(_OWN, {"lot_id": lot_id, "school_id": school_id}).first()
    if found is None:
        return 0
    pledge: Pledge
    pledge, commitment = found
    if commitment.state in LIVE:
        raise Conflict("this school has pledged to this lot already; amend that pledge")
    mark_lapsed(session, pledge, commitment, now=now)
    return pledge.amount_pence


def _reference(session: Session, organisation_id: UUID) -> str:
    return reference_of(session.get_one(Organisation, organisation_id))
