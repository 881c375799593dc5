"""Where the answer shows the question: HTML-escaped text with `<mark>` around the words that matched."""

import re
from collections.abc import Iterable, Iterator
from html import escape

from becta.search.analysis import code_form, stem, words_of
from becta.search.interpret import Question

_TOKEN = re.compile(r"\w+(?:[-./]\w+)*")
_INNER = re.compile(r"\w+")
_ACCENTED = re.compile(r"[^\W\x00-\x7f]")


class Highlighter:
    """Marks the words of one question."""

    def __init__(self, question: Question) -> None:
        self._stems = {each for slot in question.slots for each in slot.stems}
        self._stems |= {other[0] for slot in question.slots for other in slot.others if len(other) == 1}
        self._codes = {code for slot in question.slots for code in (*slot.codes, *slot.code_completions)}
        self._begun = tuple(slot.words[-1] for slot in question.slots if slot.completions)
        starts = {_safe_start(each) for each in self._stems} | set(self._begun)
        # A cheap look for words that may match, before any is stemmed.
        self._maybe = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(starts)))})\w*", re.IGNORECASE)

    def fields(self, fields: Iterable[tuple[str, str]]) -> dict[str, str]:
        """The marked form of each (name, text) in which something matched."""
        marked = ((name, self._mark(text)) for name, text in fields)
        return {name: text for name, text in marked if text is not None}

    def _mark(self, text: str) -> str | None:
        needs_every_word = self._codes or _ACCENTED.search(text)
        parts: list[str] = []
        end = 0
        for start, stop in self._every_span(text) if needs_every_word else self._likely_spans(text):
            parts += (escape(text[end:start]), "<mark>", escape(text[start:stop]), "</mark>")
            end = stop
        if not parts:
            return None
        parts.append(escape(text[end:]))
        return "".join(parts)

    def _likely_spans(self, text: str) -> Iterator[tuple[int, int]]:
        return (found.span() for found in self._maybe.finditer(text) if self._matches(found[0]))

    def _every_span(self, text: str) -> Iterator[tuple[int, int]]:
        for token in _TOKEN.finditer(text):
            if self._codes and code_form(token[0]) in self._codes:
                yield token.span()
                continue
            for word in _INNER.finditer(token[0]):
                if self._matches(word[0]):
                    yield token.start() + word.start(), token.start() + word.end()

    def _matches(self, word: str) -> bool:
        if word.isascii() and "_" not in word:
            plain = word.lower()
            return stem(plain) in self._stems or plain.startswith(self._begun)
        return any(stem(each) in self._stems or each.startswith(self._begun) for each in words_of(word))


def _safe_start(stemmed: str) -> str:
    """What every word of a stem begins with: stems end in `i` where words end in `y`."""
    return stemmed[:-1] if len(stemmed) > 3 else stemmed
