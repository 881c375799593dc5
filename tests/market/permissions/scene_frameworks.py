"""The scene's frameworks: one in every state in which somebody may take a step, made past the use cases."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlmodel import Session
from tests.market.permissions.procurement_rows import add

from becta.kernel import clock
from becta.kernel.ids import new_id
from becta.market.frameworks.declarations import assess_declaration
from becta.market.frameworks.models import (
    Framework,
    FrameworkApplication,
    FrameworkLot,
    FrameworkRound,
    FrameworkTermsText,
)
from becta.market.frameworks.rules import ApplicationState, FrameworkState, Method
from becta.market.frameworks.schemas import Summary
from becta.market.frameworks.scoring import Assessment

A = ApplicationState
DAY = timedelta(days=1)
TERMS = "The supplier delivers within ten working days"
SHA256 = sha256(TERMS.encode()).hexdigest()
_SUMMARY = Summary(
    is_successful=True, sentence="first of one", rank=1, total=None, scores=(), reasons=(), successful=()
)
_VERDICT: dict[str, Any] = msgspec.to_builtins(assess_declaration((), ()))
_SENT: dict[str, Any] = {"terms_sha256": SHA256}
_DECIDED: dict[str, Any] = {
    **_SENT,
    "verdict": _VERDICT,
    "assessment": msgspec.to_builtins(Assessment()),
    "total": "0",
}
_TOLD: dict[str, Any] = {**_DECIDED, "summary": msgspec.to_builtins(_SUMMARY)}


class Agreed(NamedTuple):
    """A framework with its two lots."""

    id: UUID
    lots: tuple[UUID, ...]


class Frameworks:
    """The trust's frameworks by their state, and the applications of a supplier for them."""

    def __init__(self, trust: UUID, supplier: UUID, lead: UUID, session: Session) -> None:
        self._trust, self._supplier, self._lead, self._session = trust, supplier, lead, session
        self._now = clock.now()
        self.draft = self._framework("DRAFT")
        self.open = self._opened("OPEN", self._now + 30 * DAY)
        self.begun = self._applied(self.open, 0, A.DRAFT)
        self.closed = self._opened("CLOSED")
        self.waiting = self._applied(self.closed, 0, A.SUBMITTED, **_SENT)
        self.taken = self._applied(self.closed, 1, A.UNDER_ASSESSMENT, **_SENT, assessor_id=lead, verdict=_VERDICT)
        self.decided = self._opened("DECIDED")
        self._applied(self.decided, 0, A.ADMITTED, **_DECIDED, decided_at=self._now)
        self.told = self._opened("TOLD", summaries_sent_at=self._now)
        self._applied(self.told, 0, A.ADMITTED, **_TOLD, decided_at=self._now)
        self.awarded = self._awarded()
        since: dict[str, Any] = {**_TOLD, "decided_at": self._now, "awarded_from": (self._now - 5 * DAY).date()}
        self.holding = self._applied(self.awarded, 0, A.AWARDED, **since)
        self.suspended = self._applied(self.awarded, 1, A.SUSPENDED, **since, reason="Under investigation")
        del self._session

    def _framework(self, reference: str) -> Agreed:
        made_id = new_id()
        made = Framework(
            id=made_id,
            ocid=f"ocds-xxxxxx-{made_id}",
            authority_id=self._trust,
            reference=reference,
            title="Devices for schools",
            description="Laptops, tablets and desktops",
            cpv_codes=["30213100"],
            price_mechanism="Maximum prices",
            is_open_framework=True,
            is_light_touch=False,
            entitled={"all_state_schools": True},
            starts_on=(self._now - 5 * DAY).date(),
            ends_on=(self._now + 2_000 * DAY).date(),
            estimated_value_pence=500_000_00,
            levy_basis_points=100,
            selection_criteria=[],
            award_criteria=[],
            questions=[],
            terms_sha256=SHA256,
            created_by=self._lead,
            created_at=self._now - 50 * DAY,
            state=FrameworkState.DRAFT,
        )
        lots = [_lot(made_id, number) for number in (1, 2)]
        text = FrameworkTermsText(
            framework_id=made_id, sha256=SHA256, text=TERMS, made_by=self._lead, made_at=self._now
        )
        add(self._session, made, *lots, text)
        return Agreed(made_id, tuple(lot.id for lot in lots))

    def _opened(self, reference: str, closes_at: datetime | None = None, **values: Any) -> Agreed:
        """A framework that is or was open for applications, with its round."""
        made, closes = self._framework(reference), closes_at or self._now - DAY
        found = self._session.get_one(Framework, made.id)
        found.state, found.round, found.published_at = FrameworkState.OPEN, 1, self._now - 40 * DAY
        found.closes_at = closes
        current = FrameworkRound(
            framework_id=made.id,
            number=1,
            opened_at=self._now - 40 * DAY,
            opened_by=self._lead,
            closes_at=closes,
            **values,
        )
        add(self._session, current)
        return made

    def _awarded(self) -> Agreed:
        """A framework that has been in force for five days."""
        made, today = self._opened("AWARDED", summaries_sent_at=self._now), self._now.date()
        found = self._session.get_one(Framework, made.id)
        current = self._session.get_one(FrameworkRound, (made.id, 1))
        current.award_published_on, current.awarded_by = today - 20 * DAY, self._lead
        found.standstill_ends_on = current.standstill_ends_on = today - 6 * DAY
        found.in_force_from = current.effective_from = today - 5 * DAY
        found.last_on, found.state = found.ends_on, FrameworkState.AWARDED
        self._session.flush()
        return made

    def _applied(self, framework: Agreed, lot: int, state: ApplicationState, **values: Any) -> UUID:
        made = FrameworkApplication(
            id=new_id(),
            framework_id=framework.id,
            lot_id=framework.lots[lot],
            supplier_id=self._supplier,
            round=1,
            created_at=self._now - 3 * DAY,
            answers=[],
            responses=[],
            share_code="ABCD-1234",
            state=state,
            submitted_at=None if state is A.DRAFT else self._now - 2 * DAY,
            **values,
        )
        add(self._session, made)
        return made.id


def _lot(framework_id: UUID, number: int) -> FrameworkLot:
    return FrameworkLot(
        id=new_id(),
        framework_id=framework_id,
        number=number,
        title=f"Lot {number}",
        description="",
        category="laptops",
        method=Method.BOTH,
        core_terms="Three years of warranty",
        mechanism="The lowest price",
    )
