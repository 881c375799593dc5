"""What must hold of the registry's data, looked at once when it is read."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from becta.compliance.standards.entries import (
    Certainty,
    Criterion,
    Edition,
    EvidenceKind,
    Holder,
    Operator,
    Requirement,
    Standard,
)

_ORDER = {Certainty.GENERAL: 0, Certainty.SECONDARY: 1, Certainty.VERIFIED: 2}
_NUMERIC = frozenset({Operator.AT_LEAST, Operator.AT_MOST})
_LISTED = frozenset({Operator.ONE_OF, Operator.NONE_OF, Operator.INCLUDES_ALL})


class FaultyRegistry(ValueError):
    """The registry's data breaks its rules; the message names every place."""


def check(standards: Sequence[Standard]) -> None:
    """Raise FaultyRegistry, naming everything that is wrong, unless the data keeps its rules."""
    faults = list(faults_of(standards))
    if faults:
        raise FaultyRegistry("the registry of standards is faulty:\n" + "\n".join(faults))


def faults_of(standards: Sequence[Standard]) -> Iterator[str]:
    """Everything wrong, one sentence each, named by the standard's code and the statement's id."""
    yield from (f"{code}: two standards have this code" for code in _twice(each.code for each in standards))
    ids = [r.id for each in standards for r in each.requirements] + [c.id for each in standards for c in each.criteria]
    yield from (f"{each}: two statements have this id" for each in _twice(ids))
    codes = {each.code for each in standards}
    for standard in standards:
        for fault in (
            *_of_standard(standard, codes),
            *_of_editions(standard),
            *_of_statements(standard),
            *_of_criteria(standard),
        ):
            yield f"{standard.code}: {fault}"
    units: dict[str, str] = {}
    for criterion in (c for each in standards for c in each.criteria):
        if units.setdefault(criterion.metric, criterion.unit) != criterion.unit:
            yield f"{criterion.id}: {criterion.metric} is measured in {units[criterion.metric]} elsewhere"


def _of_standard(standard: Standard, codes: set[str]) -> Iterator[str]:
    for field in ("name", "publisher", "summary", "scope_rule", "renewal", "decided_by"):
        if not getattr(standard, field).strip():
            yield f"{field} is empty"
    if standard.four_eyes is not bool(standard.four_eyes_why):
        yield "four_eyes and four_eyes_why must come together"
    if (EvidenceKind.CONFORMANCE_RUN in standard.evidence_wanted) is not bool(standard.runners):
        yield "a conformance run is wanted exactly where a runner can prove it"
    if bool(standard.evidence_wanted) is (standard.holder is Holder.SCHOOL):
        yield "evidence is wanted exactly where a badge can be claimed"
    yield from (f"needs {code}, which is not in the registry" for code in standard.needs if code not in codes)
    yield from (f"two sources have the id {each}" for each in _twice(source.id for source in standard.sources))
    for source in standard.sources:
        if bool(source.url) is (source.certainty is Certainty.GENERAL):
            yield f"source {source.id} needs an address, unless it is general knowledge"
    if standard.certificate_pattern is not None:
        try:
            re.compile(standard.certificate_pattern)
        except re.error as error:
            yield f"certificate_pattern does not compile: {error}"


def _of_editions(standard: Standard) -> Iterator[str]:
    named = [edition.version for edition in standard.editions]
    yield from (f"two editions are called {each}" for each in _twice(named))
    yield from (f"version {each} has no edition" for each in standard.versions if each not in named)
    for edition in standard.editions:
        yield from (f"edition {edition.version} {fault}" for fault in _of_days(edition))
        end, transition = edition.effective_to, edition.transition_end
        if transition is not None and (end is None or transition < end):
            yield f"edition {edition.version} has a transition that does not follow its end"
    if not standard.exclusive_editions:
        return
    for before, after in zip(standard.editions, standard.editions[1:], strict=False):
        if before.effective_to is None or after.effective_from is None or before.effective_to > after.effective_from:
            yield f"editions {before.version} and {after.version} overlap or are out of order"


def _of_statements(standard: Standard) -> Iterator[str]:
    known = {source.id: source for source in standard.sources}
    used = set()
    named: list[tuple[str, Edition | Requirement | Criterion]] = [(e.version, e) for e in standard.editions]
    named += [(r.id, r) for r in standard.requirements]
    named += [(c.id, c) for c in standard.criteria]
    for name, statement in named:
        used.add(statement.source)
        if statement.source not in known:
            yield f"{name} has the source {statement.source!r}, which is not listed"
        elif _ORDER[statement.certainty] > _ORDER[known[statement.source].certainty]:
            yield f"{name} is called {statement.certainty}, its source is {known[statement.source].certainty}"
    yield from (f"source {each} is listed but not used" for each in known if each not in used)
    for requirement in standard.requirements:
        yield from (f"{requirement.id} {fault}" for fault in _of_days(requirement))
        if not requirement.text.strip():
            yield f"{requirement.id} has no text"


def _of_criteria(standard: Standard) -> Iterator[str]:
    requirements = {requirement.id for requirement in standard.requirements}
    for criterion in standard.criteria:
        yield from (f"{criterion.id} {fault}" for fault in _of_days(criterion))
        if not criterion.ours:
            yield f"{criterion.id} must be marked as ours"
        if criterion.requirement not in requirements:
            yield f"{criterion.id} reads {criterion.requirement!r}, which is not a requirement"
        value = criterion.value
        is_number = isinstance(value, int) and not isinstance(value, bool)
        if is_number is not (criterion.operator in _NUMERIC) and criterion.operator is not Operator.EQUALS:
            yield f"{criterion.id} cannot hold {value!r} by {criterion.operator}"
        elif (isinstance(value, tuple) and bool(value)) is not (criterion.operator in _LISTED):
            yield f"{criterion.id} needs a list of values exactly where it compares with several"


def _of_days(statement: Edition | Requirement | Criterion) -> Iterator[str]:
    start, end = statement.effective_from, statement.effective_to
    if start is not None and end is not None and end <= start:
        yield f"ends on {end}, before it begins on {start}"


def _twice(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]
