"""Importing suppliers: one row each, known by `reference`."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, col, select

from becta.catalogue.imports.columns import Column, columns_of, take
from becta.catalogue.imports.loading import Loaded, Origin, Placed
from becta.catalogue.suppliers.models import Supplier
from becta.catalogue.suppliers.rules import SupplierDetails, supplier_faults, supplier_reference_faults
from becta.catalogue.suppliers.service import amend_supplier, details_of, facts_of
from becta.catalogue.suppliers.service import columns_of as stored
from becta.kernel.errors import Fault
from becta.kernel.events import OutboxMessage, audit_row, record_rows
from becta.kernel.ids import new_id


class SupplierRow(SupplierDetails, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row of a suppliers file."""

    reference: str


class SupplierLoader:
    """Stores supplier rows."""

    columns: Sequence[Column] = tuple(columns_of(SupplierRow))

    def adapt(self, values: dict[str, Any]) -> dict[str, Any]:
        """There is only our own layout."""
        return values

    def read(self, values: dict[str, Any]) -> tuple[SupplierRow | None, tuple[str, ...], list[Fault]]:
        """The row, or everything wrong with it."""
        row, faults = take(SupplierRow, values)
        if row is None:
            return None, (), faults
        return row, (row.reference,), [*supplier_reference_faults(row.reference), *supplier_faults(_details(row))]

    def store(self, session: Session, batch: Sequence[Placed], origin: Origin) -> Loaded:
        """Register new suppliers and amend changed ones."""
        loaded = Loaded()
        references = [placed.row.reference for placed in batch]
        held = session.exec(select(Supplier).where(col(Supplier.reference).in_(references)).with_for_update()).all()
        known = {supplier.reference: supplier for supplier in held}
        fresh = []
        for placed in batch:
            details = _details(placed.row)
            supplier = known.get(placed.row.reference)
            if supplier is None:
                fresh.append((placed, details))
            elif details_of(supplier) == details:
                loaded.unchanged += 1
            else:
                amend_supplier(session, origin.actor, supplier.id, details, revision=None, now=origin.now)
                loaded.changed += 1
        _insert(session, fresh, origin)
        loaded.created = len(fresh)
        return loaded


def _details(row: SupplierRow) -> SupplierDetails:
    return SupplierDetails(**{name: getattr(row, name) for name in SupplierDetails.__struct_fields__})


def _insert(session: Session, fresh: list[tuple[Placed, SupplierDetails]], origin: Origin) -> None:
    if not fresh:
        return
    rows, events, messages = [], [], []
    for placed, details in fresh:
        supplier_id, values = new_id(), stored(details)
        rows.append(
            {"id": supplier_id, "reference": placed.row.reference, "revision": 1, "created_at": origin.now, **values}
        )
        events.append(
            audit_row(
                origin.actor,
                "supplier.registered",
                "supplier",
                supplier_id,
                now=origin.now,
                after=facts_of(values),
                reason=origin.reason(placed.line),
            )
        )
        messages.append({"topic": "supplier", "key": supplier_id, "created_at": origin.now, "attempts": 0})
    session.execute(insert(Supplier), rows)
    record_rows(session, events)
    session.execute(insert(OutboxMessage), messages)
