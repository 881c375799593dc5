"""Answers kept by the key of their request."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from becta.kernel.tables import JSON_TYPE


class IdempotencyKeyRow(SQLModel, table=True):
    """A request answered: whose, under which key, what it asked (hashed), and the answer."""

    __tablename__ = "idempotency_key"

    actor: str = Field(primary_key=True, max_length=80)
    key: str = Field(primary_key=True, max_length=200)
    person_id: UUID | None = Field(default=None, foreign_key="person.id", index=True)
    request_hash: str = Field(max_length=64)
    status: int
    headers: dict[str, str] = Field(sa_type=JSON_TYPE)
    body: str = Field(sa_type=Text)
    created_at: datetime = Field(index=True)
