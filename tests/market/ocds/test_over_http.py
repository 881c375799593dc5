"""Releases, records, bulk files, drafts, notices of others, interests and benchmarks over HTTP."""

import csv
import io
import re
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from json import dumps
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner
from litestar.testing import TestClient
from tests.market.ocds.conftest import Story
from tests.market.ocds.schema import check_package, check_release
from tests.support.api import Api, token_for
from tests.support.people import member, person, token_of
from tests.support.shared import shared_data

from becta.kernel import clock
from becta.kernel.actor import Role, Scope, system
from becta.kernel.paging import encode_cursor
from becta.market.accounts.models import Organisation
from becta.market.api.open_contracting import RECORDS, RELEASES
from becta.market.cli import main
from becta.market.ocds.alerts import tell_of_notices
from becta.market.ocds.importing import Imported, import_notices
from becta.market.ocds.reading import Refused, parsed
from becta.market.procurements.models import Procurement
from becta.market.wiring import House

OPEN_AT = "2026-11-25T12:00:00Z"


def notice(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A notice of Contracts Finder that can be bid for for a long time."""
    tender = {
        "id": "1",
        "title": "Laptops for a school",
        "description": "Thirty laptops",
        "status": "active",
        "classification": {"scheme": "CPV", "id": "30213100"},
        "tenderPeriod": {"endDate": "2099-01-01T12:00:00Z"},
    }
    return {
        "ocid": f"ocds-b5fd17-{number}",
        "id": f"{number}-1",
        "date": OPEN_AT,
        "tag": ["tender"],
        "initiationType": "tender",
        "buyer": {"id": "1", "name": "Elm School"},
        "tender": {**tender, **changes.pop("tender", {})},
        **changes,
    }


def awarded(number: int, amount: object, **award: Any) -> dict[str, Any]:
    """A notice of an award of so many pounds."""
    value = {"amount": amount, "currency": "GBP"}
    awards = [{"id": "1", "status": "active", "value": value, "suppliers": [{"id": "2", "name": "Oak Ltd"}], **award}]
    return notice(number, tag=["award"], awards=awards)


class Desk:
    """Brings notices in."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.refused: list[Refused] = []

    def takes(self, *notices: Any) -> Imported:
        """Import notices at the present time."""
        return self.reads("\n".join(map(dumps, notices)).encode())

    def reads(self, raw: bytes) -> Imported:
        """Import a file at the present time."""
        now, actor = clock.now(), system("test")
        return import_notices(self.house.db.write, io.BytesIO(raw), actor, now=now, refuse=self.refused.append)


@pytest.fixture
def desk(house: House) -> Desk:
    """Where notices come in."""
    return Desk(house)


@pytest.fixture
def anybody(client: TestClient) -> Api:
    """Somebody without a token."""
    return Api(client, None)


@pytest.fixture
def told_story(house: House) -> Story:
    """A procurement that came to its contract."""
    story = Story(house.db)
    story.advertises()
    story.answers()
    story.bids_come()
    story.opens()
    story.decides()
    story.stands_still()
    story.contracts()
    return story


def link(answer: Any, rel: str) -> str | None:
    """Where a Link header leads."""
    found = re.search(rf'<([^>]+)>; rel="{rel}"', answer.headers.get("link", ""))
    return None if found is None else found[1].removeprefix("/api/v1")


def follow(api: Api, address: str) -> Any:
    """What is at an address with its query."""
    return api.client.get(f"/api/v1{address}", headers=api.headers)


def test_the_feed_gives_each_release_once_and_then_what_is_new(told_story: Story, anybody: Api) -> None:
    seen, at = [], "/ocds/releases?limit=2"
    while at is not None:
        page = follow(anybody, at)
        package = parsed(page.content)
        check_package(package, "release")
        seen += [one["id"] for one in package["releases"]]
        watch, at = link(page, "monitor"), link(page, "next")

    assert seen == [row.release_id for row in told_story.rows()]
    assert watch is not None
    assert follow(anybody, watch).json()["releases"] == []
    told_story.modifies()
    [new] = follow(anybody, watch).json()["releases"]
    assert new["tag"] == ["contractAmendment"]
    assert anybody.get("/ocds/releases", since="x").status_code == 400


def test_a_release_and_a_record_are_found_by_what_they_are_called(told_story: Story, anybody: Api) -> None:
    row = told_story.rows()[0]

    one = anybody.get(f"/ocds/releases/{row.ocid}/{row.release_id}")
    record = anybody.get(f"/ocds/records/{row.ocid}", versions=True)
    records = anybody.get("/ocds/records")

    check_package(parsed(one.content), "release")
    for package in (record, records):
        check_package(parsed(package.content), "record")
    assert one.json()["releases"][0]["id"] == row.release_id
    assert one.headers["access-control-allow-origin"] == "*"
    assert "versionedRelease" in record.json()["records"][0]
    assert records.json()["records"][0]["compiledRelease"]["contracts"][0]["status"] == "active"
    for missing in (f"/ocds/releases/{row.ocid}/x", "/ocds/records/x"):
        assert anybody.get(missing).status_code == 404


@pytest.mark.parametrize("number", [-1, 10**30, 2**63])
def test_a_cursor_that_somebody_made_up_is_refused(anybody: Api, number: int) -> None:
    for path, bound_to in (("/ocds/releases", RELEASES), ("/ocds/records", RECORDS)):
        named = "since" if path == "/ocds/releases" else "cursor"
        assert anybody.get(path, **{named: encode_cursor(bound_to, number)}).status_code == 400


def test_a_process_whose_name_holds_nul_is_not_found(anybody: Api) -> None:
    for path in ("/ocds/records/a%00b", "/ocds/releases/a%00b/c%00d"):
        assert anybody.get(path).status_code == 404


def test_bulk_files_hold_every_release_to_the_letter(told_story: Story, anybody: Api) -> None:
    lines = anybody.get("/ocds/releases.jsonl")
    table = anybody.get("/ocds/releases.csv")

    assert lines.text == "".join(f"{row.body}\n" for row in told_story.rows())
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert [row["notice"] for row in rows] == [row.notice or "" for row in told_story.rows()]
    assert rows[-1]["award_amount"] == "561958.41"
    assert rows[-1]["award_suppliers"] == "Elm Ltd"


def test_the_export_writes_a_folder_whole_and_puts_it_in_place_of_an_earlier_one(
    told_story: Story, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("becta.market.cli.opening.settings", lambda: house.settings)
    out = tmp_path / "out"

    first = CliRunner().invoke(main, ["ocds", "export", "--out", str(out)])
    told_story.modifies()
    second = CliRunner().invoke(main, ["ocds", "export", "--out", str(out)])

    assert (first.exit_code, second.exit_code) == (0, 0), first.output + second.output
    assert second.output == f"{out}: {len(told_story.rows())} releases, 1 records\n"
    assert sorted(path.name for path in out.iterdir()) == ["records", "releases", "releases.csv", "releases.jsonl"]
    check_package(parsed((out / "releases/00001.json").read_bytes()), "release")
    check_package(parsed((out / "records/00001.json").read_bytes()), "record")
    for line in (out / "releases.jsonl").read_text("utf-8").splitlines():
        check_release(parsed(line))
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".out")] == []
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/letter.txt").write_text("keep me")
    refused = CliRunner().invoke(main, ["ocds", "export", "--out", str(tmp_path / "mine")])
    assert (refused.exit_code, (tmp_path / "mine/letter.txt").read_text()) == (1, "keep me")


