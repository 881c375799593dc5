"""Reading schemes and commitments: what binds whom, who is closed, and lists of three statements."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, Select, bindparam, exists, select, true
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from becta.kernel.actor import Actor
from becta.kernel.errors import NotFound
from becta.market.accounts.models import Organisation, Person
from becta.market.accounts.organisations import organisations_out, trust_of
from becta.market.delegation.models import Commitment, CommitmentHold, Scheme
from becta.market.delegation.rules import CommitmentState, Delegation
from becta.market.delegation.schemas import CommitmentOut, HoldOut, SchemeDecision, SchemeOut
from becta.market.organisations.models import Establishment, EstablishmentGroup, EstablishmentLink
from becta.market.organisations.rules import STANDING, GroupStatus, LinkKind, Status, group_object_id

_newer = aliased(Scheme)
_IN_FORCE = select(Scheme).where(
    col(Scheme.organisation_id).in_(bindparam("ids", expanding=True)),
    col(Scheme.in_force_from) <= bindparam("now"),
    ~exists().where(
        col(_newer.organisation_id) == col(Scheme.organisation_id),
        col(_newer.number) > col(Scheme.number),
        col(_newer.in_force_from) <= bindparam("now"),
    ),
)


class Binding(Struct, frozen=True):
    """An organisation whose scheme binds a commitment, and the scheme; None where none is in force."""

    organisation_id: UUID
    name: str
    scheme: SchemeOut | None


def scheme_in_force(session: Session, organisation_id: UUID, *, now: datetime) -> SchemeOut | None:
    """The organisation's scheme that counts now."""
    return schemes_in_force(session, [organisation_id], now=now).get(organisation_id)


def schemes_in_force(session: Session, organisation_ids: Sequence[UUID], *, now: datetime) -> dict[UUID, SchemeOut]:
    """The schemes that count now, by organisation, one statement; those without one are left out."""
    rows = session.execute(_IN_FORCE, {"ids": organisation_ids, "now": now}).scalars()
    return {row.organisation_id: scheme_out(row) for row in rows}


def schemes_of(session: Session, organisation_id: UUID) -> list[SchemeOut]:
    """Every version of an organisation's scheme, newest first."""
    return [scheme_out(row) for row in session.execute(_schemes(organisation_id)).scalars()]


def schemes_shown_to(session: Session, actor: Actor, organisation_id: UUID) -> list[SchemeOut]:
    """`schemes_of` an organisation the actor reaches or whose scheme binds it: its school's trust; raises NotFound."""
    if not actor.reaches(organisation_id):
        own = session.get(Organisation, actor.organisation_id) if actor.organisation_id else None
        if own is None or trust_id_of(session, own) != organisation_id:
            raise NotFound("scheme of", organisation_id)
    return schemes_of(session, organisation_id)


def scheme_out(row: Scheme) -> SchemeOut:
    """A version of a scheme as it is shown."""
    return SchemeOut(**{**row.model_dump(), "rules": msgspec.convert(row.rules, tuple[Delegation, ...])})


def binding_schemes(
    session: Session, organisation: Organisation, *, acting_for: UUID, now: datetime
) -> tuple[Binding, ...]:
    """The schemes that bind what is committed for an organisation: its own and that of the trust that runs it now.

    Whoever acts for the trust is bound by the trust's alone. Where no scheme is in force, one Binding says so.
    """
    candidates = [acting_for] if acting_for != organisation.id else _with_trust(session, organisation)
    names = {one.id: one.name for one in organisations_out(session, candidates)}
    schemes = schemes_in_force(session, candidates, now=now)
    found = [Binding(id_, names.get(id_, ""), schemes.get(id_)) for id_ in candidates]
    return tuple(one for one in found if one.scheme is not None) or (found[0],)


def trust_id_of(session: Session, organisation: Organisation) -> UUID | None:
    """The organisation id of the trust that runs a school now, None if none does."""
    uid = None if organisation.urn is None else trust_of(session, organisation.urn)
    return None if uid is None else group_object_id(uid)


