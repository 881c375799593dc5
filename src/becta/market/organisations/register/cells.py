"""From the register's words to values: a small function for each kind of cell, which raises BadCell."""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from becta.catalogue.offers.rules import Region
from becta.market.organisations.rules import (
    REGIONS,
    Gender,
    GroupStatus,
    GroupType,
    LinkKind,
    SchoolPhase,
    Status,
)

MAX_UID = 999_999
"""Largest group UID; the register's own are at some 18,000."""

_BLANK = frozenset(
    {"", "not recorded", "not applicable", "does not apply", "not available", "not collected", "n/a", "null", "none"}
)
_C1 = {0x80 + place: character for place, character in enumerate("€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ")}
_DAY_FIRST = re.compile(r"(\d{1,2})[-/](\d{1,2})[-/](\d{4})(?: 0?0:00(?::00)?)?")
_YEAR_FIRST = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ]00:00(?::00)?)?")
_GROUP_ID = re.compile(r"[A-Za-z]{0,2}\d{1,10}([._-]\w{1,6})?")
_POSTCODE = re.compile(r"(GIR ?0AA|[A-Z]{1,2}\d[A-Z\d]?) ?(\d[A-Z]{2})")
_WEB = re.compile(r"(https?)[:;]?/{1,2}(?=[^/])", re.IGNORECASE)


class BadCell(ValueError):
    """A cell that cannot be read: what is wrong with it, and how to mend it."""

    def __init__(self, problem: str, mend: str) -> None:
        """Both in words."""
        super().__init__(problem)
        self.problem = problem
        self.mend = mend


def clean(raw: str) -> str:
    """A cell without stray spaces. The register says latin-1 but means Windows-1252: ’ comes as 0x92."""
    if not raw.isascii():
        raw = raw.translate(_C1)
    text = " ".join(raw.split())
    if not text.isprintable() and any(unicodedata.category(sign) == "Cc" for sign in text):
        raise BadCell("has control characters", "remove them")
    return text


def shown(raw: str) -> str:
    """A cell that could not be read, fit to be shown."""
    return "".join(sign if sign.isprintable() else "�" for sign in raw.strip())


def is_blank(text: str) -> bool:
    """Whether a cell says nothing, in any of the register's ways of saying so."""
    return text.casefold() in _BLANK


def urn(text: str) -> int:
    """An establishment's Unique Reference Number."""
    if len(text) == 6 and text.isascii() and text.isdigit() and text[0] != "0":
        return int(text)
    raise BadCell("is not a URN", "give its six digits")


def uid(text: str) -> int:
    """A group's UID."""
    if text.isascii() and text.isdigit() and 0 < int(text[:9]) <= MAX_UID and len(text) < 9:
        return int(text)
    raise BadCell("is not a group's UID", f"give a whole number from 1 to {MAX_UID:,}")


def group_id(text: str) -> str | None:
    """A group's ID such as TR00261 or TR00055.old; some federations have their name in its place, which is none."""
    return text[:2].upper() + text[2:] if _GROUP_ID.fullmatch(text) else None


@lru_cache(maxsize=20_000)
def day(text: str) -> date:
    """A date, day first as in the register, or year first."""
    if found := _DAY_FIRST.fullmatch(text):
        parts = found.group(3, 2, 1)
    elif found := _YEAR_FIRST.fullmatch(text):
        parts = found.group(1, 2, 3)
    else:
        raise BadCell("is not a date", "give day, month and year as 31-08-2026 or 31/08/2026")
    try:
        return date(int(parts[0]), int(parts[1]), int(parts[2]))
    except ValueError:
        raise BadCell("is a day that does not exist", "correct the day, month or year") from None


def text_of(limit: int) -> Callable[[str], str]:
    """Text up to a length."""

    def read(text: str) -> str:
        if len(text) > limit:
            raise BadCell(f"is longer than {limit} characters", "shorten it")
        return text

    return read


