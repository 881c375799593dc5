"""Badges by the clock: which are valid at an instant, however long ago the index was written."""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from functools import cached_property

import msgspec
from tantivy import FieldType, Occur, Schema, Searcher
from tantivy import Query as Clause

from becta.search.documents import BadgeMark
from becta.search.engine import Card
from becta.search.schema import read_form, read_window
from becta.search.wishes import read_wish

Span = tuple[int, int | None]
_FARTHEST = 2**62


def _covers(spans: Iterable[Span], now: int) -> bool:
    return any(start <= now and (end is None or now < end) for start, end in spans)


class BadgeClock:
    """The spans of every badge in one commit.

    Each document has one term per badge code that spells out its spans, so the documents whose
    badge is not valid at an instant are those with one of a known set of terms. It has another for each
    form (code, version, role and level together), read when a question first asks for more than a code.
    """

    def __init__(self, searcher: Searcher, schema: Schema) -> None:
        self._searcher = searcher
        self._schema = schema
        self._gone: dict[tuple[str, str, int], Clause | None] = {}

    @cached_property
    def _windows(self) -> dict[str, tuple[str, tuple[Span, ...]]]:
        terms = self._searcher.terms_with_prefix("badge_window", "")
        return {term: read_window(term) for term, _ in terms}

    @cached_property
    def _forms(self) -> dict[str, BadgeMark]:
        return {term: read_form(term) for term, _ in self._searcher.terms_with_prefix("badge_form", "")}

    @cached_property
    def _form_windows(self) -> dict[str, list[tuple[str, tuple[Span, ...]]]]:
        windows: dict[str, list[tuple[str, tuple[Span, ...]]]] = {}
        for term, _ in self._searcher.terms_with_prefix("badge_form_window", ""):
            form, spans = read_window(term)
            windows.setdefault(form, []).append((term, spans))
        return windows

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
        return self._lapsed(
            "badge_window",
            code,
            now,
            lambda: ((term, spans) for term, (of, spans) in self._windows.items() if of == code),
        )

    def _lapsed(
        self, field: str, key: str, now: int, windows: Callable[[], Iterable[tuple[str, tuple[Span, ...]]]]
    ) -> Clause | None:
        era = self.era(now)
        note = (field, key, era)
        kept = self._gone
        if note in kept:
            return kept[note]
        terms = [term for term, spans in windows() if not _covers(spans, now)]
        clause = Clause.term_set_query(self._schema, field, terms) if terms else None
        # Another thread may replace the dict meanwhile and lose this key, so the answer is not read back from it.
        self._gone = {other: gone for other, gone in kept.items() if other[2] == era} | {note: clause}
        return clause

    def having(self, code: str, now: int) -> Clause:
        """Documents whose badge `code` is valid at `now`."""
        marked = Clause.term_query(self._schema, "is_badge", code)
        lapsed = None if self.is_settled(now) else self.lapsed(code, now)
        if lapsed is None:
            return marked
        return Clause.boolean_query([(Occur.Must, marked), (Occur.MustNot, lapsed)])

    def meeting(self, text: str, now: int) -> Clause:
        """Documents of which one badge meets a whole wish and is valid at `now`; none if the text is no wish."""
        wish = read_wish(text)
        if wish is None:
            return Clause.empty_query()
        if wish.is_plain():
            return self.having(wish.code, now)
        forms = [form for form, mark in self._forms.items() if wish.takes(mark)]
        gone = {} if self.is_settled(now) else {form: self._lapsed_form(form, now) for form in forms}
        whole = [form for form in forms if gone.get(form) is None]
        ways = [Clause.term_set_query(self._schema, "badge_form", whole)] if whole else []
        for form, lapsed in gone.items():
            if lapsed is not None:
                marked = Clause.term_query(self._schema, "badge_form", form)
                ways.append(Clause.boolean_query([(Occur.Must, marked), (Occur.MustNot, lapsed)]))
        if not ways:
            return Clause.empty_query()
        return ways[0] if len(ways) == 1 else Clause.boolean_query([(Occur.Should, way) for way in ways])

    def _lapsed_form(self, form: str, now: int) -> Clause | None:
        return self._lapsed("badge_form_window", form, now, lambda: self._form_windows.get(form, ()))


def valid_card(card: Card, now: int) -> Card:
    """The card with only the badges valid at `now`."""
    for mark in card.badges:
        if not mark.is_valid(now):
            break
    else:
        return card
    return msgspec.structs.replace(card, badges=tuple(mark for mark in card.badges if mark.is_valid(now)))
