"""Use cases of a contract that runs: change it as far as the Act lets it be, and note that it ended."""

from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from sqlmodel import Session, col, select

from becta.catalogue.text_rules import text_faults
from becta.kernel.actor import Actor, Scope
from becta.kernel.clock import london_date
from becta.kernel.errors import Conflict, Fault, Invalid, NotFound, refuse_if_any, refuse_if_stale
from becta.kernel.ids import new_id
from becta.kernel.money import MAX_PENCE
from becta.market.advice.entries import BuyerKind, Reason
from becta.market.advice.modifications import Modification, ModificationAdvice, judge_modification
from becta.market.advice.valuation import is_above_threshold as reaches
from becta.market.advice.valuation import threshold_for
from becta.market.awards.calling_off import refuse_dearer
from becta.market.awards.models import Contract, ContractChange
from becta.market.awards.schemas import NewChange
from becta.market.awards.states import ContractState, check_contract_move
from becta.market.procurements.access import procurement_locked
from becta.market.procurements.lawful import kind_of
from becta.market.procurements.models import Procurement
from becta.market.procurements.queries import lots_of
from becta.market.procurements.service import person_behind
from becta.market.procurements.telling import Step, tell


def change_contract(
    session: Session,
    actor: Actor,
    procurement_id: UUID,
    contract_id: UUID,
    wanted: NewChange,
    *,
    revision: int | None,
    now: datetime,
) -> Contract:
    """Modify a contract as far as s.74 lets it be; says whether notice UK10 comes first.

    Raises Invalid, NotFound, Forbidden, Stale, or Conflict with the rule that forbids it, also beyond a framework's
    value.
    """
    refuse_if_any(_change_faults(wanted))
    person_id = person_behind(actor, Scope.PROCUREMENTS_AWARD)
    found = procurement_locked(session, actor, procurement_id, Scope.PROCUREMENTS_AWARD)
    contract = _contract_of(session, found, contract_id, revision)
    check_contract_move(contract.state, ContractState.TERMINATED)
    if wanted.ends_on <= contract.starts_on:
        raise Invalid([Fault(field="ends_on", problem="is before the contract starts", mend="give a later day")])
    earlier = session.exec(
        select(ContractChange).where(ContractChange.contract_id == contract.id).order_by(col(ContractChange.number))
    ).all()
    advice = _judge(session, found, contract, wanted, earlier, now=now)
    sentence = " ".join(f"{one.text} ({one.section})" for one in advice.why)
    if not advice.is_permitted:
        raise Conflict(sentence)
    vat_pence = contract.vat_pence
    if wanted.net_pence != contract.net_pence:
        vat_pence = _vat_at_same_rates(contract, wanted.net_pence)
    dearer_by = wanted.net_pence + vat_pence - contract.net_pence - contract.vat_pence
    if dearer_by > 0:
        refuse_dearer(session, found, dearer_by)
    session.add(
        ContractChange(
            id=new_id(),
            contract_id=contract.id,
            number=len(earlier) + 1,
            description=wanted.description.strip(),
            ground=wanted.ground or "not_substantial",
            net_pence_before=contract.net_pence,
            net_pence_after=wanted.net_pence,
            ends_on_before=contract.ends_on,
            ends_on_after=wanted.ends_on,
            is_substantial=advice.is_substantial,
            needs_notice=advice.needs_notice,
            sentence=sentence,
            made_by=person_id,
            made_at=now,
        )
    )
    contract.net_pence, contract.vat_pence, contract.ends_on = wanted.net_pence, vat_pence, wanted.ends_on
    contract.revision += 1
    after = {"contract_id": contract.id, "net_pence": wanted.net_pence, "ends_on": wanted.ends_on}
    tell(session, actor, found, Step.CONTRACT_MODIFIED, now=now, after=after, reason=wanted.description.strip())
    return contract


