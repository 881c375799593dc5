"""The demonstration market for a given day: invented suppliers and products, believable in every field."""

from collections.abc import Mapping
from datetime import date
from itertools import count
from types import MappingProxyType

import msgspec
from stdnum import ean

from becta.catalogue.connectivity.rules import ConnectivityPackage
from becta.catalogue.products.rules import ListingContent
from becta.catalogue.suppliers.rules import Contact, ContactPurpose, SupplierDetails
from becta.market.demo.authored import Entry, Family, SupplierEntry, families, first_sentence, slug, suppliers
from becta.market.demo.badges import demo_badge
from becta.market.demo.offers import new_offers, used_offers
from becta.market.demo.rows import DemoBadge, Demonstration, DemoProduct, DemoSupplier

_VAT_WEIGHTS = (8, 7, 6, 5, 4, 3, 2)


def demonstration(today: date) -> Demonstration:
    """The same market for the same day; badge dates hang on the day, so that each state stays on show."""
    by_reference = {supplier.reference: supplier for supplier in suppliers()}
    reworkers = tuple(supplier for supplier in suppliers() if supplier.reworks)
    turns, numbers = count(), count(1)
    products = []
    for family in families():
        for entry in family.products:
            number = next(numbers)
            lister = by_reference[entry.supplier or family.supplier]
            reference = slug(entry.title)
            resellers = tuple(by_reference[name] for name in family.resellers if name != lister.reference)
            offers = [*new_offers(family, entry, lister, resellers[number % 2 :], reference)] if entry.new else []
            if entry.used is not None:
                offers += used_offers(family, entry, lister, reworkers, reference, turn=next(turns), today=today)
            products.append(
                DemoProduct(
                    supplier=lister.reference,
                    reference=reference,
                    kind=family.kind,
                    content=authored_content(family, entry, number),
                    offers=tuple(offers),
                    badges=_badges((*entry.badges, *family.badges), reference, number, today, scope=entry.title),
                )
            )
    return Demonstration(
        suppliers=[_supplier(entry, number, today) for number, entry in enumerate(suppliers(), 1)], products=products
    )


def authored_content(family: Family, entry: Entry, number: int) -> ListingContent:
    """The listing of an authored product: its own words first, then its family's."""
    attributes = {**entry.attributes, **family.attributes}
    attributes = {name: entry.attributes.get(name, value) for name, value in attributes.items()}
    if entry.os is not None:
        attributes |= {"Operating system": entry.os.name, "Updates until": entry.os.until.isoformat()}
    package = {**family.package, **entry.package}
    return ListingContent(
        title=entry.title,
        summary=entry.summary or first_sentence(entry.description),
        description=f"{entry.description} {family.closing}".strip(),
        cpv_code=entry.cpv or family.cpv,
        category=family.category,
        phases=family.phases if entry.phases is None else entry.phases,
        features=tuple(dict.fromkeys((*entry.features, *family.features))),
        attributes=attributes,
        brand=entry.brand or family.brand,
        model=entry.model,
        part_number=entry.part,
        gtins=(_gtin(number),) if entry.part else (),
        connectivity=msgspec.convert(package, ConnectivityPackage) if package else None,
    )


def demo_details(reference: str, name: str, number: int, *, town: str, dial: str, summary: str) -> SupplierDetails:
    """Details of an invented supplier: identifiers no register issues, reserved domains and drama telephone numbers."""
    telephone = dial + f"{number:03d}"[-3:]
    return SupplierDetails(
        name=name,
        legal_name=f"{name} Ltd",
        companies_house_number=f"99{number:06d}",
        ppon=f"PDEM-{number % 10_000:04d}-DEMO",
        vat_number=_vat_number(number),
        website=f"https://www.{reference}.example/",
        summary=summary,
        town=town,
        contacts=(
            Contact(
                purpose=ContactPurpose.SALES,
                name="Schools sales team",
                email=f"sales@{reference}.example",
                telephone=telephone,
            ),
            Contact(
                purpose=ContactPurpose.SUPPORT,
                name="Service desk",
                email=f"support@{reference}.example",
                telephone=telephone,
            ),
            Contact(
                purpose=ContactPurpose.DATA_PROTECTION,
                name="Data protection lead",
                email=f"privacy@{reference}.example",
            ),
            Contact(
                purpose=ContactPurpose.SECURITY, name="Vulnerability reports", email=f"security@{reference}.example"
            ),
        ),
    )


def _supplier(entry: SupplierEntry, number: int, today: date) -> DemoSupplier:
    details = demo_details(entry.reference, entry.name, number, town=entry.town, dial=entry.dial, summary=entry.summary)
    return DemoSupplier(
        reference=entry.reference,
        details=details,
        badges=_badges(
            entry.badges,
            entry.reference,
            number,
            today,
            scope=entry.scope or "Whole organisation",
            certificates={"bs-8887-220": entry.reworks.certificate} if entry.reworks else {},
        ),
    )


def _badges(
    shorts: tuple[str, ...],
    reference: str,
    number: int,
    today: date,
    *,
    scope: str,
    certificates: Mapping[str, str] = MappingProxyType({}),
) -> tuple[DemoBadge, ...]:
    return tuple(
        demo_badge(
            short,
            reference,
            salt=number * 11 + place,
            today=today,
            scope=scope,
            certificate=certificates.get(short.partition("!")[0], ""),
        )
        for place, short in enumerate(shorts)
    )


def _vat_number(number: int) -> str:
    """A number HMRC does not issue (it begins 000) with a right check digit."""
    body = f"{number:07d}"
    total = sum(weight * int(digit) for weight, digit in zip(_VAT_WEIGHTS, body, strict=True))
    return f"GB{body}{97 - total % 97:02d}"


def _gtin(number: int) -> str:
    """A GTIN under 952, the prefix GS1 keeps for demonstrations."""
    body = f"952{number:09d}"
    return f"{body}{ean.calc_check_digit(body)}"
