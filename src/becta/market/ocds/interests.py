"""What a supplier wants to hear of, and whether a notice is that."""

import re
from collections.abc import Sequence

from msgspec import Struct

from becta.catalogue.categories import categories
from becta.catalogue.text_rules import text_faults
from becta.kernel.errors import Fault

MAX_INTERESTS = 20
"""How many interests a supplier may have at once."""
MAX_GIVEN = 20
"""How many categories, CPV codes or words one interest may name."""
_CPV = re.compile(r"\d{2,8}(-\d)?", re.ASCII)
_WORD = re.compile(r"\w+")


class Interest(Struct, frozen=True, kw_only=True):
    """CPV codes that stand for everything below them, categories of the catalogue, and words.

    A notice fits if one of its codes lies below one of these (or none is named), and one of the words is in its title
    or description (or none is named).
    """

    cpv: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


def interest_faults(wanted: Interest) -> list[Fault]:
    """Everything wrong with an interest."""
    faults = []
    if not (wanted.cpv or wanted.categories or wanted.words):
        faults.append(Fault(field="cpv", problem="is empty, as is all else", mend="name codes, categories or words"))
    for field in ("cpv", "categories", "words"):
        given = getattr(wanted, field)
        if len(given) > MAX_GIVEN:
            faults.append(Fault(field=field, problem=f"has {len(given)} entries", mend=f"name at most {MAX_GIVEN}"))
    for code in wanted.cpv:
        faults += cpv_faults("cpv", code)
    for code in wanted.categories:
        if code not in categories():
            mend = "take a code of GET /api/v1/categories"
            faults.append(Fault(field="categories", problem="is not a category", mend=mend, value=code[:80]))
    for word in wanted.words:
        faults += text_faults("words", word, at_least=2, at_most=60)
    return faults


def cpv_faults(field: str, code: str) -> list[Fault]:
    """What is wrong with a CPV code or its beginning."""
    if _CPV.fullmatch(code):
        return []
    mend = "give 2 to 8 digits, such as 30213100"
    return [Fault(field=field, problem="is not a CPV code", mend=mend, value=code[:80])]


def cpv_prefix(code: str) -> str:
    """The digits that all codes below a CPV code share: zeros at its end say nothing, its division has two digits.

    CPV 2008, Regulation (EC) No 213/2008: division, group, class, category.
    """
    digits = code.partition("-")[0]
    return digits[:2] + digits[2:].rstrip("0")


def fits(wanted: Interest, *, cpv: Sequence[str], text: str) -> bool:
    """Whether a notice with these codes and this text is what is wanted."""
    prefixes = [cpv_prefix(code) for code in wanted.cpv]
    prefixes += [cpv_prefix(code) for category in wanted.categories for code in categories()[category].cpv]
    if prefixes and not any(code.startswith(tuple(prefixes)) for code in cpv):
        return False
    said = " ".join(_WORD.findall(text.casefold()))
    padded = f" {said} "
    return not wanted.words or any(f" {' '.join(_WORD.findall(word.casefold()))} " in padded for word in wanted.words)
