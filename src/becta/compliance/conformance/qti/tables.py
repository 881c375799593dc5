"""What the QTI runners look at, with the facts of QTI's Assessment, Section and Item information model (2.1, 3.0).

Clauses name the model's classes; its section numbers differ between versions and were not verified. Names were seen
in the examples of 1EdTech/qti-examples; the model's interaction classes say which variables each interaction takes.
"""

from collections.abc import Mapping

from msgspec import Struct

from becta.compliance.conformance.qti.names import Edition
from becta.compliance.conformance.reports import Check, Severity
from becta.compliance.conformance.scorm.manifest import manifest_checks

_ERRORS = (
    ("item-xml", "An item is well-formed XML", "AssessmentItem"),
    ("item-root", "The root is an assessment item in the namespace of QTI", "AssessmentItem"),
    ("item-attribute", "Elements have the attributes they must have", "AssessmentItem and the classes within"),
    ("boolean", "adaptive and timeDependent are true or false", "AssessmentItem adaptive, timeDependent"),
    ("variable-identifier", "Identifiers of variables and choices are names", "Identifier"),
    ("unique-variable", "No variable is declared twice", "ResponseDeclaration, OutcomeDeclaration"),
    ("cardinality", "A cardinality is one of the four", "Cardinality"),
    ("base-type", "A base-type is one of the list; only records do without", "BaseType"),
    ("undeclared-response", "Interactions are bound to declared responses", "Interaction responseIdentifier"),
    ("response-cardinality", "A response has a cardinality that its interaction takes", "Interaction"),
    ("response-base-type", "A response has a base-type that its interaction takes", "Interaction"),
    ("unique-choice", "Choices of an interaction have different identifiers", "Choice identifier"),
    ("value", "Values are of their variable's base-type and as many as it holds", "Value"),
    ("correct-response", "Correct responses are among the choices", "CorrectResponse"),
    ("map-key", "Keys of a mapping are possible responses, each once", "Mapping, MapEntry mapKey"),
    ("mapped-value", "Mapped values are numbers", "MapEntry mappedValue"),
    ("choice-limits", "No interaction asks for more choices than it allows", "minChoices, maxChoices"),
    (
        "undeclared-variable",
        "Rules and feedback use declared variables",
        "ResponseProcessing, Feedback",
    ),
    ("template-variables", "Standard templates find RESPONSE and SCORE", "ResponseProcessing template"),
    (
        "media-file",
        "Pictures, sounds, style sheets and passages are in the package",
        "img, object, stylesheet and others",
    ),
)
_PACKAGE_ERRORS = (
    ("no-item", "A package has an item", "resource type"),
    ("resource-type", "Resources of QTI are typed for this version", "resource type"),
)
_WARNINGS = (
    ("package-schema", "The manifest names its schema", "metadata, schema"),
    ("template", "The response processing template is a standard one", "ResponseProcessing template"),
    ("html-element", "Only elements of QTI's HTML subset are used", "ItemBody"),
    ("html-attribute", "No attribute holds a script", "ItemBody"),
    ("image-text", "Pictures have a text in their place", "img alt"),
)


def checks_of(edition: Edition) -> tuple[Check, ...]:
    """The checks of a version, the manifest's first."""
    model = f"QTI {edition.version} ASI Information Model"
    packaging = f"QTI {edition.version} Content Packaging"
    packaged = {check for check, _, _ in _PACKAGE_ERRORS} | {"package-schema"}
    tables = ((Severity.ERROR, (*_ERRORS, *_PACKAGE_ERRORS)), (Severity.WARNING, _WARNINGS))
    return manifest_checks(packaging) + tuple(
        Check(
            id=check,
            title=title,
            clause=f"{packaging if check in packaged else model}, {clause}",
            severity=severity,
        )
        for severity, rows in tables
        for check, title, clause in rows
    )


CARDINALITIES = frozenset({"single", "multiple", "ordered", "record"})
BASE_TYPES = frozenset(
    {
        "identifier",
        "boolean",
        "integer",
        "float",
        "string",
        "point",
        "pair",
        "directedPair",
        "duration",
        "file",
        "uri",
        "intOrIdentifier",
    }
)
_ONE_OR_MORE = frozenset({"single", "multiple"})
_ANY = CARDINALITIES
_TEXTS = frozenset({"string", "integer", "float"})


class Interaction(Struct, frozen=True):
    """What an interaction takes: cardinalities, base-types, the elements whose identifiers answer it, and for
    directed pairs those that stand second.
    """

    cardinalities: frozenset[str]
    base_types: frozenset[str]
    choices: frozenset[str] = frozenset()
    targets: frozenset[str] = frozenset()


def _taking(base_type: str, *choices: str, targets: tuple[str, ...] = (), ordered: bool = False) -> Interaction:
    cardinalities = frozenset({"ordered"}) if ordered else _ONE_OR_MORE
    return Interaction(cardinalities, frozenset({base_type}), frozenset(choices), frozenset(targets))


