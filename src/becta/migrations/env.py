"""Alembic's entry: runs migrations on the engine it is handed, and knows every table of the house."""

from typing import Any

from alembic import context
from sqlalchemy import types as sa_types
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from becta.kernel.tables import EnumText
from becta.market import tables  # noqa: F401 - registers every table

_PLAIN: dict[str, str] = {"UTCDateTime": "sa.DateTime(timezone=True)", "EnumText": "sa.String(32)"}


def render_item(kind: str, item: Any, _autogen: Any) -> str | bool:
    """Write plain SQLAlchemy types, so that migrations do not lean on SQLModel's or our own."""
    if kind == "type" and isinstance(item, AutoString):
        return f"sa.String({item.length or ''})"
    return _PLAIN.get(type(item).__name__, False) if kind == "type" else False


def compare_type(_context: Any, _column: Any, _metadata_column: Any, inspected: Any, declared: Any) -> bool | None:
    """Our enum is VARCHAR(32) to the database."""
    if isinstance(declared, EnumText):
        return not (isinstance(inspected, sa_types.String) and inspected.length == declared.impl_instance.length)
    return None


with context.config.attributes["engine"].connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=True,
        transaction_per_migration=True,
        render_item=render_item,
        compare_type=compare_type,
    )
    with context.begin_transaction():
        context.run_migrations()
