"""What the rules forbid, the database refuses too, whoever asks it."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from sqlalchemy import Connection, delete, update
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session
from tests.support.catalogue import make_supplier, make_version
from tests.support.people import person, school

from becta.kernel import clock
from becta.kernel.errors import Conflict
from becta.kernel.ids import new_id
from becta.market.db import Database
from becta.market.shortlists.models import Shortlist, ShortlistEntry
from becta.market.shortlists.rules import MOVES, ShortlistState, check_move, check_open

PAIRS = [(one, other) for one, other in product(ShortlistState, ShortlistState) if one is not other]
ALLOWED = {(current, wanted) for current, nexts in MOVES.items() for wanted in nexts}
Change = Callable[[Connection], object]


class World:
    """A shortlist of a school with one product on it, past all use cases."""

    def __init__(self, session: Session) -> None:
        self.session, self.now = session, clock.now()
        self.maker = person(session)
        self.school = school(session)
        self.supplier = make_supplier(session)
        self.product = make_version(session, self.supplier, "a").product_id
        self.shortlist = Shortlist(
            id=new_id(),
            organisation_id=self.school.id,
            name="Devices",
            need="30 of them",
            badges=[],
            state=ShortlistState.OPEN,
            created_by=self.maker.id,
            created_at=self.now,
        )
        session.add(self.shortlist)
        session.flush()
        self.entry = self.with_entry()

    def with_entry(self) -> ShortlistEntry:
        """The product put on the list."""
        made = ShortlistEntry(
            id=new_id(),
            shortlist_id=self.shortlist.id,
            product_id=self.product,
            note="",
            added_by=self.maker.id,
            added_at=self.now,
            title_then="A",
            supplier_then="B",
            badges_then=[],
        )
        self.session.add(made)
        self.session.flush()
        return made

    def ended(self, state: ShortlistState) -> dict[str, Any]:
        """The columns that a shortlist in this state has set."""
        if state is ShortlistState.OPEN:
            nothing = dict.fromkeys(("ended_at", "ended_by", "reason", "as_ended", "chosen_product_id"))
            return {"state": state, **nothing}
        chosen = self.product if state is ShortlistState.CLOSED else None
        by = self.maker.id
        end = {"ended_at": self.now, "ended_by": by, "reason": "Because", "as_ended": [], "chosen_product_id": chosen}
        return {"state": state, **end}

    def set(self, model: type[Any] = Shortlist, **values: Any) -> Change:
        """A raw update of every row of a table."""
        return lambda connection: connection.execute(update(model).values(**values))

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
            start = [] if current is ShortlistState.OPEN else [world.set(**world.ended(current))]
            assert world.refusal(*start) is None
            if world.refusal(*start, world.set(**world.ended(wanted))) is None:
                taken.add((current, wanted))

    assert taken == ALLOWED


@pytest.mark.parametrize(("current", "wanted"), PAIRS)
def test_the_use_cases_make_a_move_exactly_when_the_table_holds_it(
    current: ShortlistState, wanted: ShortlistState
) -> None:
    if (current, wanted) in ALLOWED:
        check_move(current, wanted)
        return
    with pytest.raises(Conflict, match=f"the shortlist is {current}, so it cannot become {wanted}"):
        check_move(current, wanted)


@pytest.mark.parametrize("state", [ShortlistState.CLOSED, ShortlistState.ARCHIVED])
def test_only_an_open_shortlist_is_changed(state: ShortlistState) -> None:
    check_open(ShortlistState.OPEN)
    with pytest.raises(Conflict, match=f"the shortlist is {state}, so it stays as it is"):
        check_open(state)


@pytest.mark.parametrize("state", [ShortlistState.CLOSED, ShortlistState.ARCHIVED])
def test_an_ended_shortlist_is_frozen(db: Database, state: ShortlistState) -> None:
    with db.write() as session:
        world = World(session)
        end = world.set(**world.ended(state))
        removal = {"removed_at": world.now, "removed_by": world.maker.id, "removed_reason": "Because"}
        other = make_version(session, world.supplier, "b").product_id
        added = {**world.entry.model_dump(), "id": new_id(), "product_id": other}

        for change in ({"name": "Another"}, {"reason": "Better"}, {"as_ended": [{}]}, {"revision": 9}):
            assert world.refusal(end, world.set(**change)) == "a shortlist that has ended is kept"
        assert world.refusal(end, world.set(ShortlistEntry, **removal)) == "what is on an ended shortlist is kept"
        insert = ShortlistEntry.__table__.insert().values(**added)  # type: ignore[attr-defined]
        assert world.refusal(lambda connection: connection.execute(insert)) is None
        refused = world.refusal(end, lambda connection: connection.execute(insert))
        assert refused == "a shortlist that has ended takes nothing more"


def test_nothing_is_ever_deleted_or_given_to_another(db: Database) -> None:
    with db.write() as session:
        world = World(session)
        other = school(session, 100_777, "Elm Hill School")

        assert world.refusal(lambda c: c.execute(delete(ShortlistEntry))) == "an entry is kept"
        assert world.refusal(lambda c: c.execute(delete(Shortlist))) == "a shortlist is kept"
        for change in ({"organisation_id": other.id}, {"created_by": person(session).id}):
            assert world.refusal(world.set(**change)) == "whose a shortlist is never changes"


def test_an_entry_stays_as_it_was_and_is_removed_once(db: Database) -> None:
    with db.write() as session:
        world = World(session)
        removal = {"removed_at": world.now, "removed_by": world.maker.id, "removed_reason": "Because"}
        removed = world.set(ShortlistEntry, **removal)
        kept = "an entry is removed once and stays as it was"

        assert world.refusal(removed) is None
        for change in ({"note": "Another"}, {"price_pence_then": 1}, {"badges_then": [{}]}, {"title_then": "C"}):
            assert world.refusal(world.set(ShortlistEntry, **change)) == kept
        assert world.refusal(removed, world.set(ShortlistEntry, removed_reason="Another")) == kept
        assert world.refusal(removed, world.set(ShortlistEntry, **dict.fromkeys(removal))) == kept


def test_what_is_chosen_is_on_the_list_and_an_end_has_its_reason(db: Database) -> None:
    with db.write() as session:
        world = World(session)
        end = world.ended(ShortlistState.CLOSED)
        other = make_version(session, world.supplier, "b").product_id
        removal = {"removed_at": world.now, "removed_by": world.maker.id, "removed_reason": "Because"}

        refused = "what is chosen is on the shortlist"
        assert world.refusal(world.set(**{**end, "chosen_product_id": other})) == refused
        assert world.refusal(world.set(ShortlistEntry, **removal), world.set(**end)) == refused
        for name in ("ended_at", "ended_by", "reason", "as_ended"):
            assert "ended_with_reason" in (world.refusal(world.set(**{**end, name: None})) or "")
        assert "closed_with_choice" in (world.refusal(world.set(**{**end, "chosen_product_id": None})) or "")
        assert "removed_with_reason" in (
            world.refusal(world.set(ShortlistEntry, **{**removal, "removed_reason": None})) or ""
        )


def test_a_product_is_on_a_shortlist_once_at_a_time(db: Database) -> None:
    with db.write() as session:
        world = World(session)
        again = {**world.entry.model_dump(), "id": new_id()}
        insert = ShortlistEntry.__table__.insert().values(**again)  # type: ignore[attr-defined]
        removal = {"removed_at": world.now, "removed_by": world.maker.id, "removed_reason": "Because"}

        assert world.refusal(lambda connection: connection.execute(insert)) is not None
        removed = world.set(ShortlistEntry, **removal)
        assert world.refusal(removed, lambda connection: connection.execute(insert)) is None
