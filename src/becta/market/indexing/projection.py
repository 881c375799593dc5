"""Keeping the projections equal to the database.

Whatever the message says, the newest state is read, and only while holding the index's write lock: so
messages may come twice or out of order, and the last writer has always read the newest state.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import chain, islice
from uuid import UUID

import structlog
from msgspec import Struct
from sqlalchemy import delete, insert
from sqlmodel import col, select, update

from becta.catalogue.offers.models import Offer
from becta.catalogue.products.models import Product
from becta.catalogue.products.service import TOPIC as PRODUCT_TOPIC
from becta.catalogue.suppliers.service import TOPIC as SUPPLIER_TOPIC
from becta.kernel import clock
from becta.kernel.events import OutboxMessage
from becta.market.db import Database
from becta.market.listings.compose import ListingParts, document
from becta.market.listings.models import ListingView
from becta.market.listings.queries import load_listings, published_stamps, views_of
from becta.market.outbox.relay import Busy
from becta.search.engine import SearchEngine, Writer

log = structlog.get_logger()

BATCH = 500
PAGE = 5_000
MANY = 1_000
"""Above so many listings named at once, comparing all is cheaper than doing over what may be right already."""


class Repair(Struct, frozen=True):
    """What comparing the index with the database had to mend."""

    put: int
    removed: int


class Projection:
    """Consumes the topics that change what buyers see."""

    topics = frozenset({PRODUCT_TOPIC, SUPPLIER_TOPIC})

    def __init__(self, db: Database, engine: SearchEngine) -> None:
        """Project `db` into `engine` and the listing views."""
        self._db = db
        self._engine = engine

    def handle(self, messages: Sequence[OutboxMessage]) -> None:
        """Bring the listings that these messages name up to date; idempotent. Raises Busy."""
        if self._engine.is_fresh():  # lost, unreadable or of another version: a few listings would not make it whole
            self.rebuild()
            return
        with self._writing() as writer:
            ids = dict.fromkeys(chain.from_iterable(self._products(message) for message in messages))
            if len(ids) > MANY:
                self._reconcile(writer)
                return
            for batch in _batches(ids):
                self._refresh(writer, batch)
            writer.commit()

    def rebuild(self) -> int:
        """Build a whole new index beside the one in use and switch to it; searches never see it empty."""
        count = 0
        with self._engine.rebuild() as fresh:
            for ids in self._published_ids():
                count += self._refresh(fresh, ids, tolerant=True)
            fresh.commit()
            with self._writing():
                self._reconcile(fresh)
                fresh.switch()
        return count

    def heal(self) -> Repair:
        """Mend whatever a crash, a lost disk or a restored backup left different from the database; raises Busy."""
        if self._engine.is_fresh():
            return Repair(put=self.rebuild(), removed=0)
        with self._writing() as writer:
            return self._reconcile(writer)

    @contextmanager
    def _writing(self) -> Iterator[Writer]:
        try:
            with self._engine.exclusive() as writer:
                yield writer
        except TimeoutError as error:
            raise Busy from error

    def difference(self) -> Repair:
        """What `heal` would have to mend."""
        with self._writing() as writer:
            wrong, surplus = self._compare(writer)
        return Repair(put=len(wrong), removed=len(surplus))

    def _reconcile(self, writer: Writer) -> Repair:
        wrong, surplus = self._compare(writer)
        for batch in _batches(wrong):
            self._refresh(writer, batch, tolerant=True)
        for product_id in surplus:
            writer.remove(product_id)
        writer.commit()
        return Repair(put=len(wrong), removed=len(surplus))

    def _compare(self, writer: Writer) -> tuple[list[UUID], list[str]]:
        """Listings whose index entry is missing or old, and entries without a listing."""
        indexed = dict(writer.stamps())
        wrong: list[UUID] = []
        for page in self._published_pages():
            wrong += [product_id for product_id, stamp in page if indexed.pop(str(product_id), None) != stamp]
        return wrong, list(indexed)

    def _refresh(self, writer: Writer, product_ids: Sequence[UUID], *, tolerant: bool = False) -> int:
        """Write these listings as they stand; `tolerant` leaves out, and logs, one that the engine will not take."""
        now = clock.now()
        with self._db.read() as session:
            listings = load_listings(session, product_ids)
        for product_id in product_ids:
            parts = listings.get(product_id)
            if parts is None:
                writer.remove(str(product_id))
                continue
            try:
                writer.put(document(parts, now=now))
            except ValueError:
                if not tolerant:
                    raise
                log.exception("the search engine refuses a listing", product_id=str(product_id))
                writer.remove(str(product_id))
        self._store_views(product_ids, listings.values(), now=now)
        return len(listings)

    def _store_views(self, product_ids: Sequence[UUID], listings: Iterable[ListingParts], *, now: datetime) -> None:
        rows = list(views_of(listings, now=now))
        with self._db.write() as session:
            session.execute(delete(ListingView).where(col(ListingView.product_id).in_(product_ids)))
            if rows:
                session.execute(insert(ListingView), rows)

    def _products(self, message: OutboxMessage) -> Iterable[UUID]:
        if message.topic == PRODUCT_TOPIC:
            return [message.key]
        with self._db.write() as session:  # what other suppliers' products show of this one is theirs to re-stamp
            others = select(Offer.product_id).join(Product, col(Product.id) == Offer.product_id)
            others = others.where(Offer.supplier_id == message.key, Product.supplier_id != message.key)
            touched = list(session.exec(others.distinct()).all())
            session.exec(update(Product).where(col(Product.id).in_(touched)).values(revision=col(Product.revision) + 1))
            own = session.exec(select(Product.id).where(Product.supplier_id == message.key)).all()
        return [*own, *touched]

    def _published_pages(self) -> Iterator[list[tuple[UUID, int]]]:
        after: UUID | None = None
        while True:
            with self._db.read() as session:
                page = published_stamps(session, after=after, limit=PAGE)
            if not page:
                return
            yield page
            after = page[-1][0]

    def _published_ids(self) -> Iterator[list[UUID]]:
        for page in self._published_pages():
            yield from _batches(product_id for product_id, _ in page)


def _batches(ids: Iterable[UUID]) -> Iterator[list[UUID]]:
    distinct = iter(dict.fromkeys(ids))
    while batch := list(islice(distinct, BATCH)):
        yield batch
