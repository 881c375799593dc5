"""Releases of frameworks.

Revision: 20261126_0110
Follows: 20261126_0070
"""

revision = "20261126_0110"
down_revision = "20261126_0070"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
