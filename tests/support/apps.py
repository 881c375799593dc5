"""Applications for tests: building one takes longer than most tests, so one serves them all, house after house.

What an application keeps of a house is its settings, which must be alike, and the house itself, for which a stand-in
is put that always means the house of the present test.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from litestar import Litestar
from litestar.testing import TestClient

from becta.market.app import create_app
from becta.market.settings import Settings
from becta.market.wiring import House

Furnish = Callable[[Settings], House]
"""Opens a marketplace over an empty database."""
WHEREABOUTS = {
    "data_dir",
    "database_url",
    "audit_key_file",
    "secret_file",
    "badge_keys_dir",
    "issuers",
    "smtp_url",
    "conformance_allow",
}
"""Settings by which houses may differ: only the house itself reads them."""


class StandIn:
    """Stands for the house of the present test."""

    def __init__(self, house: House) -> None:
        self.house = house

    def __getattr__(self, name: str) -> Any:
        return getattr(self.house, name)


class CurrentDatabase:
    """Stands for the database of the present test's house."""

    def __init__(self, stand_in: StandIn) -> None:
        self._stand_in = stand_in

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stand_in.house.db, name)


_IDLE: dict[str, list[tuple[Litestar, StandIn]]] = {}


@contextmanager
def client_over(house: House) -> Iterator[TestClient[Any]]:
    """HTTP to the application over a house, without a relay thread; the house is closed at the end."""
    settings = house.settings
    if (settings.rate_limit_token, settings.rate_limit_address, settings.rate_limit_sign_in) != (None, None, None):
        with TestClient(create_app(house, relay=False)) as client:  # it counts, so it begins anew
            yield client
        return
    idle = _IDLE.setdefault(settings.model_dump_json(exclude=WHEREABOUTS), [])
    app, stand_in = idle.pop() if idle else _made(house)
    stand_in.house = house
    app.state["db"] = house.db
    with TestClient(app) as client:
        yield client
    idle.append((app, stand_in))


def _made(house: House) -> tuple[Litestar, StandIn]:
    stand_in = StandIn(house)
    app = create_app(stand_in, relay=False)  # type: ignore[arg-type]
    app.state["tokens_used"]._db = CurrentDatabase(stand_in)
    return app, stand_in
