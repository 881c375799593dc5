"""The ready-made answer for each published product."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary
from sqlmodel import Field, SQLModel


class ListingView(SQLModel, table=True):
    """A product's public JSON: `body` whole, `card` for lists. A projection fed by the outbox.

    It is the answer while `stamp` is the product's own and `fresh_until` (when a badge next changes its
    standing) has not come; otherwise the reader builds the answer from the tables.
    """

    __tablename__ = "listing_view"

    product_id: UUID = Field(primary_key=True, foreign_key="product.id")
    stamp: int
    fresh_until: datetime | None = None
    body: bytes = Field(sa_type=LargeBinary)
    card: bytes = Field(sa_type=LargeBinary)
