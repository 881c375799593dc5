"""The public facts of a procurement, read from its rows as they are at a step.

No bid is told of before the opening but how many there are after it, no award before every bidder had its summary,
no person at all, and of reasons given in confidence only that there was one.
"""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import func
from sqlmodel import Session, col, select

from becta.kernel.clock import start_of_day
from becta.kernel.money import vat_pence
from becta.market.awards.models import Award, AwardDecision, Contract, ContractChange
from becta.market.awards.states import ContractState, DecisionState
from becta.market.bids.models import OpenedBid
from becta.market.frameworks.models import Framework, FrameworkLot
from becta.market.ocds.facts import (
    AmendmentFacts,
    AwardFacts,
    ContractFacts,
    DocumentFacts,
    EngagementFacts,
    ItemFacts,
    LotFacts,
    Money,
    PartyFacts,
    ProcurementFacts,
    Span,
)
from becta.market.ocds.parties import party_of
from becta.market.ocds.words import COMPETED, METHODS, TENDER_STATUS, category_of, judged
from becta.market.pledges.queries import demand_of
from becta.market.procurements.access import OPEN_TO_ALL
from becta.market.procurements.models import Amendment, Clarification, Procurement, ProcurementTrust
from becta.market.procurements.queries import lots_of
from becta.market.procurements.schemas import LotOut
from becta.market.procurements.states import ProcurementState

_SECOND = timedelta(seconds=1)
_SUSPENDED = "A claim was notified within the standstill: no contract until it is settled (Procurement Act 2023 s.101)."
_ASKED = "Schools are asked how many they need, so that all buy at one price."
_CONTRACT_STATUS = {
    ContractState.ACTIVE: "active",
    ContractState.TERMINATED: "terminated",
    ContractState.EXPIRED: "terminated",
}
_ENDED = {ContractState.TERMINATED: "Ended before its term.", ContractState.EXPIRED: "Ended with its term."}


def compose(session: Session, procurement: Procurement, *, told: frozenset[str], now: datetime) -> ProcurementFacts:
    """What is public of a procurement now; `told` are the awards that were published. Tags and notice are added."""
    lots = lots_of(session, procurement.id)
    is_planning = procurement.advertised_at is None
    awards = _awards(session, procurement, lots, told)
    answers = _answers(session, procurement)
    method, details = METHODS[procurement.route]
    noted = procurement.engagement
    rates = {lot.terms.vat_basis_points for lot in lots}
    may_grow = len(lots) > 1 and procurement.pledge_deadline is not None
    estimate = None if is_planning else procurement.estimated_value_pence
    return ProcurementFacts(
        ocid=procurement.ocid,
        id="",
        at=now,
        tags=(),
        title=procurement.title,
        description=procurement.description,
        buyer=str(procurement.organisation_id),
        parties=_parties(session, procurement, awards),
        status=_status(procurement),
        method=method,
        method_details=details,
        category=category_of(lots[0].terms.cpv),
        is_above_threshold=procurement.is_above_threshold,
        lots=tuple(_lot(lot, procurement, awards, may_grow=may_grow) for lot in lots),
        items=tuple(_item(session, lot, is_planning=is_planning) for lot in lots),
        value=None if estimate is None else _with_vat(estimate, rates),
        published_at=procurement.advertised_at,
        tendering=_span(procurement.advertised_at, procurement.tender_deadline),
        enquiries=_span(procurement.advertised_at, procurement.clarification_deadline),
        has_questions=None if is_planning else bool(answers),
        documents=answers if procurement.route in OPEN_TO_ALL else (),  # others had them by letter
        bidders=None if procurement.opened_at is None else _bidders(session, procurement.id),
        amendments=_amendments(session, procurement.id),
        is_competitive=None if procurement.framework_lot_id is None else procurement.route in COMPETED,
        under_framework=_framework(session, procurement),
        awards=awards,
        contracts=_contracts(session, procurement),
        planning=_ASKED if procurement.state is ProcurementState.GATHERING else None,
        engagement=None if noted is None else msgspec.convert(noted, EngagementFacts),
    )


def award_key(number: int, organisation_id: UUID) -> str:
    """What an award is called: what one supplier wins by one decision."""
    return f"{number}-{organisation_id}"


def _status(procurement: Procurement) -> str:
    is_awarded = procurement.state is ProcurementState.DECIDED and procurement.is_award_public
    return "complete" if is_awarded else TENDER_STATUS[procurement.state]


