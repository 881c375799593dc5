"""The relay: reads the outbox and hands messages to their consumers.

A message stays pending until its consumer has finished, so a kill at any point only means it is handled again.
Rows are picked by "not done", never by "greater than the last id": on PostgreSQL a lower id can commit later.
"""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import structlog
from msgspec import Struct
from sqlmodel import Session, col, delete, func, or_, select, update

from becta.kernel import clock
from becta.kernel.events import OutboxMessage
from becta.market.db import Database

BATCH = 10_000
ATTEMPTS = 8
"""Tries of one message before it is parked for a person to look at."""
POLL_SECONDS = 0.25
LONGEST_PAUSE = 60.0
"""Seconds between tries, at most, while the disk or the network is in trouble."""
DONE_KEPT = timedelta(days=30)
"""How long messages are kept once done, for whoever wonders what happened."""
TROUBLE = "the outbox waits for the disk or the network"

log = structlog.get_logger()


class Busy(Exception):
    """A consumer cannot work now because another process does; raised by `handle`."""


class Consumer(Protocol):
    """Does what messages of some topics call for; must be idempotent."""

    @property
    def topics(self) -> frozenset[str]:
        """The topics it takes."""

    def handle(self, messages: Sequence[OutboxMessage]) -> None:
        """Do what they call for, all of it, or raise; Busy if another process is in the way."""


class Chore(Struct, frozen=True):
    """Something to be done from time to time; it may be done late, twice, and by several processes at once."""

    name: str
    every_seconds: float
    run: Callable[[], object]


class Waiting(Struct, frozen=True):
    """Messages not done."""

    pending: int
    parked: int


class Relay:
    """Drains the outbox into consumers."""

    def __init__(self, db: Database, consumers: Sequence[Consumer], chores: Sequence[Chore] = ()) -> None:
        """Relay from `db` to `consumers`; a topic has one consumer. Running, it does the chores between batches."""
        self._db = db
        self._consumers = consumers
        self._chores = chores
        self._due = [time.monotonic()] * len(chores)
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def run_once(self) -> int:
        """Handle one batch of each consumer; returns how many messages were done."""
        done = 0
        for consumer in self._consumers:
            try:
                done += self._relay(consumer)
            except OSError:
                log.exception(TROUBLE)
        return done

    def drain(self) -> int:
        """Handle batches until nothing is due."""
        total = 0
        while done := self.run_once():
            total += done
        return total

    def waiting(self) -> Waiting:
        """How many messages wait, and how many were given up on until a person looks."""
        pending = select(func.count()).where(
            col(OutboxMessage.done_at).is_(None), col(OutboxMessage.parked_at).is_(None)
        )
        parked = select(func.count()).where(
            col(OutboxMessage.done_at).is_(None), col(OutboxMessage.parked_at).is_not(None)
        )
        with self._db.read() as session:
            return Waiting(pending=session.exec(pending).one(), parked=session.exec(parked).one())

    def unpark(self) -> int:
        """Give parked messages another try, once a person has mended what stopped them; returns how many."""
        fresh = {"parked_at": None, "retry_at": None, "attempts": 0}
        with self._db.write() as session:
            parked = update(OutboxMessage).where(col(OutboxMessage.parked_at).is_not(None))
            return session.exec(parked.values(**fresh)).rowcount

    def start(self) -> None:
        """Drain continually until `stop`: a thread for each consumer, so that slow mails hold up no search."""
        workers: list[Callable[[], None]] = [partial(self._work, consumer) for consumer in self._consumers]
        for number, work in enumerate([*workers, self._keep_house]):
            thread = threading.Thread(target=work, name=f"outbox-relay-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Finish the batches in hand and stop."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _work(self, consumer: Consumer) -> None:
        pause = POLL_SECONDS
        while not self._stop.is_set():
            try:
                done = self._relay(consumer)
                pause = POLL_SECONDS
                if done:
                    continue
            except OSError:
                log.exception(TROUBLE)
                pause = min(2 * pause, LONGEST_PAUSE)
            except Exception:
                log.exception("outbox relay failed; it will try again")
            self._stop.wait(pause)

    def _keep_house(self) -> None:
        while self._chores and not self._stop.is_set():
            self._do_chores()
            self._stop.wait(POLL_SECONDS)

    def _relay(self, consumer: Consumer) -> int:
        """Handle one batch, unless another process or thread is at it; returns how many messages were done."""
        with self._db.only_one(f"relay-{min(consumer.topics, default='')}") as is_ours:
            if not is_ours:
                return 0
            with self._db.read() as session:
                messages = _pending(session, consumer.topics, now=clock.now())
            return self._handle(consumer, messages)

    def _do_chores(self) -> None:
        for number, chore in enumerate(self._chores):
            if time.monotonic() < self._due[number]:
                continue
            try:
                chore.run()
            except Exception:
                log.exception("a chore failed; it will be tried again", chore=chore.name)
            self._due[number] = time.monotonic() + chore.every_seconds

    def _handle(self, consumer: Consumer, messages: Sequence[OutboxMessage]) -> int:
        if not messages:
            return 0
        try:
            consumer.handle(messages)
        except Busy:
            return 0  # another process is at it; nothing is wrong with the messages
        except OSError:
            raise  # the disk or the network, not the messages
        except Exception as error:
            if len(messages) > 1:  # one of them may be the trouble: the others need not wait for it
                middle = len(messages) // 2
                return self._handle(consumer, messages[:middle]) + self._handle(consumer, messages[middle:])
            log.warning("outbox message failed", id=messages[0].id, topic=messages[0].topic, error=repr(error))
            self._put_off(messages[0], error, now=clock.now())
            return 0
        with self._db.write() as session:
            ids = [message.id for message in messages]
            session.exec(update(OutboxMessage).where(col(OutboxMessage.id).in_(ids)).values(done_at=clock.now()))
        return len(messages)

    def _put_off(self, message: OutboxMessage, error: Exception, *, now: datetime) -> None:
        attempts = message.attempts + 1
        values = {
            "attempts": attempts,
            "last_error": repr(error)[:2_000],
            "retry_at": now + timedelta(seconds=2**attempts),
            "parked_at": now if attempts >= ATTEMPTS else None,
        }
        with self._db.write() as session:
            session.exec(update(OutboxMessage).where(col(OutboxMessage.id) == message.id).values(**values))


def _pending(session: Session, topics: frozenset[str], *, now: datetime) -> Sequence[OutboxMessage]:
    query = (
        select(OutboxMessage)
        .where(
            col(OutboxMessage.done_at).is_(None),
            col(OutboxMessage.parked_at).is_(None),
            col(OutboxMessage.topic).in_(topics),
            or_(col(OutboxMessage.retry_at).is_(None), col(OutboxMessage.retry_at) <= now),
        )
        .order_by(col(OutboxMessage.id))
        .limit(BATCH)
    )
    return session.exec(query).all()


def forget_done(db: Database, *, before: datetime) -> int:
    """Delete messages done before an instant, a batch at a time; returns how many."""
    done = select(OutboxMessage.id).where(col(OutboxMessage.done_at) < before).limit(BATCH)
    total, gone = 0, BATCH
    while gone == BATCH:
        with db.write() as session:
            gone = session.exec(delete(OutboxMessage).where(col(OutboxMessage.id).in_(done))).rowcount
        total += gone
    return total
