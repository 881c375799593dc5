"""What the SCORM runners look at. Sources: ADL's Content Aggregation Model (CAM) of SCORM 1.2 (2001) and of
SCORM 2004 (2nd to 4th edition), and for sequencing 1EdTech's Simple Sequencing 1.0 as the CAM profiles it.

The books are not in a form that we could search: clauses name the book's part and the element, not a number, and the
vocabularies are those we know from the schemas; they could not be compared here.
"""

from collections.abc import Mapping

from msgspec import Struct

from becta.compliance.conformance.reports import Check, Severity
from becta.compliance.conformance.scorm.manifest import manifest_checks


class Edition(Struct, frozen=True, kw_only=True):
    """A version of SCORM: its namespaces and words; `data_from_lms` is the longest launch data, in characters."""

    version: str
    packaging: str
    extension: str
    schema_versions: frozenset[str]
    type_attribute: str
    data_from_lms: int


SCORM_1_2 = Edition(
    version="1.2",
    packaging="http://www.imsproject.org/xsd/imscp_rootv1p1p2",
    extension="http://www.adlnet.org/xsd/adlcp_rootv1p2",
    schema_versions=frozenset({"1.2"}),
    type_attribute="scormtype",
    data_from_lms=255,
)
SCORM_2004 = Edition(
    version="2004",
    packaging="http://www.imsglobal.org/xsd/imscp_v1p1",
    extension="http://www.adlnet.org/xsd/adlcp_v1p3",
    schema_versions=frozenset({"CAM 1.3", "2004 3rd Edition", "2004 4th Edition"}),
    type_attribute="scormType",
    data_from_lms=4_000,
)
SEQUENCING = "http://www.imsglobal.org/xsd/imsss"

_ERRORS = (
    ("schema", "metadata/schema is ADL SCORM", "metadata, schema"),
    ("schema-version", "metadata/schemaversion is one of this version", "metadata, schemaversion"),
    ("organization", "There is an organization with items, as a Content Aggregation package has", "organizations"),
    ("default-organization", "The default organization is one of the manifest", "organizations default"),
    ("title", "Organizations and items have a title", "organization, item: title"),
    ("resource-reference", "Items name resources of the manifest", "item identifierref"),
    ("launchable", "A resource that an item names has an href", "item identifierref, resource href"),
    ("resource-type", "Resources are webcontent", "resource type"),
    ("scorm-type", "Resources say that they are a sco or an asset", "resource adlcp type"),
    ("sco-href", "A SCO has an href", "resource href"),
    ("visible", "isvisible is true or false", "item isvisible"),
    ("time-limit-action", "A time limit action is one of the four", "item adlcp time limit action"),
    ("launch-data", "Launch data are no longer than allowed", "item adlcp data from LMS"),
)
_ERRORS_1_2 = (
    ("mastery-score", "A mastery score lies between 0 and 100", "item adlcp:masteryscore"),
    ("max-time", "A maximum time is HHHH:MM:SS.SS", "item adlcp:maxtimeallowed"),
    ("prerequisites", "Prerequisites are an aicc_script over items", "item adlcp:prerequisites"),
)
_ERRORS_2004 = (
    ("leaf", "Items with items in them name no resource, and those without do", "item identifierref"),
    ("measure", "Measures lie within their bounds", "sequencing: minNormalizedMeasure, completionThreshold"),
    ("sequencing-reference", "A sequencing IDRef names one of the collection", "sequencing IDRef"),
    ("sequencing-objective", "Objectives of an item have different ids", "sequencing objectiveID"),
    ("sequencing-rule", "Rules have known conditions and actions", "sequencing ruleCondition, ruleAction"),
    ("sequencing-limit", "Limits are whole numbers", "sequencing limitConditions"),
    ("sequencing-flag", "Flags of sequencing are true or false", "sequencing controlMode and others"),
)
_WARNINGS = (("no-sco", "An item launches a SCO", "resource adlcp type"),)
_NOTES = (("empty-data", "Optional data of an item are filled or left out", "item adlcp data"),)
_NO_SCHEMA = ("no-schema", "The manifest names its schema and version", "metadata")


