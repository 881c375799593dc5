"""Use cases of leaving bids out: ask the supplier first where it must be heard, exclude, and take that back.

Grounds and duties: Procurement Act 2023 s.26 (excluded and excludable suppliers), s.19(4)-(5) (abnormally low prices).
"""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from becta.catalogue.text_rules import text_faults
from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import Conflict, Fault, Forbidden, Invalid, NotFound, refuse_if_any, refuse_if_stale
from becta.kernel.events import announce, record
from becta.kernel.ids import new_id
from becta.market.bids.models import OpenedBid
from becta.market.evaluation.models import BidExclusion
from becta.market.evaluation.record import Ground
from becta.market.evaluation.rules import (
    DECIDED_GROUNDS,
    LEAST_TIME_TO_ANSWER,
    ExclusionState,
    check_heard,
    check_move,
)
from becta.market.evaluation.schemas import NewExclusion, NewQuestion
from becta.market.procurements.access import procurement_held, procurement_locked
from becta.market.procurements.queries import one_lot
from becta.market.procurements.states import Phase, check_phase
from becta.market.procurements.telling import KIND

TOPIC = "bid_exclusion"
"""What the outbox calls a bid that its supplier must explain."""


def ask_to_explain(
    session: Session, actor: Actor, procurement_id: UUID, wanted: NewQuestion, *, now: datetime
) -> BidExclusion:
    """Ask a supplier to explain before its bid may be left out; raises Invalid, NotFound, Forbidden or Conflict."""
    faults = [*_ground_faults(wanted.ground), *text_faults("question", wanted.question, at_least=3, at_most=5_000)]
    if wanted.answer_by < now + LEAST_TIME_TO_ANSWER:
        mend = "give a day at least, and as long as is reasonable (s.19(4))"
        faults.append(Fault(field="answer_by", problem="is too soon", mend=mend, value=wanted.answer_by.isoformat()))
    refuse_if_any(faults)
    person_id, lot_id = _opened(session, actor, procurement_id, wanted.bid_id, wanted.lot, now=now)
    made = BidExclusion(
        id=new_id(),
        procurement_id=procurement_id,
        bid_id=wanted.bid_id,
        lot_id=lot_id,
        ground=wanted.ground,
        state=ExclusionState.ASKED,
        question=wanted.question.strip(),
        asked_by=person_id,
        asked_at=now,
        answer_by=wanted.answer_by,
    )
    session.add(made)
    _tell(session, actor, "evaluation.explanation_asked", made, now=now, reason=made.question)
    announce(session, TOPIC, made.id, now=now)
    return made


def explain(
    session: Session, actor: Actor, procurement_id: UUID, exclusion_id: UUID, explanation: str, *, now: datetime
) -> BidExclusion:
    """Explain one's own bid when asked, once; raises Invalid, NotFound, Forbidden, or Conflict once it is decided."""
    refuse_if_any(text_faults("explanation", explanation, at_least=3, at_most=20_000))
    actor.require(Scope.BIDS_MAKE)
    procurement = procurement_held(session, procurement_id)
    found = _found(session, procurement_id, exclusion_id)
    bid = session.get_one(OpenedBid, found.bid_id)
    if bid.organisation_id != actor.organisation_id:
        raise NotFound("exclusion", exclusion_id)
    check_phase(procurement, Phase.OPENED, now=now, doing="explaining a bid")
    if found.state is not ExclusionState.ASKED or found.explained_at is not None:
        raise Conflict("this was explained or decided already")
    found.explanation, found.explained_at, found.explained_by = explanation.strip(), now, actor.person_id
    found.revision += 1
    _tell(session, actor, "evaluation.explained", found, now=now)
    return found


