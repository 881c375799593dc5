"""Badges by the clock: which are valid at an instant, however long ago the index was written."""

from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property

import msgspec
from tantivy import FieldType, Occur, Schema, Searcher
from tantivy import Query as Clause

from becta.search.engine import Card
from becta.search.schema import read_window

Span = tuple[int, int | None]
_FARTHEST = 2**62


def _covers(spans: Iterable[Span], now: int) -> bool:
    return any(start <= now and (end is None or now < end) for start, end in spans)


class BadgeClock:
    """The spans of every badge in one commit.

    Each document has one term per badge code that spells out its spans, so the documents whose
    badge is not valid at an instant are those with one of a known set of terms.
    """

    def __init__(self, searcher: Searcher, schema: Schema) -> None:
        self._searcher = searcher
        self._schema = schema
        self._gone: dict[tuple[str, int], Clause | None] = {}

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

    def is_settled(self, now: int) -> bool:
        """Whether every badge in the index is valid at `now`, so that none needs a closer look."""
        start, end = self._settled
        return start <= now < end

    def doubtful(self, now: int) -> Clause:
        """Documents with a span that has ended or not begun at `now`: all that may have a badge not valid."""
        instant = max(-_FARTHEST, min(now, _FARTHEST))
        ended = Clause.range_query(self._schema, "badge_first_end", FieldType.Integer, None, instant)
        to_come = Clause.range_query(self._schema, "badge_last_start", FieldType.Integer, instant, None, False)
        return Clause.boolean_query([(Occur.Should, ended), (Occur.Should, to_come)])

    def lapsed_code(self, window: str, now: int) -> str | None:
        """The badge code of a window term, if it is not valid at `now`."""
        code, spans = self._windows.get(window) or read_window(window)
        return None if _covers(spans, now) else code

    def lapsed(self, code: str, now: int) -> Clause | None:
        """Documents whose badge `code` is not valid at `now`, kept until a span begins or ends; None if no such."""
        key = (code, self.era(now))
        kept = self._gone
        if key in kept:
            return kept[key]
        terms = [term for term, (of, spans) in self._windows.items() if of == code and not _covers(spans, now)]
        clause = Clause.term_set_query(self._schema, "badge_window", terms) if terms else None
        # Another thread may replace the dict meanwhile and lose this key, so the answer is not read back from it.
        self._gone = {other: gone for other, gone in kept.items() if other[1] == key[1]} | {key: clause}
        return clause

    def having(self, code: str, now: int) -> Clause:
        """Documents whose badge `code` is valid at `now`."""
        marked = Clause.term_query(self._schema, "is_badge", code)
        lapsed = None if self.is_settled(now) else self.lapsed(code, now)
        if lapsed is None:
            return marked
        return Clause.boolean_query([(Occur.Must, marked), (Occur.MustNot, lapsed)])


def valid_card(card: Card, now: int) -> Card:
    """The card with only the badges valid at `now`."""
    for mark in card.badges:
        if not mark.is_valid(now):
            break
    else:
        return card
    return msgspec.structs.replace(card, badges=tuple(mark for mark in card.badges if mark.is_valid(now)))
