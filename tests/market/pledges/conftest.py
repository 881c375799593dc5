"""A trust that runs a procurement, its schools and others, and their people with tokens."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import Response
from litestar.testing import TestClient
from sqlmodel import Session, select
from tests.support.api import Api
from tests.support.people import member, person, school, token_of, trust

from becta.kernel import clock
from becta.kernel.actor import Role
from becta.kernel.events import AuditEvent
from becta.kernel.ids import new_id
from becta.market.accounts.models import Organisation
from becta.market.db import Database
from becta.market.delegation.models import Scheme
from becta.market.pledges.models import Pledge, PledgeCap
from becta.market.pledges.rules import CapLevel, PledgeState
from becta.market.pledges.sharing import SharingPolicy
from becta.market.procurements.models import (
    Procurement,
    ProcurementLot,
    ProcurementMember,
    ProcurementTrust,
)
from becta.market.procurements.states import ProcurementState
from becta.market.procurements.terms import AwardMethod, Route
from becta.market.wiring import House

TIERS = [
    {"from_quantity": 1, "unit_price_pence": 20_000},
    {"from_quantity": 100, "unit_price_pence": 18_000},
    {"from_quantity": 500, "unit_price_pence": 17_200},
]
FREE = {"role": "buyer", "category": None, "limit_pence": None, "above": None, "two_people": False}
HELD_ABOVE = [
    {**FREE, "limit_pence": 400_000, "above": "approver"},
    {**FREE, "role": "approver"},
]


def told(answer: Response, status: int = 200) -> dict[str, Any]:
    """The body of an answer that must have this status."""
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    return body


class Somebody:
    """A person of a school or trust, as the API of one procurement sees them."""

    def __init__(self, api: Api, procurement_id: UUID, organisation: Organisation) -> None:
        self.api, self.root = api, f"/procurements/{procurement_id}"
        self.organisation, self.school = organisation, f"urn:{organisation.urn}"

    def pledges(self, quantity: int = 10, ceiling: int = 20_000, **changes: Any) -> Response:
        """Pledge for the school."""
        headers = changes.pop("headers", {})
        body = {
            "organisation": self.school,
            "quantity": quantity,
            "ceiling_price_pence": ceiling,
            "budget_code": "ICT-01",
            **changes,
        }
        return self.api.post(f"{self.root}/pledges", body, **headers)

    def has_pledged(self, quantity: int = 10, ceiling: int = 20_000, **changes: Any) -> dict[str, Any]:
        """Pledge for the school, which must be taken."""
        return told(self.pledges(quantity, ceiling, **changes), 201)

    def amends(self, pledge: dict[str, Any], *, if_match: str | None = None, **changes: Any) -> Response:
        """Change a pledge."""
        kept = ("quantity", "ceiling_price_pence", "budget_code", "alternatives", "acceptable_lots")
        body = {**{name: pledge[name] for name in kept}, **changes}
        headers = {} if if_match is None else {"If-Match": if_match}
        return self.api.put(f"{self.root}/pledges/{pledge['id']}", body, **headers)

    def withdraws(self, pledge: dict[str, Any], reason: str = "No money this year") -> Response:
        """Take a pledge back."""
        return self.api.post(f"{self.root}/pledges/{pledge['id']}/withdraw", {"reason": reason})

    def answers(self, pledge: dict[str, Any], answer: str, price: int) -> Response:
        """Answer whether the school stays."""
        body = {"answer": answer, "unit_price_pence": price}
        return self.api.post(f"{self.root}/pledges/{pledge['id']}/answer", body)

    def decides(self, pledge: dict[str, Any], step: str) -> dict[str, Any]:
        """Approve, decline or withdraw the commitment behind a pledge."""
        body = None if step == "approve" else {"reason": "Because of the budget"}
        return told(self.api.post(f"/commitments/{pledge['commitment_id']}/{step}", body))

    def sees(self, pledge: dict[str, Any]) -> dict[str, Any]:
        """A pledge as it is now."""
        return told(self.api.get(f"{self.root}/pledges/{pledge['id']}"))

    def lists(self, **wanted: Any) -> list[dict[str, Any]]:
        """The pledges in sight."""
        items: list[dict[str, Any]] = told(self.api.get(f"{self.root}/pledges", **wanted))["items"]
        return items

    def curve(self, **wanted: Any) -> dict[str, Any]:
        """The tier curve."""
        return told(self.api.get(f"{self.root}/tier-curve", **wanted))

    def savings(self) -> dict[str, Any]:
        """The shares."""
        return told(self.api.get(f"{self.root}/savings"))


class Town:
    """A trust with two schools runs a procurement in which a lone school takes part too."""

    def __init__(self, house: House, client: TestClient, api: Api) -> None:
        self.house, self.client, self.db, self.api = house, client, house.db, api
        with self.db.write() as session:
            self.trust = trust(session, 2044, "Larch Learning Trust")
            self.larch = school(session, 100_001, "Larch Lane School", 2044)
            self.rowan = school(session, 100_002, "Rowan Road School", 2044)
            self.elm = school(session, 100_777, "Elm Hill School")
            self.stranger = school(session, 100_888, "Far Away School")
            self.lead = person(session, "Lady Lead")
            for organisation in (self.trust, self.larch, self.rowan, self.elm, self.stranger):
                set_rules(session, organisation, [FREE, {**FREE, "role": "trust_lead"}])
            self.procurement_id = procurement(session, self.trust, self.lead.id)
            for one, of in ((self.larch, self.trust), (self.rowan, self.trust), (self.elm, None)):
                takes_part(session, self.procurement_id, one, of)
            session.add(ProcurementTrust(procurement_id=self.procurement_id, organisation_id=self.trust.id))

    def somebody(self, organisation: Organisation, *roles: Role) -> Somebody:
        """A member with these roles, by default a buyer."""
        with self.db.write() as session:
            who = person(session, "Ada Byron")
            member(session, who, organisation, *(roles or (Role.BUYER,)))
            secret = token_of(session, who, organisation)
        return Somebody(Api(self.client, secret), self.procurement_id, organisation)

    def caps(self, *, larch: int | None = None, trusts: int | None = None, everybody: int | None = None) -> None:
        """Set the caps of a school, its trust and everybody."""
        with self.db.write() as session:
            session.get_one(ProcurementMember, (self.procurement_id, self.larch.id)).cap_pence = larch
            session.get_one(ProcurementTrust, (self.procurement_id, self.trust.id)).cap_pence = trusts
            session.get_one(Procurement, self.procurement_id).cap_pence = everybody

    def locks(self, *, withdrawals_for: timedelta | None = timedelta(days=7)) -> None:
        """The pledge deadline passes now."""
        now = clock.now()
        with self.db.write() as session:
            found = session.get_one(Procurement, self.procurement_id)
            found.pledge_deadline = now
            found.withdrawal_deadline = None if withdrawals_for is None else now + withdrawals_for

    def rules(self, organisation: Organisation, rules: list[dict[str, Any]]) -> None:
        """Give an organisation another scheme of delegation."""
        with self.db.write() as session:
            set_rules(session, organisation, rules, number=2)

    def committed(self) -> dict[tuple[CapLevel, UUID], int]:
        """What is held of every cap."""
        with self.db.read() as session:
            return {(row.level, row.organisation_id): row.committed_pence for row in session.exec(select(PledgeCap))}

    def actions(self, pledge: dict[str, Any]) -> list[str]:
        """What the trail says was done to a pledge."""
        wanted = select(AuditEvent).where(AuditEvent.object_id == UUID(pledge["id"])).order_by(AuditEvent.position)
        with self.db.read() as session:
            return [event.action for event in session.exec(wanted)]


def set_rules(
    session: Session, organisation: Organisation, rules: Sequence[dict[str, Any]], *, number: int = 1
) -> None:
    """Put a scheme in force, past all use cases."""
    now = clock.now()
    session.add(
        Scheme(
            id=new_id(),
            organisation_id=organisation.id,
            number=number,
            rules=list(rules),
            note="",
            made_at=now,
            in_force_from=now,
        )
    )
    session.flush()


def procurement(session: Session, lead: Organisation, person_id: UUID, *, tiers: Any = TIERS, lots: int = 2) -> UUID:
    """A procurement that gathers pledges for another week, past all use cases."""
    made_id, now = new_id(), clock.now()
    made = Procurement(
        id=made_id,
        ocid=f"ocds-test-{made_id}",
        organisation_id=lead.id,
        title="Devices for September",
        description="Chromebooks",
        route=Route.THREE_QUOTES,
        award_method=AwardMethod.PER_LOT,
        savings_policy=SharingPolicy.ONE_PRICE,
        tie_seed="0" * 64,
        state=ProcurementState.GATHERING,
        is_above_threshold=False,
        pledge_deadline=now + timedelta(days=7),
        created_by=person_id,
        created_at=now,
    )
    session.add(made)
    session.flush()
    for number in range(1, lots + 1):
        terms = {
            "title": f"Chromebooks {number}",
            "description": "11 inches",
            "category": "chromebooks",
            "cpv": "30213100",
            "unit": "device",
            "tiers": tiers if number == 1 else [],
        }
        session.add(ProcurementLot(id=new_id(), procurement_id=made_id, number=number, terms=terms))
    session.flush()
    return made_id


def takes_part(session: Session, procurement_id: UUID, organisation: Organisation, of: Organisation | None) -> None:
    """Let a school take part, under a trust if one is given."""
    session.add(
        ProcurementMember(
            procurement_id=procurement_id,
            organisation_id=organisation.id,
            trust_id=None if of is None else of.id,
            invited_at=clock.now(),
        )
    )
    session.flush()


def must_balance(db: Database) -> None:
    """What is held of every cap is the sum of the pledges under it, and within it."""
    with db.read() as session:
        standing = session.exec(select(Pledge).where(Pledge.state == PledgeState.STANDING)).all()
        trusts = {
            (one.procurement_id, one.organisation_id): one.trust_id for one in session.exec(select(ProcurementMember))
        }
        leads = {one.id: one.organisation_id for one in session.exec(select(Procurement))}
        sums: dict[tuple[UUID, CapLevel, UUID], int] = {}
        for one in standing:
            of = one.procurement_id
            over = [(CapLevel.SCHOOL, one.organisation_id), (CapLevel.CONSORTIUM, leads[of])]
            trust_id = trusts[of, one.organisation_id]
            if trust_id is not None:
                over.append((CapLevel.TRUST, trust_id))
            for level, organisation_id in over:
                sums[of, level, organisation_id] = sums.get((of, level, organisation_id), 0) + one.amount_pence
        caps = session.exec(select(PledgeCap)).all()
    held = {(one.procurement_id, one.level, one.organisation_id): one.committed_pence for one in caps}
    assert {key: pence for key, pence in held.items() if pence} == sums
    assert all(one.cap_pence is None or one.committed_pence <= one.cap_pence for one in caps)


@pytest.fixture
def town(house: House, client: TestClient, api: Api) -> Town:
    """The trust, its schools, the lone school, and the procurement."""
    return Town(house, client, api)


@pytest.fixture
def buyer(town: Town) -> Somebody:
    """Buys for the first school of the trust."""
    return town.somebody(town.larch)
