"""Use cases up to the deadline: start a need, rewrite it as a draft, ask schools and suppliers, gather, advertise.

Who buys must show afterwards why, so a person is behind each of these.
"""

import secrets
from datetime import datetime
from uuid import UUID

import msgspec
from sqlmodel import Session, col, delete, func, select

from becta.catalogue.text_rules import text_faults
from becta.compliance.badges.requirements import parse_requirement
from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import Conflict, Fault, Forbidden, Invalid, faults_within, refuse_if_any
from becta.kernel.ids import new_id
from becta.kernel.money import MAX_PENCE
from becta.market.accounts.models import Organisation
from becta.market.accounts.organisations import open_organisation
from becta.market.delegation.rules import SPENDING
from becta.market.frameworks.models import FrameworkLot
from becta.market.procurements.access import OPEN_TO_ALL, procurement_locked
from becta.market.procurements.calling_off import refuse_unless_callable
from becta.market.procurements.lawful import is_above_threshold, route_faults, shortest_tender_period, with_vat
from becta.market.procurements.models import Procurement, ProcurementInvitation, ProcurementLot
from becta.market.procurements.queries import lots_of
from becta.market.procurements.rules import (
    NEEDS_FRAMEWORK,
    award_method_faults,
    far_faults,
    lots_faults,
    still_to_come,
    timetable_faults,
)
from becta.market.procurements.schemas import ConflictsAssessment, NewProcurement, ProcurementTerms
from becta.market.procurements.states import Phase, ProcurementState, check_move, check_phase
from becta.market.procurements.telling import Step, tell
from becta.market.procurements.terms import LotTerms, Route

QUOTES = 3
"""Suppliers that are asked at least where three quotes are wanted (DfE, Buying procedures for schools)."""


def start_procurement(
    session: Session, actor: Actor, wanted: NewProcurement, *, ocid_prefix: str, now: datetime
) -> Procurement:
    """Start a need for a school or trust as a draft; raises Invalid, Forbidden or NotFound."""
    person_id = person_behind(actor, Scope.PROCUREMENTS_RUN)
    organisation = _buying(session, wanted.organisation, now=now)
    actor.require(Scope.PROCUREMENTS_RUN, of=organisation.id)
    _refuse_bad_terms(session, wanted, now=now)
    made_id = new_id()
    made = Procurement(
        id=made_id,
        ocid=f"{ocid_prefix}-{made_id}",
        organisation_id=organisation.id,
        title="",
        description="",
        route=wanted.route,
        award_method=wanted.award_method,
        savings_policy=wanted.savings_policy,
        tie_seed=secrets.token_hex(32),
        state=ProcurementState.DRAFT,
        is_above_threshold=True,
        created_by=person_id,
        created_at=now,
    )
    _write_terms(made, wanted, now=now)
    session.add(made)
    session.flush()
    _replace_lots(session, made, wanted.lots)
    tell(session, actor, made, Step.STARTED, now=now, after=_told(made, wanted))
    return made


def rewrite_procurement(
    session: Session,
    actor: Actor,
    procurement_id: UUID,
    wanted: ProcurementTerms,
    *,
    revision: int | None,
    now: datetime,
) -> Procurement:
    """Write a draft anew as a whole; raises Invalid, NotFound, Forbidden, Stale, or Conflict once it is no draft."""
    person_behind(actor, Scope.PROCUREMENTS_RUN)
    found = procurement_locked(session, actor, procurement_id, Scope.PROCUREMENTS_RUN, revision=revision)
    check_phase(found, Phase.DRAFT, now=now, doing="rewriting the terms")
    _refuse_bad_terms(session, wanted, now=now)
    _write_terms(found, wanted, now=now)
    _replace_lots(session, found, wanted.lots)
    found.revision += 1
    tell(session, actor, found, Step.REWRITTEN, now=now, after=_told(found, wanted))
    return found


def assess_conflicts(
    session: Session,
    actor: Actor,
    procurement_id: UUID,
    wanted: ConflictsAssessment,
    *,
    revision: int | None,
    now: datetime,
) -> Procurement:
    """Note that conflicts of interest were assessed, which must come before any notice (Procurement Act 2023 s.83)."""
    refuse_if_any(text_faults("finding", wanted.finding, at_least=3, at_most=5_000))
    person_behind(actor, Scope.PROCUREMENTS_RUN)
    found = procurement_locked(session, actor, procurement_id, Scope.PROCUREMENTS_RUN, revision=revision)
    if found.state in {ProcurementState.CONTRACTED, ProcurementState.TERMINATED}:
        raise Conflict(f"the procurement is {found.state}, so nothing is assessed any more")
    found.conflicts_assessed_at = now
    found.revision += 1
    tell(session, actor, found, Step.CONFLICTS_ASSESSED, now=now, reason=wanted.finding.strip())
    return found