def test_drafts_of_notices_are_for_whoever_runs_the_procurement(
    told_story: Story, house: House, client: TestClient, api: Api, anybody: Api
) -> None:
    with house.db.write() as session:
        lead = session.get_one(Organisation, session.get_one(Procurement, told_story.id).organisation_id)
        who = person(session, "Ada Byron")
        member(session, who, lead, Role.TRUST_LEAD)
        secret = token_of(session, who, lead)
    path = f"/ocds/notices/{told_story.id}"

    drafts = Api(client, secret).get(path).json()

    assert [(one["number"], one["is_due"], one["due_by"] is None) for one in drafts] == [
        ("UK4", True, True),
        ("UK6", True, True),
        ("UK7", True, False),
    ]
    assert drafts[1]["section"] == "Procurement Act 2023 s.50"
    assert drafts[1]["release"]["awards"][0]["documents"][0]["noticeType"] == "UK6"
    assert "the contact point of the contracting authority" in drafts[0]["still_needed"]
    elsewhere = Api(client, token_for(house.db, told_story.suppliers[0], [Scope.BIDS_MAKE]))
    assert (anybody.get(path).status_code, elsewhere.get(path).status_code) == (401, 403)


def test_the_real_notices_are_stored_to_the_letter_and_once(desk: Desk, anybody: Api) -> None:
    raw = b"".join(path.read_bytes() for path in sorted(shared_data("procurement/uk_notices").glob("*.jsonl")))

    first, second = desk.reads(raw), desk.reads(raw)

    assert (first, second) == (Imported(new=145), Imported(identical=145))
    assert desk.refused == []
    came = {(one["ocid"], one["id"]): one for one in map(parsed, raw.splitlines())}
    kept: list[dict[str, Any]] = []
    at: str | None = "/notices?limit=100"
    while at is not None:
        page = follow(anybody, at)
        kept += page.json()["items"]
        at = link(page, "next")
    assert len(kept) == len({ocid for ocid, _ in came}) == 140
    for one in kept[:10]:
        release = anybody.get(f"/notices/{one['id']}/release")
        assert parsed(release.content) == came[one["ocid"], one["release_id"]]


