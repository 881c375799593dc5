"""Rows of procurements, from the lot to the call-off, as the scene needs them."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from sqlmodel import Session, SQLModel, select

from becta.kernel.ids import new_id
from becta.market.awards.choosing import Allocation
from becta.market.awards.deciding import at_stake, hash_of
from becta.market.awards.models import Award, AwardDecision, CallOff, Contract
from becta.market.awards.states import ContractState, DecisionState
from becta.market.bids.contents import BidContent, FileNote, LotBid
from becta.market.bids.models import Bid, BidFile, OpenedBid
from becta.market.bids.rules import BidState
from becta.market.delegation.models import Commitment
from becta.market.delegation.rules import CommitmentState
from becta.market.evaluation.models import BidExclusion, Consensus, Evaluator, Moderation
from becta.market.evaluation.record import Ground
from becta.market.evaluation.rules import ExclusionState
from becta.market.ocds.models import OcdsRelease
from becta.market.pledges.models import Pledge
from becta.market.pledges.rules import PledgeState
from becta.market.pledges.tiers import Tier
from becta.market.procurements.models import Procurement
from becta.market.procurements.states import ProcurementState
from becta.market.procurements.terms import AwardMethod, Criterion, CriterionKind, LotTerms, Route

_LOT = LotTerms(
    title="Chromebooks",
    description="Chromebooks for year 7",
    category="chromebooks",
    cpv="30213100",
    quantity=10,
    criteria=(Criterion(code="delivery", title="Delivery", kind=CriterionKind.QUALITY, weight=Decimal(40)),),
    price_weight=Decimal(60),
    alone_price_pence=13_000,
    term_months=12,
)
_TIERS = (Tier(from_quantity=1, unit_price_pence=12_000), Tier(from_quantity=20, unit_price_pence=9_000))
TERMS: dict[str, Any] = msgspec.to_builtins(_LOT)
PRICED: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(_LOT, tiers=_TIERS))
"""A lot whose prices are known while schools pledge."""
STARTED: dict[str, Any] = {
    "title": "Devices",
    "description": "Devices for all",
    "route": Route.THREE_QUOTES,
    "award_method": AwardMethod.PER_LOT,
    "savings_policy": "one_price",
    "tie_seed": "0" * 64,
    "state": ProcurementState.DRAFT,
    "is_above_threshold": False,
    "estimated_value_pence": 1_000_000,
}
_NET, _VAT = 100_000, 20_000


def add(session: Session, *made: SQLModel) -> None:
    """Add rows, each after the one before."""
    for row in made:
        session.add(row)
        session.flush()


def left(procurement_id: UUID, lot_id: UUID, school: UUID, by: UUID, *, now: datetime) -> tuple[Commitment, Pledge]:
    """A pledge of another school that reached the next tier and was withdrawn now, and its commitment."""
    committed = Commitment(
        id=new_id(),
        organisation_id=school,
        acting_for=school,
        purpose="Pledge of 20",
        amount_pence=20 * 13_000,
        category="chromebooks",
        budget_code="ICT",
        state=CommitmentState.WITHDRAWN,
        made_by=by,
        decisions=[],
        created_at=now,
        decided_at=now,
        reason="No money",
    )
    pledge = Pledge(
        id=new_id(),
        procurement_id=procurement_id,
        lot_id=lot_id,
        organisation_id=school,
        quantity=20,
        ceiling_price_pence=13_000,
        acceptable_lots=[],
        alternatives="",
        budget_code="ICT",
        commitment_id=committed.id,
        state=PledgeState.WITHDRAWN,
        made_by=by,
        made_at=now,
        changed_at=now,
        ended_at=now,
        reason="No money",
    )
    return committed, pledge


def bid(procurement_id: UUID, supplier: UUID, *, now: datetime) -> Bid:
    """A bid that stands; nobody will ever read what is sealed in it."""
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
        signature="0" * 88,
    )


def open_bid(session: Session, bid_id: UUID, supplier: UUID, price: int, lots: int, *, now: datetime) -> None:
    """Open a bid for so many lots at a price for one, with a file."""
    sent = session.get_one(Bid, bid_id)
    sent.state, sent.ended_at = BidState.OPENED, now
    tiers = (Tier(from_quantity=1, unit_price_pence=price),)
    content = BidContent(
        lots=tuple(
            LotBid(lot=number, tiers=tiers, answers={"delivery": "On Tuesdays"}) for number in range(1, lots + 1)
        ),
        files=(FileNote(number=1, name="trolley.pdf", media_type="application/pdf", size=4, sha256="0" * 64),),
    )
    opened = OpenedBid(
        bid_id=bid_id,
        procurement_id=sent.procurement_id,
        organisation_id=supplier,
        content=msgspec.json.encode(content).decode(),
        salt="0" * 64,
        badges={},
        opened_at=now,
    )
    add(session, opened, BidFile(bid_id=bid_id, number=1, data=b"%PDF"))


def on_panel(procurement_id: UUID, person_id: UUID, by: UUID, *, now: datetime) -> Evaluator:
    """An evaluator without a conflict of interest."""
    return Evaluator(
        procurement_id=procurement_id,
        person_id=person_id,
        appointed_by=by,
        appointed_at=now,
        declared_at=now,
        recused_from=[],
    )


def asked(
    procurement_id: UUID, bid_id: UUID, lot_id: UUID, ground: Ground, by: UUID, *, answer_by: datetime, now: datetime
) -> BidExclusion:
    """A supplier that was asked to explain its bid for a lot."""
    return BidExclusion(
        id=new_id(),
        procurement_id=procurement_id,
        bid_id=bid_id,
        lot_id=lot_id,
        ground=ground,
        state=ExclusionState.ASKED,
        question="How is that?",
        asked_by=by,
        asked_at=now,
        answer_by=answer_by,
    )


def moderated(procurement_id: UUID, lot_id: UUID, by: UUID, *, now: datetime) -> Moderation:
    """A lot whose scores are seen by the panel."""
    return Moderation(
        lot_id=lot_id, procurement_id=procurement_id, began_by=by, began_at=now, missing=2, reason="No time"
    )


def agreed(procurement_id: UUID, lot_id: UUID, bid_id: UUID, mark: int, by: UUID, *, now: datetime) -> Consensus:
    """What the panel agreed for a bid."""
    return Consensus(
        lot_id=lot_id,
        bid_id=bid_id,
        criterion="delivery",
        procurement_id=procurement_id,
        mark=mark,
        reason="As they say",
        agreed_by=by,
        agreed_at=now,
    )


def awarded(
    session: Session,
    procurement_id: UUID,
    lot_id: UUID,
    bid_id: UUID,
    supplier: UUID,
    school: UUID,
    by: UUID,
    *,
    now: datetime,
) -> UUID:
    """A decision that a bid wins its lot, all of it for one school; gives the award."""
    decision = AwardDecision(
        id=new_id(),
        procurement_id=procurement_id,
        number=1,
        method=AwardMethod.PER_LOT,
        state=DecisionState.STANDING,
        reason="The best of the ranking",
        optimum=[],
        waiting=[],
        unsuccessful=[],
        inputs_hash=hash_of(at_stake(session, session.get_one(Procurement, procurement_id))),
        decided_by=by,
        decided_at=now,
    )
    award = Award(
        id=new_id(),
        decision_id=decision.id,
        procurement_id=procurement_id,
        lot_id=lot_id,
        bid_id=bid_id,
        organisation_id=supplier,
        quantity=10,
        unit_price_pence=_NET // 10,
        net_pence=_NET,
        vat_basis_points=2000,
        vat_pence=_VAT,
        allocations=[msgspec.to_builtins(Allocation(organisation_id=school, quantity=10, alone_price_pence=13_000))],
    )
    add(session, decision, award)
    return award.id


def contracted(session: Session, contract_id: UUID, award_id: UUID, school: UUID, *, now: datetime) -> None:
    """A contract that came of an award, and the school's call-off."""
    award = session.get_one(Award, award_id)
    session.get_one(AwardDecision, award.decision_id).state = DecisionState.CONTRACTED
    contract = Contract(
        id=contract_id,
        procurement_id=award.procurement_id,
        organisation_id=award.organisation_id,
        decision_id=award.decision_id,
        state=ContractState.ACTIVE,
        net_pence=_NET,
        vat_pence=_VAT,
        starts_on=now.date(),
        ends_on=now.date() + timedelta(days=365),
        entered_at=now,
        details_due_on=now.date() + timedelta(days=30),
    )
    call_off = CallOff(
        id=new_id(),
        contract_id=contract_id,
        procurement_id=award.procurement_id,
        lot_id=award.lot_id,
        award_id=award_id,
        organisation_id=school,
        quantity=10,
        unit_price_pence=award.unit_price_pence,
        net_pence=_NET,
        levy_pence=0,
        vat_basis_points=2000,
        vat_pence=_VAT,
        alone_pence=130_000,
        budget_code="ICT",
        frozen_at=now,
    )
    add(session, contract, call_off)


def address_of_release(session: Session, procurement_id: UUID) -> str:
    """The ocid and the id of the procurement's release, as an address has them."""
    found = session.exec(select(OcdsRelease).where(OcdsRelease.procurement_id == procurement_id)).one()
    return f"{found.ocid}/{found.release_id}"
