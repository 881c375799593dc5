"""The scene's procurements: one in every state in which somebody may take a step, made past the use cases."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel import Session
from tests.market.permissions import procurement_rows as rows

from becta.kernel import clock
from becta.kernel.ids import new_id
from becta.market.bids.codes import code_of, new_key
from becta.market.bids.models import OpeningOfficer
from becta.market.evaluation.record import Ground
from becta.market.ocds.publishing import publish_release
from becta.market.procurements.models import (
    Clarification,
    Procurement,
    ProcurementInvitation,
    ProcurementLot,
    ProcurementMember,
    ProcurementTrust,
)
from becta.market.procurements.states import ProcurementState
from becta.market.procurements.telling import Step
from becta.market.wiring import House

S = ProcurementState
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Cast(NamedTuple):
    """Who takes part: the trust that buys for its school, two suppliers that are asked, and a third for some."""

    house: House
    trust: UUID
    school: UUID
    other_school: UUID
    suppliers: tuple[UUID, UUID]
    third: UUID
    lead: UUID
    officer: UUID
    evaluator: UUID


class Bought(NamedTuple):
    """A procurement with its lots, and if bids were asked for, those of both suppliers and the lead's opening code."""

    id: UUID
    lots: tuple[UUID, ...]
    bids: tuple[UUID, ...] = ()
    code: str = ""


