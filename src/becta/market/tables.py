"""Every table of the house, imported so that the schema knows them all."""

from becta.catalogue.connectivity.models import ConnectivityRow
from becta.catalogue.offers.models import Offer
from becta.catalogue.products.models import ListingVersion, Product
from becta.catalogue.suppliers.models import Supplier
from becta.compliance.badges.models import BadgeClaimRow
from becta.kernel.events import AuditEvent, OutboxMessage
from becta.market.accounts.models import ApiToken
from becta.market.listings.models import ListingView
from becta.market.organisations.models import (
    Establishment,
    EstablishmentGroup,
    EstablishmentLink,
    GroupMembership,
    RegisterState,
)
from becta.refurb.units.models import RemanufacturedDeviceRow

__all__ = [
    "ApiToken",
    "AuditEvent",
    "BadgeClaimRow",
    "ConnectivityRow",
    "Establishment",
    "EstablishmentGroup",
    "EstablishmentLink",
    "GroupMembership",
    "ListingVersion",
    "ListingView",
    "Offer",
    "OutboxMessage",
    "Product",
    "RegisterState",
    "RemanufacturedDeviceRow",
    "Supplier",
]
