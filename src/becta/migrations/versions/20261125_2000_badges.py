"""Badges that rest on evidence: the life of a claim, evidence, conformance runs, and the ledger with its keys.

Revision: 20261125_2000
Follows: 20261125_1950
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from becta.migrations.guards import create_guard, differ, drop_guard

revision = "20261125_2000"
down_revision = "20261125_1950"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_MOVES_BEFORE = "('claimed','accepted'), ('claimed','refused'), ('accepted','revoked')"
_MOVES = (
    "('claimed','checking'), ('claimed','checked'), ('claimed','accepted'), ('claimed','returned'), "
    "('claimed','refused'), ('checking','claimed'), ('checking','checked'), ('checking','accepted'), "
    "('checking','returned'), ('checking','refused'), ('checked','accepted'), ('checked','returned'), "
    "('checked','refused'), ('returned','claimed'), ('accepted','suspended'), ('accepted','revoked'), "
    "('suspended','accepted'), ('suspended','revoked')"
)
_HOLDER = ("supplier_id", "product_id")
_CLAIM = (
    "standard",
    "standard_version",
    "role",
    "level",
    "scope",
    "certificate_reference",
    "evidence_url",
    "evidence_note",
    "issued_on",
    "expires_on",
)
_ISSUED = ("claim_id", "status_list", "status_index", "evidence_record", "evidence_sha256", "issued_at")
_ASKED = ("id", "product_id", "recheck_of", "runner", "runner_version", "file_sha256", "asked_at", "product_version")

_PARTIAL = (
    ("ix_badge_unsigned", "badge", ["claim_id"], "credential IS NULL"),
    ("ix_badge_claim_lost", "badge_claim", ["state"], "state IN ('suspended', 'revoked')"),
)
"""Name, table, columns and condition of each index over few rows."""

_Guard = tuple[str, str, str, str, str]
"""Name, event, table, when, message."""


def _claim_guards(moves: str, edited: str) -> list[_Guard]:
    return [
        (
            "guard_claim_state",
            "UPDATE",
            "badge_claim",
            f"OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (VALUES {moves})",
            "a badge claim cannot make this move",
        ),
        ("guard_claim_content", "UPDATE", "badge_claim", edited, "a badge claim is not edited"),
    ]


def _before() -> list[_Guard]:
    return _claim_guards(_MOVES_BEFORE, differ((*_HOLDER, *_CLAIM)))


def _replaced() -> list[_Guard]:
    return _claim_guards(_MOVES, f"({differ(_HOLDER)} OR (OLD.state <> 'returned' AND {differ(_CLAIM)}))")


def _guards() -> list[_Guard]:
    claim_state = "(SELECT state FROM badge_claim WHERE id = NEW.claim_id)"
    return [
        (
            "guard_claim_two_people",
            "UPDATE",
            "badge_claim",
            "NEW.accepted_by = NEW.checked_by",
            "whoever checked a badge claim does not accept it too",
        ),
        (
            "guard_evidence_open",
            "INSERT",
            "evidence",
            f"{claim_state} NOT IN ('claimed', 'returned')",
            "evidence is added while a claim is open",
        ),
        ("guard_evidence_unchanged", "UPDATE", "evidence", "1 = 1", "evidence stays as it was"),
        ("guard_evidence_kept", "DELETE", "evidence", "1 = 1", "evidence is kept"),
        ("guard_history_unchanged", "UPDATE", "badge_history", "1 = 1", "the history of badges only grows"),
        ("guard_history_kept", "DELETE", "badge_history", "1 = 1", "the history of badges only grows"),
        ("guard_badge_issued", "UPDATE", "badge", differ(_ISSUED), "what a badge rests on never changes"),
        ("guard_badge_kept", "DELETE", "badge", "1 = 1", "a badge is kept"),
        (
            "guard_badge_key_ended",
            "UPDATE",
            "badge_key",
            f"OLD.compromised_at IS NOT NULL OR {differ(('id', 'made_at'))}"
            f" OR (OLD.retired_at IS NOT NULL AND {differ(('retired_at',))})",
            "a key stays as it was",
        ),
        ("guard_badge_key_kept", "DELETE", "badge_key", "1 = 1", "a key is kept, to check what it signed"),
        ("guard_run_done", "UPDATE", "conformance_run", "OLD.state = 'done'", "a run that is done stays as it was"),
        ("guard_run_asked", "UPDATE", "conformance_run", differ(_ASKED), "what a run is of never changes"),
        ("guard_run_kept", "DELETE", "conformance_run", "1 = 1", "a run is kept"),
    ]


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "badge_key",
        sa.Column("id", sa.String(80), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("compromised_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_badge_key")),
    )
    op.create_table(
        "badge",
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("status_list", sa.Integer(), nullable=False),
        sa.Column("status_index", sa.Integer(), nullable=False),
        sa.Column("evidence_record", sa.Text(), nullable=False),
        sa.Column("evidence_sha256", sa.String(64), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key_id", sa.String(80), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("credential", sa.Text(), nullable=True),
        sa.Column("credential_jwt", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["claim_id"], ["badge_claim.id"], name=op.f("fk_badge_claim_id_badge_claim")),
        sa.ForeignKeyConstraint(["key_id"], ["badge_key.id"], name=op.f("fk_badge_key_id_badge_key")),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_badge")),
    )
    with op.batch_alter_table("badge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_badge_key_id"), ["key_id"], unique=False)
        batch_op.create_index("uq_badge_status_place", ["status_list", "status_index"], unique=True)

    op.create_table(
        "badge_history",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("reasons", _JSON, nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["badge_claim.id"], name=op.f("fk_badge_history_claim_id_badge_claim")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_badge_history")),
    )
    with op.batch_alter_table("badge_history", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_badge_history_claim_id_at"), ["claim_id", "at"], unique=False)

    op.create_table(
        "badge_notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["badge_claim.id"], name=op.f("fk_badge_notice_claim_id_badge_claim")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_badge_notice")),
    )
    with op.batch_alter_table("badge_notice", schema=None) as batch_op:
        batch_op.create_index("uq_badge_notice_once", ["claim_id", "kind"], unique=True)

    op.create_table(
        "conformance_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("recheck_of", sa.Uuid(), nullable=True),
        sa.Column("runner", sa.String(40), nullable=False),
        sa.Column("runner_version", sa.String(20), nullable=False),
        sa.Column("standard", sa.String(64), nullable=False),
        sa.Column("standard_version", sa.String(32), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("product_version", sa.String(80), nullable=False),
        sa.Column("file_name", sa.String(200), nullable=True),
        sa.Column("file_sha256", sa.String(64), nullable=True),
        sa.Column("file_bytes", sa.BigInteger(), nullable=True),
        sa.Column("settings", _JSON, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(32), nullable=True),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.Column("warnings", sa.Integer(), nullable=False),
        sa.Column("report", _JSON, nullable=True),
        sa.Column("report_sha256", sa.String(64), nullable=True),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_conformance_run_product_id_product")),
        sa.ForeignKeyConstraint(
            ["recheck_of"], ["badge_claim.id"], name=op.f("fk_conformance_run_recheck_of_badge_claim")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conformance_run")),
    )
    with op.batch_alter_table("conformance_run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_conformance_run_product_id"), ["product_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_conformance_run_recheck_of"), ["recheck_of"], unique=False)

    op.create_table(
        "evidence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("url", sa.String(500), nullable=False),
        sa.Column("certificate_number", sa.String(120), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("file_name", sa.String(200), nullable=True),
        sa.Column("file_sha256", sa.String(64), nullable=True),
        sa.Column("file_bytes", sa.BigInteger(), nullable=True),
        sa.Column("media_type", sa.String(80), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'conformance_run') = (run_id IS NOT NULL)", name=op.f("ck_evidence_a_run_is_named")
        ),
        sa.CheckConstraint("(kind = 'file') = (file_sha256 IS NOT NULL)", name=op.f("ck_evidence_a_file_has_its_hash")),
        sa.ForeignKeyConstraint(["claim_id"], ["badge_claim.id"], name=op.f("fk_evidence_claim_id_badge_claim")),
        sa.ForeignKeyConstraint(["run_id"], ["conformance_run.id"], name=op.f("fk_evidence_run_id_conformance_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
    )
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_evidence_claim_id"), ["claim_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_evidence_run_id"), ["run_id"], unique=False)

    with op.batch_alter_table("badge_claim", schema=None) as batch_op:
        batch_op.add_column(sa.Column("taken_by", sa.String(64), nullable=True))
        batch_op.add_column(sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("checked_by", sa.String(64), nullable=True))
        batch_op.add_column(sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("accepted_by", sa.String(64), nullable=True))
        batch_op.create_index(batch_op.f("ix_badge_claim_expires_on"), ["expires_on"], unique=False)

    for name, table, columns, when in _PARTIAL:
        op.create_index(name, table, columns, sqlite_where=sa.text(when), postgresql_where=sa.text(when))
    for name, _, table, _, _ in _before():
        drop_guard(name, table)
    for guard in (*_replaced(), *_guards()):
        create_guard(*guard)


def downgrade() -> None:
    """Undo this step. Claims in states there were not before go to the nearest one that there was."""
    for name, _, table, _, _ in reversed([*_replaced(), *_guards()]):
        drop_guard(name, table)
    for name, table, _, _ in _PARTIAL:
        op.drop_index(name, table)
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_evidence_run_id"))
        batch_op.drop_index(batch_op.f("ix_evidence_claim_id"))

    op.drop_table("evidence")
    with op.batch_alter_table("conformance_run", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_conformance_run_recheck_of"))
        batch_op.drop_index(batch_op.f("ix_conformance_run_product_id"))

    op.drop_table("conformance_run")
    with op.batch_alter_table("badge_notice", schema=None) as batch_op:
        batch_op.drop_index("uq_badge_notice_once")

    op.drop_table("badge_notice")
    with op.batch_alter_table("badge_history", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_badge_history_claim_id_at"))

    op.drop_table("badge_history")
    with op.batch_alter_table("badge", schema=None) as batch_op:
        batch_op.drop_index("uq_badge_status_place")
        batch_op.drop_index(batch_op.f("ix_badge_key_id"))

    op.drop_table("badge")
    op.drop_table("badge_key")
    op.execute("UPDATE badge_claim SET state = 'claimed' WHERE state IN ('checking', 'checked', 'returned')")
    op.execute("UPDATE badge_claim SET state = 'revoked' WHERE state = 'suspended'")
    op.drop_index("ix_badge_claim_expires_on", "badge_claim")
    for column in ("accepted_by", "checked_at", "checked_by", "taken_at", "taken_by"):
        op.drop_column("badge_claim", column)  # in place: a copied table would lose its guards
    for guard in _before():
        create_guard(*guard)
