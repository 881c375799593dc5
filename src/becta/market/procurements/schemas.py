"""What requests and answers about procurements look like. Amounts are pence ex VAT; times are UTC."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from becta.market.accounts.organisations import OrganisationOut
from becta.market.pledges.sharing import SharingPolicy
from becta.market.procurements.access import View
from becta.market.procurements.states import Phase, ProcurementState
from becta.market.procurements.terms import AwardMethod, LotTerms, Route

Instant = Annotated[datetime, Meta(tz=True)]
"""A time with its offset: one without could be read in two ways."""


class Timetable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The dates of a procurement; each counts to the instant. After `withdrawal_deadline` no pledge is taken back."""

    pledge_deadline: Instant | None = None
    withdrawal_deadline: Instant | None = None
    clarification_deadline: Instant | None = None
    tender_deadline: Instant | None = None


class ProcurementTerms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a procurement says of itself. `estimated_value_pence`: whole term, all schools, ex VAT; null is unknown."""

    title: str
    description: str
    route: Route
    lots: tuple[LotTerms, ...]
    timetable: Timetable = Timetable()
    award_method: AwardMethod = AwardMethod.PER_LOT
    savings_policy: SharingPolicy = SharingPolicy.ONE_PRICE
    estimated_value_pence: int | None = None
    cap_pence: int | None = None
    framework_lot_id: UUID | None = None


class NewProcurement(ProcurementTerms, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A procurement to be started for `organisation`, such as "trust:2044"."""

    organisation: str


class NewMember(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A school asked to take part, with its cap in pence ex VAT (null: no limit)."""

    organisation: str
    cap_pence: int | None = None


class NewMembers(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Schools, or trusts with all their schools, that are asked to take part, with the cap of each."""

    schools: tuple[NewMember, ...] = ()
    trusts: tuple[NewMember, ...] = ()


class NewInvitations(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Suppliers asked to bid, such as "supplier:01890a5d-…"."""

    suppliers: tuple[str, ...]


class ConflictsAssessment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the conflicts assessment found (Procurement Act 2023 s.83); kept in the trail, not published."""

    finding: str


class MarketEngagement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the market is engaged before a tender, planned or done, or why no notice UK2 says so; all of it is public.

    Procurement Act 2023 ss.16, 17: without the notice the tender notice says why there was none.
    """

    description: str | None = None
    is_done: bool = False
    no_notice_because: str | None = None


class NewQuestion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question that a supplier asks about a tender; it must not say who asks."""

    question: str


class Answered(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The answer to a question, for everybody."""

    answer: str


class TenderAmendment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change while bids are being made, with why; a substantial one must leave more time (s.31)."""

    rationale: str
    is_substantial: bool
    description: str | None = None
    tender_deadline: Instant | None = None


class Ending(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why something ends, is held up or goes on."""

    reason: str


class LotOut(Struct, frozen=True, kw_only=True):
    """A lot with what is published of it."""

    id: UUID
    number: int
    terms: LotTerms


class ClarificationOut(Struct, frozen=True, kw_only=True):
    """A question with its answer, without who asked."""

    id: UUID
    number: int
    question: str
    asked_at: datetime
    answer: str | None
    answered_at: datetime | None


class AmendmentOut(Struct, frozen=True, kw_only=True):
    """A change that was made while bids were being made."""

    number: int
    rationale: str
    is_substantial: bool
    deadline_before: datetime
    deadline_after: datetime
    made_at: datetime


class ProcurementShort(Struct, frozen=True, kw_only=True):
    """A procurement in a list."""

    id: UUID
    ocid: str
    organisation: OrganisationOut
    title: str
    route: Route
    state: ProcurementState
    phase: Phase
    pledge_deadline: datetime | None
    tender_deadline: datetime | None
    created_at: datetime
    revision: int


class ProcurementOut(ProcurementShort, frozen=True, kw_only=True):
    """A procurement as the reader may see it; `seen_as` says as what. Suppliers see no caps and no members."""

    description: str
    seen_as: View
    award_method: AwardMethod
    savings_policy: SharingPolicy
    tie_seed_hash: str
    framework_lot_id: UUID | None
    estimated_value_pence: int | None
    is_above_threshold: bool
    cap_pence: int | None
    withdrawal_deadline: datetime | None
    clarification_deadline: datetime | None
    conflicts_assessed_at: datetime | None
    engagement: MarketEngagement | None
    advertised_at: datetime | None
    opened_at: datetime | None
    decided_at: datetime | None
    summaries_sent_at: datetime | None
    award_published_at: datetime | None
    standstill_starts: date | None
    standstill_ends: date | None
    may_contract_from: datetime | None
    contracted_at: datetime | None
    ended_at: datetime | None
    reason: str | None
    lots: tuple[LotOut, ...]
    clarifications: tuple[ClarificationOut, ...]
    amendments: tuple[AmendmentOut, ...]
    members: int
    suppliers: int | None


class MemberOut(Struct, frozen=True, kw_only=True):
    """A school or trust that takes part, with its cap in pence ex VAT (null: no limit)."""

    organisation: OrganisationOut
    trust_id: UUID | None
    cap_pence: int | None
