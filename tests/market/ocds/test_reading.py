"""Notices of others: the real ones are taken to the letter, broken ones refused by line, place and reason."""

import io
import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.market.ocds.schema import jsonable, plain_validator
from tests.support.shared import shared_data

from becta.market.ocds.checking import mistakes
from becta.market.ocds.projecting import Stage, in_short
from becta.market.ocds.reading import LIMITS, Limits, ReadRelease, Refused, canonical, parsed, read_notices

GOOD = {
    "ocid": "ocds-b5fd17-1",
    "id": "1",
    "date": "2026-11-25T10:00:00Z",
    "tag": ["tender"],
    "initiationType": "tender",
    "tender": {"id": "1", "title": "Laptops", "value": {"amount": 1200.5, "currency": "GBP"}},
}


def read(raw: bytes | str, limits: Limits = LIMITS) -> tuple[list[ReadRelease], list[Refused]]:
    stream = io.BytesIO(raw.encode() if isinstance(raw, str) else raw)
    found = list(read_notices(stream, limits))
    return [one for one in found if isinstance(one, ReadRelease)], [one for one in found if isinstance(one, Refused)]


def lines(*values: Any) -> str:
    return "\n".join(value if isinstance(value, str) else json.dumps(value) for value in values)


def changed(**fields: Any) -> dict[str, Any]:
    return {**GOOD, **fields}


def notices() -> list[tuple[bytes, Any]]:
    """Every real notice: its line as it came, and as Python's own reader understands it."""
    folder = shared_data("procurement/uk_notices")
    raw = [line for path in sorted(folder.glob("*.jsonl")) for line in path.read_bytes().splitlines() if line.strip()]
    return [(line, json.loads(line, parse_float=Decimal)) for line in raw]


def test_the_real_notices_are_read_without_loss() -> None:
    real = notices()

    good, refused = read(b"\n".join(line for line, _ in real))

    assert (len(good), refused) == (145, [])
    for one, (_, value) in zip(good, real, strict=True):
        assert parsed(one.text) == value
        assert list(parsed(one.text)) == list(value)
        assert canonical(parsed(one.text)) == canonical(value)


def test_a_number_of_29_digits_that_a_real_notice_holds_keeps_its_value() -> None:
    [found] = {
        str(value) for line, _ in notices() for value in _numbers(parsed(read(line)[0][0].text)) if value > 10**20
    }

    assert Decimal(found) == Decimal("7.922816251426434e+28")


def _numbers(value: Any) -> list[Any]:
    if isinstance(value, dict | list):
        return [found for one in (value.values() if isinstance(value, dict) else value) for found in _numbers(one)]
    return [value] if isinstance(value, int | Decimal) else []


def test_real_notices_are_told_in_short() -> None:
    short = [in_short(value) for _, value in notices()]

    assert sum(one.value is not None and one.value.pence is not None for one in short) == 107
    assert sum(len(one.awards) for one in short) == 76
    assert all(one.title and one.buyer and one.cpv for one in short)
    assert {one.stage for one in short} == {Stage.PLANNING, Stage.TENDER, Stage.AWARD}
    [odd] = [one for one in short if one.ocid.endswith("1dfbc9b2-d863-427c-9a37-856d6c4b364d")]
    assert odd.awards[0].suppliers == ("GB-CFS-173",)  # its name is null in award and party
    [catering] = [one for one in short if one.ocid.endswith("8e9e80b5-0a39-4580-a5f2-2b35442a9378")]
    assert (catering.buyer, catering.cpv[0]) == ("Barton Stacey Primary School", "55524000")
    assert str(catering.deadline) == "2025-03-07 13:00:00+00:00"


def test_our_verdict_is_that_of_the_schema_on_every_real_notice() -> None:
    for line, value in notices():
        by_schema = [error for error in plain_validator().iter_errors(json.loads(line)) if '"uri"' not in error.message]
        assert mistakes(value) == [], line[:80]
        assert by_schema == []


WRONG = st.sampled_from(
    [None, "", "x", 0, -1, 7, Decimal("1.5"), True, [], {}, [{}], ["x"], [None], {"x": 1}, "2026-13-01", "GBP", "2"]
)


@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_our_verdict_is_that_of_the_schema_when_something_is_broken(data: st.DataObject) -> None:
    """One place of a real release is given something else or taken away: both judge alike."""
    broken = parsed(data.draw(st.sampled_from(_samples())))
    at = data.draw(st.sampled_from([place for place in _places(broken) if place[0] != "tag"]))  # closed in 1.1.5 alone
    place: Any = broken
    for step in at[:-1]:
        place = place[step]
    if data.draw(st.booleans()) or not isinstance(place, dict):
        place[at[-1]] = data.draw(WRONG)
    else:
        del place[at[-1]]

    ours = mistakes(broken)
    theirs = [error for error in plain_validator().iter_errors(jsonable(broken)) if '"uri"' not in error.message]

    assert bool(ours) == bool(theirs), (at, ours, [error.message for error in theirs])


