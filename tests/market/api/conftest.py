"""One application for tests that only ask, or are refused: making one for each would cost more than the asking."""

from collections.abc import Iterator
from contextlib import nullcontext

import pytest
from litestar.testing import TestClient
from tests.support.api import Api, token_for

from becta.market.app import create_app
from becta.market.settings import Settings
from becta.market.wiring import House, build


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A marketplace that the tests of a module share."""
    with nullcontext() if request.param == "sqlite" else request.getfixturevalue("postgresql")() as url:
        house = build(Settings(data_dir=tmp_path_factory.mktemp("shared"), database_url=url))
        if url is None:
            house.db.migrate()
        house.projection.heal()
        yield house
        house.close()


@pytest.fixture(scope="module")
def shared_api(shared_house: House) -> Iterator[Api]:
    """The API of the shared marketplace as the operator sees it."""
    with TestClient(create_app(shared_house, relay=False)) as client:
        yield Api(client, token_for(shared_house.db, None))
