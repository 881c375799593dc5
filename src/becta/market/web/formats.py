"""How prices, dates and codes read to a person: pure functions, registered as template filters."""

import html
import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from becta.kernel.money import pounds

LONDON = ZoneInfo("Europe/London")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
UNITS = {
    "each": "each",
    "per_pupil_per_year": "per pupil per year",
    "per_user_per_year": "per user per year",
    "per_device_per_year": "per device per year",
    "per_site_per_year": "per site per year",
    "per_site_per_month": "per site per month",
    "per_month": "per month",
    "per_day": "per day",
    "one_off": "one-off",
}
LEVELS = {"certified": "Certified", "tested_by_us": "Tested by us", "self_declared": "Self-declared"}
LEVEL_TAGS = {"certified": "govuk-tag--green", "tested_by_us": "govuk-tag--blue", "self_declared": "govuk-tag--grey"}
STATES = {
    "valid": ("Valid", "govuk-tag--green"),
    "expiring": ("Expires soon", "govuk-tag--yellow"),
    "expired": ("Expired", "govuk-tag--red"),
    "suspended": ("Suspended", "govuk-tag--red"),
    "withdrawn": ("Withdrawn", "govuk-tag--red"),
    "unverified": ("Not verified", "govuk-tag--grey"),
}
_HARMLESS = re.compile(r"(https?://|/(?![/\\])|[?#])", re.IGNORECASE)
_MARK = re.compile(r"(</?mark>)")


def unit_words(code: str) -> str:
    """What a price is for: "per_pupil_per_year" is "per pupil per year"."""
    return UNITS.get(code, _words(code))


def level_words(code: str) -> str:
    """How far a badge is proved: "tested_by_us" is "Tested by us"."""
    return LEVELS.get(code, _sentence(code))


def level_tag(code: str) -> str:
    """The colour class of the tag for a level of proof; grey for a level it does not know."""
    return LEVEL_TAGS.get(code, "govuk-tag--grey")


def state_words(code: str) -> str:
    """Whether a badge holds today: "expiring" is "Expires soon"."""
    return STATES[code][0] if code in STATES else _sentence(code)


def state_tag(code: str) -> str:
    """The colour class of the tag for the state of a badge; grey for a state it does not know."""
    return STATES[code][1] if code in STATES else "govuk-tag--grey"


def condition_words(code: str) -> str:
    """The condition of a device: "remanufactured" is "Remanufactured"."""
    return _sentence(code)


def london_date(value: date) -> str:
    """A date, or the London date of an instant, as "22 November 2026"."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        value = value.astimezone(LONDON).date()
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def london_time(instant: datetime) -> str:
    """An instant in London as "22 November 2026, 14:05"."""
    return f"{london_date(instant)}, {instant.astimezone(LONDON):%H:%M}"


def thousands(number: int) -> str:
    """A count with its thousands marked: 1234 is "1,234"."""
    return f"{number:,}"


def count_of(number: int, one: str, many: str = "") -> str:
    """A count with its noun: "1 product", "1,234 products"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def marked(text: str) -> Markup:
    """HTML that keeps `<mark>` and shows any other tag as text, whatever the search engine handed over."""
    parts = _MARK.split(text)
    if [p for p in parts if _MARK.fullmatch(p)] != ["<mark>", "</mark>"] * parts.count("<mark>"):
        parts = [p for p in parts if not _MARK.fullmatch(p)]  # unbalanced: better no mark than a broken page
    return Markup("").join(Markup(p) if _MARK.fullmatch(p) else escape(html.unescape(p)) for p in parts)  # noqa: S704


def safe_href(href: str) -> str:
    """The address if following it is harmless (our own path, or the web), else "#": suppliers write some of them."""
    return href if _HARMLESS.match(href) else "#"


FILTERS = {
    "pounds": pounds,
    "unit_words": unit_words,
    "level_words": level_words,
    "level_tag": level_tag,
    "state_words": state_words,
    "state_tag": state_tag,
    "condition_words": condition_words,
    "london_date": london_date,
    "london_time": london_time,
    "thousands": thousands,
    "count_of": count_of,
    "marked": marked,
    "safe_href": safe_href,
}


def _words(code: str) -> str:
    return code.replace("_", " ")


def _sentence(code: str) -> str:
    words = _words(code)
    return words[:1].upper() + words[1:]
