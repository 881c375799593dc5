"""The embedded search engine: tantivy on local disk, shared by every process of one machine."""

import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from becta.search.answering import View
from becta.search.engine import Answer, Query, Rebuild, Writer
from becta.search.facets import Labels, known_facets, known_filters
from becta.search.generations import NOTHING, Generations, Stamp
from becta.search.relevance import Weights
from becta.search.snapshot import Snapshot
from becta.search.suggesting import suggestions
from becta.search.synonyms import Synonyms, trade_synonyms
from becta.search.writing import LARGE_HEAP, TantivyWriter, open_index


class TantivyRebuild(TantivyWriter):
    """A generation being filled beside the one in use."""

    def __init__(self, generations: Generations, name: str) -> None:
        super().__init__(str(generations.path(name)), heap=LARGE_HEAP)
        self._generations = generations
        self._name = name

    def switch(self) -> None:
        """Commit, then make this index the one in use for every process. Call while holding `exclusive`."""
        self.commit()
        self.close()
        self._generations.use(self._name)


class TantivyEngine:
    """A `SearchEngine` over the indexes in one directory; `labels` says how facet values read to people."""

    def __init__(
        self,
        directory: Path,
        *,
        synonyms: Synonyms | None = None,
        weights: Weights | None = None,
        labels: Labels | None = None,
        remember: bool = True,
    ) -> None:
        self._generations = Generations(directory)
        self._synonyms = synonyms or trade_synonyms()
        self._weights = weights or Weights()
        self._labels = labels or {}
        self._remember = remember
        self._loading = threading.Lock()
        self._state: _State | None = None

    def search(self, query: Query) -> Answer:
        """Answer a question from the newest commit of any process."""
        known_facets(query.facets)
        known_filters(query.filters)
        view = self._newest()
        if view is None:
            return Answer(hits=(), facets=dict.fromkeys(query.facets, ()), total=0)
        return view.answer(query)

    def suggest(self, text: str, *, limit: int = 8) -> tuple[str, ...]:
        """Completions of what a person is typing, best first."""
        view = self._newest()
        return () if view is None else suggestions(view.snapshot, text, limit)

    @contextmanager
    def exclusive(self, *, wait: float = 60.0) -> Iterator[Writer]:
        """The right to write, across processes; TimeoutError after `wait` seconds."""
        with self._generations.writing(wait):
            current = self._generations.current()
            name = current or self._generations.create()
            writer = TantivyWriter(
                str(self._generations.path(name)), after_commit=lambda: self._begin_using(name, current)
            )
            try:
                yield writer
            finally:
                writer.close()
                if self._generations.current() != name:
                    self._generations.remove(name)

    def _begin_using(self, name: str, current: str | None) -> None:
        if current is None and self._generations.current() is None:
            self._generations.use(name)

    @contextmanager
    def rebuild(self) -> Iterator[Rebuild]:
        """A new empty index beside the current one, dropped on exit unless switched to."""
        with self._generations.building() as name:
            fresh = TantivyRebuild(self._generations, name)
            try:
                yield fresh
            finally:
                fresh.close()

    def is_fresh(self) -> bool:
        """Whether there is no usable index on disk, so that one must be built."""
        return self._newest() is None

    def close(self) -> None:
        """Let go of files and threads."""
        with self._loading:
            self._state = None

    def _newest(self) -> View | None:
        state = self._state
        if state is None or not self._is_current(state):
            with self._loading:
                state = self._state
                if state is None or not self._is_current(state):
                    state = self._state = self._load()
        return state.view

    def _is_current(self, state: "_State") -> bool:
        generations = self._generations
        return state.pointer == generations.pointer_stamp() and (
            state.name is None or state.commit == generations.commit_stamp(state.name)
        )

    def _load(self) -> "_State":
        generations = self._generations
        while True:
            pointer = generations.pointer_stamp()
            name = generations.current()
            commit = generations.commit_stamp(name) if name else NOTHING
            view = None
            if name is not None and commit != NOTHING:
                with contextlib.suppress(OSError, ValueError):
                    view = self._open(name)
            if view is not None or generations.pointer_stamp() == pointer:  # else replaced while it was being opened
                return _State(pointer=pointer, commit=commit, name=name, view=view)

    def _open(self, name: str) -> View:
        index = open_index(str(self._generations.path(name)))
        index.reload()
        return View(Snapshot(index, self._labels), self._synonyms, self._weights, remember=self._remember)


class _State(Struct, frozen=True, kw_only=True):
    """What was found on disk at the last look; `view` is None if nothing could be read."""

    pointer: Stamp
    commit: Stamp
    name: str | None
    view: View | None
