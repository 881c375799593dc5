"""How tables are made: names of constraints, enums by value, JSON on both databases."""

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Dialect, String, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

JSON_TYPE = JSON().with_variant(JSONB(), "postgresql")
"""JSON on SQLite, JSONB on PostgreSQL. Values are treated as immutable: assign, never mutate."""
NULL_OR_JSON = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""The same for a column that may be empty: `None` is NULL, not the JSON text `null`."""


class EnumText(TypeDecorator[StrEnum]):
    """An enum stored as its value in VARCHAR(32): members can be added without a migration of types."""

    impl = String(32)
    cache_ok = True

    def __init__(self, enum: type[StrEnum]) -> None:
        """Remember the enum that values turn into."""
        super().__init__()
        self.enum = enum

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Store the value, refusing one that is not a member."""
        return None if value is None else self.enum(value).value

    def process_result_value(self, value: Any, dialect: Dialect) -> StrEnum | None:  # noqa: ARG002
        """Give the member back."""
        return None if value is None else self.enum(value)