def closing_of(session: Session, organisation: Organisation) -> str | None:
    """Why a school or trust commits nothing because it does not stand: its closing and its successors; None if it does.

    Of trusts the register knows no successors.
    """
    if organisation.group_uid is not None:
        group = session.get_one(EstablishmentGroup, organisation.group_uid)
        if group.status is GroupStatus.OPEN:
            return None
        not_yet = group.status is GroupStatus.PROPOSED_TO_OPEN
        return f"{group.name} is not open yet" if not_yet else _closed(group.name, group.closed_on)
    school = session.get_one(Establishment, organisation.urn)
    if school.status in STANDING:
        return None
    if school.status is Status.PROPOSED_TO_OPEN:
        return f"{school.name} is not open yet"
    successors = [f"{name} (urn:{urn})" for urn, name in _successors(session, school.urn)]
    told = f"; what came after it is {' and '.join(successors)}" if successors else ""
    return _closed(school.name, school.closed_on) + told


def one_commitment(session: Session, actor: Actor, commitment_id: UUID) -> CommitmentOut:
    """A commitment within the actor's reach; raises NotFound."""
    found = _out(session, _within_reach(actor).where(col(Commitment.id) == commitment_id))
    if not found:
        raise NotFound("commitment", commitment_id)
    return found[0]


def commitments(
    session: Session,
    actor: Actor,
    *,
    state: CommitmentState | None = None,
    organisation_id: UUID | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[CommitmentOut]:
    """The commitments within the actor's reach, newest first, three statements whatever their number."""
    wanted = _within_reach(actor)
    if state is not None:
        wanted = wanted.where(col(Commitment.state) == state)
    if organisation_id is not None:
        wanted = wanted.where(col(Commitment.organisation_id) == organisation_id)
    if before is not None:
        wanted = wanted.where(col(Commitment.id) < before)
    return _out(session, wanted.order_by(col(Commitment.id).desc()).limit(limit))


def _schemes(organisation_id: UUID) -> Select[Scheme]:
    return select(Scheme).where(col(Scheme.organisation_id) == organisation_id).order_by(col(Scheme.number).desc())


def _with_trust(session: Session, organisation: Organisation) -> list[UUID]:
    trust = trust_id_of(session, organisation)
    return [organisation.id] if trust is None else [organisation.id, trust]


def _closed(name: str, on: date | None) -> str:
    return f"{name} is closed" if on is None else f"{name} closed on {on.day} {on:%B %Y}"


def _successors(session: Session, urn: int) -> Sequence[tuple[int, str]]:
    link = EstablishmentLink
    rows = session.execute(
        select(col(Establishment.urn), col(Establishment.name))
        .join(link, col(link.successor_urn) == col(Establishment.urn))
        .where(col(link.predecessor_urn) == urn, col(link.ended_at).is_(None), col(link.kind) != LinkKind.RELATED)
        .order_by(col(link.established_on).desc(), col(Establishment.urn))
    )
    return [(row[0], row[1]) for row in rows]


def _within_reach(actor: Actor) -> Select[Commitment, str | None]:
    reached: ColumnElement[bool] = true()
    if actor.bound_to is not None:
        reached = col(Commitment.organisation_id).in_(sorted({actor.bound_to, *actor.also_reaches}))
    return select(Commitment, col(Person.name)).join(Person, col(Person.id) == col(Commitment.made_by)).where(reached)


def _out(session: Session, wanted: Select[Commitment, str | None]) -> list[CommitmentOut]:
    rows = session.execute(wanted).all()
    if not rows:
        return []
    ids = [commitment.id for commitment, _ in rows]
    holds: dict[UUID, list[HoldOut]] = defaultdict(list)
    of_these = select(CommitmentHold).where(col(CommitmentHold.commitment_id).in_(ids))
    for hold in session.execute(of_these.order_by(col(CommitmentHold.organisation_id))).scalars():
        holds[hold.commitment_id].append(
            HoldOut(
                organisation_id=hold.organisation_id,
                role=hold.role,
                released_by=hold.released_by,
                released_at=hold.released_at,
            )
        )
    named = organisations_out(session, list({commitment.organisation_id for commitment, _ in rows}))
    organisation_of = {one.id: one for one in named}
    return [
        CommitmentOut(
            **{
                **commitment.model_dump(exclude={"organisation_id"}),
                "organisation": organisation_of[commitment.organisation_id],
                "decisions": msgspec.convert(commitment.decisions, tuple[SchemeDecision, ...]),
                "holds": tuple(holds[commitment.id]),
                "made_by_name": name,
            }
        )
        for commitment, name in rows
    ]
