"""Importing products: good rows are published, bad ones named, and the same file twice changes nothing."""

import gzip
import json
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from time import sleep
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select
from tests.support.catalogue import NOW, content, make_supplier, make_version, terms
from tests.support.files import counts, held, imported, sizes, write_csv, write_jsonl
from tests.support.shared import shared_data

from becta.catalogue.categories import Kind
from becta.catalogue.connectivity.models import ConnectivityRow
from becta.catalogue.connectivity.rules import AccessType
from becta.catalogue.imports import loading
from becta.catalogue.imports.loading import BATCH, StrictRefusal, import_file
from becta.catalogue.imports.products import ProductLoader
from becta.catalogue.imports.report import ImportReport
from becta.catalogue.imports.rows import UnreadableFile
from becta.catalogue.offers.models import Offer
from becta.catalogue.offers.rules import Unit
from becta.catalogue.offers.service import end_offer, make_offer
from becta.catalogue.products.models import ListingVersion, Product
from becta.catalogue.products.rules import ListingState
from becta.catalogue.products.service import edit_listing, start_listing, withdraw_listing
from becta.catalogue.suppliers.models import Supplier
from becta.kernel.actor import Actor, system
from becta.kernel.events import AuditEvent, OutboxMessage
from becta.market.db import Database


def device(reference: str = "cb-11", **changes: Any) -> dict[str, Any]:
    """A row of a products file that is right, but for the changes."""
    row: dict[str, Any] = {
        "supplier": "larch-technology",
        "reference": reference,
        "kind": "device",
        "title": "Larch Chromebook 11",
        "cpv_code": "30213100",
    }
    return {**row, **changes}


def fibre(reference: str = "f-1000", **changes: Any) -> dict[str, Any]:
    package = {"access_type": "fttp", "download_mbps": 1000, "upload_mbps": 900, "term_months": 36}
    return device(
        reference, kind="connectivity", title="Fibre 1000", cpv_code="72400000", connectivity={**package, **changes}
    )


def versions(db: Database) -> list[tuple[int, ListingState, str]]:
    with db.read() as session:
        wanted = select(ListingVersion.number, ListingVersion.state, ListingVersion.title)
        return list(session.exec(wanted.order_by(col(ListingVersion.number))))


def told(report: ImportReport) -> list[tuple[int, str, str]]:
    return [(entry.line, entry.fault.field, entry.fault.problem) for entry in report.faults]


@pytest.mark.usefixtures("larch")
def test_a_new_row_is_published_with_its_audit_event_and_message(db: Database, tmp_path: Path) -> None:
    before = sizes(db)

    report = imported(db, ProductLoader(), write_jsonl(tmp_path / "p.jsonl", [device()]))

    assert counts(report) == (1, 0, 0, 0)
    assert versions(db) == [(1, ListingState.PUBLISHED, "Larch Chromebook 11")]
    with db.read() as session:
        product = session.exec(select(Product)).one()
        version = session.exec(select(ListingVersion)).one()
        event = session.exec(select(AuditEvent).order_by(col(AuditEvent.position).desc())).first()
        message = session.exec(select(OutboxMessage).order_by(col(OutboxMessage.id).desc())).first()
    assert event is not None
    assert message is not None
    assert (product.reference, product.kind, product.revision) == ("cb-11", Kind.DEVICE, 1)
    assert (version.category, version.published_at) == ("laptops", NOW)
    assert (event.action, event.object_id, event.reason) == (
        "listing.imported",
        product.id,
        "imported from p.jsonl line 1",
    )
    assert (event.before, event.after) == (
        None,
        {"version": 1, "state": "published", "content_hash": version.content_hash},
    )
    assert (message.topic, message.key) == ("product", product.id)
    assert sizes(db) == {
        **before,
        "product": 1,
        "listing_version": 1,
        "audit_event": before["audit_event"] + 1,
        "outbox_message": before["outbox_message"] + 1,
    }


