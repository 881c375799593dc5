"""What the rules forbid, the database refuses too: moves of state, changes of frozen content, lost records."""

from collections.abc import Callable
from itertools import product

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select, update
from tests.support.catalogue import NOW, content, make_supplier, make_version, terms

from becta.catalogue.categories import Kind
from becta.catalogue.connectivity.models import ConnectivityRow
from becta.catalogue.offers.models import Offer
from becta.catalogue.offers.rules import OfferState
from becta.catalogue.offers.service import end_offer, make_offer
from becta.catalogue.products.models import ListingVersion
from becta.catalogue.products.rules import OPEN_STATES, TRANSITIONS, ListingState, check_transition
from becta.catalogue.products.service import edit_listing
from becta.kernel.actor import Actor
from becta.kernel.errors import Conflict
from becta.market.db import Database

PAIRS = list(product(ListingState, ListingState))
MOVES = {(current, wanted) for current, nexts in TRANSITIONS.items() for wanted in nexts}
FROZEN = [state for state in ListingState if state is not ListingState.DRAFT]


def accepts(session: Session, change: Callable[[], object]) -> bool:
    """Whether the database takes a change; one it refuses is undone."""
    try:
        with session.begin_nested():
            change()
    except DBAPIError:
        return False
    return True


def test_every_state_has_its_line_in_the_table() -> None:
    assert set(TRANSITIONS) == set(ListingState)
    assert {state for state in ListingState if not TRANSITIONS[state]} == {
        ListingState.SUPERSEDED,
        ListingState.WITHDRAWN,
    }


@pytest.mark.parametrize(("current", "wanted"), PAIRS)
def test_a_use_case_makes_a_move_exactly_when_the_table_holds_it(current: ListingState, wanted: ListingState) -> None:
    if (current, wanted) in MOVES:
        check_transition(current, wanted)
    else:
        with pytest.raises(Conflict, match=f"^the listing is {current}, so it cannot become {wanted}; "):
            check_transition(current, wanted)


def test_the_database_makes_a_move_exactly_when_the_table_holds_it(db: Database) -> None:
    with db.write() as session:
        supplier_id = make_supplier(session)
        made = set()
        for current, wanted in PAIRS:
            version = make_version(session, supplier_id, f"{current}-{wanted}", current)
            move = update(ListingVersion).where(ListingVersion.id == version.id).values(state=wanted)  # type: ignore[arg-type]
            if accepts(session, lambda move=move: session.connection().execute(move)):
                made.add((current, wanted))

    assert made == MOVES | {(state, state) for state in ListingState}


CONTENT_COLUMNS = (
    "product_id",
    "number",
    "title",
    "summary",
    "description",
    "cpv_code",
    "category",
    "phases",
    "features",
    "attributes",
    "brand",
    "model",
    "part_number",
    "gtins",
    "content_hash",
)
OTHER = {"number": 7, "phases": ["fe"], "features": ["new"], "attributes": {"new": "1"}, "gtins": ["73513537"]}


@pytest.mark.parametrize("state", FROZEN)
def test_what_a_version_says_is_frozen_from_submission_on(state: ListingState, db: Database) -> None:
    with db.write() as session:
        supplier_id = make_supplier(session)
        version = make_version(session, supplier_id, "cb-11", state)
        other = make_version(session, supplier_id, "cb-12", ListingState.SUPERSEDED)
        changed = [
            column
            for column in CONTENT_COLUMNS
            if accepts(
                session,
                lambda column=column: session.connection().execute(
                    update(ListingVersion)
                    .where(ListingVersion.id == version.id)  # type: ignore[arg-type]
                    .values({column: other.product_id if column == "product_id" else OTHER.get(column, "new")})
                ),
            )
        ]

    assert changed == []


def test_the_columns_of_the_frozen_content_are_all_there_are() -> None:
    moving = {"id", "state", "reasons", "created_at", "submitted_at", "decided_at", "published_at"}

    assert set(CONTENT_COLUMNS) == set(ListingVersion.model_fields) - moving


def test_a_draft_may_change_by_raw_sql(db: Database) -> None:
    with db.write() as session:
        make_version(session, make_supplier(session), "cb-11", ListingState.DRAFT)
        session.execute(text("UPDATE listing_version SET title = 'Larch Chromebook 12'"))

    with db.read() as session:
        assert session.exec(select(ListingVersion.title)).one() == "Larch Chromebook 12"


def test_a_raw_update_of_a_published_title_is_refused_and_changes_nothing(db: Database) -> None:
    with db.write() as session:
        make_version(session, make_supplier(session), "cb-11")

    with pytest.raises(DBAPIError, match="a listing changes only as a draft"), db.write() as session:
        session.execute(text("UPDATE listing_version SET title = 'Cheaper'"))

    with db.read() as session:
        assert session.exec(select(ListingVersion.title)).one() == "Larch Chromebook 11"


