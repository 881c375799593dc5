"""Sample pages, each full (every field used) and sparse (only what must be there), and a small running market."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from jinja2 import Environment
from litestar.testing import TestClient
from sqlmodel import Session
from tests.support.apps import client_over

from becta.catalogue.categories import Kind
from becta.catalogue.connectivity.rules import AccessType, ConnectivityPackage
from becta.catalogue.offers.rules import Condition, OfferTerms, Region, Tier, Unit
from becta.catalogue.products.rules import ListingContent, Phase
from becta.catalogue.products.service import publish_listing, start_listing, submit_listing
from becta.catalogue.suppliers.rules import SupplierDetails
from becta.catalogue.suppliers.service import register_supplier
from becta.compliance.badges.checking import decide_claim
from becta.compliance.badges.rules import BadgeClaim, ClaimState, Level
from becta.compliance.badges.service import claim_badge
from becta.compliance.standards.registry import Holder
from becta.kernel import clock
from becta.kernel.actor import system
from becta.market.settings import Settings
from becta.market.web import views as v
from becta.market.web.templates import environment
from becta.market.wiring import House, build
from becta.refurb.units.rules import Erasure, Grade, Process, RemanufacturedDevice
from becta.refurb.units.service import offer_device

STATIC = {
    name: f"/static/built/{name}" for name in ("app.css", "icon.svg", "api.js", "swagger-ui.js", "swagger-ui.css")
}

CERTIFIED = v.Badge(name="Cyber Essentials", level="certified")
TESTED = v.Badge(name="OneRoster 1.2", level="tested_by_us", role="consumer")
DECLARED = v.Badge(name="WCAG 2.2 AA", level="self_declared")


def full(name: str) -> Any:  # noqa: PLR0911 - one for each page
    """The page with every field used."""
    match name:
        case "home":
            return v.HomePage(
                total=12480,
                kinds=(
                    v.Browse(text="Software", href="/search?kind=software", count=9120, hint="Learning, MIS, safety"),
                    v.Browse(text="Devices", href="/search?kind=device", count=2210, hint="Laptops, tablets, displays"),
                    v.Browse(text="Connectivity", href="/search?kind=connectivity", count=150, hint="Fibre and Wi-Fi"),
                    v.Browse(text="Services", href="/search?kind=service", count=1, hint="Support and training"),
                ),
                categories=tuple(
                    v.Browse(text=text, href=f"/search?category={n}", count=900 - 37 * n)
                    for n, text in enumerate(
                        (
                            "Management information systems", "Virtual learning environments", "Laptops",
                            "Tablets", "Classroom displays", "Broadband", "Wireless networks",
                            "Filtering and monitoring", "Assessment", "Accessibility", "Backup", "Cyber services",
                        )
                    )
                ),
                shortcuts=(
                    v.Browse(
                        text="Remanufactured devices", href="/search?condition=remanufactured", count=312,
                        hint="As good as new, with a warranty to match",
                    ),
                    v.Browse(text="With Cyber Essentials", href="/search?badge=cyber-essentials", count=4210),
                ),
            )  # fmt: skip
        case "search":
            return v.SearchPage(
                q="one roster laptop",
                total=1234,
                results=(
                    v.Result(
                        title="ThinkPad T14 Gen 3, remanufactured",
                        href="/products/BP-000123",
                        supplier="Second Life IT",
                        category="Laptops",
                        highlight="A 14-inch <mark>laptop</mark> &amp; dock, tested to <b>new</b> performance",
                        price=v.Price(pence=38900, unit="each"),
                        conditions=("remanufactured", "new"),
                        badges=(CERTIFIED, v.Badge(name="BSI Kitemark BS 8887", level="certified")),
                    ),
                    v.Result(
                        title="Harbour MIS",
                        href="/products/BP-000124",
                        supplier="Harbour Learning",
                        category="Management information systems",
                        summary="Registers, timetables and returns for schools and trusts of any size.",
                        price=v.Price(pence=425, unit="per_pupil_per_year", is_from=False),
                        badges=(CERTIFIED, TESTED, DECLARED),
                    ),
                    v.Result(title="Tutor days", href="/products/BP-000125", supplier="Fen Training"),
                ),
                sort="relevance",
                sorts=(
                    v.Option(value="relevance", text="Relevance"),
                    v.Option(value="price", text="Price, lowest first"),
                    v.Option(value="newest", text="Newest"),
                ),
                facets=(
                    v.Facet(
                        name="kind",
                        title="Kind",
                        is_open=True,
                        options=(
                            v.FacetOption(value="software", label="Software", count=1020),
                            v.FacetOption(value="device", label="Devices", count=214, is_checked=True),
                        ),
                    ),
                    v.Facet(
                        name="badge",
                        title="Badge",
                        is_open=True,
                        options=(
                            v.FacetOption(
                                value="ce",
                                label="Cyber Essentials",
                                count=811,
                                is_checked=True,
                                choices=(
                                    v.Choice(
                                        name="ce.level",
                                        label="Proof at least",
                                        chosen="certified",
                                        options=(
                                            v.Option(value="", text="Any proof"),
                                            v.Option(value="certified", text="Certified"),
                                        ),
                                    ),
                                ),
                            ),
                            v.FacetOption(value="or", label="OneRoster 1.2 (consumer), tested by us", count=42),
                        ),
                    ),
                    v.Facet(
                        name="supplier",
                        title="Supplier",
                        options=tuple(
                            v.FacetOption(value=str(n), label=f"Supplier {n}", count=n) for n in range(1, 25)
                        ),
                    ),
                    v.Facet(name="region", title="Region", options=()),
                ),
                selected=(
                    v.Selected(facet="Kind", text="Devices", href="/search?badge=ce"),
                    v.Selected(facet="Badge", text="Cyber Essentials", href="/search?kind=device"),
                ),
                clear_href="/search?q=one+roster+laptop",
                kept=(("price_max", "50000"),),
                notice=v.Notice(
                    message="Nothing has all your words, so “one” was left out.",
                    link=v.Link(text="Search for exactly “one roster laptop”", href="/search?q=x&exact=1"),
                ),
                did_you_mean=v.Link(text="oneroster laptop", href="/search?q=oneroster+laptop"),
                suggestions=(v.Link(text="oneroster", href="/search?q=oneroster"),),
                previous_href="/search?cursor=a",
                next_href="/search?cursor=b",
            )
        case "search_empty":
            return v.SearchPage(
                q="quill pens",
                total=0,
                results=(),
                sort="relevance",
                sorts=(v.Option(value="relevance", text="Relevance"),),
                selected=(v.Selected(facet="Kind", text="Devices", href="/search?q=quill+pens"),),
                suggestions=(v.Link(text="Pens for tablets", href="/search?q=stylus"),),
            )
        case "product":
            return v.ProductPage(
                title="ThinkPad T14 Gen 3, remanufactured",
                breadcrumbs=(v.Link(text="Home", href="/"), v.Link(text="Laptops", href="/search?category=laptops")),
                supplier=v.Link(text="Second Life IT", href="/suppliers/second-life-it"),
                facts=(
                    v.Fact(term="Reference", text="BP-000123"),
                    v.Fact(term="Brand", text="Lenovo", href="/search?brand=lenovo"),
                    v.Fact(term="Operating system", text="Windows 11", note="Security updates until 10 October 2028"),
                ),
                summary="A 14-inch laptop returned to its original performance, with a three-year warranty.",
                description="Each machine is taken apart, cleaned and tested.\n\nThe battery holds at least 80%.",
                features=("Backlit UK keyboard", "Wi-Fi 6", "16 GB of memory"),
                attributes=(
                    v.Fact(term="Memory", text="16 GB"),
                    v.Fact(term="Processor", text="Intel Core i5-1245U", href="https://example.org/i5", note="2022"),
                ),
                price=v.Price(pence=36500, unit="each"),
                badges=(CERTIFIED, v.Badge(name="BSI Kitemark BS 8887", level="certified"), DECLARED),
                proofs=(
                    v.Proof(
                        name="Cyber Essentials",
                        level="certified",
                        holder="supplier",
                        holder_name="Second Life IT Ltd",
                        state="expiring",
                        standard="Cyber Essentials",
                        version="3.3 (Danzell)",
                        scope="Whole organisation",
                        reference="CE-2026-1234",
                        issued=date(2025, 12, 11),
                        expires=date(2026, 12, 11),
                        evidence=v.Link(text="Certificate register", href="https://example.org/ce"),
                        publisher="IASME for the NCSC",
                        note="Seen on the register",
                    ),
                    v.Proof(
                        name="OneRoster",
                        level="tested_by_us",
                        holder="product",
                        holder_name="ThinkPad T14",
                        state="valid",
                        standard="OneRoster",
                        version="1.2",
                        role="Consumer, rostering by REST",
                    ),
                ),
                past_proofs=(
                    v.Proof(
                        name="Repair", level="self_declared", holder="supplier", holder_name="X", state="expired"
                    ),
                ),
                offers=(
                    v.OfferRow(
                        name="Grade A, UK keyboard",
                        unit="each",
                        pence_ex_vat=38900,
                        pence_vat=7780,
                        pence_inc_vat=46680,
                        vat_words="20%",
                        minimum_order=5,
                        lead_time="10 working days",
                        term="No term",
                        regions=("London", "South East"),
                        seller="Second Life IT",
                        reference="T14-A",
                        tiers=(v.Tier(minimum=50, pence_ex_vat=37500), v.Tier(minimum=1000, pence_ex_vat=36500)),
                    ),
                    v.OfferRow(
                        name="Lease", unit="per_device_per_year", pence_ex_vat=14000, pence_vat=2800,
                        pence_inc_vat=16800, term="36 months",
                    ),
                ),
                connectivity=(
                    v.Fact(term="Download speed", text="1,000 Mbps", note="Meets the DfE broadband standard"),
                    v.Fact(term="Service level", text="99.95%, fixed within 5 hours"),
                ),
                used=(
                    v.UsedDevices(
                        title="Remanufactured, grade A",
                        facts=(
                            v.Fact(term="Process", text="Remanufactured to BS 8887-220"),
                            v.Fact(term="Data erasure", text="Purged", note="NIST SP 800-88 Rev. 2"),
                            v.Fact(term="Carbon avoided", text="156 kg CO2e (95 to 210)"),
                        ),
                    ),
                ),
                used_note="Avoided carbon compares with buying new; it does not reduce reported emissions.",
                json_ld={"@context": "https://schema.org", "@type": "Product", "name": "</script><b>T14</b>"},
            )  # fmt: skip
        case "problem":
            return v.ProblemPage(
                status=400,
                title="There is a problem with this address",
                detail="The address asks for something this page does not know.",
                errors=(v.Slip(pointer="sort", detail="must be one of relevance, price, newest"),),
                links=(v.Link(text="Search again", href="/search"),),
                request_id="01981f3c",
            )
        case "problem_type":
            return v.ProblemTypePage(
                status=404,
                title="There is no such thing",
                type="/problems/not-found",
                meaning="There is nothing at this address.",
                mends=("check the address", "look it up again"),
            )
        case "api":
            return v.ApiPage(openapi_href="/schema/openapi.json")
    raise KeyError(name)


def sparse(name: str) -> Any:
    """The page with only the fields it must have."""
    match name:
        case "home":
            return v.HomePage(total=0, kinds=())
        case "search":
            result = v.Result(title="Tutor days", href="/products/BP-000125", supplier="Fen Training")
            return v.SearchPage(q="", total=1, results=(result,), sort="", sorts=())
        case "search_empty":
            return v.SearchPage(q="", total=0, results=(), sort="", sorts=())
        case "product":
            return v.ProductPage(
                title="Tutor days", breadcrumbs=(), supplier=v.Link(text="Fen Training", href="/suppliers/fen")
            )
        case "problem":
            return v.ProblemPage(status=404, title="Page not found")
    return full(name)


@pytest.fixture(name="jinja")
def jinja_environment() -> Environment:
    return environment(static_urls=STATIC, demonstration=True)


@pytest.fixture(name="sample")
def sample_page() -> Callable[[str, bool], Any]:
    return lambda name, is_full: full(name) if is_full else sparse(name)


@pytest.fixture(name="render")
def render_page(jinja: Environment) -> Callable[[str, Any], str]:
    return lambda name, page: jinja.get_template(f"{name.removesuffix('_empty')}.html").render(page=page)


OPERATOR = system("tests")
HOSTILE = '<script>alert("x")</script> tablet & stylus'


class Shop(NamedTuple):
    """A running market and the ids of what it sells."""

    client: TestClient[Any]
    house: House
    ids: dict[str, UUID]


@pytest.fixture(name="shop", scope="module")
def running_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder: Path = tmp_path_factory.mktemp("shop")
    house = build(Settings(data_dir=folder, demo=True))
    house.db.migrate()
    with house.db.write() as session:
        ids = stock(session)
    with client_over(house) as client:
        house.projection.heal()
        house.relay.drain()
        yield Shop(client, house, ids)


def stock(session: Session) -> dict[str, UUID]:
    """Two suppliers, a Chromebook new and used, a learning platform with badges, a line, a hostile title, a draft."""
    now = clock.now()
    larch = register_supplier(session, OPERATOR, "larch", SupplierDetails(name="Larch & Sons"), now=now).id
    fen = register_supplier(session, OPERATOR, "fen", SupplierDetails(name="Fen Learning"), now=now).id
    idle = register_supplier(session, OPERATOR, "idle", SupplierDetails(name="Idle Hands"), now=now).id

    def listed(supplier: UUID, reference: str, kind: Kind, *, is_published: bool = True, **content: Any) -> UUID:
        product, _ = start_listing(
            session,
            OPERATOR,
            supplier_id=supplier,
            reference=reference,
            kind=kind,
            content=ListingContent(**content),
            now=now,
        )
        if is_published:
            submit_listing(session, OPERATOR, product.id, revision=None, now=now)
            publish_listing(session, OPERATOR, product.id, revision=None, now=now)
        return product.id

    def offered(
        product: UUID, supplier: UUID, reference: str, terms: OfferTerms, unit: RemanufacturedDevice | None = None
    ) -> None:
        offer_device(
            session,
            OPERATOR,
            product_id=product,
            supplier_id=supplier,
            reference=reference,
            terms=terms,
            unit=unit,
            now=now,
        )

    def badged(holder: Holder, holder_id: UUID, standard: str, version: str, *, age: int, **more: Any) -> None:
        issued = clock.london_date(now) - timedelta(days=age)
        claim = BadgeClaim(
            standard=standard,
            standard_version=version,
            level=Level.CERTIFIED,
            issued_on=issued,
            expires_on=issued + timedelta(days=360),
            certificate_reference=f"{standard}-1",
            evidence_url="https://registers.example/1",
            **more,
        )
        row = claim_badge(session, OPERATOR, holder=holder, holder_id=holder_id, claim=claim, now=now)
        decide_claim(session, OPERATOR, row.id, ClaimState.ACCEPTED, (), revision=None, now=now)

    chromebook = listed(
        larch,
        "cb-11",
        Kind.DEVICE,
        title="Larch Chromebook 11",
        summary="A small Chromebook for primary classes.",
        cpv_code="30213100",
        category="chromebooks",
        phases=(Phase.PRIMARY,),
        brand="Larch",
        part_number="LC-11",
        gtins=("5012345678900",),
    )
    offered(
        chromebook,
        larch,
        "cb-new",
        OfferTerms(price_pence=249_00, unit=Unit.EACH, tiers=(Tier(from_quantity=30, price_pence=239_00),)),
    )
    used = RemanufacturedDevice(
        grade=Grade.A,
        process=Process.BS_8887_220,
        warranty_months=24,
        new_warranty_months=12,
        erasure=Erasure.PURGE,
        erasure_standard="NIST SP 800-88 Rev. 2",
        remanufacturer="Fen Learning",
        process_certificate="KM-1",
        battery_percent=91,
    )
    terms = OfferTerms(
        price_pence=149_99, unit=Unit.EACH, condition=Condition.REMANUFACTURED, regions=(Region.LONDON, Region.EAST)
    )
    offered(chromebook, fen, "cb-used", terms, used)
    platform = listed(
        fen,
        "fen-learn",
        Kind.SOFTWARE,
        title="Fen Learn",
        summary="A learning platform for trusts.",
        cpv_code="48190000",
        category="learning-platforms",
        phases=(Phase.PRIMARY, Phase.SECONDARY),
    )
    offered(platform, fen, "learn-1", OfferTerms(price_pence=125, unit=Unit.PER_PUPIL_PER_YEAR))
    badged(Holder.PRODUCT, platform, "lti", "1.3", age=100, role="Tool")
    badged(Holder.PRODUCT, platform, "oneroster", "1.2", age=400, role="Consumer")
    badged(Holder.SUPPLIER, fen, "cyber-essentials", "Danzell", age=340)
    line = listed(
        larch,
        "line-1",
        Kind.CONNECTIVITY,
        title="Larch fibre line",
        cpv_code="72400000",
        category="full-fibre-broadband",
        connectivity=ConnectivityPackage(
            access_type=AccessType.FTTP, download_mbps=1_000, upload_mbps=115, term_months=36
        ),
    )
    hostile = listed(
        larch,
        "hostile",
        Kind.DEVICE,
        title=HOSTILE,
        summary="</script><img src=x onerror=alert(1)> tablet",
        cpv_code="30213200",
        category="tablets",
        attributes={"<b>Colour</b>": "<i>red</i>"},
    )
    draft = listed(
        larch,
        "draft",
        Kind.SERVICE,
        is_published=False,
        title="A draft",
        cpv_code="80500000",
        category="training-and-cpd",
    )
    for number in range(25):
        listed(
            fen,
            f"day-{number}",
            Kind.SERVICE,
            title=f"Training day {number:02d}",
            cpv_code="80500000",
            category="training-and-cpd",
        )
    return {
        "chromebook": chromebook, "platform": platform, "line": line, "hostile": hostile, "draft": draft,
        "larch": larch, "fen": fen, "idle": idle,
    }  # fmt: skip
