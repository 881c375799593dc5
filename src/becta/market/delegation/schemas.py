"""Schemes of delegation and commitments as they are sent and shown."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from becta.kernel.actor import Role
from becta.market.accounts.organisations import OrganisationOut
from becta.market.delegation.rules import CommitmentState, Delegation, Outcome


class NewScheme(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A scheme to set. It is in force at once, or from the instant given, until a newer one is."""

    rules: tuple[Delegation, ...]
    note: str = ""
    in_force_from: datetime | None = None


class SchemeOut(Struct, frozen=True, kw_only=True):
    """A version of an organisation's scheme; `made_by` is a person's id, None where no person was behind it."""

    id: UUID
    organisation_id: UUID
    number: int
    rules: tuple[Delegation, ...]
    note: str
    made_by: UUID | None
    made_at: datetime
    in_force_from: datetime


class NewCommitment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An amount to commit: for which school or trust, on what, and against which of its budget codes."""

    organisation: str
    purpose: str
    amount_pence: int
    category: str
    budget_code: str


class SchemeDecision(Struct, frozen=True, kw_only=True):
    """What one scheme decided when the commitment was made: the scheme and the rule that says so.

    `number`, `scheme_id` and `rule` (its place in the scheme, from 0) are None where nothing applied.
    """

    organisation_id: UUID
    organisation_name: str
    scheme_id: UUID | None
    number: int | None
    outcome: Outcome
    sentence: str
    rule: int | None = None
    held_for: Role | None = None


class HoldOut(Struct, frozen=True, kw_only=True):
    """What holds or held a commitment: an organisation's scheme, for a role; and who let it through."""

    organisation_id: UUID
    role: Role
    released_by: UUID | None
    released_at: datetime | None


class CommitmentOut(Struct, frozen=True, kw_only=True):
    """A commitment. `made_by_name` is None once the person's data were erased."""

    id: UUID
    organisation: OrganisationOut
    acting_for: UUID
    purpose: str
    amount_pence: int
    category: str
    budget_code: str
    state: CommitmentState
    decisions: tuple[SchemeDecision, ...]
    holds: tuple[HoldOut, ...]
    made_by: UUID
    made_by_name: str | None
    created_at: datetime
    decided_at: datetime | None
    decided_by: UUID | None
    reason: str | None
    revision: int
