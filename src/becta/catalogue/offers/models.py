"""Offers: a supplier's price and terms for a product."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from becta.catalogue.offers.rules import Condition, OfferState, Unit
from becta.kernel.tables import JSON_TYPE, EnumText


class Offer(SQLModel, table=True):
    """An offer; see `OfferTerms` for units. `tiers` holds `Tier` values."""

    __tablename__ = "offer"
    __table_args__ = (
        UniqueConstraint("supplier_id", "reference"),
        CheckConstraint("price_pence >= 0", name="price_not_negative"),
        CheckConstraint("vat_basis_points BETWEEN 0 AND 10000", name="vat_rate_in_range"),
        CheckConstraint("minimum_order >= 1", name="minimum_order_positive"),
    )

    id: UUID = Field(primary_key=True)
    product_id: UUID = Field(foreign_key="product.id", index=True)
    supplier_id: UUID = Field(foreign_key="supplier.id")
    reference: str = Field(max_length=120)
    state: OfferState = Field(sa_type=EnumText(OfferState))
    price_pence: int = Field(sa_type=BigInteger)
    unit: Unit = Field(sa_type=EnumText(Unit))
    vat_basis_points: int
    condition: Condition = Field(sa_type=EnumText(Condition))
    tiers: list[dict[str, Any]] = Field(sa_type=JSON_TYPE)
    minimum_order: int
    lead_time_days: int | None = None
    contract_term_months: int | None = None
    regions: list[str] = Field(sa_type=JSON_TYPE)
    revision: int = 1
    created_at: datetime