@cache
def _samples() -> list[str]:
    path = shared_data("procurement/ocds-sample-data/fictional-example/1.1/ocds-213czf-000-00001.json")
    real = [line.decode() for line, _ in notices()]
    return [*(json.dumps(one) for one in json.loads(path.read_text("utf-8"))["releases"]), *real[:20], *real[-20:]]


def _places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for name, one in entries for place in ((*at, name), *_places(one, (*at, name)))]


TOO_LARGE = "is a number too large or too fine to be meant"
SAME = "is the same as number 0 of its list"
DEEP = "[" * 40 + "]" * 40
JUST = json.dumps(GOOD)[:-1]
BROKEN: list[tuple[str, Any, str, str]] = [
    ("no ocid", {name: value for name, value in GOOD.items() if name != "ocid"}, "/ocid", "is missing"),
    ("ocid is null", changed(ocid=None), "/ocid", "is not a text of 1 to 250 characters"),
    ("a date without a time zone", changed(date="2026-11-25T10:00:00"), "/date", "is not an instant"),
    ("a day that is not", changed(date="2026-02-30T10:00:00Z"), "/date", "is not an instant"),
    ("an unknown tag", changed(tag=["tendering"]), "/tag", "is not a list of release tags"),
    ("no tag", changed(tag=[]), "/tag", "is not a list of release tags"),
    ("initiated by an auction", changed(initiationType="auction"), "/initiationType", "is not one of the codes"),
    ("a tender without id", changed(tender={"title": "x"}), "/tender/id", "is missing"),
    (
        "an amount in quotation marks",
        changed(tender={"id": "1", "value": {"amount": "1,200", "currency": "GBP"}}),
        "/tender/value/amount",
        "is not a number",
    ),
    (
        "no such currency",
        changed(tender={"id": "1", "value": {"amount": 1, "currency": "£"}}),
        "/tender/value/currency",
        "is not a currency",
    ),
    ("a status of nobody", changed(tender={"id": "1", "status": "open"}), "/tender/status", "is not one of the codes"),
    ("awards that are one", changed(awards={"id": "1"}), "/awards", "is not a list"),
    ("a contract of no award", changed(contracts=[{"id": "1"}]), "/contracts/0/awardID", "is missing"),
    ("the same award twice", changed(awards=[{"id": "1"}, {"id": "1"}]), "/awards/1", SAME),
    ("a text that is a number", changed(tender={"id": "1", "title": 7}), "/tender/title", "is not a text"),
    ("a list", [1], "/0", "is not an object"),
    ("a number", "7", "", "is not an object"),
    ("half a line", '{"ocid": "ocds-', "", "is not JSON: unterminated string starting at at character 10"),
    ("not a number", json.dumps(changed(x=float("nan"))), "/x", "is NaN"),
    ("infinity", json.dumps(changed(x=float("-inf"))), "/x", "is -Infinity"),
    ("a number without end", JUST + ', "x": 1e999999999}', "/x", TOO_LARGE),
    ("ten thousand digits", JUST + ', "x": ' + "9" * 10_000 + "}", "/x", TOO_LARGE),
    ("a name twice", JUST + ', "ocid": "ocds-b5fd17-2"}', "", "gives the name 'ocid' twice"),
    ("a name twice within", JUST + ', "x": {"a": 1, "a": 2}}', "/x", "gives the name 'a' twice"),
    ("NUL", changed(x=["a\x00b"]), "/x/0", "holds the character NUL"),
    ("NUL in a name", changed(**{"a\x00": 1}), "", "has a name that holds no plain text"),
    ("half a character", JUST + ', "x": "\\ud800"}', "/x", "holds half of a surrogate pair"),
    ("a hundred thousand levels", "[" * 100_000, "", "is nested too deeply"),
    ("forty levels", JUST + ', "x": ' + DEEP + "}", "/x" + "/0" * 31, "is nested too deeply"),
]  # fmt: skip


@pytest.mark.parametrize(("_case", "broken", "at", "problem"), BROKEN, ids=[case for case, *_ in BROKEN])
def test_what_is_broken_is_refused_with_line_place_reason_and_mend_and_the_rest_is_taken(
    _case: str, broken: Any, at: str, problem: str
) -> None:
    good, [refused] = read(lines(GOOD, broken, changed(id="3")))

    assert [one.value["id"] for one in good] == ["1", "3"]
    assert (refused.line, refused.mistake.pointer, refused.mistake.problem) == (2, at, problem)
    assert refused.mistake.mend


