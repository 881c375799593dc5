"""The xAPI runners: statements in JSON or JSON Lines."""

from functools import partial
from pathlib import Path

from becta.compliance.conformance.documents import JSON_LIMITS, Malformed, parse_json, read_document
from becta.compliance.conformance.reports import Recorder, Refused
from becta.compliance.conformance.runner import ArtefactRunner
from becta.compliance.conformance.xapi.checks import XAPI_1, XAPI_2, Edition, checks_of
from becta.compliance.conformance.xapi.rules import StatementRules

_LINES = frozenset({".jsonl", ".ndjson"})
LARGEST_LINES = 100_000_000
"""Bytes of a file of JSON Lines, which is read line by line; a whole JSON document may have JSON_LIMITS.bytes."""
LONGEST_LINE = 1_000_000


def _look(edition: Edition, artefact: Path, recorder: Recorder) -> None:
    rules = StatementRules(edition, recorder, artefact.name)
    read = _read_lines if artefact.suffix.lower() in _LINES else _read_document
    count = read(artefact, rules, recorder)
    recorder.facts["statements"] = count
    if not count and not recorder.found("json"):
        recorder.find("no-statement", "holds no statement", file=artefact.name)


def _read_document(artefact: Path, rules: StatementRules, recorder: Recorder) -> int:
    try:
        document = parse_json(read_document(artefact, JSON_LIMITS), artefact.name)
    except Malformed as malformed:
        recorder.find("json", malformed.message, file=artefact.name, line=malformed.line)
        return 0
    at, statements = _statements(document)
    if statements is None:
        rules.statement(document, "")
        return 1
    for index, statement in enumerate(statements):
        rules.statement(statement, f"{at}/{index}")
    return len(statements)


def _statements(document: object) -> tuple[str, list[object] | None]:
    """The statements of an array, or of a StatementResult as a store answers with, and the pointer to them."""
    if isinstance(document, dict) and document.keys() <= {"statements", "more"}:
        held = document.get("statements")
        return "/statements", held if isinstance(held, list) else None
    return "", document if isinstance(document, list) else None


def _read_lines(artefact: Path, rules: StatementRules, recorder: Recorder) -> int:
    if artefact.stat().st_size > LARGEST_LINES:
        raise Refused(f"{artefact.name} is larger than {LARGEST_LINES:,} bytes")
    count = 0
    with artefact.open("rb") as stream:
        for number in range(1, LARGEST_LINES):
            line = stream.readline(LONGEST_LINE + 1)
            if not line:
                break
            if len(line) > LONGEST_LINE:
                raise Refused(f"line {number} of {artefact.name} is longer than {LONGEST_LINE:,} bytes")
            if not line.strip():
                continue
            count += 1
            try:
                rules.statement(parse_json(line, artefact.name), "", number)
            except Malformed as malformed:
                recorder.find("json", malformed.message, file=artefact.name, line=number)
    return count


def _runner(edition: Edition) -> ArtefactRunner:
    return ArtefactRunner(
        code=f"xapi-{edition.name}",
        version="1",
        title=f"xAPI {edition.name} statements",
        standard="xapi",
        standard_version=edition.name,
        role="Provider",
        suffixes=(".json", ".jsonl", ".ndjson"),
        checks=checks_of(edition),
        look=partial(_look, edition),
    )


RUNNERS = (_runner(XAPI_1), _runner(XAPI_2))
