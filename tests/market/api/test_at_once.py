"""Many at once: one wins, the others are told, and nobody meets an error of ours."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

from tests.support.api import CONTENT, Api
from tests.support.watching import everything

from becta.catalogue.categories import Kind
from becta.catalogue.products.rules import ListingContent
from becta.catalogue.products.service import edit_listing, publish_listing, start_listing, submit_listing
from becta.catalogue.suppliers.rules import SupplierDetails
from becta.catalogue.suppliers.service import register_supplier
from becta.kernel import clock
from becta.kernel.actor import Actor
from becta.kernel.errors import Conflict, Stale
from becta.market.db import Database
from becta.market.wiring import House

MANY = 20
CONTENT_11 = ListingContent(title="Larch Chromebook 11", cpv_code="30213100", category="chromebooks")


def race(action: Callable[[int], object], many: int = MANY) -> Counter[str]:
    """Run an action in many threads that start together; counts how they ended."""
    start = Barrier(many)

    def run(turn: int) -> str:
        start.wait(timeout=30)
        try:
            action(turn)
        except (Conflict, Stale) as error:
            return type(error).__name__
        return "won"

    with ThreadPoolExecutor(many) as threads:
        return Counter(threads.map(run, range(many)))


def started(db: Database, operator: Actor, *, submitted: bool) -> UUID:
    """A product with a draft, or with a submitted version."""
    with db.write() as session:
        supplier = register_supplier(session, operator, "larch", SupplierDetails(name="Larch"), now=clock.now())
        product, _ = start_listing(
            session,
            operator,
            supplier_id=supplier.id,
            reference="cb",
            kind=Kind.DEVICE,
            content=CONTENT_11,
            now=clock.now(),
        )
        if submitted:
            submit_listing(session, operator, product.id, revision=None, now=clock.now())
        return product.id


def test_of_twenty_who_publish_the_same_version_one_does(db: Database, operator: Actor) -> None:
    product_id = started(db, operator, submitted=True)

    def publish(_: int) -> None:
        with db.write() as session:
            publish_listing(session, operator, product_id, revision=None, now=clock.now())

    assert race(publish) == {"won": 1, "Conflict": MANY - 1}
    stored = everything(db)
    assert sum("'listing.published'" in event for event in stored["audit_event"]) == 1
    assert sum("PUBLISHED" in version for version in stored["listing_version"]) == 1


def test_of_twenty_edits_of_the_same_revision_one_is_made(db: Database, operator: Actor) -> None:
    product_id = started(db, operator, submitted=False)

    def edit(turn: int) -> None:
        content = ListingContent(title=f"Larch {turn}", cpv_code="30213100", category="chromebooks")
        with db.write() as session:
            edit_listing(session, operator, product_id, content, revision=2, now=clock.now())

    assert race(edit) == {"won": 1, "Stale": MANY - 1}
    assert sum("'listing.edited'" in event for event in everything(db)["audit_event"]) == 1


def test_of_twenty_who_register_the_same_supplier_one_does(db: Database, operator: Actor) -> None:
    def register(_: int) -> None:
        with db.write() as session:
            register_supplier(session, operator, "larch", SupplierDetails(name="Larch"), now=clock.now())

    assert race(register) == {"won": 1, "Conflict": MANY - 1}
    stored = everything(db)
    assert [len(stored[table]) for table in ("supplier", "audit_event", "outbox_message")] == [1, 1, 1]


def test_of_twenty_who_list_under_the_same_reference_one_does(db: Database, operator: Actor) -> None:
    with db.write() as session:
        supplier = register_supplier(session, operator, "larch", SupplierDetails(name="Larch"), now=clock.now())

    def start(_: int) -> None:
        with db.write() as session:
            start_listing(
                session,
                operator,
                supplier_id=supplier.id,
                reference="cb",
                kind=Kind.DEVICE,
                content=CONTENT_11,
                now=clock.now(),
            )

    assert race(start) == {"won": 1, "Conflict": MANY - 1}
    assert [len(everything(db)[table]) for table in ("product", "listing_version")] == [1, 1]


def test_the_same_registration_sent_by_many_over_http_is_made_once_and_a_conflict_for_the_rest(
    api: Api, house: House
) -> None:
    body = {"reference": "larch", "details": {"name": "Larch"}}
    with ThreadPoolExecutor(MANY) as threads:
        answers = list(threads.map(lambda _: api.post("/suppliers", body), range(MANY)))

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: MANY - 1}
    assert {answer.headers["content-type"] for answer in answers if answer.status_code == 409} == {
        "application/problem+json"
    }


def test_sixty_who_write_at_once_over_http_all_succeed(api: Api, house: House) -> None:
    supplier_id = str(api.supplier())

    def list_product(turn: int) -> int:
        body = {"supplier_id": supplier_id, "reference": f"cb-{turn}", "kind": "device", "content": CONTENT["device"]}
        return api.post("/products", body).status_code

    with ThreadPoolExecutor(60) as threads:
        statuses = list(threads.map(list_product, range(60)))

    assert Counter(statuses) == {201: 60}
    stored = everything(house.db)
    assert [len(stored[table]) for table in ("product", "listing_version")] == [60, 60]


def test_sixty_offers_of_one_product_made_at_once_each_count(api: Api, house: House) -> None:
    supplier_id = api.supplier()
    product_id = api.draft(supplier_id)

    with ThreadPoolExecutor(60) as threads:
        made = list(threads.map(lambda turn: api.offer(product_id, supplier_id, f"o-{turn}"), range(60)))

    assert len({offer["id"] for offer in made}) == 60
    assert api.get(f"/products/{product_id}/versions").json()[0]["product_revision"] == 62
