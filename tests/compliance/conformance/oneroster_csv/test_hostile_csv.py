"""Whatever a package holds, a run ends in a report; and what is read from CSV is what RFC 4180 says it is."""

import csv
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.compliance.conformance.oneroster_csv.clean import clean_package, pack

from becta.compliance.conformance.oneroster import csv_files, csv_indexes, csv_unique
from becta.compliance.conformance.oneroster.csv_reading import read_csv
from becta.compliance.conformance.oneroster.csv_runner import RUNNERS
from becta.compliance.conformance.reports import Outcome
from becta.compliance.conformance.runner import ArtefactRunner
from becta.market.bench.rosters import write_package

SAME_FOLDER = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NAMES = sorted(clean_package("1.2"))
CLEAN = {version: clean_package(version) for version in ("1.1", "1.2")}
PIECES = st.sampled_from(
    ['"', ",", "\n", "\r", "\r\n", "\0", "\ufeff", "é", "ext:", "true", " ", "9" * 400, "-", "1e9"]
)


@SAME_FOLDER
@given(st.sampled_from(RUNNERS), st.binary(max_size=300))
def test_any_bytes_end_in_a_report(tmp_path: Path, runner: ArtefactRunner, data: bytes) -> None:
    path = tmp_path / "package.zip"
    path.write_bytes(data)

    assert runner.run(path).outcome is Outcome.REFUSED


@SAME_FOLDER
@given(st.sampled_from(RUNNERS), st.dictionaries(st.sampled_from(NAMES), st.binary(max_size=200), max_size=6))
def test_any_content_of_files_ends_in_a_report(
    tmp_path: Path, runner: ArtefactRunner, contents: dict[str, bytes]
) -> None:
    files = {**CLEAN[runner.standard_version], **contents}

    report = runner.run(pack(files, tmp_path / "package.zip"))

    assert report.refusal is None
    assert report.errors == sum(check.found for check in report.checks if check.severity == "error")


@SAME_FOLDER
@given(
    st.sampled_from(RUNNERS),
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 400), st.integers(0, 4), PIECES), min_size=1, max_size=5),
)
def test_any_change_of_a_clean_package_ends_in_a_report_with_lines_of_the_file(
    tmp_path: Path, runner: ArtefactRunner, changes: list[tuple[int, int, int, str]]
) -> None:
    files = dict(CLEAN[runner.standard_version])
    names = sorted(files)
    for which, place, removed, piece in changes:
        name = names[which % len(names)]
        text = files[name]
        assert isinstance(text, str)
        start = place % (len(text) + 1)
        files[name] = text[:start] + piece + text[start + removed :]

    report = runner.run(pack(files, tmp_path / "package.zip"))

    assert report.outcome in {Outcome.PASSED, Outcome.FAILED}
    for finding in report.findings:
        if finding.line is not None:
            text = files[finding.file]
            assert isinstance(text, str)
            assert 1 <= finding.line <= text.count("\n") + 1


@settings(deadline=None)
@given(
    st.lists(
        st.lists(st.text(alphabet=st.sampled_from('a,""é'), max_size=6), min_size=2, max_size=5),
        min_size=1,
        max_size=30,
    ),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.booleans(),
)
def test_rows_are_read_as_they_were_written(rows: list[list[str]], line_end: str, quotes: int, last_end: bool) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator=line_end, quoting=quotes).writerows(rows)
    text = out.getvalue() if last_end else out.getvalue().removesuffix(line_end)
    found: list[str] = []

    header, batches = read_csv(io.BytesIO(text.encode()), "a.csv", lambda check, *_, **__: found.append(check))
    read = [(line, row) for batch in batches for line, row in zip(batch.lines, batch.rows, strict=True)]

    assert [header, *(row for _, row in read)] == rows
    assert [line for line, _ in read] == list(range(2, len(rows) + 1))
    assert found == []


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ('"","",""', ["", "", ""]),
        ('"",""","', ["", '",']),
        ('"a","b"', ["a", "b"]),
        ('"a,b",c', ["a,b", "c"]),
        ('"a""b",""""', ['a"b', '"']),
        ('""', [""]),
        ('"', None),
        ('"",""",""', None),
        ('a"b,c', None),
        ('"a"b,c', None),
        ('"a" ,c', None),
        (' "a",c', None),
    ],
)
def test_quotes_mean_what_rfc_4180_says(line: str, cells: list[str] | None) -> None:
    found: list[str] = []

    header, _ = read_csv(io.BytesIO(f"{line}\n1\n".encode()), "a.csv", lambda check, *_, **__: found.append(check))

    assert header == (cells or ["1"])
    assert found == ([] if cells else ["quoting"])


