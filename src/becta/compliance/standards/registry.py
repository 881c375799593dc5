"""The registry of standards: first form, one entry each, read from data.

Sources: IASME (Cyber Essentials certificates last 12 months), 1EdTech (certifications last 12 months,
per product, version and role); the rest as their publishers name them. The issue Badges dates and versions it.
"""

from enum import StrEnum
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct


class Holder(StrEnum):
    """Whom a badge belongs to: a Cyber Essentials certificate is an organisation's, a conformance a product's."""

    SUPPLIER = "supplier"
    PRODUCT = "product"


class Standard(Struct, frozen=True):
    """A standard a claim can name. `months_valid` None: certificates carry no fixed life.

    `label` is how a badge names it, with `{name}` and, where versions matter to a buyer, `{version}`.
    """

    code: str
    name: str
    publisher: str
    holder: Holder
    months_valid: int | None
    versions: tuple[str, ...]
    roles: tuple[str, ...]
    label: str = "{name} {version}"


@cache
def standards() -> dict[str, Standard]:
    """Every standard by code, in display order."""
    raw = files("becta.compliance.data").joinpath("standards.json").read_bytes()
    return {standard.code: standard for standard in msgspec.json.decode(raw, type=list[Standard])}
