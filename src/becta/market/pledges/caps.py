"""Caps that nest: school, trust, consortium. What pledges hold of each is one row, taken in that order by everybody.

A row is raised only where it stays within its cap, in the statement that raises it, so no two can both be the last.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, BindParameter, TextClause, Uuid, and_, bindparam, func, select, text, update
from sqlmodel import Session, col

from becta.market.accounts.organisations import organisation_out
from becta.market.pledges.models import Pledge, PledgeCap
from becta.market.pledges.rules import CapLevel, CapReached, PledgeState, cap_sentence, low_cap_sentence
from becta.market.procurements.models import Procurement, ProcurementLot, ProcurementMember, ProcurementTrust

DUE = "caps"
"""Under which name a session holds what is to be held of caps at the end."""


class Cap(NamedTuple):
    """A cap over a school's pledges, pence ex VAT; None is no limit."""

    level: CapLevel
    organisation_id: UUID
    cap_pence: int | None


class Lot(NamedTuple):
    """What of a lot a pledge needs to know."""

    id: UUID
    number: int
    title: str
    category: str


class Part(NamedTuple):
    """A school's part in a procurement: the caps over it, in the order they are taken, and the lots by number."""

    caps: list[Cap]
    lots: dict[int, Lot]


_member, _trust, _terms = ProcurementMember, ProcurementTrust, col(ProcurementLot.terms)
_PART = (
    select(
        col(_member.trust_id),
        col(_member.cap_pence),
        col(_trust.cap_pence),
        col(ProcurementLot.id),
        col(ProcurementLot.number),
        _terms["title"].as_string(),
        _terms["category"].as_string(),
    )
    .select_from(_member)
    .join(ProcurementLot, col(ProcurementLot.procurement_id) == col(_member.procurement_id))
    .outerjoin(
        _trust,
        and_(
            col(_trust.procurement_id) == col(_member.procurement_id),
            col(_trust.organisation_id) == col(_member.trust_id),
        ),
    )
    .where(
        col(_member.procurement_id) == bindparam("procurement_id"),
        col(_member.organisation_id) == bindparam("school_id"),
    )
)
_PLEDGED = (
    select(
        col(Pledge.organisation_id),
        col(_member.trust_id),
        col(_member.cap_pence),
        func.sum(col(Pledge.quantity) * col(Pledge.ceiling_price_pence)),
    )
    .select_from(Pledge)
    .join(
        _member,
        and_(
            col(_member.procurement_id) == col(Pledge.procurement_id),
            col(_member.organisation_id) == col(Pledge.organisation_id),
        ),
    )
    .where(col(Pledge.procurement_id) == bindparam("procurement_id"), col(Pledge.state) == PledgeState.STANDING)
    .group_by(col(Pledge.organisation_id), col(_member.trust_id), col(_member.cap_pence))
    .order_by(col(Pledge.organisation_id))
)


def _taking(levels: Sequence[CapLevel]) -> TextClause:
    """One statement that raises several rows in their order, and tells which of them could bear it."""
    rows = ", ".join(f"(:procurement, '{level}', :{level}, :pence, :{level}_cap)" for level in levels)
    written = text(
        "INSERT INTO pledge_cap (procurement_id, level, organisation_id, committed_pence, cap_pence)"  # noqa: S608
        f" VALUES {rows} ON CONFLICT (procurement_id, level, organisation_id) DO UPDATE"
        " SET committed_pence = pledge_cap.committed_pence + excluded.committed_pence, cap_pence = excluded.cap_pence"
        " WHERE excluded.cap_pence IS NULL"
        " OR pledge_cap.committed_pence + excluded.committed_pence <= excluded.cap_pence RETURNING level"
    )
    ids: list[BindParameter[Any]] = [bindparam(name, type_=Uuid()) for name in ("procurement", *levels)]
    amounts = [bindparam(name, type_=BigInteger()) for name in ("pence", *(f"{level}_cap" for level in levels))]
    return written.bindparams(*ids, *amounts)


_TAKING = {levels: _taking(levels) for levels in (tuple(CapLevel), (CapLevel.SCHOOL, CapLevel.CONSORTIUM))}


def part_of(session: Session, procurement: Procurement, school_id: UUID) -> Part | None:
    """A school's part in a procurement, one statement; None if it does not take part."""
    given = {"procurement_id": procurement.id, "school_id": school_id}
    rows = session.execute(_PART, given).all()
    if not rows:
        return None
    trust_id, own, trusts = rows[0][:3]
    between = [] if trust_id is None else [Cap(CapLevel.TRUST, trust_id, trusts)]
    caps = [
        Cap(CapLevel.SCHOOL, school_id, own),
        *between,
        Cap(CapLevel.CONSORTIUM, procurement.organisation_id, procurement.cap_pence),
    ]
    return Part(caps, {row[4]: Lot(*row[3:]) for row in rows})


