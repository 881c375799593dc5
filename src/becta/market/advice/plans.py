"""The plan of each route: its steps in the order of the Act, each on its first possible day."""

from datetime import date, timedelta

from becta.market.advice.entries import BuyerKind, Route
from becta.market.advice.reference import procedure_data
from becta.market.advice.steps import (
    ACT,
    DFE,
    Case,
    Plan,
    Step,
    allowance,
    allowed_until,
    contracted,
    kpis,
    voluntary_standstill,
)
from becta.market.advice.timing import Circumstances, participation_period, standstill, tendering_period

_DAY = timedelta(days=1)


def plan(route: Route, case: Case) -> Plan:
    """The steps of a route in order. Raises UnknownYear if a standstill leaves the years whose holidays we know."""
    return _PLANS[route](case)


def _catalogue(case: Case) -> Plan:
    order = Step(
        text="Compare the offers, record why you chose, and order within your scheme of delegation.",
        section=f"{DFE}, route 2",
        earliest=case.start,
    )
    return contracted(case, [order], case.start)


def _three_quotes(case: Case) -> Plan:
    quotes = procedure_data().deadlines.quotes
    close = allowed_until(case.start)
    steps = [
        Step(
            text=f"Send the same specification to at least {quotes} suppliers.",
            section=f"{DFE}, route 3",
            earliest=case.start,
        ),
        allowance("Quotes are due", close),
        Step(text="Compare the quotes and record why you chose.", section=f"{DFE}, route 3", earliest=close + _DAY),
    ]
    return contracted(case, steps, close + _DAY)


def _framework_direct(case: Case) -> Plan:
    choose = Step(
        text="Choose the supplier by the framework's own objective mechanism, on its core terms.",
        section=f"{ACT}s.45(4)",
        earliest=case.start,
    )
    return _called_off(case, [choose], case.start)


def _framework_competition(case: Case) -> Plan:
    close = allowed_until(case.start)
    steps = [
        Step(
            text="Invite the framework's suppliers by its selection process, with its award criteria.",
            section=f"{ACT}s.46(8)",
            earliest=case.start,
        ),
        allowance("Proposals are due", close),
        Step(
            text="Assess the proposals by the framework's criteria, which may be refined.",
            section=f"{ACT}s.46(9)",
            earliest=close + _DAY,
        ),
    ]
    return _called_off(case, steps, close + _DAY)


def _open_procedure(case: Case) -> Plan:
    if not case.is_above:
        return _advertised(case)
    tendering = Circumstances(is_light_touch=case.is_light_touch)
    close, due = _tenders_due(case.start, tendering)
    steps = [*_before_notice(case), _tender_notice(case, "inviting tenders from anybody"), due]
    return _competed(case, steps, close)


def _competitive_flexible(case: Case) -> Plan:
    if not case.is_above:
        return _advertised(case)
    first = participation_period(Circumstances(is_light_touch=case.is_light_touch))
    asked = case.start + timedelta(days=first.days) if first.days else allowed_until(case.start)
    requests = (
        Step(
            text=f"Requests to participate are due, at least {first.days} days after the notice.",
            section=f"{ACT}s.54(3)",
            earliest=asked,
        )
        if first.days
        else allowance("Requests to participate are due", asked)
    )
    invited = asked + _DAY
    tendering = Circumstances(
        is_light_touch=case.is_light_touch,
        is_pre_selected_only=True,
        is_central_government=case.buyer is BuyerKind.CENTRAL_GOVERNMENT,
    )
    close, due = _tenders_due(invited, tendering)
    steps = [
        *_before_notice(case),
        _tender_notice(case, "inviting requests to participate, with the stages you chose"),
        requests,
        Step(
            text="Invite tenders from the suppliers that meet the conditions of participation.",
            section=f"{ACT}ss.20(4), 22",
            earliest=invited,
        ),
        due,
    ]
    return _competed(case, steps, close)


