"""The API as somebody with a token uses it, and bodies of requests that are right."""

from typing import Any
from uuid import UUID

from httpx import Response
from litestar.testing import TestClient

from becta.kernel import clock
from becta.kernel.actor import Scope, system
from becta.market.accounts.organisations import open_organisation
from becta.market.accounts.tokens import issue_token
from becta.market.db import Database

ROOT = "/api/v1"


def token_for(db: Database, supplier_id: UUID | None, scopes: list[Scope] | None = None) -> str:
    """The secret of a fresh token of a supplier, or of the operator."""
    now = clock.now()
    named = "operator" if supplier_id is None else f"supplier:{supplier_id}"
    with db.write() as session:
        _, secret = issue_token(
            session,
            system("test"),
            open_organisation(session, named, now=now),
            label="test",
            scopes=scopes,
            expires_at=None,
            now=now,
        )
    return secret


class Api:
    """Requests with a bearer token."""

    def __init__(self, client: TestClient, token: str | None) -> None:
        self.client = client
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str, **params: Any) -> Response:
        return self.client.get(ROOT + path, params=params, headers=self.headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Response:
        return self.client.post(ROOT + path, json=body, headers={**self.headers, **headers})

    def put(self, path: str, body: Any, **headers: str) -> Response:
        return self.client.put(ROOT + path, json=body, headers={**self.headers, **headers})

    def made(self, path: str, body: Any) -> dict[str, Any]:
        """Create something that must succeed."""
        answer = self.post(path, body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def supplier(self, reference: str = "larch-technology", **details: Any) -> UUID:
        """Register a supplier."""
        body = {"reference": reference, "details": {"name": reference.replace("-", " ").title(), **details}}
        return UUID(self.made("/suppliers", body)["id"])

    def draft(self, supplier_id: UUID, reference: str = "cb-11", kind: str = "device", **content: Any) -> UUID:
        """List a product as a draft."""
        body = {
            "supplier_id": str(supplier_id),
            "reference": reference,
            "kind": kind,
            "content": {**CONTENT[kind], **content},
        }
        return UUID(self.made("/products", body)["product_id"])

    def published(self, supplier_id: UUID, reference: str = "cb-11", kind: str = "device", **content: Any) -> UUID:
        """List a product and bring it to published."""
        product_id = self.draft(supplier_id, reference, kind, **content)
        for step in ("submit", "publish"):
            answer = self.post(f"/products/{product_id}/{step}")
            assert answer.status_code == 200, answer.text
        return product_id

    def offer(self, product_id: UUID, supplier_id: UUID, reference: str = "offer-1", **terms: Any) -> dict[str, Any]:
        """Offer a product."""
        unit = terms.pop("remanufactured", None)
        body = {
            "supplier_id": str(supplier_id),
            "reference": reference,
            "terms": {"price_pence": 19_900, "unit": "each", **terms},
            "remanufactured": unit,
        }
        return self.made(f"/products/{product_id}/offers", body)


CONTENT: dict[str, dict[str, Any]] = {
    "device": {
        "title": "Larch Chromebook 11",
        "summary": "A rugged Chromebook for primary classrooms",
        "cpv_code": "30213100",
        "category": "chromebooks",
        "phases": ["primary"],
        "part_number": "LCB11-4-64",
    },
    "software": {
        "title": "Rowan Reading",
        "summary": "Phonics and guided reading",
        "cpv_code": "48190000",
        "category": "reading-and-literacy",
        "phases": ["primary", "special"],
    },
    "connectivity": {
        "title": "Fibre 1000 for schools",
        "cpv_code": "72400000",
        "category": "full-fibre-broadband",
        "connectivity": {
            "access_type": "fttp",
            "download_mbps": 1000,
            "upload_mbps": 1000,
            "term_months": 36,
        },
    },
    "service": {"title": "Termly device clinic", "cpv_code": "50312000", "category": "repair-and-maintenance"},
}

REMANUFACTURED: dict[str, Any] = {
    "grade": "A",
    "process": "bs-8887-220",
    "process_certificate": "KM 123456",
    "warranty_months": 36,
    "new_warranty_months": 36,
    "erasure": "purge",
    "erasure_standard": "NIST SP 800-88 Rev. 2",
    "remanufacturer": "Second Spring Ltd",
    "battery_percent": 92,
}