FULL_CSV: dict[str, object] = {
    "supplier": "Larch Technology",
    "reference": "f-1000",
    "kind": "connectivity",
    "title": "  Fibre 1000 ",
    "description": "First line\nsecond, line",
    "cpv_code": "72400000-1",
    "phases": "primary; secondary",
    "features": "Static address;Router",
    "attributes": "Colour=none; Ports = 4",
    "gtins": "4006381333931",
    "connectivity.access_type": "fttp",
    "connectivity.download_mbps": "1000",
    "connectivity.upload_mbps": "900",
    "connectivity.term_months": "36",
    "connectivity.router_included": "yes",
    "connectivity.notice_days": "",
    "price_pence": "45000",
}
FULL_JSON: dict[str, object] = {
    "supplier": "larch-technology",
    "reference": "f-1000",
    "kind": "connectivity",
    "title": "Fibre 1000",
    "description": "First line\nsecond, line",
    "cpv_code": "72400000-1",
    "phases": ["primary", "secondary"],
    "features": ["Static address", "Router"],
    "attributes": {"Ports": "4", "Colour": "none"},
    "gtins": ["4006381333931"],
    "connectivity": {
        "access_type": "fttp",
        "download_mbps": 1000,
        "upload_mbps": 900,
        "term_months": 36,
        "router_included": True,
        "notice_days": None,
    },
    "price_pence": 45000,
}


@pytest.mark.usefixtures("larch")
def test_csv_and_json_lines_say_the_same(db: Database, tmp_path: Path) -> None:
    in_csv = write_csv(tmp_path / "p.csv", [FULL_CSV])
    in_json = write_jsonl(tmp_path / "p.jsonl", [FULL_JSON])
    zipped = tmp_path / "p.csv.gz"
    zipped.write_bytes(gzip.compress(b"\xef\xbb\xbf" + in_csv.read_bytes()))

    first = imported(db, ProductLoader(), in_csv)
    after = held(db)

    assert counts(first) == (1, 0, 0, 0)
    assert counts(imported(db, ProductLoader(), in_json)) == (0, 0, 1, 0)
    assert counts(imported(db, ProductLoader(), zipped)) == (0, 0, 1, 0)
    assert held(db) == after
    with db.read() as session:
        package = session.exec(select(ConnectivityRow)).one()
        version = session.exec(select(ListingVersion)).one()
    assert (package.access_type, package.upload_mbps, package.router_included) == (AccessType.FTTP, 900, True)
    assert (package.notice_days, package.static_ips) == (None, 0)
    assert (version.phases, version.attributes) == (["primary", "secondary"], {"Colour": "none", "Ports": "4"})


GOOD = [device("good-1"), device("good-2", title="A second"), fibre("good-3")]
EAN = "4006381333931"

BAD_ROWS: list[tuple[str, Any, str, str, str | None, str]] = [
    ("not JSON", '{"supplier": ', "(row)", "is not a JSON object: ", '{"supplier":', "one JSON object on the line"),
    ("no object", "[1, 2]", "(row)", "is not a JSON object: ", "[1, 2]", "one JSON object on the line"),
    ("not UTF-8", b'{"title": "caf\xe9"}', "(row)", "is not UTF-8 text", '{"title": "caf\ufffd"}', "UTF-8"),
    ("no title", device("b1", title=None), "title", "is missing", None, "give text"),
    ("no reference", device(" "), "reference", "is missing", None, "give text"),
    (
        "no such kind",
        device("b2", kind="toy"),
        "kind",
        "cannot be read",
        "toy",
        "one of software, device, connectivity",
    ),
    ("no CPV code", device("b3", cpv_code="laptops"), "cpv_code", "is not a CPV code", "laptops", "eight digits"),
    ("no such category", device("b4", category="toys"), "category", "is not a category", "toys", "choose one of"),
    (
        "another kind's category",
        device("b5", category="mis"),
        "category",
        "is a category of software, not of device",
        "mis",
        "choose one of accessories, ",
    ),
    ("a row again", device("good-1"), "reference", "is already in this file, on line 1", "good-1", "keep one"),
    ("a stranger", device("b6", supplier="Nobody"), "supplier", "is not a supplier we know", "Nobody", "exact name"),
    ("a wrong GTIN", device("b7", gtins=[EAN, "1"]), "gtins", "is not a valid GTIN (EAN or UPC)", "1", "check digit"),
    ("a negative price", device("b8", price_pence=-1), "price_pence", "is out of range", "-1", "from 0 to"),
    ("a price in pounds", device("b9", price_pence="£5"), "price_pence", "cannot be read", "£5", "a whole number"),
    ("an unknown column", device("b10", colour="red"), "colour", "is not a column", None, "--schema"),
    ("a misspelt column", device("b11", titel="x"), "titel", "is not a column", None, "rename it to title"),
    ("a list of numbers", device("b12", phases=[1]), "phases", "cannot be read", "[1]", "one of primary, secondary"),
    (
        "neither yes nor no",
        fibre("b13", ipv6="perhaps"),
        "connectivity.ipv6",
        "cannot be read",
        "perhaps",
        "give yes or no",
    ),
    ("no such phase", device("b14", phases="nursery"), "phases", "cannot be read", "nursery", "one of primary"),
    ("a phase twice", device("b15", phases="fe;fe"), "phases", "names a phase twice", "fe, fe", "each phase once"),
    (
        "no package",
        device("b16", kind="connectivity", cpv_code="72400000"),
        "connectivity",
        "is missing",
        None,
        "state access type",
    ),
    (
        "a package on a device",
        {**fibre("b17"), "kind": "device"},
        "connectivity",
        "does not belong to a listing of kind device",
        None,
        "list this as connectivity",
    ),
    (
        "half a package",
        device("b18", connectivity={"download_mbps": 10}),
        "connectivity.access_type",
        "is missing",
        None,
        "fttp",
    ),
    ("too fast", fibre("b19", upload_mbps=10**6), "connectivity.upload_mbps", "is out of range", "1000000", "100000"),
    (
        "a fact nobody knows",
        fibre("b20", ping=4),
        "connectivity.ping",
        "is not a column",
        None,
        "rename it to connectivity.",
    ),
    (
        "a long title",
        device("b21", title="t" * 301),
        "title",
        "is 301 characters long",
        "t" * 60 + "…",
        "300 characters",
    ),
    ("controls", device("b22", summary="a\x00b"), "summary", "holds control characters", None, "send plain text"),
    ("a long reference", device("r" * 121), "reference", "is 121 characters long", "r" * 60 + "…", "shorten it"),
    (
        "controls in the supplier",
        device("b23", supplier="a\x00"),
        "supplier",
        "holds control characters",
        None,
        "plain text",
    ),
]


