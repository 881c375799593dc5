"""Use cases of badge claims: claim, accept, refuse, revoke."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlmodel import Session, select

from becta.catalogue.offers.service import touch_product
from becta.catalogue.products.models import Product
from becta.catalogue.products.service import reasons_faults
from becta.catalogue.suppliers.models import Supplier
from becta.catalogue.suppliers.service import touch_supplier
from becta.compliance.badges.models import BadgeClaimRow
from becta.compliance.badges.rules import BadgeClaim, ClaimState, Level, check_transition, claim_faults
from becta.compliance.standards.registry import Holder
from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import NotFound, Stale, refuse_if_any
from becta.kernel.events import record
from becta.kernel.ids import new_id


def claim_badge(
    session: Session, actor: Actor, *, holder: Holder, holder_id: UUID, claim: BadgeClaim, now: datetime
) -> BadgeClaimRow:
    """Claim a badge for a supplier or a product; it shows as unverified until the operator decides."""
    owner = _owner(session, holder, holder_id)
    actor.require(Scope.BADGES_CLAIM, of=owner)
    if claim.level is Level.TESTED_BY_US:
        actor.require(Scope.BADGES_DECIDE)  # only we can say what we tested
    refuse_if_any(claim_faults(claim, holder))
    row = BadgeClaimRow(
        id=new_id(),
        supplier_id=holder_id if holder is Holder.SUPPLIER else None,
        product_id=holder_id if holder is Holder.PRODUCT else None,
        state=ClaimState.CLAIMED,
        reasons=[],
        created_at=now,
        **msgspec.structs.asdict(claim),
    )
    session.add(row)
    session.flush()
    after: dict[str, Any] = msgspec.to_builtins(claim)
    record(session, actor, "badge.claimed", "badge_claim", row.id, now=now, after=after)
    _touch_holder(session, row, now=now)
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
    """Accept, refuse or revoke a claim; refusing and revoking need reasons."""
    actor.require(Scope.BADGES_DECIDE)
    row = session.exec(select(BadgeClaimRow).where(BadgeClaimRow.id == claim_id).with_for_update()).first()
    if row is None:
        raise NotFound("badge claim", claim_id)
    if revision is not None and revision != row.revision:
        raise Stale(given=revision, current=row.revision)
    if decision is not ClaimState.ACCEPTED or reasons:
        refuse_if_any(reasons_faults(reasons))
    check_transition(row.state, decision)
    before = row.state.value
    row.state = decision
    row.reasons = list(reasons)
    row.decided_at = now
    row.revision += 1
    record(
        session,
        actor,
        f"badge.{decision}",
        "badge_claim",
        row.id,
        now=now,
        before={"state": before},
        after={"state": decision.value},
        reason="; ".join(reasons) or None,
    )
    _touch_holder(session, row, now=now)
    return row


def _owner(session: Session, holder: Holder, holder_id: UUID) -> UUID:
    if holder is Holder.SUPPLIER:
        if session.get(Supplier, holder_id) is None:
            raise NotFound("supplier", holder_id)
        return holder_id
    product = session.get(Product, holder_id)
    if product is None:
        raise NotFound("product", holder_id)
    return product.supplier_id


def _touch_holder(session: Session, row: BadgeClaimRow, *, now: datetime) -> None:
    if row.product_id is not None:
        touch_product(session, row.product_id, now=now)
    elif row.supplier_id is not None:
        touch_supplier(session, row.supplier_id, now=now)
