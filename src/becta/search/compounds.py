"""Words written together or apart: `one roster` is `oneroster`, and `whiteboard` is `white board`."""

from typing import Protocol

from becta.search.analysis import stem
from becta.search.synonyms import Phrase

SHORTEST_JOINED = 4
SHORTEST_PARTED = 6
SHORTEST_PART = 3


class Uses(Protocol):
    """What joining and parting need to know of the index."""

    def uses(self, stem: str) -> int:
        """How many documents have a word of this stem."""

    def uses_phrase(self, phrase: Phrase) -> bool:
        """Whether any document has these stems side by side."""

    def uses_together(self, stems: Phrase) -> int:
        """How many documents have all of these stems, wherever they are."""


def joined(left: str, right: str, index: Uses) -> str | None:
    """Two words as one, if the index has that word at least as often as both of them."""
    word = left + right
    if len(word) < SHORTEST_JOINED or not word.isalpha():
        return None
    uses = index.uses(stem(word))
    return word if uses and uses >= index.uses_together((stem(left), stem(right))) else None


def parted(word: str, index: Uses) -> Phrase | None:
    """One word as two that the index has side by side."""
    if len(word) < SHORTEST_PARTED or not word.isalpha():
        return None
    for size in range(len(word) - SHORTEST_PART, SHORTEST_PART - 1, -1):
        parts = stem(word[:size]), stem(word[size:])
        if index.uses_phrase(parts):
            return parts
    return None
