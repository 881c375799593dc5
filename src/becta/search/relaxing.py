"""When a question finds nothing: what to ask instead, least change first, and how to say so."""

from collections.abc import Callable, Iterator
from itertools import combinations

from rapidfuzz import process
from rapidfuzz.distance import OSA

from becta.search.analysis import stem
from becta.search.engine import Relaxation
from becta.search.interpret import STOP_WORDS, Question, Slot
from becta.search.snapshot import Snapshot
from becta.search.spelling import Spelling

Ask = Callable[[str], Question]
_MOST_DROPPED_TRIES = 40


def relaxations(asked: Question, ask: Ask, snapshot: Snapshot) -> Iterator[tuple[Question, Relaxation]]:
    """Other questions to try in turn, each with the words that tell a person of the change."""
    corrections = _corrections(asked, snapshot)
    corrected = asked
    if corrections:
        corrected = ask(_with(asked, corrections))
        yield (
            corrected,
            Relaxation(
                how="corrected",
                query=corrected.text,
                message=f"Nothing matches {_quoted(asked.text)}, so these are results for {_quoted(corrected.text)}.",
                corrections=corrections,
            ),
        )
    for kept, ignored in _shorter(corrected, snapshot):
        question = Question(slots=kept)
        yield (
            question,
            Relaxation(
                how="fewer_words",
                query=question.text,
                message=f"Nothing matches every word, so these are results without {listed(ignored)}.",
                corrections=corrections,
                ignored=ignored,
            ),
        )
    near = _similar(asked, snapshot.spelling)
    if near:
        question = ask(" ".join(near.values()))
        yield (
            question,
            Relaxation(
                how="similar",
                query=question.text,
                message=f"Nothing matches {_quoted(asked.text)}, so these are results for similar words.",
                corrections=near,
            ),
        )


def better_spelling(asked: Question, spelling: Spelling) -> dict[str, str]:
    """Far commoner words that words of this question may be slips for."""
    doubts = {slot.words[0]: spelling.doubt(slot.words[0]) for slot in asked.slots if _may_be_a_slip(slot, spelling)}
    return {word: better for word, better in doubts.items() if better is not None}


def _may_be_a_slip(slot: Slot, spelling: Spelling) -> bool:
    """Whether nothing but its one word, read as typed, explains the slot."""
    return len(slot.words) == 1 and not slot.codes and not (slot.others and not spelling.uses(slot.words[0]))


def respelt(asked: Question, corrections: dict[str, str]) -> str:
    """The question in plain words with some replaced."""
    return _with(asked, corrections)


def _with(asked: Question, corrections: dict[str, str]) -> str:
    return " ".join(corrections.get(word, word) for slot in asked.slots for word in slot.words)


def _corrections(asked: Question, snapshot: Snapshot) -> dict[str, str]:
    """Better spellings of the words that the index does not have; those that it has stay."""
    spelling = snapshot.spelling
    found: dict[str, str] = {}
    for slot in asked.slots:
        if not slot.is_known:
            for word in slot.words:
                is_used = spelling.uses(word) or snapshot.uses(stem(word))
                better = None if is_used else spelling.correct(word)
                if better is not None:
                    found[word] = better
    return found


def _shorter(asked: Question, snapshot: Snapshot) -> Iterator[tuple[tuple[Slot, ...], tuple[str, ...]]]:
    """The question with ever more slots left out: unknown words first, then the commonest."""
    slots = asked.slots
    known = [slot for slot in slots if slot.is_known]
    unknown = tuple(word for slot in slots if not slot.is_known for word in slot.words)
    tries = 0
    for dropped in range(len(known)):
        if dropped == 0 and len(known) == len(slots):
            continue
        weight = {slot: _rarity(slot, snapshot) for slot in known}
        choices = sorted(combinations(known, dropped), key=lambda gone: sum(weight[slot] for slot in gone))
        for gone in choices:
            kept = tuple(slot for slot in known if slot not in gone)
            tries += 1
            if tries > _MOST_DROPPED_TRIES:
                return
            yield kept, unknown + tuple(word for slot in gone for word in slot.words)


def _rarity(slot: Slot, snapshot: Snapshot) -> float:
    """How much a slot tells: rare words more than common ones."""
    if slot.codes:
        return 2.0
    return 1.0 / (1 + min((snapshot.uses(each) for each in slot.stems), default=0))


def _similar(asked: Question, spelling: Spelling) -> dict[str, str]:
    """Words of the index that begin alike and differ in a third of the letters at most, the nearest of each."""
    found: dict[str, str] = {}
    for word in (word for slot in asked.slots for word in slot.words):
        if len(word) < 4 or word in STOP_WORDS:
            continue
        alike = [other for other in spelling.words() if other[0] == word[0]]
        best = process.extractOne(word, alike, scorer=OSA.distance, score_cutoff=len(word) // 3)
        if best is not None:
            found[word] = best[0]
    return found


def _quoted(text: str) -> str:
    return f"“{text}”"


def listed(words: tuple[str, ...]) -> str:
    """Words in quotation marks, as one lists them in a sentence."""
    quoted = [_quoted(word) for word in words]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
