"""Whether the marketplace is up."""

from litestar import get
from litestar.di import NamedDependency
from msgspec import Struct
from sqlmodel import text

from becta.market.api.access import PUBLIC
from becta.market.db import Database


class Health(Struct, frozen=True):
    """The database answered."""

    status: str


@get("/health", sync_to_thread=True, operation_id="health", opt={"access": PUBLIC}, tags=["operation"])
def health(db: NamedDependency[Database]) -> Health:
    """Answer once database and index are ready to serve."""
    with db.read() as session:
        session.execute(text("SELECT 1"))
    return Health("ok")