def hold_anew(session: Session, procurement_id: UUID) -> None:
    """Hold of each trust's cap what its schools have pledged, now that others take part or have other caps.

    The caller has the procurement locked for change, so that nobody pledges meanwhile. Raises CapReached where more is
    pledged than the cap of a school or trust; pledges that lapsed count until they let go.
    """
    held: dict[UUID, int] = defaultdict(int)
    for school_id, trust_id, cap, pence in session.execute(_PLEDGED, {"procurement_id": procurement_id}):
        _refuse_low(session, Cap(CapLevel.SCHOOL, school_id, cap), int(pence))
        if trust_id is not None:
            held[trust_id] += int(pence)
    caps = select(col(_trust.organisation_id), col(_trust.cap_pence)).where(
        col(_trust.procurement_id) == procurement_id
    )
    cap_of = {row.organisation_id: row.cap_pence for row in session.execute(caps)}
    rows = select(PledgeCap).where(
        col(PledgeCap.procurement_id) == procurement_id, col(PledgeCap.level) == CapLevel.TRUST
    )
    row_of = {row.organisation_id: row for row in session.execute(rows).scalars()}
    for trust_id in sorted(row_of.keys() | held.keys()):
        cap = Cap(CapLevel.TRUST, trust_id, cap_of.get(trust_id))
        _refuse_low(session, cap, held[trust_id])
        row = row_of.get(trust_id) or PledgeCap(
            procurement_id=procurement_id, level=CapLevel.TRUST, organisation_id=trust_id, committed_pence=0
        )
        row.committed_pence, row.cap_pence = held[trust_id], cap.cap_pence
        session.add(row)
    session.flush()


@contextmanager
def caps_last(session: Session) -> Iterator[None]:
    """Have what is held within taken at its end, once the answer is read too: then others wait as shortly as can be.

    Measured with 200 at once: everybody waits for the row of the consortium, so what follows it sets the pace.
    """
    due: list[tuple[UUID, Sequence[Cap], int]] = session.info.setdefault(DUE, [])
    try:
        yield
    finally:
        del session.info[DUE]
    session.flush()
    for procurement_id, caps, pence in due:
        hold(session, procurement_id, caps, pence)


def hold(session: Session, procurement_id: UUID, caps: Sequence[Cap], pence: int) -> None:
    """Hold so much more of each cap, or give it back where it is less than nothing.

    Raises CapReached for the first that cannot bear it; what was held of others goes with the transaction. It comes
    last, just before the trail: from here on others wait. Within `caps_last` it is put off until the end of that.
    """
    if DUE in session.info:
        session.info[DUE].append((procurement_id, caps, pence))
    elif pence > 0:
        _take(session, procurement_id, caps, pence)
    elif pence < 0:
        for cap in caps:
            _give_back(session, procurement_id, cap, -pence)


def _refuse_low(session: Session, cap: Cap, pledged_pence: int) -> None:
    if cap.cap_pence is not None and pledged_pence > cap.cap_pence:
        name = organisation_out(session, cap.organisation_id).name
        raise CapReached(low_cap_sentence(cap.level, name, pledged_pence, cap.cap_pence))


def _take(session: Session, procurement_id: UUID, caps: Sequence[Cap], pence: int) -> None:
    bearing = {cap.level for cap in caps if cap.cap_pence is None or pence <= cap.cap_pence}
    if len(bearing) == len(caps):
        given: dict[str, object] = {"procurement": procurement_id, "pence": pence}
        for cap in caps:
            given |= {cap.level: cap.organisation_id, f"{cap.level}_cap": cap.cap_pence}
        taken = session.execute(_TAKING[tuple(cap.level for cap in caps)], given).scalars()
        bearing = {CapLevel(level) for level in taken}
    for cap in caps:
        if cap.level not in bearing:
            raise CapReached(cap_sentence(cap.level, pence, cap.cap_pence or 0))


def _give_back(session: Session, procurement_id: UUID, cap: Cap, pence: int) -> None:
    row = PledgeCap
    session.execute(
        update(row)
        .where(
            col(row.procurement_id) == procurement_id,
            col(row.level) == cap.level,
            col(row.organisation_id) == cap.organisation_id,
        )
        .values(committed_pence=col(row.committed_pence) - pence)
        .execution_options(synchronize_session=False)
    )
