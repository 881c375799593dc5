"""What the demonstration hands to a loader: plain facts, with nothing of the database in them."""

from typing import Literal

from msgspec import Struct

from becta.catalogue.categories import Kind
from becta.catalogue.offers.rules import OfferTerms
from becta.catalogue.products.rules import ListingContent
from becta.catalogue.suppliers.rules import SupplierDetails
from becta.compliance.badges.rules import BadgeClaim
from becta.refurb.units.rules import RemanufacturedDevice

Decision = Literal["accepted", "refused", "claimed", "revoked"]
"""Where the operator has brought a claim; a revoked one was accepted first."""


class DemoBadge(Struct, frozen=True, kw_only=True):
    """A claim, what the operator decided and why; a claim not yet checked carries no reason."""

    claim: BadgeClaim
    decision: Decision
    reason: str = ""


class DemoSupplier(Struct, frozen=True, kw_only=True):
    """A supplier and the badges it holds as an organisation."""

    reference: str
    details: SupplierDetails
    badges: tuple[DemoBadge, ...] = ()


class DemoOffer(Struct, frozen=True, kw_only=True):
    """An offer of a product, by the supplier that listed it or by another."""

    supplier: str
    reference: str
    terms: OfferTerms
    remanufactured: RemanufacturedDevice | None = None


class DemoProduct(Struct, frozen=True, kw_only=True):
    """A product as listed by the supplier named, with everything on offer for it."""

    supplier: str
    reference: str
    kind: Kind
    content: ListingContent
    offers: tuple[DemoOffer, ...] = ()
    badges: tuple[DemoBadge, ...] = ()


class Demonstration(Struct, frozen=True, kw_only=True):
    """The whole demonstration market: suppliers first, since products and offers name them."""

    suppliers: list[DemoSupplier]
    products: list[DemoProduct]
