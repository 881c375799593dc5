"""Pledges whose commitment ended elsewhere. Reads see that at once; here they let go of their caps."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlmodel import Session, col, select

from becta.kernel.actor import system
from becta.kernel.events import record
from becta.market.db import Database
from becta.market.delegation.models import Commitment
from becta.market.pledges.caps import hold, part_of
from becta.market.pledges.models import Pledge
from becta.market.pledges.queries import KIND
from becta.market.pledges.rules import LIVE, CapReached, PledgeState
from becta.market.procurements.access import procurement_shared

T = TypeVar("T")


def let_lapsed_go(db: Database, procurement_id: UUID | None = None, *, now: datetime) -> int:
    """Have lapsed pledges, of one procurement or of all, give back what they hold of their caps; returns how many.

    Each in a transaction of its own, so that caps are only ever taken in one order.
    """
    with db.read() as session:
        wanted = (
            select(Pledge.id, Pledge.procurement_id)
            .join(Commitment, col(Commitment.id) == col(Pledge.commitment_id))
            .where(Pledge.state == PledgeState.STANDING, col(Commitment.state).not_in(sorted(LIVE)))
        )
        if procurement_id is not None:
            wanted = wanted.where(Pledge.procurement_id == procurement_id)
        found = session.exec(wanted).all()
    return sum(_let_go(db, pledge_id, of, now=now) for pledge_id, of in found)


def with_room(db: Database, procurement_id: UUID, attempt: Callable[[], T], *, now: datetime) -> T:
    """Try what needs room under a cap, and once more if lapsed pledges still held it; raises as the attempt."""
    try:
        return attempt()
    except CapReached:
        if not let_lapsed_go(db, procurement_id, now=now):
            raise
        return attempt()


def mark_lapsed(session: Session, pledge: Pledge, commitment: Commitment, *, now: datetime) -> None:
    """Note that a pledge ended with its commitment; the caps it held are the caller's to give back."""
    pledge.state = PledgeState.LAPSED
    pledge.ended_at = commitment.decided_at or now
    pledge.reason = f"its commitment was {commitment.state}"
    pledge.revision += 1
    session.flush()
    before, after = {"state": PledgeState.STANDING}, {"state": pledge.state, "reason": pledge.reason}
    record(session, system("pledges"), "pledge.lapsed", KIND, pledge.id, now=now, before=before, after=after)


def _let_go(db: Database, pledge_id: UUID, procurement_id: UUID, *, now: datetime) -> bool:
    with db.write() as session:
        procurement = procurement_shared(session, procurement_id)
        pledge = session.exec(select(Pledge).where(Pledge.id == pledge_id).with_for_update()).one()
        commitment = session.get_one(Commitment, pledge.commitment_id)
        if pledge.state is not PledgeState.STANDING or commitment.state in LIVE:
            return False  # somebody was first
        mark_lapsed(session, pledge, commitment, now=now)
        part = part_of(session, procurement, pledge.organisation_id)
        hold(session, procurement_id, part.caps if part else (), -pledge.amount_pence)
    return True
