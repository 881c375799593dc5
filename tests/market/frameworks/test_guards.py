"""What the rules forbid, the database refuses too, whoever asks it; and it says where a framework stands alike."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col
from tests.support.catalogue import make_supplier
from tests.support.people import person, trust

from becta.kernel.ids import new_id
from becta.market.accounts.organisations import open_organisation
from becta.market.db import Database
from becta.market.frameworks.models import (
    Framework,
    FrameworkApplication,
    FrameworkLot,
    FrameworkRound,
    FrameworkTermsText,
)
from becta.market.frameworks.queries import dates_of, standing_in_sql
from becta.market.frameworks.rules import (
    APPLICATION_MOVES,
    FRAMEWORK_MOVES,
    ApplicationState,
    FrameworkState,
    Method,
    is_in_force,
    standing,
)

NOW = datetime(2026, 10, 12, 9, tzinfo=UTC)
Change = Callable[[Connection], object]


class World:
    """An open framework of a trust with a lot, terms, a round and an application, past all use cases."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.who = person(session)
        self.trust = trust(session)
        self.framework = self.with_framework()
        place = {"framework_id": self.framework.id}
        self.lot = FrameworkLot(
            id=new_id(),
            **place,
            number=1,
            title="Laptops",
            description="",
            category="laptops",
            method=Method.BOTH,
            core_terms="",
            mechanism="",
        )
        terms = FrameworkTermsText(**place, sha256="0" * 64, text="Terms", made_by=self.who.id, made_at=NOW)
        opened = {"opened_at": NOW, "opened_by": self.who.id, "closes_at": NOW}
        session.add_all([self.lot, terms, FrameworkRound(**place, number=1, **opened)])
        session.flush()
        supplier = open_organisation(session, f"supplier:{make_supplier(session)}", now=NOW)
        self.application = FrameworkApplication(
            id=new_id(),
            **place,
            lot_id=self.lot.id,
            supplier_id=supplier.id,
            round=1,
            created_at=NOW,
            answers=[],
            responses=[],
            share_code="",
            state=ApplicationState.DRAFT,
        )
        session.add(self.application)
        session.flush()

    def with_framework(self, **values: Any) -> Framework:
        """A draft."""
        made = Framework(
            id=new_id(),
            ocid=f"ocds-xxxxxx-{new_id()}",
            authority_id=self.trust.id,
            reference=f"F-{new_id()}",
            title="Devices",
            description="Devices",
            cpv_codes=[],
            price_mechanism="Fixed",
            is_open_framework=True,
            is_light_touch=False,
            entitled={},
            starts_on=date(2026, 12, 1),
            ends_on=date(2030, 11, 30),
            estimated_value_pence=1,
            levy_basis_points=0,
            selection_criteria=[],
            award_criteria=[],
            questions=[],
            terms_sha256="0" * 64,
            created_by=self.who.id,
            created_at=NOW,
            **{"state": FrameworkState.DRAFT, **values},
        )
        self.session.add(made)
        self.session.flush()
        return made

    def framework_in(self, state: FrameworkState) -> dict[str, Any]:
        """The columns that a framework in this state has set."""
        ended = state is FrameworkState.TERMINATED
        return {
            "state": state,
            "published_at": NOW,
            "closes_at": NOW,
            "standstill_ends_on": date(2026, 12, 2),
            "in_force_from": date(2026, 12, 3),
            "last_on": date(2030, 11, 30),
            "terminated_at": NOW if ended else None,
            "reason": "Because" if ended else None,
        }

    def application_in(self, state: ApplicationState) -> dict[str, Any]:
        """The columns that an application in this state may have set."""
        return {
            "state": state,
            "submitted_at": NOW,
            "terms_sha256": "0" * 64,
            "assessor_id": self.who.id,
            "reason": "Because",
            "summary": {},
            "awarded_from": date(2026, 12, 3),
        }

    def set(self, model: type[Any], **values: Any) -> Change:
        """A raw update of every row of a table."""
        return lambda connection: connection.execute(update(model).values(**values))

    def path_to(
        self, model: type[Any], state: Any, moves: Any, columns: Callable[[Any], dict[str, Any]]
    ) -> list[Change]:
        """Moves that lead from the draft to a state, by the table."""
        routes = {"draft": []}
        waiting = ["draft"]
        while waiting:
            at = waiting.pop(0)
            for following in sorted(moves[type(state)(at)]):
                if following not in routes:
                    routes[following] = [*routes[at], self.set(model, **columns(following))]
                    waiting.append(following)
        return routes[state]

    def refusal(self, *changes: Change) -> str | None:
        """What the database says to the last of these changes, None if it takes it; either way all are undone."""
        nested = self.session.begin_nested()
        try:
            for change in changes[:-1]:
                change(self.session.connection())
            return self._answer(changes[-1])
        finally:
            nested.rollback()

    def _answer(self, change: Change) -> str | None:
        try:
            change(self.session.connection())
        except DBAPIError as error:
            return str(error.orig).partition("\n")[0]
        return None


def test_the_database_makes_a_move_exactly_when_the_table_holds_it(db: Database) -> None:
    with db.write() as session:
        world = World(session)
        for current, wanted in product(FrameworkState, FrameworkState):
            if current is wanted:
                continue
            start = world.path_to(Framework, current, FRAMEWORK_MOVES, world.framework_in)
            taken = world.refusal(*start, world.set(Framework, **world.framework_in(wanted))) is None
            assert taken is (wanted in FRAMEWORK_MOVES[current]), (current, wanted)
        for one, other in product(ApplicationState, ApplicationState):
            if one is other:
                continue
            start = world.path_to(FrameworkApplication, one, APPLICATION_MOVES, world.application_in)
            taken = world.refusal(*start, world.set(FrameworkApplication, **world.application_in(other))) is None
            assert taken is (other in APPLICATION_MOVES[one]), (one, other)


