"""Reading pledges: lists of a constant number of statements, the live tier curve, shares, and what counts as demand.

Whether a pledge counts is read from its commitment each time, so it follows whoever approves or declines at once.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, bindparam, func, or_, select
from sqlmodel import Session, col

from becta.kernel.actor import Actor
from becta.kernel.errors import Conflict, Fault, Invalid, NotFound
from becta.market.accounts.organisations import organisations_out, parse_reference
from becta.market.delegation.models import Commitment
from becta.market.delegation.rules import CommitmentState
from becta.market.pledges.leaving import (
    BEHIND,
    counting,
    price_alone,
    questions_in,
    silent_ones,
    stakes_of,
    standing_of,
)
from becta.market.pledges.models import Pledge
from becta.market.pledges.rules import LIVE, PledgeState, is_approved_in_time, state_now
from becta.market.pledges.schemas import Demand, PledgeOut, SavingsOut, SchoolShare
from becta.market.pledges.sharing import BOUNDS_SENTENCE, POLICY_SENTENCES
from becta.market.pledges.tiers import TierCurve, tier_curve
from becta.market.procurements.access import View, is_member, seen
from becta.market.procurements.calling_off import unentitled
from becta.market.procurements.models import Procurement, ProcurementLot
from becta.market.procurements.queries import lot_terms

KIND = "pledge"
"""What the audit trail calls a pledge."""
_PLEDGES: Any = (  # the types of labelled columns of several tables are beyond mypy
    select(
        Pledge,
        col(Commitment.state).label("commitment_state"),
        col(Commitment.decided_at).label("approved_at"),
        col(ProcurementLot.number).label("number"),
    )
    .join(Commitment, BEHIND)
    .join(ProcurementLot, col(ProcurementLot.id) == col(Pledge.lot_id))
)
_ONE = (
    _PLEDGES.add_columns(Procurement)
    .join(Procurement, col(Procurement.id) == col(Pledge.procurement_id))
    .where(col(Pledge.id) == bindparam("pledge_id"), col(Pledge.procurement_id) == bindparam("procurement_id"))
)
_TOLD = tuple(
    name for name in PledgeOut.__struct_fields__ if name in Pledge.model_fields and name not in {"state", "id"}
)


def pledges(
    session: Session,
    actor: Actor,
    procurement_id: UUID,
    *,
    lot: int | None = None,
    state: PledgeState | None = None,
    before: UUID | None = None,
    limit: int = 50,
    now: datetime,
) -> list[PledgeOut]:
    """The pledges to a procurement that the actor may see, newest first: a school its own, the lead all of them."""
    procurement, view = _seen(session, actor, procurement_id)
    wanted = _PLEDGES.where(col(Pledge.procurement_id) == procurement.id)
    if view is not View.LEAD:
        wanted = wanted.where(col(Pledge.organisation_id).in_(actor.within_reach))
    if lot is not None:
        wanted = wanted.where(col(ProcurementLot.number) == lot)
    if state is not None:
        wanted = wanted.where(_is_now(state))
    if before is not None:
        wanted = wanted.where(col(Pledge.id) < before)
    rows = session.execute(wanted.order_by(col(Pledge.id).desc()).limit(limit)).all()
    return _out(session, procurement, rows, now=now)


def one_pledge(session: Session, actor: Actor, procurement_id: UUID, pledge_id: UUID, *, now: datetime) -> PledgeOut:
    """A pledge that the actor may see; raises NotFound."""
    rows = session.execute(_ONE, {"pledge_id": pledge_id, "procurement_id": procurement_id}).all()
    if not rows:
        raise NotFound(KIND, pledge_id)
    procurement = rows[0].Procurement
    if not (actor.reaches(rows[0].Pledge.organisation_id) or actor.reaches(procurement.organisation_id)):
        raise NotFound(KIND, pledge_id)
    return _out(session, procurement, rows, now=now)[0]


def curve(session: Session, actor: Actor, procurement_id: UUID, number: int, *, organisation: str | None) -> TierCurve:
    """The tier curve of a lot as it stands, for a school that takes part; raises NotFound or Invalid.

    Without a school named it is that of the actor's own, or of nobody if that is none.
    """
    procurement, view = _seen(session, actor, procurement_id)
    school_id = actor.organisation_id
    if organisation is not None:
        school_id = parse_reference(organisation, "organisation").id
        may_see = view is View.LEAD or actor.reaches(school_id)
        if not (may_see and is_member(session, procurement.id, school_id)):
            raise NotFound("school that takes part", organisation)
    lot = _lot(session, procurement.id, number)
    terms = lot_terms(lot)
    summed = select(func.coalesce(func.sum(col(Pledge.quantity)), 0)).join(Commitment, BEHIND)
    pledged = session.execute(summed.where(col(Pledge.lot_id) == lot.id, counting(procurement))).scalar_one()
    own = session.execute(
        select(col(Pledge.quantity), col(Pledge.alone_price_pence))
        .join(Commitment, BEHIND)
        .where(col(Pledge.lot_id) == lot.id, col(Pledge.organisation_id) == school_id, _is_now(PledgeState.STANDING))
    ).first()
    quantity, stated = (0, None) if own is None else own
    alone = price_alone(terms, quantity, stated)
    return tier_curve(
        terms.tiers, pledged=int(pledged), school_quantity=quantity, alone_price_pence=alone, thing=terms.unit
    )


def savings(session: Session, actor: Actor, procurement_id: UUID, number: int, *, now: datetime) -> SavingsOut:
    """How the saving on a lot is shared now; a school sees its own share, the lead all.

    Raises NotFound, or Conflict before prices are known.
    """
    procurement, view = _seen(session, actor, procurement_id)
    lot = _lot(session, procurement.id, number)
    terms = lot_terms(lot)
    if not terms.tiers:
        raise Conflict("no prices are known for this lot before the bids are opened, so nothing is shared yet")
    stakes = stakes_of(session, procurement, [lot.id], now=now)[lot.id]
    found = standing_of(procurement, terms, stakes)
    sharing, reach = found.sharing, actor.within_reach
    staying = len(stakes.rows) - len(stakes.left)
    shown = [one for one in sharing.shares if view is View.LEAD or one.school in reach]
    named = {one.id: one for one in organisations_out(session, [one.school for one in shown])}
    return SavingsOut(
        lot=number,
        policy=sharing.policy,
        policy_sentence=POLICY_SENTENCES[sharing.policy],
        bounds_sentence=BOUNDS_SENTENCE,
        unit_price_pence=sharing.unit_price_pence,
        quantity=sharing.quantity,
        total_pence=sharing.total_pence,
        saves_pence=sum(one.saves_pence for one in sharing.shares),
        schools=len(sharing.shares),
        shares=tuple(
            SchoolShare(
                organisation=named[one.school],
                quantity=one.quantity,
                pays_pence=one.pays_pence,
                alone_pence=one.alone_pence,
                saves_pence=one.saves_pence,
            )
            for one in shown
        ),
        waiting=staying - len(sharing.shares) - len(found.questions),
        asked=len(found.questions),
    )


def demand_of(session: Session, lot_id: UUID) -> list[Demand]:
    """What counts of a lot, by school: standing pledges whose commitment is approved.

    Not those of schools that may not use the framework called off from any more. Once bids are open, neither those
    approved since nor those of schools that were asked to stay at a higher price and did not answer. What one costs a
    school alone is as it says, else as the lot, else by the lot's tiers at its own quantity, else None.
    """
    lot = session.get_one(ProcurementLot, lot_id)
    procurement = session.get_one(Procurement, lot.procurement_id)
    rows = session.execute(
        select(Pledge).join(Commitment, BEHIND).where(col(Pledge.lot_id) == lot_id, counting(procurement))
    ).scalars()
    found = sorted(rows, key=lambda one: one.organisation_id)
    out = silent_ones(session, procurement, lot)
    out |= unentitled(session, procurement, [one.organisation_id for one in found])
    terms = lot_terms(lot)
    return [
        Demand(
            pledge_id=one.id,
            organisation_id=one.organisation_id,
            quantity=one.quantity,
            ceiling_price_pence=one.ceiling_price_pence,
            budget_code=one.budget_code,
            commitment_id=one.commitment_id,
            acceptable_lots=tuple(one.acceptable_lots),
            alone_price_pence=price_alone(terms, one.quantity, one.alone_price_pence),
        )
        for one in found
        if one.organisation_id not in out
    ]


def who_pledged(session: Session, procurement_id: UUID) -> set[tuple[UUID, UUID]]:
    """The lots with each school whose pledge to it stands now, whether that counts or not; it asks nobody."""
    wanted = select(col(Pledge.lot_id), col(Pledge.organisation_id)).join(Commitment, BEHIND)
    stands = (col(Pledge.procurement_id) == procurement_id, _is_now(PledgeState.STANDING))
    return {(lot_id, school) for lot_id, school in session.execute(wanted.where(*stands))}


def alternatives_named(session: Session, procurement: Procurement, lot_id: UUID) -> tuple[str, ...]:
    """What schools whose pledges count wrote that would do instead of a lot, without who did; it asks nobody."""
    wanted = select(col(Pledge.alternatives)).join(Commitment, BEHIND)
    named = (col(Pledge.lot_id) == lot_id, counting(procurement), col(Pledge.alternatives) != "")
    return tuple(sorted(set(session.execute(wanted.where(*named)).scalars())))


def _seen(session: Session, actor: Actor, procurement_id: UUID) -> tuple[Procurement, View]:
    """A procurement as those see it who run it or take part; to suppliers there are no pledges."""
    procurement, view = seen(session, actor, procurement_id)
    if view is View.BIDDER:
        raise NotFound("pledges to", procurement_id)
    return procurement, view


def _is_now(state: PledgeState) -> Any:
    """Whether a pledge is in a state now: one that stands has lapsed once its commitment has ended."""
    stands, is_live = col(Pledge.state) == PledgeState.STANDING, col(Commitment.state).in_(sorted(LIVE))
    match state:
        case PledgeState.STANDING:
            return and_(stands, is_live)
        case PledgeState.LAPSED:
            return or_(col(Pledge.state) == PledgeState.LAPSED, and_(stands, ~is_live))
        case _:
            return col(Pledge.state) == state


def _lot(session: Session, procurement_id: UUID, number: int) -> ProcurementLot:
    found: ProcurementLot | None = session.execute(
        select(ProcurementLot).where(
            col(ProcurementLot.procurement_id) == procurement_id, col(ProcurementLot.number) == number
        )
    ).scalar_one_or_none()
    if found is None:
        mend = "name one of its lots by number"
        raise Invalid([Fault(field="lot", problem="is no lot of this", mend=mend, value=str(number))])
    return found


def _out(session: Session, procurement: Procurement, rows: Sequence[Row[Any]], *, now: datetime) -> list[PledgeOut]:
    if not rows:
        return []
    questions = questions_in(session, procurement, sorted({row.Pledge.lot_id for row in rows}), now=now)
    schools = {row.Pledge.organisation_id for row in rows}
    named = {one.id: one for one in organisations_out(session, list(schools))}
    refused = unentitled(session, procurement, schools)
    return [
        PledgeOut(
            **{name: getattr(row.Pledge, name) for name in _TOLD if name != "acceptable_lots"},
            id=row.Pledge.id,
            acceptable_lots=tuple(row.Pledge.acceptable_lots),
            lot=row.number,
            organisation=named[row.Pledge.organisation_id],
            commitment_state=row.commitment_state,
            state=(state := state_now(row.Pledge.state, row.commitment_state)),
            counts=state is PledgeState.STANDING
            and row.commitment_state is CommitmentState.APPROVED
            and is_approved_in_time(row.approved_at, procurement.opened_at)
            and row.Pledge.organisation_id not in refused,
            question=questions.get((row.Pledge.lot_id, row.Pledge.organisation_id))
            if state is PledgeState.STANDING
            else None,
        )
        for row in rows
    ]
