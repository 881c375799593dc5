"""What the OneRoster CSV runners find, and that they find nothing else."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.compliance.conformance.oneroster_csv.clean import Package, clean_package, pack
from tests.compliance.conformance.oneroster_csv.faults import SEEDED, Fault, faults_of

from becta.compliance.conformance.oneroster.csv_runner import RUNNERS
from becta.compliance.conformance.reports import KEPT_PER_CHECK, Finding, Outcome, Report, Severity
from becta.compliance.conformance.runner import ArtefactRunner

BY_VERSION = {runner.standard_version: runner for runner in RUNNERS}
VERSIONS = ("1.1", "1.2")


def report_on(version: str, files: Package, tmp_path: Path, *, line_end: str = "\n") -> Report:
    return BY_VERSION[version].run(pack(files, tmp_path / "package.zip", line_end=line_end))


def places(findings: tuple[Finding, ...]) -> set[tuple[str, str, int | None]]:
    return {(finding.check, finding.file, finding.line) for finding in findings}


def expected_place(fault: Fault, files: Package) -> tuple[str, str, int | None]:
    line = fault.line
    if line == -1:
        manifest = files["manifest.csv"]
        assert isinstance(manifest, str)
        line = next(
            number
            for number, text in reversed(list(enumerate(manifest.split("\n"), 1)))
            if text.startswith(f"{fault.field},")
        )
    return fault.check, fault.file, line


def every_fault() -> Iterator[tuple[str, Fault]]:
    return ((version, fault) for version in VERSIONS for fault in faults_of(version))


def test_there_is_a_runner_for_each_version_with_its_own_code() -> None:
    assert [runner.code for runner in RUNNERS] == ["oneroster-csv-1.1", "oneroster-csv-1.2"]
    assert {runner.standard for runner in RUNNERS} == {"oneroster"}
    assert all(runner.suffixes == (".zip",) for runner in RUNNERS)


@pytest.mark.parametrize("runner", RUNNERS, ids=lambda runner: runner.code)
def test_every_declared_check_has_its_failing_case_and_names_a_clause(runner: ArtefactRunner) -> None:
    checks = [check.id for check in runner.checks]

    assert sorted(checks) == sorted(fault.check for fault in faults_of(runner.standard_version))
    assert all(check.clause.startswith(f"OneRoster {runner.standard_version} CSV ") for check in runner.checks)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["LF", "CR LF"])
@pytest.mark.parametrize(("version", "files"), [("1.1", 13), ("1.2", 21)])
def test_a_clean_package_with_every_file_passes_with_no_finding_at_all(
    version: str, files: int, line_end: str, tmp_path: Path
) -> None:
    report = report_on(version, clean_package(version), tmp_path, line_end=line_end)

    assert report.findings == ()
    assert (report.outcome, report.errors, report.warnings, report.notes) == (Outcome.PASSED, 0, 0, 0)
    assert report.facts["files"] == files
    assert report.refusal is None


@pytest.mark.parametrize(
    ("version", "fault"), [pytest.param(*case, id=f"{case[0]}-{case[1].check}") for case in every_fault()]
)
def test_a_single_fault_is_found_by_its_check_in_its_place_and_by_no_other(
    version: str, fault: Fault, tmp_path: Path
) -> None:
    files = clean_package(version)
    fault.spoil(files)

    report = report_on(version, files, tmp_path)

    assert {finding.check for finding in report.findings} == {fault.check}
    first = report.findings[0]
    assert (first.check, first.file, first.line) == expected_place(fault, files)
    if fault.field:
        assert first.field == fault.field
    asked = next(check for check in BY_VERSION[version].checks if check.id == fault.check)
    assert (first.clause, first.severity) == (asked.clause, asked.severity)
    assert report.outcome is (Outcome.FAILED if asked.severity is Severity.ERROR else Outcome.PASSED)


@pytest.mark.parametrize("version", VERSIONS)
def test_twenty_five_seeded_faults_are_all_found_by_clause_file_and_line_and_nothing_else(
    version: str, tmp_path: Path
) -> None:
    files = clean_package(version)
    for fault in sorted(SEEDED, key=lambda fault: fault.check in {"encoding", "byte-order-mark"}):
        fault.spoil(files)  # those that turn a text into bytes come last

    report = report_on(version, files, tmp_path)

    assert len(SEEDED) == len({fault.check for fault in SEEDED}) == 25
    assert places(report.findings) == {expected_place(fault, files) for fault in SEEDED}
    assert len(report.findings) == 25
    clauses = {check.id: check.clause for check in BY_VERSION[version].checks}
    assert all(finding.clause == clauses[finding.check] for finding in report.findings)


def test_lines_are_those_of_the_file_even_after_a_cell_of_several_lines(tmp_path: Path) -> None:
    files = clean_package("1.1")
    results = files["results.csv"]
    assert isinstance(results, str)
    spoilt = results.replace('"Well argued, Sam"', '"Well\n\nargued,\nSam"').replace("exempt", "excused")

    report = report_on("1.1", {**files, "results.csv": spoilt}, tmp_path, line_end="\r\n")

    assert places(report.findings) == {("line-break", "results.csv", 2), ("enumeration", "results.csv", 6)}


@pytest.mark.parametrize(
    ("old", "new"),
    [("Riverside Trust", '"Riverside Trust'), ("Riverside Trust", 'The "Trust"'), ("trust-1,,,R", '"trust-1",,,"R"i')],
)
def test_a_line_whose_quotes_do_not_match_costs_that_line_only(old: str, new: str, tmp_path: Path) -> None:
    files = clean_package("1.1")
    orgs = files["orgs.csv"]
    assert isinstance(orgs, str)

    report = report_on("1.1", {**files, "orgs.csv": orgs.replace(old, new)}, tmp_path)

    assert [(finding.check, finding.line) for finding in report.findings] == [("quoting", 2)]


def test_a_file_of_one_unreadable_row_has_that_one_fault(tmp_path: Path) -> None:
    files = clean_package("1.1")
    categories = files["categories.csv"]
    assert isinstance(categories, str)

    report = report_on("1.1", {**files, "categories.csv": categories.replace("Homework", 'Home"work')}, tmp_path)

    assert places(report.findings) == {("quoting", "categories.csv", 2)}


def test_metadata_columns_may_follow_the_columns_of_the_table(tmp_path: Path) -> None:
    files = clean_package("1.2")
    files["categories.csv"] = "sourcedId,status,dateLastModified,title,weight,metadata.colour\nhomework,,,Work,40,red\n"

    assert report_on("1.2", files, tmp_path).findings == ()


def test_metadata_columns_may_not_stand_before_columns_of_the_table(tmp_path: Path) -> None:
    files = clean_package("1.2")
    files["categories.csv"] = "sourcedId,status,dateLastModified,title,metadata.colour,weight\nhomework,,,Work,red,40\n"

    assert places(report_on("1.2", files, tmp_path).findings) == {("column-order", "categories.csv", 1)}


def test_extended_values_are_good_in_1_2_and_not_in_1_1(tmp_path: Path) -> None:
    for version, found in (("1.1", {("enumeration", "orgs.csv", 4)}), ("1.2", set())):
        files = clean_package(version)
        orgs = files["orgs.csv"]
        assert isinstance(orgs, str)
        files["orgs.csv"] = orgs.replace("department,,school-1", "ext:faculty,,school-1")

        assert places(report_on(version, files, tmp_path).findings) == found


def test_a_wrong_type_is_told_where_it_stands_and_not_where_it_is_referred_to(tmp_path: Path) -> None:
    files = clean_package("1.1")
    orgs = files["orgs.csv"]
    assert isinstance(orgs, str)
    files["orgs.csv"] = orgs.replace("School,school,", "School,academy,")

    assert places(report_on("1.1", files, tmp_path).findings) == {("enumeration", "orgs.csv", 3)}


def test_a_package_of_one_version_fails_the_runner_of_the_other(tmp_path: Path) -> None:
    report = report_on("1.2", clean_package("1.1"), tmp_path)

    assert report.outcome is Outcome.FAILED
    checks = {finding.check for finding in report.findings}
    assert {"oneroster-version", "manifest-property", "column-missing", "column-unknown"} <= checks


def test_files_all_in_one_folder_are_out_of_place_and_checked_all_the_same(tmp_path: Path) -> None:
    files = {f"export/{name}": content for name, content in clean_package("1.1").items()}
    orgs = files["export/orgs.csv"]
    assert isinstance(orgs, str)
    files["export/orgs.csv"] = orgs.replace("department,,school-1", "academy,,school-1")

    report = report_on("1.1", files, tmp_path)

    out_of_place = {("place", name, None) for name in files}
    assert places(report.findings) == out_of_place | {("enumeration", "export/orgs.csv", 4)}


def test_rows_to_be_deleted_are_not_counted_as_primary_teachers(tmp_path: Path) -> None:
    files = clean_package("1.1")
    manifest = files["manifest.csv"]
    assert isinstance(manifest, str)
    files["manifest.csv"] = manifest.replace("file.enrollments,bulk", "file.enrollments,delta")
    header = (
        "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate"
    )
    time = "2026-01-10T09:30:00.000Z"
    files["enrollments.csv"] = (
        f"{header}\n"
        f"enr-1,tobedeleted,{time},9a-physics,school-1,teacher-1,teacher,true,,\n"
        f"enr-2,active,{time},9a-physics,school-1,teacher-2,teacher,true,,\n"
    )

    assert report_on("1.1", files, tmp_path).findings == ()


def test_findings_in_files_about_people_never_show_what_the_cell_holds(tmp_path: Path) -> None:
    files = clean_package("1.1")
    for fault in faults_of("1.1"):
        if fault.file in {"users.csv", "demographics.csv"} and fault.check in {"boolean", "pairs", "required"}:
            fault.spoil(files)
    demographics = files["demographics.csv"]
    assert isinstance(demographics, str)
    files["demographics.csv"] = demographics.replace("2011-10-05", "5 October 2011")

    report = report_on("1.1", files, tmp_path)

    assert places(report.findings) == {
        ("boolean", "users.csv", 7),
        ("pairs", "users.csv", 4),
        ("required", "users.csv", 3),
        ("date", "demographics.csv", 2),
    }
    assert {finding.value for finding in report.findings} == {None}
    assert not any("October" in finding.message or "FALSE" in finding.message for finding in report.findings)


def test_a_row_of_data_in_place_of_the_header_is_not_told_of_as_if_its_cells_were_names(tmp_path: Path) -> None:
    files = clean_package("1.1")
    users = files["users.csv"]
    assert isinstance(users, str)

    report = report_on("1.1", {**files, "users.csv": users.partition("\n")[2]}, tmp_path)

    assert places(report.findings) == {("no-header", "users.csv", 1)}
    assert "Tess" not in str(report)


def test_circles_are_found_on_each_row_of_them_and_as_nothing_else(tmp_path: Path) -> None:
    files = clean_package("1.1")
    sessions = files["academicSessions.csv"]
    assert isinstance(sessions, str)
    files["academicSessions.csv"] = sessions.replace("2026-08-31,,2026", "2026-08-31,autumn-26,2026")

    report = report_on("1.1", files, tmp_path)

    assert places(report.findings) == {("parent-cycle", "academicSessions.csv", line) for line in (2, 3)}


@pytest.mark.parametrize(
    ("second", "found"),
    [
        (",,", 1),
        (",2025-12-01,", 1),
        (",2026-01-01,", 0),
        (",2025-09-01,2025-09-30", 1),
        (",2025-08-01,2025-09-01", 1),
    ],
)
def test_somebody_may_be_enrolled_again_at_another_time(second: str, found: int, tmp_path: Path) -> None:
    files = clean_package("1.1")
    enrolments = files["enrollments.csv"]
    assert isinstance(enrolments, str)
    files["enrollments.csv"] = (
        enrolments.replace("9a-tutor,school-1,student-1,student,,,", "9a-tutor,school-1,student-1,student,,,2025-12-31")
        + f"enr-9,,,9a-tutor,school-1,student-1,student,{second}\n"
    )

    report = report_on("1.1", files, tmp_path)

    assert next(check.found for check in report.checks if check.id == "duplicate-enrolment") == found


def test_of_the_roles_of_1_2_that_of_a_student_is_enough(tmp_path: Path) -> None:
    files = clean_package("1.2")
    roles, results = files["roles.csv"], files["results.csv"]
    assert isinstance(roles, str)
    assert isinstance(results, str)
    files["results.csv"] = results.replace("quiz,student-1", "quiz,teacher-1")
    files["roles.csv"] = f"{roles}role-5,,,teacher-1,secondary,student,,,school-1,\n"

    assert report_on("1.2", files, tmp_path).findings == ()


def test_a_user_s_name_given_again_by_a_row_to_be_deleted_is_free(tmp_path: Path) -> None:
    files = clean_package("1.1")
    manifest, users = files["manifest.csv"], files["users.csv"]
    assert isinstance(manifest, str)
    assert isinstance(users, str)
    header, _, _ = users.partition("\n")
    time = "2026-01-10T09:30:00.000Z"
    files["manifest.csv"] = manifest.replace("file.users,bulk", "file.users,delta")
    files["users.csv"] = (
        f"{header}\n"
        f"old,tobedeleted,{time},true,school-1,student,s.one,,Sam,One,,,,,,,,\n"
        f"new,active,{time},true,school-1,student,s.one,,Sam,One,,,,,,,,\n"
    )

    assert report_on("1.1", files, tmp_path).findings == ()


def test_no_message_or_field_quotes_a_cell(tmp_path: Path) -> None:
    for version, fault in every_fault():
        files = clean_package(version)
        fault.spoil(files)
        report = report_on(version, files, tmp_path)
        told = " ".join(f"{found.message} {found.field} {found.mend}" for found in report.findings)
        for cell in (
            "student-",
            "teacher-1",
            "9a-",
            "2025-",
            "2026-",
            "2111-",
            "t.one",
            "United",
            "academy",
            "30",
            "99",
        ):
            assert cell not in told, (fault.check, told)


def test_findings_are_counted_all_and_kept_up_to_a_limit(tmp_path: Path) -> None:
    files = clean_package("1.1")
    categories = "".join(f"c-{number},,,\n" for number in range(1_000))
    files["categories.csv"] = f"sourcedId,status,dateLastModified,title\nhomework,,,Homework\n{categories}"

    report = report_on("1.1", files, tmp_path)

    assert report.errors == 1_000
    assert [finding.line for finding in report.findings] == list(range(3, 3 + KEPT_PER_CHECK))


def test_a_manifest_alone_says_that_nothing_changed_and_passes(tmp_path: Path) -> None:
    manifest = clean_package("1.1")["manifest.csv"]
    assert isinstance(manifest, str)
    absent = manifest.replace(",bulk", ",absent").replace(",delta", ",absent")

    report = report_on("1.1", {"manifest.csv": absent}, tmp_path)

    assert (report.findings, report.outcome) == ((), Outcome.PASSED)


def test_what_is_no_zip_is_refused_and_not_judged(tmp_path: Path) -> None:
    path = tmp_path / "package.zip"
    path.write_bytes(b"sourcedId,status\n")

    report = BY_VERSION["1.1"].run(path)

    assert (report.outcome, report.findings) == (Outcome.REFUSED, ())
    assert report.refusal == "the file is not a zip: it does not begin as one"


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    files = clean_package("1.1")
    files["orgs.csv"] = "".join(map(str, range(400_000)))

    report = report_on("1.1", files, tmp_path)

    assert report.outcome is Outcome.REFUSED
    assert report.refusal == "orgs.csv has a line of more than 1,000,000 bytes"
