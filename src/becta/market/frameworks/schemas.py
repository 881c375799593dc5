"""Frameworks and applications as they are shown. Money is integer pence; a framework's value includes VAT."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from becta.market.accounts.organisations import OrganisationOut
from becta.market.frameworks.declarations import Answer, Question, Verdict
from becta.market.frameworks.entitlement import EntitledBuyers
from becta.market.frameworks.rules import Extended, Method, Standing
from becta.market.frameworks.scoring import Assessment, AwardCriterion, Score, SelectionCriterion
from becta.market.frameworks.terms import Response


class ApplicationStanding(StrEnum):
    """Where an application stands: its state, or awarded and waiting for the standstill to end, or its place ended."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    UNDER_ASSESSMENT = "under_assessment"
    ADMITTED = "admitted"
    NOT_ADMITTED = "not_admitted"
    STANDSTILL = "standstill"
    AWARDED = "awarded"
    NOT_AWARDED = "not_awarded"
    SUSPENDED = "suspended"
    REMOVED = "removed"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"


class AwardedSupplier(Struct, frozen=True, kw_only=True):
    """A supplier on a lot, since when it may be called off from, and until when if a later round ends its place."""

    supplier_id: UUID
    name: str
    awarded_from: date
    awarded_until: date | None = None

    def is_on_it(self, on: date) -> bool:
        """Whether it may be called off from on a day."""
        return self.awarded_from <= on and (self.awarded_until is None or on <= self.awarded_until)

    @property
    def organisation_id(self) -> UUID:
        """The organisation that acts for the supplier: the same id."""
        return self.supplier_id


class LotOut(Struct, frozen=True, kw_only=True):
    """A lot of a framework with the suppliers awarded to it, those in standstill included, by name."""

    id: UUID
    number: int
    title: str
    description: str
    category: str
    method: Method
    core_terms: str
    mechanism: str
    max_suppliers: int | None
    suppliers: tuple[AwardedSupplier, ...]


class RoundOut(Struct, frozen=True, kw_only=True):
    """One time that a framework was open for applications, and what came of it."""

    number: int
    opened_at: datetime
    closes_at: datetime
    short_period_reason: str | None
    extensions: tuple[Extended, ...]
    summaries_sent_at: datetime | None
    award_published_on: date | None
    standstill_ends_on: date | None
    effective_from: date | None


class FrameworkShort(Struct, frozen=True, kw_only=True):
    """A framework in a list; `last_on` is the last day on which it is or will be in force."""

    id: UUID
    reference: str
    title: str
    authority: OrganisationOut
    standing: Standing
    is_taking_applications: bool
    closes_at: datetime | None
    is_open_framework: bool
    categories: tuple[str, ...]
    methods: tuple[Method, ...]
    starts_on: date
    last_on: date
    estimated_value_pence: int
    levy_basis_points: int


class FrameworkOut(Struct, frozen=True, kw_only=True):
    """A framework with its lots, as it stands now; `ocid` names it in open contracting.

    `next_award_by` is the last day for an open framework's next award (s.49(2)(a)), None if none is due.
    """

    id: UUID
    ocid: str
    reference: str
    title: str
    description: str
    authority: OrganisationOut
    standing: Standing
    is_taking_applications: bool
    cpv_codes: tuple[str, ...]
    price_mechanism: str
    is_open_framework: bool
    is_light_touch: bool
    entitled: EntitledBuyers
    starts_on: date
    ends_on: date
    last_on: date
    long_term_reason: str | None
    in_force_from: date | None
    next_award_by: date | None
    estimated_value_pence: int
    levy_basis_points: int
    selection_criteria: tuple[SelectionCriterion, ...]
    award_criteria: tuple[AwardCriterion, ...]
    questions: tuple[Question, ...]
    terms_sha256: str
    lots: tuple[LotOut, ...]
    rounds: tuple[RoundOut, ...]
    published_at: datetime | None
    terminated_at: datetime | None
    reason: str | None
    revision: int


class TermsOut(Struct, frozen=True, kw_only=True):
    """One version of a framework's standard terms, named by the SHA-256 of its UTF-8."""

    sha256: str
    text: str
    made_at: datetime


class SuccessfulSupplier(Struct, frozen=True, kw_only=True):
    """A supplier that the lot takes, as every assessment summary names it."""

    supplier: str
    total: Decimal


class Summary(Struct, frozen=True, kw_only=True):
    """The assessment summary a supplier is given before the award (s.50(4)): its own assessment and who was taken."""

    is_successful: bool
    sentence: str
    rank: int | None
    total: Decimal | None
    scores: tuple[Score, ...]
    reasons: tuple[str, ...]
    successful: tuple[SuccessfulSupplier, ...]


class ApplicationShort(Struct, frozen=True, kw_only=True):
    """An application in a list."""

    id: UUID
    framework_id: UUID
    framework: str
    lot: int
    round: int
    supplier_id: UUID
    supplier: str
    standing: ApplicationStanding
    submitted_at: datetime | None
    revision: int


class ApplicationOut(Struct, frozen=True, kw_only=True):
    """A supplier's application for a lot.

    To its supplier, what is made of it shows only once all summaries are sent: until then `verdict` is what its
    answers would do now, and the rest of the assessment is None. `assessor_id` is shown to the authority alone.
    `later_summaries` are those of later rounds of an open framework in which this tender was ranked again.
    """

    id: UUID
    framework_id: UUID
    framework: str
    lot: int
    round: int
    supplier_id: UUID
    supplier: str
    standing: ApplicationStanding
    answers: tuple[Answer, ...]
    responses: tuple[Response, ...]
    share_code: str
    verdict: Verdict
    terms_sha256: str | None
    created_at: datetime
    submitted_at: datetime | None
    assessor_id: UUID | None
    assessment: Assessment | None
    total: Decimal | None
    decided_at: datetime | None
    reason: str | None
    summary: Summary | None
    later_summaries: tuple[Summary, ...]
    awarded_from: date | None
    awarded_until: date | None
    revision: int
