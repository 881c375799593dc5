"""The tables that OneRoster 1.1 and 1.2 have alike; 1.2 lets enumerations be extended by `ext:` values."""

from becta.compliance.conformance.oneroster.csv_tables import (
    Kind,
    Relation,
    Table,
    Unique,
    choice,
    plain,
    reference,
    table,
    text,
)

SESSION_TYPES = ("gradingPeriod", "semester", "schoolYear", "term")
ORG_TYPES = ("department", "school", "district", "local", "state", "national")
CLASS_TYPES = ("homeroom", "scheduled")
ENROLLED_AS = ("administrator", "proctor", "student", "teacher")
RESOURCE_ROLES = ("administrator", "aide", "guardian", "parent", "proctor", "relative", "student", "teacher")
SCORE_STATUSES = ("exempt", "fully graded", "not submitted", "partially graded", "submitted")
RACES = (
    "americanIndianOrAlaskaNative",
    "asian",
    "blackOrAfricanAmerican",
    "nativeHawaiianOrOtherPacificIslander",
    "white",
    "demographicRaceTwoOrMoreRaces",
    "hispanicOrLatinoEthnicity",
)
BEGIN_END = Relation(check="dates-order", columns=("beginDate", "endDate"))
SUBJECTS = Relation(check="subject-codes", columns=("subjects", "subjectCodes"))
TREE = Relation(check="parent-cycle", columns=("parentSourcedId", "sourcedId"))
WITHIN_BOUNDS = Relation(check="score-bounds", columns=("score", "lineItemSourcedId"))
OF_STUDENTS = Relation(check="student-role", columns=("studentSourcedId",))
USERNAMES = Unique(check="duplicate-username", columns=("username",))


def common_tables(*, extensible: bool, sexes: tuple[str, ...]) -> tuple[Table, ...]:
    """The tables of rosters and resources with the columns that both versions give them."""
    return (
        *_places_and_times(extensible=extensible),
        *_teaching(extensible=extensible),
        table(
            "demographics",
            plain(Kind.DATE, "birthDate"),
            choice("sex", sexes, extensible=extensible),
            *(plain(Kind.BOOLEAN, race) for race in RACES),
            plain(Kind.COUNTRY, "countryOfBirthCode"),
            text("stateOfBirthAbbreviation"),
            text("cityOfBirth"),
            text("publicSchoolResidenceStatus"),
            own=reference("sourcedId", "users", required=True),
            relations=(Relation(check="birth-date", columns=("birthDate",)),),
        ),
        *_resources(extensible=extensible),
    )


def _places_and_times(*, extensible: bool) -> tuple[Table, ...]:
    return (
        table(
            "academicSessions",
            text("title", required=True),
            choice("type", SESSION_TYPES, required=True, extensible=extensible),
            plain(Kind.DATE, "startDate", required=True),
            plain(Kind.DATE, "endDate", required=True),
            reference("parentSourcedId", "academicSessions"),
            plain(Kind.YEAR, "schoolYear", required=True),
            relations=(
                Relation(check="dates-order", columns=("startDate", "endDate")),
                Relation(check="school-year", columns=("schoolYear", "startDate", "endDate")),
                TREE,
                Relation(check="session-dates", columns=("startDate", "endDate", "parentSourcedId", "sourcedId")),
                Relation(check="session-parent", columns=("parentSourcedId", "type", "sourcedId")),
            ),
        ),
        table(
            "orgs",
            text("name", required=True),
            choice("type", ORG_TYPES, required=True, extensible=extensible),
            text("identifier"),
            reference("parentSourcedId", "orgs"),
            relations=(TREE,),
        ),
    )


def _teaching(*, extensible: bool) -> tuple[Table, ...]:
    return (
        table(
            "courses",
            reference("schoolYearSourcedId", "academicSessions", of_type="schoolYear"),
            text("title", required=True),
            text("courseCode"),
            plain(Kind.GRADE, "grades", many=True),
            reference("orgSourcedId", "orgs", required=True),
            text("subjects", many=True),
            text("subjectCodes", many=True),
            relations=(SUBJECTS,),
        ),
        table(
            "classes",
            text("title", required=True),
            plain(Kind.GRADE, "grades", many=True),
            reference("courseSourcedId", "courses", required=True),
            text("classCode"),
            choice("classType", CLASS_TYPES, required=True, extensible=extensible),
            text("location"),
            reference("schoolSourcedId", "orgs", required=True, of_type="school"),
            reference("termSourcedIds", "academicSessions", required=True, many=True),
            text("subjects", many=True),
            text("subjectCodes", many=True),
            text("periods", many=True),
            relations=(SUBJECTS,),
        ),
        table(
            "enrollments",
            reference("classSourcedId", "classes", required=True),
            reference("schoolSourcedId", "orgs", required=True, of_type="school"),
            reference("userSourcedId", "users", required=True),
            choice("role", ENROLLED_AS, required=True, extensible=extensible),
            plain(Kind.BOOLEAN, "primary"),
            plain(Kind.DATE, "beginDate"),
            plain(Kind.DATE, "endDate"),
            relations=(
                BEGIN_END,
                Relation(check="primary-not-teacher", columns=("primary", "role")),
                Relation(check="enrolment-dates", columns=("beginDate", "endDate", "classSourcedId")),
                Relation(check="student-role", columns=("userSourcedId", "role")),
            ),
            uniques=(
                Unique(
                    check="primary-teachers",
                    columns=("classSourcedId",),
                    among=(("primary", "true"), ("role", "teacher")),
                ),
                Unique(
                    check="duplicate-enrolment",
                    columns=("userSourcedId", "classSourcedId", "role"),
                    apart=("beginDate", "endDate"),
                ),
            ),
        ),
    )


def _resources(*, extensible: bool) -> tuple[Table, ...]:
    return (
        table(
            "resources",
            text("vendorResourceId", required=True),
            text("title"),
            choice("roles", RESOURCE_ROLES, many=True, extensible=extensible),
            choice("importance", ("primary", "secondary"), extensible=False),
            text("vendorId"),
            text("applicationId"),
        ),
        table(
            "classResources",
            text("title"),
            reference("classSourcedId", "classes", required=True),
            reference("resourceSourcedId", "resources", required=True),
        ),
        table(
            "courseResources",
            text("title"),
            reference("courseSourcedId", "courses", required=True),
            reference("resourceSourcedId", "resources", required=True),
        ),
    )
