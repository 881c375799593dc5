"""A small engine in memory: the port's reference, for tests and for reading."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import escape

import msgspec
from rapidfuzz import process
from rapidfuzz.distance import OSA

from becta.search.analysis import clean, code_form, stem, words_of
from becta.search.cards import card_of
from becta.search.documents import Document
from becta.search.engine import Answer, FacetCount, Hit, Query, Rebuild, Relaxation, Sort, Writer
from becta.search.facets import Labels, facet_values, in_order, known_facets, known_filters
from becta.search.interpret import STOP_WORDS, normal_text
from becta.search.loosening import loosened
from becta.search.padding import ENOUGH, SHORTEST_PART_NUMBER, message_of
from becta.search.schema import row_of
from becta.search.validity import valid_card
from becta.search.wishes import read_wish

Documents = dict[str, Document]
_WHOLE = 1000.0


def _text_of(document: Document) -> str:
    facts = [f"{label} {value}" for label, value in document.attributes.items()]
    parts = (document.model, document.brand, document.supplier, document.category_name, document.summary)
    return clean(" ".join((document.title, *parts, document.description, *document.features, *facts)))


def _values(document: Document, facet: str, now: int) -> list[tuple[str, str]]:
    if facet != "badge":
        return facet_values(document, facet)
    return list({mark.code: mark.name for mark in document.badges if mark.is_valid(now)}.items())


def _fits(document: Document, query: Query, without: str = "") -> bool:
    price = document.price_pence
    if query.price_min_pence is not None and (price is None or price < query.price_min_pence):
        return False
    if query.price_max_pence is not None and (price is None or price > query.price_max_pence):
        return False
    return all(
        not values or facet == without or _passes(document, facet, values, query.now)
        for facet, values in query.filters.items()
    )


def _passes(document: Document, facet: str, values: tuple[str, ...], now: int) -> bool:
    if facet in {"badge", "badge_all"}:
        wanted = any if facet == "badge" else all
        return wanted(_meets(document, text, now) for text in values)
    return any(value in values for value, _ in _values(document, facet, now))


def _meets(document: Document, text: str, now: int) -> bool:
    wish = read_wish(text)
    return wish is not None and any(mark.is_valid(now) and wish.takes(mark) for mark in document.badges)


def _score(document: Document, words: list[str]) -> float:
    """Nothing unless every word is there; more for each word in the title."""
    codes = {code_form(code) for code in (document.model, document.reference, *document.codes)}
    stems = {stem(word) for word in words_of(_text_of(document))}
    begun = words_of(_text_of(document))
    title = {stem(word) for word in words_of(clean(document.title))}
    score = 0.0
    joined = code_form(" ".join(words))
    if joined in codes:
        return 100.0
    for position, word in enumerate(words):
        is_last = position == len(words) - 1
        if stem(word) not in stems and not (is_last and any(each.startswith(word) for each in begun)):
            return 0.0
        score += 2.0 if stem(word) in title else 1.0
    return score


def _spread(documents: list[Document], words: list[str]) -> int:
    return sum(1 for document in documents if _score(document, words) > 0)


def _name_a_part(documents: list[Document], words: list[str]) -> bool:
    forms = {code_form(word) for word in words} | {code_form(" ".join(words))}
    codes = {code_form(code) for document in documents for code in (document.model, *document.codes)}
    return any(len(form) >= SHORTEST_PART_NUMBER and form in codes for form in forms)


def _marked(text: str, words: list[str]) -> str | None:
    stems = {stem(word) for word in words}
    pieces = text.split(" ")
    marked = [
        f"<mark>{escape(piece)}</mark>" if {stem(each) for each in words_of(piece)} & stems else escape(piece)
        for piece in pieces
    ]
    joined = " ".join(marked)
    return joined if "<mark>" in joined else None


class _MemoryWriter:
    def __init__(self, engine: "MemoryEngine", documents: Documents) -> None:
        self._engine = engine
        self._documents = dict(documents)
        self._committed = dict(documents)

    def put(self, document: Document) -> None:
        row_of(document)
        self._documents[document.id] = document

    def remove(self, document_id: str) -> None:
        self._documents.pop(document_id, None)

    def commit(self) -> None:
        self._committed = dict(self._documents)
        self._engine.use(self._committed)

    def stamps(self) -> Iterator[tuple[str, int]]:
        for document in self._committed.values():
            yield document.id, document.revision


class _MemoryRebuild(_MemoryWriter):
    def commit(self) -> None:
        self._committed = dict(self._documents)

    def switch(self) -> None:
        self.commit()
        self._engine.use(self._committed)


class MemoryEngine:
    """A `SearchEngine` whose index is a dict of this process; `labels` says how facet values read to people."""

    def __init__(self, *, labels: Labels | None = None) -> None:
        self._labels = labels or {}
        self._documents: Documents | None = None
        self._writing = threading.Lock()

    def use(self, documents: Documents) -> None:
        """Answer from these documents from now on."""
        self._documents = documents

    def search(self, query: Query) -> Answer:
        """Answer a question."""
        known_facets(query.facets)
        known_filters(query.filters)
        documents = list((self._documents or {}).values())
        words = words_of(normal_text(query.text))[:10]
        words = [word for word in words if word not in STOP_WORDS] or words
        answer = self._answer(query, documents, words)
        if not words:
            return answer if answer.total else self._without_filters(query, documents, words) or answer
        padded = self._padded(query, documents, words, answer.total)
        if padded is not None and padded.total:
            return padded
        if answer.total:
            return answer
        return self._without_filters(query, documents, words) or self._relaxed(query, documents, words) or answer

    def _without_filters(self, query: Query, documents: list[Document], words: list[str]) -> Answer | None:
        if _name_a_part(documents, words):
            return None
        looser = loosened(query, " ".join(words), lambda tried: self._answer(tried, documents, words).total > 0)
        if looser is None:
            return None
        facets = self._answer(looser.query, documents, words).facets
        return Answer(hits=(), facets=facets, total=0, relaxed=looser.relaxation)

    def _padded(self, query: Query, documents: list[Document], words: list[str], found: int) -> Answer | None:
        full = _spread(documents, words)
        if query.sort != Sort.RELEVANCE or not 0 < full < ENOUGH or _name_a_part(documents, words):
            return None
        kept = most = list(dict.fromkeys(words))
        for gone in sorted(kept, key=lambda word: -_spread(documents, [word]))[:-1]:
            kept = [word for word in kept if word != gone]
            if _spread(documents, kept) > _spread(documents, most):
                most = kept
            if _spread(documents, most) >= ENOUGH:
                break
        ignored = tuple(word for word in words if word not in most)
        if not ignored:
            return None
        relaxed = Relaxation(how="padded", query=" ".join(words), message=message_of(found, ignored), ignored=ignored)
        return msgspec.structs.replace(self._answer(query, documents, words, most), relaxed=relaxed)

    def _relaxed(self, query: Query, documents: list[Document], words: list[str]) -> Answer | None:
        known = {word for document in documents for word in words_of(_text_of(document)) if word.isalpha()}
        stems = {stem(word) for word in known}
        corrections: dict[str, str] = {}
        for word in words:
            if stem(word) not in stems and len(word) > 2:
                near = process.extractOne(word, sorted(known), scorer=OSA.distance, score_cutoff=min(len(word) // 3, 2))
                if near is not None:
                    corrections[word] = near[0]
        corrected = [corrections.get(word, word) for word in words]
        text = " ".join(corrected)
        if corrections:
            message = f"Nothing matches “{' '.join(words)}”, so these are results for “{text}”."
            answer = self._answer(query, documents, corrected)
            if answer.total:
                relaxed = Relaxation(how="corrected", query=text, message=message, corrections=corrections)
                return msgspec.structs.replace(answer, relaxed=relaxed)
        for gone in [word for word in corrected if stem(word) not in stems] + corrected[::-1]:
            fewer = [word for word in corrected if word != gone]
            answer = self._answer(query, documents, fewer)
            if fewer and answer.total:
                message = f"Nothing matches every word, so these are results without “{gone}”."
                relaxed = Relaxation(
                    how="fewer_words",
                    query=" ".join(fewer),
                    message=message,
                    corrections=corrections,
                    ignored=(gone,),
                )
                return msgspec.structs.replace(answer, relaxed=relaxed)
        return None

    def _answer(
        self, query: Query, documents: list[Document], words: list[str], kept: list[str] | None = None
    ) -> Answer:
        scored = [(_score(document, words), document) for document in documents]
        if kept is not None:  # those that match every word first, then those that match the kept
            scored = [(score + _WHOLE if score else _score(document, kept), document) for score, document in scored]
        matching = [(score, document) for score, document in scored if score > 0 or not words]
        found = [(score, document) for score, document in matching if _fits(document, query)]
        found.sort(key=lambda one: _order(query.sort if words or query.sort != Sort.RELEVANCE else Sort.NEWEST, *one))
        page = found[max(query.offset, 0) :][: max(query.limit, 0)]
        return Answer(
            hits=tuple(_hit(score, document, words, query.now) for score, document in page),
            facets={
                facet: _count([document for _, document in matching], query, facet, self._labels.get(facet, {}))
                for facet in query.facets
            },
            total=len(found),
        )

    def suggest(self, text: str, *, limit: int = 8) -> tuple[str, ...]:
        """Completions of what a person is typing."""
        *before, last = words_of(normal_text(text)) or [""]
        known = {word for document in (self._documents or {}).values() for word in words_of(_text_of(document))}
        ends = sorted(word for word in known if last and word.startswith(last))[: max(limit, 0)]
        return tuple(" ".join((*before, end)) for end in ends)

    @contextmanager
    def exclusive(self, *, wait: float = 60.0) -> Iterator[Writer]:
        """The right to write; TimeoutError after `wait` seconds."""
        if not self._writing.acquire(timeout=wait):
            msg = f"another thread has been writing for {wait:g} seconds"
            raise TimeoutError(msg)
        try:
            yield _MemoryWriter(self, self._documents or {})
        finally:
            self._writing.release()

    @contextmanager
    def rebuild(self) -> Iterator[Rebuild]:
        """A new empty index beside the current one."""
        yield _MemoryRebuild(self, {})

    def is_fresh(self) -> bool:
        """Whether nothing was ever committed."""
        return self._documents is None

    def close(self) -> None:
        """Nothing to let go of."""


def _order(sort: Sort, score: float, document: Document) -> tuple[float | str, str]:
    price = document.price_pence
    match sort:
        case Sort.PRICE_ASC:
            return (float("inf") if price is None else price, document.id)
        case Sort.PRICE_DESC:
            return (float("inf") if price is None else -price, document.id)
        case Sort.NEWEST:
            return (-document.published_at, document.id)
        case Sort.TITLE:
            return (clean(document.title).casefold(), document.id)
        case _:
            return (-score, document.id)


def _hit(score: float, document: Document, words: list[str], now: int) -> Hit:
    fields = {"title": document.title, "summary": document.summary}
    marked = {name: _marked(text, words) for name, text in fields.items()}
    return Hit(
        card=valid_card(card_of(document), now),
        score=score if words else 0.0,
        highlights={name: text for name, text in marked.items() if text is not None},
    )


def _count(documents: list[Document], query: Query, facet: str, labels: Mapping[str, str]) -> tuple[FacetCount, ...]:
    counts: dict[str, tuple[str, int]] = {}
    for document in documents:
        if _fits(document, query, without=facet):
            for value, label in _values(document, facet, query.now):
                known, count = counts.get(value, (labels.get(value, label), 0))
                counts[value] = known, count + 1
    return in_order(facet, counts)
