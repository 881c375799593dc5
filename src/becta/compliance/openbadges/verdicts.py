"""What verifying a credential tells: each problem and warning under the name of its check. No I/O."""

from datetime import datetime

from msgspec import Struct

CHECKS = (
    "format",
    "context",
    "type",
    "schema",
    "issuer",
    "subject",
    "proof",
    "refresh",
    "status",
    "not_yet_valid",
    "expired",
    "recipient",
    "endorsement",
)
"""The names of the checks, in the order of Open Badges 3.0's section on verification. They are stable."""

MOST_KEPT = 50
"""Problems and warnings kept of one credential."""


class Problem(Struct, frozen=True):
    """One thing found wrong, under the check that found it."""

    check: str
    message: str


class Verdict(Struct, frozen=True, kw_only=True):
    """Whether a credential holds, why not, and what it says. `valid` means no problems; warnings do not count.

    `form` is json, jwt, svg or png, empty if unreadable. Facts are only as good as the verdict.
    """

    valid: bool
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    form: str = ""
    credential_id: str | None = None
    issuer_id: str | None = None
    issuer_name: str | None = None
    subject: str | None = None
    achievement: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    proof_type: str | None = None
    key: str | None = None


class Findings:
    """Gathers problems and warnings and puts them in the order of CHECKS."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._warnings: list[Problem] = []
        self.undecided = 0
        """How many problems only say that something could not be checked offline."""

    def problem(self, check: str, message: str, *, undecided: bool = False) -> None:
        """Note what makes the credential invalid; raises ValueError for an unknown check."""
        self._note(self._problems, check, message)
        self.undecided += undecided

    def warn(self, check: str, message: str) -> None:
        """Note what a reader should know but what does not make it invalid."""
        self._note(self._warnings, check, message)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All problems, in the order of CHECKS."""
        return _ordered(self._problems)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """All warnings, in the order of CHECKS."""
        return _ordered(self._warnings)

    @property
    def only_undecided(self) -> bool:
        """Whether every problem, if there is one, is that something could not be checked offline."""
        return self.undecided == len(self._problems)

    def _note(self, kept: list[Problem], check: str, message: str) -> None:
        CHECKS.index(check)
        found = Problem(check, message)
        if found not in kept and len(kept) < MOST_KEPT:
            kept.append(found)


def _ordered(found: list[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(found, key=lambda problem: CHECKS.index(problem.check)))


def shown(value: object, *, at_most: int = 120) -> str:
    """A foreign value as it may stand in a message: short and on one line."""
    text = " ".join(str(value).split())
    return text if len(text) <= at_most else text[: at_most - 1] + "…"
