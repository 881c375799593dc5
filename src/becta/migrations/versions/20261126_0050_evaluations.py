"""Evaluators, their scores, consensus and exclusions, and the guards that keep them as they were.

Revision: 20261126_0050
Follows: 20261126_0040
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from becta.migrations.guards import create_guard, differ, drop_guard

revision = "20261126_0050"
down_revision = "20261126_0040"
branch_labels = None
depends_on = None

_TABLES = ("evaluator", "evaluation_score", "moderation", "consensus", "bid_exclusion")
_MOVES = "('asked','excluded'), ('asked','dropped'), ('excluded','dropped')"


def _guards() -> list[tuple[str, str, str, str, str]]:
    """(name, event, table, when, message) of every guard."""
    not_open = "(SELECT state FROM procurement WHERE id = NEW.procurement_id) <> 'opened'"
    moderated = "EXISTS (SELECT 1 FROM moderation WHERE lot_id = NEW.lot_id)"
    declared = (
        "EXISTS (SELECT 1 FROM evaluator WHERE procurement_id = NEW.procurement_id AND person_id = NEW.person_id"
        " AND declared_at IS NOT NULL AND stood_down_at IS NULL)"
    )
    kept = [(f"guard_{table}_kept", "DELETE", table, "1 = 1", "what was evaluated is kept") for table in _TABLES]
    unchanged = [
        (f"guard_{table}_unchanged", "UPDATE", table, "1 = 1", "what was scored alone stays as it was")
        for table in ("evaluation_score", "moderation")
    ]
    opened = [
        (f"guard_{table}_{event.lower()}_open", event, table, not_open, "bids are evaluated while they are open")
        for table, events in {
            "evaluation_score": ("INSERT",),
            "moderation": ("INSERT",),
            "consensus": ("INSERT", "UPDATE"),
            "bid_exclusion": ("INSERT", "UPDATE"),
        }.items()
        for event in events
    ]
    return [
        (
            "guard_evaluator_appointed",
            "UPDATE",
            "evaluator",
            f"{differ(('procurement_id', 'person_id', 'appointed_by', 'appointed_at'))} OR OLD.stood_down_at IS NOT NULL",
            "who was appointed stays so until stood down, and then for good",
        ),
        (
            "guard_score_declared",
            "INSERT",
            "evaluation_score",
            f"NOT {declared}",
            "nobody scores before declaring their conflicts of interest",
        ),
        ("guard_score_alone", "INSERT", "evaluation_score", moderated, "scores end when moderation begins"),
        ("guard_consensus_moderated", "INSERT", "consensus", f"NOT {moderated}", "consensus needs moderation"),
        (
            "guard_consensus_made",
            "UPDATE",
            "consensus",
            differ(("lot_id", "bid_id", "criterion", "procurement_id")),
            "what is agreed on stays the same",
        ),
        (
            "guard_exclusion_state",
            "UPDATE",
            "bid_exclusion",
            f"OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (VALUES {_MOVES})",
            "an exclusion cannot make this move",
        ),
        (
            "guard_exclusion_made",
            "UPDATE",
            "bid_exclusion",
            f"{differ(('id', 'procurement_id', 'bid_id', 'lot_id', 'ground', 'question', 'asked_at'))}"
            f" OR (OLD.explained_at IS NOT NULL AND {differ(('explanation', 'explained_at'))})",
            "which bid it is about and what was asked and said stays",
        ),
        *opened,
        *unchanged,
        *kept,
    ]


def upgrade() -> None:
    """Apply this step."""
    _create_evaluators()
    _create_scores()
    _create_consensus()
    _create_exclusions()
    for guard in _guards():
        create_guard(*guard)


def downgrade() -> None:
    """Undo this step."""
    for name, _, table, _, _ in reversed(_guards()):
        drop_guard(name, table)
    for table in reversed(_TABLES):
        op.drop_table(table)


def _json() -> sa.JSON:
    return sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    whole, _, _ = target.partition(".")
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}_{whole}"))


def _create_evaluators() -> None:
    op.create_table(
        "evaluator",
        sa.Column("procurement_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("appointed_by", sa.Uuid(), nullable=False),
        sa.Column("appointed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("conflict", sa.Text(), nullable=True),
        sa.Column("recused_from", _json(), nullable=False),
        sa.Column("is_recused", sa.Boolean(), nullable=False),
        sa.Column("stood_down_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stood_down_reason", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("revision > 0", name=op.f("ck_evaluator_revision")),
        sa.CheckConstraint("declared_at IS NOT NULL OR conflict IS NULL", name=op.f("ck_evaluator_declared_at")),
        sa.CheckConstraint(
            "(stood_down_at IS NULL) = (stood_down_reason IS NULL)", name=op.f("ck_evaluator_stood_down_with_reason")
        ),
        _to("evaluator", "procurement_id", "procurement.id"),
        _to("evaluator", "person_id", "person.id"),
        _to("evaluator", "appointed_by", "person.id"),
        sa.PrimaryKeyConstraint("procurement_id", "person_id", name=op.f("pk_evaluator")),
    )
    op.create_index(op.f("ix_evaluator_person_id"), "evaluator", ["person_id"])


def _create_scores() -> None:
    op.create_table(
        "evaluation_score",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("procurement_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("bid_id", sa.Uuid(), nullable=False),
        sa.Column("criterion", sa.String(64), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("mark", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("scored_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("revision > 0 AND mark >= 0 AND mark <= 5", name=op.f("ck_evaluation_score_counted")),
        _to("evaluation_score", "procurement_id", "procurement.id"),
        _to("evaluation_score", "lot_id", "procurement_lot.id"),
        _to("evaluation_score", "bid_id", "opened_bid.bid_id"),
        _to("evaluation_score", "person_id", "person.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_score")),
    )
    op.create_index(op.f("ix_evaluation_score_person_id"), "evaluation_score", ["person_id"])
    op.create_index(
        "uq_evaluation_score_revision",
        "evaluation_score",
        ["lot_id", "bid_id", "criterion", "person_id", "revision"],
        unique=True,
    )


def _create_consensus() -> None:
    op.create_table(
        "moderation",
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("procurement_id", sa.Uuid(), nullable=False),
        sa.Column("began_by", sa.Uuid(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("missing = 0 OR reason IS NOT NULL", name=op.f("ck_moderation_missing_with_reason")),
        _to("moderation", "lot_id", "procurement_lot.id"),
        _to("moderation", "procurement_id", "procurement.id"),
        _to("moderation", "began_by", "person.id"),
        sa.PrimaryKeyConstraint("lot_id", name=op.f("pk_moderation")),
    )
    op.create_table(
        "consensus",
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("bid_id", sa.Uuid(), nullable=False),
        sa.Column("criterion", sa.String(64), nullable=False),
        sa.Column("procurement_id", sa.Uuid(), nullable=False),
        sa.Column("mark", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("agreed_by", sa.Uuid(), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("revision > 0 AND mark >= 0 AND mark <= 5", name=op.f("ck_consensus_counted")),
        _to("consensus", "lot_id", "procurement_lot.id"),
        _to("consensus", "bid_id", "opened_bid.bid_id"),
        _to("consensus", "procurement_id", "procurement.id"),
        _to("consensus", "agreed_by", "person.id"),
        sa.PrimaryKeyConstraint("lot_id", "bid_id", "criterion", name=op.f("pk_consensus")),
    )
    op.create_index(op.f("ix_consensus_procurement_id"), "consensus", ["procurement_id"])
    op.create_index(op.f("ix_consensus_agreed_by"), "consensus", ["agreed_by"])


def _create_exclusions() -> None:
    op.create_table(
        "bid_exclusion",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("procurement_id", sa.Uuid(), nullable=False),
        sa.Column("bid_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=True),
        sa.Column("ground", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("question", sa.Text(), nullable=True),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("explanation", sa.Text(), nullable=True),
        sa.Column("explained_by", sa.Uuid(), nullable=True),
        sa.Column("explained_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("revision > 0", name=op.f("ck_bid_exclusion_revision")),
        sa.CheckConstraint(
            "(state = 'asked') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL)"
            " AND (decided_at IS NULL) = (reason IS NULL)",
            name=op.f("ck_bid_exclusion_decided_with_reason"),
        ),
        sa.CheckConstraint(
            "(asked_at IS NULL) = (question IS NULL) AND (asked_at IS NULL) = (asked_by IS NULL)"
            " AND (asked_at IS NULL) = (answer_by IS NULL) AND (state <> 'asked' OR asked_at IS NOT NULL)",
            name=op.f("ck_bid_exclusion_asked"),
        ),
        sa.CheckConstraint(
            "(explained_at IS NULL) = (explanation IS NULL) AND (explained_at IS NULL OR asked_at IS NOT NULL)",
            name=op.f("ck_bid_exclusion_explained"),
        ),
        sa.CheckConstraint(
            "ground <> 'abnormally_low' OR asked_at IS NOT NULL", name=op.f("ck_bid_exclusion_low_is_asked_first")
        ),
        _to("bid_exclusion", "procurement_id", "procurement.id"),
        _to("bid_exclusion", "bid_id", "opened_bid.bid_id"),
        _to("bid_exclusion", "lot_id", "procurement_lot.id"),
        _to("bid_exclusion", "asked_by", "person.id"),
        _to("bid_exclusion", "explained_by", "person.id"),
        _to("bid_exclusion", "decided_by", "person.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bid_exclusion")),
    )
    op.create_index(op.f("ix_bid_exclusion_procurement_id"), "bid_exclusion", ["procurement_id"])
