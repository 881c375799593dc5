"""The catalogue's categories: one level, grouped by kind, each with the CPV prefixes it usually carries.

CPV is the Common Procurement Vocabulary 2008 (Regulation (EC) No 213/2008), eight digits and a check digit.
"""

from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files

import msgspec
from msgspec import Struct


class Kind(StrEnum):
    """The four kinds of things schools buy here."""

    SOFTWARE = "software"
    DEVICE = "device"
    CONNECTIVITY = "connectivity"
    SERVICE = "service"


class Category(Struct, frozen=True):
    """A category: its code in addresses and files, its name for people, its kind."""

    code: str
    name: str
    kind: Kind
    cpv: tuple[str, ...]


@cache
def categories() -> dict[str, Category]:
    """Every category by code, in display order."""
    raw = files("becta.catalogue.data").joinpath("categories.json").read_bytes()
    return {category.code: category for category in msgspec.json.decode(raw, type=list[Category])}


@lru_cache(maxsize=10_000)  # a file of bad codes must not fill the memory
def category_for(kind: Kind, cpv_code: str) -> str:
    """The code of the category whose CPV prefix is the longest match within the kind, else its "other" one."""
    same_kind = [category for category in categories().values() if category.kind is kind]
    matches = [
        (len(prefix), -order, category.code)
        for order, category in enumerate(same_kind)
        for prefix in category.cpv
        if cpv_code.startswith(prefix)
    ]
    return max(matches)[2] if matches else same_kind[-1].code
