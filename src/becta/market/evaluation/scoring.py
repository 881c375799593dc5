"""Use cases of scoring: each evaluator alone, then moderation, then consensus by bid and criterion."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from becta.catalogue.text_rules import text_faults
from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import Conflict, Fault, Forbidden, Invalid, NotFound, refuse_if_any, refuse_if_stale
from becta.kernel.events import record
from becta.kernel.ids import new_id
from becta.market.bids.queries import opened_bids
from becta.market.evaluation.models import Consensus, EvaluationScore, Moderation
from becta.market.evaluation.panel import check_may_judge, on_panel
from becta.market.evaluation.queries import missing_scores
from becta.market.evaluation.rules import mark_faults
from becta.market.evaluation.schemas import NewModeration, NewScore
from becta.market.procurements.access import procurement_held, procurement_locked
from becta.market.procurements.queries import one_lot
from becta.market.procurements.schemas import LotOut
from becta.market.procurements.states import Phase, check_phase
from becta.market.procurements.telling import KIND
from becta.market.procurements.terms import Criterion


def score_bid(
    session: Session, actor: Actor, procurement_id: UUID, wanted: NewScore, *, revision: int | None, now: datetime
) -> EvaluationScore:
    """Give a bid a mark by a criterion, with the reason; another one replaces it until moderation begins.

    The trail holds that a mark was given, not which: it must not show others what each must find alone. Raises Invalid,
    NotFound, Forbidden where recused, Stale, or Conflict before a declaration and once moderation began.
    """
    procurement, evaluator = on_panel(session, actor, procurement_id)
    check_phase(procurement, Phase.OPENED, now=now, doing="scoring")
    lot, criterion = _judged(session, procurement_id, wanted)
    check_may_judge(evaluator, wanted.bid_id)
    refuse_if_any(mark_faults(criterion.kind, wanted.mark, wanted.reason))
    if session.get(Moderation, lot.id) is not None:
        raise Conflict("moderation of this lot began, so what was scored alone stays as it is")
    newest = _newest(session, lot.id, wanted, evaluator.person_id)
    refuse_if_stale(revision, newest)
    made = EvaluationScore(
        id=new_id(),
        procurement_id=procurement_id,
        lot_id=lot.id,
        bid_id=wanted.bid_id,
        criterion=wanted.criterion,
        person_id=evaluator.person_id,
        revision=newest + 1,
        mark=wanted.mark,
        reason=wanted.reason.strip(),
        scored_at=now,
    )
    session.add(made)
    session.flush()
    told = {"lot": lot.number, "bid_id": wanted.bid_id, "criterion": wanted.criterion, "revision": made.revision}
    record(session, actor, "evaluation.scored", KIND, procurement_id, now=now, after=told)
    return made


def begin_moderation(
    session: Session, actor: Actor, procurement_id: UUID, wanted: NewModeration, *, now: datetime
) -> Moderation:
    """Let evaluators see one another's scores of a lot, which end with that; where some are missing, with the reason.

    Raises Invalid, NotFound, Forbidden, or Conflict.
    """
    refuse_if_any(text_faults("reason", wanted.reason, at_most=5_000))
    procurement = procurement_locked(session, actor, procurement_id, Scope.PROCUREMENTS_RUN)
    if actor.person_id is None:
        raise Forbidden(need=Scope.PROCUREMENTS_RUN, because="moderation needs a person behind it: use their own token")
    check_phase(procurement, Phase.OPENED, now=now, doing="moderation")
    lot = one_lot(session, procurement_id, wanted.lot)
    if session.get(Moderation, lot.id) is not None:
        raise Conflict("moderation of this lot began already")
    missing, reason = missing_scores(session, procurement_id, lot), wanted.reason.strip() or None
    if missing and reason is None:
        mend = "wait for them, or say why it begins without them"
        raise Invalid([Fault(field="reason", problem=f"is empty, but {missing} scores are missing", mend=mend)])
    made = Moderation(
        lot_id=lot.id,
        procurement_id=procurement_id,
        began_by=actor.person_id,
        began_at=now,
        missing=missing,
        reason=reason,
    )
    session.add(made)
    session.flush()
    after = {"lot": lot.number, "missing": missing}
    record(session, actor, "evaluation.moderated", KIND, procurement_id, now=now, after=after, reason=reason)
    return made


def agree_consensus(
    session: Session, actor: Actor, procurement_id: UUID, wanted: NewScore, *, revision: int | None, now: datetime
) -> Consensus:
    """Note what the evaluators agreed for a bid by a criterion, and why; the one who notes it moderated.

    Raises Invalid, NotFound, Forbidden where recused, Stale, or Conflict before a declaration or before moderation.
    """
    procurement_held(session, procurement_id)
    procurement, evaluator = on_panel(session, actor, procurement_id)
    check_phase(procurement, Phase.OPENED, now=now, doing="agreeing on marks")
    lot, criterion = _judged(session, procurement_id, wanted)
    check_may_judge(evaluator, wanted.bid_id)
    refuse_if_any(mark_faults(criterion.kind, wanted.mark, wanted.reason))
    if session.get(Moderation, lot.id) is None:
        raise Conflict("moderation of this lot has not begun: every evaluator scores alone first")
    found = session.get(Consensus, (lot.id, wanted.bid_id, wanted.criterion))
    refuse_if_stale(revision, 0 if found is None else found.revision)
    before = None if found is None else {"mark": found.mark, "reason": found.reason}
    if found is None:
        found = Consensus(
            lot_id=lot.id,
            bid_id=wanted.bid_id,
            criterion=wanted.criterion,
            procurement_id=procurement_id,
            mark=wanted.mark,
            reason=wanted.reason.strip(),
            agreed_by=evaluator.person_id,
            agreed_at=now,
        )
        session.add(found)
    else:
        found.mark, found.reason = wanted.mark, wanted.reason.strip()
        found.agreed_by, found.agreed_at = evaluator.person_id, now
        found.revision += 1
    session.flush()
    after = {
        "lot": lot.number,
        "bid_id": wanted.bid_id,
        "criterion": wanted.criterion,
        "mark": found.mark,
        "reason": found.reason,
    }
    record(session, actor, "evaluation.agreed", KIND, procurement_id, now=now, before=before, after=after)
    return found


def _judged(session: Session, procurement_id: UUID, wanted: NewScore) -> tuple[LotOut, Criterion]:
    """The lot and the criterion that a mark is about; raises NotFound, also for a bid that does not bid for the lot."""
    lot = one_lot(session, procurement_id, wanted.lot)
    bids = [one for one in opened_bids(session, procurement_id) if one.bid_id == wanted.bid_id]
    if not any(part.lot == lot.number for one in bids for part in one.content.lots):
        raise NotFound("bid", wanted.bid_id)
    return lot, _criterion(lot.terms.criteria, wanted.criterion)


def _criterion(criteria: Sequence[Criterion], code: str) -> Criterion:
    for one in criteria:
        if one.code == code:
            return one
    raise NotFound("criterion", code[:40])


def _newest(session: Session, lot_id: UUID, wanted: NewScore, person_id: UUID) -> int:
    """The newest revision of an evaluator's own score, 0 if there is none."""
    of = select(EvaluationScore.revision).where(
        EvaluationScore.lot_id == lot_id,
        EvaluationScore.bid_id == wanted.bid_id,
        EvaluationScore.criterion == wanted.criterion,
        EvaluationScore.person_id == person_id,
    )
    return session.exec(of.order_by(col(EvaluationScore.revision).desc())).first() or 0
