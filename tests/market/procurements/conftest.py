"""A trust with two schools that runs procurements, another school, and suppliers, all with people who have tokens."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from typing import Any
from uuid import UUID

import pytest
from httpx import Response
from litestar.testing import TestClient
from sqlmodel import select
from tests.support.api import Api
from tests.support.people import member, person, school, token_of, trust

from becta.kernel import clock
from becta.kernel.actor import Role
from becta.kernel.events import AuditEvent
from becta.kernel.ids import new_id
from becta.market.accounts.models import Organisation
from becta.market.accounts.organisations import open_organisation
from becta.market.delegation.models import Scheme
from becta.market.wiring import House

LOT: dict[str, Any] = {
    "title": "Charging trolleys",
    "description": "Trolleys that charge thirty laptops",
    "category": "laptops",
    "cpv": "30213100",
    "quantity": 10,
    "criteria": [{"code": "safety", "title": "Safety", "kind": "quality", "weight": "40"}],
    "price_weight": "60",
}


def told(answer: Response, status: int = 200) -> Any:
    """The body of an answer that must have this status."""
    assert answer.status_code == status, answer.text
    return answer.json()


def in_days(days: float) -> str:
    """An instant so many days from now."""
    return (clock.now() + timedelta(days=days)).astimezone(UTC).isoformat()


def terms(**changes: Any) -> dict[str, Any]:
    """The terms of a small purchase that three suppliers are asked to quote for."""
    return {
        "title": "Trolleys",
        "description": "Ten charging trolleys",
        "route": "three_quotes",
        "estimated_value_pence": 2_000_000,
        "lots": [LOT],
        "timetable": {"pledge_deadline": in_days(7), "tender_deadline": in_days(30)},
        **changes,
    }


class Somebody:
    """A person with a token for an organisation."""

    def __init__(self, api: Api, person_id: UUID, reference: str) -> None:
        self.api, self.id, self.reference = api, person_id, reference

    def starts(self, **changes: Any) -> dict[str, Any]:
        """Start a procurement, which must be taken."""
        made: dict[str, Any] = told(
            self.api.post("/procurements", {"organisation": self.reference, **terms(**changes)}), 201
        )
        return made

    def does(self, procurement: dict[str, Any], step: str, body: Any = None, **headers: str) -> Response:
        """Take a step with a procurement."""
        return self.api.post(f"/procurements/{procurement['id']}/{step}", body, **headers)

    def has_done(self, procurement: dict[str, Any], step: str, body: Any = None, status: int = 200) -> Any:
        """Take a step that must succeed."""
        return told(self.does(procurement, step, body), status)

    def looks_at(self, procurement: dict[str, Any]) -> Response:
        """Ask for a procurement."""
        return self.api.get(f"/procurements/{procurement['id']}")

    def sees(self, procurement: dict[str, Any]) -> dict[str, Any]:
        """A procurement as it is now for them."""
        seen: dict[str, Any] = told(self.looks_at(procurement))
        return seen


class Town:
    """The organisations; people are made when a test names them."""

    def __init__(self, house: House, client: TestClient[Any], api: Api) -> None:
        self.house, self.client, self.db, self.api = house, client, house.db, api
        with self.db.write() as session:
            self.trust = trust(session, 2044, "Larch Learning Trust")
            self.school = school(session, 100_001, "Larch Lane School", 2044)
            self.other = school(session, 100_002, "Rowan Road School", 2044)
            self.elsewhere = school(session, 100_777, "Elm Hill School")
        self.lead = self.somebody("Lena Lead", self.trust, Role.TRUST_LEAD)
        self.officers = [self.somebody(f"Officer {number}", self.trust, Role.FINANCE) for number in (1, 2)]

    def somebody(self, name: str, organisation: Organisation, *roles: Role) -> Somebody:
        """A member with these roles."""
        with self.db.write() as session:
            who = person(session, name, f"{name.lower().replace(' ', '.')}@people.example")
            member(session, who, organisation, *roles)
            secret = token_of(session, who, organisation)
        if organisation.supplier_id is not None:
            reference = f"supplier:{organisation.supplier_id}"
        else:
            reference = f"urn:{organisation.urn}" if organisation.urn else f"trust:{organisation.group_uid}"
        return Somebody(Api(self.client, secret), who.id, reference)

    def may_spend(self, *organisations: Organisation) -> None:
        """Let the people of these schools and of the trust spend what they like."""
        now = clock.now()
        free = {"category": None, "limit_pence": None, "above": None, "two_people": False}
        rules = [{**free, "role": role} for role in ("buyer", "approver")]
        with self.db.write() as session:
            for one in (*organisations, self.trust):
                made = {"organisation_id": one.id, "number": 1, "rules": rules, "note": "", "made_at": now}
                session.add(Scheme(id=new_id(), **made, in_force_from=now))

    def bidder(self, name: str) -> Somebody:
        """Somebody who bids for a supplier of that name."""
        supplier_id = self.api.supplier(name)
        with self.db.write() as session:
            organisation = open_organisation(session, f"supplier:{supplier_id}", now=clock.now())
        return self.somebody(f"Bidder of {name}", organisation, Role.SUPPLIER_BIDDER)

    def asks_for_bids(self, *bidders: Somebody, **changes: Any) -> dict[str, Any]:
        """A procurement for which these are asked to bid, as the lead sees it."""
        made = self.lead.starts(**changes)
        if bidders:
            self.lead.has_done(made, "invitations", {"suppliers": [one.reference for one in bidders]})
        self.get_ready(made)
        advertised: dict[str, Any] = self.lead.has_done(made, "tender")
        return advertised

    def get_ready(self, procurement: dict[str, Any]) -> list[str]:
        """Assess conflicts and let the officers take up their duty; gives their codes."""
        self.lead.has_done(procurement, "conflicts-assessment", {"finding": "Nobody has an interest in a supplier"})
        self.lead.has_done(procurement, "officers", {"people": [str(one.id) for one in self.officers]})
        return [one.has_done(procurement, "officers/me/code", status=201)["code"] for one in self.officers]

    def mails(self) -> list[tuple[str, str]]:
        """(to, subject) of what was mailed since the last look, in order."""
        self.house.relay.drain()
        found = sorted(self.house.settings.mail_dir.glob("*.eml"))
        mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in found]
        for path in found:
            path.unlink()
        return sorted((str(mail["To"]), str(mail["Subject"])) for mail in mails)

    def actions(self, procurement: dict[str, Any]) -> list[str]:
        """What the trail says was done to a procurement, oldest first."""
        wanted = select(AuditEvent).where(AuditEvent.object_id == UUID(procurement["id"]))
        with self.db.read() as session:
            return [event.action for event in session.exec(wanted.order_by(AuditEvent.position))]


def fields(answer: Response) -> set[str]:
    """The fields that a refusal names."""
    assert answer.status_code == 400, answer.text
    return {one["pointer"].removeprefix("/").replace("/", ".") for one in answer.json()["errors"]}


def at(text: str) -> datetime:
    """An instant of an answer."""
    return datetime.fromisoformat(text)


@pytest.fixture
def town(house: House, client: TestClient[Any], api: Api) -> Town:
    """The trust, the schools, and whoever a test names."""
    return Town(house, client, api)


@pytest.fixture
def three(town: Town) -> list[Somebody]:
    """Three suppliers' bidders."""
    return [town.bidder(name) for name in ("ash", "beech", "cedar")]
