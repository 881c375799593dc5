"""`market import` from the command line: what it prints, how it exits, and the file of errors."""

import csv
import gzip
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from sqlmodel import select
from tests.support.files import sizes, write_csv, write_jsonl

from becta.catalogue.products.models import Product
from becta.market.cli.importing import LOADERS, ROWS, SHOWN_FAULTS, import_
from becta.market.db import Database
from becta.market.settings import settings
from becta.search.engine import Query
from becta.search.tantivy_engine import TantivyEngine

Run = Callable[..., Result]


@pytest.fixture
def run(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """`market import ...` over an empty marketplace, in this process."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "240")
    settings.cache_clear()
    yield lambda *words: CliRunner().invoke(import_, [str(word) for word in words])
    settings.cache_clear()


def supplier(reference: str = "larch-technology", **changes: Any) -> dict[str, Any]:
    return {"reference": reference, "name": reference.replace("-", " ").title(), **changes}


def product(reference: str = "cb-11", **changes: Any) -> dict[str, Any]:
    row = {
        "supplier": "larch-technology",
        "reference": reference,
        "kind": "device",
        "title": "Larch Chromebook 11",
        "cpv_code": "30213100",
    }
    return {**row, **changes}


def offer(reference: str = "o-1", **changes: Any) -> dict[str, Any]:
    row = {"supplier": "larch-technology", "reference": reference, "product": "cb-11"}
    return {**row, "price_pence": 19_900, "unit": "each", **changes}


def test_suppliers_products_and_offers_from_files_to_search(run: Run, tmp_path: Path) -> None:
    files = {
        "suppliers": write_csv(tmp_path / "s.csv", [supplier()]),
        "products": write_jsonl(tmp_path / "p.jsonl", [product(), product("cb-12", title="Larch Laptop 12")]),
        "offers": write_csv(tmp_path / "o.csv", [offer()]),
    }

    said = [(kind, run(kind, path)) for kind, path in files.items()]

    assert [(kind, result.exit_code, result.stdout, result.stderr.strip()) for kind, result in said] == [
        (
            "suppliers",
            0,
            "suppliers: 1 rows read, 1 created, 0 changed, 0 unchanged, 0 failed; 1 changes, 1 messages indexed\n",
            "",
        ),
        (
            "products",
            0,
            "products: 2 rows read, 2 created, 0 changed, 0 unchanged, 0 failed; 2 changes, 2 messages indexed\n",
            "",
        ),
        (
            "offers",
            0,
            "offers: 1 rows read, 1 created, 0 changed, 0 unchanged, 0 failed; 1 changes, 1 messages indexed\n",
            "",
        ),
    ]
    engine = TantivyEngine(tmp_path / "data" / "index")
    assert engine.search(Query(text="chromebook", now=0)).total == 1
    engine.close()


def test_the_same_file_twice_says_0_changes(run: Run, db: Database, tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "p.jsonl", [product(price_pence=5)])
    run("products", "--create-suppliers", path)
    after = sizes(db)

    again = run("products", "--create-suppliers", path)

    assert (again.exit_code, again.stdout) == (
        0,
        "products: 1 rows read, 0 created, 0 changed, 1 unchanged, 0 failed; 0 changes, 0 messages indexed\n",
    )
    assert sizes(db) == after


def test_a_bad_row_exits_1_after_the_good_ones_and_goes_to_the_errors_file(
    run: Run, db: Database, tmp_path: Path
) -> None:
    rows = [product(), product("b", title="t" * 301, cpv_code="x"), product("c", supplier="No, body")]
    path, errors = write_jsonl(tmp_path / "p.jsonl", rows), tmp_path / "errors.csv"
    run("suppliers", write_csv(tmp_path / "s.csv", [supplier()]))

    result = run("products", "--errors", errors, path)

    assert (result.exit_code, result.stdout) == (
        1,
        "products: 3 rows read, 1 created, 0 changed, 0 unchanged, 2 failed; 1 changes, 1 messages indexed\n",
    )
    with errors.open(encoding="utf-8", newline="") as opened:
        told = list(csv.reader(opened))
    assert told == [
        ["file", "line", "field", "problem", "value", "mend"],
        ["p.jsonl", "2", "title", "is 301 characters long", "t" * 60 + "…", "shorten it to 300 characters or fewer"],
        [
            "p.jsonl",
            "2",
            "cpv_code",
            "is not a CPV code",
            "x",
            "give eight digits of the Common Procurement Vocabulary, such as 30213100",
        ],
        [
            "p.jsonl",
            "3",
            "supplier",
            "is not a supplier we know",
            "No, body",
            "give the reference or exact name of a supplier here; import suppliers first",
        ],
    ]
    for shown in ("p.jsonl", "cpv_code", "is not a CPV code", "No, body", "give eight digits"):
        assert shown in result.stderr
    with db.read() as session:
        assert session.exec(select(Product.reference)).all() == ["cb-11"]


def test_an_errors_file_of_an_earlier_import_does_not_outlive_it(run: Run, tmp_path: Path) -> None:
    errors = tmp_path / "errors.csv"
    run("suppliers", "--errors", errors, write_csv(tmp_path / "bad.csv", [supplier("Bad Name")]))
    assert len(errors.read_text().splitlines()) == 2

    run("suppliers", "--errors", errors, write_csv(tmp_path / "good.csv", [supplier()]))

    assert errors.read_text().splitlines() == ["file,line,field,problem,value,mend"]


def test_strict_says_that_nothing_was_imported(run: Run, db: Database, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "s.csv", [supplier(), supplier("Bad Name")])

    result = run("suppliers", "--strict", path)

    assert (result.exit_code, result.stdout) == (
        1,
        "suppliers: 2 rows read, 0 created, 0 changed, 0 unchanged, 1 failed; 0 changes, 0 messages indexed\n",
    )
    assert result.stderr.endswith("Error: s.csv: 1 bad rows, so nothing was imported (--strict)\n")
    assert "Bad Name" in result.stderr
    assert sizes(db) == {}


def test_what_was_imported_before_a_file_broke_off_is_told(run: Run, db: Database, tmp_path: Path) -> None:
    good = write_csv(tmp_path / "good.csv", [supplier()])
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(gzip.compress(b"reference,name\nrowan,Rowan\n")[:-4])

    result = run("suppliers", good, cut)

    assert (result.exit_code, result.stdout) == (
        1,
        "suppliers: 2 rows read, 2 created, 0 changed, 0 unchanged, 0 failed; 2 changes, 2 messages indexed\n",
    )
    assert result.stderr.strip().startswith("Error: cut.csv.gz: is not a whole gzip file (")
    assert sizes(db)["supplier"] == 2


@pytest.mark.parametrize(
    ("_case", "words", "code", "message"),
    [
        ("no file named", ["products"], 2, "Error: name at least one file, or ask for --schema"),
        ("no such file", ["products", "gone.csv"], 1, "Error: gone.csv: there is no such file"),
        ("a file of another kind", ["products", "p.xlsx"], 1, "Error: p.xlsx: cannot tell its format; name it .csv"),
        ("an unknown kind", ["shops", "p.csv"], 2, "Error: No such command 'shops'"),
        (
            "errors to nowhere",
            ["products", "--errors", "gone/errors.csv", "p.csv"],
            2,
            "Error: Invalid value for --errors: gone is not a folder",
        ),
        ("a misspelt column", ["products", "p.csv"], 1, "Error: p.csv: titel is not a column: rename it to title"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    _case: str,
    words: list[str],
    code: int,
    message: str,
    run: Run,
    db: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.csv").write_text("supplier,reference,kind,titel,cpv_code\na,b,device,Laptop,30213100\n")
    (tmp_path / "p.xlsx").write_bytes(b"PK")

    result = run(*words)

    assert result.exit_code == code
    assert result.stderr.splitlines()[-1].startswith(message)
    assert sizes(db) == {}


def test_what_a_file_holds_is_printed_as_text(run: Run, tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "p.jsonl", [product(kind="[/red] :smile: [bold]x")])

    result = run("products", path)

    assert result.exit_code == 1
    assert "[/red] :smile: [bold]x" in result.stderr


def test_many_faults_are_counted_rather_than_all_printed(run: Run, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "s.csv", [supplier(f"Bad {n}") for n in range(SHOWN_FAULTS + 10)])

    result = run("suppliers", path)

    assert result.stderr.count("is not a short name") == SHOWN_FAULTS
    assert f"… and more: {SHOWN_FAULTS + 10} rows failed in all; --errors FILE writes every fault" in result.stderr


@pytest.mark.parametrize("kind", ROWS)
def test_schema_lists_every_column_and_a_json_schema(kind: str) -> None:
    result = CliRunner().invoke(import_, [kind, "--schema"])

    assert result.exit_code == 0
    listed, _, schema = result.stdout.partition("\nJSON Schema of a JSON Lines row:\n\n")
    columns = [line.split()[0] for line in listed.splitlines() if line.startswith("  ")]
    assert columns == [column.name for column in LOADERS[kind]().columns]
    required = [
        line.split()[0] for line in listed.splitlines() if line.startswith("  ") and line.split()[1] == "required"
    ]
    defined = msgspec.json.decode(schema)["$defs"][ROWS[kind].__name__]
    assert sorted(required) == sorted(defined["required"])
    assert {column.partition(".")[0] for column in columns} == set(defined["properties"])


def test_market_itself_imports_into_its_data_folder(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "p.jsonl", [product(), "bad"])
    market = [sys.executable, "-c", "from becta.market.cli import main; main()", "import", "products"]
    data = {"DATA_DIR": str(tmp_path / "data"), "PATH": os.environ["PATH"]}

    done = subprocess.run(
        [*market, "--create-suppliers", path], env=data, capture_output=True, text=True, check=False, timeout=120
    )

    assert (done.returncode, done.stdout) == (
        1,
        "products: 2 rows read, 1 created, 0 changed, 0 unchanged, 1 failed; 1 changes, 2 messages indexed\n",
    )
    assert sorted(made.name for made in (tmp_path / "data").iterdir())[:3] == ["index", "keys", "market.db"]
