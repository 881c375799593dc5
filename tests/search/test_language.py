"""Words: what stands for what, what a title says its product is, and how slips are put right."""

from pathlib import Path

import pytest

from becta.search.analysis import code_form, codes_in
from becta.search.bench import measure, quantile
from becta.search.documents import Document
from becta.search.engine import Answer, Query
from becta.search.facets import price_band
from becta.search.spelling import Spelling
from becta.search.synonyms import Synonyms, trade_synonyms
from becta.search.tantivy_engine import TantivyEngine
from becta.search.titles import heads


def engine_of(directory: Path, *titles: str) -> TantivyEngine:
    engine = TantivyEngine(directory)
    with engine.exclusive() as writer:
        for number, title in enumerate(titles):
            writer.put(
                Document(
                    id=f"d{number}", revision=1, reference="", kind="k", title=title, supplier_id="s", supplier="S"
                )
            )
        writer.commit()
    return engine


def titles(answer: Answer) -> list[str]:
    return [hit.card.title for hit in answer.hits]


@pytest.mark.parametrize(
    ("asked", "title"),
    [
        ("MIS", "Management information system for primary schools"),
        ("management information systems", "Arbor MIS"),
        ("LMS", "A learning platform for every pupil"),
        ("smartboard", "75 inch interactive display"),
        ("IWB", "Interactive whiteboard"),
        ("WAP", "Wireless access point"),
        ("special needs", "SEND toolkit"),
        ("mouse pad", "Red mouse mat"),
        ("mouse mat", "Red mousepad"),
        ("usb stick", "64 GB flash drive"),
        ("leased line", "Full fibre broadband"),
        ("color printer", "Colour printer"),
        ("laptop", "Business notebook"),
        ("smart watch", "Smartwatch"),
        ("ups", "Uninterruptible power supply"),
    ],
)
def test_words_of_the_trade_find_one_another(tmp_path: Path, asked: str, title: str) -> None:
    answer = engine_of(tmp_path, title, "Something else entirely").search(Query(text=asked, now=1))
    assert titles(answer) == [title]
    assert answer.relaxed is None


@pytest.mark.parametrize(
    ("asked", "title"),
    [
        ("one roster", "OneRoster connector"),
        ("one rosters", "OneRoster connector"),
        ("one roste", "OneRoster connector"),
        ("oneroster", "One Roster connector"),
        ("lap top", "Laptop 14"),
        ("white board", "Whiteboard pens"),
        ("whiteboard", "White board pens"),
        ("head phones", "Headphones"),
        ("note book 14", "Notebook 14"),
        ("wi fi", "WiFi extender"),
        ("e safety course", "eSafety course"),
    ],
)
def test_words_are_found_together_or_apart(tmp_path: Path, asked: str, title: str) -> None:
    engine = engine_of(tmp_path, title, *(f"Router {number}, one of many" for number in range(40)))
    answer = engine.search(Query(text=asked, now=1))
    assert titles(answer) == [title]
    assert answer.relaxed is None
    assert answer.did_you_mean is None


def test_words_stay_apart_where_the_index_has_them_so_more_often(tmp_path: Path) -> None:
    engine = engine_of(tmp_path, "HPlaptop sticker", "HP laptop", "HP gaming laptop")
    assert set(titles(engine.search(Query(text="hp laptop", now=1)))) >= {"HP laptop", "HP gaming laptop"}


def test_only_words_that_the_index_does_not_have_are_corrected(tmp_path: Path) -> None:
    engine = engine_of(tmp_path, "Rooster lamp", *(f"Router cable {number}" for number in range(40)))
    answer = engine.search(Query(text="rooster lmap", now=1))
    assert titles(answer) == ["Rooster lamp"]
    assert answer.relaxed is not None
    assert answer.relaxed.corrections == {"lmap": "lamp"}


def test_the_thing_itself_comes_before_things_for_it(tmp_path: Path) -> None:
    engine = engine_of(tmp_path, "Laptop charging trolley", "Stand for laptop", "Acme 15 inch laptop", "Laptop bag")
    assert titles(engine.search(Query(text="laptop", now=1)))[0] == "Acme 15 inch laptop"
    assert titles(engine.search(Query(text="laptop bag", now=1))) == ["Laptop bag"]