def _lot(lot: LotOut, procurement: Procurement, awards: tuple[AwardFacts, ...], *, may_grow: bool) -> LotFacts:
    status = _status(procurement)
    if status == "complete" and not any(str(lot.number) in award.lots for award in awards):
        status = "unsuccessful"
    months = lot.terms.term_months
    return LotFacts(
        id=str(lot.number),
        title=lot.terms.title,
        description=lot.terms.description,
        status=status,
        judged=judged(lot.terms, may_grow=may_grow),
        contract=None if months is None else Span(months=months),
    )


def _item(session: Session, lot: LotOut, *, is_planning: bool) -> ItemFacts:
    wanted = 0 if is_planning else sum(one.quantity for one in demand_of(session, lot.id))
    return ItemFacts(
        id=str(lot.number),
        description=lot.terms.title,
        cpv=lot.terms.cpv,
        lot=str(lot.number),
        quantity=wanted or (None if is_planning else lot.terms.quantity),
        unit=lot.terms.unit,
    )


def _answers(session: Session, procurement: Procurement) -> tuple[DocumentFacts, ...]:
    """Questions that were answered, without who asked."""
    rows = session.exec(
        select(Clarification)
        .where(Clarification.procurement_id == procurement.id, col(Clarification.answer).is_not(None))
        .order_by(col(Clarification.number))
    )
    return tuple(
        DocumentFacts(
            id=f"clarification-{row.number}",
            kind="clarifications",
            title=f"Question {row.number} and its answer",
            description=f"{row.question}\n\n{row.answer}",
            published_at=row.answered_at,
        )
        for row in rows
    )


def _amendments(session: Session, procurement_id: UUID) -> tuple[AmendmentFacts, ...]:
    rows = session.exec(
        select(Amendment).where(Amendment.procurement_id == procurement_id).order_by(col(Amendment.number))
    )
    return tuple(
        AmendmentFacts(
            id=str(row.number),
            at=row.made_at,
            rationale=row.rationale,
            description="" if row.deadline_before == row.deadline_after else "Tenders may be sent for longer.",
        )
        for row in rows
    )


def _bidders(session: Session, procurement_id: UUID) -> int:
    wanted = select(func.count()).select_from(OpenedBid).where(col(OpenedBid.procurement_id) == procurement_id)
    return session.exec(wanted).one()


def _framework(session: Session, procurement: Procurement) -> str | None:
    if procurement.framework_lot_id is None:
        return None
    wanted = select(Framework.ocid).join(FrameworkLot, col(FrameworkLot.framework_id) == col(Framework.id))
    return session.exec(wanted.where(FrameworkLot.id == procurement.framework_lot_id)).one()


def _awards(
    session: Session, procurement: Procurement, lots: list[LotOut], told: frozenset[str]
) -> tuple[AwardFacts, ...]:
    rows = session.exec(
        select(AwardDecision, Award)
        .join(Award, col(Award.decision_id) == col(AwardDecision.id))
        .where(AwardDecision.procurement_id == procurement.id)
        .order_by(col(AwardDecision.number), col(Award.organisation_id), col(Award.id))
    ).all()
    grouped: dict[str, list[tuple[AwardDecision, Award]]] = {}
    for decision, award in rows:
        grouped.setdefault(award_key(decision.number, award.organisation_id), []).append((decision, award))
    return tuple(
        _award(key, parts, procurement, {lot.id: lot for lot in lots})
        for key, parts in grouped.items()
        if key in told or _is_public(parts[0][0], procurement)
    )


def _is_public(decision: AwardDecision, procurement: Procurement) -> bool:
    return decision.state is not DecisionState.WITHDRAWN and procurement.is_award_public


def _award(
    key: str, parts: list[tuple[AwardDecision, Award]], procurement: Procurement, lots: dict[UUID, LotOut]
) -> AwardFacts:
    decision, first = parts[0]
    awards = [award for _, award in parts]
    stands = decision.state is not DecisionState.WITHDRAWN and procurement.state is not ProcurementState.TERMINATED
    status = "active" if decision.state is DecisionState.CONTRACTED else "pending"
    numbers = [lots[award.lot_id].number for award in awards]
    return AwardFacts(
        id=key,
        title=", ".join(dict.fromkeys(lots[award.lot_id].terms.title for award in awards)),
        status=status if stands else "cancelled",
        decided_at=decision.decided_at,
        suppliers=(str(first.organisation_id),),
        lots=tuple(dict.fromkeys(str(number) for number in numbers)),
        value=_total(awards),
        items=tuple(_awarded(award, lots[award.lot_id]) for award in awards),
        standstill=_standstill(procurement) if stands else None,
        summaries_sent_at=procurement.summaries_sent_at if stands else None,
        description=_held_up(procurement) if stands else "The award was taken back.",
    )


