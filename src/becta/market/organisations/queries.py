"""Reading schools: a list takes one statement, a school three, whatever they hold."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from msgspec.structs import fields
from sqlalchemy import ColumnElement, Select, and_, or_, select, true, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from becta.kernel.errors import NotFound
from becta.kernel.paging import decode_cursor, encode_cursor, fingerprint
from becta.market.organisations.models import Establishment, EstablishmentGroup, EstablishmentLink, GroupMembership
from becta.market.organisations.rules import ACADEMY_TRUSTS, LinkKind, SchoolPhase, name_key, school_id
from becta.market.organisations.schemas import LinkOut, MembershipOut, School, SchoolItem, SchoolPage

MAX_LIMIT = 200
"""Most schools on a page."""

_JOINED = {"id", "trust", "groups", "memberships", "predecessors", "successors", "related"}
_OWN = [field.name for field in fields(School) if field.name not in _JOINED]
_LISTED = [field.name for field in fields(SchoolItem) if not field.name.startswith("trust_")]


def schools(
    session: Session,
    *,
    q: str | None = None,
    la_code: str | None = None,
    phase: SchoolPhase | None = None,
    trust_uid: int | None = None,
    after: str | None = None,
    limit: int = 50,
) -> SchoolPage:
    """A page of schools by name. `q` is a URN, UKPRN or postcode, or words of the name; raises Invalid on a bad cursor.

    `trust_uid` takes the UID of any group, federations too. Closed schools are listed, with their status.
    """
    limit = max(1, min(limit, MAX_LIMIT))
    bound_to = fingerprint("schools", q, la_code, phase, trust_uid)
    wanted = _list_statement()
    if q is not None and q.strip():
        wanted = wanted.where(_matches(q))
    if la_code is not None:
        wanted = wanted.where(col(Establishment.la_code) == la_code)
    if phase is not None:
        wanted = wanted.where(col(Establishment.phase) == phase)
    if trust_uid is not None:
        members = select(col(GroupMembership.urn)).where(
            col(GroupMembership.group_uid) == trust_uid, col(GroupMembership.ended_at).is_(None)
        )
        wanted = wanted.where(col(Establishment.urn).in_(members))
    key = tuple_(col(Establishment.name_key), col(Establishment.urn))
    if after is not None:
        wanted = wanted.where(key > decode_cursor(after, bound_to, tuple[str, int]))
    rows = session.execute(wanted.order_by(col(Establishment.name_key), col(Establishment.urn)).limit(limit + 1)).all()
    more = encode_cursor(bound_to, (rows[limit - 1].name_key, rows[limit - 1].urn)) if len(rows) > limit else None
    return SchoolPage(items=tuple(_item(row) for row in rows[:limit]), next=more)


def one_school(session: Session, urn: int) -> School:
    """A school with its groups, their history, and what it came from and became; raises NotFound."""
    own = session.execute(select(*_columns(_OWN)).where(col(Establishment.urn) == urn)).first()
    if own is None:
        raise NotFound("school", urn)
    memberships = _memberships(session, urn)
    groups = tuple(one for one in memberships if one.ended_at is None)
    links = _links(session, urn)
    return School(
        id=school_id(urn),
        **own._asdict(),
        trust=next((one for one in groups if one.group_type in ACADEMY_TRUSTS), None),
        groups=groups,
        memberships=memberships,
        predecessors=tuple(link for link, side in links if side == "predecessor"),
        successors=tuple(link for link, side in links if side == "successor"),
        related=tuple(link for link, side in links if side == "related"),
    )


def _list_statement() -> Select[Any]:
    """The schools' columns with the trust of each. Were a school in two at once, the newer trust is the one shown."""
    inner, trusts = aliased(GroupMembership), aliased(EstablishmentGroup)
    trust_uid = (
        select(col(inner.group_uid))
        .join(trusts, col(trusts.uid) == col(inner.group_uid))
        .where(
            col(inner.urn) == col(Establishment.urn),
            col(inner.ended_at).is_(None),
            col(trusts.type).in_(sorted(ACADEMY_TRUSTS)),
        )
        .order_by(col(inner.started_at).desc(), col(inner.group_uid).desc())
        .limit(1)
        .correlate(Establishment)
        .scalar_subquery()
    )
    trust = EstablishmentGroup
    shown: tuple[Any, ...] = (col(trust.uid).label("trust_uid"), col(trust.name).label("trust_name"))
    listed = select(*_columns(_LISTED), col(Establishment.name_key), *shown)
    return listed.outerjoin(trust, col(trust.uid) == trust_uid)


def _columns(names: Sequence[str]) -> list[Any]:
    return [getattr(Establishment, name) for name in names]


def _matches(q: str) -> ColumnElement[bool]:
    text = " ".join(q.split())
    if text.isascii() and text.isdigit() and len(text) == 6:
        return col(Establishment.urn) == int(text)
    if text.isascii() and text.isdigit() and len(text) == 8:
        return col(Establishment.ukprn) == text
    squeezed = text.replace(" ", "").upper()
    words = name_key(text).split()
    by_name = and_(true(), *(col(Establishment.name_key).contains(word, autoescape=True) for word in words))
    if 5 <= len(squeezed) <= 7 and squeezed[0].isalpha() and squeezed[-3:-2].isdigit():
        return or_(by_name, col(Establishment.postcode) == f"{squeezed[:-3]} {squeezed[-3:]}")
    return by_name


def _item(row: Any) -> SchoolItem:
    values = {name: getattr(row, name) for name in _LISTED}
    return SchoolItem(**values, trust_uid=row.trust_uid, trust_name=row.trust_name)


def _memberships(session: Session, urn: int) -> tuple[MembershipOut, ...]:
    member, group = GroupMembership, EstablishmentGroup
    of_group: tuple[Any, ...] = (col(group.name).label("group_name"), col(group.type).label("group_type"))
    columns: tuple[Any, ...] = (
        member.group_uid,
        group.group_id,
        *of_group,
        col(group.status).label("group_status"),
        member.joined_on,
        member.left_on,
        member.started_at,
        member.ended_at,
    )
    rows = session.execute(
        select(*columns)
        .join(group, col(group.uid) == col(member.group_uid))
        .where(col(member.urn) == urn)
        .order_by(col(member.started_at).desc(), col(member.group_uid).desc())
    )
    return tuple(MembershipOut(**row._asdict()) for row in rows)


def _links(session: Session, urn: int) -> list[tuple[LinkOut, str]]:
    link, other = EstablishmentLink, Establishment
    leads_to = or_(
        and_(col(link.predecessor_urn) == urn, col(other.urn) == col(link.successor_urn)),
        and_(col(link.successor_urn) == urn, col(other.urn) == col(link.predecessor_urn)),
    )
    columns: tuple[Any, ...] = (other.urn, other.name, other.status, link.kind, link.established_on)
    rows = session.execute(
        select(*columns, col(link.successor_urn).label("successor"))
        .select_from(link)
        .join(other, leads_to)
        .where(col(link.ended_at).is_(None))
    )
    found = []
    for row in rows:
        side = "predecessor" if row.successor == urn else "successor"
        one = LinkOut(urn=row.urn, name=row.name, status=row.status, kind=row.kind, established_on=row.established_on)
        found.append((one, "related" if row.kind is LinkKind.RELATED else side))
    return sorted(found, key=lambda pair: (pair[0].established_on or date.max, pair[0].urn))
