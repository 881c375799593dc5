"""The port every search engine implements: questions, answers and the protocol between them."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from becta.search.documents import BadgeMark, Document

FACETS = ("kind", "category", "phase", "badge", "supplier", "price_band", "condition", "region")
FILTERS = (*FACETS, "badge_all")
"""What can be filtered on: any value of a facet will do; of `badge_all` every one is needed."""


class Sort(StrEnum):
    """How hits are ordered; ties always break by id, so that paging is stable."""

    RELEVANCE = "relevance"
    PRICE_ASC = "price"
    PRICE_DESC = "-price"
    NEWEST = "newest"
    TITLE = "title"


class Query(Struct, frozen=True, kw_only=True):
    """One question. `filters` maps a facet to the values any of which will do; facets combine with AND.

    Values of `badge` and `badge_all` are wishes, `code;version=..;role=..;level=..` (see `wishes`): one badge of a
    document must meet a whole wish and be valid. A value that is no wish is met by nothing. `badge_all` is no facet,
    so it narrows the counts of every facet, `badge` too.

    `now` (UTC epoch seconds) decides which badges are valid. `facets` names the facets to count;
    a facet's own filter is left out of its own counts, so that a person can widen a choice.
    """

    text: str = ""
    filters: dict[str, tuple[str, ...]] = {}
    price_min_pence: int | None = None
    price_max_pence: int | None = None
    sort: Sort = Sort.RELEVANCE
    limit: int = 20
    offset: int = 0
    facets: tuple[str, ...] = FACETS
    now: int


class Card(Struct, frozen=True, kw_only=True):
    """What a list of results shows of a document, badges already reduced to those valid now."""

    id: str
    reference: str
    kind: str
    title: str
    supplier_id: str
    supplier: str
    brand: str
    category: str
    category_name: str
    summary: str
    conditions: tuple[str, ...]
    price_pence: int | None
    price_unit: str
    offers: int
    badges: tuple[BadgeMark, ...]


class Hit(Struct, frozen=True, kw_only=True):
    """A found document; `highlights` maps a field to HTML-escaped text with `<mark>` around what matched."""

    card: Card
    score: float
    highlights: dict[str, str]


class FacetCount(Struct, frozen=True, kw_only=True):
    """How many documents of the answer have a value; `label` is for people."""

    value: str
    label: str
    count: int


class Relaxation(Struct, frozen=True, kw_only=True):
    """How the question was loosened to find something.

    `how` is `corrected`, `fewer_words`, `similar`, `padded` or `without_filters`.

    `query` is what was searched instead; `corrections` maps misspelt to used words; `ignored` are
    words left out; `message` says all this to a person in one sentence.

    `padded` is for few products that match every word: they come first, and products that may lack
    the `ignored` words, the commonest ones, follow and count in total and facets. Only answers in
    order of relevance are padded, whatever their filters, and never one that a part number found.

    `without_filters` is for words (or none) that match something of which the filters leave nothing. Filters
    are requirements, so there are no hits; `ignored` are the facets to leave out (`price` for the bounds of
    price, never `badge` or `badge_all`), and the facet counts are those of the question without them.
    """

    how: str
    query: str
    message: str
    corrections: dict[str, str] = {}
    ignored: tuple[str, ...] = ()


class Answer(Struct, frozen=True, kw_only=True):
    """Hits in order, facet counts over the whole answer, and how it came about.

    `relaxed` is None when the question was answered as asked; `did_you_mean` is a better spelling
    worth offering although the question found something.
    """

    hits: tuple[Hit, ...]
    facets: dict[str, tuple[FacetCount, ...]]
    total: int
    relaxed: Relaxation | None = None
    did_you_mean: str | None = None


class Writer(Protocol):
    """Changes to one index. Nothing is visible before `commit`, which is durable when it returns."""

    def put(self, document: Document) -> None:
        """Add the document, or replace the one with its id; ValueError, and no change, if it cannot be taken."""

    def remove(self, document_id: str) -> None:
        """Take the document out; no error if it is not there."""

    def commit(self) -> None:
        """Make all changes since the last commit visible and durable, together."""

    def stamps(self) -> Iterator[tuple[str, int]]:
        """Every (id, revision) in this index as last committed."""


class Rebuild(Writer, Protocol):
    """A fresh index being filled beside the one in use."""

    def switch(self) -> None:
        """Commit, then make this index the one in use for every process, atomically. Call while holding `exclusive`."""


class SearchEngine(Protocol):
    """A search engine: many readers in many processes, one writer at a time."""

    def search(self, query: Query) -> Answer:
        """Answer a question from the newest commit of any process."""

    def suggest(self, text: str, *, limit: int = 8) -> tuple[str, ...]:
        """Completions of what a person is typing, best first."""

    def exclusive(self, *, wait: float = 60.0) -> AbstractContextManager[Writer]:
        """The right to write, across processes; what is not committed is dropped on exit.

        Waits up to `wait` seconds for another writer, then raises TimeoutError.
        """

    def rebuild(self) -> AbstractContextManager[Rebuild]:
        """A new empty index beside the current one, dropped on exit unless switched to."""

    def is_fresh(self) -> bool:
        """Whether there is no usable index (new, unreadable, or of another schema), so that one must be built."""

    def close(self) -> None:
        """Let go of files and threads."""
