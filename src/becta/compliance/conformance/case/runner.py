"""The CASE runners: a CFPackage as JSON."""

from functools import partial
from pathlib import Path

from becta.compliance.conformance.case.references import judge_references
from becta.compliance.conformance.case.rules import PackageShape, members
from becta.compliance.conformance.case.tables import checks_of
from becta.compliance.conformance.documents import JSON_LIMITS, Malformed, parse_json, read_document
from becta.compliance.conformance.reports import Recorder
from becta.compliance.conformance.runner import ArtefactRunner


def _look(version: str, artefact: Path, recorder: Recorder) -> None:
    try:
        package = parse_json(read_document(artefact, JSON_LIMITS), artefact.name)
    except Malformed as malformed:
        recorder.find("json", malformed.message, file=artefact.name, line=malformed.line)
        return

    def find(check: str, message: str, at: str, value: object = None) -> None:
        shown = value if isinstance(value, str | int | float) else None
        recorder.find(check, message, file=artefact.name, field=at or "/", value=shown)

    shape = PackageShape(version, find)
    shape.shaped("package", package, "")
    if isinstance(package, dict):
        judge_references(package, shape.links, find)
        for fact, name in (("items", "CFItems"), ("associations", "CFAssociations")):
            recorder.facts[fact] = sum(1 for _ in members(package, name))


def _runner(version: str) -> ArtefactRunner:
    return ArtefactRunner(
        code=f"case-{version}",
        version="1",
        title=f"CASE {version} package",
        standard="case",
        standard_version=version,
        role="Provider",
        suffixes=(".json",),
        checks=checks_of(version),
        look=partial(_look, version),
    )


RUNNERS = (_runner("1.0"), _runner("1.1"))
