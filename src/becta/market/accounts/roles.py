"""Which roles an organisation has and what each may do: the one place that says so."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from becta.kernel.actor import Role, Scope


class OrganisationKind(StrEnum):
    """Kinds of organisation that people act for."""

    SCHOOL = "school"
    TRUST = "trust"
    SUPPLIER = "supplier"
    OPERATOR = "operator"


SELF = frozenset({Scope.ACCOUNT_MANAGE})
"""What everybody may do for themselves, whatever their roles: their memberships, their data and their tokens.

A session always may; a personal token only if that was named when it was made, and an organisation's never.
"""
_SPENDING = frozenset({Scope.COMMITMENTS_MAKE, Scope.COMMITMENTS_DECIDE})
_CHOOSING = frozenset({Scope.SHORTLISTS_READ, Scope.SHORTLISTS_WRITE, Scope.PROCUREMENTS_READ})
_TOGETHER = frozenset({Scope.PLEDGES_MAKE, Scope.PROCUREMENTS_RUN})
_DECIDING_TENDERS = frozenset({Scope.BIDS_OPEN, Scope.PROCUREMENTS_AWARD})
_NOT_THE_OPERATORS = frozenset(
    {
        Scope.SHORTLISTS_WRITE,
        Scope.BIDS_MAKE,
        Scope.BIDS_OPEN,
        Scope.BIDS_SCORE,
        Scope.FRAMEWORKS_APPLY,
        Scope.PROCUREMENTS_RUN,
        Scope.PROCUREMENTS_AWARD,
        Scope.PLEDGES_MAKE,
    }
)

ROLE_SCOPES: Mapping[Role, frozenset[Scope]] = {
    Role.BUYER: frozenset({Scope.COMMITMENTS_READ, Scope.COMMITMENTS_MAKE, *_CHOOSING, *_TOGETHER}),
    Role.APPROVER: frozenset(
        {Scope.COMMITMENTS_READ, *_SPENDING, *_CHOOSING, *_TOGETHER, *_DECIDING_TENDERS, Scope.PEOPLE_MANAGE}
    ),
    Role.FINANCE: frozenset({Scope.COMMITMENTS_READ, Scope.SCHEMES_WRITE, Scope.BIDS_OPEN, *_CHOOSING}),
    Role.TRUST_LEAD: frozenset(
        {
            Scope.COMMITMENTS_READ,
            *_SPENDING,
            *_CHOOSING,
            *_TOGETHER,
            *_DECIDING_TENDERS,
            Scope.FRAMEWORKS_RUN,
            Scope.SCHEMES_WRITE,
            Scope.PEOPLE_MANAGE,
            Scope.TOKENS_MANAGE,
            Scope.AUDIT_READ,
        }
    ),
    Role.SUPPLIER_EDITOR: frozenset(
        {
            Scope.LISTINGS_WRITE,
            Scope.OFFERS_WRITE,
            Scope.BADGES_CLAIM,
            Scope.PEOPLE_MANAGE,
            Scope.TOKENS_MANAGE,
            Scope.AUDIT_READ,
        }
    ),
    Role.SUPPLIER_BIDDER: frozenset({Scope.PROCUREMENTS_READ, Scope.BIDS_MAKE, Scope.FRAMEWORKS_APPLY}),
    Role.EVALUATOR: _CHOOSING | {Scope.BIDS_SCORE},
    Role.VERIFIER: frozenset({Scope.BADGES_DECIDE}),
    Role.OPERATOR: frozenset(Scope) - _SPENDING - SELF - _NOT_THE_OPERATORS,
    Role.AUDITOR: frozenset({Scope.AUDIT_READ, Scope.COMMITMENTS_READ, Scope.SHORTLISTS_READ, Scope.PROCUREMENTS_READ}),
}
"""The operator spends nobody's money, chooses for nobody, and neither bids nor opens a bid."""

KIND_ROLES: Mapping[OrganisationKind, frozenset[Role]] = {
    OrganisationKind.SCHOOL: frozenset({Role.BUYER, Role.APPROVER, Role.FINANCE, Role.EVALUATOR, Role.AUDITOR}),
    OrganisationKind.TRUST: frozenset(
        {Role.BUYER, Role.APPROVER, Role.FINANCE, Role.TRUST_LEAD, Role.EVALUATOR, Role.AUDITOR}
    ),
    OrganisationKind.SUPPLIER: frozenset({Role.SUPPLIER_EDITOR, Role.SUPPLIER_BIDDER}),
    OrganisationKind.OPERATOR: frozenset({Role.OPERATOR, Role.VERIFIER, Role.AUDITOR}),
}

_PEOPLES_OWN = frozenset(
    {
        Scope.PEOPLE_MANAGE,
        Scope.PEOPLE_ERASE,
        Scope.TOKENS_MANAGE,
        Scope.COMMITMENTS_MAKE,
        Scope.COMMITMENTS_DECIDE,
        Scope.SCHEMES_WRITE,
        Scope.SHORTLISTS_WRITE,
        Scope.PROCUREMENTS_RUN,
        Scope.PROCUREMENTS_AWARD,
        Scope.PLEDGES_MAKE,
        Scope.BIDS_OPEN,
        Scope.BIDS_SCORE,
        Scope.FRAMEWORKS_RUN,
    }
)
"""Kept from organisation tokens: a decision about people, money or what to buy has a person behind it."""


def scopes_of(roles: Iterable[Role]) -> frozenset[Scope]:
    """What all these roles together may do."""
    return frozenset[Scope]().union(*(ROLE_SCOPES[role] for role in roles))


def token_scopes(kind: OrganisationKind) -> frozenset[Scope]:
    """What an organisation's own token may be given at most."""
    return scopes_of(KIND_ROLES[kind]) - _PEOPLES_OWN


def known_scopes(stored: Iterable[str]) -> frozenset[Scope]:
    """The scopes that a stored token names; one made before a change may name some that are no more."""
    return frozenset(map(Scope, frozenset(stored) & frozenset(Scope)))
