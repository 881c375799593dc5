"""Which documents answer a question, and how well: a question as tantivy queries."""

from itertools import pairwise

from msgspec import Struct
from tantivy import Occur, Schema
from tantivy import Query as Clause

from becta.search.interpret import Question, Slot
from becta.search.synonyms import Phrase


class Weights(Struct, frozen=True, kw_only=True):
    """How much each sign of relevance counts."""

    everywhere: float = 1.0
    title: float = 1.0
    head: float = 2.0
    brand: float = 1.0
    sort_of: float = 1.0
    lead: float = 0.3
    phrase: float = 1.5
    synonym: float = 0.8
    completion: float = 0.2
    code: float = 20.0


class Relevance:
    """Builds clauses over one schema."""

    def __init__(self, schema: Schema, weights: Weights | None = None) -> None:
        self._schema = schema
        self._weights = weights or Weights()

    def matching(self, question: Question) -> Clause:
        """Documents that meet every slot."""
        clauses = [self._meets(slot) for slot in question.slots]
        if len(clauses) == 1:
            return clauses[0]
        return Clause.boolean_query([(Occur.Must, clause) for clause in clauses])

    def ranking(self, question: Question) -> Clause:
        """The same documents, scored."""
        weights = self._weights
        parts: list[tuple[Occur, Clause]] = []
        for slot in question.slots:
            parts.append((Occur.Must, Clause.boost_query(self._meets(slot), weights.everywhere)))
            for field, weight in (
                ("title", weights.title),
                ("head", weights.head),
                ("brand", weights.brand),
                ("sort_of", weights.sort_of),
                ("lead", weights.lead),
            ):
                if weight:
                    parts += [(Occur.Should, clause) for clause in self._favours(field, slot, weight)]
            for code in slot.codes:
                exact = Clause.term_query(self._schema, "code", code)
                parts.append((Occur.Should, Clause.const_score_query(exact, weights.code)))
        stems = question.stems
        if weights.phrase:
            for pair in pairwise(stems):
                if pair[0] != pair[1]:
                    near = Clause.phrase_query(self._schema, "title", list(pair), slop=1)
                    parts.append((Occur.Should, Clause.boost_query(near, weights.phrase)))
        return Clause.boolean_query(parts)

    def _meets(self, slot: Slot) -> Clause:
        schema = self._schema
        ways = [self._all_of("all", slot.stems)]
        ways += [Clause.boost_query(self._phrase("all", other), self._weights.synonym) for other in slot.others]
        ways += [Clause.const_score_query(Clause.term_query(schema, "code", code), 1.0) for code in slot.codes]
        if slot.completions:
            begun = Clause.term_set_query(schema, "words", list(slot.completions))
            ways.append(Clause.const_score_query(self._with_rest(slot, begun), self._weights.completion))
        if slot.code_completions:
            begun = Clause.term_set_query(schema, "code", list(slot.code_completions))
            ways.append(Clause.const_score_query(begun, 1.0))
        if len(ways) == 1:
            return ways[0]
        return Clause.disjunction_max_query(ways, 0.0)

    def _with_rest(self, slot: Slot, begun: Clause) -> Clause:
        rest = slot.stems[:-1]
        if not rest:
            return begun
        return Clause.boolean_query([(Occur.Must, self._all_of("all", rest)), (Occur.Must, begun)])

    def _favours(self, field: str, slot: Slot, weight: float) -> list[Clause]:
        words = [Clause.boost_query(Clause.term_query(self._schema, field, each), weight) for each in slot.stems]
        if not slot.others:
            return words
        ways = [words[0] if len(words) == 1 else Clause.boolean_query([(Occur.Should, word) for word in words])]
        for other in slot.others:
            found = self._phrase(field, other) if field == "title" else self._all_of(field, other)
            ways.append(Clause.boost_query(found, weight * self._weights.synonym))
        return [Clause.disjunction_max_query(ways, 0.0)]

    def _all_of(self, field: str, stems: Phrase) -> Clause:
        terms = [Clause.term_query(self._schema, field, each) for each in dict.fromkeys(stems)]
        if len(terms) == 1:
            return terms[0]
        return Clause.boolean_query([(Occur.Must, term) for term in terms])

    def _phrase(self, field: str, stems: Phrase) -> Clause:
        if len(stems) == 1:
            return Clause.term_query(self._schema, field, stems[0])
        return Clause.phrase_query(self._schema, field, list(stems))
