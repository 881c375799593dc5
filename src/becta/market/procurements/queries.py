"""Reading procurements: lists of two statements, and one as its reader may see it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlmodel import Session, col

from becta.kernel.actor import Actor
from becta.kernel.errors import NotFound
from becta.market.accounts.organisations import organisation_out, organisations_out
from becta.market.evaluation.ranking import seed_hash
from becta.market.procurements.access import OPEN_TO_ALL, View, seen, within_sight
from becta.market.procurements.models import (
    Amendment,
    Clarification,
    Procurement,
    ProcurementInvitation,
    ProcurementLot,
    ProcurementMember,
)
from becta.market.procurements.schemas import (
    AmendmentOut,
    ClarificationOut,
    LotOut,
    MarketEngagement,
    MemberOut,
    ProcurementOut,
    ProcurementShort,
)
from becta.market.procurements.states import Phase, ProcurementState, phase_of
from becta.market.procurements.terms import LotTerms

Told = TypeVar("Told", bound=msgspec.Struct)

_TOLD = tuple(
    name for name in ProcurementOut.__struct_fields__ if name in Procurement.model_fields and name != "organisation_id"
)


def procurements(
    session: Session,
    actor: Actor,
    *,
    state: ProcurementState | None = None,
    before: UUID | None = None,
    limit: int = 50,
    now: datetime,
) -> list[ProcurementShort]:
    """The procurements that the actor sees, newest first, two statements whatever their number."""
    wanted = select(Procurement).where(within_sight(actor))
    if state is not None:
        wanted = wanted.where(col(Procurement.state) == state)
    if before is not None:
        wanted = wanted.where(col(Procurement.id) < before)
    rows = session.execute(wanted.order_by(col(Procurement.id).desc()).limit(limit)).scalars().all()
    if not rows:
        return []
    named = {one.id: one for one in organisations_out(session, list({one.organisation_id for one in rows}))}
    return [
        ProcurementShort(
            organisation=named[one.organisation_id],
            phase=phase_of(one, now=now),
            **{
                name: getattr(one, name)
                for name in ProcurementShort.__struct_fields__
                if name not in {"organisation", "phase"}
            },
        )
        for one in rows
    ]


def one_procurement(session: Session, actor: Actor, procurement_id: UUID, *, now: datetime) -> ProcurementOut:
    """A procurement as the actor may see it; raises NotFound. A supplier sees no caps and not how many are in it.

    While an open tender runs nobody sees how many bid, which is how many suppliers there are."""
    found, view = seen(session, actor, procurement_id)
    told = {name: getattr(found, name) for name in _TOLD}
    told["engagement"] = msgspec.convert(found.engagement, MarketEngagement | None)
    phase = phase_of(found, now=now)
    is_bidder = view is View.BIDDER
    lots = lots_of(session, found.id)
    if is_bidder:
        told |= {"cap_pence": None, "conflicts_assessed_at": None}
        lots = [_without_reserve(lot) for lot in lots]
    is_counted = not is_bidder and not (found.route in OPEN_TO_ALL and phase is Phase.TENDERING)
    return ProcurementOut(
        **told,
        organisation=organisation_out(session, found.organisation_id),
        phase=phase,
        seen_as=view,
        tie_seed_hash=seed_hash(found.tie_seed),
        lots=tuple(lots),
        clarifications=_clarifications(session, found.id, everything=view is View.LEAD),
        amendments=_amendments(session, found.id),
        members=0 if is_bidder else _count(session, ProcurementMember, found.id),
        suppliers=_count(session, ProcurementInvitation, found.id) if is_counted else None,
    )


def _without_reserve(lot: LotOut) -> LotOut:
    """A lot as suppliers see it: what schools pay today is the most that they will pay, and no business of theirs."""
    return msgspec.structs.replace(lot, terms=msgspec.structs.replace(lot.terms, alone_price_pence=None))


def lots_of(session: Session, procurement_id: UUID) -> list[LotOut]:
    """The lots of a procurement by number."""
    wanted = select(ProcurementLot).where(col(ProcurementLot.procurement_id) == procurement_id)
    rows = session.execute(wanted.order_by(col(ProcurementLot.number))).scalars()
    return [LotOut(id=row.id, number=row.number, terms=lot_terms(row)) for row in rows]


def one_lot(session: Session, procurement_id: UUID, number: int) -> LotOut:
    """A lot by its number; raises NotFound."""
    found = next((lot for lot in lots_of(session, procurement_id) if lot.number == number), None)
    if found is None:
        raise NotFound("lot", number)
    return found


def lot_terms(lot: ProcurementLot) -> LotTerms:
    """What is published of a lot."""
    return msgspec.convert(lot.terms, LotTerms)


def members(
    session: Session, actor: Actor, procurement_id: UUID, *, after: UUID | None = None, limit: int = 50
) -> list[MemberOut]:
    """The schools that take part, by id; whoever does not run the procurement sees those within its reach."""
    _, view = seen(session, actor, procurement_id)
    if view is View.BIDDER:
        raise NotFound("procurement", procurement_id)
    wanted = select(ProcurementMember).where(col(ProcurementMember.procurement_id) == procurement_id)
    if view is View.MEMBER:
        wanted = wanted.where(col(ProcurementMember.organisation_id).in_(actor.within_reach))
    if after is not None:
        wanted = wanted.where(col(ProcurementMember.organisation_id) > after)
    rows = session.execute(wanted.order_by(col(ProcurementMember.organisation_id)).limit(limit)).scalars().all()
    named = {one.id: one for one in organisations_out(session, [row.organisation_id for row in rows])}
    return [
        MemberOut(organisation=named[row.organisation_id], trust_id=row.trust_id, cap_pence=row.cap_pence)
        for row in rows
    ]


def supplier_names(session: Session, ids: Iterable[UUID]) -> dict[UUID, str]:
    """The names of suppliers by the id of their organisation."""
    return {one.id: one.name for one in organisations_out(session, sorted(set(ids)))}


def _clarifications(session: Session, procurement_id: UUID, *, everything: bool) -> tuple[ClarificationOut, ...]:
    """Questions with answers; those without one only for whoever answers."""
    wanted = select(Clarification).where(col(Clarification.procurement_id) == procurement_id)
    if not everything:
        wanted = wanted.where(col(Clarification.answer).is_not(None))
    rows: Sequence[Clarification] = session.execute(wanted.order_by(col(Clarification.number))).scalars().all()
    return tuple(_as(ClarificationOut, row) for row in rows)


def _amendments(session: Session, procurement_id: UUID) -> tuple[AmendmentOut, ...]:
    wanted = select(Amendment).where(col(Amendment.procurement_id) == procurement_id)
    rows: Sequence[Amendment] = session.execute(wanted.order_by(col(Amendment.number))).scalars().all()
    return tuple(_as(AmendmentOut, row) for row in rows)


def _as(told: type[Told], row: Clarification | Amendment) -> Told:
    return told(**{name: getattr(row, name) for name in told.__struct_fields__})


def _count(session: Session, table: type[ProcurementMember] | type[ProcurementInvitation], procurement_id: UUID) -> int:
    counted = select(func.count()).select_from(table).where(col(table.procurement_id) == procurement_id)
    return int(session.execute(counted).scalar_one())
