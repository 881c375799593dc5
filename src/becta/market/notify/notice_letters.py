"""The letter that tells a supplier of open processes it wanted to hear of."""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlmodel import Session

from becta.kernel.actor import Scope
from becta.kernel.clock import LONDON
from becta.market.notify.badge_letters import Letters
from becta.market.notify.recipients import those_who_may
from becta.market.notify.texts import SIGNATURE, Words
from becta.market.ocds.alerts import TOPIC
from becta.market.ocds.models import OcdsNotice
from becta.market.ocds.queries import told_in

SHOWN = 20
"""How many notices a letter names."""


class NoticeLetters(Struct, frozen=True):
    """Writes letters with addresses that start with `origin`."""

    origin: str

    @property
    def writers(self) -> Mapping[str, Callable[[Session, UUID, datetime], Letters]]:
        """Who writes about what, by topic of the outbox."""
        return {TOPIC: self.told}

    def told(self, session: Session, key: UUID, now: datetime) -> Letters:
        """To those of a supplier who make bids: what can still be bid for when the letter is sent."""
        found = told_in(session, key)
        notices = [notice for _, notice in found if notice.deadline is not None and notice.deadline > now]
        if not notices:
            return []
        organisation_id, _ = found[0]
        return [(to, self._words(notices)) for to in those_who_may(session, organisation_id, Scope.BIDS_MAKE)]

    def _words(self, notices: list[OcdsNotice]) -> Words:
        many = "A notice" if len(notices) == 1 else f"{len(notices)} notices"
        named = "\n\n".join(self._named(notice) for notice in notices[:SHOWN])
        more = f"\n\nand {len(notices) - SHOWN} more: {self.origin}/api/v1/notices?open=true"
        text = f"You asked to hear of these:\n\n{named}{more if len(notices) > SHOWN else ''}"
        return Words(f"{many} that you wanted to hear of", text + SIGNATURE)

    def _named(self, notice: OcdsNotice) -> str:
        assert notice.deadline is not None
        until = f"{notice.deadline.astimezone(LONDON):%-d %B %Y at %H:%M}"
        href = f"{self.origin}/api/v1/notices/{notice.id}/release"
        title = " ".join(notice.title.split())
        return f"{title}\n{' '.join(notice.buyer.split())}, tenders until {until}\n{href}"
