"""Use cases of conformance runs: ask for one, and keep what came out."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlmodel import Session, select

from becta.catalogue.products.models import Product
from becta.catalogue.text_rules import text_faults
from becta.compliance.badges.models import BadgeClaimRow
from becta.compliance.conformance.models import ConformanceRun, RunState
from becta.compliance.conformance.reports import Report
from becta.compliance.conformance.runner import ArtefactRunner, EndpointRunner
from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import Conflict, Fault, Invalid, NotFound, refuse_if_any
from becta.kernel.events import announce, record
from becta.kernel.ids import new_id
from becta.kernel.trail import canonical

TOPIC = "conformance_run"
"""What the outbox calls a run to be done."""
MOST_WAITING = 5
"""Runs of one product that may wait at once."""
LONGEST_SETTING = 2_000


class Artefact(Struct, frozen=True, kw_only=True):
    """A file to test, which lies in the file store already, under the id of the run to be."""

    run_id: UUID
    name: str
    sha256: str
    size: int


def ask_for_run(
    session: Session,
    actor: Actor,
    product_id: UUID,
    runner: ArtefactRunner | EndpointRunner,
    *,
    product_version: str,
    artefact: Artefact | None = None,
    settings: Mapping[str, str] | None = None,
    sealed: bytes | None = None,
    recheck_of: UUID | None = None,
    now: datetime,
) -> ConformanceRun:
    """Ask for a run; it is done from the outbox, and everybody can read the result.

    `settings` are those of an endpoint that are no secret, `sealed` the others, encrypted. A run that checks a badge
    again, `recheck_of`, only a verifier asks for. Raises Invalid, Forbidden, NotFound, or Conflict if too many wait.
    """
    check_may_ask(session, actor, product_id, runner, product_version=product_version, recheck_of=recheck_of)
    made = ConformanceRun(
        id=artefact.run_id if artefact else new_id(),
        product_id=product_id,
        recheck_of=recheck_of,
        runner=runner.code,
        runner_version=runner.version,
        standard=runner.standard,
        standard_version=runner.standard_version,
        role=runner.role,
        state=RunState.WAITING,
        product_version=product_version.strip(),
        file_name=artefact.name if artefact else None,
        file_sha256=artefact.sha256 if artefact else None,
        file_bytes=artefact.size if artefact else None,
        settings=dict(settings or {}),
        sealed=sealed,
        asked_at=now,
    )
    session.add(made)
    session.flush()
    after = {"runner": made.runner, "product": str(product_id), "sha256": made.file_sha256}
    record(session, actor, "conformance_run.asked", "conformance_run", made.id, now=now, after=after)
    announce(session, TOPIC, made.id, now=now)
    return made


def check_may_ask(
    session: Session,
    actor: Actor,
    product_id: UUID,
    runner: ArtefactRunner | EndpointRunner,
    *,
    product_version: str,
    recheck_of: UUID | None,
) -> None:
    """Raise unless the actor may have this product tested now, or this badge of it checked again by this runner.

    Asked once before a file is kept and again with the run. Raises Forbidden, NotFound, Conflict if too many runs wait,
    or Invalid for the version, or for a runner that tests something else than the badge says.
    """
    product = session.get(Product, product_id)
    if product is None:
        raise NotFound("product", product_id)
    if recheck_of is None:
        actor.require(Scope.BADGES_CLAIM, of=product.supplier_id)
    else:
        _check_recheck(session, actor, product_id, runner, recheck_of)
    refuse_if_any(text_faults("product_version", product_version, at_least=1, at_most=80))
    waiting = session.exec(
        select(ConformanceRun.id).where(
            ConformanceRun.product_id == product_id, ConformanceRun.state == RunState.WAITING
        )
    ).all()
    if len(waiting) >= MOST_WAITING:
        raise Conflict(f"{len(waiting)} runs of this product wait already; ask again when they are done")


def _check_recheck(
    session: Session, actor: Actor, product_id: UUID, runner: ArtefactRunner | EndpointRunner, recheck_of: UUID
) -> None:
    actor.require(Scope.BADGES_DECIDE)
    claim = session.get(BadgeClaimRow, recheck_of)
    if claim is None or claim.product_id != product_id:
        raise NotFound("badge of this product", recheck_of)
    tested, claimed = (runner.standard, runner.standard_version), (claim.standard, claim.standard_version)
    if tested != claimed or runner.role not in {"", claim.role}:
        mend = f"choose a runner that tests {claim.standard} {claim.standard_version} {claim.role}".rstrip()
        problem = "tests something else than that badge"
        raise Invalid([Fault(field="runner", problem=problem, mend=mend, value=runner.code)])


def artefact_faults(runner: ArtefactRunner, name: str) -> list[Fault]:
    """What is wrong with the name of a file for a runner."""
    faults = text_faults("file", name, at_least=1, at_most=200)
    if "/" in name or "\\" in name:
        faults.append(Fault(field="file", problem="has a name that is a path", mend="send its last part", value=name))
    if any(ord(letter) < 32 for letter in name):
        faults.append(Fault(field="file", problem="has a name of several lines", mend="give it a plain name"))
    if not name.lower().endswith(runner.suffixes):
        mend = f"send a file that ends in {' or '.join(runner.suffixes)}"
        faults.append(Fault(field="file", problem=f"is none that {runner.code} takes", mend=mend, value=name[:80]))
    return faults


def setting_faults(runner: EndpointRunner, given: Mapping[str, str]) -> list[Fault]:
    """What is wrong with the settings for an endpoint: missing, unknown or too long ones."""
    faults = []
    for name, meaning in runner.settings.items():
        if name not in runner.optional and not given.get(name, "").strip():
            faults.append(Fault(field=f"settings.{name}", problem="is missing", mend=f"give it: {meaning}"))
    for name, value in given.items():
        if name not in runner.settings:
            mend = f"give only {', '.join(runner.settings)}"
            faults.append(Fault(field=f"settings.{name[:40]}", problem="is not a setting of this runner", mend=mend))
        elif name not in runner.secret and _looks_private(value):
            mend = "send the public key only, and replace this one: treat it as known to others"
            faults.append(Fault(field=f"settings.{name}", problem="holds a private key", mend=mend))
        else:
            faults += text_faults(f"settings.{name}", value, at_most=LONGEST_SETTING)
    return faults


def _looks_private(value: str) -> bool:
    return "PRIVATE KEY" in value or '"d"' in value


def finish_run(session: Session, actor: Actor, run_id: UUID, report: Report, *, now: datetime) -> ConformanceRun | None:
    """Keep what came out of a run; None if it was done before."""
    run = _waiting(session, run_id)
    if run is None:
        return None
    told = msgspec.to_builtins(report)
    run.report = told
    run.report_sha256 = sha256(canonical(told)).hexdigest()
    run.outcome, run.errors, run.warnings = report.outcome, report.errors, report.warnings
    run.sealed, run.done_at = None, now
    run.state = RunState.DONE
    session.flush()
    after = {"outcome": report.outcome.value, "errors": report.errors, "report_sha256": run.report_sha256}
    record(session, actor, "conformance_run.done", "conformance_run", run.id, now=now, after=after)
    return run


def give_run_up(session: Session, actor: Actor, run_id: UUID, *, now: datetime) -> None:
    """Say that a run broke down on our side, so that nobody waits for it."""
    run = _waiting(session, run_id)
    if run is None:
        return
    run.state, run.sealed, run.done_at = RunState.GIVEN_UP, None, now
    session.flush()
    record(session, actor, "conformance_run.given_up", "conformance_run", run.id, now=now)


def _waiting(session: Session, run_id: UUID) -> ConformanceRun | None:
    run = session.exec(select(ConformanceRun).where(ConformanceRun.id == run_id).with_for_update()).first()
    return run if run is not None and run.state is RunState.WAITING else None


def is_awaited(session: Session, run_id: UUID) -> bool:
    """Whether a run still waits, and so needs its file."""
    run = session.get(ConformanceRun, run_id)
    return run is not None and run.state is RunState.WAITING
