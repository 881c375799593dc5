"""What the CASE runners look at, and the properties of each class of a CFPackage.

Clauses name classes and data types of 1EdTech's CASE information model, whose text we could not read; names,
multiplicities and vocabularies agree with the schemas of 1EdTech/OpenCASE, and a test compares them. What we take
1.1 to have added (not verified) is left out of 1.0.
"""

from collections.abc import Mapping

from becta.compliance.conformance.reports import Check, Severity

_ERRORS = (
    ("json", "The file is sound JSON", "JSON binding"),
    ("required", "An object has the properties of multiplicity 1", "multiplicities"),
    ("type", "A value has the data type of its property", "primitive types"),
    ("uuid", "Identifiers are UUIDs in lower case", "UUID (derived type)"),
    ("uri", "URIs have a scheme", "AnyURI (primitive type)"),
    ("date-time", "Instants are ISO 8601 dates with time and zone", "DateTime (primitive type)"),
    ("date", "Days are ISO 8601 dates", "Date (primitive type)"),
    ("language", "Languages are tags of RFC 5646", "Language (primitive type)"),
    ("association-type", "An associationType is one of the vocabulary", "CFAssociationTypeEnum"),
    ("duplicate-identifier", "Two things do not share an identifier", "identifier: globally unique"),
    ("child-ends", "Both ends of isChildOf are in the package", "CFPckgAssociation isChildOf"),
    ("child-cycle", "Nothing is its own ancestor by isChildOf", "CFPckgAssociation isChildOf"),
    ("document-reference", "CFDocumentURI names the document of the package", "CFDocumentURI"),
    ("rubric-reference", "Criteria and levels name the rubric, criterion and item they belong to", "CFRubricCriterion"),
)
_ERRORS_OF_1_1 = (
    ("case-version", "A caseVersion is 1.1", "CaseVersionEnum"),
    ("target-type", "A targetType is CASE or an extension", "TargetTypeExtEnum"),
)
_WARNINGS = (
    ("adoption-status", "An adoptionStatus is one of the usual ones", "CFPckgDocument adoptionStatus"),
    ("association-ends", "An association starts or ends in the package", "CFPckgAssociation"),
    ("definition-reference", "What items and associations name by URI is in CFDefinitions", "CFDefinition"),
    ("reference-uri", "A reference has the uri of the thing it names", "LinkURI, LinkGenURI"),
    ("status-dates", "A status does not end before it starts", "statusStartDate, statusEndDate"),
    ("duplicate-association", "No association is given twice", "CFPckgAssociation"),
)
_NOTES = (("unplaced-item", "Every item has its place under the document", "CFPckgAssociation isChildOf"),)
_UNKNOWN = ("unknown-property", "There are only properties that the model names", "attribute sets")


def checks_of(version: str) -> tuple[Check, ...]:
    """The checks of CASE 1.0 or 1.1, errors first. Only 1.1's schema forbids unknown properties; 1.0's warns."""
    later = version == "1.1"
    tables = (
        (Severity.ERROR, (*_ERRORS, *_ERRORS_OF_1_1, _UNKNOWN) if later else _ERRORS),
        (Severity.WARNING, _WARNINGS if later else (*_WARNINGS, _UNKNOWN)),
        (Severity.NOTE, _NOTES),
    )
    return tuple(
        Check(id=check, title=title, clause=f"CASE {version} Information Model, {clause}", severity=severity)
        for severity, rows in tables
        for check, title, clause in rows
    )


_THING = {"identifier": "*uuid", "uri": "*uri", "lastChangeDateTime": "*date-time", "extensions": "extensions"}
_TITLED = {**_THING, "title": "*text", "description": "text"}
_STATUS = {"statusStartDate": "date", "statusEndDate": "date", "licenseURI": "license-link"}

