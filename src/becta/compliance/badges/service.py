"""A supplier's use cases of badge claims: claim, add evidence, mend and send again."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlmodel import Session, func, select

from becta.compliance.badges.holders import locked_claim, owner_of, owner_of_claim, touch_holder
from becta.compliance.badges.models import BadgeClaimRow
from becta.compliance.badges.rules import (
    IN_WORDS,
    OPEN_TO_SUPPLIER,
    BadgeClaim,
    ClaimState,
    Level,
    check_transition,
    claim_faults,
)
from becta.compliance.conformance.models import ConformanceRun, RunState
from becta.compliance.conformance.reports import Outcome
from becta.compliance.evidence.models import Evidence
from becta.compliance.evidence.rules import MOST_PIECES, NewEvidence, evidence_faults, file_faults
from becta.compliance.standards.entries import EvidenceKind
from becta.compliance.standards.registry import Holder, standards
from becta.kernel.actor import Actor, Scope
from becta.kernel.clock import london_date
from becta.kernel.errors import Conflict, Fault, Invalid, refuse_if_any
from becta.kernel.events import record
from becta.kernel.ids import new_id


class StoredFile(Struct, frozen=True, kw_only=True):
    """A file that lies in the file store: its name, its SHA-256, its bytes and the type its content shows."""

    name: str
    sha256: str
    size: int
    media_type: str | None


def claim_badge(
    session: Session,
    actor: Actor,
    *,
    holder: Holder,
    holder_id: UUID,
    claim: BadgeClaim,
    run_id: UUID | None = None,
    now: datetime,
) -> BadgeClaimRow:
    """Claim a badge for a supplier or a product; nobody else sees it until it is accepted.

    That we tested it a supplier may say of a conformance run that passed, on the day of that run.
    Raises Invalid, Forbidden, NotFound.
    """
    owner = owner_of(session, holder, holder_id)
    actor.require(Scope.BADGES_CLAIM, of=owner)
    if claim.level is Level.TESTED_BY_US and run_id is None:
        actor.require(Scope.BADGES_DECIDE)  # only we can say what we tested
    refuse_if_any(claim_faults(claim, holder))
    if run_id is not None:
        refuse_if_any(_run_faults(session.get(ConformanceRun, run_id), holder_id, claim))
    said = {name: getattr(claim, name) for name in BadgeClaim.__struct_fields__}
    row = BadgeClaimRow(
        id=new_id(),
        supplier_id=holder_id if holder is Holder.SUPPLIER else None,
        product_id=holder_id if holder is Holder.PRODUCT else None,
        state=ClaimState.CLAIMED,
        reasons=[],
        created_at=now,
        **said,
    )
    session.add(row)
    session.flush()
    after: dict[str, Any] = msgspec.to_builtins(said)
    record(session, actor, "badge.claimed", "badge_claim", row.id, now=now, after=after)
    if run_id is not None:
        _add(session, actor, row, NewEvidence(kind=EvidenceKind.CONFORMANCE_RUN, run_id=run_id), now=now)
    touch_holder(session, row, now=now)
    return row


def add_evidence(session: Session, actor: Actor, claim_id: UUID, given: NewEvidence, *, now: datetime) -> Evidence:
    """Add a piece of evidence to a claim that is still the supplier's to mend.

    Raises Invalid, Forbidden, NotFound, or Conflict while or after it is checked.
    """
    row = _open_claim(session, actor, claim_id)
    refuse_if_any(evidence_faults(given))
    if given.run_id is not None:
        run = session.get(ConformanceRun, given.run_id)
        if run is None or run.product_id != row.product_id:
            mend = "give a run of this very product, from /products/{id}/conformance-runs"
            raise Invalid([Fault(field="run_id", problem="is no run of this product", mend=mend)])
    return _add(session, actor, row, given, now=now)


def add_file(
    session: Session, actor: Actor, claim_id: UUID, file: StoredFile, *, note: str = "", now: datetime
) -> Evidence:
    """Add a file as evidence; it lies in the file store already.

    Raises Invalid, Forbidden, NotFound, or Conflict while or after the claim is checked.
    """
    row = _open_claim(session, actor, claim_id)
    described = NewEvidence(kind=EvidenceKind.STATEMENT, note=note or file.name)
    refuse_if_any([*file_faults(file.name, file.media_type, file.size), *evidence_faults(described)])
    return _add(session, actor, row, msgspec.structs.replace(described, kind=EvidenceKind.FILE), file, now=now)


def mend_claim(
    session: Session, actor: Actor, claim_id: UUID, claim: BadgeClaim, *, revision: int | None, now: datetime
) -> BadgeClaimRow:
    """Correct a claim that was returned and send it again.

    Raises Invalid, also when it names another standard, Forbidden, NotFound, Stale, or Conflict if it was not returned.
    """
    row = locked_claim(session, claim_id, revision)
    actor.require(Scope.BADGES_CLAIM, of=owner_of_claim(session, row))
    check_transition(row.state, ClaimState.CLAIMED)
    if row.state is not ClaimState.RETURNED:
        raise Conflict(f"the claim {IN_WORDS[row.state]}, so there is nothing to mend")
    faults = claim_faults(claim, row.holder)
    if (claim.standard, claim.level) != (row.standard, row.level):
        mend = "make a new claim for another standard or level"
        faults.append(Fault(field="standard", problem="or level is not that of the claim", mend=mend))
    if row.level is Level.TESTED_BY_US:  # what was tested is said by the run, and does not change
        mend = "make a new claim with another run"
        faults += [
            Fault(field=name, problem="is not what was tested", mend=mend)
            for name in ("standard_version", "role", "issued_on")
            if getattr(claim, name) != getattr(row, name)
        ]
    refuse_if_any(faults)
    said = {name: getattr(claim, name) for name in BadgeClaim.__struct_fields__}
    before = {name: held for name, held in row.model_dump(include=set(said)).items() if held != said[name]}
    for name, value in said.items():
        setattr(row, name, value)
    session.flush()  # while it is still returned: in any other state the database lets nobody edit it
    row.state = ClaimState.CLAIMED
    row.reasons = []
    row.revision += 1
    changed = {name: said[name] for name in before}
    record(session, actor, "badge.mended", "badge_claim", row.id, now=now, before=before, after=changed)
    touch_holder(session, row, now=now)
    return row


def _open_claim(session: Session, actor: Actor, claim_id: UUID) -> BadgeClaimRow:
    row = locked_claim(session, claim_id, None)
    actor.require(Scope.BADGES_CLAIM, of=owner_of_claim(session, row))
    if row.state not in OPEN_TO_SUPPLIER:
        raise Conflict(f"the claim {IN_WORDS[row.state]}, so no evidence can be added")
    return row


def _add(
    session: Session,
    actor: Actor,
    row: BadgeClaimRow,
    given: NewEvidence,
    file: StoredFile | None = None,
    *,
    now: datetime,
) -> Evidence:
    held = session.exec(select(func.count()).where(Evidence.claim_id == row.id)).one()
    if held >= MOST_PIECES:
        raise Conflict(f"the claim has {held} pieces of evidence, as many as it may have; make a new claim")
    made = Evidence(
        id=new_id(),
        claim_id=row.id,
        added_at=now,
        file_name=file.name if file else None,
        file_sha256=file.sha256 if file else None,
        file_bytes=file.size if file else None,
        media_type=file.media_type if file else None,
        **msgspec.structs.asdict(given),
    )
    session.add(made)
    row.revision += 1
    session.flush()
    after = {"evidence": str(made.id), "kind": made.kind.value, "sha256": made.file_sha256}
    record(session, actor, "badge.evidence_added", "badge_claim", row.id, now=now, after=after)
    return made


def _run_faults(run: ConformanceRun | None, product_id: UUID, claim: BadgeClaim) -> list[Fault]:
    """Why a run does not show that we tested what is claimed."""
    field = "conformance_run_id"
    if run is None or run.product_id != product_id:
        mend = "give a run of this very product, from /products/{id}/conformance-runs"
        return [Fault(field=field, problem="is no run of this product", mend=mend)]
    if run.state is not RunState.DONE or run.outcome is not Outcome.PASSED:
        told = run.outcome or run.state
        return [Fault(field=field, problem="has not passed", mend="mend what it found and run it again", value=told)]
    if run.runner not in standards()[claim.standard].runners or (run.standard, run.standard_version) != (
        claim.standard,
        claim.standard_version,
    ):
        mend = f"give a run that tests {claim.standard} {claim.standard_version}"
        return [Fault(field=field, problem="tests another standard or version", mend=mend, value=run.runner)]
    faults = []
    if run.role and run.role != claim.role:
        mend = f"claim the role that was tested, {run.role}"
        faults.append(Fault(field="role", problem="is not the role that was tested", mend=mend, value=claim.role))
    assert run.done_at is not None  # it is done
    if claim.issued_on != london_date(run.done_at):
        mend = f"give the day of the run, {london_date(run.done_at)}"
        problem = "is not the day of the run"
        faults.append(Fault(field="issued_on", problem=problem, mend=mend, value=str(claim.issued_on)))
    return faults
