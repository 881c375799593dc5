"""Market engagement before a tender, whom a later call asked in, and which schools were asked about which price.

Revision: 20261126_0130
Follows: 20261126_0120
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from becta.migrations.guards import create_guard, drop_guard

revision = "20261126_0130"
down_revision = "20261126_0120"
branch_labels = None
depends_on = None

_ASKED = ("procurement_member", "procurement_invitation")
_QUESTION = "pledge_question"


def _guards() -> list[tuple[str, str, str, str, str]]:
    """(name, event, table, when, message) of every guard."""
    return [
        ("guard_pledge_question_unchanged", "UPDATE", _QUESTION, "1 = 1", "what a school was asked stays as it was"),
        ("guard_pledge_question_kept", "DELETE", _QUESTION, "1 = 1", "what a school was asked is kept"),
    ]


def upgrade() -> None:
    """Apply this step."""
    engagement = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    op.add_column("procurement", sa.Column("engagement", engagement, nullable=True))
    for table in _ASKED:
        op.add_column(table, sa.Column("asked_in", sa.Uuid(), nullable=True))
        op.create_index(op.f(f"ix_{table}_asked_in"), table, ["asked_in"])
    op.create_table(
        _QUESTION,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pledge_id", sa.Uuid(), nullable=False),
        sa.Column("unit_price_pence", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["pledge_id"], ["pledge.id"], name=op.f("fk_pledge_question_pledge_id_pledge")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pledge_question")),
    )
    op.create_index("uq_pledge_question_pledge_price", _QUESTION, ["pledge_id", "unit_price_pence"], unique=True)
    for guard in _guards():
        create_guard(*guard)


def downgrade() -> None:
    """Undo this step."""
    for name, _, table, _, _ in reversed(_guards()):
        drop_guard(name, table)
    op.drop_table(_QUESTION)
    for table in reversed(_ASKED):
        op.drop_index(op.f(f"ix_{table}_asked_in"), table)
        op.drop_column(table, "asked_in")
    op.drop_column("procurement", "engagement")
