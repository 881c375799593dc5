"""Strings with a form of their own in xAPI and CASE: IRIs, UUIDs, language tags, timestamps, durations, hashes.

Each function answers whether a string has the form; none of them raises.
"""

import re
from datetime import datetime
from enum import Enum

_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:(?:%[0-9A-Fa-f]{2}|[^\x00-\x20\x7f<>\"{}|\\^`%])+")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MAILTO = re.compile(r"mailto:[^\s@:<>]+@[^\s@:<>]+")
_SHA1 = re.compile(r"[0-9a-fA-F]{40}")
_SHA2 = re.compile(r"[0-9a-fA-F]+")
_SHA2_LENGTHS = frozenset({56, 64, 96, 128})  # SHA-224, -256, -384, -512 in hexadecimal digits
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+\-]+/[A-Za-z0-9!#$&^_.+\-]+(?:\s*;[^\r\n]*)?")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_RFC_3339 = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:[Zz]|[+\-](\d\d):(\d\d))")
_NO_ZONE = re.compile(r"[Zz]|[+\-]\d\d(?::?\d\d)?")
_UNKNOWN_OFFSET = re.compile(r".*-00(?::?00)?")
_AMOUNT = r"\d+(?:[.,]\d+)?"
_DURATION = re.compile(
    rf"P(?:{_AMOUNT}W|(?=\d|T\d)(?:{_AMOUNT}Y)?(?:{_AMOUNT}M)?(?:{_AMOUNT}D)?"
    rf"(?:T(?=\d)(?:{_AMOUNT}H)?(?:{_AMOUNT}M)?(?:{_AMOUNT}S)?)?)"
)
_LANGUAGE = re.compile(
    r"(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})(?:-[a-z]{4})?(?:-(?:[a-z]{2}|\d{3}))?"
    r"(?:-(?:[a-z0-9]{5,8}|\d[a-z0-9]{3}))*(?:-[0-9a-wy-z](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?"
    r"|x(?:-[a-z0-9]{1,8})+",
    re.IGNORECASE,
)
_GRANDFATHERED = re.compile(
    r"en-gb-oed|i-(?:ami|bnn|default|enochian|hak|klingon|lux|mingo|navajo|pwn|tao|tay|tsu)|sgn-(?:be-fr|be-nl|ch-de)",
    re.IGNORECASE,
)
"""Tags of RFC 5646 section 2.1 (`irregular`) that do not follow its grammar."""


class Instant(Enum):
    """How well a string tells an instant: by RFC 3339, only by ISO 8601, or not at all."""

    RFC_3339 = "rfc3339"
    ISO_8601 = "iso8601"
    NONE = "none"


def is_iri(text: str) -> bool:
    """Whether this is an IRI with a scheme (RFC 3987); best effort, as xAPI 2.2 allows."""
    return _IRI.fullmatch(text) is not None


def is_uuid(text: str) -> bool:
    """Whether this is a UUID in the standard form of RFC 4122, any version, either case."""
    return _UUID.fullmatch(text) is not None


def is_mailto(text: str) -> bool:
    """Whether this is `mailto:` and one email address."""
    return _MAILTO.fullmatch(text) is not None


def is_sha1(text: str) -> bool:
    """Whether this is a SHA-1 hash in hexadecimal."""
    return _SHA1.fullmatch(text) is not None


def is_sha2(text: str) -> bool:
    """Whether this is a hash of the SHA-2 family in hexadecimal."""
    return len(text) in _SHA2_LENGTHS and _SHA2.fullmatch(text) is not None


def is_media_type(text: str) -> bool:
    """Whether this is an internet media type (RFC 2046)."""
    return _MEDIA_TYPE.fullmatch(text) is not None


def is_number(text: str) -> bool:
    """Whether this is a decimal number, perhaps negative."""
    return _NUMBER.fullmatch(text) is not None


def is_language_tag(text: str) -> bool:
    """Whether this is a language tag well formed by RFC 5646; not whether its parts are registered."""
    return _LANGUAGE.fullmatch(text) is not None or _GRANDFATHERED.fullmatch(text) is not None


def is_duration(text: str) -> bool:
    """Whether this is a duration of ISO 8601:2004 4.4.3.2, where only the smallest part may have a fraction.

    The example `P16559.14S` of xAPI 4.6 is not one: ISO 8601 asks for a T before seconds.
    """
    if _DURATION.fullmatch(text) is None:
        return False
    parts = re.findall(_AMOUNT, text)
    return not any("." in part or "," in part for part in parts[:-1])


def is_date(text: str) -> bool:
    """Whether this is a day as YYYY-MM-DD."""
    found = _DATE.fullmatch(text)
    return found is not None and _exists(*map(int, found.groups()))


def instant(text: str) -> Instant:
    """How well this tells an instant; an offset of minus nought is none in ISO 8601."""
    if _UNKNOWN_OFFSET.fullmatch(text[10:]):
        return Instant.NONE
    found = _RFC_3339.fullmatch(text)
    if found is not None:
        year, month, day, hour, minute, second, *zone = (int(part or 0) for part in found.groups())
        leap = second == 60  # a leap second is a time of RFC 3339 that Python does not know
        good = _exists(year, month, day, hour, minute, 59 if leap else second) and zone[0] < 24 and zone[1] < 60
        return Instant.RFC_3339 if good else Instant.NONE
    if "T" not in text or len(text) > 64:
        return Instant.NONE
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return Instant.NONE
    return Instant.ISO_8601


def has_zone(text: str) -> bool:
    """Whether a timestamp ends in Z or an offset."""
    return re.search(rf"(?:{_NO_ZONE.pattern})\Z", text.partition("T")[2]) is not None


def pointer(at: str, name: str) -> str:
    """The JSON pointer (RFC 6901) of a member of what stands at a pointer."""
    return f"{at}/{name.replace('~', '~0').replace('/', '~1')}"


def _exists(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> bool:
    try:
        datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 -- only asks whether the day and time exist
    except ValueError:
        return False
    return True
