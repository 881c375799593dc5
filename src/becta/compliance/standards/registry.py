"""The registry of standards: dated, versioned data, read and checked once.

Facts and their certainty come from each entry's sources; criteria are our own reading of them. Files are by publisher.
"""

from collections.abc import Iterable
from datetime import date
from functools import cache
from importlib.resources import files

import msgspec

from becta.catalogue.products.rules import Phase
from becta.compliance.standards.checking import FaultyRegistry, check
from becta.compliance.standards.entries import Criterion, EvidenceKind, Holder, Standard
from becta.compliance.standards.rules import EditionState, applies, edition_state, in_force
from becta.kernel.errors import NotFound

__all__ = [
    "EvidenceKind",
    "Holder",
    "Standard",
    "criteria_as_of",
    "read",
    "registry",
    "standard",
    "standard_as_of",
    "standards",
]

FILES = ("certificates", "interoperability", "content", "duties", "schools")
"""The files of data, in the order in which their standards are shown."""


def read(documents: Iterable[bytes]) -> dict[str, Standard]:
    """Standards by code from JSON documents; raises FaultyRegistry, naming every place, where they break a rule."""
    found: list[Standard] = []
    for document in documents:
        try:
            found += msgspec.json.decode(document, type=list[Standard])
        except msgspec.DecodeError as error:
            raise FaultyRegistry(f"the registry of standards cannot be read: {error}") from error
    check(found)
    return {each.code: each for each in found}


@cache
def registry() -> dict[str, Standard]:
    """Every standard we know by code, in display order: those a badge can name and those schools are judged by."""
    folder = files("becta.compliance.data")
    return read(folder.joinpath(f"standards_{name}.json").read_bytes() for name in FILES)


@cache
def standards() -> dict[str, Standard]:
    """Every standard a badge can name by code, in display order."""
    return {code: each for code, each in registry().items() if each.holder is not Holder.SCHOOL}


def standard(code: str) -> Standard:
    """A standard with its whole history; raises NotFound."""
    if code not in registry():
        raise NotFound("standard", code)
    return registry()[code]


def standard_as_of(code: str, day: date) -> Standard:
    """A standard with the editions, requirements and criteria in force on a day; raises NotFound.

    An edition in its transition counts: certificates on it can still be issued. `versions` are left as they are,
    for a claim may name an edition that has gone while its certificate lives.
    """
    whole = standard(code)
    shown = {EditionState.CURRENT, EditionState.TRANSITION}
    return msgspec.structs.replace(
        whole,
        editions=tuple(each for each in whole.editions if edition_state(each, day) in shown),
        requirements=tuple(each for each in whole.requirements if in_force(each, day)),
        criteria=tuple(each for each in whole.criteria if in_force(each, day)),
    )


def criteria_as_of(day: date, phase: Phase | None = None) -> dict[str, tuple[Criterion, ...]]:
    """Our criteria, which are not official, in force on a day for a phase, or for all, by the code of their standard.

    A standard without any is left out.
    """
    found = {
        code: tuple(c for c in each.criteria if in_force(c, day) and applies(c, phase))
        for code, each in registry().items()
    }
    return {code: criteria for code, criteria in found.items() if criteria}
