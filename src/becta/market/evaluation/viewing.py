"""Reading evaluation as somebody: who sees which scores, marks, exclusions and records, and when."""

from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session, col

from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import Conflict, NotFound
from becta.market.accounts.models import Person
from becta.market.bids.models import OpenedBid
from becta.market.evaluation.models import BidExclusion, Consensus, EvaluationScore, Evaluator, Moderation
from becta.market.evaluation.queries import (
    agreed,
    evaluation_record,
    exclusions_of,
    missing_scores,
    newest_scores,
    not_agreed,
    settled,
)
from becta.market.evaluation.record import EvaluationRecord
from becta.market.evaluation.schemas import (
    ConsensusesOut,
    ConsensusOut,
    EvaluatorOut,
    EvaluatorsOut,
    ExclusionOut,
    ExclusionsOut,
    ScoreOut,
    ScoresOut,
)
from becta.market.pledges.queries import alternatives_named
from becta.market.procurements.access import View, seen
from becta.market.procurements.models import Procurement
from becta.market.procurements.queries import lots_of, one_lot
from becta.market.procurements.states import ProcurementState
from becta.market.procurements.telling import KIND

_OPENED_TO_MEMBERS = frozenset(
    {
        ProcurementState.DECIDED,
        ProcurementState.STANDSTILL,
        ProcurementState.SUSPENDED,
        ProcurementState.CONTRACTED,
    }
)
"""From when on schools that take part may see the record and rank it themselves."""


_READ_CONFLICTS = frozenset({Scope.PROCUREMENTS_RUN, Scope.AUDIT_READ})


def evaluators(session: Session, actor: Actor, procurement_id: UUID) -> EvaluatorsOut:
    """The panel of a procurement, for its lead and for those on it; raises NotFound."""
    _, is_lead = _judging(session, actor, procurement_id)
    wanted = (
        select(Evaluator, col(Person.name))
        .join(Person, col(Person.id) == col(Evaluator.person_id))
        .where(col(Evaluator.procurement_id) == procurement_id)
        .order_by(col(Evaluator.appointed_at), col(Evaluator.person_id))
    )
    items = tuple(_evaluator_out(one, name, actor, is_lead=is_lead) for one, name in session.execute(wanted))
    return EvaluatorsOut(items=items)


def one_evaluator(session: Session, actor: Actor, procurement_id: UUID, person_id: UUID) -> EvaluatorOut:
    """One of the panel; raises NotFound."""
    for one in evaluators(session, actor, procurement_id).items:
        if one.person_id == person_id:
            return one
    raise NotFound("evaluator", person_id)


def scores(session: Session, actor: Actor, procurement_id: UUID, number: int) -> ScoresOut:
    """The scores of a lot: an evaluator's own alone until moderation begins, then all of them; raises NotFound."""
    procurement, _ = _judging(session, actor, procurement_id)
    lot = one_lot(session, procurement_id, number)
    is_moderated = session.get(Moderation, lot.id) is not None
    found = [
        (one, name) for one, name in newest_scores(session, lot.id) if is_moderated or one.person_id == actor.person_id
    ]
    return ScoresOut(
        lot=number,
        is_moderated=is_moderated,
        missing=missing_scores(session, procurement_id, lot),
        alternatives=alternatives_named(session, procurement, lot.id),
        items=tuple(_score_out(number, one, name) for one, name in found),
    )


def consensuses(session: Session, actor: Actor, procurement_id: UUID, number: int) -> ConsensusesOut:
    """What was agreed for a lot, for its lead and its panel; raises NotFound."""
    _judging(session, actor, procurement_id)
    lot = one_lot(session, procurement_id, number)
    rows = session.execute(agreed(procurement_id).where(col(Consensus.lot_id) == lot.id)).scalars()
    items = tuple(consensus_out(number, one) for one in rows)
    return ConsensusesOut(
        lot=number, missing=not_agreed(evaluation_record(session, procurement_id, lot.id)), items=items
    )


