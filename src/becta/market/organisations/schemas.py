"""What the import and the reads of schools and groups answer with."""

from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from becta.catalogue.offers.rules import Region
from becta.market.organisations.rules import Gender, GroupStatus, GroupType, LinkKind, SchoolPhase, Status


class Counts(Struct, frozen=True, kw_only=True):
    """What an import did with one part of the register. Links stated from both sides are read twice, created once."""

    read: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    failed: int = 0
    ended: int = 0
    missing: int = 0


class RegisterSummary(Struct, frozen=True, kw_only=True):
    """What an import did. Parts of the register for which no file was given are all noughts."""

    files: tuple[str, ...]
    establishments: Counts = Counts()
    groups: Counts = Counts()
    memberships: Counts = Counts()
    links: Counts = Counts()


class SchoolItem(Struct, frozen=True, kw_only=True):
    """A school in a list, with the academy trust that runs it, if one does."""

    urn: int
    name: str
    status: Status
    phase: SchoolPhase
    type_name: str | None
    la_code: str | None
    la_name: str | None
    town: str | None
    postcode: str | None
    region: Region | None
    pupils: int | None
    trust_uid: int | None = None
    trust_name: str | None = None


class SchoolPage(Struct, frozen=True, kw_only=True):
    """A page of schools. `next` continues it; None at the end."""

    items: tuple[SchoolItem, ...]
    next: str | None = None


class MembershipOut(Struct, frozen=True, kw_only=True):
    """A school's time in a group; `ended_at` is None while it lasts."""

    group_uid: int
    group_id: str | None
    group_name: str
    group_type: GroupType
    group_status: GroupStatus
    joined_on: date | None
    left_on: date | None
    started_at: datetime
    ended_at: datetime | None


class LinkOut(Struct, frozen=True, kw_only=True):
    """Another establishment that a school came from, became, or has to do with."""

    urn: int
    name: str
    status: Status
    kind: LinkKind
    established_on: date | None


class School(Struct, frozen=True, kw_only=True):
    """All that is kept of a school. `groups` are the present ones, `memberships` all there ever were, newest first."""

    id: UUID
    urn: int
    ukprn: str | None
    uprn: str | None
    name: str
    la_code: str | None
    la_name: str | None
    establishment_number: str | None
    type_code: int | None
    type_name: str | None
    type_group: str | None
    status: Status
    opened_on: date | None
    opened_reason: str | None
    closed_on: date | None
    closed_reason: str | None
    phase: SchoolPhase
    age_low: int | None
    age_high: int | None
    capacity: int | None
    pupils: int | None
    gender: Gender | None
    free_meals_basis_points: int | None
    street: str | None
    locality: str | None
    address3: str | None
    town: str | None
    county: str | None
    postcode: str | None
    easting: int | None
    northing: int | None
    region: Region | None
    website: str | None
    last_changed_on: date | None
    first_seen_at: datetime
    changed_at: datetime
    missing_since: datetime | None
    trust: MembershipOut | None
    groups: tuple[MembershipOut, ...]
    memberships: tuple[MembershipOut, ...]
    predecessors: tuple[LinkOut, ...]
    successors: tuple[LinkOut, ...]
    related: tuple[LinkOut, ...]
