"""Who may do what: every route that changes something, tried by everybody."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from litestar.testing import TestClient
from tests.support.api import CONTENT, Api, token_for
from tests.support.badges import CYBER
from tests.support.watching import everything

from becta.kernel import clock
from becta.kernel.actor import OPERATOR_SCOPES, SUPPLIER_SCOPES, Scope, system
from becta.market.accounts.service import issue_token, revoke_token
from becta.market.app import API
from becta.market.wiring import House


class Scene:
    """One supplier with a listing, an offer and claims, everything in a state in which each step could be taken."""

    def __init__(self, api: Api) -> None:
        self.supplier = api.supplier()
        self.other = api.supplier("rowan-learning")
        self.draft = api.draft(self.supplier, "draft")
        self.submitted = api.draft(self.supplier, "submitted")
        api.post(f"/products/{self.submitted}/submit")
        self.offer = api.offer(self.draft, self.supplier)["id"]
        self.claim = api.made(f"/suppliers/{self.supplier}/badge-claims", CYBER)["id"]


Route = tuple[str, str, Scope, Callable[[Scene], tuple[str, Any]]]
TERMS = {"price_pence": 100, "unit": "each"}
LTI = {**CYBER, "standard": "lti", "standard_version": "1.3", "role": "Tool"}

ROUTES: list[Route] = [
    (
        "POST",
        "/products",
        Scope.LISTINGS_WRITE,
        lambda s: (
            "/products",
            {"supplier_id": str(s.supplier), "reference": "new", "kind": "device", "content": CONTENT["device"]},
        ),
    ),
    (
        "PUT",
        "/products/{product_id:uuid}/draft",
        Scope.LISTINGS_WRITE,
        lambda s: (f"/products/{s.draft}/draft", CONTENT["device"]),
    ),
    (
        "POST",
        "/products/{product_id:uuid}/submit",
        Scope.LISTINGS_WRITE,
        lambda s: (f"/products/{s.draft}/submit", None),
    ),
    (
        "POST",
        "/products/{product_id:uuid}/withdraw",
        Scope.LISTINGS_WRITE,
        lambda s: (f"/products/{s.draft}/withdraw", {"reason": "Listed twice"}),
    ),
    (
        "POST",
        "/products/{product_id:uuid}/publish",
        Scope.LISTINGS_DECIDE,
        lambda s: (f"/products/{s.submitted}/publish", None),
    ),
    (
        "POST",
        "/products/{product_id:uuid}/return",
        Scope.LISTINGS_DECIDE,
        lambda s: (f"/products/{s.submitted}/return", {"reasons": ["Too short"]}),
    ),
    (
        "POST",
        "/products/{product_id:uuid}/offers",
        Scope.OFFERS_WRITE,
        lambda s: (
            f"/products/{s.draft}/offers",
            {"supplier_id": str(s.supplier), "reference": "second", "terms": TERMS},
        ),
    ),
    ("PUT", "/offers/{offer_id:uuid}", Scope.OFFERS_WRITE, lambda s: (f"/offers/{s.offer}", {"terms": TERMS})),
    ("POST", "/offers/{offer_id:uuid}/end", Scope.OFFERS_WRITE, lambda s: (f"/offers/{s.offer}/end", None)),
    (
        "POST",
        "/suppliers",
        Scope.SUPPLIERS_WRITE,
        lambda s: ("/suppliers", {"reference": "third", "details": {"name": "Third"}}),
    ),
    (
        "PUT",
        "/suppliers/{supplier_id:uuid}",
        Scope.LISTINGS_WRITE,
        lambda s: (f"/suppliers/{s.supplier}", {"name": "Larch Education"}),
    ),
    (
        "POST",
        "/suppliers/{supplier_id:uuid}/badge-claims",
        Scope.BADGES_CLAIM,
        lambda s: (f"/suppliers/{s.supplier}/badge-claims", CYBER),
    ),
    (
        "POST",
        "/products/{product_id:uuid}/badge-claims",
        Scope.BADGES_CLAIM,
        lambda s: (f"/products/{s.draft}/badge-claims", LTI),
    ),
    (
        "POST",
        "/badge-claims/{claim_id:uuid}/decision",
        Scope.BADGES_DECIDE,
        lambda s: (f"/badge-claims/{s.claim}/decision", {"decision": "accepted"}),
    ),
]
"""Method, path, the scope it needs, and a request that the operator may make."""


def expected(scope: Scope) -> dict[str, int]:
    """The status each kind of caller gets on a route that needs a scope; 0 stands for success."""
    refused = dict.fromkeys(("no token", "not bearer", "unknown", "revoked", "expired"), 401)
    own = 0 if scope in SUPPLIER_SCOPES else 403
    return {**refused, "other supplier": 403, "without the scope": 403, "own supplier": own, "operator": 0}


def headers_of(house: House, scene: Scene, who: str, scope: Scope) -> dict[str, str]:
    """The Authorization header of a kind of caller."""
    holders: dict[str, tuple[UUID | None, frozenset[Scope] | None]] = {
        "own supplier": (scene.supplier, None),
        "other supplier": (scene.other, None),
        "without the scope": (None, OPERATOR_SCOPES - {scope}),
    }
    if who == "no token":
        return {}
    if who == "unknown":
        return {"Authorization": "Bearer becta_" + "x" * 43}
    if who in {"revoked", "expired"}:
        return {"Authorization": f"Bearer {dead_token(house, expired=who == 'expired')}"}
    supplier_id, scopes = holders.get(who, (None, None))
    secret = token_for(house.db, supplier_id, None if scopes is None else sorted(scopes))
    return {"Authorization": f"{'Basic' if who == 'not bearer' else 'Bearer'} {secret}"}


def dead_token(house: House, *, expired: bool) -> str:
    """The secret of an operator's token that has expired or was revoked."""
    now = clock.now()
    with house.db.write() as session:
        ends = now - timedelta(seconds=1) if expired else None
        token, secret = issue_token(
            session, system("test"), label="dead", supplier_id=None, scopes=None, expires_at=ends, now=now
        )
        if not expired:
            revoke_token(session, system("test"), token.id, now=now)
    return secret


