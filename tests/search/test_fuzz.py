"""No text a person can send makes a search fail."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from becta.search.documents import Document
from becta.search.engine import Query, SearchEngine
from becta.search.interpret import LONGEST_TEXT, MOST_WORDS
from becta.search.memory import MemoryEngine
from becta.search.tantivy_engine import TantivyEngine

OPERATORS = ["title:laptop", '"laptop stand"~2', "a AND", "(", "[a TO b]", "-laptop", "laptop^9", "*", "la*op", "/re(/"]


@pytest.fixture(scope="module", params=["memory", "tantivy"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchEngine]:
    engine: SearchEngine = (
        MemoryEngine() if request.param == "memory" else TantivyEngine(tmp_path_factory.mktemp("index"))
    )
    with engine.exclusive() as writer:
        for number, title in enumerate(["Laptop stand", "Café toner TN-2110", "USB stick ®™", "Straße İstanbul ﬁbre"]):
            writer.put(
                Document(
                    id=f"d{number}", revision=1, reference="", kind="k", title=title, supplier_id="s", supplier="S"
                )
            )
        writer.commit()
    yield engine
    engine.close()


@given(text=st.one_of(st.text(max_size=80), st.lists(st.sampled_from([*OPERATORS, "laptop", "tn"])).map(" ".join)))
@example(text="laptop " * 2000)
@example(text="x" * 10_000)
@example(text="é" * 10_000)
@example(text="\x00laptop\x00")
@example(text="\ud800 laptop")
@example(text="🧑🏽‍💻 💻")
@example(text="İ" * 40)
@example(text="tn-" * 90)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_has_an_answer(engine: SearchEngine, text: str) -> None:
    answer = engine.search(Query(text=text, now=1))
    assert answer.total >= len(answer.hits)
    for hit in answer.hits:
        for marked in hit.highlights.values():
            assert marked.replace("<mark>", "").replace("</mark>", "").count("<") == 0
    assert len(engine.suggest(text, limit=3)) <= 3


@pytest.mark.parametrize("text", OPERATORS)
def test_no_query_language_reaches_a_person(engine: SearchEngine, text: str) -> None:
    plain = "".join(char if char.isalnum() else " " for char in text)
    found = engine.search(Query(text=text, now=1))
    assert [hit.card.id for hit in found.hits] == [hit.card.id for hit in engine.search(Query(text=plain, now=1)).hits]


def test_what_is_read_of_a_text_is_bounded(engine: SearchEngine) -> None:
    unread = "laptop " + "." * LONGEST_TEXT + " zxqvjkwp"
    assert engine.search(Query(text=unread, now=1)).relaxed is None
    many = " ".join(["laptop"] * MOST_WORDS + ["zxqvjkwp"])
    assert engine.search(Query(text=many, now=1)).relaxed is None


@given(
    low=st.integers(-(10**30), 10**30),
    high=st.integers(-(10**30), 10**30),
    now=st.integers(-(10**30), 10**30),
    offset=st.integers(-5, 10**12),
    limit=st.integers(-5, 100),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_number_makes_a_search_fail(
    engine: SearchEngine, low: int, high: int, now: int, offset: int, limit: int
) -> None:
    answer = engine.search(
        Query(text="laptop", price_min_pence=low, price_max_pence=high, now=now, offset=offset, limit=limit)
    )
    assert answer.relaxed is not None
    assert answer.relaxed.ignored == ("price",)
