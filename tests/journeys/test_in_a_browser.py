"""A school business leader finds a product in a real browser, with JavaScript switched off."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from becta.kernel import clock
from becta.market.bench.serving import serving
from becta.market.demo.loading import load_demonstration
from becta.market.settings import Settings
from becta.market.wiring import build
from tests.support.shared import require_all

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    chromium = shutil.which("chromium")
    if chromium is None:
        if require_all():
            pytest.fail("Chromium is missing although REQUIRE_ALL=1: install Debian's chromium")
        pytest.skip("Chromium is missing: install Debian's chromium")
    house = build(Settings(data_dir=tmp_path / "data", database_url=None))
    house.db.migrate()
    now = clock.now()
    load_demonstration(house.db, today=clock.london_date(now), now=now)
    house.projection.heal()
    house.close()
    with serving(tmp_path / "data") as port, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        opened = browser.new_context(java_script_enabled=False, base_url=f"http://127.0.0.1:{port}").new_page()
        opened.goto("/")
        yield opened
        browser.close()


def test_a_misspelt_search_leads_to_a_chromebook_and_its_price(page: Page) -> None:
    page.get_by_role("searchbox").fill("chromebok")
    page.get_by_role("button", name="Search").click()

    assert page.get_by_text("so these are results for “chromebook”").is_visible()

    page.get_by_label("Chromebooks", exact=False).first.check()
    page.get_by_role("button", name="Apply").first.click()

    assert "category=chromebooks" in page.url

    first = page.locator("a[href^='/products/']").first
    title = first.inner_text()
    first.click()

    assert page.get_by_role("heading", level=1).inner_text() == title
    assert page.get_by_text("ex VAT").first.is_visible()
    assert page.get_by_role("heading", name="Offers").is_visible()
