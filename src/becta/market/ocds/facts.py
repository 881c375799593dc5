"""What is public of a procurement or framework, as plain facts: what releases are made from. Sums are pence."""

from datetime import datetime
from decimal import Decimal

from msgspec import Struct


class Money(Struct, frozen=True, kw_only=True):
    """A sum ex VAT, and with VAT, in pence: as far as each is known."""

    net_pence: int | None = None
    gross_pence: int | None = None


class Span(Struct, frozen=True, kw_only=True):
    """A time, by its ends or by its length in months."""

    starts: datetime | None = None
    ends: datetime | None = None
    months: int | None = None


class PartyFacts(Struct, frozen=True, kw_only=True):
    """An organisation and its parts in this process. `identifiers` are (scheme of org-id.guide, number), best first."""

    key: str
    name: str
    roles: tuple[str, ...]
    identifiers: tuple[tuple[str, str], ...] = ()
    street: str = ""
    town: str = ""
    postcode: str = ""
    is_authority: bool = False

    @property
    def id(self) -> str:
        """How other parts of a release name it: by its best identifier, else by our own."""
        return "-".join(self.identifiers[0]) if self.identifiers else self.key


class DocumentFacts(Struct, frozen=True, kw_only=True):
    """A text that goes with a step; `kind` is a code of `documentType`, `notice` the number of a UK notice."""

    id: str
    kind: str
    title: str
    description: str = ""
    published_at: datetime | None = None
    notice: str | None = None


class ItemFacts(Struct, frozen=True, kw_only=True):
    """What is bought: so many of a thing of a CPV class (2008)."""

    id: str
    description: str
    cpv: str
    lot: str | None = None
    quantity: int | None = None
    unit: str = "unit"
    unit_price: Money | None = None


class LotFacts(Struct, frozen=True, kw_only=True):
    """A lot; `judged` says how bids for it are judged. Of a framework's lot, how it is called off from.

    `called_off` is a code of the standard.
    """

    id: str
    title: str
    description: str
    status: str
    judged: str = ""
    value: Money | None = None
    contract: Span | None = None
    called_off: str | None = None
    most_suppliers: int | None = None


class AmendmentFacts(Struct, frozen=True, kw_only=True):
    """A change and why; `is_proposed` while it was not made yet."""

    id: str
    at: datetime
    rationale: str
    description: str = ""
    value: Money | None = None
    period: Span | None = None
    is_proposed: bool = False


class AwardFacts(Struct, frozen=True, kw_only=True):
    """What a supplier was awarded. `suppliers` are keys of parties."""

    id: str
    title: str
    status: str
    decided_at: datetime | None
    suppliers: tuple[str, ...]
    lots: tuple[str, ...]
    value: Money | None = None
    items: tuple[ItemFacts, ...] = ()
    contract: Span | None = None
    standstill: Span | None = None
    summaries_sent_at: datetime | None = None
    description: str = ""


class ContractFacts(Struct, frozen=True, kw_only=True):
    """A contract under an award; `ended` says why it came to an end."""

    id: str
    award_id: str
    title: str
    status: str
    signed_at: datetime | None
    value: Money | None = None
    period: Span | None = None
    amendments: tuple[AmendmentFacts, ...] = ()
    ended: str | None = None


class FrameworkFacts(Struct, frozen=True, kw_only=True):
    """What the tender of a framework says of it (Procurement Act 2023 s.45). `method` is a code of the standard.

    `is_for_unlisted`: buyers may use it that it does not name one by one. `is_open`: it is an open framework (s.49),
    and `scheme_ends` when its last framework does. `levy` is the part of a call-off's value that its supplier pays.
    """

    method: str
    buyers: str
    is_for_unlisted: bool = True
    long_term_reason: str | None = None
    is_open: bool = False
    scheme_ends: datetime | None = None
    levy: Decimal | None = None


class EngagementFacts(Struct, frozen=True, kw_only=True):
    """How the market is engaged before the tender, and whether it was; or why no notice said so."""

    description: str | None = None
    is_done: bool = False
    no_notice_because: str | None = None


class ProcurementFacts(Struct, frozen=True, kw_only=True):
    """All that is public of a process at a step. `buyer` is the key of a party."""

    ocid: str
    id: str
    at: datetime
    tags: tuple[str, ...]
    title: str
    description: str
    buyer: str
    parties: tuple[PartyFacts, ...]
    status: str
    method: str
    method_details: str
    category: str
    is_above_threshold: bool
    lots: tuple[LotFacts, ...] = ()
    items: tuple[ItemFacts, ...] = ()
    value: Money | None = None
    published_at: datetime | None = None
    tendering: Span | None = None
    enquiries: Span | None = None
    contract: Span | None = None
    eligibility: str = ""
    judged: str = ""
    has_questions: bool | None = None
    bidders: int | None = None
    documents: tuple[DocumentFacts, ...] = ()
    amendments: tuple[AmendmentFacts, ...] = ()
    framework: FrameworkFacts | None = None
    is_competitive: bool | None = None
    under_framework: str | None = None
    awards: tuple[AwardFacts, ...] = ()
    contracts: tuple[ContractFacts, ...] = ()
    planning: str | None = None
    engagement: EngagementFacts | None = None
