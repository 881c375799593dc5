"""A trust with two schools, their people with tokens, and a supplier with products to choose from."""

from typing import Any
from uuid import UUID

import pytest
from httpx import Response
from litestar.testing import TestClient
from sqlmodel import select
from tests.support.api import Api
from tests.support.catalogue import make_version
from tests.support.people import member, person, school, token_of, trust

from becta.kernel.actor import Role
from becta.kernel.events import AuditEvent
from becta.market.accounts.models import Organisation
from becta.market.wiring import House

URN, UID, ELSEWHERE = 100_001, 2044, 100_777
NEED = "30 Chromebooks for year 7 by September"


class Somebody:
    """A person with a token for an organisation, as the API sees them."""

    def __init__(self, api: Api, person_id: UUID) -> None:
        self.api, self.id = api, person_id

    def starts(self, name: str = "Year 7 devices", **changes: Any) -> dict[str, Any]:
        """Start a shortlist that must be taken."""
        return self.api.made("/shortlists", {"organisation": f"urn:{URN}", "name": name, "need": NEED, **changes})

    def adds(self, shortlist: dict[str, Any], product_id: UUID, note: str = "", **headers: str) -> Response:
        """Put a product on a shortlist."""
        body = {"product_id": str(product_id), "note": note}
        return self.api.post(f"/shortlists/{shortlist['id']}/entries", body, **headers)

    def has_added(self, shortlist: dict[str, Any], product_id: UUID, note: str = "") -> dict[str, Any]:
        """Put a product on a shortlist, which must be taken; gives the shortlist."""
        return told(self.adds(shortlist, product_id, note), 201)

    def removes(self, shortlist: dict[str, Any], entry_id: str, reason: str = "Too dear", **headers: str) -> Response:
        """Take a product off a shortlist."""
        return self.api.post(f"/shortlists/{shortlist['id']}/entries/{entry_id}/remove", {"reason": reason}, **headers)

    def closes(self, shortlist: dict[str, Any], product_id: UUID, **changes: str) -> Response:
        """Close a shortlist with a choice."""
        body = {"product_id": str(product_id), "reason": "The only one with a five-year warranty", **changes}
        return self.api.post(f"/shortlists/{shortlist['id']}/close", body)

    def archives(self, shortlist: dict[str, Any], reason: str = "No money this year") -> Response:
        """Put a shortlist away."""
        return self.api.post(f"/shortlists/{shortlist['id']}/archive", {"reason": reason})

    def amends(self, shortlist: dict[str, Any], *, if_match: str | None = None, **changes: Any) -> Response:
        """Change what a shortlist says of itself."""
        body = {"name": shortlist["name"], "need": shortlist["need"], "badges": shortlist["badges"], **changes}
        headers = {} if if_match is None else {"If-Match": if_match}
        return self.api.put(f"/shortlists/{shortlist['id']}", body, **headers)

    def sees(self, shortlist: dict[str, Any]) -> dict[str, Any]:
        """The shortlist as it is now."""
        return told(self.api.get(f"/shortlists/{shortlist['id']}"))


def told(answer: Response, status: int = 200) -> dict[str, Any]:
    """The body of an answer that must have this status."""
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    return body


class Town:
    """The organisations and the shop; people are made when a test names them."""

    def __init__(self, house: House, client: TestClient, api: Api) -> None:
        self.house, self.client, self.db, self.api = house, client, house.db, api
        with self.db.write() as session:
            self.trust = trust(session, UID, "Larch Learning Trust")
            self.school = school(session, URN, "Larch Lane School", UID)
            self.elsewhere = school(session, ELSEWHERE, "Elm Hill School")
        self.supplier = api.supplier()

    def somebody(self, name: str, organisation: Organisation, *roles: Role) -> Somebody:
        """A member with these roles."""
        with self.db.write() as session:
            who = person(session, name)
            member(session, who, organisation, *roles)
            secret = token_of(session, who, organisation)
        return Somebody(Api(self.client, secret), who.id)

    def product(self, reference: str = "cb-11", price_pence: int | None = 19_900, **content: Any) -> UUID:
        """A listed product, offered at a price if one is given."""
        made = self.api.published(self.supplier, reference, **content)
        if price_pence is not None:
            self.api.offer(made, self.supplier, f"offer of {reference}", price_pence=price_pence)
        return made

    def listed(self, many: int) -> list[UUID]:
        """Many listed products without an offer, past all use cases."""
        with self.db.write() as session:
            return [make_version(session, self.supplier, f"many-{number}").product_id for number in range(many)]

    def actions(self, shortlist: dict[str, Any]) -> list[str]:
        """What the trail says was done to a shortlist, oldest first."""
        return [event.action for event in self.events(shortlist)]

    def events(self, shortlist: dict[str, Any]) -> list[AuditEvent]:
        """The events of the trail that tell of a shortlist, oldest first."""
        wanted = select(AuditEvent).where(AuditEvent.object_id == UUID(shortlist["id"])).order_by(AuditEvent.position)
        with self.db.read() as session:
            return list(session.exec(wanted))


@pytest.fixture
def town(house: House, client: TestClient, api: Api) -> Town:
    """A trust, its school, another school, and a supplier."""
    return Town(house, client, api)


@pytest.fixture
def buyer(town: Town) -> Somebody:
    """Buys for the school."""
    return town.somebody("Ada Byron", town.school, Role.BUYER)
