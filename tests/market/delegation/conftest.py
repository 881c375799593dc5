"""A trust with a school, its people with their tokens, and schemes for both."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from httpx import Response
from litestar.testing import TestClient
from tests.support.api import Api
from tests.support.people import member, person, school, token_of, trust

from becta.kernel.actor import Role
from becta.market.accounts.models import Organisation
from becta.market.wiring import House

URN, UID = 100_001, 2044
SCHOOL_SCHEME: list[dict[str, Any]] = [
    {"role": "buyer", "limit_pence": 50_000, "above": "approver"},
    {"role": "approver", "limit_pence": 500_000},
    {"role": "buyer", "category": "laptops", "limit_pence": 0, "above": "approver"},
]
TRUST_SCHEME: list[dict[str, Any]] = [
    {"role": "buyer", "limit_pence": 20_000, "above": "approver"},
    {"role": "approver", "limit_pence": 300_000, "above": "trust_lead"},
    {"role": "trust_lead", "limit_pence": None},
]
BOOKS = {
    "organisation": f"urn:{URN}",
    "purpose": "Reading books for year 2",
    "amount_pence": 30_000,
    "category": "library",
    "budget_code": "LIB-2",
}


class Somebody:
    """A person with a token for an organisation, as the API sees them."""

    def __init__(self, api: Api, person_id: UUID, organisation: Organisation) -> None:
        self.api, self.id, self.organisation = api, person_id, organisation

    def commits(self, amount_pence: int, **changes: Any) -> dict[str, Any]:
        """Commit an amount; it must be taken, whatever the schemes then say."""
        return self.api.made("/commitments", {**BOOKS, "amount_pence": amount_pence, **changes})

    def does(self, step: str, commitment: dict[str, Any], reason: str | None = None, **headers: str) -> Response:
        """Approve, decline or withdraw a commitment."""
        body = None if reason is None else {"reason": reason}
        return self.api.post(f"/commitments/{commitment['id']}/{step}", body, **headers)

    def sees(self, commitment: dict[str, Any]) -> dict[str, Any]:
        """The commitment as it is now."""
        answer = self.api.get(f"/commitments/{commitment['id']}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def sets(self, reference: str, rules: list[dict[str, Any]], **headers: str) -> Response:
        """Set a scheme of delegation."""
        return self.api.put(f"/organisations/{reference}/scheme", {"rules": rules}, **headers)


class Town:
    """The school and its trust; people are made when a test names them."""

    def __init__(self, house: House, client: TestClient) -> None:
        self.house, self.client, self.db = house, client, house.db
        with self.db.write() as session:
            self.trust = trust(session, UID, "Larch Learning Trust")
            self.school = school(session, URN, "Larch Lane School", UID)

    def somebody(self, name: str, organisation: Organisation, *roles: Role) -> Somebody:
        """A member with these roles."""
        with self.db.write() as session:
            who = person(session, name)
            member(session, who, organisation, *roles)
            secret = token_of(session, who, organisation)
        return Somebody(Api(self.client, secret), who.id, organisation)

    def scheme(self, organisation: Organisation, rules: list[dict[str, Any]]) -> dict[str, Any]:
        """Set a scheme through somebody of finance."""
        reference = f"urn:{organisation.urn}" if organisation.urn else f"trust:{organisation.group_uid}"
        answer = self.somebody("Fin", organisation, Role.FINANCE).sets(reference, rules)
        assert answer.status_code == 200, answer.text
        made: dict[str, Any] = answer.json()
        return made


@pytest.fixture
def town(house: House, client: TestClient) -> Town:
    """A trust and its school, without any scheme yet."""
    return Town(house, client)


@pytest.fixture
def buyer(town: Town) -> Somebody:
    """Buys for the school."""
    return town.somebody("Ada", town.school, Role.BUYER)


@pytest.fixture
def approver(town: Town) -> Somebody:
    """Approves for the school."""
    return town.somebody("Grace", town.school, Role.APPROVER)


@pytest.fixture
def lead(town: Town) -> Somebody:
    """Leads the trust."""
    return town.somebody("Mary", town.trust, Role.TRUST_LEAD)


@pytest.fixture
def elsewhere(town: Town) -> Callable[..., Somebody]:
    """Makes somebody of another school."""

    def make(*roles: Role) -> Somebody:
        with town.db.write() as session:
            other = school(session, 100_777, "Elm Hill School")
        return town.somebody("Eve", other, *roles)

    return make
