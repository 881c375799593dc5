"""The marketplace tests what suppliers send: the result is public, the artefact and every secret are forgotten."""

import io
import json
import socket
import subprocess
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select
from tests.compliance.conformance.oneroster_csv.clean import clean_package, pack
from tests.support.api import ROOT, Api, token_for
from tests.support.apps import client_over
from tests.support.badges import CYBER, LTI, accepted, editor, verifier
from tests.support.oneroster_provider import SECRET, Provider, running
from tests.support.watching import everything

from becta.compliance.conformance.models import ConformanceRun
from becta.compliance.conformance.oneroster.rest_schemas import Version
from becta.kernel import clock
from becta.market.conformance import desk as desk_module
from becta.market.settings import Settings
from becta.market.wiring import House, build

ONEROSTER = {
    **CYBER,
    "standard": "oneroster",
    "standard_version": "1.1",
    "role": "Provider",
    "level": "tested_by_us",
    "certificate_reference": "",
    "evidence_url": "",
    "evidence_note": "Tested by the marketplace",
}


class Bench:
    """A supplier with a product to be tested."""

    def __init__(self, house: House, api: Api) -> None:
        self.house, self.api = house, api
        self.supplier = api.supplier()
        self.product = api.published(self.supplier, "rr", "software")
        self.edda = editor(house, api, self.supplier)

    def send(self, name: str, content: bytes, runner: str, *, who: Api | None = None, **fields: Any) -> Any:
        asked = {"runner": runner, "product_version": "4.2", "synthetic": "true", **fields}
        caller = who or self.edda
        return caller.client.post(
            f"{ROOT}/products/{self.product}/conformance-runs",
            files={"file": (name, content, "application/octet-stream")},
            data={key: value for key, value in asked.items() if value is not None},
            headers=caller.headers,
        )

    def tested(self, name: str, content: bytes, runner: str, **fields: Any) -> Any:
        answer = self.send(name, content, runner, **fields)
        assert answer.status_code == 202, answer.text
        assert (answer.json()["state"], answer.json()["report"]) == ("waiting", None)
        self.house.relay.drain()
        return self.api.client.get(answer.headers["location"]).json()

    def endpoint(self, runner: str, settings: Mapping[str, str]) -> Any:
        body = {"runner": runner, "product_version": "4.2", "settings": dict(settings), "synthetic": True}
        return self.edda.post(f"/products/{self.product}/endpoint-runs", body)

    @property
    def artefacts(self) -> list[Path]:
        return [path for path in self.house.settings.files_dir.glob("artefacts/*/*") if path.is_file()]


@pytest.fixture
def bench(house: House, api: Api) -> Bench:
    return Bench(house, api)


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items():
            package.writestr(name, content)
    return made.getvalue()


@pytest.fixture
def roster(tmp_path: Path) -> bytes:
    return pack(clean_package("1.1"), tmp_path / "roster.zip").read_bytes()


def test_a_clean_package_passes_and_is_then_a_badge_that_we_tested(bench: Bench, roster: bytes) -> None:
    run = bench.tested("roster.zip", roster, "oneroster-csv-1.1")

    assert (run["state"], run["outcome"], run["errors"], run["report"]["findings"]) == ("done", "passed", 0, [])
    assert all(check["clause"] for check in run["report"]["checks"])
    today = clock.london_date(clock.now())
    claim = {**ONEROSTER, "issued_on": str(today), "expires_on": str(clock.add_months(today, 12))}
    made = bench.edda.made(f"/products/{bench.product}/badge-claims", {**claim, "conformance_run_id": run["id"]})
    vera = verifier(bench.house, bench.api, "Vera")
    assert vera.post(f"/badge-claims/{made['id']}/decision", {"decision": "accepted"}).status_code == 200
    bench.house.relay.drain()

    wish = "oneroster;version=1.1;role=Provider;level=tested_by_us"
    assert bench.api.get("/search", badge=wish).json()["total"] == 1
    assert bench.api.get("/search", badge="oneroster;level=certified").json()["total"] == 0
    [piece] = bench.api.client.get(f"{ROOT}/badges/{made['id']}").json()["evidence"]
    assert (piece["kind"], piece["conformance_run_id"]) == ("conformance_run", run["id"])


