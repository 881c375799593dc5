"""Frameworks with their lots, applications and awards.

Revision: 20261126_0020
Follows: 20261125_2000
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from becta.migrations.guards import create_guard, differ, drop_guard

revision = "20261126_0020"
down_revision = "20261125_2000"
branch_labels = None
depends_on = None

_MOVES = (
    "('draft','open'), ('draft','terminated'), ('open','awarded'), ('open','terminated'), ('awarded','open'),"
    " ('awarded','terminated')"
)
_APPLICATION_MOVES = (
    "('draft','submitted'), ('draft','withdrawn'), ('submitted','draft'), ('submitted','under_assessment'),"
    " ('submitted','withdrawn'), ('under_assessment','submitted'), ('under_assessment','admitted'),"
    " ('under_assessment','not_admitted'), ('admitted','awarded'), ('admitted','not_awarded'),"
    " ('awarded','suspended'), ('awarded','removed'), ('suspended','awarded'), ('suspended','removed')"
)
_MADE = ("id", "authority_id", "created_by", "created_at")
_SAID = (
    "reference",
    "title",
    "description",
    "cpv_codes",
    "price_mechanism",
    "is_open_framework",
    "is_light_touch",
    "entitled",
    "starts_on",
    "ends_on",
    "long_term_reason",
    "estimated_value_pence",
    "levy_basis_points",
    "selection_criteria",
    "award_criteria",
    "questions",
    "terms_sha256",
    "published_at",
)
_FIRST_AWARD = ("standstill_ends_on", "in_force_from")
_APPLIED = ("id", "framework_id", "lot_id", "supplier_id", "round", "created_by", "created_at")
_APPLICATION_SAID = ("answers", "responses", "share_code", "terms_sha256", "submitted_at", "submitted_by")
_JUDGED = ("verdict", "assessment", "total", "decided_at")
_FINAL = "('not_admitted', 'not_awarded', 'removed', 'withdrawn')"


def _guards() -> list[tuple[str, str, str, str, str]]:
    """(name, event, table, when, message) of every guard."""
    return [*_framework_guards(), *_lot_guards(), *_application_guards()]


def _framework_guards() -> list[tuple[str, str, str, str, str]]:
    again = "OLD.state = 'awarded' AND NEW.state = 'open' AND NOT OLD.is_open_framework"
    table = "framework"
    return [
        (
            "guard_framework_state",
            "UPDATE",
            table,
            f"OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (VALUES {_MOVES})",
            "a framework cannot make this move",
        ),
        ("guard_framework_reopened", "UPDATE", table, again, "only an open framework opens again"),
        ("guard_framework_made", "UPDATE", table, differ(_MADE), "whose a framework is never changes"),
        (
            "guard_framework_said",
            "UPDATE",
            table,
            f"OLD.state <> 'draft' AND {differ(_SAID)}",
            "what a published framework says never changes",
        ),
        (
            "guard_framework_awarded",
            "UPDATE",
            table,
            f"OLD.in_force_from IS NOT NULL AND {differ(_FIRST_AWARD)}",
            "the first award of a framework stays",
        ),
        (
            "guard_framework_deadline",
            "UPDATE",
            table,
            "OLD.state = 'open' AND NEW.state = 'open' AND NEW.closes_at < OLD.closes_at",
            "a deadline is only ever put off",
        ),
        ("guard_framework_ended", "UPDATE", table, "OLD.state = 'terminated'", "a terminated framework is kept"),
        ("guard_framework_kept", "DELETE", table, "1 = 1", "a framework is kept"),
        ("guard_framework_terms_same", "UPDATE", "framework_terms", "1 = 1", "standard terms stay as they were"),
        ("guard_framework_terms_kept", "DELETE", "framework_terms", "1 = 1", "standard terms are kept"),
        (
            "guard_framework_round_done",
            "UPDATE",
            "framework_round",
            "OLD.award_published_on IS NOT NULL",
            "a round that was awarded stays as it was",
        ),
        ("guard_framework_round_kept", "DELETE", "framework_round", "1 = 1", "a round is kept"),
    ]


def _lot_guards() -> list[tuple[str, str, str, str, str]]:
    """A lot is added, changed and taken away while its framework is a draft."""
    said = "the lots of a published framework never change"
    fixed = "(SELECT state FROM framework WHERE id = {0}.framework_id) <> 'draft'"
    return [
        ("guard_framework_lot_added", "INSERT", "framework_lot", fixed.format("NEW"), said),
        ("guard_framework_lot_said", "UPDATE", "framework_lot", fixed.format("OLD"), said),
        ("guard_framework_lot_kept", "DELETE", "framework_lot", fixed.format("OLD"), said),
    ]


def _application_guards() -> list[tuple[str, str, str, str, str]]:
    table = "framework_application"
    return [
        (
            "guard_fw_application_state",
            "UPDATE",
            table,
            f"OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (VALUES {_APPLICATION_MOVES})",
            "an application cannot make this move",
        ),
        ("guard_fw_application_made", "UPDATE", table, differ(_APPLIED), "whose an application is never changes"),
        (
            "guard_fw_application_said",
            "UPDATE",
            table,
            f"OLD.state NOT IN ('draft', 'submitted') AND {differ(_APPLICATION_SAID)}",
            "what is being assessed never changes",
        ),
        (
            "guard_fw_application_judged",
            "UPDATE",
            table,
            f"OLD.decided_at IS NOT NULL AND {differ(_JUDGED)}",
            "what was decided of an application stays",
        ),
        (
            "guard_fw_application_told",
            "UPDATE",
            table,
            f"OLD.summary IS NOT NULL AND {differ(('summary',))}",
            "an assessment summary stays as it was sent",
        ),
        (
            "guard_fw_application_final",
            "UPDATE",
            table,
            f"OLD.state IN {_FINAL} AND {differ(('reason', 'awarded_from', 'assessor_id'))}",
            "an application that has ended is kept",
        ),
        ("guard_fw_application_kept", "DELETE", table, "1 = 1", "an application is kept"),
    ]


def upgrade() -> None:
    """Add them."""
    _create_framework()
    _create_parts()
    _create_applications()
    for guard in _guards():
        create_guard(*guard)


def downgrade() -> None:
    """Take them away."""
    for name, _, table, _, _ in reversed(_guards()):
        drop_guard(name, table)
    for table in ("framework_application", "framework_round", "framework_terms", "framework_lot", "framework"):
        op.drop_table(table)


def _json() -> sa.JSON:
    return sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def _instant(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _foreign(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def _create_framework() -> None:
    op.create_table(
        "framework",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("authority_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(40), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("cpv_codes", _json(), nullable=False),
        sa.Column("price_mechanism", sa.Text(), nullable=False),
        sa.Column("is_open_framework", sa.Boolean(), nullable=False),
        sa.Column("is_light_touch", sa.Boolean(), nullable=False),
        sa.Column("entitled", _json(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("long_term_reason", sa.Text(), nullable=True),
        sa.Column("estimated_value_pence", sa.BigInteger(), nullable=False),
        sa.Column("levy_basis_points", sa.Integer(), nullable=False),
        sa.Column("selection_criteria", _json(), nullable=False),
        sa.Column("award_criteria", _json(), nullable=False),
        sa.Column("questions", _json(), nullable=False),
        sa.Column("terms_sha256", sa.String(64), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        _instant("created_at", nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        _instant("published_at"),
        _instant("closes_at"),
        sa.Column("standstill_ends_on", sa.Date(), nullable=True),
        sa.Column("in_force_from", sa.Date(), nullable=True),
        sa.Column("last_on", sa.Date(), nullable=True),
        _instant("terminated_at"),
        sa.Column("terminated_by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("revision > 0", name=op.f("ck_framework_revision")),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_framework_dates_in_order")),
        sa.CheckConstraint("estimated_value_pence > 0", name=op.f("ck_framework_value")),
        sa.CheckConstraint("levy_basis_points BETWEEN 0 AND 1000", name=op.f("ck_framework_levy")),
        sa.CheckConstraint(
            "state IN ('draft', 'terminated') OR published_at IS NOT NULL", name=op.f("ck_framework_published")
        ),
        sa.CheckConstraint(
            "state NOT IN ('open', 'awarded') OR closes_at IS NOT NULL", name=op.f("ck_framework_closes")
        ),
        sa.CheckConstraint(
            "state <> 'awarded' OR (in_force_from IS NOT NULL AND last_on IS NOT NULL"
            " AND standstill_ends_on IS NOT NULL AND standstill_ends_on < in_force_from)",
            name=op.f("ck_framework_awarded_after_standstill"),
        ),
        sa.CheckConstraint(
            "(state = 'terminated') = (terminated_at IS NOT NULL) AND (state = 'terminated') = (reason IS NOT NULL)",
            name=op.f("ck_framework_terminated_with_reason"),
        ),
        _foreign("framework", "authority_id", "organisation"),
        _foreign("framework", "created_by", "person"),
        _foreign("framework", "terminated_by", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_framework")),
        sa.UniqueConstraint("reference", name=op.f("uq_framework_reference")),
    )
    op.create_index(op.f("ix_framework_authority_id"), "framework", ["authority_id"])
    op.create_index(op.f("ix_framework_created_by"), "framework", ["created_by"])


def _create_parts() -> None:
    op.create_table(
        "framework_lot",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("framework_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("category", sa.String(64), nullable=False),
        sa.Column("method", sa.String(32), nullable=False),
        sa.Column("core_terms", sa.Text(), nullable=False),
        sa.Column("mechanism", sa.Text(), nullable=False),
        sa.Column("max_suppliers", sa.Integer(), nullable=True),
        sa.CheckConstraint("number BETWEEN 1 AND 999", name=op.f("ck_framework_lot_number")),
        sa.CheckConstraint("max_suppliers > 0", name=op.f("ck_framework_lot_max_suppliers")),
        _foreign("framework_lot", "framework_id", "framework"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_framework_lot")),
    )
    op.create_index("uq_framework_lot_number", "framework_lot", ["framework_id", "number"], unique=True)
    op.create_index(op.f("ix_framework_lot_category"), "framework_lot", ["category"])
    op.create_table(
        "framework_terms",
        sa.Column("framework_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        _instant("made_at", nullable=False),
        _foreign("framework_terms", "framework_id", "framework"),
        _foreign("framework_terms", "made_by", "person"),
        sa.PrimaryKeyConstraint("framework_id", "sha256", name=op.f("pk_framework_terms")),
    )
    op.create_table(
        "framework_round",
        sa.Column("framework_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        _instant("opened_at", nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        _instant("closes_at", nullable=False),
        sa.Column("short_period_reason", sa.Text(), nullable=True),
        _instant("summaries_sent_at"),
        sa.Column("award_published_on", sa.Date(), nullable=True),
        sa.Column("awarded_by", sa.Uuid(), nullable=True),
        sa.Column("standstill_ends_on", sa.Date(), nullable=True),
        sa.Column("effective_from", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "award_published_on IS NULL OR summaries_sent_at IS NOT NULL",
            name=op.f("ck_framework_round_summaries_first"),
        ),
        sa.CheckConstraint(
            "(award_published_on IS NULL) = (effective_from IS NULL)"
            " AND (award_published_on IS NULL) = (standstill_ends_on IS NULL)"
            " AND (effective_from IS NULL OR standstill_ends_on < effective_from)",
            name=op.f("ck_framework_round_awarded_after_standstill"),
        ),
        _foreign("framework_round", "framework_id", "framework"),
        _foreign("framework_round", "opened_by", "person"),
        _foreign("framework_round", "awarded_by", "person"),
        sa.PrimaryKeyConstraint("framework_id", "number", name=op.f("pk_framework_round")),
    )


def _create_applications() -> None:
    table = "framework_application"
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("framework_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        _instant("created_at", nullable=False),
        sa.Column("answers", _json(), nullable=False),
        sa.Column("responses", _json(), nullable=False),
        sa.Column("share_code", sa.String(40), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("terms_sha256", sa.String(64), nullable=True),
        _instant("submitted_at"),
        sa.Column("submitted_by", sa.Uuid(), nullable=True),
        sa.Column("assessor_id", sa.Uuid(), nullable=True),
        sa.Column("verdict", _json(), nullable=True),
        sa.Column("assessment", _json(), nullable=True),
        sa.Column("total", sa.String(20), nullable=True),
        _instant("decided_at"),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("summary", _json(), nullable=True),
        sa.Column("awarded_from", sa.Date(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("revision > 0", name=op.f(f"ck_{table}_revision")),
        sa.CheckConstraint(
            "state IN ('draft', 'withdrawn') OR (submitted_at IS NOT NULL AND terms_sha256 IS NOT NULL)",
            name=op.f(f"ck_{table}_submitted"),
        ),
        sa.CheckConstraint(
            "(state = 'under_assessment') <= (assessor_id IS NOT NULL)",
            name=op.f(f"ck_{table}_assessed_by_somebody"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('not_admitted', 'suspended', 'removed') OR reason IS NOT NULL",
            name=op.f(f"ck_{table}_refused_with_reason"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('awarded', 'suspended', 'removed') OR (awarded_from IS NOT NULL AND summary IS NOT NULL)",
            name=op.f(f"ck_{table}_awarded_after_summary"),
        ),
        _foreign(table, "framework_id", "framework"),
        _foreign(table, "lot_id", "framework_lot"),
        _foreign(table, "supplier_id", "organisation"),
        _foreign(table, "created_by", "person"),
        _foreign(table, "submitted_by", "person"),
        _foreign(table, "assessor_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(op.f(f"ix_{table}_framework_id"), table, ["framework_id"])
    op.create_index(op.f(f"ix_{table}_lot_id_state"), table, ["lot_id", "state"])
    op.create_index(op.f(f"ix_{table}_supplier_id_id"), table, ["supplier_id", "id"])
    for name, columns, where in (
        ("uq_framework_application_round", ["lot_id", "supplier_id", "round"], "state <> 'withdrawn'"),
        ("uq_framework_application_on_it", ["lot_id", "supplier_id"], "state IN ('awarded', 'suspended')"),
    ):
        op.create_index(name, table, columns, unique=True, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
