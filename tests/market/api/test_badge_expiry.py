"""A badge is shown from the first to the last second of its validity, London time, whatever did or did not run."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from tests.support.api import Api
from tests.support.badges import CYBER, accepted

from becta.market.wiring import House

# 1 July 2026 begins in London, in summer time, at 23:00 on 30 June UTC.
MIDNIGHT = datetime(2026, 6, 30, 23, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
EARLIER = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class Shop:
    """A product with a badge of its own and one of its supplier."""

    def __init__(self, api: Api, house: House, **dates: str) -> None:
        self.api, self.house = api, house
        self.supplier = api.supplier()
        self.product = api.published(self.supplier)
        accepted(api, f"/suppliers/{self.supplier}", **dates)
        accepted(api, f"/products/{self.product}", standard="lti", standard_version="1.3", role="Tool", **dates)

    def shown(self) -> dict[str, set[str]]:
        """The badges to be seen in every place that shows badges."""
        get = self.api.get
        search = get("/search", q="chromebook").json()
        hits = {hit["id"]: hit for hit in search["hits"]}
        cards = get("/products").json()["items"]
        return {
            "product": {badge["standard"] for badge in get(f"/products/{self.product}").json()["badges"]},
            "card": {badge["standard"] for badge in cards[0]["badges"]},
            "supplier": {badge["standard"] for badge in get(f"/suppliers/{self.supplier}").json()["badges"]},
            "suppliers": {badge["standard"] for badge in get("/suppliers").json()["items"][0]["badges"]},
            "hit": {badge["code"] for badge in hits[str(self.product)]["badges"]},
            "facet": {count["value"] for count in search["facets"]["badge"]},
            "filter": {code for code in ("cyber-essentials", "lti") if get("/search", badge=code).json()["total"] == 1},
        }


ALL = {"cyber-essentials", "lti"}
SHOWN = {
    "product": ALL,
    "card": ALL,
    "supplier": {"cyber-essentials"},
    "suppliers": {"cyber-essentials"},
    "hit": ALL,
    "facet": ALL,
    "filter": ALL,
}
NOTHING: dict[str, set[str]] = {place: set() for place in SHOWN}


@pytest.fixture
def traveller() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(EARLIER, tick=False) as traveller:
        yield traveller


@pytest.mark.parametrize("_case", ["views and index up to date", "written before the last change"])
def test_a_badge_is_gone_from_everywhere_with_the_first_second_of_the_day_it_expires(
    traveller: time_machine.Traveller, api: Api, house: House, _case: str
) -> None:
    shop = Shop(api, house, issued_on="2025-07-01", expires_on="2026-07-01")
    house.relay.drain()
    if _case == "written before the last change":
        api.offer(shop.product, shop.supplier)  # the view is stale from here on, the index a change behind

    traveller.move_to(MIDNIGHT - SECOND)
    assert shop.shown() == SHOWN
    assert {b["standing"] for b in api.get(f"/products/{shop.product}").json()["badges"]} == {"expiring"}

    traveller.move_to(MIDNIGHT)  # nothing ran in between
    assert shop.shown() == NOTHING
    assert [b["standing"] for b in api.get(f"/products/{shop.product}").json()["past_badges"]] == ["expired"] * 2
    assert [b["standing"] for b in api.get(f"/suppliers/{shop.supplier}").json()["past_badges"]] == ["expired"]


def test_a_badge_is_not_shown_before_the_day_it_is_issued_on_begins(
    traveller: time_machine.Traveller, api: Api, house: House
) -> None:
    shop = Shop(api, house, issued_on="2026-07-01", expires_on="2027-07-01")
    house.relay.drain()

    traveller.move_to(MIDNIGHT - SECOND)
    assert shop.shown() == NOTHING
    assert api.get(f"/products/{shop.product}").json()["past_badges"] == []

    traveller.move_to(MIDNIGHT)
    assert shop.shown() == SHOWN


def test_a_badge_turns_expiring_thirty_days_before_its_end(
    traveller: time_machine.Traveller, api: Api, house: House
) -> None:
    shop = Shop(api, house, issued_on="2025-07-31", expires_on="2026-07-31")
    house.relay.drain()
    path = f"/products/{shop.product}"

    traveller.move_to(MIDNIGHT - SECOND)
    assert {badge["standing"] for badge in api.get(path).json()["badges"]} == {"valid"}
    tag = api.get(path).headers["etag"]

    traveller.move_to(MIDNIGHT)
    assert {badge["standing"] for badge in api.get(path).json()["badges"]} == {"expiring"}
    assert api.get(path).headers["etag"] != tag


def test_one_who_has_the_product_is_told_when_its_badge_expires(
    traveller: time_machine.Traveller, api: Api, house: House
) -> None:
    shop = Shop(api, house, issued_on="2025-07-01", expires_on="2026-07-01")
    house.relay.drain()
    traveller.move_to(MIDNIGHT - SECOND)
    tag = api.get(f"/products/{shop.product}").headers["etag"]
    known = {**api.headers, "If-None-Match": tag}
    address = f"/api/v1/products/{UUID(str(shop.product))}"

    assert api.client.get(address, headers=known).status_code == 304
    traveller.move_to(MIDNIGHT)
    assert api.client.get(address, headers=known).status_code == 200


def test_a_revoked_badge_goes_at_once_and_an_unverified_or_refused_one_is_never_seen(api: Api, house: House) -> None:
    shop = Shop(api, house, **{day: CYBER[day] for day in ("issued_on", "expires_on")})
    claims = api.get("/badge-claims").json()["items"]
    house.relay.drain()
    assert shop.shown() == SHOWN

    for claim in claims:
        revoked = {"decision": "revoked", "reasons": ["The certificate was withdrawn"]}
        assert api.post(f"/badge-claims/{claim['id']}/decision", revoked).status_code == 200
    shown = shop.shown()
    assert {place: shown[place] for place in ("product", "card", "supplier", "suppliers")} == {
        place: set() for place in ("product", "card", "supplier", "suppliers")
    }
    house.relay.drain()
    assert shop.shown() == NOTHING
    assert [b["standing"] for b in api.get(f"/products/{shop.product}").json()["past_badges"]] == ["revoked"] * 2
