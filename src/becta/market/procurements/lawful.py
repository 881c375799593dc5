"""What the law makes of a procurement's value and route, by the dated reference data of the advice."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from becta.kernel.clock import london_date, start_of_day
from becta.kernel.errors import Fault
from becta.kernel.money import vat_pence
from becta.market.advice.entries import BuyerKind, ContractKind, Threshold
from becta.market.advice.timing import Circumstances, tender_period_ends
from becta.market.advice.valuation import is_above_threshold as reaches
from becta.market.advice.valuation import subject_of, threshold_for
from becta.market.procurements.terms import LotTerms, Route

COMPETED_OPENLY = frozenset({Route.OPEN_PROCEDURE, Route.COMPETITIVE_FLEXIBLE})
"""The competitive tendering procedures of Procurement Act 2023 s.20."""


class TenderPeriod(Struct, frozen=True, kw_only=True):
    """The first instant at which tenders may be due, and the same in words."""

    not_before: datetime
    sentence: str


def is_above_threshold(
    lots: Sequence[LotTerms], estimate_pence: int | None, *, owed_pence: int = 0, now: datetime
) -> bool:
    """Whether the Act governs a procurement of this value over its whole term (pence ex VAT; None is unknown).

    VAT counts even if it is recovered (s.123(2)); an unknown value counts as above (Schedule 3 para 5). `owed_pence` is
    what awards come to with VAT at the bids' own rates: if that is more, it counts.
    """
    gross = with_vat(lots, estimate_pence)
    return reaches(None if gross is None else max(gross, owed_pence), _threshold(lots, now=now))


def route_faults(
    route: Route, lots: Sequence[LotTerms], estimate_pence: int | None, *, owed_pence: int = 0, now: datetime
) -> list[Fault]:
    """What is wrong with a route for a value: above the threshold, quotes from a few suppliers are not enough.

    The value is as in `is_above_threshold`.
    """
    is_above = is_above_threshold(lots, estimate_pence, owed_pence=owed_pence, now=now)
    if route is not Route.THREE_QUOTES or not is_above:
        return []
    mend = "use an open or competitive flexible procedure, or a framework (Procurement Act 2023 s.19)"
    problem = "is not lawful at or above the threshold"
    if estimate_pence is None:
        problem = "is not lawful for a value that is not known (Schedule 3 para 5)"
    return [Fault(field="route", problem=problem, mend=mend, value=route)]


def shortest_tender_period(
    route: Route, lots: Sequence[LotTerms], *, is_above_threshold: bool, now: datetime
) -> TenderPeriod:
    """When tenders may be due at the earliest (s.54): only a public procedure above the threshold has a minimum."""
    if not is_above_threshold or route not in COMPETED_OPENLY:
        return TenderPeriod(not_before=now, sentence="any time to come")
    is_light_touch = kind_of(lots) is ContractKind.LIGHT_TOUCH
    last = tender_period_ends(london_date(now), Circumstances(is_light_touch=is_light_touch))
    first = last + timedelta(days=1)
    return TenderPeriod(not_before=start_of_day(first), sentence=f"{first} or later (Procurement Act 2023 s.54)")


def kind_of(lots: Sequence[LotTerms]) -> ContractKind:
    """The kind of contract that these lots make together; of different kinds, the one with the lowest threshold."""
    kinds = {subject_of(lot.cpv).kind for lot in lots}
    return kinds.pop() if len(kinds) == 1 else ContractKind.GOODS_SERVICES


def _threshold(lots: Sequence[LotTerms], *, now: datetime) -> Threshold:
    return threshold_for(BuyerKind.SCHOOL, kind_of(lots), london_date(now))


def with_vat(lots: Sequence[LotTerms], estimate_pence: int | None) -> int | None:
    """An estimate in pence with VAT at the highest rate of its lots; None is unknown."""
    if estimate_pence is None:
        return None
    return estimate_pence + vat_pence(estimate_pence, max(lot.vat_basis_points for lot in lots))