def test_a_changed_release_is_kept_beside_what_it_was(desk: Desk, anybody: Api) -> None:
    assert desk.takes(notice(), notice()) == Imported(new=1, identical=1)
    assert desk.takes(notice(title="Changed"), {}) == Imported(changed=1, refused=1)
    assert desk.takes(notice()) == Imported(identical=1)

    [shown] = anybody.get("/notices").json()["items"]

    assert (shown["version"], shown["stage"], shown["buyer"]) == (2, "tender", "Elm School")
    assert {one.mistake.pointer for one in desk.refused} == {"/ocid", "/id", "/date", "/tag", "/initiationType"}


def test_times_before_history_and_texts_without_end_are_kept_and_break_no_list(desk: Desk, anybody: Api) -> None:
    odd = {"tenderPeriod": {"endDate": "9999-12-31T23:59:59-14:00"}, "title": "x" * 9_000, "description": "y" * 99_000}

    assert desk.takes(notice(1, tender=odd)) == Imported(new=1)
    assert desk.takes(notice(2, date="0001-01-01T00:00:00+14:00")) == Imported(refused=1)

    [one] = anybody.get("/notices").json()["items"]
    assert (one["deadline"], len(one["title"]), len(one["description"])) == (None, 1_000, 10_000)
    assert parsed(anybody.get(f"/notices/{one['id']}/release").content)["tender"]["title"] == "x" * 9_000


def test_notices_are_found_by_what_can_be_bid_for_and_by_code(desk: Desk, anybody: Api) -> None:
    desk.takes(
        notice(1),
        notice(2, tender={"tenderPeriod": {"endDate": "2020-01-01T00:00:00Z"}}),
        notice(3, tender={"classification": {"scheme": "CPV", "id": "79410000"}}),
        notice(4),
        notice(4, id="4-2", date="2026-11-26T12:00:00Z", tag=["tenderCancellation"]),
    )

    def found(**asked: Any) -> list[str]:
        return sorted(one["ocid"][-1] for one in anybody.get("/notices", **asked).json()["items"])

    assert found() == ["1", "2", "3", "4"]
    assert (found(open=True), found(open=False)) == (["1", "3"], ["2", "4"])
    assert found(open=True, cpv="30200000") == ["1"]
    assert anybody.get("/notices", cpv="laptops").status_code == 400


class Ears:
    """A supplier who wants to hear of something, and the mails that came."""

    def __init__(self, house: House, client: TestClient, supplier_id: UUID) -> None:
        self.house = house
        with house.db.write() as session:
            who = person(session, "Bea Bidder", "bea@elm.example")
            organisation = session.get_one(Organisation, supplier_id)
            member(session, who, organisation, Role.SUPPLIER_BIDDER)
            self.api = Api(client, token_of(session, who, organisation))

    def hears(self) -> list[EmailMessage]:
        """What is told now."""
        folder = self.house.settings.mail_dir
        before = set(folder.glob("*.eml"))
        tell_of_notices(self.house.db, now=clock.now())
        self.house.relay.drain()
        new = set(folder.glob("*.eml")) - before
        return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in new]


@pytest.fixture
def ears(house: House, client: TestClient, api: Api) -> Ears:
    """A supplier of laptops."""
    supplier_id = api.supplier("elm")
    token_for(house.db, supplier_id)  # opens its organisation
    return Ears(house, client, supplier_id)


