"""A product as schema.org data, for search engines and other readers of pages. Prices are in pounds, ex VAT."""

from typing import Any

from becta.catalogue.categories import Kind
from becta.catalogue.offers.rules import Condition
from becta.market.listings.schemas import OfferOut, ProductOut
from becta.market.web.formats import unit_words

CONTEXT = "https://schema.org"
_CONDITIONS = {
    Condition.NEW: f"{CONTEXT}/NewCondition",
    Condition.REMANUFACTURED: f"{CONTEXT}/RefurbishedCondition",
    Condition.REFURBISHED: f"{CONTEXT}/RefurbishedCondition",
}


def product_json_ld(product: ProductOut) -> dict[str, object]:
    """The schema.org Product; what is unknown is left out."""
    gtins = list(product.gtins)
    return _filled(
        {
            "@context": CONTEXT,
            "@type": "Product",
            "productID": str(product.id),
            "sku": product.reference,
            "name": product.title,
            "description": product.description or product.summary,
            "category": product.category.name,
            "brand": {"@type": "Brand", "name": product.brand} if product.brand else None,
            "model": product.model,
            "mpn": product.part_number,
            "gtin": gtins[0] if len(gtins) == 1 else gtins,
            "offers": [_offer(product, offer) for offer in product.offers],
        }
    )


def decimal_pounds(pence: int) -> str:
    """Pence as a plain decimal of pounds: 123456 is "1234.56"."""
    return f"{pence // 100}.{pence % 100:02d}"


def _offer(product: ProductOut, offer: OfferOut) -> dict[str, object]:
    return _filled(
        {
            "@type": "Offer",
            "sku": offer.reference,
            "priceCurrency": "GBP",
            "priceSpecification": [
                _price(offer, offer.price_pence, offer.minimum_order if offer.minimum_order > 1 else None),
                *(_price(offer, tier.price_pence, tier.from_quantity) for tier in offer.tiers),
            ],
            "itemCondition": _CONDITIONS[offer.condition] if product.kind is Kind.DEVICE else None,
            "seller": {"@type": "Organization", "name": offer.supplier.name},
        }
    )


def _price(offer: OfferOut, pence: int, minimum: int | None) -> dict[str, object]:
    quantity = {"@type": "QuantitativeValue", "minValue": minimum} if minimum else None
    return _filled(
        {
            "@type": "UnitPriceSpecification",
            "price": decimal_pounds(pence),
            "priceCurrency": "GBP",
            "valueAddedTaxIncluded": False,
            "unitText": unit_words(offer.unit),
            "eligibleQuantity": quantity,
        }
    )


def _filled(raw: dict[str, Any]) -> dict[str, object]:
    return {name: value for name, value in raw.items() if value not in (None, "", [])}
