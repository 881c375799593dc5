"""OneRoster 1.2, CSV Binding (2021, revised as 1.2.1 in 2023): the twenty-one data files.

Our own transcription. The specification's page could not be read whole from here; columns, order and required marks
were compared with two independent public implementations of the 1.2.1 binding, which agree.
"""

from becta.compliance.conformance.oneroster.csv_common_tables import (
    BEGIN_END,
    OF_STUDENTS,
    SCORE_STATUSES,
    USERNAMES,
    WITHIN_BOUNDS,
    common_tables,
)
from becta.compliance.conformance.oneroster.csv_tables import (
    ROLES,
    Binding,
    Kind,
    Relation,
    Unique,
    choice,
    plain,
    reference,
    table,
    text,
)

_ROLES = tuple(role for role in ROLES if role != "administrator")
_SOURCES = ("case", "unknown")

_PEOPLE = (
    table(
        "users",
        plain(Kind.BOOLEAN, "enabledUser", required=True),
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
        text("userMasterIdentifier"),
        text("preferredGivenName"),
        text("preferredMiddleName"),
        text("preferredFamilyName"),
        reference("primaryOrgSourcedId", "orgs"),
        text("pronouns"),
        uniques=(USERNAMES,),
    ),
    table(
        "roles",
        reference("userSourcedId", "users", required=True),
        choice("roleType", ("primary", "secondary"), required=True, extensible=False),
        choice("role", _ROLES, required=True, extensible=True),
        plain(Kind.DATE, "beginDate"),
        plain(Kind.DATE, "endDate"),
        reference("orgSourcedId", "orgs", required=True),
        reference("userProfileSourcedId", "userProfiles"),
        relations=(BEGIN_END, Relation(check="profile-user", columns=("userProfileSourcedId", "userSourcedId"))),
        uniques=(
            Unique(check="primary-roles", columns=("userSourcedId", "orgSourcedId"), among=(("roleType", "primary"),)),
        ),
    ),
    table(
        "userProfiles",
        reference("userSourcedId", "users", required=True),
        text("profileType", required=True),
        text("vendorId", required=True),
        text("applicationId"),
        text("description"),
        text("credentialType", required=True),
        text("username", required=True),
        text("password"),
    ),
    table(
        "userResources",
        reference("userSourcedId", "users", required=True),
        reference("orgSourcedId", "orgs"),
        reference("classSourcedId", "classes"),
        reference("resourceSourcedId", "resources", required=True),
    ),
)
_GRADEBOOK = (
    table("categories", text("title", required=True), plain(Kind.INTEGER, "weight")),
    table(
        "lineItems",
        text("title", required=True),
        text("description"),
        plain(Kind.DATE, "assignDate", required=True),
        plain(Kind.DATE, "dueDate", required=True),
        reference("classSourcedId", "classes", required=True),
        reference("categorySourcedId", "categories", required=True),
        reference("academicSessionSourcedId", "academicSessions", required=True),
        plain(Kind.DECIMAL, "resultValueMin"),
        plain(Kind.DECIMAL, "resultValueMax"),
        reference("schoolSourcedId", "orgs", required=True, of_type="school"),
        relations=(
            Relation(check="dates-order", columns=("assignDate", "dueDate")),
            Relation(check="score-range", columns=("resultValueMin", "resultValueMax")),
            Relation(check="grading-period", columns=("academicSessionSourcedId",)),
        ),
    ),
    table(
        "results",
        reference("lineItemSourcedId", "lineItems", required=True),
        reference("studentSourcedId", "users", required=True),
        choice("scoreStatus", SCORE_STATUSES, required=True, extensible=True),
        plain(Kind.DECIMAL, "score"),
        plain(Kind.DATE, "scoreDate", required=True),
        text("comment"),
        text("textScore"),
        reference("classSourcedId", "classes"),
        plain(Kind.BOOLEAN, "inProgress"),
        plain(Kind.BOOLEAN, "incomplete"),
        plain(Kind.BOOLEAN, "late"),
        plain(Kind.BOOLEAN, "missing"),
        relations=(WITHIN_BOUNDS, OF_STUDENTS),
    ),
    table(
        "scoreScales",
        text("title", required=True),
        text("type", required=True),
        reference("orgSourcedId", "orgs", required=True),
        reference("courseSourcedId", "courses", required=True),
        reference("classSourcedId", "classes", required=True),
        plain(Kind.PAIR, "scoreScaleValue", required=True, many=True),
    ),
    table(
        "lineItemLearningObjectiveIds",
        reference("lineItemSourcedId", "lineItems", required=True),
        choice("source", _SOURCES, required=True, extensible=True),
        text("learningObjectiveId", required=True),
    ),
    table(
        "lineItemScoreScales",
        text("title"),
        reference("lineItemSourcedId", "lineItems", required=True),
        reference("scoreScaleSourcedId", "scoreScales", required=True),
    ),
    table(
        "resultLearningObjectiveIds",
        reference("resultSourcedId", "results", required=True),
        choice("source", _SOURCES, required=True, extensible=True),
        text("learningObjectiveId", required=True),
        plain(Kind.DECIMAL, "score"),
        text("textScore"),
    ),
    table(
        "resultScoreScales",
        text("title"),
        reference("resultSourcedId", "results", required=True),
        reference("scoreScaleSourcedId", "scoreScales", required=True),
    ),
)
_SEXES = ("male", "female", "unspecified", "other")
_TABLES = (*common_tables(extensible=True, sexes=_SEXES), *_PEOPLE, *_GRADEBOOK)

ONEROSTER_1_2 = Binding(
    version="1.2",
    tables={table.name: table for table in _TABLES},
    overview="OneRoster 1.2 CSV Binding, 2 (CSV overview)",
    format="OneRoster 1.2 CSV Binding, 3 (CSV format)",
    dependencies="OneRoster 1.2 CSV Binding, appendix A (the file dependency matrix)",
)
"""Sections 2 and 3 and appendix A are the specification's own numbers; single tables are named by file."""
