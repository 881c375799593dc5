"""What the rules forbid, the database refuses too, whoever asks it."""

from collections.abc import Callable
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select, update
from tests.support.people import person, school

from becta.kernel import clock
from becta.kernel.actor import Role
from becta.kernel.ids import new_id
from becta.market.db import Database
from becta.market.delegation.models import Commitment, CommitmentHold, Scheme
from becta.market.delegation.rules import MOVES, CommitmentState

PAIRS = [(one, other) for one, other in product(CommitmentState, CommitmentState) if one is not other]
ALLOWED = {(current, wanted) for current, nexts in MOVES.items() for wanted in nexts}


def made(session: Session, state: CommitmentState = CommitmentState.HELD, **changes: Any) -> Commitment:
    """A commitment in a state, past all use cases, with its organisation, maker and scheme."""
    now = clock.now()
    place = changes.pop("place", None) or school(session)
    maker = person(session)
    session.add(
        Scheme(
            id=new_id(),
            organisation_id=place.id,
            number=changes.pop("number", 1),
            rules=[],
            note="",
            made_at=now,
            in_force_from=now,
        )
    )
    values: dict[str, Any] = {
        "organisation_id": place.id,
        "acting_for": place.id,
        "purpose": "Books",
        "amount_pence": 100,
        "category": "library",
        "budget_code": "LIB",
        "made_by": maker.id,
        "decisions": [{"outcome": "held"}],
        "created_at": now,
    }
    commitment = Commitment(id=new_id(), state=state, **{**values, **changes})
    session.add(commitment)
    session.flush()
    return commitment


def held(session: Session, commitment: Commitment) -> CommitmentHold:
    """What holds the commitment."""
    scheme_id = session.exec(select(Scheme.id)).first()
    hold = CommitmentHold(
        commitment_id=commitment.id,
        organisation_id=commitment.organisation_id,
        scheme_id=scheme_id,
        role=Role.APPROVER,
    )
    session.add(hold)
    session.flush()
    return hold


def refusal(session: Session, change: Callable[[Connection], object]) -> str | None:
    """What the database says to a change it refuses, None if it takes it; either way it is undone."""
    nested = session.begin_nested()
    try:
        change(session.connection())
    except DBAPIError as error:
        return str(error.orig).partition("\n")[0]
    finally:
        nested.rollback()
    return None


def setting(model: type[Any], **values: Any) -> Callable[[Connection], object]:
    """A raw update of every row of a table."""
    return lambda connection: connection.execute(update(model).values(**values))


def test_the_database_makes_a_move_exactly_when_the_table_holds_it(db: Database) -> None:
    taken = set()
    with db.write() as session:
        place = school(session)
        for number, (current, wanted) in enumerate(PAIRS, 1):
            commitment = made(session, current, place=place, number=number)
            move = update(Commitment).where(Commitment.id == commitment.id).values(state=wanted)  # type: ignore[arg-type]
            if refusal(session, lambda connection, move=move: connection.execute(move)) is None:
                taken.add((current, wanted))

    assert taken == ALLOWED


def test_what_was_asked_never_changes(db: Database) -> None:
    other: dict[str, Any] = {
        "id": new_id(),
        "organisation_id": UUID("0b0ec7a2-0000-5000-8000-000000000001"),
        "acting_for": UUID("0b0ec7a2-0000-5000-8000-000000000001"),
        "purpose": "Cake",
        "amount_pence": 101,
        "category": "laptops",
        "budget_code": "CAKE",
        "decisions": [],
        "created_at": clock.now(),
    }
    with db.write() as session:
        made(session)
        other["made_by"] = person(session, "Somebody else").id
        answers = {name: refusal(session, setting(Commitment, **{name: value})) for name, value in other.items()}

    assert answers == dict.fromkeys(other, "what a commitment asks for never changes")
    moving = {"state", "decided_at", "decided_by", "reason", "revision"}
    assert set(other) == set(Commitment.model_fields) - moving


def test_a_decision_changes_only_with_the_state(db: Database) -> None:
    with db.write() as session:
        made(session, CommitmentState.APPROVED)
        who = person(session, "Somebody else").id
        answers = [
            refusal(session, setting(Commitment, **change))
            for change in ({"decided_at": clock.now()}, {"decided_by": who}, {"reason": "New"})
        ]
        withdrawn = refusal(session, setting(Commitment, state=CommitmentState.WITHDRAWN, reason="New"))

    assert answers == ["a decision on a commitment is kept"] * 3
    assert withdrawn is None


def test_nothing_is_approved_while_it_is_held(db: Database) -> None:
    with db.write() as session:
        hold = held(session, made(session))
        approve = setting(Commitment, state=CommitmentState.APPROVED)
        before = refusal(session, approve)
        hold.released_by, hold.released_at = person(session, "Grace").id, clock.now()
        session.flush()
        after = refusal(session, approve)

    assert (before, after) == ("a commitment that is still held is not approved", None)


def test_the_maker_releases_nothing(db: Database) -> None:
    with db.write() as session:
        commitment = made(session)
        held(session, commitment)
        answer = refusal(session, setting(CommitmentHold, released_by=commitment.made_by, released_at=clock.now()))

    assert answer == "whoever made a commitment does not release it"


def test_a_hold_is_released_once_and_by_somebody(db: Database) -> None:
    with db.write() as session:
        hold = held(session, made(session))
        nobody = refusal(session, setting(CommitmentHold, released_at=clock.now()))
        role = refusal(session, setting(CommitmentHold, role=Role.BUYER))
        hold.released_by, hold.released_at = person(session, "Grace").id, clock.now()
        session.flush()
        again = refusal(session, setting(CommitmentHold, released_by=None, released_at=None))

    assert nobody is not None
    assert "released_by_somebody" in nobody
    assert (role, again) == ("a hold is released once and stays as it was",) * 2


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("DELETE FROM commitment_hold", "a hold is kept"),
        ("DELETE FROM commitment", "a commitment is kept"),
        ("DELETE FROM scheme", "a scheme of delegation is kept"),
        ("UPDATE scheme SET rules = '[]'", "a scheme of delegation changes by a new version"),
        ("UPDATE scheme SET number = 2", "a scheme of delegation changes by a new version"),
    ],
)
def test_what_is_on_record_stays(statement: str, message: str, db: Database) -> None:
    with db.write() as session:
        held(session, made(session))
        answer = refusal(session, lambda connection: connection.execute(text(statement)))

    assert answer == message


@pytest.mark.parametrize("amount", [0, -1, 10**12 + 1])
def test_an_amount_is_an_amount(amount: int, db: Database) -> None:
    with pytest.raises(DBAPIError, match="ck_commitment_amount"), db.write() as session:
        made(session, amount_pence=amount)


def test_a_number_is_given_to_one_scheme(db: Database) -> None:
    with db.write() as session:
        place = school(session)
        made(session, place=place)
        with pytest.raises(DBAPIError), session.begin_nested():
            made(session, place=place)
