"""Rules over several cells of one row. Each takes the cells that its relation names and says what is wrong."""

from collections.abc import Callable, Mapping

from becta.compliance.conformance.oneroster.csv_cells import is_date

Judge = Callable[[tuple[str, ...]], str | None]
Index = Mapping[str, str]
"""The sourcedIds of a table, each with the one other cell that rules ask for."""


def relation_judges(indexes: Mapping[str, Index]) -> dict[str, Judge]:
    """The rules by the id of their check; one of them looks into the index of userProfiles."""
    profiles = indexes.get("userProfiles", {})
    return {
        "dates-order": _dates_order,
        "school-year": _school_year,
        "primary-not-teacher": _primary_not_teacher,
        "subject-codes": _subject_codes,
        "score-range": _score_range,
        "profile-user": lambda cells: _profile_user(cells, profiles),
    }


def _dates_order(cells: tuple[str, ...]) -> str | None:
    start, end = cells
    if start > end and is_date(start) and is_date(end):
        return f"{end} is before {start}"
    return None


def _school_year(cells: tuple[str, ...]) -> str | None:
    year, start, end = cells
    if not (len(year) == 4 and year.isdecimal() and is_date(start) and is_date(end)):
        return None
    if start <= end and not int(start[:4]) <= int(year) <= int(end[:4]) + 1:  # an autumn term ends before its year does
        return f"{year} is neither a year of the time from {start} to {end} nor the year after"
    return None


def _primary_not_teacher(cells: tuple[str, ...]) -> str | None:
    primary, role = cells
    if primary == "true" and role != "teacher" and role and not role.startswith("ext:"):
        return f"primary is true for the role {role[:40]}"
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
    return f"the least score {cells[0][:20]} is above the most {cells[1][:20]}" if least > most else None


def _profile_user(cells: tuple[str, ...], profiles: Index) -> str | None:
    profile, user = cells
    if profile and profiles.get(profile, user) != user:
        return f"the profile {profile[:80]} belongs to another user"
    return None
