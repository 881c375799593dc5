"""Alembic's entry: runs migrations on the engine it is handed, and knows every table of the house."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import JSON, String
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from becta.kernel.tables import EnumText
from becta.market import tables  # noqa: F401 - registers every table

_PLAIN = {
    "UTCDateTime": "sa.DateTime(timezone=True)",
    "EnumText": "sa.String(32)",
    "JSON": 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")',
}


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Write plain SQLAlchemy types, so that migrations do not lean on SQLModel's or our own."""
    if kind != "type":
        return False
    if isinstance(item, AutoString):
        return f"sa.String({item.length or ''})"
    if isinstance(item, JSON):
        autogen.imports.add("from sqlalchemy.dialects import postgresql")
    return _PLAIN.get(type(item).__name__, False)


def compare_type(_context: Any, _column: Any, _metadata_column: Any, inspected: Any, declared: Any) -> bool | None:
    """Our enum is VARCHAR(32) to the database."""
    if isinstance(declared, EnumText):
        return not (isinstance(inspected, String) and inspected.length == 32)
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
