"""What the rules forbid, the database refuses too, whoever asks it."""

from itertools import product
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col
from tests.market.pledges.conftest import procurement
from tests.support.people import person, school, trust

from becta.kernel import clock
from becta.kernel.errors import Conflict
from becta.kernel.ids import new_id
from becta.market.db import Database
from becta.market.delegation.models import Commitment
from becta.market.delegation.rules import CommitmentState
from becta.market.pledges.models import Pledge, PledgeCap
from becta.market.pledges.rules import MOVES, CapLevel, PledgeState
from becta.market.procurements.models import Procurement, ProcurementLot
from becta.market.procurements.states import ProcurementState

ENDED = {"ended_at": clock.now(), "reason": "because"}
PAIRS = [(one, other) for one, other in product(PledgeState, PledgeState) if one is not other]


class World:
    """A pledge of a school and what it holds of a cap, past all use cases."""

    def __init__(self, session: Session) -> None:
        self.session, self.now = session, clock.now()
        self.maker = person(session)
        self.trust, self.school = trust(session), school(session)
        self.procurement_id = procurement(session, self.trust, self.maker.id)
        self.lot = session.execute(
            ProcurementLot.__table__.select().where(col(ProcurementLot.number) == 1)  # type: ignore[attr-defined]
        ).one()
        self.pledge = self.pledged()
        self.cap = PledgeCap(
            procurement_id=self.procurement_id,
            level=CapLevel.SCHOOL,
            organisation_id=self.school.id,
            committed_pence=100,
            cap_pence=100,
        )
        session.add(self.cap)
        session.flush()

    def pledged(self, **changes: Any) -> Pledge:
        """A pledge with a commitment of its own."""
        committed = Commitment(
            id=new_id(),
            organisation_id=self.school.id,
            acting_for=self.school.id,
            purpose="x",
            amount_pence=100,
            category="chromebooks",
            budget_code="x",
            state=CommitmentState.APPROVED,
            made_by=self.maker.id,
            decisions=[],
            created_at=self.now,
            decided_at=self.now,
        )
        self.session.add(committed)
        self.session.flush()
        values: dict[str, Any] = {
            "id": new_id(),
            "procurement_id": self.procurement_id,
            "lot_id": self.lot.id,
            "organisation_id": self.school.id,
            "quantity": 1,
            "ceiling_price_pence": 100,
            "acceptable_lots": [],
            "alternatives": "",
            "budget_code": "x",
            "commitment_id": committed.id,
            "state": PledgeState.STANDING,
            "made_by": self.maker.id,
            "made_at": self.now,
            "changed_at": self.now,
        }
        made = Pledge(**{**values, **changes})
        self.session.add(made)
        self.session.flush()
        return made


def changed(world: World, **values: Any) -> None:
    """Change the pledge past the session."""
    world.session.execute(update(Pledge).where(col(Pledge.id) == world.pledge.id).values(**values))


@pytest.mark.parametrize(("current", "wanted"), PAIRS)
def test_a_pledge_moves_as_the_table_says_and_otherwise_not(
    db: Database, current: PledgeState, wanted: PledgeState
) -> None:
    with db.write() as session:
        world = World(session)
        if current is not PledgeState.STANDING:
            changed(world, state=current, **ENDED)
    values = {"state": wanted, **(ENDED if wanted is not PledgeState.STANDING else {"ended_at": None, "reason": None})}

    if wanted in MOVES[current]:
        with db.write() as session:
            session.execute(update(Pledge).values(**values))
        return
    with pytest.raises(DBAPIError), db.write() as session:
        session.execute(update(Pledge).values(**values))


@pytest.mark.parametrize(
    "values",
    [
        {"quantity": 0},
        {"ceiling_price_pence": 0},
        {"alone_price_pence": -1},
        {"state": PledgeState.WITHDRAWN},
        {"ended_at": clock.now()},
        {"made_at": clock.now()},
        {"id": UUID(int=1)},
    ],
)
def test_a_pledge_that_cannot_be_is_refused(db: Database, values: dict[str, Any]) -> None:
    with db.write() as session:
        World(session)

    with pytest.raises(DBAPIError), db.write() as session:
        session.execute(update(Pledge).values(**values))


def test_a_deletion_and_an_ended_ones_change_are_refused(db: Database) -> None:
    with db.write() as session:
        world = World(session)
        changed(world, state=PledgeState.WITHDRAWN, **ENDED)
        world.pledged()

    for change in (
        update(Pledge).where(col(Pledge.state) == PledgeState.WITHDRAWN).values(quantity=2),
        delete(Pledge),
        delete(PledgeCap),
    ):
        with pytest.raises(DBAPIError), db.write() as session:
            session.execute(change)


def test_a_school_has_one_standing_pledge_to_a_lot(db: Database) -> None:
    with pytest.raises(Conflict), db.write() as session:
        World(session).pledged()


@pytest.mark.parametrize("values", [{"committed_pence": 101}, {"committed_pence": -1}, {"cap_pence": 99}])
def test_no_cap_is_exceeded_in_the_database(db: Database, values: dict[str, int]) -> None:
    with db.write() as session:
        World(session)

    with pytest.raises(DBAPIError), db.write() as session:
        session.execute(update(PledgeCap).values(**values))


def test_nothing_is_pledged_to_a_procurement_that_gathers_nothing(db: Database) -> None:
    with db.write() as session:
        world = World(session)
        changed(world, state=PledgeState.LAPSED, **ENDED)
        session.get_one(Procurement, world.procurement_id).state = ProcurementState.TERMINATED
        session.flush()
        with pytest.raises(DBAPIError):
            world.pledged()
        session.rollback()
