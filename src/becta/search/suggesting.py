"""Completions of what a person is typing, from the words the index uses."""

from becta.search.analysis import words_of
from becta.search.interpret import normal_text
from becta.search.snapshot import Snapshot


def suggestions(snapshot: Snapshot, text: str, limit: int) -> tuple[str, ...]:
    """The text with its last word completed, commonest first; a misspelt last word corrected."""
    words = words_of(normal_text(text))[:10]
    if not words or limit < 1:
        return ()
    *before, last = words
    lead = " ".join(before)
    ends = [word for word in snapshot.endings(last, limit * 4) if not word.isdigit()]
    if not ends:
        better = snapshot.spelling.correct(last)
        ends = [better] if better else []
    return tuple(f"{lead} {end}".strip() for end in ends[:limit])
