"""Suppliers that catalogue files name."""

from uuid import UUID

import pytest
from tests.support.catalogue import make_supplier

from becta.market.db import Database


@pytest.fixture
def larch(db: Database) -> UUID:
    """The supplier larch-technology, named Larch Technology."""
    with db.write() as session:
        return make_supplier(session)
