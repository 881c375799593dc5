"""Tokens made before there were people go on working, and what the older schema cannot hold goes when it comes back."""

from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID, uuid4

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from tests.support.people import member, person, school, token_of

from becta.kernel import clock
from becta.kernel.actor import OPERATOR_ID, Role, Scope
from becta.market.accounts.models import JoinRequest
from becta.market.accounts.rules import JOIN_MOVES, JoinState
from becta.market.accounts.tokens import actor_of
from becta.market.db import Database

BEFORE = "20261122_1610"
MADE = datetime(2026, 11, 20, 9, tzinfo=UTC)


def _key(db: Database, value: UUID) -> object:
    return value if db.engine.dialect.name == "postgresql" else value.hex


def _old_tokens(db: Database, supplier_id: UUID) -> None:
    """A token of the operator and one of a supplier, as they were stored before."""
    with db.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO supplier (id, reference, name, legal_name, website, summary, town, contacts, revision,"
                " created_at) VALUES (:s, 'larch', 'Larch', '', '', '', '', '[]', 1, :now)"
            ),
            {"s": _key(db, supplier_id), "now": MADE},
        )
        for secret, owner, scopes in (
            ("of the operator", None, '["listings:decide", "suppliers:write"]'),
            ("of a supplier", _key(db, supplier_id), '["listings:write"]'),
        ):
            connection.execute(
                text(
                    "INSERT INTO api_token (id, secret_hash, label, supplier_id, scopes, created_at)"
                    " VALUES (:id, :hash, :label, :owner, :scopes, :now)"
                ),
                {
                    "id": _key(db, uuid4()),
                    "hash": sha256(secret.encode()).hexdigest(),
                    "label": secret,
                    "owner": owner,
                    "scopes": scopes,
                    "now": MADE,
                },
            )


def test_tokens_of_before_act_for_their_organisation_with_the_scopes_they_had(db: Database) -> None:
    supplier_id = uuid4()
    command.downgrade(db.alembic_config(), BEFORE)
    _old_tokens(db, supplier_id)

    command.upgrade(db.alembic_config(), "head")

    with db.read() as session:
        operator = actor_of(session, "of the operator", now=clock.now())
        supplier = actor_of(session, "of a supplier", now=clock.now())
    assert operator is not None
    assert supplier is not None
    assert (operator.organisation_id, operator.scopes) == (
        OPERATOR_ID,
        {Scope.LISTINGS_DECIDE, Scope.SUPPLIERS_WRITE},
    )
    assert (supplier.organisation_id, supplier.scopes) == (supplier_id, {Scope.LISTINGS_WRITE})


def test_going_back_keeps_those_tokens_and_drops_the_ones_of_people(db: Database) -> None:
    command.downgrade(db.alembic_config(), BEFORE)
    _old_tokens(db, uuid4())
    command.upgrade(db.alembic_config(), "head")
    with db.write() as session:
        ada, lane = person(session), school(session)
        member(session, ada, lane, Role.BUYER)
        token_of(session, ada, lane)

    command.downgrade(db.alembic_config(), BEFORE)

    with db.engine.connect() as connection:
        kept = connection.execute(text("SELECT label, supplier_id IS NULL FROM api_token ORDER BY label")).all()
    assert [(label, bool(is_operators)) for label, is_operators in kept] == [
        ("of a supplier", False),
        ("of the operator", True),
    ]


@pytest.mark.parametrize("current", JoinState)
@pytest.mark.parametrize("wanted", JoinState)
def test_the_database_lets_a_request_to_join_make_the_moves_of_the_rules_and_no_other(
    db: Database, current: JoinState, wanted: JoinState
) -> None:
    if current is wanted:
        return
    with db.write() as session:
        ada, lane = person(session), school(session)
        request = JoinRequest(
            id=uuid4(),
            organisation_id=lane.id,
            person_id=ada.id,
            state=current,
            wanted_roles=[],
            created_at=MADE,
        )
        session.add(request)
    allowed = True
    try:
        with db.engine.begin() as connection:
            connection.execute(text("UPDATE join_request SET state = :wanted"), {"wanted": wanted.value})
    except IntegrityError:
        allowed = False

    assert allowed == (wanted in JOIN_MOVES[current])


@pytest.mark.parametrize(
    ("ending", "again", "message"),
    [
        ("UPDATE member SET ended_at = started_at", "UPDATE member SET roles = '[]'", "kept as it was"),
        ("UPDATE person SET erased_at = created_at", "UPDATE person SET name = 'Ada'", "stays erased"),
        ("UPDATE api_token SET revoked_at = created_at", "UPDATE api_token SET revoked_at = NULL", "stays revoked"),
        ("UPDATE member SET ended_at = NULL", "DELETE FROM member", "not deleted"),
        ("UPDATE person SET erased_at = NULL", "DELETE FROM person", "not deleted"),
    ],
)
def test_what_has_ended_stays_as_it_was(db: Database, ending: str, again: str, message: str) -> None:
    with db.write() as session:
        ada, lane = person(session), school(session)
        member(session, ada, lane, Role.BUYER)
        token_of(session, ada, lane)
    with db.engine.begin() as connection:
        connection.execute(text(ending))

    with pytest.raises(IntegrityError, match=message), db.engine.begin() as connection:
        connection.execute(text(again))