def test_a_whole_word_comes_before_words_it_begins(tmp_path: Path) -> None:
    engine = engine_of(tmp_path, "Printing paper", "Print server", "Printer")
    assert titles(engine.search(Query(text="prin", now=1, limit=0))) == []
    assert titles(engine.search(Query(text="paper", now=1))) == ["Printing paper"]
    assert engine.search(Query(text="prin", now=1)).total == 3


def test_a_better_spelling_is_offered_although_something_was_found(tmp_path: Path) -> None:
    engine = engine_of(tmp_path, "Porjector thing", *(f"Projector {number}" for number in range(25)))
    answer = engine.search(Query(text="porjector", now=1))
    assert titles(answer) == ["Porjector thing"]
    assert answer.did_you_mean == "projector"
    assert engine.search(Query(text="projector", now=1)).did_you_mean is None


def test_similar_words_are_the_last_resort(tmp_path: Path) -> None:
    answer = engine_of(tmp_path, "Photosynthesis kit").search(Query(text="photosyntesizers", now=1))
    assert titles(answer) == ["Photosynthesis kit"]
    assert answer.relaxed is not None
    assert answer.relaxed.how == "similar"
    assert answer.relaxed.message == "Nothing matches “photosyntesizers”, so these are results for similar words."


@pytest.mark.parametrize("text", ["quibblewax", "photograph album", "xyzwphotosynthesi"])
def test_words_not_alike_enough_have_an_honest_empty_answer(tmp_path: Path, text: str) -> None:
    answer = engine_of(tmp_path, "Quiet room panel", "Photosynthesis kit").search(Query(text=text, now=1))
    assert answer.total == 0
    assert answer.relaxed is None


@pytest.mark.parametrize(
    ("title", "brand", "expected"),
    [
        ("Xerox 006R90321 toner cartridge Original Black 6 pc(s)", "Xerox", ["cartridg"]),
        ("Kensington Laptop Cooling Stand", "Kensington", ["stand"]),
        ("Case for tablet", "", ["case"]),
        ("HP Mini Sleeve 11.6 notebook case Black", "HP", ["sleev", "case"]),
        ("Tablet PC", "", ["tablet", "pc"]),
        ("", "", []),
    ],
)
def test_a_title_says_what_a_product_is(title: str, brand: str, expected: list[str]) -> None:
    assert heads(title, brand) == expected


def test_synonyms_go_both_ways_unless_told_one_way() -> None:
    synonyms = Synonyms(["laptop, notebook # trade", "laptop => chromebook", "", "# nothing"])
    assert synonyms.of(("laptop",)) == (("notebook",), ("chromebook",))
    assert synonyms.of(("notebook",)) == (("laptop",),)
    assert synonyms.of(("chromebook",)) == ()


def test_the_list_of_the_trade_is_readable_and_long() -> None:
    assert trade_synonyms().of(("mis",)) != ()
    assert trade_synonyms().longest <= 6


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("chromebok", "chromebook"),
        ("labtop", "laptop"),
        ("tbalet", "tablet"),
        ("xxxxxxxx", None),
        ("la", None),
        ("a4", None),
    ],
)
def test_slips_are_put_right_from_the_words_of_the_index(slip: str, meant: str | None) -> None:
    spelling = Spelling([("chromebook", 12), ("chrome", 30), ("laptop", 90), ("tablet", 20), ("desktop", 40)])
    assert spelling.correct(slip) == meant


def test_part_numbers_have_one_form() -> None:
    assert code_form("TN-2110") == code_form("tn 2110") == "tn2110"
    assert codes_in("Toner TN-2110, pack of 2 (006R90321)") == ["tn2110", "006r90321"]


@pytest.mark.parametrize(("pence", "label"), [(0, "Under £25"), (24_99, "Under £25"), (25_00, "£25 to £100")])
def test_a_price_on_an_edge_is_in_the_band_above(pence: int, label: str) -> None:
    assert price_band(pence).label == label


def test_timings_are_taken_one_question_at_a_time(tmp_path: Path) -> None:
    ticks = iter([0.0, 0.001, 1.0, 1.003])
    timings = measure(engine_of(tmp_path, "Laptop"), ["laptop", "lap"], now=1, clock=lambda: next(ticks))
    assert (timings.questions, round(timings.p50, 6), round(timings.slowest, 6)) == (2, 1.0, 3.0)
    assert timings.qps == pytest.approx(500)
    assert quantile([1, 2, 3, 4], 0.5) == 2
    assert quantile([1, 2, 3, 4], 0.99) == 4
