"""Use cases while bids are being made: questions and their answers for all, amendments, and more time for all."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlmodel import Session, func, select

from becta.catalogue.text_rules import text_faults
from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import Conflict, NotFound, refuse_if_any
from becta.kernel.events import record
from becta.kernel.ids import new_id
from becta.market.procurements.access import bidder_of, procurement_held, procurement_locked
from becta.market.procurements.models import Amendment, Clarification, Procurement
from becta.market.procurements.rules import extension_faults, far_faults
from becta.market.procurements.schemas import Answered, NewQuestion, TenderAmendment
from becta.market.procurements.service import person_behind
from becta.market.procurements.states import Phase, check_phase
from becta.market.procurements.telling import Step, tell

AFTER_A_CHANGE = timedelta(days=10)
"""Left for tenders after a substantial change, at least: our rule for what s.31 leaves to judgement (sureness M)."""
MAX_QUESTIONS = 500


def ask(session: Session, actor: Actor, procurement_id: UUID, wanted: NewQuestion, *, now: datetime) -> Clarification:
    """Ask about a tender, as a supplier that may bid; others never learn who asked.

    Raises Invalid, NotFound, Forbidden, or Conflict once the time for questions is over.
    """
    refuse_if_any(text_faults("question", wanted.question, at_least=3, at_most=5_000))
    found = procurement_held(session, procurement_id)
    supplier_id = bidder_of(session, actor, found, now=now)
    check_phase(found, Phase.TENDERING, now=now, doing="asking a question")
    if found.clarification_deadline is not None and now >= found.clarification_deadline:
        raise Conflict("the time for questions is over")
    number = _next(session, Clarification, procurement_id)
    if number > MAX_QUESTIONS:
        raise Conflict(f"{MAX_QUESTIONS} questions were asked, the most there can be")
    made = Clarification(
        id=new_id(),
        procurement_id=procurement_id,
        number=number,
        asked_by=supplier_id,
        question=wanted.question.strip(),
        asked_at=now,
    )
    session.add(made)
    session.flush()
    after = {"procurement_id": procurement_id, "number": number, "question": made.question}
    record(session, actor, "clarification.asked", "clarification", made.id, now=now, after=after)
    return made


def answer(
    session: Session, actor: Actor, procurement_id: UUID, number: int, wanted: Answered, *, now: datetime
) -> Clarification:
    """Answer a question, to everybody at once; raises Invalid, NotFound, Forbidden, or Conflict if it was answered."""
    refuse_if_any(text_faults("answer", wanted.answer, at_least=1, at_most=10_000))
    person_id = person_behind(actor, Scope.PROCUREMENTS_RUN)
    found = procurement_locked(session, actor, procurement_id, Scope.PROCUREMENTS_RUN)
    check_phase(found, Phase.TENDERING, now=now, doing="answering a question")
    wanted_one = select(Clarification).where(
        Clarification.procurement_id == procurement_id, Clarification.number == number
    )
    question = session.exec(wanted_one).first() if 1 <= number <= MAX_QUESTIONS else None
    if question is None:
        raise NotFound("question", number)
    if question.answer is not None:
        raise Conflict("the question was answered already, and everybody has read it; amend the tender instead")
    question.answer, question.answered_by, question.answered_at = wanted.answer.strip(), person_id, now
    after = {"number": number, "answer": question.answer}
    tell(session, actor, found, Step.CLARIFIED, now=now, after=after)
    return question


def amend_tender(
    session: Session,
    actor: Actor,
    procurement_id: UUID,
    wanted: TenderAmendment,
    *,
    revision: int | None,
    now: datetime,
) -> Amendment:
    """Change a tender while bids are being made, with why, and give more time where the change needs it (s.31).

    What is wanted and how bids are judged stays frozen: for that a procurement ends and another one starts. Bids that
    were handed in stay and may be replaced. Raises Invalid, NotFound, Forbidden, Stale, or Conflict.
    """
    faults = text_faults("rationale", wanted.rationale, at_least=3, at_most=5_000)
    if wanted.description is not None:
        faults += text_faults("description", wanted.description, at_least=3, at_most=20_000)
    refuse_if_any(faults)
    person_behind(actor, Scope.PROCUREMENTS_RUN)
    found = procurement_locked(session, actor, procurement_id, Scope.PROCUREMENTS_RUN, revision=revision)
    check_phase(found, Phase.TENDERING, now=now, doing="amending a tender")
    before = {"description": found.description} if wanted.description is not None else None
    after = {"description": wanted.description.strip()} if wanted.description is not None else None
    if wanted.description is not None:
        found.description = wanted.description.strip()
    made = _amend(session, actor, found, wanted, before=before, after=after, now=now)
    tell(session, actor, found, Step.AMENDED, now=now, after=_said(made), reason=made.rationale)
    return made


def extend_deadline(
    session: Session, actor: Actor, procurement: Procurement, until: datetime, why: str, *, now: datetime
) -> Amendment:
    """Give everybody more time, say after an outage; the procurement is locked. Raises Invalid or Conflict.

    Also once the deadline has passed, as long as no bid was opened: an outage may have held up its last hour.
    """
    refuse_if_any(text_faults("rationale", why, at_least=3, at_most=5_000))
    check_phase(procurement, Phase.TENDERING, Phase.SEALED, now=now, doing="extending the deadline")
    wanted = TenderAmendment(rationale=why, is_substantial=False, tender_deadline=until)
    made = _amend(session, actor, procurement, wanted, before=None, after=None, now=now)
    tell(session, actor, procurement, Step.AMENDED, now=now, after=_said(made), reason=made.rationale)
    return made


def _amend(
    session: Session,
    actor: Actor,
    found: Procurement,
    wanted: TenderAmendment,
    *,
    before: dict[str, str] | None,
    after: dict[str, str] | None,
    now: datetime,
) -> Amendment:
    assert found.tender_deadline is not None  # advertised
    latest = wanted.tender_deadline
    refuse_if_any(far_faults("tender_deadline", latest, now=now))
    refuse_if_any(
        extension_faults(
            before=found.tender_deadline,
            after=latest,
            is_substantial=wanted.is_substantial,
            now=now,
            at_least=AFTER_A_CHANGE,
        )
    )
    made = Amendment(
        id=new_id(),
        procurement_id=found.id,
        number=_next(session, Amendment, found.id),
        rationale=wanted.rationale.strip(),
        is_substantial=wanted.is_substantial,
        before=before,
        after=after,
        deadline_before=found.tender_deadline,
        deadline_after=latest or found.tender_deadline,
        made_by=actor.person_id,
        made_at=now,
    )
    session.add(made)
    found.tender_deadline = made.deadline_after
    found.revision += 1
    session.flush()
    return made


def _said(made: Amendment) -> dict[str, object]:
    told = {"number", "is_substantial", "before", "after", "deadline_before", "deadline_after"}
    said: dict[str, object] = msgspec.to_builtins(made.model_dump(include=told))
    return said


def _next(session: Session, table: type[Clarification] | type[Amendment], procurement_id: UUID) -> int:
    newest = select(func.max(table.number)).where(table.procurement_id == procurement_id)
    return (session.exec(newest).one() or 0) + 1
