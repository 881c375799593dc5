"""Shortlists, what is on them, and the guards that keep both as they were.

Revision: 20261125_1950
Follows: 20261122_1920
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from becta.migrations.guards import create_guard, differ, drop_guard

revision = "20261125_1950"
down_revision = "20261122_1920"
branch_labels = None
depends_on = None

_MOVES = "('open','closed'), ('open','archived')"
_MADE = ("id", "organisation_id", "created_by", "created_at")
_ADDED = (
    "id",
    "shortlist_id",
    "product_id",
    "note",
    "added_by",
    "added_at",
    "title_then",
    "supplier_then",
    "price_pence_then",
    "badges_then",
)


def _guards() -> list[tuple[str, str, str, str, str]]:
    """(name, event, table, when, message) of every guard."""
    ended = "(SELECT state FROM shortlist WHERE id = NEW.shortlist_id) <> 'open'"
    not_on_it = (
        "NEW.chosen_product_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM shortlist_entry"
        " WHERE shortlist_id = NEW.id AND product_id = NEW.chosen_product_id AND removed_at IS NULL)"
    )
    return [
        (
            "guard_shortlist_state",
            "UPDATE",
            "shortlist",
            f"OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (VALUES {_MOVES})",
            "a shortlist cannot make this move",
        ),
        ("guard_shortlist_ended", "UPDATE", "shortlist", "OLD.state <> 'open'", "a shortlist that has ended is kept"),
        ("guard_shortlist_made", "UPDATE", "shortlist", differ(_MADE), "whose a shortlist is never changes"),
        ("guard_shortlist_chosen", "UPDATE", "shortlist", not_on_it, "what is chosen is on the shortlist"),
        ("guard_shortlist_kept", "DELETE", "shortlist", "1 = 1", "a shortlist is kept"),
        ("guard_entry_open", "INSERT", "shortlist_entry", ended, "a shortlist that has ended takes nothing more"),
        ("guard_entry_frozen", "UPDATE", "shortlist_entry", ended, "what is on an ended shortlist is kept"),
        (
            "guard_entry_unchanged",
            "UPDATE",
            "shortlist_entry",
            f"OLD.removed_at IS NOT NULL OR {differ(_ADDED)}",
            "an entry is removed once and stays as it was",
        ),
        ("guard_entry_kept", "DELETE", "shortlist_entry", "1 = 1", "an entry is kept"),
    ]


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "shortlist",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("need", sa.Text(), nullable=False),
        sa.Column("badges", _json(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("chosen_product_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("as_ended", _json(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("revision > 0", name=op.f("ck_shortlist_revision")),
        sa.CheckConstraint(
            "(state = 'open') = (ended_at IS NULL) AND (ended_at IS NULL) = (ended_by IS NULL)"
            " AND (ended_at IS NULL) = (reason IS NULL) AND (ended_at IS NULL) = (as_ended IS NULL)",
            name=op.f("ck_shortlist_ended_with_reason"),
        ),
        sa.CheckConstraint(
            "(state = 'closed') = (chosen_product_id IS NOT NULL)", name=op.f("ck_shortlist_closed_with_choice")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_shortlist_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_shortlist_created_by_person")),
        sa.ForeignKeyConstraint(["ended_by"], ["person.id"], name=op.f("fk_shortlist_ended_by_person")),
        sa.ForeignKeyConstraint(
            ["chosen_product_id"], ["product.id"], name=op.f("fk_shortlist_chosen_product_id_product")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shortlist")),
    )
    op.create_index(op.f("ix_shortlist_created_by"), "shortlist", ["created_by"])
    op.create_index(op.f("ix_shortlist_organisation_id_id"), "shortlist", ["organisation_id", "id"])
    _create_entries()
    for guard in _guards():
        create_guard(*guard)


def downgrade() -> None:
    """Undo this step."""
    for name, _, table, _, _ in reversed(_guards()):
        drop_guard(name, table)
    op.drop_table("shortlist_entry")
    op.drop_table("shortlist")


def _json() -> sa.JSON:
    return sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def _create_entries() -> None:
    op.create_table(
        "shortlist_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shortlist_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("title_then", sa.String(300), nullable=False),
        sa.Column("supplier_then", sa.String(160), nullable=False),
        sa.Column("price_pence_then", sa.BigInteger(), nullable=True),
        sa.Column("badges_then", _json(), nullable=False),
        sa.Column("removed_by", sa.Uuid(), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(removed_at IS NULL) = (removed_by IS NULL) AND (removed_at IS NULL) = (removed_reason IS NULL)",
            name=op.f("ck_shortlist_entry_removed_with_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["shortlist_id"], ["shortlist.id"], name=op.f("fk_shortlist_entry_shortlist_id_shortlist")
        ),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_shortlist_entry_product_id_product")),
        sa.ForeignKeyConstraint(["added_by"], ["person.id"], name=op.f("fk_shortlist_entry_added_by_person")),
        sa.ForeignKeyConstraint(["removed_by"], ["person.id"], name=op.f("fk_shortlist_entry_removed_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shortlist_entry")),
    )
    op.create_index(op.f("ix_shortlist_entry_shortlist_id"), "shortlist_entry", ["shortlist_id"])
    op.create_index(op.f("ix_shortlist_entry_product_id"), "shortlist_entry", ["product_id"])
    op.create_index(op.f("ix_shortlist_entry_added_by"), "shortlist_entry", ["added_by"])
    on_it = sa.text("removed_at IS NULL")
    op.create_index(
        "uq_shortlist_entry_on_it",
        "shortlist_entry",
        ["shortlist_id", "product_id"],
        unique=True,
        sqlite_where=on_it,
        postgresql_where=on_it,
    )
