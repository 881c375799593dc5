"""A verifier's use cases of badge claims: take one to check, let it go, decide, check again later."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, func, select

from becta.catalogue.products.service import reasons_faults
from becta.compliance.badges.holders import locked_claim, touch_holder
from becta.compliance.badges.ledger import enter
from becta.compliance.badges.models import BadgeClaimRow, BadgeHistory
from becta.compliance.badges.rules import DECISIONS, IN_WORDS, ClaimState, check_transition
from becta.compliance.evidence.models import Evidence
from becta.compliance.standards.entries import EvidenceKind
from becta.compliance.standards.registry import standards
from becta.kernel.actor import Actor, Scope
from becta.kernel.clock import london_date
from becta.kernel.errors import Conflict, Fault, Forbidden, Invalid, refuse_if_any
from becta.kernel.events import announce, record
from becta.kernel.ids import new_id

CLAIM_TOPIC = "badge_claim"
"""What the outbox calls a decision on a claim that its supplier must hear of."""
ISSUED_TOPIC = "badge_issued"
"""What the outbox calls a badge to be signed."""
LOST_TOPIC = "badge_lost"
"""What the outbox calls a turn in a badge's life after which it holds no more; the key is the turn's."""

_UNDECIDED = frozenset({ClaimState.CLAIMED, ClaimState.CHECKING})
_BADGES = frozenset({ClaimState.ACCEPTED, ClaimState.SUSPENDED})
_NEED_REASONS = DECISIONS - {ClaimState.ACCEPTED}


def take_claim(session: Session, actor: Actor, claim_id: UUID, *, revision: int | None, now: datetime) -> BadgeClaimRow:
    """Take a claim to check it, so that nobody else does the same work. Raises Conflict if somebody has it."""
    actor.require(Scope.BADGES_DECIDE)
    row = locked_claim(session, claim_id, revision)
    if row.state is ClaimState.CHECKING:
        raise Conflict("somebody is checking this claim already" if row.taken_by != _key(actor) else "you have it")
    _move(session, actor, row, ClaimState.CHECKING, "badge.taken", now=now)
    row.taken_by, row.taken_at = _key(actor), now
    return row


def release_claim(
    session: Session, actor: Actor, claim_id: UUID, *, revision: int | None, now: datetime
) -> BadgeClaimRow:
    """Let a claim go that was taken, also in another's place: whoever took it may be ill."""
    actor.require(Scope.BADGES_DECIDE)
    row = locked_claim(session, claim_id, revision)
    if row.state is not ClaimState.CHECKING:
        raise Conflict(f"the claim {IN_WORDS[row.state]}: nobody has taken it")
    _move(session, actor, row, ClaimState.CLAIMED, "badge.let_go", now=now)
    return row


def decide_claim(
    session: Session,
    actor: Actor,
    claim_id: UUID,
    decision: ClaimState,
    reasons: Sequence[str],
    *,
    revision: int | None,
    now: datetime,
) -> BadgeClaimRow:
    """Accept, return or refuse a claim, or suspend or revoke its badge; all but accepting need reasons.

    Where the standard wants four eyes, the first to accept only checks it, and somebody else accepts it.
    Raises Invalid, Forbidden, NotFound, Stale, or Conflict if it cannot make the move or another verifier has it.
    """
    actor.require(Scope.BADGES_DECIDE)
    if decision not in DECISIONS:
        mend = f"choose one of {', '.join(sorted(DECISIONS))}"
        raise Invalid([Fault(field="decision", problem="is not a decision", mend=mend, value=decision)])
    row = locked_claim(session, claim_id, revision)
    if decision in _NEED_REASONS or reasons:
        refuse_if_any(reasons_faults(reasons))
    check_transition(row.state, decision)
    if row.state is ClaimState.CHECKING and row.taken_by != _key(actor):
        raise Conflict("somebody else is checking this claim; they decide it, or let it go")
    wanted = decision
    if decision is ClaimState.ACCEPTED and standards()[row.standard].four_eyes:
        if actor.person_id is None:
            because = "two people must agree on this badge: use a person's own token"
            raise Forbidden(need=Scope.BADGES_DECIDE, because=because)
        if row.state in _UNDECIDED:
            wanted = ClaimState.CHECKED
        elif row.state is ClaimState.CHECKED and row.checked_by == _key(actor):
            raise Forbidden(need=Scope.BADGES_DECIDE, because="you accepted this claim; a second person must too")
    if decision is ClaimState.ACCEPTED:
        _check_evidence_lasts(session, row, now=now)
    _turn(session, actor, row, wanted, reasons, now=now)
    return row


