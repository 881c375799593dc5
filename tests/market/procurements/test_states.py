"""Where a procurement stands: the moves there are, in code and in the database, and what the clock makes of a state."""

from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session
from tests.support.people import person, trust

from becta.kernel import clock
from becta.kernel.errors import Conflict
from becta.market.accounts.models import Organisation
from becta.market.db import Database
from becta.market.pledges.sharing import SharingPolicy
from becta.market.procurements.models import Procurement
from becta.market.procurements.states import MOVES, Phase, ProcurementState, check_move, phase_of
from becta.market.procurements.terms import AwardMethod, Route

AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
instants = st.none() | st.integers(-10_000, 10_000).map(lambda seconds: AT + timedelta(seconds=seconds))


class Standing(Struct, frozen=True):
    state: ProcurementState
    pledge_deadline: datetime | None = None
    tender_deadline: datetime | None = None
    may_contract_from: datetime | None = None


@given(st.sampled_from(ProcurementState), instants, instants, instants)
def test_a_phase_follows_from_state_and_clock_and_never_goes_back(
    state: ProcurementState, pledges: datetime | None, tenders: datetime | None, contract: datetime | None
) -> None:
    one = Standing(state, pledges, tenders, contract)
    later = {
        ProcurementState.GATHERING: Phase.LOCKED,
        ProcurementState.TENDERING: Phase.SEALED,
        ProcurementState.STANDSTILL: Phase.STANDSTILL_OVER,
    }

    now, tomorrow = phase_of(one, now=AT), phase_of(one, now=AT + timedelta(days=1))

    assert now in {Phase(state.value), later.get(state)}
    assert tomorrow is now or tomorrow is later[state]


def test_a_deadline_counts_to_the_instant() -> None:
    one = Standing(ProcurementState.TENDERING, tender_deadline=AT)

    assert phase_of(one, now=AT - timedelta(microseconds=1)) is Phase.TENDERING
    assert phase_of(one, now=AT) is Phase.SEALED


def test_what_is_over_stays_over() -> None:
    with pytest.raises(Conflict, match="it cannot become tendering; from here it can become nothing: that is final"):
        check_move(ProcurementState.TERMINATED, ProcurementState.TENDERING)


def test_the_database_knows_the_same_moves(db: Database) -> None:
    made = {}
    with db.write() as session:
        lead, maker = trust(session), person(session)
        for number, state in enumerate(ProcurementState):
            made[state] = _row(session, lead, maker.id, number, state)

    for current, wanted in product(ProcurementState, ProcurementState):
        allowed = wanted in MOVES[current] or current is wanted
        assert _moves(db, made[current].id, wanted) is allowed, (current, wanted)


def _moves(db: Database, procurement_id: object, wanted: ProcurementState) -> bool:
    """Whether the database lets a procurement pass to a state; it is put back as it was."""
    with db.write() as session:
        row = session.get_one(Procurement, procurement_id)
        row.state = wanted
        try:
            session.flush()
        except DBAPIError:
            return False
        finally:
            session.rollback()
    return True


def _row(session: Session, lead: Organisation, by: object, number: int, state: ProcurementState) -> Procurement:
    """A procurement in a state, with every date that a state could want."""
    now = clock.now()
    made = Procurement(
        id=uuid4(),
        ocid=f"ocds-test-{number}",
        organisation_id=lead.id,
        title="Devices",
        description="Devices",
        route=Route.THREE_QUOTES,
        award_method=AwardMethod.PER_LOT,
        savings_policy=SharingPolicy.ONE_PRICE,
        tie_seed="0" * 64,
        state=state,
        is_above_threshold=False,
        tender_deadline=now,
        opened_at=now,
        summaries_sent_at=now,
        award_published_at=now,
        may_contract_from=now,
        created_by=by,
        created_at=now,
    )
    session.add(made)
    session.flush()
    return made
