"""The pages over a running market: what people see, and that nothing they type or click breaks it."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from sqlalchemy import event

from becta.kernel.errors import Conflict, DomainError, NotFound, Stale
from becta.market.problems import KINDS, TOKEN_IN_ADDRESS
from becta.market.web.home import SHORTCUTS
from becta.market.web.labels import FACET_TITLES, value_label
from becta.market.web.problem_pages import HELP
from becta.search.engine import FACETS

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PROBLEM = "application/problem+json"


class Document(HTMLParser):
    """A page's words, links and ticked boxes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: dict[str, str] = {}
        self.ticked: set[tuple[str, str]] = set()
        self.boxes: set[tuple[str, str]] = set()
        self.hidden: dict[str, str] = {}
        self.tags: list[str] = []
        self._words: list[str] = []
        self._href: str | None = None
        self._link: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        if tag == "a":
            self._href, self._link = given.get("href", ""), []
        if tag == "input" and given.get("type") == "checkbox":
            self.boxes.add((given["name"], given["value"]))
            if "checked" in given:
                self.ticked.add((given["name"], given["value"]))
        if tag == "input" and given.get("type") == "hidden":
            self.hidden[given["name"]] = given["value"]

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._href is not None:
            self.links[" ".join("".join(self._link).split())] = self._href
            self._href = None

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] == "script" and data.lstrip().startswith("{"):
            return
        self._words.append(data)
        if self._href is not None:
            self._link.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self._words).split())


def see(shop: Any, path: str, *, status: int = 200, headers: dict[str, str] | None = None) -> Document:
    response = shop.client.get(path, headers=headers or BROWSER)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    return Document(response.text)


