"""Any number of believable listings, recombined from the authored families, for tests and benchmarks.

Row i depends on the seed and on i alone, so a longer run begins with the rows of a shorter one.
"""

from collections.abc import Iterator
from datetime import date
from functools import cache
from itertools import accumulate
from random import Random

import msgspec
from msgspec import Struct

from becta.catalogue.categories import Kind
from becta.catalogue.connectivity.rules import ConnectivityPackage
from becta.catalogue.offers.rules import ALL_REGIONS, Condition, OfferTerms, Region
from becta.catalogue.products.rules import ListingContent
from becta.market.demo.authored import Entry, Family, SupplierEntry, families, name_word, suppliers, words
from becta.market.demo.badges import demo_badge
from becta.market.demo.catalogue import demo_details
from becta.market.demo.offers import near, tiers_of, used_unit
from becta.market.demo.queries import sample_queries
from becta.market.demo.rows import DemoBadge, DemoOffer, DemoProduct, DemoSupplier
from becta.refurb.units.rules import Grade

__all__ = ["SHARES", "SUPPLIERS", "generate", "generated_suppliers", "sample_queries", "supplier_reference"]

SHARES = {Kind.SOFTWARE: 45, Kind.DEVICE: 37, Kind.CONNECTIVITY: 5, Kind.SERVICE: 13}
"""Of a hundred generated listings, how many are of each kind."""

SUPPLIERS = 400
"""How many suppliers the generated listings are spread over, unless told otherwise."""

_USED = {Condition.REMANUFACTURED: (Grade.A, Grade.B), Condition.REFURBISHED: (Grade.B, Grade.C)}


class _Stock(Struct, frozen=True):
    """A family made ready for recombining."""

    family: Family
    openings: tuple[str, ...]
    sentences: tuple[str, ...]
    features: tuple[str, ...]


def generate(n: int, *, seed: int = 2026, today: date, supplier_count: int = SUPPLIERS) -> Iterator[DemoProduct]:
    """The first n generated listings of this seed, one at a time; suppliers are those of `generated_suppliers`."""
    for number in range(1, n + 1):
        yield _product(number, seed=seed, today=today, supplier_count=supplier_count)


def generated_suppliers(n: int = SUPPLIERS, *, seed: int = 2026, today: date) -> Iterator[DemoSupplier]:
    """The first n suppliers that generated listings name."""
    for number in range(1, n + 1):
        rng = _rng(f"supplier:{seed}:{number}")
        reference = supplier_reference(number)
        trade = rng.choice(words().trades)
        town = rng.choice(words().towns)
        details = demo_details(
            reference,
            f"{name_word(rng)} {trade} {number}",
            1_000 + number,
            town=town,
            dial="01632 960",
            summary=f"{trade} for schools and colleges, from {town}. Invented, like all of this generated market.",
        )
        shorts = ("cyber-essentials",) if rng.random() < 0.5 else ()
        badges = tuple(
            demo_badge(short, reference, salt=number, today=today, scope="Whole organisation") for short in shorts
        )
        yield DemoSupplier(reference=reference, details=details, badges=badges)


def supplier_reference(number: int) -> str:
    """The reference of a generated supplier, counted from 1."""
    return f"gen-supplier-{number:04d}"


def _rng(seed: str) -> Random:
    return Random(seed)  # noqa: S311 - invents rows, guards nothing; a text seed ignores PYTHONHASHSEED


def _product(number: int, *, seed: int, today: date, supplier_count: int) -> DemoProduct:
    rng = _rng(f"{seed}:{number}")
    stock = rng.choice(_stocks()[rng.choices(tuple(SHARES), cum_weights=_cumulative())[0]])
    family = stock.family
    base = rng.choice(family.products)
    place = rng.randrange(supplier_count)
    reference = f"gen-{number:06d}"
    price = near(max(int(base.price * rng.lognormvariate(0.0, 0.35)), 60))
    shorts = tuple(short for short in (*base.badges, *family.badges) if rng.random() < 0.5)
    return DemoProduct(
        supplier=supplier_reference(place + 1),
        reference=reference,
        kind=family.kind,
        content=_content(rng, stock, base),
        offers=_offers(rng, family, base, price, reference, place=place, today=today),
        badges=_badges(shorts, reference, number, today),
    )


