"""What states, roles, scopes and events are called on these pages."""

from becta.kernel.actor import Role, Scope
from becta.market.accounts.rules import JoinState
from becta.market.delegation.rules import CommitmentState, Outcome
from becta.market.web.account.words import ROLE_WORDS
from becta.market.web.work.views import Tag

NOBODY = "Somebody whose data were erased"

STATES = {
    CommitmentState.HELD: ("Waiting", "govuk-tag--yellow"),
    CommitmentState.APPROVED: ("Approved", "govuk-tag--green"),
    CommitmentState.REFUSED: ("Refused", "govuk-tag--red"),
    CommitmentState.DECLINED: ("Turned down", "govuk-tag--red"),
    CommitmentState.WITHDRAWN: ("Withdrawn", "govuk-tag--grey"),
}
OUTCOMES = {
    Outcome.APPROVED: "lets it through",
    Outcome.HELD: "holds it",
    Outcome.REFUSED: "refuses it",
}
JOIN_STATES = {
    JoinState.ASKED: "Waiting for an answer",
    JoinState.CONFIRMED: "Confirmed",
    JoinState.REFUSED: "Refused",
    JoinState.WITHDRAWN: "Withdrawn",
}
HAPPENINGS = {
    "commitment.made": "Made the commitment",
    "commitment.released": "Let it through under one scheme",
    "commitment.approved": "Let it through",
    "commitment.declined": "Turned it down",
    "commitment.withdrawn": "Withdrew it",
    "shortlist.started": "Started the shortlist",
    "shortlist.amended": "Changed what it says",
    "shortlist.entry_added": "Added a product",
    "shortlist.entry_removed": "Removed a product",
    "shortlist.closed": "Closed it with a choice",
    "shortlist.archived": "Put it away",
}
SCOPE_WORDS = {
    Scope.LISTINGS_WRITE: "Write listings",
    Scope.OFFERS_WRITE: "Write offers",
    Scope.BADGES_CLAIM: "Claim badges",
    Scope.SUPPLIERS_WRITE: "Register suppliers",
    Scope.LISTINGS_DECIDE: "Decide on listings",
    Scope.BADGES_DECIDE: "Decide on badges",
    Scope.COMMITMENTS_READ: "Read commitments and schemes of delegation",
    Scope.COMMITMENTS_MAKE: "Commit money",
    Scope.COMMITMENTS_DECIDE: "Decide on commitments",
    Scope.SCHEMES_WRITE: "Set schemes of delegation",
    Scope.SHORTLISTS_READ: "Read shortlists",
    Scope.SHORTLISTS_WRITE: "Keep shortlists",
    Scope.PROCUREMENTS_READ: "Read procurements",
    Scope.PROCUREMENTS_RUN: "Run procurements",
    Scope.PROCUREMENTS_AWARD: "Decide on awards and enter into contracts",
    Scope.PLEDGES_MAKE: "Pledge for schools",
    Scope.BIDS_MAKE: "Bid, and ask about tenders",
    Scope.BIDS_OPEN: "Open bids with another officer",
    Scope.BIDS_SCORE: "Score bids",
    Scope.FRAMEWORKS_RUN: "Run frameworks",
    Scope.FRAMEWORKS_APPLY: "Apply to frameworks",
    Scope.PEOPLE_MANAGE: "Manage people",
    Scope.TOKENS_MANAGE: "Manage the organisation’s tokens",
    Scope.AUDIT_READ: "Read the audit trail",
    Scope.PEOPLE_ERASE: "Erase people",
    Scope.ACCOUNT_MANAGE: "Manage your account",
}


def role_name(role: Role) -> str:
    """A role by its name alone: "Trust lead"."""
    return ROLE_WORDS[role].partition(":")[0]


def roles_text(roles: list[Role]) -> str:
    """Roles on one line."""
    return ", ".join(role_name(role) for role in sorted(roles)) or "No role"


def state_tag(state: CommitmentState) -> Tag:
    """The state of a commitment as a tag."""
    text, colour = STATES[state]
    return Tag(text=text, colour=colour)
