"""A marketplace that people sign in to, browsers to do it with, and the clock to move."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import time_machine
from litestar.testing import TestClient
from sqlmodel import select
from tests.support.apps import Furnish, client_over
from tests.support.browser import Browser
from tests.support.issuers import API_SECRET, CLIENT, SECRET, LoopbackDfe, LoopbackIssuer, serving

from becta.kernel.events import AuditEvent
from becta.market.notify.mailer import FolderMailer
from becta.market.settings import Settings
from becta.market.signin.issuers import Issuer
from becta.market.wiring import House

ORIGIN = "http://testserver"
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
Build = Callable[..., "Town"]


class Town:
    """A marketplace and what people do at it."""

    def __init__(self, house: House, client: TestClient) -> None:
        self.house, self.client = house, client
        self.db = house.db

    def browser(self) -> Browser:
        """Somebody's browser, without cookies."""
        return Browser(self.client)

    def mails(self) -> list[Any]:
        """The mails that were written, oldest first, once the outbox was read."""
        self.house.relay.drain()
        assert isinstance(self.house.mailer, FolderMailer)
        return self.house.mailer.newest()[::-1]

    def ask_link(self, browser: Browser, email: str, next_path: str = "") -> str:
        """Ask for a link and take its address from the newest mail."""
        page = browser.get(f"/sign-in?next={next_path}")
        answer = browser.submit(page, "/sign-in/link", email=email)
        assert answer.headers["location"] == "/sign-in/check-your-email"
        return link_in(self.mails()[-1])

    def sign_in(self, browser: Browser, email: str, next_path: str = "") -> str:
        """Sign in by a link; returns where the browser is sent."""
        link = self.ask_link(browser, email, next_path)
        answer = browser.submit(browser.get(link), "/sign-in/link/use")
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def actions(self, prefix: str = "") -> list[tuple[str, UUID, Any]]:
        """What the trail says happened: action, object and what it was after."""
        with self.db.read() as session:
            events = session.exec(select(AuditEvent).order_by(AuditEvent.position)).all()
        return [(one.action, one.object_id, one.after) for one in events if one.action.startswith(prefix)]


def link_in(mail: Any) -> str:
    """The path of the link in a mail."""
    [line] = [line for line in mail.get_content().splitlines() if line.startswith("http")]
    return line.removeprefix(ORIGIN)


def issuer_of(running: LoopbackIssuer, **given: Any) -> Issuer:
    """How an issuer on loopback is configured."""
    values = {
        "slug": "loopback",
        "name": "Loopback",
        "issuer": running.address,
        "client_id": CLIENT,
        "client_secret": SECRET,
        **given,
    }
    return Issuer.model_validate(values)


@pytest.fixture
def opened(furnish: Furnish, database_url: str, tmp_path: Path) -> Iterator[Build]:
    """Opens a marketplace with these settings."""
    with ExitStack() as stack:

        def open_town(**settings: Any) -> Town:
            values = {"public_url": ORIGIN, **settings}
            house = furnish(Settings(data_dir=tmp_path / "data", database_url=database_url, **values))
            return Town(house, stack.enter_context(client_over(house)))

        yield open_town


@pytest.fixture
def town(opened: Build) -> Town:
    """A marketplace without issuers."""
    return opened()


@pytest.fixture
def issuer() -> Iterator[LoopbackIssuer]:
    """An issuer that can be told to lie."""
    with serving(LoopbackIssuer()) as running:
        yield running


@pytest.fixture
def dfe() -> Iterator[LoopbackDfe]:
    """An issuer like DfE Sign-in."""
    with serving(LoopbackDfe()) as running:
        assert isinstance(running, LoopbackDfe)
        yield running


@pytest.fixture
def dfe_town(opened: Build, dfe: LoopbackDfe) -> Town:
    """A marketplace to which people sign in with DfE Sign-in."""
    scopes = ("openid", "email", "profile", "organisation")
    return opened(
        issuers=(
            issuer_of(
                dfe,
                slug="dfe",
                name="DfE Sign-in",
                profile="dfe",
                scopes=scopes,
                dfe_api_url=dfe.address,
                dfe_api_secret=API_SECRET,
            ),
        )
    )


@pytest.fixture
def traveller() -> Iterator[time_machine.Traveller]:
    """The clock, standing still until it is moved."""
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The address of the issuer, run in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce", "true"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(200):
            try:
                httpx.get(f"{address}/.well-known/openid-configuration").raise_for_status()
                break
            except httpx.HTTPError:
                assert process.poll() is None
                time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.wait(10)
