"""Signing in with a real browser that runs no scripts: by a mailed link, and at an issuer on another origin."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from becta.kernel.actor import Role
from becta.market.bench.serving import serving
from becta.market.settings import Settings
from becta.market.wiring import build
from tests.support.issuers import CLIENT, SECRET, LoopbackIssuer
from tests.support.issuers import serving as serving_issuer
from tests.support.people import member, person, school
from tests.support.shared import require_all


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """A browser at a demonstration with an issuer and somebody who belongs to two schools."""
    chromium = shutil.which("chromium")
    if chromium is None:
        if require_all():
            pytest.fail("Chromium is missing although REQUIRE_ALL=1: install Debian's chromium")
        pytest.skip("Chromium is missing: install Debian's chromium")
    house = build(Settings(data_dir=tmp_path / "data", database_url=None))
    house.db.migrate()
    house.projection.heal()
    with house.db.write() as session:
        ada = person(session, "Ada Byron", "ada@larch.sch.uk")
        member(session, ada, school(session), Role.BUYER)
        member(session, ada, school(session, 100_002, "Rowan School"), Role.APPROVER)
    house.close()
    with serving_issuer(LoopbackIssuer()) as issuer:
        issuer.person = {"sub": "1", "email": "ada@larch.sch.uk", "email_verified": True}
        configured = {
            "slug": "loopback",
            "name": "Loopback",
            "issuer": issuer.address,
            "client_id": CLIENT,
            "client_secret": SECRET,
            "trust_email": True,
        }
        monkeypatch.setenv("DEMO", "1")
        monkeypatch.setenv("ISSUERS", json.dumps([configured]))
        with serving(tmp_path / "data") as port, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            address = f"http://127.0.0.1:{port}"
            opened = browser.new_context(java_script_enabled=False, base_url=address).new_page()
            yield opened
            browser.close()


def pick_rowan_and_sign_out(page: Page) -> None:
    """From picking the organisation to signing out."""
    assert page.get_by_role("heading", level=1).inner_text() == "Which organisation are you acting for?"
    page.get_by_label("Rowan School").check()
    page.get_by_role("button", name="Continue").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Your account"
    assert page.get_by_text("Approver:").is_visible()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.goto("/account")
    assert page.get_by_role("heading", level=1).inner_text() == "Sign in"


def test_somebody_signs_in_by_a_mailed_link(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Sign in or your account").click()
    page.get_by_label("E-mail address").fill("nonsense")
    page.get_by_role("button", name="Send me a link").click()
    assert page.get_by_role("heading", name="There is a problem").is_visible()
    page.get_by_label("E-mail address").fill("ada@larch.sch.uk")
    page.get_by_role("button", name="Send me a link").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Check your e-mail"
    page.get_by_role("link", name="look at the mails it wrote").click()
    for _ in range(100):
        if page.get_by_role("link", name="Open the link").count():
            break
        page.wait_for_timeout(100)
        page.reload()
    page.get_by_role("link", name="Open the link").click()
    page.get_by_role("button", name="Sign in").click()

    pick_rowan_and_sign_out(page)


def test_somebody_signs_in_at_an_issuer_on_another_origin(page: Page) -> None:
    page.goto("/account")
    page.get_by_role("button", name="Sign in with Loopback").click()

    pick_rowan_and_sign_out(page)