def test_what_is_wrong_is_told_by_clause_file_and_line_to_everybody_and_on_a_page(bench: Bench) -> None:
    files = clean_package("1.1")
    orgs = files["orgs.csv"]
    assert isinstance(orgs, str)
    spoilt = zipped({**files, "orgs.csv": orgs.replace("Riverside School,school,", "Riverside School,academy,")})

    run = bench.tested("roster.zip", spoilt, "oneroster-csv-1.1")

    [finding] = run["report"]["findings"]
    assert (run["outcome"], finding["check"], finding["file"], finding["line"]) == (
        "failed",
        "enumeration",
        "orgs.csv",
        3,
    )
    assert finding["clause"].startswith("OneRoster 1.1 CSV")
    listed = bench.api.client.get(f"{ROOT}/products/{bench.product}/conformance-runs").json()["items"]
    assert [(one["id"], one["outcome"]) for one in listed] == [(run["id"], "failed")]
    page = bench.api.client.get(f"/conformance/{run['id']}")
    assert (page.status_code, "orgs.csv, line 3" in page.text, finding["clause"] in page.text) == (200, True, True)


def test_what_a_finding_quotes_is_for_the_supplier_and_verifiers_alone(
    bench: Bench, api: Api, supplier_api: Callable[[UUID], Api]
) -> None:
    files = clean_package("1.1")
    orgs = files["orgs.csv"]
    assert isinstance(orgs, str)
    spoilt = zipped({**files, "orgs.csv": orgs.replace("Riverside School,school,", "Riverside School,Sam Smith,")})
    run = bench.tested("roster.zip", spoilt, "oneroster-csv-1.1")
    path = f"/conformance-runs/{run['id']}"

    assert "Sam Smith" not in bench.api.client.get(ROOT + path).text
    assert "Sam Smith" not in bench.api.client.get(f"/conformance/{run['id']}").text
    for who, quoted in ((bench.edda, True), (api, True), (supplier_api(api.supplier("rowan")), False)):
        answer = who.get(f"{path}/quoted")
        assert (answer.status_code, "Sam Smith" in answer.text) == (200, quoted)


