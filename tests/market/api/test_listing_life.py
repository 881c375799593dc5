"""A listing's life over HTTP: draft, submitted, returned, published, replaced, withdrawn."""

from uuid import uuid4

import pytest
from tests.support.api import CONTENT, Api
from tests.support.watching import everything

from becta.market.wiring import House


def test_a_published_listing_is_found_by_a_misspelt_word(api: Api, house: House) -> None:
    product_id = api.published(api.supplier())
    house.relay.drain()

    answer = api.get("/search", q="chromebok").json()

    assert [hit["id"] for hit in answer["hits"]] == [str(product_id)]
    assert answer["relaxed"]["corrections"] == {"chromebok": "chromebook"}


def test_a_draft_is_seen_by_nobody_else(api: Api, house: House) -> None:
    product_id = api.draft(api.supplier())
    house.relay.drain()

    assert api.get(f"/products/{product_id}").status_code == 404
    assert api.get("/products").json()["items"] == []
    assert api.get("/search", q="chromebook").json()["total"] == 0


def test_an_edit_of_a_published_listing_shows_only_once_published(api: Api) -> None:
    product_id = api.published(api.supplier())

    edited = api.put(f"/products/{product_id}/draft", {**CONTENT["device"], "title": "Larch Chromebook 12"})

    assert (edited.status_code, edited.json()["number"], edited.json()["state"]) == (200, 2, "draft")
    assert api.get(f"/products/{product_id}").json()["title"] == "Larch Chromebook 11"
    assert api.post(f"/products/{product_id}/submit").status_code == 200
    assert api.post(f"/products/{product_id}/publish").status_code == 200
    shown = api.get(f"/products/{product_id}").json()
    assert (shown["title"], shown["version"]) == ("Larch Chromebook 12", 2)
    assert [v["state"] for v in api.get(f"/products/{product_id}/versions").json()] == ["published", "superseded"]


def test_a_new_listing_is_a_draft_at_the_address_it_names(api: Api) -> None:
    supplier_id = api.supplier()

    answer = api.post(
        "/products",
        {"supplier_id": str(supplier_id), "reference": "cb-11", "kind": "device", "content": CONTENT["device"]},
    )

    made = answer.json()
    assert (answer.status_code, made["state"], made["number"], made["product_revision"]) == (201, "draft", 1, 2)
    assert answer.headers["etag"] == '"2"'
    assert answer.headers["location"] == f"/api/v1/products/{made['product_id']}/versions"
    assert api.get(answer.headers["location"].removeprefix("/api/v1")).json() == [made]
    assert {name: made["content"][name] for name in CONTENT["device"]} == CONTENT["device"]


def test_a_returned_listing_says_why_and_can_be_mended_and_submitted_again(api: Api) -> None:
    product_id = api.draft(api.supplier())
    api.post(f"/products/{product_id}/submit")

    returned = api.post(f"/products/{product_id}/return", {"reasons": ["The title names no model", "Say the size"]})
    edited = api.put(f"/products/{product_id}/draft", {**CONTENT["device"], "title": "Larch Chromebook 11 (2026)"})
    submitted = api.post(f"/products/{product_id}/submit")
    published = api.post(f"/products/{product_id}/publish")

    assert (returned.status_code, returned.json()["state"]) == (200, "returned")
    assert returned.json()["reasons"] == ["The title names no model", "Say the size"]
    assert [answer.json()["state"] for answer in (edited, submitted, published)] == ["draft", "submitted", "published"]
    assert {answer.json()["number"] for answer in (returned, edited, submitted, published)} == {1}
    assert api.get(f"/products/{product_id}").json()["title"] == "Larch Chromebook 11 (2026)"


def test_a_withdrawn_listing_is_gone_from_everywhere_and_stays_on_record(api: Api, house: House) -> None:
    product_id = api.published(api.supplier())
    api.put(f"/products/{product_id}/draft", {**CONTENT["device"], "title": "Larch Chromebook 12"})
    house.relay.drain()

    answer = api.post(f"/products/{product_id}/withdraw", {"reason": "No longer made"})

    assert answer.status_code == 200
    assert api.get(f"/products/{product_id}").status_code == 404
    assert api.get(f"/products/{product_id}/offers").status_code == 404
    assert api.get("/products").json()["items"] == []
    house.relay.drain()
    assert api.get("/search", q="chromebook").json()["total"] == 0
    assert [v["state"] for v in api.get(f"/products/{product_id}/versions").json()] == ["withdrawn", "withdrawn"]


