"""Which buyers may call off from a framework: it must name them (Procurement Act 2023 s.45(5)(f))."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from becta.catalogue.offers.rules import Region


class BuyerKind(StrEnum):
    """Kinds of buyer that a framework can be for."""

    ACADEMY_TRUST = "academy_trust"
    ACADEMY = "academy"
    FREE_SCHOOL = "free_school"
    MAINTAINED_SCHOOL = "maintained_school"
    SPECIAL_SCHOOL = "special_school"


STATE_FUNDED: Mapping[str, BuyerKind] = {
    "Academies": BuyerKind.ACADEMY,
    "Free Schools": BuyerKind.FREE_SCHOOL,
    "Local authority maintained schools": BuyerKind.MAINTAINED_SCHOOL,
    "Special schools": BuyerKind.SPECIAL_SCHOOL,
}
"""The register's groups of types that are state-funded schools of England; what is not here is none."""


class BuyerClass(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Buyers of any of these kinds in any of these regions; an empty list is no limit."""

    kinds: tuple[BuyerKind, ...] = ()
    regions: tuple[Region, ...] = ()


class EntitledBuyers(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may call off: all English state schools and their trusts, those listed by reference, or those of a class.

    A listed trust's schools are entitled with it: it is the legal body that buys for them.
    """

    all_state_schools: bool = False
    trusts: tuple[str, ...] = ()
    schools: tuple[str, ...] = ()
    classes: tuple[BuyerClass, ...] = ()


class Buyer(Struct, frozen=True, kw_only=True):
    """What is known of a buyer that counts for entitlement. Of a trust, `regions` are those of all its schools.

    `kind` is None for what is no state-funded school or academy trust; `trust` is the reference of a school's trust.
    """

    reference: str
    name: str
    kind: BuyerKind | None
    regions: frozenset[Region] = frozenset()
    trust: str | None = None
    is_open: bool = True


class Entitlement(Struct, frozen=True, kw_only=True):
    """Whether a buyer may call off, and why in a sentence."""

    is_entitled: bool
    sentence: str


def entitlement(entitled: EntitledBuyers, buyer: Buyer) -> Entitlement:
    """Whether a buyer is among those a framework names, and by which words of it."""
    if not buyer.is_open:
        return Entitlement(is_entitled=False, sentence=f"{buyer.name} has closed, so it calls off nothing")
    words = _words_for(entitled, buyer)
    if words is not None:
        return Entitlement(is_entitled=True, sentence=words)
    if buyer.kind is None:
        said = f"the framework does not list {buyer.name}, and the register does not say that it is a state school"
        return Entitlement(is_entitled=False, sentence=said)
    said = f"the framework neither lists {buyer.name} nor is for its kind and region"
    return Entitlement(is_entitled=False, sentence=said)


def is_entitled(entitled: EntitledBuyers, buyer: Buyer) -> bool:
    """Whether a buyer may call off; see `entitlement`."""
    return entitlement(entitled, buyer).is_entitled


def _words_for(entitled: EntitledBuyers, buyer: Buyer) -> str | None:
    if buyer.reference in {*entitled.trusts, *entitled.schools}:
        return f"the framework lists {buyer.name}"
    if buyer.trust is not None and buyer.trust in entitled.trusts:
        return f"the framework lists the trust that runs {buyer.name}"
    if buyer.kind is not None and entitled.all_state_schools:
        return "the framework is for all state-funded schools in England"
    if buyer.kind is not None and any(_is_of(buyer, one) for one in entitled.classes):
        return f"the framework is for buyers of {buyer.name}'s kind and region"
    return None


def _is_of(buyer: Buyer, wanted: BuyerClass) -> bool:
    """A trust is of a region only with all its schools."""
    if wanted.kinds and buyer.kind not in wanted.kinds:
        return False
    return not wanted.regions or (bool(buyer.regions) and buyer.regions <= frozenset(wanted.regions))
