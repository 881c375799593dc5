"""The values of QTI variables: whether a text is one of its base-type."""

import re
from collections.abc import Callable, Mapping

_NAME = re.compile(r"[^\W\d][\w.\-]*")
_INTEGER = re.compile(r"[+\-]?\d{1,20}")
_FLOAT = re.compile(r"[+\-]?(?:\d{1,20}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][+\-]?\d{1,4})?")
_POINT = re.compile(r"[+\-]?\d{1,20}\s+[+\-]?\d{1,20}")


def is_name(text: str) -> bool:
    """Whether this is an identifier of QTI: a letter or underscore, then letters, digits, `_`, `-` and `.`."""
    return _NAME.fullmatch(text) is not None


def is_float(text: str) -> bool:
    """Whether this is a decimal number, perhaps with an exponent."""
    return _FLOAT.fullmatch(text) is not None


def _is_pair(text: str) -> bool:
    halves = text.split()
    return len(halves) == 2 and all(map(is_name, halves))


_FORMS: Mapping[str, Callable[[str], bool]] = {
    "identifier": is_name,
    "boolean": lambda text: text in {"true", "false", "1", "0"},
    "integer": lambda text: _INTEGER.fullmatch(text) is not None,
    "float": is_float,
    "duration": is_float,
    "point": lambda text: _POINT.fullmatch(text) is not None,
    "pair": _is_pair,
    "directedPair": _is_pair,
    "intOrIdentifier": lambda text: is_name(text) or _INTEGER.fullmatch(text) is not None,
}


def fits(base_type: str, text: str) -> bool:
    """Whether a text is a value of a base-type; any is of string, file and uri."""
    return base_type not in _FORMS or _FORMS[base_type](text)