def open_gathering(
    session: Session, actor: Actor, procurement_id: UUID, *, revision: int | None, now: datetime
) -> Procurement:
    """Let schools pledge, until the pledge deadline; raises Invalid, NotFound, Forbidden, Stale or Conflict."""
    person_behind(actor, Scope.PROCUREMENTS_RUN)
    found = procurement_locked(session, actor, procurement_id, Scope.PROCUREMENTS_RUN, revision=revision)
    check_move(found.state, ProcurementState.GATHERING)
    refuse_if_any(still_to_come("timetable.pledge_deadline", found.pledge_deadline, now=now))
    move(found, ProcurementState.GATHERING)
    tell(session, actor, found, Step.GATHERING, now=now)
    return found


def advertise(
    session: Session,
    actor: Actor,
    procurement_id: UUID,
    *,
    officers_ready: bool,
    pledged_pence: int,
    called_off_pence: int,
    revision: int | None,
    now: datetime,
) -> Procurement:
    """Ask for bids, until the tender deadline: from here on the lots are frozen.

    Pledging, where there was any, must be over, conflicts assessed (s.83), the route lawful for the value, and the
    time for tenders no shorter than s.54 lets it be. `officers_ready`: the officers who will open the bids hold their
    codes, without which nothing can be sealed. `pledged_pence` (ex VAT) is what schools pledged at their ceilings: a
    contract is worth at least what may be bought under it. `called_off_pence` (VAT included) is what was called off
    from its framework before. Raises Invalid, NotFound, Forbidden, Stale or Conflict.
    """
    person_behind(actor, Scope.PROCUREMENTS_RUN)
    found = procurement_locked(session, actor, procurement_id, Scope.PROCUREMENTS_RUN, revision=revision)
    check_phase(found, Phase.DRAFT, Phase.LOCKED, now=now, doing="asking for bids")
    refuse_if_any(still_to_come("timetable.tender_deadline", found.tender_deadline, now=now))
    if found.conflicts_assessed_at is None:
        raise Conflict("conflicts of interest must be assessed before anything is advertised (s.83)")
    if not officers_ready:
        raise Conflict("two officers who will open the bids together must take up their duty first")
    lots = [lot.terms for lot in lots_of(session, found.id)]
    value = found.estimated_value_pence
    value = None if value is None else max(value, pledged_pence)
    found.is_above_threshold = is_above_threshold(lots, value, now=now)
    faults = route_faults(found.route, lots, value, now=now)
    at_least = shortest_tender_period(found.route, lots, is_above_threshold=found.is_above_threshold, now=now)
    if found.tender_deadline is not None and found.tender_deadline < at_least.not_before:
        problem, mend = "leaves too little time for tenders", f"set it to {at_least.sentence}"
        faults.append(Fault(field="timetable.tender_deadline", problem=problem, mend=mend))
    refuse_if_any(faults)
    refuse_unless_callable(session, found, with_vat(lots, value), called_off_pence=called_off_pence, now=now)
    _refuse_too_few(session, found)
    found.advertised_at = now
    move(found, ProcurementState.TENDERING)
    tell(session, actor, found, Step.ADVERTISED, now=now)
    return found


def terminate(
    session: Session, actor: Actor, procurement_id: UUID, reason: str, *, revision: int | None, now: datetime
) -> Procurement:
    """End a procurement without an award, saying why (notice UK12, s.55); raises as the others do."""
    refuse_if_any(text_faults("reason", reason, at_least=3, at_most=2_000))
    person_behind(actor, Scope.PROCUREMENTS_RUN)
    found = procurement_locked(session, actor, procurement_id, Scope.PROCUREMENTS_RUN, revision=revision)
    check_move(found.state, ProcurementState.TERMINATED)
    before = {"state": found.state}
    found.ended_at, found.reason = now, reason.strip()
    move(found, ProcurementState.TERMINATED)
    tell(session, actor, found, Step.TERMINATED, now=now, before=before, reason=reason.strip())
    return found


def mark_opened(session: Session, actor: Actor, procurement: Procurement, *, now: datetime) -> None:
    """Note that the bids were opened, by the officers together; the procurement is locked and past its deadline."""
    check_phase(procurement, Phase.SEALED, now=now, doing="opening bids")
    procurement.opened_at = now
    move(procurement, ProcurementState.OPENED)
    tell(session, actor, procurement, Step.OPENED, now=now)


