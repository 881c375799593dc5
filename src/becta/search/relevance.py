"""Which documents answer a question, and how well: a question as tantivy queries."""

from itertools import pairwise

from msgspec import Struct
from tantivy import Occur, Schema
from tantivy import Query as Clause

from becta.search.interpret import Lexicon, Question, Slot
from becta.search.synonyms import Phrase

_WITH_POSITIONS = frozenset({"all", "title", "lead"})


class Weights(Struct, frozen=True, kw_only=True):
    """How much each sign of relevance counts.

    Fitted on half of the judged questions and looked at on the other half: signs that did not
    help there (brand, attributes and model as fields of their own) are left out.
    """

    everywhere: float = 2.4
    title: float = 5.8
    lead: float = 5.3
    head: float = 1.0
    named_category: float = 35.0
    phrase: float = 0.15
    synonym: float = 0.015
    synonym_head: float = 1.0
    synonym_tie: float = 0.5
    completion: float = 0.2
    code: float = 60.0
    whole: float = 4096.0


class Relevance:
    """Builds clauses over one schema."""

    def __init__(self, schema: Schema, lexicon: Lexicon, weights: Weights | None = None) -> None:
        self._schema = schema
        self._lexicon = lexicon
        self._weights = weights or Weights()

    def matching(self, question: Question) -> Clause:
        """Documents that meet every slot."""
        clauses = [self._meets(slot) for slot in question.slots]
        if len(clauses) == 1:
            return clauses[0]
        return Clause.boolean_query([(Occur.Must, clause) for clause in clauses])

    def ranking(self, question: Question) -> Clause:
        """The same documents, scored."""
        return Clause.boolean_query(self._signs(question, Occur.Must))

    def padded(self, question: Question, kept: Question) -> Clause:
        """Documents that meet `kept`, those that meet the whole of `question` first, all scored by `question`."""
        whole = Clause.const_score_query(self.matching(question), self._weights.whole)
        needed = Clause.const_score_query(self.matching(kept), 0.0)
        parts = [(Occur.Must, needed), (Occur.Should, whole), *self._signs(question, Occur.Should)]
        return Clause.boolean_query(parts)

    def _signs(self, question: Question, meeting: Occur) -> list[tuple[Occur, Clause]]:
        weights = self._weights
        parts: list[tuple[Occur, Clause]] = []
        for slot in question.slots:
            parts.append((meeting, Clause.boost_query(self._meets(slot), weights.everywhere)))
            places = [self._favours("title", slot, weights.title), self._favours("lead", slot, weights.lead)]
            parts.append((Occur.Should, Clause.disjunction_max_query(places, 0.0)))
            for code in slot.codes:
                exact = Clause.term_query(self._schema, "code", code)
                parts.append((Occur.Should, Clause.const_score_query(exact, weights.code)))
        parts += [(Occur.Should, clause) for clause in self._is_what_is_asked_for(question)]
        for pair in pairwise(question.stems):
            near = Clause.phrase_query(self._schema, "title", list(pair), slop=1)
            parts.append((Occur.Should, Clause.boost_query(near, weights.phrase)))
        return parts

    def _is_what_is_asked_for(self, question: Question) -> list[Clause]:
        """The thing itself before things that go with it: the last words of a question name what is wanted."""
        weights = self._weights
        wanted = question.slots[-1]
        signs = [self._favours("head", wanted, weights.head)]
        names = [question.stems, *(wanted.others if len(question.slots) == 1 else ())]
        called = [" ".join(name) for name in names if self._lexicon.names_category(name)]
        if called:
            named = Clause.term_set_query(self._schema, "category_name", called)
            signs.append(Clause.const_score_query(named, weights.named_category))
        return signs

    def _meets(self, slot: Slot) -> Clause:
        schema = self._schema
        ways = [self._all_of("all", slot.stems)]
        others = [other for other in slot.others if not _is_implied(other, slot)]
        ways += [Clause.boost_query(self._phrase("all", other), self._weights.synonym) for other in others]
        ways += [Clause.const_score_query(Clause.term_query(schema, "code", code), 1.0) for code in slot.codes]
        if slot.completions:
            begun = Clause.term_set_query(schema, "words", list(slot.completions))
            ways.append(Clause.const_score_query(self._with_rest(slot, begun), self._weights.completion))
        if slot.code_completions:
            begun = Clause.term_set_query(schema, "code", list(slot.code_completions))
            ways.append(Clause.const_score_query(begun, 1.0))
        if len(ways) == 1:
            return ways[0]
        return Clause.disjunction_max_query(ways, self._weights.synonym_tie)

    def _with_rest(self, slot: Slot, begun: Clause) -> Clause:
        rest = slot.stems[:-1]
        if not rest:
            return begun
        return Clause.boolean_query([(Occur.Must, self._all_of("all", rest)), (Occur.Must, begun)])

    def _favours(self, field: str, slot: Slot, weight: float) -> Clause:
        terms = [Clause.term_query(self._schema, field, each) for each in slot.stems]
        words = terms[0] if len(terms) == 1 else Clause.boolean_query([(Occur.Should, term) for term in terms])
        ways = [Clause.boost_query(words, weight)]
        if field in _WITH_POSITIONS:  # a synonym there tells little, and costs much
            return ways[0]
        discount = self._weights.synonym_head
        ways += [Clause.boost_query(self._phrase(field, other), weight * discount) for other in slot.others]
        return ways[0] if len(ways) == 1 else Clause.disjunction_max_query(ways, self._weights.synonym_tie)

    def _all_of(self, field: str, stems: Phrase) -> Clause:
        terms = [Clause.term_query(self._schema, field, each) for each in dict.fromkeys(stems)]
        if len(terms) == 1:
            return terms[0]
        return Clause.boolean_query([(Occur.Must, term) for term in terms])

    def _phrase(self, field: str, stems: Phrase) -> Clause:
        if len(stems) == 1:
            return Clause.term_query(self._schema, field, stems[0])
        if field in _WITH_POSITIONS:
            return Clause.phrase_query(self._schema, field, list(stems))
        return self._all_of(field, stems)


def _is_implied(other: Phrase, slot: Slot) -> bool:
    """Whether what has this phrase also has a single word that would do: `laptop computer` has `laptop`."""
    return len(other) > 1 and any(len(way) == 1 and way[0] in other for way in (slot.stems, *slot.others))
