"""Single faults to put into a clean package: for each check of the runners one that breaks just that."""

import csv
import io
from collections.abc import Callable
from typing import NamedTuple

from tests.compliance.conformance.oneroster_csv.clean import Package

Spoil = Callable[[Package], None]


class Fault(NamedTuple):
    """A fault, the check that must find it, and where: once at least, and nothing else may be found."""

    check: str
    file: str
    line: int | None
    spoil: Spoil
    field: str = ""


def _text(files: Package, name: str) -> str:
    content = files[name]
    assert isinstance(content, str)
    return content


def _set(name: str, line: int, column: str, value: str) -> Spoil:
    def spoil(files: Package) -> None:
        lines = _text(files, name).split("\n")
        header = lines[0].split(",")
        cells = next(csv.reader([lines[line - 1]]))
        assert cells[header.index(column)] != value
        cells[header.index(column)] = value
        out = io.StringIO()
        csv.writer(out, lineterminator="").writerow(cells)
        lines[line - 1] = out.getvalue()
        files[name] = "\n".join(lines)

    return spoil


def _replace(name: str, old: str, new: str) -> Spoil:
    def spoil(files: Package) -> None:
        text = _text(files, name)
        assert text.count(old) == 1
        files[name] = text.replace(old, new)

    return spoil


def _add(name: str, text: str) -> Spoil:
    def spoil(files: Package) -> None:
        files[name] = _text(files, name) + text if name in files else text

    return spoil


def _remove(name: str) -> Spoil:
    def spoil(files: Package) -> None:
        del files[name]

    return spoil


def _header(name: str, change: Callable[[str], str]) -> Spoil:
    def spoil(files: Package) -> None:
        header, _, rows = _text(files, name).partition("\n")
        assert change(header) != header
        files[name] = f"{change(header)}\n{rows}"

    return spoil


def _every_row(name: str, ending: str, header: str) -> Spoil:
    def spoil(files: Package) -> None:
        first, *rows = _text(files, name).removesuffix("\n").split("\n")
        files[name] = "\n".join([first + header, *(row + ending for row in rows)]) + "\n"

    return spoil


def _as_bytes(name: str, change: Callable[[bytes], bytes]) -> Spoil:
    def spoil(files: Package) -> None:
        files[name] = change(_text(files, name).encode())

    return spoil


def _without_column(name: str, column: str) -> Spoil:
    def spoil(files: Package) -> None:
        rows = list(csv.reader(io.StringIO(_text(files, name))))
        place = rows[0].index(column)
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(row[:place] + row[place + 1 :] for row in rows)
        files[name] = out.getvalue()

    return spoil


def _drop(*names: str) -> Spoil:
    """Leave files out and declare them absent."""

    def spoil(files: Package) -> None:
        for name in names:
            del files[name]
            _replace(
                "manifest.csv", f"file.{name.removesuffix('.csv')},bulk", f"file.{name.removesuffix('.csv')},absent"
            )(files)

    return spoil


def _rows_gone(name: str) -> Spoil:
    return lambda files: files.__setitem__(name, _text(files, name).split("\n", 1)[0] + "\n")


