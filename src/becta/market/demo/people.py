"""The demonstration's trust: three schools, the people who act for them, and a scheme of delegation."""

from datetime import datetime
from importlib.resources import files
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlmodel import Session, select

from becta.catalogue.suppliers.models import Supplier
from becta.kernel.actor import Actor, Role, system
from becta.kernel.events import record
from becta.kernel.ids import new_id
from becta.market.accounts.models import Member, Person
from becta.market.accounts.organisations import open_organisation
from becta.market.db import Database
from becta.market.delegation.schemas import NewScheme
from becta.market.delegation.service import set_scheme
from becta.market.organisations.models import Establishment, EstablishmentGroup, GroupMembership
from becta.market.organisations.rules import GroupStatus, GroupType, SchoolPhase, Status, name_key


class DemoTrust(Struct, frozen=True, forbid_unknown_fields=True):
    """A trust that is in no register."""

    uid: int
    name: str


class DemoSchool(Struct, frozen=True, forbid_unknown_fields=True):
    """A school that is in no register: real URNs do not reach so high."""

    urn: int
    name: str
    phase: SchoolPhase
    pupils: int
    town: str


class DemoPerson(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody to sign in as, with an e-mail address that nobody can have (RFC 2606)."""

    name: str
    email: str
    organisation: str
    roles: tuple[Role, ...]


class DemoPeople(Struct, frozen=True, forbid_unknown_fields=True):
    """All of it as authored."""

    trust: DemoTrust
    schools: tuple[DemoSchool, ...]
    people: tuple[DemoPerson, ...]
    scheme: NewScheme


def authored_people() -> DemoPeople:
    """The trust, its schools and people, as authored."""
    raw = files("becta.market.demo.data").joinpath("people.json").read_bytes()
    return msgspec.json.decode(raw, type=DemoPeople)


def load_people(db: Database, *, now: datetime) -> int:
    """Load them after the suppliers; returns how many people, 0 when they were there already."""
    authored, actor = authored_people(), system("demonstration")
    with db.write() as session:
        if session.get(EstablishmentGroup, authored.trust.uid) is not None:
            return 0
        _trust(session, authored, now=now)
        for one in authored.people:
            _person(session, actor, one, now=now)
        reference = f"trust:{authored.trust.uid}"
        set_scheme(session, actor, reference, authored.scheme, revision=None, now=now)
    return len(authored.people)


def _trust(session: Session, authored: DemoPeople, *, now: datetime) -> None:
    trust = authored.trust
    session.add(
        EstablishmentGroup(
            uid=trust.uid,
            name=trust.name,
            name_key=name_key(trust.name),
            type=GroupType.MULTI_ACADEMY_TRUST,
            type_name="Multi-academy trust",
            status=GroupStatus.OPEN,
            row_hash="",
            first_seen_at=now,
            changed_at=now,
        )
    )
    session.flush()
    for school in authored.schools:
        session.add(
            Establishment(
                **msgspec.structs.asdict(school),
                name_key=name_key(school.name),
                status=Status.OPEN,
                row_hash="",
                first_seen_at=now,
                changed_at=now,
            )
        )
        session.flush()
        session.add(GroupMembership(id=new_id(), urn=school.urn, group_uid=trust.uid, started_at=now, changed_at=now))
    session.flush()


def _person(session: Session, actor: Actor, one: DemoPerson, *, now: datetime) -> None:
    person = Person(id=new_id(), name=one.name, email=one.email, created_at=now)
    organisation = open_organisation(session, _reference(session, one.organisation), now=now)
    session.add(person)
    session.flush()
    roles = [role.value for role in sorted(one.roles)]
    session.add(Member(id=new_id(), person_id=person.id, organisation_id=organisation.id, roles=roles, started_at=now))
    after = {"organisation_id": str(organisation.id), "roles": roles}
    told: dict[UUID, dict[str, str]] = {person.id: {"name": one.name, "email": one.email}}
    record(session, actor, "member.joined", "person", person.id, now=now, after=after, personal=told)


def _reference(session: Session, named: str) -> str:
    """A reference as requests write it: the authored file names suppliers by their own reference."""
    kind, _, key = named.partition(":")
    if kind != "supplier":
        return named
    return f"supplier:{session.exec(select(Supplier.id).where(Supplier.reference == key)).one()}"
