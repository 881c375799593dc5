"""Quotes of three suppliers that are opened and scored, so that an award can be decided."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from tests.market.procurements.conftest import LOT, Somebody, Town, at, three, told, town

from becta.kernel.actor import Role

__all__ = ["three", "town"]

PRICES = (30_000, 28_000, 33_000)
"""What one costs in each quote, pence ex VAT."""


class Judged:
    """A procurement past its scores, at the instant at which it was scored."""

    def __init__(
        self, town: Town, three: list[Somebody], *, pledges: Sequence[tuple[Somebody, int]] = (), **changes: Any
    ) -> None:
        """`pledges`: who pledges for five trolleys, at most at which price."""
        self.town, self.lead, self.bidders = town, town.lead, three
        self.it = town.lead.starts(**changes)
        if pledges:
            self._gathers(pledges)
        with time_machine.travel(at(self.it["pledge_deadline"]), tick=False):
            self.lead.has_done(self.it, "invitations", {"suppliers": [one.reference for one in three]})
            self.codes = town.get_ready(self.it)
            self.it = self.lead.has_done(self.it, "tender")
            for bidder, price in zip(three, PRICES, strict=True):
                bidder.has_done(self.it, "bids", _a_bid(price), 201)
        self.now: datetime = at(self.it["tender_deadline"]) + timedelta(hours=1)
        with self.then():
            self._open_and_score()

    def then(self, **later: float) -> time_machine.travel:
        """The time after the scores, or so much later."""
        return time_machine.travel(self.now + timedelta(**later), tick=False)

    def _gathers(self, pledges: Sequence[tuple[Somebody, int]]) -> None:
        schools = [{"organisation": one.reference} for one, _ in pledges]
        self.lead.has_done(self.it, "members", {"schools": schools})
        self.lead.has_done(self.it, "gathering")
        for one, ceiling in pledges:
            pledge = {"organisation": one.reference, "quantity": 5, "ceiling_price_pence": ceiling, "budget_code": "A"}
            one.has_done(self.it, "pledges", pledge, 201)

    def _open_and_score(self) -> None:
        for officer, code in zip(self.town.officers, self.codes, strict=True):
            officer.has_done(self.it, "opening", {"code": code})
        judge = self.town.somebody("Eve Judge", self.town.trust, Role.EVALUATOR)
        self.lead.has_done(self.it, "evaluators", {"person_id": str(judge.id)}, 201)
        path = f"/procurements/{self.it['id']}"
        told(judge.api.put(f"{path}/conflict-declaration", {"has_conflict": False}))
        self.bids = {one["supplier"]: one["id"] for one in told(self.lead.api.get(f"{path}/bids"))["items"]}
        marks = [
            {"lot": 1, "bid_id": bid, "criterion": "safety", "mark": 4, "reason": "Locks on every door"}
            for bid in self.bids.values()
        ]
        for mark in marks:
            told(judge.api.put(f"{path}/scores", mark))
        self.lead.has_done(self.it, "moderation", {"lot": 1}, 201)
        for mark in marks:
            told(judge.api.put(f"{path}/consensus", mark))

    def decides(self) -> dict[str, Any]:
        """Decide by the record, which must be taken."""
        decided: dict[str, Any] = self.lead.has_done(self.it, "award", {"reason": "The best of the ranking"})
        return decided

    def gets(self, what: str, reader: Somebody | None = None) -> Any:
        """Something of the procurement that must be there."""
        return told((reader or self.lead).api.get(f"/procurements/{self.it['id']}/{what}"))


def _a_bid(price: int) -> dict[str, Any]:
    tiers = [{"from_quantity": 1, "unit_price_pence": price}]
    lot = {"lot": 1, "tiers": tiers, "answers": {"safety": "Every door has a lock"}}
    return {"lots": [lot], "declarations": {"no_collusion": True}}


@pytest.fixture
def judged(town: Town, three: list[Somebody]) -> Judged:
    """Ten trolleys for the trust itself, by three quotes, with 40 per cent for safety."""
    return Judged(town, three, lots=[{**LOT, "alone_price_pence": 35_000, "term_months": 12}])
