"""A OneRoster 1.1 package as large as asked for, clean, written while it is made."""

import io
import random
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

USERS = 60_000
CLASSES = 40_000
SCHOOLS = 100
_FILES = ("academicSessions", "orgs", "courses", "classes", "users", "enrollments")
_ABSENT = ("categories", "classResources", "courseResources", "demographics", "lineItems", "resources", "results")


def write_package(
    path: Path, *, enrolments: int = 1_000_000, users: int = USERS, classes: int = CLASSES, seed: int = 1
) -> Path:
    """Write a clean bulk package with so many enrolments; the same seed gives the same rows."""
    chance = random.Random(seed)  # noqa: S311 - no secrets
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        manifest = ["propertyName,value", "manifest.version,1.0", "oneroster.version,1.1"]
        manifest += [f"file.{name},bulk" for name in _FILES] + [f"file.{name},absent" for name in _ABSENT]
        _write(archive, "manifest.csv", manifest)
        _write(archive, "academicSessions.csv", _sessions())
        _write(archive, "orgs.csv", _orgs())
        _write(archive, "courses.csv", _courses())
        _write(archive, "classes.csv", _classes(classes))
        _write(archive, "users.csv", _users(users, chance))
        _write(archive, "enrollments.csv", _enrolments(enrolments, users, classes))
    return path


def _write(archive: zipfile.ZipFile, name: str, lines: Iterable[str]) -> None:
    with archive.open(name, "w", force_zip64=True) as file, io.TextIOWrapper(file, "utf-8", newline="\n") as text:
        for line in lines:
            text.write(line)
            text.write("\r\n")


def _sessions() -> Iterator[str]:
    yield "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear"
    yield "year-2026,,,2025/26,schoolYear,2025-09-01,2026-08-31,,2026"


def _orgs() -> Iterator[str]:
    yield "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId"
    yield "trust,,,Trust,district,,"
    for number in range(SCHOOLS):
        yield f"school-{number},,,School {number},school,{100_000 + number},trust"


def _courses() -> Iterator[str]:
    yield (
        "sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,"
        "subjectCodes"
    )
    for number in range(500):
        yield f'course-{number},,,year-2026,Course {number},C{number},"09,10",school-{number % SCHOOLS},,'


def _classes(count: int) -> Iterator[str]:
    yield (
        "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,"
        "termSourcedIds,subjects,subjectCodes,periods"
    )
    for number in range(count):
        school = number % SCHOOLS
        yield f"class-{number},,,Class {number},09,course-{number % 500},,scheduled,,school-{school},year-2026,,,"


def _users(count: int, chance: random.Random) -> Iterator[str]:
    yield (
        "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,"
        "middleName,identifier,email,sms,phone,agentSourcedIds,grades,password"
    )
    for number in range(count):
        school, name = chance.randrange(SCHOOLS), chance.choice(("Sam", "Zoë", "Aoife", "Łukasz", "Priya"))
        role = f"school-{school},student,u{number}"
        yield f"user-{number:08},,,true,{role},{{MIS:{number}}},{name},Name {number},,,,,,,09,"


def _enrolments(count: int, users: int, classes: int) -> Iterator[str]:
    yield (
        "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate"
    )
    for number in range(count):
        turn, user = divmod(number, users)
        group = (user + turn * 2_503) % classes  # nobody twice in a class
        yield (
            f"enrolment-{number:010},,,class-{group},school-{group % SCHOOLS},user-{user:08},student,false,"
            "2025-09-01,2026-07-20"
        )
