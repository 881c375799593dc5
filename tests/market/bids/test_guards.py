"""What the rules forbid about bids, the database refuses too, whoever asks it."""

from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, update
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session
from tests.market.bids.conftest import make_tender
from tests.support.catalogue import make_supplier
from tests.support.people import person, trust

from becta.kernel import clock
from becta.kernel.errors import Conflict
from becta.kernel.ids import new_id
from becta.market.accounts.organisations import open_organisation
from becta.market.bids.models import Bid, BidFile, LateBid, OpenedBid, OpeningOfficer, TenderOutage
from becta.market.bids.rules import MOVES, BidState, check_move
from becta.market.db import Database
from becta.market.procurements.models import Procurement

PAIRS = [(one, other) for one, other in product(BidState, BidState) if one is not other]
ALLOWED = {(current, wanted) for current, nexts in MOVES.items() for wanted in nexts}
Change = Callable[[Connection], object]


class World:
    """A tender with an officer and a sealed bid, past all use cases."""

    def __init__(self, session: Session) -> None:
        self.session, self.now = session, clock.now()
        self.person = person(session)
        self.tender = make_tender(session, trust(session), self.person.id)
        supplier = open_organisation(session, f"supplier:{make_supplier(session)}", now=self.now)
        self.officer = OpeningOfficer(
            id=new_id(),
            procurement_id=self.tender.id,
            person_id=self.person.id,
            named_by=self.person.id,
            named_at=self.now,
            public_key="a" * 64,
            key_signature="b",
            taken_at=self.now,
        )
        self.bid = Bid(
            id=new_id(),
            procurement_id=self.tender.id,
            organisation_id=supplier.id,
            number=1,
            state=BidState.CURRENT,
            sealed=b"sealed",
            sha256="0" * 64,
            size=6,
            commitment="0" * 64,
            received_at=self.now,
            key_id="0" * 8,
            signature="s",
        )
        session.add(self.officer)
        session.flush()
        session.add(self.bid)
        session.flush()

    def became(self, state: BidState) -> dict[str, Any]:
        """The columns that a bid in this state has set."""
        return {
            "state": state,
            "ended_at": None if state is BidState.CURRENT else self.now,
            "reason": "It was changed" if state is BidState.UNREADABLE else None,
            "sealed": None if state in {BidState.REPLACED, BidState.WITHDRAWN} else b"sealed",
        }

    def set(self, model: type[Any] = Bid, **values: Any) -> Change:
        """A raw update of every row of a table."""
        return lambda connection: connection.execute(update(model).values(**values))

    def add(self, model: type[Any], **values: Any) -> Change:
        """A raw insert."""
        return lambda connection: connection.execute(insert(model).values(**values))

    def past(self) -> Change:
        """The deadline has passed."""
        return self.set(Procurement, tender_deadline=self.now - timedelta(minutes=2))

    def opened(self) -> Change:
        """A row of an opened bid."""
        return self.add(
            OpenedBid,
            bid_id=self.bid.id,
            procurement_id=self.tender.id,
            organisation_id=self.bid.organisation_id,
            content="{}",
            salt="0",
            badges={},
            opened_at=self.now,
        )

    def refusal(self, *changes: Change) -> str | None:
        """What the database says to the last of these changes, None if it takes it; either way all are undone."""
        nested = self.session.begin_nested()
        try:
            for change in changes:
                change(self.session.connection())
        except DBAPIError as error:
            return str(error.orig).partition("\n")[0]
        finally:
            nested.rollback()
        return None


def test_the_database_makes_a_move_exactly_when_the_table_holds_it(db: Database) -> None:
    taken = set()
    with db.write() as session:
        world = World(session)
        for current, wanted in PAIRS:
            start = [] if current is BidState.CURRENT else [world.set(**world.became(current))]
            assert world.refusal(*start) is None
            values = world.became(wanted)
            if current in {BidState.REPLACED, BidState.WITHDRAWN}:
                values.pop("sealed")
            if world.refusal(*start, world.set(**values)) is None:
                taken.add((current, wanted))

    assert taken == ALLOWED


