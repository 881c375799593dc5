"""Rules over the cells of one row and what the rows that they refer to hold."""

from collections.abc import Mapping
from datetime import date
from math import isfinite

from becta.compliance.conformance.oneroster.csv_cells import is_date
from becta.compliance.conformance.oneroster.csv_common_tables import SESSION_TYPES
from becta.compliance.conformance.oneroster.csv_tables import ROLES

Cells = tuple[str, ...]
Index = Mapping[str, Cells]
"""The sourcedIds of a table, each with the cells named in TOLD_OF."""
TOLD_OF: Mapping[str, Cells] = {
    "academicSessions": ("type", "startDate", "endDate", "parentSourcedId"),
    "orgs": ("type", "parentSourcedId"),
    "classes": ("termSourcedIds",),
    "lineItems": ("resultValueMin", "resultValueMax"),
    "userProfiles": ("userSourcedId",),
    "users": ("role",),
}
"""The cells of a row that rules of other rows ask for; a type stands first, a parent last."""
_PARENTS: Mapping[str, Cells] = {
    "gradingPeriod": ("term", "semester"),
    "term": ("schoolYear", "semester"),
    "semester": ("schoolYear",),
    "schoolYear": (),
}


class Parents:
    """Rules over a tree of rows; those that go round in a circle are told of as that and of nothing else."""

    def __init__(self, index: Index) -> None:
        """Look for circles in a table whose rows have parents."""
        self._index = index
        self._circling = _circling({name: told[-1] for name, told in index.items() if told[-1]})

    def cycle(self, cells: Cells) -> str | None:
        """Judge parentSourcedId and sourcedId."""
        parent, own = cells
        return "makes the row its own ancestor" if parent and own in self._circling else None

    def dates(self, cells: Cells) -> str | None:
        """Judge startDate, endDate, parentSourcedId and sourcedId of a session."""
        start, end, parent, own = cells
        if parent not in self._index or own in self._circling:
            return None
        _, first, last, _ = self._index[parent]
        if not (_is_span(start, end) and _is_span(first, last)) or first <= start <= end <= last:
            return None
        return "the session is not within the dates of its parent"

    def types(self, cells: Cells) -> str | None:
        """Judge parentSourcedId, type and sourcedId of a session."""
        parent, kind, own = cells
        of_parent = self._index[parent][0] if parent in self._index else ""
        if kind not in _PARENTS or of_parent not in SESSION_TYPES or own in self._circling:
            return None
        return None if of_parent in _PARENTS[kind] else f"a session of type {kind} has a parent of type {of_parent}"


class Terms:
    """The rule that enrolments lie within the terms of their class."""

    def __init__(self, classes: Index, sessions: Index) -> None:
        """Look terms up in these indexes."""
        self._classes = classes
        self._sessions = sessions
        self._known: dict[str, tuple[str, str] | None] = {}

    def judge(self, cells: Cells) -> str | None:
        """Judge beginDate, endDate and classSourcedId."""
        begin, end, group = cells
        told = self._classes.get(group)
        if told is None:
            return None
        if told[0] not in self._known:
            self._known[told[0]] = self._span(told[0])
        span = self._known[told[0]]
        if span is None or ((not begin or span[0] <= begin <= span[1]) and (not end or span[0] <= end <= span[1])):
            return None
        if not all(is_date(day) for day in (begin, end) if day) or (end and begin > end):
            return None
        return "the enrolment is not within the dates of the class's terms"

    def _span(self, terms: str) -> tuple[str, str] | None:
        sessions = [self._sessions.get(term.strip(" ")) for term in terms.split(",")]
        spans = [(session[1], session[2]) for session in sessions if session is not None]
        if len(spans) < len(sessions) or not all(_is_span(*span) for span in spans):
            return None
        return min(start for start, _ in spans), max(end for _, end in spans)


def grading_period(cells: Cells, sessions: Index) -> str | None:
    """Judge the session of a line item."""
    kind = sessions[cells[0]][0] if cells[0] in sessions else ""
    if kind in SESSION_TYPES and kind != "gradingPeriod":
        return f"leads to a session of type {kind}, not gradingPeriod"
    return None


def score_bounds(cells: Cells, items: Index) -> str | None:
    """Judge score and lineItemSourcedId."""
    score, item = cells
    least, most = (_number(bound) for bound in items.get(item, ("", "")))
    given = _number(score)
    if given is None or (least is not None and most is not None and least > most):
        return None
    if most is not None and given > most:
        return "the score is above the resultValueMax of its line item"
    return "the score is below the resultValueMin of its line item" if least is not None and given < least else None


def student_role(cells: Cells, users: Index) -> str | None:
    """Judge who has a result, or with `role` as second cell who is enrolled as a student."""
    role = users.get(cells[0], ("",))[0]
    if role != "student" and role in ROLES and cells[1:] in {(), ("student",)}:
        return f"the user's role is {role}, not student"
    return None


def birth_date(cells: Cells, today: date) -> str | None:
    """Judge birthDate as of a day."""
    return "the birth date lies in the future" if is_date(cells[0]) and cells[0] > today.isoformat() else None


def profile_user(cells: Cells, profiles: Index) -> str | None:
    """Judge userProfileSourcedId and userSourcedId of a role."""
    profile, user = cells
    whose = profiles[profile][0] if profile in profiles else ""
    return "the profile belongs to another user" if whose not in {"", user} else None


def _circling(parents: Mapping[str, str]) -> frozenset[str]:
    """The rows that are their own ancestors."""
    found: set[str] = set()
    done: set[str] = set()
    for node in parents:
        path: dict[str, None] = {}
        step = node
        while step in parents and step not in done and step not in path:
            path[step] = None
            step = parents[step]
        if step in path:
            steps = list(path)
            found.update(steps[steps.index(step) :])
        done.update(path)
    return frozenset(found)


def _is_span(start: str, end: str) -> bool:
    return is_date(start) and is_date(end) and start <= end


def _number(cell: str) -> float | None:
    try:
        number = float(cell)
    except ValueError:
        return None
    return number if isfinite(number) else None
