"""How codes of the catalogue read to people."""

from becta.catalogue.categories import Kind
from becta.catalogue.offers.rules import Region
from becta.catalogue.products.rules import Phase

KINDS = {
    Kind.SOFTWARE: "Software",
    Kind.DEVICE: "Devices",
    Kind.CONNECTIVITY: "Connectivity",
    Kind.SERVICE: "Services",
}
PHASES = {
    Phase.PRIMARY: "Primary",
    Phase.SECONDARY: "Secondary",
    Phase.ALL_THROUGH: "All-through",
    Phase.SPECIAL: "Special schools",
    Phase.FE: "Further education",
}
REGIONS = {
    Region.NORTH_EAST: "North East",
    Region.NORTH_WEST: "North West",
    Region.YORKSHIRE: "Yorkshire and the Humber",
    Region.EAST_MIDLANDS: "East Midlands",
    Region.WEST_MIDLANDS: "West Midlands",
    Region.EAST: "East of England",
    Region.LONDON: "London",
    Region.SOUTH_EAST: "South East",
    Region.SOUTH_WEST: "South West",
}


def facet_labels() -> dict[str, dict[str, str]]:
    """Labels of the facet values that do not read well as they are."""
    return {
        "kind": {kind.value: words for kind, words in KINDS.items()},
        "phase": {phase.value: words for phase, words in PHASES.items()},
        "region": {region.value: words for region, words in REGIONS.items()},
    }
