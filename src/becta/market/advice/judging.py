"""Whether a route is lawful by the Procurement Act 2023 and sensible by DfE's policy, in sentences with sections."""

from datetime import date

from msgspec import Struct

from becta.compliance.standards.entries import Certainty
from becta.kernel.money import pounds
from becta.market.advice.entries import LIGHT_TOUCH, SCHOOLS, Band, ContractKind, Reason, Route, Threshold
from becta.market.advice.reference import procedure_data
from becta.market.advice.steps import ACT, DFE, Case

CALL_OFFS = frozenset({Route.FRAMEWORK_DIRECT_AWARD, Route.FRAMEWORK_FURTHER_COMPETITION})
"""The routes through a framework."""
UNCOMPETED = frozenset({Route.CATALOGUE, Route.THREE_QUOTES})
"""The routes that are no competitive tendering procedure and rest on no framework."""


class FrameworkInHand(Struct, frozen=True, kw_only=True):
    """A framework the buyer knows: how it awards, until when, and whether this buyer may use it; None is unknown."""

    name: str
    routes: frozenset[Route] = CALL_OFFS
    ends: date | None = None
    is_entitled: bool | None = None


class Facts(Struct, frozen=True, kw_only=True):
    """What a route is judged by. `band` is None above the threshold."""

    case: Case
    threshold: Threshold
    band: Band | None
    framework: FrameworkInHand | None

    @property
    def value(self) -> str:
        """The value with VAT, or that it is unknown."""
        return "unknown" if self.case.value_pence is None else f"{pounds(self.case.value_pence)} with VAT"


class Judged(Struct, frozen=True):
    """The judgement of a route."""

    is_lawful: bool
    is_sensible: bool
    why: tuple[Reason, ...]


def judge(route: Route, facts: Facts) -> Judged:
    """Whether a route is lawful and sensible for a purchase, and why."""
    if route in CALL_OFFS:
        return _call_off(route, facts)
    return _above(route, facts) if facts.case.is_above else _below(route, facts)


def _above(route: Route, facts: Facts) -> Judged:
    limit = pounds(facts.threshold.amount_pence)
    if route in UNCOMPETED:
        text = (
            f"The value is {facts.value}, so not below the threshold of {limit}: the contract may be awarded only "
            "after a competitive tendering procedure, under a framework, or directly on a ground of the Act."
        )
        return Judged(False, False, (Reason(text=text, section=f"{ACT}ss.3, 11, 19, 20"),))
    if route is Route.OPEN_PROCEDURE:
        text = "Anybody may tender in one stage; it suits a need you can specify fully in advance."
        return Judged(True, True, (Reason(text=text, section=f"{ACT}s.20(2)(a)"), *_planned_notice(facts)))
    text = "You design the stages, such as selection, demonstrations or negotiation, in proportion to the contract."
    return Judged(True, True, (Reason(text=text, section=f"{ACT}s.20(2)(b), (3)"),))


def _planned_notice(facts: Facts) -> tuple[Reason, ...]:
    if facts.case.kind in LIGHT_TOUCH:
        return ()
    limits = procedure_data().deadlines
    text = (
        f"A planned procurement notice at least {limits.planned_notice_least_days} days and at most "
        f"{limits.planned_notice_most_months} months before the tender notice lets tenders close after 10 days."
    )
    return (Reason(text=text, section=f"{ACT}ss.15(3), 54(4)"),)


def _below(route: Route, facts: Facts) -> Judged:
    lawful = Reason(
        text=f"The value is below the threshold of {pounds(facts.threshold.amount_pence)}, so the Act prescribes no "
        "competitive tendering procedure.",
        section=f"{ACT}ss.3, 11",
    )
    band = facts.band
    match route:
        case Route.CATALOGUE:
            is_sensible, text, section = (
                band is Band.LOW,
                "DfE advises catalogues for low value purchases, under £10,000.",
                f"{DFE}, route 2",
            )
        case Route.THREE_QUOTES:
            is_sensible, text, section = (
                band in {Band.LOW, Band.MEDIUM},
                "DfE advises at least three quotes for low and medium value purchases, up to £40,000.",
                f"{DFE}, route 3",
            )
        case Route.OPEN_PROCEDURE:
            is_sensible, text, section = (
                band is Band.HIGH,
                "DfE advises to advertise and run a buying process for purchases over £40,000 below the threshold.",
                f"{DFE}, route 4",
            )
        case _:
            is_sensible, text, section = (
                False,
                "Several stages are rarely worth their effort below the threshold.",
                "Our advice, not law",
            )
    certainty = Certainty.GENERAL if route is Route.COMPETITIVE_FLEXIBLE else Certainty.VERIFIED
    why = [lawful, Reason(text=text, section=section, certainty=certainty)]
    competes = route in {Route.OPEN_PROCEDURE, Route.COMPETITIVE_FLEXIBLE}
    if competes and facts.case.buyer not in SCHOOLS:
        text = "Tenders may not be restricted by an assessment of suppliers' suitability below the threshold."
        if facts.case.kind is ContractKind.WORKS:
            text = "Tenders for smaller works may not be restricted by an assessment of suppliers' suitability."
        why.append(Reason(text=text, section=f"{ACT}s.85(1), (3)"))
    return Judged(True, is_sensible, tuple(why))


def _call_off(route: Route, facts: Facts) -> Judged:
    framework = facts.framework
    refused = None if framework is None else _refused(route, framework, facts.case.start)
    if refused is not None:
        return Judged(False, False, (refused,))
    which = "a framework" if framework is None else framework.name
    why = [
        Reason(
            text=f"A contract of any value may be awarded under {which} if it names you as entitled to use it.",
            section=f"{ACT}s.45(1), (5)(f)",
        )
    ]
    if route is Route.FRAMEWORK_DIRECT_AWARD:
        text = (
            "Without competition only if the framework has a single supplier, or sets out the core terms and an "
            "objective mechanism to choose the supplier."
        )
        why.append(Reason(text=text, section=f"{ACT}s.45(4)"))
    else:
        text = "The suppliers compete by the framework's selection process, on the criteria it was awarded by."
        why.append(Reason(text=text, section=f"{ACT}ss.45(3), 46(8)"))
    why.append(Reason(text="DfE advises frameworks for purchases of all values.", section=f"{DFE}, route 1"))
    return Judged(True, _call_off_is_sensible(route, facts), tuple(why))


def _refused(route: Route, framework: FrameworkInHand, on: date) -> Reason | None:
    if framework.is_entitled is False:
        text = f"{framework.name} does not name this buyer as entitled to award contracts under it."
        return Reason(text=text, section=f"{ACT}s.45(5)(f)")
    if framework.ends is not None and framework.ends < on:
        text = f"{framework.name} ended on {framework.ends:%-d %B %Y}."
        return Reason(text=text, section=f"{ACT}s.45(5)(e)")
    if route not in framework.routes:
        how = "without competition" if route is Route.FRAMEWORK_DIRECT_AWARD else "after a further competition"
        text = f"{framework.name} does not provide for awards {how}."
        return Reason(text=text, section=f"{ACT}s.45(3), (4)")
    return None


def _call_off_is_sensible(route: Route, facts: Facts) -> bool:
    if route is Route.FRAMEWORK_DIRECT_AWARD:
        return facts.framework is not None or facts.band in {Band.LOW, Band.MEDIUM}
    return facts.band is not Band.LOW