def test_every_route_that_changes_something_is_in_the_table() -> None:
    changing = {
        (method, path.removeprefix("/api/v1"))
        for route in API.routes
        for path, methods in [(route.path, getattr(route, "methods", set()))]
        for method in methods - {"GET", "HEAD", "OPTIONS"}
    }

    assert changing == {(method, path) for method, path, _, _ in ROUTES}


@pytest.mark.parametrize(("method", "_path", "scope", "request_of"), ROUTES, ids=[f"{r[0]} {r[1]}" for r in ROUTES])
def test_a_route_is_open_to_those_who_may_and_to_nobody_else(
    client: TestClient,
    api: Api,
    house: House,
    method: str,
    _path: str,
    scope: Scope,
    request_of: Callable[[Scene], tuple[str, Any]],
) -> None:
    scene = Scene(api)
    path, body = request_of(scene)
    for who, status in sorted(expected(scope).items(), key=lambda item: item[1] == 0):
        headers = headers_of(house, scene, who, scope)
        stored = everything(house.db)

        answer = client.request(method, f"/api/v1{path}", json=body, headers={**headers, "If-Match": "*"})

        if status:
            assert (who, answer.status_code) == (who, status)
            assert answer.headers.get("www-authenticate") == ("Bearer" if status == 401 else None)
            assert everything(house.db) == stored
            # nor is it told what it may not know: a stale revision looks the same
            stale = client.request(method, f"/api/v1{path}", json=body, headers={**headers, "If-Match": '"999"'})
            assert (who, stale.status_code, stale.json()["detail"]) == (who, status, answer.json()["detail"])
        else:
            assert answer.status_code in {200, 201}, f"{who}: {answer.text}"
            break  # done once; a second time some of them would be conflicts


def test_what_is_not_there_is_not_found(shared_api: Api, shared_house: House) -> None:
    nothing = UUID(int=7)
    scene = type("Nowhere", (), dict.fromkeys(("supplier", "other", "draft", "submitted", "offer", "claim"), nothing))()
    stored = everything(shared_house.db)

    for method, path, _, request_of in ROUTES:
        if "{" in path:
            address, body = request_of(scene)
            answer = shared_api.client.request(method, f"/api/v1{address}", json=body, headers=shared_api.headers)
            assert (path, answer.status_code) == (path, 404)

    assert everything(shared_house.db) == stored


def test_a_supplier_sees_the_versions_and_claims_of_its_own_only(api: Api, supplier_api: Callable[[UUID], Api]) -> None:
    scene = Scene(api)
    own, other = supplier_api(scene.supplier), supplier_api(scene.other)

    assert own.get(f"/products/{scene.draft}/versions").status_code == 200
    assert other.get(f"/products/{scene.draft}/versions").status_code == 403
    assert Api(api.client, None).get(f"/products/{scene.draft}/versions").status_code == 401
    assert [claim["id"] for claim in own.get("/badge-claims").json()["items"]] == [scene.claim]
    assert other.get("/badge-claims").json()["items"] == []
    assert Api(api.client, None).get("/badge-claims").status_code == 401
