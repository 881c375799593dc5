"""What a person typed, read as slots: each a word or phrase of the trade with everything that would do in its place."""

import re
from typing import Protocol

from msgspec import Struct

from becta.search.analysis import LONGEST_WORD, SHORTEST_CODE, clean, code_form, stem, words_of
from becta.search.compounds import joined, parted
from becta.search.synonyms import Phrase, Synonyms

LONGEST_TEXT = 300
MOST_WORDS = 10
MOST_COMPLETIONS = 40
_WELL_KNOWN = 50  # a word in more documents than anyone looks through is taken as finished
_CHUNK = re.compile(r"\S+")
_ENDS_MID_WORD = re.compile(r"\w\Z")

STOP_WORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "at",
        "be",
        "by",
        "for",
        "from",
        "i",
        "in",
        "is",
        "it",
        "need",
        "of",
        "on",
        "or",
        "our",
        "school",
        "schools",
        "that",
        "the",
        "their",
        "to",
        "want",
        "we",
        "which",
        "with",
    ]
)


class Lexicon(Protocol):
    """What the index knows of words."""

    def uses(self, stem: str) -> int:
        """How many documents have a word of this stem."""

    def uses_phrase(self, phrase: Phrase) -> bool:
        """Whether any document has these stems side by side."""

    def uses_together(self, stems: Phrase) -> int:
        """How many documents have all of these stems, wherever they are."""

    def names_category(self, phrase: Phrase) -> bool:
        """Whether a category is called by exactly these stems."""

    def uses_code(self, code: str) -> int:
        """How many documents have this part number."""

    def completions(self, prefix: str, limit: int) -> list[str]:
        """Words in the index that begin with `prefix` and are longer, commonest first."""

    def code_completions(self, prefix: str, limit: int) -> list[str]:
        """Part numbers that begin with `prefix` and are longer."""


class Slot(Struct, frozen=True, kw_only=True):
    """One thing asked for: `words` as typed, `stems` of them, and what else would do."""

    words: tuple[str, ...]
    stems: Phrase
    others: tuple[Phrase, ...] = ()
    codes: tuple[str, ...] = ()
    completions: tuple[str, ...] = ()
    code_completions: tuple[str, ...] = ()
    is_known: bool = True


class Question(Struct, frozen=True, kw_only=True):
    """A text as slots, all of which a document must meet."""

    slots: tuple[Slot, ...]

    @property
    def text(self) -> str:
        """The question in plain words."""
        return " ".join(word for slot in self.slots for word in slot.words)

    @property
    def stems(self) -> Phrase:
        """Every stem as typed, in order."""
        return tuple(each for slot in self.slots for each in slot.stems)


class _Word(Struct, frozen=True):
    word: str
    stem: str
    chunk: int


def _split(text: str) -> tuple[list[_Word], list[str]]:
    chunks = _CHUNK.findall(text)
    words: list[_Word] = []
    for position, chunk in enumerate(chunks):
        words += [_Word(word, stem(word), position) for word in words_of(chunk)]
    return words[:MOST_WORDS], chunks


def normal_text(text: str) -> str:
    """A text as the engine reads it, cut to the length it reads."""
    return clean(text[:LONGEST_TEXT]).strip()


def interpret(text: str, lexicon: Lexicon, synonyms: Synonyms) -> Question:
    """Read a text; its last word, if still being typed, also stands for the words it begins."""
    is_typing = bool(_ENDS_MID_WORD.search(text[:LONGEST_TEXT]))
    words, chunks = _split(normal_text(text))
    if any(each.word not in STOP_WORDS for each in words):
        words = [each for each in words if each.word not in STOP_WORDS]
    slots: list[Slot] = []
    position = 0
    while position < len(words):
        size = _longest_phrase(words, position, synonyms)
        rest = words[position:]
        together = _together(rest[:2], lexicon, is_last=is_typing and len(rest) == 2) if size <= 2 else None
        group = rest[: 2 if together else size]
        position += len(group)
        is_last = is_typing and position == len(words)
        slots.append(
            _joined_slot(group, together, lexicon, synonyms)
            if together
            else _slot(group, words, chunks, lexicon, synonyms, is_last=is_last)
        )
    return Question(slots=tuple(slots))


