"""The letters about procurements: to schools that may pledge or did, to suppliers that may bid, and to bidders."""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy import ColumnElement, Select, and_, select
from sqlmodel import Session, col

from becta.kernel.actor import Scope
from becta.kernel.clock import LONDON
from becta.market.awards.models import AssessmentSummary, AwardDecision, CallOff, Contract
from becta.market.bids.models import OpenedBid
from becta.market.notify import texts
from becta.market.notify.badge_letters import Letters
from becta.market.notify.recipients import all_who_may, those_behind
from becta.market.pledges.models import Pledge
from becta.market.pledges.rules import PledgeState
from becta.market.procurements.models import Procurement, ProcurementInvitation, ProcurementMember
from becta.market.procurements.states import Phase, phase_of
from becta.market.procurements.telling import TOPICS, Step

Writer = Callable[[Session, UUID, datetime], Letters]
_HAPPENED: Mapping[Step, frozenset[Phase]] = {
    Step.SUSPENDED: frozenset({Phase.SUSPENDED}),
    Step.RESUMED: frozenset({Phase.STANDSTILL, Phase.STANDSTILL_OVER}),
    Step.RECONSIDERED: frozenset({Phase.OPENED}),
}
"""Where a procurement still stands after a step while its letter is true."""


class ProcurementLetters(Struct, frozen=True):
    """Writes letters with addresses that start with `origin`."""

    origin: str

    @property
    def writers(self) -> Mapping[str, Writer]:
        """Who writes about what, by topic of the outbox."""
        to_bidders: tuple[Step, ...] = (Step.ADVERTISED, Step.CLARIFIED, Step.AMENDED)
        return {
            TOPICS[Step.GATHERING]: self.gathering,
            TOPICS[Step.MEMBERS_ASKED]: self.members_asked,
            **{TOPICS[step]: self.tendering(step) for step in to_bidders},
            TOPICS[Step.SUPPLIERS_ASKED]: self.suppliers_asked,
            TOPICS[Step.SUMMARIES_SENT]: self.summaries,
            **{TOPICS[step]: self.award_public for step in (Step.AWARD_PUBLISHED, Step.STANDSTILL)},
            **{TOPICS[step]: self.judged_anew(step) for step in _HAPPENED},
            TOPICS[Step.CONTRACTED]: self.contracted,
            TOPICS[Step.TERMINATED]: self.terminated,
        }

    def gathering(self, session: Session, key: UUID, now: datetime) -> Letters:
        """To those who pledge for the schools that were asked before pledging began, while they still can."""
        before = col(ProcurementMember.asked_in).is_(None)
        members = select(col(ProcurementMember.organisation_id)).where(
            col(ProcurementMember.procurement_id) == key, before
        )
        return self._may_pledge(session, session.get_one(Procurement, key), members, now=now)

    def members_asked(self, session: Session, key: UUID, now: datetime) -> Letters:
        """The same to those for the schools that one call asked in while others pledged already."""
        found = select(col(ProcurementMember.procurement_id)).where(col(ProcurementMember.asked_in) == key)
        members = select(col(ProcurementMember.organisation_id)).where(col(ProcurementMember.asked_in) == key)
        procurement = session.get_one(Procurement, session.execute(found.limit(1)).scalar_one())
        return self._may_pledge(session, procurement, members, now=now)

    def tendering(self, step: Step) -> Writer:
        """To those who bid for the suppliers that were asked: bids are asked for, or something about that changed.

        Of the asking only those hear here who were asked before.
        """

        def write(session: Session, key: UUID, now: datetime) -> Letters:
            asked = _asked(key)
            if step is Step.ADVERTISED:
                asked = asked.where(col(ProcurementInvitation.asked_in).is_(None))
            return self._may_bid(session, session.get_one(Procurement, key), asked, step, now=now)

        return write

    def suppliers_asked(self, session: Session, key: UUID, now: datetime) -> Letters:
        """To those who bid for the suppliers that one call asked while the tender ran already."""
        found = select(col(ProcurementInvitation.procurement_id)).where(col(ProcurementInvitation.asked_in) == key)
        asked = select(col(ProcurementInvitation.organisation_id)).where(col(ProcurementInvitation.asked_in) == key)
        procurement = session.get_one(Procurement, session.execute(found.limit(1)).scalar_one())
        return self._may_bid(session, procurement, asked, Step.ADVERTISED, now=now)

    def summaries(self, session: Session, key: UUID, _now: datetime) -> Letters:
        """To those who bid: how their bid was assessed can be read now."""
        found = session.get_one(Procurement, key)
        if found.summaries_sent_at is None:
            return []
        words = texts.bid_assessed(f"{self._href(key)}/summaries", title=found.title)
        return _letters(all_who_may(session, _told_why(key), Scope.BIDS_MAKE), words)

    def award_public(self, session: Session, key: UUID, _now: datetime) -> Letters:
        """To those who bid: the award notice is out, and until when it stands still."""
        found = session.get_one(Procurement, key)
        if found.award_published_at is None:
            return []
        until = "" if found.standstill_ends is None else f"{found.standstill_ends:%-d %B %Y}"
        words = texts.award_public(f"{self._href(key)}/awards", title=found.title, standstill_until=until)
        return _letters(all_who_may(session, _told_why(key), Scope.BIDS_MAKE), words)

    def judged_anew(self, step: Step) -> Writer:
        """To bidders and schools: a claim holds up the award, or no longer does, or the award is judged anew.

        Nobody hears that a decision was taken back of which no bidder was told.
        """

        def write(session: Session, key: UUID, now: datetime) -> Letters:
            found = session.get_one(Procurement, key)
            newest = select(col(AwardDecision.id)).where(col(AwardDecision.procurement_id) == key)
            newest = newest.order_by(col(AwardDecision.number).desc()).limit(1)
            told = _told_why(key).where(col(AssessmentSummary.decision_id) == newest.scalar_subquery())
            if session.execute(told.limit(1)).first() is None or phase_of(found, now=now) not in _HAPPENED[step]:
                return []
            bid = select(col(OpenedBid.organisation_id)).where(col(OpenedBid.procurement_id) == key)
            words = texts.award_held_up(self._href(key), title=found.title, what=step.value)
            people = [*all_who_may(session, bid, Scope.BIDS_MAKE), *those_behind(session, _pledged(key))]
            return _letters(people, words)

        return write

    def contracted(self, session: Session, key: UUID, _now: datetime) -> Letters:
        """To the winners: they have a contract. To the schools that pledged: what they get, or that it is nothing."""
        title = session.get_one(Procurement, key).title
        won = select(col(Contract.organisation_id)).where(col(Contract.procurement_id) == key)
        called_off = select(col(CallOff.pledge_id)).where(col(CallOff.procurement_id) == key)
        gets = col(Pledge.id).in_(called_off.where(col(CallOff.pledge_id).is_not(None)))
        return [
            *_letters(
                all_who_may(session, won, Scope.BIDS_MAKE),
                texts.contract_won(f"{self._href(key)}/contracts", title=title),
            ),
            *_letters(
                those_behind(session, and_(_pledged(key), gets)),
                texts.bought(f"{self._href(key)}/call-offs", title=title),
            ),
            *_letters(
                those_behind(session, and_(_pledged(key), ~gets)),
                texts.not_bought(f"{self._href(key)}/pledges", title=title),
            ),
        ]

    def terminated(self, session: Session, key: UUID, _now: datetime) -> Letters:
        """To the schools that pledged, and to the suppliers that were asked: nothing comes of what they heard of."""
        found = session.get_one(Procurement, key)
        words = texts.tender_ended(self._href(key), title=found.title, reason=found.reason or "")
        people = those_behind(session, _pledged(key))
        if found.advertised_at is not None:
            people += all_who_may(session, _asked(key), Scope.BIDS_MAKE)
        return _letters(people, words)

    def _may_pledge(
        self, session: Session, procurement: Procurement, schools: Select[UUID], *, now: datetime
    ) -> Letters:
        if phase_of(procurement, now=now) is not Phase.GATHERING or procurement.pledge_deadline is None:
            return []
        until = at(procurement.pledge_deadline)
        words = texts.may_pledge(self._href(procurement.id), title=procurement.title, until=until)
        return _letters(all_who_may(session, schools, Scope.PLEDGES_MAKE), words)

    def _may_bid(
        self, session: Session, procurement: Procurement, suppliers: Select[UUID], step: Step, *, now: datetime
    ) -> Letters:
        if phase_of(procurement, now=now) is not Phase.TENDERING or procurement.tender_deadline is None:
            return []
        until = at(procurement.tender_deadline)
        words = texts.tender(self._href(procurement.id), title=procurement.title, until=until, what=step.value)
        return _letters(all_who_may(session, suppliers, Scope.BIDS_MAKE), words)

    def _href(self, key: UUID) -> str:
        return f"{self.origin}/api/v1/procurements/{key}"


def at(instant: datetime) -> str:
    """An instant as letters say it."""
    return f"{instant.astimezone(LONDON):%-d %B %Y at %H:%M}"


def _letters(people: list[str], words: texts.Words) -> Letters:
    return [(to, words) for to in dict.fromkeys(people)]


def _asked(key: UUID) -> Select[UUID]:
    """The suppliers that were asked to bid, or did."""
    return select(col(ProcurementInvitation.organisation_id)).where(col(ProcurementInvitation.procurement_id) == key)


def _told_why(key: UUID) -> Select[UUID]:
    """The bidders that were told how their bid was assessed."""
    return select(col(AssessmentSummary.organisation_id)).where(col(AssessmentSummary.procurement_id) == key)


def _pledged(key: UUID) -> ColumnElement[bool]:
    """The pledges to a procurement that stand."""
    return and_(col(Pledge.procurement_id) == key, col(Pledge.state) == PledgeState.STANDING)
