"""Triggers that refuse a change, made alike on SQLite and PostgreSQL."""

from alembic import op


def create_guard(name: str, event: str, table: str, when: str, message: str) -> None:
    """Refuse an UPDATE or DELETE of rows of `table` for which `when` (over OLD and NEW) is true."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {when} BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )
        return
    result = "OLD" if event == "DELETE" else "NEW"
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {when} THEN RAISE EXCEPTION '{message}' USING ERRCODE = 'check_violation'; END IF; RETURN {result}; END $$"
    )
    op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")


def drop_guard(name: str, table: str) -> None:
    """Take a guard away."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.execute(f"DROP TRIGGER {name}" if sqlite else f"DROP TRIGGER {name} ON {table}")
    if not sqlite:
        op.execute(f"DROP FUNCTION {name}()")


def differ(columns: tuple[str, ...]) -> str:
    """A condition for `when`: one of the columns changes."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    test = "OLD.{0} IS NOT NEW.{0}" if sqlite else "OLD.{0} IS DISTINCT FROM NEW.{0}"
    return "(" + " OR ".join(test.format(column) for column in columns) + ")"
