"""The demonstration keeps every rule a real listing must keep, and shows every state a badge can be in."""

import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from itertools import islice, pairwise
from re import findall, fullmatch
from urllib.parse import urlsplit

import msgspec
import pytest
from stdnum.gb import vat

from becta.catalogue.categories import Kind, categories
from becta.catalogue.offers.rules import ALL_REGIONS, Condition, terms_faults
from becta.catalogue.products.rules import content_faults
from becta.catalogue.suppliers.rules import supplier_faults, supplier_reference_faults
from becta.catalogue.text_rules import reference_faults
from becta.compliance.badges.rules import ClaimState, Standing, claim_faults, standing
from becta.compliance.standards.registry import Holder, standards
from becta.kernel.clock import add_months
from becta.market.demo.authored import families, suppliers
from becta.market.demo.badges import demo_badge
from becta.market.demo.catalogue import demonstration
from becta.market.demo.generator import generate, generated_suppliers, sample_queries
from becta.market.demo.rows import DemoBadge, Demonstration, DemoProduct, DemoSupplier
from becta.refurb.units.rules import unit_faults

TODAY = date(2026, 11, 22)
DAYS = (TODAY, date(2027, 3, 31), date(2028, 2, 29))
RESERVED = (".example", "example.com", "example.org", "example.net")
DRAMA = r"(0113|0114|0115|0116|0117|0118|0121|0151|0161) 496 0\d{3}|0191 498 0\d{3}|020 7946 0\d{3}|01632 960\d{3}"


@pytest.fixture(scope="module")
def market() -> Demonstration:
    return demonstration(TODAY)


def _product_faults(product: DemoProduct) -> list[object]:
    faults: list[object] = [*reference_faults(product.reference), *content_faults(product.kind, product.content)]
    for offer in product.offers:
        faults += [*reference_faults(offer.reference), *terms_faults(offer.terms)]
        faults += unit_faults(offer.terms.condition, offer.remanufactured)
    for badge in product.badges:
        faults += claim_faults(badge.claim, Holder.PRODUCT)
    return faults


def _supplier_faults(supplier: DemoSupplier) -> list[object]:
    faults: list[object] = [*supplier_reference_faults(supplier.reference), *supplier_faults(supplier.details)]
    for badge in supplier.badges:
        faults += claim_faults(badge.claim, Holder.SUPPLIER)
    return faults


def _standing(badge: DemoBadge, today: date) -> Standing:
    noon = datetime.combine(today, time(12), tzinfo=UTC)
    return standing(ClaimState(badge.decision), badge.claim.issued_on, badge.claim.expires_on, now=noon)


def _all_badges(market: Demonstration) -> list[DemoBadge]:
    return [badge for holder in (*market.suppliers, *market.products) for badge in holder.badges]


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_every_row_keeps_every_rule(day: date) -> None:
    market = demonstration(day)
    assert [fault for supplier in market.suppliers for fault in _supplier_faults(supplier)] == []
    assert [(p.reference, fault) for p in market.products for fault in _product_faults(p)] == []


def test_the_counts_the_issue_asks_for(market: Demonstration) -> None:
    kinds = Counter(product.kind for product in market.products)
    offers = [offer for product in market.products for offer in product.offers]
    conditions = Counter(offer.terms.condition for offer in offers)
    new_chromebooks = [
        product
        for product in market.products
        if product.content.category == "chromebooks"
        and any(offer.terms.condition is Condition.NEW for offer in product.offers)
    ]
    assert len(market.suppliers) >= 60
    assert len(market.products) >= 400
    assert set(kinds) == set(Kind)
    assert kinds[Kind.CONNECTIVITY] >= 40
    assert len(new_chromebooks) >= 12
    assert conditions[Condition.REMANUFACTURED] + conditions[Condition.REFURBISHED] >= 120
    assert conditions[Condition.REMANUFACTURED] > conditions[Condition.REFURBISHED] > 0
    assert {product.content.category for product in market.products} == set(categories())


