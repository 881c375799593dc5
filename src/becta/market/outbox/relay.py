"""The relay: reads the outbox and hands messages to their consumers.

A message stays pending until its consumer has finished, so a kill at any point only means it is handled again.
Rows are picked by "not done", never by "greater than the last id": on PostgreSQL a lower id can commit later.
"""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from msgspec import Struct
from sqlmodel import Session, col, func, or_, select, update

from becta.kernel import clock
from becta.kernel.events import OutboxMessage
from becta.market.db import Database

BATCH = 10_000
ATTEMPTS = 8
"""Tries of one message before it is parked for a person to look at."""
POLL_SECONDS = 0.25

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


class Waiting(Struct, frozen=True):
    """Messages not done."""

    pending: int
    parked: int


class Relay:
    """Drains the outbox into consumers."""

    def __init__(self, db: Database, consumers: Sequence[Consumer]) -> None:
        """Relay from `db` to `consumers`; a topic has one consumer."""
        self._db = db
        self._consumers = consumers
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def run_once(self) -> int:
        """Handle one batch; returns how many messages were done."""
        done = 0
        for consumer in self._consumers:
            with self._db.read() as session:
                messages = _pending(session, consumer.topics, now=clock.now())
            done += self._handle(consumer, messages)
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
        """Drain continually in a thread of its own until `stop`."""
        self._thread = threading.Thread(target=self._run, name="outbox-relay", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the batch in hand and stop."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                if self.run_once():
                    continue
            except Exception:
                log.exception("outbox relay failed; it will try again")
            self._stop.wait(POLL_SECONDS)

    def _handle(self, consumer: Consumer, messages: Sequence[OutboxMessage]) -> int:
        if not messages:
            return 0
        try:
            consumer.handle(messages)
        except Busy:
            return 0  # another process is at it; nothing is wrong with the messages
        except OSError:
            log.exception("the outbox waits for the disk or the network")
            return 0
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