@contextmanager
def counted(shop: Any) -> Iterator[list[str]]:
    """The statements sent meanwhile."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    event.listen(shop.house.db.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(shop.house.db.engine, "before_cursor_execute", note)


def test_home_counts_by_kind_and_category_and_leads_there(shop: Any) -> None:
    with counted(shop) as statements:
        page = see(shop, "/")
    assert statements == []
    for expected in (
        "Compare 29 products",
        "Software (1 product )",
        "Devices (2 products )",
        "Connectivity (1 product )",
        "Services (25 products )",
        "Chromebooks (1 product )",
        "Remanufactured devices (1 product )",
        "Suppliers with Cyber Essentials (26 products )",
        "Demonstration",
    ):
        assert expected in page.words
    assert page.links["Chromebooks"] == "/search?category=chromebooks"
    assert "Refurbished devices" not in page.words
    assert "Software with OneRoster" not in page.words, "its only badge has expired"
    for href in page.links.values():
        assert shop.client.get(href).status_code == 200


def test_a_misspelt_search_finds_and_says_so(shop: Any) -> None:
    page = see(shop, "/search?q=chromebok")
    assert "Larch Chromebook 11" in page.links
    assert "Nothing matches “chromebok”, so these are results for “chromebook”." in page.words
    assert "from £149.99 ex VAT each" in page.words
    assert "Larch & Sons · Chromebooks · New · Remanufactured" in page.words


def test_facets_narrow_and_can_be_taken_off(shop: Any) -> None:
    page = see(shop, "/search?q=learning&kind=software&kind=device&badge=lti&sort=title")
    assert page.ticked == {("kind", "software"), ("kind", "device"), ("badge", "lti")}
    assert "Software (1)" in page.words
    assert "LTI (1)" in page.words
    assert parse_qs(urlsplit(page.links["Remove Kind: Software ✕"]).query) == {
        "q": ["learning"],
        "kind": ["device"],
        "badge": ["lti"],
        "sort": ["title"],
    }
    assert page.links["Clear filters"] == "/search?q=learning&sort=title"
    assert "LTI 1.3 (Tool): Certified" in page.words
    assert "OneRoster" not in page.words, "an expired badge is neither shown nor a way to find"


def test_what_is_chosen_stays_ticked_even_when_nothing_has_it(shop: Any) -> None:
    idle, unknown = shop.ids["idle"], uuid4()
    with counted(shop) as statements:
        page = see(shop, f"/search?supplier={idle}&supplier={unknown}&phase=fe&badge=zz&kind=zz&region=%3Cb%3E")
    assert len(statements) == 1
    chosen = {("supplier", str(idle)), ("supplier", str(unknown)), ("phase", "fe"), ("badge", "zz"), ("kind", "zz")}
    assert page.ticked == {*chosen, ("region", "<b>")}
    assert "0 products" in page.words
    assert page.links["Remove Supplier: Idle Hands ✕"].count("supplier=") == 1
    assert "Remove Phase: Further education ✕" in page.links
    assert page.links["clear the filters"] == "/search"
    nothing = see(shop, "/search?q=zzyzxqv&kind=zz")
    assert "0 products" in nothing.words
    assert nothing.links["clear the filters"] == "/search?q=zzyzxqv"


def test_limits_of_price_are_kept_and_removable(shop: Any) -> None:
    page = see(shop, "/search?min_price=10000&max_price=20000")
    assert "1 product" in page.words
    assert page.hidden == {"min_price": "10000", "max_price": "20000"}
    assert page.links["Remove Price: From £100.00 ✕"] == "/search?max_price=20000"
    assert page.links["Remove Price: Up to £200.00 ✕"] == "/search?min_price=10000"


@pytest.mark.parametrize("sort", ["relevance", "title", "-price"])
def test_paging_leads_through_everything_and_back(shop: Any, sort: str) -> None:
    first = see(shop, f"/search?sort={sort}")
    following = next(href for words, href in first.links.items() if words.startswith("Next"))
    second = see(shop, following)
    titles = [
        {words for words, href in page.links.items() if href.startswith("/products/")} for page in (first, second)
    ]
    assert [len(each) for each in titles] == [20, 9]
    assert not titles[0] & titles[1]
    assert not [words for words in second.links if words.startswith("Next")]
    back = next(href for words, href in second.links.items() if words.startswith("Previous"))
    assert back == ("/search" if sort == "relevance" else f"/search?sort={sort}")


@pytest.mark.parametrize(
    "query",
    [
        "sort=upwards&min_price=cheap&max_price=-1",
        "min_price=1e3&max_price=" + "9" * 400,
        "min_price=5&max_price=1",
        "q=%ff%00%1f&kind=%00",
        "q=%22AND+(%5B*%3A",
        "q=" + "a" * 5_000,
        "supplier=not-a-uuid&price_band=1-2",
        "kind=" + "&kind=".join(str(n) for n in range(200)),
        "cursor=&q=++",
        "unknown=1&limit=1000000",
        "%ff=%ff&&==&q",
    ],
)
def test_odd_parameters_make_an_ordinary_page(shop: Any, query: str) -> None:
    see(shop, f"/search?{query}")


def test_a_cursor_of_another_search_is_told_readably(shop: Any) -> None:
    page = see(shop, "/search?cursor=rubbish", status=400)
    assert "There is a problem with this address" in page.words
    assert "cursor is not a cursor of ours" in page.words
    assert page.links["Look through all products"] == "/search"


def test_a_product_shows_prices_with_and_without_vat(shop: Any) -> None:
    with counted(shop) as statements:
        page = see(shop, f"/products/{shop.ids['chromebook']}")
    assert len(statements) <= 5
    for expected in (
        "from £149.99 ex VAT each",
        "£249.00 each £298.80 VAT £49.80 (20%)",
        "£149.99 each £179.99 VAT £30.00 (20%)",
        "From 30: £239.00 ex VAT each",
        "Remanufactured, grade A Sold by Fen Learning Where: East of England, London",
        "Remanufactured to BS 8887-220 KM-1",
        "Battery 91% of its design capacity",
        "no badges that hold today",
    ):
        assert expected in page.words
    assert page.links["Devices"] == "/search?kind=device"
    assert page.links["Larch & Sons"] == f"/search?supplier={shop.ids['larch']}"


def test_statements_do_not_grow_with_offers_and_badges(shop: Any) -> None:
    counts = set()
    for name in ("chromebook", "platform", "hostile"):
        with counted(shop) as statements:
            see(shop, f"/products/{shop.ids[name]}")
        counts.add(len(statements))
    assert max(counts) <= 5


def test_a_product_tells_badges_that_hold_from_those_that_do_not(shop: Any) -> None:
    page = see(shop, f"/products/{shop.ids['platform']}")
    now, past = page.words.split("Badges that no longer hold")
    assert "LTI 1.3 (Tool): Certified" in now
    assert "Cyber Essentials Certified Expires soon" in now
    assert "OneRoster" not in now
    assert "OneRoster 1.2 Certified Expired" in past
    assert "Valid" not in past
    assert "£1.25 per pupil per year £1.50 VAT £0.25 (20%)" in page.words


def test_a_line_shows_what_it_gives(shop: Any) -> None:
    page = see(shop, f"/products/{shop.ids['line']}")
    assert "Full fibre (FTTP) Download speed 1,000 Mbps Upload speed 115 Mbps" in page.words
    assert "There is no open offer." in page.words


def test_structured_data_parses_and_says_what_the_page_says(shop: Any) -> None:
    html = shop.client.get(f"/products/{shop.ids['chromebook']}").text
    (block,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    product = json.loads(block)
    assert (product["@type"], product["mpn"], product["gtin"]) == ("Product", "LC-11", "5012345678900")
    assert product["brand"] == {"@type": "Brand", "name": "Larch"}
    assert [(each["itemCondition"], each["priceSpecification"][0]["price"]) for each in product["offers"]] == [
        ("https://schema.org/NewCondition", "249.00"),
        ("https://schema.org/RefurbishedCondition", "149.99"),
    ]
    prices = [price for offer in product["offers"] for price in offer["priceSpecification"]]
    assert {(price["priceCurrency"], price["valueAddedTaxIncluded"]) for price in prices} == {("GBP", False)}


@pytest.mark.parametrize("path", ["/search?q=tablet", "/search?q=%3Cscript%3Ealert(1)%3C/script%3E", "/products/{}"])
def test_hostile_text_is_only_text(shop: Any, path: str) -> None:
    html = shop.client.get(path.format(shop.ids["hostile"])).text
    page = Document(html)
    assert "<script>alert" not in html
    assert "onerror=alert(1)>" not in html.replace("onerror=alert(1)&gt;", "")
    assert not {"img", "b", "i"} & set(page.tags)
    assert page.tags.count("script") <= 1


@pytest.mark.parametrize("accept", ["text/html", "*/*", "application/json"])
@pytest.mark.parametrize("key", ["x", "00000000-0000-0000-0000-000000000000", "%00", "{draft}", "a" * 4_000])
def test_a_product_that_is_not_there_is_a_page(shop: Any, key: str, accept: str) -> None:
    page = see(shop, f"/products/{key.format(draft=shop.ids['draft'])}", status=404, headers={"Accept": accept})
    assert "Page not found" in page.words
    assert "A draft" not in page.words


@pytest.mark.parametrize(
    ("path", "accept", "expected"),
    [
        ("/nowhere", "text/html", "text/html; charset=utf-8"),
        ("/nowhere", "application/json", PROBLEM),
        ("/products", "text/html", "text/html; charset=utf-8"),
        ("/api/v1/nowhere", "text/html", PROBLEM),
        ("/api", "text/html", PROBLEM),
        ("/apis", "text/html", "text/html; charset=utf-8"),
        ("/static/built/nothing.css", "text/html", "text/html; charset=utf-8"),
        ("/problems/nothing", "*/*", "text/html; charset=utf-8"),
    ],
)
def test_not_found_is_told_in_the_reader_s_form(shop: Any, path: str, accept: str, expected: str) -> None:
    response = shop.client.get(path, headers={"Accept": accept})
    assert response.status_code == 404
    assert response.headers["content-type"] == expected
    if expected != PROBLEM:
        assert "Page not found" in response.text


def test_a_fault_of_ours_is_a_page_without_particulars(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret particulars")

    monkeypatch.setattr("becta.market.web.product.one_listing", fail)
    page = see(shop, f"/products/{shop.ids['line']}", status=500)
    assert "Sorry, there is a problem with the service" in page.words
    assert "secret" not in page.words


@pytest.mark.parametrize(
    ("error", "title", "detail"),
    [
        (
            NotFound("commitment", "x"),
            "Page not found",
            "If you typed the address, check that it is right. If a link led here, it may be old, or about something "
            "that the organisation you act for does not reach.",
        ),
        (
            Conflict("the request is settled"),
            "This cannot be done now",
            "It has changed or is settled already. Go back and look at it again.",
        ),
        (Stale(given=1, current=2), "Somebody changed this", "Open it again and repeat what you did."),
    ],
)
def test_what_pages_say_of_a_problem_is_not_said_of_products_or_tokens(
    shop: Any, monkeypatch: pytest.MonkeyPatch, error: DomainError, title: str, detail: str
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr("becta.market.web.product.one_listing", fail)
    answer = shop.client.get(f"/products/{shop.ids['line']}", headers=BROWSER)
    assert f"{title} {detail}" in Document(answer.text).words


@pytest.mark.parametrize("slug", [slug for slug, _ in KINDS.values()])
def test_every_type_of_problem_has_its_page(shop: Any, slug: str) -> None:
    page = see(shop, f"/problems/{slug}")
    (title,) = [title for name, title in KINDS.values() if name == slug]
    assert title in page.words
    assert all(mend in page.words for mend in HELP[slug][1])
    assert f'"type": "/problems/{slug}"' in page.words


def test_the_api_s_problems_point_at_pages(shop: Any) -> None:
    assert set(HELP) == {slug for slug, _ in [*KINDS.values(), TOKEN_IN_ADDRESS]}
    see(shop, shop.client.get("/api/v1/nowhere").json()["type"])


@pytest.mark.parametrize("path", ["/", "/search?q=x", "/products/{}", "/problems/invalid", "/schema", "/nowhere"])
def test_every_page_carries_the_security_headers(shop: Any, path: str) -> None:
    headers = shop.client.get(path.format(shop.ids["line"]), headers=BROWSER).headers
    policy = dict(each.strip().partition(" ")[::2] for each in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "strict-origin-when-cross-origin"


def test_the_api_browser_is_ours_and_its_document_is_litestar_s(shop: Any) -> None:
    html = shop.client.get("/schema").text
    assert re.findall(r'(?:src|href)="(?!/)', html) == ['href="']  # the skip link
    assert 'data-openapi="/schema/openapi.json"' in html
    document = shop.client.get("/schema/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert [
        path for path in document["paths"] if not path.startswith(("/api/", "/health", "/.well-known/", "/lti/"))
    ] == []


def test_assets_are_kept_for_ever_by_browsers(shop: Any) -> None:
    for path in re.findall(r'"(/static/[^"]+)"', shop.client.get("/schema").text):
        response = shop.client.get(path)
        assert response.status_code == 200
        assert response.headers["cache-control"] == "max-age=31536000, public, immutable"
        assert response.headers["x-content-type-options"] == "nosniff"


def test_a_demonstration_is_kept_from_crawlers(shop: Any) -> None:
    assert shop.client.get("/robots.txt").text == "User-agent: *\nDisallow: /\n"


def test_every_facet_has_a_title_and_every_shortcut_a_name() -> None:
    assert set(FACET_TITLES) == set(FACETS)
    assert [value for name, value, *_ in SHORTCUTS if value_label(name, value) == value] == []
