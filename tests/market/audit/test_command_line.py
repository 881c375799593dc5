"""`market audit`: the trail proved or its faults named, a checkpoint to keep, and the key to check it with."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text
from tests.support.trail import recorded, unguarded

from becta.market import settings as settings_module
from becta.market.audit.keys import verifier_from_text
from becta.market.audit.notes import read_note
from becta.market.cli import main
from becta.market.db import Database


@pytest.fixture
def market(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CliRunner]:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DATABASE_URL", database_url)
    settings_module.settings.cache_clear()
    monkeypatch.setattr("becta.market.telemetry.configure", lambda: None)
    yield CliRunner()
    settings_module.settings.cache_clear()


def run(market: CliRunner, *arguments: str) -> Result:
    return market.invoke(main, ["audit", *arguments], catch_exceptions=False)


def test_a_sound_trail_is_said_to_be_sound(market: CliRunner, db: Database) -> None:
    recorded(db, 300)
    assert run(market, "checkpoint").exit_code == 0

    told = run(market, "verify")

    assert told.exit_code == 0
    assert told.output == (
        "300 events, 1 checkpoints, signed up to 300; personal fields of 0 persons erased\nthe trail is sound\n"
    )


def test_a_changed_trail_is_told_place_by_place_and_fails(market: CliRunner, db: Database) -> None:
    recorded(db, 300)
    run(market, "checkpoint")
    with unguarded(db) as connection:
        connection.execute(text("DELETE FROM audit_event WHERE position = 7"))

    told = run(market, "verify")
    as_json = run(market, "verify", "--json")

    assert told.exit_code == as_json.exit_code == 1
    assert told.output.splitlines()[0] == "position 7: the event is missing"
    assert told.output.splitlines()[-1] == "THE TRAIL WAS CHANGED"
    [finding] = json.loads(as_json.output)["findings"]
    assert finding == {"kind": "missing", "position": 7, "until": 7, "object": "", "problem": "the event is missing"}


def test_a_checkpoint_kept_elsewhere_tells_what_was_cut_off(market: CliRunner, db: Database, tmp_path: Path) -> None:
    recorded(db, 5)
    kept = tmp_path / "kept.txt"
    kept.write_text(run(market, "checkpoint").output, "utf-8")
    with unguarded(db) as connection:
        for statement in (
            "DELETE FROM audit_event WHERE position > 2",
            "UPDATE audit_head SET size = 3",
            "DELETE FROM audit_checkpoint",
        ):
            connection.execute(text(statement))

    assert run(market, "verify").exit_code == 0
    told = run(market, "verify", "--checkpoint", str(kept))
    assert told.exit_code == 1
    assert told.output.startswith("positions 3-4: a checkpoint kept elsewhere has 5 events, the trail 3")


def test_the_key_that_is_told_checks_what_is_signed(market: CliRunner, db: Database, tmp_path: Path) -> None:
    recorded(db, 2)

    note, line = run(market, "checkpoint").output, run(market, "key").output

    assert read_note(note, [verifier_from_text(line)]).size == 2
    (tmp_path / "key.txt").write_text(line)
    assert run(market, "verify", "--key", str(tmp_path / "key.txt")).exit_code == 0
    (tmp_path / "bad.txt").write_text("nothing")
    refused = run(market, "verify", "--key", str(tmp_path / "bad.txt"))
    assert (refused.exit_code, refused.output) == (1, "Error: a verifier key is one line: name+id+key\n")


def test_an_empty_trail_has_nothing_to_sign(market: CliRunner, db: Database) -> None:
    assert run(market, "checkpoint").output == "Error: the trail is empty\n"
