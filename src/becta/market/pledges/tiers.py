"""The curve that shows where what is pledged stands on the tiers of a lot. Prices are pence for one, ex VAT."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from operator import attrgetter

from msgspec import Struct

from becta.kernel.errors import Fault
from becta.kernel.money import MAX_PENCE, pounds

MAX_TIERS = 20
"""How many tiers a table may have."""
MAX_QUANTITY = 10**6
"""Largest quantity of one pledge or tier: beyond it a typing error is certain."""


class Tier(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one costs, in pence ex VAT, from a quantity on."""

    from_quantity: int
    unit_price_pence: int


class CurvePoint(Struct, frozen=True, kw_only=True):
    """A tier on the curve, and whether what is pledged reaches it."""

    from_quantity: int
    unit_price_pence: int
    is_reached: bool


class NextTier(Struct, frozen=True, kw_only=True):
    """The tier after the one reached: how many `more` reach it, and what the school would save then beyond now."""

    from_quantity: int
    unit_price_pence: int
    more: int
    saves_more_pence: int
    sentence: str


class TierCurve(Struct, frozen=True, kw_only=True):
    """Price against quantity, and where `pledged` stands. What the school pays and saves is pence for its quantity.

    `unit_price_pence` is the price reached, the first tier's while nothing is pledged; `next_tier` is None at the top.
    Before tiers are known prices are None.
    """

    points: tuple[CurvePoint, ...]
    pledged: int
    unit_price_pence: int | None
    school_quantity: int
    alone_price_pence: int | None
    school_pays_pence: int | None
    school_saves_pence: int
    next_tier: NextTier | None
    sentence: str


def tier_faults(tiers: Sequence[Tier], field: str = "tiers") -> list[Fault]:
    """What is wrong with a table of tiers: it starts at 1, quantities ascend and prices do not rise."""
    if not 1 <= len(tiers) <= MAX_TIERS:
        return [Fault(field=field, problem=f"has {len(tiers)} tiers", mend=f"give 1 to {MAX_TIERS}")]
    faults = [fault for place, tier in enumerate(tiers) for fault in _own_faults(tier, f"{field}.{place}")]
    if tiers[0].from_quantity != 1:
        mend = "let the first tier start at 1"
        faults.append(Fault(field=f"{field}.0.from_quantity", problem="leaves smaller quantities unpriced", mend=mend))
    for place, (lower, upper) in enumerate(pairwise(tiers), 1):
        if upper.from_quantity <= lower.from_quantity:
            mend = f"start it above {lower.from_quantity}"
            problem = "does not start above the tier before"
            faults.append(Fault(field=f"{field}.{place}.from_quantity", problem=problem, mend=mend))
        if upper.unit_price_pence > lower.unit_price_pence:
            mend = f"ask {pounds(lower.unit_price_pence)} or less"
            problem = "is dearer than the tier before"
            faults.append(Fault(field=f"{field}.{place}.unit_price_pence", problem=problem, mend=mend))
    return faults


def price_for(tiers: Sequence[Tier], quantity: int) -> int | None:
    """What one costs, in pence ex VAT, when so many are bought; None below the first tier, where none are sold."""
    reached = bisect_right(tiers, quantity, key=attrgetter("from_quantity"))
    return tiers[reached - 1].unit_price_pence if reached else None


def price_at(tiers: Sequence[Tier], quantity: int) -> int:
    """What one costs, in pence ex VAT, when so many are bought, by a table that starts at 1; for none, its first."""
    found = price_for(tiers, quantity)
    return tiers[0].unit_price_pence if found is None else found


def alone_price(tiers: Sequence[Tier], quantity: int, stated_pence: int | None) -> int | None:
    """What one costs a school alone: as stated, else what its own quantity reaches; None where nobody knows."""
    return price_at(tiers, quantity) if stated_pence is None and tiers else stated_pence


def tier_curve(
    tiers: Sequence[Tier], *, pledged: int, school_quantity: int, alone_price_pence: int | None, thing: str = "device"
) -> TierCurve:
    """Where what is pledged stands on the tiers, and what it means for a school that pledged so many of them.

    `alone_price_pence` is what the school says it pays alone; see `alone_price`. Nobody pays more than that.
    """
    price = price_at(tiers, pledged) if tiers else None
    alone = alone_price(tiers, school_quantity, alone_price_pence)
    paid = min((one for one in (price, alone) if one is not None), default=None)
    saves = 0 if paid is None or alone is None else (alone - paid) * school_quantity
    return TierCurve(
        points=tuple(
            CurvePoint(
                from_quantity=tier.from_quantity,
                unit_price_pence=tier.unit_price_pence,
                is_reached=tier.from_quantity <= pledged,
            )
            for tier in tiers
        ),
        pledged=pledged,
        unit_price_pence=price,
        school_quantity=school_quantity,
        alone_price_pence=alone,
        school_pays_pence=None if paid is None else paid * school_quantity,
        school_saves_pence=saves,
        next_tier=_next_tier(tiers, pledged, paid, school_quantity, thing),
        sentence=_standing(pledged, price, f"; your school saves {pounds(saves)}" if school_quantity else "", thing),
    )


def counted(quantity: int, thing: str) -> str:
    """A quantity in words: "1 device", "1,200 devices"."""
    return f"{quantity:,} {thing}" if quantity == 1 else f"{quantity:,} {thing}s"


def _next_tier(
    tiers: Sequence[Tier], pledged: int, paid: int | None, school_quantity: int, thing: str
) -> NextTier | None:
    tier = next((tier for tier in tiers if tier.from_quantity > pledged), None)
    if tier is None:
        return None
    more = tier.from_quantity - pledged
    saves = 0 if paid is None else max(paid - tier.unit_price_pence, 0) * school_quantity
    gain = f"; your school would save {pounds(saves)} more" if school_quantity else ""
    reach = "reaches" if more == 1 else "reach"
    gain = gain or f" at {pounds(tier.unit_price_pence)} each"
    return NextTier(
        from_quantity=tier.from_quantity,
        unit_price_pence=tier.unit_price_pence,
        more=more,
        saves_more_pence=saves,
        sentence=f"{counted(more, f'more {thing}')} {reach} the next tier{gain}",
    )


def _standing(pledged: int, price: int | None, gain: str, thing: str) -> str:
    if price is None:
        return f"{counted(pledged, thing)} pledged; prices come with the bids"
    if pledged == 0:
        return f"nothing is pledged yet; the first {thing} costs {pounds(price)}"
    return f"{counted(pledged, thing)} pledged, so each costs {pounds(price)}{gain}"


def _own_faults(tier: Tier, field: str) -> list[Fault]:
    faults = []
    if not 1 <= tier.from_quantity <= MAX_QUANTITY:
        mend = f"give a quantity from 1 to {MAX_QUANTITY:,}"
        value = str(tier.from_quantity)
        faults.append(Fault(field=f"{field}.from_quantity", problem="is out of range", mend=mend, value=value))
    if not 0 <= tier.unit_price_pence <= MAX_PENCE:
        mend = "give a price in pence ex VAT, 0 or more"
        value = str(tier.unit_price_pence)
        faults.append(Fault(field=f"{field}.unit_price_pence", problem="is out of range", mend=mend, value=value))
    return faults
