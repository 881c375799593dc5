"""Use cases of deciding: work out who wins, decide it, and take a decision back."""

from collections.abc import Sequence, Set
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import msgspec
import structlog
from msgspec import Struct, structs
from sqlmodel import Session, col, func, select

from becta.catalogue.text_rules import text_faults
from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import Conflict, Fault, refuse_if_any, refuse_if_stale
from becta.kernel.ids import new_id
from becta.market.awards.choosing import Allocation, Choice, LotAtStake, Offered, PlannedAward, choose_by_rank
from becta.market.awards.models import Award, AwardDecision
from becta.market.awards.moving import moved_on
from becta.market.awards.schemas import NewDecision
from becta.market.awards.split_check import BrokenSplit
from becta.market.awards.splitting import choose_by_split
from becta.market.awards.states import DecisionState
from becta.market.bids.queries import opened_bids
from becta.market.evaluation.queries import is_settled, ranking_of
from becta.market.pledges.queries import demand_of, who_pledged
from becta.market.procurements.access import procurement_locked, seen
from becta.market.procurements.lawful import is_above_threshold, route_faults
from becta.market.procurements.models import Procurement
from becta.market.procurements.queries import lots_of
from becta.market.procurements.service import move, person_behind
from becta.market.procurements.states import ProcurementState, check_move
from becta.market.procurements.telling import Step, on_step, tell
from becta.market.procurements.terms import AwardMethod

MOST_SECONDS = 60
"""The longest that a split is worked on."""


log = structlog.get_logger()


class Plan(Struct, frozen=True, kw_only=True):
    """Who would win by what is recorded, and the hash of all that it rests on."""

    choice: Choice
    inputs_hash: str


def to_decide(
    session: Session, actor: Actor, procurement_id: UUID, wanted: NewDecision, *, revision: int | None
) -> tuple[AwardMethod, list[LotAtStake]]:
    """All that a decision rests on, for somebody who may decide it now.

    Raises Invalid, NotFound, Forbidden, Stale, or Conflict while scores are missing.
    """
    faults = text_faults("reason", wanted.reason, at_least=3, at_most=5_000)
    if not 1 <= wanted.seconds <= MOST_SECONDS:
        mend = f"use 1 to {MOST_SECONDS}"
        faults.append(Fault(field="seconds", problem="is out of range", mend=mend, value=str(wanted.seconds)))
    refuse_if_any(faults)
    person_behind(actor, Scope.PROCUREMENTS_AWARD)
    found, _ = seen(session, actor, procurement_id)
    actor.require(Scope.PROCUREMENTS_AWARD, of=found.organisation_id)
    refuse_if_stale(revision, found.revision)
    check_move(found.state, ProcurementState.DECIDED)
    return found.award_method, at_stake(session, found)


def work_out(method: AwardMethod, lots: list[LotAtStake], *, seconds: int) -> Plan:
    """Who would win by the record; slow for a split, so outside any transaction.

    Raises Conflict if nobody can, and where a split that was found breaks a rule.
    """
    try:
        choice = choose_by_split(lots, seconds=seconds) if method is AwardMethod.SPLIT else choose_by_rank(method, lots)
    except BrokenSplit as error:
        log.exception("split_broken", lots=[str(lot.lot_id) for lot in lots])
        why = (
            "the split that was found breaks a rule, so it is not decided on: that is a fault of ours, which is logged"
        )
        raise Conflict(f"{why}; until it is mended, award each lot whole in a procurement of its own") from error
    choice = moved_on(method, lots, choice)
    if not choice.awards:
        raise Conflict("no lot has both a bid and a school that pays its price, so nothing is awarded; terminate")
    return Plan(choice=choice, inputs_hash=hash_of(lots))


