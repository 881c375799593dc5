"""Awards published before their contracts, and schools that accept another lot.

Revision: 20261126_0120
Follows: 20261126_0110
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from becta.migrations.guards import create_guard, differ, drop_guard

revision = "20261126_0120"
down_revision = "20261126_0110"
branch_labels = None
depends_on = None

_UNPUBLISHED = (
    "EXISTS (SELECT 1 FROM procurement WHERE id = NEW.procurement_id AND is_above_threshold "
    "AND award_published_at IS NULL)"
)
_GUARDS = (
    (
        "guard_award_summaries",
        "UPDATE",
        "procurement",
        "NEW.award_published_at IS NOT NULL AND NEW.summaries_sent_at IS NULL",
        "assessment summaries come before the award notice (s.50)",
    ),
    (
        "guard_award_published",
        "UPDATE",
        "procurement",
        "OLD.state <> NEW.state AND (NEW.state = 'standstill' OR NEW.state = 'contracted' AND NEW.is_above_threshold) "
        "AND NEW.award_published_at IS NULL",
        "the award notice comes before the standstill and the contract (s.50)",
    ),
    (
        "guard_threshold_kept",
        "UPDATE",
        "procurement",
        "OLD.advertised_at IS NOT NULL AND OLD.is_above_threshold AND NOT NEW.is_above_threshold",
        "what was advertised above the threshold stays above it",
    ),
    (
        "guard_contract_published",
        "INSERT",
        "contract",
        _UNPUBLISHED,
        "the award notice comes before the contract (s.50)",
    ),
)


_DECIDED = ("id", "procurement_id", "number", "method", "reason", "optimum", "waiting", "unsuccessful", "inputs_hash")


def _guard_decided(*columns: str) -> None:
    said = "what was decided stays as decided"
    changed = differ((*_DECIDED, *columns, "decided_by", "decided_at"))
    create_guard("guard_decision_made", "UPDATE", "award_decision", changed, said)


def upgrade() -> None:
    """Apply this step; awards that were public already count as published when their summaries were sent."""
    op.add_column("procurement", sa.Column("award_published_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE procurement SET award_published_at = summaries_sent_at "
        "WHERE state IN ('standstill', 'suspended', 'contracted')"
    )
    moved = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    op.add_column("award_decision", sa.Column("moved", moved, nullable=False, server_default="[]"))
    drop_guard("guard_decision_made", "award_decision")
    _guard_decided("moved")
    for guard in _GUARDS:
        create_guard(*guard)


def downgrade() -> None:
    """Undo this step."""
    for name, _, table, _, _ in reversed(_GUARDS):
        drop_guard(name, table)
    drop_guard("guard_decision_made", "award_decision")
    _guard_decided()
    op.drop_column("award_decision", "moved")
    op.drop_column("procurement", "award_published_at")
