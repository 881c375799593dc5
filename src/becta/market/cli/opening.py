"""Opening the house for a command: schema up to date, closed again at the end."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from becta.market.outbox.relay import Busy
from becta.market.settings import settings
from becta.market.wiring import House, build


@contextmanager
def opened() -> Iterator[House]:
    """The house of the settings, with its schema up to date; closed at the end."""
    house = build(settings())
    try:
        house.db.migrate()
        yield house
    except Busy:
        raise click.ClickException("another process is writing the index; try again when it has finished") from None
    finally:
        house.close()
