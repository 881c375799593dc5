"""What the API tells of people, memberships, invitations, requests to join and tokens."""

from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from becta.kernel.actor import Role, Scope
from becta.market.accounts.organisations import OrganisationOut
from becta.market.accounts.rules import JoinState
from becta.market.organisations.schemas import LinkOut


class PersonOut(Struct, frozen=True, kw_only=True):
    """A person. Name and e-mail address are None once erased, or where they are not known."""

    id: UUID
    name: str | None
    email: str | None


class OwnMembership(Struct, frozen=True, kw_only=True):
    """An organisation that the person who asks belongs to, with their roles and what these let them do."""

    organisation: OrganisationOut
    roles: list[Role]
    scopes: list[Scope]
    since: datetime


class Me(Struct, frozen=True, kw_only=True):
    """Who asks. `person` is None for an organisation's token; `scopes` are those of this very session or token."""

    person: PersonOut | None
    acting_for: OrganisationOut | None
    scopes: list[Scope]
    organisations: list[OwnMembership]


class TrustTime(Struct, frozen=True, kw_only=True):
    """A school's time in a trust, told from either side; `ended_at` is None while it lasts."""

    organisation: OrganisationOut
    joined_on: date | None
    left_on: date | None
    ended_at: datetime | None


class OrganisationFacts(Struct, frozen=True, kw_only=True):
    """What anybody may know of an organisation, with its history: it stays when schools move, close or are succeeded.

    `trust` and `trusts_before` are of a school, `schools` and `schools_before` of a trust.
    """

    organisation: OrganisationOut
    trust: TrustTime | None = None
    trusts_before: list[TrustTime] = []
    schools: list[TrustTime] = []
    schools_before: list[TrustTime] = []
    predecessors: list[LinkOut] = []
    successors: list[LinkOut] = []


class MemberOut(Struct, frozen=True, kw_only=True):
    """A person's time in an organisation. Send `revision` as If-Match to change just this."""

    id: UUID
    person: PersonOut
    roles: list[Role]
    revision: int
    started_at: datetime
    ended_at: datetime | None


class InvitationOut(Struct, frozen=True, kw_only=True):
    """An invitation. The e-mail address is kept only while it is open."""

    id: UUID
    organisation_id: UUID
    email: str | None
    roles: list[Role]
    invited_by: UUID | None
    created_at: datetime
    expires_at: datetime
    accepted_at: datetime | None
    withdrawn_at: datetime | None


class JoinRequestOut(Struct, frozen=True, kw_only=True):
    """A request to join, with who asked."""

    id: UUID
    organisation: OrganisationOut
    person: PersonOut
    state: JoinState
    wanted_roles: list[Role]
    created_at: datetime
    decided_at: datetime | None
    reason: str | None


class TokenOut(Struct, frozen=True, kw_only=True):
    """A token without its secret. `person_id` tells whose own it is, None for an organisation's."""

    id: UUID
    label: str
    organisation_id: UUID
    person_id: UUID | None
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    replaces: UUID | None


class MadeToken(Struct, frozen=True, kw_only=True):
    """A fresh token with its secret, which is told this once and cannot be told again."""

    token: TokenOut
    secret: str
