"""Awards, standstill, contracts and call-offs.

Revision: 20261126_0060
Follows: 20261126_0050
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from becta.migrations.guards import create_guard, differ, drop_guard

revision = "20261126_0060"
down_revision = "20261126_0050"
branch_labels = None
depends_on = None

_TABLES = ("award_decision", "award", "assessment_summary", "contract", "contract_change", "call_off")
_FROZEN = ("award", "assessment_summary", "contract_change", "call_off")


def _guards() -> list[tuple[str, str, str, str, str]]:
    """(name, event, table, when, message) of every guard."""
    told = ("method", "reason", "optimum", "waiting", "unsuccessful", "inputs_hash")
    decided = ("id", "procurement_id", "number", *told, "decided_by", "decided_at")
    entered = ("id", "procurement_id", "organisation_id", "decision_id", "starts_on", "entered_at", "details_due_on")
    return [
        (
            "guard_decision_state",
            "UPDATE",
            "award_decision",
            "OLD.state <> NEW.state AND OLD.state <> 'standing'",
            "an award decision cannot make this move",
        ),
        ("guard_decision_made", "UPDATE", "award_decision", differ(decided), "what was decided stays as decided"),
        (
            "guard_contract_state",
            "UPDATE",
            "contract",
            "OLD.state <> NEW.state AND OLD.state <> 'active'",
            "a contract cannot make this move",
        ),
        ("guard_contract_entered", "UPDATE", "contract", differ(entered), "what was entered into stays as it was"),
        *((f"guard_{table}_frozen", "UPDATE", table, "1 = 1", "what an award came to is frozen") for table in _FROZEN),
        *((f"guard_{table}_kept", "DELETE", table, "1 = 1", "what an award came to is kept") for table in _TABLES),
    ]


def upgrade() -> None:
    """Apply this step."""
    _create_decisions()
    _create_contracts()
    _create_call_offs()
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


def _id(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _pence(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _of(table: str, *references: tuple[str, str]) -> list[sa.Constraint]:
    keys: list[sa.Constraint] = [
        sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))
        for column, other in references
    ]
    return [*keys, sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}"))]


def _create_decisions() -> None:
    op.create_table(
        "award_decision",
        _id("id"),
        _id("procurement_id"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("optimum", _json(), nullable=False),
        sa.Column("waiting", _json(), nullable=False),
        sa.Column("unsuccessful", _json(), nullable=False),
        sa.Column("inputs_hash", sa.String(64), nullable=False),
        _id("decided_by"),
        _instant("decided_at"),
        _instant("withdrawn_at", nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=True),
        *_of("award_decision", ("procurement_id", "procurement"), ("decided_by", "person")),
    )
    op.create_index("uq_award_decision_procurement_number", "award_decision", ["procurement_id", "number"], unique=True)
    current = sa.text("state <> 'withdrawn'")
    op.create_index(
        "uq_award_decision_current",
        "award_decision",
        ["procurement_id"],
        unique=True,
        sqlite_where=current,
        postgresql_where=current,
    )
    op.create_table(
        "award",
        _id("id"),
        _id("decision_id"),
        _id("procurement_id"),
        _id("lot_id"),
        _id("bid_id"),
        _id("organisation_id"),
        _pence("quantity"),
        _pence("unit_price_pence"),
        _pence("net_pence"),
        sa.Column("vat_basis_points", sa.Integer(), nullable=False),
        _pence("vat_pence"),
        sa.Column("allocations", _json(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_award_quantity")),
        sa.CheckConstraint("net_pence = quantity * unit_price_pence", name=op.f("ck_award_net")),
        sa.CheckConstraint("vat_pence >= 0", name=op.f("ck_award_vat")),
        *_of(
            "award",
            ("decision_id", "award_decision"),
            ("procurement_id", "procurement"),
            ("lot_id", "procurement_lot"),
            ("bid_id", "bid"),
            ("organisation_id", "organisation"),
        ),
    )
    op.create_index("uq_award_decision_lot_bid", "award", ["decision_id", "lot_id", "bid_id"], unique=True)
    op.create_index(op.f("ix_award_procurement_id"), "award", ["procurement_id"])
    op.create_table(
        "assessment_summary",
        _id("id"),
        _id("decision_id"),
        _id("procurement_id"),
        _id("bid_id"),
        _id("organisation_id"),
        sa.Column("body", _json(), nullable=False),
        _instant("sent_at"),
        *_of(
            "assessment_summary",
            ("decision_id", "award_decision"),
            ("procurement_id", "procurement"),
            ("bid_id", "bid"),
            ("organisation_id", "organisation"),
        ),
    )
    op.create_index("uq_assessment_summary_decision_bid", "assessment_summary", ["decision_id", "bid_id"], unique=True)
    op.create_index(op.f("ix_assessment_summary_organisation_id"), "assessment_summary", ["organisation_id"])


def _create_contracts() -> None:
    op.create_table(
        "contract",
        _id("id"),
        _id("procurement_id"),
        _id("organisation_id"),
        _id("decision_id"),
        sa.Column("state", sa.String(32), nullable=False),
        _pence("net_pence"),
        _pence("vat_pence"),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        _instant("entered_at"),
        sa.Column("details_due_on", sa.Date(), nullable=True),
        _instant("ended_at", nullable=True),
        sa.Column("ended_reason", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("revision > 0", name=op.f("ck_contract_revision")),
        sa.CheckConstraint("ends_on > starts_on", name=op.f("ck_contract_term")),
        sa.CheckConstraint("(state = 'active') = (ended_at IS NULL)", name=op.f("ck_contract_ended_at")),
        *_of(
            "contract",
            ("procurement_id", "procurement"),
            ("organisation_id", "organisation"),
            ("decision_id", "award_decision"),
        ),
    )
    op.create_index(
        "uq_contract_procurement_organisation", "contract", ["procurement_id", "organisation_id"], unique=True
    )
    op.create_table(
        "contract_change",
        _id("id"),
        _id("contract_id"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("ground", sa.String(40), nullable=False),
        _pence("net_pence_before"),
        _pence("net_pence_after"),
        sa.Column("ends_on_before", sa.Date(), nullable=False),
        sa.Column("ends_on_after", sa.Date(), nullable=False),
        sa.Column("is_substantial", sa.Boolean(), nullable=False),
        sa.Column("needs_notice", sa.Boolean(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        _id("made_by"),
        _instant("made_at"),
        *_of("contract_change", ("contract_id", "contract"), ("made_by", "person")),
    )
    op.create_index("uq_contract_change_contract_number", "contract_change", ["contract_id", "number"], unique=True)


def _create_call_offs() -> None:
    op.create_table(
        "call_off",
        _id("id"),
        _id("contract_id"),
        _id("procurement_id"),
        _id("lot_id"),
        _id("award_id"),
        _id("organisation_id"),
        _id("pledge_id", nullable=True),
        _pence("quantity"),
        _pence("unit_price_pence"),
        _pence("net_pence"),
        _pence("levy_pence"),
        sa.Column("vat_basis_points", sa.Integer(), nullable=False),
        _pence("vat_pence"),
        _pence("alone_pence"),
        sa.Column("budget_code", sa.String(40), nullable=False),
        _instant("frozen_at"),
        sa.CheckConstraint(
            "quantity > 0 AND net_pence >= 0 AND levy_pence >= 0 AND vat_pence >= 0", name=op.f("ck_call_off_amounts")
        ),
        *_of(
            "call_off",
            ("contract_id", "contract"),
            ("procurement_id", "procurement"),
            ("lot_id", "procurement_lot"),
            ("award_id", "award"),
            ("organisation_id", "organisation"),
            ("pledge_id", "pledge"),
        ),
    )
    op.create_index(
        "uq_call_off_contract_lot_school", "call_off", ["contract_id", "lot_id", "organisation_id"], unique=True
    )
    op.create_index(op.f("ix_call_off_organisation_id_id"), "call_off", ["organisation_id", "id"])
    op.create_index(op.f("ix_call_off_procurement_id"), "call_off", ["procurement_id"])
