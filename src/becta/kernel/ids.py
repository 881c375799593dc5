"""Identifiers: UUID version 7, so that newer rows sort after older ones."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A fresh identifier, greater than those made before it."""
    return uuid7()
