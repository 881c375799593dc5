"""An authority with two assessors, suppliers that apply, and a framework to set up, open, assess and award."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from httpx import Response
from litestar.testing import TestClient
from sqlmodel import select
from tests.support.api import Api
from tests.support.people import member, person, school, token_of, trust

from becta.catalogue.offers.rules import Region
from becta.kernel import clock
from becta.kernel.actor import Role
from becta.kernel.events import AuditEvent
from becta.market.accounts.models import Organisation
from becta.market.accounts.organisations import open_organisation
from becta.market.wiring import House

START = datetime(2026, 10, 12, 9, 0, tzinfo=UTC)
CLOSES = START + timedelta(days=30)
"""Wednesday 11 November 2026: the award is published on Friday 20 November in these stories."""
URN, UID, ELSEWHERE = 100_001, 2044, 100_777
TERMS = "The supplier delivers within ten working days and is paid within thirty days."


def lot(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A lot as it is sent."""
    return {
        "number": number,
        "title": f"Lot {number}: laptops",
        "category": "laptops",
        "method": "both",
        "core_terms": "Devices at the catalogue price, warranty of three years",
        "mechanism": "The lowest price for the configuration asked for",
        **changes,
    }


def terms(**changes: Any) -> dict[str, Any]:
    """All that a framework says, as it is sent."""
    return {
        "reference": "BECTA-2026-01",
        "title": "Devices for schools",
        "description": "Laptops, tablets and desktops with warranty and support",
        "cpv_codes": ["30213100", "30213200"],
        "price_mechanism": "Maximum prices by configuration, reviewed each year",
        "starts_on": "2026-12-01",
        "ends_on": "2030-11-30",
        "estimated_value_pence": 5_000_000_00,
        "entitled": {"all_state_schools": True},
        "lots": [lot(1), lot(2, title="Lot 2: tablets", category="tablets", method="further_competition")],
        "standard_terms": TERMS,
        "levy_basis_points": 150,
        "selection_criteria": [{"code": "insurance", "text": "Insurance of two million pounds by the start"}],
        "award_criteria": [
            {"code": "quality", "text": "Repair and support", "weight": "60", "minimum": "2"},
            {"code": "price", "text": "Maximum prices", "weight": "40"},
        ],
        "asks_exclusion_grounds": False,
        "questions": [QUESTION],
        **changes,
    }


QUESTION: dict[str, Any] = {
    "code": "tax",
    "text": "Have you been penalised for misconduct in relation to tax?",
    "answers": [
        {"code": "no", "text": "No", "effect": "pass"},
        {"code": "put_right", "text": "Yes, and put right", "effect": "refer"},
        {"code": "yes", "text": "Yes", "effect": "fail"},
    ],
}
PLAIN = {"selection_criteria": [], "award_criteria": []}
"""A framework of which everything is decided by the answers."""


def said(answer: str = "no", *criteria: str) -> dict[str, Any]:
    """What a supplier says, whole."""
    explanation = "We paid the penalty in 2024 and changed our adviser" if answer == "put_right" else ""
    return {
        "answers": [{"question": "tax", "answer": answer, "explanation": explanation}],
        "responses": [{"criterion": one, "text": f"Our {one}"} for one in criteria],
        "share_code": "ABCD-1234",
    }


BOTH = ("insurance", "quality", "price")


def judged(
    quality: str = "4", price: str = "3", *, is_met: bool = True, accepted: bool | None = None
) -> dict[str, Any]:
    """A whole assessment."""
    reason = "As they show"
    referred = [] if accepted is None else [{"question": "tax", "is_accepted": accepted, "reason": reason}]
    return {
        "referred": referred,
        "selection": [{"criterion": "insurance", "is_met": is_met, "reason": reason}],
        "scores": [
            {"criterion": "quality", "score": quality, "reason": reason},
            {"criterion": "price", "score": price, "reason": reason},
        ],
    }


def told(answer: Response, status: int = 200) -> dict[str, Any]:
    """The body of an answer that must have this status."""
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    return body


class Authority:
    """Somebody who runs frameworks for an authority."""

    def __init__(self, api: Api, reference: str, person_id: UUID) -> None:
        self.api, self.reference, self.id = api, reference, person_id

    def sets_up(self, **changes: Any) -> dict[str, Any]:
        """Set up a framework that must be taken."""
        return self.api.made("/frameworks", {"authority": self.reference, "terms": terms(**changes)})

    def publishes(self, framework: dict[str, Any], closes_at: datetime = CLOSES) -> dict[str, Any]:
        """Publish a framework, which must be taken."""
        return self.does(framework, "publish", closes_at=closes_at.isoformat())

    def does(self, framework: dict[str, Any], step: str, **body: Any) -> dict[str, Any]:
        """A step in a framework's life that must be taken."""
        return told(self.tries(framework, step, **body))

    def tries(self, framework: dict[str, Any], step: str, **body: Any) -> Response:
        """A step in a framework's life."""
        return self.api.post(f"/frameworks/{framework['id']}/{step}", body or None)

    def judges(self, application: dict[str, Any], step: str, body: Any = None, **headers: str) -> Response:
        """A step with an application."""
        path = f"/frameworks/{application['framework_id']}/applications/{application['id']}/{step}"
        return self.api.post(path, body, **headers)

    def has_judged(self, application: dict[str, Any], **assessment: Any) -> dict[str, Any]:
        """Take an application and decide on it, which must be taken."""
        taken = told(self.judges(application, "take"))
        if taken["standing"] != "under_assessment":
            return taken
        return told(self.judges(application, "decide", judged(**assessment)))

    def sees(self, framework: dict[str, Any]) -> dict[str, Any]:
        """A framework of its own as it is now."""
        return told(self.api.get(f"/frameworks/{framework['id']}/own"))


