"""The stand-alone script and our own code rank the same, apart from one another."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from tests.market.evaluation.records import bid, record, records

from becta.market.evaluation import rescore
from becta.market.evaluation.ranking import rank
from becta.market.evaluation.record import EvaluationRecord

SCRIPT = Path(rescore.__file__)


def ours(made: EvaluationRecord) -> dict[str, Any]:
    """Our ranking in the fields that the script prints."""
    found: dict[str, Any] = json.loads(msgspec.json.encode(rank(made)))
    for one in found["ranked"]:
        del one["lot_drawn"], one["decided_by"]
    for one in found["left_out"]:
        one["reason"] = f"{one.pop('ground')}: {one['reason']}"
    del found["price_formula"]
    return found


def run(tmp_path: Path, text: str, *options: str) -> subprocess.CompletedProcess[str]:
    """The script over a file, without our packages."""
    path = tmp_path / "record.json"
    path.write_text(text, encoding="utf-8")
    command = [sys.executable, "-I", "-S", str(SCRIPT), *options, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@given(records())
def test_any_record_is_ranked_alike(made: EvaluationRecord) -> None:
    assert by_score(rescore.rank(json.loads(msgspec.json.encode(made)))) == by_score(ours(made))


def by_score(found: dict[str, Any]) -> dict[str, Any]:
    """The same with those left out in one order."""
    return {**found, "left_out": sorted(found["left_out"], key=lambda one: str(one["bid_id"]))}


def test_the_script_runs_alone_and_prints_the_same_ranking(tmp_path: Path) -> None:
    made = record(bid(1, 12_000, 4, 3), bid(2, 9_000, 3, 5), bid(3, 12_001, 4, 3))
    text = msgspec.json.encode(made).decode()

    as_json, as_table = run(tmp_path, text, "--json"), run(tmp_path, text)

    assert (as_json.returncode, as_json.stderr) == (0, "")
    assert json.loads(as_json.stdout) == ours(made)
    assert as_table.stdout.splitlines()[1] == (
        "  1.   84.0000  price 40.0000 (9000 pence), quality 44.0000  Supplier 2 [00000000-0000-0000-0000-000000000002]"
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"price_weight": "41"}, "the weights sum to 101.0, not 100"),
        ({"tie_seed": "another"}, "the seed does not have the published hash"),
        ({"format": "2"}, "the format is not becta-evaluation-record/1"),
        (
            {"bids": [{"id": "a", "supplier": "A", "price_ex_vat_pence": 1, "scores": {}}]},
            "bid a has no mark from 0 to 5",
        ),
        (
            {"bids": msgspec.to_builtins([bid(1, -10, 4, 3)])},
            "bid 00000000-0000-0000-0000-000000000001 has a price below 0, or one with VAT that is lower than without",
        ),
    ],
)
def test_a_record_out_of_order_is_refused_with_the_reason(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    text = json.dumps({**msgspec.to_builtins(record(bid(1, 12_000, 4, 3))), **changes})

    done = run(tmp_path, text)

    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr


def test_the_script_imports_nothing_of_ours() -> None:
    assert "becta" not in [
        line.split()[1].split(".")[0]
        for line in SCRIPT.read_text().splitlines()
        if line.startswith(("import ", "from "))
    ]