@pytest.mark.parametrize(("current", "wanted"), PAIRS)
def test_the_use_cases_make_a_move_exactly_when_the_table_holds_it(current: BidState, wanted: BidState) -> None:
    if (current, wanted) in ALLOWED:
        check_move(current, wanted)
        return
    with pytest.raises(Conflict, match=f"the bid is {current}, so it cannot become {wanted}"):
        check_move(current, wanted)


def test_a_sealed_bid_never_changes_and_nothing_is_deleted(db: Database) -> None:
    with db.write() as session:
        world = World(session)

        for values in ({"sealed": b"other!"}, {"sealed": None}):
            assert world.refusal(world.set(**values)) == "the sealed bytes of a bid never change"
        for values in ({"sha256": "1"}, {"commitment": "1"}, {"signature": "1"}, {"number": 2}, {"size": 1}):
            assert world.refusal(world.set(**values)) == "a bid stays as it came"
        moved = world.set(received_at=world.now - timedelta(seconds=1))
        assert world.refusal(moved) == "a bid stays as it came"
        late = world.add(
            LateBid,
            id=new_id(),
            procurement_id=world.tender.id,
            organisation_id=world.bid.organisation_id,
            received_at=world.now,
            deadline=world.now,
        )
        outage = world.add(
            TenderOutage,
            id=new_id(),
            procurement_id=world.tender.id,
            began_at=world.now - timedelta(hours=1),
            ended_at=world.now,
            reason="No power",
            recorded_by=world.person.id,
            recorded_at=world.now,
            deadline_before=world.now,
            deadline_after=world.now,
        )
        file = world.add(BidFile, bid_id=world.bid.id, number=1, data=b"x")
        opened = [world.past(), world.opened()]
        for model, values, *start in (
            (LateBid, {"deadline": world.now + timedelta(days=1)}, late),
            (TenderOutage, {"reason": "Another"}, outage),
            (OpenedBid, {"content": "[]"}, *opened),
            (BidFile, {"data": b"y"}, *opened, file),
        ):
            assert world.refusal(*start) is None
            assert world.refusal(*start, world.set(model, **values)) == "what was recorded stays as it was"
            kept = world.refusal(*start, lambda connection, model=model: connection.execute(delete(model)))
            assert kept == "what was bid and opened is kept"
        for model in (Bid, OpeningOfficer):
            kept = world.refusal(lambda connection, model=model: connection.execute(delete(model)))
            assert kept == "what was bid and opened is kept"


def test_no_bid_comes_after_the_deadline_or_the_first_code_and_none_is_opened_before(db: Database) -> None:
    with db.write() as session:
        world = World(session)
        other = open_organisation(session, f"supplier:{make_supplier(session, 'elm-devices')}", now=world.now)
        values = {**world.bid.model_dump(), "id": new_id(), "organisation_id": other.id}
        come, code = world.add(Bid, **values), world.set(OpeningOfficer, gave_code_at=world.now)

        assert world.refusal(come) is None
        assert world.refusal(world.past(), come) == "a bid comes before the deadline"
        assert world.refusal(code, come) == "a bid comes before the deadline"
        assert world.refusal(world.opened()) == "no bid is opened before the deadline"
        assert world.refusal(world.past(), world.opened()) is None
        assert world.refusal(code, world.past()) == "the deadline stays once an officer has given their code"
        again = world.add(Bid, **{**values, "organisation_id": world.bid.organisation_id, "number": 2})
        assert world.refusal(again) is not None


def test_an_officers_key_stays_and_nobody_is_named_once_a_bid_came(db: Database) -> None:
    with db.write() as session:
        world = World(session)
        kept = "an officer and their key stay as they are"
        another = person(session, "Another").id

        for values in ({"public_key": "c" * 64}, {"key_signature": "c"}, {"person_id": another}):
            assert world.refusal(world.set(OpeningOfficer, **values)) == kept
        gave = world.set(OpeningOfficer, gave_code_at=world.now)
        assert world.refusal(gave, world.set(OpeningOfficer, gave_code_at=None)) == kept
        late = {**world.officer.model_dump(), "id": new_id(), "person_id": another}
        assert world.refusal(world.add(OpeningOfficer, **late)) == "officers are named before the first bid comes"
