"""The application with and without the audit trail: the two whose writes are compared."""

from litestar import Litestar
from sqlmodel import Session

from becta.kernel.events import PENDING
from becta.market import db
from becta.market.app import create_app as real_app
from becta.market.settings import settings
from becta.market.wiring import build


def create_trailed() -> Litestar:
    """The real application, without limits on how often one may ask."""
    unlimited = settings().model_copy(update={"rate_limit_token": None, "rate_limit_address": None})
    return real_app(build(unlimited), relay=False)


def create_untrailed() -> Litestar:
    """The application that forgets what was recorded; for a benchmark alone."""
    vars(db)["append_recorded"] = _forget
    return create_trailed()


def _forget(session: Session) -> None:
    session.info.pop(PENDING, None)
