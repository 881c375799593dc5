"""Badges by the clock: which are valid at an instant, however long ago the index was written."""

from bisect import bisect_right
from collections import defaultdict
from functools import cached_property

import msgspec
from tantivy import Occur, Schema, Searcher
from tantivy import Query as Clause

from becta.search.engine import Card
from becta.search.schema import read_window

Span = tuple[int, int | None]


class BadgeClock:
    """The spans of every badge in one commit.

    Each document has one term per badge code that spells out its spans, so the documents whose
    badge is not valid at an instant are those with one of a known set of terms.
    """

    def __init__(self, searcher: Searcher, schema: Schema) -> None:
        self._searcher = searcher
        self._schema = schema

    @cached_property
    def _windows(self) -> dict[str, tuple[str, tuple[Span, ...]]]:
        terms = self._searcher.terms_with_prefix("badge_window", "")
        return {term: read_window(term) for term, _ in terms}

    @cached_property
    def _settled(self) -> tuple[int, float]:
        """From when until when every badge in the index is valid."""
        spans = [span for _, spans in self._windows.values() for span in spans]
        if any(len(spans) > 1 for _, spans in self._windows.values()):
            return 1, 0.0
        start = max((start for start, _ in spans), default=0)
        end = min((end for _, end in spans if end is not None), default=float("inf"))
        return start, float(end)

    @cached_property
    def _instants(self) -> list[int]:
        spans = {span for _, spans in self._windows.values() for span in spans}
        return sorted({start for start, _ in spans} | {end for _, end in spans if end is not None})

    def era(self, now: int) -> int:
        """A number that changes whenever, as time passes, some badge begins or ends."""
        return bisect_right(self._instants, now)

    def lapsed(self, now: int) -> dict[str, list[str]]:
        """For each badge code, the terms of documents whose badge is not valid at `now`."""
        start, end = self._settled
        if start <= now < end:
            return {}
        terms: dict[str, list[str]] = defaultdict(list)
        for term, (code, spans) in self._windows.items():
            if not any(start <= now and (end is None or now < end) for start, end in spans):
                terms[code].append(term)
        return dict(terms)

    def having(self, code: str, now: int) -> Clause:
        """Documents whose badge `code` is valid at `now`."""
        marked = Clause.term_query(self._schema, "is_badge", code)
        lapsed = self.lapsed(now).get(code)
        if not lapsed:
            return marked
        return Clause.boolean_query(
            [(Occur.Must, marked), (Occur.MustNot, Clause.term_set_query(self._schema, "badge_window", lapsed))]
        )


def valid_card(card: Card, now: int) -> Card:
    """The card with only the badges valid at `now`."""
    if all(mark.is_valid(now) for mark in card.badges):
        return card
    return msgspec.structs.replace(card, badges=tuple(mark for mark in card.badges if mark.is_valid(now)))
