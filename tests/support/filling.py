"""Filling an index."""

from collections.abc import Iterable

from becta.search.documents import Document
from becta.search.engine import Writer


def put_all(writer: Writer, documents: Iterable[Document]) -> int:
    """Put every document; returns how many."""
    count = 0
    for count, document in enumerate(documents, 1):  # noqa: B007
        writer.put(document)
    return count