SHAPES: Mapping[str, Mapping[str, str]] = {
    "package": {
        "CFDocument": "*document",
        "CFItems": "item[]",
        "CFAssociations": "association[]",
        "CFDefinitions": "definitions",
        "CFRubrics": "rubric[]",
        "extensions": "extensions",
    },
    "document": {
        **_TITLED,
        **_STATUS,
        "frameworkType": "text",
        "caseVersion": "case-version",
        "creator": "*text",
        "officialSourceURL": "uri",
        "publisher": "text",
        "subject": "text[]",
        "subjectURI": "subject-link[]",
        "language": "language",
        "version": "text",
        "adoptionStatus": "adoption-status",
        "notes": "text",
    },
    "item": {
        **_THING,
        **_STATUS,
        "fullStatement": "*text",
        "alternativeLabel": "text",
        "CFItemType": "text",
        "humanCodingScheme": "text",
        "listEnumeration": "text",
        "abbreviatedStatement": "text",
        "conceptKeywords": "text[]",
        "conceptKeywordsURI": "concept-link",
        "notes": "text",
        "subject": "text[]",
        "subjectURI": "subject-link[]",
        "language": "language",
        "educationLevel": "text[]",
        "CFItemTypeURI": "item-type-link",
        "CFDocumentURI": "document-link",
    },
    "association": {
        **_THING,
        "associationType": "*association-type",
        "sequenceNumber": "integer",
        "originNodeURI": "*node-link",
        "destinationNodeURI": "*node-link",
        "CFAssociationGroupingURI": "grouping-link",
        "CFDocumentURI": "document-link",
        "notes": "text",
    },
    "definitions": {
        "CFConcepts": "concept[]",
        "CFSubjects": "subject[]",
        "CFLicenses": "license[]",
        "CFItemTypes": "item-type[]",
        "CFAssociationGroupings": "grouping[]",
        "extensions": "extensions",
    },
    "concept": {**_TITLED, "keywords": "text", "hierarchyCode": "*text"},
    "subject": {**_TITLED, "hierarchyCode": "*text"},
    "license": {**_TITLED, "licenseText": "*text"},
    "item-type": {**_TITLED, "description": "*text", "hierarchyCode": "*text", "typeCode": "text"},
    "grouping": _TITLED,
    "rubric": {**_TITLED, "title": "text", "CFRubricCriteria": "criterion[]"},
    "criterion": {
        **_THING,
        "category": "text",
        "description": "text",
        "CFItemURI": "item-link",
        "weight": "number",
        "position": "integer",
        "rubricId": "uuid",
        "CFRubricCriterionLevels": "level[]",
    },
    "level": {
        **_THING,
        "description": "text",
        "quality": "text",
        "score": "number",
        "feedback": "text",
        "position": "integer",
        "rubricCriterionId": "uuid",
        "extensions": "extensions[]",
    },
    "link": {"title": "*text", "identifier": "*uuid", "uri": "*uri"},
    "node-link": {"title": "*text", "identifier": "*text", "uri": "*uri", "targetType": "target-type"},
}
"""The properties of each class in a package of 1.1 and the kind of their values; `*` marks multiplicity 1.

CFDocumentURI belongs to the classes CFItem and CFAssociation outside packages; inside we take it and check it.
"""

ADDED_IN_1_1: Mapping[str, frozenset[str]] = {
    "package": frozenset({"extensions"}),
    "document": frozenset({"frameworkType", "caseVersion", "extensions"}),
    "item": frozenset({"subject", "subjectURI", "extensions"}),
    "association": frozenset({"notes", "extensions"}),
    "node-link": frozenset({"targetType"}),
}
"""What 1.0 does not have; that of other classes (extensions) is left out of 1.0 too."""

LINKS: Mapping[str, str] = {
    "license-link": "CFLicenses",
    "subject-link": "CFSubjects",
    "concept-link": "CFConcepts",
    "item-type-link": "CFItemTypes",
    "grouping-link": "CFAssociationGroupings",
    "document-link": "CFDocument",
    "item-link": "CFItems",
}
"""Where the thing that a link names is looked for."""

ASSOCIATION_TYPES: Mapping[str, frozenset[str]] = {
    "1.0": frozenset(
        {
            "isChildOf",
            "isPeerOf",
            "isPartOf",
            "exactMatchOf",
            "precedes",
            "isRelatedTo",
            "replacedBy",
            "exemplar",
            "hasSkillLevel",
        }
    ),
}
ASSOCIATION_TYPES = {**ASSOCIATION_TYPES, "1.1": ASSOCIATION_TYPES["1.0"] | {"isTranslationOf"}}
EXTENSION = r"ext:[A-Za-z0-9.\-_]+"
"""How 1.1 lets vocabularies be extended; 1.0 does not."""

ADOPTION_STATUSES: Mapping[str, frozenset[str]] = {
    "1.0": frozenset({"Private Draft", "Draft", "Adopted", "Deprecated"}),
    "1.1": frozenset({"Draft", "Pending Implementation", "Implemented", "Retired", "Adopted", "Deprecated"}),
}
"""1.1: the Implementation Guide 4.2, as OpenCASE tells it, and the older words it maps. 1.0: not verified."""


def shapes_of(version: str) -> Mapping[str, Mapping[str, str]]:
    """The classes and properties of CASE 1.0 or 1.1."""
    if version == "1.1":
        return SHAPES
    return {
        shape: {
            name: kind
            for name, kind in properties.items()
            if name not in ADDED_IN_1_1.get(shape, frozenset()) and name != "extensions"
        }
        for shape, properties in SHAPES.items()
    }
