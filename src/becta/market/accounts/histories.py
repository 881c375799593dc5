"""What anybody may know of an organisation: what it is, and where it came from and went."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from becta.catalogue.suppliers.models import Supplier
from becta.market.accounts.organisations import OPERATOR_NAME, OrganisationOut, known_reference
from becta.market.accounts.roles import OrganisationKind
from becta.market.accounts.schemas import OrganisationFacts, TrustTime
from becta.market.organisations.models import Establishment, EstablishmentGroup, GroupMembership
from becta.market.organisations.queries import one_school
from becta.market.organisations.rules import ACADEMY_TRUSTS, STANDING, GroupStatus, group_object_id, school_id

_EVER = datetime.max.replace(tzinfo=UTC)


def organisation_facts(session: Session, reference: str) -> OrganisationFacts:
    """An organisation of the register, a supplier or the operator, whether anybody acts for it yet or not.

    Raises Invalid for a bad reference, or NotFound.
    """
    found = known_reference(session, reference)
    if found.urn is not None:
        return _school(session, found.urn)
    if found.group_uid is not None:
        return _trust(session, found.group_uid)
    name = OPERATOR_NAME
    if found.supplier_id is not None:
        name = session.get_one(Supplier, found.supplier_id).name
    return OrganisationFacts(organisation=_out(found.kind, found.id, name, reference.strip(), is_open=True))


def _school(session: Session, urn: int) -> OrganisationFacts:
    school = one_school(session, urn)
    times = [
        TrustTime(
            organisation=_trust_out(one.group_uid, one.group_name, one.group_status),
            joined_on=one.joined_on,
            left_on=one.left_on,
            ended_at=one.ended_at,
        )
        for one in school.memberships
        if one.group_type in ACADEMY_TRUSTS
    ]
    present, before = _parted(times)
    return OrganisationFacts(
        organisation=_school_out(urn, school.name, school.status),
        trust=present[0] if present else None,
        trusts_before=before,
        predecessors=list(school.predecessors),
        successors=list(school.successors),
    )


def _trust(session: Session, uid: int) -> OrganisationFacts:
    group = session.get_one(EstablishmentGroup, uid)
    rows = session.execute(
        select(
            col(Establishment.urn),
            col(Establishment.name),
            col(Establishment.status),
            col(GroupMembership.joined_on),
            col(GroupMembership.left_on),
            col(GroupMembership.ended_at),
        )
        .join(GroupMembership, col(GroupMembership.urn) == col(Establishment.urn))
        .where(col(GroupMembership.group_uid) == uid)
        .order_by(col(Establishment.name_key), col(Establishment.urn))
    )
    times = [
        TrustTime(
            organisation=_school_out(row.urn, row.name, row.status),
            joined_on=row.joined_on,
            left_on=row.left_on,
            ended_at=row.ended_at,
        )
        for row in rows
    ]
    present, before = _parted(times)
    return OrganisationFacts(
        organisation=_trust_out(uid, group.name, group.status), schools=present, schools_before=before
    )


def _parted(times: list[TrustTime]) -> tuple[list[TrustTime], list[TrustTime]]:
    """Those that last, and those that are over, the latest first."""
    over = sorted((one for one in times if one.ended_at is not None), key=lambda one: one.ended_at or _EVER)
    return [one for one in times if one.ended_at is None], over[::-1]


def _school_out(urn: int, name: str, status: Any) -> OrganisationOut:
    return _out(OrganisationKind.SCHOOL, school_id(urn), name, f"urn:{urn}", is_open=status in STANDING)


def _trust_out(uid: int, name: str, status: GroupStatus) -> OrganisationOut:
    is_open = status is GroupStatus.OPEN
    return _out(OrganisationKind.TRUST, group_object_id(uid), name, f"trust:{uid}", is_open=is_open)


def _out(kind: OrganisationKind, id_: Any, name: str, reference: str, *, is_open: bool) -> OrganisationOut:
    return OrganisationOut(id=id_, kind=kind, name=name, reference=reference, is_open=is_open)
