"""Text into words: folding, stems, unstemmed words and part numbers, the same for documents and questions."""

import re
import unicodedata
from functools import lru_cache

from tantivy import Filter, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

LONGEST_WORD = 48
STEMS = "becta_stems"
WORDS = "becta_words"

_CODE_CHUNK = re.compile(r"\S*\d\S*")
_NOT_CODE = re.compile(r"[^0-9a-z]+")
SHORTEST_CODE = 3


def word_analyzer() -> TextAnalyzer:
    """Words as written, lower case and without accents."""
    return (
        TextAnalyzerBuilder(Tokenizer.simple())
        .filter(Filter.remove_long(LONGEST_WORD))
        .filter(Filter.lowercase())
        .filter(Filter.ascii_fold())
        .build()
    )


def stem_analyzer() -> TextAnalyzer:
    """Words as `word_analyzer` makes them, reduced to their English stem."""
    return (
        TextAnalyzerBuilder(Tokenizer.simple())
        .filter(Filter.remove_long(LONGEST_WORD))
        .filter(Filter.lowercase())
        .filter(Filter.ascii_fold())
        .filter(Filter.stemmer("english"))
        .build()
    )


_words = word_analyzer()
_stems = stem_analyzer()


def clean(text: str) -> str:
    """Text an index can hold: no control characters, no lone surrogates, composed Unicode."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    text = "".join(" " if unicodedata.category(c) in {"Cc", "Cf", "Cs"} else c for c in text)
    return unicodedata.normalize("NFKC", text)


def words_of(text: str) -> list[str]:
    """The words of a text, unstemmed, in order."""
    return _words.analyze(text)


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The stem of one word made by `words_of`."""
    stems = _stems.analyze(word)
    return stems[0] if stems else word


def code_form(text: str) -> str:
    """A part number without case or punctuation: `TN-2110` and `tn 2110` are one code."""
    return _NOT_CODE.sub("", text.casefold())


def codes_in(text: str) -> list[str]:
    """The code forms of every chunk of a text that has a digit and enough characters to name a part."""
    forms = (code_form(chunk) for chunk in _CODE_CHUNK.findall(text))
    return [form for form in forms if SHORTEST_CODE <= len(form) <= LONGEST_WORD]
