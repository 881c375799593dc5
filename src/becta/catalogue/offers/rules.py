"""What an offer may say. Prices are pence ex VAT for one unit."""

from enum import StrEnum

from msgspec import Struct

from becta.kernel.errors import Fault
from becta.kernel.money import MAX_PENCE, STANDARD_VAT


class Unit(StrEnum):
    """What one price buys."""

    EACH = "each"
    ONE_OFF = "one_off"
    PER_PUPIL_PER_YEAR = "per_pupil_per_year"
    PER_USER_PER_YEAR = "per_user_per_year"
    PER_DEVICE_PER_YEAR = "per_device_per_year"
    PER_SITE_PER_YEAR = "per_site_per_year"
    PER_SITE_PER_MONTH = "per_site_per_month"
    PER_MONTH = "per_month"
    PER_DAY = "per_day"


class Condition(StrEnum):
    """Remanufactured and refurbished as BS 8887-220:2010 and BS 8887-240:2011 tell them apart."""

    NEW = "new"
    REMANUFACTURED = "remanufactured"
    REFURBISHED = "refurbished"


class OfferState(StrEnum):
    """An offer is active until it is ended; it then stays for the record."""

    ACTIVE = "active"
    ENDED = "ended"


class Region(StrEnum):
    """The nine regions of England (ITL 1)."""

    NORTH_EAST = "north-east"
    NORTH_WEST = "north-west"
    YORKSHIRE = "yorkshire-and-the-humber"
    EAST_MIDLANDS = "east-midlands"
    WEST_MIDLANDS = "west-midlands"
    EAST = "east-of-england"
    LONDON = "london"
    SOUTH_EAST = "south-east"
    SOUTH_WEST = "south-west"


ALL_REGIONS = tuple(Region)


class Tier(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From this quantity on, this price in pence ex VAT."""

    from_quantity: int
    price_pence: int


class OfferTerms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The terms of an offer. `lead_time_days` are calendar days; `None` means not stated."""

    price_pence: int
    unit: Unit
    vat_basis_points: int = STANDARD_VAT
    condition: Condition = Condition.NEW
    tiers: tuple[Tier, ...] = ()
    minimum_order: int = 1
    lead_time_days: int | None = None
    contract_term_months: int | None = None
    regions: tuple[Region, ...] = ALL_REGIONS


_BETWEEN: dict[str, tuple[int, int]] = {
    "price_pence": (0, MAX_PENCE),
    "vat_basis_points": (0, 10_000),
    "minimum_order": (1, 1_000_000),
    "lead_time_days": (0, 730),
    "contract_term_months": (1, 120),
}


def terms_faults(terms: OfferTerms) -> list[Fault]:
    """Everything wrong with an offer's terms."""
    faults = [
        Fault(
            field=name,
            problem="is out of range",
            mend=f"give a whole number from {low} to {high}",
            value=str(getattr(terms, name)),
        )
        for name, (low, high) in _BETWEEN.items()
        if getattr(terms, name) is not None and not low <= getattr(terms, name) <= high
    ]
    if not terms.regions:
        faults.append(
            Fault(field="regions", problem="is empty", mend="name the regions served, or leave it out for all")
        )
    if len(set(terms.regions)) < len(terms.regions):
        faults.append(Fault(field="regions", problem="names a region twice", mend="name each region once"))
    return faults + _tier_faults(terms)


def _tier_faults(terms: OfferTerms) -> list[Fault]:
    if len(terms.tiers) > 20:
        return [
            Fault(field="tiers", problem="has more than 20 tiers", mend="give at most 20", value=str(len(terms.tiers)))
        ]
    faults = []
    quantity, price = max(terms.minimum_order, 1), terms.price_pence
    for index, tier in enumerate(terms.tiers):
        if not quantity < tier.from_quantity <= 1_000_000:
            faults.append(
                Fault(
                    field=f"tiers.{index}.from_quantity",
                    problem="does not rise",
                    mend=f"give a quantity above {quantity}: tiers rise from the minimum order on",
                    value=str(tier.from_quantity),
                )
            )
        if not 0 <= tier.price_pence <= price:
            faults.append(
                Fault(
                    field=f"tiers.{index}.price_pence",
                    problem="is higher than the price of fewer" if tier.price_pence > price else "is negative",
                    mend=f"give 0 to {price}: buying more never costs more each",
                    value=str(tier.price_pence),
                )
            )
        quantity, price = tier.from_quantity, tier.price_pence
    return faults


def unit_price(terms: OfferTerms, quantity: int) -> int:
    """The price in pence ex VAT for one, when buying this many."""
    reached = [tier.price_pence for tier in terms.tiers if tier.from_quantity <= quantity]
    return reached[-1] if reached else terms.price_pence
