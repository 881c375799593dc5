"""API tokens: the secret is shown once, reaches no further than it may, and ends when it is ended."""

from datetime import timedelta
from uuid import uuid4

import pytest
from tests.support.watching import everything

from becta.catalogue.suppliers.rules import SupplierDetails
from becta.catalogue.suppliers.service import register_supplier
from becta.kernel import clock
from becta.kernel.actor import OPERATOR_SCOPES, SUPPLIER_SCOPES, Actor, Scope
from becta.kernel.errors import Conflict, Invalid, NotFound
from becta.market.accounts.service import PREFIX, actor_of, issue_token, revoke_token
from becta.market.db import Database

NOW = clock.now()


def test_a_token_speaks_for_its_holder_and_its_secret_is_nowhere_stored(db: Database, operator: Actor) -> None:
    with db.write() as session:
        supplier = register_supplier(session, operator, "larch", SupplierDetails(name="Larch"), now=NOW)
        token, secret = issue_token(
            session, operator, label="Larch's shop", supplier_id=supplier.id, scopes=None, expires_at=None, now=NOW
        )

    with db.read() as session:
        actor = actor_of(session, secret, now=NOW)
        assert actor_of(session, secret + "x", now=NOW) is None
        assert actor_of(session, token.secret_hash, now=NOW) is None
    assert actor == Actor(
        kind="token", id=str(token.id), label="Larch's shop", scopes=SUPPLIER_SCOPES, supplier_id=supplier.id
    )
    assert secret.startswith(PREFIX)
    assert secret.removeprefix(PREFIX) not in repr(everything(db))


def test_a_token_expires_at_the_instant_it_says(db: Database, operator: Actor) -> None:
    ends = NOW + timedelta(hours=1)
    with db.write() as session:
        _, secret = issue_token(session, operator, label="t", supplier_id=None, scopes=None, expires_at=ends, now=NOW)

    with db.read() as session:
        assert actor_of(session, secret, now=ends - timedelta(microseconds=1)) is not None
        assert actor_of(session, secret, now=ends) is None


def test_a_revoked_token_is_worth_nothing_and_is_revoked_once(db: Database, operator: Actor) -> None:
    with db.write() as session:
        token, secret = issue_token(
            session, operator, label="t", supplier_id=None, scopes=None, expires_at=None, now=NOW
        )
        revoke_token(session, operator, token.id, now=NOW)
    stored = everything(db)

    with db.read() as session:
        assert actor_of(session, secret, now=NOW) is None
    with pytest.raises(Conflict), db.write() as session:
        revoke_token(session, operator, token.id, now=NOW)
    assert everything(db) == stored
    assert [event.split("'")[7] for event in stored["audit_event"]] == ["token.issued", "token.revoked"]


def test_a_suppliers_token_cannot_be_given_what_only_the_operator_may_do(db: Database, operator: Actor) -> None:
    with db.write() as session:
        supplier = register_supplier(session, operator, "larch", SupplierDetails(name="Larch"), now=NOW)
    stored = everything(db)

    for scope in OPERATOR_SCOPES - SUPPLIER_SCOPES:
        with pytest.raises(Invalid) as refused, db.write() as session:
            issue_token(
                session,
                operator,
                label="t",
                supplier_id=supplier.id,
                scopes=[Scope.OFFERS_WRITE, scope],
                expires_at=None,
                now=NOW,
            )
        assert [(fault.field, fault.value) for fault in refused.value.faults] == [("scopes", scope.value)]

    assert everything(db) == stored


def test_a_token_needs_a_label_and_a_supplier_there_is(db: Database, operator: Actor) -> None:
    stored = everything(db)

    for label in ("", " ", "x" * 201, "a\x00b"):
        with pytest.raises(Invalid), db.write() as session:
            issue_token(session, operator, label=label, supplier_id=None, scopes=None, expires_at=None, now=NOW)
    with pytest.raises(NotFound), db.write() as session:
        issue_token(session, operator, label="t", supplier_id=uuid4(), scopes=None, expires_at=None, now=NOW)
    with pytest.raises(NotFound), db.write() as session:
        revoke_token(session, operator, uuid4(), now=NOW)

    assert everything(db) == stored
