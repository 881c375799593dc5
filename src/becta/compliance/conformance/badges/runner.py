"""The Open Badges runner: a credential file, judged by our own verifier as of now. Nothing is fetched."""

import re
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

from becta.compliance.conformance.reports import Check, Recorder, Refused, Severity
from becta.compliance.conformance.runner import ArtefactRunner
from becta.compliance.openbadges.reading import LARGEST_PICTURE
from becta.compliance.openbadges.resolving import KeyResolver, StatusResolver
from becta.compliance.openbadges.verdicts import Problem
from becta.compliance.openbadges.verifying import verify
from becta.kernel.clock import now

_QUOTED = re.compile(r": | \(|, not ")
"""Where the verifier's sentences begin to quote."""
_DATED = frozenset({"not_yet_valid", "expired"})
_ERRORS = (
    ("format", "The file is JSON, a compact JWT, or an SVG or PNG with one of them in it", "proof formats, baking"),
    ("context", "The contexts are those of Open Badges 3.0, in their order", "OpenBadgeCredential @context"),
    ("type", "The type names a verifiable credential and a badge", "OpenBadgeCredential type"),
    ("schema", "The credential follows the schema", "Credential Verification, schema"),
    ("issuer", "The issuer is a Profile with an id", "OpenBadgeCredential issuer"),
    ("subject", "The subject has an id or an identifier", "AchievementSubject"),
    ("proof", "A proof holds, by a key of the issuer", "Credential Verification, proof"),
    ("status", "The credential is neither revoked nor suspended", "Credential Verification, status"),
    ("not_yet_valid", "The credential is valid already", "Credential Verification, validFrom"),
    ("expired", "The credential has not expired", "Credential Verification, validUntil"),
    ("endorsement", "Endorsements that it carries hold too", "Endorsement Verification"),
)
_WARNINGS = (
    ("context", "Every name is defined by a context"),
    ("schema", "The credential has a name, and its schemas were looked at"),
    ("proof", "The key is shown to be the issuer's, and every proof could be checked"),
    ("refresh", "The credential is the newest that its issuer has"),
    ("status", "The status could be checked offline"),
    ("endorsement", "Endorsements could be checked offline"),
)
"""What the verifier notes without judging the credential by it."""

CHECKS = tuple(
    Check(id=check, title=title, clause=f"Open Badges 3.0, {clause}") for check, title, clause in _ERRORS
) + tuple(
    Check(
        id=f"{check}-warning",
        title=title,
        clause=f"Open Badges 3.0, Credential Verification, {check}",
        severity=Severity.WARNING,
    )
    for check, title in _WARNINGS
)
"""The verifier's checks, but for the recipient, whom a test of an issuer does not know.

Clauses name classes and steps of the specification; its section numbers were not verified.
"""


def badge_runner(
    *,
    resolver: KeyResolver | None = None,
    statuses: StatusResolver | None = None,
    clock: Callable[[], datetime] = now,
) -> ArtefactRunner:
    """The runner, with the keys and status lists at hand, if any; `clock` gives the instant to judge as of."""
    return ArtefactRunner(
        code="openbadges-3.0",
        version="1",
        title="Open Badges 3.0 credential",
        standard="open-badges",
        standard_version="3.0",
        role="Issuer",
        suffixes=(".json", ".jwt", ".svg", ".png"),
        checks=CHECKS,
        look=partial(_look, resolver, statuses, clock),
    )


def _look(
    resolver: KeyResolver | None,
    statuses: StatusResolver | None,
    clock: Callable[[], datetime],
    artefact: Path,
    recorder: Recorder,
) -> None:
    with artefact.open("rb") as stream:
        document = stream.read(LARGEST_PICTURE + 1)
    if len(document) > LARGEST_PICTURE:
        raise Refused(f"{artefact.name} is larger than {LARGEST_PICTURE:,} bytes")
    verdict = verify(document, at=clock(), resolver=resolver, statuses=statuses)
    for problem in verdict.problems:
        message, value = _parted(problem)
        recorder.find(problem.check, message, file=artefact.name, value=value)
    for warning in verdict.warnings:
        message, value = _parted(warning)
        recorder.find(f"{warning.check}-warning", message, file=artefact.name, value=value)
    facts = {"form": verdict.form, "issuer": verdict.issuer_id, "achievement": verdict.achievement}
    recorder.facts.update({name: fact for name, fact in facts.items() if fact})


def _parted(problem: Problem) -> tuple[str, str | None]:
    """What the verifier says, and what it quotes of the credential, which may be about a person."""
    if problem.check in _DATED:
        return problem.message, None
    parts = _QUOTED.split(problem.message, maxsplit=1)
    return (f"{parts[0]} …", parts[1]) if len(parts) > 1 else (problem.message, None)


RUNNERS = (badge_runner(),)
