"""Reference facts of buying over HTTP: when a standstill ends, which route to take, and which thresholds apply."""

import re
from datetime import date
from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from msgspec import Struct
from sqlmodel import Session

from becta.compliance.standards.entries import Certainty
from becta.kernel import clock
from becta.kernel.errors import Fault, Invalid, NotFound
from becta.kernel.working_days import STANDSTILL_DAYS, Nation, UnknownYear
from becta.market.advice.entries import (
    Authority,
    Band,
    BuyerKind,
    ContractKind,
    NotifiableAmount,
    Reason,
    Route,
    Threshold,
    ValueBand,
)
from becta.market.advice.judging import FrameworkInHand
from becta.market.advice.reference import sources, threshold_data
from becta.market.advice.routes import Question, RouteAdvice, RouteOption, advise_route
from becta.market.advice.steps import ACT
from becta.market.advice.timing import standstill
from becta.market.advice.valuation import Subject, thresholds_on
from becta.market.api.access import PUBLIC
from becta.market.db import Database
from becta.market.organisations.models import EstablishmentGroup
from becta.market.organisations.queries import one_school
from becta.market.organisations.rules import ACADEMY_TRUSTS
from becta.market.problems import documented

AREA = "United Kingdom, save contracts that the Welsh Ministers regulate"

_REFERENCE = re.compile(r"(urn|trust):(\d{1,7})", re.ASCII)


class HolidayOut(Struct, frozen=True, kw_only=True):
    """A bank holiday that was not counted as a working day, and the nations that keep it."""

    date: date
    name: str
    nations: tuple[Nation, ...]


class StandstillOut(Struct, frozen=True, kw_only=True):
    """A standstill of `days` UK-wide working days, beginning with the day the contract award notice is published."""

    published: date
    days: int
    starts: date
    ends: date
    may_contract_from: date
    holidays_counted: tuple[HolidayOut, ...]
    section: str


class ThresholdOut(Struct, frozen=True, kw_only=True):
    """A threshold in pence, VAT included, and its days: `effective_to` is the first day it is no longer in force."""

    kind: ContractKind
    authority: Authority
    amount_pence: int
    includes_vat: bool
    area: str
    effective_from: date
    effective_to: date
    section: str
    source: str
    url: str
    certainty: Certainty


class ThresholdsOut(Struct, frozen=True, kw_only=True):
    """The thresholds on a day, from when below-threshold contracts are notified, and DfE's bands of value."""

    date: date
    thresholds: tuple[ThresholdOut, ...]
    notifiable_below_threshold: tuple[NotifiableAmount, ...]
    bands: tuple[ValueBand, ...]


class RouteAdviceOut(Struct, frozen=True, kw_only=True):
    """Every route judged, with reasons, steps and dates. `value_pence` is ex VAT; None: treated as above (Sch 3)."""

    buyer: BuyerKind
    what: Subject
    date: date
    value_pence: int | None
    value_inc_vat_pence: int | None
    threshold: ThresholdOut
    is_above_threshold: bool
    band: Band | None
    recommended: Route
    routes: tuple[RouteOption, ...]
    notes: tuple[Reason, ...]
    direct_award: tuple[Reason, ...]


@get(
    "/reference/standstill",
    sync_to_thread=False,
    operation_id="get_standstill",
    opt={"access": PUBLIC},
    tags=["reference"],
    responses=documented(400),
)
def get_standstill(
    published: Annotated[
        date | None, QueryParameter(description="Required: the day the contract award notice is published")
    ] = None,
    days: Annotated[
        int, QueryParameter(description="Working days stated in the notice, at least the mandatory eight")
    ] = STANDSTILL_DAYS,
) -> StandstillOut:
    """When a standstill ends and from when the contract may be entered into (Procurement Act 2023 ss.51, 123)."""
    if published is None:
        raise Invalid([_missing("published", "give the day the notice is published, such as 2026-11-20")])
    try:
        found = standstill(published, days=days)
    except UnknownYear as error:
        raise _beyond("published", error) from None
    return StandstillOut(
        published=found.published,
        days=found.days,
        starts=found.starts,
        ends=found.ends,
        may_contract_from=found.may_contract_from,
        holidays_counted=tuple(HolidayOut(date=one.date, name=one.name, nations=one.nations) for one in found.holidays),
        section=f"{ACT}{'s.51(2)' if days == STANDSTILL_DAYS else 's.51(4), (5)'} and s.123(1)",
    )


@get(
    "/reference/thresholds",
    sync_to_thread=False,
    operation_id="list_thresholds",
    opt={"access": PUBLIC},
    tags=["reference"],
    responses=documented(400),
)
def list_thresholds(
    date: Annotated[
        date | None, QueryParameter(description="The day the procurement commences; today if left out")
    ] = None,
) -> ThresholdsOut:
    """The thresholds of the Procurement Act 2023 for procurements that commence on a day, and DfE's bands of value."""
    day = date or _today()
    return ThresholdsOut(
        date=day,
        thresholds=tuple(_threshold_out(one) for one in thresholds_on(day)),
        notifiable_below_threshold=threshold_data().notifiable_below_threshold,
        bands=threshold_data().bands,
    )


