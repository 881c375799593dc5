"""Search over HTTP: facets, sorting, prices, paging, and honesty about what was searched."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.api import REMANUFACTURED, Api
from tests.support.badges import accepted

from becta.compliance.badges.requirements import PROOF, BadgeRequirement
from becta.compliance.badges.rules import Level
from becta.compliance.standards.registry import Standard, standards
from becta.search.wishes import LEVELS, BadgeWish, read_wish


@pytest.fixture(scope="module")
def shop(shared_api: Api, shared_house: Any) -> dict[str, str]:
    """Five products that differ in every facet; gives their ids by a short name."""
    api = shared_api
    larch, rowan = api.supplier(), api.supplier("rowan-learning")
    ids = {
        "chromebook": api.published(larch),
        "used": api.published(larch, "cb-9", title="Larch Chromebook 9", phases=["secondary"]),
        "reading": api.published(rowan, "reading", "software"),
        "fibre": api.published(rowan, "fibre", "connectivity"),
        "clinic": api.published(rowan, "clinic", "service"),
    }
    api.offer(ids["chromebook"], larch, "a", price_pence=19_900)
    api.offer(ids["used"], larch, "b", price_pence=9_900, condition="remanufactured", remanufactured=REMANUFACTURED)
    api.offer(ids["reading"], rowan, "c", price_pence=250, unit="per_pupil_per_year")
    api.offer(ids["fibre"], rowan, "d", price_pence=45_000, unit="per_site_per_month", regions=["london"])
    accepted(api, f"/suppliers/{rowan}")
    lti = {"standard": "lti", "standard_version": "1.3", "role": "Tool"}
    accepted(api, f"/products/{ids['reading']}", **lti)
    provider = {"standard": "oneroster", "standard_version": "1.2", "role": "Provider"}
    accepted(api, f"/products/{ids['clinic']}", **provider, level="self_declared")
    consumer = {"standard": "oneroster", "standard_version": "1.1", "role": "Consumer"}
    accepted(api, f"/products/{ids['chromebook']}", **consumer)
    shared_house.relay.drain()
    return {name: str(product_id) for name, product_id in ids.items()} | {"larch": str(larch), "rowan": str(rowan)}


def found(api: Api, shop: dict[str, str], **params: Any) -> list[str]:
    """The short names of what is found, in order."""
    names = {product_id: name for name, product_id in shop.items()}
    answer = api.get("/search", **params)
    assert answer.status_code == 200, answer.text
    return [names[hit["id"]] for hit in answer.json()["hits"]]


@pytest.mark.parametrize(
    ("facet", "values", "names"),
    [
        ("kind", ["software"], {"reading"}),
        ("kind", ["software", "service"], {"reading", "clinic"}),
        ("category", ["chromebooks"], {"chromebook", "used"}),
        ("phase", ["secondary"], {"used"}),
        ("phase", ["special"], {"reading"}),
        ("badge", ["cyber-essentials"], {"reading", "fibre", "clinic"}),
        ("badge", ["lti"], {"reading"}),
        ("badge", ["iso-27001"], set()),
        ("condition", ["remanufactured"], {"used"}),
        ("condition", ["new"], {"chromebook", "reading", "fibre"}),
        ("region", ["london"], {"chromebook", "used", "reading", "fibre"}),
        ("region", ["north-east"], {"chromebook", "used", "reading"}),
        ("kind", ["no-such"], set()),
    ],
)
def test_a_facet_narrows_to_what_has_any_of_its_values(
    shared_api: Api, shop: dict[str, str], facet: str, values: list[str], names: set[str]
) -> None:
    assert set(found(shared_api, shop, **{facet: values})) == names


@pytest.mark.parametrize(
    ("wishes", "any_of", "all_of"),
    [
        (["oneroster"], {"clinic", "chromebook"}, {"clinic", "chromebook"}),
        (["oneroster;version=1.2"], {"clinic"}, {"clinic"}),
        (["oneroster;role=Consumer"], {"chromebook"}, {"chromebook"}),
        (["oneroster;level=tested_by_us"], {"chromebook"}, {"chromebook"}),
        (["oneroster;level=self_declared"], {"clinic", "chromebook"}, {"clinic", "chromebook"}),
        (["oneroster;role=Consumer;version=1.2"], set(), set()),
        (["cyber-essentials;version=Danzell"], set(), set()),
        (["lti;level=certified;role=Tool;version=1.3", "oneroster"], {"reading", "clinic", "chromebook"}, set()),
        (["cyber-essentials", "oneroster;role=Provider"], {"reading", "fibre", "clinic"}, {"clinic"}),
    ],
)
def test_one_badge_must_meet_a_whole_wish_and_wishes_widen_or_narrow(
    shared_api: Api, shop: dict[str, str], wishes: list[str], any_of: set[str], all_of: set[str]
) -> None:
    assert set(found(shared_api, shop, badge=wishes)) == any_of
    assert set(found(shared_api, shop, badge_all=wishes)) == all_of


def test_badge_and_badge_all_narrow_together_and_counts_follow(shared_api: Api, shop: dict[str, str]) -> None:
    answer = shared_api.get("/search", badge="lti", badge_all="cyber-essentials;level=certified").json()

    assert [hit["id"] for hit in answer["hits"]] == [shop["reading"]]
    counts = {one["value"]: one["count"] for one in answer["facets"]["badge"]}
    assert counts == {"cyber-essentials": 3, "lti": 1, "oneroster": 1}


def test_the_pages_of_an_answer_are_bound_to_its_wishes(shared_api: Api, shop: dict[str, str]) -> None:
    cursor = shared_api.get("/search", badge_all="cyber-essentials", limit=1).json()["next"]

    assert shared_api.get("/search", badge_all="cyber-essentials; level=certified", cursor=cursor).status_code == 400
    following = shared_api.get("/search", badge_all=" cyber-essentials ", limit=1, cursor=cursor)
    assert (following.status_code, len(following.json()["hits"])) == (200, 1)


@pytest.mark.parametrize("parameter", ["badge", "badge_all"])
def test_a_wish_that_cannot_be_read_names_its_parameter_and_what_is_known(shared_api: Api, parameter: str) -> None:
    answer = shared_api.get("/search", **{parameter: ["lti;role=Guest;level=gold", "oneroster;version=9;x=1", "zz"]})

    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    told = [(error["parameter"], error["detail"], error["mend"]) for error in answer.json()["errors"]]
    assert told[:4] == [
        (parameter, f"{parameter} asks for a role that is not a role of LTI (Guest)", "choose one of Tool, Platform"),
        (
            parameter,
            f"{parameter} asks for a level that is not a level of proof (gold)",
            "choose one of self_declared, tested_by_us, certified",
        ),
        (parameter, f"{parameter} asks for a version that is not a version of OneRoster (9)", "choose one of 1.1, 1.2"),
        (
            parameter,
            f"{parameter} asks for a part that is not a part of a requirement (x=1)",
            "choose one of version=.., role=.., level=..",
        ),
    ]
    assert told[4][:2] == (parameter, f"{parameter} asks for a standard that is not a standard we know (zz)")
    assert told[4][2].startswith("choose one of cyber-essentials, ")


def test_levels_of_proof_are_ordered_alike_in_claims_and_in_search() -> None:
    assert tuple(level.value for level in PROOF) == LEVELS


@given(standard=st.sampled_from(list(standards().values())), level=st.sampled_from([None, *Level]), data=st.data())
def test_search_reads_a_wish_as_the_rules_of_badges_do(standard: Standard, level: Level | None, data: Any) -> None:
    version = data.draw(st.sampled_from(["", *standard.versions]))
    role = data.draw(st.sampled_from(["", *standard.roles]))
    requirement = BadgeRequirement(standard.code, version, role, level)

    assert read_wish(requirement.text) == BadgeWish(standard.code, version, role, level or "")


def test_every_value_a_facet_counts_finds_as_many_as_it_says(shared_api: Api, shop: dict[str, str]) -> None:
    facets = shared_api.get("/search").json()["facets"]

    assert set(facets) == {"kind", "category", "phase", "badge", "supplier", "price_band", "condition", "region"}
    for facet, counts in facets.items():
        assert counts, facet
        for count in counts:
            total = shared_api.get("/search", **{facet: count["value"]}).json()["total"]
            assert (facet, count["value"], count["count"]) == (facet, count["value"], total)


def test_different_facets_narrow_together(shared_api: Api, shop: dict[str, str]) -> None:
    assert found(shared_api, shop, badge="cyber-essentials", region="london", kind="connectivity") == ["fibre"]
    assert found(shared_api, shop, badge="cyber-essentials", condition="remanufactured") == []


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("price", ["reading", "used", "chromebook", "fibre", "clinic"]),
        ("-price", ["fibre", "chromebook", "used", "reading", "clinic"]),
        ("title", ["fibre", "chromebook", "used", "reading", "clinic"]),
    ],
)
def test_hits_are_sorted_as_asked_and_what_has_no_price_comes_last(
    shared_api: Api, shop: dict[str, str], sort: str, names: list[str]
) -> None:
    assert found(shared_api, shop, sort=sort) == names


def test_the_newest_come_first_when_asked_for(shared_api: Api, shop: dict[str, str]) -> None:
    times = [
        shared_api.get(f"/products/{shop[name]}").json()["published_at"][:19]
        for name in found(shared_api, shop, sort="newest")
    ]

    assert len(times) == 5
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize(
    ("prices", "names"),
    [
        ({"min_price": 9_900, "max_price": 19_900}, {"used", "chromebook"}),
        ({"min_price": 9_901, "max_price": 19_899}, set()),
        ({"max_price": 250}, {"reading"}),
        ({"min_price": 45_000}, {"fibre"}),
    ],
)
def test_a_price_range_takes_in_both_its_ends(
    shared_api: Api, shop: dict[str, str], prices: dict[str, int], names: set[str]
) -> None:
    assert set(found(shared_api, shop, **prices)) == names


def test_the_pages_of_an_answer_join_to_the_whole(shared_api: Api, shop: dict[str, str]) -> None:
    whole = found(shared_api, shop, sort="title")
    seen: list[str] = []
    answer = shared_api.get("/search", sort="title", limit=2)
    while True:
        page = answer.json()
        assert page["total"] == 5
        seen += [hit["id"] for hit in page["hits"]]
        if page["next"] is None:
            break
        link = answer.headers["link"]
        assert f"cursor={page['next']}" in link
        answer = shared_api.client.get(link[1 : link.index(">")], headers=shared_api.headers)

    assert seen == [shop[name] for name in whole]
    cursor = shared_api.get("/search", sort="title", limit=2).json()["next"]
    assert shared_api.get("/search", sort="price", limit=2, cursor=cursor).status_code == 400


def test_what_was_searched_instead_is_said_and_null_when_it_was_as_asked(shared_api: Api, shop: dict[str, str]) -> None:
    asked = shared_api.get("/search", q="chromebook").json()
    corrected = shared_api.get("/search", q="chromebok").json()
    fewer = shared_api.get("/search", q="chromebook zzyzxqv").json()

    assert (asked["total"], asked["relaxed"]) == (2, None)
    assert (corrected["relaxed"]["how"], corrected["relaxed"]["corrections"]) == (
        "corrected",
        {"chromebok": "chromebook"},
    )
    assert corrected["total"] == 2
    assert (fewer["relaxed"]["how"], fewer["relaxed"]["ignored"]) == ("fewer_words", ["zzyzxqv"])
    assert corrected["relaxed"]["message"]
    assert fewer["relaxed"]["message"]


def test_a_hit_says_what_a_list_shows(shared_api: Api, shop: dict[str, str]) -> None:
    [hit] = shared_api.get("/search", q="rowan reading", kind="software").json()["hits"]

    assert (hit["id"], hit["reference"], hit["kind"], hit["title"]) == (
        shop["reading"],
        "reading",
        "software",
        "Rowan Reading",
    )
    assert (hit["price"], hit["price_unit"], hit["offers"], hit["conditions"]) == (
        250,
        "per_pupil_per_year",
        1,
        ["new"],
    )
    assert (hit["supplier"], hit["supplier_id"]) == ("Rowan Learning", shop["rowan"])
    assert {(badge["code"], badge["version"], badge["role"], badge["level"]) for badge in hit["badges"]} == {
        ("lti", "1.3", "Tool", "certified"),
        ("cyber-essentials", "Willow", "", "certified"),
    }
    assert "<mark>" in hit["highlights"]["title"]


def test_suggestions_complete_what_is_being_typed(shared_api: Api, shop: dict[str, str]) -> None:
    suggested = shared_api.get("/suggest", q="chrom").json()["suggestions"]

    assert any("chromebook" in suggestion.lower() for suggestion in suggested)
    assert shared_api.get("/suggest", q="").status_code == 200


@pytest.mark.parametrize(
    ("params", "parameters"),
    [
        ({"sort": "colour"}, ["sort"]),
        ({"min_price": -1}, ["min_price"]),
        ({"max_price": 10**14}, ["max_price"]),
        ({"min_price": "ten"}, ["min_price"]),
        ({"q": "x" * 501}, ["q"]),
        ({"badge": ["x"] * 51}, ["badge"]),
        ({"badge_all": ["x"] * 51}, ["badge_all"]),
        ({"limit": 101, "sort": "colour"}, ["limit", "sort"]),
    ],
)
def test_a_question_that_cannot_be_asked_names_its_parameters(
    shared_api: Api, params: dict[str, Any], parameters: list[str]
) -> None:
    answer = shared_api.get("/search", **params)

    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert sorted(error["parameter"] for error in answer.json()["errors"]) == parameters
    assert all(error["mend"] for error in answer.json()["errors"])


@pytest.mark.parametrize(
    "q", ["\x00", "\\", '"', "((", "AND OR NOT", "*", "a:b", "🦉", "'; DROP TABLE product; --", "é" * 500]
)
def test_whatever_is_typed_is_answered(shared_api: Api, shop: dict[str, str], q: str) -> None:
    assert shared_api.get("/search", q=q).status_code == 200
    assert shared_api.get("/suggest", q=q).status_code == 200
