"""A listing's life over HTTP: draft, submitted, returned, published, replaced, withdrawn."""

from tests.support.api import CONTENT, Api

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
