"""A request with an Idempotency-Key: done once, answered the same again, refused for another request."""

from datetime import timedelta
from functools import partial

import pytest
from sqlmodel import Session, func, select
from tests.market.delegation.conftest import BOOKS, SCHOOL_SCHEME, Somebody, Town

from becta.kernel import clock
from becta.kernel.actor import Actor, Role
from becta.market.accounts.access import person_actor
from becta.market.accounts.models import Person
from becta.market.api import idempotency
from becta.market.api.idempotency import Answer, once
from becta.market.delegation.models import Commitment
from becta.market.delegation.schemas import NewCommitment
from becta.market.delegation.service import make_commitment
from becta.market.idempotency.models import IdempotencyKeyRow

KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}


@pytest.fixture(autouse=True)
def _scheme(town: Town) -> None:
    town.scheme(town.school, SCHOOL_SCHEME)


def committed(town: Town) -> int:
    """How many commitments there are."""
    with town.db.read() as session:
        return session.exec(select(func.count()).select_from(Commitment)).one()


def test_the_same_request_again_gets_the_same_answer_and_does_nothing(town: Town, buyer: Somebody) -> None:
    first = buyer.api.post("/commitments", BOOKS, **KEY)
    second = buyer.api.post("/commitments", dict(reversed(BOOKS.items())), **KEY)
    quoted = buyer.api.post("/commitments", BOOKS, **{"Idempotency-Key": f'"{KEY["Idempotency-Key"]}"'})

    assert first.status_code == 201
    for again in (second, quoted):
        assert (again.status_code, again.content) == (201, first.content)
        for name in ("location", "etag", "content-type"):
            assert again.headers[name] == first.headers[name]
    assert committed(town) == 1


def test_without_a_key_each_request_counts(town: Town, buyer: Somebody) -> None:
    buyer.commits(10)
    buyer.commits(10)

    assert committed(town) == 2


def test_the_key_for_another_request_is_refused(town: Town, buyer: Somebody) -> None:
    buyer.api.post("/commitments", BOOKS, **KEY)

    answer = buyer.api.post("/commitments", {**BOOKS, "amount_pence": 30_001}, **KEY)

    assert answer.status_code == 422
    assert (answer.json()["type"], answer.json()["title"]) == (
        "/problems/key-reused",
        "This Idempotency-Key was used for another request",
    )
    assert committed(town) == 1


def test_anothers_key_is_another_key(town: Town, buyer: Somebody) -> None:
    other = town.somebody("Alan", town.school, Role.BUYER)

    answers = [somebody.api.post("/commitments", BOOKS, **KEY).json() for somebody in (buyer, other)]

    assert answers[0]["id"] != answers[1]["id"]
    assert [answer["made_by"] for answer in answers] == [str(buyer.id), str(other.id)]


def test_a_request_that_was_refused_may_be_mended_under_its_key(town: Town, buyer: Somebody) -> None:
    assert buyer.api.post("/commitments", {**BOOKS, "purpose": ""}, **KEY).status_code == 400
    assert buyer.api.post("/commitments", BOOKS, **KEY).status_code == 201


def test_a_key_counts_for_a_day(town: Town, buyer: Somebody, monkeypatch: pytest.MonkeyPatch) -> None:
    buyer.api.post("/commitments", BOOKS, **KEY)
    monkeypatch.setattr(idempotency, "KEPT", timedelta(0))

    buyer.api.post("/commitments", BOOKS, **KEY)

    assert committed(town) == 2
    with town.db.read() as session:
        assert len(session.exec(select(IdempotencyKeyRow)).all()) == 1


@pytest.mark.parametrize("key", ["", '""', "two words", "x" * 201, "clé"])
def test_a_key_that_is_none_is_told(key: str, town: Town, buyer: Somebody) -> None:
    answer = buyer.api.client.post(
        "/api/v1/commitments", json=BOOKS, headers={**buyer.api.headers, "Idempotency-Key": key.encode()}
    )

    assert answer.status_code == 400, answer.text
    [error] = answer.json()["errors"]
    assert (error["parameter"], error["mend"]) == (
        "Idempotency-Key",
        "send 1 to 200 visible ASCII characters, best a fresh UUID",
    )
    assert committed(town) == 0


def test_change_and_key_are_kept_together_or_not_at_all(town: Town, buyer: Somebody) -> None:
    wanted, now = NewCommitment(**BOOKS), clock.now()

    def commit(session: Session, actor: Actor) -> Answer:
        return Answer(make_commitment(session, actor, wanted, now=now).id)

    def crash() -> None:
        with town.db.write() as session:
            actor = person_actor(session, session.get_one(Person, buyer.id), town.school.id)
            once(session, actor, "k", wanted, partial(commit, session, actor), now=now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        crash()

    assert committed(town) == 0
    with town.db.read() as session:
        assert session.exec(select(IdempotencyKeyRow)).all() == []