def _single(*base_types: str) -> Interaction:
    return Interaction(frozenset({"single"}), frozenset(base_types))


INTERACTIONS: Mapping[str, Interaction] = {
    "choiceInteraction": _taking("identifier", "simpleChoice"),
    "orderInteraction": _taking("identifier", "simpleChoice", ordered=True),
    "associateInteraction": _taking("pair", "simpleAssociableChoice"),
    "matchInteraction": _taking("directedPair", "simpleAssociableChoice", targets=("simpleAssociableChoice",)),
    "gapMatchInteraction": _taking("directedPair", "gapText", "gapImg", targets=("gap",)),
    "inlineChoiceInteraction": Interaction(
        frozenset({"single"}), frozenset({"identifier"}), frozenset({"inlineChoice"})
    ),
    "textEntryInteraction": Interaction(frozenset({"single", "record"}), _TEXTS),
    "extendedTextInteraction": Interaction(_ANY, _TEXTS),
    "hottextInteraction": _taking("identifier", "hottext"),
    "hotspotInteraction": _taking("identifier", "hotspotChoice"),
    "selectPointInteraction": _taking("point"),
    "graphicOrderInteraction": _taking("identifier", "hotspotChoice", ordered=True),
    "graphicAssociateInteraction": _taking("pair", "associableHotspot"),
    "graphicGapMatchInteraction": _taking("directedPair", "gapText", "gapImg", targets=("associableHotspot",)),
    "positionObjectInteraction": _taking("point"),
    "sliderInteraction": _single("integer", "float"),
    "mediaInteraction": _single("integer"),
    "drawingInteraction": _single("file"),
    "uploadInteraction": Interaction(_ONE_OR_MORE, frozenset({"file"})),
    "endAttemptInteraction": _single("boolean"),
    "customInteraction": Interaction(_ANY, BASE_TYPES),
    "portableCustomInteraction": Interaction(_ANY, BASE_TYPES),
}
"""Each interaction and the response variables it can be bound to; 2.1 takes one uploaded file, 3.0 perhaps more."""

_ALL = frozenset({"response", "outcome", "template", "context"})
REFERENCES: Mapping[str, tuple[str, frozenset[str]]] = {
    "variable": ("identifier", _ALL),
    "default": ("identifier", _ALL),
    "correct": ("identifier", frozenset({"response"})),
    "mapResponse": ("identifier", frozenset({"response"})),
    "mapResponsePoint": ("identifier", frozenset({"response"})),
    "setOutcomeValue": ("identifier", frozenset({"outcome"})),
    "lookupOutcomeValue": ("identifier", frozenset({"outcome"})),
    "setTemplateValue": ("identifier", frozenset({"template"})),
    "setCorrectResponse": ("identifier", frozenset({"response"})),
    "setDefaultValue": ("identifier", frozenset({"response", "outcome"})),
    "printedVariable": ("identifier", _ALL),
    "modalFeedback": ("outcomeIdentifier", frozenset({"outcome"})),
    "feedbackInline": ("outcomeIdentifier", frozenset({"outcome"})),
    "feedbackBlock": ("outcomeIdentifier", frozenset({"outcome"})),
    "templateInline": ("templateIdentifier", frozenset({"template"})),
    "templateBlock": ("templateIdentifier", frozenset({"template"})),
}
"""Elements that name a variable: by which attribute, and variables of which kinds."""

BUILT_IN: Mapping[str, str] = {
    "numAttempts": "response",
    "duration": "response",
    "completionStatus": "outcome",
    "QTI_CONTEXT": "context",
}
"""Variables that every item has without declaring them."""

TEMPLATES = frozenset({"match_correct", "map_response", "map_response_point"})
TEMPLATE = (
    r"https?://(?:www\.imsglobal\.org/question/qti_v[23]p[0-9]|purl\.imsglobal\.org/spec/qti/v[23]p[0-9])"
    r"/rptemplates/([a-z_]+)(?:\.xml)?"
)
"""The addresses of the standard templates, as the examples and tools of each version write them."""

NOT_HTML = frozenset(
    {
        "applet",
        "base",
        "basefont",
        "button",
        "center",
        "embed",
        "font",
        "form",
        "frame",
        "frameset",
        "iframe",
        "input",
        "link",
        "meta",
        "script",
        "select",
        "style",
        "textarea",
    }
)
"""Elements of HTML that QTI's subset leaves out and that tools are known to leave in."""

MEDIA: Mapping[str, str] = {
    "img": "src",
    "object": "data",
    "audio": "src",
    "video": "src",
    "source": "src",
    "track": "src",
    "stylesheet": "href",
    "assessmentStimulusRef": "href",
}
"""Elements that name a file, and by which attribute."""
