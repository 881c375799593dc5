"""The need, its lots and members, its clarifications and amendments.

Revision: 20261126_0025
Follows: 20261126_0020
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from becta.migrations.guards import create_guard, differ, drop_guard

revision = "20261126_0025"
down_revision = "20261126_0020"
branch_labels = None
depends_on = None

_MOVES = (
    "('draft','gathering'), ('draft','tendering'), ('draft','terminated'), ('gathering','tendering'), "
    "('gathering','terminated'), ('tendering','opened'), ('tendering','terminated'), ('opened','decided'), "
    "('opened','terminated'), ('decided','opened'), ('decided','standstill'), ('decided','contracted'), "
    "('decided','terminated'), ('standstill','opened'), ('standstill','suspended'), ('standstill','contracted'), "
    "('standstill','terminated'), ('suspended','opened'), ('suspended','standstill'), ('suspended','terminated')"
)
_TABLES = (
    "procurement",
    "procurement_lot",
    "procurement_trust",
    "procurement_member",
    "procurement_invitation",
    "clarification",
    "amendment",
)


def _guards() -> list[tuple[str, str, str, str, str]]:
    """(name, event, table, when, message) of every guard."""
    advertised = "(SELECT state FROM procurement WHERE id = {0}.procurement_id) NOT IN ('draft', 'gathering')"
    kept = [
        (f"guard_{table}_kept", "DELETE", table, "1 = 1", "what belongs to a procurement is kept")
        for table in _TABLES
        if table != "procurement_lot"
    ]
    return [
        (
            "guard_procurement_state",
            "UPDATE",
            "procurement",
            f"OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (VALUES {_MOVES})",
            "a procurement cannot make this move",
        ),
        (
            "guard_procurement_made",
            "UPDATE",
            "procurement",
            differ(("id", "ocid", "organisation_id", "tie_seed", "created_by", "created_at")),
            "whose a procurement is never changes",
        ),
        (
            "guard_procurement_opened",
            "UPDATE",
            "procurement",
            f"OLD.opened_at IS NOT NULL AND {differ(('tender_deadline', 'opened_at', 'award_method', 'route'))}",
            "once bids are open nothing changes how they were asked for",
        ),
        ("guard_lot_frozen", "UPDATE", "procurement_lot", advertised.format("OLD"), "an advertised lot is kept"),
        ("guard_lot_added", "INSERT", "procurement_lot", advertised.format("NEW"), "an advertised tender gets no lot"),
        ("guard_lot_kept", "DELETE", "procurement_lot", advertised.format("OLD"), "an advertised lot is kept"),
        (
            "guard_clarification_asked",
            "UPDATE",
            "clarification",
            f"OLD.answer IS NOT NULL OR {differ(('procurement_id', 'number', 'asked_by', 'question', 'asked_at'))}",
            "a question stays as asked, and is answered once",
        ),
        ("guard_amendment_made", "UPDATE", "amendment", "1 = 1", "an amendment stays as made"),
        *kept,
    ]


def upgrade() -> None:
    """Apply this step."""
    _create_procurement()
    _create_parts()
    _create_told()
    for guard in _guards():
        create_guard(*guard)


def downgrade() -> None:
    """Undo this step."""
    for name, _, table, _, _ in reversed(_guards()):
        drop_guard(name, table)
    for table in reversed(_TABLES):
        op.drop_table(table)


def _json(*, may_be_null: bool = False) -> sa.JSON:
    return sa.JSON(none_as_null=may_be_null).with_variant(postgresql.JSONB(none_as_null=may_be_null), "postgresql")


def _instant(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _of(table: str, *references: tuple[str, str]) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))
        for column, other in references
    ]


def _create_procurement() -> None:
    op.create_table(
        "procurement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ocid", sa.String(64), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("route", sa.String(32), nullable=False),
        sa.Column("framework_lot_id", sa.Uuid(), nullable=True),
        sa.Column("award_method", sa.String(32), nullable=False),
        sa.Column("savings_policy", sa.String(32), nullable=False),
        sa.Column("tie_seed", sa.String(64), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("estimated_value_pence", sa.BigInteger(), nullable=True),
        sa.Column("is_above_threshold", sa.Boolean(), nullable=False),
        sa.Column("cap_pence", sa.BigInteger(), nullable=True),
        _instant("pledge_deadline"),
        _instant("withdrawal_deadline"),
        _instant("clarification_deadline"),
        _instant("tender_deadline"),
        _instant("conflicts_assessed_at"),
        _instant("advertised_at"),
        _instant("opened_at"),
        _instant("decided_at"),
        _instant("summaries_sent_at"),
        sa.Column("standstill_starts", sa.Date(), nullable=True),
        sa.Column("standstill_ends", sa.Date(), nullable=True),
        _instant("may_contract_from"),
        _instant("contracted_at"),
        _instant("ended_at"),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        _instant("created_at", nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("revision > 0", name=op.f("ck_procurement_revision")),
        sa.CheckConstraint("cap_pence IS NULL OR cap_pence >= 0", name=op.f("ck_procurement_cap")),
        sa.CheckConstraint(
            "estimated_value_pence IS NULL OR estimated_value_pence >= 0", name=op.f("ck_procurement_estimate")
        ),
        sa.CheckConstraint(
            "state NOT IN ('opened', 'decided', 'standstill', 'suspended', 'contracted') OR opened_at IS NOT NULL",
            name=op.f("ck_procurement_opened_first"),
        ),
        sa.CheckConstraint(
            "state <> 'standstill' OR may_contract_from IS NOT NULL", name=op.f("ck_procurement_standstill_ends")
        ),
        *_of(
            "procurement",
            ("organisation_id", "organisation"),
            ("framework_lot_id", "framework_lot"),
            ("created_by", "person"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_procurement")),
        sa.UniqueConstraint("ocid", name=op.f("uq_procurement_ocid")),
    )
    op.create_index(op.f("ix_procurement_created_by"), "procurement", ["created_by"])
    op.create_index(op.f("ix_procurement_organisation_id_id"), "procurement", ["organisation_id", "id"])


def _create_parts() -> None:
    op.create_table(
        "procurement_lot",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("procurement_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("terms", _json(), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_procurement_lot_counted")),
        *_of("procurement_lot", ("procurement_id", "procurement")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_procurement_lot")),
    )
    op.create_index(
        "uq_procurement_lot_procurement_number", "procurement_lot", ["procurement_id", "number"], unique=True
    )
    op.create_table(
        "procurement_trust",
        sa.Column("procurement_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("cap_pence", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("cap_pence IS NULL OR cap_pence >= 0", name=op.f("ck_procurement_trust_cap")),
        *_of("procurement_trust", ("procurement_id", "procurement"), ("organisation_id", "organisation")),
        sa.PrimaryKeyConstraint("procurement_id", "organisation_id", name=op.f("pk_procurement_trust")),
    )
    op.create_table(
        "procurement_member",
        sa.Column("procurement_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("trust_id", sa.Uuid(), nullable=True),
        sa.Column("cap_pence", sa.BigInteger(), nullable=True),
        _instant("invited_at", nullable=False),
        sa.CheckConstraint("cap_pence IS NULL OR cap_pence >= 0", name=op.f("ck_procurement_member_cap")),
        *_of(
            "procurement_member",
            ("procurement_id", "procurement"),
            ("organisation_id", "organisation"),
            ("trust_id", "organisation"),
        ),
        sa.PrimaryKeyConstraint("procurement_id", "organisation_id", name=op.f("pk_procurement_member")),
    )
    op.create_index(op.f("ix_procurement_member_organisation_id"), "procurement_member", ["organisation_id"])
    op.create_table(
        "procurement_invitation",
        sa.Column("procurement_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        _instant("invited_at", nullable=False),
        *_of("procurement_invitation", ("procurement_id", "procurement"), ("organisation_id", "organisation")),
        sa.PrimaryKeyConstraint("procurement_id", "organisation_id", name=op.f("pk_procurement_invitation")),
    )
    op.create_index(op.f("ix_procurement_invitation_organisation_id"), "procurement_invitation", ["organisation_id"])


def _create_told() -> None:
    op.create_table(
        "clarification",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("procurement_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        _instant("asked_at", nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        _instant("answered_at"),
        sa.CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name=op.f("ck_clarification_answered_at")),
        *_of(
            "clarification", ("procurement_id", "procurement"), ("asked_by", "organisation"), ("answered_by", "person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clarification")),
    )
    op.create_index("uq_clarification_procurement_number", "clarification", ["procurement_id", "number"], unique=True)
    op.create_table(
        "amendment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("procurement_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rationale", sa.Text(), nullable=False),
        sa.Column("is_substantial", sa.Boolean(), nullable=False),
        sa.Column("before", _json(may_be_null=True), nullable=True),
        sa.Column("after", _json(may_be_null=True), nullable=True),
        _instant("deadline_before", nullable=False),
        _instant("deadline_after", nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        _instant("made_at", nullable=False),
        *_of("amendment", ("procurement_id", "procurement"), ("made_by", "person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_amendment")),
    )
    op.create_index("uq_amendment_procurement_number", "amendment", ["procurement_id", "number"], unique=True)
