"""Suppliers over HTTP: registering, amending, reading; and the reference lists."""

from typing import Any

import pytest
from tests.support.api import Api
from tests.support.watching import everything

from becta.catalogue.categories import categories
from becta.market.wiring import House

DETAILS: dict[str, Any] = {
    "name": "Larch Technology",
    "legal_name": "Larch Technology Limited",
    "companies_house_number": "01234567",
    "ppon": "PBCP-5168-ZDGP",
    "vat_number": "GB980780684",
    "website": "https://larch.example.org",
    "summary": "Classroom devices",
    "town": "Leeds",
    "contacts": [
        {"purpose": "sales", "name": "Sales desk", "email": "sales@larch.example.org", "telephone": "0113 496 0000"}
    ],
}


def test_a_registered_supplier_is_where_its_location_says(api: Api) -> None:
    answer = api.post("/suppliers", {"reference": "larch", "details": DETAILS})

    made = answer.json()
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
    assert answer.headers["location"] == f"/api/v1/suppliers/{made['id']}"
    read = api.get(f"/suppliers/{made['id']}")
    assert (read.json(), read.headers["etag"]) == (made, '"1"')
    assert {name: made[name] for name in DETAILS} == DETAILS


def test_amending_replaces_the_details_and_shows_on_its_products_at_once(api: Api, house: House) -> None:
    supplier_id = api.supplier()
    product_id = api.published(supplier_id)
    house.relay.drain()

    answer = api.put(f"/suppliers/{supplier_id}", {**DETAILS, "name": "Larch Education"})

    assert (answer.status_code, answer.headers["etag"], answer.json()["name"]) == (200, '"2"', "Larch Education")
    assert answer.json()["reference"] == "larch-technology"
    assert api.get(f"/products/{product_id}").json()["supplier"]["name"] == "Larch Education"
    assert api.get("/products").json()["items"][0]["supplier"]["name"] == "Larch Education"
    house.relay.drain()
    assert api.get("/search", q="chromebook").json()["hits"][0]["supplier"] == "Larch Education"


def test_amending_to_the_same_details_changes_nothing(api: Api, house: House) -> None:
    supplier_id = api.made("/suppliers", {"reference": "larch", "details": DETAILS})["id"]
    stored = everything(house.db)

    answer = api.put(f"/suppliers/{supplier_id}", DETAILS)

    assert (answer.status_code, answer.headers["etag"]) == (200, '"1"')
    assert everything(house.db) == stored


def test_a_reference_is_taken_once(api: Api, house: House) -> None:
    api.supplier("larch")
    stored = everything(house.db)

    answer = api.post("/suppliers", {"reference": "larch", "details": DETAILS})

    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "there is already a supplier with the reference larch",
    )
    assert everything(house.db) == stored


@pytest.mark.parametrize(
    ("reference", "change", "pointers"),
    [
        ("Larch Ltd", {}, ["/reference"]),
        ("larch", {"name": " "}, ["/details/name"]),
        ("larch", {"companies_house_number": "123"}, ["/details/companies_house_number"]),
        ("larch", {"ppon": "nothing"}, ["/details/ppon"]),
        ("larch", {"vat_number": "GB123456789"}, ["/details/vat_number"]),
        ("larch", {"website": "larch.example.org"}, ["/details/website"]),
        ("larch", {"website": "https://larch\x00.example.org"}, ["/details/website"]),
        ("larch", {"summary": "a\x00b"}, ["/details/summary"]),
        (
            "larch",
            {"contacts": [{**DETAILS["contacts"][0], "email": "\x00@larch.example.org", "telephone": "ring"}]},
            ["/details/contacts/0/email", "/details/contacts/0/telephone"],
        ),
        ("larch", {"contacts": DETAILS["contacts"] * 21}, ["/details/contacts"]),
    ],
)
def test_every_fault_of_a_supplier_is_told_with_its_place_and_mend(
    shared_api: Api, shared_house: House, reference: str, change: dict[str, Any], pointers: list[str]
) -> None:
    stored = everything(shared_house.db)

    answer = shared_api.post("/suppliers", {"reference": reference, "details": {**DETAILS, **change}})

    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == pointers
    assert all(error["mend"] for error in answer.json()["errors"])
    assert everything(shared_house.db) == stored


def test_categories_are_listed_whole(shared_api: Api) -> None:
    listed = shared_api.get("/categories").json()

    assert ([c["code"] for c in listed["items"]], listed["next"]) == (list(categories()), None)
    assert {c["kind"] for c in listed["items"]} == {"software", "device", "connectivity", "service"}
