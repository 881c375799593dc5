"""Where the answer shows the question: HTML-escaped text with `<mark>` around the words that matched."""

import re
from collections.abc import Iterable
from html import escape

from becta.search.analysis import code_form, stem, words_of
from becta.search.interpret import Question

_TOKEN = re.compile(r"\w+(?:[-./]\w+)*")
_INNER = re.compile(r"\w+")
_OPEN, _CLOSE = "\x02", "\x03"  # stand for the tags until the text is escaped
_ACCENTED = re.compile(r"[^\W\x00-\x7f]")
_SPECIAL = re.compile("[&<>\"']")


class Highlighter:
    """Marks the words of one question."""

    def __init__(self, question: Question) -> None:
        self._stems = {each for slot in question.slots for each in slot.stems}
        self._stems |= {stem(word) for slot in question.slots for word in slot.words}
        self._stems |= {other[0] for slot in question.slots for other in slot.others if len(other) == 1}
        self._codes = {code for slot in question.slots for code in (*slot.codes, *slot.code_completions)}
        self._begun = tuple(slot.words[-1] for slot in question.slots if slot.completions)
        self._seen: dict[str, bool] = {}
        # Cheap to look for: what words that may match begin with.
        self._starts = _without_longer({_safe_start(each) for each in self._stems} | set(self._begun))

    def fields(self, fields: Iterable[tuple[str, str]]) -> dict[str, str]:
        """The marked form of each (name, text) in which something matched."""
        found: dict[str, str] = {}
        for name, text in fields:
            marked = self._mark(text)
            if marked is not None:
                found[name] = marked
        return found

    def _mark(self, text: str) -> str | None:
        if not self._codes and (text.isascii() or not _ACCENTED.search(text)):
            return self._mark_spans(text)
        if _OPEN in text or _CLOSE in text:
            text = text.replace(_OPEN, " ").replace(_CLOSE, " ")
        marked = _TOKEN.sub(self._mark_token, text)
        if _OPEN not in marked:
            return None
        return escape(marked).replace(_OPEN, "<mark>").replace(_CLOSE, "</mark>")

    def _mark_spans(self, text: str) -> str | None:
        """Marks in a text without accents, where a word is found by its beginning without reading all others."""
        spans = self._spans(text.lower())
        if not spans:
            return None
        shown = escape if _SPECIAL.search(text) else str
        pieces: list[str] = []
        done = 0
        for start, end in sorted(spans):
            pieces.append(f"{shown(text[done:start])}<mark>{shown(text[start:end])}</mark>")
            done = end
        pieces.append(shown(text[done:]))
        return "".join(pieces)

    def _spans(self, low: str) -> list[tuple[int, int]]:
        spans: list[tuple[int, int]] = []
        for start in self._starts:
            at = low.find(start)
            while at >= 0:
                end = at + len(start)
                before = low[at - 1] if at else " "
                if not (before.isalnum() or before == "_"):
                    while low[end : end + 1].isalnum() or low[end : end + 1] == "_":
                        end += 1
                    if self._is_marked(low[at:end]):
                        spans.append((at, end))
                at = low.find(start, end)
        return spans

    def _mark_token(self, token: re.Match[str]) -> str:
        if self._codes and code_form(token[0]) in self._codes:
            return f"{_OPEN}{token[0]}{_CLOSE}"
        return _INNER.sub(self._mark_word, token[0])

    def _mark_word(self, found: re.Match[str]) -> str:
        word = found[0]
        return f"{_OPEN}{word}{_CLOSE}" if self._is_marked(word) else word

    def _is_marked(self, word: str) -> bool:
        matches = self._seen.get(word)
        if matches is None:
            matches = self._seen[word] = self._matches(word)
        return matches

    def _matches(self, word: str) -> bool:
        if word.isascii() and "_" not in word:
            plain = word.lower()
            return stem(plain) in self._stems or plain.startswith(self._begun)
        return any(stem(each) in self._stems or each.startswith(self._begun) for each in words_of(word))


def _safe_start(stemmed: str) -> str:
    """What every word of a stem begins with: stems end in `i` where words end in `y`."""
    return stemmed[:-1] if len(stemmed) > 3 else stemmed


def _without_longer(starts: set[str]) -> list[str]:
    """The beginnings that no other is the beginning of, so that no word is found twice."""
    kept: list[str] = []
    for start in sorted(each for each in starts if each):
        if not kept or not start.startswith(kept[-1]):
            kept.append(start)
    return kept
