"""Reading decisions, summaries, contracts and call-offs, and what buying together saved."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlmodel import Session, col

from becta.kernel.actor import Actor
from becta.kernel.errors import Conflict, NotFound
from becta.market.accounts.organisations import OrganisationOut, organisations_out
from becta.market.awards.choosing import Moved, Optimum, Waiting
from becta.market.awards.models import (
    AssessmentSummary,
    Award,
    AwardDecision,
    CallOff,
    Contract,
    ContractChange,
)
from becta.market.awards.schemas import (
    AwardOut,
    CallOffOut,
    ChangeOut,
    ContractOut,
    DecisionOut,
    SavingsReport,
    SchoolSaving,
    SummaryBody,
    SummaryOut,
)
from becta.market.awards.states import DecisionState
from becta.market.procurements.access import View, seen
from becta.market.procurements.queries import lots_of
from becta.market.procurements.states import ProcurementState
from becta.market.procurements.telling import KIND


def decisions(session: Session, actor: Actor, procurement_id: UUID) -> list[DecisionOut]:
    """The award decisions, newest first. Others than the lead see the one that stands, once its notice is out.

    Raises NotFound before that.
    """
    found, view = seen(session, actor, procurement_id)
    is_lead = view is View.LEAD
    if not is_lead and not found.is_award_public:
        raise NotFound("award", procurement_id)
    wanted = select(AwardDecision).where(col(AwardDecision.procurement_id) == procurement_id)
    if not is_lead:
        wanted = wanted.where(col(AwardDecision.state) != DecisionState.WITHDRAWN)
    rows = session.execute(wanted.order_by(col(AwardDecision.number).desc())).scalars()
    awards = (
        session.execute(select(Award).where(col(Award.procurement_id) == procurement_id).order_by(col(Award.id)))
        .scalars()
        .all()
    )
    numbers = {lot.id: lot.number for lot in lots_of(session, procurement_id)}
    named = _named(session, (one.organisation_id for one in awards))
    return [
        DecisionOut(
            awards=tuple(
                AwardOut(
                    id=one.id,
                    lot=numbers[one.lot_id],
                    bid_id=one.bid_id,
                    supplier=named[one.organisation_id],
                    quantity=one.quantity,
                    unit_price_pence=one.unit_price_pence,
                    net_pence=one.net_pence,
                    vat_pence=one.vat_pence,
                    schools=len(one.allocations),
                )
                for one in awards
                if one.decision_id == row.id
            ),
            reason=row.reason if is_lead else None,
            waiting=tuple(msgspec.convert(row.waiting, list[Waiting])) if is_lead else (),
            moved=tuple(
                one
                for one in msgspec.convert(row.moved, list[Moved])
                if is_lead or (view is View.MEMBER and actor.reaches(one.organisation_id))
            ),
            unsuccessful=tuple(row.unsuccessful),
            optimum=tuple(msgspec.convert(row.optimum, list[Optimum])),
            **_fields(row, DecisionOut, {"awards", "reason", "waiting", "moved", "unsuccessful", "optimum"}),
        )
        for row in rows
    ]


def summaries_sent(session: Session, actor: Actor, procurement_id: UUID) -> list[SummaryOut]:
    """The assessment summaries: all for whoever runs the procurement, its own for a bidder. Raises NotFound."""
    _, view = seen(session, actor, procurement_id)
    wanted = (
        select(AssessmentSummary, col(AwardDecision.number))
        .join(AwardDecision, col(AwardDecision.id) == col(AssessmentSummary.decision_id))
        .where(col(AssessmentSummary.procurement_id) == procurement_id)
    )
    if view is View.BIDDER:
        wanted = wanted.where(col(AssessmentSummary.organisation_id) == actor.organisation_id)
    elif view is View.MEMBER:
        raise NotFound("assessment summaries of", procurement_id)
    rows = session.execute(wanted.order_by(col(AssessmentSummary.id))).all()
    named = _named(session, (row.organisation_id for row, _ in rows))
    return [
        SummaryOut(
            id=row.id,
            decision=decision,
            bid_id=row.bid_id,
            supplier=named[row.organisation_id],
            body=msgspec.convert(row.body, SummaryBody),
            sent_at=row.sent_at,
        )
        for row, decision in rows
    ]


def contracts(session: Session, actor: Actor, procurement_id: UUID) -> list[ContractOut]:
    """The contracts with their changes; a supplier sees its own. Raises NotFound."""
    _, view = seen(session, actor, procurement_id)
    wanted = select(Contract).where(col(Contract.procurement_id) == procurement_id)
    if view is View.BIDDER:
        wanted = wanted.where(col(Contract.organisation_id) == actor.organisation_id)
    rows = session.execute(wanted.order_by(col(Contract.id))).scalars().all()
    changes = (
        session.execute(
            select(ContractChange)
            .where(col(ContractChange.contract_id).in_([row.id for row in rows]))
            .order_by(col(ContractChange.number))
        )
        .scalars()
        .all()
    )
    named = _named(session, (row.organisation_id for row in rows))
    return [
        ContractOut(
            supplier=named[row.organisation_id],
            changes=tuple(ChangeOut(**_fields(one, ChangeOut, set())) for one in changes if one.contract_id == row.id),
            **_fields(row, ContractOut, {"supplier", "changes"}),
        )
        for row in rows
    ]


def call_offs(
    session: Session, actor: Actor, procurement_id: UUID, *, after: UUID | None = None, limit: int = 50
) -> list[CallOffOut]:
    """The call-offs, by id: a school's and trust's own, a supplier's own, all for whoever runs it. Raises NotFound."""
    found, view = seen(session, actor, procurement_id)
    wanted = (
        select(CallOff, col(Contract.organisation_id))
        .join(Contract, col(Contract.id) == col(CallOff.contract_id))
        .where(col(CallOff.procurement_id) == procurement_id)
    )
    if view is View.BIDDER:
        wanted = wanted.where(col(Contract.organisation_id) == actor.organisation_id)
    elif view is View.MEMBER:
        wanted = wanted.where(col(CallOff.organisation_id).in_(actor.within_reach))
    if after is not None:
        wanted = wanted.where(col(CallOff.id) > after)
    rows = session.execute(wanted.order_by(col(CallOff.id)).limit(limit)).all()
    named = _named(session, (id_ for row, supplier in rows for id_ in (row.organisation_id, supplier)))
    lots = {lot.id: lot for lot in lots_of(session, found.id)}
    return [
        CallOffOut(
            school=named[row.organisation_id],
            supplier=named[supplier],
            lot=lots[row.lot_id].number,
            title=lots[row.lot_id].terms.title,
            gross_pence=row.net_pence + row.vat_pence,
            saves_pence=row.alone_pence - row.net_pence,
            **_fields(row, CallOffOut, {"school", "supplier", "lot", "title", "gross_pence", "saves_pence"}),
        )
        for row, supplier in rows
    ]


