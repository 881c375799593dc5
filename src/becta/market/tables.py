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
from becta.market.awards.models import (
    AssessmentSummary,
    Award,
    AwardDecision,
    CallOff,
    Contract,
    ContractChange,
)
from becta.market.bids.models import Bid, BidFile, LateBid, OpenedBid, OpeningOfficer, TenderOutage
from becta.market.delegation.models import Commitment, CommitmentHold, Scheme
from becta.market.evaluation.models import BidExclusion, Consensus, EvaluationScore, Evaluator, Moderation
from becta.market.frameworks.models import (
    Framework,
    FrameworkApplication,
    FrameworkLot,
    FrameworkRound,
    FrameworkTermsText,
)
from becta.market.idempotency.models import IdempotencyKeyRow
from becta.market.listings.models import ListingView
from becta.market.ocds.models import NoticeAlert, NoticeInterest, OcdsHead, OcdsNotice, OcdsNoticeAward, OcdsRelease
from becta.market.organisations.models import (
    Establishment,
    EstablishmentGroup,
    EstablishmentLink,
    GroupMembership,
    RegisterState,
)
from becta.market.pledges.models import Pledge, PledgeCap, PledgeQuestion
from becta.market.procurements.models import (
    Amendment,
    Clarification,
    Procurement,
    ProcurementInvitation,
    ProcurementLot,
    ProcurementMember,
    ProcurementTrust,
)
from becta.market.shortlists.models import Shortlist, ShortlistEntry
from becta.market.signin.models import BrowserSession, SignInFlow, SignInLink
from becta.refurb.units.models import RemanufacturedDeviceRow

__all__ = [
    "Amendment",
    "ApiToken",
    "AssessmentSummary",
    "AuditAbout",
    "AuditCheckpoint",
    "AuditEvent",
    "AuditHead",
    "AuditTile",
    "Award",
    "AwardDecision",
    "Badge",
    "BadgeClaimRow",
    "BadgeHistory",
    "BadgeKey",
    "BadgeNotice",
    "Bid",
    "BidExclusion",
    "BidFile",
    "BrowserSession",
    "CallOff",
    "Clarification",
    "Commitment",
    "CommitmentHold",
    "ConformanceRun",
    "ConnectivityRow",
    "Consensus",
    "Contract",
    "ContractChange",
    "Establishment",
    "EstablishmentGroup",
    "EstablishmentLink",
    "EvaluationScore",
    "Evaluator",
    "Evidence",
    "Framework",
    "FrameworkApplication",
    "FrameworkLot",
    "FrameworkRound",
    "FrameworkTermsText",
    "GroupMembership",
    "IdempotencyKeyRow",
    "Identity",
    "Invitation",
    "JoinRequest",
    "LateBid",
    "ListingVersion",
    "ListingView",
    "Member",
    "Moderation",
    "NoticeAlert",
    "NoticeInterest",
    "OcdsHead",
    "OcdsNotice",
    "OcdsNoticeAward",
    "OcdsRelease",
    "Offer",
    "OpenedBid",
    "OpeningOfficer",
    "Organisation",
    "OutboxMessage",
    "Person",
    "Pledge",
    "PledgeCap",
    "PledgeQuestion",
    "Procurement",
    "ProcurementInvitation",
    "ProcurementLot",
    "ProcurementMember",
    "ProcurementTrust",
    "Product",
    "RegisterState",
    "RemanufacturedDeviceRow",
    "Scheme",
    "Shortlist",
    "ShortlistEntry",
    "SignInFlow",
    "SignInLink",
    "Supplier",
    "TenderOutage",
]
