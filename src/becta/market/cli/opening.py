"""Opening the house for a command: schema up to date, closed again at the end."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from becta.market.outbox.relay import Busy
from becta.market.settings import settings
from becta.market.wiring import House, build


@contextmanager
def opened(*, create: bool = True) -> Iterator[House]:
    """The house of the settings, with its schema up to date; closed at the end.

    Without `create`, a house that is not there yet is an error rather than a new, empty one.
    """
    house = build(settings())
    where = house.db.engine.url.render_as_string()
    try:
        if not create and not house.db.exists:
            raise click.ClickException(f"there is no marketplace at {where}; DATA_DIR or DATABASE_URL says where it is")
        house.db.migrate()
        yield house
    except Busy:
        raise click.ClickException("another process is writing the index; try again when it has finished") from None
    finally:
        house.close()
