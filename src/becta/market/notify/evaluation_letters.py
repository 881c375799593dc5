"""The letter to a supplier that must explain its bid before it may be left out (Procurement Act 2023 s.19(4))."""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlmodel import Session

from becta.kernel.actor import Scope
from becta.kernel.clock import LONDON
from becta.market.bids.models import OpenedBid
from becta.market.evaluation.excluding import TOPIC
from becta.market.evaluation.models import BidExclusion
from becta.market.evaluation.rules import ExclusionState
from becta.market.notify import texts
from becta.market.notify.badge_letters import Letters
from becta.market.notify.recipients import those_who_may
from becta.market.procurements.models import Procurement


class EvaluationLetters(Struct, frozen=True):
    """Writes letters with addresses that start with `origin`."""

    origin: str

    @property
    def writers(self) -> Mapping[str, Callable[[Session, UUID, datetime], Letters]]:
        """Who writes about what, by topic of the outbox."""
        return {TOPIC: self.asked}

    def asked(self, session: Session, key: UUID, _now: datetime) -> Letters:
        """To those who bid for the supplier, while it can still answer."""
        found = session.get_one(BidExclusion, key)
        if found.state is not ExclusionState.ASKED or found.explained_at is not None or found.answer_by is None:
            return []
        bid = session.get_one(OpenedBid, found.bid_id)
        title = session.get_one(Procurement, found.procurement_id).title
        words = texts.explain_bid(
            f"{self.origin}/api/v1/procurements/{found.procurement_id}/exclusions",
            title=title,
            until=f"{found.answer_by.astimezone(LONDON):%-d %B %Y at %H:%M}",
        )
        return [(to, words) for to in those_who_may(session, bid.organisation_id, Scope.BIDS_MAKE)]
