"""What follows when few products match every word: those that match the words that tell the most."""

from collections.abc import Callable, Iterator

from msgspec import Struct
from tantivy import Query as Clause

from becta.search.engine import Relaxation
from becta.search.interpret import Question, Slot
from becta.search.relaxing import listed
from becta.search.snapshot import Snapshot

ENOUGH = 10
SHORTEST_PART_NUMBER = 4

Matching = Callable[[Question], Clause]


class Padding(Struct, frozen=True):
    """The words that documents after the full matches must still meet, and how to say so."""

    kept: Question
    relaxation: Relaxation


def may_be_padded(question: Question, snapshot: Snapshot) -> bool:
    """Whether some of the words could be done without: there are several, and none is a part number found."""
    words = sum(len(slot.words) for slot in question.slots)
    return words > 1 and not names_a_part(question, snapshot)


def names_a_part(question: Question, snapshot: Snapshot) -> bool:
    """Whether any of the words is a part number found."""
    codes = (code for slot in question.slots for code in slot.codes)
    return any(len(code) >= SHORTEST_PART_NUMBER and snapshot.uses_code(code) < ENOUGH for code in codes)


def padding_of(question: Question, matching: Matching, snapshot: Snapshot, found: int) -> Padding | None:
    """The commonest words left out one by one until there are enough products; None if that adds nothing.

    `found` is how many products match every word and the filters.
    """

    def spread(slots: tuple[Slot, ...]) -> int:
        return snapshot.count(matching(Question(slots=slots)))

    full = most = spread(question.slots)
    if not 0 < full < ENOUGH:
        return None
    best: tuple[Slot, ...] | None = None
    for kept in _ever_fewer(question.slots, spread):
        count = spread(kept)
        if count > most:
            best, most = kept, count
        if most >= ENOUGH:
            break
    if best is None or most == full:
        return None
    kept_words = {word for slot in best for word in slot.words}
    ignored = tuple(word for slot in question.slots for word in slot.words if word not in kept_words)
    return Padding(
        Question(slots=best),
        Relaxation(how="padded", query=question.text, message=message_of(found, ignored), ignored=ignored),
    )


def message_of(found: int, ignored: tuple[str, ...]) -> str:
    """How a padded answer is explained to a person."""
    if not found:
        return f"No product here matches every word; these may lack {listed(ignored)}."
    products, verb = ("product", "matches") if found == 1 else ("products", "match")
    return f"{found:,} {products} {verb} every word; those after may lack {listed(ignored)}."


def _ever_fewer(slots: tuple[Slot, ...], spread: Callable[[tuple[Slot, ...]], int]) -> Iterator[tuple[Slot, ...]]:
    """The slots without the one that most documents meet, again and again; a last one of several words is parted."""
    left = slots
    if len(left) > 1:
        rarest_last = sorted(slots, key=lambda slot: -spread((slot,)))
        for gone in rarest_last[:-1]:
            left = tuple(slot for slot in left if slot is not gone)
            yield left
    (last,) = left
    if len(last.words) > 1 and len(last.stems) == len(last.words):
        parts = [Slot(words=(word,), stems=(each,)) for word, each in zip(last.words, last.stems, strict=True)]
        yield from _ever_fewer(tuple(parts), spread)
