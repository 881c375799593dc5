"""Whose a badge claim is, and telling the rest of the house that what buyers see of its holder changed."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, select

from becta.catalogue.offers.service import touch_product
from becta.catalogue.products.models import Product
from becta.catalogue.suppliers.models import Supplier
from becta.catalogue.suppliers.service import touch_supplier
from becta.compliance.badges.models import BadgeClaimRow
from becta.compliance.standards.registry import Holder
from becta.kernel.errors import NotFound, refuse_if_stale


def owner_of(session: Session, holder: Holder, holder_id: UUID) -> UUID:
    """The supplier that a holder is or belongs to; raises NotFound."""
    if holder is Holder.SUPPLIER:
        if session.get(Supplier, holder_id) is None:
            raise NotFound("supplier", holder_id)
        return holder_id
    product = session.get(Product, holder_id)
    if product is None:
        raise NotFound("product", holder_id)
    return product.supplier_id


def owner_of_claim(session: Session, row: BadgeClaimRow) -> UUID:
    """The supplier whose claim it is."""
    if row.supplier_id is not None:
        return row.supplier_id
    assert row.product_id is not None  # the table's check constraint
    return owner_of(session, Holder.PRODUCT, row.product_id)


def locked_claim(session: Session, claim_id: UUID, revision: int | None) -> BadgeClaimRow:
    """A claim, locked until the transaction ends; raises NotFound, or Stale if it is not of this revision."""
    row = session.exec(select(BadgeClaimRow).where(BadgeClaimRow.id == claim_id).with_for_update()).first()
    if row is None:
        raise NotFound("badge claim", claim_id)
    refuse_if_stale(revision, row.revision)
    return row


def touch_holder(session: Session, row: BadgeClaimRow, *, now: datetime) -> None:
    """Say that what buyers see of the claim's holder changed."""
    if row.product_id is not None:
        touch_product(session, row.product_id, now=now)
    elif row.supplier_id is not None:
        touch_supplier(session, row.supplier_id, now=now)
