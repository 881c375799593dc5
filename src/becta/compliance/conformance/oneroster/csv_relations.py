"""Rules over several cells of one row. Each takes the cells that its relation names and says what is wrong."""

from collections.abc import Callable, Mapping
from datetime import date

from becta.compliance.conformance.oneroster import csv_wider_relations as wider
from becta.compliance.conformance.oneroster.csv_cells import is_date
from becta.compliance.conformance.oneroster.csv_wider_relations import Index

Judge = Callable[[tuple[str, ...]], str | None]


def relation_judges(table: str, indexes: Mapping[str, Index], today: date) -> dict[str, Judge]:
    """The rules of a table by the id of their check; without the index that it looks into, a rule finds nothing."""
    of = {name: indexes.get(name, {}) for name in wider.TOLD_OF}
    parents = wider.Parents(of[table] if table in {"academicSessions", "orgs"} else {})
    return {
        "dates-order": _dates_order,
        "school-year": _school_year,
        "primary-not-teacher": _primary_not_teacher,
        "subject-codes": _subject_codes,
        "score-range": _score_range,
        "profile-user": lambda cells: wider.profile_user(cells, of["userProfiles"]),
        "parent-cycle": parents.cycle,
        "session-dates": parents.dates,
        "session-parent": parents.types,
        "enrolment-dates": wider.Terms(of["classes"], of["academicSessions"]).judge,
        "grading-period": lambda cells: wider.grading_period(cells, of["academicSessions"]),
        "score-bounds": lambda cells: wider.score_bounds(cells, of["lineItems"]),
        "student-role": lambda cells: wider.student_role(cells, of["users"]),
        "birth-date": lambda cells: wider.birth_date(cells, today),
    }


def _dates_order(cells: tuple[str, ...]) -> str | None:
    start, end = cells
    if start > end and is_date(start) and is_date(end):
        return "the time ends before it begins"
    return None


def _school_year(cells: tuple[str, ...]) -> str | None:
    year, start, end = cells
    if not (len(year) == 4 and year.isdecimal() and is_date(start) and is_date(end)):
        return None
    if start <= end and not int(start[:4]) <= int(year) <= int(end[:4]) + 1:  # an autumn term ends before its year does
        return "schoolYear is neither a year of the session nor the year after"
    return None


def _primary_not_teacher(cells: tuple[str, ...]) -> str | None:
    primary, role = cells
    if primary == "true" and role != "teacher" and role and not role.startswith("ext:"):
        return "primary is true for another role than teacher"
    return None


def _subject_codes(cells: tuple[str, ...]) -> str | None:
    subjects, codes = (len(cell.split(",")) if cell else 0 for cell in cells)
    if subjects and codes and subjects != codes:
        return f"there are {subjects} subjects and {codes} codes"
    return None


def _score_range(cells: tuple[str, ...]) -> str | None:
    try:
        least, most = map(float, cells)
    except ValueError:
        return None
    return "the least score is above the most" if least > most else None