def end_contract(
    session: Session,
    actor: Actor,
    procurement_id: UUID,
    contract_id: UUID,
    reason: str,
    *,
    revision: int | None,
    now: datetime,
) -> Contract:
    """Note that a contract ended, at its end or before it; notice UK11 is due within 30 days (s.80).

    Raises Invalid, NotFound, Forbidden, Stale, or Conflict if it has ended.
    """
    refuse_if_any(text_faults("reason", reason, at_least=3, at_most=2_000))
    person_behind(actor, Scope.PROCUREMENTS_AWARD)
    found = procurement_locked(session, actor, procurement_id, Scope.PROCUREMENTS_AWARD)
    contract = _contract_of(session, found, contract_id, revision)
    wanted = ContractState.EXPIRED if london_date(now) > contract.ends_on else ContractState.TERMINATED
    check_contract_move(contract.state, wanted)
    contract.state, contract.ended_at, contract.ended_reason = wanted, now, reason.strip()
    contract.revision += 1
    after = {"contract_id": contract.id, "state": wanted}
    tell(session, actor, found, Step.CONTRACT_ENDED, now=now, after=after, reason=reason.strip())
    return contract


def _judge(
    session: Session,
    procurement: Procurement,
    contract: Contract,
    wanted: NewChange,
    earlier: Sequence[ContractChange],
    *,
    now: datetime,
) -> ModificationAdvice:
    """Whether a contract may be changed like this (s.74): measured against the term as awarded, not as extended.

    A contract that is and stays below the threshold is no public contract, and the Act does not say.
    """
    lots = [lot.terms for lot in lots_of(session, procurement.id)]
    kind = kind_of(lots)
    threshold = threshold_for(BuyerKind.SCHOOL, kind, london_date(now))
    before = contract.net_pence + contract.vat_pence
    after = wanted.net_pence + _vat_at_same_rates(contract, wanted.net_pence)
    if not procurement.is_above_threshold and not reaches(max(before, after), threshold):
        text = "The contract is and stays below the threshold, so the Act does not limit its modification."
        why = (Reason(text=text, section="Procurement Act 2023 s.3"),)
        return ModificationAdvice(
            is_permitted=True, is_substantial=False, is_below_threshold=True, needs_notice=False, why=why
        )
    is_dearer = wanted.net_pence > contract.net_pence and not wanted.changes_scope
    first = earlier[0] if earlier else None
    awarded_net = contract.net_pence if first is None else first.net_pence_before
    awarded_end = contract.ends_on if first is None else first.ends_on_before
    return judge_modification(
        Modification(
            kind=kind,
            value_pence=before,
            new_value_pence=after,
            term_days=(awarded_end - contract.starts_on).days,
            new_term_days=(wanted.ends_on - contract.starts_on).days,
            changes_scope=wanted.changes_scope,
            favours_supplier=wanted.favours_supplier or is_dearer,
            ground=wanted.ground,
            earlier_pence=before - awarded_net - _vat_at_same_rates(contract, awarded_net),
        ),
        threshold,
    )


def _vat_at_same_rates(contract: Contract, net_pence: int) -> int:
    """VAT on another value at the rates that the contract came to, half a penny rounded up."""
    if contract.net_pence == 0:
        return 0
    exact = Decimal(net_pence) * contract.vat_pence / contract.net_pence
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _contract_of(session: Session, procurement: Procurement, contract_id: UUID, revision: int | None) -> Contract:
    found = session.exec(select(Contract).where(Contract.id == contract_id).with_for_update()).first()
    if found is None or found.procurement_id != procurement.id:
        raise NotFound("contract", contract_id)
    refuse_if_stale(revision, found.revision)
    return found


def _change_faults(wanted: NewChange) -> list[Fault]:
    faults = text_faults("description", wanted.description, at_least=3, at_most=5_000)
    if not 0 <= wanted.net_pence <= MAX_PENCE:
        faults.append(Fault(field="net_pence", problem="is out of range", mend=f"use 0 to {MAX_PENCE} pence"))
    return faults