def checks_of(edition: Edition) -> tuple[Check, ...]:
    """The checks of a version, errors first; SCORM 2004 requires metadata, SCORM 1.2 only advises them."""
    later = edition is SCORM_2004
    standing = f"SCORM {edition.version} CAM, Content Packaging"
    tables = (
        (Severity.ERROR, (*_ERRORS, *(_ERRORS_2004 if later else _ERRORS_1_2), *((_NO_SCHEMA,) if later else ()))),
        (Severity.WARNING, (*_WARNINGS, *(() if later else (_NO_SCHEMA,)))),
        (Severity.NOTE, _NOTES),
    )
    own = tuple(
        Check(id=check, title=title, clause=f"{standing}, {clause}", severity=severity)
        for severity, rows in tables
        for check, title, clause in rows
    )
    return manifest_checks(standing) + own


TIME_LIMIT_ACTIONS = frozenset({"exit,message", "exit,no message", "continue,message", "continue,no message"})
OPTIONAL_DATA = frozenset({"timelimitaction", "datafromlms", "masteryscore", "maxtimeallowed", "prerequisites"})
"""Elements of an item, in lower case, that authoring tools write empty where they have nothing to say."""
BOOLEANS = frozenset({"true", "false", "1", "0"})

_CONDITIONS = frozenset(
    {
        "satisfied",
        "objectiveStatusKnown",
        "objectiveMeasureKnown",
        "completed",
        "activityProgressKnown",
        "attempted",
        "attemptLimitExceeded",
        "timeLimitExceeded",
        "outsideAvailableTimeRange",
    }
)
RULE_CONDITIONS = _CONDITIONS | {"objectiveMeasureGreaterThan", "objectiveMeasureLessThan", "always"}
RULE_WORDS: Mapping[tuple[str, str], frozenset[str]] = {
    ("ruleCondition", "condition"): RULE_CONDITIONS,
    ("rollupCondition", "condition"): _CONDITIONS | {"never"},
    ("rollupAction", "action"): frozenset({"satisfied", "notSatisfied", "completed", "incomplete"}),
    ("rollupRule", "childActivitySet"): frozenset({"all", "any", "none", "atLeastCount", "atLeastPercent"}),
}
"""The words of sequencing rules by element and attribute."""

RULE_ACTIONS: Mapping[str, frozenset[str]] = {
    "preConditionRule": frozenset({"skip", "disabled", "hiddenFromChoice", "stopForwardTraversal"}),
    "postConditionRule": frozenset({"exitParent", "exitAll", "retry", "retryAll", "continue", "previous"}),
    "exitConditionRule": frozenset({"exit"}),
}
FLAGS: Mapping[str, tuple[str, ...]] = {
    "controlMode": (
        "choice",
        "choiceExit",
        "flow",
        "forwardOnly",
        "useCurrentAttemptObjectiveInfo",
        "useCurrentAttemptProgressInfo",
    ),
    "primaryObjective": ("satisfiedByMeasure",),
    "objective": ("satisfiedByMeasure",),
    "mapInfo": ("readSatisfiedStatus", "readNormalizedMeasure", "writeSatisfiedStatus", "writeNormalizedMeasure"),
    "rollupRules": ("rollupObjectiveSatisfied", "rollupProgressCompletion"),
    "deliveryControls": ("tracked", "completionSetByContent", "objectiveSetByContent"),
}
"""Attributes of sequencing that are true or false."""

MEASURES: Mapping[tuple[str, str], tuple[float, float]] = {
    ("rollupRules", "objectiveMeasureWeight"): (0, 1),
    ("ruleCondition", "measureThreshold"): (-1, 1),
    ("completionThreshold", "minProgressMeasure"): (0, 1),
    ("completionThreshold", "progressWeight"): (0, 1),
}
"""Attributes that are decimal numbers within bounds; the element minNormalizedMeasure (-1 to 1) stands apart."""
