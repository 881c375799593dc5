"""Releases in the open, and notices of others.

Revision: 20261126_0070
Follows: 20261126_0060
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from becta.migrations.guards import create_guard, differ, drop_guard

revision = "20261126_0070"
down_revision = "20261126_0060"
branch_labels = None
depends_on = None

_ADDED_ONLY = {
    "release": ("ocds_release", "a release is published once"),
    "notice": ("ocds_notice", "a notice is kept as it came"),
    "notice_award": ("ocds_notice_award", "an award of a notice is kept as it came"),
    "alert": ("notice_alert", "an alert stays as it was"),
}


def _guards() -> list[tuple[str, str, str, str, str]]:
    """(name, event, table, when, message) of every guard."""
    made = differ(("id", "organisation_id", "wanted", "created_at"))
    guards = [
        (f"guard_{name}_{what}", event, table, "1 = 1", message)
        for name, (table, message) in _ADDED_ONLY.items()
        for what, event in (("unchanged", "UPDATE"), ("kept", "DELETE"))
    ]
    return [
        *guards,
        (
            "guard_interest_ended",
            "UPDATE",
            "notice_interest",
            f"OLD.ended_at IS NOT NULL OR {made}",
            "an interest is ended once and stays as it was",
        ),
        ("guard_interest_kept", "DELETE", "notice_interest", "1 = 1", "an interest is kept"),
        (
            "guard_ocds_head_grows",
            "UPDATE",
            "ocds_head",
            "NEW.size < OLD.size",
            "releases are numbered upwards",
        ),
    ]


def upgrade() -> None:
    """Add them."""
    _create_releases()
    _create_notices()
    _create_interests()
    for guard in _guards():
        create_guard(*guard)


def downgrade() -> None:
    """Take them away."""
    for name, _, table, _, _ in reversed(_guards()):
        drop_guard(name, table)
    for table in ("notice_alert", "notice_interest", "ocds_notice_award", "ocds_notice", "ocds_head", "ocds_release"):
        op.drop_table(table)


def _json() -> sa.JSON:
    return sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def _create_releases() -> None:
    op.create_table(
        "ocds_release",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("ocid", sa.String(64), nullable=False),
        sa.Column("release_id", sa.String(120), nullable=False),
        sa.Column("procurement_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.String(32), nullable=False),
        sa.Column("tags", _json(), nullable=False),
        sa.Column("date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("notice", sa.String(8), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["procurement_id"], ["procurement.id"], name=op.f("fk_ocds_release_procurement_id_procurement")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ocds_release")),
    )
    op.create_index("uq_ocds_release_ocid_release", "ocds_release", ["ocid", "release_id"], unique=True)
    op.create_index("uq_ocds_release_number", "ocds_release", ["number"], unique=True)
    op.create_index(op.f("ix_ocds_release_procurement_id"), "ocds_release", ["procurement_id"])
    op.create_table(
        "ocds_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_ocds_head_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ocds_head")),
    )
    op.execute("INSERT INTO ocds_head (id, size) VALUES (1, 0)")


def _create_notices() -> None:
    op.create_table(
        "ocds_notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ocid", sa.String(250), nullable=False),
        sa.Column("release_id", sa.String(250), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("publisher", sa.Text(), nullable=False),
        sa.Column("license", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tags", _json(), nullable=False),
        sa.Column("stage", sa.String(32), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("buyer", sa.Text(), nullable=False),
        sa.Column("main_cpv", sa.String(8), nullable=True),
        sa.Column("cpv", _json(), nullable=False),
        sa.Column("value_digits", sa.Text(), nullable=True),
        sa.Column("value_currency", sa.String(3), nullable=True),
        sa.Column("value_pence", sa.BigInteger(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("version > 0", name=op.f("ck_ocds_notice_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ocds_notice")),
    )
    op.create_index(
        "uq_ocds_notice_ocid_release_version", "ocds_notice", ["ocid", "release_id", "version"], unique=True
    )
    for column in ("deadline", "main_cpv"):
        op.create_index(op.f(f"ix_ocds_notice_{column}"), "ocds_notice", [column])
    op.create_table(
        "ocds_notice_award",
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ocid", sa.String(250), nullable=False),
        sa.Column("award_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("cpv", sa.String(8), nullable=True),
        sa.Column("date", sa.DateTime(timezone=True), nullable=True),
        sa.Column("value_digits", sa.Text(), nullable=True),
        sa.Column("value_currency", sa.String(3), nullable=True),
        sa.Column("value_pence", sa.BigInteger(), nullable=True),
        sa.Column("suppliers", _json(), nullable=False),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["ocds_notice.id"], name=op.f("fk_ocds_notice_award_notice_id_ocds_notice")
        ),
        sa.PrimaryKeyConstraint("notice_id", "position", name=op.f("pk_ocds_notice_award")),
    )
    op.create_index(op.f("ix_ocds_notice_award_cpv"), "ocds_notice_award", ["cpv"])
    op.create_index(op.f("ix_ocds_notice_award_ocid"), "ocds_notice_award", ["ocid"])


def _create_interests() -> None:
    op.create_table(
        "notice_interest",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("wanted", _json(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_notice_interest_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_interest")),
    )
    op.create_index(op.f("ix_notice_interest_organisation_id"), "notice_interest", ["organisation_id"])
    op.create_table(
        "notice_alert",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("letter", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("interest_id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("ocid", sa.String(250), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_notice_alert_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["interest_id"], ["notice_interest.id"], name=op.f("fk_notice_alert_interest_id_notice_interest")
        ),
        sa.ForeignKeyConstraint(["notice_id"], ["ocds_notice.id"], name=op.f("fk_notice_alert_notice_id_ocds_notice")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_alert")),
    )
    op.create_index("uq_notice_alert_organisation_ocid", "notice_alert", ["organisation_id", "ocid"], unique=True)
    for column in ("letter", "interest_id", "notice_id"):
        op.create_index(op.f(f"ix_notice_alert_{column}"), "notice_alert", [column])
