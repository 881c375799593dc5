"""The ready-made answer for each published product."""

from uuid import UUID

from sqlalchemy import BigInteger, LargeBinary
from sqlmodel import Field, SQLModel


class ListingView(SQLModel, table=True):
    """A product's public JSON: `body` whole, `card` for lists. A projection fed by the outbox.

    It is the answer while `stamp` is the product's own and `fresh_until` (the UTC epoch second at which a badge
    next changes its standing, null for never) has not come; otherwise the reader builds the answer from the tables.
    `card` stands before `body`, so that SQLite reads it without walking the long body's pages.
    """

    __tablename__ = "listing_view"

    product_id: UUID = Field(primary_key=True, foreign_key="product.id")
    stamp: int
    fresh_until: int | None = Field(default=None, sa_type=BigInteger)
    card: bytes = Field(sa_type=LargeBinary)
    body: bytes = Field(sa_type=LargeBinary)
