"""What joining goes through, who may give which roles, and when somebody may be spared."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from enum import StrEnum

from becta.kernel.actor import Role, Scope
from becta.kernel.errors import Fault
from becta.market.accounts.roles import KIND_ROLES, ROLE_SCOPES, OrganisationKind

INVITATION_LASTS = timedelta(days=14)
MAX_OPEN_INVITATIONS = 100
"""Open invitations of an organisation at a time: each is a mail to a stranger."""
MAX_OPEN_REQUESTS = 5
"""Open requests to join of a person at a time."""
_OF_APPROVERS = frozenset({Role.BUYER, Role.EVALUATOR, Role.AUDITOR})
"""What an approver gives: nobody appoints who checks them, or raises their limits."""
_SPENDERS = frozenset({OrganisationKind.SCHOOL, OrganisationKind.TRUST})


class JoinState(StrEnum):
    """Where a request to join stands."""

    ASKED = "asked"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


JOIN_MOVES: Mapping[JoinState, frozenset[JoinState]] = {
    JoinState.ASKED: frozenset({JoinState.CONFIRMED, JoinState.REFUSED, JoinState.WITHDRAWN}),
    JoinState.CONFIRMED: frozenset(),
    JoinState.REFUSED: frozenset(),
    JoinState.WITHDRAWN: frozenset(),
}


def givable_roles(
    kind: OrganisationKind, *, scopes: frozenset[Scope], roles: frozenset[Role], is_operator: bool
) -> frozenset[Role]:
    """The roles somebody who manages people may give in an organisation of this kind, or take away.

    - In a supplier's: an editor every role, so that suppliers appoint their bidders themselves.
    - Else in the operator's own organisation and in a supplier's: only roles whose scopes they reach themselves.
    - In schools and trusts: a trust lead every role; an approver buyer, evaluator and auditor.
    - The operator: every role of every other organisation.
    """
    of_kind = KIND_ROLES[kind]
    if is_operator and kind is not OrganisationKind.OPERATOR:
        return of_kind
    if kind is OrganisationKind.SUPPLIER and Role.SUPPLIER_EDITOR in roles:
        return of_kind
    if kind not in _SPENDERS:
        return frozenset(role for role in of_kind if ROLE_SCOPES[role] <= scopes)
    if Role.TRUST_LEAD in roles:
        return of_kind
    return _OF_APPROVERS if Role.APPROVER in roles else frozenset()


def clashing_kinds(kind: OrganisationKind) -> frozenset[OrganisationKind]:
    """The kinds of organisation that nobody belongs to beside one of this kind: who oversees does not spend."""
    if kind is OrganisationKind.OPERATOR:
        return _SPENDERS
    return frozenset({OrganisationKind.OPERATOR}) if kind in _SPENDERS else frozenset()


def role_faults(
    kind: OrganisationKind,
    roles: Iterable[Role],
    givable: frozenset[Role],
    *,
    held: frozenset[Role] = frozenset(),
    at_least: int = 0,
) -> list[Fault]:
    """Faults of the roles somebody is to have who holds `held` now: what changes must be `givable`."""
    wanted = frozenset(roles)
    faults = []
    if len(wanted) < at_least:
        mend = f"choose among {', '.join(sorted(KIND_ROLES[kind]))}"
        faults.append(Fault(field="roles", problem="is empty", mend=mend))
    if strange := wanted - KIND_ROLES[kind]:
        mend = f"choose among {', '.join(sorted(KIND_ROLES[kind]))}"
        told = ", ".join(sorted(strange))
        faults.append(Fault(field="roles", problem=f"are not roles of a {kind}", mend=mend, value=told))
    if beyond := ((wanted ^ held) & KIND_ROLES[kind]) - givable:
        mend = "ask a lead of the trust, or the operator, to do it"
        told = ", ".join(sorted(beyond))
        faults.append(Fault(field="roles", problem="are beyond what you may give or take", mend=mend, value=told))
    return faults


def leaves_nobody(*, managers_before: int, managers_after: int, from_outside: bool) -> bool:
    """Whether a change would leave an organisation without anybody who manages its people.

    Somebody from outside (the trust's lead, the operator) may do that: they reach it still and can name another.
    """
    return managers_before > 0 and managers_after == 0 and not from_outside