@pytest.mark.parametrize(
    ("steps", "step", "body", "detail"),
    [
        ((), "publish", None, "the listing is draft, so it cannot become published"),
        ((), "return", {"reasons": ["Too short"]}, "the listing is draft, so it cannot become returned"),
        (("submit",), "submit", None, "the listing is submitted, so it cannot become submitted"),
        (("submit", "publish"), "publish", None, "no version of this listing waits for a decision"),
        (("submit", "publish"), "submit", None, "the listing has no draft, so nothing can become submitted"),
        (("submit", "publish"), "return", {"reasons": ["Too late"]}, "the listing has no draft"),
    ],
)
def test_a_step_out_of_turn_is_a_conflict_and_changes_nothing(
    api: Api, house: House, steps: tuple[str, ...], step: str, body: object, detail: str
) -> None:
    product_id = api.draft(api.supplier())
    for before in steps:
        assert api.post(f"/products/{product_id}/{before}").status_code == 200
    stored = everything(house.db)

    answer = api.post(f"/products/{product_id}/{step}", body)

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/conflict")
    assert answer.json()["detail"].startswith(detail)
    assert everything(house.db) == stored


def test_a_submitted_listing_is_not_edited_and_a_withdrawn_one_not_withdrawn_again(api: Api, house: House) -> None:
    product_id = api.draft(api.supplier())
    api.post(f"/products/{product_id}/submit")
    stored = everything(house.db)

    assert api.put(f"/products/{product_id}/draft", CONTENT["device"]).status_code == 409
    assert everything(house.db) == stored

    api.post(f"/products/{product_id}/withdraw", {"reason": "Listed twice"})
    stored = everything(house.db)
    assert api.post(f"/products/{product_id}/withdraw", {"reason": "Listed twice"}).status_code == 409
    assert everything(house.db) == stored


def test_a_reference_names_one_product_of_a_supplier(api: Api, house: House) -> None:
    larch, rowan = api.supplier(), api.supplier("rowan-learning")
    api.draft(larch, "same")
    api.draft(rowan, "same")
    stored = everything(house.db)

    answer = api.post(
        "/products", {"supplier_id": str(larch), "reference": "same", "kind": "device", "content": CONTENT["device"]}
    )

    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "this supplier already has a product with the reference same",
    )
    assert everything(house.db) == stored


@pytest.mark.parametrize(
    ("kind", "content", "pointers"),
    [
        ("device", {"title": "ab"}, ["/content/title"]),
        ("device", {"cpv_code": "3021"}, ["/content/cpv_code"]),
        ("device", {"category": "reading-and-literacy"}, ["/content/category"]),
        ("device", {"category": "no-such"}, ["/content/category"]),
        ("device", {"gtins": ["5000000000001"]}, ["/content/gtins"]),
        ("device", {"phases": ["primary", "primary"]}, ["/content/phases"]),
        ("device", {"features": ["x"] * 51}, ["/content/features"]),
        ("device", {"connectivity": CONTENT["connectivity"]["connectivity"]}, ["/content/connectivity"]),
        ("connectivity", {"connectivity": None}, ["/content/connectivity"]),
        (
            "connectivity",
            {"connectivity": {**CONTENT["connectivity"]["connectivity"], "term_months": 0, "committed_mbps": 2000}},
            ["/content/connectivity/term_months", "/content/connectivity/committed_mbps"],
        ),
        ("device", {"title": "a\x00b\x00c", "brand": "b" * 121}, ["/content/title", "/content/brand"]),
        ("device", {"attributes": {"a/b~c": "\x00"}}, ["/content/attributes/a~1b~0c"]),
    ],
)
def test_every_fault_of_a_listing_is_told_with_its_place_and_mend(
    shared_api: Api, shared_house: House, kind: str, content: dict[str, object], pointers: list[str]
) -> None:
    stored = everything(shared_house.db)

    answer = shared_api.post(
        "/products",
        {
            "supplier_id": str(uuid4()),
            "reference": "cb-11",
            "kind": kind,
            "content": {**CONTENT[kind], **content},
        },
    )

    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert [error["pointer"] for error in answer.json()["errors"]] == pointers
    assert all(error["mend"] for error in answer.json()["errors"])
    assert everything(shared_house.db) == stored


def test_a_connectivity_package_is_kept_with_its_version(api: Api) -> None:
    product_id = api.published(api.supplier(), "fibre", "connectivity")
    package = {**CONTENT["connectivity"]["connectivity"], "download_mbps": 2000}

    api.put(f"/products/{product_id}/draft", {**CONTENT["connectivity"], "connectivity": package})

    newest, first = api.get(f"/products/{product_id}/versions").json()
    assert newest["content"]["connectivity"]["download_mbps"] == 2000
    assert first["content"]["connectivity"]["download_mbps"] == 1000
    assert api.get(f"/products/{product_id}").json()["connectivity"]["download_mbps"] == 1000
