"""A tender of a trust with two lots, three opening officers with their codes, and suppliers who may bid."""

from base64 import b64encode
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest
from httpx import Response
from litestar.testing import TestClient
from sqlalchemy import update
from sqlmodel import Session, col, select
from tests.support.api import Api
from tests.support.people import member, person, token_of, trust

from becta.catalogue.suppliers.rules import SupplierDetails
from becta.catalogue.suppliers.service import register_supplier
from becta.kernel import clock
from becta.kernel.actor import Role, system
from becta.kernel.events import AuditEvent
from becta.kernel.ids import new_id
from becta.market.accounts.models import Organisation
from becta.market.accounts.organisations import open_organisation
from becta.market.bids.models import Bid, OpeningOfficer
from becta.market.procurements.models import Procurement, ProcurementInvitation, ProcurementLot
from becta.market.procurements.states import ProcurementState
from becta.market.procurements.terms import AwardMethod, Criterion, CriterionKind, LotTerms, Route
from becta.market.wiring import House

ANSWER = "We deliver on a Tuesday with a purple ribbon round every crate"
DECLARED = {"no_collusion": True}
FILE = b"%PDF-1.7 The secret drawing of a charging trolley"
PRICE = 18_731_947
"""A price in pence that no other number is likely to be."""
TERMS = LotTerms(
    title="Chromebooks",
    description="Chromebooks for year 7",
    category="chromebooks",
    cpv="30213100",
    criteria=(
        Criterion(code="delivery", title="Delivery", kind=CriterionKind.QUALITY, weight=Decimal(40)),
        Criterion(code="badges", title="Badges", kind=CriterionKind.PASS_FAIL),
    ),
    price_weight=Decimal(60),
)


def a_bid(price: int = PRICE, *, lot: int = 1, **changes: Any) -> dict[str, Any]:
    """A bid that is right."""
    tiers = [{"from_quantity": 1, "unit_price_pence": price}, {"from_quantity": 100, "unit_price_pence": price - 300}]
    lots = [{"lot": lot, "tiers": tiers, "answers": {"delivery": ANSWER, "badges": "Yes, see the ledger"}}]
    files = [{"name": "trolley.pdf", "media_type": "application/pdf", "data": b64encode(FILE).decode()}]
    return {"lots": lots, "declarations": DECLARED, "files": files, **changes}


def told(answer: Response, status: int = 200) -> dict[str, Any]:
    """The body of an answer that must have this status."""
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    return body


def make_tender(session: Session, lead: Organisation, by: UUID, **values: Any) -> Procurement:
    """An advertised tender with two such lots, past all use cases; its deadline is in an hour unless one is given."""
    now, lot = clock.now(), values.pop("terms", TERMS)
    made = Procurement(
        id=new_id(),
        ocid=f"ocds-test-{new_id()}",
        organisation_id=lead.id,
        title="Devices",
        description="Devices for all",
        route=values.pop("route", Route.THREE_QUOTES),
        award_method=AwardMethod.PER_LOT,
        savings_policy="one_price",
        tie_seed="0" * 64,
        state=ProcurementState.DRAFT,
        is_above_threshold=False,
        tender_deadline=values.pop("tender_deadline", now + timedelta(hours=1)),
        created_by=by,
        created_at=now,
        **values,
    )
    session.add(made)
    session.flush()
    for number in (1, 2):
        terms = msgspec.to_builtins(lot)
        session.add(ProcurementLot(id=new_id(), procurement_id=made.id, number=number, terms=terms))
    session.flush()
    made.state, made.advertised_at = ProcurementState.TENDERING, now
    session.flush()
    return made


