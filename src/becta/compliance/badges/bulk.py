"""Storing many claims that are decided already, such as a demonstration's, in three statements."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import insert
from sqlmodel import Session, col, update

from becta.catalogue.products.models import Product
from becta.catalogue.suppliers.models import Supplier
from becta.compliance.badges.models import BadgeClaimRow
from becta.compliance.badges.rules import BadgeClaim, ClaimState, claim_faults
from becta.compliance.standards.registry import Holder
from becta.kernel.actor import Actor
from becta.kernel.errors import refuse_if_any
from becta.kernel.events import OutboxMessage, audit_row, record_rows
from becta.kernel.ids import new_id


class DecidedClaim(Struct, frozen=True, kw_only=True):
    """A claim, whose it is, and how it was decided."""

    holder: Holder
    holder_id: UUID
    claim: BadgeClaim
    state: ClaimState
    reasons: tuple[str, ...] = ()


def store_claims(session: Session, claims: Sequence[DecidedClaim], actor: Actor, *, now: datetime) -> int:
    """Store claims with their decisions, audit events and outbox rows; returns how many. Raises Invalid."""
    if not claims:
        return 0
    rows, events = [], []
    for decided in claims:
        refuse_if_any(claim_faults(decided.claim, decided.holder))
        claim_id = new_id()
        owner = "product_id" if decided.holder is Holder.PRODUCT else "supplier_id"
        rows.append(
            {
                "id": claim_id,
                "supplier_id": None,
                "product_id": None,
                owner: decided.holder_id,
                "state": decided.state,
                "reasons": list(decided.reasons),
                "revision": 1,
                "created_at": now,
                "decided_at": None if decided.state is ClaimState.CLAIMED else now,
                **msgspec.structs.asdict(decided.claim),
            }
        )
        after = {**msgspec.to_builtins(decided.claim), "state": decided.state.value}
        reason = "; ".join(decided.reasons) or None
        events.append(audit_row(actor, "badge.recorded", "badge_claim", claim_id, now=now, after=after, reason=reason))
    session.execute(insert(BadgeClaimRow), rows)
    record_rows(session, events)
    _touch(session, claims, now=now)
    return len(rows)


def _touch(session: Session, claims: Sequence[DecidedClaim], *, now: datetime) -> None:
    messages = []
    for holder, table in ((Holder.SUPPLIER, Supplier), (Holder.PRODUCT, Product)):
        ids = sorted({claim.holder_id for claim in claims if claim.holder is holder})
        session.execute(update(table).where(col(table.id).in_(ids)).values(revision=col(table.revision) + 1))
        messages += [{"topic": holder.value, "key": key, "created_at": now, "attempts": 0} for key in ids]
    session.execute(insert(OutboxMessage), messages)
