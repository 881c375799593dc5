"""Catalogue files, and what importing them does to a database."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import text

from becta.catalogue.imports.loading import Loader, import_file
from becta.catalogue.imports.report import ImportReport
from becta.kernel.actor import system
from becta.market.db import Database
from tests.support.catalogue import NOW

TABLES = (
    "supplier",
    "product",
    "listing_version",
    "connectivity_package",
    "offer",
    "remanufactured_device",
    "audit_event",
    "outbox_message",
)


def csv_text(rows: Sequence[dict[str, object]]) -> str:
    """Rows as CSV; the columns are those of the first."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def write_csv(path: Path, rows: Sequence[dict[str, object]]) -> Path:
    """A CSV file of these rows."""
    path.write_text(csv_text(rows), encoding="utf-8")
    return path


def write_jsonl(path: Path, rows: Iterable[object]) -> Path:
    """A JSON Lines file of these rows; a str is written as it is."""
    lines = (row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def imported(db: Database, loader: Loader, path: Path, *, strict: bool = False) -> ImportReport:
    """What an import of the file reports."""
    with ImportReport() as report:
        import_file(db.write, loader, path, actor=system("test"), now=NOW, report=report, strict=strict)
    return report


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    """Rows created, changed, unchanged, failed; together they are the rows read."""
    told = (report.created, report.changed, report.unchanged, report.failed)
    assert sum(told) == report.read
    return told


def held(db: Database) -> dict[str, list[Any]]:
    """Every row of the catalogue's tables, and of audit trail and outbox."""
    with db.read() as session:
        return {
            table: sorted(repr(tuple(row)) for row in session.execute(text(f"SELECT * FROM {table}")))
            for table in TABLES
        }


def sizes(db: Database) -> dict[str, int]:
    """How many rows each table has that has any."""
    return {table: len(rows) for table, rows in held(db).items() if rows}