def _advertised(case: Case) -> Plan:
    close = allowed_until(case.start)
    if case.is_notified:
        notice = Step(
            text="Publish a below-threshold tender notice before you advertise anywhere else.",
            section=f"{ACT}s.87(1)",
            earliest=case.start,
            notice="UK4",
        )
    else:
        text = "Advertise the contract with its specification and award criteria, for instance on Find a Tender."
        notice = Step(text=text, section=f"{DFE}, route 4", earliest=case.start)
    assess = Step(
        text="Assess the tenders by the criteria you published, and tell every bidder the outcome.",
        section=f"{DFE}, route 4",
        earliest=close + _DAY,
    )
    return contracted(case, [notice, allowance("Tenders are due", close), assess], close + _DAY)


def _before_notice(case: Case) -> list[Step]:
    return [
        Step(
            text="Prepare a conflicts assessment; you confirm it in the notices.",
            section=f"{ACT}s.83(1)",
            earliest=case.start,
        ),
        Step(
            text="If you consulted suppliers beforehand, publish a preliminary market engagement notice first.",
            section=f"{ACT}s.17(1)",
            earliest=case.start,
            notice="UK2",
            is_required=False,
        ),
    ]


def _tender_notice(case: Case, purpose: str) -> Step:
    return Step(
        text=f"Publish the tender notice {purpose}.", section=f"{ACT}s.21(1)", earliest=case.start, notice="UK4"
    )


def _tenders_due(invited: date, tendering: Circumstances) -> tuple[date, Step]:
    period = tendering_period(tendering)
    if not period.days:
        close = allowed_until(invited)
        return close, allowance("Tenders are due", close)
    close = invited + timedelta(days=period.days)
    text = f"Tenders are due, at least {period.days} days after the invitation: {period.circumstance}."
    return close, Step(text=text, section=f"{ACT}s.54(4)", earliest=close)


def _competed(case: Case, steps: list[Step], close: date) -> Plan:
    decided = close + _DAY
    steps += [
        Step(
            text="Assess the tenders by the published criteria and find the most advantageous one.",
            section=f"{ACT}ss.19, 23",
            earliest=decided,
        ),
        Step(
            text="Send an assessment summary to every supplier whose tender was assessed.",
            section=f"{ACT}s.50(3)",
            earliest=decided,
        ),
        *kpis(case),
        Step(
            text="Publish the contract award notice, after the assessment summaries.",
            section=f"{ACT}s.50(1)",
            earliest=decided,
            notice="UK6",
        ),
    ]
    wait = standstill(decided)
    if case.is_light_touch:
        steps.append(voluntary_standstill(wait.ends, f"{ACT}s.51(3)(f)", "a light touch contract"))
        return contracted(case, steps, decided)
    text = f"The mandatory standstill ends: {wait.days} working days beginning with the day of the award notice."
    steps.append(Step(text=text, section=f"{ACT}s.51(2)", earliest=wait.ends))
    return contracted(case, steps, wait.may_contract_from)


def _called_off(case: Case, steps: list[Step], decided: date) -> Plan:
    check = "Check that the supplier has not become an excluded or excludable supplier."
    steps.append(Step(text=check, section=f"{ACT}s.48(1)", earliest=decided))
    if case.is_above:
        steps += [
            *kpis(case),
            Step(
                text="Publish the contract award notice before you enter into the contract.",
                section=f"{ACT}s.50(1)",
                earliest=decided,
                notice="UK6",
            ),
            voluntary_standstill(standstill(decided).ends, f"{ACT}s.51(3)(d)", "a call-off from a framework"),
        ]
    return contracted(case, steps, decided)


_PLANS = {
    Route.CATALOGUE: _catalogue,
    Route.THREE_QUOTES: _three_quotes,
    Route.FRAMEWORK_DIRECT_AWARD: _framework_direct,
    Route.FRAMEWORK_FURTHER_COMPETITION: _framework_competition,
    Route.OPEN_PROCEDURE: _open_procedure,
    Route.COMPETITIVE_FLEXIBLE: _competitive_flexible,
}
