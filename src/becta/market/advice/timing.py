"""When things may close, when a contract may be entered into, and what is due by when: Procurement Act 2023.

A period "beginning with" a day counts that day as its first; a tendering period begins with the day after.
"""

from collections.abc import Callable
from datetime import date, timedelta

from msgspec import Struct

from becta.kernel.clock import add_months
from becta.kernel.errors import Fault, Invalid
from becta.kernel.working_days import STANDSTILL_DAYS, Calendar, Holiday, holidays_skipped, standstill_end
from becta.market.advice.entries import Period, StandstillException
from becta.market.advice.reference import procedure_data, uk_calendar

MOST_STANDSTILL_DAYS = 60
"""Beyond this a stated standstill is a typing error."""


class Circumstances(Struct, frozen=True, kw_only=True):
    """What decides how long suppliers must be given (s.54). The rest: a sub-central authority's open procedure."""

    is_light_touch: bool = False
    is_urgent: bool = False
    has_planned_notice: bool = False
    is_dynamic_market: bool = False
    is_pre_selected_only: bool = False
    is_negotiated: bool = False
    is_electronic: bool = True
    are_documents_at_once: bool = True
    is_central_government: bool = False


ORDINARY = Circumstances()
"""The open procedure of a sub-central authority, electronic, with all documents at once."""

_TENDERING: dict[str, Callable[[Circumstances], bool]] = {
    "light_touch": lambda case: case.is_light_touch,
    "negotiated": lambda case: case.is_negotiated and case.is_pre_selected_only and not case.is_central_government,
    "pre_selected": lambda case: case.is_pre_selected_only and not case.is_central_government,
    "planned_notice": lambda case: case.has_planned_notice,
    "urgent": lambda case: case.is_urgent,
    "dynamic_market": lambda case: case.is_dynamic_market,
    "electronic_at_once": lambda case: case.is_electronic and case.are_documents_at_once,
    "electronic_later": lambda case: case.is_electronic and not case.are_documents_at_once,
    "paper_at_once": lambda case: not case.is_electronic and case.are_documents_at_once,
    "paper_later": lambda case: not case.is_electronic and not case.are_documents_at_once,
}
_PARTICIPATION: dict[str, Callable[[Circumstances], bool]] = {
    "light_touch": lambda case: case.is_light_touch,
    "urgent": lambda case: case.is_urgent,
    "ordinary": lambda case: not case.is_light_touch and not case.is_urgent,
}


class Standstill(Struct, frozen=True, kw_only=True):
    """A standstill in UK-wide working days. `holidays` fell within it and so were not counted."""

    published: date
    days: int
    starts: date
    ends: date
    may_contract_from: date
    holidays: tuple[Holiday, ...]


def tendering_period(case: Circumstances = ORDINARY) -> Period:
    """The shortest minimum tendering period that applies (s.54(4)), in calendar days; 0 is no minimum."""
    return min((one for one in procedure_data().tendering_periods if _TENDERING[one.code](case)), key=_days)


def participation_period(case: Circumstances = ORDINARY) -> Period:
    """The shortest minimum period for requests to participate (s.54(3)), in calendar days; 0 is no minimum."""
    return min((one for one in procedure_data().participation_periods if _PARTICIPATION[one.code](case)), key=_days)


def tender_period_ends(published: date, case: Circumstances = ORDINARY) -> date:
    """The last day of the minimum tendering period (s.54): tenders may not be due before. It starts the day after."""
    return published + timedelta(days=tendering_period(case).days)


def participation_period_ends(published: date, case: Circumstances = ORDINARY) -> date:
    """The last day of the minimum period for requests to participate (s.54(3)); it starts the day after."""
    return published + timedelta(days=participation_period(case).days)


def is_qualifying_planned_notice(planned: date, tender_notice: date) -> bool:
    """Whether a planned procurement notice shortens the tendering period: 40 days to 12 months before (s.15(3))."""
    limits = procedure_data().deadlines
    latest = tender_notice - timedelta(days=limits.planned_notice_least_days)
    return planned <= latest and add_months(planned, limits.planned_notice_most_months) >= tender_notice


def standstill(published: date, *, days: int = STANDSTILL_DAYS, calendar: Calendar | None = None) -> Standstill:
    """The standstill that a contract award notice published on a day begins (s.51), by default the mandatory one.

    Raises Invalid for fewer than eight days, s.51(5), and UnknownYear where bank holidays are not known.
    """
    if not STANDSTILL_DAYS <= days <= MOST_STANDSTILL_DAYS:
        problem = f"is not a number from {STANDSTILL_DAYS} to {MOST_STANDSTILL_DAYS}"
        mend = f"a voluntary standstill too is at least {STANDSTILL_DAYS} working days (Procurement Act 2023 s.51(5))"
        raise Invalid([Fault(field="days", problem=problem, mend=mend, value=str(days))])
    known = calendar or uk_calendar()
    ends = standstill_end(published, known, days)
    return Standstill(
        published=published,
        days=days,
        starts=published,
        ends=ends,
        may_contract_from=ends + timedelta(days=1),
        holidays=holidays_skipped(published, ends, known),
    )


def standstill_exception(
    *,
    is_call_off: bool = False,
    is_dynamic_market: bool = False,
    is_light_touch: bool = False,
    direct_award_ground: str | None = None,
) -> StandstillException | None:
    """Why no standstill is mandatory (s.51(3)); None: it is. A framework's own award is not a call-off."""
    if is_call_off:
        return StandstillException.FRAMEWORK
    if is_dynamic_market:
        return StandstillException.DYNAMIC_MARKET
    if is_light_touch:
        return StandstillException.LIGHT_TOUCH
    urgent = {StandstillException.EXTREME_URGENCY, StandstillException.PROTECT_LIFE}
    return next((one for one in urgent if one.value == direct_award_ground), None)


def contract_details_due(entered: date, *, is_light_touch: bool = False) -> date:
    """The last day for the contract details notice UK7 (s.53(1))."""
    limits = procedure_data().deadlines
    return _day_of(
        entered, limits.contract_details_light_touch_days if is_light_touch else limits.contract_details_days
    )


def contract_copy_due(entered: date, value_inc_vat_pence: int | None, *, is_light_touch: bool = False) -> date | None:
    """The last day to publish a copy of the contract (s.53(3)); None at £5 million or less. Unknown counts as more."""
    limits = procedure_data().deadlines
    if value_inc_vat_pence is not None and value_inc_vat_pence <= limits.contract_copy_above_pence:
        return None
    ordinary, light_touch = limits.contract_copy_days, limits.contract_copy_light_touch_days
    return _day_of(entered, light_touch if is_light_touch else ordinary)


def termination_notice_due(ended: date) -> date:
    """The last day for the contract termination notice UK11 after a contract ended or expired (s.80(1))."""
    return _day_of(ended, procedure_data().deadlines.termination_days)


def needs_kpis(value_inc_vat_pence: int | None, *, is_light_touch: bool = False, is_framework: bool = False) -> bool:
    """Whether key performance indicators must be set before contracting: over £5 million (s.52). Unknown counts."""
    if is_light_touch or is_framework:
        return False
    return value_inc_vat_pence is None or value_inc_vat_pence > procedure_data().deadlines.kpis_above_pence


def framework_latest_end(awarded: date) -> date:
    """The last day of a framework of the longest ordinary term, four years (s.47(1)(b))."""
    return add_months(awarded, 12 * procedure_data().deadlines.framework_most_years) - timedelta(days=1)


def _day_of(first: date, days: int) -> date:
    return first + timedelta(days=days - 1)


def _days(period: Period) -> int:
    return period.days
