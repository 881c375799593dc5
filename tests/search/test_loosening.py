"""Which filters are left out when they leave nothing, and how often the index is asked for that."""

from becta.search.engine import FACETS, Query
from becta.search.loosening import loosened

EVERY = Query(
    text="laptop", filters=dict.fromkeys(FACETS, ("x",)), price_min_pence=1, price_max_pence=2, offset=20, now=1
)
BARE = Query(text="laptop", filters={"badge": ("x",)}, offset=20, now=1)
"""What is left when all that may be is left out: a filter on badges never is."""


def test_the_index_is_asked_at_most_nine_times() -> None:
    tried: list[Query] = []

    def has_any(query: Query) -> bool:
        tried.append(query)
        return query.filters.keys() <= {"badge"}

    looser = loosened(EVERY, "laptop", has_any)
    assert looser is not None
    assert set(looser.relaxation.ignored) == {*FACETS, "price"} - {"badge"}
    assert looser.query == BARE
    assert len(tried) == len(FACETS) + 1


def test_words_that_find_nothing_without_filters_are_asked_for_once() -> None:
    tried: list[Query] = []
    assert loosened(EVERY, "laptop", lambda query: bool(tried.append(query))) is None
    assert tried == [BARE]


def test_without_filters_the_index_is_not_asked() -> None:
    tried: list[Query] = []
    assert loosened(Query(filters={"kind": ()}, now=1), "", lambda query: bool(tried.append(query))) is None
    assert not tried


def test_both_bounds_of_price_are_one_filter_and_the_other_filters_stay() -> None:
    looser = loosened(EVERY, "", lambda query: query.price_min_pence is None)
    assert looser is not None
    assert looser.query == Query(text="laptop", filters=EVERY.filters, offset=20, now=1)
    assert looser.relaxation.message == ("No product matches these filters; leave out the filter on price to see some.")
