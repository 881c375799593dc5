"""Days as people type them, in three fields as the GOV.UK date input has them."""

from collections.abc import Mapping
from datetime import date

from becta.kernel.errors import Fault
from becta.market.web.visitor import Form

PARTS = ("day", "month", "year")
MEND = "give day, month and year in numbers, such as 27 3 2026"
FIRST_YEAR, LAST_YEAR = 1900, 2200
"""Beyond these a year is a slip of the hand."""


def day_of(form: Form, name: str) -> tuple[date | None, list[Fault]]:
    """The day in the fields `name-day`, `name-month` and `name-year`: None if they are empty, or with what is wrong."""
    typed = [form.text(f"{name}-{part}").strip() for part in PARTS]
    if not any(typed):
        return None, []
    missing = [part for part, text in zip(PARTS, typed, strict=True) if not text]
    if missing:
        return None, [Fault(field=name, problem=f"lacks the {' and the '.join(missing)}", mend=MEND)]
    if not all(text.isascii() and text.isdigit() and len(text) <= 4 for text in typed):
        return None, [Fault(field=name, problem="is not a day", mend=MEND)]
    day, month, year = map(int, typed)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None, [Fault(field=name, problem="has a year that cannot be meant", mend="give a year such as 2026")]
    try:
        return date(year, month, day), []
    except ValueError:
        return None, [Fault(field=name, problem="is not a day of the calendar", mend=MEND)]


def day_fields(name: str, day: date | None) -> Mapping[str, tuple[str, ...]]:
    """The three fields that show a day."""
    texts = ("", "", "") if day is None else (str(day.day), str(day.month), str(day.year))
    return {f"{name}-{part}": (text,) for part, text in zip(PARTS, texts, strict=True)}
