"""Building the running parts from settings, once, for web, command line, worker and tests."""

from msgspec import Struct

from becta.market.db import Database
from becta.market.indexing.projection import Projection
from becta.market.listings.words import facet_labels
from becta.market.outbox.relay import Relay
from becta.market.settings import Settings
from becta.search.engine import SearchEngine
from becta.search.tantivy_engine import TantivyEngine


class House(Struct, frozen=True):
    """The parts of a running marketplace."""

    settings: Settings
    db: Database
    engine: SearchEngine
    projection: Projection
    relay: Relay

    def close(self) -> None:
        """Stop the relay and let go of index and database."""
        self.relay.stop()
        self.engine.close()
        self.db.close()


def build(settings: Settings) -> House:
    """Build the parts; nothing is opened or started yet."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    db = Database(settings.database, connections=settings.threads)
    engine = TantivyEngine(settings.index_dir, labels=facet_labels())
    projection = Projection(db, engine)
    return House(settings=settings, db=db, engine=engine, projection=projection, relay=Relay(db, [projection]))
