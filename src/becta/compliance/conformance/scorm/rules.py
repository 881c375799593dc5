"""Judges what SCORM adds to a manifest: metadata, the tree of items, SCOs, and the data of each item."""

import re

from lxml import etree

from becta.compliance.conformance.scorm.manifest import Find, Resource, children, local, text_of
from becta.compliance.conformance.scorm.sequencing import judge_sequencing
from becta.compliance.conformance.scorm.tables import BOOLEANS, OPTIONAL_DATA, SCORM_2004, TIME_LIMIT_ACTIONS, Edition

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_MAX_TIME = re.compile(r"\d{2,4}:\d\d:\d\d(?:\.\d{1,2})?")
_OPERATORS = re.compile(r"[&|~*{}(),]|<>|=|\"[^\"]*\"|\s+|(?<!\d)\d++(?=\*)")
_STATUSES = frozenset(
    {"passed", "completed", "failed", "incomplete", "browsed", "not attempted", "p", "c", "f", "i", "b", "n"}
)


class CourseRules:
    """The rules of one version of SCORM for one manifest and its resources."""

    def __init__(self, edition: Edition, resources: dict[str, Resource], find: Find) -> None:
        """Judge against resources found already."""
        self._edition = edition
        self._resources = resources
        self._find = find
        self._launched: set[str] = set()
        self._items: set[str] = set()
        self.items = 0

    def judge(self, root: etree._Element) -> None:
        """Judge a whole manifest."""
        self._metadata(root)
        self._items = {item.get("identifier", "") for item in root.iter() if local(item) == "item"}
        for group in children(root, "organizations"):
            self._organizations(group)
        for resource in self._resources.values():
            self._resource(resource)
        if self._launched and not any(self._kind(self._resources[name]) == "sco" for name in self._launched):
            self._find("no-sco", "has items, but none launches a SCO", root)
        if self._edition is SCORM_2004:
            judge_sequencing(root, self._find)

    def _metadata(self, root: etree._Element) -> None:
        metadata = next(children(root, "metadata"), None)
        named = (
            {name: next(children(metadata, name), None) for name in ("schema", "schemaversion")}
            if (metadata is not None)
            else {"schema": None, "schemaversion": None}
        )
        schema, version = named["schema"], named["schemaversion"]
        missing = [name for name, element in named.items() if element is None]
        if missing:
            self._find("no-schema", f"has no {' and no '.join(missing)}", root, "metadata")
        if schema is not None and text_of(schema) != "ADL SCORM":
            self._find("schema", "is not ADL SCORM", schema, "schema", text_of(schema))
        if version is not None and text_of(version) not in self._edition.schema_versions:
            wanted = " or ".join(sorted(self._edition.schema_versions))
            self._find("schema-version", f"is not {wanted}", version, "schemaversion", text_of(version))

    def _organizations(self, group: etree._Element) -> None:
        organizations = list(children(group, "organization"))
        default = group.get("default")
        if default is not None and default not in {each.get("identifier") for each in organizations}:
            self._find("default-organization", "names no organization", group, "default", default)
        elif default is None and organizations and self._edition is SCORM_2004:
            self._find("default-organization", "is missing", group, "default")
        if not organizations:
            self._find("organization", "has no organization", group, "organization")
        for organization in organizations:
            self._titled(organization)
            items = list(children(organization, "item"))
            if not items:
                self._find("organization", "has no item", organization, "item")
            for item in items:
                self._item(item)

    def _titled(self, element: etree._Element) -> None:
        if not text_of(next(children(element, "title"), None)):
            self._find("title", f"{local(element)} has no title", element, "title")

    def _item(self, item: etree._Element) -> None:
        self.items += 1
        self._titled(item)
        reference = item.get("identifierref")
        inner = list(children(item, "item"))
        if self._edition is SCORM_2004 and (reference is None) != bool(inner):
            fault = "names a resource and holds items" if inner else "names no resource"
            self._find("leaf", fault, item, "identifierref", reference)
        if reference is not None:
            resource = self._resources.get(reference)
            if resource is None:
                self._find("resource-reference", "names no resource", item, "identifierref", reference)
            else:
                self._launched.add(reference)
                if not resource.has_href and self._kind(resource) != "sco":
                    self._find("launchable", "names a resource without href", item, "identifierref", reference)
        visible = item.get("isvisible")
        if visible is not None and visible not in BOOLEANS:
            self._find("visible", "is not true or false", item, "isvisible", visible)
        for child in item:
            if isinstance(child.tag, str) and etree.QName(child).namespace == self._edition.extension:
                self._data(child)
        for each in inner:
            self._item(each)

    def _data(self, element: etree._Element) -> None:
        name, text = local(element), text_of(element)
        if not text and name.lower() in OPTIONAL_DATA:
            self._find("empty-data", f"{name} is empty, which counts as left out", element, name)
        elif name.lower() == "timelimitaction" and text not in TIME_LIMIT_ACTIONS:
            self._find("time-limit-action", "is none of the four actions", element, name, text)
        elif name.lower() == "datafromlms" and len(text) > self._edition.data_from_lms:
            limit = f"is longer than {self._edition.data_from_lms:,} characters"
            self._find("launch-data", limit, element, name, text)
        elif self._edition is SCORM_2004:
            return
        elif name == "masteryscore" and not (_NUMBER.fullmatch(text) and len(text) < 20 and float(text) <= 100):
            self._find("mastery-score", "is not a number from 0 to 100", element, name, text)
        elif name == "maxtimeallowed" and not _MAX_TIME.fullmatch(text):
            self._find("max-time", "is not HHHH:MM:SS.SS", element, name, text)
        elif name == "prerequisites":
            self._prerequisites(element, text)

    def _prerequisites(self, element: etree._Element, script: str) -> None:
        if element.get("type") != "aicc_script":
            self._find("prerequisites", "must have the type aicc_script", element, "type", element.get("type"))
        for word in filter(None, _OPERATORS.sub("\0", script).split("\0")):
            if word not in self._items and word.lower() not in _STATUSES:
                self._find("prerequisites", "names what is no item", element, "prerequisites", word)
                return

    def _kind(self, resource: Resource) -> str:
        return resource.element.get(f"{{{self._edition.extension}}}{self._edition.type_attribute}", "")

    def _resource(self, resource: Resource) -> None:
        element, name = resource.element, self._edition.type_attribute
        if resource.type not in {"", "webcontent"}:
            self._find("resource-type", "is not webcontent", element, "type", resource.type)
        kind = self._kind(resource)
        if kind not in {"sco", "asset"}:
            self._find("scorm-type", f"adlcp:{name} must be sco or asset", element, f"adlcp:{name}", kind or None)
        elif kind == "sco" and not resource.has_href:
            self._find("sco-href", "is a SCO without href", element, "href")