def test_nothing_is_listed_without_an_offer_or_by_a_stranger(market: Demonstration) -> None:
    known = {supplier.reference for supplier in market.suppliers}
    assert [product.reference for product in market.products if not product.offers] == []
    named = {product.supplier for product in market.products}
    named |= {offer.supplier for product in market.products for offer in product.offers}
    assert named == known


def test_a_lister_always_offers_what_it_lists(market: Demonstration) -> None:
    strangers = [p.reference for p in market.products if p.supplier not in {offer.supplier for offer in p.offers}]
    assert strangers == []


def test_titles_descriptions_and_references_are_not_repeated(market: Demonstration) -> None:
    for texts in (
        [product.content.title for product in market.products],
        [product.content.description for product in market.products],
        [(product.supplier, product.reference) for product in market.products],
        [(offer.supplier, offer.reference) for product in market.products for offer in product.offers],
        [supplier.reference for supplier in market.suppliers],
        [supplier.details.vat_number for supplier in market.suppliers],
        [product.content.part_number for product in market.products if product.content.part_number],
    ):
        assert [text for text, count in Counter(texts).items() if count > 1] == []


def test_descriptions_run_to_two_to_five_sentences(market: Demonstration) -> None:
    odd = [
        (product.reference, product.content.description)
        for product in market.products
        if not 2 <= len(findall(r"[.!?](?=\s|$)", product.content.description)) <= 5
    ]
    assert odd == []


def test_devices_carry_what_a_buyer_compares(market: Demonstration) -> None:
    devices = [product for product in market.products if product.kind is Kind.DEVICE]
    bare = [
        product.reference
        for product in devices
        if not (product.content.model and product.content.part_number and product.content.gtins)
        or len(product.content.attributes) < 3
    ]
    assert bare == []


def test_addresses_and_telephones_can_reach_nobody(market: Demonstration) -> None:
    generated = list(generated_suppliers(20, today=TODAY))
    hosts = []
    for supplier in (*market.suppliers, *generated):
        hosts.append(urlsplit(supplier.details.website).hostname or "")
        hosts += [contact.email.rpartition("@")[2] for contact in supplier.details.contacts]
        for contact in supplier.details.contacts:
            assert not contact.telephone or fullmatch(DRAMA, contact.telephone), contact.telephone
    badges = [*_all_badges(market), *(badge for supplier in generated for badge in supplier.badges)]
    hosts += [urlsplit(badge.claim.evidence_url).hostname or "" for badge in badges]
    assert [host for host in hosts if not host.endswith(RESERVED)] == []
    text = msgspec.json.encode(market).decode()
    written = findall(r"[\w.-]+@([\w.-]+\w)", text) + findall(r"https?://([\w.-]+)", text)
    assert [host for host in written if not host.endswith(RESERVED)] == []


def test_identifiers_are_of_no_real_company(market: Demonstration) -> None:
    for supplier in (*market.suppliers, *generated_suppliers(20, today=TODAY)):
        details = supplier.details
        assert details.legal_name.endswith(" Ltd")
        assert details.companies_house_number is not None
        assert details.companies_house_number.startswith("99")
        assert details.vat_number is not None
        assert details.vat_number.startswith("GB000")
        assert vat.is_valid(details.vat_number)
        assert details.ppon is not None
        assert details.ppon.startswith("PDEM-")
    assert all(gtin.startswith("952") for product in market.products for gtin in product.content.gtins)


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_every_state_of_a_badge_is_on_show_whenever_it_is_run(day: date) -> None:
    states = Counter(_standing(badge, day) for badge in _all_badges(demonstration(day)))
    wanted = {
        Standing.VALID,
        Standing.EXPIRING,
        Standing.EXPIRED,
        Standing.REFUSED,
        Standing.UNVERIFIED,
        Standing.REVOKED,
    }
    assert set(states) == wanted
    assert states[Standing.VALID] > sum(states.values()) / 2


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_badges_are_dated_as_their_form_says(day: date) -> None:
    for salt in range(400):
        for state, wanted in (
            ("valid", Standing.VALID),
            ("expiring", Standing.EXPIRING),
            ("expired", Standing.EXPIRED),
            ("claimed", Standing.UNVERIFIED),
        ):
            badge = demo_badge(f"cyber-essentials!{state}", "somebody", salt=salt, today=day)
            assert _standing(badge, day) is wanted
            assert badge.claim.issued_on <= day