def _longest_phrase(words: list[_Word], start: int, synonyms: Synonyms) -> int:
    for size in range(min(synonyms.longest, len(words) - start), 1, -1):
        if synonyms.of(tuple(each.stem for each in words[start : start + size])):
            return size
    chunk = words[start].chunk  # a part number written with punctuation stays whole
    size = sum(1 for each in words[start:] if each.chunk == chunk)
    return max(size, 1)


def _together(pair: list[_Word], lexicon: Lexicon, *, is_last: bool) -> str | None:
    """Two words typed apart that the index rather has as one."""
    if len(pair) < 2 or pair[0].chunk == pair[1].chunk:
        return None
    left, right = pair[0].word, pair[1].word
    together = joined(left, right, lexicon)
    if together is None and is_last and not lexicon.uses(pair[1].stem):
        together = next(iter(lexicon.completions(left + right, 1)), None)
    return together


def _joined_slot(group: list[_Word], together: str, lexicon: Lexicon, synonyms: Synonyms) -> Slot:
    stems = (stem(together),)
    apart = tuple(each.stem for each in group)
    others = dict.fromkeys((apart, *synonyms.of(stems), *synonyms.of(apart)))
    return Slot(
        words=tuple(each.word for each in group),
        stems=stems,
        others=tuple(phrase for phrase in others if phrase != stems and lexicon.uses_phrase(phrase)),
    )


def _slot(
    group: list[_Word], words: list[_Word], chunks: list[str], lexicon: Lexicon, synonyms: Synonyms, *, is_last: bool
) -> Slot:
    stems = tuple(each.stem for each in group)
    codes = _codes(group, words, chunks, lexicon)
    others = [*synonyms.of(stems), *_respelt(group, lexicon)]
    completions: list[str] = []
    code_completions: list[str] = []
    if is_last and min(lexicon.uses(each) for each in stems) < _WELL_KNOWN:
        completions = lexicon.completions(group[-1].word, MOST_COMPLETIONS)
        form = code_form(chunks[group[-1].chunk])
        if len(form) >= SHORTEST_CODE and any(c.isdigit() for c in form):
            code_completions = lexicon.code_completions(form, MOST_COMPLETIONS)
    if completions and not codes and not all(lexicon.uses(each) for each in stems):  # an unfinished word
        ahead = list(dict.fromkeys((*stems[:-1], stem(word)) for word in completions))
        stems, others = ahead[0], [*others, *ahead[1:4]]
    known = [phrase for phrase in others if lexicon.uses_phrase(phrase)]
    is_known = all(lexicon.uses(each) for each in stems) or bool(codes) or bool(completions) or bool(code_completions)
    return Slot(
        words=tuple(each.word for each in group),
        stems=stems,
        others=tuple(dict.fromkeys(known)),
        codes=tuple(codes),
        completions=tuple(completions),
        code_completions=tuple(code_completions),
        is_known=is_known or bool(known),
    )


def _codes(group: list[_Word], words: list[_Word], chunks: list[str], lexicon: Lexicon) -> list[str]:
    """Part numbers this group may be, or be a piece of: `TN-2110`, and also `TN 2110` over two words."""
    first = group[0].chunk
    last = group[-1].chunk
    tries = [code_form(" ".join(chunks[first : last + 1]))]
    if len({each.chunk for each in words}) <= 4:
        tries += [code_form(chunks[first - 1] + chunks[first])] if first > 0 else []
        tries += [code_form(chunks[last] + chunks[last + 1])] if last + 1 < len(chunks) else []
    forms = (form for form in tries if SHORTEST_CODE <= len(form) <= LONGEST_WORD and any(c.isdigit() for c in form))
    return [form for form in dict.fromkeys(forms) if lexicon.uses_code(form)]


def _respelt(group: list[_Word], lexicon: Lexicon) -> list[Phrase]:
    """The same words written together or apart, where the index knows them so."""
    if len(group) > 1:
        together = stem("".join(each.stem for each in group))
        return [(together,)] if lexicon.uses(together) else []
    apart = parted(group[0].word, lexicon)
    return [apart] if apart else []
