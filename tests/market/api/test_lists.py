"""Lists: every item exactly once whatever happens meanwhile, and as many statements for sixty as for three."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from httpx import Response
from sqlalchemy import insert
from tests.support.api import ROOT, Api
from tests.support.badges import CYBER
from tests.support.watching import statements

from becta.catalogue.offers.models import Offer
from becta.catalogue.products.models import ListingVersion, Product
from becta.catalogue.products.rules import ListingContent, content_hash
from becta.catalogue.products.service import version_columns
from becta.catalogue.suppliers.models import Supplier
from becta.compliance.badges.models import BadgeClaimRow
from becta.kernel import clock
from becta.kernel.ids import new_id
from becta.market.db import Database
from becta.market.wiring import House


def stock(db: Database, many: int) -> list[UUID]:
    """Many suppliers, each with a badge and a published product with an offer; gives the products' ids in order."""
    now = clock.now()
    suppliers, products, versions, offers, claims = [], [], [], [], []
    for _ in range(many):
        supplier_id, product_id = new_id(), new_id()
        name = uuid4().hex
        content = ListingContent(title=f"Larch {name}", cpv_code="30213100", category="chromebooks")
        suppliers.append(
            {
                "id": supplier_id,
                "reference": name,
                "name": name,
                **dict.fromkeys(("legal_name", "website", "summary", "town"), ""),
                "contacts": [],
                "revision": 1,
                "created_at": now,
            }
        )
        products.append(
            {
                "id": product_id,
                "supplier_id": supplier_id,
                "reference": name,
                "kind": "device",
                "revision": 1,
                "created_at": now,
            }
        )
        versions.append(
            {
                "id": new_id(),
                "product_id": product_id,
                "number": 1,
                "state": "published",
                "content_hash": content_hash(content),
                "reasons": [],
                "created_at": now,
                "published_at": now,
                **version_columns(content),
            }
        )
        offers.append(
            {
                "id": new_id(),
                "product_id": product_id,
                "supplier_id": supplier_id,
                "reference": name,
                "state": "active",
                "price_pence": 100,
                "unit": "each",
                "vat_basis_points": 2000,
                "condition": "new",
                "tiers": [],
                "minimum_order": 1,
                "regions": ["london"],
                "revision": 1,
                "created_at": now,
            }
        )
        claims.append(
            {
                "id": new_id(),
                "supplier_id": supplier_id,
                "state": "accepted",
                "role": "",
                "scope": "",
                "evidence_note": "",
                "reasons": [],
                "revision": 1,
                "created_at": now,
                **CYBER,
                "issued_on": now.date(),
                "expires_on": now.date().replace(year=now.year + 1, day=1),
            }
        )
    with db.write() as session:
        for table, rows in (
            (Supplier, suppliers),
            (Product, products),
            (ListingVersion, versions),
            (Offer, offers),
            (BadgeClaimRow, claims),
        ):
            session.execute(insert(table), rows)
    return [product["id"] for product in products]


def walk(api: Api, path: str, **params: Any) -> Iterator[list[dict[str, Any]]]:
    """Every page of a list, by its Link header as by its cursor."""
    answer = api.get(path, **params)
    while True:
        assert answer.status_code == 200, answer.text
        page = answer.json()
        yield page["items"]
        if page["next"] is None:
            assert "link" not in answer.headers
            return
        answer = follow(api, answer, page["next"])


def follow(api: Api, answer: Response, cursor: str) -> Response:
    """The page a Link header leads to."""
    address, _, relation = answer.headers["link"].partition("; ")
    assert relation == 'rel="next"'
    target = urlsplit(address.strip("<>"))
    assert (target.netloc, f"cursor={cursor}" in target.query) == ("", True)
    return api.client.get(address.strip("<>"), headers=api.headers)


def test_the_pages_hold_every_product_exactly_once_although_new_ones_come_meanwhile(api: Api, house: House) -> None:
    there = [str(product_id) for product_id in stock(house.db, 23)]
    seen: list[str] = []
    sizes = []

    for page in walk(api, "/products", limit=5, category="chromebooks", kind="device"):
        seen += [item["id"] for item in page]
        sizes.append(len(page))
        if len(sizes) < 4:
            stock(house.db, 1)

    assert seen[:23] == there
    assert len(set(seen)) == len(seen) == 26
    assert sizes == [5, 5, 5, 5, 5, 1]


def test_a_product_withdrawn_meanwhile_costs_no_other_its_place(api: Api, house: House) -> None:
    there = [str(product_id) for product_id in stock(house.db, 10)]
    seen: list[str] = []

    for page in walk(api, "/products", limit=4):
        seen += [item["id"] for item in page]
        if len(seen) == 4:
            for product_id in (there[1], there[3], there[5]):
                assert api.post(f"/products/{product_id}/withdraw", {"reason": "No longer made"}).status_code == 200

    assert seen == [*there[:5], *there[6:]]


@pytest.mark.parametrize("path", ["/suppliers", "/badge-claims"])
def test_the_other_lists_are_walked_as_well(api: Api, house: House, path: str) -> None:
    stock(house.db, 7)

    pages = list(walk(api, path, limit=3))

    assert [len(page) for page in pages] == [3, 3, 1]
    assert len({item["id"] for page in pages for item in page}) == 7


