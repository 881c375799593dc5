"""Asking schools whether they stay, once others have left: each once about each price, by letter."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from becta.kernel.events import announce
from becta.kernel.ids import new_id
from becta.market.pledges.leaving import questions_in
from becta.market.pledges.models import Pledge, PledgeQuestion
from becta.market.pledges.rules import PledgeState
from becta.market.procurements.models import Procurement

TOPIC = "pledge_question"
"""What the outbox calls a question; the key is the question's."""


def ask_those_who_stay(session: Session, procurement: Procurement, lot_id: UUID, *, now: datetime) -> None:
    """Ask the schools whom it made dearer than their ceiling that somebody left a lot, and have them written to."""
    asked = questions_in(session, procurement, [lot_id], now=now)
    if not asked:
        return
    standing = select(Pledge.id, Pledge.organisation_id).where(
        Pledge.lot_id == lot_id, Pledge.state == PledgeState.STANDING
    )
    before = select(PledgeQuestion.pledge_id, PledgeQuestion.unit_price_pence).where(
        col(PledgeQuestion.pledge_id).in_(select(Pledge.id).where(Pledge.lot_id == lot_id))
    )
    known = set(session.exec(before).all())
    for pledge_id, school in session.exec(standing).all():
        question = asked.get((lot_id, school))
        if question is None or (pledge_id, question.new_price_pence) in known:
            continue
        made = PledgeQuestion(id=new_id(), pledge_id=pledge_id, unit_price_pence=question.new_price_pence, asked_at=now)
        session.add(made)
        announce(session, TOPIC, made.id, now=now)
    session.flush()
