"""People, organisations, sessions; tokens belong to an organisation and perhaps to a person.

Revision: 20261122_1910
Follows: 20261122_1900
"""

from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from becta.migrations.guards import create_guard, drop_guard

revision = "20261122_1910"
down_revision = "20261122_1900"
branch_labels = None
depends_on = None


OPERATOR_ID = UUID("0b0ec7a2-0000-5000-8000-000000000001")
_ORGANISATION = sa.table(
    "organisation",
    sa.column("id", sa.Uuid()),
    sa.column("kind", sa.String()),
    sa.column("supplier_id", sa.Uuid()),
    sa.column("created_at", sa.DateTime(timezone=True)),
)
_TOKEN = sa.table(
    "api_token",
    sa.column("id", sa.Uuid()),
    sa.column("supplier_id", sa.Uuid()),
    sa.column("organisation_id", sa.Uuid()),
    sa.column("person_id", sa.Uuid()),
    sa.column("created_at", sa.DateTime(timezone=True)),
)
_GUARDS = [
    (
        "guard_join_request_state",
        "UPDATE",
        "join_request",
        "OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN "
        "(VALUES ('asked','confirmed'), ('asked','refused'), ('asked','withdrawn'))",
        "a request to join cannot make this move",
    ),
    ("guard_join_request_kept", "DELETE", "join_request", "1 = 1", "a request to join is kept"),
    ("guard_member_ended", "UPDATE", "member", "OLD.ended_at IS NOT NULL", "an ended membership is kept as it was"),
    ("guard_member_kept", "DELETE", "member", "1 = 1", "a membership is ended, not deleted"),
    ("guard_person_erased", "UPDATE", "person", "OLD.erased_at IS NOT NULL", "an erased person stays erased"),
    ("guard_person_kept", "DELETE", "person", "1 = 1", "a person is erased, not deleted"),
    (
        "guard_token_revoked",
        "UPDATE",
        "api_token",
        "OLD.revoked_at IS NOT NULL AND (NEW.revoked_at IS NULL OR NEW.revoked_at <> OLD.revoked_at "
        "OR NEW.secret_hash <> OLD.secret_hash)",
        "a revoked token stays revoked",
    ),
]
"""(name, event, table, when, message) of every guard."""


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(200), nullable=True),
        sa.Column("email", sa.String(254), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("email", name=op.f("uq_person_email")),
    )
    op.create_table(
        "sign_in_flow",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state_hash", sa.String(64), nullable=False),
        sa.Column("issuer", sa.String(250), nullable=False),
        sa.Column("nonce", sa.String(64), nullable=False),
        sa.Column("code_verifier", sa.String(128), nullable=False),
        sa.Column("browser_hash", sa.String(64), nullable=False),
        sa.Column("next_path", sa.String(500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_flow")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_sign_in_flow_state_hash")),
    )
    with op.batch_alter_table("sign_in_flow", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_flow_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "sign_in_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("browser_hash", sa.String(64), nullable=False),
        sa.Column("next_path", sa.String(500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_link")),
    )
    with op.batch_alter_table("sign_in_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_link_email"), ["email"], unique=False)
        batch_op.create_index(batch_op.f("ix_sign_in_link_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "identity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(250), nullable=False),
        sa.Column("subject", sa.String(250), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_identity_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity")),
    )
    with op.batch_alter_table("identity", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_identity_person_id"), ["person_id"], unique=False)
        batch_op.create_index("uq_identity_issuer_subject", ["issuer", "subject"], unique=True)

    op.create_table(
        "organisation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("urn", sa.Integer(), nullable=True),
        sa.Column("group_uid", sa.Integer(), nullable=True),
        sa.Column("supplier_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'school' AND urn IS NOT NULL AND group_uid IS NULL AND supplier_id IS NULL) OR (kind = 'trust' AND group_uid IS NOT NULL AND urn IS NULL AND supplier_id IS NULL) OR (kind = 'supplier' AND supplier_id IS NOT NULL AND urn IS NULL AND group_uid IS NULL) OR (kind = 'operator' AND urn IS NULL AND group_uid IS NULL AND supplier_id IS NULL)",
            name=op.f("ck_organisation_one_thing"),
        ),
        sa.ForeignKeyConstraint(
            ["group_uid"], ["establishment_group.uid"], name=op.f("fk_organisation_group_uid_establishment_group")
        ),
        sa.ForeignKeyConstraint(["supplier_id"], ["supplier.id"], name=op.f("fk_organisation_supplier_id_supplier")),
        sa.ForeignKeyConstraint(["urn"], ["establishment.urn"], name=op.f("fk_organisation_urn_establishment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("group_uid", name=op.f("uq_organisation_group_uid")),
        sa.UniqueConstraint("supplier_id", name=op.f("uq_organisation_supplier_id")),
        sa.UniqueConstraint("urn", name=op.f("uq_organisation_urn")),
    )
    op.create_table(
        "browser_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("via", sa.String(64), nullable=False),
        sa.Column("selection_request", sa.String(64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_browser_session_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_browser_session_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_browser_session")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_browser_session_secret_hash")),
    )
    with op.batch_alter_table("browser_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_browser_session_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_browser_session_person_id"), ["person_id"], unique=False)

    op.create_table(
        "invitation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(254), nullable=True),
        sa.Column("roles", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_by", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["accepted_by"], ["person.id"], name=op.f("fk_invitation_accepted_by_person")),
        sa.ForeignKeyConstraint(["invited_by"], ["person.id"], name=op.f("fk_invitation_invited_by_person")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_invitation_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
    )
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invitation_email"), ["email"], unique=False)
        batch_op.create_index(batch_op.f("ix_invitation_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "join_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("wanted_roles", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_join_request_decided_by_person")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_join_request_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_join_request_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_join_request")),
    )
    with op.batch_alter_table("join_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_join_request_organisation_id"), ["organisation_id"], unique=False)
        batch_op.create_index(
            "uq_join_request_asked",
            ["person_id", "organisation_id"],
            unique=True,
            sqlite_where=sa.text("state = 'asked'"),
            postgresql_where=sa.text("state = 'asked'"),
        )

    op.create_table(
        "member",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("roles", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_member_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_member_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member")),
    )
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_member_organisation_id"), ["organisation_id"], unique=False)
        batch_op.create_index(
            "uq_member_current",
            ["person_id", "organisation_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.add_column(sa.Column("organisation_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("person_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("replaces", sa.Uuid(), nullable=True))
    _open_organisations()
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.alter_column("organisation_id", existing_type=sa.Uuid(), nullable=False)
        batch_op.create_index(batch_op.f("ix_api_token_organisation_id"), ["organisation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_api_token_person_id"), ["person_id"], unique=False)
        batch_op.drop_constraint(batch_op.f("fk_api_token_supplier_id_supplier"), type_="foreignkey")
        batch_op.create_foreign_key(
            batch_op.f("fk_api_token_organisation_id_organisation"), "organisation", ["organisation_id"], ["id"]
        )
        batch_op.create_foreign_key(batch_op.f("fk_api_token_replaces_api_token"), "api_token", ["replaces"], ["id"])
        batch_op.create_foreign_key(batch_op.f("fk_api_token_person_id_person"), "person", ["person_id"], ["id"])
        batch_op.drop_column("supplier_id")
    for guard in _GUARDS:
        create_guard(*guard)


def downgrade() -> None:
    """Undo this step. Tokens of people, schools and trusts have no place in the older schema and go."""
    for name, _, table, _, _ in reversed(_GUARDS):
        drop_guard(name, table)
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.add_column(sa.Column("supplier_id", sa.Uuid(), nullable=True))
    _give_tokens_back()
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_api_token_person_id_person"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_api_token_replaces_api_token"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_api_token_organisation_id_organisation"), type_="foreignkey")
        batch_op.create_foreign_key(
            batch_op.f("fk_api_token_supplier_id_supplier"), "supplier", ["supplier_id"], ["id"]
        )
        batch_op.drop_index(batch_op.f("ix_api_token_person_id"))
        batch_op.drop_index(batch_op.f("ix_api_token_organisation_id"))
        batch_op.drop_column("replaces")
        batch_op.drop_column("last_used_at")
        batch_op.drop_column("person_id")
        batch_op.drop_column("organisation_id")

    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_member_current", sqlite_where=sa.text("ended_at IS NULL"), postgresql_where=sa.text("ended_at IS NULL")
        )
        batch_op.drop_index(batch_op.f("ix_member_organisation_id"))

    op.drop_table("member")
    with op.batch_alter_table("join_request", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_join_request_asked",
            sqlite_where=sa.text("state = 'asked'"),
            postgresql_where=sa.text("state = 'asked'"),
        )
        batch_op.drop_index(batch_op.f("ix_join_request_organisation_id"))

    op.drop_table("join_request")
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invitation_organisation_id"))
        batch_op.drop_index(batch_op.f("ix_invitation_email"))

    op.drop_table("invitation")
    with op.batch_alter_table("browser_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_browser_session_person_id"))
        batch_op.drop_index(batch_op.f("ix_browser_session_expires_at"))

    op.drop_table("browser_session")
    op.drop_table("organisation")
    with op.batch_alter_table("identity", schema=None) as batch_op:
        batch_op.drop_index("uq_identity_issuer_subject")
        batch_op.drop_index(batch_op.f("ix_identity_person_id"))

    op.drop_table("identity")
    with op.batch_alter_table("sign_in_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_link_expires_at"))
        batch_op.drop_index(batch_op.f("ix_sign_in_link_email"))

    op.drop_table("sign_in_link")
    with op.batch_alter_table("sign_in_flow", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_flow_expires_at"))

    op.drop_table("sign_in_flow")
    op.drop_table("person")


def _open_organisations() -> None:
    """The operator, and every supplier that has a token."""
    owners = sa.select(_TOKEN.c.supplier_id, sa.func.min(_TOKEN.c.created_at)).where(_TOKEN.c.supplier_id.is_not(None))
    rows = op.get_bind().execute(owners.group_by(_TOKEN.c.supplier_id)).all()
    made = [{"id": id_, "kind": "supplier", "supplier_id": id_, "created_at": created} for id_, created in rows]
    operator = {
        "id": OPERATOR_ID,
        "kind": "operator",
        "supplier_id": None,
        "created_at": datetime(2026, 11, 22, tzinfo=UTC),
    }
    op.bulk_insert(_ORGANISATION, [operator, *made])
    owner = sa.func.coalesce(_TOKEN.c.supplier_id, sa.literal(OPERATOR_ID, sa.Uuid()))
    op.execute(_TOKEN.update().values(organisation_id=owner))


def _give_tokens_back() -> None:
    suppliers = sa.select(_ORGANISATION.c.id).where(_ORGANISATION.c.kind == "supplier")
    kept = sa.or_(_TOKEN.c.organisation_id == OPERATOR_ID, _TOKEN.c.organisation_id.in_(suppliers))
    op.execute(_TOKEN.delete().where(sa.or_(sa.not_(kept), _TOKEN.c.person_id.is_not(None))))
    op.execute(
        _TOKEN.update().where(_TOKEN.c.organisation_id != OPERATOR_ID).values(supplier_id=_TOKEN.c.organisation_id)
    )
