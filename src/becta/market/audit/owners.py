"""Whose the things are that events tell of: an organisation may know all that was done to its own, whoever did it."""

from collections.abc import Mapping, Set
from uuid import UUID

from sqlalchemy import ColumnElement, SQLColumnExpression, Uuid, and_, false, func, literal, or_, select
from sqlmodel import col

from becta.catalogue.offers.models import Offer
from becta.catalogue.products.models import Product
from becta.compliance.badges.models import BadgeClaimRow
from becta.kernel.append import EVENTS
from becta.market.accounts.models import ApiToken, Invitation, JoinRequest, Member
from becta.market.bids.models import Bid
from becta.market.delegation.models import Commitment
from becta.market.frameworks.models import Framework
from becta.market.pledges.models import Pledge
from becta.market.procurements.models import Procurement
from becta.market.shortlists.models import Shortlist

_ORGANISATIONS = frozenset({"organisation", "school", "group", "supplier"})
"""Kinds of things whose id is that of an organisation: the register and the suppliers keep to the same ids."""
_of_product = select(col(Product.supplier_id)).where(col(Product.id) == col(BadgeClaimRow.product_id))
_OWNERS: Mapping[str, tuple[SQLColumnExpression[UUID], SQLColumnExpression[UUID]]] = {
    "commitment": (col(Commitment.id), col(Commitment.organisation_id)),
    "procurement": (col(Procurement.id), col(Procurement.organisation_id)),
    "bid": (col(Bid.id), col(Bid.organisation_id)),
    "pledge": (col(Pledge.id), col(Pledge.organisation_id)),
    "framework": (col(Framework.id), col(Framework.authority_id)),
    "shortlist": (col(Shortlist.id), col(Shortlist.organisation_id)),
    "member": (col(Member.id), col(Member.organisation_id)),
    "invitation": (col(Invitation.id), col(Invitation.organisation_id)),
    "join_request": (col(JoinRequest.id), col(JoinRequest.organisation_id)),
    "api_token": (col(ApiToken.id), col(ApiToken.organisation_id)),
    "product": (col(Product.id), col(Product.supplier_id)),
    "offer": (col(Offer.id), col(Offer.supplier_id)),
    "badge_claim": (
        col(BadgeClaimRow.id),
        func.coalesce(col(BadgeClaimRow.supplier_id), _of_product.scalar_subquery()),
    ),
}
"""The id of a thing and the organisation it is of, by kind. Of what is not here only `acting_for` tells."""


def is_owned(reach: Set[UUID], object_type: str, object_id: UUID) -> ColumnElement[bool]:
    """Whether a thing is of one of these organisations: the same for every event of it, so it is asked once."""
    return _is_owned(reach, object_type, literal(object_id, Uuid()))


def tells_of_owned(reach: Set[UUID]) -> ColumnElement[bool]:
    """Whether an event, whatever it tells of, is about a thing of one of these organisations."""
    kinds = sorted({*_ORGANISATIONS, *_OWNERS})
    owned = (and_(EVENTS.c.object_type == kind, _is_owned(reach, kind, EVENTS.c.object_id)) for kind in kinds)
    return or_(*owned)


def _is_owned(reach: Set[UUID], object_type: str, object_id: ColumnElement[UUID]) -> ColumnElement[bool]:
    if object_type in _ORGANISATIONS:
        return object_id.in_(reach)
    if object_type not in _OWNERS:
        return false()
    its_id, its_owner = _OWNERS[object_type]
    return select(its_id).where(its_id == object_id, its_owner.in_(reach)).exists()
