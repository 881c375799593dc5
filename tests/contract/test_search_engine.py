"""What every search engine must do, whichever it is."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.filling import put_all

from becta.search.documents import BadgeMark, Document
from becta.search.engine import FACETS, Answer, Query, SearchEngine, Sort
from becta.search.memory import MemoryEngine
from becta.search.tantivy_engine import TantivyEngine

NOW = 1_800_000_000


def badge(code: str = "safe", **spans: int | None) -> BadgeMark:
    return BadgeMark(code=code, name=code.title(), level="gold", holder="product", **spans)


def product(key: str, title: str, **facts: object) -> Document:
    return Document(
        **{
            "id": key,
            "revision": 1,
            "reference": key.upper(),
            "kind": "device",
            "title": title,
            "supplier_id": "s1",
            "supplier": "Northern Supplies",
            **facts,
        }
    )


CATALOGUE = [
    product(
        "a1",
        "Acer Chromebook 314",
        brand="Acer",
        model="NX-AUT.004",
        codes=("4710886543210",),
        category="chromebooks",
        category_name="Chromebooks",
        summary="A sturdy device for pupils",
        phases=("primary", "secondary"),
        conditions=("new",),
        price_pence=199_00,
        published_at=300,
        badges=(badge("safe", valid_until=NOW), badge("green")),
    ),
    product(
        "a2",
        "Lenovo ThinkPad laptop 14",
        brand="Lenovo",
        model="TP-14",
        category="laptops",
        category_name="Laptops",
        phases=("secondary",),
        conditions=("refurbished",),
        price_pence=350_00,
        published_at=200,
        supplier_id="s2",
        supplier="Western Devices",
        badges=(badge("safe", valid_until=NOW + 1),),
    ),
    product(
        "a3",
        "Laptop charging trolley",
        category="furniture",
        category_name="Furniture",
        price_pence=899_00,
        published_at=100,
        badges=(badge("green", valid_from=NOW + 1),),
    ),
    product("a4", "Brother TN-2110 toner cartridge", model="TN2110", category="printing", price_pence=45_00),
    product("a5", "Safeguarding course for teachers", kind="training", summary="Half a day <online> & live"),
]


@pytest.fixture(params=["memory", "tantivy"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SearchEngine]:
    engine: SearchEngine = MemoryEngine() if request.param == "memory" else TantivyEngine(tmp_path / "index")
    yield engine
    engine.close()


@pytest.fixture(params=["memory", "tantivy"])
def labelled(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SearchEngine]:
    labels = {"region": {"north-west": "North West"}, "phase": {"fe": "Further education"}}
    engine: SearchEngine = (
        MemoryEngine(labels=labels) if request.param == "memory" else TantivyEngine(tmp_path / "index", labels=labels)
    )
    yield engine
    engine.close()


@pytest.fixture
def engine(empty: SearchEngine) -> SearchEngine:
    fill(empty, CATALOGUE)
    return empty


def fill(engine: SearchEngine, documents: list[Document]) -> None:
    with engine.exclusive() as writer:
        put_all(writer, documents)
        writer.commit()


def ask(engine: SearchEngine, text: str = "", now: int = NOW, **rest: object) -> Answer:
    return engine.search(Query(**{"text": text, "now": now, **rest}))


def ids(answer: Answer) -> list[str]:
    return [hit.card.id for hit in answer.hits]


def counts(answer: Answer, facet: str) -> dict[str, int]:
    return {one.value: one.count for one in answer.facets[facet]}


def test_a_new_engine_is_fresh_and_answers_with_nothing(empty: SearchEngine) -> None:
    assert empty.is_fresh()
    assert ask(empty, "laptop") == Answer(hits=(), facets=dict.fromkeys(FACETS, ()), total=0)
    assert empty.suggest("lap") == ()


def test_after_a_commit_it_is_no_longer_fresh(engine: SearchEngine) -> None:
    assert not engine.is_fresh()


def test_an_empty_question_shows_everything_newest_first(engine: SearchEngine) -> None:
    answer = ask(engine)
    assert ids(answer) == ["a1", "a2", "a3", "a4", "a5"]
    assert answer.total == 5
    assert answer.relaxed is None
    assert answer.hits[0].highlights == {}


def test_a_question_without_words_shows_everything_too(engine: SearchEngine) -> None:
    assert ids(ask(engine, " -*- ")) == ["a1", "a2", "a3", "a4", "a5"]


def test_every_word_must_be_met(engine: SearchEngine) -> None:
    assert ids(ask(engine, "laptop trolley")) == ["a3"]


def test_endings_do_not_matter(engine: SearchEngine) -> None:
    assert ids(ask(engine, "trolleys")) == ["a3"]


@pytest.mark.parametrize("text", ["TN-2110", "tn2110", "TN 2110", "tn.2110 "])
def test_a_part_number_is_found_however_it_is_written(engine: SearchEngine, text: str) -> None:
    assert ids(ask(engine, text)) == ["a4"]


@pytest.mark.parametrize("text", ["4710886543210", "nx-aut.004", "NXAUT004"])
def test_codes_and_models_are_found(engine: SearchEngine, text: str) -> None:
    assert ids(ask(engine, text)) == ["a1"]


def test_the_last_word_may_be_unfinished(engine: SearchEngine) -> None:
    assert ids(ask(engine, "safegu")) == ["a5"]


def test_suggestions_complete_the_last_word(engine: SearchEngine) -> None:
    assert "chromebook" in engine.suggest("chromeb")
    assert len(engine.suggest("c", limit=1)) == 1


def test_a_misspelt_word_is_corrected_and_the_answer_says_so(engine: SearchEngine) -> None:
    answer = ask(engine, "chromebok")
    assert ids(answer) == ["a1"]
    assert answer.relaxed is not None
    assert answer.relaxed.how == "corrected"
    assert answer.relaxed.corrections == {"chromebok": "chromebook"}
    assert answer.relaxed.query == "chromebook"
    assert answer.relaxed.message == "Nothing matches “chromebok”, so these are results for “chromebook”."


def test_words_that_nothing_has_are_left_out_and_the_answer_says_so(engine: SearchEngine) -> None:
    answer = ask(engine, "toner zxqvjkwp")
    assert ids(answer) == ["a4"]
    assert answer.relaxed is not None
    assert answer.relaxed.how == "fewer_words"
    assert answer.relaxed.ignored == ("zxqvjkwp",)
    assert answer.relaxed.message == "Nothing matches every word, so these are results without “zxqvjkwp”."


FURNITURE = [
    product("f1", "Oak reading desk", category="desks", price_pence=300),
    product("f2", "Oak chair", category="chairs", price_pence=200),
    product("f3", "Oak desk with drawers", category="desks", price_pence=100),
    product("f4", "Steel desk", category="desks"),
    product("f5", "Steel desk for two", category="desks", model="DK-4410"),
    product("f6", "Oak stool", category="stools"),
    product("f7", "Glass desk", category="desks"),
]


def test_few_full_matches_are_followed_by_what_lacks_the_commonest_word(empty: SearchEngine) -> None:
    fill(empty, FURNITURE)
    answer = ask(empty, "oak desk")
    assert sorted(ids(answer)[:2]) == ["f1", "f3"]
    assert sorted(ids(answer)[2:]) == ["f2", "f6"]
    assert answer.total == 4
    assert counts(answer, "category") == {"desks": 2, "chairs": 1, "stools": 1}
    assert answer.relaxed is not None
    assert answer.relaxed.how == "padded"
    assert answer.relaxed.ignored == ("desk",)
    assert answer.relaxed.query == "oak desk"
    assert answer.relaxed.message == "2 products match every word; those after may lack “desk”."


def test_a_padded_answer_is_paged_like_any_other(empty: SearchEngine) -> None:
    fill(empty, FURNITURE)
    whole = ask(empty, "oak desk")
    pages = [ask(empty, "oak desk", offset=offset, limit=1) for offset in range(4)]
    assert [ids(page) for page in pages] == [[each] for each in ids(whole)]
    assert {page.total for page in pages} == {4}
    assert all(page.relaxed == whole.relaxed for page in pages)


def test_a_filter_narrows_a_padded_answer_by_what_its_facets_promised(empty: SearchEngine) -> None:
    fill(empty, FURNITURE)
    answer = ask(empty, "oak desk", filters={"category": ("desks", "stools")})
    assert sorted(ids(answer)[:2]) == ["f1", "f3"]
    assert ids(answer)[2:] == ["f6"]
    assert counts(answer, "category") == {"desks": 2, "chairs": 1, "stools": 1}
    none_in_full = ask(empty, "oak desk", filters={"category": ("stools",)})
    assert ids(none_in_full) == ["f6"]
    assert none_in_full.relaxed is not None
    assert none_in_full.relaxed.message == "No product here matches every word; these may lack “desk”."


@pytest.mark.parametrize("sort", [sort for sort in Sort if sort != Sort.RELEVANCE])
def test_other_orders_are_not_padded(empty: SearchEngine, sort: Sort) -> None:
    fill(empty, FURNITURE)
    answer = ask(empty, "oak desk", sort=sort)
    assert sorted(ids(answer)) == ["f1", "f3"]
    assert answer.relaxed is None


def test_a_part_number_that_was_found_is_not_padded(empty: SearchEngine) -> None:
    fill(empty, [*FURNITURE, product("f8", "Steel desk with a long leg")])
    answer = ask(empty, "dk-4410")
    assert ids(answer) == ["f5"]
    assert answer.relaxed is None


def test_enough_full_matches_are_not_padded(empty: SearchEngine) -> None:
    fill(empty, [*FURNITURE, *(product(f"g{number}", f"Oak desk number {number}") for number in range(8))])
    answer = ask(empty, "oak desk")
    assert answer.total == 10
    assert answer.relaxed is None


def test_a_question_like_nothing_at_all_has_an_empty_answer(engine: SearchEngine) -> None:
    assert ask(engine, "zxqvjkwp").total == 0


def test_what_matched_is_marked_and_the_rest_is_escaped(engine: SearchEngine) -> None:
    (hit,) = ask(engine, "course online").hits
    assert (
        hit.highlights
        == {
            "title": "Safeguarding <mark>course</mark> for teachers",
            "summary": "Half a day &lt;<mark>online</mark>&gt; &amp; live",
        }
        or hit.highlights["summary"] == "Half a day <mark>&lt;online&gt;</mark> &amp; live"
    )


def test_facets_count_the_whole_answer(engine: SearchEngine) -> None:
    answer = ask(engine, limit=1)
    assert counts(answer, "kind") == {"device": 4, "training": 1}
    assert counts(answer, "supplier") == {"s1": 4, "s2": 1}
    assert counts(answer, "phase") == {"secondary": 2, "primary": 1}
    assert counts(answer, "condition") == {"new": 1, "refurbished": 1}
    assert counts(answer, "region") == {}
    assert [(one.value, one.label, one.count) for one in answer.facets["price_band"]] == [
        ("25-100", "£25 to £100", 1),
        ("100-250", "£100 to £250", 1),
        ("250-500", "£250 to £500", 1),
        ("500-1000", "£500 to £1,000", 1),
    ]
    labels = {one.value: one.label for one in answer.facets["supplier"]}
    assert labels == {"s1": "Northern Supplies", "s2": "Western Devices"}


def test_labels_given_to_the_engine_replace_the_usual_ones(labelled: SearchEngine) -> None:
    fill(
        labelled,
        [
            product("b1", "First", regions=("north-west", "south-east"), phases=("fe", "primary")),
            product("b2", "Second", regions=("north-west",), kind="fe"),
        ],
    )
    answer = ask(labelled)
    assert [(one.value, one.label, one.count) for one in answer.facets["region"]] == [
        ("north-west", "North West", 2),
        ("south-east", "South-east", 1),
    ]
    assert [one.label for one in answer.facets["phase"]] == ["Further education", "Primary"]
    assert sorted(one.label for one in answer.facets["kind"]) == ["Device", "Fe"]


def test_only_the_facets_asked_for_are_counted(engine: SearchEngine) -> None:
    assert set(ask(engine, facets=("kind",)).facets) == {"kind"}
    assert ask(engine, facets=()).facets == {}


def test_values_of_a_facet_widen_and_facets_narrow(engine: SearchEngine) -> None:
    both = ask(engine, filters={"category": ("laptops", "chromebooks")})
    assert ids(both) == ["a1", "a2"]
    assert ids(ask(engine, filters={"category": ("laptops", "chromebooks"), "condition": ("new",)})) == ["a1"]


def test_a_facet_keeps_its_other_choices_while_the_rest_follow_the_filter(engine: SearchEngine) -> None:
    answer = ask(engine, filters={"category": ("laptops",)})
    assert counts(answer, "category") == {"chromebooks": 1, "furniture": 1, "laptops": 1, "printing": 1}
    assert counts(answer, "supplier") == {"s2": 1}


def test_prices_can_be_bounded_and_a_product_without_price_is_outside_bounds(engine: SearchEngine) -> None:
    assert ids(ask(engine, price_min_pence=199_00, price_max_pence=350_00)) == ["a1", "a2"]
    assert ids(ask(engine, price_min_pence=0, sort=Sort.PRICE_ASC)) == ["a4", "a1", "a2", "a3"]
    assert ids(ask(engine, filters={"price_band": ("25-100",)})) == ["a4"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (Sort.PRICE_ASC, ["a4", "a1", "a2", "a3", "a5"]),
        (Sort.PRICE_DESC, ["a3", "a2", "a1", "a4", "a5"]),
        (Sort.NEWEST, ["a1", "a2", "a3", "a4", "a5"]),
        (Sort.TITLE, ["a1", "a4", "a3", "a2", "a5"]),
    ],
)
def test_hits_come_in_the_order_asked_for(engine: SearchEngine, sort: Sort, expected: list[str]) -> None:
    assert ids(ask(engine, sort=sort)) == expected


def test_a_badge_goes_at_its_last_second_though_nothing_was_indexed_again(engine: SearchEngine) -> None:
    assert counts(ask(engine, now=NOW - 1), "badge") == {"safe": 2, "green": 1}
    assert counts(ask(engine, now=NOW), "badge") == {"safe": 1, "green": 1}
    assert counts(ask(engine, now=NOW + 1), "badge") == {"green": 2}


@pytest.mark.parametrize(("now", "expected"), [(NOW - 1, ["a1", "a2"]), (NOW, ["a2"]), (NOW + 1, [])])
def test_filtering_on_a_badge_obeys_the_clock(engine: SearchEngine, now: int, expected: list[str]) -> None:
    answer = ask(engine, now=now, filters={"badge": ("safe",)})
    assert ids(answer) == expected


def test_filters_that_leave_nothing_are_kept_and_the_answer_says_which_to_leave_out(engine: SearchEngine) -> None:
    filters = {"category": ("laptops", "furniture"), "phase": ("none-such",), "kind": ("device",)}
    answer = ask(engine, "laptop", filters=filters)
    assert (answer.hits, answer.total) == ((), 0)
    assert counts(answer, "supplier") == {"s1": 1, "s2": 1}
    assert answer.relaxed is not None
    assert (answer.relaxed.how, answer.relaxed.query, answer.relaxed.ignored) == (
        "without_filters",
        "laptop",
        ("phase",),
    )
    assert answer.relaxed.message == (
        "No product matches “laptop” with these filters; leave out the filter on phase to see some."
    )


def test_all_filters_are_named_if_leaving_out_one_is_not_enough(engine: SearchEngine) -> None:
    filters = {"kind": ("training",), "phase": ("none-such",)}
    answer = ask(engine, "laptop", filters=filters, price_max_pence=1)
    assert (answer.hits, answer.facets) == ((), ask(engine, "laptop").facets)
    assert answer.relaxed is not None
    assert answer.relaxed.ignored == ("price", "phase", "kind")
    assert answer.relaxed.message == (
        "No product matches “laptop” with these filters; leave out the filters on price, phase and kind to see some."
    )


def test_who_asks_for_a_badge_is_never_shown_what_lacks_it(engine: SearchEngine) -> None:
    answer = ask(engine, "laptop", filters={"badge": ("lti",), "kind": ("device",)})
    assert (answer.hits, answer.total, answer.relaxed) == ((), 0, None)


def test_a_price_range_without_products_is_named_before_any_other_filter(engine: SearchEngine) -> None:
    answer = ask(engine, filters={"kind": ("device",)}, price_min_pence=1, price_max_pence=2)
    assert (answer.hits, answer.total) == ((), 0)
    assert answer.relaxed is not None
    assert answer.relaxed.query == ""
    assert answer.relaxed.message == "No product matches these filters; leave out the filter on price to see some."


def test_words_that_match_nothing_and_part_numbers_keep_their_filters(engine: SearchEngine) -> None:
    filters = {"kind": ("training",)}
    assert ask(engine, "zxqvjkwp", filters=filters) == ask(engine, "zxqvjkwp")
    assert ask(engine, "tn-2110", filters=filters).total == 0


def test_filters_of_an_empty_index_leave_an_empty_answer(empty: SearchEngine) -> None:
    fill(empty, [])
    assert ask(empty, filters={"kind": ("device",)}).relaxed is None
    assert ask(empty, "laptop", filters={"kind": ("device",)}).total == 0


def lti(role: str = "Tool", level: str = "tested_by_us", version: str = "1.3", **spans: int | None) -> BadgeMark:
    return BadgeMark(code="lti", name="LTI", level=level, holder="product", version=version, role=role, **spans)


PROVED = [
    product("p1", "Lapsed tool, live platform", badges=(lti(valid_until=NOW), lti("Platform"))),
    product(
        "p2", "Certified tool", category="lms", badges=(lti(level="certified", valid_until=NOW + 5), badge("green"))
    ),
    product("p3", "Self-declared tool of the older version", badges=(lti(level="self_declared", version="1.1"),)),
    product("p4", "Tool to come", badges=(lti(level="certified", valid_from=NOW + 5),)),
    product("p5", "Two lives of a tool", badges=(lti(valid_until=NOW), lti(valid_from=NOW, valid_until=NOW + 5))),
    product("p6", "Proof of a kind nobody knows", badges=(lti("Platform", level="gold"),)),
    product("p7", "No badge"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ("lti", ["p1", "p2", "p3", "p5", "p6"]),
        ("lti;role=Tool", ["p2", "p3", "p5"]),
        ("lti;role=Platform", ["p1", "p6"]),
        ("lti;level=self_declared", ["p1", "p2", "p3", "p5"]),
        ("lti;level=tested_by_us", ["p1", "p2", "p5"]),
        ("lti;level=certified", ["p2"]),
        ("lti;role=Platform;level=certified", []),
        ("lti;version=1.3", ["p1", "p2", "p5", "p6"]),
        ("lti;version=1.1", ["p3"]),
        ("lti;level=tested_by_us;version=1.3;role=Tool", ["p2", "p5"]),
        ("lti;version=1.1;level=certified", []),
    ],
)
@pytest.mark.parametrize("name", ["badge", "badge_all"])
def test_one_valid_badge_must_meet_the_whole_wish(
    empty: SearchEngine, name: str, wish: str, expected: list[str]
) -> None:
    fill(empty, PROVED)
    answer = ask(empty, filters={name: (wish,)})
    assert (ids(answer), answer.total) == (expected, len(expected))


@pytest.mark.parametrize(
    ("now", "tools", "certified"),
    [
        (NOW - 1, ["p1", "p2", "p3", "p5"], ["p2"]),
        (NOW, ["p2", "p3", "p5"], ["p2"]),
        (NOW + 4, ["p2", "p3", "p5"], ["p2"]),
        (NOW + 5, ["p3", "p4"], ["p4"]),
    ],
)
def test_a_wish_obeys_the_clock_to_the_second_though_nothing_was_indexed_again(
    empty: SearchEngine, now: int, tools: list[str], certified: list[str]
) -> None:
    fill(empty, PROVED)
    for _ in range(2):
        assert ids(ask(empty, now=now, filters={"badge": ("lti;role=Tool",)})) == tools
        assert ids(ask(empty, now=now, filters={"badge": ("lti;level=certified",)})) == certified


def test_a_lapsed_badge_and_a_live_one_of_another_role_do_not_meet_a_wish_together(empty: SearchEngine) -> None:
    fill(empty, PROVED)
    assert "p1" in ids(ask(empty, now=NOW - 1, filters={"badge": ("lti;role=Tool",)}))
    assert "p1" not in ids(ask(empty, filters={"badge": ("lti;role=Tool",)}))
    assert "p1" in ids(ask(empty, filters={"badge": ("lti",)}))


@pytest.mark.parametrize(
    "wish",
    [
        "", ";", "lti;", "case;role=Tool", "lti;role=Guest", "lti;role=", "lti;level=gold", "lti;level=", "lti;Tool",
        "lti;scope=all", "lti;role=Tool;role=Tool", "lti; role=Tool", "LTI", "lti;version=1", "lti\t1.3\tTool",
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["badge", "badge_all"])
def test_a_wish_that_nothing_can_meet_finds_nothing(empty: SearchEngine, name: str, wish: str) -> None:
    fill(empty, PROVED)
    answer = ask(empty, filters={name: (wish,)})
    assert (answer.hits, answer.total, answer.relaxed) == ((), 0, None)


def test_wishes_of_badge_widen_and_those_of_badge_all_narrow(empty: SearchEngine) -> None:
    fill(empty, PROVED)
    wishes = ("lti;level=certified", "green", "lti;role=Platform;level=tested_by_us")
    assert ids(ask(empty, filters={"badge": wishes})) == ["p1", "p2"]
    assert ids(ask(empty, filters={"badge_all": wishes})) == []
    assert ids(ask(empty, filters={"badge_all": wishes[:2]})) == ["p2"]
    assert ids(ask(empty, filters={"badge": wishes, "badge_all": ("lti;role=Platform",)})) == ["p1"]
    assert ids(ask(empty, filters={"badge_all": ()})) == [f"p{number}" for number in range(1, 8)]


def test_badges_are_counted_by_code_without_their_own_filter_but_under_badge_all(empty: SearchEngine) -> None:
    fill(empty, PROVED)
    any_of = ask(empty, filters={"badge": ("lti;level=certified",)})
    assert counts(any_of, "badge") == {"lti": 5, "green": 1}
    assert counts(any_of, "category") == {"lms": 1}
    all_of = ask(empty, filters={"badge_all": ("lti;role=Tool",)})
    assert counts(all_of, "badge") == {"lti": 3, "green": 1}
    assert counts(all_of, "kind") == {"device": 3}
    assert counts(ask(empty, now=NOW + 5, filters={"badge_all": ("lti;role=Tool",)}), "badge") == {"lti": 2}


def test_what_badges_leave_nothing_of_is_never_loosened_by_them(empty: SearchEngine) -> None:
    fill(empty, PROVED)
    filters = {"badge_all": ("lti;level=certified",), "category": ("none-such",)}
    answer = ask(empty, "tool", filters=filters)
    assert (answer.hits, answer.total) == ((), 0)
    assert answer.relaxed is not None
    assert answer.relaxed.ignored == ("category",)
    assert counts(answer, "category") == {"lms": 1}
    assert ask(empty, "tool", filters={"badge_all": ("green;role=Tool",), "kind": ("device",)}).relaxed is None


def test_a_badge_keeps_its_version_and_role(empty: SearchEngine) -> None:
    fill(empty, PROVED)
    (hit,) = ask(empty, filters={"badge": ("lti;version=1.1",)}).hits
    assert hit.card.badges == (lti(level="self_declared", version="1.1"),)


def test_cards_show_only_badges_valid_now(engine: SearchEngine) -> None:
    def shown(now: int) -> list[list[str]]:
        return [[mark.code for mark in hit.card.badges] for hit in ask(engine, now=now).hits[:3]]

    assert shown(NOW - 1) == [["safe", "green"], ["safe"], []]
    assert shown(NOW) == [["green"], ["safe"], []]
    assert shown(NOW + 1) == [["green"], [], ["green"]]


def test_a_badge_held_twice_is_counted_once_and_lasts_as_long_as_the_longer(empty: SearchEngine) -> None:
    fill(empty, [product("b1", "Twice", badges=(badge(valid_until=NOW), badge(valid_from=NOW, valid_until=NOW + 5)))])
    assert counts(ask(empty, now=NOW - 1), "badge") == {"safe": 1}
    assert counts(ask(empty, now=NOW), "badge") == {"safe": 1}
    assert counts(ask(empty, now=NOW + 5), "badge") == {}


def test_putting_the_same_id_replaces(engine: SearchEngine) -> None:
    fill(engine, [product("a2", "Framework laptop", category="laptops")])
    assert ask(engine, "thinkpad").total == 0
    assert ids(ask(engine, "framework")) == ["a2"]
    assert ask(engine).total == 5


def test_a_removed_document_is_gone_and_removing_nothing_is_no_error(engine: SearchEngine) -> None:
    with engine.exclusive() as writer:
        writer.remove("a4")
        writer.remove("no such id")
        writer.commit()
    assert ask(engine, "toner").total == 0
    assert counts(ask(engine), "kind") == {"device": 3, "training": 1}


def test_put_and_removed_in_one_batch_leaves_the_last_word(empty: SearchEngine) -> None:
    with empty.exclusive() as writer:
        writer.put(product("b1", "First"))
        writer.put(product("b1", "Second"))
        writer.put(product("b2", "Gone"))
        writer.remove("b2")
        writer.commit()
    assert [hit.card.title for hit in ask(empty).hits] == ["Second"]


def test_nothing_is_seen_before_its_commit_and_leaving_drops_it(engine: SearchEngine) -> None:
    with engine.exclusive() as writer:
        writer.put(product("b1", "Uncommitted thing"))
        assert ask(engine, "uncommitted").total == 0
    assert ask(engine, "uncommitted").total == 0
    assert sorted(stamps(engine)) == [(f"a{n}", 1) for n in range(1, 6)]


def stamps(engine: SearchEngine) -> list[tuple[str, int]]:
    with engine.exclusive() as writer:
        return list(writer.stamps())


def test_stamps_tell_the_revision_of_every_document_as_last_committed(engine: SearchEngine) -> None:
    with engine.exclusive() as writer:
        writer.put(product("a1", "Acer Chromebook 314", revision=7))
        writer.remove("a2")
        assert ("a1", 1) in list(writer.stamps())
        writer.commit()
        assert sorted(writer.stamps()) == [("a1", 7), ("a3", 1), ("a4", 1), ("a5", 1)]


@pytest.mark.parametrize(
    "bad",
    [
        product("b1", "Bad price", price_pence=-1),
        product("b1", "Huge price", price_pence=2**80),
        product("b1", "Lone surrogate \ud800", summary="\ud800"),
        product("b1", 7),
        product("", "No id"),
        product("b1", "Price in words", price_pence="cheap"),
        product("b1", "A badge no wish could name", badges=(lti("Tool;level=certified"),)),
        product("b1", "A badge with a tab", badges=(lti(version="1.3\tTool"),)),
    ],
)
def test_a_document_that_cannot_be_taken_is_refused_and_the_writer_lives(engine: SearchEngine, bad: Document) -> None:
    with engine.exclusive() as writer:
        with pytest.raises(ValueError, match=r"."):
            writer.put(bad)
        writer.put(product("b2", "Perfectly fine"))
        writer.commit()
    assert ask(engine).total == 6
    assert ids(ask(engine, "perfectly")) == ["b2"]


def test_a_rebuild_is_unseen_until_switched_to_and_then_replaces_all(engine: SearchEngine) -> None:
    with engine.rebuild() as fresh:
        fresh.put(product("b1", "Brand new"))
        fresh.commit()
        assert sorted(fresh.stamps()) == [("b1", 1)]
        assert ask(engine).total == 5
        with engine.exclusive():
            fresh.switch()
        assert ids(ask(engine)) == ["b1"]
    assert ids(ask(engine)) == ["b1"]
    fill(engine, [product("b2", "After the switch")])
    assert ask(engine).total == 2


def test_a_rebuild_not_switched_to_changes_nothing(engine: SearchEngine) -> None:
    with engine.rebuild() as fresh:
        fresh.put(product("b1", "Brand new"))
        fresh.commit()
    assert ask(engine).total == 5


def test_a_failure_while_writing_drops_the_batch_and_frees_the_right_to_write(engine: SearchEngine) -> None:
    def fail_half_way() -> None:
        with engine.exclusive() as writer:
            writer.put(product("b1", "Half done"))
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        fail_half_way()
    fill(engine, [product("b2", "Next")])
    assert ask(engine).total == 6


def test_only_one_may_write_and_the_next_waits_in_vain(engine: SearchEngine) -> None:
    refused: list[bool] = []

    def second() -> None:
        try:
            with engine.exclusive(wait=0.01):
                pass
        except TimeoutError:
            refused.append(True)

    with engine.exclusive():
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert refused == [True]


def test_pages_follow_one_another_even_when_everything_ties(empty: SearchEngine) -> None:
    fill(empty, [product(f"p{number:03}", "Identical cable") for number in range(100)][::-1])
    expected = [f"p{number:03}" for number in range(100)]
    for sort in Sort:
        pages = [ids(ask(empty, "cable", sort=sort, offset=offset, limit=7)) for offset in range(0, 100, 7)]
        assert [each for page in pages for each in page] == expected
    assert ids(ask(empty, offset=95, limit=10)) == expected[95:]
    assert ids(ask(empty, "cable", offset=100)) == []
    assert ask(empty, "cable", offset=100).total == 100
    assert ids(ask(empty, "cable", limit=0)) == []


def test_a_facet_that_does_not_exist_is_an_error(engine: SearchEngine) -> None:
    with pytest.raises(ValueError, match="colour"):
        ask(engine, facets=("colour",))
    with pytest.raises(ValueError, match="colour"):
        ask(engine, filters={"colour": ("red",)})


def test_an_empty_choice_does_not_filter(engine: SearchEngine) -> None:
    assert ask(engine, filters={"kind": ()}).total == 5
