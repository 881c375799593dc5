"""What waits for somebody: drafts and returned listings for their supplier, submitted ones for the operator."""

from collections.abc import Callable
from uuid import UUID

from tests.support.api import Api

from becta.market.wiring import House


def test_the_operator_sees_what_waits_for_a_decision(api: Api) -> None:
    supplier_id = api.supplier()
    waiting = api.draft(supplier_id, "waiting")
    api.post(f"/products/{waiting}/submit")
    api.draft(supplier_id, "draft")
    api.published(supplier_id, "published")

    page = api.get("/listings", state="submitted").json()

    assert [item["reference"] for item in page["items"]] == ["waiting"]
    assert [item["reference"] for item in api.get("/listings").json()["items"]] == ["waiting", "draft"]


def test_a_supplier_sees_its_own_work_only_page_by_page(api: Api, supplier_api: Callable[[UUID], Api]) -> None:
    mine, other = api.supplier("mine"), api.supplier("other")
    for number in range(3):
        api.draft(mine, f"mine-{number}")
    api.draft(other, "theirs")
    own = supplier_api(mine)

    first = own.get("/listings", limit=2).json()
    rest = own.get("/listings", limit=2, cursor=first["next"]).json()

    assert [item["reference"] for item in first["items"] + rest["items"]] == ["mine-0", "mine-1", "mine-2"]
    assert rest["next"] is None


def test_nobody_without_a_token_sees_work(api: Api) -> None:
    assert api.client.get("/api/v1/listings").status_code == 401


def test_only_we_can_claim_that_we_tested_something(api: Api, supplier_api: Callable[[UUID], Api]) -> None:
    supplier_id = api.supplier()
    product_id = api.published(supplier_id)
    claim = {
        "standard": "wcag",
        "standard_version": "2.2",
        "level": "tested_by_us",
        "issued_on": "2026-01-05",
        "evidence_note": "Tested by the marketplace",
    }

    assert supplier_api(supplier_id).post(f"/products/{product_id}/badge-claims", claim).status_code == 403
    assert api.post(f"/products/{product_id}/badge-claims", claim).status_code == 201


def test_a_draft_of_another_supplier_cannot_be_offered(api: Api) -> None:
    mine, other = api.supplier("mine"), api.supplier("other")
    draft = api.draft(mine)
    body = {"supplier_id": str(other), "reference": "o", "terms": {"price_pence": 1, "unit": "each"}}

    assert api.post(f"/products/{draft}/offers", body).status_code == 404
    assert api.offer(draft, mine)["price_pence"] == 19_900


def test_facet_values_read_as_people_say_them(api: Api, house: House) -> None:
    supplier_id = api.supplier()
    api.offer(api.published(supplier_id, phases=["fe"]), supplier_id, regions=["yorkshire-and-the-humber"])
    house.relay.drain()

    facets = api.get("/search").json()["facets"]

    assert [facet["label"] for facet in facets["region"]] == ["Yorkshire and the Humber"]
    assert [facet["label"] for facet in facets["phase"]] == ["Further education"]
