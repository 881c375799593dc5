"""Joining what the rooms know of a product: rows in, public values out. Pure functions."""

from collections.abc import Iterable
from datetime import datetime

import msgspec
from msgspec import Struct

from becta.catalogue.categories import categories
from becta.catalogue.connectivity.models import ConnectivityRow
from becta.catalogue.connectivity.rules import ConnectivityPackage
from becta.catalogue.offers.models import Offer
from becta.catalogue.offers.rules import Region, Tier
from becta.catalogue.products.models import ListingVersion, Product
from becta.catalogue.products.rules import Phase
from becta.catalogue.products.service import content_of
from becta.catalogue.suppliers.models import Supplier
from becta.catalogue.suppliers.rules import Contact
from becta.compliance.badges.credentials import badge_name
from becta.compliance.badges.models import BadgeClaimRow
from becta.compliance.badges.rules import Standing, next_change, standing
from becta.compliance.standards.registry import standards
from becta.kernel.clock import start_of_day
from becta.kernel.money import vat_pence
from becta.market.listings.schemas import (
    BadgeOut,
    BadgeShort,
    CategoryOut,
    ClaimOut,
    OfferOut,
    ProductCard,
    ProductOut,
    SupplierOut,
    SupplierRef,
    VersionOut,
)
from becta.refurb.units.models import RemanufacturedDeviceRow
from becta.refurb.units.rules import RemanufacturedDevice
from becta.search.documents import BadgeMark, Document

SHOWN = (Standing.VALID, Standing.EXPIRING)
"""What a badge must be to show among a listing's badges."""
PAST = (Standing.EXPIRED, Standing.SUSPENDED, Standing.REVOKED)
"""What was a badge once and is none now."""


class OfferParts(Struct, frozen=True, kw_only=True):
    """An offer with its supplier and, for used goods, its particulars."""

    offer: Offer
    supplier: Supplier
    unit: RemanufacturedDeviceRow | None


class ListingParts(Struct, frozen=True, kw_only=True):
    """Everything a published listing is made of."""

    product: Product
    version: ListingVersion
    supplier: Supplier
    package: ConnectivityRow | None
    offers: tuple[OfferParts, ...]
    claims: tuple[BadgeClaimRow, ...]

    @property
    def stamp(self) -> int:
        """Grows with every change to anything a buyer sees."""
        return self.product.revision + self.supplier.revision


def product_out(parts: ListingParts, *, now: datetime) -> ProductOut:
    """The whole listing as it stands now."""
    version = parts.version
    badges = [badge_out(claim, now=now) for claim in parts.claims]
    return ProductOut(
        id=parts.product.id,
        revision=parts.product.revision,
        reference=parts.product.reference,
        kind=parts.product.kind,
        supplier=supplier_ref(parts.supplier),
        version=version.number,
        published_at=version.published_at,
        title=version.title,
        summary=version.summary,
        description=version.description,
        cpv_code=version.cpv_code,
        category=category_out(version.category),
        phases=tuple(Phase(phase) for phase in version.phases),
        features=tuple(version.features),
        attributes=version.attributes,
        brand=version.brand,
        model=version.model,
        part_number=version.part_number,
        gtins=tuple(version.gtins),
        connectivity=package_of(parts.package),
        offers=tuple(offer_out(offer) for offer in parts.offers),
        badges=tuple(badge for badge in badges if badge.standing in SHOWN),
        past_badges=tuple(badge for badge in badges if badge.standing in PAST),
    )


def product_card(parts: ListingParts, *, now: datetime) -> ProductCard:
    """The listing as lists show it now."""
    cheapest = cheapest_offer(parts)
    badges = (badge_out(claim, now=now) for claim in parts.claims)
    return ProductCard(
        id=parts.product.id,
        reference=parts.product.reference,
        kind=parts.product.kind,
        title=parts.version.title,
        summary=parts.version.summary,
        supplier=supplier_ref(parts.supplier),
        category=category_out(parts.version.category),
        price_pence=cheapest.price_pence if cheapest else None,
        unit=cheapest.unit if cheapest else None,
        conditions=tuple(sorted({part.offer.condition for part in parts.offers})),
        badges=tuple(
            BadgeShort(
                standard=badge.standard,
                name=badge.name,
                version=badge.version,
                role=badge.role,
                level=badge.level,
                holder=badge.holder,
                expires_on=badge.expires_on,
            )
            for badge in badges
            if badge.standing in SHOWN
        ),
    )


