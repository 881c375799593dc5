"""What the evaluation of a procurement comes to: its record, the ranking that follows, and what is still missing.

These ask nobody: whoever calls them decides who may know.
"""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import Select, select
from sqlmodel import Session, col

from becta.compliance.badges.requirements import BadgeRequirement
from becta.kernel.errors import Conflict
from becta.kernel.money import vat_pence
from becta.market.accounts.models import Person
from becta.market.bids.badges import badge_lacks, required_badges
from becta.market.bids.contents import LotBid
from becta.market.bids.models import OpenedBid
from becta.market.bids.queries import Opened, opened_bids
from becta.market.evaluation.models import BidExclusion, Consensus, EvaluationScore, Evaluator
from becta.market.evaluation.ranking import Ranking, rank, seed_hash
from becta.market.evaluation.record import (
    EvaluationRecord,
    PassFailCriterion,
    QualityCriterion,
    RecordedBid,
    RecordedExclusion,
    flagged,
    needs_marks,
)
from becta.market.evaluation.rules import ExclusionState
from becta.market.pledges.queries import demand_of
from becta.market.pledges.tiers import price_at
from becta.market.procurements.models import Procurement
from becta.market.procurements.queries import lots_of
from becta.market.procurements.schemas import LotOut
from becta.market.procurements.terms import CriterionKind, LotTerms


def evaluation_record(session: Session, procurement_id: UUID, lot_id: UUID) -> EvaluationRecord:
    """All that decides a lot, as far as it is agreed; anybody can rank it again from that. It asks nobody.

    A bid's price is what all that is wanted costs at the tier it reaches, or as much of it as the bid can supply. Each
    badge that the lot requires is a pass or fail criterion of its own, which no evaluator judges.
    """
    procurement = session.get_one(Procurement, procurement_id)
    lot = next(one for one in lots_of(session, procurement_id) if one.id == lot_id)
    quantity = sum(one.quantity for one in demand_of(session, lot_id)) or lot.terms.quantity or 0
    marks: dict[UUID, dict[str, int]] = {}
    for one in session.execute(agreed(procurement_id).where(col(Consensus.lot_id) == lot_id)).scalars():
        marks.setdefault(one.bid_id, {})[one.criterion] = one.mark
    quality = [one for one in lot.terms.criteria if one.kind is CriterionKind.QUALITY and one.weight is not None]
    badges = required_badges(lot.terms)
    bids = [
        _recorded(bid, part, quantity, marks.get(bid.bid_id, {}), lot.terms)
        for bid, part in _bids_for(session, procurement_id, lot.number)
    ]
    out = _out_of(session, procurement_id, lot_id)
    record = EvaluationRecord(
        procurement_id=procurement_id,
        lot=lot.number,
        quantity=quantity,
        award_method=procurement.award_method,
        price_weight=lot.terms.price_weight,
        price_formula=lot.terms.price_formula,
        baseline=lot.terms.baseline,
        tie_rule=lot.terms.tie_rule,
        tie_seed=procurement.tie_seed,
        tie_seed_hash=seed_hash(procurement.tie_seed),
        criteria=tuple(
            QualityCriterion(code=one.code, title=one.title, weight=one.weight)
            for one in quality
            if one.weight is not None
        ),
        pass_fail=(
            *(
                PassFailCriterion(code=one.code, title=one.title)
                for one in lot.terms.criteria
                if one.kind is CriterionKind.PASS_FAIL
            ),
            *(PassFailCriterion(code=_badge_code(one), title=one.words, badge=one.text) for one in badges),
        ),
        bids=tuple(bids),
        exclusions=tuple(
            RecordedExclusion(
                bid_id=one.bid_id, ground=one.ground, reason=one.reason or "", explanation=one.explanation
            )
            for one in out.values()
            if one.bid_id in {bid.id for bid in bids}
        ),
    )
    return flagged(record)


def ranking_of(session: Session, procurement_id: UUID, lot_id: UUID) -> Ranking:
    """The ranking of a lot, bids that are excluded left out; raises Conflict while a mark is not agreed.

    It asks nobody. `now` changes nothing yet: all that counts is in the record.
    """
    return rank(settled(evaluation_record(session, procurement_id, lot_id)))


def is_settled(session: Session, procurement_id: UUID) -> bool:
    """Whether marks are agreed for every bid that is left in every lot, and no supplier is being asked; asks nobody."""
    rows = session.execute(exclusions_of(procurement_id)).scalars()
    if any(one.state is ExclusionState.ASKED for one in rows):
        return False
    lots = lots_of(session, procurement_id)
    return not any(not_agreed(evaluation_record(session, procurement_id, lot.id)) for lot in lots)


def excluded(session: Session, procurement_id: UUID) -> dict[UUID, str]:
    """The bids left out of every lot, each with the reason; it asks nobody."""
    return {
        one.bid_id: one.reason or ""
        for one in session.execute(exclusions_of(procurement_id)).scalars()
        if one.state is ExclusionState.EXCLUDED and one.lot_id is None
    }