def is_called_off(session: Session, pledge_id: UUID) -> bool:
    """Whether a pledge became a call-off; it asks nobody."""
    return session.execute(select(col(CallOff.id)).where(col(CallOff.pledge_id) == pledge_id)).first() is not None


def savings_report(session: Session, actor: Actor, procurement_id: UUID) -> SavingsReport:
    """What buying together saved, school by school; a school sees its own line. Raises NotFound, or Conflict before."""
    found, view = seen(session, actor, procurement_id)
    if view is View.BIDDER:
        raise NotFound(KIND, procurement_id)
    if found.state is not ProcurementState.CONTRACTED:
        raise Conflict("nothing is contracted yet, so nothing is saved")
    wanted = select(CallOff).where(col(CallOff.procurement_id) == procurement_id)
    if view is View.MEMBER:
        wanted = wanted.where(col(CallOff.organisation_id).in_(actor.within_reach))
    paid: dict[UUID, list[int]] = {}
    for row in session.execute(wanted).scalars():
        sums = paid.setdefault(row.organisation_id, [0, 0])
        sums[0] += row.net_pence
        sums[1] += row.alone_pence
    named = _named(session, paid)
    net, alone = (sum(sums[place] for sums in paid.values()) for place in (0, 1))
    return SavingsReport(
        procurement_id=procurement_id,
        schools=tuple(
            SchoolSaving(
                school=named[id_],
                net_pence=sums[0],
                alone_pence=sums[1],
                saves_pence=sums[1] - sums[0],
                share=_share(sums[0], sums[1]),
            )
            for id_, sums in sorted(paid.items(), key=lambda one: (named[one[0]].name.casefold(), one[0]))
        ),
        net_pence=net,
        alone_pence=alone,
        saves_pence=alone - net,
        share=_share(net, alone),
    )


def _share(net_pence: int, alone_pence: int) -> Decimal:
    """The saving in per cent, to two places, half up."""
    if alone_pence == 0:
        return Decimal("0.00")
    exact = Decimal(100) * (alone_pence - net_pence) / alone_pence
    return exact.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def _named(session: Session, ids: Iterable[UUID]) -> dict[UUID, OrganisationOut]:
    return {one.id: one for one in organisations_out(session, sorted(set(ids)))}


def _fields(row: object, told: type[msgspec.Struct], but: set[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in told.__struct_fields__ if name not in but}
