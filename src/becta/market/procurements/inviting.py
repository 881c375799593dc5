"""Use cases of asking others in: schools and trusts to pledge, suppliers to bid."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from becta.kernel.actor import Actor, Scope
from becta.kernel.clock import london_date
from becta.kernel.errors import Fault, Invalid
from becta.kernel.ids import new_id
from becta.kernel.money import MAX_PENCE
from becta.market.accounts.models import Organisation
from becta.market.accounts.organisations import open_organisation, schools_of
from becta.market.accounts.roles import OrganisationKind
from becta.market.frameworks.queries import framework_lot_suppliers
from becta.market.organisations.models import Establishment
from becta.market.organisations.rules import school_id
from becta.market.procurements.access import procurement_locked
from becta.market.procurements.calling_off import refuse_unentitled, unentitled
from becta.market.procurements.models import (
    Procurement,
    ProcurementInvitation,
    ProcurementMember,
    ProcurementTrust,
)
from becta.market.procurements.schemas import NewInvitations, NewMember, NewMembers
from becta.market.procurements.service import person_behind
from becta.market.procurements.states import Phase, check_phase, phase_of
from becta.market.procurements.telling import Step, tell

MAX_ASKED = 20_000
"""Schools and trusts of one procurement at most: as many as there are state schools."""
MAX_SUPPLIERS = 500


def invite_members(
    session: Session,
    actor: Actor,
    procurement_id: UUID,
    wanted: NewMembers,
    *,
    revision: int | None,
    now: datetime,
) -> Procurement:
    """Ask schools, and trusts with all their schools, to take part, or change their caps.

    A trust brings the schools it runs now, but for those that may not use the framework called off from: the trail
    names them. Who is new while others pledge already gets its letter at once. Raises Invalid, also for a school named
    itself that may not, NotFound, Forbidden, Stale, or Conflict once pledging is over.
    """
    person_behind(actor, Scope.PROCUREMENTS_RUN)
    _refuse_bad_caps(wanted)
    found = procurement_locked(session, actor, procurement_id, Scope.PROCUREMENTS_RUN, revision=revision)
    check_phase(found, Phase.DRAFT, Phase.GATHERING, now=now, doing="asking schools in")
    caps: dict[UUID, int | None] = {}
    under: dict[UUID, UUID | None] = {}
    fields: dict[UUID, str] = {}
    for place, one in enumerate(wanted.trusts):
        trust = _of_kind(session, one, f"trusts.{place}.organisation", OrganisationKind.TRUST, now=now)
        session.merge(
            ProcurementTrust(procurement_id=found.id, organisation_id=trust.id, cap_pence=one.cap_pence), load=True
        )
        for school in _schools(session, trust, now=now):
            under[school] = trust.id
    for place, one in enumerate(wanted.schools):
        school = _of_kind(session, one, f"schools.{place}.organisation", OrganisationKind.SCHOOL, now=now).id
        under.setdefault(school, None)
        fields[school] = f"schools.{place}.organisation"
        caps[school] = one.cap_pence
    if len(under) > MAX_ASKED:
        raise Invalid([Fault(field="schools", problem="are too many", mend=f"ask at most {MAX_ASKED}")])
    refuse_unentitled(session, found, fields)
    skipped = unentitled(session, found, under.keys() - fields.keys())
    under = {school: trust_id for school, trust_id in under.items() if school not in skipped}
    asked_in = new_id() if phase_of(found, now=now) is Phase.GATHERING else None
    new = [_take_in(session, found, *one, caps, asked_in, now=now) for one in sorted(under.items())]
    found.revision += 1
    after: dict[str, Any] = {"trusts": len(wanted.trusts), "schools": len(under)}
    after |= {"not_entitled": sorted(skipped)} if skipped else {}
    tell(session, actor, found, Step.MEMBERS_ASKED, now=now, after=after, asked_in=asked_in if any(new) else None)
    return found


def invite_suppliers(
    session: Session,
    actor: Actor,
    procurement_id: UUID,
    wanted: NewInvitations,
    *,
    revision: int | None,
    now: datetime,
) -> Procurement:
    """Ask suppliers to bid; for a framework's lot only those that hold it.

    Who is new while the tender runs gets its letter, the others when it is advertised. Raises as `invite_members`.
    """
    person_behind(actor, Scope.PROCUREMENTS_RUN)
    if not 1 <= len(wanted.suppliers) <= MAX_SUPPLIERS:
        raise Invalid([Fault(field="suppliers", problem="are not 1 to 500", mend=f"name 1 to {MAX_SUPPLIERS}")])
    found = procurement_locked(session, actor, procurement_id, Scope.PROCUREMENTS_RUN, revision=revision)
    early = (Phase.DRAFT, Phase.GATHERING, Phase.LOCKED, Phase.TENDERING)
    check_phase(found, *early, now=now, doing="asking suppliers to bid")
    holding = None
    if found.framework_lot_id is not None:
        holding = {
            one.organisation_id for one in framework_lot_suppliers(session, found.framework_lot_id, london_date(now))
        }
    asked_in, is_any_new = new_id() if phase_of(found, now=now) is Phase.TENDERING else None, False
    for place, reference in enumerate(wanted.suppliers):
        at = f"suppliers.{place}"
        supplier = open_organisation(session, reference, now=now, field=at)
        if supplier.kind is not OrganisationKind.SUPPLIER:
            mend = 'name a supplier, such as "supplier:" and its id'
            raise Invalid([Fault(field=at, problem="is no supplier", mend=mend, value=reference[:80])])
        if holding is not None and supplier.id not in holding:
            mend = "ask only suppliers that hold the framework's lot and are not suspended"
            raise Invalid([Fault(field=at, problem="does not hold the lot", mend=mend, value=reference[:80])])
        if session.get(ProcurementInvitation, (found.id, supplier.id)) is None:
            asked = ProcurementInvitation(procurement_id=found.id, organisation_id=supplier.id, invited_at=now)
            asked.asked_in = asked_in
            session.add(asked)
            is_any_new = True
    found.revision += 1
    after = {"suppliers": list(wanted.suppliers)}
    tell(session, actor, found, Step.SUPPLIERS_ASKED, now=now, after=after, asked_in=asked_in if is_any_new else None)
    return found


def _refuse_bad_caps(wanted: NewMembers) -> None:
    if not wanted.schools and not wanted.trusts:
        raise Invalid([Fault(field="schools", problem="is empty", mend="name schools or trusts")])
    faults = [
        Fault(field=f"{kind}.{place}.cap_pence", problem="is out of range", mend=f"use 0 to {MAX_PENCE}, or null")
        for kind in ("schools", "trusts")
        for place, one in enumerate(getattr(wanted, kind))
        if one.cap_pence is not None and not 0 <= one.cap_pence <= MAX_PENCE
    ]
    if faults:
        raise Invalid(faults)


def _of_kind(session: Session, wanted: NewMember, field: str, kind: OrganisationKind, *, now: datetime) -> Organisation:
    found = open_organisation(session, wanted.organisation, now=now, field=field)
    if found.kind is not kind:
        value = wanted.organisation[:80]
        raise Invalid([Fault(field=field, problem=f"is no {kind}", mend=f"name a {kind} here", value=value)])
    return found


def _schools(session: Session, trust: Organisation, *, now: datetime) -> Iterable[UUID]:
    """The schools that a trust runs now, each opened as an organisation."""
    assert trust.group_uid is not None  # the table's check constraint
    ids = schools_of(session, trust.group_uid)
    known = set(session.exec(select(Organisation.id).where(col(Organisation.id).in_(ids))).all())
    for urn in session.exec(select(Establishment.urn)).all() if ids - known else ():
        made = school_id(urn)
        if made in ids and made not in known:
            session.add(Organisation(id=made, kind=OrganisationKind.SCHOOL, urn=urn, created_at=now))
    session.flush()
    return ids


def _take_in(
    session: Session,
    procurement: Procurement,
    school: UUID,
    trust_id: UUID | None,
    caps: dict[UUID, int | None],
    asked_in: UUID | None,
    *,
    now: datetime,
) -> bool:
    """Have a school take part, or change how it does; gives whether it is new."""
    row = session.get(ProcurementMember, (procurement.id, school))
    is_new = row is None
    if row is None:
        row = ProcurementMember(procurement_id=procurement.id, organisation_id=school, invited_at=now)
        row.asked_in = asked_in
        session.add(row)
    row.trust_id = trust_id or row.trust_id
    if school in caps:
        row.cap_pence = caps[school]
    return is_new
