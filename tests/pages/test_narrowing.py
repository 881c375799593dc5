"""Narrowing a badge on the search page without a script: proof, version and role, told in words and taken off."""

from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest
from lxml import html

from becta.market.web.addresses import question_of, search_href

PLATFORM, DAYS = "Fen Learn", 25
"""The learning platform, whose supplier is certified; that supplier also offers this many days of training."""


class Seen(NamedTuple):
    """What a search page shows: titles found, filters in force with the search without each, its form and words."""

    titles: list[str]
    selected: dict[str, dict[str, list[str]]]
    form: Any
    words: str

    @property
    def selects(self) -> dict[str, tuple[str, list[str]]]:
        """The chosen text and the texts to choose from, by the words of the label."""
        labels = {each.get("for"): " ".join(each.text_content().split()) for each in self.form.iterfind(".//label")}
        return {
            labels[each.get("id")]: (each.xpath("string(option[@selected])"), [one.text for one in each])
            for each in self.form.iterfind(".//select")
            if each.name != "sort"
        }

    def sent(self, **changed: str) -> dict[str, Any]:
        """What the form sends with these selects changed (`lti_role` for `lti.role`)."""
        for name, value in changed.items():
            self.form.fields[name.replace("_", ".")] = value
        sent: dict[str, list[str]] = {}
        for name, value in self.form.form_values():
            sent.setdefault(name, []).append(value)
        return sent


def see(shop: Any, **parameters: Any) -> Seen:
    response = shop.client.get("/search", params=parameters, headers={"Accept": "text/html"})
    assert response.status_code == 200, response.text
    page = html.fromstring(response.text)
    [form] = page.forms
    return Seen(
        [link.text_content() for link in page.iterfind(".//li[@class='app-product']/h3/a")],
        {
            " ".join(link.text_content().split()): parse_qs(urlsplit(link.get("href")).query)
            for link in page.iterfind(".//ul/li/a")
            if "Remove" in link.text_content()
        },
        form,
        " ".join(page.text_content().split()),
    )


def test_a_badge_can_be_narrowed_only_once_it_is_ticked(shop: Any) -> None:
    assert see(shop).selects == {}
    assert see(shop, badge="lti").selects == {
        "Proof at least, LTI": ("Any proof", ["Any proof", "Self-declared", "Tested by us", "Certified"]),
        "Role, LTI": ("Any role", ["Any role", "Tool", "Platform"]),
    }
    assert list(see(shop, badge="cyber-essentials").selects) == [
        "Proof at least, Cyber Essentials",
        "Version, Cyber Essentials",
    ]


def test_what_is_chosen_is_sent_told_in_words_and_stays_chosen(shop: Any) -> None:
    sent = see(shop, badge="lti").sent(lti_level="tested_by_us", lti_role="Tool")
    assert (sent["badge"], sent["lti.level"], sent["lti.role"]) == (["lti"], ["tested_by_us"], ["Tool"])

    narrowed = see(shop, **sent)

    assert narrowed.titles == [PLATFORM]
    assert narrowed.selected == {"Remove Badge: LTI, role Tool, tested by us or certified ✕": {}}
    assert narrowed.selects["Proof at least, LTI"][0] == "Tested by us"
    assert narrowed.selects["Role, LTI"][0] == "Tool"
    assert narrowed.sent() == sent


def test_another_role_finds_nothing_and_says_so(shop: Any) -> None:
    found = see(shop, **see(shop, badge="lti").sent(lti_role="Platform"))

    assert found.titles == []
    assert "No product matches these filters" in found.words
    assert found.selected == {"Remove Badge: LTI, role Platform ✕": {}}
    assert "LTI (1)" in found.words, "the count of a badge is of all its kinds"


def test_several_badges_are_narrowed_each_by_its_own_selects(shop: Any) -> None:
    sent = see(shop, badge=["lti", "cyber-essentials"]).sent(
        lti_role="Platform", **{"cyber-essentials_level": "certified"}
    )

    found = see(shop, **sent)

    assert f"{DAYS + 1} products" in found.words
    assert found.selected == {
        "Remove Badge: LTI, role Platform ✕": {"badge": ["cyber-essentials;level=certified"]},
        "Remove Badge: Cyber Essentials, certified ✕": {"badge": ["lti;role=Platform"]},
    }


