"""Badge claims: a supplier claims, the operator decides, buyers see what was accepted."""

from typing import Any

import pytest
from tests.support.api import Api
from tests.support.badges import CYBER, accepted
from tests.support.watching import everything

from becta.market.wiring import House

LTI = {**CYBER, "standard": "lti", "standard_version": "1.3", "role": "Tool"}


def test_a_claim_is_unverified_and_public_nowhere_until_it_is_accepted(api: Api, house: House) -> None:
    supplier_id = api.supplier()
    product_id = api.published(supplier_id)

    claim = api.made(f"/products/{product_id}/badge-claims", LTI)
    house.relay.drain()

    assert (claim["state"], claim["holder"], claim["holder_id"]) == ("claimed", "product", str(product_id))
    assert (claim["badge"]["standing"], claim["badge"]["name"]) == ("unverified", "LTI 1.3")
    shown = api.get(f"/products/{product_id}").json()
    assert (shown["badges"], shown["past_badges"]) == ([], [])
    assert api.get("/search", badge="lti").json()["total"] == 0

    answer = api.post(f"/badge-claims/{claim['id']}/decision", {"decision": "accepted"})
    assert (answer.status_code, answer.json()["state"], answer.headers["etag"]) == (200, "accepted", '"2"')
    house.relay.drain()
    [badge] = api.get(f"/products/{product_id}").json()["badges"]
    assert (badge["standard"], badge["role"], badge["level"], badge["holder"]) == (
        "lti",
        "Tool",
        "certified",
        "product",
    )
    assert api.get("/search", badge="lti").json()["total"] == 1


def test_a_refused_claim_says_why_to_its_supplier_and_is_public_nowhere(api: Api, house: House) -> None:
    supplier_id = api.supplier()
    claim = api.made(f"/suppliers/{supplier_id}/badge-claims", CYBER)

    refused = api.post(
        f"/badge-claims/{claim['id']}/decision", {"decision": "refused", "reasons": ["The register has no CE-0042"]}
    ).json()
    house.relay.drain()

    assert (refused["state"], refused["reasons"]) == ("refused", ["The register has no CE-0042"])
    shown = api.get(f"/suppliers/{supplier_id}").json()
    assert (shown["badges"], shown["past_badges"]) == ([], [])
    assert [c["state"] for c in api.get("/badge-claims").json()["items"]] == ["refused"]


def test_a_suppliers_badge_shows_on_each_of_its_products_as_the_suppliers(api: Api) -> None:
    supplier_id = api.supplier()
    products = [api.published(supplier_id, reference) for reference in ("one", "two")]

    accepted(api, f"/suppliers/{supplier_id}")

    for product_id in products:
        [badge] = api.get(f"/products/{product_id}").json()["badges"]
        assert (badge["standard"], badge["holder"]) == ("cyber-essentials", "supplier")


@pytest.mark.parametrize(
    ("before", "decision"),
    [((), "revoked"), (("accepted",), "accepted"), (("accepted",), "refused"), (("refused",), "accepted")],
)
def test_a_decision_that_does_not_follow_is_a_conflict_and_changes_nothing(
    api: Api, house: House, before: tuple[str, ...], decision: str
) -> None:
    claim = api.made(f"/suppliers/{api.supplier()}/badge-claims", CYBER)
    path = f"/badge-claims/{claim['id']}/decision"
    for earlier in before:
        assert api.post(path, {"decision": earlier, "reasons": ["As found"]}).status_code == 200
    stored = everything(house.db)

    answer = api.post(path, {"decision": decision, "reasons": ["As found"]})

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/conflict")
    assert everything(house.db) == stored


@pytest.mark.parametrize("decision", ["refused", "revoked"])
def test_refusing_and_revoking_need_reasons(api: Api, house: House, decision: str) -> None:
    claim = api.made(f"/suppliers/{api.supplier()}/badge-claims", CYBER)
    stored = everything(house.db)

    answer = api.post(f"/badge-claims/{claim['id']}/decision", {"decision": decision})

    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (400, ["/reasons"])
    assert everything(house.db) == stored


@pytest.mark.parametrize(
    ("holder", "change", "pointers"),
    [
        ("suppliers", {"standard": "no-such"}, ["/standard"]),
        ("suppliers", {"standard": "lti", "standard_version": "1.3", "role": "Tool"}, ["/standard"]),
        ("products", {}, ["/standard"]),
        ("suppliers", {"standard_version": "2019"}, ["/standard_version"]),
        ("suppliers", {"role": "Tool"}, ["/role"]),
        ("suppliers", {"expires_on": None}, ["/expires_on"]),
        ("suppliers", {"expires_on": CYBER["issued_on"]}, ["/expires_on"]),
        ("suppliers", {"issued_on": "0001-01-01", "expires_on": "0001-01-02"}, ["/issued_on"]),
        ("suppliers", {"certificate_reference": " "}, ["/certificate_reference"]),
        ("suppliers", {"evidence_url": ""}, ["/evidence_url"]),
        ("suppliers", {"evidence_url": "javascript:alert(1)"}, ["/evidence_url"]),
        ("suppliers", {"scope": "a\x00b"}, ["/scope"]),
    ],
)
def test_a_claim_that_breaks_a_rule_is_refused_with_its_place_and_mend(
    shared_api: Api, shared_house: House, holder: str, change: dict[str, Any], pointers: list[str]
) -> None:
    suppliers = shared_api.get("/suppliers").json()["items"]
    supplier_id = suppliers[0]["id"] if suppliers else shared_api.supplier()
    products = shared_api.get("/products").json()["items"]
    product_id = products[0]["id"] if products else shared_api.published(supplier_id)
    stored = everything(shared_house.db)

    answer = shared_api.post(
        f"/{holder}/{supplier_id if holder == 'suppliers' else product_id}/badge-claims", {**CYBER, **change}
    )

    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == pointers
    assert all(error["mend"] for error in answer.json()["errors"])
    assert everything(shared_house.db) == stored
