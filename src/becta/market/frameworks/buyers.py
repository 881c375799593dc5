"""What the register says of buyers that counts for whether they may use a framework."""

from collections.abc import Collection, Mapping
from uuid import UUID

from msgspec import Struct
from sqlalchemy import select
from sqlmodel import Session, col

from becta.catalogue.offers.rules import Region
from becta.kernel.errors import NotFound
from becta.market.accounts.models import Organisation
from becta.market.accounts.organisations import Reference, organisation_out, parse_reference, trust_of
from becta.market.accounts.roles import OrganisationKind
from becta.market.frameworks.columns import entitled_buyers
from becta.market.frameworks.entitlement import STATE_FUNDED, Buyer, BuyerKind, entitlement
from becta.market.frameworks.models import Framework
from becta.market.organisations.models import Establishment, EstablishmentGroup, GroupMembership
from becta.market.organisations.rules import ACADEMY_TRUSTS, STANDING, GroupStatus

_BATCH = 500


class NotEntitled(Struct, frozen=True, kw_only=True):
    """A buyer that may not use a framework, and why in a sentence."""

    organisation_id: UUID
    name: str
    sentence: str


def not_entitled(session: Session, framework: Framework, organisation_ids: Collection[UUID]) -> list[NotEntitled]:
    """Those of these schools and trusts that may not use a framework, by name."""
    entitled = entitled_buyers(framework)
    judged = [(one, buyer, entitlement(entitled, buyer)) for one, buyer in _buyers(session, organisation_ids).items()]
    refused = [
        NotEntitled(organisation_id=one, name=buyer.name, sentence=said.sentence)
        for one, buyer, said in judged
        if not said.is_entitled
    ]
    return sorted(refused, key=lambda one: (one.name, one.organisation_id))


def buyer_named(session: Session, reference: str) -> Buyer:
    """What the register says of a school or trust that counts for entitlement; raises Invalid or NotFound."""
    found = parse_reference(reference, "buyer")
    if found.kind is OrganisationKind.TRUST:
        return _trust(session, found)
    if found.kind is OrganisationKind.SCHOOL:
        return _school(session, found)
    return Buyer(reference=reference, name="this organisation", kind=None)


def _buyers(session: Session, organisation_ids: Collection[UUID]) -> Mapping[UUID, Buyer]:
    """The buyers behind organisations: of schools, which may be thousands, with two statements for five hundred."""
    found: dict[UUID, Buyer] = {}
    ids = sorted(organisation_ids)
    for start in range(0, len(ids), _BATCH):
        found |= _schools(session, ids[start : start + _BATCH])
    for one in ids:
        if one not in found:
            found[one] = buyer_named(session, organisation_out(session, one).reference)
    return found


def _schools(session: Session, organisation_ids: list[UUID]) -> dict[UUID, Buyer]:
    rows = session.execute(
        select(col(Organisation.id), Establishment)
        .join(Establishment, col(Establishment.urn) == col(Organisation.urn))
        .where(col(Organisation.id).in_(organisation_ids))
    ).all()
    trusts = _trusts_of(session, [school.urn for _, school in rows])
    return {one: _school_of(school, trusts.get(school.urn)) for one, school in rows}


def _trusts_of(session: Session, urns: list[int]) -> dict[int, int]:
    """The academy trust that runs each school now; were it in two, the newer one."""
    member = GroupMembership
    rows = session.execute(
        select(col(member.urn), col(member.group_uid))
        .join(EstablishmentGroup, col(EstablishmentGroup.uid) == col(member.group_uid))
        .where(
            col(member.urn).in_(urns),
            col(member.ended_at).is_(None),
            col(EstablishmentGroup.type).in_(sorted(ACADEMY_TRUSTS)),
        )
        .order_by(col(member.started_at), col(member.group_uid))
    )
    return {row[0]: row[1] for row in rows}  # the last of each school stays


def _school(session: Session, found: Reference) -> Buyer:
    school = session.get(Establishment, found.urn)
    if school is None:
        raise NotFound("school", found.urn)
    return _school_of(school, trust_of(session, school.urn))


def _school_of(school: Establishment, trust: int | None) -> Buyer:
    return Buyer(
        reference=f"urn:{school.urn}",
        name=school.name,
        kind=STATE_FUNDED.get(school.type_group or ""),
        regions=frozenset() if school.region is None else frozenset({school.region}),
        trust=None if trust is None else f"trust:{trust}",
        is_open=school.status in STANDING,
    )


def _trust(session: Session, found: Reference) -> Buyer:
    group = session.get(EstablishmentGroup, found.group_uid)
    if group is None or group.type not in ACADEMY_TRUSTS:
        raise NotFound("trust", found.group_uid)
    return Buyer(
        reference=f"trust:{group.uid}",
        name=group.name,
        kind=BuyerKind.ACADEMY_TRUST,
        regions=_regions(session, group.uid),
        is_open=group.status is GroupStatus.OPEN,
    )


def _regions(session: Session, group_uid: int) -> frozenset[Region]:
    """The regions of a trust's schools now; none if one of them is in no region that we know."""
    rows = session.execute(
        select(col(Establishment.region))
        .join(GroupMembership, col(GroupMembership.urn) == col(Establishment.urn))
        .where(col(GroupMembership.group_uid) == group_uid, col(GroupMembership.ended_at).is_(None))
    ).scalars()
    found = set(rows)
    return frozenset() if None in found else frozenset(found)