def test_every_fault_of_a_release_is_told() -> None:
    _, refused = read(lines(changed(date="yesterday", tag="tender", tender={"title": 1})))

    assert sorted(one.mistake.pointer for one in refused) == ["/date", "/tag", "/tender/id", "/tender/title"]


def test_bytes_that_are_no_utf_8_cost_one_line() -> None:
    raw = lines(GOOD).encode() + b'\n{"ocid": "\xff"}\n' + lines(changed(id="3")).encode()

    good, [refused] = read(raw)

    assert [one.line for one in good] == [1, 3]
    assert (refused.line, refused.mistake.problem) == (2, "is not UTF-8 at byte 11")


def test_limits_of_size_and_number_hold() -> None:
    small = Limits(line_bytes=400, lines=3, document_bytes=1_000)

    good, refused = read(lines(GOOD, changed(x="y" * 5_000), changed(id="3"), changed(id="4")), small)

    assert [one.line for one in good] == [1, 3]
    assert [(one.line, one.mistake.problem) for one in refused] == [
        (2, "is longer than 400 bytes"),
        (4, "is one line more than the 3 that are read"),
    ]
    _, [refused_whole] = read(json.dumps(changed(x=["y"] * 500), indent=1), small)
    assert refused_whole.mistake.problem == "is one text of more than 1,000 bytes"


SECOND = changed(id="2")
LINKED = [{"url": "https://x.example/1"}]
COMPILED = {"ocid": "x", "releases": LINKED, "compiledRelease": changed(tag=["compiled"])}
EMBEDDED = {"ocid": "x", "releases": [GOOD], "compiledRelease": GOOD}
WAYS: list[tuple[str, str, list[str]]] = [
    ("one release over many lines", json.dumps(GOOD, indent=2), [""]),
    ("a package", json.dumps({"releases": [GOOD, SECOND]}, indent=2), ["/releases/0", "/releases/1"]),
    ("a package a line", lines({"releases": [GOOD]}, {"releases": [SECOND]}), ["/releases/0", "/releases/0"]),
    ("a list", json.dumps([GOOD, SECOND], indent=1), ["/0", "/1"]),
    ("records with releases", lines({"records": [EMBEDDED]}), ["/records/0/releases/0"]),
    ("records compiled only", lines({"records": [COMPILED]}), ["/records/0/compiledRelease"]),
    ("a byte order mark", "\ufeff" + lines(GOOD, "", SECOND).replace("\n", "\r\n"), ["", ""]),
    ("nothing", "", []),
]


@pytest.mark.parametrize(("_case", "text", "places"), WAYS, ids=[case for case, *_ in WAYS])
def test_every_way_in_which_notices_come_is_read(_case: str, text: str, places: list[str]) -> None:
    good, refused = read(text)

    assert ([one.at for one in good], refused) == (places, [])


def test_a_package_tells_its_publisher_and_licence() -> None:
    package = {"releases": [GOOD], "publisher": {"name": "Cabinet Office"}, "license": "https://ogl"}

    [one], _ = read(json.dumps(package))

    assert (one.source.publisher, one.source.license) == ("Cabinet Office", "https://ogl")


def test_a_broken_text_over_many_lines_is_told_by_its_line() -> None:
    text = json.dumps({"releases": [GOOD]}, indent=2).replace('"id": "1",', '"id": "1"', 1)

    good, [refused] = read(text)

    assert (good, refused.line) == ([], 6)
    assert refused.mistake.problem.startswith("is not JSON: expecting ',' delimiter")


def test_releases_that_are_links_are_not_fetched() -> None:
    _, [refused] = read(json.dumps({"releases": [{"url": "http://127.0.0.1/x", "date": "x", "tag": ["tender"]}]}))

    assert refused.mistake.problem == "is a link to a release that is elsewhere"


@pytest.mark.parametrize("path", ["ocds-213czf-000-00001.json", "record/ocds-213czf-000-00001.json"])
def test_the_standards_own_example_is_read(path: str) -> None:
    sample: Path = shared_data(f"procurement/ocds-sample-data/fictional-example/1.1/{path}")

    good, refused = read(sample.read_bytes())

    assert refused == []
    assert {one.value["ocid"] for one in good} == {"ocds-213czf-000-00001"}


@given(st.binary(max_size=300))
def test_no_bytes_whatever_break_the_reader(raw: bytes) -> None:
    read(raw)