def decide_award(
    session: Session,
    actor: Actor,
    procurement_id: UUID,
    wanted: NewDecision,
    plan: Plan,
    *,
    revision: int | None,
    now: datetime,
) -> AwardDecision:
    """Decide that those win whom a plan names, saying why; nothing that it rests on may have changed since.

    Raises Invalid, NotFound, Forbidden, Stale, or Conflict.
    """
    refuse_if_any(text_faults("reason", wanted.reason, at_least=3, at_most=5_000))
    person_id = person_behind(actor, Scope.PROCUREMENTS_AWARD)
    found = procurement_locked(session, actor, procurement_id, Scope.PROCUREMENTS_AWARD, revision=revision)
    check_move(found.state, ProcurementState.DECIDED)
    if hash_of(at_stake(session, found)) != plan.inputs_hash:
        raise Conflict("scores, exclusions or pledges changed while this was worked out; decide again")
    _refuse_unadvertised(session, found, plan, now=now)
    newest = session.exec(select(func.max(AwardDecision.number)).where(AwardDecision.procurement_id == found.id)).one()
    made = AwardDecision(
        id=new_id(),
        procurement_id=found.id,
        number=(newest or 0) + 1,
        method=found.award_method,
        state=DecisionState.STANDING,
        reason=wanted.reason.strip(),
        optimum=[msgspec.to_builtins(one) for one in plan.choice.optimum],
        waiting=[msgspec.to_builtins(one) for one in plan.choice.waiting],
        moved=[msgspec.to_builtins(one) for one in plan.choice.moved],
        unsuccessful=list(plan.choice.unsuccessful),
        inputs_hash=plan.inputs_hash,
        decided_by=person_id,
        decided_at=now,
    )
    session.add(made)
    session.flush()
    session.add_all(_award(made, one) for one in plan.choice.awards)
    found.decided_at, found.summaries_sent_at = now, None
    move(found, ProcurementState.DECIDED)
    after = {"decision": made.number, "awards": [_told(one) for one in plan.choice.awards], "moved": made.moved}
    tell(session, actor, found, Step.DECIDED, now=now, after=after, reason=made.reason)
    return made


def reconsider(
    session: Session, actor: Actor, procurement_id: UUID, reason: str, *, revision: int | None, now: datetime
) -> Procurement:
    """Take a decision back before it became contracts, saying why: the bids are judged again. Raises as `decide`."""
    refuse_if_any(text_faults("reason", reason, at_least=3, at_most=5_000))
    person_behind(actor, Scope.PROCUREMENTS_AWARD)
    found = procurement_locked(session, actor, procurement_id, Scope.PROCUREMENTS_AWARD, revision=revision)
    check_move(found.state, ProcurementState.OPENED)
    decision = standing_decision(session, found.id)
    decision.state, decision.withdrawn_at, decision.withdrawn_reason = DecisionState.WITHDRAWN, now, reason.strip()
    found.decided_at = found.summaries_sent_at = found.award_published_at = None
    found.standstill_starts = found.standstill_ends = found.may_contract_from = None
    move(found, ProcurementState.OPENED)
    tell(session, actor, found, Step.RECONSIDERED, now=now, after={"decision": decision.number}, reason=reason.strip())
    return found


def _refuse_unadvertised(session: Session, procurement: Procurement, plan: Plan, *, now: datetime) -> None:
    """Hold what is awarded against the threshold: quotes were not enough for it, or a standstill is needed after all.

    A contract is worth what is to be paid under it, whatever was estimated (Procurement Act 2023 Schedule 3), so VAT
    counts at the rates of lots or of bids, whichever comes to more.
    """
    lots = [lot.terms for lot in lots_of(session, procurement.id)]
    net = sum(one.net_pence for one in plan.choice.awards)
    owed = net + sum(one.vat_pence for one in plan.choice.awards)
    if route_faults(procurement.route, lots, net, owed_pence=owed, now=now):
        raise Conflict("the award reaches the threshold, for which quotes are not enough (s.19): terminate, advertise")
    is_above = is_above_threshold(lots, net, owed_pence=owed, now=now)
    procurement.is_above_threshold = procurement.is_above_threshold or is_above


