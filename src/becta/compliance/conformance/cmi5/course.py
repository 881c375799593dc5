"""Judges a cmi5 course structure: the elements and attributes of section 13 and the packaging of section 14.

Source: cmi5_spec.md of AICC/CMI-5_Spec_Current, and the XSD printed in an earlier draft of it; the released XSD we
could not read, and we know of no other differences than its namespace.
"""

import re
from collections.abc import Iterator, Mapping
from posixpath import normpath
from urllib.parse import unquote

from lxml import etree

from becta.compliance.conformance.reports import Check, Severity
from becta.compliance.conformance.scorm.manifest import Find, line_of
from becta.compliance.conformance.xapi.formats import is_iri, is_language_tag

NAMESPACE = "https://w3id.org/xapi/profiles/cmi5/v1/CourseStructure.xsd"
XML_NAME = "cmi5.xml"

_CHECKS = (
    ("xml", "The course structure is well-formed XML", "13.2", Severity.ERROR),
    ("structure-file", "A zip has cmi5.xml at its root", "14.1", Severity.ERROR),
    ("root", "The root is courseStructure in the namespace of cmi5", "13.2", Severity.ERROR),
    ("missing-element", "Every required element is there", "13.1", Severity.ERROR),
    ("unexpected-element", "Elements stand where, and as often as, the schema says", "13.2", Severity.ERROR),
    ("missing-attribute", "Every required attribute is there", "13.1", Severity.ERROR),
    ("unexpected-attribute", "There are only attributes that the schema names", "13.2", Severity.ERROR),
    ("id", "Ids are IRIs with a scheme", "13.1.1 to 13.1.4, id", Severity.ERROR),
    ("unique-id", "No two things of a course share an id", "13.1.4, id", Severity.ERROR),
    ("objective-reference", "Objectives that blocks and AUs name are defined", "13.1.2, objectives", Severity.ERROR),
    ("url", "An AU's url is a URL", "13.1.4, url", Severity.ERROR),
    ("url-file", "A relative url names a file of the zip", "14.1", Severity.ERROR),
    ("url-absolute", "Without a zip, urls are fully qualified", "14.2", Severity.ERROR),
    ("launch-method", "launchMethod is AnyWindow or OwnWindow", "13.1.4, launchMethod", Severity.ERROR),
    ("move-on", "moveOn is one of the five words", "13.1.4, moveOn", Severity.ERROR),
    ("mastery-score", "masteryScore lies between 0 and 1", "13.1.4, masteryScore", Severity.ERROR),
    ("mastery-precision", "masteryScore has at most four decimals", "13.1.4, masteryScore", Severity.ERROR),
    ("activity-type", "activityType is an IRI", "13.1.4, activityType", Severity.ERROR),
    ("language", "Languages are language tags", "13.2, xs:language", Severity.ERROR),
    ("empty-text", "Titles and descriptions say something", "13.1, title and description", Severity.WARNING),
    ("file-name", "The structure is named cmi5.xml", "13.2", Severity.WARNING),
)
CHECKS = tuple(
    Check(id=check, title=title, clause=f"cmi5 1.0 {clause}", severity=severity)
    for check, title, clause, severity in _CHECKS
)

_TEXTS = (("title", 1, 1), ("description", 1, 1))
_REFERENCES = ("objectives", 0, 1)
_PARTS = ("au|block", 1, None)
CHILDREN: Mapping[str, tuple[tuple[str, int, int | None], ...]] = {
    "courseStructure": (("course", 1, 1), _REFERENCES, _PARTS),
    "course": _TEXTS,
    "block": (*_TEXTS, _REFERENCES, _PARTS),
    "au": (*_TEXTS, _REFERENCES, ("url", 1, 1), ("launchParameters", 0, 1), ("entitlementKey", 0, 1)),
    "objectives": (("objective", 1, None),),
    "objective": _TEXTS,
    "title": (("langstring", 1, None),),
    "description": (("langstring", 1, None),),
}
"""The children of each element in their order, with the least and the most of each; None: any number."""

ATTRIBUTES: Mapping[str, Mapping[str, bool]] = {
    "course": {"id": True},
    "block": {"id": True},
    "objective": {"id": True},
    "reference": {"idref": True},
    "au": {
        "id": True,
        "moveOn": False,
        "masteryScore": False,
        "launchMethod": False,
        "activityType": False,
        "authenticationMethod": False,
    },
    "langstring": {"lang": False},
}
"""The attributes of each element and whether it must have them; authenticationMethod is of the drafts."""

_WORDS: Mapping[str, tuple[str, frozenset[str]]] = {
    "launchMethod": ("launch-method", frozenset({"AnyWindow", "OwnWindow"})),
    "moveOn": (
        "move-on",
        frozenset({"NotApplicable", "Passed", "Completed", "CompletedAndPassed", "CompletedOrPassed"}),
    ),
}
_DECIMAL = re.compile(r"[+\-]?(?:\d+(?:\.\d*)?|\.\d+)")
_URL = re.compile(r"[^\x00-\x20\x7f<>\"{}|\\^`]+")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")


