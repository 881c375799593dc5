"""Opening the house for a command: schema up to date, closed again at the end."""

from collections.abc import Iterator
from contextlib import contextmanager

from becta.market.settings import settings
from becta.market.wiring import House, build


@contextmanager
def opened() -> Iterator[House]:
    """The house of the settings, with its schema up to date."""
    house = build(settings())
    try:
        house.db.migrate()
        yield house
    finally:
        house.close()