def test_what_is_published_stays_and_nothing_is_deleted(db: Database) -> None:
    with db.write() as session:
        world = World(session)
        publish = world.set(Framework, **world.framework_in(FrameworkState.OPEN))
        said = "what a published framework says never changes"

        for change in (
            {"title": "Other"},
            {"levy_basis_points": 5},
            {"ends_on": date(2031, 1, 1)},
            {"questions": [{}]},
        ):
            assert world.refusal(world.set(Framework, **change)) is None
            assert world.refusal(publish, world.set(Framework, **change)) == said
        lots = "the lots of a published framework never change"
        assert world.refusal(publish, world.set(FrameworkLot, title="Other")) == lots
        assert world.refusal(publish, lambda c: c.execute(delete(FrameworkLot))) == lots
        assert world.refusal(lambda c: c.execute(delete(Framework))) == "a framework is kept"
        assert world.refusal(lambda c: c.execute(delete(FrameworkApplication))) == "an application is kept"
        assert world.refusal(lambda c: c.execute(delete(FrameworkRound))) == "a round is kept"
        assert world.refusal(lambda c: c.execute(delete(FrameworkTermsText))) == "standard terms are kept"
        assert world.refusal(world.set(FrameworkTermsText, text="Other")) == "standard terms stay as they were"
        assert (
            world.refusal(world.set(Framework, created_by=person(session).id)) == "whose a framework is never changes"
        )
        sooner = world.set(Framework, closes_at=NOW - timedelta(days=1))
        assert world.refusal(publish, sooner) == "a deadline is only ever put off"
        award = world.set(Framework, **world.framework_in(FrameworkState.AWARDED))
        again = world.set(Framework, state=FrameworkState.OPEN)
        closed = world.set(Framework, is_open_framework=False)
        assert world.refusal(closed, publish, award, again) == "only an open framework opens again"
        assert world.refusal(world.set(Framework, ocid="ocds-xxxxxx-1")) == "whose a framework is never changes"
        moved = world.set(Framework, in_force_from=date(2026, 12, 9))
        assert world.refusal(publish, award, moved) == "the first award of a framework stays"


def test_an_award_follows_the_summaries_and_the_standstill_and_a_refusal_has_its_reason(db: Database) -> None:
    with db.write() as session:
        world = World(session)
        award = {"award_published_on": date(2026, 11, 20), "standstill_ends_on": date(2026, 12, 2)}
        late = world.set(FrameworkRound, **award, effective_from=date(2026, 12, 3))
        assert "summaries_first" in (world.refusal(late) or "")
        early = world.set(FrameworkRound, **award, summaries_sent_at=NOW, effective_from=date(2026, 12, 2))
        assert "awarded_after_standstill" in (world.refusal(early) or "")

        row = FrameworkApplication
        path = world.path_to(row, ApplicationState.ADMITTED, APPLICATION_MOVES, world.application_in)
        for name in ("summary", "awarded_from"):
            lacking = {**world.application_in(ApplicationState.AWARDED), name: None}
            without = [world.set(row, **{**world.application_in(state), name: None}) for state in _TO_ADMITTED]
            assert "awarded_after_summary" in (world.refusal(*without, world.set(row, **lacking)) or ""), name
        path = world.path_to(row, ApplicationState.AWARDED, APPLICATION_MOVES, world.application_in)
        silent = {**world.application_in(ApplicationState.SUSPENDED), "reason": None}
        assert "refused_with_reason" in (world.refusal(*path, world.set(row, **silent)) or "")
        assert world.refusal(*path, world.set(row, share_code="x")) == "what is being assessed never changes"
        assert world.refusal(*path, world.set(row, summary={"a": 1})) == "an assessment summary stays as it was sent"
        ended, once = world.set(row, awarded_until=date(2027, 1, 26)), "a place on a lot ends once"
        assert world.refusal(*path, ended) is None
        assert world.refusal(*path, ended, world.set(row, awarded_until=None)) == once
        assert world.refusal(*path, world.set(row, awarded_until=date(2026, 12, 2))) == once


_TO_ADMITTED = (ApplicationState.SUBMITTED, ApplicationState.UNDER_ASSESSMENT, ApplicationState.ADMITTED)


def test_the_database_says_where_a_framework_stands_as_the_rules_do(db: Database) -> None:
    with db.write() as session:
        world = World(session)
        shapes: list[dict[str, Any]] = [
            world.framework_in(state) for state in FrameworkState if state is not FrameworkState.DRAFT
        ]
        first = {"standstill_ends_on": None, "in_force_from": None, "last_on": None}
        shapes += [{**world.framework_in(FrameworkState.OPEN), **first}, {}]
        shapes += [{**world.framework_in(FrameworkState.AWARDED), "in_force_from": date(2026, 12, 9)}]
        made = [world.with_framework(**shape) for shape in shapes]
        for day in ("2026-10-12T08:59:59", "2026-10-12T09:00:00", "2026-12-02T12:00:00", "2026-12-03T00:00:00",
                    "2026-12-09T00:00:00", "2030-11-30T23:59:59", "2030-12-01T00:00:00"):  # fmt: skip
            now = datetime.fromisoformat(day).replace(tzinfo=UTC)
            rows = session.execute(select(col(Framework.id), standing_in_sql(now=now))).all()
            said = {row[0]: row[1] for row in rows}
            for one in made:
                where = standing(one.state, dates_of(one), now=now)
                assert said[one.id] == where, (one.state, day)
                assert is_in_force(one.state, dates_of(one), now.date()) is (where == "in_force")
