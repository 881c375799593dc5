"""The relay: every message is handled at least once, in order, and a bad one holds up nobody else."""

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import time_machine
from sqlmodel import select

from becta.kernel import clock
from becta.kernel.events import OutboxMessage, announce
from becta.market.db import Database
from becta.market.outbox.relay import ATTEMPTS, Relay, Waiting, forget_done


class Notebook:
    """A consumer that notes what it is handed, and fails whenever `poison` is among it."""

    def __init__(self, *topics: str, poison: UUID | None = None) -> None:
        self.topics = frozenset(topics)
        self.poison = poison
        self.noted: list[UUID] = []
        self.failures = 0

    def handle(self, messages: Sequence[OutboxMessage]) -> None:
        keys = [message.key for message in messages]
        if self.poison in keys:
            self.failures += 1
            raise RuntimeError("poison")
        self.noted += keys


@pytest.fixture
def traveller() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 9, 1, 9, 0, tzinfo=UTC), tick=False) as traveller:
        yield traveller


def announced(db: Database, topic: str, *keys: UUID) -> list[UUID]:
    with db.write() as session:
        for key in keys:
            announce(session, topic, key, now=clock.now())
            session.flush()
    return list(keys)


def test_messages_are_handled_once_and_in_the_order_they_were_written(db: Database) -> None:
    consumer = Notebook("bell")
    relay = Relay(db, [consumer])
    keys = announced(db, "bell", uuid4(), uuid4(), uuid4())

    assert relay.waiting() == Waiting(pending=3, parked=0)
    assert relay.drain() == 3
    assert consumer.noted == keys
    assert relay.waiting() == Waiting(pending=0, parked=0)
    assert relay.drain() == 0
    assert consumer.noted == keys


def test_each_consumer_is_handed_its_own_topics(db: Database) -> None:
    bells, drums = Notebook("bell"), Notebook("drum")
    relay = Relay(db, [bells, drums])
    [bell] = announced(db, "bell", uuid4())
    [drum] = announced(db, "drum", uuid4())
    announced(db, "flute", uuid4())

    assert relay.drain() == 2
    assert (bells.noted, drums.noted) == ([bell], [drum])
    assert relay.waiting() == Waiting(pending=1, parked=0)  # nobody plays the flute yet


def test_a_message_written_in_a_transaction_that_failed_is_never_handed_out(db: Database) -> None:
    consumer = Notebook("bell")

    def fail() -> None:
        with db.write() as session:
            announce(session, "bell", uuid4(), now=clock.now())
            session.flush()
            raise LookupError

    with pytest.raises(LookupError):
        fail()

    assert Relay(db, [consumer]).drain() == 0
    assert consumer.noted == []


def test_a_bad_message_holds_up_no_other_and_is_parked_after_so_many_tries(
    db: Database, traveller: time_machine.Traveller
) -> None:
    keys = announced(db, "bell", uuid4(), uuid4(), uuid4())
    consumer = Notebook("bell", poison=keys[1])
    relay = Relay(db, [consumer])

    assert relay.drain() == 2
    assert consumer.noted == [keys[0], keys[2]]
    assert relay.waiting() == Waiting(pending=1, parked=0)

    waits = []
    for attempt in range(1, ATTEMPTS):
        assert relay.drain() == 0
        with db.read() as session:
            message = session.exec(select(OutboxMessage).where(OutboxMessage.key == keys[1])).one()
        assert (message.attempts, message.last_error) == (attempt, "RuntimeError('poison')")
        assert message.retry_at is not None
        waits.append(message.retry_at - clock.now())
        failures = consumer.failures
        traveller.move_to(message.retry_at - timedelta(seconds=1))
        assert relay.drain() == 0
        assert consumer.failures == failures  # not before its time
        traveller.move_to(message.retry_at)
        relay.run_once()
    assert waits == [timedelta(seconds=2**attempt) for attempt in range(1, ATTEMPTS)]
    assert relay.waiting() == Waiting(pending=0, parked=1)

    [late] = announced(db, "bell", uuid4())
    traveller.shift(timedelta(days=365))
    assert relay.drain() == 1
    assert consumer.noted == [keys[0], keys[2], late]
    assert relay.waiting() == Waiting(pending=0, parked=1)


