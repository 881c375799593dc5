"""The stand-alone script, run as others run it: on what was fetched over HTTP, without our house beside it."""

import ast
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from tests.support.api import Api
from tests.support.trail import NOW, THING, person, recorded

from becta.kernel.events import record
from becta.market.audit import check_audit
from becta.market.wiring import House

SCRIPT = Path(check_audit.__file__)
EVENT = 300


class Desk:
    """An auditor's desk: what was fetched, and the script run on it."""

    def __init__(self, api: Api, folder: Path) -> None:
        self.folder = folder
        self.key = api.get("/audit/key").json()["verifier"]
        self.older = api.get("/audit/checkpoint").json()["note"]
        self.bundle: dict[str, Any] = {}
        self.consistency: dict[str, Any] = {}

    def fetch(self, api: Api, position: int) -> None:
        self.bundle = api.get(f"/audit/events/{position}/proof").json()
        first = int(self.older.split("\n")[1])
        self.consistency = api.get("/audit/consistency", first=first, second=self.bundle["size"]).json()

    def run(self, *, since: bool = True, key: str | None = None) -> tuple[int, list[str]]:
        """The exit status and what was printed; Python is told to see no packages of ours."""
        (self.folder / "bundle.json").write_text(json.dumps(self.bundle), "utf-8")
        (self.folder / "older.txt").write_text(self.older, "utf-8")
        (self.folder / "proof.json").write_text(json.dumps(self.consistency), "utf-8")
        (self.folder / "check_audit.py").write_bytes(SCRIPT.read_bytes())
        growth = ["--since", "older.txt", "--consistency", "proof.json"] if since else []
        done = subprocess.run(
            [sys.executable, "-W", "error", "check_audit.py", "bundle.json", "--key", key or self.key, *growth],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.stderr == ""
        return done.returncode, done.stdout.splitlines()


@pytest.fixture
def desk(house: House, api: Api, tmp_path: Path) -> Desk:
    recorded(house.db, EVENT - 1)
    with house.db.write() as session:
        told = {UUID(int=2): {"email": "sam@larch.sch.uk", "name": 'Zoë "Zed" Ångström\n'}}
        record(session, person("Jo Bloggs"), "thing.sold", "thing", THING, now=NOW, reason="why", personal=told)
    made = Desk(api, tmp_path)
    recorded(house.db, 200)
    made.fetch(api, EVENT)
    return made


def test_a_good_proof_passes_and_each_check_is_told(desk: Desk) -> None:
    size = desk.bundle["size"]

    assert desk.run() == (
        0,
        [
            "ok: the checkpoint of 301 events is signed by becta-marketplace",
            f"ok: event {EVENT} is in it as told: thing.sold of thing {THING} at 2026-11-22T09:30:00Z",
            "ok: what is told about 2 persons is what was recorded; about 0 it was erased or is not shown",
            "ok: the older checkpoint of 301 events is signed by becta-marketplace",
            "ok: the trail of 301 events only added to the one of 301",
        ],
    )
    assert size == 301


def test_a_trail_that_grew_passes(desk: Desk, house: House, api: Api) -> None:
    api.get("/audit/checkpoint")
    desk.fetch(api, 499)

    status, told = desk.run()

    assert (status, told[-1]) == (0, "ok: the trail of 501 events only added to the one of 301")
    assert len(desk.consistency["path"]) > 3


def test_a_file_with_the_key_does_as_well(desk: Desk) -> None:
    (desk.folder / "key.txt").write_text(desk.key + "\n")

    assert desk.run(key="key.txt", since=False)[0] == 0


def test_what_is_not_told_about_persons_still_passes(desk: Desk) -> None:
    desk.bundle["personal"] = {}

    status, told = desk.run()

    assert status == 0
    assert "ok: what is told about 0 persons is what was recorded; about 2 it was erased or is not shown" in told


Alter = Callable[[Desk], object]


def put(name: str, value: Any) -> Alter:
    return lambda desk: desk.bundle.update({name: value})


def replace(name: str, before: str, after: str) -> Alter:
    def alter(desk: Desk) -> None:
        assert before in desk.bundle[name]
        desk.bundle[name] = desk.bundle[name].replace(before, after)

    return alter


def alter_person(desk: Desk) -> None:
    desk.bundle["personal"][str(UUID(int=1))]["fields"]["label"] = "Jo Brown"


def alter_salt(desk: Desk) -> None:
    desk.bundle["personal"][str(UUID(int=1))]["salt"] = "00" * 16


def invent_person(desk: Desk) -> None:
    desk.bundle["personal"][str(UUID(int=3))] = desk.bundle["personal"][str(UUID(int=1))]


def flip_path(desk: Desk) -> None:
    desk.bundle["path"][0] = "00" * 32


@pytest.mark.parametrize(
    ("alter", "reason"),
    [
        (replace("entry", "thing.sold", "thing.kept"), "the entry is not in the signed trail"),
        (replace("entry", '"position":300', '"position":299'), "the entry says it is event 299, the bundle says 300"),
        (replace("entry", '"v":1', '"v":2'), "the entry is of a version this script does not know"),
        (put("entry", "x"), "the entry is not JSON"),
        (put("index", 299), "the entry says it is event 300, the bundle says 299"),
        (put("size", 400), "the bundle is of a trail of 400 events, its checkpoint of 301"),
        (flip_path, "the entry is not in the signed trail"),
        (lambda desk: desk.bundle["path"].pop(), "the path of hashes is too short"),
        (lambda desk: desk.bundle["path"].append("00" * 32), "the path of hashes is too long"),
        (lambda desk: desk.bundle["path"].append("00"), "the path holds a hash of the wrong length"),
        (lambda desk: desk.bundle["path"].append("x"), "the path holds something that is not a hash"),
        (replace("checkpoint", "\n301\n", "\n302\n"), "the checkpoint's signature does not fit its text"),
        (replace("checkpoint", "becta-marketplace\n301", "other\n301"), "the checkpoint is of other"),
        (put("checkpoint", "x"), "the checkpoint is not one"),
        (lambda desk: desk.bundle.pop("path"), "what was given cannot be read: KeyError('path')"),
        (alter_person, f"what is told about person {UUID(int=1)} is not what the entry commits to"),
        (alter_salt, f"what is told about person {UUID(int=1)} is not what the entry commits to"),
        (invent_person, f"what is told about person {UUID(int=3)} is not what the entry commits to"),
    ],
)
def test_each_altered_part_is_refused_with_its_reason(desk: Desk, alter: Alter, reason: str) -> None:
    alter(desk)

    status, told = desk.run(since=False)

    assert status == 1
    assert told[-1].startswith(f"FAILED: {reason}"), told


def test_another_key_is_refused(desk: Desk) -> None:
    other = "becta-marketplace+b7c5a2d1+AbcuCrECMtWdb4kBqCXCTABiVT1OVjTF0grCkLTvTKm8"

    assert desk.run(key=other) == (1, ["FAILED: the verifier key is not a line name+id+key of an Ed25519 key"])
    assert desk.run(key=desk.key.replace("+", "x+", 1))[0] == 1


def test_a_trail_that_did_not_only_grow_is_refused(desk: Desk, api: Api) -> None:
    api.get("/audit/checkpoint")
    desk.fetch(api, 499)
    good = dict(desk.consistency)

    for path, reason in (
        (good["path"][:-1], "the proof of consistency is too short"),
        ([*good["path"], "00" * 32], "the proof of consistency is too long"),
        (["00" * 32, *good["path"][1:]], "the trail was changed between the two checkpoints"),
        ([], "the proof of consistency is empty"),
    ):
        desk.consistency = {**good, "path": path}
        status, told = desk.run()
        assert status == 1
        assert told[-1].startswith(f"FAILED: {reason}"), told
    desk.consistency = good
    desk.older = desk.older.replace("\n301\n", "\n300\n")
    assert desk.run()[1][-1] == "FAILED: the checkpoint's signature does not fit its text"


def test_the_script_needs_the_standard_library_and_cryptography_alone() -> None:
    imported = set()
    for node in ast.walk(ast.parse(SCRIPT.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.add(str(node.module).partition(".")[0])

    assert imported - sys.stdlib_module_names == {"cryptography"}