def whole(low: int, high: int) -> Callable[[str], int]:
    """A whole number within bounds."""

    def read(text: str) -> int:
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 9):
            raise BadCell("is not a whole number", f"give a whole number from {low} to {high}")
        if not low <= int(text) <= high:
            raise BadCell("is out of range", f"give a whole number from {low} to {high}")
        return int(text)

    return read


def digits_of(low: int, high: int, what: str) -> Callable[[str], str]:
    """An identifier of a number of digits, kept as text."""

    def read(text: str) -> str:
        if text.isascii() and text.isdigit() and low <= len(text) <= high:
            return text.zfill(high) if low < high <= 4 else text
        mend = f"give its {high} digits" if low == high else f"give {low} to {high} digits"
        raise BadCell(f"is not {what}", f"{mend}, as the register has them before a spreadsheet changes them")

    return read


def ukprn(text: str) -> str:
    """A UK Provider Reference Number."""
    if len(text) == 8 and text.isascii() and text.isdigit() and text[0] == "1":
        return text
    raise BadCell("is not a UKPRN", "give its eight digits, the first of them 1")


def company_number(text: str) -> str:
    """A Companies House number, with the zeros that spreadsheets take away."""
    number = text.replace(" ", "").upper()
    if number.isascii() and number.isalnum() and len(number) <= 8 and any(sign.isdigit() for sign in number):
        return number.zfill(8) if number.isdigit() else number
    raise BadCell("is not a company number", "give its eight digits or letters")


def postcode(text: str) -> str:
    """A postcode, with its space."""
    if found := _POSTCODE.fullmatch(text.upper()):
        return f"{found.group(1)} {found.group(2)}"
    raise BadCell("is not a postcode", "give it as SW1A 2AA, or leave it empty")


def percentage(text: str) -> int | None:
    """A percentage as basis points; what the register suppresses (`..`, `SUPP`, `x`) is none."""
    if text.casefold() in {"..", ".", "x", "c", "z", "supp", "np", "low"}:
        return None
    try:
        points = Decimal(text.removesuffix("%").strip()) * 100
        points = points.quantize(Decimal(1))
    except InvalidOperation:
        raise BadCell("is not a percentage", "give a number from 0 to 100") from None
    if not 0 <= points <= 10_000:
        raise BadCell("is out of range", "give a percentage from 0 to 100")
    return int(points)


def website(text: str) -> str | None:
    """A web address that may be linked to, or none: the register's own are often not addresses at all."""
    address = _WEB.sub(lambda found: f"{found.group(1).lower()}://", text, count=1)
    if not address.startswith(("http://", "https://")):
        address = f"http://{address}"
    host = address.split("://", 1)[1].split("/", 1)[0]
    usable = "." in host and " " not in address and not set("@:;,\"'<>\\") & set(host.partition(":")[0])
    port = host.partition(":")[2]
    return address if usable and len(address) <= 500 and (not port or port.isdigit()) else None


def region(text: str) -> Region | None:
    """A region of England; Wales and the rest of the world are none of ours."""
    return REGIONS.get(text.casefold())


def one_of(words: dict[str, Any], what: str) -> Callable[[str], Any]:
    """One of the register's own words."""
    accepted = ", ".join(words)

    @lru_cache(maxsize=1_000)
    def read(text: str) -> Any:
        key = " ".join(re.sub(r"[^\w\d]+", " ", text.casefold()).split())
        found = words.get(key)
        if found is None:
            raise BadCell(f"is no {what} of the register", f"give one of: {accepted}")
        return found

    return read


status = one_of(
    {
        "open": Status.OPEN,
        "closed": Status.CLOSED,
        "open but proposed to close": Status.PROPOSED_TO_CLOSE,
        "proposed to open": Status.PROPOSED_TO_OPEN,
    },
    "status",
)

phase = one_of({member.value.replace("_", " "): member for member in SchoolPhase}, "phase")

gender = one_of({member.value: member for member in Gender}, "gender of entry")

