"""Chores: what a running relay does from time to time, whatever becomes of the other things it does."""

import threading

from becta.market.db import Database
from becta.market.outbox.relay import Chore, Relay


def test_a_running_relay_does_its_chores_again_and_again_and_one_that_fails_stops_nothing(db: Database) -> None:
    often, once, failed = threading.Semaphore(0), [0], [0]

    def fail() -> None:
        failed[0] += 1
        raise LookupError

    def count() -> None:
        once[0] += 1

    relay = Relay(
        db,
        [],
        [
            Chore("fails", every_seconds=0, run=fail),
            Chore("seldom", every_seconds=3_600, run=count),
            Chore("often", every_seconds=0, run=often.release),
        ],
    )
    relay.start()
    try:
        assert all(often.acquire(timeout=30) for _ in range(3))
    finally:
        relay.stop()

    assert once == [1]
    assert failed[0] >= 3


def test_a_relay_that_is_only_drained_does_no_chores(db: Database) -> None:
    done: list[int] = []

    Relay(db, [], [Chore("note", every_seconds=0, run=lambda: done.append(1))]).drain()

    assert done == []