@on_step
def withdraw_with_procurement(session: Session, procurement: Procurement, step: Step, *, now: datetime) -> None:
    """Take the decision of a procurement back when that ends without contracts."""
    if step is not Step.TERMINATED:
        return
    wanted = select(AwardDecision).where(
        AwardDecision.procurement_id == procurement.id, AwardDecision.state == DecisionState.STANDING
    )
    for decision in session.exec(wanted):
        decision.state, decision.withdrawn_at = DecisionState.WITHDRAWN, now
        decision.withdrawn_reason = procurement.reason


def standing_decision(session: Session, procurement_id: UUID) -> AwardDecision:
    """The decision that stands; raises Conflict if there is none."""
    wanted = select(AwardDecision).where(
        AwardDecision.procurement_id == procurement_id, col(AwardDecision.state) != DecisionState.WITHDRAWN
    )
    found = session.exec(wanted).first()
    if found is None:
        raise Conflict("nothing is decided yet")
    return found


def at_stake(session: Session, procurement: Procurement) -> list[LotAtStake]:
    """The lots with all that decides them; raises Conflict while a score is missing."""
    if not is_settled(session, procurement.id):
        raise Conflict("bids are not scored to consensus for every lot yet")
    bids = opened_bids(session, procurement.id)
    pledged = who_pledged(session, procurement.id)
    made = []
    for lot in lots_of(session, procurement.id):
        wanted = tuple(
            Allocation(
                organisation_id=one.organisation_id,
                quantity=one.quantity,
                ceiling_price_pence=one.ceiling_price_pence,
                alone_price_pence=one.alone_price_pence,
                pledge_id=one.pledge_id,
                budget_code=one.budget_code,
                acceptable_lots=one.acceptable_lots,
            )
            for one in demand_of(session, lot.id)
        )
        if not wanted and lot.terms.quantity is not None:
            wanted = (
                Allocation(
                    organisation_id=procurement.organisation_id,
                    quantity=lot.terms.quantity,
                    alone_price_pence=lot.terms.alone_price_pence,
                ),
            )
        offered = {
            bid.bid_id: Offered(
                bid_id=bid.bid_id,
                organisation_id=bid.organisation_id,
                tiers=part.tiers,
                capacity=part.capacity,
                vat_basis_points=part.vat_basis_points,
            )
            for bid in bids
            for part in bid.content.lots
            if part.lot == lot.number
        }
        made.append(
            LotAtStake(
                lot_id=lot.id,
                number=lot.number,
                terms=lot.terms,
                wanted=wanted,
                offered=offered,
                ranking=ranking_of(session, procurement.id, lot.id),
            )
        )
    return [structs.replace(lot, bound=_bound(lot, made, pledged)) for lot in made]


def _bound(lot: LotAtStake, lots: Sequence[LotAtStake], pledged: Set[tuple[UUID, UUID]]) -> tuple[UUID, ...]:
    """Who named a lot as one that would do and yet has a pledge to it, given all pledges by lot and school."""
    named = {one.organisation_id for other in lots for one in other.wanted if lot.number in one.acceptable_lots}
    return tuple(sorted(school for school in named if (lot.lot_id, school) in pledged))


def hash_of(lots: list[LotAtStake]) -> str:
    """The hash of all that an award rests on."""
    plain = msgspec.to_builtins(lots, str_keys=True)
    return sha256(msgspec.json.encode(plain, order="deterministic")).hexdigest()


def _award(decision: AwardDecision, one: PlannedAward) -> Award:
    return Award(
        id=new_id(),
        decision_id=decision.id,
        procurement_id=decision.procurement_id,
        lot_id=one.lot_id,
        bid_id=one.bid_id,
        organisation_id=one.organisation_id,
        quantity=one.quantity,
        unit_price_pence=one.unit_price_pence,
        net_pence=one.net_pence,
        vat_basis_points=one.vat_basis_points,
        vat_pence=one.vat_pence,
        allocations=[msgspec.to_builtins(allocation) for allocation in one.allocations],
    )


def _told(one: PlannedAward) -> dict[str, object]:
    return {
        "lot": one.lot,
        "bid_id": one.bid_id,
        "quantity": one.quantity,
        "unit_price_pence": one.unit_price_pence,
    }
