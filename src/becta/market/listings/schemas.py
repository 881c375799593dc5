"""Listings as the API and the pages give them. Money is integer pence, `*_pence` ex VAT unless it says otherwise."""

from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from becta.catalogue.categories import Kind
from becta.catalogue.connectivity.rules import ConnectivityPackage
from becta.catalogue.offers.rules import Condition, OfferState, Region, Tier, Unit
from becta.catalogue.products.rules import ListingContent, ListingState, Phase
from becta.catalogue.suppliers.rules import Contact
from becta.compliance.badges.rules import ClaimState, Level, Standing
from becta.compliance.standards.registry import Holder
from becta.refurb.units.rules import RemanufacturedDevice


class CategoryOut(Struct, frozen=True, kw_only=True):
    """A category and the kind it belongs to."""

    code: str
    name: str
    kind: Kind


class SupplierRef(Struct, frozen=True, kw_only=True):
    """A supplier in short."""

    id: UUID
    reference: str
    name: str


class BadgeOut(Struct, frozen=True, kw_only=True):
    """An accepted claim and what it is worth now. It belongs to its `holder`, within its `scope`.

    Under its `id` the ledger has the signed credential and what it rests on: see /badges/{id}.
    """

    id: UUID
    standard: str
    name: str
    publisher: str
    version: str
    role: str
    level: Level
    holder: Holder
    scope: str
    certificate_reference: str
    evidence_url: str
    evidence_note: str
    issued_on: date
    expires_on: date | None
    standing: Standing


class OfferOut(Struct, frozen=True, kw_only=True):
    """A price and its terms. `vat_pence` and `price_inc_vat_pence` are for one unit at the first price."""

    id: UUID
    product_id: UUID
    supplier: SupplierRef
    reference: str
    state: OfferState
    revision: int
    price_pence: int
    vat_basis_points: int
    vat_pence: int
    price_inc_vat_pence: int
    unit: Unit
    condition: Condition
    tiers: tuple[Tier, ...]
    minimum_order: int
    lead_time_days: int | None
    contract_term_months: int | None
    regions: tuple[Region, ...]
    remanufactured: RemanufacturedDevice | None


class ProductOut(Struct, frozen=True, kw_only=True):
    """A published listing with its offers and badges. `past_badges` were true once and are not now."""

    id: UUID
    revision: int
    reference: str
    kind: Kind
    supplier: SupplierRef
    version: int
    published_at: datetime | None
    title: str
    summary: str
    description: str
    cpv_code: str
    category: CategoryOut
    phases: tuple[Phase, ...]
    features: tuple[str, ...]
    attributes: dict[str, str]
    brand: str
    model: str
    part_number: str
    gtins: tuple[str, ...]
    connectivity: ConnectivityPackage | None
    offers: tuple[OfferOut, ...]
    badges: tuple[BadgeOut, ...]
    past_badges: tuple[BadgeOut, ...]


class BadgeShort(Struct, frozen=True, kw_only=True):
    """A valid badge as lists show it."""

    standard: str
    name: str
    version: str
    role: str
    level: Level
    holder: Holder
    expires_on: date | None


class ProductCard(Struct, frozen=True, kw_only=True):
    """A published listing as lists show it; `price_pence` is its lowest active offer's, None without one."""

    id: UUID
    reference: str
    kind: Kind
    title: str
    summary: str
    supplier: SupplierRef
    category: CategoryOut
    price_pence: int | None
    unit: Unit | None
    conditions: tuple[Condition, ...]
    badges: tuple[BadgeShort, ...]


class SupplierOut(Struct, frozen=True, kw_only=True):
    """A supplier with its own badges."""

    id: UUID
    revision: int
    reference: str
    name: str
    legal_name: str
    companies_house_number: str | None
    ppon: str | None
    vat_number: str | None
    website: str
    summary: str
    town: str
    contacts: tuple[Contact, ...]
    badges: tuple[BadgeOut, ...]
    past_badges: tuple[BadgeOut, ...]


class VersionOut(Struct, frozen=True, kw_only=True):
    """One version of a listing as its supplier sees it."""

    product_id: UUID
    product_revision: int
    reference: str
    kind: Kind
    number: int
    state: ListingState
    reasons: tuple[str, ...]
    content: ListingContent
    created_at: datetime
    submitted_at: datetime | None
    decided_at: datetime | None
    published_at: datetime | None


class ClaimOut(Struct, frozen=True, kw_only=True):
    """A badge claim as its supplier and the operator see it."""

    id: UUID
    revision: int
    holder: Holder
    holder_id: UUID
    state: ClaimState
    reasons: tuple[str, ...]
    badge: BadgeOut
    created_at: datetime
    taken_at: datetime | None
    checked_at: datetime | None
    decided_at: datetime | None
