"""Importing offers: one row each, known by supplier and `reference`, with the particulars of used devices."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import delete, insert
from sqlmodel import Session, col, select

from becta.catalogue.imports.columns import Column, columns_of, take
from becta.catalogue.imports.loading import Loaded, Origin, Placed, row_repeated
from becta.catalogue.imports.naming import folded, supplier_name_faults, suppliers_by_name, unknown_supplier
from becta.catalogue.imports.offers import WantedOffer, held_offers, store_offers
from becta.catalogue.offers.models import Offer
from becta.catalogue.offers.rules import OfferTerms, terms_faults
from becta.catalogue.products.models import Product
from becta.catalogue.text_rules import reference_faults, text_faults
from becta.kernel.errors import Fault
from becta.refurb.units.models import RemanufacturedDeviceRow
from becta.refurb.units.rules import RemanufacturedDevice, unit_faults


class OfferRow(OfferTerms, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row of an offers file. `product` is a reference of `product_supplier`, by default the offer's own supplier."""

    supplier: str
    reference: str
    product: str
    product_supplier: str = ""
    remanufactured: RemanufacturedDevice | None = None


class OfferLoader:
    """Stores offer rows."""

    columns: Sequence[Column] = tuple(columns_of(OfferRow))

    def __init__(self) -> None:
        """Start with no row seen."""
        self._seen: dict[int, int] = {}

    def adapt(self, values: dict[str, Any]) -> dict[str, Any]:
        """There is only our own layout."""
        return values

    def read(self, values: dict[str, Any]) -> tuple[OfferRow | None, tuple[str, ...], list[Fault]]:
        """The row, or everything wrong with it."""
        row, faults = take(OfferRow, values)
        if row is None:
            return None, (), faults
        faults = [
            *supplier_name_faults("supplier", row.supplier),
            *text_faults("product", row.product, at_least=1, at_most=120),
            *text_faults("product_supplier", row.product_supplier, at_most=160),
            *reference_faults(row.reference),
            *terms_faults(_terms(row)),
            *unit_faults(row.condition, row.remanufactured),
        ]
        return row, (folded(row.supplier), row.reference), faults

    def store(self, session: Session, batch: Sequence[Placed], origin: Origin) -> Loaded:
        """Make new offers and change those whose terms or particulars differ."""
        loaded = Loaded()
        placed_rows = [found for found in _resolve(session, batch, loaded) if self._is_first(found, loaded)]
        held = held_offers(session, [(supplier_id, placed.row.reference) for placed, supplier_id, _ in placed_rows])
        units = _held_units(session, [offer.id for offer in held.values()])
        wanted = [
            WantedOffer(
                line=placed.line,
                supplier_id=supplier_id,
                product_id=product_id,
                reference=placed.row.reference,
                terms=_terms(placed.row),
                particulars_differ=_particulars_differ(
                    held.get((supplier_id, placed.row.reference)), units, placed.row.remanufactured
                ),
            )
            for placed, supplier_id, product_id in placed_rows
        ]
        written = store_offers(session, wanted, held, origin, loaded)
        _write_units(session, {placed.line: placed.row for placed, _, _ in placed_rows}, written)
        return loaded

    def _is_first(self, found: tuple[Placed, UUID, UUID], loaded: Loaded) -> bool:
        placed, supplier_id, _ = found
        first_line = self._seen.setdefault(hash((supplier_id, placed.row.reference)), placed.line)
        if first_line != placed.line:
            loaded.reject(placed.line, row_repeated(placed.row.reference, first_line))
        return first_line == placed.line


def _terms(row: OfferRow) -> OfferTerms:
    return OfferTerms(**{name: getattr(row, name) for name in OfferTerms.__struct_fields__})


def _resolve(session: Session, batch: Sequence[Placed], loaded: Loaded) -> list[tuple[Placed, UUID, UUID]]:
    named = [name for placed in batch for name in (placed.row.supplier, placed.row.product_supplier) if name]
    suppliers = suppliers_by_name(session, named)
    query = select(Product.supplier_id, Product.reference, Product.id).where(
        col(Product.supplier_id).in_(set(suppliers.values())),
        col(Product.reference).in_({placed.row.product for placed in batch}),
    )
    products = {(row[0], row[1]): row[2] for row in session.exec(query)}
    found = []
    for placed in batch:
        row: OfferRow = placed.row
        owner = row.product_supplier or row.supplier
        missing = [name for name in (row.supplier, owner) if folded(name) not in suppliers]
        if missing:
            loaded.reject(placed.line, unknown_supplier(missing[0]))
            continue
        product_id = products.get((suppliers[folded(owner)], row.product))
        if product_id is None:
            mend = f"give the reference of a product of {owner}, or name its supplier in product_supplier"
            fault = Fault(field="product", problem="is not a product we know", mend=mend, value=row.product[:80])
            loaded.reject(placed.line, fault)
            continue
        found.append((placed, suppliers[folded(row.supplier)], product_id))
    return found


def _held_units(session: Session, offer_ids: Sequence[UUID]) -> dict[UUID, RemanufacturedDevice]:
    rows = session.exec(
        select(RemanufacturedDeviceRow).where(col(RemanufacturedDeviceRow.offer_id).in_(offer_ids))
    ).all()
    return {row.offer_id: msgspec.convert(row.model_dump(exclude={"offer_id"}), RemanufacturedDevice) for row in rows}


def _particulars_differ(
    offer: Offer | None, units: dict[UUID, RemanufacturedDevice], wanted: RemanufacturedDevice | None
) -> bool:
    return offer is not None and units.get(offer.id) != wanted


def _write_units(session: Session, rows: dict[int, OfferRow], written: dict[int, UUID]) -> None:
    if not written:
        return
    session.execute(
        delete(RemanufacturedDeviceRow).where(col(RemanufacturedDeviceRow.offer_id).in_(list(written.values())))
    )
    units = [
        {"offer_id": offer_id, **msgspec.structs.asdict(unit)}
        for line, offer_id in written.items()
        if (unit := rows[line].remanufactured) is not None
    ]
    if units:
        session.execute(insert(RemanufacturedDeviceRow), units)
