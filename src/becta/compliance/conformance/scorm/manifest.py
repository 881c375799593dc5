"""The imsmanifest.xml of 1EdTech Content Packaging 1.1, as SCORM and QTI have it: resources and their files."""

import re
from collections.abc import Iterator
from pathlib import Path
from posixpath import normpath
from typing import Protocol, cast
from urllib.parse import unquote

from lxml import etree
from msgspec import Struct

from becta.compliance.conformance.documents import XML_LIMITS, Malformed, parse_xml
from becta.compliance.conformance.packages import Package
from becta.compliance.conformance.reports import Check, Recorder, Severity

MANIFEST = "imsmanifest.xml"
XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"
LARGEST_MANIFEST = XML_LIMITS.bytes

_CHECKS = (
    ("manifest-file", "A package has imsmanifest.xml at its root", "manifest", Severity.ERROR),
    ("xml", "The manifest is well-formed XML", "manifest", Severity.ERROR),
    ("root", "The root is a manifest in the right namespace", "manifest", Severity.ERROR),
    ("missing-element", "A manifest has organizations and resources", "manifest", Severity.ERROR),
    ("missing-attribute", "Elements have the attributes they must have", "identifier, type, href", Severity.ERROR),
    ("identifier", "Identifiers are XML names", "identifier (xs:ID)", Severity.ERROR),
    ("unique-identifier", "No identifier is given twice", "identifier (xs:ID)", Severity.ERROR),
    ("dependency", "Dependencies name resources of the manifest", "dependency", Severity.ERROR),
    ("base", "xml:base stays in the package and ends in a slash", "xml:base", Severity.ERROR),
    ("outside", "Addresses do not leave the package", "file, resource href", Severity.ERROR),
    ("missing-file", "Files that the manifest lists are in the package", "file, resource href", Severity.ERROR),
    ("own-file", "The file a resource starts with is among its files", "resource href", Severity.WARNING),
    ("unlisted-file", "Files of the package are listed in the manifest", "file", Severity.NOTE),
)
_NAME = re.compile(r"[^\W\d][\w.\-·]*")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_UNLISTED = re.compile(r"(?:[^/]+\.(?:xsd|dtd)|imsmanifest\.xml)", re.IGNORECASE)


class Find(Protocol):
    """Tells of something found at an element: check, message, element, field, value."""

    def __call__(
        self, check: str, message: str, element: etree._Element, field: str = "", value: str | None = None
    ) -> None:
        """Tell it."""


class Resource(Struct, frozen=True):
    """A resource of a manifest. `start` is the file it starts with, None if it has none or one outside."""

    identifier: str
    type: str
    element: etree._Element
    has_href: bool
    start: str | None


def manifest_checks(standing: str) -> tuple[Check, ...]:
    """The checks of a manifest as a standard's clause names them."""
    return tuple(
        Check(id=check, title=title, clause=f"{standing}, {clause}", severity=severity)
        for check, title, clause, severity in _CHECKS
    )


def finder(recorder: Recorder, file: str) -> Find:
    """A way to tell a recorder of things found in a file, with their lines."""

    def find(check: str, message: str, element: etree._Element, field: str = "", value: str | None = None) -> None:
        recorder.find(check, message, file=file, line=line_of(element), field=field, value=value)

    return find


def line_of(element: etree._Element) -> int | None:
    """The line, from 1, on which an element's start tag ends."""
    return cast("int | None", element.sourceline)  # the stubs leave its type open


def local(element: etree._Element) -> str:
    """The name of an element without its namespace; empty for comments and processing instructions."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def children(element: etree._Element, *names: str) -> Iterator[etree._Element]:
    """The children of these names, whatever their namespace."""
    return (child for child in element if local(child) in names)


def text_of(element: etree._Element | None) -> str:
    """The text before an element's first child, without the white space around it."""
    return (element.text or "").strip() if element is not None else ""


def read_manifest(
    package: Package, artefact: Path, namespaces: tuple[str, ...], recorder: Recorder
) -> "etree._Element | None":
    """The root of a package's manifest; None, and told, if there is none that can be judged."""
    if MANIFEST not in package.names:
        inner = next((name for name in package.names if name.endswith(f"/{MANIFEST}")), None)
        message = f"has its manifest in a folder: {inner}" if inner else "has no imsmanifest.xml"
        recorder.find("manifest-file", message, file=artefact.name)
        return None
    try:
        root = parse_xml(package.read(MANIFEST, at_most=LARGEST_MANIFEST), MANIFEST)
    except Malformed as malformed:
        recorder.find("xml", malformed.message, file=MANIFEST, line=malformed.line)
        return None
    if local(root) != "manifest" or etree.QName(root).namespace not in namespaces:
        message = f"is not manifest in the namespace {' or '.join(namespaces)}"
        finder(recorder, MANIFEST)("root", message, root, "manifest", etree.QName(root).text)
        return None
    return root


