"""Every table of the house, imported so that the schema knows them all."""

from becta.catalogue.connectivity.models import ConnectivityRow
from becta.catalogue.offers.models import Offer
from becta.catalogue.products.models import ListingVersion, Product
from becta.catalogue.suppliers.models import Supplier
from becta.compliance.badges.models import Badge, BadgeClaimRow, BadgeHistory, BadgeKey, BadgeNotice
from becta.compliance.conformance.models import ConformanceRun
from becta.compliance.evidence.models import Evidence
from becta.kernel.events import AuditAbout, AuditEvent, AuditHead, AuditTile, OutboxMessage
from becta.market.accounts.models import (
    ApiToken,
    Identity,
    Invitation,
    JoinRequest,
    Member,
    Organisation,
    Person,
)
from becta.market.audit.models import AuditCheckpoint
from becta.market.delegation.models import Commitment, CommitmentHold, Scheme
from becta.market.idempotency.models import IdempotencyKeyRow
from becta.market.listings.models import ListingView
from becta.market.organisations.models import (
    Establishment,
    EstablishmentGroup,
    EstablishmentLink,
    GroupMembership,
    RegisterState,
)
from becta.market.shortlists.models import Shortlist, ShortlistEntry
from becta.market.signin.models import BrowserSession, SignInFlow, SignInLink
from becta.refurb.units.models import RemanufacturedDeviceRow

__all__ = [
    "ApiToken",
    "AuditAbout",
    "AuditCheckpoint",
    "AuditEvent",
    "AuditHead",
    "AuditTile",
    "Badge",
    "BadgeClaimRow",
    "BadgeHistory",
    "BadgeKey",
    "BadgeNotice",
    "BrowserSession",
    "Commitment",
    "CommitmentHold",
    "ConformanceRun",
    "ConnectivityRow",
    "Establishment",
    "EstablishmentGroup",
    "EstablishmentLink",
    "Evidence",
    "GroupMembership",
    "IdempotencyKeyRow",
    "Identity",
    "Invitation",
    "JoinRequest",
    "ListingVersion",
    "ListingView",
    "Member",
    "Offer",
    "Organisation",
    "OutboxMessage",
    "Person",
    "Product",
    "RegisterState",
    "RemanufacturedDeviceRow",
    "Scheme",
    "Shortlist",
    "ShortlistEntry",
    "SignInFlow",
    "SignInLink",
    "Supplier",
]