def exclude_bid(
    session: Session, actor: Actor, procurement_id: UUID, wanted: NewExclusion, *, now: datetime
) -> BidExclusion:
    """Leave a bid out at once, saying why; one whose supplier must be heard first is refused.

    Raises Invalid, NotFound, Forbidden, or Conflict.
    """
    refuse_if_any([*_ground_faults(wanted.ground), *_reason_faults(wanted.reason)])
    person_id, lot_id = _opened(session, actor, procurement_id, wanted.bid_id, wanted.lot, now=now)
    check_heard(wanted.ground, explained=False, answer_by=None, now=now)
    made = BidExclusion(
        id=new_id(),
        procurement_id=procurement_id,
        bid_id=wanted.bid_id,
        lot_id=lot_id,
        ground=wanted.ground,
        state=ExclusionState.EXCLUDED,
        reason=wanted.reason.strip(),
        decided_by=person_id,
        decided_at=now,
    )
    session.add(made)
    _tell(session, actor, "evaluation.excluded", made, now=now, reason=made.reason)
    return made


def decide_exclusion(
    session: Session,
    actor: Actor,
    procurement_id: UUID,
    exclusion_id: UUID,
    state: ExclusionState,
    reason: str,
    *,
    revision: int | None,
    now: datetime,
) -> BidExclusion:
    """Leave a bid out whose supplier was heard, or do not after all, saying why.

    Raises Invalid, NotFound, Forbidden, Stale, or Conflict before the supplier explained or its time is over.
    """
    refuse_if_any(_reason_faults(reason))
    person_id, _ = _opened(session, actor, procurement_id, None, None, now=now)
    found = _found(session, procurement_id, exclusion_id)
    refuse_if_stale(revision, found.revision)
    check_move(found.state, state)
    if state is ExclusionState.EXCLUDED:
        check_heard(found.ground, explained=found.explained_at is not None, answer_by=found.answer_by, now=now)
    found.state, found.reason, found.decided_by, found.decided_at = state, reason.strip(), person_id, now
    found.revision += 1
    _tell(session, actor, f"evaluation.{state}", found, now=now, reason=found.reason)
    return found


def _ground_faults(ground: Ground) -> list[Fault]:
    if ground in DECIDED_GROUNDS:
        return []
    mend = "a bid that fails a criterion or cannot supply what is wanted is left out without anybody deciding it"
    return [Fault(field="ground", problem="is not decided, it follows from the record", mend=mend, value=ground)]


def _reason_faults(reason: str) -> list[Fault]:
    return text_faults("reason", reason, at_least=3, at_most=5_000)


def _opened(
    session: Session, actor: Actor, procurement_id: UUID, bid_id: UUID | None, lot: int | None, *, now: datetime
) -> tuple[UUID, UUID | None]:
    """The person who acts and the id of the lot, for an opened procurement of theirs that is locked with this.

    Raises NotFound for a bid that is none of it, and Conflict for one of which an exclusion stands there.
    """
    procurement = procurement_locked(session, actor, procurement_id, Scope.PROCUREMENTS_RUN)
    if actor.person_id is None:
        raise Forbidden(need=Scope.PROCUREMENTS_RUN, because="this needs a person behind it: use their own token")
    check_phase(procurement, Phase.OPENED, now=now, doing="excluding a bid")
    lot_id = None if lot is None else one_lot(session, procurement_id, lot).id
    if bid_id is None:
        return actor.person_id, lot_id
    bid = session.get(OpenedBid, bid_id)
    if bid is None or bid.procurement_id != procurement_id:
        raise Invalid([Fault(field="bid_id", problem="is no opened bid", mend="name one", value=str(bid_id))])
    standing = select(BidExclusion).where(
        BidExclusion.bid_id == bid_id, col(BidExclusion.state) != ExclusionState.DROPPED
    )
    if any(one.lot_id in {None, lot_id} for one in session.exec(standing)):
        raise Conflict("this bid is excluded or its supplier is being asked already")
    return actor.person_id, lot_id


def _found(session: Session, procurement_id: UUID, exclusion_id: UUID) -> BidExclusion:
    found = session.get(BidExclusion, exclusion_id)
    if found is None or found.procurement_id != procurement_id:
        raise NotFound("exclusion", exclusion_id)
    return found


def _tell(
    session: Session, actor: Actor, action: str, made: BidExclusion, *, now: datetime, reason: str | None = None
) -> None:
    session.flush()
    after = {"exclusion_id": made.id, "bid_id": made.bid_id, "ground": made.ground, "state": made.state}
    record(session, actor, action, KIND, made.procurement_id, now=now, after=after, reason=reason)
