"""The product page: the listing as the API gives it, in words."""

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from becta.catalogue.categories import Kind
from becta.catalogue.offers.rules import ALL_REGIONS
from becta.compliance.badges.rules import Standing
from becta.compliance.standards.registry import Holder, standards
from becta.kernel import clock
from becta.kernel.errors import NotFound
from becta.market.api.access import PUBLIC
from becta.market.db import Database
from becta.market.listings.compose import product_out
from becta.market.listings.queries import one_listing
from becta.market.listings.schemas import BadgeOut, OfferOut, ProductOut
from becta.market.listings.words import KINDS, PHASES, REGIONS
from becta.market.web.addresses import as_uuid, facet_href
from becta.market.web.formats import condition_words, count_of, london_date, unit_words
from becta.market.web.json_ld import product_json_ld
from becta.market.web.particulars import USED_NOTE, connection_facts, percent_words, used_devices
from becta.market.web.rendering import Rendering
from becta.market.web.views import Badge, Fact, Link, OfferRow, Price, ProductPage, Proof, Tier

STATES = {
    Standing.VALID: "valid",
    Standing.EXPIRING: "expiring",
    Standing.EXPIRED: "expired",
    Standing.SUSPENDED: "suspended",
    Standing.REVOKED: "withdrawn",
}


@get("/products/{product_id:str}", opt={"access": PUBLIC}, sync_to_thread=True)
def show_product(db: NamedDependency[Database], pages: Rendering, product_id: FromPath[str]) -> Response[str]:
    """A published product. Its statements are those of loading one listing."""
    key = as_uuid(product_id)
    if key is None:
        raise NotFound("product", product_id)
    now = clock.now()
    with db.read() as session:
        product = product_out(one_listing(session, key), now=now)
    return pages.response(product_page(product))


def product_page(product: ProductOut) -> ProductPage:
    """What the page shows of a listing."""
    offers = sorted(product.offers, key=lambda offer: (offer.price_pence, offer.id))
    used = [found for offer in offers if (found := used_devices(offer))]
    return ProductPage(
        title=product.title,
        breadcrumbs=(
            Link(text="Home", href="/"),
            Link(text=KINDS[product.kind], href=facet_href("kind", product.kind)),
            Link(text=product.category.name, href=facet_href("category", product.category.code)),
        ),
        supplier=Link(text=product.supplier.name, href=facet_href("supplier", str(product.supplier.id))),
        facts=_facts(product),
        summary=product.summary,
        description=product.description.removeprefix(product.summary).lstrip(),  # many begin with it
        features=product.features,
        attributes=tuple(Fact(term=term, text=text) for term, text in product.attributes.items()),
        price=Price(pence=offers[0].price_pence, unit=offers[0].unit, is_from=len(offers) > 1) if offers else None,
        shortlist_href=f"/shortlists/add?product={product.id}",
        badges=tuple(
            Badge(name=badge.name, level=badge.level, role=badge.role, holder=badge.holder) for badge in product.badges
        ),
        proofs=tuple(_proof(product, badge) for badge in product.badges),
        past_proofs=tuple(_proof(product, badge) for badge in product.past_badges),
        offers=tuple(_offer(product, offer) for offer in offers),
        connectivity=connection_facts(product.connectivity),
        used=tuple(used),
        used_note=USED_NOTE if used else "",
        json_ld=product_json_ld(product),
    )


def _facts(product: ProductOut) -> tuple[Fact, ...]:
    phases = ", ".join(PHASES[phase] for phase in product.phases)
    facts = [
        Fact(term="Suits", text=phases[:1] + phases[1:].lower()),
        Fact(term="Brand", text=product.brand),
        Fact(term="Model", text=product.model),
        Fact(term="Part number", text=product.part_number),
        Fact(term="GTIN", text=", ".join(product.gtins)),
        Fact(term="Supplier’s reference", text=product.reference),
        Fact(term="CPV code", text=product.cpv_code),
        Fact(term="Listed", text=london_date(product.published_at) if product.published_at else ""),
    ]
    return tuple(fact for fact in facts if fact.text)


def _offer(product: ProductOut, offer: OfferOut) -> OfferRow:
    return OfferRow(
        name=_offer_name(product, offer),
        seller=offer.supplier.name,
        reference=offer.reference,
        unit=offer.unit,
        pence_ex_vat=offer.price_pence,
        pence_vat=offer.vat_pence,
        pence_inc_vat=offer.price_inc_vat_pence,
        vat_words=percent_words(offer.vat_basis_points),
        minimum_order=offer.minimum_order if offer.minimum_order > 1 else None,
        lead_time="" if offer.lead_time_days is None else count_of(offer.lead_time_days, "day"),
        term="" if offer.contract_term_months is None else count_of(offer.contract_term_months, "month"),
        regions=()
        if set(offer.regions) == set(ALL_REGIONS)
        else tuple(words for region, words in REGIONS.items() if region in offer.regions),
        tiers=tuple(Tier(minimum=tier.from_quantity, pence_ex_vat=tier.price_pence) for tier in offer.tiers),
    )


def _offer_name(product: ProductOut, offer: OfferOut) -> str:
    if product.kind is not Kind.DEVICE:
        words = unit_words(offer.unit)
        return words[:1].upper() + words[1:]
    if offer.remanufactured is None:
        return condition_words(offer.condition)
    return f"{condition_words(offer.condition)}, grade {offer.remanufactured.grade}"


def _proof(product: ProductOut, badge: BadgeOut) -> Proof:
    standard = standards().get(badge.standard)
    return Proof(
        name=badge.name,
        level=badge.level,
        holder=badge.holder,
        holder_name=product.supplier.name if badge.holder is Holder.SUPPLIER else product.title,
        state=STATES.get(badge.standing, "unverified"),
        standard=standard.name if standard else badge.standard,
        version=badge.version,
        publisher=badge.publisher,
        role=badge.role,
        scope=badge.scope,
        reference=badge.certificate_reference,
        issued=badge.issued_on,
        expires=badge.expires_on,
        evidence=Link(text="See the evidence", href=badge.evidence_url) if badge.evidence_url else None,
        note=badge.evidence_note,
        badge=Link(text="Verify this badge and see its history", href=f"/badges/{badge.id}"),
        meaning=Link(text="What it means", href=f"/standards/{badge.standard}"),
    )