@get(
    "/reference/route",
    sync_to_thread=True,
    operation_id="advise_route",
    opt={"access": PUBLIC},
    tags=["reference"],
    responses=documented(400),
)
def get_route(
    db: NamedDependency[Database],
    buyer: Annotated[
        str | None,
        QueryParameter(
            max_length=40,
            description='Required: a kind of buyer, such as "school" or "trust", or a reference such as "urn:100000"',
        ),
    ] = None,
    what: Annotated[
        str | None, QueryParameter(max_length=80, description="Required: a category's code, or a CPV code")
    ] = None,
    value_pence: Annotated[
        int | None,
        QueryParameter(description="Pence ex VAT over the whole term for all schools; leave out if it is unknown"),
    ] = None,
    date: Annotated[
        date | None, QueryParameter(description="The day the procurement commences; today if left out")
    ] = None,
    schools: Annotated[int, QueryParameter(description="How many schools the purchase is for")] = 1,
    term_months: Annotated[
        int | None, QueryParameter(description="How long the contract may last, with extensions")
    ] = None,
    framework: Annotated[
        str | None, QueryParameter(max_length=120, description="The name of a framework the buyer may use")
    ] = None,
) -> RouteAdviceOut:
    """Which routes are lawful and sensible for a purchase, why, and the earliest date of each step."""
    if buyer is None or what is None:
        wanted = [("buyer", buyer, _BUYER_MEND), ("what", what, _WHAT_MEND)]
        raise Invalid([_missing(name, mend) for name, value, mend in wanted if value is None])
    with db.read() as session:
        buyer_kind, notes = _buyer(session, buyer)
    named = (framework or "").strip()
    question = Question(
        buyer=buyer_kind,
        what=what,
        on=date or _today(),
        value_pence=value_pence,
        schools=schools,
        term_months=term_months,
        framework=FrameworkInHand(name=named) if named else None,
        buyer_notes=notes,
    )
    try:
        return _advice_out(advise_route(question))
    except UnknownYear as error:
        raise _beyond("date", error) from None


_WHAT_MEND = "give a category such as laptops, or eight digits of CPV such as 30213100"
_BUYER_MEND = f"give one of {', '.join(BuyerKind)}, or a reference such as urn:100000 or trust:2044"


def _buyer(session: Session, text: str) -> tuple[BuyerKind, tuple[Reason, ...]]:
    """The kind of buyer a word or a reference stands for; an academy's buyer is the trust that runs it (s.123(1))."""
    if text in set(BuyerKind):
        return BuyerKind(text), ()
    reference = _REFERENCE.fullmatch(text)
    if reference is None:
        raise Invalid([Fault(field="buyer", problem="is no kind of buyer", mend=_BUYER_MEND, value=text)])
    key = int(reference[2])
    if reference[1] == "trust":
        group = session.get(EstablishmentGroup, key)
        if group is None or group.type not in ACADEMY_TRUSTS:
            raise _unregistered(text)
        return BuyerKind.TRUST, ()
    try:
        school = one_school(session, key)
    except NotFound:
        raise _unregistered(text) from None
    if school.trust is None:
        return BuyerKind.SCHOOL, ()
    sentence = (
        f"{school.name} is run by {school.trust.group_name}: the trust is the contracting authority, so count what "
        "all its schools buy."
    )
    return BuyerKind.TRUST, (Reason(text=sentence, section=f"{ACT}s.123(1) and Sch 3 para 4"),)


def _unregistered(reference: str) -> Invalid:
    mend = "give a school's URN or an academy trust's number as the register has them (see GET /api/v1/schools)"
    return Invalid([Fault(field="buyer", problem="is not in the register", mend=mend, value=reference)])


def _advice_out(advice: RouteAdvice) -> RouteAdviceOut:
    return RouteAdviceOut(
        buyer=advice.buyer,
        what=advice.what,
        date=advice.on,
        value_pence=advice.value_pence,
        value_inc_vat_pence=advice.value_inc_vat_pence,
        threshold=_threshold_out(advice.threshold),
        is_above_threshold=advice.is_above_threshold,
        band=advice.band,
        recommended=advice.recommended,
        routes=advice.routes,
        notes=advice.notes,
        direct_award=advice.direct_award,
    )


def _threshold_out(threshold: Threshold) -> ThresholdOut:
    source = sources()[threshold.source]
    return ThresholdOut(
        kind=threshold.kind,
        authority=threshold.authority,
        amount_pence=threshold.amount_pence,
        includes_vat=True,
        area=AREA,
        effective_from=threshold.effective_from,
        effective_to=threshold.effective_to,
        section=threshold.section,
        source=source.title,
        url=source.url,
        certainty=source.certainty,
    )


def _missing(name: str, mend: str) -> Fault:
    return Fault(field=name, problem="is missing", mend=mend)


def _beyond(name: str, error: UnknownYear) -> Invalid:
    mend = f"give a day from which the working days end in {error.first_year} to {error.last_year}"
    return Invalid([Fault(field=name, problem=f"is out of reach: {error}", mend=mend)])


def _today() -> date:
    return clock.london_date(clock.now())
