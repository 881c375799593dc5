"""The letters about procurements: to schools that may pledge, to suppliers that may bid, and to bidders."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy import select
from sqlmodel import Session, col

from becta.kernel.actor import Scope
from becta.kernel.clock import LONDON
from becta.market.awards.models import AssessmentSummary
from becta.market.notify import texts
from becta.market.notify.badge_letters import Letters
from becta.market.notify.recipients import those_who_may
from becta.market.procurements.models import Procurement, ProcurementInvitation, ProcurementMember
from becta.market.procurements.states import Phase, phase_of
from becta.market.procurements.telling import TOPICS, Step

Writer = Callable[[Session, UUID, datetime], Letters]


class ProcurementLetters(Struct, frozen=True):
    """Writes letters with addresses that start with `origin`."""

    origin: str

    @property
    def writers(self) -> Mapping[str, Writer]:
        """Who writes about what, by topic of the outbox."""
        to_bidders: tuple[Step, ...] = (Step.ADVERTISED, Step.CLARIFIED, Step.AMENDED)
        return {
            TOPICS[Step.GATHERING]: self.gathering,
            **{TOPICS[step]: self.tendering(step) for step in to_bidders},
            TOPICS[Step.SUMMARIES_SENT]: self.summaries,
            **{TOPICS[step]: self.award_public for step in (Step.AWARD_PUBLISHED, Step.STANDSTILL)},
            TOPICS[Step.TERMINATED]: self.terminated,
        }

    def gathering(self, session: Session, key: UUID, now: datetime) -> Letters:
        """To those who pledge for the schools that take part, while they still can."""
        found = session.get_one(Procurement, key)
        if phase_of(found, now=now) is not Phase.GATHERING or found.pledge_deadline is None:
            return []
        members = select(col(ProcurementMember.organisation_id)).where(col(ProcurementMember.procurement_id) == key)
        words = texts.may_pledge(self._href(key), title=found.title, until=_at(found.pledge_deadline))
        return self._to(session, session.execute(members).scalars(), Scope.PLEDGES_MAKE, words)

    def tendering(self, step: Step) -> Writer:
        """To those who bid for the suppliers that were asked: bids are asked for, or something about that changed."""

        def write(session: Session, key: UUID, now: datetime) -> Letters:
            found = session.get_one(Procurement, key)
            if phase_of(found, now=now) is not Phase.TENDERING or found.tender_deadline is None:
                return []
            until = _at(found.tender_deadline)
            words = texts.tender(self._href(key), title=found.title, until=until, what=step.value)
            return self._to(session, _asked(session, key), Scope.BIDS_MAKE, words)

        return write

    def summaries(self, session: Session, key: UUID, _now: datetime) -> Letters:
        """To those who bid: how their bid was assessed can be read now."""
        found = session.get_one(Procurement, key)
        if found.summaries_sent_at is None:
            return []
        words = texts.bid_assessed(f"{self._href(key)}/summaries", title=found.title)
        return self._to(session, _assessed(session, key), Scope.BIDS_MAKE, words)

    def award_public(self, session: Session, key: UUID, _now: datetime) -> Letters:
        """To those who bid: the award notice is out, and until when it stands still."""
        found = session.get_one(Procurement, key)
        if found.award_published_at is None:
            return []
        until = "" if found.standstill_ends is None else f"{found.standstill_ends:%-d %B %Y}"
        words = texts.award_public(f"{self._href(key)}/awards", title=found.title, standstill_until=until)
        return self._to(session, _assessed(session, key), Scope.BIDS_MAKE, words)

    def terminated(self, session: Session, key: UUID, _now: datetime) -> Letters:
        """To those who bid for the suppliers that were asked: nothing comes of a tender that they heard of."""
        found = session.get_one(Procurement, key)
        if found.advertised_at is None:
            return []
        words = texts.tender_ended(self._href(key), title=found.title, reason=found.reason or "")
        return self._to(session, _asked(session, key), Scope.BIDS_MAKE, words)

    def _href(self, key: UUID) -> str:
        return f"{self.origin}/api/v1/procurements/{key}"

    @staticmethod
    def _to(session: Session, places: Iterable[UUID], scope: Scope, words: texts.Words) -> Letters:
        return [(to, words) for place in sorted(set(places)) for to in those_who_may(session, place, scope)]


def _asked(session: Session, key: UUID) -> Sequence[UUID]:
    """The suppliers that were asked to bid, or did."""
    asked = select(col(ProcurementInvitation.organisation_id)).where(col(ProcurementInvitation.procurement_id) == key)
    return session.execute(asked).scalars().all()


def _assessed(session: Session, key: UUID) -> Sequence[UUID]:
    """The suppliers whose bids were assessed."""
    told = select(col(AssessmentSummary.organisation_id)).where(col(AssessmentSummary.procurement_id) == key)
    return session.execute(told.distinct()).scalars().all()


def _at(instant: datetime) -> str:
    return f"{instant.astimezone(LONDON):%-d %B %Y at %H:%M}"