class Somebody:
    """A person with a token for an organisation."""

    def __init__(self, api: Api, person_id: UUID, organisation_id: UUID, path: str) -> None:
        self.api, self.id, self.organisation_id, self.path = api, person_id, organisation_id, path

    def names(self, *people: "Somebody") -> Response:
        """Name opening officers."""
        return self.api.post(f"{self.path}/officers", {"people": [str(one.id) for one in people]})

    def takes_up(self) -> Response:
        """Take up the duty of an opening officer."""
        return self.api.post(f"{self.path}/officers/me/code")

    def bids(self, body: dict[str, Any] | None = None, **headers: str) -> Response:
        """Send a bid."""
        return self.api.post(f"{self.path}/bids", a_bid() if body is None else body, **headers)

    def has_bid(self, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Send a bid that must be taken."""
        return told(self.bids(body), 201)

    def withdraws(self, bid: dict[str, Any]) -> Response:
        """Withdraw a bid."""
        return self.api.post(f"{self.path}/bids/{bid['id']}/withdraw")

    def own(self) -> dict[str, Any]:
        """A supplier's own bids."""
        return told(self.api.get(f"{self.path}/bids/mine"))

    def gives(self, code: str) -> Response:
        """Give an opening code."""
        return self.api.post(f"{self.path}/opening", {"code": code})

    def sees(self) -> dict[str, Any]:
        """The bids as the buyer sees them now."""
        return told(self.api.get(f"{self.path}/bids"))


class Tender:
    """The tender and everybody about it."""

    def __init__(self, house: House, client: TestClient, terms: LotTerms = TERMS) -> None:
        self.house, self.client, self.db = house, client, house.db
        with self.db.write() as session:
            self.trust = trust(session)
            maker = person(session, "Mary Buyer")
            made = make_tender(session, self.trust, maker.id, terms=terms)
        self.id = made.id
        self.path = f"/procurements/{made.id}"
        self.buyer = self.somebody("Ada Byron", self.trust, Role.APPROVER)
        self.officers = [
            self.somebody(name, self.trust, Role.FINANCE) for name in ("Olive One", "Oscar Two", "Oona Three")
        ]
        self.codes: list[str] = []

    def somebody(self, name: str, organisation: Organisation, *roles: Role) -> Somebody:
        """A member with these roles."""
        with self.db.write() as session:
            who = person(session, name)
            member(session, who, organisation, *roles)
            secret = token_of(session, who, organisation)
        return Somebody(Api(self.client, secret), who.id, organisation.id, self.path)

    def ready(self) -> None:
        """Have the officers named, and each hold a code."""
        told(self.buyer.names(*self.officers))
        self.codes = [told(officer.takes_up(), 201)["code"] for officer in self.officers]

    def supplier(self, reference: str = "larch-technology", *, invited: bool = True) -> Somebody:
        """Somebody who bids for a supplier."""
        now = clock.now()
        with self.db.write() as session:
            name = reference.replace("-", " ").title()
            made = register_supplier(session, system("test"), reference, SupplierDetails(name=name), now=now)
            organisation = open_organisation(session, f"supplier:{made.id}", now=now)
            if invited:
                session.add(
                    ProcurementInvitation(procurement_id=self.id, organisation_id=organisation.id, invited_at=now)
                )
        return self.somebody(f"Sam of {reference}", organisation, Role.SUPPLIER_BIDDER)

    def deadline(self, at: datetime) -> None:
        """Move the deadline, past all use cases."""
        with self.db.write() as session:
            session.execute(update(Procurement).where(col(Procurement.id) == self.id).values(tender_deadline=at))

    def closes(self) -> None:
        """Let the deadline have passed two minutes ago."""
        self.deadline(clock.now() - timedelta(minutes=2))

    def opens(self) -> dict[str, Any]:
        """Have two officers open the bids."""
        told(self.officers[0].gives(self.codes[0]))
        return told(self.officers[1].gives(self.codes[1]))

    def rows(self) -> list[Bid]:
        """Every bid there is, oldest first."""
        with self.db.read() as session:
            return list(session.exec(select(Bid).where(Bid.procurement_id == self.id).order_by(col(Bid.id))))

    def duties(self) -> list[OpeningOfficer]:
        """Every officer there was."""
        with self.db.read() as session:
            return list(session.exec(select(OpeningOfficer).order_by(col(OpeningOfficer.id))))

    def events(self) -> list[AuditEvent]:
        """All of the trail."""
        with self.db.read() as session:
            return list(session.exec(select(AuditEvent).order_by(col(AuditEvent.position))))


@pytest.fixture
def tender(house: House, client: TestClient) -> Tender:
    """A tender whose officers are named and hold their codes."""
    made = Tender(house, client)
    made.ready()
    return made