def _held_up(procurement: Procurement) -> str:
    """Always something, so that a later release takes back what an earlier one said."""
    return _SUSPENDED if procurement.state is ProcurementState.SUSPENDED else "No claim holds the award up."


def _awarded(award: Award, lot: LotOut) -> ItemFacts:
    return ItemFacts(
        id=f"{lot.number}-{award.id}",
        description=lot.terms.title,
        cpv=lot.terms.cpv,
        lot=str(lot.number),
        quantity=award.quantity,
        unit=lot.terms.unit,
        unit_price=Money(net_pence=award.unit_price_pence),
    )


def _standstill(procurement: Procurement) -> Span | None:
    if procurement.standstill_starts is None or procurement.may_contract_from is None:
        return None
    return Span(starts=start_of_day(procurement.standstill_starts), ends=procurement.may_contract_from - _SECOND)


def _contracts(session: Session, procurement: Procurement) -> tuple[ContractFacts, ...]:
    rows = session.exec(
        select(Contract, AwardDecision.number)
        .join(AwardDecision, col(AwardDecision.id) == col(Contract.decision_id))
        .where(Contract.procurement_id == procurement.id)
        .order_by(col(Contract.id))
    ).all()
    changes = session.exec(
        select(ContractChange)
        .where(col(ContractChange.contract_id).in_([contract.id for contract, _ in rows]))
        .order_by(col(ContractChange.number))
    ).all()
    return tuple(
        ContractFacts(
            id=str(contract.id),
            award_id=award_key(number, contract.organisation_id),
            title=procurement.title,
            status=_CONTRACT_STATUS[contract.state],
            signed_at=contract.entered_at,
            value=_sum(contract.net_pence, contract.vat_pence),
            period=Span(starts=start_of_day(contract.starts_on), ends=start_of_day(contract.ends_on)),
            amendments=tuple(_change(one) for one in changes if one.contract_id == contract.id),
            ended=_ENDED.get(contract.state),
        )
        for contract, number in rows
    )


def _change(change: ContractChange) -> AmendmentFacts:
    return AmendmentFacts(
        id=str(change.number),
        at=change.made_at,
        rationale=change.sentence,
        description=change.description,
        value=Money(net_pence=change.net_pence_after),
        period=Span(ends=start_of_day(change.ends_on_after)),
    )


def _parties(session: Session, procurement: Procurement, awards: tuple[AwardFacts, ...]) -> tuple[PartyFacts, ...]:
    trusts = session.exec(
        select(ProcurementTrust.organisation_id)
        .where(
            ProcurementTrust.procurement_id == procurement.id,
            ProcurementTrust.organisation_id != procurement.organisation_id,
        )
        .order_by(col(ProcurementTrust.organisation_id))
    )
    suppliers = dict.fromkeys(UUID(key) for award in awards for key in award.suppliers)
    return (
        party_of(session, procurement.organisation_id, ("buyer", "procuringEntity")),
        *(party_of(session, one, ("buyer",)) for one in trusts),
        *(party_of(session, one, ("supplier", "tenderer")) for one in suppliers),
    )


def _with_vat(net_pence: int, rates: set[int]) -> Money:
    """A sum with VAT where all lots bear the same rate."""
    if len(rates) != 1:
        return Money(net_pence=net_pence)
    [rate] = rates
    return _sum(net_pence, vat_pence(net_pence, rate))


def _total(awards: list[Award]) -> Money:
    return _sum(sum(award.net_pence for award in awards), sum(award.vat_pence for award in awards))


def _sum(net_pence: int, vat: int) -> Money:
    return Money(net_pence=net_pence, gross_pence=net_pence + vat)


def _span(starts: datetime | None, ends: datetime | None) -> Span | None:
    return None if starts is None or ends is None else Span(starts=starts, ends=ends)