def with_bad_rows_between(path: Path) -> tuple[Path, list[tuple[int, str, str, str | None, str]]]:
    """A file of good rows with bad ones among them, and what must be said of those."""
    lines: list[bytes] = []
    expected = []

    def add(row: object) -> int:
        lines.append(row if isinstance(row, bytes) else (row if isinstance(row, str) else json.dumps(row)).encode())
        return len(lines)

    add(GOOD[0])
    for index, (_, row, field, problem, value, mend) in enumerate(BAD_ROWS):
        expected.append((add(row), field, problem, value, mend))
        if index == 10:
            add(GOOD[1])
    add(GOOD[2])
    path.write_bytes(b"\n".join(lines))
    return path, expected


@pytest.mark.usefixtures("larch")
def test_good_rows_load_and_every_bad_one_is_named(db: Database, tmp_path: Path) -> None:
    path, expected = with_bad_rows_between(tmp_path / "mixed.jsonl")

    report = imported(db, ProductLoader(), path)

    assert counts(report) == (3, 0, 0, len(BAD_ROWS))
    with db.read() as session:
        assert sorted(session.exec(select(Product.reference))) == ["good-1", "good-2", "good-3"]
    first_faults = {}
    for entry in report.faults:
        assert entry.file == "mixed.jsonl"
        first_faults.setdefault(entry.line, []).append(entry.fault)
    assert sorted(first_faults) == sorted(line for line, *_ in expected)
    for line, field, problem, value, mend in expected:
        fault = next(fault for fault in first_faults[line] if fault.field == field)
        assert (line, fault.problem[: len(problem)]) == (line, problem)
        assert fault.value == value
        assert mend in fault.mend


@pytest.mark.usefixtures("larch")
def test_strict_imports_nothing_of_a_file_with_a_bad_row(db: Database, tmp_path: Path) -> None:
    path, expected = with_bad_rows_between(tmp_path / "mixed.jsonl")
    before = held(db)

    with ImportReport() as report, pytest.raises(StrictRefusal) as refused:
        import_file(db.write, ProductLoader(), path, actor=system("test"), now=NOW, report=report, strict=True)

    assert str(refused.value) == (f"mixed.jsonl: {len(BAD_ROWS)} bad rows, so nothing was imported (--strict)")
    assert (report.created, report.changed, report.unchanged) == (0, 0, 0)
    assert sorted({entry.line for entry in report.faults}) == sorted(line for line, *_ in expected)
    assert held(db) == before