def test_the_artefact_is_thrown_away_once_tested_and_its_hash_stays(bench: Bench, roster: bytes) -> None:
    answers = [bench.send("roster.zip", roster, "oneroster-csv-1.1") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert len(bench.artefacts) == 2

    bench.house.relay.drain()

    assert bench.artefacts == []
    runs = [bench.api.client.get(answer.headers["location"]).json() for answer in answers]
    assert {run["outcome"] for run in runs} == {"passed"}
    assert len({run["file_sha256"] for run in runs}) == 1


def test_a_run_is_done_once_however_often_its_message_comes(bench: Bench, roster: bytes) -> None:
    run = bench.tested("roster.zip", roster, "oneroster-csv-1.1")
    stored = everything(bench.house.db)

    bench.house.desk._do(UUID(run["id"]))

    assert everything(bench.house.db) == stored


BOMB = zipped({"manifest.csv": b"0" * 40_000_000})


@pytest.mark.parametrize(
    ("name", "content", "runner"),
    [
        ("bomb.zip", BOMB, "oneroster-csv-1.1"),
        ("traversal.zip", zipped({"../../etc/passwd": "x", "manifest.csv": "x"}), "oneroster-csv-1.1"),
        (
            "entities.zip",
            zipped(
                {"imsmanifest.xml": '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><manifest>&b;</manifest>'}
            ),
            "scorm-1.2",
        ),
        ("deep.json", b"[" * 100_000 + b"]" * 100_000, "xapi-1.0.3"),
        ("not.zip", b"PK but not really", "scorm-2004"),
    ],
)
def test_hostile_input_is_refused_and_says_why(bench: Bench, name: str, content: bytes, runner: str) -> None:
    run = bench.tested(name, content, runner)

    assert (run["state"], run["outcome"]) == ("done", "refused")
    assert run["report"]["refusal"]
    assert "Nothing was judged" in bench.api.client.get(f"/conformance/{run['id']}").text


def test_an_endpoints_secret_is_used_and_nowhere_kept(database_url: str, tmp_path: Path) -> None:
    with running(Provider(Version.V12)) as provider:
        house = build(
            Settings(
                data_dir=tmp_path / "data",
                database_url=database_url,
                conformance_allow=provider.address.removeprefix("http://"),
            )
        )
        house.projection.heal()
        with client_over(house) as client:
            bench = Bench(house, Api(client, token_for(house.db, None)))
            asked = bench.endpoint("oneroster-rest-1.2", provider.settings())
            assert asked.status_code == 202, asked.text
            assert SECRET not in json.dumps(everything(house.db))
            house.relay.drain()
            run = client.get(asked.headers["location"]).json()

            assert (run["outcome"], run["settings"]["base_url"]) == ("passed", provider.settings()["base_url"])
            assert "client_secret" not in run["settings"]
            assert SECRET not in json.dumps(everything(house.db))
            with house.db.read() as session:
                assert session.exec(select(ConformanceRun.sealed)).all() == [None]
        house.close()


def test_an_endpoint_at_a_private_address_is_not_even_knocked_at(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(1)
        port = server.getsockname()[1]
        settings = {
            "base_url": f"https://127.0.0.1:{port}",
            "token_url": f"https://127.0.0.1:{port}/token",
            "client_id": "x",
            "client_secret": "y",
        }
        asked = bench.endpoint("oneroster-rest-1.2", settings)
        bench.house.relay.drain()

        with pytest.raises(TimeoutError):
            server.accept()
    run = bench.api.client.get(asked.headers["location"]).json()
    assert run["outcome"] == "refused"


@pytest.fixture
def silent() -> Iterator[str]:
    """A peer that takes connections and says nothing."""
    server = socket.create_server(("127.0.0.1", 0))
    held: list[socket.socket] = []

    def hold() -> None:
        try:
            while True:
                held.append(server.accept()[0])
        except OSError:
            return

    threading.Thread(target=hold, daemon=True).start()
    yield f"127.0.0.1:{server.getsockname()[1]}"
    server.close()
    for one in held:
        one.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_run_that_takes_too_long_is_ended_and_refused(
    bench: Bench, silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_module, "WALL_SECONDS", 3)
    monkeypatch.setattr(bench.house.desk, "_allowed", frozenset({silent}))
    settings = {
        "base_url": f"http://{silent}",
        "token_url": f"http://{silent}/token",
        "client_id": "x",
        "client_secret": "y",
    }

    asked = bench.endpoint("oneroster-rest-1.2", settings)
    bench.house.relay.drain()

    run = bench.api.client.get(asked.headers["location"]).json()
    assert (run["outcome"], run["report"]["refusal"]) == ("refused", "testing it takes longer than 3 seconds")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_run_that_breaks_down_on_our_side_is_given_up_and_says_nothing_of_the_product(
    bench: Bench, roster: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench.house.desk, "_report", lambda run: 1 / 0)

    asked = bench.send("roster.zip", roster, "oneroster-csv-1.1")
    bench.house.relay.drain()

    run = bench.api.client.get(asked.headers["location"]).json()
    assert (run["state"], run["outcome"], bench.artefacts) == ("given_up", None, [])
    assert "broke down on our side" in bench.api.client.get(f"/conformance/{run['id']}").text


def test_a_check_again_that_fails_suspends_the_badge_and_one_that_passes_does_not(bench: Bench, roster: bytes) -> None:
    claim = accepted(bench.api, f"/products/{bench.product}", **ONEROSTER)
    vera = verifier(bench.house, bench.api, "Vera")

    bench.tested("roster.zip", roster, "oneroster-csv-1.1", who=vera, recheck_of=claim)
    assert bench.api.get(f"/badge-claims/{claim}").json()["state"] == "accepted"
    run = bench.tested("roster.zip", zipped({"x.csv": "x"}), "oneroster-csv-1.1", who=vera, recheck_of=claim)

    told = bench.api.get(f"/badge-claims/{claim}").json()
    assert (run["outcome"], told["state"]) == ("failed", "suspended")
    assert run["id"] in told["reasons"][0]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"synthetic": None}, "/synthetic"),
        ({"synthetic": "false"}, "/synthetic"),
        ({"runner": "oneroster-csv-9"}, "/runner"),
        ({"runner": "lti-1.3-tool"}, "/runner"),
        ({"runner": "cmi5-1.0", "name": "roster.pdf"}, "/file"),
        ({"product_version": " "}, "/product_version"),
        ({"name": "a/../roster.zip"}, "/file"),
    ],
)
def test_a_request_that_will_not_do_is_refused_by_field_and_nothing_is_kept(
    bench: Bench, roster: bytes, fields: dict[str, Any], field: str
) -> None:
    stored = everything(bench.house.db)
    asked = {"runner": "oneroster-csv-1.1", "name": "roster.zip", **fields}

    answer = bench.send(asked.pop("name"), roster, **asked)

    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (400, [field])
    assert all(error["mend"] for error in answer.json()["errors"])
    assert everything(bench.house.db) == stored