def test_the_address_of_a_requirement_ticks_its_badge_and_fills_the_selects(shop: Any) -> None:
    found = see(shop, badge="lti;level=certified;version=1.3")

    assert found.titles == [PLATFORM]
    assert found.sent()["badge"] == ["lti"]
    assert {label: chosen for label, (chosen, _) in found.selects.items()} == {
        "Proof at least, LTI": "Certified",
        "Version, LTI": "1.3",
        "Role, LTI": "Any role",
    }
    assert found.selected == {"Remove Badge: LTI 1.3, certified ✕": {}}


def test_selects_of_a_badge_that_is_no_longer_ticked_do_not_count(shop: Any) -> None:
    assert see(shop, **{"lti.role": "Platform", "lti.level": "certified", "kind": "software"}).titles == [PLATFORM]


def test_badges_that_are_all_needed_are_kept_by_the_form_and_can_be_taken_off(shop: Any) -> None:
    found = see(shop, badge_all=["cyber-essentials", "lti;role=Tool"], kind="software")

    assert found.titles == [PLATFORM]
    assert found.sent()["badge_all"] == ["cyber-essentials", "lti;role=Tool"]
    assert found.selected["Remove Badge needed: LTI, role Tool (needed) ✕"] == {
        "kind": ["software"],
        "badge_all": ["cyber-essentials"],
    }
    assert see(shop, badge_all=["cyber-essentials", "lti;role=Platform"]).titles == []


def test_the_selects_of_a_ticked_badge_do_not_touch_the_same_badge_where_it_is_needed(shop: Any) -> None:
    found = see(shop, badge=["lti", "cyber-essentials"], badge_all="lti", **{"lti.role": "Platform"})

    assert found.titles == [PLATFORM]
    assert found.sent()["badge_all"] == ["lti"]


def test_two_wishes_for_one_standard_both_last(shop: Any) -> None:
    found = see(shop, badge=["lti;role=Platform", "lti;role=Tool;level=certified"])

    assert found.titles == [PLATFORM]
    assert found.selects["Role, LTI"][0] == "Platform"
    assert sorted(found.sent()["badge"]) == ["lti", "lti;role=Tool;level=certified"]
    assert see(shop, **found.sent()).titles == [PLATFORM]
    assert len(see(shop, **found.sent()).selected) == 2


@pytest.mark.parametrize("wish", ["lti;role=Guest", "lti;level=gold", "lti;", "zz;role=Tool", "lti;version=9", "<b>;"])
@pytest.mark.parametrize("name", ["badge", "badge_all"])
def test_a_wish_nobody_can_read_finds_nothing_and_can_be_taken_off(shop: Any, name: str, wish: str) -> None:
    found = see(shop, **{name: wish})

    assert found.titles == []
    assert [search for words, search in found.selected.items() if wish in words] == [{}]
    assert found.sent()[name] == [wish]


class Parameters(dict[str, list[str]]):
    """Query parameters as a request has them."""

    def getall(self, key: str, default: list[str], /) -> list[str]:
        return self.get(key, default)


@pytest.mark.parametrize(
    ("given", "badges"),
    [
        ({"badge": ["lti; role=Tool", "lti;role=Tool"]}, ("lti;role=Tool",)),
        ({"badge": ["lti", "lti;role=Tool"]}, ("lti",)),
        ({"badge": ["lti", "lti;role=Tool"], "lti.role": ["Platform"]}, ("lti;role=Platform", "lti;role=Tool")),
        ({"badge": ["lti"], "lti.role": [" "], "lti.level": ["", "certified"]}, ("lti;level=certified",)),
        ({"badge": ["lti"], "lti.role": ["Guest"]}, ("lti;role=Guest",)),
        ({"badge": ["zz"], "zz.role": ["Tool"]}, ("zz",)),
    ],
)
def test_an_address_is_read_to_the_fewest_wishes_that_mean_the_same(
    given: dict[str, list[str]], badges: tuple[str, ...]
) -> None:
    question = question_of(Parameters(given))

    assert question.filters == {"badge": badges}
    again = parse_qs(urlsplit(search_href(question)).query)
    assert question_of(Parameters(again)) == question
