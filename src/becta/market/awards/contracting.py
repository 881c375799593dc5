"""The use case of entering into contracts: one with each winner, and each school's call-off under it."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec
from sqlmodel import Session, col, select

from becta.kernel.actor import Actor, Scope
from becta.kernel.clock import add_months, london_date
from becta.kernel.errors import Conflict, Fault, Invalid, refuse_if_any
from becta.kernel.ids import new_id
from becta.kernel.money import vat_pence
from becta.market.advice.entries import ContractKind
from becta.market.advice.timing import contract_details_due
from becta.market.awards.calling_off import refuse_unless_covered
from becta.market.awards.choosing import Allocation
from becta.market.awards.deciding import standing_decision
from becta.market.awards.models import Award, CallOff, Contract
from becta.market.awards.schemas import NewContracts
from becta.market.awards.shares import shares_of
from becta.market.awards.standing import needs_standstill
from becta.market.awards.states import ContractState, DecisionState, contract_awaits
from becta.market.delegation.models import Commitment
from becta.market.frameworks.models import Framework, FrameworkLot
from becta.market.frameworks.rules import Lot, levy_pence
from becta.market.pledges.models import Pledge
from becta.market.pledges.queries import demand_of
from becta.market.procurements.access import procurement_locked
from becta.market.procurements.lawful import kind_of
from becta.market.procurements.models import Procurement
from becta.market.procurements.queries import lots_of
from becta.market.procurements.rules import LONGEST
from becta.market.procurements.schemas import LotOut
from becta.market.procurements.service import move, person_behind
from becta.market.procurements.states import Phase, ProcurementState, check_phase
from becta.market.procurements.telling import Step, tell
from becta.market.procurements.terms import LotTerms

MOST_MONTHS = 240


def conclude(
    session: Session,
    actor: Actor,
    procurement_id: UUID,
    wanted: NewContracts,
    *,
    revision: int | None,
    now: datetime,
) -> Procurement:
    """Enter into a contract with each winner, and freeze what each school gets and owes.

    Above the threshold its award notice must be out (s.50); where a standstill is mandatory it must be over, and a
    suspended one blocks. Raises Invalid, NotFound, Forbidden, Stale or Conflict, also if a school's pledge no longer
    counts.
    """
    if not 1 <= wanted.months <= MOST_MONTHS:
        mend = f"use 1 to {MOST_MONTHS}"
        raise Invalid([Fault(field="months", problem="is out of range", mend=mend, value=str(wanted.months))])
    person_behind(actor, Scope.PROCUREMENTS_AWARD)
    found = procurement_locked(session, actor, procurement_id, Scope.PROCUREMENTS_AWARD, revision=revision)
    check_phase(found, Phase.DECIDED, Phase.STANDSTILL_OVER, now=now, doing="entering into contracts")
    awaited = found.state is ProcurementState.DECIDED and contract_awaits(
        is_above_threshold=found.is_above_threshold,
        needs_standstill=needs_standstill(session, found),
        are_summaries_sent=found.summaries_sent_at is not None,
        is_published=found.award_published_at is not None,
    )
    if awaited:
        raise Conflict(awaited)
    refuse_if_any(_start_faults(wanted, now=now))
    decision = standing_decision(session, found.id)
    awards = session.exec(select(Award).where(Award.decision_id == decision.id).order_by(col(Award.id))).all()
    lots = {lot.id: lot for lot in lots_of(session, found.id)}
    _must_still_count(session, lots, awards)
    refuse_unless_covered(session, found, awards, now=now)
    levy = _called_off_from(session, found)
    for supplier_id in sorted({one.organisation_id for one in awards}):
        own = [one for one in awards if one.organisation_id == supplier_id]
        contract = _contract(found, decision.id, supplier_id, own, lots, wanted, now=now)
        calls = [one for award in own for one in _call_offs(found, contract, award, lots[award.lot_id], levy, now=now)]
        contract.vat_pence = sum(one.vat_pence for one in calls)
        session.add(contract)
        session.flush()
        session.add_all(calls)
    decision.state = DecisionState.CONTRACTED
    found.contracted_at = now
    move(found, ProcurementState.CONTRACTED)
    tell(
        session,
        actor,
        found,
        Step.CONTRACTED,
        now=now,
        after={"starts_on": wanted.starts_on, "decision": decision.number},
    )
    return found


def _contract(
    procurement: Procurement,
    decision_id: UUID,
    supplier_id: UUID,
    awards: Sequence[Award],
    lots: dict[UUID, LotOut],
    wanted: NewContracts,
    *,
    now: datetime,
) -> Contract:
    months = max(lots[one.lot_id].terms.term_months or wanted.months for one in awards)
    return Contract(
        id=new_id(),
        procurement_id=procurement.id,
        organisation_id=supplier_id,
        decision_id=decision_id,
        state=ContractState.ACTIVE,
        net_pence=sum(one.net_pence for one in awards),
        vat_pence=0,
        starts_on=wanted.starts_on,
        ends_on=add_months(wanted.starts_on, months) - timedelta(days=1),
        entered_at=now,
        details_due_on=_details_due([lot.terms for lot in lots.values()], procurement, now=now),
    )


def _details_due(lots: list[LotTerms], procurement: Procurement, *, now: datetime) -> date | None:
    """The last day for notice UK7 (s.53), of which there is none below the threshold."""
    if not procurement.is_above_threshold:
        return None
    return contract_details_due(london_date(now), is_light_touch=kind_of(lots) is ContractKind.LIGHT_TOUCH)


def _call_offs(
    procurement: Procurement, contract: Contract, award: Award, lot: LotOut, levy: Lot | None, *, now: datetime
) -> list[CallOff]:
    """What each school gets of an award; what they pay sums exactly to it."""
    allocations = msgspec.convert(award.allocations, list[Allocation])
    shares = shares_of(procurement.savings_policy, award.unit_price_pence, allocations)
    return [
        CallOff(
            id=new_id(),
            contract_id=contract.id,
            procurement_id=procurement.id,
            lot_id=lot.id,
            award_id=award.id,
            organisation_id=one.organisation_id,
            pledge_id=one.pledge_id,
            quantity=one.quantity,
            unit_price_pence=award.unit_price_pence,
            net_pence=share.pays_pence,
            levy_pence=0 if levy is None else levy_pence(share.pays_pence, levy),
            vat_basis_points=award.vat_basis_points,
            vat_pence=vat_pence(share.pays_pence, award.vat_basis_points),
            alone_pence=share.alone_pence,
            budget_code=one.budget_code,
            frozen_at=now,
        )
        for one, share in zip(allocations, shares, strict=True)
    ]


def _must_still_count(session: Session, lots: dict[UUID, LotOut], awards: Sequence[Award]) -> None:
    """Raise Conflict if a pledge that an award rests on counts no longer, or for another number.

    The commitments behind the pledges are locked first, so that none is withdrawn meanwhile.
    """
    awarded: dict[UUID, int] = {}
    for award in awards:
        for one in msgspec.convert(award.allocations, list[Allocation]):
            if one.pledge_id is not None:
                awarded[one.pledge_id] = awarded.get(one.pledge_id, 0) + one.quantity
    behind = select(Pledge.commitment_id).where(col(Pledge.id).in_(list(awarded)))
    wanted = select(Commitment.id).where(col(Commitment.id).in_(behind)).order_by(col(Commitment.id))
    session.exec(wanted.with_for_update()).all()
    counts = {one.pledge_id: one.quantity for lot_id in lots for one in demand_of(session, lot_id)}
    gone = [pledge_id for pledge_id, quantity in awarded.items() if counts.get(pledge_id, 0) < quantity]
    if gone:
        raise Conflict(f"{len(gone)} of the pledges that the award rests on count no longer; reconsider the award")


def _called_off_from(session: Session, procurement: Procurement) -> Lot | None:
    """What the framework's lot says of calling off, its levy above all; None without a framework."""
    if procurement.framework_lot_id is None:
        return None
    row = session.get_one(FrameworkLot, procurement.framework_lot_id)
    levy = session.get_one(Framework, row.framework_id).levy_basis_points
    return Lot(number=row.number, method=row.method, levy_basis_points=levy)


def _start_faults(wanted: NewContracts, *, now: datetime) -> list[Fault]:
    today = london_date(now)
    if today <= wanted.starts_on <= today + LONGEST:
        return []
    mend = "give today or a later day, within three years"
    return [Fault(field="starts_on", problem="is out of range", mend=mend, value=str(wanted.starts_on))]