@pytest.mark.parametrize(
    ("settings", "fields"),
    [
        ({}, ["base_url", "token_url", "client_id", "client_secret"]),
        ({"base_url": "https://x.example", "port": "1"}, ["token_url", "client_id", "client_secret", "port"]),
    ],
)
def test_settings_that_are_missing_or_unknown_are_named(
    bench: Bench, settings: dict[str, str], fields: list[str]
) -> None:
    answer = bench.endpoint("oneroster-rest-1.2", settings)

    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"/settings/{field}" for field in fields]


def test_a_private_key_among_public_settings_is_refused_and_not_stored(bench: Bench) -> None:
    runner = bench.house.desk.runners["lti-1.3-tool"]
    settings = dict.fromkeys(runner.settings, "https://tool.example/x")  # type: ignore[union-attr]
    settings["public_key"] = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----"
    stored = everything(bench.house.db)

    answer = bench.endpoint("lti-1.3-tool", settings)

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/settings/public_key")
    assert everything(bench.house.db) == stored


def test_nobody_tests_anothers_product_and_only_verifiers_check_a_badge_again(
    bench: Bench, roster: bytes, supplier_api: Callable[[UUID], Api]
) -> None:
    stranger = supplier_api(bench.api.supplier("rowan"))
    claim = accepted(bench.api, f"/products/{bench.product}", **LTI)
    stored = everything(bench.house.db)

    assert bench.send("roster.zip", roster, "oneroster-csv-1.1", who=stranger).status_code == 403
    assert bench.send("roster.zip", roster, "oneroster-csv-1.1", recheck_of=claim).status_code == 403
    assert everything(bench.house.db) == stored


def test_five_runs_of_a_product_may_wait_and_no_more(bench: Bench, roster: bytes) -> None:
    codes = [bench.send("roster.zip", roster, "oneroster-csv-1.1").status_code for _ in range(6)]

    assert codes == [202] * 5 + [409]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"standard_version": "1.2"}, "/conformance_run_id"),
        ({"standard": "lti", "standard_version": "1.3", "role": "Tool"}, "/conformance_run_id"),
        ({"role": "Consumer"}, "/role"),
        ({"issued_on": "2026-01-01", "expires_on": "2027-01-01"}, "/issued_on"),
    ],
)
def test_a_claim_says_what_the_run_tested_and_nothing_else(
    bench: Bench, roster: bytes, change: dict[str, str], field: str
) -> None:
    run = bench.tested("roster.zip", roster, "oneroster-csv-1.1")
    today = clock.london_date(clock.now())
    dates = {"issued_on": str(today), "expires_on": str(clock.add_months(today, 12))}

    body = {**ONEROSTER, **dates, **change, "conformance_run_id": run["id"]}
    answer = bench.edda.post(f"/products/{bench.product}/badge-claims", body)

    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (400, [field])