def test_a_supplier_is_told_once_of_each_new_open_process_that_fits(ears: Ears, desk: Desk) -> None:
    desk.takes(notice(1))
    saved = ears.api.made("/notices/interests", {"cpv": ["30200000"], "words": ["Laptops"]})

    assert ears.hears() == []  # it came before
    desk.takes(
        notice(2),
        notice(3, tender={"title": "Cables", "description": "None of those"}),
        notice(4, tender={"classification": {"scheme": "CPV", "id": "79410000"}}),
        notice(5, tender={"tenderPeriod": {"endDate": "2020-01-01T00:00:00Z"}}),
        notice(6),
    )
    [letter] = ears.hears()
    assert (letter["To"], letter["Subject"]) == ("bea@elm.example", "2 notices that you wanted to hear of")
    assert letter.get_content().count("/release") == 2
    assert "Elm School, tenders until 1 January 2099 at 12:00" in letter.get_content()
    desk.takes(notice(2, id="2-2", date="2026-11-26T12:00:00Z"))
    assert ears.hears() == []  # told of it already
    ended = ears.api.post(f"/notices/interests/{saved['id']}/end")
    assert (ended.status_code, ears.api.get("/notices/interests").json()) == (200, [])
    desk.takes(notice(7))
    assert ears.hears() == []
    assert ears.api.post(f"/notices/interests/{saved['id']}/end").status_code == 409


@pytest.mark.parametrize(
    ("_case", "body", "pointer"),
    [
        ("nothing wanted", {}, "/cpv"),
        ("no code", {"cpv": ["laptop"]}, "/cpv"),
        ("no category", {"categories": ["x"]}, "/categories"),
        ("too many", {"words": ["ab"] * 21}, "/words"),
        ("a letter", {"words": ["a"]}, "/words"),
    ],
)
def test_an_interest_that_says_nothing_is_refused(ears: Ears, _case: str, body: Any, pointer: str) -> None:
    answer = ears.api.post("/notices/interests", body)

    assert answer.status_code == 400
    assert {error["pointer"] for error in answer.json()["errors"]} == {pointer}
    assert ears.api.get("/notices/interests").json() == []


def test_interests_are_each_suppliers_own(ears: Ears, supplier_api: Callable[[UUID], Api], api: Api) -> None:
    saved = ears.api.made("/notices/interests", {"categories": ["laptops"]})
    other = supplier_api(api.supplier("oak"))

    assert other.post(f"/notices/interests/{saved['id']}/end").status_code == 404
    assert api.post("/notices/interests", {"cpv": ["30"]}).status_code == 403
    again = [ears.api.post("/notices/interests", {"cpv": ["30"]}, **{"Idempotency-Key": "k"}).json() for _ in "12"]
    assert again[0] == again[1]


def test_benchmarks_tell_how_awarded_values_are_spread_and_from_where(desk: Desk, anybody: Api) -> None:
    desk.takes(awarded(1, 100), awarded(2, 250.5))
    few = anybody.get("/reference/benchmarks", cpv="30213100").json()
    desk.takes(
        awarded(3, 400),
        awarded(4, 1_000),
        awarded(5, 0),
        awarded(6, 9, value={"amount": 9, "currency": "EUR"}),
        awarded(7, 9, status="cancelled"),
        {**awarded(4, 800), "id": "4-2", "date": "2026-11-26T12:00:00Z"},
    )
    many = anybody.get("/reference/benchmarks", cpv="30200000").json()

    assert (few["awards"], few["spread"]) == (2, None)
    assert (many["cpv"], many["awards"]) == ("302", 4)
    assert many["spread"] == {
        "least_pence": 10_000,
        "lower_quartile_pence": 21_288,
        "median_pence": 32_525,
        "upper_quartile_pence": 50_000,
        "most_pence": 80_000,
    }
    assert [(one["publisher"], one["awards"]) for one in many["sources"]] == [("Contracts Finder", 4)]
    assert anybody.get("/reference/benchmarks", cpv="x").status_code == 400


def test_the_command_line_tells_what_it_refused_and_exits_with_1(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("becta.market.cli.opening.settings", lambda: house.settings)
    path = tmp_path / "notices.jsonl"
    path.write_text(f"{dumps(notice())}\n{dumps(notice(2, date='soon'))}\n", encoding="utf-8")

    done = CliRunner().invoke(main, ["ocds", "import", str(path)])

    assert done.exit_code == 1
    assert f"{path}:2: /date is not an instant (soon); write it like 2026-11-25T17:00:00Z" in done.output
    assert f"{path}: 2 releases read, 1 new, 0 changed, 0 known, 1 refused" in done.output
