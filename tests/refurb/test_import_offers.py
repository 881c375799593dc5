"""Importing offers: new, changed and used ones; the same file twice changes nothing; bad rows are named."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select
from tests.support.catalogue import NOW, make_supplier, make_version
from tests.support.files import counts, held, imported, sizes, write_csv, write_jsonl

from becta.catalogue.imports.loading import StrictRefusal
from becta.catalogue.imports.report import ImportReport
from becta.catalogue.offers.models import Offer
from becta.catalogue.offers.rules import ALL_REGIONS, Condition, Region, Unit
from becta.catalogue.offers.service import end_offer
from becta.catalogue.products.models import Product
from becta.kernel.actor import Actor
from becta.kernel.events import AuditEvent
from becta.market.db import Database
from becta.refurb.units.imports import OfferLoader
from becta.refurb.units.models import RemanufacturedDeviceRow
from becta.refurb.units.rules import Grade

UNIT: dict[str, Any] = {
    "grade": "A",
    "process": "bs-8887-220",
    "process_certificate": "KM 123456",
    "warranty_months": 36,
    "new_warranty_months": 36,
    "erasure": "purge",
    "erasure_standard": "NIST SP 800-88 Rev. 2",
    "remanufacturer": "Second Spring Ltd",
    "battery_percent": 92,
}


def offer(reference: str = "o-1", **changes: Any) -> dict[str, Any]:
    """A row of an offers file that is right, but for the changes."""
    row = {
        "supplier": "larch-technology",
        "reference": reference,
        "product": "cb-11",
        "price_pence": 19_900,
        "unit": "each",
    }
    return {**row, **changes}


def used(reference: str = "r-1", **changes: Any) -> dict[str, Any]:
    return offer(reference, condition="remanufactured", remanufactured={**UNIT, **changes})


@pytest.fixture(autouse=True)
def product_id(db: Database) -> UUID:
    """The product cb-11 of larch-technology; rowan sells too."""
    with db.write() as session:
        make_supplier(session, "rowan")
        return make_version(session, make_supplier(session), "cb-11").product_id


def offers(db: Database) -> list[Offer]:
    with db.read() as session:
        return list(session.exec(select(Offer)))


def told(report: ImportReport) -> list[tuple[int, str, str]]:
    return [(entry.line, entry.fault.field, entry.fault.problem) for entry in report.faults]


def test_csv_and_json_lines_say_the_same(db: Database, tmp_path: Path) -> None:
    in_csv = {
        **offer("r-1", supplier="Rowan", product_supplier="larch-technology"),
        "condition": "remanufactured",
        "tiers": '[{"from_quantity": 10, "price_pence": 18000}]',
        "regions": "london; south-east",
        "vat_basis_points": "",
        "lead_time_days": "5",
        **{f"remanufactured.{name}": value for name, value in UNIT.items()},
        "remanufactured.os_supported_until": "2029-06-30",
        "remanufactured.charger_included": "yes",
    }
    in_json = {
        **used(os_supported_until="2029-06-30", charger_included=True),
        "supplier": "rowan",
        "product_supplier": "Larch Technology",
        "tiers": [{"from_quantity": 10, "price_pence": 18_000}],
        "regions": ["london", "south-east"],
        "lead_time_days": 5,
    }

    first = imported(db, OfferLoader(), write_csv(tmp_path / "o.csv", [in_csv]))
    after = held(db)

    assert counts(first) == (1, 0, 0, 0)
    assert counts(imported(db, OfferLoader(), write_jsonl(tmp_path / "o.jsonl", [in_json]))) == (0, 0, 1, 0)
    assert held(db) == after
    (stored,) = offers(db)
    assert (stored.condition, stored.unit, stored.vat_basis_points) == (Condition.REMANUFACTURED, Unit.EACH, 2000)
    assert (stored.tiers, stored.regions) == (
        [{"from_quantity": 10, "price_pence": 18_000}],
        [Region.LONDON, Region.SOUTH_EAST],
    )
    with db.read() as session:
        unit = session.exec(select(RemanufacturedDeviceRow)).one()
    assert (unit.offer_id, unit.grade, unit.charger_included) == (stored.id, Grade.A, True)


def test_new_offers_are_live_audited_and_announced_once_a_product(
    db: Database, product_id: UUID, tmp_path: Path
) -> None:
    before = sizes(db)

    report = imported(db, OfferLoader(), write_jsonl(tmp_path / "o.jsonl", [offer(), used(), offer("o-2")]))

    assert counts(report) == (3, 0, 0, 0)
    assert sizes(db) == {
        **before,
        "offer": 3,
        "remanufactured_device": 1,
        "audit_event": before["audit_event"] + 3,
        "outbox_message": before["outbox_message"] + 1,
    }
    with db.read() as session:
        product = session.get_one(Product, product_id)
        reasons = session.exec(select(AuditEvent.reason).where(AuditEvent.action == "offer.made")).all()
    assert product.revision == 2
    assert sorted(filter(None, reasons)) == [f"imported from o.jsonl line {line}" for line in (1, 2, 3)]
    assert {tuple(stored.regions) for stored in offers(db)} == {tuple(ALL_REGIONS)}


def test_the_same_file_twice_changes_nothing(db: Database, tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "o.jsonl", [offer(), used(), offer("o-2", regions=["london"])])
    imported(db, OfferLoader(), path)
    after = held(db)

    again = imported(db, OfferLoader(), path)

    assert (counts(again), again.changes) == ((0, 0, 3, 0), 0)
    assert held(db) == after


@pytest.mark.parametrize(
    ("_case", "was", "becomes", "units"),
    [
        ("another price", offer(), offer(price_pence=18_000), []),
        ("another tier", offer(), offer(tiers=[{"from_quantity": 5, "price_pence": 1}]), []),
        ("other particulars alone", used("o-1"), used("o-1", battery_percent=85), [85]),
        ("new goods instead of used", used("o-1"), offer(), []),
        ("used goods instead of new", offer(), used("o-1"), [92]),
    ],
)
def test_a_changed_row_changes_the_offer(
    _case: str,
    was: dict[str, Any],
    becomes: dict[str, Any],
    units: list[int],
    db: Database,
    product_id: UUID,
    tmp_path: Path,
) -> None:
    imported(db, OfferLoader(), write_jsonl(tmp_path / "o.jsonl", [was]))
    (before,) = offers(db)

    report = imported(db, OfferLoader(), write_jsonl(tmp_path / "p.jsonl", [becomes]))

    assert counts(report) == (0, 1, 0, 0)
    (after,) = offers(db)
    assert (after.id, after.revision) == (before.id, 2)
    assert after.price_pence == becomes["price_pence"]
    with db.read() as session:
        assert session.exec(select(RemanufacturedDeviceRow.battery_percent)).all() == units
        assert session.get_one(Product, product_id).revision == 3
        event = session.exec(select(AuditEvent).where(AuditEvent.action == "offer.changed")).one()
    assert event.before is not None
    assert event.after is not None
    assert (event.before["price_pence"], event.after["price_pence"]) == (19_900, becomes["price_pence"])


BAD_ROWS: list[tuple[str, Any, str, str, str | None, str]] = [
    ("not JSON", "price: 5", "(row)", "is not a JSON object: ", "price: 5", "one JSON object"),
    ("not UTF-8", b'{"reference": "\xff"}', "(row)", "is not UTF-8 text", None, "UTF-8"),
    ("no price", offer("b1", price_pence=None), "price_pence", "is missing", None, "a whole number"),
    ("no unit", offer("b2", unit=""), "unit", "is missing", None, "one of each, one_off, per_pupil_per_year"),
    ("no such unit", offer("b3", unit="dozen"), "unit", "cannot be read", "dozen", "one of each"),
    ("a negative price", offer("b4", price_pence=-1), "price_pence", "is out of range", "-1", "0 to"),
    ("pounds", offer("b5", price_pence="199.00"), "price_pence", "cannot be read", "199.00", "whole number"),
    ("VAT as a fraction", offer("b6", vat_basis_points=0.2), "vat_basis_points", "cannot be read", "0.2", "whole"),
    ("VAT above all", offer("b7", vat_basis_points=10_001), "vat_basis_points", "is out of range", "10001", "10000"),
    ("no such region", offer("b8", regions="wales"), "regions", "cannot be read", "wales", "one of north-east"),
    ("a region twice", offer("b9", regions="london;london"), "regions", "names a region twice", None, "once"),
    (
        "tiers that fall",
        offer("b10", tiers=[{"from_quantity": 9, "price_pence": 5}, {"from_quantity": 3, "price_pence": 4}]),
        "tiers.1.from_quantity",
        "does not rise",
        "3",
        "above 9",
    ),
    (
        "a dearer tier",
        offer("b11", tiers=[{"from_quantity": 9, "price_pence": 20_000}]),
        "tiers.0.price_pence",
        "is higher than the price of fewer",
        "20000",
        "0 to 19900",
    ),
    ("tiers as text", offer("b12", tiers="10 at 5"), "tiers", "cannot be read", "10 at 5", "a JSON list of objects"),
    ("a stranger", offer("b13", supplier="Nobody"), "supplier", "is not a supplier we know", "Nobody", "exact name"),
    (
        "no such product",
        offer("b14", product="cb-99"),
        "product",
        "is not a product we know",
        "cb-99",
        "product_supplier",
    ),
    (
        "another supplier's product",
        offer("b15", supplier="rowan"),
        "product",
        "is not a product we know",
        "cb-11",
        "a product of rowan",
    ),
    (
        "a product of a stranger",
        offer("b16", product_supplier="Nobody"),
        "supplier",
        "is not a supplier we know",
        "Nobody",
        "exact name",
    ),
    ("an offer again", offer("good-1"), "reference", "is already in this file, on line 1", "good-1", "keep one"),
    (
        "used without particulars",
        offer("b17", condition="refurbished"),
        "remanufactured",
        "is missing for a ",
        None,
        "grade",
    ),
    (
        "particulars of new goods",
        {**used("b18"), "condition": "new"},
        "remanufactured",
        "does not belong to an offer of new goods",
        None,
        "leave it out",
    ),
    ("merely cleared", used("b19", erasure="clear"), "remanufactured.erasure", "is too weak", "clear", "purged"),
    (
        "a short warranty",
        used("b20", warranty_months=12),
        "remanufactured.warranty_months",
        "is shorter than the new product's warranty",
        "12",
        "36 months",
    ),
    ("no such grade", used("b21", grade="D"), "remanufactured.grade", "cannot be read", "D", "one of A, B, C"),
    ("an unknown particular", used("b22", colour="red"), "remanufactured.colour", "is not a column", None, ""),
    ("an unknown column", offer("b23", prise=1), "prise", "is not a column", None, "rename it to price_pence"),
    ("controls", offer("b24", product="cb\x00"), "product", "holds control characters", None, "plain text"),
]


def test_good_rows_load_and_every_bad_one_is_named(db: Database, tmp_path: Path) -> None:
    rows = [offer("good-1"), *(row for _, row, *_ in BAD_ROWS), used("good-2")]
    path = tmp_path / "offers.jsonl"
    path.write_bytes(
        b"\n".join(
            row if isinstance(row, bytes) else row.encode() if isinstance(row, str) else json.dumps(row).encode()
            for row in rows
        )
    )

    report = imported(db, OfferLoader(), path)

    assert counts(report) == (2, 0, 0, len(BAD_ROWS))
    assert sorted(stored.reference for stored in offers(db)) == ["good-1", "good-2"]
    assert sorted({entry.line for entry in report.faults}) == list(range(2, len(BAD_ROWS) + 2))
    for line, (_, _, field, problem, value, mend) in enumerate(BAD_ROWS, 2):
        fault = next(entry.fault for entry in report.faults if (entry.line, entry.fault.field) == (line, field))
        assert fault.problem[: len(problem)] == problem
        assert value is None or fault.value == value
        assert mend in fault.mend


def test_strict_imports_nothing_of_a_file_with_a_bad_row(db: Database, tmp_path: Path) -> None:
    before = held(db)

    with pytest.raises(StrictRefusal):
        imported(db, OfferLoader(), write_jsonl(tmp_path / "o.jsonl", [offer(), offer("b", unit="dozen")]), strict=True)

    assert held(db) == before


def test_what_the_database_holds_can_forbid_a_row(db: Database, operator: Actor, tmp_path: Path) -> None:
    with db.write() as session:
        make_version(session, session.exec(select(Product.supplier_id)).one(), "cb-12")
    imported(db, OfferLoader(), write_jsonl(tmp_path / "o.jsonl", [offer(), offer("ended")]))
    with db.write() as session:
        ended = session.exec(select(Offer.id).where(Offer.reference == "ended")).one()
        end_offer(session, operator, ended, revision=None, now=NOW)
    before = held(db)

    rows = [offer(product="cb-12"), offer("ended", price_pence=1)]
    report = imported(db, OfferLoader(), write_jsonl(tmp_path / "p.jsonl", rows))

    assert counts(report) == (0, 0, 0, 2)
    assert told(report) == [
        (1, "reference", "is an offer of another product"),
        (2, "reference", "is an offer that has ended"),
    ]
    assert held(db) == before


def test_an_offer_is_the_same_however_its_supplier_is_spelt(db: Database, tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "o.jsonl", [offer(), offer(supplier="Larch Technology", price_pence=1)])

    report = imported(db, OfferLoader(), path)

    assert counts(report) == (1, 0, 0, 1)
    assert told(report) == [(2, "reference", "is already in this file, on line 1")]
    assert [stored.price_pence for stored in offers(db)] == [19_900]


def test_two_imports_of_a_file_at_once_end_as_one(db: Database, tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "o.jsonl", [used(f"r-{n}") for n in range(300)])
    before = sizes(db)
    start = Barrier(2)

    def run(_: int) -> ImportReport:
        start.wait(30)
        return imported(db, OfferLoader(), path)

    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(run, range(2)))

    assert sorted(counts(report) for report in reports) == [(0, 0, 300, 0), (300, 0, 0, 0)]
    assert sizes(db) == {
        **before,
        "offer": 300,
        "remanufactured_device": 300,
        "audit_event": before["audit_event"] + 300,
        "outbox_message": before["outbox_message"] + 1,
    }
