"""The words of the trade that mean the same, kept as a list a person can read and add to."""

from collections.abc import Iterable
from functools import cache
from importlib import resources

from becta.search.analysis import stem, words_of

Phrase = tuple[str, ...]


def stems_of(text: str) -> Phrase:
    """The stems of a text, in order."""
    return tuple(stem(word) for word in words_of(text))


class Synonyms:
    """Which phrases also find which others, by their stems."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._others: dict[Phrase, dict[Phrase, str]] = {}
        for line in lines:
            text = line.partition("#")[0].strip()
            if text:
                self._learn(text)
        self.longest = max((len(phrase) for phrase in self._others), default=0)

    def _learn(self, text: str) -> None:
        asked, arrow, found = text.partition("=>")
        left = self._phrases(asked)
        right = self._phrases(found) if arrow else left
        for phrase in left:
            others = self._others.setdefault(phrase, {})
            others.update({other: words for other, words in right.items() if other != phrase})

    @staticmethod
    def _phrases(text: str) -> dict[Phrase, str]:
        parts = (part.strip() for part in text.split(","))
        return {stems_of(part): part for part in parts if part}

    def of(self, phrase: Phrase) -> tuple[Phrase, ...]:
        """The phrases that mean the same as this one, or nothing."""
        return tuple(self._others.get(phrase, ()))


@cache
def trade_synonyms() -> Synonyms:
    """The synonyms that come with the product."""
    text = (resources.files("becta.search") / "data" / "synonyms.txt").read_text("utf-8")
    return Synonyms(text.splitlines())
