"""What schools pledge to a procurement, and the caps that hold it.

Revision: 20261126_0030
Follows: 20261126_0025
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from becta.migrations.guards import create_guard, differ, drop_guard

revision = "20261126_0030"
down_revision = "20261126_0025"
branch_labels = None
depends_on = None

_MOVES = "('standing','withdrawn'), ('standing','lapsed')"


def _guards() -> list[tuple[str, str, str, str, str]]:
    """(name, event, table, when, message) of every guard."""
    whose = ("id", "procurement_id", "lot_id", "organisation_id", "made_by", "made_at")
    cap = ("procurement_id", "level", "organisation_id")
    gathering = "(SELECT state FROM procurement WHERE id = NEW.procurement_id) <> 'gathering'"
    return [
        (
            "guard_pledge_state",
            "UPDATE",
            "pledge",
            f"OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (VALUES {_MOVES})",
            "a pledge cannot make this move",
        ),
        ("guard_pledge_ended", "UPDATE", "pledge", "OLD.state <> 'standing'", "a pledge that has ended is kept"),
        ("guard_pledge_made", "UPDATE", "pledge", differ(whose), "whose a pledge is never changes"),
        ("guard_pledge_gathering", "INSERT", "pledge", gathering, "pledges are made while a need gathers them"),
        ("guard_pledge_kept", "DELETE", "pledge", "1 = 1", "a pledge is kept"),
        ("guard_cap_whose", "UPDATE", "pledge_cap", differ(cap), "whose a cap is never changes"),
        ("guard_cap_kept", "DELETE", "pledge_cap", "1 = 1", "what is committed under a cap is kept"),
    ]


def upgrade() -> None:
    """Apply this step."""
    _create_pledge()
    op.create_table(
        "pledge_cap",
        sa.Column("procurement_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.String(32), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("committed_pence", sa.BigInteger(), nullable=False),
        sa.Column("cap_pence", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("committed_pence >= 0", name=op.f("ck_pledge_cap_committed")),
        sa.CheckConstraint("cap_pence IS NULL OR committed_pence <= cap_pence", name=op.f("ck_pledge_cap_held")),
        *_of("pledge_cap", ("procurement_id", "procurement"), ("organisation_id", "organisation")),
        sa.PrimaryKeyConstraint("procurement_id", "level", "organisation_id", name=op.f("pk_pledge_cap")),
    )
    for guard in _guards():
        create_guard(*guard)


def downgrade() -> None:
    """Undo this step."""
    for name, _, table, _, _ in reversed(_guards()):
        drop_guard(name, table)
    op.drop_table("pledge_cap")
    op.drop_table("pledge")


def _of(table: str, *references: tuple[str, str]) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))
        for column, other in references
    ]


def _create_pledge() -> None:
    op.create_table(
        "pledge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("procurement_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("ceiling_price_pence", sa.BigInteger(), nullable=False),
        sa.Column("alone_price_pence", sa.BigInteger(), nullable=True),
        sa.Column("acceptable_lots", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("alternatives", sa.Text(), nullable=False),
        sa.Column("budget_code", sa.String(40), nullable=False),
        sa.Column("commitment_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity > 0 AND ceiling_price_pence > 0", name=op.f("ck_pledge_amount")),
        sa.CheckConstraint("alone_price_pence IS NULL OR alone_price_pence >= 0", name=op.f("ck_pledge_alone")),
        sa.CheckConstraint("revision > 0", name=op.f("ck_pledge_revision")),
        sa.CheckConstraint(
            "(state = 'standing') = (ended_at IS NULL) AND (ended_at IS NULL) = (reason IS NULL)",
            name=op.f("ck_pledge_ended_with_reason"),
        ),
        *_of(
            "pledge",
            ("procurement_id", "procurement"),
            ("lot_id", "procurement_lot"),
            ("organisation_id", "organisation"),
            ("commitment_id", "commitment"),
            ("made_by", "person"),
            ("ended_by", "person"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pledge")),
        sa.UniqueConstraint("commitment_id", name=op.f("uq_pledge_commitment_id")),
    )
    op.create_index(op.f("ix_pledge_made_by"), "pledge", ["made_by"])
    op.create_index(op.f("ix_pledge_organisation_id"), "pledge", ["organisation_id"])
    op.create_index(op.f("ix_pledge_procurement_id_id"), "pledge", ["procurement_id", "id"])
    standing = sa.text("state = 'standing'")
    op.create_index(
        "uq_pledge_standing",
        "pledge",
        ["lot_id", "organisation_id"],
        unique=True,
        sqlite_where=standing,
        postgresql_where=standing,
    )
