"""A shortlist as a table for the file: one row a product, those taken off included, as CSV (RFC 4180)."""

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import datetime

from becta.market.shortlists.rules import HeldBadge
from becta.market.shortlists.schemas import EntryOut, RemovedOut, ShortlistOut

COLUMNS = (
    "shortlist",
    "organisation",
    "need",
    "wanted_badges",
    "state",
    "as_at",
    "reason",
    "product",
    "product_id",
    "supplier",
    "outcome",
    "note",
    "added_by",
    "added_at",
    "price_then_ex_vat",
    "price_ex_vat",
    "price_is",
    "badges_then",
    "badges",
    "badges_lost",
    "badges_gained",
    "badges_lacking",
    "removed_by",
    "removed_at",
    "removed_reason",
)
"""Instants are UTC; prices are pounds for one unit."""
_ACTIVE = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would run as a formula."""


def shortlist_csv(found: ShortlistOut, *, now: datetime) -> str:
    """The shortlist as it stands now or, once it has ended, as it stood then."""
    head = {
        "shortlist": found.name,
        "organisation": found.organisation.name,
        "need": found.need,
        "wanted_badges": "; ".join(_quoted(found.badges)),
        "state": found.state.value,
        "as_at": _instant(found.ended_at or now),
        "reason": found.reason or "",
    }
    entries = found.entries if found.as_ended is None else found.as_ended
    rows = [_on_it(found, entry) for entry in entries] + [_removed(one) for one in found.removed]
    made = io.StringIO()
    writer = csv.DictWriter(made, COLUMNS, restval="")
    writer.writeheader()
    writer.writerows({name: _inert(text) for name, text in {**head, **row}.items()} for row in rows or [{}])
    return made.getvalue()


def _on_it(found: ShortlistOut, entry: EntryOut) -> Mapping[str, str]:
    is_chosen = entry.product_id == found.chosen_product_id
    outcome = "chosen" if is_chosen else "not chosen" if found.as_ended is not None else "on the list"
    return {
        **_either(entry),
        "outcome": outcome if entry.is_listed else f"{outcome}; listing withdrawn",
        "price_ex_vat": _pounds(entry.price_pence),
        "price_is": "" if entry.unit is None else entry.unit.value.replace("_", " "),
        "badges": _badges(entry.badges_now),
        "badges_lost": "; ".join(f"{_badge(one.badge)}: {one.sentence}" for one in entry.badges_lost),
        "badges_gained": _badges(entry.badges_gained),
        "badges_lacking": "; ".join(one.sentence for one in entry.badges_lacking),
    }


def _removed(entry: RemovedOut) -> Mapping[str, str]:
    return {
        **_either(entry),
        "outcome": "removed",
        "removed_by": entry.removed_by_name or "",
        "removed_at": _instant(entry.removed_at),
        "removed_reason": entry.reason,
    }


def _either(entry: EntryOut | RemovedOut) -> Mapping[str, str]:
    return {
        "product": entry.title,
        "product_id": str(entry.product_id),
        "supplier": entry.supplier,
        "note": entry.note,
        "added_by": entry.added_by_name or "",
        "added_at": _instant(entry.added_at),
        "price_then_ex_vat": _pounds(entry.price_pence_then),
        "badges_then": _badges(entry.badges_then),
    }


def _badges(badges: Iterable[HeldBadge]) -> str:
    return "; ".join(_badge(badge) for badge in badges)


def _badge(badge: HeldBadge) -> str:
    role = f" ({badge.role})" if badge.role else ""
    until = f" until {badge.expires_on}" if badge.expires_on else ""
    return f"{badge.name}{role}, {badge.level.value.replace('_', ' ')}, {badge.holder}'s{until}"


def _quoted(texts: Iterable[str]) -> Iterable[str]:
    return (text.replace(";", ", ") for text in texts)


def _pounds(pence: int | None) -> str:
    return "" if pence is None else f"{pence // 100}.{pence % 100:02d}"


def _instant(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds").replace("+00:00", "Z")


def _inert(text: str) -> str:
    """The text so that no spreadsheet runs it: suppliers and colleagues wrote some of it."""
    return f"'{text}" if text.startswith(_ACTIVE) else text
