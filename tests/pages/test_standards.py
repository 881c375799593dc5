"""The pages of standards: what a badge means, with how sure we are of each statement."""

from collections import Counter
from datetime import date
from typing import Any

import pytest
from jinja2 import Environment
from tests.pages.test_site import see
from tests.pages.test_templates import Page, used_undefined

from becta.compliance.standards.entries import Certainty, Holder
from becta.compliance.standards.registry import registry, standard
from becta.market.web.rendering import TEMPLATES
from becta.market.web.standard_views import EditionRow, StatementRow
from becta.market.web.standards import (
    EDITIONS,
    EVIDENCE,
    HOLDERS,
    THEMES,
    standard_page,
    standards_page,
    wanted,
)

TODAY = date(2026, 11, 25)
CODES = sorted(registry())


def rendered(jinja: Environment, page: Any) -> Page:
    """A page as HTML, checked to be well formed and to use nothing undefined."""
    used = used_undefined(jinja)
    html = Page(jinja.get_template(TEMPLATES[type(page)]).render(page=page))
    assert used == []
    ids = Counter(attributes["id"] for _, attributes in html.tags if "id" in attributes)
    assert [each for each, count in ids.items() if count > 1] == []
    return html


def test_the_list_names_every_standard_once_and_leads_to_its_page(shop: Any) -> None:
    page = see(shop, "/standards")

    for code, each in registry().items():
        assert page.links[each.name] == f"/standards/{code}"
        assert f"{each.summary} {each.publisher}" in page.words
    assert page.words.count("Core standard") == 6
    assert page.words.count("For schools ") == sum(each.holder is Holder.SCHOOL for each in registry().values())
    for level in ("Certified", "Tested by us", "Self-declared"):
        assert level in page.words


def test_every_page_leads_to_the_list_from_its_foot(shop: Any) -> None:
    assert see(shop, "/").links["Standards and badges"] == "/standards"


def test_a_standards_page_says_what_it_covers_who_checks_and_where_each_edition_stands(shop: Any) -> None:
    page = see(shop, "/standards/cyber-essentials-plus")

    assert page.links["Cyber Essentials"] == "/standards/cyber-essentials"
    assert "A supplier: the badge is the organisation’s, not a product’s" in page.words
    assert "assessments begun before could be finished until 27 January 2027" in page.words
    assert page.links["Find products of suppliers with this badge"] == "/search?badge=cyber-essentials-plus"
    assert page.links["this page as data"] == "/api/v1/standards/cyber-essentials-plus"
    assert "Our criteria" not in page.words


def test_what_we_made_ourselves_is_called_ours_and_what_we_only_know_is_not_called_official(shop: Any) -> None:
    page = see(shop, "/standards/dfe-wireless")

    assert "These criteria are ours, not official." in page.words
    assert "DfE has not approved them." in page.words
    assert "Unsourced is general knowledge: it is not official" in page.words
    assert not [text for text in page.links if text.startswith("Find products")]
    assert "What counts as evidence" not in page.words


def test_a_badge_that_two_people_must_agree_on_says_why(shop: Any) -> None:
    assert f"Two people must agree before this badge is given. {standard('uk-gdpr').four_eyes_why}" in (
        see(shop, "/standards/uk-gdpr").words
    )
    assert "Two people" not in see(shop, "/standards/lti").words


def test_a_standard_we_do_not_know_is_not_found(shop: Any) -> None:
    assert "Page not found" in see(shop, "/standards/iso-9001", status=404).words


@pytest.mark.parametrize("code", CODES)
def test_every_page_is_whole_and_each_statement_shows_its_certainty_and_source(code: str, jinja: Environment) -> None:
    shown = standard_page(registry()[code], today=TODAY)

    page = rendered(jinja, shown)

    assert len(page.all("h1")) == 1
    statements: list[EditionRow | StatementRow] = [*shown.editions, *shown.requirements, *shown.criteria]
    places = {source.id: place for place, source in enumerate(shown.sources, start=1)}
    linked = Counter(str(a["href"]) for a in page.all("a") if str(a.get("href")).startswith("#source-"))
    assert linked == Counter(f"#source-{places[each.source]}" for each in statements)
    assert {a["id"] for a in page.all("li") if "id" in a} == {f"source-{place}" for place in places.values()}
    for certainty, words in (
        (Certainty.VERIFIED, "Verified"),
        (Certainty.SECONDARY, "Reported"),
        (Certainty.GENERAL, "Unsourced"),
    ):
        assert page.words.count(f"{words} Source ") == sum(each.certainty == certainty for each in statements)


def test_the_list_is_whole(jinja: Environment) -> None:
    page = rendered(jinja, standards_page(registry()))

    assert [a["href"] for a in page.all("a") if str(a["href"]).startswith("/standards/")] == [
        f"/standards/{each.code}" for theme in THEMES for each in registry().values() if each.category is theme
    ]


def test_every_code_has_its_words() -> None:
    for words in (THEMES, HOLDERS, EVIDENCE, EDITIONS):
        assert set(words) == set(type(next(iter(words))))


@pytest.mark.parametrize(
    ("criterion", "words"),
    [
        ("bb-3-down", "at least 1,000 Mbps"),
        ("bb-1-fibre", "one of fttp, leased line"),
        ("bb-4-failover", "yes"),
        ("fm-2-review", "at most 12 months"),
        ("fm-3-blocklists", "all of IWF, CTIRU"),
        ("wl-4-encryption", "none of open, wep, wpa, wpa2-personal"),
        ("dv-3-supported", "at least 100% of them"),
        ("cs-backup-copies", "at least 3"),
    ],
)
def test_a_criterion_reads_as_a_person_would_say_it(criterion: str, words: str) -> None:
    known = {each.id: each for standard in registry().values() for each in standard.criteria}

    assert wanted(known[criterion]) == words


def test_a_criterion_shows_only_while_it_is_in_force() -> None:
    def asked(day: date) -> list[str]:
        page = standard_page(standard("dfe-wireless"), today=day)
        return [row.wanted for row in page.criteria if row.text == "Wi-Fi bought when replacing"]

    assert asked(date(2024, 1, 7)) == ["at least 6"]
    assert asked(date(2024, 1, 8)) == ["at least 7"]
