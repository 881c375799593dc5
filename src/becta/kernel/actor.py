"""Who does something: a value handed to every use case, never a request."""

from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from becta.kernel.errors import Forbidden

OPERATOR_ID = UUID("0b0ec7a2-0000-5000-8000-000000000001")
"""The organisation that runs this marketplace; it reaches everything."""
NOWHERE = UUID(int=0)
"""Where somebody is kept who acts for no organisation: nothing is there."""
SYSTEM = "system"
"""The kind of actor that the marketplace itself is, for instance from the command line."""


class Scope(StrEnum):
    """What an actor may do: a verb on a kind of thing. Roles and tokens are sets of these."""

    LISTINGS_WRITE = "listings:write"
    OFFERS_WRITE = "offers:write"
    BADGES_CLAIM = "badges:claim"
    SUPPLIERS_WRITE = "suppliers:write"
    LISTINGS_DECIDE = "listings:decide"
    BADGES_DECIDE = "badges:decide"
    COMMITMENTS_READ = "commitments:read"
    COMMITMENTS_MAKE = "commitments:make"
    COMMITMENTS_DECIDE = "commitments:decide"
    SCHEMES_WRITE = "schemes:write"
    SHORTLISTS_READ = "shortlists:read"
    SHORTLISTS_WRITE = "shortlists:write"
    PROCUREMENTS_READ = "procurements:read"
    PROCUREMENTS_RUN = "procurements:run"
    PROCUREMENTS_AWARD = "procurements:award"
    PLEDGES_MAKE = "pledges:make"
    BIDS_MAKE = "bids:make"
    BIDS_OPEN = "bids:open"
    BIDS_SCORE = "bids:score"
    FRAMEWORKS_RUN = "frameworks:run"
    FRAMEWORKS_APPLY = "frameworks:apply"
    PEOPLE_MANAGE = "people:manage"
    TOKENS_MANAGE = "tokens:manage"
    AUDIT_READ = "audit:read"
    PEOPLE_ERASE = "people:erase"
    ACCOUNT_MANAGE = "account:manage"


class Role(StrEnum):
    """What a person is in an organisation. What each may do is said once, in market/accounts/roles."""

    BUYER = "buyer"
    APPROVER = "approver"
    FINANCE = "finance"
    TRUST_LEAD = "trust_lead"
    SUPPLIER_EDITOR = "supplier_editor"
    SUPPLIER_BIDDER = "supplier_bidder"
    EVALUATOR = "evaluator"
    VERIFIER = "verifier"
    OPERATOR = "operator"
    AUDITOR = "auditor"


class Actor(Struct, frozen=True, kw_only=True):
    """Somebody acting for an organisation, or for none (`organisation_id` None), or the marketplace itself (system).

    `person_id` is the person behind a session or a personal token. `also_reaches` holds the organisations it may act
    on besides its own: a trust's schools.
    """

    kind: str
    id: str
    label: str
    scopes: frozenset[Scope]
    organisation_id: UUID | None = None
    person_id: UUID | None = None
    roles: frozenset[Role] = frozenset()
    also_reaches: frozenset[UUID] = frozenset()

    @property
    def bound_to(self) -> UUID | None:
        """The organisation whose things it is kept to; None for the marketplace itself and its operator."""
        if self.kind == SYSTEM or self.organisation_id == OPERATOR_ID:
            return None
        return self.organisation_id or NOWHERE

    @property
    def within_reach(self) -> list[UUID]:
        """Its organisation and those it reaches besides, sorted, for a query; whoever is bound to none is not in it."""
        return sorted({one for one in (self.bound_to, *self.also_reaches) if one is not None})

    def reaches(self, organisation_id: UUID) -> bool:
        """Whether the organisation's things are within its reach, whatever it may do with them."""
        return self.bound_to is None or organisation_id == self.organisation_id or organisation_id in self.also_reaches

    def require(self, scope: Scope, *, of: UUID | None = None) -> None:
        """Check a scope and, where given, that the organisation is within reach; raises Forbidden."""
        if scope not in self.scopes:
            raise Forbidden(need=scope)
        if of is not None and not self.reaches(of):
            raise Forbidden(need=scope, organisation_id=of)


def system(label: str) -> Actor:
    """The marketplace itself acting, for instance from the command line."""
    return Actor(kind=SYSTEM, id="system", label=label, scopes=frozenset(Scope))
