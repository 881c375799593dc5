"""What every bidder is told of how its bid was assessed, by the record (Procurement Act 2023 s.50(4))."""

from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID

from sqlmodel import Session, select

from becta.market.awards.choosing import LotAtStake
from becta.market.awards.deciding import at_stake
from becta.market.awards.models import Award
from becta.market.awards.schemas import CriterionSummary, LotSummary, SummaryBody, WinnerSummary
from becta.market.bids.queries import Opened, opened_bids
from becta.market.evaluation.queries import agreed_reasons
from becta.market.evaluation.ranking import RankedBid
from becta.market.procurements.models import Procurement

Reasons = dict[tuple[UUID, UUID, str], str]
"""Why a mark was agreed, by lot, bid and criterion."""


def summaries(session: Session, procurement: Procurement, decision_id: UUID) -> Iterator[tuple[Opened, SummaryBody]]:
    """The summary for each bid that was opened."""
    lots = at_stake(session, procurement)
    reasons = agreed_reasons(session, procurement.id)
    wins = set(session.exec(select(Award.lot_id, Award.bid_id).where(Award.decision_id == decision_id)).all())
    winners = tuple(
        _winner(lot, ranked, reasons)
        for lot in lots
        for ranked in lot.ranking.ranked
        if (lot.lot_id, ranked.bid_id) in wins
    )
    for bid in opened_bids(session, procurement.id):
        own = tuple(_own(lot, bid.bid_id, reasons) for lot in lots if bid.bid_id in lot.offered)
        bid_for = {one.lot for one in own}
        yield bid, SummaryBody(own=own, winners=tuple(one for one in winners if one.lot in bid_for))


def _own(lot: LotAtStake, bid_id: UUID, reasons: Reasons) -> LotSummary:
    of = len(lot.ranking.ranked)
    ranked = next((one for one in lot.ranking.ranked if one.bid_id == bid_id), None)
    if ranked is None:
        why = next((one.reason for one in lot.ranking.left_out if one.bid_id == bid_id), "it was not assessed")
        return LotSummary(
            lot=lot.number,
            rank=None,
            of=of,
            price_score=None,
            quality_score=None,
            total=None,
            criteria=(),
            left_out=why,
        )
    return LotSummary(
        lot=lot.number,
        rank=ranked.rank,
        of=of,
        price_score=ranked.price_score,
        quality_score=ranked.quality_score,
        total=ranked.total,
        criteria=_criteria(lot, ranked, reasons),
        left_out=None,
    )


def _criteria(lot: LotAtStake, ranked: RankedBid, reasons: Reasons) -> tuple[CriterionSummary, ...]:
    asked = {one.code: one for one in lot.terms.criteria}
    return tuple(
        CriterionSummary(
            code=one.code,
            title=asked[one.code].title,
            weight=asked[one.code].weight or Decimal(0),
            mark=one.mark,
            score=one.score,
            reason=reasons.get((lot.lot_id, ranked.bid_id, one.code), ""),
        )
        for one in ranked.criteria
    )


def _winner(lot: LotAtStake, ranked: RankedBid, reasons: Reasons) -> WinnerSummary:
    return WinnerSummary(
        lot=lot.number,
        supplier=ranked.supplier,
        price_score=ranked.price_score,
        quality_score=ranked.quality_score,
        total=ranked.total,
        criteria=_criteria(lot, ranked, reasons),
    )