class CourseRules:
    """The rules for one course structure; `files` are those of its zip, None for a structure alone."""

    def __init__(self, files: frozenset[str] | None, find: Find) -> None:
        """Judge against the files beside the structure."""
        self._files = files
        self._find = find
        self._namespace = NAMESPACE
        self._ids: dict[str, int] = {}
        self._objectives: set[str] = set()
        self._references: list[etree._Element] = []
        self.units = 0

    def judge(self, root: etree._Element) -> None:
        """Judge a whole structure."""
        name = etree.QName(root)
        if name.localname != "courseStructure" or name.namespace != NAMESPACE:
            self._find("root", "is not courseStructure in the namespace of cmi5", root, "courseStructure", name.text)
        if name.localname != "courseStructure":
            return
        self._namespace = name.namespace or ""
        self._element(root, "courseStructure", inside="")
        for reference in self._references:
            wanted = reference.get("idref", "").strip()
            if wanted and wanted not in self._objectives:
                self._find("objective-reference", "is not defined in the course", reference, "idref", wanted)

    def _element(self, element: etree._Element, kind: str, inside: str) -> None:
        reference = kind == "objective" and inside in {"au", "block"}
        self._attributes(element, "reference" if reference else kind)
        if reference:
            self._references.append(element)
            return
        if kind in {"course", "block", "au", "objective"}:
            self._identity(element, kind)
        self._children(element, kind, inside)
        if kind == "au":
            self.units += 1
            self._unit(element)
        elif kind == "langstring" and not (element.text or "").strip():
            self._find("empty-text", "is empty", element, "langstring", None)

    def _children(self, element: etree._Element, kind: str, inside: str) -> None:
        model = CHILDREN.get(kind, ())
        counts = [0] * len(model)
        step = 0
        for child in self._own(element):
            name = etree.QName(child).localname
            place = next((index for index, (names, _, _) in enumerate(model) if name in names.split("|")), None)
            if place is None or place < step or counts[place] == model[place][2]:
                self._find("unexpected-element", f"is not expected here in {kind}", child, name, None)
                continue
            step = place
            counts[place] += 1
            self._element(child, name, inside if kind == "objectives" else kind)
        for (names, least, _), count in zip(model, counts, strict=True):
            if count < least:
                self._find("missing-element", f"has no {names.replace('|', ' or ')}", element, kind, None)

    def _own(self, element: etree._Element) -> Iterator[etree._Element]:
        """The children in cmi5's namespace; others are vendors' extensions (13.1.5)."""
        for child in element:
            if isinstance(child.tag, str) and (etree.QName(child).namespace or "") == self._namespace:
                yield child

    def _attributes(self, element: etree._Element, kind: str) -> None:
        allowed = ATTRIBUTES.get(kind, {})
        for name in element.attrib:
            plain = str(name)
            if not plain.startswith("{") and plain not in allowed:
                self._find("unexpected-attribute", f"is not an attribute of {kind}", element, plain, None)
        for name, needed in allowed.items():
            if needed and name not in element.attrib:
                self._find("missing-attribute", f"has no {name}", element, name, None)
        language = element.get("lang") if kind == "langstring" else None
        if language is not None and not is_language_tag(language.strip()):
            self._find("language", "is not a language tag", element, "lang", language)

    def _identity(self, element: etree._Element, kind: str) -> None:
        identifier = element.get("id")
        if identifier is None:
            return
        identifier = identifier.strip()
        if kind == "objective":
            self._objectives.add(identifier)
        if not is_iri(identifier):
            self._find("id", "is not an IRI with a scheme", element, "id", identifier)
        elif identifier in self._ids:
            self._find("unique-id", f"is the id of line {self._ids[identifier]} too", element, "id", identifier)
        self._ids.setdefault(identifier, line_of(element) or 0)

    def _unit(self, unit: etree._Element) -> None:
        for name, (check, words) in _WORDS.items():
            value = unit.get(name)
            if value is not None and value.strip() not in words:
                self._find(check, f"is none of {', '.join(sorted(words))}", unit, name, value)
        score = unit.get("masteryScore")
        if score is not None:
            self._mastery(unit, score.strip())
        activity = unit.get("activityType")
        if activity is not None and not is_iri(activity.strip()):
            self._find("activity-type", "is not an IRI with a scheme", unit, "activityType", activity)
        url = next((child for child in self._own(unit) if etree.QName(child).localname == "url"), None)
        if url is not None:
            self._url(url, (url.text or "").strip())

    def _mastery(self, unit: etree._Element, score: str) -> None:
        if len(score) > 100 or _DECIMAL.fullmatch(score) is None or not 0 <= float(score) <= 1:
            self._find("mastery-score", "is not a decimal number between 0 and 1", unit, "masteryScore", score)
        elif len(score.partition(".")[2].rstrip("0")) > 4:
            self._find("mastery-precision", "has more than four decimals", unit, "masteryScore", score)

    def _url(self, element: etree._Element, url: str) -> None:
        if _URL.fullmatch(url) is None or url.startswith("//"):
            self._find("url", "is not a URL", element, "url", url)
        elif _SCHEME.match(url):
            if not is_iri(url):
                self._find("url", "is not a URL", element, "url", url)
        elif self._files is None:
            self._find("url-absolute", "is relative, though there is no zip", element, "url", url)
        elif normpath(unquote(re.split(r"[?#]", url, maxsplit=1)[0])) not in self._files:
            self._find("url-file", "names no file of the zip", element, "url", url)
