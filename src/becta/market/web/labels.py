"""What facets and their values are called, and in which order people meet them."""

from collections.abc import Iterable, Mapping

from becta.catalogue.categories import categories
from becta.catalogue.offers.rules import Condition
from becta.market.listings.words import KINDS, PHASES, REGIONS
from becta.market.web.formats import condition_words
from becta.market.web.views import Facet, FacetOption
from becta.market.web.wishes import choices_of, requirement_of, ticked
from becta.search.engine import FacetCount
from becta.search.facets import PRICE_BANDS

FACET_TITLES = {
    "kind": "Kind",
    "category": "Category",
    "badge": "Badge",
    "condition": "Condition",
    "phase": "Phase",
    "price_band": "Lowest price ex VAT",
    "region": "Region",
    "supplier": "Supplier",
}
"""Every facet, in the order shown."""

FILTER_TITLES = {**FACET_TITLES, "badge_all": "Badge needed"}
"""Every filter an address can hold; every badge of `badge_all` is needed."""

_FIXED: dict[str, Mapping[str, str]] = {
    "kind": {kind.value: words for kind, words in KINDS.items()},
    "phase": {phase.value: words for phase, words in PHASES.items()},
    "condition": {condition.value: condition_words(condition) for condition in Condition},
    "price_band": {band.value: band.label for band in PRICE_BANDS},
    "region": {region.value: words for region, words in REGIONS.items()},
}
"""Facets whose values have an order of their own; the others go by count."""

_OPEN = frozenset({"kind", "category", "badge"})
_MOST_OPTIONS = 60


def value_label(facet: str, value: str, *, known: Mapping[str, str] | None = None) -> str:
    """What a value of a facet is called; `known` holds names that only data can tell, such as suppliers'."""
    if facet in _FIXED:
        return _FIXED[facet].get(value, value)
    if facet == "category" and value in categories():
        return categories()[value].name
    if facet in {"badge", "badge_all"} and (requirement := requirement_of(value)):
        return requirement.words + (" (needed)" if facet == "badge_all" else "")
    return (known or {}).get(value, value)


def facet(name: str, counts: Iterable[FacetCount], chosen: tuple[str, ...], known: Mapping[str, str]) -> Facet:
    """The facet as checkboxes: every chosen value stays, at count 0 if need be; a long tail of small ones does not."""
    ticks = ticked(chosen) if name == "badge" else dict.fromkeys(chosen, "")
    counted = {each.value: each.count for each in counts}
    names = {**known, **{each.value: each.label for each in counts}}
    values = [*counted, *(value for value in ticks if value not in counted)]
    if name in _FIXED:
        order = list(_FIXED[name])
        values.sort(key=lambda value: order.index(value) if value in order else len(order))
    kept = set(values[:_MOST_OPTIONS]) | set(ticks)
    options = tuple(
        FacetOption(
            value=value,
            label=value_label(name, value, known=names),
            count=counted.get(value, 0),
            is_checked=value in ticks,
            choices=choices_of(ticks.get(value, "")) if name == "badge" else (),
        )
        for value in values
        if value in kept
    )
    return Facet(name=name, title=FACET_TITLES[name], options=options, is_open=name in _OPEN or bool(chosen))
