"""A tender of a trust that takes each of its steps past the use cases, so that what each publishes can be looked at."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlmodel import Session, select
from tests.support.people import person, trust

from becta.catalogue.suppliers.rules import SupplierDetails
from becta.catalogue.suppliers.service import register_supplier
from becta.kernel.actor import system
from becta.kernel.ids import new_id
from becta.market.accounts.models import Organisation
from becta.market.accounts.organisations import open_organisation
from becta.market.awards.models import Award, AwardDecision, Contract, ContractChange
from becta.market.awards.states import ContractState, DecisionState
from becta.market.bids.models import Bid, OpenedBid
from becta.market.bids.rules import BidState
from becta.market.db import Database
from becta.market.ocds.models import OcdsRelease
from becta.market.ocds.publishing import publish_release
from becta.market.ocds.reading import parsed
from becta.market.procurements.models import Amendment, Clarification, Procurement, ProcurementLot
from becta.market.procurements.states import ProcurementState
from becta.market.procurements.telling import Step
from becta.market.procurements.terms import AwardMethod, Criterion, CriterionKind, LotTerms, Route

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
SECRET_PRICE = 18_731_947
"""A price in pence that no other number is likely to be."""
PERSON = "Persephone Quill"
LOT = LotTerms(
    title="Laptops",
    description="Laptops for year 7",
    category="laptops",
    cpv="30213100-6",
    quantity=30,
    criteria=(
        Criterion(code="delivery", title="Delivery", kind=CriterionKind.QUALITY, weight=Decimal(40)),
        Criterion(code="safe", title="Safeguarding", kind=CriterionKind.PASS_FAIL),
    ),
    price_weight=Decimal(60),
    term_months=36,
)


class Story:
    """A procurement, step by step, an hour apart."""

    def __init__(self, db: Database, *, route: Route = Route.OPEN_PROCEDURE, above: bool = True) -> None:
        self.db, self.now = db, START
        with db.write() as session:
            lead = trust(session, name="Larch Learning Trust", ukprn="10012345", company_number="01234567")
            self.person_id = person(session, PERSON, "quill@larch.example").id
            self.suppliers = [_supplier(session, name) for name in ("Elm", "Oak")]
            made = Procurement(
                id=new_id(),
                ocid=f"ocds-xxxxxx-{new_id()}",
                organisation_id=lead.id,
                title="Devices",
                description="Devices for all",
                route=route,
                award_method=AwardMethod.PER_LOT,
                savings_policy="one_price",
                tie_seed="0" * 64,
                state=ProcurementState.DRAFT,
                is_above_threshold=above,
                estimated_value_pence=20_000_050,
                tender_deadline=START + timedelta(days=30),
                clarification_deadline=START + timedelta(days=20),
                created_by=self.person_id,
                created_at=START,
            )
            session.add(made)
            session.flush()
            for number in (1, 2):
                terms = msgspec.to_builtins(LOT)
                session.add(ProcurementLot(id=new_id(), procurement_id=made.id, number=number, terms=terms))
        self.id, self.ocid = made.id, made.ocid

    def steps(self, step: Step, state: ProcurementState | None = None, **values: Any) -> None:
        """Take a step: change the procurement and publish."""
        self.now += timedelta(hours=1)
        with self.db.write() as session:
            found = session.get_one(Procurement, self.id)
            found.state = state or found.state
            for name, value in values.items():
                setattr(found, name, value)
            found.revision += 1
            session.flush()
            publish_release(session, found, step, now=self.now)

    def adds(self, make: Callable[[], list[Any]]) -> None:
        """Add rows, each after the one before."""
        with self.db.write() as session:
            for row in make():
                session.add(row)
                session.flush()

    def advertises(self) -> None:
        """Ask for bids."""
        self.steps(Step.ADVERTISED, ProcurementState.TENDERING, advertised_at=self.now)

    def answers(self) -> None:
        """Answer a question of Elm's."""
        question = Clarification(
            id=new_id(),
            procurement_id=self.id,
            number=1,
            asked_by=self.suppliers[0],
            question="Which sockets?",
            asked_at=self.now,
            answer="UK ones",
            answered_by=self.person_id,
            answered_at=self.now,
        )
        self.adds(lambda: [question])
        self.steps(Step.CLARIFIED)

    def amends(self) -> None:
        """Give more time."""
        later = START + timedelta(days=40)
        amendment = Amendment(
            id=new_id(),
            procurement_id=self.id,
            number=1,
            rationale="More schools joined",
            is_substantial=True,
            deadline_before=START + timedelta(days=30),
            deadline_after=later,
            made_by=self.person_id,
            made_at=self.now + timedelta(hours=1),
        )
        self.adds(lambda: [amendment])
        self.steps(Step.AMENDED, tender_deadline=later)

    def bids_come(self) -> None:
        """Both suppliers bid, sealed."""
        self.bids = [_bid(self.id, supplier, self.now) for supplier in self.suppliers]
        self.adds(lambda: list(self.bids))

    def opens(self) -> None:
        """Open the bids after the deadline."""
        self.now = START + timedelta(days=41)
        self.steps(Step.OPENED, ProcurementState.OPENED, opened_at=self.now)
        self.adds(lambda: [_opened(bid, self.now) for bid in self.bids])

    def decides(self, winner: int = 0, number: int = 1) -> None:
        """Award lot 1 to a supplier."""
        self.decision = AwardDecision(
            id=new_id(),
            procurement_id=self.id,
            number=number,
            method=AwardMethod.PER_LOT,
            state=DecisionState.STANDING,
            reason=f"{PERSON} liked it",
            optimum=[],
            waiting=[],
            unsuccessful=[],
            inputs_hash="0" * 64,
            decided_by=self.person_id,
            decided_at=self.now,
        )
        with self.db.read() as session:
            lot = session.exec(
                select(ProcurementLot.id).where(ProcurementLot.procurement_id == self.id, ProcurementLot.number == 1)
            ).one()
        award = Award(
            id=new_id(),
            decision_id=self.decision.id,
            procurement_id=self.id,
            lot_id=lot,
            bid_id=self.bids[winner].id,
            organisation_id=self.suppliers[winner],
            quantity=3,
            unit_price_pence=SECRET_PRICE,
            net_pence=3 * SECRET_PRICE,
            vat_basis_points=2000,
            vat_pence=11_239_168,
            allocations=[],
        )
        self.adds(lambda: [self.decision, award])
        self.steps(Step.DECIDED, ProcurementState.DECIDED, decided_at=self.now)
        self.steps(Step.SUMMARIES_SENT, summaries_sent_at=self.now)

    def stands_still(self) -> None:
        """Publish the award and wait."""
        self.steps(
            Step.STANDSTILL,
            ProcurementState.STANDSTILL,
            award_published_at=self.now,
            standstill_starts=date(2026, 12, 14),
            standstill_ends=date(2026, 12, 23),
            may_contract_from=datetime(2026, 12, 24, tzinfo=UTC),
        )

    def reconsiders(self) -> None:
        """Take the decision back."""
        self._decided(DecisionState.WITHDRAWN, withdrawn_at=self.now, withdrawn_reason=f"{PERSON} erred")
        dates = ("summaries_sent_at", "award_published_at", "standstill_starts", "standstill_ends", "may_contract_from")
        gone = dict.fromkeys(("decided_at", *dates))
        self.steps(Step.RECONSIDERED, ProcurementState.OPENED, **gone)

    def contracts(self, winner: int = 0) -> None:
        """Enter into the contract."""
        self._decided(DecisionState.CONTRACTED)
        self.contract = Contract(
            id=new_id(),
            procurement_id=self.id,
            organisation_id=self.suppliers[winner],
            decision_id=self.decision.id,
            state=ContractState.ACTIVE,
            net_pence=3 * SECRET_PRICE,
            vat_pence=11_239_168,
            starts_on=date(2027, 1, 4),
            ends_on=date(2030, 1, 3),
            entered_at=self.now,
            details_due_on=date(2027, 2, 3),
        )
        self.adds(lambda: [self.contract])
        self.steps(Step.CONTRACTED, ProcurementState.CONTRACTED, contracted_at=self.now)

    def modifies(self, number: int = 1, *, needs_notice: bool = True) -> None:
        """Change the contract, with a notice before or by so little that none is due."""
        change = ContractChange(
            id=new_id(),
            contract_id=self.contract.id,
            number=number,
            description="Longer support",
            ground="not_substantial",
            net_pence_before=3 * SECRET_PRICE,
            net_pence_after=3 * SECRET_PRICE + number,
            ends_on_before=date(2030, 1, 3),
            ends_on_after=date(2030, 2, 3),
            is_substantial=False,
            needs_notice=needs_notice,
            sentence="The term grows by less than 10 % (s.74(3)).",
            made_by=self.person_id,
            made_at=self.now,
        )
        self.adds(lambda: [change])
        self.steps(Step.CONTRACT_MODIFIED)

    def ends(self) -> None:
        """End the contract before its term."""
        with self.db.write() as session:
            found = session.get_one(Contract, self.contract.id)
            found.state, found.ended_at, found.ended_reason = ContractState.TERMINATED, self.now, f"{PERSON} left"
        self.steps(Step.CONTRACT_ENDED)

    def rows(self) -> list[OcdsRelease]:
        """What was published, oldest first."""
        with self.db.read() as session:
            return list(session.exec(select(OcdsRelease).order_by(OcdsRelease.number)))

    def releases(self) -> list[dict[str, Any]]:
        """The releases, oldest first."""
        return [parsed(row.body) for row in self.rows()]

    def _decided(self, state: DecisionState, **values: Any) -> None:
        with self.db.write() as session:
            found = session.get_one(AwardDecision, self.decision.id)
            found.state = state
            for name, value in values.items():
                setattr(found, name, value)


def _supplier(session: Session, name: str) -> UUID:
    details = SupplierDetails(name=f"{name} Ltd", companies_house_number="12345678" if name == "Elm" else None)
    made = register_supplier(session, system("test"), name.lower(), details, now=START)
    organisation: Organisation = open_organisation(session, f"supplier:{made.id}", now=START)
    return organisation.id


def _bid(procurement_id: UUID, supplier: UUID, now: datetime) -> Bid:
    return Bid(
        id=new_id(),
        procurement_id=procurement_id,
        organisation_id=supplier,
        number=1,
        state=BidState.CURRENT,
        sealed=b"sealed",
        sha256="0" * 64,
        size=6,
        commitment="0" * 64,
        received_at=now,
        key_id="00000000",
        signature="0" * 128,
    )


def _opened(bid: Bid, now: datetime) -> OpenedBid:
    return OpenedBid(
        bid_id=bid.id,
        procurement_id=bid.procurement_id,
        organisation_id=bid.organisation_id,
        content="{}",
        salt="0" * 64,
        badges={},
        opened_at=now,
    )


@pytest.fixture
def story(db: Database) -> Story:
    """An open procedure above the threshold."""
    return Story(db)
