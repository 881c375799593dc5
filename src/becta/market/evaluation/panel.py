"""Use cases of the panel: appoint evaluators, stand them down, and have each declare their interests first."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from becta.catalogue.text_rules import text_faults
from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import Conflict, Fault, Forbidden, Invalid, NotFound, refuse_if_any, refuse_if_stale
from becta.kernel.events import record
from becta.market.accounts.models import Member, Organisation
from becta.market.accounts.roles import OrganisationKind
from becta.market.bids.models import OpenedBid
from becta.market.evaluation.models import Evaluator
from becta.market.evaluation.rules import declaration_faults
from becta.market.evaluation.schemas import NewDeclaration
from becta.market.procurements.access import procurement_locked, procurement_shared
from becta.market.procurements.models import Procurement, ProcurementMember, ProcurementTrust
from becta.market.procurements.states import Phase, check_phase
from becta.market.procurements.telling import KIND

_BEFORE_DECIDED = (Phase.DRAFT, Phase.GATHERING, Phase.LOCKED, Phase.TENDERING, Phase.SEALED, Phase.OPENED)


def appoint_evaluator(
    session: Session, actor: Actor, procurement_id: UUID, person_id: UUID, *, now: datetime
) -> Evaluator:
    """Appoint a member of the lead, or of a school or trust that takes part, to score bids.

    Raises Invalid, also for somebody of a supplier, NotFound, Forbidden, or Conflict.
    """
    procurement = procurement_locked(session, actor, procurement_id, Scope.PROCUREMENTS_RUN)
    if actor.person_id is None:
        raise Forbidden(need=Scope.PROCUREMENTS_RUN, because="a panel needs a person behind it: use their own token")
    check_phase(procurement, *_BEFORE_DECIDED, now=now, doing="appointing an evaluator")
    _check_may_evaluate(session, procurement, person_id)
    if session.get(Evaluator, (procurement_id, person_id)) is not None:
        raise Conflict("this person is on the panel already, or was stood down from it")
    made = Evaluator(
        procurement_id=procurement_id,
        person_id=person_id,
        appointed_by=actor.person_id,
        appointed_at=now,
        recused_from=[],
    )
    session.add(made)
    session.flush()
    record(session, actor, "evaluation.appointed", KIND, procurement_id, now=now, after={"person_id": person_id})
    return made


def stand_down(
    session: Session,
    actor: Actor,
    procurement_id: UUID,
    person_id: UUID,
    reason: str,
    *,
    revision: int | None,
    now: datetime,
) -> Evaluator:
    """Take an evaluator off the panel for good, saying why; their scores count no more.

    Raises Invalid, NotFound, Forbidden, Stale, or Conflict.
    """
    refuse_if_any(text_faults("reason", reason, at_least=3, at_most=1_000))
    procurement = procurement_locked(session, actor, procurement_id, Scope.PROCUREMENTS_RUN)
    check_phase(procurement, *_BEFORE_DECIDED, now=now, doing="standing an evaluator down")
    found = session.get(Evaluator, (procurement_id, person_id))
    if found is None:
        raise NotFound("evaluator", person_id)
    refuse_if_stale(revision, found.revision)
    if found.stood_down_at is not None:
        raise Conflict("this evaluator was stood down already")
    found.stood_down_at, found.stood_down_reason = now, reason.strip()
    found.revision += 1
    session.flush()
    before = {"person_id": person_id}
    record(
        session,
        actor,
        "evaluation.stood_down",
        KIND,
        procurement_id,
        now=now,
        before=before,
        reason=found.stood_down_reason,
    )
    return found


def declare_interests(
    session: Session,
    actor: Actor,
    procurement_id: UUID,
    wanted: NewDeclaration,
    *,
    revision: int | None,
    now: datetime,
) -> Evaluator:
    """Declare one's interests, before any scoring and again when they change (Procurement Act 2023 ss.81-83).

    Raises Invalid, NotFound for whoever is not on the panel, Forbidden, Stale, or Conflict.
    """
    faults = declaration_faults(has_conflict=wanted.has_conflict, conflict=wanted.conflict, bids=wanted.bids)
    refuse_if_any(faults)
    procurement, found = on_panel(session, actor, procurement_id)
    refuse_if_stale(revision, found.revision)
    check_phase(procurement, *_BEFORE_DECIDED, now=now, doing="declaring interests")
    _check_opened(session, procurement_id, wanted.bids)
    found.declared_at = now
    found.conflict = wanted.conflict.strip() if wanted.has_conflict else None
    found.recused_from = sorted({str(one) for one in wanted.bids})
    found.is_recused = wanted.has_conflict and not wanted.bids
    found.revision += 1
    session.flush()
    after = {"has_conflict": wanted.has_conflict, "is_recused": found.is_recused, "bids": found.recused_from}
    personal = {found.person_id: {"conflict": found.conflict}}
    record(session, actor, "evaluation.declared", KIND, procurement_id, now=now, after=after, personal=personal)
    return found


def on_panel(session: Session, actor: Actor, procurement_id: UUID) -> tuple[Procurement, Evaluator]:
    """The procurement, shared, and the actor's own place on its panel, locked.

    Raises NotFound for whoever has none, and Forbidden without the scope or a person behind it.
    """
    actor.require(Scope.BIDS_SCORE)
    if actor.person_id is None:
        raise Forbidden(need=Scope.BIDS_SCORE, because="a score needs a person behind it: use that person's own token")
    procurement = procurement_shared(session, procurement_id)
    wanted = select(Evaluator).where(
        Evaluator.procurement_id == procurement_id,
        Evaluator.person_id == actor.person_id,
        col(Evaluator.stood_down_at).is_(None),
    )
    found = session.exec(wanted.with_for_update()).first()
    if found is None or actor.organisation_id not in _taking_part(session, procurement):
        raise NotFound(KIND, procurement_id)
    return procurement, found


def check_may_judge(evaluator: Evaluator, bid_id: UUID) -> None:
    """Raise Conflict before a declaration, and Forbidden for a bid from which the evaluator is recused."""
    if evaluator.declared_at is None:
        raise Conflict("declare your interests first: nobody scores before that")
    if evaluator.is_recused or str(bid_id) in evaluator.recused_from:
        because = "you declared a conflict of interest, so you have no part in this bid"
        raise Forbidden(need=Scope.BIDS_SCORE, because=because)


def _taking_part(session: Session, procurement: Procurement) -> set[UUID]:
    """The lead, and the schools and trusts that take part."""
    found = {procurement.organisation_id}
    for table in (ProcurementMember, ProcurementTrust):
        wanted = select(table.organisation_id).where(table.procurement_id == procurement.id)
        found.update(session.exec(wanted))
    return found


def _check_may_evaluate(session: Session, procurement: Procurement, person_id: UUID) -> None:
    of = select(Organisation).join(Member, col(Member.organisation_id) == col(Organisation.id))
    theirs = session.exec(of.where(Member.person_id == person_id, col(Member.ended_at).is_(None))).all()
    fault = Fault(
        field="person_id",
        problem="is nobody of those who take part",
        mend="name a member of the lead, or of a school or trust that takes part",
        value=str(person_id),
    )
    if not {one.id for one in theirs} & _taking_part(session, procurement):
        raise Invalid([fault])
    if any(one.kind is OrganisationKind.SUPPLIER for one in theirs):
        problem, mend = "acts for a supplier too", "name somebody who acts for none"
        raise Invalid([Fault(field="person_id", problem=problem, mend=mend, value=str(person_id))])


def _check_opened(session: Session, procurement_id: UUID, bids: Iterable[UUID]) -> None:
    wanted = select(OpenedBid.bid_id).where(OpenedBid.procurement_id == procurement_id)
    known = set(session.exec(wanted))
    refuse_if_any(
        [
            Fault(
                field=f"bids.{place}", problem="is no opened bid", mend="name bids of this procurement", value=str(one)
            )
            for place, one in enumerate(bids)
            if one not in known
        ]
    )