def test_decisions_carry_their_reasons(market: Demonstration) -> None:
    for badge in _all_badges(market):
        assert bool(badge.reason) is (badge.decision != "claimed")
    refusals = {badge.reason for badge in _all_badges(market) if badge.decision == "refused"}
    assert len(refusals) >= 8
    assert min(map(len, refusals)) > 80


def test_a_good_part_of_suppliers_hold_cyber_essentials(market: Demonstration) -> None:
    holders = [
        supplier
        for supplier in market.suppliers
        if any(badge.claim.standard.startswith("cyber-essentials") for badge in supplier.badges)
    ]
    assert len(holders) > len(market.suppliers) / 2
    assert {badge.claim.standard for badge in _all_badges(market)} == set(standards())


def test_used_devices_cost_less_than_new_and_keep_their_updates(market: Demonstration) -> None:
    for product in market.products:
        new = [offer.terms.price_pence for offer in product.offers if offer.terms.condition is Condition.NEW]
        for offer in product.offers:
            unit = offer.remanufactured
            if unit is None:
                continue
            if new:
                assert offer.terms.price_pence < min(new), product.reference
            if unit.os_supported_until is not None:
                assert unit.os_supported_until >= add_months(TODAY, unit.warranty_months), product.reference


def test_windows_support_ends_when_its_maker_says() -> None:
    ends = {
        "Windows 11 Education 25H2": date(2028, 10, 10),
        "Windows 11 Pro 25H2": date(2027, 10, 12),
    }
    systems = {(e.os.name, e.os.until) for family in families() for e in family.products if e.os is not None}
    assert {pair for pair in systems if pair[0].startswith("Windows")} == set(ends.items())
    chrome = {until for name, until in systems if name == "ChromeOS"}
    assert min(chrome) > TODAY + timedelta(days=4 * 365)
    assert max(chrome) < TODAY + timedelta(days=10 * 366)


def test_only_certified_suppliers_call_devices_remanufactured(market: Demonstration) -> None:
    certified = {
        supplier.reference
        for supplier in market.suppliers
        for badge in supplier.badges
        if badge.claim.standard == "bs-8887-220" and _standing(badge, TODAY) in {Standing.VALID, Standing.EXPIRING}
    }
    sellers = {
        offer.supplier
        for product in market.products
        for offer in product.offers
        if offer.terms.condition is Condition.REMANUFACTURED
    }
    assert sellers == certified


def test_a_badge_and_its_holder_s_offers_name_the_same_certificate(market: Demonstration) -> None:
    held = {
        (supplier.reference, badge.claim.certificate_reference)
        for supplier in market.suppliers
        for badge in supplier.badges
        if badge.claim.standard == "bs-8887-220"
    }
    offered = {
        (offer.supplier, offer.remanufactured.process_certificate)
        for product in market.products
        for offer in product.offers
        if offer.remanufactured is not None and offer.terms.condition is Condition.REMANUFACTURED
    }
    assert len(offered) >= 4
    assert offered <= held


def test_regional_suppliers_serve_their_regions_only(market: Demonstration) -> None:
    regions = {supplier.reference: supplier.regions for supplier in suppliers()}
    offers = [offer for product in market.products for offer in product.offers]
    assert all(offer.terms.regions == regions[offer.supplier] for offer in offers)
    assert sum(offer.terms.regions != ALL_REGIONS for offer in offers) >= 40


