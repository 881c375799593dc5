"""Asking to join with an e-mail address of the organisation, and being confirmed by somebody already there."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import Session, col

from becta.catalogue.suppliers.models import Supplier
from becta.catalogue.text_rules import text_faults
from becta.kernel.actor import Actor, Role, Scope
from becta.kernel.errors import Conflict, Fault, Forbidden, NotFound, refuse_if_any
from becta.kernel.events import announce, record
from becta.kernel.ids import new_id
from becta.market.accounts.domains import address_belongs, address_domain, owners_of
from becta.market.accounts.members import (
    admit,
    find_member,
    givable_by,
    is_operator,
    locked_person,
    managed_organisation,
    managers_of,
)
from becta.market.accounts.models import JoinRequest, Organisation, Person
from becta.market.accounts.organisations import organisation_out, trust_of
from becta.market.accounts.roles import KIND_ROLES, OrganisationKind
from becta.market.accounts.rules import JOIN_MOVES, MAX_OPEN_REQUESTS, JoinState, role_faults
from becta.market.organisations.models import Establishment, EstablishmentGroup, GroupMembership
from becta.market.organisations.rules import ACADEMY_TRUSTS

TOPIC = "join_request"


def ask_to_join(
    session: Session, actor: Actor, organisation: Organisation, roles: Iterable[Role], *, now: datetime
) -> JoinRequest:
    """Ask to join an organisation with these roles, by a person whose proved e-mail address is one of it.

    Raises Forbidden for whoever is no person, Invalid, or Conflict for a member, or who asks already.
    """
    person = None if actor.person_id is None else session.get(Person, actor.person_id)
    if person is None:
        raise Forbidden(need="a person", because="only a person can join: sign in, or use a token of your own")
    wanted = frozenset(roles)
    refuse_if_any(role_faults(organisation.kind, wanted, KIND_ROLES[organisation.kind], at_least=1))
    if not _is_of(session, organisation, person.email):
        mend = "sign in with an e-mail address of the organisation, or ask somebody there to invite you"
        problem = "is not the organisation of your e-mail address"
        refuse_if_any([Fault(field="organisation", problem=problem, mend=mend)])
    if not organisation_out(session, organisation.id).is_open:
        raise Conflict("the organisation has closed")
    if find_member(session, person.id, organisation.id) is not None:
        raise Conflict("you are a member already: somebody who manages people there can change your roles")
    _refuse_more_requests(session, person.id, organisation.id)
    made = JoinRequest(
        id=new_id(),
        organisation_id=organisation.id,
        person_id=person.id,
        state=JoinState.ASKED,
        wanted_roles=sorted(wanted),
        created_at=now,
    )
    session.add(made)
    session.flush()
    after = {"organisation_id": str(organisation.id), "person_id": str(person.id), "roles": made.wanted_roles}
    record(session, actor, "join_request.asked", "join_request", made.id, now=now, after=after)
    announce(session, TOPIC, made.id, now=now)
    return made


def confirm_request(
    session: Session, actor: Actor, request_id: UUID, roles: Iterable[Role], *, now: datetime
) -> JoinRequest:
    """Make who asked a member with these roles, which may be others than they asked for.

    Raises NotFound, Forbidden, also for one's own, Invalid for roles one may not give, and Conflict for a settled one
    or for the operator's people in a school or trust.
    """
    organisation, request = _to_decide(session, actor, request_id, JoinState.CONFIRMED)
    given = sorted(set(roles))
    refuse_if_any(role_faults(organisation.kind, given, givable_by(actor, organisation), at_least=1))
    if session.get_one(Person, request.person_id).erased_at is not None:
        raise Conflict("the data of who asked were erased")
    _move(session, actor, request, JoinState.CONFIRMED, roles=given, now=now)
    admit(session, actor, organisation, request.person_id, map(Role, given), now=now)
    return request


def refuse_request(session: Session, actor: Actor, request_id: UUID, reason: str, *, now: datetime) -> JoinRequest:
    """Refuse who asked, for a reason that they are told; raises as `confirm_request` does."""
    _, request = _to_decide(session, actor, request_id, JoinState.REFUSED)
    refuse_if_any(text_faults("reason", reason, at_least=1, at_most=1_000))
    request.reason = reason
    _move(session, actor, request, JoinState.REFUSED, reason=reason, now=now)
    return request


def withdraw_request(session: Session, actor: Actor, request_id: UUID, *, now: datetime) -> JoinRequest:
    """Take one's own request back; another's is not found."""
    request = _locked(session, request_id)
    if actor.person_id is None or request.person_id != actor.person_id:
        raise NotFound("request to join", request_id)
    _refuse_move(request, JoinState.WITHDRAWN)
    _move(session, actor, request, JoinState.WITHDRAWN, now=now)
    return request


def _to_decide(session: Session, actor: Actor, request_id: UUID, to: JoinState) -> tuple[Organisation, JoinRequest]:
    """The organisation and the request, both locked, and who asked with them, if the actor may decide it."""
    row = session.execute(
        select(col(JoinRequest.organisation_id), col(JoinRequest.person_id)).where(col(JoinRequest.id) == request_id)
    ).first()
    if row is None or not actor.reaches(row.organisation_id):
        raise NotFound("request to join", request_id)
    found: UUID = row.organisation_id
    locked_person(session, row.person_id)
    organisation = managed_organisation(session, actor, found)
    request = _locked(session, request_id)
    if request.person_id == actor.person_id:
        because = "nobody decides about their own request"
        raise Forbidden(need=Scope.PEOPLE_MANAGE, organisation_id=found, because=because)
    if is_operator(actor, organisation) and managers_of(session, organisation):
        because = "somebody at the organisation manages its people, and decides"
        raise Forbidden(need=Scope.PEOPLE_MANAGE, organisation_id=found, because=because)
    _refuse_move(request, to)
    return organisation, request


def _locked(session: Session, request_id: UUID) -> JoinRequest:
    found: JoinRequest | None = session.execute(
        select(JoinRequest)
        .where(col(JoinRequest.id) == request_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar()
    if found is None:
        raise NotFound("request to join", request_id)
    return found


def _refuse_move(request: JoinRequest, to: JoinState) -> None:
    if to not in JOIN_MOVES[request.state]:
        raise Conflict(f"the request was {request.state} already")


def _move(
    session: Session,
    actor: Actor,
    request: JoinRequest,
    to: JoinState,
    *,
    roles: list[Role] | None = None,
    reason: str | None = None,
    now: datetime,
) -> None:
    before = {"state": request.state, "roles": request.wanted_roles}
    request.state, request.decided_at, request.decided_by = to, now, actor.person_id
    session.flush()
    after = {"state": to} if roles is None else {"state": to, "roles": roles}
    action = f"join_request.{to.value}"
    record(session, actor, action, "join_request", request.id, now=now, before=before, after=after, reason=reason)
    announce(session, TOPIC, request.id, now=now)


def _refuse_more_requests(session: Session, person_id: UUID, organisation_id: UUID) -> None:
    asked = set(
        session.execute(
            select(col(JoinRequest.organisation_id)).where(
                col(JoinRequest.person_id) == person_id, col(JoinRequest.state) == JoinState.ASKED
            )
        ).scalars()
    )
    if organisation_id in asked:
        raise Conflict("you have asked already and await an answer")
    if len(asked) >= MAX_OPEN_REQUESTS:
        raise Conflict(f"you await answers to {MAX_OPEN_REQUESTS} requests: withdraw one first")


def _is_of(session: Session, organisation: Organisation, email: str | None) -> bool:
    """Whether an address is one of the organisation, as the register or the supplier tells its websites."""
    domain = None if email is None else address_domain(email)
    if email is None or domain is None:
        return False
    match organisation.kind:
        case OrganisationKind.OPERATOR:
            return False
        case OrganisationKind.SUPPLIER:
            supplier = session.get_one(Supplier, organisation.supplier_id)
            contacts = [contact["email"].rpartition("@")[2] for contact in supplier.contacts]
            return address_belongs(email, [supplier.website, *contacts])
        case OrganisationKind.SCHOOL:
            assert organisation.urn is not None
            own = [session.get_one(Establishment, organisation.urn).website]
            uid = trust_of(session, organisation.urn)
            others = [] if uid is None else _websites(session, uid, but=organisation.urn)
            return address_belongs(email, own, others, owners=_owners(session, domain))
        case OrganisationKind.TRUST:
            assert organisation.group_uid is not None
            own = _websites(session, organisation.group_uid)
            return address_belongs(email, own, owners=_owners(session, domain))


def _websites(session: Session, group_uid: int, *, but: int = 0) -> list[str | None]:
    """The websites of a group's schools now."""
    rows = session.execute(
        select(col(Establishment.website))
        .join(GroupMembership, col(GroupMembership.urn) == col(Establishment.urn))
        .where(
            col(GroupMembership.group_uid) == group_uid,
            col(GroupMembership.ended_at).is_(None),
            col(Establishment.urn) != but,
        )
    )
    return list(rows.scalars())


def _owners(session: Session, domain: str) -> int:
    """How many trusts and schools of no trust the register gives a domain for."""
    trust = (
        select(col(GroupMembership.urn), col(GroupMembership.group_uid))
        .join(EstablishmentGroup, col(EstablishmentGroup.uid) == col(GroupMembership.group_uid))
        .where(col(GroupMembership.ended_at).is_(None), col(EstablishmentGroup.type).in_(sorted(ACADEMY_TRUSTS)))
        .subquery()
    )
    rows = session.execute(
        select(col(Establishment.website), col(Establishment.urn), trust.c.group_uid)
        .outerjoin(trust, trust.c.urn == col(Establishment.urn))
        .where(func.lower(col(Establishment.website)).contains(domain, autoescape=True))
    )
    return owners_of(domain, [(website, (uid, urn) if uid is None else uid) for website, urn, uid in rows])
