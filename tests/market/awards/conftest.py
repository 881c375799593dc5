"""Quotes of three suppliers that are opened and scored, so that an award can be decided."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from tests.market.procurements.conftest import LOT, Somebody, Town, at, three, told, town

from becta.kernel import clock
from becta.kernel.actor import Role
from becta.kernel.clock import london_date
from becta.kernel.ids import new_id
from becta.market.accounts.organisations import open_organisation
from becta.market.frameworks.models import (
    Framework,
    FrameworkApplication,
    FrameworkLot,
    FrameworkRound,
    FrameworkTermsText,
)
from becta.market.frameworks.rules import ApplicationState, FrameworkState, Method

__all__ = ["three", "town"]

PRICES = (30_000, 28_000, 33_000)
"""What one costs in each quote, pence ex VAT."""


class Judged:
    """A procurement past its scores, at the instant at which it was scored.

    `pledged` is what schools pledge, by who does; the suppliers bid for the lot `bid_for` only.
    """

    def __init__(
        self,
        town: Town,
        three: list[Somebody],
        *,
        pledged: Sequence[tuple[Somebody, dict[str, Any]]] = (),
        bid_for: int = 1,
        **changes: Any,
    ) -> None:
        self.town, self.lead, self.bidders, self.lot = town, town.lead, three, bid_for
        self.it = town.lead.starts(**changes)
        self.pledges = self._gather(pledged) if pledged else []
        with time_machine.travel(clock.now() + timedelta(days=8 if pledged else 0), tick=False):
            self.lead.has_done(self.it, "invitations", {"suppliers": [one.reference for one in three]})
            self.codes = town.get_ready(self.it)
            self.it = self.lead.has_done(self.it, "tender")
            for bidder, price in zip(three, PRICES, strict=True):
                bidder.has_done(self.it, "bids", _a_bid(price, bid_for), 201)
        self.now: datetime = at(self.it["tender_deadline"]) + timedelta(hours=1)
        with self.then():
            self._open_and_score()

    def then(self, **later: float) -> time_machine.travel:
        """The time after the scores, or so much later."""
        return time_machine.travel(self.now + timedelta(**later), tick=False)

    def _gather(self, pledged: Sequence[tuple[Somebody, dict[str, Any]]]) -> list[dict[str, Any]]:
        asked = [{"organisation": reference} for reference in sorted({one.reference for one, _ in pledged})]
        self.lead.has_done(self.it, "members", {"schools": asked})
        self.lead.has_done(self.it, "gathering")
        return [
            one.has_done(self.it, "pledges", {"organisation": one.reference, "budget_code": "ICT-1", **body}, 201)
            for one, body in pledged
        ]

    def _open_and_score(self) -> None:
        for officer, code in zip(self.town.officers, self.codes, strict=True):
            officer.has_done(self.it, "opening", {"code": code})
        judge = self.town.somebody("Eve Judge", self.town.trust, Role.EVALUATOR)
        self.lead.has_done(self.it, "evaluators", {"person_id": str(judge.id)}, 201)
        path = f"/procurements/{self.it['id']}"
        told(judge.api.put(f"{path}/conflict-declaration", {"has_conflict": False}))
        self.bids = {one["supplier"]: one["id"] for one in told(self.lead.api.get(f"{path}/bids"))["items"]}
        marks = [
            {"lot": self.lot, "bid_id": bid, "criterion": "safety", "mark": 4, "reason": "Locks on every door"}
            for bid in self.bids.values()
        ]
        for mark in marks:
            told(judge.api.put(f"{path}/scores", mark))
        self.lead.has_done(self.it, "moderation", {"lot": self.lot}, 201)
        for mark in marks:
            told(judge.api.put(f"{path}/consensus", mark))

    def decides(self) -> dict[str, Any]:
        """Decide by the record, which must be taken."""
        decided: dict[str, Any] = self.lead.has_done(self.it, "award", {"reason": "The best of the ranking"})
        return decided

    def gets(self, what: str, reader: Somebody | None = None, **wanted: Any) -> Any:
        """Something of the procurement that must be there."""
        return told((reader or self.lead).api.get(f"/procurements/{self.it['id']}/{what}", **wanted))


def _a_bid(price: int, number: int) -> dict[str, Any]:
    tiers = [{"from_quantity": 1, "unit_price_pence": price}]
    lot = {"lot": number, "tiers": tiers, "answers": {"safety": "Every door has a lock"}}
    return {"lots": [lot], "declarations": {"no_collusion": True}}


def framework_lot(town: Town, suppliers: list[Somebody]) -> UUID:
    """A lot for laptops of a framework in force that these suppliers are on; the levy is 2 per cent."""
    now, by, framework_id, lot_id = clock.now(), town.lead.id, new_id(), new_id()
    today, day = london_date(now), timedelta(days=1)
    sha = "0" * 64
    framework = Framework(
        id=framework_id,
        authority_id=town.trust.id,
        reference="BECTA-2026-09",
        ocid="ocds-xxxxxx-devices",
        title="Devices",
        description="Devices for schools",
        cpv_codes=["30213100"],
        price_mechanism="Maximum prices",
        is_open_framework=False,
        is_light_touch=False,
        entitled={"all_state_schools": True},
        starts_on=today - 9 * day,
        ends_on=today + 900 * day,
        estimated_value_pence=500_000_000,
        levy_basis_points=200,
        selection_criteria=[],
        award_criteria=[],
        questions=[],
        terms_sha256=sha,
        created_by=by,
        created_at=now - 90 * day,
        state=FrameworkState.DRAFT,
    )
    of_it = {"framework_id": framework_id}
    lot = FrameworkLot(
        **of_it,
        id=lot_id,
        number=1,
        title="Laptops",
        description="",
        category="laptops",
        method=Method.BOTH,
        core_terms="Three years of warranty",
        mechanism="The lowest price",
    )
    text = FrameworkTermsText(**of_it, sha256=sha, text="Terms", made_by=by, made_at=now)
    opened = {"opened_at": now - 80 * day, "opened_by": by, "closes_at": now - 40 * day}
    with town.db.write() as session:
        session.add(framework)
        session.flush()
        session.add_all([lot, text])
        session.flush()
        framework.state, framework.round = FrameworkState.OPEN, 1
        framework.published_at, framework.closes_at = now - 80 * day, now - 40 * day
        session.add(FrameworkRound(**of_it, number=1, **opened))
        session.flush()
        framework.state, framework.standstill_ends_on = FrameworkState.AWARDED, today - 10 * day
        framework.in_force_from, framework.last_on = today - 9 * day, today + 900 * day
        session.flush()
        for one in suppliers:
            session.add(
                FrameworkApplication(
                    **of_it,
                    id=new_id(),
                    lot_id=lot_id,
                    supplier_id=open_organisation(session, one.reference, now=now).id,
                    round=1,
                    created_at=now,
                    answers=[],
                    responses=[],
                    share_code="ABCD-1234",
                    state=ApplicationState.AWARDED,
                    terms_sha256=sha,
                    submitted_at=now,
                    summary={},
                    awarded_from=today - 9 * day,
                )
            )
    return lot_id


@pytest.fixture
def called_off(town: Town, three: list[Somebody]) -> Judged:
    """Ten trolleys by further competition on a framework, estimated above the threshold."""
    return Judged(
        town,
        three,
        lots=[{**LOT, "alone_price_pence": 35_000, "term_months": 12}],
        route="framework_further_competition",
        framework_lot_id=str(framework_lot(town, three)),
        estimated_value_pence=30_000_000,
    )


@pytest.fixture
def judged(town: Town, three: list[Somebody]) -> Judged:
    """Ten trolleys for the trust itself, by three quotes, with 40 per cent for safety."""
    return Judged(town, three, lots=[{**LOT, "alone_price_pence": 35_000, "term_months": 12}])
