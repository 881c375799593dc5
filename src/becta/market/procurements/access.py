"""Who sees a procurement and as what, and the locks under which it changes."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, exists, or_, true
from sqlalchemy.sql.elements import SQLCoreOperations
from sqlmodel import Session, col, select

from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import Forbidden, NotFound, refuse_if_stale
from becta.market.accounts.models import Organisation
from becta.market.accounts.roles import OrganisationKind
from becta.market.procurements.models import (
    Procurement,
    ProcurementInvitation,
    ProcurementMember,
    ProcurementTrust,
)
from becta.market.procurements.telling import KIND
from becta.market.procurements.terms import Route

OPEN_TO_ALL = frozenset({Route.OPEN_PROCEDURE, Route.COMPETITIVE_FLEXIBLE})
"""Routes in which any supplier may bid once the tender is advertised."""
_OF_ID = select(Procurement).where(col(Procurement.id) == bindparam("procurement_id"))
_ALONE, _SHARED = _OF_ID.with_for_update(), _OF_ID.with_for_update(read=True)


class View(StrEnum):
    """As what somebody sees a procurement: it is theirs to run, they take part, or they may bid."""

    LEAD = "lead"
    MEMBER = "member"
    BIDDER = "bidder"


def procurement_locked(
    session: Session, actor: Actor, procurement_id: UUID, scope: Scope, *, revision: int | None = None
) -> Procurement:
    """A procurement of the actor's own, locked for change; raises NotFound, Forbidden or Stale."""
    found = session.exec(select(Procurement).where(Procurement.id == procurement_id).with_for_update()).first()
    if found is None or view_of(session, actor, found) is None:
        raise NotFound(KIND, procurement_id)
    actor.require(scope, of=found.organisation_id)
    refuse_if_stale(revision, found.revision)
    return found


def procurement_held(session: Session, procurement_id: UUID) -> Procurement:
    """A procurement locked for change; asks nobody. Raises NotFound."""
    return _of_id(session, _ALONE, procurement_id)


def procurement_shared(session: Session, procurement_id: UUID) -> Procurement:
    """A procurement that stays as it is while others hold it too: many may pledge or bid at once; raises NotFound."""
    return _of_id(session, _SHARED, procurement_id)


def seen(session: Session, actor: Actor, procurement_id: UUID) -> tuple[Procurement, View]:
    """A procurement and as what the actor sees it; raises NotFound for who may not."""
    found = session.get(Procurement, procurement_id)
    view = None if found is None else view_of(session, actor, found)
    if found is None or view is None:
        raise NotFound(KIND, procurement_id)
    return found, view


def view_of(session: Session, actor: Actor, procurement: Procurement) -> View | None:
    """As what the actor sees a procurement, None if not at all."""
    if actor.reaches(procurement.organisation_id):
        return View.LEAD
    own = actor.within_reach
    if session.exec(select(1).where(_takes_part(procurement.id, own))).first():
        return View.MEMBER
    if procurement.advertised_at is not None and _may_bid(session, actor, procurement):
        return View.BIDDER
    return None


def within_sight(actor: Actor) -> ColumnElement[bool]:
    """What a list of procurements shows to the actor: those run by it, taken part in, or open to its bids."""
    if actor.bound_to is None:
        return true()
    own = actor.within_reach
    invited = exists().where(
        col(ProcurementInvitation.procurement_id) == col(Procurement.id),
        col(ProcurementInvitation.organisation_id) == actor.organisation_id,
    )
    to_all = col(Procurement.route).in_(sorted(OPEN_TO_ALL))
    mine = or_(col(Procurement.organisation_id).in_(own), _takes_part(col(Procurement.id), own))
    if Scope.BIDS_MAKE not in actor.scopes:
        return mine
    return or_(mine, col(Procurement.advertised_at).is_not(None) & or_(invited, to_all))


def is_member(session: Session, procurement_id: UUID, organisation_id: UUID) -> bool:
    """Whether a school takes part."""
    return session.get(ProcurementMember, (procurement_id, organisation_id)) is not None


def bidder_of(session: Session, actor: Actor, procurement: Procurement, *, now: datetime) -> UUID:
    """The supplier that the actor bids for, noted as taking part where anybody may; raises Forbidden or NotFound."""
    if actor.organisation_id is None or procurement.advertised_at is None:
        raise NotFound(KIND, procurement.id)
    actor.require(Scope.BIDS_MAKE, of=actor.organisation_id)
    organisation = session.get(Organisation, actor.organisation_id)
    if organisation is None or organisation.kind is not OrganisationKind.SUPPLIER:
        raise Forbidden(need=Scope.BIDS_MAKE, because="only a supplier bids")
    key = (procurement.id, organisation.id)
    if session.get(ProcurementInvitation, key) is not None:
        return organisation.id
    if procurement.route not in OPEN_TO_ALL:
        raise NotFound(KIND, procurement.id)
    session.add(ProcurementInvitation(procurement_id=key[0], organisation_id=key[1], invited_at=now))
    session.flush()
    return organisation.id


def _of_id(session: Session, locking: Select[Procurement], procurement_id: UUID) -> Procurement:
    found: Procurement | None = session.execute(locking, {"procurement_id": procurement_id}).scalar()
    if found is None:
        raise NotFound(KIND, procurement_id)
    return found


def _may_bid(session: Session, actor: Actor, procurement: Procurement) -> bool:
    if Scope.BIDS_MAKE not in actor.scopes or actor.organisation_id is None:
        return False
    if procurement.route in OPEN_TO_ALL:
        return True
    return session.get(ProcurementInvitation, (procurement.id, actor.organisation_id)) is not None


def _takes_part(procurement_id: UUID | SQLCoreOperations[UUID], own: list[UUID]) -> ColumnElement[bool]:
    """Whether one of these organisations takes part in a procurement, as a school or as its trust."""
    return or_(
        *(
            exists().where(col(table.procurement_id) == procurement_id, col(table.organisation_id).in_(own))
            for table in (ProcurementMember, ProcurementTrust)
        )
    )
