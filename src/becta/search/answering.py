"""Answers to questions from one commit: found, relaxed until something is, or nothing."""

import threading
from collections import OrderedDict
from collections.abc import Hashable

from tantivy import Query as Clause

from becta.search.counting import Narrowing
from becta.search.engine import Answer, Card, Hit, Query, Relaxation, Sort
from becta.search.highlight import Highlighter
from becta.search.interpret import Question, interpret
from becta.search.padding import ENOUGH, Padding, may_be_padded, padding_of
from becta.search.relaxing import better_spelling, relaxations, respelt
from becta.search.relevance import Relevance, Weights
from becta.search.snapshot import Found, Snapshot
from becta.search.synonyms import Synonyms
from becta.search.validity import valid_card

_DEEPEST = 10_000
_MOST_ANSWERS = 1024


class View:
    """Everything needed to answer questions from one commit."""

    def __init__(self, snapshot: Snapshot, synonyms: Synonyms, weights: Weights, *, remember: bool) -> None:
        self.snapshot = snapshot
        self._synonyms = synonyms
        self._relevance = Relevance(snapshot.schema, snapshot, weights)
        self._answers: OrderedDict[Hashable, Answer] | None = OrderedDict() if remember else None
        self._remembering = threading.Lock()

    def answer(self, query: Query) -> Answer:
        """The answer, remembered while the commit lasts and no badge changes."""
        if self._answers is None:
            return self._work_out(query)
        key = self._key(query)
        with self._remembering:
            found = self._answers.get(key)
            if found is not None:
                self._answers.move_to_end(key)
                return found
        found = self._work_out(query)
        with self._remembering:
            self._answers[key] = found
            if len(self._answers) > _MOST_ANSWERS:
                self._answers.popitem(last=False)
        return found

    def _key(self, query: Query) -> Hashable:
        filters = tuple(sorted((facet, tuple(values)) for facet, values in query.filters.items()))
        return (
            query.text[:400],
            filters,
            query.price_min_pence,
            query.price_max_pence,
            query.sort,
            query.limit,
            query.offset,
            query.facets,
            self.snapshot.clock.era(query.now),
        )

    def _ask(self, text: str) -> Question:
        return interpret(text, self.snapshot, self._synonyms)

    def _work_out(self, query: Query) -> Answer:
        narrowing = Narrowing(query, self.snapshot.schema, self.snapshot.clock)
        asked = self._ask(query.text)
        if not asked.slots:
            return self._browse(query, narrowing)
        if all(slot.is_known for slot in asked.slots):
            answer = self._found(query, asked, narrowing, None)
            if answer is not None:
                return answer
        for question, relaxation in relaxations(asked, self._ask, self.snapshot):
            if question.slots and all(slot.is_known for slot in question.slots):
                answer = self._found(query, question, narrowing, relaxation)
                if answer is not None:
                    return answer
        return self._nothing(query)

    def _nothing(self, query: Query) -> Answer:
        return Answer(hits=(), facets=dict.fromkeys(query.facets, ()), total=0)

    def _browse(self, query: Query, narrowing: Narrowing) -> Answer:
        snapshot = self.snapshot
        sort = Sort.NEWEST if query.sort == Sort.RELEVANCE else query.sort
        offset, limit = _page(query)
        found = snapshot.top(narrowing.apply(None, unscored=True), sort=sort, offset=offset, limit=limit)
        return Answer(
            hits=tuple(Hit(card=valid_card(card, query.now), score=0.0, highlights={}) for _, card in found.hits),
            facets=snapshot.counter.count(None, narrowing, query.facets, query.now),
            total=found.total,
        )

    def _found(
        self, query: Query, question: Question, narrowing: Narrowing, relaxation: Relaxation | None
    ) -> Answer | None:
        match = self._relevance.matching(question)
        by_score = query.sort == Sort.RELEVANCE
        found = self._top(query, narrowing.apply(self._relevance.ranking(question) if by_score else match))
        if not found.total and (relaxation is not None or not narrowing.narrows()):
            return None
        better = self._better(question) if relaxation is None else None
        if by_score and relaxation is None and found.total < ENOUGH:
            padding = self._padding(question, found.total)
            if padding is not None:
                match = self._relevance.matching(padding.kept)
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
            facets=self.snapshot.counter.count(match, narrowing, query.facets, query.now),
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
