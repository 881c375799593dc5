"""Facets: which values a document has under each, how they are labelled, and the bands of price."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from becta.search.documents import Document
from becta.search.engine import FACETS, FILTERS, FacetCount

Labels = Mapping[str, Mapping[str, str]]  # facet -> value -> what a person reads, where it is not the usual label


class PriceBand(Struct, frozen=True):
    """Prices from `floor` up to but not including `ceiling`, in pence."""

    value: str
    label: str
    floor: int
    ceiling: int | None


PRICE_BANDS = (
    PriceBand("0-25", "Under £25", 0, 25_00),
    PriceBand("25-100", "£25 to £100", 25_00, 100_00),
    PriceBand("100-250", "£100 to £250", 100_00, 250_00),
    PriceBand("250-500", "£250 to £500", 250_00, 500_00),
    PriceBand("500-1000", "£500 to £1,000", 500_00, 1_000_00),
    PriceBand("1000-5000", "£1,000 to £5,000", 1_000_00, 5_000_00),
    PriceBand("5000-", "£5,000 and over", 5_000_00, None),
)
_BAND_ORDER = {band.value: position for position, band in enumerate(PRICE_BANDS)}


def price_band(price_pence: int) -> PriceBand:
    """The band a price falls in."""
    return next(band for band in reversed(PRICE_BANDS) if price_pence >= band.floor)


def in_words(value: str) -> str:
    """A value as a label: `post_16` is `Post 16`."""
    text = value.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def facet_values(document: Document, facet: str) -> list[tuple[str, str]]:
    """The (value, label) pairs a document has under a facet, badges whatever their span."""
    match facet:
        case "kind":
            pairs = [(document.kind, in_words(document.kind))]
        case "category":
            pairs = [(document.category, document.category_name or in_words(document.category))]
        case "supplier":
            pairs = [(document.supplier_id, document.supplier or document.supplier_id)]
        case "phase":
            pairs = [(value, in_words(value)) for value in document.phases]
        case "condition":
            pairs = [(value, in_words(value)) for value in document.conditions]
        case "region":
            pairs = [(value, in_words(value)) for value in document.regions]
        case "badge":
            pairs = [(mark.code, mark.name) for mark in document.badges]
        case "price_band" if document.price_pence is not None:
            band = price_band(document.price_pence)
            pairs = [(band.value, band.label)]
        case _:
            pairs = []
    distinct: dict[str, str] = {}
    for value, label in pairs:
        if value:
            distinct.setdefault(value, label)
    return list(distinct.items())


def known_facets(names: Iterable[str]) -> tuple[str, ...]:
    """The names, if all are facets; raises ValueError for one that is not."""
    chosen = tuple(names)
    unknown = [name for name in chosen if name not in FACETS]
    if unknown:
        msg = f"not a facet: {unknown[0]!r}"
        raise ValueError(msg)
    return chosen


def known_filters(names: Iterable[str]) -> tuple[str, ...]:
    """The names, if all can be filtered on; raises ValueError for one that cannot."""
    chosen = tuple(names)
    unknown = [name for name in chosen if name not in FILTERS]
    if unknown:
        msg = f"not a filter: {unknown[0]!r}"
        raise ValueError(msg)
    return chosen


def in_order(facet: str, counts: Mapping[str, tuple[str, int]]) -> tuple[FacetCount, ...]:
    """Labels and counts by value as shown: price bands from low to high, all else by count, then label."""
    if facet == "price_band":
        order = sorted(counts, key=lambda value: _BAND_ORDER[value])
    else:
        order = sorted(counts, key=lambda value: (-counts[value][1], counts[value][0], value))
    return tuple(
        [
            FacetCount(value=value, label=label, count=count)
            for value in order
            for label, count in (counts[value],)
            if count > 0
        ]
    )
