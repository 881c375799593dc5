"""Schemes of delegation, commitments with what holds them, and answers kept under idempotency keys.

Revision: 20261122_1920
Follows: 20261122_1910
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from becta.migrations.guards import create_guard, differ, drop_guard

revision = "20261122_1920"
down_revision = "20261122_1910"
branch_labels = None
depends_on = None

_MOVES = "('held','approved'), ('held','declined'), ('held','withdrawn'), ('approved','withdrawn')"
_ASKED = (
    "id",
    "organisation_id",
    "acting_for",
    "purpose",
    "amount_pence",
    "category",
    "budget_code",
    "made_by",
    "decisions",
    "created_at",
)
_HELD = ("commitment_id", "organisation_id", "scheme_id", "role")


def _guards() -> list[tuple[str, str, str, str, str]]:
    """(name, event, table, when, message) of every guard."""
    still_held = "EXISTS (SELECT 1 FROM commitment_hold WHERE commitment_id = OLD.id AND released_at IS NULL)"
    maker = "(SELECT made_by FROM commitment WHERE id = OLD.commitment_id)"
    return [
        ("guard_scheme_unchanged", "UPDATE", "scheme", "1 = 1", "a scheme of delegation changes by a new version"),
        ("guard_scheme_kept", "DELETE", "scheme", "1 = 1", "a scheme of delegation is kept"),
        (
            "guard_commitment_state",
            "UPDATE",
            "commitment",
            f"OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (VALUES {_MOVES})",
            "a commitment cannot make this move",
        ),
        (
            "guard_commitment_released",
            "UPDATE",
            "commitment",
            f"OLD.state <> 'approved' AND NEW.state = 'approved' AND {still_held}",
            "a commitment that is still held is not approved",
        ),
        ("guard_commitment_asked", "UPDATE", "commitment", differ(_ASKED), "what a commitment asks for never changes"),
        (
            "guard_commitment_decided",
            "UPDATE",
            "commitment",
            f"OLD.state = NEW.state AND {differ(('decided_at', 'decided_by', 'reason'))}",
            "a decision on a commitment is kept",
        ),
        ("guard_commitment_kept", "DELETE", "commitment", "1 = 1", "a commitment is kept"),
        (
            "guard_hold_unchanged",
            "UPDATE",
            "commitment_hold",
            f"OLD.released_at IS NOT NULL OR {differ(_HELD)}",
            "a hold is released once and stays as it was",
        ),
        (
            "guard_hold_two_people",
            "UPDATE",
            "commitment_hold",
            f"NEW.released_by = {maker}",
            "whoever made a commitment does not release it",
        ),
        ("guard_hold_kept", "DELETE", "commitment_hold", "1 = 1", "a hold is kept"),
    ]


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "idempotency_key",
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("request_hash", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_idempotency_key_person_id_person")),
        sa.PrimaryKeyConstraint("actor", "key", name=op.f("pk_idempotency_key")),
    )
    with op.batch_alter_table("idempotency_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idempotency_key_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_idempotency_key_person_id"), ["person_id"], unique=False)

    op.create_table(
        "commitment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("acting_for", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(200), nullable=False),
        sa.Column("amount_pence", sa.BigInteger(), nullable=False),
        sa.Column("category", sa.String(64), nullable=False),
        sa.Column("budget_code", sa.String(40), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("decisions", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount_pence > 0 AND amount_pence <= 1000000000000", name=op.f("ck_commitment_amount")),
        sa.CheckConstraint("revision > 0", name=op.f("ck_commitment_revision")),
        sa.ForeignKeyConstraint(
            ["acting_for"], ["organisation.id"], name=op.f("fk_commitment_acting_for_organisation")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_commitment_decided_by_person")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_commitment_made_by_person")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_commitment_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment")),
    )
    with op.batch_alter_table("commitment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_commitment_made_by"), ["made_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_commitment_organisation_id_id"), ["organisation_id", "id"], unique=False)

    op.create_table(
        "scheme",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rules", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("in_force_from", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_scheme_counted")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_scheme_made_by_person")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_scheme_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheme")),
    )
    with op.batch_alter_table("scheme", schema=None) as batch_op:
        batch_op.create_index("uq_scheme_organisation_number", ["organisation_id", "number"], unique=True)

    op.create_table(
        "commitment_hold",
        sa.Column("commitment_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("scheme_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("released_by", sa.Uuid(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_under", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(released_by IS NULL) = (released_at IS NULL)", name=op.f("ck_commitment_hold_released_by_somebody")
        ),
        sa.ForeignKeyConstraint(
            ["commitment_id"], ["commitment.id"], name=op.f("fk_commitment_hold_commitment_id_commitment")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_commitment_hold_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["released_by"], ["person.id"], name=op.f("fk_commitment_hold_released_by_person")),
        sa.ForeignKeyConstraint(
            ["released_under"], ["scheme.id"], name=op.f("fk_commitment_hold_released_under_scheme")
        ),
        sa.ForeignKeyConstraint(["scheme_id"], ["scheme.id"], name=op.f("fk_commitment_hold_scheme_id_scheme")),
        sa.PrimaryKeyConstraint("commitment_id", "organisation_id", name=op.f("pk_commitment_hold")),
    )
    for guard in _guards():
        create_guard(*guard)


def downgrade() -> None:
    """Undo this step."""
    for name, _, table, _, _ in reversed(_guards()):
        drop_guard(name, table)
    op.drop_table("commitment_hold")
    with op.batch_alter_table("scheme", schema=None) as batch_op:
        batch_op.drop_index("uq_scheme_organisation_number")

    op.drop_table("scheme")
    with op.batch_alter_table("commitment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_commitment_organisation_id_id"))
        batch_op.drop_index(batch_op.f("ix_commitment_made_by"))

    op.drop_table("commitment")
    with op.batch_alter_table("idempotency_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idempotency_key_person_id"))
        batch_op.drop_index(batch_op.f("ix_idempotency_key_created_at"))

    op.drop_table("idempotency_key")
