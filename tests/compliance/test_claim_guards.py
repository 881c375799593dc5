"""A claim is decided, not edited; the database holds to it as the use cases do."""

from datetime import date
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select, update
from tests.support.catalogue import NOW, make_supplier, make_version

from becta.compliance.badges.checking import decide_claim
from becta.compliance.badges.models import BadgeClaimRow
from becta.compliance.badges.rules import TRANSITIONS, BadgeClaim, ClaimState, Level
from becta.compliance.badges.service import claim_badge
from becta.compliance.standards.registry import Holder
from becta.kernel.actor import Actor
from becta.kernel.errors import Conflict, Forbidden, Invalid, Stale
from becta.kernel.events import AuditEvent, OutboxMessage
from becta.kernel.ids import new_id
from becta.market.db import Database

CLAIM = BadgeClaim(
    standard="cyber-essentials",
    standard_version="Willow",
    level=Level.CERTIFIED,
    issued_on=date(2026, 3, 1),
    expires_on=date(2027, 3, 1),
    certificate_reference="6d3b0c1e",
    evidence_url="https://registry.example/6d3b0c1e",
)
OTHER: dict[str, Any] = {"issued_on": date(2026, 3, 2), "expires_on": date(2030, 1, 1), "level": "self_declared"}


def stored(session: Session, supplier_id: UUID, state: ClaimState) -> BadgeClaimRow:
    values = {name: getattr(CLAIM, name) for name in BadgeClaim.__struct_fields__}
    row = BadgeClaimRow(id=new_id(), supplier_id=supplier_id, state=state, reasons=[], created_at=NOW, **values)
    session.add(row)
    session.flush()
    return row


def accepts(session: Session, row: BadgeClaimRow, **values: Any) -> bool:
    try:
        with session.begin_nested() as savepoint:
            change = update(BadgeClaimRow).where(BadgeClaimRow.id == row.id).values(**values)  # type: ignore[arg-type]
            session.connection().execute(change)
            savepoint.rollback()
    except DBAPIError:
        return False
    return True


def test_the_database_makes_a_move_exactly_when_the_table_holds_it(db: Database) -> None:
    with db.write() as session:
        supplier_id = make_supplier(session)
        made = {
            (current, wanted)
            for current, wanted in product(ClaimState, ClaimState)
            if accepts(session, stored(session, supplier_id, current), state=wanted)
        }

    assert made == {(current, wanted) for current in ClaimState for wanted in {current, *TRANSITIONS[current]}}


@pytest.mark.parametrize("state", ClaimState)
def test_what_a_claim_says_is_edited_only_while_it_is_returned_and_whose_it_is_never(
    state: ClaimState, db: Database
) -> None:
    with db.write() as session:
        supplier_id = make_supplier(session)
        other = make_supplier(session, "other")
        product_id = make_version(session, other, "cb-11").product_id
        row = stored(session, supplier_id, state)
        changed = [
            name for name in BadgeClaim.__struct_fields__ if accepts(session, row, **{name: OTHER.get(name, "new")})
        ]
        moved = [
            accepts(session, row, supplier_id=other),
            accepts(session, row, supplier_id=None, product_id=product_id),
        ]

    everything_said = list(BadgeClaim.__struct_fields__)
    assert (changed, moved) == (everything_said if state is ClaimState.RETURNED else [], [False, False])


@pytest.mark.parametrize("state", ClaimState)
def test_a_claim_is_kept(state: ClaimState, db: Database) -> None:
    with db.write() as session:
        stored(session, make_supplier(session), state)

    with pytest.raises(DBAPIError, match="a badge claim is kept"), db.write() as session:
        session.execute(text("DELETE FROM badge_claim"))

    with db.read() as session:
        assert session.exec(select(BadgeClaimRow.state)).one() is state


