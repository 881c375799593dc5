"""Writing to one generation: documents in, durable commits out."""

import contextlib
from collections.abc import Callable, Iterator

from tantivy import Index, IndexWriter
from tantivy import Query as Clause

from becta.search import schema
from becta.search.documents import Document

SMALL_HEAP = 32_000_000
LARGE_HEAP = 600_000_000  # room for a whole catalogue in one segment; memory is taken only as it fills


def open_index(path: str) -> Index:
    """The index at a path, made if there is none, reading only when told to."""
    index = Index(schema.build(), path=path, sort_by_field="id")  # so that equal scores come in order of id
    schema.register_analysis(index)
    index.config_reader("manual")
    return index


class TantivyWriter:
    """Changes to one generation; tantivy's own writer is opened at the first change."""

    def __init__(self, path: str, *, heap: int = SMALL_HEAP, after_commit: Callable[[], None] = lambda: None) -> None:
        self._path = path
        self._heap = heap
        self._after_commit = after_commit
        self._index: Index | None = None
        self._open: IndexWriter | None = None

    def put(self, document: Document) -> None:
        """Add the document, or replace the one with its id; ValueError if it cannot be taken."""
        row = schema.row_of(document)
        writer = self._writer()
        writer.delete_documents_by_term("id", document.id)
        writer.add_document(row)

    def remove(self, document_id: str) -> None:
        """Take the document out; no error if it is not there."""
        self._writer().delete_documents_by_term("id", document_id)

    def commit(self) -> None:
        """Make all changes since the last commit visible and durable, together."""
        self._writer().commit()
        self._after_commit()

    def stamps(self) -> Iterator[tuple[str, int]]:
        """Every (id, revision) in this index as last committed."""
        index = self._opened()
        index.reload()
        terms = index.searcher().terms_with_prefix("stamp", "", filter_query=Clause.all_query())
        for term, count in terms:
            if count:
                yield schema.read_stamp(term)

    def close(self) -> None:
        """Drop what was not committed, wait for tidying up, let tantivy's lock go."""
        if self._open is not None:
            writer, self._open = self._open, None
            with contextlib.suppress(OSError, ValueError):  # its folder may have been replaced by a switch
                writer.rollback()
                writer.wait_merging_threads()
        self._index = None

    def _opened(self) -> Index:
        if self._index is None:
            self._index = open_index(self._path)
        return self._index

    def _writer(self) -> IndexWriter:
        if self._open is None:
            self._open = self._opened().writer(self._heap, 1)
        return self._open
