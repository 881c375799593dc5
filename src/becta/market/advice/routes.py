"""Which route? For a buyer, a subject, a value and a day: what is lawful, what is sensible, why, and by when.

The law is the Procurement Act 2023; what is sensible is DfE's policy, and a school's own scheme comes before it.
"""

from datetime import date

from msgspec import Struct

from becta.kernel.errors import Fault, refuse_if_any
from becta.kernel.money import STANDARD_VAT
from becta.market.advice.entries import Band, BuyerKind, Reason, Route, Threshold
from becta.market.advice.judging import Facts, FrameworkInHand, judge
from becta.market.advice.plans import plan
from becta.market.advice.remarks import direct_award_notes, general_notes, valuation_notes
from becta.market.advice.steps import Case, Step
from becta.market.advice.valuation import (
    Subject,
    band_of,
    is_above_threshold,
    subject_of,
    threshold_for,
    value_faults,
    value_inc_vat,
)

NAMES = {
    Route.CATALOGUE: "Buy from the catalogue at its published price",
    Route.FRAMEWORK_DIRECT_AWARD: "Call off from a framework without competition",
    Route.FRAMEWORK_FURTHER_COMPETITION: "Call off from a framework after a further competition",
    Route.THREE_QUOTES: "Get at least three quotes",
    Route.OPEN_PROCEDURE: "Advertise and run an open procedure",
    Route.COMPETITIVE_FLEXIBLE: "Advertise and run a competitive flexible procedure",
}
MOST_SCHOOLS = 30_000
MOST_MONTHS = 600


class Question(Struct, frozen=True, kw_only=True):
    """What is asked. `value_pence` is ex VAT, over the whole term and all schools; None: it cannot be estimated."""

    buyer: BuyerKind
    what: str
    on: date
    value_pence: int | None = None
    schools: int = 1
    term_months: int | None = None
    framework: FrameworkInHand | None = None
    vat_basis_points: int = STANDARD_VAT
    buyer_notes: tuple[Reason, ...] = ()


class RouteOption(Struct, frozen=True, kw_only=True):
    """A route judged. An unlawful one has no steps; `contract_from` is the first day a contract may be entered into."""

    route: Route
    name: str
    is_lawful: bool
    is_sensible: bool
    why: tuple[Reason, ...]
    steps: tuple[Step, ...] = ()
    contract_from: date | None = None


class RouteAdvice(Struct, frozen=True, kw_only=True):
    """Every route judged, the one recommended, and what the judgement rests on. Amounts in pence."""

    buyer: BuyerKind
    what: Subject
    on: date
    value_pence: int | None
    value_inc_vat_pence: int | None
    threshold: Threshold
    is_above_threshold: bool
    band: Band | None
    routes: tuple[RouteOption, ...]
    recommended: Route
    notes: tuple[Reason, ...]
    direct_award: tuple[Reason, ...]


def advise_route(question: Question) -> RouteAdvice:
    """Judge every route for a purchase, with reasons, steps and dates, and recommend one.

    Raises Invalid for a subject, amount or day that cannot be judged, UnknownYear where a standstill ends in a year
    whose bank holidays are not known.
    """
    refuse_if_any(_faults(question))
    subject = subject_of(question.what)
    threshold = threshold_for(question.buyer, subject.kind, question.on)
    net = question.value_pence
    value = None if net is None else value_inc_vat(net, question.vat_basis_points)
    is_above = is_above_threshold(value, threshold)
    facts = Facts(
        framework=question.framework,
        case=Case(
            buyer=question.buyer,
            kind=subject.kind,
            value_pence=value,
            is_above=is_above,
            start=question.on,
            term_months=question.term_months,
        ),
        threshold=threshold,
        band=None if is_above or net is None else band_of(net),
    )
    options = tuple(_option(route, facts) for route in Route)
    return RouteAdvice(
        buyer=question.buyer,
        what=subject,
        on=question.on,
        value_pence=net,
        value_inc_vat_pence=value,
        threshold=threshold,
        is_above_threshold=is_above,
        band=facts.band,
        routes=options,
        recommended=_recommended(options, facts),
        notes=(
            *question.buyer_notes,
            subject.why,
            *valuation_notes(facts.case, threshold, schools=question.schools, band=facts.band),
            *general_notes(facts.case),
        ),
        direct_award=direct_award_notes(facts.case),
    )


def _faults(question: Question) -> list[Fault]:
    faults = value_faults(question.value_pence)
    for name, value, most in (
        ("schools", question.schools, MOST_SCHOOLS),
        ("term_months", question.term_months, MOST_MONTHS),
    ):
        if value is not None and not 1 <= value <= most:
            mend = f"give a number from 1 to {most}"
            faults.append(Fault(field=name, problem=f"is not from 1 to {most}", mend=mend, value=str(value)))
    return faults


def _option(route: Route, facts: Facts) -> RouteOption:
    judged = judge(route, facts)
    if not judged.is_lawful:
        return RouteOption(route=route, name=NAMES[route], is_lawful=False, is_sensible=False, why=judged.why)
    found = plan(route, facts.case)
    return RouteOption(
        route=route,
        name=NAMES[route],
        is_lawful=True,
        is_sensible=judged.is_sensible,
        why=judged.why,
        steps=found.steps,
        contract_from=found.contract_from,
    )


def _recommended(options: tuple[RouteOption, ...], facts: Facts) -> Route:
    """The first sensible route: through the framework in hand, else by value; the open procedure is always lawful."""
    small = (Route.CATALOGUE, Route.THREE_QUOTES)
    order: tuple[Route, ...]
    if facts.framework is None:
        order = (*small, Route.OPEN_PROCEDURE)
    elif facts.band is Band.LOW:
        order = (Route.FRAMEWORK_DIRECT_AWARD, *small, Route.OPEN_PROCEDURE)
    else:
        order = (Route.FRAMEWORK_FURTHER_COMPETITION, Route.FRAMEWORK_DIRECT_AWARD, *small, Route.OPEN_PROCEDURE)
    sensible = {one.route for one in options if one.is_lawful and one.is_sensible}
    return next((route for route in order if route in sensible), Route.OPEN_PROCEDURE)
