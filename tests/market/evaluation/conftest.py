"""A trust's tender whose three bids are open, with a panel to judge them."""

from datetime import timedelta
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
from tests.support.people import member, person, school, token_of, trust

from becta.catalogue.suppliers.rules import SupplierDetails
from becta.catalogue.suppliers.service import register_supplier
from becta.kernel import clock
from becta.kernel.actor import Role, system
from becta.kernel.events import AuditEvent
from becta.kernel.ids import new_id
from becta.market.accounts.models import Organisation
from becta.market.accounts.organisations import open_organisation
from becta.market.bids.contents import BidContent, LotBid
from becta.market.bids.models import Bid, OpenedBid
from becta.market.bids.rules import BidState
from becta.market.pledges.tiers import Tier
from becta.market.procurements.models import (
    Procurement,
    ProcurementInvitation,
    ProcurementLot,
    ProcurementMember,
)
from becta.market.procurements.states import ProcurementState
from becta.market.procurements.terms import AwardMethod, Criterion, CriterionKind, LotTerms, Route
from becta.market.shortlists.rules import HeldBadge
from becta.market.wiring import House

QUALITY = CriterionKind.QUALITY
TERMS = LotTerms(
    title="Chromebooks",
    description="Chromebooks for year 7",
    category="chromebooks",
    cpv="30213100",
    quantity=100,
    criteria=(
        Criterion(code="delivery", title="Delivery", kind=QUALITY, weight=Decimal(40)),
        Criterion(code="iso", title="Holds ISO 27001", kind=CriterionKind.PASS_FAIL),
    ),
    price_weight=Decimal(60),
)
PRICES = {"larch": 20_000, "rowan": 25_000, "elm": 10_000}


class Somebody:
    """A person with a token for an organisation, and what they do in the evaluation."""

    def __init__(self, api: Api, person_id: UUID, path: str) -> None:
        self.api, self.id, self.path = api, person_id, path

    def get(self, what: str, **params: Any) -> Response:
        """Look at something of the procurement."""
        return self.api.get(f"{self.path}/{what}", **params)

    def appoints(self, who: "Somebody") -> Response:
        """Appoint an evaluator."""
        return self.api.post(f"{self.path}/evaluators", {"person_id": str(who.id)})

    def declares(self, conflict: str = "", *bids: UUID) -> Response:
        """Declare interests."""
        body = {"has_conflict": bool(conflict), "conflict": conflict, "bids": [str(one) for one in bids]}
        return self.api.put(f"{self.path}/conflict-declaration", body)

    def scores(self, bid: UUID, mark: int, criterion: str = "delivery", **headers: str) -> Response:
        """Score a bid alone."""
        return self.api.put(f"{self.path}/scores", _mark(bid, mark, criterion), **headers)

    def scores_all(self, bids: dict[str, UUID], mark: int) -> None:
        """Score every bid, all of which meet the pass or fail criterion."""
        for bid in bids.values():
            told(self.scores(bid, mark))
            told(self.scores(bid, 1, "iso"))

    def agrees(self, bid: UUID, mark: int, criterion: str = "delivery", **headers: str) -> Response:
        """Note an agreed mark."""
        return self.api.put(f"{self.path}/consensus", _mark(bid, mark, criterion), **headers)

    def moderates(self, reason: str = "") -> Response:
        """Begin moderation."""
        return self.api.post(f"{self.path}/moderation", {"lot": 1, "reason": reason})

    def excludes(self, bid: UUID, ground: str = "mandatory", **changes: Any) -> Response:
        """Leave a bid out."""
        body = {"bid_id": str(bid), "ground": ground, "reason": "On the debarment list", **changes}
        return self.api.post(f"{self.path}/exclusions", body)

    def asks(self, bid: UUID, hours: int = 48) -> Response:
        """Ask for an explanation of a low price."""
        until = (clock.now() + timedelta(hours=hours)).isoformat()
        body = {"bid_id": str(bid), "ground": "abnormally_low", "question": "How is that?", "answer_by": until}
        return self.api.post(f"{self.path}/exclusions/questions", body)

    def explains(self, exclusion: dict[str, Any]) -> Response:
        """Explain one's own bid."""
        return self.api.post(
            f"{self.path}/exclusions/{exclusion['id']}/explanation", {"explanation": "We bought early"}
        )

    def decides(self, exclusion: dict[str, Any], how: str, reason: str = "Not convincing", **headers: str) -> Response:
        """Decide on an exclusion that was asked about."""
        return self.api.post(f"{self.path}/exclusions/{exclusion['id']}/{how}", {"reason": reason}, **headers)

    def ranks(self) -> list[tuple[str, str]]:
        """The ranking: suppliers with their totals."""
        return [(one["supplier"], one["total"]) for one in told(self.get("ranking", lot=1))["ranked"]]


def _mark(bid: UUID, mark: int, criterion: str) -> dict[str, Any]:
    return {"lot": 1, "bid_id": str(bid), "criterion": criterion, "mark": mark, "reason": f"It is a {mark}"}


def told(answer: Response, status: int = 200) -> Any:
    """The body of an answer that must have this status."""
    assert answer.status_code == status, answer.text
    return answer.json()