def test_without_a_run_that_passed_a_supplier_does_not_say_that_we_tested_it(bench: Bench) -> None:
    run = bench.tested("roster.zip", zipped({"x.csv": "x"}), "oneroster-csv-1.1")
    path = f"/products/{bench.product}/badge-claims"

    assert bench.edda.post(path, ONEROSTER).status_code == 403
    failed = bench.edda.post(path, {**ONEROSTER, "conformance_run_id": run["id"]})
    assert (failed.status_code, failed.json()["errors"][0]["pointer"]) == (400, "/conformance_run_id")


def test_a_file_is_tested_under_its_own_name_which_findings_give(bench: Bench) -> None:
    lines = b'{"actor":{"mbox":"mailto:a@b.example"},"verb":{"id":"http://adlnet.gov/expapi/verbs/experienced"},'
    good = lines + b'"object":{"id":"http://example.org/a"}}\n'
    course = '<courseStructure xmlns="https://w3id.org/xapi/profiles/cmi5/v1/CourseStructure.xsd"></courseStructure>'

    passed = bench.tested("statements.jsonl", good * 2, "xapi-1.0.3")
    failed = bench.tested("statements.jsonl", good + b"{}\n", "xapi-1.0.3")
    packed = bench.tested("course.zip", zipped({"cmi5.xml": course}), "cmi5-1.0")

    assert (passed["outcome"], passed["errors"]) == ("passed", 0)
    assert {
        (found["file"], found["line"]) for found in failed["report"]["findings"] if found["severity"] == "error"
    } == {("statements.jsonl", 2)}
    assert {found["file"] for found in packed["report"]["findings"]} == {"cmi5.xml"}


def test_a_file_with_a_name_longer_than_file_systems_take_is_tested_all_the_same(bench: Bench, roster: bytes) -> None:
    assert bench.tested("ü" * 150 + ".zip", roster, "oneroster-csv-1.1")["outcome"] == "passed"


def test_a_run_knows_nothing_of_this_processs_environment(
    bench: Bench, roster: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}
    run = subprocess.run

    def noting(*args: Any, **options: Any) -> Any:
        given.update(options["env"])
        return run(*args, **options)

    monkeypatch.setenv("SMTP_URL", "smtp://user:secret@mail.example")
    monkeypatch.setattr(desk_module.subprocess, "run", noting)
    bench.tested("roster.zip", roster, "oneroster-csv-1.1")

    assert "PATH" in given
    assert not {name for name in given if "SMTP" in name or "URL" in name}


def test_a_badge_is_not_checked_again_by_a_runner_that_tests_something_else(bench: Bench, roster: bytes) -> None:
    claim = accepted(bench.api, f"/products/{bench.product}", **{**ONEROSTER, "standard_version": "1.2"})
    vera = verifier(bench.house, bench.api, "Vera")

    answer = bench.send("roster.zip", roster, "oneroster-csv-1.1", who=vera, recheck_of=claim)

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/runner")


def test_a_run_that_was_refused_suspends_nothing(bench: Bench) -> None:
    claim = accepted(bench.api, f"/products/{bench.product}", **ONEROSTER)
    vera = verifier(bench.house, bench.api, "Vera")

    run = bench.tested("bomb.zip", BOMB, "oneroster-csv-1.1", who=vera, recheck_of=claim)

    assert (run["outcome"], bench.api.get(f"/badge-claims/{claim}").json()["state"]) == ("refused", "accepted")
