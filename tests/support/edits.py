"""Breaking a clean text in one place."""

Edits = list[tuple[str, str]]
"""Texts, and what is put in their place."""


def changed(text: str, edits: Edits) -> str:
    """A text with parts replaced, each of which must be in it."""
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return text
