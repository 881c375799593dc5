"""OneRoster 1.1, CSV Tables (2017, revised as 1.1.1 in 2023): the thirteen data files.

Our own transcription. The specification's page could not be read whole from here; columns, order and required marks
were compared with two public readers of 1.1 packages and with suppliers' guides that repeat the tables.
"""

from becta.compliance.conformance.oneroster.csv_common_tables import (
    OF_STUDENTS,
    RESOURCE_ROLES,
    SCORE_STATUSES,
    USERNAMES,
    WITHIN_BOUNDS,
    common_tables,
)
from becta.compliance.conformance.oneroster.csv_tables import (
    Binding,
    Kind,
    Relation,
    choice,
    plain,
    reference,
    table,
    text,
)

_USERS = table(
    "users",
    plain(Kind.BOOLEAN, "enabledUser", required=True),
    reference("orgSourcedIds", "orgs", required=True, many=True),
    choice("role", RESOURCE_ROLES, required=True, extensible=False),
    text("username", required=True),
    plain(Kind.PAIR, "userIds", many=True),
    text("givenName", required=True),
    text("familyName", required=True),
    text("middleName"),
    text("identifier"),
    plain(Kind.EMAIL, "email"),
    text("sms"),
    text("phone"),
    reference("agentSourcedIds", "users", many=True),
    plain(Kind.GRADE, "grades", many=True),
    text("password"),
    uniques=(USERNAMES,),
)
_GRADEBOOK = (
    table("categories", text("title", required=True)),
    table(
        "lineItems",
        text("title", required=True),
        text("description"),
        plain(Kind.DATE, "assignDate", required=True),
        plain(Kind.DATE, "dueDate", required=True),
        reference("classSourcedId", "classes", required=True),
        reference("categorySourcedId", "categories", required=True),
        reference("gradingPeriodSourcedId", "academicSessions", required=True),
        plain(Kind.DECIMAL, "resultValueMin", required=True),
        plain(Kind.DECIMAL, "resultValueMax", required=True),
        relations=(
            Relation(check="dates-order", columns=("assignDate", "dueDate")),
            Relation(check="score-range", columns=("resultValueMin", "resultValueMax")),
            Relation(check="grading-period", columns=("gradingPeriodSourcedId",)),
        ),
    ),
    table(
        "results",
        reference("lineItemSourcedId", "lineItems", required=True),
        reference("studentSourcedId", "users", required=True),
        choice("scoreStatus", SCORE_STATUSES, required=True, extensible=False),
        plain(Kind.DECIMAL, "score", required=True),
        plain(Kind.DATE, "scoreDate", required=True),
        text("comment"),
        relations=(WITHIN_BOUNDS, OF_STUDENTS),
    ),
)
_TABLES = (*common_tables(extensible=False, sexes=("male", "female")), _USERS, *_GRADEBOOK)

ONEROSTER_1_1 = Binding(
    version="1.1",
    tables={table.name: table for table in _TABLES},
    overview="OneRoster 1.1 CSV Tables, 2 and table 2.1 (the set of files)",
    format="OneRoster 1.1 CSV Tables, 3 (the tables of the files)",
    dependencies="OneRoster 1.1 CSV Tables, appendix A (file dependencies)",
)
"""Sections 2 and 3, table 2.1 and appendix A are the specification's own numbers; single tables are named by file."""
