"""The projections: index and views equal the tables in the end, and are never believed when they do not."""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from uuid import UUID

import pytest
from sqlalchemy import delete, update
from sqlmodel import Session, col, select
from tests.support.api import CONTENT, Api
from tests.support.badges import accepted

from becta.catalogue.offers.models import Offer
from becta.catalogue.products.models import Product
from becta.catalogue.suppliers.models import Supplier
from becta.kernel import clock
from becta.kernel.events import OutboxMessage
from becta.market.indexing.projection import Projection, Repair
from becta.market.listings.models import ListingView
from becta.market.settings import Settings
from becta.market.wiring import House, build
from becta.search.documents import Document
from becta.search.engine import Query, Writer


def titles(house: House, text: str = "") -> set[str]:
    """What a search finds now."""
    answer = house.engine.search(Query(text=text, now=int(clock.now().timestamp()), limit=100))
    return {hit.card.title for hit in answer.hits}


def messages(house: House) -> list[OutboxMessage]:
    """Every message ever written."""
    with house.db.read() as session:
        return list(session.exec(select(OutboxMessage).order_by(col(OutboxMessage.id))).all())


def views(house: House) -> dict[UUID, bytes]:
    """The body of every view."""
    with house.db.read() as session:
        return {view.product_id: view.body for view in session.exec(select(ListingView)).all()}


def behind_its_back(house: House, change: Callable[[Session], object]) -> None:
    """Change rows without telling anybody, as a restored backup does."""
    with house.db.write() as session:
        change(session)


def test_handling_a_message_twice_or_out_of_order_changes_nothing(api: Api, house: House) -> None:
    supplier_id = api.supplier()
    first = api.published(supplier_id, "one", title="Larch One")
    second = api.published(supplier_id, "two", title="Larch Two")
    api.post(f"/products/{second}/withdraw", {"reason": "Listed twice"})
    house.relay.drain()
    held = views(house)

    for batch in (messages(house), list(reversed(messages(house))), [messages(house)[0]] * 3):
        house.projection.handle(batch)

    assert titles(house) == {"Larch One"}
    assert views(house) == held
    assert set(held) == {first}
    assert house.projection.difference() == Repair(put=0, removed=0)


def test_an_old_message_brings_the_newest_state(api: Api, house: House) -> None:
    product_id = api.published(api.supplier())
    old = messages(house)
    api.put(f"/products/{product_id}/draft", {**CONTENT["device"], "title": "Larch Chromebook 12"})
    api.post(f"/products/{product_id}/submit")
    api.post(f"/products/{product_id}/publish")

    house.projection.handle(old[:1])
    house.projection.handle([m for m in old if m.topic == "product"][:1])

    assert titles(house) == {"Larch Chromebook 12"}


def test_a_view_is_the_same_bytes_as_the_answer_built_from_the_tables(api: Api, house: House) -> None:
    supplier_id = api.supplier()
    product_id = api.published(supplier_id, "fibre", "connectivity")
    api.offer(product_id, supplier_id)
    accepted(api, f"/suppliers/{supplier_id}")
    built, card = api.get(f"/products/{product_id}").content, api.get("/products").content
    assert views(house) == {}

    house.relay.drain()

    assert views(house) == {product_id: built}
    assert api.get(f"/products/{product_id}").content == built
    assert api.get("/products").content == card


