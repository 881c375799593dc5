"""The ledger of badges: what each rests on, where it stands in the status lists, and which were held when."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlmodel import Session, col, func, or_, select

from becta.compliance.badges.models import Badge, BadgeClaimRow, BadgeHistory
from becta.compliance.badges.rules import BadgeClaim, ClaimState, Span, held_spans
from becta.compliance.evidence.models import Evidence
from becta.compliance.evidence.rules import evidence_record
from becta.kernel.ids import new_id

LIST_SIZE = 131_072
"""Places of a status list: the least that the Bitstring Status List specification allows (section 2.2)."""
FULL = LIST_SIZE // 2
"""A list with so many badges is not added to: finding a free place stays quick."""

_MARKED = {"revocation": ClaimState.REVOKED, "suspension": ClaimState.SUSPENDED}
_PIECE = frozenset(Evidence.model_fields) - {"claim_id"}


class HeldBadge(Struct, frozen=True, kw_only=True):
    """A badge that was held for a time: the claim, the time, and the SHA-256 of what it rested on."""

    claim: BadgeClaimRow
    span: Span
    evidence_sha256: str | None


def enter(session: Session, row: BadgeClaimRow, *, now: datetime) -> Badge:
    """Enter an accepted claim into the ledger, unless it stands there: its evidence is frozen as it is now.

    Its history begins here. A claim accepted before there was a ledger, or loaded in bulk, is entered as of the
    instant at which it was decided.
    """
    found = session.get(Badge, row.id)
    if found is not None:
        return found
    pieces = session.exec(select(Evidence).where(Evidence.claim_id == row.id).order_by(col(Evidence.id))).all()
    text, digest = evidence_record(_said(row), [piece.model_dump(include=set(_PIECE)) for piece in pieces])
    number, index = _free_place(session, row.id)
    made = Badge(
        claim_id=row.id,
        status_list=number,
        status_index=index,
        evidence_record=text,
        evidence_sha256=digest,
        issued_at=row.decided_at or now,
    )
    session.add(made)
    session.add(
        BadgeHistory(
            id=new_id(), claim_id=row.id, at=made.issued_at, state=ClaimState.ACCEPTED, reasons=list(row.reasons)
        )
    )
    session.flush()
    return made


def unentered_claims(session: Session, *, limit: int) -> Sequence[BadgeClaimRow]:
    """Accepted claims that the ledger lacks, oldest first: loaded in bulk, or older than the ledger."""
    missing = (
        select(BadgeClaimRow)
        .outerjoin(Badge, col(Badge.claim_id) == col(BadgeClaimRow.id))
        .where(BadgeClaimRow.state == ClaimState.ACCEPTED, col(Badge.claim_id).is_(None))
    )
    return session.exec(missing.order_by(col(BadgeClaimRow.id)).limit(limit)).all()


def unsigned_badges(session: Session, *, limit: int) -> Sequence[UUID]:
    """Badges of the ledger that wait for a signature."""
    waiting = select(Badge.claim_id).where(col(Badge.credential).is_(None))
    return session.exec(waiting.order_by(col(Badge.claim_id)).limit(limit)).all()


def marked_places(session: Session, purpose: str, number: int) -> list[int]:
    """The places of a status list that are marked now: badges revoked, or suspended."""
    marked = (
        select(Badge.status_index)
        .join(BadgeClaimRow, col(BadgeClaimRow.id) == col(Badge.claim_id))
        .where(Badge.status_list == number, BadgeClaimRow.state == _MARKED[purpose])
    )
    return list(session.exec(marked).all())


def marked_places_at(session: Session, purpose: str, number: int, at: datetime) -> list[int]:
    """The places of a status list that were marked at an instant, from the history."""
    turns = session.exec(
        select(Badge.status_index, BadgeHistory.state)
        .join(BadgeHistory, col(BadgeHistory.claim_id) == col(Badge.claim_id))
        .where(Badge.status_list == number, col(BadgeHistory.at) <= at)
        .order_by(col(BadgeHistory.at), col(BadgeHistory.id))
    ).all()
    return [index for index, state in dict(turns).items() if state is _MARKED[purpose]]


def held_badges(
    session: Session, *, product_id: UUID | None = None, supplier_id: UUID | None = None
) -> list[HeldBadge]:
    """Every badge that a product or a supplier ever held, with each time it was held, in three statements."""
    claims = session.exec(
        select(BadgeClaimRow)
        .where(
            or_(
                col(BadgeClaimRow.product_id) == product_id if product_id else False,
                col(BadgeClaimRow.supplier_id) == supplier_id if supplier_id else False,
            )
        )
        .order_by(col(BadgeClaimRow.id))
    ).all()
    ids = [claim.id for claim in claims]
    turns = turns_of(session, ids)
    hashes = dict(session.exec(select(Badge.claim_id, Badge.evidence_sha256).where(col(Badge.claim_id).in_(ids))).all())
    return [
        HeldBadge(claim=claim, span=span, evidence_sha256=hashes.get(claim.id))
        for claim in claims
        for span in spans_of(claim, turns[claim.id])
    ]


def spans_of(claim: BadgeClaimRow, turns: Sequence[BadgeHistory]) -> list[Span]:
    """When a claim was a badge. One accepted before there was a history counts from the day it was decided."""
    told = [(turn.at, turn.state) for turn in turns]
    if not told and claim.state is ClaimState.ACCEPTED and claim.decided_at is not None:
        told = [(claim.decided_at, ClaimState.ACCEPTED)]
    return held_spans(told, claim.issued_on, claim.expires_on)


def turns_of(session: Session, claim_ids: Iterable[UUID]) -> defaultdict[UUID, list[BadgeHistory]]:
    """The history of claims, oldest turn first."""
    found: defaultdict[UUID, list[BadgeHistory]] = defaultdict(list)
    wanted = select(BadgeHistory).where(col(BadgeHistory.claim_id).in_(list(claim_ids)))
    for turn in session.exec(wanted.order_by(col(BadgeHistory.at), col(BadgeHistory.id))):
        found[turn.claim_id].append(turn)
    return found


def _said(row: BadgeClaimRow) -> dict[str, Any]:
    """The particulars of a claim, and whose it is."""
    named = {"id", "supplier_id", "product_id", *BadgeClaim.__struct_fields__}
    return row.model_dump(include=named)


def _free_place(session: Session, claim_id: UUID) -> tuple[int, int]:
    """A place in the newest status list that is not full: one that tells nothing of when the badge was issued."""
    newest = session.exec(select(func.max(Badge.status_list))).one() or 1
    held = session.exec(select(func.count()).where(Badge.status_list == newest)).one()
    number = newest + 1 if held >= FULL else newest
    index = int.from_bytes(sha256(claim_id.bytes).digest()[:8]) % LIST_SIZE
    while session.exec(select(Badge.claim_id).where(Badge.status_list == number, Badge.status_index == index)).first():
        index = (index + 1) % LIST_SIZE
    return number, index