def test_a_move_takes_no_content_with_it(db: Database) -> None:
    with db.write() as session:
        make_version(session, make_supplier(session), "cb-11", ListingState.SUBMITTED)

    with pytest.raises(DBAPIError, match="a listing changes only as a draft"), db.write() as session:
        session.execute(text("UPDATE listing_version SET state = 'published', title = 'Cheaper'"))


@pytest.mark.parametrize("state", ListingState)
def test_only_drafts_can_be_deleted(state: ListingState, db: Database) -> None:
    with db.write() as session:
        make_version(session, make_supplier(session), "fibre", state, Kind.CONNECTIVITY)
        gone = accepts(session, lambda: session.execute(text("DELETE FROM listing_version")))

    with db.read() as session:
        left = len(session.exec(select(ListingVersion.id)).all()), len(session.exec(select(ConnectivityRow)).all())
    assert (gone, left) == ((True, (0, 0)) if state is ListingState.DRAFT else (False, (1, 1)))


@pytest.mark.parametrize("state", ListingState)
@pytest.mark.parametrize("statement", ["UPDATE {0} SET download_mbps = 10", "DELETE FROM {0}"])
def test_a_package_is_frozen_with_its_version(state: ListingState, statement: str, db: Database) -> None:
    with db.write() as session:
        make_version(session, make_supplier(session), "fibre", state, Kind.CONNECTIVITY)
        done = accepts(session, lambda: session.execute(text(statement.format("connectivity_package"))))

    assert done is (state is ListingState.DRAFT)


@pytest.mark.parametrize(("first", "second"), list(product(OPEN_STATES, OPEN_STATES)))
def test_a_product_has_one_version_in_the_making(first: ListingState, second: ListingState, db: Database) -> None:
    with db.write() as session:
        version = make_version(session, make_supplier(session), "cb-11", first)
        values = {**version.model_dump(), "id": version.product_id, "number": 2, "state": second}
        another = ListingVersion(**values)
        refused = not accepts(session, lambda: (session.add(another), session.flush()))

    assert refused


def test_a_product_has_one_published_version(db: Database) -> None:
    with db.write() as session:
        version = make_version(session, make_supplier(session), "cb-11")
        another = ListingVersion(**{**version.model_dump(), "id": version.product_id, "number": 2})
        refused = not accepts(session, lambda: (session.add(another), session.flush()))

    assert refused


def test_a_submitted_listing_is_edited_by_nobody(db: Database, operator: Actor) -> None:
    with db.write() as session:
        product_id = make_version(session, make_supplier(session), "cb-11", ListingState.SUBMITTED).product_id

    with pytest.raises(Conflict, match="waits for a decision"), db.write() as session:
        edit_listing(session, operator, product_id, content(title="Other"), revision=None, now=NOW)


def test_an_ended_offer_stays_as_it_was(db: Database, operator: Actor) -> None:
    with db.write() as session:
        supplier_id = make_supplier(session)
        product_id = make_version(session, supplier_id, "cb-11").product_id
        offer = make_offer(
            session,
            operator,
            product_id=product_id,
            supplier_id=supplier_id,
            reference="o-1",
            terms=terms(),
            now=NOW,
        )
        session.flush()
        assert accepts(session, lambda: session.execute(text("UPDATE offer SET price_pence = 18000")))
        end_offer(session, operator, offer.id, revision=None, now=NOW)
        session.flush()
        done = [
            statement
            for statement in (
                "UPDATE offer SET price_pence = 1",
                "UPDATE offer SET state = 'active'",
                "DELETE FROM offer",
            )
            if accepts(session, lambda statement=statement: session.execute(text(statement)))
        ]

    assert done == []
    with db.read() as session:
        kept = session.exec(select(Offer)).one()
    assert (kept.state, kept.price_pence) == (OfferState.ENDED, 18_000)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE offer SET price_pence = -1",
        "UPDATE offer SET vat_basis_points = 10001",
        "UPDATE offer SET minimum_order = 0",
        "UPDATE product SET revision = 0",
        "DELETE FROM offer",
        "DELETE FROM product",
        "DELETE FROM supplier",
    ],
)
def test_what_must_never_be_is_refused_whoever_asks(statement: str, db: Database, operator: Actor) -> None:
    with db.write() as session:
        owner = make_supplier(session)
        listed = make_version(session, owner, "cb-11").product_id
        make_offer(session, operator, product_id=listed, supplier_id=owner, reference="o-1", terms=terms(), now=NOW)

    with pytest.raises(DBAPIError), db.write() as session:
        session.execute(text(statement))