class Opened:
    """The procurement with its open bids, and everybody about it.

    `terms` are those of its lot; `parts` changes what a supplier bids, and `badges` are what its products held.
    """

    def __init__(
        self,
        house: House,
        client: TestClient,
        *,
        terms: LotTerms = TERMS,
        parts: dict[str, dict[str, Any]] | None = None,
        badges: dict[UUID, tuple[HeldBadge, ...]] | None = None,
    ) -> None:
        self.house, self.client, self.db = house, client, house.db
        said = {name: {"tiers": [Tier(from_quantity=1, unit_price_pence=price)]} for name, price in PRICES.items()}
        said = {
            name: msgspec.convert({"lot": 1, **one, **(parts or {}).get(name, {})}, LotBid)
            for name, one in said.items()
        }
        with self.db.write() as session:
            self.trust = trust(session)
            self.school = school(session, 100_001, "Larch Lane School", 2044)
            self.elsewhere = school(session, 100_777, "Elm Hill School")
            self.id = _tender(session, self.trust, self.school, person(session, "Mary Buyer").id, terms)
            self.suppliers = {name: _supplier(session, self.id, name) for name in PRICES}
            self.bids = {
                name: _bid(session, self.id, self.suppliers[name], part, badges or {}) for name, part in said.items()
            }
            self.move(session, ProcurementState.OPENED, opened_at=clock.now())
        self.path = f"/procurements/{self.id}"
        self.buyer = self.somebody("Ada Byron", self.trust, Role.APPROVER)
        self.first = self.somebody("Eve One", self.trust, Role.EVALUATOR)
        self.second = self.somebody("Evan Two", self.school, Role.EVALUATOR)

    def somebody(self, name: str, organisation: Organisation, *roles: Role, email: str | None = None) -> Somebody:
        """A member with these roles."""
        with self.db.write() as session:
            who = person(session, name, email)
            member(session, who, organisation, *roles)
            secret = token_of(session, who, organisation)
        return Somebody(Api(self.client, secret), who.id, self.path)

    def bidder(self, name: str) -> Somebody:
        """Somebody who bids for a supplier."""
        return self.somebody(f"Sam of {name}", self.suppliers[name], Role.SUPPLIER_BIDDER, email=f"sam@{name}.example")

    def panel(self) -> None:
        """Appoint both evaluators, who declare that they have no conflict."""
        for one in (self.first, self.second):
            told(self.buyer.appoints(one), 201)
            told(one.declares())

    def scored(self) -> None:
        """Have both score every bid, and begin moderation."""
        self.panel()
        self.first.scores_all(self.bids, 3)
        self.second.scores_all(self.bids, 4)
        told(self.buyer.moderates(), 201)

    def settled(self) -> None:
        """Have everything agreed: Larch 5, Rowan 4 and Elm 1."""
        self.scored()
        for name, mark in {"larch": 5, "rowan": 4, "elm": 1}.items():
            told(self.first.agrees(self.bids[name], mark))
            told(self.second.agrees(self.bids[name], 1, "iso"))

    def move(self, session: Session, state: ProcurementState, **values: Any) -> None:
        """Bring the procurement to a state, past all use cases."""
        session.execute(update(Procurement).where(col(Procurement.id) == self.id).values(state=state, **values))

    def events(self) -> list[AuditEvent]:
        """What the trail says was done in the evaluation, oldest first."""
        wanted = select(AuditEvent).where(AuditEvent.object_id == self.id).order_by(col(AuditEvent.position))
        with self.db.read() as session:
            return [one for one in session.exec(wanted) if one.action.startswith("evaluation.")]


def _tender(session: Session, lead: Organisation, member_of: Organisation, by: UUID, terms: LotTerms) -> UUID:
    now = clock.now()
    made = Procurement(
        id=new_id(),
        ocid=f"ocds-test-{new_id()}",
        organisation_id=lead.id,
        title="Devices",
        description="Devices for all",
        route=Route.THREE_QUOTES,
        award_method=AwardMethod.PER_LOT,
        savings_policy="one_price",
        tie_seed="a seed",
        state=ProcurementState.DRAFT,
        is_above_threshold=False,
        tender_deadline=now - timedelta(minutes=5),
        created_by=by,
        created_at=now,
    )
    session.add(made)
    session.flush()
    session.add(ProcurementLot(id=new_id(), procurement_id=made.id, number=1, terms=msgspec.to_builtins(terms)))
    session.add(ProcurementMember(procurement_id=made.id, organisation_id=member_of.id, invited_at=now))
    session.flush()
    made.state, made.advertised_at = ProcurementState.TENDERING, now
    session.flush()
    return made.id


def _supplier(session: Session, procurement_id: UUID, name: str) -> Organisation:
    now = clock.now()
    details = SupplierDetails(name=name.title())
    made = open_organisation(
        session, f"supplier:{register_supplier(session, system('test'), name, details, now=now).id}", now=now
    )
    session.add(ProcurementInvitation(procurement_id=procurement_id, organisation_id=made.id, invited_at=now))
    session.flush()
    return made


def _bid(
    session: Session,
    procurement_id: UUID,
    supplier: Organisation,
    part: LotBid,
    badges: dict[UUID, tuple[HeldBadge, ...]],
) -> UUID:
    now = clock.now()
    content = BidContent(lots=(part,))
    bid = Bid(
        id=new_id(),
        procurement_id=procurement_id,
        organisation_id=supplier.id,
        number=1,
        state=BidState.CURRENT,
        sealed=b"sealed",
        sha256="0" * 64,
        size=6,
        commitment="0" * 64,
        received_at=now - timedelta(minutes=9),
        key_id="k",
        signature="s",
    )
    session.add(bid)
    session.flush()
    session.add(
        OpenedBid(
            bid_id=bid.id,
            procurement_id=procurement_id,
            organisation_id=supplier.id,
            content=msgspec.json.encode(content).decode(),
            salt="00",
            badges=msgspec.to_builtins({one: badges.get(one, ()) for one in part.product_ids}, str_keys=True),
            opened_at=now,
        )
    )
    bid.state, bid.ended_at = BidState.OPENED, now
    session.flush()
    return bid.id


@pytest.fixture
def opened(house: House, client: TestClient) -> Opened:
    """A procurement whose bids are open; nobody is on its panel yet."""
    return Opened(house, client)
