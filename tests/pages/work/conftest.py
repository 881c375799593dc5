"""A trust with a school under a scheme of delegation, and browsers of people who are signed in there."""

from datetime import timedelta
from uuid import UUID

import pytest
from httpx import Response
from litestar.testing import TestClient
from sqlmodel import Session, select
from tests.support.browser import Browser
from tests.support.people import member, person, school, trust

from becta.kernel import clock
from becta.kernel.actor import Role, system
from becta.kernel.events import AuditEvent
from becta.market.accounts.models import Organisation, Person
from becta.market.delegation.rules import Delegation
from becta.market.delegation.schemas import NewScheme
from becta.market.delegation.service import set_scheme
from becta.market.signin.sessions import start_session
from becta.market.wiring import House

URN, ELSEWHERE, UID = 100_001, 100_002, 2044
SCHOOL_RULES = (
    Delegation(role=Role.BUYER, limit_pence=50_000, above=Role.APPROVER),
    Delegation(role=Role.APPROVER, limit_pence=500_000),
    Delegation(role=Role.APPROVER, category="tablets", limit_pence=500_000, two_people=True),
    Delegation(role=Role.BUYER, category="laptops", limit_pence=0, above=Role.APPROVER, two_people=True),
)


class Visitor(Browser):
    """The browser of one person."""

    def __init__(self, client: TestClient, who: Person) -> None:
        super().__init__(client)
        self.id, self.email = who.id, who.email

    def commits(self, amount: str = "300", **changes: str) -> Response:
        """Fill in the form for a commitment and follow where it leads."""
        fields = {
            "purpose": "Reading books",
            "category": "library",
            "budget_code": "LIB-2",
            "organisation": f"urn:{URN}",
            **changes,
        }
        form = self.get("/commitments/new")
        return self.follow(self.submit(form, "/commitments/new", amount=amount, **fields))


class Town:
    """The trust, its school, another school, and the people whom a test names."""

    def __init__(self, house: House, client: TestClient) -> None:
        self.house, self.client, self.db = house, client, house.db
        with self.db.write() as session:
            self.trust = trust(session, UID, "Larch Learning Trust")
            self.school = school(session, URN, "Larch Lane School", UID, website="www.larchlane.kent.sch.uk")
            self.elsewhere = school(session, ELSEWHERE, "Elm Hill School")
            self.scheme(session, f"urn:{URN}", *SCHOOL_RULES)

    def scheme(self, session: Session, reference: str, *rules: Delegation) -> None:
        """Set a scheme of delegation."""
        set_scheme(session, system("test"), reference, NewScheme(rules=rules), revision=None, now=clock.now())

    def visitor(self, name: str, organisation: Organisation | None, *roles: Role, email: str | None = None) -> Visitor:
        """Somebody signed in; a member with these roles, unless of no organisation."""
        with self.db.write() as session:
            who = person(session, name, email or f"{name.split(maxsplit=1)[0].lower()}@larchlane.kent.sch.uk")
            if organisation is not None:
                member(session, who, organisation, *roles)
            _, secret = start_session(
                session,
                who,
                via="link",
                organisation_id=None if organisation is None else organisation.id,
                lasts=timedelta(hours=1),
                now=clock.now(),
            )
            made = Visitor(self.client, who)
        made.cookies["session"] = secret
        return made

    def actions(self, object_id: UUID | str) -> list[str]:
        """What the trail says was done to a thing, oldest first."""
        wanted = select(AuditEvent).where(AuditEvent.object_id == UUID(str(object_id))).order_by(AuditEvent.position)
        with self.db.read() as session:
            return [one.action for one in session.exec(wanted)]


@pytest.fixture
def town(house: House, client: TestClient) -> Town:
    """The trust and the schools."""
    return Town(house, client)


@pytest.fixture
def buyer(town: Town) -> Visitor:
    """Buys for the school."""
    return town.visitor("Ada Byron", town.school, Role.BUYER)


@pytest.fixture
def approver(town: Town) -> Visitor:
    """Approves for the school."""
    return town.visitor("Grace Hopper", town.school, Role.APPROVER)


@pytest.fixture
def lead(town: Town) -> Visitor:
    """Leads the trust."""
    return town.visitor("Mary Jackson", town.trust, Role.TRUST_LEAD)


@pytest.fixture
def stranger(town: Town) -> Visitor:
    """Approves for another school."""
    return town.visitor("Eve Else", town.elsewhere, Role.APPROVER)
