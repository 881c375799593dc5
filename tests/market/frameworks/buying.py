"""A trust that calls off from a framework over HTTP: by direct award, or after competition among its suppliers."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import time_machine
from httpx import Response
from tests.market.frameworks.conftest import PLAIN, Authority, Bidder, Town, lot, told
from tests.support.api import Api
from tests.support.people import member, person, token_of

from becta.kernel import clock
from becta.kernel.actor import Role
from becta.kernel.ids import new_id
from becta.market.accounts.models import Organisation
from becta.market.delegation.models import Scheme

WANTED: dict[str, Any] = {
    "title": "Laptops for year 7",
    "description": "Laptops with a warranty of three years",
    "category": "laptops",
    "cpv": "30213100",
    "quantity": 10,
    "criteria": [{"code": "repair", "title": "Repair", "kind": "quality", "weight": "40"}],
    "price_weight": "60",
    "term_months": 12,
}
AWARD = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
"""The Friday on which awards are published."""
COMPETITION, DIRECT = "framework_further_competition", "framework_direct_award"


def in_force(
    traveller: time_machine.Traveller, town: Town, lead: Authority, *names: str, **changes: Any
) -> dict[str, Any]:
    """A framework without anything to judge, awarded to these suppliers on lot 1 and in force from 3 December."""
    bidders = [town.bidder(name) for name in names]
    framework = lead.publishes(lead.sets_up(**{**PLAIN, "lots": [lot(1)], **changes}))
    applications = [bidder.applies(framework) for bidder in bidders]
    traveller.move_to(AWARD)
    for application in applications:
        assert lead.has_judged(application)["standing"] == "admitted"
    lead.does(framework, "summaries")
    framework = lead.does(framework, "award")
    traveller.move_to(datetime(2026, 12, 3, 9, tzinfo=UTC))
    return framework


class Buying:
    """The town's trust with a lead, two officers and somebody who scores."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.lead, _ = self._somebody("Lena Lead", Role.TRUST_LEAD)
        self.officers = [self._somebody(f"Officer {number}", Role.FINANCE) for number in (1, 2)]
        self.judge = self._somebody("Eve Judge", Role.EVALUATOR)
        self.free: set[UUID] = set()

    def tries(self, framework: dict[str, Any], route: str = COMPETITION, lot: int = 1, **changes: Any) -> Response:
        """Start a call-off from a lot of a framework."""
        lot_id = next(one["id"] for one in framework["lots"] if one["number"] == lot)
        terms = {
            "organisation": "trust:2044",
            "title": "Laptops for year 7",
            "description": "Ten laptops",
            "route": route,
            "framework_lot_id": lot_id,
            "estimated_value_pence": 400_000,
            "lots": [WANTED],
            "timetable": {"tender_deadline": (clock.now() + timedelta(days=10)).isoformat()},
            **changes,
        }
        return self.lead.post("/procurements", terms)

    def starts(self, framework: dict[str, Any], *bidders: Bidder, **changes: Any) -> dict[str, Any]:
        """Start a call-off that must be taken, ask suppliers to bid and get everything ready to ask for bids."""
        made = told(self.tries(framework, **changes), 201)
        suppliers = [f"supplier:{one.id}" for one in bidders]
        told(self.does(made, "invitations", {"suppliers": suppliers}))
        self.get_ready(made)
        return made

    def get_ready(self, procurement: dict[str, Any]) -> None:
        """Assess conflicts and let the officers take up their duty."""
        told(self.does(procurement, "conflicts-assessment", {"finding": "Nobody has an interest in a supplier"}))
        told(self.does(procurement, "officers", {"people": [str(one) for _, one in self.officers]}))
        path = f"/procurements/{procurement['id']}/officers/me/code"
        self.codes = [told(api.post(path), 201)["code"] for api, _ in self.officers]

    def does(self, procurement: dict[str, Any], step: str, body: Any = None) -> Response:
        """A step of the lead with a procurement."""
        return self.lead.post(f"/procurements/{procurement['id']}/{step}", body)

    def opens_and_scores(self, procurement: dict[str, Any]) -> None:
        """Open the bids together and give all the same mark."""
        path = f"/procurements/{procurement['id']}"
        for (api, _), code in zip(self.officers, self.codes, strict=True):
            told(api.post(f"{path}/opening", {"code": code}))
        judge, judge_id = self.judge
        told(self.does(procurement, "evaluators", {"person_id": str(judge_id)}), 201)
        told(judge.put(f"{path}/conflict-declaration", {"has_conflict": False}))
        bids = [one["id"] for one in told(self.lead.get(f"{path}/bids"))["items"]]
        mark = {"lot": 1, "criterion": "repair", "mark": 4, "reason": "Repaired on site"}
        for bid in bids:
            told(judge.put(f"{path}/scores", {**mark, "bid_id": bid}))
        told(self.does(procurement, "moderation", {"lot": 1}), 201)
        for bid in bids:
            told(judge.put(f"{path}/consensus", {**mark, "bid_id": bid}))

    def awards(self, procurement: dict[str, Any]) -> None:
        """Decide by the ranking and send the summaries."""
        told(self.does(procurement, "award", {"reason": "The best of the ranking"}))
        told(self.does(procurement, "summaries"))

    def may_spend(self, school: Organisation) -> Api:
        """A buyer of a school that may spend what it likes, and so may the trust's."""
        now = clock.now()
        free = {"category": None, "limit_pence": None, "above": None, "two_people": False, "role": "buyer"}
        with self.town.db.write() as session:
            for one in (school, self.town.trust):
                if one.id in self.free:
                    continue
                self.free.add(one.id)
                said = {"organisation_id": one.id, "number": 1, "rules": [free], "note": "", "made_at": now}
                session.add(Scheme(id=new_id(), **said, in_force_from=now))
            who = person(session, f"Buyer of {school.urn}")
            member(session, who, school, Role.BUYER)
            secret = token_of(session, who, school)
        return Api(self.town.client, secret)

    def concludes(self, procurement: dict[str, Any], **changes: Any) -> Response:
        """Enter into the contracts from today on."""
        starts_on = clock.london_date(clock.now()).isoformat()
        return self.does(procurement, "contracts", {"starts_on": starts_on, **changes})

    def _somebody(self, name: str, *roles: Role) -> tuple[Api, UUID]:
        with self.town.db.write() as session:
            who = person(session, name)
            member(session, who, self.town.trust, *roles)
            secret = token_of(session, who, self.town.trust)
        return Api(self.town.client, secret), who.id


def bids(bidder: Bidder, procurement: dict[str, Any], price_pence: int) -> Response:
    """A bid of so much for one laptop."""
    tiers = [{"from_quantity": 1, "unit_price_pence": price_pence}]
    lot = {"lot": 1, "tiers": tiers, "answers": {"repair": "On site within a day"}}
    body = {"lots": [lot], "declarations": {"no_collusion": True}}
    return bidder.api.post(f"/procurements/{procurement['id']}/bids", body)
