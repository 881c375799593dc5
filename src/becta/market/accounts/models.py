"""Stored API tokens: only a hash of each secret."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from becta.kernel.tables import JSON_TYPE


class ApiToken(SQLModel, table=True):
    """A token; `supplier_id` None is the operator's. The secret itself is shown once and never stored."""

    __tablename__ = "api_token"

    id: UUID = Field(primary_key=True)
    secret_hash: str = Field(max_length=64, unique=True)
    label: str = Field(max_length=200)
    supplier_id: UUID | None = Field(default=None, foreign_key="supplier.id")
    scopes: list[str] = Field(sa_type=JSON_TYPE)
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