class Procurements:
    """The trust's procurements by their state; those past their deadline hold what came before."""

    def __init__(self, cast: Cast, session: Session) -> None:
        self._cast, self._session, self._now = cast, session, clock.now()
        self.draft = self._draft(pledge_deadline=self._now + DAY, conflicts_assessed_at=None)
        self._officers(self.draft.id)
        self.ready = self._draft()
        self._asked(self.ready.id, cast.third)
        self._officers(self.ready.id, has_keys=True)
        self.gathering, self.asked = self._gathering(), self._gathering()
        self.tendering = self._tendering(self._now + DAY)
        self._questions(self.tendering.id)
        self.release = self._published(self.tendering.id)
        self.sealed = self._tendering(self._now - HOUR)
        self.opened = self._opened(lots=2)
        self._evaluated()
        self.judged, self.decided, self.told, self.standing, self.suspended, self.contracted = (
            self._judged() for _ in range(6)
        )
        self.contract = self._awarded()
        del self._cast, self._session

    def lock(self, cast: Cast, session: Session) -> None:
        """End the pledging for those who are asked: another school left, which makes it dearer for the first."""
        gone = rows.left(self.asked.id, self.asked.lots[0], cast.other_school, cast.lead, now=clock.now())
        rows.add(session, *gone)
        session.get_one(Procurement, self.asked.id).pledge_deadline = clock.now() - HOUR
        session.flush()

    def _draft(self, lots: Sequence[dict[str, Any]] = (rows.TERMS,), **values: Any) -> Bought:
        """A draft in which the trust's school takes part, and for which both suppliers are asked to bid."""
        cast, made_id = self._cast, new_id()
        made = Procurement(
            **rows.STARTED,
            id=made_id,
            ocid=f"ocds-test-{made_id}",
            organisation_id=cast.trust,
            created_by=cast.lead,
            created_at=self._now - 3 * DAY,
            **{"tender_deadline": self._now + DAY, "conflicts_assessed_at": self._now, **values},
        )
        placed = [
            ProcurementLot(id=new_id(), procurement_id=made_id, number=number, terms=terms)
            for number, terms in enumerate(lots, 1)
        ]
        member = ProcurementMember(
            procurement_id=made_id, organisation_id=cast.school, trust_id=cast.trust, invited_at=self._now
        )
        rows.add(self._session, made, *placed)
        rows.add(self._session, ProcurementTrust(procurement_id=made_id, organisation_id=cast.trust), member)
        for supplier in cast.suppliers:
            self._asked(made_id, supplier)
        return Bought(made_id, tuple(lot.id for lot in placed))

    def _asked(self, procurement_id: UUID, supplier: UUID) -> None:
        made = ProcurementInvitation(
            procurement_id=procurement_id, organisation_id=supplier, invited_at=self._now - 2 * DAY
        )
        rows.add(self._session, made)

    def _officers(self, procurement_id: UUID, *, has_keys: bool = False) -> str:
        """Name an officer and the trust's lead to open the bids; gives the lead's code."""
        for person_id in (self._cast.officer, self._cast.lead):
            key, taken = new_key(), {}
            if has_keys:
                public = bytes(key.public_key)
                signature = self._cast.house.notary.vouch(procurement_id, person_id, public)
                taken = {"public_key": public.hex(), "key_signature": signature, "taken_at": self._now}
            made = OpeningOfficer(
                id=new_id(),
                procurement_id=procurement_id,
                person_id=person_id,
                named_by=self._cast.lead,
                named_at=self._now,
                **taken,
            )
            rows.add(self._session, made)
        return code_of(key)

    def _gathering(self) -> Bought:
        made = self._draft((rows.PRICED, rows.PRICED), pledge_deadline=self._now + DAY)
        self._move(made.id, S.GATHERING)
        return made

    def _tendering(self, deadline: Any, lots: int = 1) -> Bought:
        """A tender with officers who hold their codes and a sealed bid of each supplier."""
        made = self._draft((rows.TERMS,) * lots, tender_deadline=deadline)
        code = self._officers(made.id, has_keys=True)
        self._move(made.id, S.TENDERING, advertised_at=self._now - 3 * HOUR)
        bids = [rows.bid(made.id, supplier, now=self._now - 2 * HOUR) for supplier in self._cast.suppliers]
        rows.add(self._session, *bids)
        return made._replace(bids=tuple(one.id for one in bids), code=code)

    def _questions(self, procurement_id: UUID) -> None:
        made = Clarification(
            id=new_id(),
            procurement_id=procurement_id,
            number=1,
            asked_by=self._cast.suppliers[0],
            question="Which sockets?",
            asked_at=self._now,
        )
        rows.add(self._session, made)

    def _published(self, procurement_id: UUID) -> str:
        found = self._session.get_one(Procurement, procurement_id)
        publish_release(self._session, found, Step.ADVERTISED, now=self._now)
        self._session.flush()
        return rows.address_of_release(self._session, procurement_id)

    def _opened(self, lots: int = 1) -> Bought:
        made = self._tendering(self._now - HOUR, lots)
        for bid_id, supplier, price in zip(made.bids, self._cast.suppliers, (10_000, 11_000), strict=True):
            rows.open_bid(self._session, bid_id, supplier, price, lots, now=self._now)
        self._move(made.id, S.OPENED, opened_at=self._now)
        rows.add(self._session, rows.on_panel(made.id, self._cast.evaluator, self._cast.lead, now=self._now))
        return made

    def _evaluated(self) -> None:
        """Of the opened one: the second lot is moderated, and both suppliers were asked about the first."""
        made, lead = self.opened, self._cast.lead
        asked = [
            rows.asked(made.id, bid, made.lots[0], ground, lead, answer_by=until, now=self._now - 2 * DAY)
            for bid, ground, until in zip(
                made.bids, (Ground.ABNORMALLY_LOW, Ground.DISCRETIONARY), (self._now + DAY, self._now), strict=True
            )
        ]
        self.unexplained, self.overdue = (one.id for one in asked)
        rows.add(self._session, rows.moderated(made.id, made.lots[1], lead, now=self._now), *asked)

    def _judged(self) -> Bought:
        made = self._opened()
        agreed = [
            rows.agreed(made.id, made.lots[0], bid, mark, self._cast.evaluator, now=self._now)
            for bid, mark in zip(made.bids, (5, 3), strict=True)
        ]
        rows.add(self._session, rows.moderated(made.id, made.lots[0], self._cast.lead, now=self._now))
        rows.add(self._session, *agreed)
        return made

    def _awarded(self) -> UUID:
        """Bring the judged ones to where they are named for; gives the contract of the last."""
        last, contract = self._decided(self.decided), new_id()
        for one in (self.told, self.standing, self.suspended, self.contracted):
            last = self._decided(one, summaries_sent_at=self._now)
        still = {
            "award_published_at": self._now,
            "standstill_starts": self._now.date(),
            "standstill_ends": (self._now + 10 * DAY).date(),
            "may_contract_from": self._now + 11 * DAY,
        }
        for one in (self.standing, self.suspended):
            self._move(one.id, S.STANDSTILL, **still)
        self._move(self.suspended.id, S.SUSPENDED)
        rows.contracted(self._session, contract, last, self._cast.school, now=self._now)
        self._move(self.contracted.id, S.CONTRACTED, contracted_at=self._now)
        return contract

    def _decided(self, one: Bought, **values: Any) -> UUID:
        cast = self._cast
        award = rows.awarded(
            self._session, one.id, one.lots[0], one.bids[0], cast.suppliers[0], cast.school, cast.lead, now=self._now
        )
        self._move(one.id, S.DECIDED, decided_at=self._now, **values)
        return award

    def _move(self, procurement_id: UUID, state: ProcurementState, **values: Any) -> None:
        found = self._session.get_one(Procurement, procurement_id)
        for name, value in {"state": state, **values}.items():
            setattr(found, name, value)
        self._session.flush()
