import json
import re
import sys
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest
from jinja2 import Environment, Undefined

from becta.market.web import views
from becta.market.web.templates import FOLDER

NAMES = ("home", "search", "search_empty", "product", "problem", "problem_type", "api")
VOID = {"meta", "link", "input", "br", "hr", "img"}
Sample = Callable[[str, bool], Any]
Render = Callable[[str, Any], str]


class Page(HTMLParser):
    """The tags of a page, checked to be closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "br":
            self.text += " "
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "script" not in self.open:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def words(self) -> str:
        return " ".join(self.text.split())


def used_undefined(jinja: Environment) -> list[str]:
    """Make `jinja` note every undefined value that a template of ours uses; the macros may, as they are written so."""
    used: list[str] = []

    def note(self: Undefined) -> None:
        frame = sys._getframe(2)
        while frame and not frame.f_code.co_filename.endswith(".html"):
            frame = frame.f_back  # type: ignore[assignment]
        if frame and "govuk_frontend_jinja" not in frame.f_code.co_filename:
            used.append(f"{frame.f_code.co_filename}: {self._undefined_message}")

    class Noted(Undefined):
        def __str__(self) -> str:
            note(self)
            return ""

        def __iter__(self) -> Any:
            note(self)
            return iter(())

        def __bool__(self) -> bool:
            note(self)
            return False

        def __len__(self) -> int:
            note(self)
            return 0

        def __eq__(self, other: object) -> bool:
            note(self)
            return other is None

        __hash__ = Undefined.__hash__

    jinja.undefined = Noted
    return used


@pytest.mark.parametrize("is_full", [True, False], ids=["full", "sparse"])
@pytest.mark.parametrize("name", NAMES)
def test_every_page_is_whole_and_uses_nothing_undefined(
    name: str, is_full: bool, jinja: Environment, sample: Sample, render: Render
) -> None:
    used = used_undefined(jinja)
    html = render(name, sample(name, is_full))
    assert used == []
    page = Page(html)
    assert page.all("html") == [{"lang": "en-GB", "class": "govuk-template"}]
    assert len(page.all("h1")) == len(page.all("title")) == 1
    assert len(page.all("main")) == (0 if name == "api" else 1)  # Swagger UI brings its own
    ids = Counter(attributes["id"] for _, attributes in page.tags if "id" in attributes)
    assert [each for each, count in ids.items() if count > 1] == []
    labelled = {label["for"] for label in page.all("label")}
    visible = [field for field in page.all("input") + page.all("select") if field.get("type") != "hidden"]
    assert {field["id"] for field in visible} == labelled


def test_the_check_for_undefined_values_finds_one(jinja: Environment, render: Render) -> None:
    used = used_undefined(jinja)
    render("problem", {"title": "x"})
    assert any("status" in each for each in used)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_inline_and_nothing_from_elsewhere(name: str, sample: Sample, render: Render) -> None:
    page = Page(render(name, sample(name, True)))
    assert page.all("style") == []
    assert all(s.get("src") or s.get("type") == "application/ld+json" for s in page.all("script"))
    for tag, attributes in page.tags:
        assert not [key for key in attributes if key == "style" or key.startswith("on")], tag
        if tag in {"script", "link", "img"}:
            address = attributes.get("src") or attributes.get("href") or "/"
            assert address.startswith("/")
            assert not address.startswith("//")


@pytest.mark.parametrize("name", [n for n in NAMES if n != "api"])
def test_pages_run_no_script(name: str, sample: Sample, render: Render) -> None:
    assert [s for s in Page(render(name, sample(name, True))).all("script") if s.get("src")] == []


@pytest.mark.parametrize("name", ["search", "product"])
def test_a_hostile_supplier_is_only_text(name: str, sample: Sample, render: Render) -> None:
    hostile = '<script>alert("x")</script>'
    page = sample(name, True)
    if name == "search":
        page = msgspec.structs.replace(
            page, q=hostile, results=(views.Result(title=hostile, href="/p", supplier=hostile, highlight=hostile),)
        )
    else:
        page = msgspec.structs.replace(
            page,
            supplier=views.Link(text=hostile, href="/suppliers/x"),
            attributes=(views.Fact(term=hostile, text=hostile, href="javascript:alert(1)"),),
        )
    html = render(name, page)
    shown = Page(html)
    assert "<script>alert" not in html
    assert hostile in shown.text
    assert [a for a in shown.all("a") if (a["href"] or "").startswith("javascript")] == []


def test_the_macros_escape_too(sample: Sample, render: Render) -> None:
    page = msgspec.structs.replace(
        sample("product", True), breadcrumbs=(views.Link(text="<b>x</b>", href="/"),), used_note="<i>y</i>"
    )
    html = render("product", page)
    assert "&lt;b&gt;x&lt;/b&gt;" in html
    assert "&lt;i&gt;y&lt;/i&gt;" in html


def test_structured_data_survives_and_cannot_end_its_block(sample: Sample, render: Render) -> None:
    page = sample("product", True)
    found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', render("product", page), re.DOTALL)
    assert [json.loads(block) for block in found] == [page.json_ld]


def test_search_keeps_what_was_asked(sample: Sample, render: Render) -> None:
    page = Page(render("search", sample("search", True)))
    assert [(f["method"], f["action"]) for f in page.all("form")] == [("get", "/search")]
    fields = [f for f in page.all("input") if f["type"] != "checkbox" or "checked" in f]
    assert [(f["name"], f["value"]) for f in fields] == [
        ("price_max", "50000"),
        ("q", "one roster laptop"),
        ("kind", "device"),
        ("badge", "ce"),
    ]
    assert [o["value"] for o in page.all("option") if "selected" in o] == ["certified", "relevance"]
    assert {"/search?badge=ce", "/search?kind=device", "/search?q=one+roster+laptop"} <= {
        a["href"] for a in page.all("a")
    }
    assert [a["href"] for a in page.all("a") if a.get("rel") in {"prev", "next"}] == [
        "/search?cursor=a",
        "/search?cursor=b",
    ]
    assert "Region" not in page.words


def test_search_shows_prices_marks_and_levels(sample: Sample, render: Render) -> None:
    html = render("search", sample("search", True))
    words = Page(html).words
    assert "from £389.00 ex VAT each" in words
    assert "£4.25 ex VAT per pupil per year" in words
    assert "from £4.25" not in words
    assert "Price on request" in words
    assert "OneRoster 1.2 (consumer): Tested by us" in words
    assert "<mark>laptop</mark> &amp; dock, tested to &lt;b&gt;new&lt;/b&gt;" in html
    assert "Did you mean oneroster laptop?" in words
    assert "Nothing has all your words, so “one” was left out." in words


def test_an_empty_search_says_what_to_do(sample: Sample, render: Render) -> None:
    page = Page(render("search_empty", sample("search_empty", True)))
    assert "0 products for “quill pens”" in page.words
    assert "No product matches these filters" in page.words
    assert "/search?q=stylus" in {a["href"] for a in page.all("a")}
    assert page.all("select") == []


def test_product_says_what_is_proved_and_what_it_costs(sample: Sample, render: Render) -> None:
    words = Page(render("product", sample("product", True))).words
    for expected in (
        "The supplier, Second Life IT Ltd It covers the organisation, not this product.",
        "Standard Cyber Essentials 3.3 (Danzell) Published by IASME for the NCSC Scope Whole organisation "
        "Reference CE-2026-1234 Issued 11 December 2025 Expires 11 December 2026 "
        "Evidence Seen on the register Certificate register",
        "Certified Expires soon",
        "The product, ThinkPad T14 Standard OneRoster 1.2 Role Consumer, rostering by REST",
        "£389.00 each £466.80 VAT £77.80 (20%) Lease",
        "Grade A, UK keyboard Sold by Second Life IT Minimum order: 5 Lead time: 10 working days Term: No term "
        "Where: London, South East Reference: T14-A From 50: £375.00 ex VAT each From 1,000: £365.00 ex VAT each",
        "Term: 36 months Where: all of England",
    ):
        assert expected in words


def test_the_demonstration_banner_is_only_for_demonstrations(
    jinja: Environment, sample: Sample, render: Render
) -> None:
    assert "Demonstration" in render("problem", sample("problem", True))
    jinja.globals["demonstration"] = False
    assert "Demonstration" not in render("problem", sample("problem", True))


@pytest.mark.parametrize(
    ("file", "page"),
    [
        ("home.html", views.HomePage),
        ("search.html", views.SearchPage),
        ("product.html", views.ProductPage),
        ("problem.html", views.ProblemPage),
        ("api.html", views.ApiPage),
    ],
)
def test_each_template_names_its_context(file: str, page: type[msgspec.Struct]) -> None:
    comment = (FOLDER / file).read_text(encoding="utf-8").partition("#}")[0]
    assert f"views.{page.__name__}" in comment
    assert [field for field in page.__struct_fields__ if not re.search(rf"\b{field}\b", comment)] == []