@pytest.mark.parametrize(
    "_case", ["offer made", "offer changed", "offer ended", "renamed", "badge accepted", "badge revoked", "new version"]
)
def test_a_view_that_is_behind_is_never_the_answer(api: Api, house: House, _case: str) -> None:
    supplier_id = api.supplier()
    product_id = api.published(supplier_id)
    offer = api.offer(product_id, supplier_id, price_pence=100)["id"]
    claim = accepted(api, f"/suppliers/{supplier_id}")
    house.relay.drain()
    before = api.get(f"/products/{product_id}")
    held = views(house)
    assert before.content == held[product_id]

    match _case:
        case "offer made":
            api.offer(product_id, supplier_id, "second", price_pence=50)
        case "offer changed":
            api.put(f"/offers/{offer}", {"terms": {"price_pence": 50, "unit": "each"}})
        case "offer ended":
            api.post(f"/offers/{offer}/end")
        case "renamed":
            api.put(f"/suppliers/{supplier_id}", {"name": "Larch Education"})
        case "badge accepted":
            accepted(api, f"/suppliers/{supplier_id}", standard="iso-27001", standard_version="2022")
        case "badge revoked":
            api.post(f"/badge-claims/{claim}/decision", {"decision": "revoked", "reasons": ["Withdrawn"]})
        case _:
            api.put(f"/products/{product_id}/draft", {**CONTENT["device"], "title": "Larch Chromebook 12"})
            api.post(f"/products/{product_id}/submit")
            api.post(f"/products/{product_id}/publish")

    after, card = api.get(f"/products/{product_id}"), api.get("/products")
    assert views(house) == held  # nothing ran: the view is as it was
    assert after.content != before.content
    assert after.headers["etag"] != before.headers["etag"]
    house.relay.drain()
    assert (api.get(f"/products/{product_id}").content, api.get("/products").content) == (after.content, card.content)
    assert views(house)[product_id] == after.content


def test_a_renamed_supplier_is_renamed_on_its_products_and_on_others_that_it_offers(api: Api, house: House) -> None:
    larch, rowan = api.supplier(), api.supplier("rowan-learning")
    own, others = api.published(rowan, "own"), api.published(larch, "others")
    api.offer(own, rowan, "a")
    api.offer(others, rowan, "b")
    house.relay.drain()

    api.put(f"/suppliers/{rowan}", {"name": "Rowan Education"})
    house.relay.drain()

    assert api.get(f"/products/{own}").json()["supplier"]["name"] == "Rowan Education"
    for product_id in (own, others):
        assert [o["supplier"]["name"] for o in api.get(f"/products/{product_id}").json()["offers"]] == [
            "Rowan Education"
        ]
    assert api.get("/search", supplier=str(rowan)).json()["hits"][0]["supplier"] == "Rowan Education"
    assert house.projection.difference() == Repair(put=0, removed=0)


def test_an_index_that_was_lost_is_built_anew_from_the_tables(api: Api, house: House, tmp_path: Path) -> None:
    supplier_id = api.supplier()
    for number in range(3):
        api.published(supplier_id, f"cb-{number}", title=f"Larch {number}")
    house.relay.drain()
    house.engine.close()
    shutil.rmtree(house.settings.index_dir)

    again = build(Settings(data_dir=house.settings.data_dir, database_url=house.settings.database))
    try:
        assert again.engine.is_fresh()
        assert again.projection.heal() == Repair(put=3, removed=0)
        assert titles(again) == {"Larch 0", "Larch 1", "Larch 2"}
        assert again.projection.heal() == Repair(put=0, removed=0)
    finally:
        again.close()


def test_what_changed_behind_its_back_is_found_and_mended(api: Api, house: House) -> None:
    supplier_id = api.supplier()
    ids = [api.published(supplier_id, f"cb-{number}", title=f"Larch {number}") for number in range(4)]
    house.relay.drain()
    for number in (0, 1):
        api.post(f"/products/{ids[number]}/withdraw", {"reason": "No longer made"})
    late = api.published(supplier_id, "cb-9", title="Larch 9")
    api.offer(ids[3], supplier_id, price_pence=123)
    behind_its_back(house, lambda session: session.execute(delete(OutboxMessage)))
    assert house.relay.drain() == 0
    assert house.projection.difference() == Repair(put=2, removed=2)

    assert house.projection.heal() == Repair(put=2, removed=2)

    assert titles(house) == {"Larch 2", "Larch 3", "Larch 9"}
    assert {ids[3], late} <= set(views(house))
    assert house.projection.difference() == Repair(put=0, removed=0)