def test_a_message_that_failed_once_is_handled_when_it_is_tried_again(
    db: Database, traveller: time_machine.Traveller
) -> None:
    [key] = announced(db, "bell", uuid4())
    consumer = Notebook("bell", poison=key)
    relay = Relay(db, [consumer])
    assert relay.drain() == 0

    consumer.poison = None
    traveller.shift(timedelta(seconds=2))

    assert relay.drain() == 1
    assert consumer.noted == [key]
    assert relay.waiting() == Waiting(pending=0, parked=0)


def test_a_message_whose_done_mark_was_lost_is_handled_again(db: Database) -> None:
    consumer = Notebook("bell")
    [key] = announced(db, "bell", uuid4())

    class Killed(BaseException):
        pass

    class Dying(Notebook):
        def handle(self, messages: Sequence[OutboxMessage]) -> None:
            super().handle(messages)
            raise Killed

    with pytest.raises(Killed):
        Relay(db, [Dying("bell")]).drain()
    assert Relay(db, [consumer]).drain() == 1
    assert consumer.noted == [key]


def test_a_running_relay_drains_by_itself_and_stops_when_told(db: Database) -> None:
    consumer = Notebook("bell")
    relay = Relay(db, [consumer])
    relay.start()
    try:
        keys = announced(db, "bell", uuid4(), uuid4())
        for _ in range(600):
            if relay.waiting().pending == 0:
                break
            relay._stop.wait(0.05)
    finally:
        relay.stop()

    assert consumer.noted == keys
    announced(db, "bell", uuid4())
    assert relay.waiting() == Waiting(pending=1, parked=0)


def test_of_two_relays_at_the_same_messages_one_works_and_the_other_leaves_them(db: Database) -> None:
    other, left = Notebook("bell"), []

    class Overtaken(Notebook):
        def handle(self, messages: Sequence[OutboxMessage]) -> None:
            left.append(Relay(db, [other]).drain())
            super().handle(messages)

    consumer = Overtaken("bell")
    keys = announced(db, "bell", uuid4(), uuid4())

    assert Relay(db, [consumer]).drain() == 2
    assert (consumer.noted, other.noted, left) == (keys, [], [0])


def test_a_slow_consumer_holds_up_no_other(db: Database) -> None:
    may_go_on = threading.Event()

    class Slow(Notebook):
        def handle(self, messages: Sequence[OutboxMessage]) -> None:
            assert may_go_on.wait(30)
            super().handle(messages)

    slow, quick = Slow("mail"), Notebook("bell")
    mails, bells = announced(db, "mail", uuid4()), announced(db, "bell", uuid4())
    relay = Relay(db, [slow, quick])
    relay.start()
    try:
        for _ in range(600):
            if quick.noted:
                break
            relay._stop.wait(0.05)
        assert (quick.noted, slow.noted) == (bells, [])
    finally:
        may_go_on.set()
        relay.stop()
    assert slow.noted == mails


def test_messages_done_long_ago_are_forgotten_and_no_others(db: Database, traveller: time_machine.Traveller) -> None:
    relay = Relay(db, [Notebook("bell")])
    announced(db, "bell", uuid4(), uuid4())
    relay.drain()
    traveller.shift(timedelta(days=31))
    [recent] = announced(db, "bell", uuid4())
    relay.drain()
    [waiting] = announced(db, "other", uuid4())

    assert forget_done(db, before=clock.now() - timedelta(days=30)) == 2
    with db.read() as session:
        assert session.exec(select(OutboxMessage.key).order_by(OutboxMessage.id)).all() == [recent, waiting]
