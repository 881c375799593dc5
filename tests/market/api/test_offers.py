"""Offers over HTTP: making, changing, ending, and what must be said of used devices."""

from typing import Any

import pytest
from tests.support.api import REMANUFACTURED, Api
from tests.support.watching import everything

from becta.market.wiring import House

TERMS = {"price_pence": 19_900, "unit": "each"}


def test_an_offer_is_live_at_once_with_its_vat_worked_out(api: Api, house: House) -> None:
    supplier_id = api.supplier()
    product_id = api.published(supplier_id)
    body = {"supplier_id": str(supplier_id), "reference": "o-1", "terms": {**TERMS, "price_pence": 19_999}}

    answer = api.post(f"/products/{product_id}/offers", body)

    made = answer.json()
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
    assert answer.headers["location"] == f"/api/v1/offers/{made['id']}"
    assert (made["price_pence"], made["vat_pence"], made["price_inc_vat_pence"]) == (19_999, 4_000, 23_999)
    assert (made["state"], made["condition"], made["remanufactured"], len(made["regions"])) == (
        "active",
        "new",
        None,
        9,
    )
    assert api.get(f"/offers/{made['id']}").json() == made
    assert api.get(f"/products/{product_id}/offers").json() == {"items": [made], "next": None}
    assert api.get(f"/products/{product_id}").json()["offers"] == [made]
    assert api.get("/products").json()["items"][0]["price_pence"] == 19_999
    house.relay.drain()
    assert api.get("/search", q="chromebook").json()["hits"][0]["price"] == 19_999


def test_the_lowest_offer_of_any_supplier_is_the_products_price(api: Api) -> None:
    larch, rowan = api.supplier(), api.supplier("rowan-learning")
    product_id = api.published(larch)
    api.offer(product_id, larch, price_pence=20_000)
    cheaper = api.offer(product_id, rowan, price_pence=18_000)

    assert api.get("/products").json()["items"][0]["price_pence"] == 18_000

    api.post(f"/offers/{cheaper['id']}/end")
    assert api.get("/products").json()["items"][0]["price_pence"] == 20_000


def test_a_changed_offer_shows_its_new_terms_at_once(api: Api, house: House) -> None:
    supplier_id = api.supplier()
    product_id = api.published(supplier_id)
    offer = api.offer(product_id, supplier_id, condition="remanufactured", remanufactured=REMANUFACTURED)
    house.relay.drain()

    answer = api.put(f"/offers/{offer['id']}", {"terms": {**TERMS, "price_pence": 15_000, "vat_basis_points": 0}})

    changed = answer.json()
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    assert (changed["price_inc_vat_pence"], changed["condition"], changed["remanufactured"]) == (15_000, "new", None)
    assert api.get(f"/products/{product_id}").json()["offers"] == [changed]


def test_an_ended_offer_leaves_the_product_and_stays_on_record_unchangeable(api: Api, house: House) -> None:
    supplier_id = api.supplier()
    product_id = api.published(supplier_id)
    offer = api.offer(product_id, supplier_id)

    ended = api.post(f"/offers/{offer['id']}/end")

    assert (ended.status_code, ended.json()["state"]) == (200, "ended")
    assert api.get(f"/products/{product_id}/offers").json()["items"] == []
    assert api.get(f"/offers/{offer['id']}").json()["state"] == "ended"
    stored = everything(house.db)
    assert api.put(f"/offers/{offer['id']}", {"terms": TERMS}).status_code == 409
    assert api.post(f"/offers/{offer['id']}/end").status_code == 409
    assert everything(house.db) == stored


def test_an_offer_of_a_draft_is_not_public(api: Api) -> None:
    supplier_id = api.supplier()
    offer = api.offer(api.draft(supplier_id), supplier_id)

    assert api.get(f"/offers/{offer['id']}").status_code == 404


