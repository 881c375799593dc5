"""A trust of forty schools, six suppliers, and everybody who buys together in the long story."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from httpx import Response
from litestar.testing import TestClient

from becta.kernel import clock
from becta.kernel.actor import Role
from becta.kernel.ids import new_id
from becta.market.accounts.models import Organisation
from becta.market.accounts.organisations import open_organisation
from becta.market.delegation.models import Scheme
from becta.market.wiring import House
from tests.support.api import Api
from tests.support.people import member, person, school, token_of, trust

SCHOOLS, SUPPLIERS = 40, 6
UID, FIRST_URN = 2044, 110_001
FREE = {"category": None, "limit_pence": None, "above": None, "two_people": False}
LAPTOP = {
    "title": "Laptops for pupils",
    "description": "A laptop for every pupil of year 7, with updates until 2031",
    "category": "laptops",
    "cpv": "30213100",
    "unit": "laptop",
    "criteria": [
        {"code": "support", "title": "Support and warranty", "kind": "quality", "weight": "30"},
        {"code": "delivery", "title": "Delivery to each school", "kind": "quality", "weight": "10"},
        {"code": "updates", "title": "Updates until 2031", "kind": "pass_fail"},
    ],
    "price_weight": "60",
    "price_formula": "linear",
    "tiers": [
        {"from_quantity": 1, "unit_price_pence": 40_000},
        {"from_quantity": 500, "unit_price_pence": 34_000},
        {"from_quantity": 1_000, "unit_price_pence": 31_000},
    ],
    "alone_price_pence": 42_000,
    "max_suppliers": 3,
    "term_months": 36,
}
"""The lot that the story is about: prices ex VAT."""


def told(answer: Response, status: int = 200) -> Any:
    """The body of an answer that must have this status."""
    assert answer.status_code == status, answer.text
    return answer.json()


class Somebody:
    """A person with a token for an organisation, as the API sees them."""

    def __init__(self, api: Api, person_id: UUID, organisation: Organisation, reference: str) -> None:
        self.api, self.id, self.organisation, self.reference = api, person_id, organisation, reference

    def gets(self, path: str, **params: Any) -> Any:
        """Read something that must be there."""
        return told(self.api.get(path, **params))

    def posts(self, path: str, body: Any = None, status: int = 200) -> Any:
        """Do something that must succeed."""
        return told(self.api.post(path, body), status)

    def puts(self, path: str, body: Any) -> Any:
        """Set something that must be taken."""
        return told(self.api.put(path, body))


class Consortium:
    """The trust with its schools and the suppliers; each school has a buyer."""

    def __init__(self, house: House, client: TestClient[Any], api: Api) -> None:
        self.house, self.db, self.client = house, house.db, client
        self.lead = self.evaluators = None
        with self.db.write() as session:
            self.trust = trust(session, UID, "Larch Learning Trust")
            self.schools = [
                school(session, FIRST_URN + number, f"School number {number + 1}", UID) for number in range(SCHOOLS)
            ]
        for organisation in (self.trust, *self.schools):
            self._lets_spend(organisation)
        self.suppliers = [
            self.somebody(f"Bidder {number}", self._supplier(api, number), Role.SUPPLIER_BIDDER)
            for number in range(1, SUPPLIERS + 1)
        ]

    def somebody(self, name: str, organisation: Organisation, *roles: Role) -> Somebody:
        """A member with these roles."""
        with self.db.write() as session:
            who = person(session, name)
            member(session, who, organisation, *roles)
            secret = token_of(session, who, organisation)
        if organisation.supplier_id is not None:
            reference = f"supplier:{organisation.supplier_id}"
        else:
            reference = f"urn:{organisation.urn}" if organisation.urn else f"trust:{organisation.group_uid}"
        return Somebody(Api(self.client, secret), who.id, organisation, reference)

    def _supplier(self, api: Api, number: int) -> Organisation:
        supplier_id = api.supplier(f"supplier-{number}")
        with self.db.write() as session:
            return open_organisation(session, f"supplier:{supplier_id}", now=clock.now())

    def _lets_spend(self, organisation: Organisation) -> None:
        now = clock.now()
        rules = [{**FREE, "role": role} for role in ("buyer", "approver")]
        with self.db.write() as session:
            session.add(
                Scheme(
                    id=new_id(),
                    organisation_id=organisation.id,
                    number=1,
                    rules=rules,
                    note="",
                    made_at=now,
                    in_force_from=now - timedelta(days=1),
                )
            )


def a_need(organisation: str, start: datetime, **changes: Any) -> dict[str, Any]:
    """A need for laptops that is bought together, with its timetable."""
    return {
        "organisation": organisation,
        "title": "Laptops for year 7",
        "description": "Laptops for all our schools, bought together",
        "route": "open_procedure",
        "award_method": "split",
        "savings_policy": "by_quantity",
        "estimated_value_pence": 40_000_000,
        "lots": [LAPTOP],
        "timetable": {
            "pledge_deadline": (start + timedelta(days=14)).isoformat(),
            "withdrawal_deadline": (start + timedelta(days=20)).isoformat(),
            "clarification_deadline": (start + timedelta(days=35)).isoformat(),
            "tender_deadline": (start + timedelta(days=42)).isoformat(),
        },
        **changes,
    }


def a_bid(price: int, *, capacity: int | None = None, answer: str = "Three years on site") -> dict[str, Any]:
    """A bid for the laptops with two tiers: so much each, and a tenth less from 600 on."""
    tiers = [
        {"from_quantity": 1, "unit_price_pence": price},
        {"from_quantity": 600, "unit_price_pence": price * 9 // 10},
    ]
    answers = {"support": answer, "delivery": "In the second week of January", "updates": "Until August 2032"}
    return {
        "lots": [{"lot": 1, "tiers": tiers, "capacity": capacity, "answers": answers}],
        "declarations": {"no_collusion": True},
    }
