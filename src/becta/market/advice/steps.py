"""The steps of each route with their earliest dates and latest ones: what is done, which notice, and by which section.

Dates assume that each step is done on its first possible day; assessing bids takes as long as it takes.
"""

from datetime import date, timedelta

from msgspec import Struct

from becta.compliance.standards.entries import Certainty
from becta.kernel.clock import add_months
from becta.market.advice.entries import LIGHT_TOUCH, SCHOOLS, BuyerKind, ContractKind
from becta.market.advice.reference import procedure_data
from becta.market.advice.timing import (
    contract_copy_due,
    contract_details_due,
    needs_kpis,
    termination_notice_due,
)
from becta.market.advice.valuation import is_notifiable

ACT = "Procurement Act 2023 "
DFE = "DfE, Buying procedures and procurement law for schools"
OURS = "Our allowance, not law"
_DAY = timedelta(days=1)


class Step(Struct, frozen=True, kw_only=True):
    """One thing to do. `earliest` is its first possible day, `latest` its last, where the law or we set one.

    `notice` is the UK notice it publishes. What is not required is either a choice or hangs on a condition it states.
    """

    text: str
    section: str
    earliest: date | None = None
    latest: date | None = None
    notice: str | None = None
    is_required: bool = True
    certainty: Certainty = Certainty.VERIFIED


class Case(Struct, frozen=True, kw_only=True):
    """What the steps depend on. `value_pence` includes VAT; None is unknown."""

    buyer: BuyerKind
    kind: ContractKind
    value_pence: int | None
    is_above: bool
    start: date
    term_months: int | None

    @property
    def is_light_touch(self) -> bool:
        """Whether the lighter rules apply (s.9)."""
        return self.kind in LIGHT_TOUCH

    @property
    def is_notified(self) -> bool:
        """Whether Part 6 asks for notices below the threshold: not of schools (ss.84(2)(a), 87(4))."""
        return (
            not self.is_above
            and self.buyer not in SCHOOLS
            and self.value_pence is not None
            and is_notifiable(self.buyer, self.value_pence)
        )


class Plan(Struct, frozen=True, kw_only=True):
    """The steps of a route and the first day on which a contract may be entered into."""

    steps: tuple[Step, ...]
    contract_from: date


def contracted(case: Case, steps: list[Step], from_: date) -> Plan:
    """The plan of these steps, the contract, and what is due after it."""
    enter = Step(text="You may enter into the contract.", section=f"{ACT}s.51(1)", earliest=from_)
    if not case.is_above:
        section = DFE if case.buyer in SCHOOLS else "The buyer's own contract procedure rules"
        enter = Step(text="You may place the order or sign the contract.", section=section, earliest=from_)
    return Plan(steps=(*steps, enter, *_afterwards(case, from_)), contract_from=from_)


def allowed_until(day: date) -> date:
    """The last day of the time we allow where the law sets no minimum."""
    return day + timedelta(days=procedure_data().deadlines.allowance_days)


def allowance(what: str, close: date) -> Step:
    """A step that closes on a day of our own choice, and says so."""
    days = procedure_data().deadlines.allowance_days
    text = f"{what}. The law sets no minimum here; we allow {days} days, and give more if the need is complex."
    return Step(text=text, section=OURS, earliest=close, certainty=Certainty.GENERAL)


def kpis(case: Case) -> list[Step]:
    """The step that sets key performance indicators, where the value asks for it (s.52)."""
    if not needs_kpis(case.value_pence, is_light_touch=case.is_light_touch):
        return []
    least = procedure_data().deadlines.least_kpis
    text = f"Set and publish at least {least} key performance indicators if the contract is worth over £5 million."
    return [Step(text=text, section=f"{ACT}s.52(1)", is_required=case.value_pence is not None)]


def voluntary_standstill(ends: date, section: str, what: str) -> Step:
    """The choice of a standstill where none is mandatory (s.51(4), (5))."""
    text = f"A standstill is not mandatory for {what}; one you state in the notice lasts at least eight working days."
    return Step(text=text, section=f"{section}, (4), (5)", earliest=ends, is_required=False)


def _afterwards(case: Case, entered: date) -> list[Step]:
    if not case.is_above:
        text = "Publish a contract details notice as soon as reasonably practicable."
        due = Step(text=text, section=f"{ACT}s.87(3)", earliest=entered, notice="UK7")
        return [due] if case.is_notified else []
    steps = [
        Step(
            text="Publish the contract details notice.",
            section=f"{ACT}s.53(1)",
            earliest=entered,
            latest=contract_details_due(entered, is_light_touch=case.is_light_touch),
            notice="UK7",
        )
    ]
    copy_due = contract_copy_due(entered, case.value_pence, is_light_touch=case.is_light_touch)
    if copy_due is not None:
        steps.append(
            Step(
                text="Publish a copy of the contract if it is worth over £5 million.",
                section=f"{ACT}s.53(3)",
                earliest=entered,
                latest=copy_due,
                is_required=case.value_pence is not None,
            )
        )
    if case.term_months is not None:
        ended = add_months(entered, case.term_months) - _DAY
        text = "Publish the contract termination notice when the contract expires."
        latest = termination_notice_due(ended)
        steps.append(Step(text=text, section=f"{ACT}s.80(1)", earliest=ended, latest=latest, notice="UK11"))
    return steps
