"""Importing products: one row each, known by supplier and `reference`, published as soon as they are in.

An import is the operator's own act, so it needs no submission: a changed row becomes a new published
version, and the version before it is superseded.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlmodel import Session

from becta.catalogue.categories import Kind, category_for
from becta.catalogue.imports.columns import Column, columns_of, take
from becta.catalogue.imports.icecat import is_icecat, product_values
from becta.catalogue.imports.loading import Loaded, Origin, Placed, row_repeated
from becta.catalogue.imports.naming import folded, supplier_name_faults, suppliers_by_name, unknown_supplier
from becta.catalogue.imports.offers import WantedOffer, held_offers, offer_refusal, store_offers
from becta.catalogue.imports.versions import Changes, Held, Key, held_products
from becta.catalogue.offers.models import Offer
from becta.catalogue.offers.rules import Condition, OfferTerms, Unit, terms_faults
from becta.catalogue.offers.service import terms_of
from becta.catalogue.products.rules import ListingContent, content_faults
from becta.catalogue.suppliers.rules import (
    SupplierDetails,
    short_name,
    supplier_faults,
    supplier_reference_faults,
)
from becta.catalogue.suppliers.service import register_supplier
from becta.catalogue.text_rules import reference_faults
from becta.kernel.errors import Fault


class ProductRow(ListingContent, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row of a products file. `supplier` is a supplier's reference or name; `category` follows from the CPV code.

    `price_pence` (ex VAT, each) is a shorthand for a product with one plain offer.
    """

    supplier: str
    reference: str
    kind: Kind
    category: str = ""
    price_pence: int | None = None


class ProductLoader:
    """Stores product rows; `create_suppliers` registers suppliers that a row names and nobody knows."""

    columns: Sequence[Column] = tuple(columns_of(ProductRow))

    def __init__(self, *, create_suppliers: bool = False) -> None:
        """Start with no supplier known."""
        self._create_suppliers = create_suppliers
        self._suppliers: dict[str, UUID] = {}
        self._seen: dict[int, int] = {}

    def adapt(self, values: dict[str, Any]) -> dict[str, Any]:
        """Rows of the Icecat open catalogue are brought into our layout, their brands becoming suppliers."""
        if not is_icecat(values):
            return values
        self._create_suppliers = True
        return product_values(values)

    def read(self, values: dict[str, Any]) -> tuple[ProductRow | None, tuple[str, ...], list[Fault]]:
        """The row, or everything wrong with it."""
        row, faults = take(ProductRow, values)
        if row is None:
            return None, (), faults
        if not row.category:
            row = msgspec.structs.replace(row, category=category_for(row.kind, row.cpv_code))
        faults = [*supplier_name_faults("supplier", row.supplier), *reference_faults(row.reference)]
        faults += [*content_faults(row.kind, _content(row))]
        if row.price_pence is not None:
            faults += terms_faults(_terms(row.price_pence))
        return row, (folded(row.supplier), row.reference), faults

    def store(self, session: Session, batch: Sequence[Placed], origin: Origin) -> Loaded:
        """List new products and publish new versions of changed ones; a price becomes a plain offer."""
        loaded = Loaded()
        suppliers = self._resolve(session, [placed.row.supplier for placed in batch], origin)
        rows = self._known(batch, suppliers, loaded)
        held = held_products(session, rows)
        offers = held_offers(session, [key for key, placed in rows if placed.row.price_pence is not None])
        changes, priced = Changes(origin), []
        for key, placed in rows:
            product = held.get(key)
            refusal = _price_refusal(placed.row, offers.get(key), product)
            if refusal is not None:
                loaded.reject(placed.line, refusal)
                continue
            product_id = changes.consider(placed, _content(placed.row), key[0], product, loaded)
            if product_id is not None and placed.row.price_pence is not None:
                priced.append(_plain_offer(placed, key[0], product_id, offers.get(key)))
        changes.write(session)
        announced = frozenset(message["key"] for message in changes.messages)
        offered = store_offers(session, priced, offers, origin, Loaded(), announced=announced)
        repriced = len(offered.keys() - changes.lines)
        loaded.changed += repriced
        loaded.unchanged -= repriced
        return loaded

    def _known(self, batch: Sequence[Placed], suppliers: dict[str, UUID], loaded: Loaded) -> list[tuple[Key, Placed]]:
        """The rows whose supplier is known, each product once, however its supplier is spelt."""
        known = []
        for placed in batch:
            supplier_id = suppliers.get(folded(placed.row.supplier))
            if supplier_id is None:
                loaded.reject(placed.line, unknown_supplier(placed.row.supplier))
                continue
            key = (supplier_id, placed.row.reference)
            if (first_line := self._seen.setdefault(hash(key), placed.line)) != placed.line:
                loaded.reject(placed.line, row_repeated(placed.row.reference, first_line))
                continue
            known.append((key, placed))
        return known

    def _resolve(self, session: Session, names: Sequence[str], origin: Origin) -> dict[str, UUID]:
        unknown: dict[str, str] = {}
        for name in names:
            if folded(name) not in self._suppliers:
                unknown.setdefault(folded(name), name.strip())
        if unknown:
            self._suppliers |= suppliers_by_name(session, unknown.values())
        if not unknown or not self._create_suppliers:
            return self._suppliers
        self._suppliers |= suppliers_by_name(session, map(short_name, unknown.values()))
        suppliers = dict(self._suppliers)  # those made now are remembered once they are found: we may yet roll back
        for key, name in unknown.items():
            reference, details = short_name(name), SupplierDetails(name=name)
            if key in suppliers or supplier_reference_faults(reference) or supplier_faults(details):
                continue
            if reference not in suppliers:
                suppliers[reference] = register_supplier(session, origin.actor, reference, details, now=origin.now).id
            suppliers[key] = suppliers[reference]
        return suppliers


def _content(row: ProductRow) -> ListingContent:
    return ListingContent(**{name: getattr(row, name) for name in ListingContent.__struct_fields__})


def _terms(price_pence: int) -> OfferTerms:
    return OfferTerms(price_pence=price_pence, unit=Unit.EACH)


def _plain_offer(placed: Placed, supplier_id: UUID, product_id: UUID, offer: Offer | None) -> WantedOffer:
    """The offer a price stands for. Of an offer held already only the price changes, unless its tiers forbid that."""
    row: ProductRow = placed.row
    terms = _terms(row.price_pence or 0)
    if offer is not None:
        kept = msgspec.structs.replace(terms_of(offer), price_pence=terms.price_pence)
        terms = terms if terms_faults(kept) else kept
    return WantedOffer(
        line=placed.line,
        supplier_id=supplier_id,
        product_id=product_id,
        reference=row.reference,
        terms=terms,
    )


def _price_refusal(row: ProductRow, offer: Offer | None, product: Held | None) -> Fault | None:
    if row.price_pence is None or offer is None:
        return None
    if offer.condition is not Condition.NEW:
        mend = "leave the price out, or give it in an offers file under another reference"
        return Fault(field="price_pence", problem="is of used goods' offer", mend=mend, value=str(row.price_pence))
    return offer_refusal(offer, product.id if product else None)