def person_behind(actor: Actor, scope: Scope) -> UUID:
    """The person who acts; raises Forbidden if it is a token without one."""
    if actor.person_id is None:
        raise Forbidden(need=scope, because="a procurement needs a person behind it: use that person's own token")
    return actor.person_id


def _buying(session: Session, reference: str, *, now: datetime) -> Organisation:
    organisation = open_organisation(session, reference, now=now)
    if organisation.kind not in SPENDING:
        mend = 'name a school ("urn:100000") or a trust ("trust:2044")'
        problem = "is neither a school nor a trust"
        raise Invalid([Fault(field="organisation", problem=problem, mend=mend, value=reference[:80])])
    return organisation


def _refuse_bad_terms(session: Session, wanted: ProcurementTerms, *, now: datetime) -> None:
    faults = text_faults("title", wanted.title, at_least=3, at_most=200)
    faults += text_faults("description", wanted.description, at_least=3, at_most=20_000)
    faults += lots_faults(wanted.lots)
    faults += award_method_faults(wanted.award_method, wanted.lots)
    faults += _timing_faults(wanted, now=now)
    for name in ("estimated_value_pence", "cap_pence"):
        value = getattr(wanted, name)
        if value is not None and not 0 <= value <= MAX_PENCE:
            faults.append(Fault(field=name, problem="is out of range", mend=f"use 0 to {MAX_PENCE} pence"))
    if (wanted.framework_lot_id is not None) != (wanted.route in NEEDS_FRAMEWORK):
        mend = "name the framework's lot for a framework route, and none for another"
        faults.append(Fault(field="framework_lot_id", problem="does not fit the route", mend=mend))
    elif wanted.framework_lot_id is not None and session.get(FrameworkLot, wanted.framework_lot_id) is None:
        faults.append(Fault(field="framework_lot_id", problem="is no lot of a framework", mend="look it up anew"))
    refuse_if_any(faults)
    for place, lot in enumerate(wanted.lots):
        for number, badge in enumerate(lot.badges):
            with faults_within(f"lots.{place}.badges.{number}"):
                parse_requirement(badge)


def _timing_faults(wanted: ProcurementTerms, *, now: datetime) -> list[Fault]:
    named = msgspec.structs.asdict(wanted.timetable)
    faults = [fault for name, at in named.items() for fault in far_faults(f"timetable.{name}", at, now=now)]
    return faults or timetable_faults(**named)


def _write_terms(procurement: Procurement, wanted: ProcurementTerms, *, now: datetime) -> None:
    procurement.title, procurement.description = wanted.title.strip(), wanted.description.strip()
    for name in ("route", "award_method", "savings_policy", "estimated_value_pence", "cap_pence", "framework_lot_id"):
        setattr(procurement, name, getattr(wanted, name))
    for name, at in msgspec.structs.asdict(wanted.timetable).items():
        setattr(procurement, name, at)
    procurement.is_above_threshold = is_above_threshold(wanted.lots, wanted.estimated_value_pence, now=now)


def _replace_lots(session: Session, procurement: Procurement, lots: tuple[LotTerms, ...]) -> None:
    session.exec(delete(ProcurementLot).where(col(ProcurementLot.procurement_id) == procurement.id))
    for number, terms in enumerate(lots, 1):
        stored = msgspec.to_builtins(terms)
        session.add(ProcurementLot(id=new_id(), procurement_id=procurement.id, number=number, terms=stored))
    session.flush()


def _told(procurement: Procurement, wanted: ProcurementTerms) -> dict[str, object]:
    said = msgspec.to_builtins(wanted)
    return {"state": procurement.state, "ocid": procurement.ocid, **said}


def _refuse_too_few(session: Session, procurement: Procurement) -> None:
    """Raise Conflict unless enough suppliers are asked: three for quotes, one where not everybody may bid."""
    if procurement.route in OPEN_TO_ALL:
        return
    asked = select(func.count()).where(col(ProcurementInvitation.procurement_id) == procurement.id)
    count, needed = session.exec(asked).one(), QUOTES if procurement.route is Route.THREE_QUOTES else 1
    if count < needed:
        raise Conflict(f"{count} suppliers are asked to bid; this route needs at least {needed}")


def move(procurement: Procurement, wanted: ProcurementState) -> None:
    """Bring a locked procurement into a state; raises Conflict unless the move is in the table."""
    check_move(procurement.state, wanted)
    procurement.state = wanted
    procurement.revision += 1