def test_a_row_over_the_edge_of_what_is_read_at_once_stays_whole(tmp_path: Path) -> None:
    rows = [f'{number},"{"x" * 300},{number}"' for number in range(4_000)]
    text = "a,b\n" + "\n".join(rows) + "\n"

    _, batches = read_csv(io.BytesIO(text.encode()), "a.csv", lambda check, *_, **__: pytest.fail(check))

    cells = [(line, row[1]) for batch in batches for line, row in zip(batch.lines, batch.rows, strict=True)]
    assert cells == [(number + 2, f"{'x' * 300},{number}") for number in range(4_000)]


def test_quotes_left_open_on_every_line_cost_little_and_are_each_found(tmp_path: Path) -> None:
    lines = "".join(f'c-{number},,,"Open {number}\n' for number in range(3_000))
    files = {**CLEAN["1.1"], "categories.csv": f"sourcedId,status,dateLastModified,title\n{lines}"}

    report = RUNNERS[0].run(pack(files, tmp_path / "package.zip"))

    assert report.outcome is Outcome.FAILED
    assert next(check.found for check in report.checks if check.id == "quoting") == 3_000


def test_a_large_clean_package_passes_and_an_id_given_twice_far_apart_is_found(tmp_path: Path) -> None:
    size = {"enrolments": 20_000, "users": 8_000, "classes": 8_000}
    path = write_package(
        tmp_path / "big.zip", seed=12, **size
    )  # enrols nobody twice, which the writer leaves to chance
    with zipfile.ZipFile(path) as archive:
        files: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    enrolments = files["enrollments.csv"]
    assert isinstance(enrolments, bytes)
    first, last = b"enrolment-0000000000,", b"enrolment-0000019999,"
    assert (enrolments.count(first), enrolments.count(last)) == (1, 1)

    clean = RUNNERS[0].run(path)
    spoilt = RUNNERS[0].run(pack(files | {"enrollments.csv": enrolments.replace(last, first)}, tmp_path / "b.zip"))

    assert (clean.findings, clean.outcome) == ((), Outcome.PASSED)
    assert clean.facts["rows"] == 20_000 + 8_000 + 8_000 + 500 + 101 + 1
    (finding,) = spoilt.findings
    assert (finding.check, finding.file, finding.line) == ("duplicate-id", "enrollments.csv", 20_001)
    assert finding.message == "sourcedId is the same as on line 2"


def test_more_rows_to_look_up_than_we_hold_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_indexes, "LONGEST_INDEX", 2_000)
    path = write_package(tmp_path / "big.zip", enrolments=10, users=2_000, classes=500)

    report = RUNNERS[0].run(path)

    assert report.refusal == "users.csv and others have more than 2,000 rows to look up in"


def test_more_rows_than_we_read_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_files, "MOST_ROWS", 999)
    path = write_package(tmp_path / "big.zip", enrolments=1_000, users=20, classes=5)

    assert RUNNERS[0].run(path).refusal == "enrollments.csv has more than 999 rows"


def test_more_rows_alike_than_we_compare_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_unique, "MOST_REPEATED", 99)
    rows = "".join(f"c-{number},,,C\n" * 2 for number in range(100))
    files = {**CLEAN["1.1"], "categories.csv": f"sourcedId,status,dateLastModified,title\nhomework,,,H\n{rows}"}

    report = RUNNERS[0].run(pack(files, tmp_path / "package.zip"))

    assert report.refusal == "categories.csv has more than 99 values of sourcedId that come again"


def test_a_large_package_is_checked_in_little_memory() -> None:
    root = Path(__file__).parents[4]
    bench = [sys.executable, "-m", "tests.compliance.conformance.oneroster_csv.big", "100000"]

    told = subprocess.run(bench, cwd=root, capture_output=True, text=True, check=True, timeout=300).stdout

    assert told.startswith("passed, 0 errors, ")
    assert int(told.rsplit("peak ", 1)[1].split()[0]) < 250
