"""What roles and kinds of organisation are called."""

from becta.kernel.actor import Role
from becta.market.accounts.roles import OrganisationKind

ROLE_WORDS = {
    Role.BUYER: "Buyer: commits money within their limit",
    Role.APPROVER: "Approver: lets commitments through, and manages people",
    Role.FINANCE: "Finance: sets the scheme of delegation",
    Role.TRUST_LEAD: "Trust lead: everything in the trust and its schools",
    Role.SUPPLIER_EDITOR: "Supplier editor: keeps listings, offers and badges",
    Role.SUPPLIER_BIDDER: "Supplier bidder: bids for contracts",
    Role.EVALUATOR: "Evaluator: scores bids",
    Role.VERIFIER: "Verifier: decides on badges",
    Role.OPERATOR: "Operator: runs this marketplace",
    Role.AUDITOR: "Auditor: reads the audit trail",
}
KIND_WORDS = {
    OrganisationKind.SCHOOL: "School",
    OrganisationKind.TRUST: "Trust",
    OrganisationKind.SUPPLIER: "Supplier",
    OrganisationKind.OPERATOR: "Operator",
}