def test_data_files_stay_small_enough_to_review() -> None:
    sizes = {path.name: len(path.read_bytes()) for path in files("becta.market.demo.data").iterdir() if path.is_file()}
    assert {name: size for name, size in sizes.items() if size > 400_000} == {}


def test_a_longer_run_begins_with_a_shorter_one() -> None:
    assert list(islice(generate(1_000, today=TODAY), 200)) == list(generate(200, today=TODAY))


def test_another_seed_gives_other_rows() -> None:
    assert list(generate(20, seed=1, today=TODAY)) != list(generate(20, seed=2, today=TODAY))


def test_generated_rows_do_not_hang_on_the_hash_seed() -> None:
    script = (
        "from datetime import date; from hashlib import sha256; import msgspec;"
        "from becta.market.demo.generator import generate, sample_queries;"
        "rows = msgspec.json.encode([list(generate(100, today=date(2026, 11, 22))), sample_queries(100)]);"
        "print(sha256(rows).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", script], env={"PYTHONHASHSEED": seed}, check=True, capture_output=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_generated_rows_keep_every_rule() -> None:
    rows = list(generate(3_000, today=TODAY))
    named = {supplier.reference for supplier in generated_suppliers(today=TODAY)}
    kinds = Counter(row.kind for row in rows)
    conditions = Counter(offer.terms.condition for row in rows for offer in row.offers)
    prices = sorted(offer.terms.price_pence for row in rows for offer in row.offers)
    assert [fault for supplier in generated_suppliers(today=TODAY) for fault in _supplier_faults(supplier)] == []
    assert [(row.reference, fault) for row in rows for fault in _product_faults(row)] == []
    assert [row.reference for row in rows[:2]] == ["gen-000001", "gen-000002"]
    assert len({row.reference for row in rows}) == len(rows)
    assert len({row.content.title for row in rows}) > 0.99 * len(rows)
    assert {row.supplier for row in rows} <= named
    assert set(conditions) == set(Condition)
    assert kinds[Kind.SOFTWARE] > kinds[Kind.DEVICE] > kinds[Kind.SERVICE] > kinds[Kind.CONNECTIVITY] > 100
    assert prices[-1] > 1_000 * prices[0]
    assert sum(bool(row.badges) for row in rows) > 500


def test_queries_are_plain_cut_and_misspelt() -> None:
    queries = sample_queries(2_000)
    vocabulary = {
        word for row in generate(3_000, today=TODAY) for word in findall(r"[\w'-]+", row.content.title.lower())
    }
    known = sum(all(word in vocabulary for word in query.split()) for query in queries)
    assert queries == sample_queries(2_000)
    assert queries[:100] == sample_queries(100)
    assert 0.5 < known / len(queries) < 0.85
    assert {len(query.split()) for query in queries} == {1, 2, 3}
    assert len(set(queries)) > 900


@pytest.mark.parametrize(
    ("_case", "day", "months", "expected"),
    [
        ("plain", date(2026, 1, 15), 12, date(2027, 1, 15)),
        ("leap day to a common year", date(2028, 2, 29), 12, date(2029, 2, 28)),
        ("backwards over a year", date(2026, 1, 31), -2, date(2025, 11, 30)),
    ],
)
def test_months_are_added_by_the_calendar(_case: str, day: date, months: int, expected: date) -> None:
    assert add_months(day, months) == expected


def test_a_badge_in_no_known_form_is_refused() -> None:
    with pytest.raises(ValueError, match="is not a badge"):
        demo_badge("One Roster", "somebody", salt=1, today=TODAY)


def test_offer_tiers_never_rise(market: Demonstration) -> None:
    for product in market.products:
        for offer in product.offers:
            prices = [offer.terms.price_pence, *(tier.price_pence for tier in offer.terms.tiers)]
            assert all(later <= earlier for earlier, later in pairwise(prices))