def agreed_reasons(session: Session, procurement_id: UUID) -> dict[tuple[UUID, UUID, str], str]:
    """Why each mark was agreed, by lot, bid and criterion; it asks nobody."""
    rows = session.execute(agreed(procurement_id)).scalars()
    return {(one.lot_id, one.bid_id, one.criterion): one.reason for one in rows}


def missing_scores(session: Session, procurement_id: UUID, lot: LotOut) -> int:
    """How many scores evaluators who are neither stood down nor recused still owe for a lot.

    None for a bid that is left out whatever they find.
    """
    given = {(one.person_id, one.bid_id, one.criterion) for one, _ in newest_scores(session, lot.id)}
    record = evaluation_record(session, procurement_id, lot.id)
    bids = [bid.id for bid in record.bids if needs_marks(record, bid)]
    wanted = select(Evaluator).where(
        col(Evaluator.procurement_id) == procurement_id,
        col(Evaluator.stood_down_at).is_(None),
        col(Evaluator.is_recused).is_(False),
    )
    return sum(
        (evaluator.person_id, bid_id, criterion.code) not in given
        for evaluator in session.execute(wanted).scalars()
        for bid_id in bids
        if str(bid_id) not in evaluator.recused_from
        for criterion in lot.terms.criteria
    )


def newest_scores(session: Session, lot_id: UUID) -> list[tuple[EvaluationScore, str | None]]:
    """The newest score of each evaluator for each bid and criterion, with the evaluator's name."""
    rows = session.execute(
        select(EvaluationScore, col(Person.name))
        .join(Person, col(Person.id) == col(EvaluationScore.person_id))
        .where(col(EvaluationScore.lot_id) == lot_id)
        .order_by(
            col(EvaluationScore.bid_id),
            col(EvaluationScore.criterion),
            col(EvaluationScore.person_id),
            col(EvaluationScore.revision),
        )
    )
    return list({(one.bid_id, one.criterion, one.person_id): (one, name) for one, name in rows}.values())


def agreed(procurement_id: UUID) -> "Select[Consensus]":
    """What was agreed for a procurement, by lot, bid and criterion."""
    wanted = select(Consensus).where(col(Consensus.procurement_id) == procurement_id)
    return wanted.order_by(col(Consensus.lot_id), col(Consensus.bid_id), col(Consensus.criterion))


def exclusions_of(procurement_id: UUID) -> "Select[BidExclusion]":
    """The exclusions of a procurement, oldest first, joined to the opened bids they are about."""
    wanted = select(BidExclusion).join(OpenedBid, col(OpenedBid.bid_id) == col(BidExclusion.bid_id))
    return wanted.where(col(BidExclusion.procurement_id) == procurement_id).order_by(col(BidExclusion.id))


def settled(record: EvaluationRecord) -> EvaluationRecord:
    """The same record; raises Conflict while a mark is not agreed."""
    missing = not_agreed(record)
    if missing:
        raise Conflict(f"{missing} marks for lot {record.lot} are not agreed yet, so it has no ranking")
    return record


def not_agreed(record: EvaluationRecord) -> int:
    """How many marks are still to be agreed: none of a bid that is left out, and no quality of one that just failed."""
    missing = 0
    for bid in record.bids:
        if not needs_marks(record, bid):
            continue
        missing += sum(one.code not in bid.passes for one in record.pass_fail)
        missing += sum(one.code not in bid.scores for one in record.criteria)
    return missing


def _bids_for(session: Session, procurement_id: UUID, number: int) -> Iterator[tuple[Opened, LotBid]]:
    """The opened bids for a lot, each with its part for that."""
    for bid in opened_bids(session, procurement_id):
        for part in bid.content.lots:
            if part.lot == number:
                yield bid, part


def _out_of(session: Session, procurement_id: UUID, lot_id: UUID) -> dict[UUID, BidExclusion]:
    """The exclusions that leave bids out of a lot."""
    return {
        one.bid_id: one
        for one in session.execute(exclusions_of(procurement_id)).scalars()
        if one.state is ExclusionState.EXCLUDED and one.lot_id in {None, lot_id}
    }


def _recorded(bid: Opened, part: LotBid, quantity: int, marks: dict[str, int], terms: LotTerms) -> RecordedBid:
    priced = quantity or 1
    reached = priced if part.capacity is None else min(priced, part.capacity)
    net = price_at(part.tiers, reached) * priced
    pass_fail = {one.code for one in terms.criteria if one.kind is CriterionKind.PASS_FAIL}
    lacking = {one.requirement for one in badge_lacks(part, terms, bid.badges)}
    return RecordedBid(
        id=bid.bid_id,
        supplier=bid.supplier_name,
        price_ex_vat_pence=net,
        price_inc_vat_pence=net + vat_pence(net, part.vat_basis_points),
        sells_from=part.tiers[0].from_quantity,
        capacity=part.capacity,
        scores={code: mark for code, mark in marks.items() if code not in pass_fail},
        passes={code: mark == 1 for code, mark in marks.items() if code in pass_fail}
        | {_badge_code(one): one.text not in lacking for one in required_badges(terms)},
    )


def _badge_code(badge: BadgeRequirement) -> str:
    """The code of the criterion that a required badge makes; the codes of published criteria hold no colon."""
    return f"badge:{badge.text}"
