"""Checks on plain text that every listing field shares."""

import re
import unicodedata

from becta.kernel.errors import Fault

_WEB_ADDRESS = re.compile(
    r"https?://(?:[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?"
    r"(?:[/?#](?:[A-Za-z0-9._~:/?#@!$&'()*+,;=-]|\[|\]|%[0-9A-Fa-f]{2})*)?"
)
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Unicode's bidirectional controls: with them a title can be made to read as another."""


def text_faults(field: str, value: str, *, at_most: int, at_least: int = 0) -> list[Fault]:
    """Faults of a text: too short once trimmed, too long, or holding control characters."""
    faults = []
    length = len(value.strip())
    if length < at_least:
        problem = "is empty" if length == 0 else f"is shorter than {at_least} characters"
        faults.append(Fault(field=field, problem=problem, mend=f"give {at_least} to {at_most} characters", value=value))
    if len(value) > at_most:
        faults.append(
            Fault(
                field=field,
                problem=f"is {len(value)} characters long",
                mend=f"shorten it to {at_most} characters or fewer",
                value=value[:60] + "…",
            )
        )
    if any(character in _TURNING for character in value):
        faults.append(Fault(field=field, problem="holds characters that turn its direction", mend="remove them"))
    if any(unicodedata.category(character) in {"Cc", "Cs"} and character not in "\r\n\t" for character in value):
        faults.append(
            Fault(field=field, problem="holds control characters", mend="remove them and send plain text", value=None)
        )
    return faults


def is_web_address(text: str) -> bool:
    """Whether a text is a whole http or https address, in the characters that RFC 3986 allows."""
    return _WEB_ADDRESS.fullmatch(text) is not None


def reference_faults(reference: str) -> list[Fault]:
    """Faults of a supplier's own reference for a product or an offer."""
    return text_faults("reference", reference, at_least=1, at_most=120)