@pytest.mark.usefixtures("larch")
def test_strict_holds_over_all_batches_of_a_file(db: Database, tmp_path: Path) -> None:
    rows = [device(f"cb-{number}") for number in range(BATCH + 1)]
    before = held(db)

    with pytest.raises(StrictRefusal):
        imported(db, ProductLoader(), write_jsonl(tmp_path / "p.jsonl", [*rows, "bad"]), strict=True)

    assert held(db) == before
    good = imported(db, ProductLoader(), write_jsonl(tmp_path / "p.jsonl", rows), strict=True)
    assert counts(good) == (BATCH + 1, 0, 0, 0)


@pytest.mark.usefixtures("larch")
def test_csv_faults_name_the_line_a_row_begins_on(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text(
        "supplier,reference,kind,title,cpv_code,description\n"
        'larch-technology,a,device,Laptop A,30213100,"one\ntwo\nthree"\n'
        'larch-technology,b,device,Laptop B,wrong,"one\ntwo"\n'
        "larch-technology,c,device,Laptop C\n"
        "\n"
        'larch-technology,d,device,"Laptop\nD",30213100,\n'
        "larch-technology,a,device,Laptop A,30213100,\n"
        'larch-technology,e,device,"x"y,30213100,\n'
    )

    report = imported(db, ProductLoader(), path)

    assert counts(report) == (2, 0, 0, 4)
    assert sorted(told(report)) == [
        (5, "cpv_code", "is not a CPV code"),
        (7, "(row)", "has 4 cells where the header has 6"),
        (11, "reference", "is already in this file, on line 2"),
        (12, "(row)", "is not CSV: ',' expected after '\"'"),
    ]


@pytest.mark.usefixtures("larch")
def test_a_file_as_a_spreadsheet_saves_it_is_understood(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text(
        "sep=;\r\nSupplier;Reference;Kind;Title;CPV code;Phases\r\n"
        'larch-technology;a;Device;Laptop A;30213100;"Primary; All through"\r\n'
    )

    report = imported(db, ProductLoader(), path)

    assert (counts(report), told(report)) == ((1, 0, 0, 0), [])
    with db.read() as session:
        assert session.exec(select(ListingVersion.phases)).one() == ["primary", "all-through"]


@pytest.mark.usefixtures("larch")
def test_every_fault_of_a_row_is_told_and_the_row_counts_once(db: Database, tmp_path: Path) -> None:
    row = device("b", title="t" * 301, cpv_code="x", category="toys", colour="red")

    report = imported(db, ProductLoader(), write_jsonl(tmp_path / "p.jsonl", [row]))

    assert counts(report) == (0, 0, 0, 1)
    assert [field for _, field, _ in told(report)] == ["colour", "title", "cpv_code", "category"]


@pytest.mark.usefixtures("larch")
def test_the_same_file_twice_changes_nothing(db: Database, tmp_path: Path) -> None:
    rows = [device(f"cb-{number}", price_pence=100 + number) for number in range(20)]
    path = write_jsonl(tmp_path / "p.jsonl", [*rows, fibre()])
    assert counts(imported(db, ProductLoader(), path)) == (21, 0, 0, 0)
    after = held(db)

    again = imported(db, ProductLoader(), path)

    assert (counts(again), again.changes) == ((0, 0, 21, 0), 0)
    assert held(db) == after


@pytest.mark.usefixtures("larch")
def test_a_changed_row_becomes_a_new_version_and_the_old_is_superseded(db: Database, tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "p.jsonl", [device(), device("cb-12")])
    imported(db, ProductLoader(), path)
    changed = write_jsonl(tmp_path / "q.jsonl", [device(title="Larch Chromebook 11 G2"), device("cb-12")])

    assert counts(imported(db, ProductLoader(), changed)) == (0, 1, 1, 0)

    with db.read() as session:
        product = session.exec(select(Product).where(Product.reference == "cb-11")).one()
        stored = session.exec(
            select(ListingVersion).where(ListingVersion.product_id == product.id).order_by(col(ListingVersion.number))
        ).all()
        event = session.exec(select(AuditEvent).order_by(col(AuditEvent.position).desc())).first()
    assert [(v.number, v.state, v.title) for v in stored] == [
        (1, ListingState.SUPERSEDED, "Larch Chromebook 11"),
        (2, ListingState.PUBLISHED, "Larch Chromebook 11 G2"),
    ]
    assert product.revision == 2
    assert event is not None
    assert event.before == {"version": 1, "content_hash": stored[0].content_hash}
    assert event.after == {"version": 2, "state": "published", "content_hash": stored[1].content_hash}
    back = imported(db, ProductLoader(), path)
    assert counts(back) == (0, 1, 1, 0)


def test_a_draft_in_the_making_stays_beside_what_is_imported(
    db: Database, larch: UUID, operator: Actor, tmp_path: Path
) -> None:
    imported(db, ProductLoader(), write_jsonl(tmp_path / "p.jsonl", [device()]))
    with db.write() as session:
        product_id = session.exec(select(Product.id)).one()
        edit_listing(session, operator, product_id, content(title="A draft"), revision=None, now=NOW)

    imported(db, ProductLoader(), write_jsonl(tmp_path / "q.jsonl", [device(title="From the file")]))

    assert versions(db) == [
        (1, ListingState.SUPERSEDED, "Larch Chromebook 11"),
        (2, ListingState.DRAFT, "A draft"),
        (3, ListingState.PUBLISHED, "From the file"),
    ]
    with db.read() as session:
        event = session.exec(select(AuditEvent).order_by(col(AuditEvent.position).desc())).first()
    assert event is not None
    assert event.before is not None
    assert event.before["version"] == 1


def test_what_the_database_holds_can_forbid_a_row(db: Database, larch: UUID, operator: Actor, tmp_path: Path) -> None:
    with db.write() as session:
        published = make_version(session, larch, "published")
        gone = make_version(session, larch, "gone").product_id
        withdraw_listing(session, operator, gone, "sold out", revision=None, now=NOW)
        start_listing(
            session, operator, supplier_id=larch, reference="draft", kind=Kind.DEVICE, content=content(), now=NOW
        )
    before = held(db)
    rows = [{**fibre("published")}, device("gone"), device("draft")]

    report = imported(db, ProductLoader(), write_jsonl(tmp_path / "p.jsonl", rows))

    assert counts(report) == (0, 0, 0, 3)
    assert told(report) == [
        (1, "kind", "cannot change"),
        (2, "reference", "was withdrawn"),
        (3, "reference", "is not published yet"),
    ]
    assert report.faults[0].fault.mend == "keep device, or give the product another reference"
    assert held(db) == before
    assert published.number == 1


@pytest.mark.usefixtures("larch")
def test_a_price_becomes_a_plain_offer_that_follows_the_file(db: Database, tmp_path: Path) -> None:
    def offers() -> list[tuple[str, int, Unit, int]]:
        with db.read() as session:
            return [(o.reference, o.price_pence, o.unit, o.revision) for o in session.exec(select(Offer))]

    dear = write_jsonl(tmp_path / "p.jsonl", [device(price_pence=19_900)])
    assert counts(imported(db, ProductLoader(), dear)) == (1, 0, 0, 0)
    assert offers() == [("cb-11", 19_900, Unit.EACH, 1)]

    cheap = write_jsonl(tmp_path / "q.jsonl", [device(price_pence=18_900)])
    assert counts(imported(db, ProductLoader(), cheap)) == (0, 1, 0, 0)
    assert offers() == [("cb-11", 18_900, Unit.EACH, 2)]
    with db.read() as session:
        assert session.exec(select(Product.revision)).one() == 2

    silent = write_jsonl(tmp_path / "r.jsonl", [device()])
    assert counts(imported(db, ProductLoader(), silent)) == (0, 0, 1, 0)
    assert offers() == [("cb-11", 18_900, Unit.EACH, 2)]


def test_a_price_takes_over_no_offer_of_something_else(
    db: Database, larch: UUID, operator: Actor, tmp_path: Path
) -> None:
    imported(db, ProductLoader(), write_jsonl(tmp_path / "p.jsonl", [device("cb-11"), device("ended", price_pence=1)]))
    with db.write() as session:
        product_id = session.exec(select(Product.id).where(Product.reference == "cb-11")).one()
        make_offer(
            session, operator, product_id=product_id, supplier_id=larch, reference="other", terms=terms(), now=NOW
        )
        ended = session.exec(select(Offer.id).where(Offer.reference == "ended")).one()
        end_offer(session, operator, ended, revision=None, now=NOW)
    before = held(db)

    rows = [device("other", price_pence=5), device("ended", price_pence=5, title="Changed too")]
    report = imported(db, ProductLoader(), write_jsonl(tmp_path / "q.jsonl", rows))

    assert counts(report) == (0, 0, 0, 2)
    assert told(report) == [
        (1, "reference", "is an offer of another product"),
        (2, "reference", "is an offer that has ended"),
    ]
    assert held(db) == before


@pytest.mark.usefixtures("larch")
def test_a_product_is_the_same_however_its_supplier_is_spelt(db: Database, tmp_path: Path) -> None:
    spelt = ["larch-technology", "Larch Technology", " LARCH technology "]
    rows = [device(supplier=supplier) for supplier in spelt]
    path = write_jsonl(
        tmp_path / "p.jsonl", [*rows, *(device(f"x{n}") for n in range(BATCH)), device(supplier=spelt[1])]
    )

    report = imported(db, ProductLoader(), path)

    assert counts(report) == (BATCH + 1, 0, 0, 3)
    assert sorted(told(report)) == [
        (2, "reference", "is already in this file, on line 1"),
        (3, "reference", "is already in this file, on line 2"),
        (BATCH + 4, "reference", "is already in this file, on line 2"),
    ]


def test_a_suppliers_name_is_found_whatever_its_letters(db: Database, tmp_path: Path) -> None:
    with db.write() as session:
        make_supplier(session, "ecole", name="École Tech")
        make_supplier(session, "twin-a", name="Twin")
        make_supplier(session, "twin-b", name="Twin")
        make_supplier(session, "odd", name="ecole")
    rows = [device("a", supplier="École tech"), device("b", supplier="Twin"), device("c", supplier="ecole")]

    report = imported(db, ProductLoader(), write_jsonl(tmp_path / "p.jsonl", rows))

    assert told(report) == [(2, "supplier", "is not a supplier we know")]
    with db.read() as session:
        found = session.exec(
            select(Product.reference, Supplier.reference).join(Supplier, col(Supplier.id) == Product.supplier_id)
        ).all()
    assert sorted(found) == [("a", "ecole"), ("c", "ecole")]


def test_suppliers_nobody_knows_are_made_where_that_is_asked_for(db: Database, tmp_path: Path) -> None:
    names = ["TP-LINK", "tp-link", "TP LINK", "华为", "X", "L" * 161]
    path = write_jsonl(tmp_path / "p.jsonl", [device(f"p{n}", supplier=name) for n, name in enumerate(names)])

    report = imported(db, ProductLoader(create_suppliers=True), path)

    assert counts(report) == (3, 0, 0, 3)
    assert sorted(told(report)) == [
        (4, "supplier", "is not a supplier we know"),
        (5, "supplier", "is not a supplier we know"),
        (6, "supplier", "is 161 characters long"),
    ]
    with db.read() as session:
        assert session.exec(select(Supplier.reference, Supplier.name)).all() == [("tp-link", "TP-LINK")]
    assert counts(imported(db, ProductLoader(create_suppliers=True), path)) == (0, 0, 3, 3)


@pytest.mark.parametrize(
    ("_case", "name", "content", "message"),
    [
        ("missing", "gone.csv", None, "gone.csv: there is no such file"),
        ("empty", "p.csv", b"", "p.csv: is empty; its first line must name the columns"),
        (
            "a misspelt column",
            "p.csv",
            b"supplier,reference,kind,titel,cpv_code\nlarch-technology,a,device,Laptop,30213100\n",
            "p.csv: titel is not a column: rename it to title",
        ),
        (
            "a column of no meaning",
            "p.csv",
            b"supplier,reference,kind,title,cpv_code,zzqq\nlarch-technology,a,device,Laptop,30213100,1\n",
            "p.csv: zzqq is not a column: remove it; --schema lists the columns",
        ),
        (
            "a header that lacks columns",
            "p.csv",
            b"supplier,reference,title\nlarch-technology,a,Laptop\nlarch-technology,b,Laptop\n",
            "p.csv: lacks columns that every row must fill: cpv_code, kind",
        ),
        (
            "an unknown column and no rows",
            "p.csv",
            b"supplier,reference,kind,title,zzqq\n",
            "p.csv: zzqq is not a column: remove it; --schema lists the columns; "
            "lacks columns that every row must fill: cpv_code",
        ),
        (
            "a column twice, spelt otherwise",
            "p.csv",
            b"supplier,reference,kind,title,cpv_code,CPV code\n",
            "p.csv: names a column twice: cpv_code; name each once",
        ),
    ],
)
@pytest.mark.usefixtures("larch")
def test_a_file_that_is_of_no_use_changes_nothing(
    _case: str, name: str, content: bytes | None, message: str, db: Database, tmp_path: Path
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    before = held(db)

    with pytest.raises(UnreadableFile) as refused:
        imported(db, ProductLoader(), path)

    assert str(refused.value).removeprefix(f"{tmp_path}/") == message
    assert held(db) == before


@pytest.mark.usefixtures("larch")
def test_a_file_cut_off_keeps_the_rows_before_the_cut(db: Database, tmp_path: Path) -> None:
    rows = 2 * BATCH
    plain = write_jsonl(tmp_path / "p.jsonl", [device(f"cb-{n}", title=f"Laptop {n * 7919}") for n in range(rows)])
    whole = gzip.compress(plain.read_bytes())
    path = tmp_path / "p.jsonl.gz"
    path.write_bytes(whole[: int(len(whole) * 0.9)])

    with ImportReport() as report, pytest.raises(UnreadableFile, match="is not a whole gzip file"):
        import_file(db.write, ProductLoader(), path, actor=system("test"), now=NOW, report=report)

    kept = sizes(db)["product"]
    assert BATCH < kept < rows
    assert counts(report) == (kept, 0, 0, 0)
    path.write_bytes(whole)
    assert counts(imported(db, ProductLoader(), path)) == (rows - kept, 0, kept, 0)


@pytest.mark.usefixtures("larch")
def test_strict_keeps_nothing_of_a_file_cut_off(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl.gz"
    whole = write_jsonl(tmp_path / "p.jsonl", [device(f"cb-{n}") for n in range(BATCH + 1)])
    path.write_bytes(gzip.compress(whole.read_bytes())[:-4])
    before = held(db)

    with pytest.raises(UnreadableFile):
        imported(db, ProductLoader(), path, strict=True)

    assert held(db) == before


def at_once(db: Database, paths: list[Path], *, strict: bool = False) -> list[ImportReport]:
    start = Barrier(len(paths))

    def run(path: Path) -> ImportReport:
        start.wait(30)
        return imported(db, ProductLoader(create_suppliers=True), path, strict=strict)

    with ThreadPoolExecutor(len(paths)) as pool:
        return list(pool.map(run, paths))


@pytest.mark.parametrize("strict", [False, True])
def test_two_imports_of_a_file_at_once_end_as_one(db: Database, tmp_path: Path, *, strict: bool) -> None:
    rows = [device(f"cb-{n}", price_pence=n, supplier=f"Maker {n % 3}") for n in range(BATCH + 100)]
    path = write_jsonl(tmp_path / "p.jsonl", rows)

    reports = at_once(db, [path] * 2, strict=strict)

    assert sum(report.created for report in reports) == len(rows)
    assert sum(report.unchanged for report in reports) == len(rows)
    assert [report.failed + report.changed for report in reports] == [0, 0]
    assert sizes(db) == {
        "supplier": 3,
        "product": len(rows),
        "listing_version": len(rows),
        "offer": len(rows),
        "audit_event": 2 * len(rows) + 3,
        "outbox_message": len(rows) + 3,
    }


def test_two_imports_that_disagree_leave_one_published_version_each(db: Database, tmp_path: Path) -> None:
    paths = [
        write_jsonl(tmp_path / f"{which}.jsonl", [device(f"cb-{n}", supplier="Maker", title=which) for n in order])
        for which, order in (("first", range(60)), ("second", range(59, -1, -1)))
    ]

    reports = at_once(db, paths)

    assert sorted(counts(report) for report in reports) == [(0, 60, 0, 0), (60, 0, 0, 0)]
    states = [(number, state) for number, state, _ in versions(db)]
    assert states == [(1, ListingState.SUPERSEDED)] * 60 + [(2, ListingState.PUBLISHED)] * 60


def test_a_product_made_by_somebody_else_meanwhile_is_found_after_all(
    db: Database, larch: UUID, operator: Actor, tmp_path: Path
) -> None:
    path = write_jsonl(tmp_path / "p.jsonl", [device("cb-10"), device("cb-11")])

    with ThreadPoolExecutor(1) as pool:
        with db.write() as session:
            start_listing(
                session, operator, supplier_id=larch, reference="cb-11", kind=Kind.DEVICE, content=content(), now=NOW
            )
            running = pool.submit(imported, db, ProductLoader(), path)
            sleep(0.3)  # on PostgreSQL the import now waits for us at the unique key, on SQLite at the lock
        report = running.result(30)

    assert counts(report) == (1, 0, 0, 1)
    assert told(report) == [(2, "reference", "is not published yet")]


def test_memory_stays_flat(sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "BATCH", 50)

    def peak(rows: int) -> int:
        path = tmp_path / f"{rows}.jsonl"
        padding = "x" * 10_000
        write_jsonl(path, (device(f"cb-{n}", supplier="Maker", description=padding) for n in range(rows)))
        database = Database(f"sqlite:///{tmp_path / f'{rows}.db'}")
        (tmp_path / f"{rows}.db").write_bytes(sqlite_template.read_bytes())
        tracemalloc.start()
        try:
            imported(database, ProductLoader(create_suppliers=True), path)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            database.close()

    peak(10)  # what is made once, such as compiled statements
    small, large = peak(100), peak(500)

    kept_if_read_whole = 400 * 10_000
    assert large - small < kept_if_read_whole / 4


def icecat(**changes: Any) -> dict[str, Any]:
    row = {
        "id": "3920564",
        "name": "006R90321",
        "title": "Xerox 006R90321 toner cartridge",
        "ean": ["95205603217"],
        "supplier": "Xerox",
        "price": 4995,
        "short_description": "Toner",
        "img_high": "http://images.example/1.jpg",
        "attr_t_type": "Original\x07",
        "attr_n_quantity_per_pack": 6.0,
        "attr_b_wireless": True,
        "attr_b_bluetooth": False,
        "_category": "laptop",
    }
    return {**row, **changes}


def test_a_row_of_the_open_icecat_catalogue_becomes_a_product_and_an_offer(db: Database, tmp_path: Path) -> None:
    report = imported(db, ProductLoader(), write_jsonl(tmp_path / "i.jsonl", [icecat()]))

    assert counts(report) == (1, 0, 0, 0)
    with db.read() as session:
        supplier = session.exec(select(Supplier)).one()
        version = session.exec(select(ListingVersion)).one()
        offer = session.exec(select(Offer)).one()
    assert (supplier.reference, supplier.name) == ("xerox", "Xerox")
    assert (version.category, version.cpv_code, version.brand) == ("laptops", "30213100", "Xerox")
    assert (version.part_number, version.gtins) == ("006R90321", ["095205603217"])
    assert version.attributes == {"type": "Original", "quantity per pack": "6", "wireless": "yes"}
    assert (offer.reference, offer.price_pence) == ("3920564", 4995)


@pytest.mark.parametrize(
    ("_case", "changes", "field"),
    [
        ("a code that is no list", {"ean": 4}, "gtins"),
        ("a code that is wrong", {"ean": ["12"]}, "gtins"),
        ("no brand", {"supplier": None}, "supplier"),
        ("a number for a title", {"title": 7}, "title"),
        ("a nameless fact", {"attr_t_": "x"}, "attributes"),
        ("no identifier", {"id": None}, "reference"),
    ],
)
def test_a_bad_row_of_the_icecat_catalogue_is_named_and_holds_up_none(
    _case: str, changes: dict[str, Any], field: str, db: Database, tmp_path: Path
) -> None:
    path = write_jsonl(tmp_path / "i.jsonl", [icecat(**changes), icecat(id="2")])

    report = imported(db, ProductLoader(), path)

    assert counts(report) == (1, 0, 0, 1)
    assert [(line, name) for line, name, _ in told(report)] == [(1, field)]


@pytest.fixture
def sqlite_db(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    path = tmp_path / "market.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


def test_the_whole_icecat_catalogue_imports_and_again_changes_nothing(sqlite_db: Database) -> None:
    path = shared_data("icecat/icecat_products_19406.jsonl.gz")

    first = imported(sqlite_db, ProductLoader(), path)
    after = sizes(sqlite_db)
    again = imported(sqlite_db, ProductLoader(), path)

    assert (counts(first), first.faults) == ((19_406, 0, 0, 0), [])
    assert (counts(again), again.changes) == ((0, 0, 19_406, 0), 0)
    assert sizes(sqlite_db) == after
    assert (after["product"], after["listing_version"], after["offer"]) == (19_406, 19_406, 19_406)
