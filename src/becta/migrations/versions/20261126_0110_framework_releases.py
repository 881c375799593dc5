"""Releases of frameworks, and suppliers ranked again when an open framework opens again.

Revision: 20261126_0110
Follows: 20261126_0070
"""

from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from becta.migrations.guards import create_guard, differ, drop_guard

revision = "20261126_0110"
down_revision = "20261126_0070"
branch_labels = None
depends_on = None

_UNREGISTERED = "ocds-xxxxxx"
"""The prefix of the ocids of frameworks that were set up before, where no procurement tells another."""
_MADE = ("id", "authority_id", "created_by", "created_at")
_ON_IT = "state IN ('awarded', 'suspended')"
_ONE_PROCESS = "(procurement_id IS NULL) <> (framework_id IS NULL)"


def _release_guards() -> list[tuple[str, str, str, str, str]]:
    message = "a release is published once"
    return [
        ("guard_release_unchanged", "UPDATE", "ocds_release", "1 = 1", message),
        ("guard_release_kept", "DELETE", "ocds_release", "1 = 1", message),
    ]


def _framework_guards(made: tuple[str, ...]) -> list[tuple[str, str, str, str, str]]:
    ended = "OLD.state = 'terminated'"
    return [
        ("guard_framework_made", "UPDATE", "framework", differ(made), "whose a framework is never changes"),
        ("guard_framework_ended", "UPDATE", "framework", ended, "a terminated framework is kept"),
    ]


def _until_guard() -> tuple[str, str, str, str, str]:
    """A place on a lot ends once, no earlier than it began."""
    changed = f"OLD.awarded_until IS NOT NULL AND {differ(('awarded_until',))}"
    return (
        "guard_fw_application_until",
        "UPDATE",
        "framework_application",
        f"({changed}) OR NEW.awarded_until < NEW.awarded_from",
        "a place on a lot ends once",
    )


def upgrade() -> None:
    """Give frameworks an ocid, releases a framework, and applications an end."""
    _drop(_framework_guards(_MADE))
    op.add_column("framework", sa.Column("ocid", sa.String(64), nullable=False, server_default=""))
    _name_frameworks()
    if op.get_bind().dialect.name != "sqlite":  # which knows no column without a default that was added later
        op.alter_column("framework", "ocid", server_default=None)
    op.create_index("uq_framework_ocid", "framework", ["ocid"], unique=True)
    _create(_framework_guards((*_MADE, "ocid")))
    op.add_column("framework_round", sa.Column("extensions", _json(), nullable=False, server_default="[]"))
    op.add_column("framework_application", sa.Column("awarded_until", sa.Date(), nullable=True))
    op.add_column("framework_application", sa.Column("later_summaries", _json(), nullable=False, server_default="[]"))
    _index_places(f"{_ON_IT} AND awarded_until IS NULL")
    _create([_until_guard()])
    _drop(_release_guards())
    with op.batch_alter_table("ocds_release") as batch:
        batch.alter_column("procurement_id", existing_type=sa.Uuid(), nullable=True)
        batch.add_column(sa.Column("framework_id", sa.Uuid(), nullable=True))
        batch.create_foreign_key(
            batch.f("fk_ocds_release_framework_id_framework"), "framework", ["framework_id"], ["id"]
        )
        batch.create_check_constraint(batch.f("ck_ocds_release_one_process"), _ONE_PROCESS)
        batch.create_index(batch.f("ix_ocds_release_framework_id"), ["framework_id"])
    _create(_release_guards())


def downgrade() -> None:
    """Take them away, and with them the releases of frameworks."""
    _drop(_release_guards())
    op.execute("DELETE FROM ocds_release WHERE framework_id IS NOT NULL")
    with op.batch_alter_table("ocds_release") as batch:
        batch.drop_index(batch.f("ix_ocds_release_framework_id"))
        batch.drop_constraint(batch.f("ck_ocds_release_one_process"), type_="check")
        batch.drop_constraint(batch.f("fk_ocds_release_framework_id_framework"), type_="foreignkey")
        batch.drop_column("framework_id")
        batch.alter_column("procurement_id", existing_type=sa.Uuid(), nullable=False)
    _create(_release_guards())
    _drop([_until_guard()])
    _index_places(_ON_IT)
    op.drop_column("framework_application", "later_summaries")
    op.drop_column("framework_application", "awarded_until")
    op.drop_column("framework_round", "extensions")
    _drop(_framework_guards(_MADE))
    op.drop_index("uq_framework_ocid", "framework")
    op.drop_column("framework", "ocid")
    _create(_framework_guards(_MADE))


def _json() -> sa.JSON:
    return sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def _create(guards: list[tuple[str, str, str, str, str]]) -> None:
    for guard in guards:
        create_guard(*guard)


def _drop(guards: list[tuple[str, str, str, str, str]]) -> None:
    for name, _, table, _, _ in reversed(guards):
        drop_guard(name, table)


def _index_places(where: str) -> None:
    """One supplier has one place on a lot at a time."""
    name, table = "uq_framework_application_on_it", "framework_application"
    op.drop_index(name, table)
    condition = sa.text(where)
    op.create_index(
        name, table, ["lot_id", "supplier_id"], unique=True, sqlite_where=condition, postgresql_where=condition
    )


def _name_frameworks() -> None:
    """Frameworks set up before are called as call-offs have named them: by the prefix of procurements, and their id."""
    bind = op.get_bind()
    framework = sa.table("framework", sa.column("id", sa.Uuid()), sa.column("ocid", sa.String()))
    newest = bind.scalar(sa.text("SELECT ocid FROM procurement ORDER BY created_at DESC LIMIT 1"))
    prefix = _UNREGISTERED if newest is None else "-".join(str(newest).split("-")[:2])
    ids: list[UUID] = list(bind.scalars(sa.select(framework.c.id)))
    for one in ids:
        bind.execute(framework.update().where(framework.c.id == one).values(ocid=f"{prefix}-{one}"))
