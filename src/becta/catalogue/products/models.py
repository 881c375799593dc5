"""Products and the versions of their listings. Guards on state and frozen content are in the database too."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from becta.catalogue.categories import Kind
from becta.catalogue.products.rules import ListingState
from becta.kernel.tables import JSON_TYPE, EnumText

_OPEN = text("state IN ('draft', 'submitted', 'returned')")
_PUBLISHED = text("state = 'published'")


class Product(SQLModel, table=True):
    """A product of a supplier. `revision` grows with every change to anything a buyer sees of it."""

    __tablename__ = "product"
    __table_args__ = (
        UniqueConstraint("supplier_id", "reference"),
        CheckConstraint("revision >= 1", name="revision_positive"),
    )

    id: UUID = Field(primary_key=True)
    supplier_id: UUID = Field(foreign_key="supplier.id")
    reference: str = Field(max_length=120)
    kind: Kind = Field(sa_type=EnumText(Kind))
    revision: int = 1
    created_at: datetime


class ListingVersion(SQLModel, table=True):
    """What a listing says, in one state; frozen from submission on."""

    __tablename__ = "listing_version"
    __table_args__ = (
        UniqueConstraint("product_id", "number"),
        Index("uq_listing_version_open", "product_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index(
            "uq_listing_version_published",
            "product_id",
            unique=True,
            sqlite_where=_PUBLISHED,
            postgresql_where=_PUBLISHED,
        ),
    )

    id: UUID = Field(primary_key=True)
    product_id: UUID = Field(foreign_key="product.id")
    number: int
    state: ListingState = Field(sa_type=EnumText(ListingState))
    title: str = Field(max_length=300)
    summary: str = Field(sa_type=Text)
    description: str = Field(sa_type=Text)
    cpv_code: str = Field(max_length=10)
    category: str = Field(max_length=64)
    phases: list[str] = Field(sa_type=JSON_TYPE)
    features: list[str] = Field(sa_type=JSON_TYPE)
    attributes: dict[str, str] = Field(sa_type=JSON_TYPE)
    brand: str = Field(max_length=120)
    model: str = Field(max_length=300)
    part_number: str = Field(max_length=300)
    gtins: list[str] = Field(sa_type=JSON_TYPE)
    content_hash: str = Field(max_length=64)
    reasons: list[str] = Field(sa_type=JSON_TYPE)
    created_at: datetime
    submitted_at: datetime | None = None
    decided_at: datetime | None = None
    published_at: datetime | None = None
