"""Organisations that people act for: opened from the register or the suppliers when first needed."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy import bindparam, case, func, select
from sqlmodel import Session, col

from becta.catalogue.suppliers.models import Supplier
from becta.kernel.actor import OPERATOR_ID
from becta.kernel.errors import Fault, Invalid, NotFound
from becta.market.accounts.models import Organisation
from becta.market.accounts.roles import OrganisationKind
from becta.market.organisations.models import Establishment, EstablishmentGroup, GroupMembership
from becta.market.organisations.rules import ACADEMY_TRUSTS, STANDING, GroupStatus, group_object_id, school_id

OPERATOR_NAME = "The operator of this marketplace"
REFERENCE_MEND = (
    'write it as "urn:" and a school\'s URN, "trust:" and its group UID, "supplier:" and its id, or "operator"'
)

_place, _group = Establishment, EstablishmentGroup
_NAMED = (
    select(
        Organisation,
        func.coalesce(col(_place.name), col(_group.name), col(Supplier.name), OPERATOR_NAME).label("name"),
        case(
            (col(Organisation.kind) == OrganisationKind.SCHOOL, col(_place.status).in_(sorted(STANDING))),
            (col(Organisation.kind) == OrganisationKind.TRUST, col(_group.status) == GroupStatus.OPEN),
            else_=True,
        ).label("is_open"),
    )
    .outerjoin(_place, col(_place.urn) == col(Organisation.urn))
    .outerjoin(_group, col(_group.uid) == col(Organisation.group_uid))
    .outerjoin(Supplier, col(Supplier.id) == col(Organisation.supplier_id))
    .where(col(Organisation.id).in_(bindparam("ids", expanding=True)))
)
_TRUST = (
    select(col(GroupMembership.group_uid))
    .join(_group, col(_group.uid) == col(GroupMembership.group_uid))
    .where(
        col(GroupMembership.urn) == bindparam("urn"),
        col(GroupMembership.ended_at).is_(None),
        col(_group.type).in_(sorted(ACADEMY_TRUSTS)),
    )
    .order_by(col(GroupMembership.started_at).desc(), col(GroupMembership.group_uid).desc())
    .limit(1)
)


class OrganisationOut(Struct, frozen=True, kw_only=True):
    """An organisation. `reference` is how requests name it; `is_open` False once it has closed or ended."""

    id: UUID
    kind: OrganisationKind
    name: str
    reference: str
    is_open: bool


def open_organisation(session: Session, reference: str, *, now: datetime, field: str = "organisation") -> Organisation:
    """The organisation a reference names, opened if it was not yet; raises Invalid for a bad reference, or NotFound."""
    found = parse_reference(reference, field)
    made = session.get(Organisation, found.id)
    if made is None:
        _must_exist(session, found)
        made = Organisation(
            id=found.id,
            kind=found.kind,
            urn=found.urn,
            group_uid=found.group_uid,
            supplier_id=found.supplier_id,
            created_at=now,
        )
        session.add(made)
        session.flush()
    return made


def known_reference(session: Session, reference: str) -> "Reference":
    """What a reference names, whether anybody acts for it yet or not; raises Invalid for a bad one, or NotFound."""
    found = parse_reference(reference, "reference")
    _must_exist(session, found)
    return found


def organisation_out(session: Session, organisation_id: UUID) -> OrganisationOut:
    """An organisation with its name as it is now; raises NotFound."""
    found = organisations_out(session, [organisation_id])
    if not found:
        raise NotFound("organisation", organisation_id)
    return found[0]


def organisations_out(session: Session, ids: list[UUID]) -> list[OrganisationOut]:
    """These organisations with their names as they are now, by name; one statement."""
    rows = session.execute(_NAMED, {"ids": ids})
    found = [
        OrganisationOut(
            id=row.Organisation.id,
            kind=row.Organisation.kind,
            name=row.name,
            reference=reference_of(row.Organisation),
            is_open=bool(row.is_open),
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: (one.name.casefold(), one.id))


def reference_of(organisation: Organisation) -> str:
    """How requests name an organisation."""
    match organisation.kind:
        case OrganisationKind.SCHOOL:
            return f"urn:{organisation.urn}"
        case OrganisationKind.TRUST:
            return f"trust:{organisation.group_uid}"
        case OrganisationKind.SUPPLIER:
            return f"supplier:{organisation.supplier_id}"
        case OrganisationKind.OPERATOR:
            return "operator"


def trust_of(session: Session, urn: int) -> int | None:
    """The UID of the academy trust that runs a school now, None if none does. Were it in two, the newer one."""
    return session.execute(_TRUST, {"urn": urn}).scalar()


def schools_of(session: Session, group_uid: int) -> frozenset[UUID]:
    """The organisation ids of a trust's schools now, opened or not."""
    urns = session.execute(
        select(col(GroupMembership.urn)).where(
            col(GroupMembership.group_uid) == group_uid, col(GroupMembership.ended_at).is_(None)
        )
    ).scalars()
    return frozenset(school_id(urn) for urn in urns)


class Reference(Struct, frozen=True, kw_only=True):
    """What a reference names; `id` is that of the organisation, opened or not."""

    kind: OrganisationKind
    id: UUID
    urn: int | None = None
    group_uid: int | None = None
    supplier_id: UUID | None = None


def parse_reference(reference: str, field: str) -> Reference:
    """What a reference names, not yet looked up; raises Invalid."""
    word, _, key = reference.strip().partition(":")
    try:
        return _READERS[word](key)
    except (KeyError, ValueError):
        problem = "names no organisation"
        raise Invalid([Fault(field=field, problem=problem, mend=REFERENCE_MEND, value=reference[:80])]) from None


def _whole(key: str) -> int:
    if not (key.isascii() and key.isdigit() and len(key) <= 7):
        raise ValueError(key)
    return int(key)


def _school(key: str) -> Reference:
    urn = _whole(key)
    return Reference(kind=OrganisationKind.SCHOOL, id=school_id(urn), urn=urn)


def _trust(key: str) -> Reference:
    uid = _whole(key)
    return Reference(kind=OrganisationKind.TRUST, id=group_object_id(uid), group_uid=uid)


def _supplier(key: str) -> Reference:
    supplier_id = UUID(key)
    return Reference(kind=OrganisationKind.SUPPLIER, id=supplier_id, supplier_id=supplier_id)


def _operator(key: str) -> Reference:
    if key:
        raise ValueError(key)
    return Reference(kind=OrganisationKind.OPERATOR, id=OPERATOR_ID)


_READERS: dict[str, Callable[[str], Reference]] = {
    "urn": _school,
    "trust": _trust,
    "supplier": _supplier,
    "operator": _operator,
}


def _must_exist(session: Session, found: Reference) -> None:
    if found.urn is not None and session.get(Establishment, found.urn) is None:
        raise NotFound("school", found.urn)
    if found.group_uid is not None:
        group = session.get(EstablishmentGroup, found.group_uid)
        if group is None or group.type not in ACADEMY_TRUSTS:
            raise NotFound("trust", found.group_uid)
    if found.supplier_id is not None and session.get(Supplier, found.supplier_id) is None:
        raise NotFound("supplier", found.supplier_id)
