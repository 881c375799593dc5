"""What a runner tells: each check with its clause, each finding with its place, and the outcome. No I/O."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Struct

KEPT_PER_CHECK = 100
"""Findings of one check that are kept whole; all are counted."""
LONGEST_VALUE = 200
LONGEST_FIELD = 200
"""Characters of a field, a file's name and a fact."""
LONGEST_MESSAGE = 500
"""Characters of a message, what mends it, and a refusal."""
_SURROGATE = re.compile("[\ud800-\udfff]")


class Severity(StrEnum):
    """How much a finding matters: an error breaks the specification, a warning its advice; a note only tells."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Outcome(StrEnum):
    """How a run ended. Refused: the input broke a limit of ours, so that nothing was judged."""

    PASSED = "passed"
    FAILED = "failed"
    REFUSED = "refused"


class Check(Struct, frozen=True, kw_only=True):
    """One thing a runner looks at, and the clause of the specification that asks for it."""

    id: str
    title: str
    clause: str
    severity: Severity = Severity.ERROR


class Finding(Struct, frozen=True, kw_only=True):
    """One place where a check found something; `line` counts from 1, None where a file has no lines."""

    check: str
    severity: Severity
    clause: str
    message: str
    mend: str = ""
    file: str = ""
    line: int | None = None
    field: str = ""
    value: str | None = None


class CheckResult(Struct, frozen=True, kw_only=True):
    """A check and how often it found something."""

    id: str
    title: str
    clause: str
    severity: Severity
    found: int


class Report(Struct, frozen=True, kw_only=True):
    """The whole result of a run. `findings` holds at most KEPT_PER_CHECK of each check; the counts are of all.

    `refusal` says which limit the input broke. `facts` is what was seen, such as rows read.
    """

    runner: str
    runner_version: str
    outcome: Outcome
    errors: int
    warnings: int
    notes: int
    checks: tuple[CheckResult, ...]
    findings: tuple[Finding, ...]
    facts: dict[str, int | str] = {}
    refusal: str | None = None


class Refused(Exception):
    """The input breaks a limit: too large, too deep, a forbidden address, no answer in time. Says which."""


def storable(text: str, at_most: int) -> str:
    """A stranger's text as PostgreSQL's JSONB takes it: NUL shown as ␀, lone surrogates as U+FFFD, cut to a length."""
    whole = _SURROGATE.sub("\ufffd", text[: at_most + 1].replace("\0", "␀"))
    return whole if len(whole) <= at_most else f"{whole[: at_most - 1]}…"


class Recorder:
    """Gathers what the checks of one run find; every text is made storable."""

    def __init__(self, checks: Iterable[Check]) -> None:
        """Record for these checks; their ids must differ."""
        self._checks: Mapping[str, Check] = {check.id: check for check in checks}
        self._found: Counter[str] = Counter()
        self._kept: list[Finding] = []
        self.facts: dict[str, int | str] = {}

    def find(
        self,
        check: str,
        message: str,
        *,
        mend: str = "",
        file: str = "",
        line: int | None = None,
        field: str = "",
        value: object = None,
    ) -> None:
        """Note a finding; raises KeyError for a check that the runner did not declare.

        Reports are public but for `value`: what the input holds goes there, into the other texts only its names.
        """
        asked = self._checks[check]
        self._found[check] += 1
        if self._found[check] > KEPT_PER_CHECK:
            return
        self._kept.append(
            Finding(
                check=check,
                severity=asked.severity,
                clause=asked.clause,
                message=storable(message, LONGEST_MESSAGE),
                mend=storable(mend, LONGEST_MESSAGE),
                file=storable(file, LONGEST_FIELD),
                line=line,
                field=storable(field, LONGEST_FIELD),
                value=None if value is None else storable(str(value), LONGEST_VALUE),
            )
        )

    def found(self, check: str) -> int:
        """How often a check found something so far."""
        return self._found[check]

    def report(self, *, runner: str, version: str, refusal: str | None = None) -> Report:
        """What came out: passed without errors, else failed; refused if a limit was broken."""
        counts = {
            severity: sum(self._found[check.id] for check in self._checks.values() if check.severity is severity)
            for severity in Severity
        }
        outcome = Outcome.FAILED if counts[Severity.ERROR] else Outcome.PASSED
        return Report(
            runner=runner,
            runner_version=version,
            outcome=Outcome.REFUSED if refusal is not None else outcome,
            errors=counts[Severity.ERROR],
            warnings=counts[Severity.WARNING],
            notes=counts[Severity.NOTE],
            checks=tuple(
                CheckResult(
                    id=check.id,
                    title=check.title,
                    clause=check.clause,
                    severity=check.severity,
                    found=self._found[check.id],
                )
                for check in self._checks.values()
            ),
            findings=tuple(self._kept),
            facts={
                storable(name, LONGEST_FIELD): storable(fact, LONGEST_FIELD) if isinstance(fact, str) else fact
                for name, fact in self.facts.items()
            },
            refusal=None if refusal is None else storable(refusal, LONGEST_MESSAGE),
        )
