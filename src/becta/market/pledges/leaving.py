"""Who left a lot since pledges were locked, who must be asked whether it stays, and who did not answer in time."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, exists, or_, select
from sqlalchemy.sql.elements import SQLCoreOperations
from sqlmodel import Session, col

from becta.market.delegation.models import Commitment, CommitmentHold
from becta.market.delegation.rules import CommitmentState
from becta.market.pledges.models import Pledge
from becta.market.pledges.rules import PledgeState
from becta.market.pledges.sharing import Question, Stake, Withdrawal, after_withdrawal
from becta.market.pledges.tiers import alone_price
from becta.market.procurements.models import Procurement, ProcurementLot
from becta.market.procurements.queries import lot_terms
from becta.market.procurements.states import Phase, phase_of
from becta.market.procurements.terms import LotTerms

BEHIND = col(Commitment.id) == col(Pledge.commitment_id)
"""Joins a pledge with its commitment."""
_APPROVED = and_(col(Pledge.state) == PledgeState.STANDING, col(Commitment.state) == CommitmentState.APPROVED)
_ASKING = frozenset({Phase.LOCKED, Phase.TENDERING, Phase.SEALED})
"""When schools are asked whether they stay, once others have left."""


class Stakes:
    """What was pledged to a lot when it was locked, and who left since."""

    def __init__(self) -> None:
        """Nothing is pledged yet."""
        self.rows: list[Row[Any]] = []
        self.left: set[UUID] = set()


def counting(procurement: Procurement) -> ColumnElement[bool]:
    """Whether a pledge counts: it stands and its commitment is approved, once bids are open since before the opening.

    Once there are contracts it stays as it was then, so that what they rest on can be worked out again.
    """
    opened, contracted = procurement.opened_at, procurement.contracted_at
    if opened is None:
        return _APPROVED
    counts = _APPROVED
    if contracted is not None:
        counts = or_(_APPROVED, and_(col(Pledge.state) == PledgeState.WITHDRAWN, col(Pledge.ended_at) >= contracted))
    return and_(counts, _approved_by(opened))


def _approved_by(instant: datetime | SQLCoreOperations[datetime | None]) -> ColumnElement[bool]:
    """Whether nothing held the commitment any more at an instant, whatever became of it since."""
    released = col(CommitmentHold.released_at)
    held = exists().where(
        col(CommitmentHold.commitment_id) == col(Commitment.id), or_(released.is_(None), released > instant)
    )
    return ~held


def price_alone(terms: LotTerms, quantity: int, stated_pence: int | None) -> int | None:
    """What one costs a school alone, pence ex VAT: as it says, else as the lot, else by the lot's tiers; or None."""
    return alone_price(terms.tiers, quantity, terms.alone_price_pence if stated_pence is None else stated_pence)


def stakes_of(
    session: Session, procurement: Procurement, lot_ids: Iterable[UUID], *, now: datetime
) -> dict[UUID, Stakes]:
    """The pledges that count, and those taken back since the lock, by lot; one statement.

    Once bids are open it stays as it was then: who takes a pledge back later leaves nobody with a dearer price.
    """
    locked, opened = procurement.pledge_deadline, procurement.opened_at
    counts = counting(procurement)
    if locked is not None and now >= locked:
        left = and_(col(Pledge.state) == PledgeState.WITHDRAWN, col(Pledge.ended_at) >= locked)
        counts = or_(counts, and_(left, _approved_by(opened or col(Pledge.ended_at))))
    found: dict[UUID, Stakes] = defaultdict(Stakes)
    for row in session.execute(
        select(
            col(Pledge.lot_id),
            col(Pledge.organisation_id),
            col(Pledge.quantity),
            col(Pledge.ceiling_price_pence),
            col(Pledge.alone_price_pence),
            col(Pledge.ended_at),
        )
        .join(Commitment, BEHIND)
        .where(col(Pledge.lot_id).in_(list(lot_ids)), counts)
    ):
        found[row.lot_id].rows.append(row)
        if row.ended_at is not None and (opened is None or row.ended_at <= opened):
            found[row.lot_id].left.add(row.organisation_id)
    return found


def standing_of(procurement: Procurement, terms: LotTerms, of_lot: Stakes) -> Withdrawal:
    """Who buys of a lot and at what shares, once those who left are gone, and who must be asked."""
    all_of_it = [_stake(row, terms) for row in of_lot.rows]
    return after_withdrawal(procurement.savings_policy, terms.tiers, all_of_it, of_lot.left)


def questions_in(
    session: Session, procurement: Procurement, lot_ids: Sequence[UUID], *, now: datetime
) -> dict[tuple[UUID, UUID], Question]:
    """What schools are asked, by lot and school; two statements once pledges are locked, none before."""
    if phase_of(procurement, now=now) not in _ASKING:
        return {}
    lots = session.execute(select(ProcurementLot).where(col(ProcurementLot.id).in_(list(lot_ids)))).scalars()
    priced = {lot.id: terms for lot in lots if (terms := lot_terms(lot)).tiers}
    stakes = stakes_of(session, procurement, priced, now=now)
    return {
        (lot_id, question.school): question
        for lot_id, terms in priced.items()
        if lot_id in stakes and stakes[lot_id].left
        for question in standing_of(procurement, terms, stakes[lot_id]).questions
    }


def question_to(session: Session, procurement: Procurement, pledge: Pledge, *, now: datetime) -> Question | None:
    """What the school of a pledge is asked, now that others have left; None if nothing."""
    return questions_in(session, procurement, [pledge.lot_id], now=now).get((pledge.lot_id, pledge.organisation_id))


def silent_ones(session: Session, procurement: Procurement, lot: ProcurementLot) -> set[UUID]:
    """The schools that were asked to stay at a higher price and had not answered when bids were opened."""
    terms = lot_terms(lot)
    if procurement.opened_at is None or not terms.tiers:
        return set()
    stakes = stakes_of(session, procurement, [lot.id], now=procurement.opened_at)
    return {one.school for one in standing_of(procurement, terms, stakes[lot.id]).questions}


def _stake(row: Row[Any], terms: LotTerms) -> Stake:
    alone = price_alone(terms, row.quantity, row.alone_price_pence)
    return Stake(
        school=row.organisation_id,
        quantity=row.quantity,
        ceiling_price_pence=row.ceiling_price_pence,
        alone_price_pence=row.ceiling_price_pence if alone is None else alone,
    )