def exclusions(session: Session, actor: Actor, procurement_id: UUID) -> ExclusionsOut:
    """The exclusions of a procurement: all for its lead and panel, of its own bid for a supplier; raises NotFound."""
    wanted = exclusions_of(procurement_id)
    try:
        _judging(session, actor, procurement_id)
    except NotFound:
        if seen(session, actor, procurement_id)[1] is not View.BIDDER:
            raise
        wanted = wanted.where(col(OpenedBid.organisation_id) == actor.organisation_id)
    numbers = {lot.id: lot.number for lot in lots_of(session, procurement_id)}
    return ExclusionsOut(items=tuple(exclusion_out(one, numbers) for one in session.execute(wanted).scalars()))


def seen_record(session: Session, actor: Actor, procurement_id: UUID, number: int) -> EvaluationRecord:
    """The record of a lot for its lead once bids are open, and for schools that take part once it is decided.

    Raises NotFound for others, and Conflict while a mark is not agreed.
    """
    actor.require(Scope.PROCUREMENTS_READ)
    procurement, view = seen(session, actor, procurement_id)
    may = view is View.LEAD or (view is View.MEMBER and procurement.state in _OPENED_TO_MEMBERS)
    if not may:
        raise NotFound(KIND, procurement_id)
    if procurement.opened_at is None:
        raise Conflict("bids are not opened yet, so there is nothing to rank")
    return settled(evaluation_record(session, procurement_id, one_lot(session, procurement_id, number).id))


def one_exclusion(session: Session, one: BidExclusion) -> ExclusionOut:
    """An exclusion as shown."""
    return exclusion_out(one, {lot.id: lot.number for lot in lots_of(session, one.procurement_id)})


def exclusion_out(one: BidExclusion, numbers: dict[UUID, int]) -> ExclusionOut:
    """An exclusion as shown; `numbers` are those of the lots."""
    told = {name: getattr(one, name) for name in ExclusionOut.__struct_fields__ if name != "lot"}
    return ExclusionOut(**told, lot=None if one.lot_id is None else numbers[one.lot_id])


def consensus_out(number: int, one: Consensus) -> ConsensusOut:
    """What was agreed, as shown."""
    told = {name: getattr(one, name) for name in ConsensusOut.__struct_fields__ if name != "lot"}
    return ConsensusOut(**told, lot=number)


def own_score(session: Session, number: int, one: EvaluationScore) -> ScoreOut:
    """A score as its evaluator sees it."""
    return _score_out(number, one, session.get_one(Person, one.person_id).name)


def _judging(session: Session, actor: Actor, procurement_id: UUID) -> tuple[Procurement, bool]:
    """The procurement, and whether the actor is of its lead; raises NotFound unless that or on the panel."""
    procurement, view = seen(session, actor, procurement_id)
    if view is View.LEAD:
        return procurement, True
    place = None if actor.person_id is None else session.get(Evaluator, (procurement_id, actor.person_id))
    if view is not View.MEMBER or place is None or place.stood_down_at is not None:
        raise NotFound(KIND, procurement_id)
    return procurement, False


def _evaluator_out(one: Evaluator, name: str | None, actor: Actor, *, is_lead: bool) -> EvaluatorOut:
    """An evaluator; what their conflict is only they themselves read, and the lead's people who run it or audit."""
    may_read = (is_lead and bool(actor.scopes & _READ_CONFLICTS)) or one.person_id == actor.person_id
    return EvaluatorOut(
        person_id=one.person_id,
        name=name,
        appointed_at=one.appointed_at,
        has_declared=one.declared_at is not None,
        declared_at=one.declared_at,
        conflict=one.conflict if may_read else None,
        is_recused=one.is_recused,
        recused_from=tuple(UUID(bid_id) for bid_id in one.recused_from),
        stood_down_at=one.stood_down_at,
        stood_down_reason=one.stood_down_reason if may_read else None,
        revision=one.revision,
    )


def _score_out(number: int, one: EvaluationScore, name: str | None) -> ScoreOut:
    told = {key: getattr(one, key) for key in ("bid_id", "criterion", "mark", "reason", "scored_at", "revision")}
    return ScoreOut(**told, lot=number, evaluator=one.person_id, evaluator_name=name)