class Bidder:
    """A supplier with a bidder's token."""

    def __init__(self, api: Api, supplier_id: UUID) -> None:
        self.api, self.id = api, supplier_id

    def tries(self, framework: dict[str, Any], lot: int = 1, supplier: str | None = None) -> Response:
        """Start an application for a lot."""
        wanted = {"supplier": supplier or f"supplier:{self.id}", "terms": said()}
        return self.api.post(f"/frameworks/{framework['id']}/lots/{lot}/applications", wanted)

    def applies(self, framework: dict[str, Any], lot: int = 1, answer: str = "no", *criteria: str) -> dict[str, Any]:
        """Start and submit an application, which must be taken."""
        wanted = {"supplier": f"supplier:{self.id}", "terms": said(answer, *criteria)}
        made = self.api.made(f"/frameworks/{framework['id']}/lots/{lot}/applications", wanted)
        return told(self.submits(made, framework))

    def submits(self, application: dict[str, Any], framework: dict[str, Any]) -> Response:
        """Submit an application, accepting the terms."""
        body = {"terms_sha256": framework["terms_sha256"]}
        return self.api.post(f"/framework-applications/{application['id']}/submit", body)

    def sees(self, application: dict[str, Any]) -> dict[str, Any]:
        """Its application as it is now."""
        return told(self.api.get(f"/framework-applications/{application['id']}"))


class Town:
    """The register, the operator and a trust as authorities, and as many suppliers as a test names."""

    def __init__(self, house: House, client: TestClient, api: Api) -> None:
        self.house, self.client, self.db, self.api = house, client, house.db, api
        self.public = Api(client, None)
        self.bidders: dict[str, Bidder] = {}
        state = {"type_group": "Academies", "region": Region.SOUTH_WEST}
        with self.db.write() as session:
            self.trust = trust(session, UID, "Larch Learning Trust")
            self.school = school(session, URN, "Larch Lane School", UID, **state)
            elsewhere = {"type_group": "Local authority maintained schools", "region": Region.LONDON}
            self.elsewhere = school(session, ELSEWHERE, "Elm Hill School", **elsewhere)
            self.private = school(session, 100_888, "Beech Hall", type_group="Independent schools")

    def runs(self, name: str, of: str = "operator") -> Authority:
        """Somebody who runs frameworks for the operator or the trust."""
        role = Role.OPERATOR if of == "operator" else Role.TRUST_LEAD
        with self.db.write() as session:
            organisation = open_organisation(session, of, now=clock.now())
            who = person(session, name)
            member(session, who, organisation, role)
            secret = token_of(session, who, organisation)
        return Authority(Api(self.client, secret), of, who.id)

    def bidder(self, reference: str) -> Bidder:
        """A supplier with somebody who applies for it."""
        if reference in self.bidders:
            return self.bidders[reference]
        supplier_id = self.api.supplier(reference)
        with self.db.write() as session:
            organisation = open_organisation(session, f"supplier:{supplier_id}", now=clock.now())
            who = person(session, f"Bidder of {reference}")
            member(session, who, organisation, Role.SUPPLIER_BIDDER)
            secret = token_of(session, who, organisation)
        self.bidders[reference] = Bidder(Api(self.client, secret), supplier_id)
        return self.bidders[reference]

    def organisation(self, organisation_id: UUID) -> Organisation:
        """An organisation as it is stored."""
        with self.db.read() as session:
            return session.get_one(Organisation, organisation_id)

    def actions(self, thing: dict[str, Any]) -> list[str]:
        """What the trail says was done to a thing, oldest first."""
        wanted = select(AuditEvent).where(AuditEvent.object_id == UUID(thing["id"])).order_by(AuditEvent.position)
        with self.db.read() as session:
            return [event.action for event in session.exec(wanted)]


@pytest.fixture
def traveller() -> Iterator[time_machine.Traveller]:
    """Time stands at the start of the story until a test moves it."""
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def town(traveller: time_machine.Traveller, house: House, client: TestClient, api: Api) -> Town:
    """The register, two authorities to be, no supplier yet."""
    return Town(house, client, api)


@pytest.fixture
def lead(town: Town) -> Authority:
    """Runs the operator's frameworks."""
    return town.runs("Ada Byron")
