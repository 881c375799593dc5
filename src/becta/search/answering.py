"""Answers to questions from one commit: found, relaxed until something is, or nothing."""

from collections.abc import Hashable

from tantivy import Query as Clause

from becta.search.counting import Narrowing
from becta.search.engine import Answer, Card, FacetCount, Hit, Query, Relaxation, Sort
from becta.search.highlight import Highlighter
from becta.search.interpret import Question, interpret
from becta.search.loosening import loosened
from becta.search.padding import ENOUGH, Padding, may_be_padded, names_a_part, padding_of
from becta.search.relaxing import better_spelling, relaxations, respelt
from becta.search.relevance import Relevance, Weights
from becta.search.remembering import Remembered
from becta.search.snapshot import Found, Snapshot
from becta.search.synonyms import Synonyms
from becta.search.validity import valid_card

_DEEPEST = 10_000
_MOST_ANSWERS = 1024
LONGEST_READ = 400

Counts = dict[str, tuple[FacetCount, ...]]


class View:
    """Everything needed to answer questions from one commit."""

    def __init__(self, snapshot: Snapshot, synonyms: Synonyms, weights: Weights, *, remember: bool) -> None:
        self.snapshot = snapshot
        self._synonyms = synonyms
        self._relevance = Relevance(snapshot.schema, snapshot, weights)
        self._answers: Remembered[Answer] = Remembered(_MOST_ANSWERS if remember else 0)
        self._counts: Remembered[Counts] = Remembered(_MOST_ANSWERS if remember else 0)

    def answer(self, query: Query) -> Answer:
        """The answer, remembered while the commit lasts and no badge changes."""
        key = (query.text[:LONGEST_READ], query.sort, query.limit, query.offset, self._narrowed(query))
        return self._answers.get(key, lambda: self._work_out(query))

    def _narrowed(self, query: Query) -> Hashable:
        """All of a query that its facets depend on, but for its text."""
        filters = tuple(sorted((facet, tuple(values)) for facet, values in query.filters.items()))
        prices = query.price_min_pence, query.price_max_pence
        return filters, prices, query.facets, self.snapshot.clock.era(query.now)

    def _count(self, query: Query, met: Question | None, narrowing: Narrowing) -> Counts:
        """Facets, the same on every page and in every order of an answer."""

        def work_out() -> Counts:
            match = None if met is None else self._relevance.matching(met)
            return self.snapshot.counter.count(match, narrowing, query.facets, query.now)

        return dict(self._counts.get((met, self._narrowed(query)), work_out))

    def _ask(self, text: str) -> Question:
        return interpret(text, self.snapshot, self._synonyms)

    def _work_out(self, query: Query) -> Answer:
        narrowing = self._narrowing(query)
        asked = self._ask(query.text)
        if not asked.slots:
            answer = self._browse(query, narrowing)
            return answer if answer.total else self._without_filters(query, asked) or answer
        if all(slot.is_known for slot in asked.slots):
            found = self._found(query, asked, narrowing, None) or self._without_filters(query, asked)
            if found is not None:
                return found
        for question, relaxation in relaxations(asked, self._ask, self.snapshot):
            if question.slots and all(slot.is_known for slot in question.slots):
                found = self._found(query, question, narrowing, relaxation)
                if found is not None:
                    return found
        return self._nothing(query)

    def _without_filters(self, query: Query, asked: Question) -> Answer | None:
        """An empty answer with the facets of the same words under fewer filters; not for a part number."""
        if names_a_part(asked, self.snapshot):
            return None
        match = self._relevance.matching(asked) if asked.slots else None
        looser = loosened(query, asked.text, lambda tried: self._has_any(tried, match))
        if looser is None:
            return None
        narrowing = self._narrowing(looser.query)
        answer = self._found(looser.query, asked, narrowing, None) if asked.slots else None
        facets = (answer or self._browse(looser.query, narrowing)).facets
        return Answer(hits=(), facets=facets, total=0, relaxed=looser.relaxation)

    def _has_any(self, query: Query, match: Clause | None) -> bool:
        return self.snapshot.count(self._narrowing(query).apply(match, unscored=True)) > 0

    def _narrowing(self, query: Query) -> Narrowing:
        return Narrowing(query, self.snapshot.schema, self.snapshot.clock)

    def _nothing(self, query: Query) -> Answer:
        return Answer(hits=(), facets=dict.fromkeys(query.facets, ()), total=0)

    def _browse(self, query: Query, narrowing: Narrowing) -> Answer:
        snapshot = self.snapshot
        sort = Sort.NEWEST if query.sort == Sort.RELEVANCE else query.sort
        offset, limit = _page(query)
        found = snapshot.top(narrowing.apply(None, unscored=True), sort=sort, offset=offset, limit=limit)
        return Answer(
            hits=tuple(Hit(card=valid_card(card, query.now), score=0.0, highlights={}) for _, card in found.hits),
            facets=self._count(query, None, narrowing),
            total=found.total,
        )

    def _found(
        self, query: Query, question: Question, narrowing: Narrowing, relaxation: Relaxation | None
    ) -> Answer | None:
        met = question
        match = self._relevance.matching(question)
        by_score = query.sort == Sort.RELEVANCE
        found = self._top(query, narrowing.apply(self._relevance.ranking(question) if by_score else match))
        if not found.total and (relaxation is not None or not narrowing.narrows()):
            return None
        better = self._better(question) if relaxation is None else None
        if by_score and relaxation is None and found.total < ENOUGH:
            padding = self._padding(question, found.total)
            if padding is not None:
                met = padding.kept
                found = self._top(query, narrowing.apply(self._relevance.padded(question, padding.kept)))
                relaxation = padding.relaxation
        if not found.total:
            return None
        highlighter = Highlighter(question)
        return Answer(
            hits=tuple(
                Hit(card=valid_card(card, query.now), score=score, highlights=_highlights(highlighter, card))
                for score, card in found.hits
            ),
            facets=self._count(query, met, narrowing),
            total=found.total,
            relaxed=relaxation,
            did_you_mean=better,
        )

    def _top(self, query: Query, clause: Clause) -> Found:
        offset, limit = _page(query)
        return self.snapshot.top(clause, sort=query.sort, offset=offset, limit=limit)

    def _padding(self, question: Question, found: int) -> Padding | None:
        """What follows too few full matches, decided before any filter, so that filters only narrow."""
        if not may_be_padded(question, self.snapshot):
            return None
        return padding_of(question, self._relevance.matching, self.snapshot, found)

    def _better(self, question: Question) -> str | None:
        corrections = better_spelling(question, self.snapshot.spelling)
        return respelt(question, corrections) if corrections else None


def _page(query: Query) -> tuple[int, int]:
    offset = min(max(query.offset, 0), _DEEPEST)
    return offset, min(max(query.limit, 0), _DEEPEST)


def _highlights(highlighter: Highlighter, card: Card) -> dict[str, str]:
    return highlighter.fields((("title", card.title), ("summary", card.summary)))