def test_a_suppliers_reference_names_one_offer(api: Api, house: House) -> None:
    supplier_id = api.supplier()
    product_id = api.draft(supplier_id)
    api.offer(product_id, supplier_id, "o-1")
    stored = everything(house.db)

    answer = api.post(
        f"/products/{product_id}/offers", {"supplier_id": str(supplier_id), "reference": "o-1", "terms": TERMS}
    )

    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "this supplier already has an offer with the reference o-1",
    )
    assert everything(house.db) == stored


def test_a_remanufactured_offer_carries_what_must_be_known_of_it(api: Api, house: House) -> None:
    supplier_id = api.supplier()
    product_id = api.published(supplier_id)
    offer = api.offer(product_id, supplier_id, condition="remanufactured", remanufactured=REMANUFACTURED)
    house.relay.drain()

    assert {name: offer["remanufactured"][name] for name in REMANUFACTURED} == REMANUFACTURED
    assert api.get("/products").json()["items"][0]["conditions"] == ["remanufactured"]
    assert api.get("/search", condition="remanufactured").json()["total"] == 1
    assert api.get("/search", condition="new").json()["total"] == 0


USED = "/remanufactured"


@pytest.mark.parametrize(
    ("terms", "unit", "pointers"),
    [
        ({"price_pence": -1}, None, ["/terms/price_pence"]),
        ({"price_pence": 10**30}, None, ["/terms/price_pence"]),
        ({"vat_basis_points": 10_001, "minimum_order": 0}, None, ["/terms/vat_basis_points", "/terms/minimum_order"]),
        ({"lead_time_days": 10**9}, None, ["/terms/lead_time_days"]),
        ({"regions": []}, None, ["/terms/regions"]),
        (
            {"tiers": [{"from_quantity": 10, "price_pence": 20_000}, {"from_quantity": 10, "price_pence": 1}]},
            None,
            ["/terms/tiers/0/price_pence", "/terms/tiers/1/from_quantity"],
        ),
        ({"condition": "remanufactured"}, None, [USED]),
        ({}, REMANUFACTURED, [USED]),
        ({"condition": "remanufactured"}, {"erasure": "clear"}, [f"{USED}/erasure"]),
        ({"condition": "refurbished"}, {"erasure": "clear"}, [f"{USED}/erasure"]),
        ({"condition": "remanufactured"}, {"warranty_months": 12}, [f"{USED}/warranty_months"]),
        ({"condition": "remanufactured"}, {"process": "own-process"}, [f"{USED}/process_certificate"]),
        ({"condition": "remanufactured"}, {"battery_percent": 79}, [f"{USED}/battery_percent"]),
        ({"condition": "remanufactured"}, {"remanufacturer": "\x00\x00"}, [f"{USED}/remanufacturer"]),
    ],
)
def test_every_fault_of_an_offer_is_told_with_its_place_and_mend(
    shared_api: Api,
    shared_house: House,
    terms: dict[str, Any],
    unit: dict[str, Any] | None,
    pointers: list[str],
) -> None:
    stored = everything(shared_house.db)
    body = {
        "terms": {**TERMS, **terms},
        "remanufactured": None if unit is None else {**REMANUFACTURED, **unit},
    }
    nowhere = "00000000-0000-0000-0000-000000000007"

    made = shared_api.post(f"/products/{nowhere}/offers", {**body, "supplier_id": nowhere, "reference": "o-1"})
    changed = shared_api.put(f"/offers/{nowhere}", body)

    for answer in (made, changed):
        assert answer.status_code == 400
        assert [error["pointer"] for error in answer.json()["errors"]] == pointers
        assert all(error["mend"] for error in answer.json()["errors"])
    assert everything(shared_house.db) == stored


def test_a_device_that_is_not_good_enough_to_be_remanufactured_may_be_refurbished(api: Api) -> None:
    supplier_id = api.supplier()
    unit = {**REMANUFACTURED, "warranty_months": 12, "battery_percent": 70, "process": "own-process"}

    offer = api.offer(api.draft(supplier_id), supplier_id, condition="refurbished", remanufactured=unit)

    assert (offer["condition"], offer["remanufactured"]["battery_percent"]) == ("refurbished", 70)