def _check_evidence_lasts(session: Session, row: BadgeClaimRow, *, now: datetime) -> None:
    """Raise Conflict if a certificate among the evidence has ended, or ends before the badge would."""
    ends = select(func.min(Evidence.expires_on)).where(
        Evidence.claim_id == row.id, Evidence.kind == EvidenceKind.CERTIFICATE_NUMBER
    )
    earliest = session.exec(ends).one()
    if earliest is None:
        return
    if earliest <= london_date(now):
        raise Conflict(f"a certificate in its evidence ended on {earliest:%-d %B %Y}; return the claim")
    if row.expires_on is None or earliest < row.expires_on:
        raise Conflict(
            f"a certificate in its evidence ends on {earliest:%-d %B %Y}, before the badge; return the claim"
        )


def recheck_badge(
    session: Session,
    actor: Actor,
    claim_id: UUID,
    *,
    holds: bool,
    reasons: Sequence[str],
    revision: int | None,
    now: datetime,
) -> BadgeClaimRow:
    """Record a later check of a badge: one that fails suspends it at once, one that passes lets it hold again.

    A failed check needs reasons. Raises Invalid, Forbidden, NotFound, Stale, or Conflict if there is no such badge.
    """
    actor.require(Scope.BADGES_DECIDE)
    row = locked_claim(session, claim_id, revision)
    if row.state not in _BADGES:
        raise Conflict(f"the claim {IN_WORDS[row.state]}: there is no badge to check again")
    if not holds or reasons:
        refuse_if_any(reasons_faults(reasons))
    wanted = ClaimState.ACCEPTED if holds else ClaimState.SUSPENDED
    if row.state is wanted:
        reason = "; ".join(reasons) or None
        after = {"holds": holds}
        record(session, actor, "badge.checked_again", "badge_claim", row.id, now=now, after=after, reason=reason)
        return row
    _turn(session, actor, row, wanted, reasons, now=now)
    return row


def _turn(
    session: Session,
    actor: Actor,
    row: BadgeClaimRow,
    wanted: ClaimState,
    reasons: Sequence[str],
    *,
    now: datetime,
) -> None:
    """Make a decision take effect: the claim, its history, the ledger, and whoever must hear of it."""
    was = row.state
    if was in _BADGES:
        enter(session, row, now=now)  # it may be older than the ledger
    _move(session, actor, row, wanted, f"badge.{wanted}", reasons, now=now)
    row.reasons = list(reasons)
    if wanted is ClaimState.CHECKED:
        row.checked_by, row.checked_at = _key(actor), now
        return
    row.decided_at = now
    if wanted is ClaimState.ACCEPTED:
        row.accepted_by = _key(actor)
    if was in _BADGES:
        turn = BadgeHistory(id=new_id(), claim_id=row.id, at=now, state=wanted, reasons=list(reasons))
        session.add(turn)
        if wanted is not ClaimState.ACCEPTED:
            announce(session, LOST_TOPIC, turn.id, now=now)
    elif wanted is ClaimState.ACCEPTED:
        enter(session, row, now=now)
        announce(session, ISSUED_TOPIC, row.id, now=now)
    announce(session, CLAIM_TOPIC, row.id, now=now)
    touch_holder(session, row, now=now)


def _move(
    session: Session,
    actor: Actor,
    row: BadgeClaimRow,
    wanted: ClaimState,
    action: str,
    reasons: Sequence[str] = (),
    *,
    now: datetime,
) -> None:
    check_transition(row.state, wanted)
    before: dict[str, Any] = {"state": row.state.value}
    row.state = wanted
    row.taken_by = row.taken_at = None
    row.revision += 1
    reason = "; ".join(reasons) or None
    after = {"state": wanted.value}
    record(session, actor, action, "badge_claim", row.id, now=now, before=before, after=after, reason=reason)


def _key(actor: Actor) -> str:
    """Who checks: the person, where there is one behind the token."""
    return str(actor.person_id or actor.id)