def _content(rng: Random, stock: _Stock, base: Entry) -> ListingContent:
    family = stock.family
    word = name_word(rng)
    noun = rng.choice(family.nouns)
    model = f"{rng.choice('ABCDEKLMPRSTVX')}{rng.randrange(10, 1_000)}"
    attributes = {**family.attributes, **base.attributes}
    opening, second = rng.choice(stock.openings), rng.choice(stock.sentences)
    device = family.kind is Kind.DEVICE
    return ListingContent(
        title=_title(rng, family, base, word=word, noun=noun, model=model),
        summary=f"{noun[0].upper()}{noun[1:]} from {word}.",
        description=" ".join(dict.fromkeys((opening, second, family.closing))),
        cpv_code=base.cpv or family.cpv,
        category=family.category,
        phases=family.phases if base.phases is None else base.phases,
        features=tuple(dict.fromkeys((rng.choice(stock.features), rng.choice(stock.features), *family.features[:1]))),
        attributes=attributes,
        brand=word,
        model=model if device else "",
        part_number=f"{word[:3].upper()}-{model}-{rng.randrange(100, 1_000)}" if device else "",
        connectivity=msgspec.convert({**family.package, **base.package}, ConnectivityPackage)
        if family.kind is Kind.CONNECTIVITY
        else None,
    )


def _title(rng: Random, family: Family, base: Entry, *, word: str, noun: str, model: str) -> str:
    if family.kind is Kind.DEVICE:
        name, value = next(iter(base.attributes.items()), ("", ""))
        specification = f"{value} {name.lower()}" if value.isdigit() else value
        return f"{word} {model} {noun[0].upper()}{noun[1:]}" + (f", {specification}" if specification else "")
    if family.kind is Kind.CONNECTIVITY:
        return f"{word} {noun} {base.package['download_mbps']} Mbps, {rng.choice(words().towns)}"
    qualifiers = words().software_for if family.kind is Kind.SOFTWARE else words().service_for
    joint = " " if family.kind is Kind.SOFTWARE else ", "
    return f"{word} {noun[0].upper()}{noun[1:]}{joint}{rng.choice(qualifiers)}"


def _offers(
    rng: Random, family: Family, base: Entry, price: int, reference: str, *, place: int, today: date
) -> tuple[DemoOffer, ...]:
    supplier = supplier_reference(place + 1)
    minimum = base.minimum or family.minimum
    new = DemoOffer(
        supplier=supplier,
        reference=f"{reference}-new",
        terms=OfferTerms(
            price_pence=price,
            unit=base.unit or family.unit,
            tiers=tiers_of(family, price, minimum),
            minimum_order=minimum,
            lead_time_days=rng.randrange(1, 45),
            contract_term_months=base.term or family.term,
            regions=_regions(rng, family.kind),
        ),
    )
    if base.used is None or rng.random() > 0.6:
        return (new,)
    seller = rng.choice(_reworkers())
    condition = Condition.REMANUFACTURED if seller.reworks and seller.reworks.certificate else Condition.REFURBISHED
    share = rng.uniform(0.45, 0.72) if condition is Condition.REMANUFACTURED else rng.uniform(0.35, 0.55)
    grade = rng.choice(_USED[condition])
    used = DemoOffer(
        supplier=supplier,
        reference=f"{reference}-{condition}",
        terms=OfferTerms(
            price_pence=near(int(price * share)),
            unit=base.unit or family.unit,
            condition=condition,
            lead_time_days=rng.randrange(3, 20),
        ),
        remanufactured=used_unit(
            family,
            base.os,
            seller,
            condition=condition,
            grade=grade,
            turn=rng.randrange(1_000),
            quantity=rng.randrange(5, 500),
            today=today,
        ),
    )
    return (new, used) if base.new else (used,)


def _regions(rng: Random, kind: Kind) -> tuple[Region, ...]:
    regional = 0.6 if kind is Kind.CONNECTIVITY else 0.3 if kind is Kind.SERVICE else 0.0
    if rng.random() >= regional:
        return ALL_REGIONS
    chosen = set(rng.sample(ALL_REGIONS, rng.randrange(1, 5)))
    return tuple(region for region in ALL_REGIONS if region in chosen)


def _badges(shorts: tuple[str, ...], reference: str, number: int, today: date) -> tuple[DemoBadge, ...]:
    return tuple(
        demo_badge(short, reference, salt=number + place * 7, today=today, scope="This product, current release")
        for place, short in enumerate(shorts)
    )


@cache
def _cumulative() -> tuple[int, ...]:
    return tuple(accumulate(SHARES.values()))


@cache
def _reworkers() -> tuple[SupplierEntry, ...]:
    return tuple(supplier for supplier in suppliers() if supplier.reworks)


@cache
def _stocks() -> dict[Kind, tuple[_Stock, ...]]:
    stocks: dict[Kind, tuple[_Stock, ...]] = {}
    for family in families():
        described = [entry.description.split(". ", 1) for entry in family.products]
        openings = tuple(f"{parts[0].rstrip('.')}." for parts in described)
        stock = _Stock(
            family=family,
            openings=openings,
            sentences=tuple(parts[1] for parts in described if len(parts) > 1) or openings,
            features=tuple(feature for entry in family.products for feature in entry.features) or family.features,
        )
        stocks[family.kind] = (*stocks.get(family.kind, ()), stock)
    return stocks
