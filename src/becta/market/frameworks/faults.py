"""What is wrong with a framework that somebody sets up, opens or applies for. Sections: Procurement Act 2023."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from becta.catalogue.categories import categories
from becta.catalogue.text_rules import text_faults
from becta.kernel.clock import london_date
from becta.kernel.errors import Fault
from becta.kernel.money import MAX_PENCE
from becta.kernel.working_days import Calendar, UnknownYear, standstill_end
from becta.market.frameworks.declarations import question_faults
from becta.market.frameworks.entitlement import EntitledBuyers
from becta.market.frameworks.rules import MAX_LOT, SCHEME_YEARS, TERM_YEARS, Method, years_on
from becta.market.frameworks.scoring import AwardCriterion, SelectionCriterion, is_score
from becta.market.frameworks.terms import ApplicationTerms, FrameworkTerms, NewLot, Opening

MAX_LOTS, MAX_CRITERIA, MAX_QUESTIONS, MAX_LISTED = 50, 30, 60, 2_000
MAX_LEVY = 1_000
"""Largest levy, ten per cent: beyond it a typing error is certain."""
TENDER_DAYS, SHORT_DAYS = 25, 10
"""Days to apply, counted from the day after it opens: 25, or 10 for a stated reason such as urgency (s.54(4))."""
_CPV = re.compile(r"\d{8}(-\d)?", re.ASCII)
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9./-]{0,39}", re.ASCII)
_TEXT = 50_000
_FIRST_YEAR, _LAST_YEAR = 2010, 2100


def framework_faults(terms: FrameworkTerms) -> list[Fault]:
    """Everything wrong with what a framework says, but for whom its references name."""
    faults = [*_said_faults(terms), *term_faults(terms), *_entitled_faults(terms.entitled), *_lots_faults(terms)]
    faults += _criteria_faults(terms.selection_criteria, terms.award_criteria)
    if len(terms.questions) > MAX_QUESTIONS:
        faults.append(_too_many("questions", len(terms.questions), MAX_QUESTIONS))
    return faults + question_faults(terms.questions)


def term_faults(terms: FrameworkTerms) -> list[Fault]:
    """What is wrong with how long it lasts: four years without reasons (s.47), eight for an open one (s.49(2)(c)).

    Section 47 does not apply to open and light touch frameworks.
    """
    if terms.ends_on < terms.starts_on:
        mend = "end on or after the day it starts"
        return [Fault(field="ends_on", problem="is before it starts", mend=mend, value=str(terms.ends_on))]
    if not (terms.starts_on.year >= _FIRST_YEAR and terms.ends_on.year <= _LAST_YEAR):
        mend = f"start in {_FIRST_YEAR} or later and end by {_LAST_YEAR}"
        return [Fault(field="starts_on", problem="is out of range", mend=mend, value=str(terms.starts_on))]
    if terms.is_open_framework:
        return _longer_than(terms.ends_on, years_on(terms.starts_on, SCHEME_YEARS), "s.49(2)(c)")
    if terms.is_light_touch or terms.long_term_reason is not None:
        return text_faults("long_term_reason", terms.long_term_reason or "because", at_least=3, at_most=2_000)
    return _longer_than(terms.ends_on, years_on(terms.starts_on, TERM_YEARS), "s.47, without `long_term_reason`")


def opening_faults(opening: Opening, *, is_light_touch: bool, last_on: date, now: datetime) -> list[Fault]:
    """What is wrong with a deadline: the least period of s.54, which light touch has none of, and the end."""
    if opening.closes_at.tzinfo is None:
        return [Fault(field="closes_at", problem="has no time zone", mend='end it with "Z" or an offset')]
    if opening.closes_at <= now:
        return [Fault(field="closes_at", problem="is past", mend="give a time to come", value=str(opening.closes_at))]
    if opening.closes_at.year > _LAST_YEAR or london_date(opening.closes_at) > last_on:
        return [Fault(field="closes_at", problem="is after the framework ends", mend=f"close by {last_on}")]
    reason = opening.short_period_reason
    faults = [] if reason is None else text_faults("short_period_reason", reason, at_least=3, at_most=2_000)
    days = (london_date(opening.closes_at) - london_date(now)).days
    least = 0 if is_light_touch else SHORT_DAYS if reason is not None else TENDER_DAYS
    if days < least:
        mend = f"leave at least {least} days" + (", or say why there are fewer" if least == TENDER_DAYS else "")
        faults.append(Fault(field="closes_at", problem=f"leaves {days} days to apply (s.54)", mend=mend))
    return faults


def reopening_faults(opening: Opening, due: date | None, calendar: Calendar, *, now: datetime) -> list[Fault]:
    """What is wrong with opening an open framework again, if its next award is `due` by a day (s.49(2)(a))."""
    if due is not None and london_date(now) > due:
        mend = "set up another framework: an open one that missed an award is not opened again"
        return [Fault(field="closes_at", problem=f"is after {due}, when the next award was due", mend=mend)]
    return late_award_faults(opening.closes_at, due, calendar)


def late_award_faults(closes_at: datetime, due: date | None, calendar: Calendar) -> list[Fault]:
    """What is wrong with a deadline after which no award could take effect in time: it does after its standstill."""
    if due is None or closes_at.tzinfo is None or not _FIRST_YEAR <= closes_at.year <= _LAST_YEAR:
        return []
    if london_date(closes_at) > due:
        problem = f"is after {due}, when the next award is due (s.49(2)(a))"
    elif not _is_standstill_over_by(london_date(closes_at), due, calendar):
        problem = f"leaves no time for the standstill: the next award must take effect by {due} (s.49(2)(a))"
    else:
        return []
    mend = "close so early that the award can take effect by then"
    return [Fault(field="closes_at", problem=problem, mend=mend)]


def _is_standstill_over_by(published: date, day: date, calendar: Calendar) -> bool:
    try:
        return standstill_end(published, calendar) < day
    except UnknownYear:  # its bank holidays are not announced yet; the award asks again
        return True


def application_faults(terms: ApplicationTerms, criteria: Sequence[str]) -> list[Fault]:
    """What is wrong with a draft; whether it is whole is asked when it is submitted."""
    faults = text_faults("share_code", terms.share_code, at_most=40)
    for place, answer in enumerate(terms.answers):
        faults += text_faults(f"answers.{place}.question", answer.question, at_least=1, at_most=60)
        faults += text_faults(f"answers.{place}.answer", answer.answer, at_most=60)
        faults += text_faults(f"answers.{place}.explanation", answer.explanation, at_most=5_000)
    given = [one.criterion for one in terms.responses]
    for place, response in enumerate(terms.responses):
        faults += text_faults(f"responses.{place}.text", response.text, at_most=20_000)
        if response.criterion not in criteria or response.criterion in given[:place]:
            mend = f"respond once to each of {', '.join(criteria) or 'nothing'}"
            faults.append(Fault(field=f"responses.{place}.criterion", problem="is not asked", mend=mend))
    if len(terms.answers) > MAX_QUESTIONS * 2:
        faults.append(_too_many("answers", len(terms.answers), MAX_QUESTIONS * 2))
    return faults


def unready_faults(terms: ApplicationTerms, criteria: Sequence[str]) -> list[Fault]:
    """What an application still lacks to be submitted, its answers aside."""
    given = {one.criterion for one in terms.responses if one.text.strip()}
    faults = [
        Fault(field="responses", problem=f"say nothing to {code}", mend="respond to every criterion", value=code)
        for code in criteria
        if code not in given
    ]
    if not terms.share_code.strip():
        mend = "give the share code of your information on the central digital platform"
        faults.append(Fault(field="share_code", problem="is empty", mend=mend))
    return faults


def reason_faults(reason: str) -> list[Fault]:
    """What is wrong with a reason for the file."""
    return text_faults("reason", reason, at_least=3, at_most=2_000)


def _said_faults(terms: FrameworkTerms) -> list[Fault]:
    faults = text_faults("title", terms.title, at_least=3, at_most=200)
    faults += text_faults("description", terms.description, at_least=10, at_most=_TEXT)
    faults += text_faults("price_mechanism", terms.price_mechanism, at_least=3, at_most=_TEXT)
    faults += text_faults("standard_terms", terms.standard_terms, at_least=10, at_most=500_000)
    if not _REFERENCE.fullmatch(terms.reference):
        mend = "give 1 to 40 letters, digits, dots, hyphens or strokes"
        faults.append(Fault(field="reference", problem="is no reference", mend=mend, value=terms.reference[:60]))
    if not 1 <= len(terms.cpv_codes) <= 50:
        faults.append(Fault(field="cpv_codes", problem="are none or too many", mend="give 1 to 50"))
    for place, code in enumerate(terms.cpv_codes):
        if not _CPV.fullmatch(code):
            mend = "give eight digits, with or without the check digit"
            faults.append(Fault(field=f"cpv_codes.{place}", problem="is no CPV code", mend=mend, value=code[:20]))
    if not 0 < terms.estimated_value_pence <= MAX_PENCE:
        mend = "give the sum of all call-offs in pence, VAT included"
        faults.append(Fault(field="estimated_value_pence", problem="is out of range", mend=mend))
    if not 0 <= terms.levy_basis_points <= MAX_LEVY:
        mend = f"give 0 to {MAX_LEVY}: 150 is 1.5 per cent"
        faults.append(Fault(field="levy_basis_points", problem="is out of range", mend=mend))
    return faults


def _longer_than(ends_on: date, latest: date, section: str) -> list[Fault]:
    if ends_on <= latest:
        return []
    return [
        Fault(field="ends_on", problem=f"is later than {section} allows", mend=f"end by {latest}", value=str(ends_on))
    ]


def _entitled_faults(entitled: EntitledBuyers) -> list[Fault]:
    named = len(entitled.trusts) + len(entitled.schools)
    if not (entitled.all_state_schools or named or entitled.classes):
        mend = "say who may call off (s.45(5)(f))"
        return [Fault(field="entitled", problem="names nobody", mend=mend)]
    if named > MAX_LISTED or len(entitled.classes) > MAX_CRITERIA:
        return [_too_many("entitled", named, MAX_LISTED)]
    return []


def _lots_faults(terms: FrameworkTerms) -> list[Fault]:
    if not 1 <= len(terms.lots) <= MAX_LOTS:
        return [Fault(field="lots", problem="are none or too many", mend=f"give 1 to {MAX_LOTS}")]
    faults: list[Fault] = []
    for place, lot in enumerate(terms.lots):
        faults += _lot_faults(f"lots.{place}", lot, terms)
        if lot.number in [one.number for one in terms.lots[:place]]:
            faults.append(Fault(field=f"lots.{place}.number", problem="is used twice", mend="number each lot once"))
    return faults


def _lot_faults(at: str, lot: NewLot, terms: FrameworkTerms) -> list[Fault]:
    faults = text_faults(f"{at}.title", lot.title, at_least=1, at_most=200)
    for name in ("description", "core_terms", "mechanism"):
        faults += text_faults(f"{at}.{name}", getattr(lot, name), at_most=_TEXT)
    if not 1 <= lot.number <= MAX_LOT:
        faults.append(Fault(field=f"{at}.number", problem="is out of range", mend=f"give 1 to {MAX_LOT}"))
    if lot.category not in categories():
        mend = "choose one of those under /api/v1/categories"
        faults.append(Fault(field=f"{at}.category", problem="is no category", mend=mend, value=lot.category[:64]))
    if lot.max_suppliers is not None and not 1 <= lot.max_suppliers <= 1_000:
        faults.append(Fault(field=f"{at}.max_suppliers", problem="is out of range", mend="give 1 to 1000, or null"))
    is_direct = lot.method is not Method.FURTHER_COMPETITION and lot.max_suppliers != 1 and not terms.is_light_touch
    for name in ("core_terms", "mechanism"):
        if is_direct and not getattr(lot, name).strip():
            mend = "set it out: award without competition among several suppliers needs it (s.45(4)(b))"
            faults.append(Fault(field=f"{at}.{name}", problem="is empty", mend=mend))
    return faults


def _criteria_faults(selection: Sequence[SelectionCriterion], award: Sequence[AwardCriterion]) -> list[Fault]:
    faults: list[Fault] = []
    named = [(f"selection_criteria.{place}", one.code, one.text) for place, one in enumerate(selection)]
    named += [(f"award_criteria.{place}", one.code, one.text) for place, one in enumerate(award)]
    for place, (at, code, text) in enumerate(named):
        faults += text_faults(f"{at}.code", code, at_least=1, at_most=60)
        faults += text_faults(f"{at}.text", text, at_least=3, at_most=5_000)
        if code in [other for _, other, _ in named[:place]]:
            faults.append(Fault(field=f"{at}.code", problem="is used twice", mend="give each its own"))
    if len(named) > MAX_CRITERIA:
        faults.append(_too_many("award_criteria", len(named), MAX_CRITERIA))
    for place, criterion in enumerate(award):
        if not is_weight(criterion.weight):
            mend = "give a percentage above 0 with at most two decimal places"
            faults.append(Fault(field=f"award_criteria.{place}.weight", problem="is no weight", mend=mend))
        if not is_score(criterion.minimum):
            mend = "give 0 to 5 with at most one decimal place"
            faults.append(Fault(field=f"award_criteria.{place}.minimum", problem="is no score", mend=mend))
    if award and not faults and (total := sum(one.weight for one in award)) != 100:
        mend = "make the weights add up to 100 (s.23)"
        faults.append(Fault(field="award_criteria", problem=f"add up to {total}", mend=mend))
    return faults


def is_weight(weight: Decimal) -> bool:
    """Whether a weight can be given: above nought and up to a hundred, in steps of a hundredth."""
    return weight.is_finite() and 0 < weight <= 100 and weight % Decimal("0.01") == 0


def _too_many(field: str, many: int, most: int) -> Fault:
    return Fault(field=field, problem=f"has {many} entries", mend=f"give at most {most}")
