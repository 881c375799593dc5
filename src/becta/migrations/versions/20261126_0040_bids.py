"""Sealed bids, their officers, receipts and opening.

Revision: 20261126_0040
Follows: 20261126_0030
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from becta.migrations.guards import create_guard, differ, drop_guard

revision = "20261126_0040"
down_revision = "20261126_0030"
branch_labels = None
depends_on = None

_TABLES = ("opening_officer", "bid", "late_bid", "tender_outage", "opened_bid", "bid_file")
_MOVES = "('current','replaced'), ('current','withdrawn'), ('current','opened'), ('current','unreadable')"
_MADE = (
    "id",
    "procurement_id",
    "organisation_id",
    "number",
    "sha256",
    "size",
    "commitment",
    "received_at",
    "made_by",
    "key_id",
    "signature",
)


def _guards() -> list[tuple[str, str, str, str, str]]:
    """(name, event, table, when, message) of every guard."""
    deadline = "(SELECT tender_deadline FROM procurement WHERE id = NEW.procurement_id)"
    state = "(SELECT state FROM procurement WHERE id = NEW.procurement_id)"
    began = (
        "EXISTS (SELECT 1 FROM opening_officer WHERE procurement_id = NEW.procurement_id AND gave_code_at IS NOT NULL)"
    )
    kept = [(f"guard_{table}_kept", "DELETE", table, "1 = 1", "what was bid and opened is kept") for table in _TABLES]
    unchanged = [
        (f"guard_{table}_unchanged", "UPDATE", table, "1 = 1", "what was recorded stays as it was")
        for table in ("late_bid", "tender_outage", "opened_bid", "bid_file")
    ]
    return [
        (
            "guard_bid_state",
            "UPDATE",
            "bid",
            f"OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (VALUES {_MOVES})",
            "a bid cannot make this move",
        ),
        ("guard_bid_made", "UPDATE", "bid", differ(_MADE), "a bid stays as it came"),
        (
            "guard_bid_sealed",
            "UPDATE",
            "bid",
            f"{differ(('sealed',))} AND NOT (NEW.sealed IS NULL AND NEW.state IN ('replaced', 'withdrawn'))",
            "the sealed bytes of a bid never change",
        ),
        (
            "guard_bid_in_time",
            "INSERT",
            "bid",
            f"{state} <> 'tendering' OR {deadline} IS NULL OR NEW.received_at >= {deadline} OR {began}",
            "a bid comes before the deadline",
        ),
        (
            "guard_opened_bid_in_time",
            "INSERT",
            "opened_bid",
            f"{deadline} IS NULL OR NEW.opened_at < {deadline}",
            "no bid is opened before the deadline",
        ),
        (
            "guard_officer_key",
            "UPDATE",
            "opening_officer",
            f"{differ(('id', 'procurement_id', 'person_id', 'named_by', 'named_at'))}"
            f" OR (OLD.public_key IS NOT NULL AND {differ(('public_key', 'key_signature', 'taken_at'))})"
            f" OR (OLD.gave_code_at IS NOT NULL AND {differ(('gave_code_at', 'stood_down_at'))})"
            f" OR (OLD.stood_down_at IS NOT NULL AND {differ(('stood_down_at',))})",
            "an officer and their key stay as they are",
        ),
        (
            "guard_officer_named",
            "INSERT",
            "opening_officer",
            "EXISTS (SELECT 1 FROM bid WHERE procurement_id = NEW.procurement_id)",
            "officers are named before the first bid comes",
        ),
        (
            "guard_deadline_once_opening",
            "UPDATE",
            "procurement",
            f"{differ(('tender_deadline',))} AND {began.replace('NEW.procurement_id', 'NEW.id')}",
            "the deadline stays once an officer has given their code",
        ),
        *unchanged,
        *kept,
    ]


def upgrade() -> None:
    """Apply this step."""
    _create_officers()
    _create_bids()
    _create_records()
    _create_opened()
    for guard in _guards():
        create_guard(*guard)


def downgrade() -> None:
    """Undo this step."""
    for name, _, table, _, _ in reversed(_guards()):
        drop_guard(name, table)
    for table in reversed(_TABLES):
        op.drop_table(table)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _of(table: str, *references: tuple[str, str]) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))
        for column, other in references
    ]


def _create_officers() -> None:
    op.create_table(
        "opening_officer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("procurement_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("named_by", sa.Uuid(), nullable=False),
        _instant("named_at"),
        sa.Column("public_key", sa.String(64), nullable=True),
        sa.Column("key_signature", sa.String(128), nullable=True),
        _instant("taken_at", nullable=True),
        sa.Column(
            "handed_over",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=True,
        ),
        _instant("gave_code_at", nullable=True),
        _instant("stood_down_at", nullable=True),
        sa.CheckConstraint(
            "(public_key IS NULL) = (taken_at IS NULL) AND (public_key IS NULL) = (key_signature IS NULL)",
            name=op.f("ck_opening_officer_taken_with_key"),
        ),
        sa.CheckConstraint(
            "gave_code_at IS NULL OR public_key IS NOT NULL", name=op.f("ck_opening_officer_code_of_key")
        ),
        *_of("opening_officer", ("procurement_id", "procurement"), ("person_id", "person"), ("named_by", "person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening_officer")),
    )
    op.create_index(op.f("ix_opening_officer_person_id"), "opening_officer", ["person_id"])
    on_duty = sa.text("stood_down_at IS NULL")
    op.create_index(
        "uq_opening_officer_on_duty",
        "opening_officer",
        ["procurement_id", "person_id"],
        unique=True,
        sqlite_where=on_duty,
        postgresql_where=on_duty,
    )


def _create_bids() -> None:
    op.create_table(
        "bid",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("procurement_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("commitment", sa.String(64), nullable=False),
        _instant("received_at"),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("key_id", sa.String(8), nullable=False),
        sa.Column("signature", sa.String(128), nullable=False),
        _instant("ended_at", nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("number > 0 AND size > 0", name=op.f("ck_bid_counted")),
        sa.CheckConstraint(
            "(state IN ('replaced', 'withdrawn')) = (sealed IS NULL)", name=op.f("ck_bid_sealed_while_it_stands")
        ),
        sa.CheckConstraint("(state = 'current') = (ended_at IS NULL)", name=op.f("ck_bid_ended_at")),
        sa.CheckConstraint("(state = 'unreadable') = (reason IS NOT NULL)", name=op.f("ck_bid_unreadable_with_reason")),
        *_of("bid", ("procurement_id", "procurement"), ("organisation_id", "organisation"), ("made_by", "person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bid")),
    )
    op.create_index(op.f("ix_bid_organisation_id"), "bid", ["organisation_id"])
    op.create_index(op.f("ix_bid_made_by"), "bid", ["made_by"])
    op.create_index("uq_bid_number", "bid", ["procurement_id", "organisation_id", "number"], unique=True)
    stands = sa.text("state IN ('current', 'opened', 'unreadable')")
    op.create_index(
        "uq_bid_standing",
        "bid",
        ["procurement_id", "organisation_id"],
        unique=True,
        sqlite_where=stands,
        postgresql_where=stands,
    )


def _create_records() -> None:
    op.create_table(
        "late_bid",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("procurement_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        _instant("received_at"),
        _instant("deadline"),
        *_of(
            "late_bid", ("procurement_id", "procurement"), ("organisation_id", "organisation"), ("person_id", "person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_late_bid")),
    )
    op.create_index(op.f("ix_late_bid_procurement_id"), "late_bid", ["procurement_id"])
    op.create_index(op.f("ix_late_bid_person_id"), "late_bid", ["person_id"])
    op.create_table(
        "tender_outage",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("procurement_id", sa.Uuid(), nullable=False),
        _instant("began_at"),
        _instant("ended_at"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        _instant("recorded_at"),
        _instant("deadline_before"),
        _instant("deadline_after"),
        sa.CheckConstraint("began_at < ended_at", name=op.f("ck_tender_outage_lasted")),
        *_of("tender_outage", ("procurement_id", "procurement"), ("recorded_by", "person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tender_outage")),
    )
    op.create_index(op.f("ix_tender_outage_procurement_id"), "tender_outage", ["procurement_id"])


def _create_opened() -> None:
    op.create_table(
        "opened_bid",
        sa.Column("bid_id", sa.Uuid(), nullable=False),
        sa.Column("procurement_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("salt", sa.String(64), nullable=False),
        sa.Column("badges", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        _instant("opened_at"),
        *_of("opened_bid", ("bid_id", "bid"), ("procurement_id", "procurement"), ("organisation_id", "organisation")),
        sa.PrimaryKeyConstraint("bid_id", name=op.f("pk_opened_bid")),
    )
    op.create_index(op.f("ix_opened_bid_procurement_id"), "opened_bid", ["procurement_id"])
    op.create_table(
        "bid_file",
        sa.Column("bid_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_bid_file_counted")),
        sa.ForeignKeyConstraint(["bid_id"], ["opened_bid.bid_id"], name=op.f("fk_bid_file_bid_id_opened_bid")),
        sa.PrimaryKeyConstraint("bid_id", "number", name=op.f("pk_bid_file")),
    )
