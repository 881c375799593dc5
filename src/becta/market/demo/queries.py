"""Search queries as people type them, drawn from the generator's vocabulary: whole, cut short or misspelt."""

from functools import cache
from random import Random

from becta.market.demo.authored import families, name_word, words

_PLAIN, _PREFIX = 60, 20
_MINIMUM_FOR_SLIP = 5


def sample_queries(n: int, *, seed: int = 2026) -> list[str]:
    """N queries of one to three words: of a hundred, about sixty plain, twenty cut short and twenty misspelt."""
    rng = Random(f"queries:{seed}")  # noqa: S311 - invents queries, guards nothing
    queries = []
    for _ in range(n):
        terms = _terms(rng)
        manner = rng.randrange(100)
        if manner >= _PLAIN + _PREFIX:
            place = max(range(len(terms)), key=lambda index: len(terms[index]))
            terms[place] = misspell(terms[place], rng)
        elif manner >= _PLAIN:
            last = terms[-1]
            terms[-1] = last[: rng.randrange(3, len(last))] if len(last) > 3 else last
        queries.append(" ".join(terms))
    return queries


def misspell(word: str, rng: Random) -> str:
    """The word with one slip of the fingers; short words, where a slip makes another word, stay as they are."""
    if len(word) < _MINIMUM_FOR_SLIP:
        return word
    at = rng.randrange(1, len(word) - 1)
    slip = rng.randrange(4)
    if slip == 0 and word[at] != word[at + 1]:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if slip == 1:
        return word[:at] + word[at + 1 :]
    if slip == 2:
        return word[:at] + word[at] + word[at:]
    other = rng.choice([letter for letter in "aeinorst" if letter != word[at]])
    return word[:at] + other + word[at + 1 :]


def _terms(rng: Random) -> list[str]:
    terms = rng.choice(_nouns()).lower().split()[:3]
    if len(terms) < 3:
        extra = rng.randrange(6)
        if extra == 0:
            terms.insert(0, name_word(rng).lower())
        elif extra == 1:
            terms.append(rng.choice(words().software_for).lower().split()[-1])
        elif extra == 2:
            return [rng.choice(terms)]
    return terms


@cache
def _nouns() -> tuple[str, ...]:
    return tuple(noun for family in families() for noun in family.nouns)