FAULTS = (
    Fault("manifest-missing", "manifest.csv", None, _remove("manifest.csv")),
    Fault("place", "old/orgs.csv", None, _add("old/orgs.csv", "sourcedId\n")),
    Fault("manifest-header", "manifest.csv", 1, _replace("manifest.csv", "propertyName,value", "property,value")),
    Fault(
        "manifest-property", "manifest.csv", None, _replace("manifest.csv", "file.orgs,bulk\n", ""), field="file.orgs"
    ),
    Fault("manifest-twice", "manifest.csv", -1, _add("manifest.csv", "file.orgs,bulk\n"), field="file.orgs"),
    Fault("manifest-version", "manifest.csv", 2, _set("manifest.csv", 2, "value", "1.1")),
    Fault("oneroster-version", "manifest.csv", 3, _set("manifest.csv", 3, "value", "1.0")),
    Fault("manifest-mode", "manifest.csv", 7, _set("manifest.csv", 7, "value", "full"), field="file.orgs"),
    Fault("manifest-unknown", "manifest.csv", -1, _add("manifest.csv", "file.pets,absent\n"), field="file.pets"),
    Fault("file-missing", "manifest.csv", 11, _remove("demographics.csv"), field="file.demographics"),
    Fault(
        "file-undeclared", "manifest.csv", 11, _set("manifest.csv", 11, "value", "absent"), field="file.demographics"
    ),
    Fault("file-unknown", "notes.txt", None, _add("notes.txt", "hello")),
    Fault("encoding", "orgs.csv", 4, _as_bytes("orgs.csv", lambda data: data.replace(b"Music", b"Caf\xe9"))),
    Fault("byte-order-mark", "users.csv", 1, _as_bytes("users.csv", lambda data: b"\xef\xbb\xbf" + data)),
    Fault("quoting", "enrollments.csv", 4, _replace("enrollments.csv", "enr-3,", 'enr"3,')),
    Fault("blank-row", "resources.csv", 4, _add("resources.csv", "\n")),
    Fault("cells", "classResources.csv", 3, _add("classResources.csv", "cr-2,,,Too,9a-physics,book-1,much\n")),
    Fault("line-break", "results.csv", 2, _replace("results.csv", '"Well argued, Sam"', '"Well argued,\nSam"')),
    Fault("no-header", "demographics.csv", 1, lambda files: files.__setitem__("demographics.csv", "")),
    Fault("column-missing", "demographics.csv", 1, _without_column("demographics.csv", "cityOfBirth"), "cityOfBirth"),
    Fault(
        "column-order",
        "demographics.csv",
        1,
        _header(
            "demographics.csv",
            lambda header: header.replace(
                "cityOfBirth,publicSchoolResidenceStatus", "publicSchoolResidenceStatus,cityOfBirth"
            ),
        ),
        field="publicSchoolResidenceStatus",
    ),
    Fault("column-unknown", "categories.csv", 1, _every_row("categories.csv", ",7", ",shelf"), field="shelf"),
    Fault("column-twice", "resources.csv", 1, _every_row("resources.csv", ",x", ",vendorId"), field="vendorId"),
    Fault("no-rows", "demographics.csv", 1, _rows_gone("demographics.csv")),
    Fault("bulk-blank", "classes.csv", 3, _set("classes.csv", 3, "status", "active"), field="status"),
    Fault("delta-filled", "courseResources.csv", 2, _set("courseResources.csv", 2, "status", ""), field="status"),
    Fault("required", "users.csv", 3, _set("users.csv", 3, "familyName", ""), field="familyName"),
    Fault("id", "enrollments.csv", 9, _set("enrollments.csv", 9, "sourcedId", "enr 8"), field="sourcedId"),
    Fault("date", "enrollments.csv", 6, _set("enrollments.csv", 6, "beginDate", "2025-02-29"), field="beginDate"),
    Fault(
        "date-time",
        "courseResources.csv",
        3,
        _set("courseResources.csv", 3, "dateLastModified", "2026-01-10 09:30"),
        field="dateLastModified",
    ),
    Fault("year", "academicSessions.csv", 5, _set("academicSessions.csv", 5, "schoolYear", "26"), field="schoolYear"),
    Fault("boolean", "users.csv", 7, _set("users.csv", 7, "enabledUser", "FALSE"), field="enabledUser"),
    Fault("number", "results.csv", 2, _set("results.csv", 2, "score", "18,5"), field="score"),
    Fault("enumeration", "orgs.csv", 4, _set("orgs.csv", 4, "type", "academy"), field="type"),
    Fault("list", "classes.csv", 2, _set("classes.csv", 2, "periods", "1,,3"), field="periods"),
    Fault("pairs", "users.csv", 4, _set("users.csv", 4, "userIds", "LDAP:s1"), field="userIds"),
    Fault("duplicate-id", "enrollments.csv", 8, _set("enrollments.csv", 8, "sourcedId", "enr-2"), field="sourcedId"),
    Fault("subject-codes", "courses.csv", 2, _set("courses.csv", 2, "subjectCodes", "03151"), field="subjects"),
    Fault("primary-not-teacher", "enrollments.csv", 5, _set("enrollments.csv", 5, "primary", "true"), field="primary"),
    Fault(
        "primary-teachers", "enrollments.csv", 3, _set("enrollments.csv", 3, "primary", "true"), field="classSourcedId"
    ),
    Fault(
        "reference-type",
        "classes.csv",
        3,
        _set("classes.csv", 3, "schoolSourcedId", "trust-1"),
        field="schoolSourcedId",
    ),
    Fault(
        "reference", "enrollments.csv", 7, _set("enrollments.csv", 7, "userSourcedId", "nobody"), field="userSourcedId"
    ),
    Fault("file-needed", "classResources.csv", 2, _drop("resources.csv"), field="resourceSourcedId"),
    Fault("dates-order", "enrollments.csv", 4, _set("enrollments.csv", 4, "endDate", "2025-08-31"), field="beginDate"),
    Fault("score-range", "lineItems.csv", 2, _set("lineItems.csv", 2, "resultValueMin", "30"), field="resultValueMin"),
    Fault(
        "school-year", "academicSessions.csv", 4, _set("academicSessions.csv", 4, "schoolYear", "2031"), "schoolYear"
    ),
    Fault("parent-cycle", "orgs.csv", 4, _set("orgs.csv", 4, "parentSourcedId", "spare-org"), field="parentSourcedId"),
    Fault(
        "session-dates",
        "academicSessions.csv",
        4,
        _set("academicSessions.csv", 4, "endDate", "2026-01-15"),
        field="startDate",
    ),
    Fault(
        "session-parent",
        "academicSessions.csv",
        5,
        _replace(
            "academicSessions.csv", "semester,2026-01-01,2026-07-31,", "gradingPeriod,2026-01-01,2026-07-31,year-26"
        ),
        field="parentSourcedId",
    ),
    Fault("grading-period", "lineItems.csv", 2, _replace("lineItems.csv", "first-half,0,20.5", "year-26,0,20.5")),
    Fault("score-bounds", "results.csv", 2, _set("results.csv", 2, "score", "99"), field="score"),
    Fault(
        "student-role", "results.csv", 3, _set("results.csv", 3, "studentSourcedId", "teacher-1"), "studentSourcedId"
    ),
    Fault(
        "duplicate-enrolment",
        "enrollments.csv",
        6,
        _set("enrollments.csv", 6, "userSourcedId", "student-1"),
        field="userSourcedId",
    ),
    Fault("duplicate-username", "users.csv", 3, _set("users.csv", 3, "username", "t.one"), field="username"),
    Fault("email", "users.csv", 2, _set("users.csv", 2, "email", "t.one(at)school.example"), field="email"),
    Fault(
        "country",
        "demographics.csv",
        2,
        _set("demographics.csv", 2, "countryOfBirthCode", "United Kingdom"),
        field="countryOfBirthCode",
    ),
    Fault(
        "birth-date", "demographics.csv", 2, _set("demographics.csv", 2, "birthDate", "2111-10-05"), field="birthDate"
    ),
    Fault(
        "enrolment-dates",
        "enrollments.csv",
        6,
        _set("enrollments.csv", 6, "beginDate", "2025-08-01"),
        field="beginDate",
    ),
    Fault("grades", "courses.csv", 3, _set("courses.csv", 3, "grades", "Year 9"), field="grades"),
)
FAULTS_1_2 = (
    Fault("primary-roles", "roles.csv", 3, _set("roles.csv", 3, "roleType", "primary"), field="userSourcedId"),
    Fault(
        "profile-user",
        "roles.csv",
        5,
        _set("roles.csv", 5, "userProfileSourcedId", "profile-1"),
        field="userProfileSourcedId",
    ),
)

_TOGETHER = {
    "manifest-version",
    "manifest-mode",
    "manifest-unknown",
    "file-undeclared",
    "place",
    "file-unknown",
    "encoding",
    "quoting",
    "blank-row",
    "cells",
    "column-unknown",
    "column-missing",
    "bulk-blank",
    "delta-filled",
    "required",
    "id",
    "date",
    "date-time",
    "boolean",
    "enumeration",
    "list",
    "pairs",
    "duplicate-id",
    "primary-teachers",
    "reference-type",
}
SEEDED = tuple(fault for fault in FAULTS if fault.check in _TOGETHER)
"""Twenty-five faults of twenty-five kinds that can lie in one package without hiding one another."""


def faults_of(version: str) -> tuple[Fault, ...]:
    """The faults of a version's checks."""
    return FAULTS if version == "1.1" else FAULTS + FAULTS_1_2
