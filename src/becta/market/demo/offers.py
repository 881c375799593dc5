"""Offers of authored products: new from the lister and resellers, and used from those that rework devices."""

from collections.abc import Iterator
from datetime import date

from becta.catalogue.offers.rules import Condition, OfferTerms, Tier
from becta.kernel.clock import add_months
from becta.market.demo.authored import Entry, Family, OperatingSystem, SupplierEntry
from becta.market.demo.rows import DemoOffer
from becta.refurb.units.rules import Grade, RemanufacturedDevice

_RESALE_PERCENT = (98, 103, 96, 101)
_NO_STORAGE = {"monitors", "interactive-displays", "networking", "wireless"}


def tiers_of(family: Family, price: int, minimum: int) -> tuple[Tier, ...]:
    """The family's price breaks above the minimum order, in whole pence."""
    return tuple(
        Tier(from_quantity=quantity, price_pence=price * (100 - off) // 100)
        for quantity, off in family.tiers
        if quantity > minimum
    )


def new_offers(
    family: Family, entry: Entry, lister: SupplierEntry, resellers: tuple[SupplierEntry, ...], reference: str
) -> Iterator[DemoOffer]:
    """Offers of the product new: the lister's at list price, resellers' near it."""
    minimum = entry.minimum or family.minimum
    for place, seller in enumerate((lister, *resellers)):
        percent = 100 if place == 0 else _RESALE_PERCENT[(place + len(entry.title)) % len(_RESALE_PERCENT)]
        price = near(entry.price * percent // 100)
        lead = entry.lead if entry.lead is not None else family.lead
        terms = OfferTerms(
            price_pence=price,
            unit=entry.unit or family.unit,
            tiers=tiers_of(family, price, minimum),
            minimum_order=minimum,
            lead_time_days=None if lead is None else lead + 2 * place,
            contract_term_months=entry.term or family.term,
            regions=seller.regions,
        )
        yield DemoOffer(supplier=seller.reference, reference=f"{reference}-new", terms=terms)


def used_offers(
    family: Family,
    entry: Entry,
    lister: SupplierEntry,
    reworkers: tuple[SupplierEntry, ...],
    reference: str,
    *,
    turn: int,
    today: date,
) -> Iterator[DemoOffer]:
    """Offers of the product used: two remanufactured and, every other turn, one refurbished, each below new."""
    if entry.used is None:
        return
    certified = _from_turn(
        [supplier for supplier in reworkers if supplier.reworks and supplier.reworks.certificate], turn, lister
    )
    others = _from_turn(
        [supplier for supplier in reworkers if supplier.reworks and not supplier.reworks.certificate], turn // 2, lister
    )
    rows = [
        (certified[0], Condition.REMANUFACTURED, Grade.A, 100),
        (certified[1], Condition.REMANUFACTURED, Grade.B, 92),
    ]
    if turn % 2 == 0 or others[0] is lister:
        rows.append((others[0], Condition.REFURBISHED, (Grade.B, Grade.C)[turn // 2 % 2], 78))
    for place, (seller, condition, grade, percent) in enumerate(rows):
        price = near(entry.used * percent // 100)
        quantity = 24 + (turn * 53 + place * 31) % 320
        terms = OfferTerms(
            price_pence=price,
            unit=entry.unit or family.unit,
            condition=condition,
            tiers=(Tier(from_quantity=30, price_pence=near(price * 96 // 100)),),
            lead_time_days=7 + (turn + place) % 8,
            regions=seller.regions,
        )
        unit = used_unit(
            family,
            entry.os,
            seller,
            condition=condition,
            grade=grade,
            turn=turn + place,
            quantity=quantity,
            today=today,
        )
        kind = "reman" if condition is Condition.REMANUFACTURED else "refurb"
        offer_reference = f"{reference}-{kind}-{grade.lower()}"
        yield DemoOffer(supplier=seller.reference, reference=offer_reference, terms=terms, remanufactured=unit)


def used_unit(
    family: Family,
    system: OperatingSystem | None,
    seller: SupplierEntry,
    *,
    condition: Condition,
    grade: Grade,
    turn: int,
    quantity: int,
    today: date,
) -> RemanufacturedDevice:
    """Particulars of a used device as this supplier reworks it; no warranty outlives the updates by choice."""
    if seller.reworks is None:
        raise ValueError(f"{seller.reference} does not rework devices")
    remanufactured = condition is Condition.REMANUFACTURED
    warranty = seller.reworks.warranty_months
    if remanufactured:
        warranty = max(warranty, family.new_warranty)
        if system is not None and system.until < add_months(today, warranty):
            warranty = family.new_warranty
    erasure_standard = seller.reworks.erasure_standard
    if family.category in _NO_STORAGE:
        erasure_standard = f"{erasure_standard}; settings reset, no user storage present"
    battery = (88 + turn * 7 % 13) if remanufactured else (71 + turn * 5 % 14)
    return RemanufacturedDevice(
        grade=grade,
        process=seller.reworks.process,
        warranty_months=warranty,
        new_warranty_months=family.new_warranty,
        erasure=seller.reworks.erasure,
        erasure_standard=erasure_standard,
        remanufacturer=seller.name,
        process_certificate=seller.reworks.certificate,
        battery_percent=battery if family.battery else None,
        operating_system="" if system is None else system.name,
        os_supported_until=None if system is None else system.until,
        charger_included=family.battery,
        quantity_available=quantity,
    )


def _from_turn(suppliers: list[SupplierEntry], turn: int, lister: SupplierEntry) -> list[SupplierEntry]:
    start = suppliers.index(lister) if lister in suppliers else turn % len(suppliers)
    return suppliers[start:] + suppliers[:start]


def near(pence: int) -> int:
    """A price as shops write it: whole pounds above twenty, else the pence given."""
    return round(pence, -2) if pence > 2_000 else max(pence, 1)
