"""Who is told, and who is entitled.

Revision: 20261126_0130
Follows: 20261126_0120
"""

revision = "20261126_0130"
down_revision = "20261126_0120"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