def test_a_claim_is_somebodys_and_one_holders_only(db: Database) -> None:
    with db.write() as session:
        supplier_id = make_supplier(session)
        product_id = make_version(session, supplier_id, "cb-11").product_id
        values = stored(session, supplier_id, ClaimState.CLAIMED).model_dump()

    for holders in ({"supplier_id": None, "product_id": None}, {"supplier_id": supplier_id, "product_id": product_id}):
        with pytest.raises(DBAPIError, match="one_holder"), db.write() as session:
            session.add(BadgeClaimRow(**{**values, **holders, "id": new_id()}))


@pytest.fixture
def supplier_id(db: Database) -> UUID:
    with db.write() as session:
        return make_supplier(session)


def outbox(db: Database) -> list[tuple[str, UUID]]:
    with db.read() as session:
        return list(session.exec(select(OutboxMessage.topic, OutboxMessage.key).order_by(OutboxMessage.id)))  # type: ignore[arg-type]


def test_a_claim_is_made_decided_and_told_of(db: Database, operator: Actor, supplier_id: UUID) -> None:
    before = len(outbox(db))
    with db.write() as session:
        row = claim_badge(session, operator, holder=Holder.SUPPLIER, holder_id=supplier_id, claim=CLAIM, now=NOW)
    with db.write() as session:
        decide_claim(session, operator, row.id, ClaimState.ACCEPTED, [], revision=1, now=NOW)
    with db.write() as session:
        decide_claim(session, operator, row.id, ClaimState.REVOKED, ["lapsed membership"], revision=2, now=NOW)

    with db.read() as session:
        kept = session.exec(select(BadgeClaimRow)).one()
        events = session.exec(
            select(AuditEvent).where(AuditEvent.object_id == row.id).order_by(AuditEvent.position)  # type: ignore[arg-type]
        ).all()
    assert (kept.state, kept.reasons, kept.revision, kept.decided_at) == (
        ClaimState.REVOKED,
        ["lapsed membership"],
        3,
        NOW,
    )
    assert [(event.action, event.reason) for event in events] == [
        ("badge.claimed", None),
        ("badge.accepted", None),
        ("badge.revoked", "lapsed membership"),
    ]
    told = outbox(db)[before:]
    assert [topic for topic, _ in told] == [
        "supplier",
        "badge_issued",
        "badge_claim",
        "supplier",
        "badge_lost",
        "badge_claim",
        "supplier",
    ]
    assert {key for topic, key in told if topic == "supplier"} == {supplier_id}
    assert {key for topic, key in told if topic in {"badge_issued", "badge_claim"}} == {row.id}


def test_refusals_of_a_decision_leave_everything_as_it_was(db: Database, operator: Actor, supplier_id: UUID) -> None:
    with db.write() as session:
        row = claim_badge(session, operator, holder=Holder.SUPPLIER, holder_id=supplier_id, claim=CLAIM, now=NOW)
    before = outbox(db)
    supplier = Actor(kind="token", id="1", label="Larch", scopes=frozenset(), organisation_id=supplier_id)

    for actor, decision, reasons, revision, refusal in (
        (supplier, ClaimState.ACCEPTED, [], None, Forbidden),
        (operator, ClaimState.REFUSED, [], None, Invalid),
        (operator, ClaimState.REFUSED, ["no"], None, Invalid),
        (operator, ClaimState.ACCEPTED, [], 9, Stale),
        (operator, ClaimState.REVOKED, ["never accepted"], None, Conflict),
        (operator, ClaimState.CHECKED, [], None, Invalid),
        (operator, ClaimState.CHECKING, [], None, Invalid),
    ):
        with pytest.raises(refusal), db.write() as session:
            decide_claim(session, actor, row.id, decision, reasons, revision=revision, now=NOW)

    with db.read() as session:
        kept = session.exec(select(BadgeClaimRow)).one()
    assert (kept.state, kept.reasons, kept.revision, kept.decided_at) == (ClaimState.CLAIMED, [], 1, None)
    assert outbox(db) == before
