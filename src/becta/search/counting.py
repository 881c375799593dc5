"""Facet counts over an answer, by tantivy's aggregations, with badges counted only where valid."""

from collections.abc import Iterable, Mapping
from typing import Any

from tantivy import FieldType, Occur, Schema, Searcher
from tantivy import Query as Clause

from becta.search.engine import FACETS, FacetCount, Query
from becta.search.facets import Labels, in_order, known_facets, known_filters
from becta.search.schema import read_facet_term
from becta.search.validity import BadgeClock

_MOST_VALUES = 10_000
_MOST_SHOWN = 60
_HIGHEST = 2**63 - 1
_LONG = frozenset({"supplier", "category"})  # one value a document, perhaps hundreds of values: the commonest will do
_ON_BADGES = frozenset({"badge", "badge_all"})
_HOW_MANY = {"n": {"value_count": {"field": "id"}}}
_WINDOWS = {"windows": {"terms": {"field": "badge_window", "size": 10_000_000}}}


def _wanted(facet: str, *, in_one_segment: bool) -> dict[str, Any]:
    terms: dict[str, Any] = {"field": f"of_{facet}", "size": _MOST_SHOWN if facet in _LONG else _MOST_VALUES}
    if in_one_segment:  # then nothing can be missed by reading no more labels than are shown
        terms["segment_size"] = terms["size"]
    return {"terms": terms}


class Narrowing:
    """The filters of one query as clauses, each facet apart."""

    def __init__(self, query: Query, schema: Schema, clock: BadgeClock) -> None:
        known_filters(query.filters)
        self._always: list[Clause] = []
        self._by_facet: dict[str, Clause] = {}
        low, high = query.price_min_pence, query.price_max_pence
        if low is not None or high is not None:
            floor = min(max(low or 0, 0), _HIGHEST)
            ceiling = _HIGHEST if high is None else min(high, _HIGHEST)
            if ceiling < floor:
                self._always.append(Clause.empty_query())
            else:
                self._always.append(Clause.range_query(schema, "price", FieldType.Unsigned, floor, ceiling))
        for facet, values in query.filters.items():
            if not values:
                continue
            if facet in _ON_BADGES:
                clauses = [clock.meeting(wish, query.now) for wish in values]
            else:
                clauses = [Clause.term_query(schema, f"is_{facet}", value) for value in values]
            together = Occur.Must if facet == "badge_all" else Occur.Should
            self._by_facet[facet] = (
                clauses[0] if len(clauses) == 1 else Clause.boolean_query([(together, each) for each in clauses])
            )

    def narrows(self) -> bool:
        """Whether there is any filter."""
        return bool(self._always or self._by_facet)

    def facets(self) -> frozenset[str]:
        """The facets that are filtered on."""
        return frozenset(self._by_facet)

    def apply(self, match: Clause | None, *, without: str = "", unscored: bool = False) -> Clause:
        """`match` (None for everything) narrowed by every filter but one facet's own."""
        filters = self._always + [clause for facet, clause in self._by_facet.items() if facet != without]
        if not filters:
            return Clause.all_query() if match is None else match
        if not unscored:
            filters = [Clause.const_score_query(clause, 0.0) for clause in filters]
        clauses = filters if match is None else [match, *filters]
        return Clause.boolean_query([(Occur.Must, clause) for clause in clauses])


class Counter:
    """Counts facets in one commit."""

    def __init__(self, searcher: Searcher, clock: BadgeClock, labels: Labels) -> None:
        self._searcher = searcher
        self._clock = clock
        self._labels = labels
        self._read: dict[str, dict[str, list[tuple[str, str]]]] = {facet: {} for facet in FACETS}
        in_one_segment = searcher.num_segments == 1
        self._values = {facet: _wanted(facet, in_one_segment=in_one_segment) for facet in FACETS}

    def count(
        self, match: Clause | None, narrowing: Narrowing, facets: Iterable[str], now: int
    ) -> dict[str, tuple[FacetCount, ...]]:
        """The counts of each facet, its own filter left out."""
        chosen = known_facets(facets)
        filtered = narrowing.facets()
        together = [facet for facet in chosen if facet not in filtered]
        found: dict[str, tuple[FacetCount, ...]] = {}
        if together:
            found |= self._over(narrowing.apply(match, unscored=True), together, now)
        for facet in chosen:
            if facet in filtered:
                found |= self._over(narrowing.apply(match, without=facet, unscored=True), [facet], now)
        return {facet: found[facet] for facet in chosen}

    def _over(self, clause: Clause, facets: list[str], now: int) -> dict[str, tuple[FacetCount, ...]]:
        wanted = {facet: self._values[facet] for facet in facets}
        buckets = self._searcher.aggregate(clause, wanted)
        found = {facet: self._tally(facet, buckets[facet]["buckets"]) for facet in facets}
        if "badge" in found:
            self._take_lapsed(clause, found["badge"], now)
        return {facet: in_order(facet, values) for facet, values in found.items()}

    def _tally(self, facet: str, buckets: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, int]]:
        """Counts by value; a value under two labels keeps the commoner."""
        counts: dict[str, tuple[str, int]] = {}
        read = self._read[facet]
        for bucket in buckets:
            term = bucket["key"]
            count = bucket["doc_count"]
            for value, label in read.get(term) or self._pairs(facet, term):
                known = counts.get(value)
                counts[value] = (label, count) if known is None else (known[0], known[1] + count)
        return counts

    def _pairs(self, facet: str, term: str) -> list[tuple[str, str]]:
        read = self._read[facet]
        if len(read) > _MOST_VALUES:
            read.clear()
        given = self._labels.get(facet, {})
        pairs = read[term] = [(value, given.get(value, label)) for value, label in read_facet_term(term)]
        return pairs

    def _take_lapsed(self, clause: Clause, badges: dict[str, tuple[str, int]], now: int) -> None:
        if self._clock.is_settled(now):
            return
        both = Clause.boolean_query([(Occur.Must, clause), (Occur.Must, self._clock.doubtful(now))])
        try:
            buckets = self._searcher.aggregate(both, _WINDOWS)["windows"]["buckets"]
        except ValueError:  # more different spans than tantivy will list
            self._take_lapsed_codes(clause, badges, now)
            return
        for bucket in buckets:
            code = self._clock.lapsed_code(bucket["key"], now)
            if code is not None and code in badges:
                label, count = badges[code]
                badges[code] = label, count - bucket["doc_count"]

    def _take_lapsed_codes(self, clause: Clause, badges: dict[str, tuple[str, int]], now: int) -> None:
        for code, (label, count) in list(badges.items()):
            gone = self._clock.lapsed(code, now)
            if gone is not None:
                both = Clause.boolean_query([(Occur.Must, clause), (Occur.Must, gone)])
                found = self._searcher.aggregate(both, _HOW_MANY)["n"]["value"]
                badges[code] = label, count - int(found)
