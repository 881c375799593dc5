"""Amounts as people type them."""

import re

from becta.kernel.money import pounds
from becta.market.delegation.rules import MAX_AMOUNT

AMOUNT_MEND = f"enter pounds and pence, like 1200 or 1,200.50, up to {pounds(MAX_AMOUNT)}"
_TYPED = re.compile(r"£?\s*(\d{1,3}(?:,\d{3})+|\d{1,11})(?:\.(\d{1,2}))?", re.ASCII)


def pence_of(typed: str, *, at_least: int = 1) -> int | None:
    """The pence of an amount typed in pounds: "1,200.50" and "£1200.5" are 120050; None for anything else, or less.

    A comma stands before three digits only, so that nobody's "1,50" becomes £150.
    """
    found = _TYPED.fullmatch(typed.strip())
    if found is None:
        return None
    pence = int(found[1].replace(",", "")) * 100 + int((found[2] or "").ljust(2, "0"))
    return pence if at_least <= pence <= MAX_AMOUNT else None
