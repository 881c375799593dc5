"""Asking schools and trusts in, also while some pledge already: what is held of their caps follows."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from becta.kernel.actor import Actor
from becta.market.pledges.caps import hold_anew
from becta.market.procurements.inviting import invite_members
from becta.market.procurements.models import Procurement
from becta.market.procurements.schemas import NewMembers


def ask_members_in(
    session: Session,
    actor: Actor,
    procurement_id: UUID,
    wanted: NewMembers,
    *,
    revision: int | None,
    now: datetime,
) -> Procurement:
    """Ask in as `invite_members` does, and count what a school pledged under the trust that it comes under now.

    Raises as `invite_members`, and CapReached where more is pledged already than a cap allows.
    """
    found = invite_members(session, actor, procurement_id, wanted, revision=revision, now=now)
    hold_anew(session, found.id)
    return found
