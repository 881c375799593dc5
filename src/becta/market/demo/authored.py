"""The shape of the authored data files, and how they are read.

A family holds what its products share; a product says only what is its own. Money is pence ex VAT.
"""

import re
from datetime import date
from functools import cache
from importlib.resources import files
from random import Random

import msgspec
from msgspec import Struct

from becta.catalogue.categories import Kind
from becta.catalogue.offers.rules import ALL_REGIONS, Region, Unit
from becta.catalogue.products.rules import Phase
from becta.refurb.units.rules import Erasure, Process

Scalar = int | str | bool | None
FAMILY_FILES = ("software", "learning", "computers", "equipment", "connectivity", "services")


class Reworks(Struct, frozen=True, forbid_unknown_fields=True):
    """How a supplier reworks used devices. Without a certificate it may only call them refurbished."""

    process: Process
    certificate: str
    erasure: Erasure
    erasure_standard: str
    warranty_months: int


class SupplierEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """A supplier as authored: identifiers are derived from its place in the file."""

    reference: str
    name: str
    town: str
    dial: str
    summary: str
    regions: tuple[Region, ...] = ALL_REGIONS
    scope: str = ""
    badges: tuple[str, ...] = ()
    reworks: Reworks | None = None


class OperatingSystem(Struct, frozen=True, forbid_unknown_fields=True):
    """An operating system and the day its updates end on this device."""

    name: str
    until: date


class Entry(Struct, frozen=True, forbid_unknown_fields=True):
    """A product as authored; `None` means what the family says. `used` is a remanufactured grade A price."""

    title: str
    description: str
    price: int
    summary: str = ""
    supplier: str = ""
    brand: str = ""
    model: str = ""
    part: str = ""
    cpv: str = ""
    unit: Unit | None = None
    phases: tuple[Phase, ...] | None = None
    features: tuple[str, ...] = ()
    attributes: dict[str, str] = {}
    badges: tuple[str, ...] = ()
    minimum: int | None = None
    lead: int | None = None
    term: int | None = None
    used: int | None = None
    new: bool = True
    os: OperatingSystem | None = None
    package: dict[str, Scalar] = {}


class Family(Struct, frozen=True, forbid_unknown_fields=True):
    """Products of one sort. `tiers` are pairs of quantity and per cent off; `resellers` also sell them new."""

    family: str
    kind: Kind
    category: str
    cpv: str
    nouns: tuple[str, ...]
    unit: Unit
    products: tuple[Entry, ...]
    supplier: str = ""
    brand: str = ""
    phases: tuple[Phase, ...] = tuple(Phase)
    closing: str = ""
    features: tuple[str, ...] = ()
    attributes: dict[str, str] = {}
    badges: tuple[str, ...] = ()
    tiers: tuple[tuple[int, int], ...] = ()
    minimum: int = 1
    lead: int | None = None
    term: int | None = None
    resellers: tuple[str, ...] = ()
    new_warranty: int = 12
    battery: bool = False
    package: dict[str, Scalar] = {}


class Words(Struct, frozen=True, forbid_unknown_fields=True):
    """Vocabulary of the generator, and the operator's reasons by decision and standard."""

    starts: tuple[str, ...]
    ends: tuple[str, ...]
    towns: tuple[str, ...]
    trades: tuple[str, ...]
    software_for: tuple[str, ...]
    service_for: tuple[str, ...]
    reasons: dict[str, dict[str, str]]


@cache
def suppliers() -> tuple[SupplierEntry, ...]:
    """The authored suppliers, in file order."""
    return msgspec.json.decode(_read("suppliers"), type=tuple[SupplierEntry, ...])


@cache
def families() -> tuple[Family, ...]:
    """The authored product families, in file order."""
    return tuple(
        family for name in FAMILY_FILES for family in msgspec.json.decode(_read(name), type=tuple[Family, ...])
    )


@cache
def words() -> Words:
    """The generator's vocabulary and the operator's reasons."""
    return msgspec.json.decode(_read("words"), type=Words)


def name_word(rng: Random) -> str:
    """An invented name, such as Brackwell."""
    return rng.choice(words().starts) + rng.choice(words().ends)


def slug(text: str) -> str:
    """A short name for references: lower-case ASCII words joined by hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:80].strip("-")


def first_sentence(text: str) -> str:
    """The opening sentence, which serves as a summary where none was written."""
    return re.split(r"(?<=[.!?])\s", text, maxsplit=1)[0]


def _read(name: str) -> bytes:
    return files("becta.market.demo.data").joinpath(f"{name}.json").read_bytes()
