"""The audit trail as a tree of hashes: positions without gaps, leaves, tiles, the head, checkpoints and their guards.

Events there are become the first leaves, in the order they were numbered. The hashing is `becta.kernel.trail`'s own
and not frozen here: what it says of entries of version 1 can never change, or no old row could be checked.

Revision: 20261122_1900
Follows: 20261122_1610
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlmodel.sql.sqltypes import UTCDateTime

from becta.kernel.trail import Entry, Growing, canonical, leaf_hash
from becta.migrations.guards import create_guard, differ, drop_guard

revision = "20261122_1900"
down_revision = "20261122_1610"
branch_labels = None
depends_on = None

_BATCH = 5_000
_ONLY_GROWS = "the audit trail only grows"
_SAID = (
    "at",
    "actor_kind",
    "actor_id",
    "acting_for",
    "action",
    "object_type",
    "object_id",
    "before",
    "after",
    "reason",
)
_FIXED = ("position", *_SAID, "person_id", "actor_label", "commitments", "leaf_hash")
_GUARDS = (
    ("guard_audit_kept", "DELETE", "audit_event", "1 = 1"),
    ("guard_about_unchanged", "UPDATE", "audit_about", "1 = 1"),
    ("guard_about_kept", "DELETE", "audit_about", "1 = 1"),
    ("guard_tile_unchanged", "UPDATE", "audit_tile", "1 = 1"),
    ("guard_tile_kept", "DELETE", "audit_tile", "1 = 1"),
    ("guard_head_grows", "UPDATE", "audit_head", "NEW.size <= OLD.size"),
    ("guard_head_kept", "DELETE", "audit_head", "1 = 1"),
    ("guard_checkpoint_unchanged", "UPDATE", "audit_checkpoint", "1 = 1"),
    ("guard_checkpoint_kept", "DELETE", "audit_checkpoint", "1 = 1"),
)
_KEYS = {
    "audit_event": ("position",),
    "audit_about": ("person_id", "position"),
    "audit_tile": ("level", "number"),
    "audit_head": ("id",),
    "audit_checkpoint": ("size",),
}
_NEW_TABLES = ("audit_about", "audit_tile", "audit_head", "audit_checkpoint")


def upgrade() -> None:
    """Number and hash the events there are, and guard the new tables."""
    drop_guard("guard_audit_unchanged", "audit_event")
    drop_guard("guard_audit_kept", "audit_event")
    _set_aside("ix_audit_event_object_type_object_id_id")
    new = _create_new_events()
    tiles = _create_beside()
    size = _hash_all(new, tiles)
    op.drop_table("audit_event_before")
    op.bulk_insert(sa.table("audit_head", sa.column("id"), sa.column("size")), [{"id": 1, "size": size}])
    create_guard("guard_audit_unchanged", "UPDATE", "audit_event", differ(_FIXED), _ONLY_GROWS)
    for guard in _GUARDS:
        create_guard(*guard, _ONLY_GROWS)
    if _is_sqlite():
        _guard_against_replacing()
    else:
        _guard_against_truncation()


def downgrade() -> None:
    """Go back to events that are only numbered; the names of persons that were in no hash are not kept."""
    drop_guard("guard_audit_unchanged", "audit_event")
    for name, _, table, _ in _GUARDS:
        drop_guard(name, table)
    for table in _KEYS:
        op.execute(
            f"DROP TRIGGER guard_{table}_replaced" if _is_sqlite() else f"DROP TRIGGER guard_truncate ON {table}"
        )
    if not _is_sqlite():
        op.execute("DROP FUNCTION guard_audit_truncate()")
    op.drop_index(op.f("ix_audit_event_person_id"), "audit_event")
    _set_aside("ix_audit_event_object_type_object_id_position")
    old = op.create_table(
        "audit_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        *_columns(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    op.create_index("ix_audit_event_object_type_object_id_id", "audit_event", ["object_type", "object_id", "id"])
    for rows in _stored("position"):
        op.bulk_insert(
            old,
            [{**_said(row), "id": row["position"] + 1, "actor_label": row["actor_label"] or ""} for row in rows],
        )
    op.drop_table("audit_event_before")
    for table in _NEW_TABLES:
        op.drop_table(table)
    if not _is_sqlite():
        op.execute(
            "SELECT setval(pg_get_serial_sequence('audit_event', 'id'), (SELECT max(id) FROM audit_event)) "
            "WHERE EXISTS (SELECT 1 FROM audit_event)"
        )
    create_guard("guard_audit_unchanged", "UPDATE", "audit_event", "1 = 1", _ONLY_GROWS)
    create_guard("guard_audit_kept", "DELETE", "audit_event", "1 = 1", _ONLY_GROWS)


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _json() -> Any:
    return sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def _columns(*, label_needed: bool = True) -> list[sa.Column[Any]]:
    """The columns that tell what happened."""
    return [
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(32), nullable=False),
        sa.Column("actor_id", sa.String(64), nullable=False),
        sa.Column("actor_label", sa.String(200), nullable=not label_needed),
        sa.Column("acting_for", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("object_type", sa.String(32), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("before", _json(), nullable=True),
        sa.Column("after", _json(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
    ]


def _set_aside(index: str) -> None:
    """Rename the table of events, so that another can take its name."""
    op.drop_index(index, "audit_event")
    op.rename_table("audit_event", "audit_event_before")
    if not _is_sqlite():
        op.execute("ALTER TABLE audit_event_before RENAME CONSTRAINT pk_audit_event TO pk_audit_event_before")
        op.execute("ALTER SEQUENCE IF EXISTS audit_event_id_seq RENAME TO audit_event_before_id_seq")


def _create_new_events() -> sa.Table:
    table = op.create_table(
        "audit_event",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        *_columns(label_needed=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("commitments", _json(), nullable=True),
        sa.Column("leaf_hash", sa.String(64), nullable=False),
        sa.Column("personal", _json(), nullable=True),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_audit_event")),
    )
    op.create_index(
        "ix_audit_event_object_type_object_id_position", "audit_event", ["object_type", "object_id", "position"]
    )
    op.create_index(op.f("ix_audit_event_person_id"), "audit_event", ["person_id"])
    return table


def _create_beside() -> sa.Table:
    """Make the tables beside the events; returns that of tiles."""
    op.create_table(
        "audit_about",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("person_id", "position", name=op.f("pk_audit_about")),
    )
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "audit_checkpoint",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key_id", sa.String(8), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_audit_checkpoint")),
    )
    return op.create_table(
        "audit_tile",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("level", "number", name=op.f("pk_audit_tile")),
    )


def _hash_all(new: sa.Table, tiles: sa.Table) -> int:
    """Copy every event to its position with its hash, and write the tiles; returns how many events there are."""
    made: list[dict[str, Any]] = []

    def on_tile(level: int, number: int, tile: bytes) -> bytes:
        made.append({"level": level, "number": number, "hash": tile.hex()})
        return tile

    tree = Growing(on_tile)
    for rows in _stored("id"):
        fresh = []
        for row in rows:
            entry = {
                **_said(row),
                "position": tree.size,
                "person_id": None,
                "actor_label": row["actor_label"],
                "commitments": None,
            }
            leaf = leaf_hash(canonical(Entry(**entry)))
            tree.add(leaf)
            fresh.append({**entry, "leaf_hash": leaf.hex(), "personal": None})
        op.bulk_insert(new, fresh)
    if made:
        op.bulk_insert(tiles, made)
    return tree.size


def _said(row: Any) -> dict[str, Any]:
    return {name: row[name] for name in _SAID}


def _stored(key: str) -> Any:
    """The rows of the table set aside, in batches, in order of their key."""
    typed: list[Any] = [sa.column(column.name, column.type) for column in _columns()]
    typed[0] = sa.column("at", UTCDateTime())
    table = sa.table("audit_event_before", sa.column(key, sa.BigInteger()), *typed)
    last = -1
    while True:
        query = sa.select(table).where(table.c[key] > last).order_by(table.c[key]).limit(_BATCH)
        rows = op.get_bind().execute(query).mappings().all()
        if not rows:
            return
        last = rows[-1][key]
        yield rows


def _guard_against_replacing() -> None:
    """SQLite's INSERT OR REPLACE takes a row away without asking the guards of UPDATE and DELETE."""
    for table, keys in _KEYS.items():
        same = " AND ".join(f"{key} = NEW.{key}" for key in keys)
        op.execute(
            f"CREATE TRIGGER guard_{table}_replaced BEFORE INSERT ON {table} "  # noqa: S608 - names of ours
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) BEGIN SELECT RAISE(ABORT, '{_ONLY_GROWS}'); END"
        )


def _guard_against_truncation() -> None:
    """PostgreSQL can empty a table without deleting a row."""
    op.execute(
        "CREATE FUNCTION guard_audit_truncate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION '{_ONLY_GROWS}' USING ERRCODE = 'check_violation'; END $$"
    )
    for table in _KEYS:
        op.execute(
            f"CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION guard_audit_truncate()"
        )
