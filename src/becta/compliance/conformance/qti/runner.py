"""The QTI runners: one item as XML, or a content package of items."""

from functools import partial
from pathlib import Path

from lxml import etree

from becta.compliance.conformance.documents import Malformed, XmlLimits, parse_xml, read_document
from becta.compliance.conformance.packages import Package, PackageLimits, open_package
from becta.compliance.conformance.qti.item import ItemRules
from becta.compliance.conformance.qti.names import QTI_2_1, QTI_3_0, Edition
from becta.compliance.conformance.qti.tables import checks_of
from becta.compliance.conformance.reports import Recorder
from becta.compliance.conformance.runner import ArtefactRunner
from becta.compliance.conformance.scorm.manifest import (
    MANIFEST,
    Find,
    ManifestRules,
    Resource,
    children,
    finder,
    read_manifest,
    text_of,
)

ITEM_LIMITS = XmlLimits(bytes=5_000_000)
PACKAGE_LIMITS = PackageLimits(entries=20_000, directory_bytes=5_000_000)
"""Our own numbers: an item is a page or two, a package may hold a bank of them with pictures."""


def _look(edition: Edition, artefact: Path, recorder: Recorder) -> None:
    if artefact.suffix.lower() != ".zip":
        _item(edition, read_document(artefact, ITEM_LIMITS), artefact.name, None, recorder)
        recorder.facts["items"] = 1
        return
    with open_package(artefact, PACKAGE_LIMITS) as package:
        recorder.facts["files"] = len(package.names)
        root = read_manifest(package, artefact, (edition.packaging,), recorder)
        if root is None:
            return
        find = finder(recorder, MANIFEST)
        manifest = ManifestRules(root, package.names, find)
        manifest.judge()
        _schema(edition, root, find)
        recorder.facts["items"] = _items(edition, manifest.resources, package, root, recorder)


def _schema(edition: Edition, root: etree._Element, find: Find) -> None:
    metadata = next(children(root, "metadata"), None)
    schema = next(children(metadata, "schema"), None) if metadata is not None else None
    if schema is None:
        find("package-schema", "has no schema", root, "metadata")
    elif text_of(schema) != edition.schema:
        find("package-schema", f"is not {edition.schema}", schema, "schema", text_of(schema))


def _items(
    edition: Edition, resources: dict[str, Resource], package: Package, root: etree._Element, recorder: Recorder
) -> int:
    files = frozenset(package.names)
    find = finder(recorder, MANIFEST)
    items = 0
    for resource in resources.values():
        if resource.type.startswith("imsqti_") and not resource.type.endswith(f"_{edition.suffix}"):
            message = f"is not a type of QTI {edition.version}"
            find("resource-type", message, resource.element, "type", resource.type)
        elif resource.type == f"imsqti_item_{edition.suffix}":
            items += 1
            if resource.start is None:
                find("missing-attribute", "is an item without href", resource.element, "href")
            elif resource.start in files:
                data = package.read(resource.start, at_most=ITEM_LIMITS.bytes)
                _item(edition, data, resource.start, files, recorder)
    if not items:
        find("no-item", f"has no resource of type imsqti_item_{edition.suffix}", root, "resource")
    return items


def _item(edition: Edition, data: bytes, name: str, files: frozenset[str] | None, recorder: Recorder) -> None:
    try:
        root = parse_xml(data, name, ITEM_LIMITS)
    except Malformed as malformed:
        recorder.find("item-xml", malformed.message, file=name, line=malformed.line)
        return
    folder = name[: name.rfind("/") + 1]
    ItemRules(edition, folder, files, finder(recorder, name)).judge(root)


def _runner(edition: Edition) -> ArtefactRunner:
    return ArtefactRunner(
        code=f"qti-{edition.version}",
        version="1",
        title=f"QTI {edition.version} items",
        standard="qti",
        standard_version=edition.version,
        role="Authoring",
        suffixes=(".zip", ".xml"),
        checks=checks_of(edition),
        look=partial(_look, edition),
    )


RUNNERS = (_runner(QTI_2_1), _runner(QTI_3_0))
