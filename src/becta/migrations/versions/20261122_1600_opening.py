"""Opening: the first tables of the house.

Revision: 20261122_1600
Follows:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261122_1600"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "audit_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(32), nullable=False),
        sa.Column("actor_id", sa.String(64), nullable=False),
        sa.Column("actor_label", sa.String(200), nullable=False),
        sa.Column("acting_for", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("object_type", sa.String(32), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("before", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("after", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_audit_event_object_type_object_id_id"), ["object_type", "object_id", "id"], unique=False
        )

    op.create_table(
        "establishment",
        sa.Column("urn", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ukprn", sa.String(8), nullable=True),
        sa.Column("uprn", sa.String(12), nullable=True),
        sa.Column("name", sa.String(250), nullable=False),
        sa.Column("name_key", sa.String(300), nullable=False),
        sa.Column("la_code", sa.String(3), nullable=True),
        sa.Column("la_name", sa.String(120), nullable=True),
        sa.Column("establishment_number", sa.String(4), nullable=True),
        sa.Column("type_code", sa.Integer(), nullable=True),
        sa.Column("type_name", sa.String(120), nullable=True),
        sa.Column("type_group", sa.String(120), nullable=True),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("opened_reason", sa.String(120), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("closed_reason", sa.String(120), nullable=True),
        sa.Column("phase", sa.String(32), nullable=False),
        sa.Column("age_low", sa.Integer(), nullable=True),
        sa.Column("age_high", sa.Integer(), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("pupils", sa.Integer(), nullable=True),
        sa.Column("gender", sa.String(32), nullable=True),
        sa.Column("free_meals_basis_points", sa.Integer(), nullable=True),
        sa.Column("street", sa.String(250), nullable=True),
        sa.Column("locality", sa.String(250), nullable=True),
        sa.Column("address3", sa.String(250), nullable=True),
        sa.Column("town", sa.String(250), nullable=True),
        sa.Column("county", sa.String(250), nullable=True),
        sa.Column("postcode", sa.String(8), nullable=True),
        sa.Column("easting", sa.Integer(), nullable=True),
        sa.Column("northing", sa.Integer(), nullable=True),
        sa.Column("region", sa.String(32), nullable=True),
        sa.Column("website", sa.String(500), nullable=True),
        sa.Column("last_changed_on", sa.Date(), nullable=True),
        sa.Column("row_hash", sa.String(64), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("missing_since", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("age_low <= age_high", name=op.f("ck_establishment_ages_in_order")),
        sa.CheckConstraint("urn BETWEEN 100000 AND 999999", name=op.f("ck_establishment_urn_six_digits")),
        sa.PrimaryKeyConstraint("urn", name=op.f("pk_establishment")),
    )
    with op.batch_alter_table("establishment", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_establishment_la_code_name_key_urn"), ["la_code", "name_key", "urn"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_establishment_name_key_urn"), ["name_key", "urn"], unique=False)
        batch_op.create_index(batch_op.f("ix_establishment_ukprn"), ["ukprn"], unique=False)

    op.create_table(
        "establishment_group",
        sa.Column("uid", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("group_id", sa.String(20), nullable=True),
        sa.Column("name", sa.String(250), nullable=False),
        sa.Column("name_key", sa.String(300), nullable=False),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("type_name", sa.String(120), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("company_number", sa.String(8), nullable=True),
        sa.Column("ukprn", sa.String(8), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("street", sa.String(250), nullable=True),
        sa.Column("locality", sa.String(250), nullable=True),
        sa.Column("address3", sa.String(250), nullable=True),
        sa.Column("town", sa.String(250), nullable=True),
        sa.Column("county", sa.String(250), nullable=True),
        sa.Column("postcode", sa.String(8), nullable=True),
        sa.Column("row_hash", sa.String(64), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("missing_since", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("uid", name=op.f("pk_establishment_group")),
    )
    with op.batch_alter_table("establishment_group", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_establishment_group_group_id"), ["group_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_establishment_group_name_key_uid"), ["name_key", "uid"], unique=False)
        batch_op.create_index(batch_op.f("ix_establishment_group_ukprn"), ["ukprn"], unique=False)

    op.create_table(
        "outbox_message",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("topic", sa.String(64), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_message")),
    )
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_message_pending",
            ["id"],
            unique=False,
            sqlite_where=sa.text("done_at IS NULL"),
            postgresql_where=sa.text("done_at IS NULL"),
        )

    op.create_table(
        "register_state",
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("first_loaded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_loaded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_register_state")),
    )
    op.create_table(
        "supplier",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("name", sa.String(160), nullable=False),
        sa.Column("legal_name", sa.String(160), nullable=False),
        sa.Column("companies_house_number", sa.String(8), nullable=True),
        sa.Column("ppon", sa.String(14), nullable=True),
        sa.Column("vat_number", sa.String(16), nullable=True),
        sa.Column("website", sa.String(254), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("town", sa.String(80), nullable=False),
        sa.Column("contacts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supplier")),
        sa.UniqueConstraint("reference", name=op.f("uq_supplier_reference")),
    )
    with op.batch_alter_table("supplier", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_supplier_name"), ["name"], unique=False)

    op.create_table(
        "api_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("label", sa.String(200), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=True),
        sa.Column("scopes", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["supplier_id"], ["supplier.id"], name=op.f("fk_api_token_supplier_id_supplier")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_api_token_secret_hash")),
    )
    op.create_table(
        "establishment_link",
        sa.Column("predecessor_urn", sa.Integer(), nullable=False),
        sa.Column("successor_urn", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("established_on", sa.Date(), nullable=True),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("predecessor_urn <> successor_urn", name=op.f("ck_establishment_link_two_establishments")),
        sa.ForeignKeyConstraint(
            ["predecessor_urn"], ["establishment.urn"], name=op.f("fk_establishment_link_predecessor_urn_establishment")
        ),
        sa.ForeignKeyConstraint(
            ["successor_urn"], ["establishment.urn"], name=op.f("fk_establishment_link_successor_urn_establishment")
        ),
        sa.PrimaryKeyConstraint("predecessor_urn", "successor_urn", name=op.f("pk_establishment_link")),
    )
    with op.batch_alter_table("establishment_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_establishment_link_successor_urn"), ["successor_urn"], unique=False)

    op.create_table(
        "group_membership",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("urn", sa.Integer(), nullable=False),
        sa.Column("group_uid", sa.Integer(), nullable=False),
        sa.Column("joined_on", sa.Date(), nullable=True),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["group_uid"], ["establishment_group.uid"], name=op.f("fk_group_membership_group_uid_establishment_group")
        ),
        sa.ForeignKeyConstraint(["urn"], ["establishment.urn"], name=op.f("fk_group_membership_urn_establishment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_membership")),
    )
    with op.batch_alter_table("group_membership", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_group_membership_group_uid"), ["group_uid"], unique=False)
        batch_op.create_index(
            "uq_group_membership_current",
            ["urn", "group_uid"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "product",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(120), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_product_revision_positive")),
        sa.ForeignKeyConstraint(["supplier_id"], ["supplier.id"], name=op.f("fk_product_supplier_id_supplier")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
        sa.UniqueConstraint("supplier_id", "reference", name=op.f("uq_product_supplier_id_reference")),
    )
    op.create_table(
        "badge_claim",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=True),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("standard", sa.String(64), nullable=False),
        sa.Column("standard_version", sa.String(32), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("level", sa.String(32), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("certificate_reference", sa.String(120), nullable=False),
        sa.Column("evidence_url", sa.String(500), nullable=False),
        sa.Column("evidence_note", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("reasons", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(supplier_id IS NULL) <> (product_id IS NULL)", name=op.f("ck_badge_claim_one_holder")),
        sa.CheckConstraint(
            "expires_on IS NULL OR expires_on > issued_on", name=op.f("ck_badge_claim_expires_after_issue")
        ),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_badge_claim_product_id_product")),
        sa.ForeignKeyConstraint(["supplier_id"], ["supplier.id"], name=op.f("fk_badge_claim_supplier_id_supplier")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_badge_claim")),
    )
    with op.batch_alter_table("badge_claim", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_badge_claim_product_id"), ["product_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_badge_claim_supplier_id"), ["supplier_id"], unique=False)

    op.create_table(
        "listing_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("cpv_code", sa.String(10), nullable=False),
        sa.Column("category", sa.String(64), nullable=False),
        sa.Column("phases", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("features", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("attributes", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("brand", sa.String(120), nullable=False),
        sa.Column("model", sa.String(300), nullable=False),
        sa.Column("part_number", sa.String(300), nullable=False),
        sa.Column("gtins", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("reasons", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_listing_version_product_id_product")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listing_version")),
        sa.UniqueConstraint("product_id", "number", name=op.f("uq_listing_version_product_id_number")),
    )
    with op.batch_alter_table("listing_version", schema=None) as batch_op:
        batch_op.create_index(
            "uq_listing_version_open",
            ["product_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('draft', 'submitted', 'returned')"),
            postgresql_where=sa.text("state IN ('draft', 'submitted', 'returned')"),
        )
        batch_op.create_index(
            "uq_listing_version_published",
            ["product_id"],
            unique=True,
            sqlite_where=sa.text("state = 'published'"),
            postgresql_where=sa.text("state = 'published'"),
        )

    op.create_table(
        "listing_view",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("stamp", sa.Integer(), nullable=False),
        sa.Column("fresh_until", sa.BigInteger(), nullable=True),
        sa.Column("card", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_listing_view_product_id_product")),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pk_listing_view")),
    )
    op.create_table(
        "offer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(120), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("price_pence", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.String(32), nullable=False),
        sa.Column("vat_basis_points", sa.Integer(), nullable=False),
        sa.Column("condition", sa.String(32), nullable=False),
        sa.Column("tiers", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("minimum_order", sa.Integer(), nullable=False),
        sa.Column("lead_time_days", sa.Integer(), nullable=True),
        sa.Column("contract_term_months", sa.Integer(), nullable=True),
        sa.Column("regions", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("minimum_order >= 1", name=op.f("ck_offer_minimum_order_positive")),
        sa.CheckConstraint("price_pence >= 0", name=op.f("ck_offer_price_not_negative")),
        sa.CheckConstraint("vat_basis_points BETWEEN 0 AND 10000", name=op.f("ck_offer_vat_rate_in_range")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_offer_product_id_product")),
        sa.ForeignKeyConstraint(["supplier_id"], ["supplier.id"], name=op.f("fk_offer_supplier_id_supplier")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer")),
        sa.UniqueConstraint("supplier_id", "reference", name=op.f("uq_offer_supplier_id_reference")),
    )
    with op.batch_alter_table("offer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_offer_product_id"), ["product_id"], unique=False)

    op.create_table(
        "connectivity_package",
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("access_type", sa.String(32), nullable=False),
        sa.Column("download_mbps", sa.Integer(), nullable=False),
        sa.Column("upload_mbps", sa.Integer(), nullable=False),
        sa.Column("term_months", sa.Integer(), nullable=False),
        sa.Column("committed_mbps", sa.Integer(), nullable=True),
        sa.Column("contention_ratio", sa.Integer(), nullable=True),
        sa.Column("install_charge_pence", sa.BigInteger(), nullable=False),
        sa.Column("excess_construction_cap_pence", sa.BigInteger(), nullable=True),
        sa.Column("notice_days", sa.Integer(), nullable=True),
        sa.Column("auto_renews", sa.Boolean(), nullable=False),
        sa.Column("availability_basis_points", sa.Integer(), nullable=True),
        sa.Column("target_fix_hours", sa.Integer(), nullable=True),
        sa.Column("hours_of_cover", sa.String(32), nullable=True),
        sa.Column("service_credit_basis_points_per_hour", sa.Integer(), nullable=True),
        sa.Column("static_ips", sa.Integer(), nullable=False),
        sa.Column("router_included", sa.Boolean(), nullable=False),
        sa.Column("firewall_included", sa.Boolean(), nullable=False),
        sa.Column("filtering_product", sa.String(120), nullable=False),
        sa.Column("failover", sa.String(32), nullable=False),
        sa.Column("failover_seconds", sa.Integer(), nullable=True),
        sa.Column("ddos_protection", sa.Boolean(), nullable=False),
        sa.Column("rpki_validation", sa.Boolean(), nullable=False),
        sa.Column("ipv6", sa.Boolean(), nullable=False),
        sa.Column("depends_on_pstn", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "download_mbps > 0 AND upload_mbps > 0", name=op.f("ck_connectivity_package_speeds_positive")
        ),
        sa.CheckConstraint(
            "install_charge_pence >= 0", name=op.f("ck_connectivity_package_install_charge_not_negative")
        ),
        sa.CheckConstraint("term_months > 0", name=op.f("ck_connectivity_package_term_positive")),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["listing_version.id"],
            name=op.f("fk_connectivity_package_version_id_listing_version"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_connectivity_package")),
    )
    op.create_table(
        "remanufactured_device",
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("grade", sa.String(32), nullable=False),
        sa.Column("process", sa.String(32), nullable=False),
        sa.Column("warranty_months", sa.Integer(), nullable=False),
        sa.Column("new_warranty_months", sa.Integer(), nullable=False),
        sa.Column("erasure", sa.String(32), nullable=False),
        sa.Column("erasure_standard", sa.String(120), nullable=False),
        sa.Column("remanufacturer", sa.String(120), nullable=False),
        sa.Column("process_certificate", sa.String(120), nullable=False),
        sa.Column("battery_percent", sa.Integer(), nullable=True),
        sa.Column("operating_system", sa.String(120), nullable=False),
        sa.Column("os_supported_until", sa.Date(), nullable=True),
        sa.Column("charger_included", sa.Boolean(), nullable=False),
        sa.Column("quantity_available", sa.Integer(), nullable=True),
        sa.CheckConstraint("warranty_months >= 0", name=op.f("ck_remanufactured_device_warranty_not_negative")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_remanufactured_device_offer_id_offer")),
        sa.PrimaryKeyConstraint("offer_id", name=op.f("pk_remanufactured_device")),
    )


def downgrade() -> None:
    """Undo this step."""
    op.drop_table("remanufactured_device")
    op.drop_table("connectivity_package")
    with op.batch_alter_table("offer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_offer_product_id"))

    op.drop_table("offer")
    op.drop_table("listing_view")
    with op.batch_alter_table("listing_version", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_listing_version_published",
            sqlite_where=sa.text("state = 'published'"),
            postgresql_where=sa.text("state = 'published'"),
        )
        batch_op.drop_index(
            "uq_listing_version_open",
            sqlite_where=sa.text("state IN ('draft', 'submitted', 'returned')"),
            postgresql_where=sa.text("state IN ('draft', 'submitted', 'returned')"),
        )

    op.drop_table("listing_version")
    with op.batch_alter_table("badge_claim", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_badge_claim_supplier_id"))
        batch_op.drop_index(batch_op.f("ix_badge_claim_product_id"))

    op.drop_table("badge_claim")
    op.drop_table("product")
    with op.batch_alter_table("group_membership", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_group_membership_current",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_group_membership_group_uid"))

    op.drop_table("group_membership")
    with op.batch_alter_table("establishment_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_establishment_link_successor_urn"))

    op.drop_table("establishment_link")
    op.drop_table("api_token")
    with op.batch_alter_table("supplier", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_supplier_name"))

    op.drop_table("supplier")
    op.drop_table("register_state")
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_outbox_message_pending",
            sqlite_where=sa.text("done_at IS NULL"),
            postgresql_where=sa.text("done_at IS NULL"),
        )

    op.drop_table("outbox_message")
    with op.batch_alter_table("establishment_group", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_establishment_group_ukprn"))
        batch_op.drop_index(batch_op.f("ix_establishment_group_name_key_uid"))
        batch_op.drop_index(batch_op.f("ix_establishment_group_group_id"))

    op.drop_table("establishment_group")
    with op.batch_alter_table("establishment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_establishment_ukprn"))
        batch_op.drop_index(batch_op.f("ix_establishment_name_key_urn"))
        batch_op.drop_index(batch_op.f("ix_establishment_la_code_name_key_urn"))

    op.drop_table("establishment")
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_event_object_type_object_id_id"))

    op.drop_table("audit_event")