class ManifestRules:
    """What every manifest must be: names given once, resources whose files are there."""

    def __init__(self, root: etree._Element, files: tuple[str, ...], find: Find) -> None:
        """Judge a manifest against the files of its package."""
        self._root = root
        self._files = frozenset(files)
        self._folded = {name.casefold(): name for name in files}
        self._find = find
        self._listed: set[str] = set()
        self.resources: dict[str, Resource] = {}

    def judge(self) -> None:
        """Judge identifiers, resources and files; afterwards `resources` holds what was found."""
        self._identifiers()
        for name in ("organizations", "resources"):
            if next(children(self._root, name), None) is None:
                self._find("missing-element", f"has no {name}", self._root, name)
        for group in children(self._root, "resources"):
            base = self._base(self._root) + self._base(group)
            for element in children(group, "resource"):
                self._resource(element, base + self._base(element))
        for resource in self.resources.values():
            for dependency in children(resource.element, "dependency"):
                wanted = dependency.get("identifierref", "")
                if wanted not in self.resources:
                    self._find("dependency", "names no resource", dependency, "identifierref", wanted)
        for name in sorted(self._files - self._listed):
            if not _UNLISTED.fullmatch(name):
                self._find("unlisted-file", f"does not list {name}", self._root, "file", name)

    def _identifiers(self) -> None:
        seen: dict[str, int] = {}
        for element in self._root.iter():
            if local(element) not in {"manifest", "organization", "item", "resource"}:
                continue
            identifier = element.get("identifier")
            if identifier is None:
                self._find("missing-attribute", f"{local(element)} has no identifier", element, "identifier")
            elif not _NAME.fullmatch(identifier):
                self._find("identifier", "is not an XML name", element, "identifier", identifier)
            elif identifier in seen:
                message = f"is the identifier of line {seen[identifier]} too"
                self._find("unique-identifier", message, element, "identifier", identifier)
            if identifier is not None:
                seen.setdefault(identifier, line_of(element) or 0)

    def _base(self, element: etree._Element) -> str:
        base = element.get(XML_BASE)
        if base is None:
            return ""
        leaves = base.startswith("/") or ".." in base.split("/") or _SCHEME.match(base) is not None
        if leaves or not base.endswith("/"):
            self._find("base", "is not a folder of the package, ending in /", element, "xml:base", base)
        return "" if leaves else base.removesuffix("/") + "/"

    def _resource(self, element: etree._Element, base: str) -> None:
        kind = element.get("type")
        if kind is None:
            self._find("missing-attribute", "resource has no type", element, "type")
        files = set()
        for file in children(element, "file"):
            href = file.get("href")
            if href is None:
                self._find("missing-attribute", "file has no href", file, "href")
                continue
            name = self._name(file, base, href)
            if name is not None:
                files.add(name)
        href = element.get("href")
        start = self._name(element, base, href, again=files) if href is not None else None
        if start is not None and start in self._files and start not in files:
            self._find("own-file", "is not among the resource's files", element, "href", href)
        self._listed |= files | ({start} if start is not None else set())
        identifier = element.get("identifier", "")
        self.resources.setdefault(identifier, Resource(identifier, kind or "", element, href is not None, start))

    def _name(
        self, element: etree._Element, base: str, href: str, again: "set[str] | frozenset[str]" = frozenset()
    ) -> str | None:
        """The file that an address means; None for one outside. One told of already (`again`) is not told twice."""
        path = unquote(re.split(r"[?#]", href.strip(), maxsplit=1)[0])
        if _SCHEME.match(href.strip()) or href.strip().startswith("//"):
            return None
        name = normpath(base + path) if path else ""
        if path.startswith("/") or "\\" in path or name.split("/")[0] in {"..", ""}:
            self._find("outside", "does not name a file of the package", element, "href", href)
            return None
        if name not in self._files and name not in again:
            near = self._folded.get(name.casefold())
            message = f"is not in the package; {near} differs by case" if near else "is not in the package"
            self._find("missing-file", message, element, "href", href)
        return name
