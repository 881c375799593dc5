"""Importing suppliers: registered once, amended when a row changes."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

from sqlmodel import select
from tests.support.files import counts, held, imported, sizes, write_csv, write_jsonl

from becta.catalogue.imports.report import ImportReport
from becta.catalogue.imports.suppliers import SupplierLoader
from becta.catalogue.suppliers.models import Supplier
from becta.kernel.events import AuditEvent
from becta.market.db import Database

CONTACT = {"purpose": "sales", "name": "Schools desk", "email": "schools@larch.example", "telephone": ""}


def supplier(reference: str = "larch", **changes: Any) -> dict[str, Any]:
    return {"reference": reference, "name": "Larch Technology", "town": "Leeds", **changes}


def test_csv_and_json_lines_say_the_same(db: Database, tmp_path: Path) -> None:
    in_csv = supplier(
        vat_number="GB980780684",
        contacts='[{"purpose": "sales", "name": "Schools desk", "email": "schools@larch.example"}]',
        ppon="",
    )
    first = imported(db, SupplierLoader(), write_csv(tmp_path / "s.csv", [in_csv]))
    after = held(db)
    in_json = supplier(vat_number="GB980780684", contacts=[CONTACT])

    assert counts(first) == (1, 0, 0, 0)
    assert counts(imported(db, SupplierLoader(), write_jsonl(tmp_path / "s.jsonl", [in_json]))) == (0, 0, 1, 0)
    assert held(db) == after
    with db.read() as session:
        stored = session.exec(select(Supplier)).one()
    assert (stored.name, stored.ppon, stored.contacts) == ("Larch Technology", None, [CONTACT])


def test_a_changed_row_amends_and_a_bad_one_is_named(db: Database, tmp_path: Path) -> None:
    imported(db, SupplierLoader(), write_jsonl(tmp_path / "s.jsonl", [supplier(), supplier("rowan")]))
    rows = [
        supplier(town="York"),
        supplier("rowan"),
        supplier("Bad Name"),
        supplier("a", vat_number="980780685"),
        supplier("b", name="x\0y"),
        supplier("c", contacts="the desk"),
        supplier("larch"),
    ]

    report = imported(db, SupplierLoader(), write_jsonl(tmp_path / "t.jsonl", rows))

    assert counts(report) == (0, 1, 1, 5)
    assert [(entry.line, entry.fault.field) for entry in report.faults] == [
        (3, "reference"),
        (4, "vat_number"),
        (5, "name"),
        (6, "contacts"),
        (7, "reference"),
    ]
    with db.read() as session:
        towns = dict(session.exec(select(Supplier.reference, Supplier.town)).all())
        event = session.exec(select(AuditEvent).where(AuditEvent.action == "supplier.amended")).one()
    assert towns == {"larch": "York", "rowan": "Leeds"}
    assert event.before is not None
    assert event.after is not None
    assert (event.before["town"], event.after["town"]) == ("Leeds", "York")


def test_two_imports_of_a_file_at_once_end_as_one(db: Database, tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "s.jsonl", [supplier(f"s-{n}") for n in range(300)])
    start = Barrier(2)

    def run(_: int) -> ImportReport:
        start.wait(30)
        return imported(db, SupplierLoader(), path)

    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(run, range(2)))

    assert sorted(counts(report) for report in reports) == [(0, 0, 300, 0), (300, 0, 0, 0)]
    assert sizes(db) == {"supplier": 300, "audit_event": 300, "outbox_message": 300}
