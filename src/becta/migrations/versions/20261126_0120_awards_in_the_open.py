"""Awards published before their contracts.

Revision: 20261126_0120
Follows: 20261126_0110
"""

revision = "20261126_0120"
down_revision = "20261126_0110"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
