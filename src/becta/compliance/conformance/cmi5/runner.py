"""The cmi5 runner: a course structure alone, or a zip with one at its root."""

from pathlib import Path

from becta.compliance.conformance.cmi5.course import CHECKS, XML_NAME, CourseRules
from becta.compliance.conformance.documents import XML_LIMITS, Malformed, parse_xml, read_document
from becta.compliance.conformance.packages import open_package
from becta.compliance.conformance.reports import Recorder
from becta.compliance.conformance.runner import ArtefactRunner
from becta.compliance.conformance.scorm.manifest import finder


def _look(artefact: Path, recorder: Recorder) -> None:
    if artefact.suffix.lower() != ".zip":
        if artefact.name != XML_NAME:
            recorder.find("file-name", "is not named cmi5.xml", file=artefact.name)
        _judge(read_document(artefact, XML_LIMITS), artefact.name, None, recorder)
        return
    with open_package(artefact) as package:
        recorder.facts["files"] = len(package.names)
        if XML_NAME not in package.names:
            recorder.find("structure-file", "has no cmi5.xml at its root", file=artefact.name)
            return
        data = package.read(XML_NAME, at_most=XML_LIMITS.bytes)
        _judge(data, XML_NAME, frozenset(package.names), recorder)


def _judge(data: bytes, name: str, files: frozenset[str] | None, recorder: Recorder) -> None:
    try:
        root = parse_xml(data, name)
    except Malformed as malformed:
        recorder.find("xml", malformed.message, file=name, line=malformed.line)
        return
    rules = CourseRules(files, finder(recorder, name))
    rules.judge(root)
    recorder.facts["units"] = rules.units


RUNNERS = (
    ArtefactRunner(
        code="cmi5-1.0",
        version="1",
        title="cmi5 course structure",
        standard="cmi5",
        standard_version="1.0",
        suffixes=(".xml", ".zip"),
        checks=CHECKS,
        look=_look,
    ),
)
