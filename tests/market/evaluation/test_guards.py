"""What the rules of evaluation forbid, the database refuses too."""

from itertools import product
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, insert, update
from sqlalchemy.exc import DBAPIError
from tests.market.evaluation.conftest import Opened, told

from becta.kernel import clock
from becta.kernel.errors import Conflict
from becta.kernel.ids import new_id
from becta.market.evaluation.models import BidExclusion, Consensus, EvaluationScore, Evaluator, Moderation
from becta.market.evaluation.rules import MOVES, ExclusionState, check_move
from becta.market.procurements.states import ProcurementState


def refusal(opened: Opened, statement: Any) -> str | None:
    """What the database says to a statement, None if it takes it; either way it is undone."""
    with opened.db.engine.connect() as connection:
        try:
            connection.execute(statement)
        except DBAPIError as error:
            return str(error.orig).partition("\n")[0]
        finally:
            connection.rollback()
    return None


def test_nothing_of_an_evaluation_is_deleted(opened: Opened) -> None:
    opened.settled()
    told(opened.buyer.excludes(opened.bids["elm"]), 201)

    for model in (Evaluator, EvaluationScore, Moderation, Consensus, BidExclusion):
        assert refusal(opened, delete(model)) == "what was evaluated is kept"


def test_what_was_scored_alone_stays_as_it_was(opened: Opened) -> None:
    opened.panel()
    told(opened.first.scores(opened.bids["larch"], 3))
    row = {
        "id": new_id(), "procurement_id": opened.id, "bid_id": opened.bids["rowan"], "criterion": "delivery",
        "person_id": opened.buyer.id, "revision": 1, "mark": 5, "reason": "Because", "scored_at": clock.now(),
    }  # fmt: skip
    with opened.db.read() as session:
        row["lot_id"] = session.execute(EvaluationScore.__table__.select()).one().lot_id  # type: ignore[attr-defined]
    said = "what was scored alone stays as it was"
    assert refusal(opened, update(EvaluationScore).values(mark=5)) == said
    undeclared = "nobody scores before declaring their conflicts of interest"
    assert refusal(opened, insert(EvaluationScore).values(**row)) == undeclared
    own = {**row, "person_id": opened.first.id}
    assert refusal(opened, insert(EvaluationScore).values(**own)) is None
    agreed = {key: value for key, value in own.items() if key not in {"id", "person_id", "scored_at"}}
    agreed |= {"agreed_by": opened.first.id, "agreed_at": clock.now()}
    assert refusal(opened, insert(Consensus).values(**agreed)) == "consensus needs moderation"

    told(opened.buyer.moderates("Enough"), 201)
    assert refusal(opened, insert(EvaluationScore).values(**own)) == "scores end when moderation begins"
    assert refusal(opened, insert(Consensus).values(**agreed)) is None


def test_marks_and_exclusions_are_frozen_once_it_is_decided(opened: Opened) -> None:
    opened.settled()
    told(opened.buyer.excludes(opened.bids["elm"]), 201)
    with opened.db.write() as session:
        opened.move(session, ProcurementState.DECIDED, decided_at=clock.now())

    said = "bids are evaluated while they are open"
    assert refusal(opened, update(Consensus).values(mark=0)) == said
    assert refusal(opened, update(BidExclusion).values(reason="Another")) == said


def test_an_exclusion_makes_a_move_exactly_when_the_table_holds_it(opened: Opened) -> None:
    made = {state: UUID(told(opened.buyer.asks(opened.bids[name]), 201)["id"])
            for state, name in zip(ExclusionState, opened.bids, strict=True)}  # fmt: skip
    done = {"reason": "Because", "decided_by": opened.buyer.id, "decided_at": clock.now()}
    nothing = dict.fromkeys(done)
    with opened.db.write() as session:
        for state, id_ in made.items():
            if state is not ExclusionState.ASKED:
                moved = update(BidExclusion).where(BidExclusion.__table__.c.id == id_)  # type: ignore[attr-defined]
                session.execute(moved.values(state=state, **done))
    for current, wanted in product(ExclusionState, ExclusionState):
        if current is wanted:
            continue
        values = {"state": wanted, **(nothing if wanted is ExclusionState.ASKED else done)}
        statement = update(BidExclusion).where(BidExclusion.__table__.c.id == made[current])  # type: ignore[attr-defined]
        is_taken = refusal(opened, statement.values(**values)) is None
        assert is_taken == (wanted in MOVES[current])
        if not is_taken:
            with pytest.raises(Conflict, match=f"the exclusion is {current}, so it cannot become {wanted}"):
                check_move(current, wanted)
    changed = update(BidExclusion).values(question="Another")
    assert refusal(opened, changed) == "which bid it is about and what was asked and said stays"