def test_products_are_listed_by_kind_category_and_supplier(api: Api) -> None:
    larch, rowan = api.supplier(), api.supplier("rowan-learning")
    chromebook = api.published(larch)
    reading = api.published(rowan, "reading", "software")

    def listed(**params: Any) -> list[str]:
        return [item["id"] for item in api.get("/products", **params).json()["items"]]

    assert listed() == [str(chromebook), str(reading)]
    assert listed(kind="software") == [str(reading)]
    assert listed(category="chromebooks") == [str(chromebook)]
    assert listed(supplier_id=str(rowan)) == [str(reading)]
    assert listed(supplier_id=str(rowan), kind="device") == []


@pytest.mark.parametrize("path", ["/products", "/suppliers", "/badge-claims", "/search"])
@pytest.mark.parametrize(
    "cursor",
    ["x", "!!!!", "a" * 401, "WzEsIngiLDFd", "WzEsIngiLCIwMTkwMDAwMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDAiXQ", "é"],
)
def test_a_cursor_that_is_not_of_this_list_is_refused_by_name(shared_api: Api, path: str, cursor: str) -> None:
    answer = shared_api.get(path, cursor=cursor)

    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert [error["parameter"] for error in answer.json()["errors"]] == ["cursor"]
    assert all(error["mend"] for error in answer.json()["errors"])


def test_a_cursor_of_one_question_does_not_answer_another(api: Api, house: House) -> None:
    stock(house.db, 3)
    cursor = api.get("/products", limit=1).json()["next"]

    assert api.get("/products", limit=2, cursor=cursor).status_code == 200
    assert api.get("/products", limit=1, cursor=cursor, kind="device").status_code == 400
    assert api.get("/suppliers", limit=1, cursor=cursor).status_code == 400


@pytest.mark.parametrize(("parameter", "value"), [("limit", 0), ("limit", 101), ("limit", "ten"), ("kind", "toy")])
def test_a_parameter_out_of_range_is_refused_by_name(shared_api: Api, parameter: str, value: object) -> None:
    answer = shared_api.get("/products", **{parameter: value})

    assert answer.status_code == 400
    assert [error["parameter"] for error in answer.json()["errors"]] == [parameter]


@pytest.mark.parametrize("category", ["no-such", "\x00", "\ud800".encode("utf-8", "surrogatepass")])
def test_a_category_there_is_not_is_refused_with_where_to_find_those_there_are(
    shared_api: Api, category: object
) -> None:
    answer = shared_api.get("/products", category=category)

    assert answer.status_code == 400
    assert [(e["parameter"], e["mend"]) for e in answer.json()["errors"]] == [
        ("category", "choose one of those under /api/v1/categories")
    ]


def _freshen(house: House) -> None:
    house.projection.rebuild()


@pytest.mark.parametrize("prepare", [lambda _house: None, _freshen], ids=["stale views", "fresh views"])
def test_a_list_takes_as_many_statements_for_sixty_as_for_three(
    api: Api, house: House, prepare: Callable[[House], None]
) -> None:
    paths = ("/products", "/suppliers", "/badge-claims", "/categories", "/standards")
    counts: list[dict[str, int]] = []
    for more in (3, 57):
        products = stock(house.db, more)
        prepare(house)
        taken = {}
        for path in (*paths, f"/products/{products[0]}", f"/products/{products[0]}/offers"):
            api.client.get(f"{ROOT}{path}", headers=api.headers)  # the first time, caches fill
            with statements(house.db) as sent:
                answer = api.client.get(
                    f"{ROOT}{path}", params={"limit": 100} if path in paths[:3] else None, headers=api.headers
                )
            assert answer.status_code == 200
            taken[path.replace(str(products[0]), "{id}")] = len(sent)
        counts.append(taken)

    assert counts[0] == counts[1]
    fresh = prepare is _freshen
    assert counts[1]["/products"] == (1 if fresh else 5)
    assert counts[1]["/products/{id}"] == (1 if fresh else 5)
    assert (counts[1]["/suppliers"], counts[1]["/badge-claims"]) == (2, 2)


def test_a_search_asks_the_index_and_never_the_database(api: Api, house: House) -> None:
    stock(house.db, 3)
    house.projection.rebuild()

    with statements(house.db) as sent:
        assert api.get("/search", q="larch").json()["total"] == 3
        assert api.get("/suggest", q="lar").status_code == 200

    assert sent == []


def test_all_versions_of_a_listing_take_as_many_statements_as_one(api: Api, house: House) -> None:
    product_id = api.published(api.supplier(), "fibre", "connectivity")
    path = f"/products/{product_id}/versions"
    with statements(house.db) as few:
        api.get(path)
    for turn in range(5):
        content = api.get(path).json()[0]["content"]
        api.put(f"/products/{product_id}/draft", {**content, "title": f"Fibre {turn}"})
        api.post(f"/products/{product_id}/submit")
        api.post(f"/products/{product_id}/publish")

    with statements(house.db) as many:
        versions = api.get(path).json()

    assert (len(versions), len(many)) == (6, len(few))
