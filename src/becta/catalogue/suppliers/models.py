"""Suppliers and how to reach them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from becta.kernel.tables import JSON_TYPE


class Supplier(SQLModel, table=True):
    """A company that lists products. `contacts` holds `Contact` values."""

    __tablename__ = "supplier"

    id: UUID = Field(primary_key=True)
    reference: str = Field(max_length=64, unique=True)
    name: str = Field(max_length=160, index=True)
    legal_name: str = Field(max_length=160)
    companies_house_number: str | None = Field(default=None, max_length=8)
    ppon: str | None = Field(default=None, max_length=14)
    vat_number: str | None = Field(default=None, max_length=16)
    website: str = Field(max_length=254)
    summary: str = Field(sa_type=Text)
    town: str = Field(max_length=80)
    contacts: list[dict[str, Any]] = Field(sa_type=JSON_TYPE)
    revision: int = 1
    created_at: datetime
