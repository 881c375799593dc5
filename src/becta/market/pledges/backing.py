"""The commitments behind pledges: made with one, and while it stands not withdrawn without it."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlmodel import Session, col, select

from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import Conflict, Forbidden
from becta.market.delegation.models import Commitment
from becta.market.delegation.rules import CommitmentState, Outcome
from becta.market.delegation.schemas import NewCommitment, SchemeDecision
from becta.market.delegation.service import make_commitment, withdraw_commitment
from becta.market.pledges.caps import Lot
from becta.market.pledges.models import Pledge
from becta.market.pledges.rules import LIVE, PledgeState
from becta.market.pledges.schemas import PledgeTerms
from becta.market.procurements.models import Procurement


def commit_for_pledge(
    session: Session,
    actor: Actor,
    procurement: Procurement,
    lot: Lot,
    wanted: PledgeTerms,
    reference: str,
    *,
    now: datetime,
) -> Commitment:
    """Commit the most that a pledge can cost; raises Forbidden with what the scheme says if it refuses."""
    wished = NewCommitment(
        organisation=reference,
        purpose=f"Pledge of {wanted.quantity:,} to {procurement.title}: {lot.title}"[:200],
        amount_pence=wanted.quantity * wanted.ceiling_price_pence,
        category=lot.category,
        budget_code=wanted.budget_code.strip(),
    )
    made = make_commitment(session, actor, wished, now=now)
    if made.state is CommitmentState.REFUSED:
        decisions = msgspec.convert(made.decisions, list[SchemeDecision])
        because = "; ".join(one.sentence for one in decisions if one.outcome is Outcome.REFUSED)
        raise Forbidden(need=Scope.COMMITMENTS_MAKE, because=because)
    return made


def withdraw_unless_pledged(
    session: Session, actor: Actor, commitment_id: UUID, reason: str, *, revision: int | None, now: datetime
) -> Commitment:
    """Take back a commitment as `withdraw_commitment` does; raises Conflict, too, if a pledge rests on it.

    The pledge is locked first, in the order of all that change pledges, and is asked last: who may not see the
    commitment learns nothing of a pledge.
    """
    resting = select(Pledge.id).where(Pledge.commitment_id == commitment_id, Pledge.state == PledgeState.STANDING)
    pledge_id = session.exec(resting.with_for_update()).first()
    withdrawn = withdraw_commitment(session, actor, commitment_id, reason, revision=revision, now=now)
    if pledge_id is not None:
        raise Conflict("a pledge rests on this commitment: take the pledge back instead")
    return withdrawn


def is_pledged(session: Session, commitment_id: UUID) -> bool:
    """Whether a standing pledge rests on a commitment."""
    resting = (
        select(Pledge.id)
        .join(Commitment, col(Commitment.id) == col(Pledge.commitment_id))
        .where(
            Pledge.commitment_id == commitment_id,
            Pledge.state == PledgeState.STANDING,
            col(Commitment.state).in_(sorted(LIVE)),
        )
    )
    return session.exec(resting).first() is not None