def test_a_revision_that_moved_without_a_message_is_noticed(api: Api, house: House) -> None:
    product_id = api.published(api.supplier())
    house.relay.drain()
    behind_its_back(
        house,
        lambda session: session.execute(
            update(Product).where(col(Product.id) == product_id).values(revision=col(Product.revision) + 1)
        ),
    )

    assert house.projection.heal() == Repair(put=1, removed=0)


def test_a_view_lost_behind_its_back_is_not_missed_by_readers(api: Api, house: House) -> None:
    product_id = api.published(api.supplier())
    house.relay.drain()
    before = api.get(f"/products/{product_id}").content
    behind_its_back(house, lambda session: session.execute(delete(ListingView)))

    assert api.get(f"/products/{product_id}").content == before
    assert len(api.get("/products").json()["items"]) == 1


def test_searches_never_see_an_empty_index_while_it_is_rebuilt(api: Api, house: House) -> None:
    supplier_id = api.supplier()
    for number in range(5):
        api.published(supplier_id, f"cb-{number}", title=f"Larch {number}")
    house.relay.drain()
    done = Event()

    def search() -> list[int]:
        sizes = []
        while not done.is_set():
            sizes.append(len(titles(house)))
        return sizes

    with ThreadPoolExecutor(4) as threads:
        searching = [threads.submit(search) for _ in range(4)]
        try:
            rebuilt = [house.projection.rebuild() for _ in range(5)]
        finally:
            done.set()
        sizes = [size for future in searching for size in future.result()]

    assert rebuilt == [5] * 5
    assert sizes
    assert set(sizes) == {5}


def test_what_is_published_while_the_index_is_rebuilt_is_not_lost(api: Api, house: House) -> None:
    supplier_id = api.supplier()
    first = api.published(supplier_id, "first", title="Larch First")
    house.relay.drain()

    class Meanwhile(Projection):
        """Publishes, withdraws and relays once the rebuild has read the tables."""

        def _published_ids(self) -> Iterator[list[UUID]]:
            yield from super()._published_ids()
            api.published(supplier_id, "late", title="Larch Late")
            api.post(f"/products/{first}/withdraw", {"reason": "No longer made"})
            house.relay.drain()

    Meanwhile(house.db, house.engine).rebuild()

    assert titles(house) == {"Larch Late"}
    assert house.projection.difference() == Repair(put=0, removed=0)


def test_a_withdrawn_listing_leaves_no_view_behind(api: Api, house: House) -> None:
    product_id = api.published(api.supplier())
    house.relay.drain()
    api.post(f"/products/{product_id}/withdraw", {"reason": "No longer made"})
    assert api.get(f"/products/{product_id}").status_code == 404

    house.relay.drain()

    assert views(house) == {}


def test_a_message_of_something_that_never_was_is_no_trouble(api: Api, house: House) -> None:
    nothing = UUID(int=7)

    house.projection.handle(
        [
            OutboxMessage(id=n, topic=t, key=nothing, created_at=clock.now())
            for n, t in enumerate(("product", "supplier"))
        ]
    )

    assert titles(house) == set()
    with house.db.read() as session:
        assert session.exec(select(Offer)).all() == session.exec(select(Supplier)).all() == []


def test_a_listing_the_engine_refuses_does_not_keep_the_marketplace_from_starting(api: Api, house: House) -> None:
    supplier_id = api.supplier()
    refused = api.published(supplier_id, "one", title="Larch One")
    api.published(supplier_id, "two", title="Larch Two")

    class Refusing:
        """The real engine's writer, but for one document."""

        def __init__(self, writer: Writer) -> None:
            self._writer = writer

        def put(self, document: Document) -> None:
            if document.id == str(refused):
                raise ValueError("refused")
            self._writer.put(document)

        def __getattr__(self, name: str) -> object:
            return getattr(self._writer, name)

    with house.engine.exclusive() as writer:
        repair = house.projection._reconcile(Refusing(writer))

    assert repair == Repair(put=2, removed=0)
    assert titles(house) == {"Larch Two"}
