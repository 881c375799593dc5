"""The word a person probably meant, from the words the index itself uses."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from math import log

from rapidfuzz import process
from rapidfuzz.distance import OSA

_SHORTEST = 3
_MOST_KEPT = 10_000
_LIKELIER = 20  # a known word is doubted only if its neighbour is this much commoner


class Spelling:
    """Words with how many documents use each, searched by edit distance.

    A scan of the words of about the right length costs a millisecond or two and nothing to build,
    so a commit is never followed by a pause.
    """

    def __init__(self, words: Iterable[tuple[str, int]]) -> None:
        self._uses: dict[str, int] = {}
        self._by_length: dict[int, list[str]] = defaultdict(list)
        self._found: dict[tuple[str, int, int], str | None] = {}
        for word, uses in sorted(words, key=lambda one: -one[1]):  # commonest first, so that a scan can stop early
            if len(word) >= _SHORTEST and word.isalpha():
                self._uses[word] = uses
                self._by_length[len(word)].append(word)

    def uses(self, word: str) -> int:
        """How many documents use the word."""
        return self._uses.get(word, 0)

    def words(self) -> Iterable[str]:
        """Every word that can be suggested."""
        return self._uses.keys()

    def correct(self, word: str) -> str | None:
        """The likeliest word for one the index does not know, or None."""
        if len(word) < _SHORTEST or any(char.isdigit() for char in word):
            return None
        return self._nearest(word, 1 if len(word) <= 4 else 2 if len(word) <= 8 else 3)

    def doubt(self, word: str) -> str | None:
        """A far commoner word one slip away from a word the index knows, or None."""
        if len(word) <= 4 or any(char.isdigit() for char in word):
            return None
        other = self._nearest(word, 1, _LIKELIER * max(1, self.uses(word)))
        if other is None:
            return None
        return None if other.startswith(word) or word.startswith(other) else other

    def _nearest(self, word: str, most: int, uses: int = 1) -> str | None:
        key = (word, most, uses)
        if key not in self._found:
            if len(self._found) > _MOST_KEPT:
                self._found.clear()
            self._found[key] = self._search(word, most, uses)
        return self._found[key]

    def _search(self, word: str, most: int, uses: int) -> str | None:
        near: list[tuple[float, str]] = []
        for length in range(max(_SHORTEST, len(word) - most), len(word) + most + 1):
            words = self._by_length.get(length, [])
            common = words[: bisect_right(words, -uses, key=lambda other: -self._uses[other])]
            found = process.extract(word, common, scorer=OSA.distance, score_cutoff=most, limit=20)
            near += [(self._cost(word, other, distance), other) for other, distance, _ in found if other != word]
        return min(near)[1] if near else None

    def _cost(self, word: str, other: str, distance: int) -> float:
        first = 0.5 if other[0] != word[0] else 0.0
        return distance + first - 0.12 * log(1 + self._uses[other])
