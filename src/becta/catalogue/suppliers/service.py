"""Use cases of suppliers: register and amend. State, audit event and outbox row go together."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlmodel import Session, col, select, update

from becta.catalogue.suppliers.models import Supplier
from becta.catalogue.suppliers.rules import SupplierDetails, supplier_faults, supplier_reference_faults
from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import Conflict, NotFound, refuse_if_any, refuse_if_stale
from becta.kernel.events import announce, record
from becta.kernel.ids import new_id

TOPIC = "supplier"


def columns_of(details: SupplierDetails) -> dict[str, Any]:
    """The column values of a supplier's details."""
    values: dict[str, Any] = msgspec.to_builtins(details)
    return {**values, "contacts": list(values["contacts"])}


def facts_of(values: dict[str, Any]) -> dict[str, Any]:
    """What the audit trail, which forgets nothing, keeps of a supplier: of its contacts only what they are for."""
    return {**values, "contacts": [contact["purpose"] for contact in values["contacts"]]}


def details_of(supplier: Supplier) -> SupplierDetails:
    """The details held in a supplier's row."""
    names = SupplierDetails.__struct_fields__
    return msgspec.convert({name: getattr(supplier, name) for name in names}, SupplierDetails)


def register_supplier(
    session: Session, actor: Actor, reference: str, details: SupplierDetails, *, now: datetime
) -> Supplier:
    """Add a supplier; raises Invalid, Forbidden, or Conflict when the reference is taken."""
    actor.require(Scope.SUPPLIERS_WRITE)
    refuse_if_any([*supplier_reference_faults(reference), *supplier_faults(details)])
    if session.exec(select(Supplier.id).where(Supplier.reference == reference)).first():
        raise Conflict(f"there is already a supplier with the reference {reference}")
    supplier = Supplier(id=new_id(), reference=reference, created_at=now, **columns_of(details))
    session.add(supplier)
    session.flush()
    record(session, actor, "supplier.registered", "supplier", supplier.id, now=now, after=facts_of(columns_of(details)))
    announce(session, TOPIC, supplier.id, now=now)
    return supplier


def amend_supplier(
    session: Session, actor: Actor, supplier_id: UUID, details: SupplierDetails, *, revision: int | None, now: datetime
) -> Supplier:
    """Replace a supplier's details; raises Stale when `revision` is no longer the current one."""
    supplier = session.exec(select(Supplier).where(col(Supplier.id) == supplier_id).with_for_update()).first()
    if supplier is None:
        raise NotFound("supplier", supplier_id)
    actor.require(Scope.LISTINGS_WRITE, of=supplier_id)
    refuse_if_stale(revision, supplier.revision)
    refuse_if_any(supplier_faults(details))
    before = columns_of(details_of(supplier))
    after = columns_of(details)
    if before != after:
        for name, value in after.items():
            setattr(supplier, name, value)
        session.flush()
        was, became = facts_of(before), facts_of(after)
        record(session, actor, "supplier.amended", "supplier", supplier.id, now=now, before=was, after=became)
        touch_supplier(session, supplier_id, now=now)
        session.refresh(supplier)
    return supplier


def touch_supplier(session: Session, supplier_id: UUID, *, now: datetime) -> None:
    """Grow the supplier's revision and announce it, because something a buyer sees of it changed."""
    session.exec(update(Supplier).where(col(Supplier.id) == supplier_id).values(revision=col(Supplier.revision) + 1))
    announce(session, TOPIC, supplier_id, now=now)