def fresh_until(parts: ListingParts, *, now: datetime) -> int | None:
    """The epoch second at which the listing next changes by itself: a badge begins, nears its end or ends."""
    changes = (next_change(claim.state, claim.issued_on, claim.expires_on, now=now) for claim in parts.claims)
    return min((int(instant.timestamp()) for instant in changes if instant is not None), default=None)


def document(parts: ListingParts, *, now: datetime) -> Document:
    """The listing as the search engine takes it: with the dates of its badges, but those that have ended for good."""
    version, cheapest = parts.version, cheapest_offer(parts)
    codes = (version.part_number, version.model, *version.gtins, parts.product.reference)
    return Document(
        id=str(parts.product.id),
        revision=parts.stamp,
        reference=parts.product.reference,
        kind=parts.product.kind.value,
        title=version.title,
        supplier_id=str(parts.supplier.id),
        supplier=parts.supplier.name,
        brand=version.brand,
        model=version.model,
        codes=tuple(dict.fromkeys(code for code in codes if code)),
        category=version.category,
        category_name=category_out(version.category).name,
        summary=version.summary,
        description=version.description,
        features=tuple(version.features),
        attributes=version.attributes | _package_attributes(parts.package),
        phases=tuple(version.phases),
        conditions=tuple(sorted({part.offer.condition.value for part in parts.offers})),
        regions=tuple(region for region in Region if any(region in part.offer.regions for part in parts.offers)),
        badges=tuple(
            badge_mark(claim)
            for claim in parts.claims
            if standing(claim.state, claim.issued_on, claim.expires_on, now=now) in (*SHOWN, Standing.NOT_YET)
        ),
        price_pence=cheapest.price_pence if cheapest else None,
        price_unit=cheapest.unit.value if cheapest else "",
        offers=len(parts.offers),
        published_at=int(version.published_at.timestamp()) if version.published_at else 0,
    )


def badge_mark(claim: BadgeClaimRow) -> BadgeMark:
    """An accepted claim as the search engine takes it."""
    return BadgeMark(
        code=claim.standard,
        name=badge_name(claim),
        level=claim.level.value,
        holder=claim.holder.value,
        version=claim.standard_version,
        role=claim.role,
        valid_from=int(start_of_day(claim.issued_on).timestamp()),
        valid_until=int(start_of_day(claim.expires_on).timestamp()) if claim.expires_on else None,
    )


def badge_out(claim: BadgeClaimRow, *, now: datetime) -> BadgeOut:
    """A claim with what it is worth now."""
    return BadgeOut(
        id=claim.id,
        standard=claim.standard,
        name=badge_name(claim),
        publisher=standards()[claim.standard].publisher,
        version=claim.standard_version,
        role=claim.role,
        level=claim.level,
        holder=claim.holder,
        scope=claim.scope,
        certificate_reference=claim.certificate_reference,
        evidence_url=claim.evidence_url,
        evidence_note=claim.evidence_note,
        issued_on=claim.issued_on,
        expires_on=claim.expires_on,
        standing=standing(claim.state, claim.issued_on, claim.expires_on, now=now),
    )


