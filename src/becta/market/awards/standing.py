"""Use cases between decision and contract: summaries, the award notice, the standstill, a challenge and its end."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlmodel import Session

from becta.catalogue.text_rules import text_faults
from becta.kernel.actor import Actor, Scope
from becta.kernel.clock import london_date, start_of_day
from becta.kernel.errors import Conflict, Fault, Invalid, refuse_if_any
from becta.kernel.ids import new_id
from becta.market.advice.entries import ContractKind
from becta.market.advice.timing import standstill, standstill_exception
from becta.market.awards.deciding import at_stake, hash_of, standing_decision
from becta.market.awards.models import AssessmentSummary
from becta.market.awards.schemas import NewChallenge, NewStandstill
from becta.market.awards.summaries import summaries
from becta.market.procurements.access import procurement_locked
from becta.market.procurements.lawful import kind_of
from becta.market.procurements.models import Procurement
from becta.market.procurements.queries import lots_of
from becta.market.procurements.service import move, person_behind
from becta.market.procurements.states import Phase, ProcurementState, check_move, check_phase
from becta.market.procurements.telling import Step, tell


def send_summaries(
    session: Session, actor: Actor, procurement_id: UUID, *, revision: int | None, now: datetime
) -> Procurement:
    """Give every assessed bidder its assessment summary, before any award notice (Procurement Act 2023 s.50).

    Raises NotFound, Forbidden, Stale, or Conflict if they were sent.
    """
    person_behind(actor, Scope.PROCUREMENTS_AWARD)
    found = procurement_locked(session, actor, procurement_id, Scope.PROCUREMENTS_AWARD, revision=revision)
    check_phase(found, Phase.DECIDED, now=now, doing="sending summaries")
    if found.summaries_sent_at is not None:
        raise Conflict("the summaries of this decision were sent already")
    decision = standing_decision(session, found.id)
    if hash_of(at_stake(session, found)) != decision.inputs_hash:
        raise Conflict("what the award rests on has changed since it was decided; reconsider it")
    made = [
        AssessmentSummary(
            id=new_id(),
            decision_id=decision.id,
            procurement_id=found.id,
            bid_id=bid.bid_id,
            organisation_id=bid.organisation_id,
            body=msgspec.to_builtins(body),
            sent_at=now,
        )
        for bid, body in summaries(session, found, decision.id)
    ]
    session.add_all(made)
    found.summaries_sent_at = now
    found.revision += 1
    tell(session, actor, found, Step.SUMMARIES_SENT, now=now, after={"summaries": len(made)})
    return found


def publish_award(
    session: Session, actor: Actor, procurement_id: UUID, *, revision: int | None, now: datetime
) -> Procurement:
    """Publish the award notice (UK6, s.50) of an award for which no standstill is mandatory, and begin none (s.51(3)).

    Raises NotFound, Forbidden, Stale, or Conflict: before the summaries are sent, once it is published, and where a
    standstill must begin with it.
    """
    person_behind(actor, Scope.PROCUREMENTS_AWARD)
    found = procurement_locked(session, actor, procurement_id, Scope.PROCUREMENTS_AWARD, revision=revision)
    check_phase(found, Phase.DECIDED, now=now, doing="publishing an award")
    if needs_standstill(session, found):
        raise Conflict("a standstill is mandatory for this award: begin it, which publishes the notice (s.51)")
    _publish(found, now=now)
    found.revision += 1
    tell(session, actor, found, Step.AWARD_PUBLISHED, now=now, after={"award_published_at": now})
    return found


def begin_standstill(
    session: Session,
    actor: Actor,
    procurement_id: UUID,
    wanted: NewStandstill,
    *,
    revision: int | None,
    now: datetime,
) -> Procurement:
    """Publish the award notice (UK6) and begin the standstill, in UK-wide working days (s.51).

    Raises Invalid for fewer than 8 days, NotFound, Forbidden, Stale, or Conflict before the summaries are sent and once
    the notice is out: a standstill begins with it or not at all.
    """
    person_behind(actor, Scope.PROCUREMENTS_AWARD)
    found = procurement_locked(session, actor, procurement_id, Scope.PROCUREMENTS_AWARD, revision=revision)
    check_phase(found, Phase.DECIDED, now=now, doing="a standstill")
    _publish(found, now=now)
    dates = standstill(london_date(now), days=wanted.days)
    found.standstill_starts, found.standstill_ends = dates.starts, dates.ends
    found.may_contract_from = start_of_day(dates.may_contract_from)
    move(found, ProcurementState.STANDSTILL)
    after = {"ends": dates.ends, "may_contract_from": dates.may_contract_from}
    tell(session, actor, found, Step.STANDSTILL, now=now, after=after)
    return found


def challenge(
    session: Session, actor: Actor, procurement_id: UUID, wanted: NewChallenge, *, revision: int | None, now: datetime
) -> Procurement:
    """Note that a claim was notified within the standstill: no contract until it is settled (s.101).

    It may be noted later, as long as nothing is contracted. Raises Invalid, NotFound, Forbidden, Stale, or Conflict.
    """
    refuse_if_any(text_faults("reason", wanted.reason, at_least=3, at_most=5_000))
    person_behind(actor, Scope.PROCUREMENTS_AWARD)
    found = procurement_locked(session, actor, procurement_id, Scope.PROCUREMENTS_AWARD, revision=revision)
    check_phase(found, Phase.STANDSTILL, Phase.STANDSTILL_OVER, now=now, doing="suspending")
    notified = wanted.notified_at or now
    assert found.may_contract_from is not None  # the table's check constraint
    if notified > now or notified >= found.may_contract_from:
        mend = "give when it was notified; only within the standstill does a claim suspend by itself (s.101)"
        raise Invalid([Fault(field="notified_at", problem="is not within the standstill", mend=mend)])
    move(found, ProcurementState.SUSPENDED)
    tell(session, actor, found, Step.SUSPENDED, now=now, reason=wanted.reason.strip())
    return found


def resume(
    session: Session, actor: Actor, procurement_id: UUID, reason: str, *, revision: int | None, now: datetime
) -> Procurement:
    """Go on after a claim was settled or the suspension lifted (s.102), saying how; the standstill runs on.

    Raises Invalid, NotFound, Forbidden, Stale, or Conflict.
    """
    refuse_if_any(text_faults("reason", reason, at_least=3, at_most=5_000))
    person_behind(actor, Scope.PROCUREMENTS_AWARD)
    found = procurement_locked(session, actor, procurement_id, Scope.PROCUREMENTS_AWARD, revision=revision)
    check_phase(found, Phase.SUSPENDED, now=now, doing="going on")
    check_move(found.state, ProcurementState.STANDSTILL)
    move(found, ProcurementState.STANDSTILL)
    tell(session, actor, found, Step.RESUMED, now=now, reason=reason.strip())
    return found


def _publish(procurement: Procurement, *, now: datetime) -> None:
    """Note that the award notice is out; raises Conflict if it was, or the summaries have not gone before it."""
    if procurement.summaries_sent_at is None:
        raise Conflict("assessment summaries go to every bidder before the award notice (s.50(3))")
    if procurement.award_published_at is not None:
        raise Conflict("the award notice of this decision is out already")
    procurement.award_published_at = now


def needs_standstill(session: Session, procurement: Procurement) -> bool:
    """Whether a contract may only follow a standstill: above the threshold, but for the exceptions of s.51(3)."""
    if not procurement.is_above_threshold:
        return False
    lots = [lot.terms for lot in lots_of(session, procurement.id)]
    is_call_off = procurement.framework_lot_id is not None
    is_light_touch = kind_of(lots) is ContractKind.LIGHT_TOUCH
    return standstill_exception(is_call_off=is_call_off, is_light_touch=is_light_touch) is None
