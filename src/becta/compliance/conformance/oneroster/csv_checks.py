"""Every check of the OneRoster CSV runners, with the clause that asks for it."""

from becta.compliance.conformance.oneroster.csv_tables import Binding
from becta.compliance.conformance.reports import Check, Severity

_QUOTES = "RFC 4180, 2 (rules 5 to 7)"
_WIDTH = "RFC 4180, 2 (rule 4)"
_ENCODING = "RFC 3629"
_OWN = "our own reading; the specification does not say it outright"
_PERIODS = "OneRoster 1.1, Academic Sessions (a grading period belongs to a single term)"

_PACKAGE = {
    "manifest-missing": "The package has a manifest.csv",
    "place": "The files lie at the root of the zip",
    "manifest-header": "The header of manifest.csv is propertyName,value",
    "manifest-property": "manifest.csv has every property it must have",
    "manifest-twice": "No property of manifest.csv comes twice",
    "manifest-version": "manifest.version is 1.0",
    "oneroster-version": "oneroster.version is the version tested",
    "manifest-mode": "Each file is declared absent, bulk or delta",
    "file-missing": "Files declared bulk or delta are there",
    "file-undeclared": "Files declared absent are not there",
}
_FORMAT = {
    "line-break": "No cell holds a line break",
    "no-header": "Each file has a header row",
    "column-missing": "The header names every column of the table",
    "column-order": "The columns come in the order of the table, metadata last",
    "column-unknown": "Columns beyond the table begin with metadata.",
    "column-twice": "No column comes twice",
    "no-rows": "Each file has a row of data",
    "bulk-blank": "Bulk files leave status and dateLastModified blank",
    "delta-filled": "Delta files fill status and dateLastModified",
    "required": "Required fields are filled",
    "id": "sourcedIds have the form of the type GUID",
    "date": "Dates are days of the calendar, YYYY-MM-DD",
    "date-time": "Times are in UTC, YYYY-MM-DDTHH:MM:SS.sssZ",
    "year": "Years are YYYY",
    "boolean": "Booleans are true or false",
    "number": "Numbers are numbers",
    "enumeration": "Enumerations have the values of the table",
    "list": "Lists have no empty items",
    "pairs": "userIds and scoreScaleValue are of the form {type:value}",
    "duplicate-id": "No sourcedId comes twice in a file",
    "subject-codes": "subjects and subjectCodes have the same length",
    "primary-not-teacher": "Only teachers are primary in a class",
    "primary-teachers": "A class has one primary teacher at most",
    "reference-type": "References lead to a row of the type that the table names",
}
_FORMAT_1_2 = {
    "primary-roles": "A user has one primary role at most in an organisation",
    "profile-user": "The profile of a role belongs to the user of the role",
}

_SENSE = {
    "session-dates": ("Sessions lie within the dates of their parent", _OWN),
    "session-parent": (
        "Grading periods lie in terms or semesters, and those in school years",
        f"{_PERIODS}; for the others {_OWN}",
    ),
    "score-bounds": ("Scores lie between the least and the most of their line item", _OWN),
    "student-role": ("Who has results, or is enrolled as a student, is one", _OWN),
    "duplicate-enrolment": ("Nobody is enrolled twice in a class, role and time", _OWN),
    "duplicate-username": ("No two users have the same username", _OWN),
    "email": ("E-mail addresses have the form of one", f"RFC 5321, 4.1.2; {_OWN}"),
    "country": ("countryOfBirthCode is a country code", "CEDS, Country of Birth Code; ISO 3166-1, alpha-2"),
    "birth-date": ("No birth date lies in the future", _OWN),
}
"""What is likely to be wrong though the binding does not forbid it."""


def csv_checks(binding: Binding) -> tuple[Check, ...]:
    """The checks of a version, in the order of the work."""
    formats = _FORMAT if binding.version == "1.1" else _FORMAT | _FORMAT_1_2
    warning, note = Severity.WARNING, Severity.NOTE
    return (
        *(Check(id=check, title=title, clause=binding.overview) for check, title in _PACKAGE.items()),
        Check(id="manifest-unknown", title="Properties are known", clause=binding.overview, severity=warning),
        Check(id="file-unknown", title="Files are known", clause=binding.overview, severity=warning),
        Check(id="encoding", title="Files are UTF-8", clause=f"{binding.format}; {_ENCODING}"),
        Check(
            id="byte-order-mark",
            title="Files begin without a byte order mark, which readers must pass over",
            clause=f"{binding.format}; {_ENCODING}, 6",
            severity=note,
        ),
        Check(id="quoting", title="Quotes match", clause=f"{binding.format}; {_QUOTES}"),
        Check(id="blank-row", title="No line is blank", clause=f"{binding.format}; {_WIDTH}"),
        Check(id="cells", title="Rows have as many cells as the header", clause=f"{binding.format}; {_WIDTH}"),
        *(Check(id=check, title=title, clause=binding.format) for check, title in formats.items()),
        Check(id="reference", title="References lead to a row of the package", clause=binding.dependencies),
        Check(id="file-needed", title="Files that bulk files refer to are there", clause=binding.dependencies),
        Check(id="dates-order", title="No time ends before it begins", clause=f"{binding.format}; {_OWN}"),
        Check(
            id="score-range",
            title="The least score is not above the most",
            clause=f"{binding.format}; {_OWN}",
            severity=warning,
        ),
        Check(
            id="school-year",
            title="schoolYear is a year of the session",
            clause=f"{binding.format}; {_OWN}",
            severity=warning,
        ),
        Check(id="parent-cycle", title="No row is its own ancestor", clause=f"{binding.format}; {_OWN}"),
        *(
            Check(id=check, title=title, clause=f"{binding.format}; {why}", severity=warning)
            for check, (title, why) in _SENSE.items()
        ),
        Check(
            id="grading-period",
            title="Line items name a session of type gradingPeriod",
            clause=f"{binding.format}; OneRoster 1.1, Academic Sessions (line items belong to grading periods)",
            severity=warning if binding.version == "1.1" else note,
        ),
        Check(
            id="enrolment-dates",
            title="Enrolments lie within the terms of their class",
            clause=f"{binding.format}; {_OWN}",
            severity=note,
        ),
        Check(
            id="grades",
            title="Grades are of the vocabulary CEDS 5, Entry Grade Level, which English schools need not use",
            clause=f"{binding.format}; CEDS 5, Entry Grade Level",
            severity=note,
        ),
    )
