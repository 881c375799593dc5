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


class Highlighter:
    """Marks the words of one question."""

    def __init__(self, question: Question) -> None:
        self._stems = {each for slot in question.slots for each in slot.stems}
        self._stems |= {stem(word) for slot in question.slots for word in slot.words}
        self._stems |= {other[0] for slot in question.slots for other in slot.others if len(other) == 1}
        self._codes = {code for slot in question.slots for code in (*slot.codes, *slot.code_completions)}
        self._begun = tuple(slot.words[-1] for slot in question.slots if slot.completions)
        self._seen: dict[str, bool] = {}
        starts = {_safe_start(each) for each in self._stems} | set(self._begun)
        # A cheap look for words that may match, before any is stemmed.
        self._maybe = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(starts)))})\w*", re.IGNORECASE)

    def fields(self, fields: Iterable[tuple[str, str]]) -> dict[str, str]:
        """The marked form of each (name, text) in which something matched."""
        marked = ((name, self._mark(text)) for name, text in fields)
        return {name: text for name, text in marked if text is not None}

    def _mark(self, text: str) -> str | None:
        if _OPEN in text or _CLOSE in text:
            text = text.replace(_OPEN, " ").replace(_CLOSE, " ")
        if self._codes or _ACCENTED.search(text):
            marked = _TOKEN.sub(self._mark_token, text)
        else:
            marked = self._maybe.sub(self._mark_word, text)
        if marked is text or _OPEN not in marked:
            return None
        return escape(marked).replace(_OPEN, "<mark>").replace(_CLOSE, "</mark>")

    def _mark_token(self, token: re.Match[str]) -> str:
        if self._codes and code_form(token[0]) in self._codes:
            return f"{_OPEN}{token[0]}{_CLOSE}"
        return _INNER.sub(self._mark_word, token[0])

    def _mark_word(self, found: re.Match[str]) -> str:
        word = found[0]
        matches = self._seen.get(word)
        if matches is None:
            matches = self._seen[word] = self._matches(word)
        return f"{_OPEN}{word}{_CLOSE}" if matches else word

    def _matches(self, word: str) -> bool:
        if word.isascii() and "_" not in word:
            plain = word.lower()
            return stem(plain) in self._stems or plain.startswith(self._begun)
        return any(stem(each) in self._stems or each.startswith(self._begun) for each in words_of(word))


def _safe_start(stemmed: str) -> str:
    """What every word of a stem begins with: stems end in `i` where words end in `y`."""
    return stemmed[:-1] if len(stemmed) > 3 else stemmed
