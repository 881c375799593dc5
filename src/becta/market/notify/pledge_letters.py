"""The letter to a school that must say whether it stays, now that others left and made it dearer."""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlmodel import Session, col

from becta.kernel.money import pounds
from becta.market.notify import texts
from becta.market.notify.badge_letters import Letters
from becta.market.notify.procurement_letters import at
from becta.market.notify.recipients import those_behind
from becta.market.pledges.asking_again import TOPIC
from becta.market.pledges.leaving import question_to
from becta.market.pledges.models import Pledge, PledgeQuestion
from becta.market.pledges.rules import PledgeState
from becta.market.procurements.models import Procurement, ProcurementLot
from becta.market.procurements.queries import lot_terms


class PledgeLetters(Struct, frozen=True):
    """Writes letters with addresses that start with `origin`."""

    origin: str

    @property
    def writers(self) -> Mapping[str, Callable[[Session, UUID, datetime], Letters]]:
        """Who writes about what, by topic of the outbox."""
        return {TOPIC: self.asked}

    def asked(self, session: Session, key: UUID, now: datetime) -> Letters:
        """To those who pledge for the school, while that price is what it is asked about."""
        question = session.get_one(PledgeQuestion, key)
        pledge = session.get_one(Pledge, question.pledge_id)
        procurement = session.get_one(Procurement, pledge.procurement_id)
        stands = pledge.state is PledgeState.STANDING
        open_one = question_to(session, procurement, pledge, now=now) if stands else None
        if open_one is None or open_one.new_price_pence != question.unit_price_pence:
            return []
        deadline = procurement.tender_deadline
        words = texts.whether_you_stay(
            f"{self.origin}/api/v1/procurements/{procurement.id}/pledges/{pledge.id}",
            title=procurement.title,
            unit=lot_terms(session.get_one(ProcurementLot, pledge.lot_id)).unit,
            price=pounds(open_one.new_price_pence),
            ceiling=pounds(open_one.ceiling_price_pence),
            until="the bids are opened" if deadline is None else at(deadline),
        )
        return [(to, words) for to in those_behind(session, col(Pledge.id) == pledge.id)]