def offer_out(parts: OfferParts) -> OfferOut:
    """An offer with VAT worked out for one unit."""
    offer = parts.offer
    vat = vat_pence(offer.price_pence, offer.vat_basis_points)
    return OfferOut(
        id=offer.id,
        product_id=offer.product_id,
        supplier=supplier_ref(parts.supplier),
        reference=offer.reference,
        state=offer.state,
        revision=offer.revision,
        price_pence=offer.price_pence,
        vat_basis_points=offer.vat_basis_points,
        vat_pence=vat,
        price_inc_vat_pence=offer.price_pence + vat,
        unit=offer.unit,
        condition=offer.condition,
        tiers=tuple(msgspec.convert(tier, Tier) for tier in offer.tiers),
        minimum_order=offer.minimum_order,
        lead_time_days=offer.lead_time_days,
        contract_term_months=offer.contract_term_months,
        regions=tuple(Region(region) for region in offer.regions),
        remanufactured=_unit_of(parts.unit),
    )


def supplier_out(supplier: Supplier, claims: Iterable[BadgeClaimRow], *, now: datetime) -> SupplierOut:
    """A supplier with the badges it holds itself."""
    badges = [badge_out(claim, now=now) for claim in claims]
    return SupplierOut(
        id=supplier.id,
        revision=supplier.revision,
        reference=supplier.reference,
        name=supplier.name,
        legal_name=supplier.legal_name,
        companies_house_number=supplier.companies_house_number,
        ppon=supplier.ppon,
        vat_number=supplier.vat_number,
        website=supplier.website,
        summary=supplier.summary,
        town=supplier.town,
        contacts=tuple(msgspec.convert(contact, Contact) for contact in supplier.contacts),
        badges=tuple(badge for badge in badges if badge.standing in SHOWN),
        past_badges=tuple(badge for badge in badges if badge.standing in PAST),
    )


def version_out(product: Product, version: ListingVersion, package: ConnectivityRow | None) -> VersionOut:
    """One version of a listing for those who work on it."""
    return VersionOut(
        product_id=product.id,
        product_revision=product.revision,
        reference=product.reference,
        kind=product.kind,
        number=version.number,
        state=version.state,
        reasons=tuple(version.reasons),
        content=content_of(version, package),
        created_at=version.created_at,
        submitted_at=version.submitted_at,
        decided_at=version.decided_at,
        published_at=version.published_at,
    )


def claim_out(claim: BadgeClaimRow, *, now: datetime) -> ClaimOut:
    """A badge claim for those who make and decide it."""
    holder_id = claim.product_id or claim.supplier_id
    assert holder_id is not None  # the table's check constraint
    return ClaimOut(
        id=claim.id,
        revision=claim.revision,
        holder=claim.holder,
        holder_id=holder_id,
        state=claim.state,
        reasons=tuple(claim.reasons),
        badge=badge_out(claim, now=now),
        created_at=claim.created_at,
        taken_at=claim.taken_at,
        checked_at=claim.checked_at,
        decided_at=claim.decided_at,
    )


def supplier_ref(supplier: Supplier) -> SupplierRef:
    """A supplier in short."""
    return SupplierRef(id=supplier.id, reference=supplier.reference, name=supplier.name)


def category_out(code: str) -> CategoryOut:
    """A category by its code."""
    category = categories()[code]
    return CategoryOut(code=category.code, name=category.name, kind=category.kind)


def cheapest_offer(parts: ListingParts) -> Offer | None:
    """The offer with the lowest first price; the older one of equals."""
    return min((part.offer for part in parts.offers), key=lambda offer: (offer.price_pence, offer.id), default=None)


def package_of(row: ConnectivityRow | None) -> ConnectivityPackage | None:
    """The package held in a row."""
    return None if row is None else msgspec.convert(row.model_dump(exclude={"version_id"}), ConnectivityPackage)


def _unit_of(row: RemanufacturedDeviceRow | None) -> RemanufacturedDevice | None:
    return None if row is None else msgspec.convert(row.model_dump(exclude={"offer_id"}), RemanufacturedDevice)


def _package_attributes(row: ConnectivityRow | None) -> dict[str, str]:
    if row is None:
        return {}
    return {
        "access type": row.access_type.value.replace("_", " "),
        "download": f"{row.download_mbps} Mbps",
        "upload": f"{row.upload_mbps} Mbps",
        "filtering": row.filtering_product,
        "failover": row.failover.value.replace("_", " "),
    }
