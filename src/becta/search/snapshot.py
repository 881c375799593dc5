"""One commit of one generation, open for reading by any number of threads."""

from functools import cached_property
from typing import NamedTuple

from tantivy import DocAddress, Index, Occur, Order, Schema, Searcher, SearchResult
from tantivy import Query as Clause

from becta.search.analysis import stem
from becta.search.cards import unpack_card
from becta.search.counting import Counter
from becta.search.engine import Card, Sort
from becta.search.facets import Labels
from becta.search.spelling import Spelling
from becta.search.validity import BadgeClock

_MOST_KEPT = 20_000
_WIDEST_TIE = 1_000

_ORDERS = {
    Sort.PRICE_ASC: "by_price",
    Sort.PRICE_DESC: "by_price_down",
    Sort.NEWEST: "by_newest",
    Sort.TITLE: "by_title",
}


def _total(result: SearchResult) -> int:
    return int(getattr(result, "count", None) or 0)  # there, but not in tantivy's type stubs


class Found(NamedTuple):
    """A stretch of scored cards in order, and how many there are in all."""

    hits: list[tuple[float, Card]]
    total: int


class Snapshot:
    """A searcher with what has been learnt from it so far."""

    def __init__(self, index: Index, labels: Labels) -> None:
        self.schema: Schema = index.schema
        self.searcher: Searcher = index.searcher()
        self.clock = BadgeClock(self.searcher, self.schema)
        self.counter = Counter(self.searcher, self.clock, labels)
        self._uses: dict[str, int] = {}
        self._phrases: dict[tuple[str, ...], bool] = {}
        self._together: dict[tuple[str, ...], int] = {}
        self._cards: dict[tuple[int, int], Card] = {}
        self._begun: dict[tuple[str, str, int], list[str]] = {}

    def uses(self, stem: str) -> int:
        """How many documents have a word of this stem."""
        found = self._uses.get(stem)
        if found is None:
            if len(self._uses) > _MOST_KEPT:
                self._uses.clear()
            found = self._uses[stem] = self.searcher.doc_freq("all", stem)
        return found

    def uses_phrase(self, phrase: tuple[str, ...]) -> bool:
        """Whether any document has these stems side by side."""
        if len(phrase) == 1 or not all(self.uses(each) for each in phrase):
            return all(self.uses(each) for each in phrase)
        found = self._phrases.get(phrase)
        if found is None:
            if len(self._phrases) > _MOST_KEPT:
                self._phrases.clear()
            together = Clause.phrase_query(self.schema, "all", list(phrase))
            found = self._phrases[phrase] = self.count(together) > 0
        return found

    def uses_together(self, stems: tuple[str, ...]) -> int:
        """How many documents have all of these stems, wherever they are."""
        if not all(self.uses(each) for each in stems):
            return 0
        found = self._together.get(stems)
        if found is None:
            if len(self._together) > _MOST_KEPT:
                self._together.clear()
            terms = [(Occur.Must, Clause.term_query(self.schema, "all", each)) for each in stems]
            found = self._together[stems] = self.count(Clause.boolean_query(terms))
        return found

    def names_category(self, phrase: tuple[str, ...]) -> bool:
        """Whether a category is called by exactly these stems."""
        return self.searcher.doc_freq("category_name", " ".join(phrase)) > 0

    def uses_code(self, code: str) -> int:
        """How many documents have this part number."""
        return self.searcher.doc_freq("code", code)

    def completions(self, prefix: str, limit: int) -> list[str]:
        """Words in the index that begin with `prefix` and mean another, commonest first."""
        own = stem(prefix)
        return [word for word in self._beginning("words", prefix, limit + 4) if stem(word) != own][:limit]

    def endings(self, prefix: str, limit: int) -> list[str]:
        """Words in the index that begin with `prefix`, itself among them, commonest first."""
        return self._beginning("words", prefix, limit)

    def code_completions(self, prefix: str, limit: int) -> list[str]:
        """Part numbers that begin with `prefix` and are longer."""
        return [code for code in self._beginning("code", prefix, limit + 1) if code != prefix][:limit]

    def _beginning(self, field: str, prefix: str, limit: int) -> list[str]:
        key = (field, prefix, limit)
        found = self._begun.get(key)
        if found is None:
            if len(self._begun) > _MOST_KEPT:
                self._begun.clear()
            found = [term for term, _ in self.searcher.terms_with_prefix(field, prefix, limit=limit)]
            self._begun[key] = found
        return found

    @cached_property
    def spelling(self) -> Spelling:
        """The words of this commit, ready to be compared."""
        return Spelling(self.searcher.terms_with_prefix("words", ""))

    def count(self, clause: Clause) -> int:
        """How many documents a clause matches."""
        return _total(self.searcher.search(clause, limit=1))

    def card(self, address: DocAddress) -> Card:
        """What a list shows of a document."""
        key = (address.segment_ord, address.doc)
        card = self._cards.get(key)
        if card is None:
            if len(self._cards) > _MOST_KEPT:
                self._cards.clear()
            card = self._cards[key] = unpack_card(bytes(self.searcher.doc(address).get_first("card") or b""))
        return card

    def top(self, clause: Clause, *, sort: Sort, offset: int, limit: int) -> Found:
        """The wanted stretch of the documents in order, and how many there are."""
        order = _ORDERS.get(sort)
        if order is not None:
            result = self.searcher.search(
                clause, limit=max(limit, 1), offset=offset, order_by_field=order, order=Order.Asc
            )
            return Found([(0.0, self.card(address)) for _, address in result.hits[:limit]], _total(result))
        return self._best(clause, offset, limit)

    def _best(self, clause: Clause, offset: int, limit: int) -> Found:
        """By score, then id. Equal scores at the edge of the page are fetched until all are known."""
        if self.searcher.num_segments == 1:  # sorted by id already
            result = self.searcher.search(clause, limit=max(limit, 1), offset=offset)
            return Found([(score, self.card(address)) for score, address in result.hits[:limit]], _total(result))
        end = offset + limit
        fetch = end + 1
        while True:
            result = self.searcher.search(clause, limit=max(fetch, 1))
            hits = result.hits
            if len(hits) < fetch or hits[-1][0] != hits[max(end - 1, 0)][0] or fetch > end + _WIDEST_TIE:
                break
            fetch = end + 2 * (fetch - end) + 16
        if not hits[offset:end]:
            return Found([], _total(result))
        highest, lowest = hits[offset][0], hits[:end][-1][0]
        first = next(position for position, (score, _) in enumerate(hits) if score == highest)
        near = [(score, self.card(address)) for score, address in hits[first:] if score >= lowest]
        near.sort(key=lambda one: (-one[0], one[1].id))
        return Found(near[offset - first : end - first], _total(result))
