"""What the house is built like: rules that matter and that no linter sees."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports
from sqlalchemy import Enum
from sqlmodel import SQLModel

import becta
from becta.kernel.events import record
from becta.market import tables  # noqa: F401 - registers every table
from becta.market.api.access import BEARER, PUBLIC
from becta.market.app import API
from becta.market.problems import KINDS

ROOT = Path(__file__).resolve().parents[2]
SOURCE = Path(becta.__file__).parent
ROOMS = ["kernel", "catalogue", "compliance", "refurb", "market"]
"""Low to high; search has no tables."""
CHANGING = {"POST", "PUT", "PATCH", "DELETE"}


def room_of(table: str) -> int:
    """How high the room stands whose model makes a table."""
    [model] = [m for m in _models() if m.__tablename__ == table]
    return ROOMS.index(model.__module__.split(".")[1])


def _models() -> list[Any]:
    return [mapper.class_ for mapper in SQLModel._sa_registry.mappers]


def modules(pattern: str = "**/*.py") -> list[Path]:
    """The source files of the house."""
    return sorted(path for path in SOURCE.glob(pattern) if "migrations" not in path.parts)


def test_rooms_import_one_another_only_as_agreed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)

    assert lint_imports(config_filename=str(ROOT / ".importlinter"), no_cache=True) == EXIT_STATUS_SUCCESS


def test_every_table_has_one_model_in_one_room() -> None:
    assert sorted(model.__tablename__ for model in _models()) == sorted(SQLModel.metadata.tables)
    for table in SQLModel.metadata.tables:
        assert 0 <= room_of(table) < len(ROOMS)


def test_foreign_keys_go_down_from_room_to_room_or_stay_within_one() -> None:
    upward = [
        f"{table.name}.{key.parent.name} -> {key.column.table.name}"
        for table in SQLModel.metadata.sorted_tables
        for key in table.foreign_keys
        if room_of(key.column.table.name) > room_of(table.name)
    ]

    assert upward == []


def test_models_hold_ids_and_no_relationships() -> None:
    for mapper in SQLModel._sa_registry.mappers:
        assert list(mapper.relationships) == [], mapper.class_


def test_no_column_has_a_native_enum_of_postgresql() -> None:
    native = [
        f"{table.name}.{column.name}"
        for table in SQLModel.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, Enum)
    ]

    assert native == []


def test_every_constraint_has_a_name_that_a_migration_can_drop() -> None:
    for table in SQLModel.metadata.sorted_tables:
        for constraint in table.constraints:
            assert constraint.name, f"{table.name}: {constraint}"


def test_money_is_whole_pence() -> None:
    for table in SQLModel.metadata.sorted_tables:
        for column in table.columns:
            if column.name.endswith("_pence"):
                assert column.type.python_type is int, f"{table.name}.{column.name}"
            assert column.type.python_type is not float, f"{table.name}.{column.name}"


def test_models_do_not_postpone_their_annotations() -> None:
    found = [
        path for path in modules("**/models.py") if "from __future__ import annotations" in path.read_text("utf-8")
    ]

    assert found == []
    assert len(modules("**/models.py")) >= 8


def test_rules_and_models_know_neither_clock_nor_randomness() -> None:
    for path in modules("**/rules.py"):
        called = {
            ast.unparse(node.func)
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Call)
        }
        assert not called & {"clock.now", "datetime.now", "date.today", "new_id", "uuid4", "uuid7", "open"}, path


def test_use_cases_leave_the_commit_to_whoever_opened_the_transaction() -> None:
    for path in modules("**/service.py"):
        called = {
            node.func.attr
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        }
        assert not called & {"commit", "rollback"}, path


def actions() -> dict[str, str]:
    """Every audit action named in the source, and the file that names it."""
    found = {}
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func).rpartition(".")[2]
            position = {record.__name__: 2, "audit_row": 1, "event": 0, "_note": 4, "_move": 4}.get(name)
            if position is None or len(node.args) <= position:
                continue
            argument = node.args[position]
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                found[argument.value] = str(path.relative_to(SOURCE))
            elif isinstance(argument, ast.JoinedStr):
                shape = "".join(part.value if isinstance(part, ast.Constant) else "done" for part in argument.values)
                found[shape] = str(path.relative_to(SOURCE))
    return found


def test_every_audit_action_is_a_noun_and_what_was_done_to_it() -> None:
    found = actions()

    assert {"listing.published", "supplier.registered", "offer.made", "badge.claimed", "token.issued"} <= set(found)
    for action, where in found.items():
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+", action), f"{action} in {where}"
        assert len(action) <= 64


OPERATIONS = [
    (route, handler)
    for route in API.routes
    for handler in getattr(route, "route_handlers", ())
    if handler.http_methods != {"OPTIONS"}  # the framework's own
]


@pytest.mark.parametrize("handler", [handler for _, handler in OPERATIONS], ids=lambda h: h.operation_id)
def test_every_operation_has_a_name_a_summary_and_a_tag(handler: Any) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", handler.operation_id)
    assert (handler.fn.__doc__ or "").strip().endswith(".")
    assert handler.tags


def test_operation_names_are_told_apart() -> None:
    names = [handler.operation_id for _, handler in OPERATIONS]

    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("route", "handler"),
    [(route, handler) for route, handler in OPERATIONS if handler.http_methods & CHANGING],
    ids=lambda value: getattr(value, "operation_id", ""),
)
def test_every_route_that_changes_something_says_how_it_can_be_refused(route: Any, handler: Any) -> None:
    documented = {status for status in handler.responses or {} if status >= 400}

    assert documented <= set(KINDS)
    if handler.opt["access"] is PUBLIC:  # a POST that keeps nothing, such as verifying a badge
        assert 400 in documented
    else:
        assert handler.security == BEARER
        assert {400, 401, 403} <= documented
    if route.path_parameters:
        assert 404 in documented
    if "data" in handler.parsed_fn_signature.parameters:
        assert 413 in documented


@pytest.mark.parametrize("handler", [handler for _, handler in OPERATIONS], ids=lambda h: h.operation_id)
def test_a_route_that_needs_a_token_says_so(handler: Any) -> None:
    needs = "credentials" in handler.parsed_fn_signature.parameters

    assert (handler.security == BEARER) is needs
    assert ({401, 403} <= set(handler.responses or {})) is needs