group_status = one_of(
    {
        "open": GroupStatus.OPEN,
        "closed": GroupStatus.CLOSED,
        "proposed to open": GroupStatus.PROPOSED_TO_OPEN,
        "proposed": GroupStatus.PROPOSED_TO_OPEN,
        "created in error": GroupStatus.CREATED_IN_ERROR,
        "error": GroupStatus.CREATED_IN_ERROR,
    },
    "group status",
)

GROUP_TYPES = {
    "1": GroupType.FEDERATION,
    "2": GroupType.TRUST,
    "5": GroupType.SCHOOL_SPONSOR,
    "6": GroupType.MULTI_ACADEMY_TRUST,
    "7": GroupType.UMBRELLA_TRUST,
    "8": GroupType.CHILDRENS_CENTRES_GROUP,
    "9": GroupType.CHILDRENS_CENTRES_COLLABORATION,
    "10": GroupType.SINGLE_ACADEMY_TRUST,
    "federation": GroupType.FEDERATION,
    "trust": GroupType.TRUST,
    "foundation trust": GroupType.TRUST,
    "school sponsor": GroupType.SCHOOL_SPONSOR,
    "academy sponsor": GroupType.SCHOOL_SPONSOR,
    "multi academy trust": GroupType.MULTI_ACADEMY_TRUST,
    "single academy trust": GroupType.SINGLE_ACADEMY_TRUST,
    "secure single academy trust": GroupType.SECURE_SINGLE_ACADEMY_TRUST,
    "umbrella trust": GroupType.UMBRELLA_TRUST,
    "children s centres group": GroupType.CHILDRENS_CENTRES_GROUP,
    "childrens centres group": GroupType.CHILDRENS_CENTRES_GROUP,
    "children s centres collaboration": GroupType.CHILDRENS_CENTRES_COLLABORATION,
    "childrens centres collaboration": GroupType.CHILDRENS_CENTRES_COLLABORATION,
}
"""Kinds of group by the register's code and name."""


def group_type(text: str) -> GroupType:
    """A kind of group by name or code (`6` and `06`); a kind that we do not know yet is `other`."""
    key = " ".join(re.sub(r"[^\w\d]+", " ", text.casefold()).split())
    return GROUP_TYPES.get(key.lstrip("0"), GroupType.OTHER)


_PREDECESSOR, _SUCCESSOR, _NEITHER = -1, 1, 0

link_type: Callable[[str], tuple[LinkKind, int]] = one_of(
    {
        "predecessor": (LinkKind.SUCCEEDED, _PREDECESSOR),
        "predecessor amalgamated": (LinkKind.AMALGAMATED, _PREDECESSOR),
        "predecessor merged": (LinkKind.MERGED, _PREDECESSOR),
        "predecessor split school": (LinkKind.SPLIT, _PREDECESSOR),
        "successor": (LinkKind.SUCCEEDED, _SUCCESSOR),
        "successor amalgamated": (LinkKind.AMALGAMATED, _SUCCESSOR),
        "successor merged": (LinkKind.MERGED, _SUCCESSOR),
        "successor split school": (LinkKind.SPLIT, _SUCCESSOR),
        "result of amalgamation": (LinkKind.RELATED, _NEITHER),
        "merged expansion of school capacity": (LinkKind.RELATED, _NEITHER),
        "merged change in age range": (LinkKind.RELATED, _NEITHER),
        "merged expansion in school capacity and changer in age range": (LinkKind.RELATED, _NEITHER),
        "merged expansion in school capacity and change in age range": (LinkKind.RELATED, _NEITHER),
        "expansion": (LinkKind.RELATED, _NEITHER),
        "closure": (LinkKind.RELATED, _NEITHER),
        "sixth form centre link": (LinkKind.RELATED, _NEITHER),
        "sixth form centre school": (LinkKind.RELATED, _NEITHER),
        "other": (LinkKind.RELATED, _NEITHER),
        "not recorded": (LinkKind.RELATED, _NEITHER),
    },
    "link type",
)
"""The kind of a link, and whether the linked school came before (-1) or after (1); 0 where neither is said."""
