"""No text a person can send makes a search fail."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from becta.search.documents import BadgeMark, Document
from becta.search.engine import Query, SearchEngine
from becta.search.interpret import LONGEST_TEXT, MOST_WORDS
from becta.search.memory import MemoryEngine
from becta.search.tantivy_engine import TantivyEngine
from becta.search.wishes import LEVELS, read_wish

OPERATORS = ["title:laptop", '"laptop stand"~2', "a AND", "(", "[a TO b]", "-laptop", "laptop^9", "*", "la*op", "/re(/"]


@pytest.fixture(scope="module", params=["memory", "tantivy"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchEngine]:
    engine: SearchEngine = (
        MemoryEngine() if request.param == "memory" else TantivyEngine(tmp_path_factory.mktemp("index"))
    )
    with engine.exclusive() as writer:
        for number, title in enumerate(["Laptop stand", "Café toner TN-2110", "USB stick ®™", "Straße İstanbul ﬁbre"]):
            writer.put(document(number, title))
        writer.commit()
    yield engine
    engine.close()


def document(number: int, title: str = "Thing", badges: tuple[BadgeMark, ...] = ()) -> Document:
    return Document(
        id=f"d{number}",
        revision=1,
        reference="",
        kind="k",
        title=title,
        supplier_id="s",
        supplier="S",
        published_at=100 - number,
        badges=badges,
    )


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


CODES, VERSIONS, ROLES = ("lti", "qti"), ("", "1.3", "3"), ("", "Tool", "Item bank")
marks = st.builds(
    BadgeMark,
    code=st.sampled_from(CODES),
    name=st.just("Badge"),
    level=st.sampled_from([*LEVELS, "gold", ""]),
    holder=st.just("product"),
    version=st.sampled_from(VERSIONS),
    role=st.sampled_from(ROLES),
    valid_from=st.integers(-3, 6),
    valid_until=st.one_of(st.none(), st.integers(-3, 8)),
)
parts = st.one_of(
    st.sampled_from(VERSIONS).map("version={}".format),
    st.sampled_from(ROLES).map("role={}".format),
    st.sampled_from([*LEVELS, "gold"]).map("level={}".format),
)
wishes = st.builds(
    lambda code, parts: ";".join([code, *parts]),
    st.sampled_from([*CODES, "case"]),
    st.lists(parts, max_size=3),
)
chosen = st.lists(wishes, max_size=3).map(tuple)


@given(
    held=st.lists(st.lists(marks, max_size=4).map(tuple), min_size=1, max_size=12),
    asked=st.lists(st.tuples(chosen, chosen), min_size=1, max_size=6),
)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_both_engines_agree_on_every_wish_at_every_second(
    tmp_path_factory: pytest.TempPathFactory,
    held: list[tuple[BadgeMark, ...]],
    asked: list[tuple[tuple[str, ...], tuple[str, ...]]],
) -> None:
    plain, full = MemoryEngine(), TantivyEngine(tmp_path_factory.mktemp("index"))
    for engine in (plain, full):
        with engine.exclusive() as writer:
            for number, badges in enumerate(held):
                writer.put(document(number, badges=badges))
            writer.commit()
    for any_of, all_of in asked:
        for now in range(-4, 9):
            query = Query(filters={"badge": any_of, "badge_all": all_of}, now=now)
            assert full.search(query) == plain.search(query)
    full.close()


@given(text=st.one_of(st.text(max_size=60), st.lists(st.sampled_from([*"=;\t\n", "lti", "role"])).map("".join)))
@example(text="lti;" * 5_000)
@example(text="\ud800;role=\ud800")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_wish_makes_a_search_fail(engine: SearchEngine, text: str) -> None:
    for name in ("badge", "badge_all"):
        assert engine.search(Query(filters={name: (text,)}, now=1)).total == 0


@given(mark=marks, version=st.booleans(), role=st.booleans(), level=st.booleans())
def test_a_badge_is_taken_by_every_wish_made_from_it(mark: BadgeMark, version: bool, role: bool, level: bool) -> None:
    asked = [
        f"{name}={value}"
        for name, value, is_asked in (
            ("version", mark.version, version),
            ("role", mark.role, role),
            ("level", mark.level, level and mark.level in LEVELS),
        )
        if is_asked and value
    ]
    wish = read_wish(";".join([mark.code, *asked]))
    assert wish is not None
    assert wish.takes(mark)
    assert wish.is_plain() is (not asked)
