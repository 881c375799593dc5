"""The public facts of a framework, read from its rows as they are at a step.

No application is told of before its round is awarded, and then only those that won a place; no person, and no reason
why a supplier was suspended, why one was taken off a lot, or why the framework ended.
"""

from collections.abc import Sequence, Set
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

from becta.kernel.clock import london_date, start_of_day
from becta.market.advice.entries import BuyerKind, ContractKind
from becta.market.advice.valuation import is_above_threshold, subject_of, threshold_for
from becta.market.frameworks.columns import (
    award_criteria_of,
    entitled_buyers,
    extensions_of,
    selection_criteria_of,
)
from becta.market.frameworks.entitlement import EntitledBuyers
from becta.market.frameworks.models import Framework, FrameworkApplication, FrameworkLot, FrameworkRound
from becta.market.frameworks.rules import (
    SCHEME_YEARS,
    ApplicationState,
    FrameworkState,
    Method,
    years_on,
)
from becta.market.ocds.facts import (
    AmendmentFacts,
    AwardFacts,
    ContractFacts,
    DocumentFacts,
    FrameworkFacts,
    ItemFacts,
    LotFacts,
    Money,
    PartyFacts,
    ProcurementFacts,
    Span,
)
from becta.market.ocds.parties import party_of
from becta.market.ocds.words import CALLED_OFF, category_of
from becta.market.organisations.models import Establishment, EstablishmentGroup

_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)
_NAMED = 100
"""How many entitled buyers a release names one by one."""
_UNSENT = (ApplicationState.DRAFT, ApplicationState.WITHDRAWN)
_FRAMEWORK = "Open procedure for a framework (Procurement Act 2023 ss.20(2)(a), 45)"
_OPEN_FRAMEWORK = "Open procedure for an open framework (Procurement Act 2023 ss.20(2)(a), 49)"


def compose_framework(session: Session, framework: Framework, *, told: Set[str], now: datetime) -> ProcurementFacts:
    """What is public of a framework now; `told` are the contracts that were published. Tags and notice are added."""
    lots = session.exec(
        select(FrameworkLot).where(FrameworkLot.framework_id == framework.id).order_by(col(FrameworkLot.number))
    ).all()
    rounds = session.exec(
        select(FrameworkRound).where(FrameworkRound.framework_id == framework.id).order_by(col(FrameworkRound.number))
    ).all()
    places = _places(session, framework, lots, rounds)
    awards = tuple(one.award(now=now) for one in places)
    term = _term(framework)
    return ProcurementFacts(
        ocid=framework.ocid,
        id="",
        at=now,
        tags=(),
        title=framework.title,
        description=framework.description,
        buyer=str(framework.authority_id),
        parties=_parties(session, framework, awards),
        status=_status(framework),
        method="open",
        method_details=_OPEN_FRAMEWORK if framework.is_open_framework else _FRAMEWORK,
        category=category_of(framework.cpv_codes[0]),
        is_above_threshold=is_governed(framework),
        lots=tuple(_lot(lot, framework, awards, term) for lot in lots),
        items=tuple(
            ItemFacts(id=str(number), description=framework.title, cpv=code, unit="")
            for number, code in enumerate(framework.cpv_codes, 1)
        ),
        value=Money(gross_pence=framework.estimated_value_pence),
        published_at=framework.published_at,
        tendering=Span(starts=rounds[-1].opened_at, ends=rounds[-1].closes_at),
        contract=term,
        eligibility=" ".join(f"{one.code}: {one.text}" for one in selection_criteria_of(framework)),
        judged=_judged(framework),
        bidders=_bidders(session, framework, rounds),
        documents=(_terms(framework),),
        amendments=_amendments(rounds),
        framework=_framework(session, framework, lots),
        awards=awards,
        contracts=tuple(made for one in places if (made := one.contract(told, now=now)) is not None),
    )


def is_governed(framework: Framework) -> bool:
    """Whether the Act governs a published framework: by its whole value and the thresholds when it was published."""
    kind = ContractKind.LIGHT_TOUCH if framework.is_light_touch else _kind(framework)
    on = london_date(framework.published_at or framework.created_at)
    return is_above_threshold(framework.estimated_value_pence, threshold_for(BuyerKind.SCHOOL, kind, on))


class _Place:
    """A supplier's place on a lot, won in a round: an award, and once it has begun a contract."""

    def __init__(
        self, framework: Framework, application: FrameworkApplication, lot: FrameworkLot, won_in: FrameworkRound
    ) -> None:
        assert application.awarded_from is not None  # the table's check constraint
        self.framework, self.row, self.lot, self.round = framework, application, lot, won_in
        self.starts: date = application.awarded_from
        self.id = f"{won_in.number}-{lot.number}-{application.supplier_id}"
        self.title = f"{framework.title}: {lot.title}"
        self.ends = min(one for one in (application.awarded_until, framework.last_on) if one is not None)

    def award(self, *, now: datetime) -> AwardFacts:
        return AwardFacts(
            id=self.id,
            title=self.title,
            status=self._status(now=now),
            decided_at=_start(self.round.award_published_on),
            suppliers=(str(self.row.supplier_id),),
            lots=(str(self.lot.number),),
            contract=self._period(),
            standstill=Span(starts=_start(self.round.award_published_on), ends=_end(self.round.standstill_ends_on)),
            summaries_sent_at=self.round.summaries_sent_at,
            description=self._words(),
        )

    def contract(self, told: Set[str], *, now: datetime) -> ContractFacts | None:
        """None before it begins, and for who was taken off the lot before."""
        is_removed = self.row.state is ApplicationState.REMOVED
        if not self._has_begun(now=now) or (is_removed and self.id not in told):
            return None
        ended = self._ended(now=now)
        return ContractFacts(
            id=self.id,
            award_id=self.id,
            title=self.title,
            status="active" if ended is None else "terminated",
            signed_at=start_of_day(self.starts),
            period=self._period(),
            ended=ended,
        )

    def _has_begun(self, *, now: datetime) -> bool:
        terminated = self.framework.terminated_at
        return self.starts <= london_date(now if terminated is None else terminated)

    def _ended(self, *, now: datetime) -> str | None:
        if self.row.state is ApplicationState.REMOVED:
            return "The supplier was taken off the lot."
        if self.framework.state is FrameworkState.TERMINATED:
            return "Ended before its term."
        if self.ends >= london_date(now):
            return None
        return "Ended with its term." if self.row.awarded_until is None else "A later round took its place."

    def _status(self, *, now: datetime) -> str:
        if self.row.state is ApplicationState.REMOVED:
            return "cancelled"
        if self._has_begun(now=now):
            return "active"
        return "cancelled" if self.framework.state is FrameworkState.TERMINATED else "pending"

    def _period(self) -> Span:
        return Span(starts=start_of_day(self.starts), ends=_end(self.ends))

    def _words(self) -> str:
        """Always something, so that a later release takes back what an earlier one said."""
        if self.row.state is ApplicationState.SUSPENDED:
            return "Suspended: nothing is called off from this supplier for the time being."
        if self.row.state is ApplicationState.REMOVED:
            return "Taken off the lot."
        until = "" if self.row.awarded_until is None else f" until {self.row.awarded_until}"
        return f"On the lot from {self.starts}{until}."


def _places(
    session: Session, framework: Framework, lots: Sequence[FrameworkLot], rounds: Sequence[FrameworkRound]
) -> list[_Place]:
    by_id, by_number = {lot.id: lot for lot in lots}, {one.number: one for one in rounds}
    rows = session.exec(
        select(FrameworkApplication).where(
            FrameworkApplication.framework_id == framework.id, col(FrameworkApplication.awarded_from).is_not(None)
        )
    ).all()
    ordered = sorted(rows, key=lambda row: (row.round, by_id[row.lot_id].number, row.id))
    return [_Place(framework, row, by_id[row.lot_id], by_number[row.round]) for row in ordered]


def _status(framework: Framework) -> str:
    if framework.state is FrameworkState.TERMINATED:
        began = framework.in_force_from
        was_in_force = began is not None and began <= london_date(framework.terminated_at or framework.created_at)
        return "complete" if was_in_force else "cancelled"
    return "active" if framework.state is FrameworkState.OPEN else "complete"


def _lot(lot: FrameworkLot, framework: Framework, awards: tuple[AwardFacts, ...], term: Span) -> LotFacts:
    status = _status(framework)
    if status == "complete" and not any(str(lot.number) in award.lots for award in awards):
        status = "unsuccessful"
    return LotFacts(
        id=str(lot.number),
        title=lot.title,
        description=lot.description,
        status=status,
        contract=term,
        called_off=CALLED_OFF[lot.method],
        most_suppliers=lot.max_suppliers,
    )


def _framework(session: Session, framework: Framework, lots: Sequence[FrameworkLot]) -> FrameworkFacts:
    methods = {lot.method for lot in lots}
    entitled = entitled_buyers(framework)
    scheme_ends = framework.ends_on
    if framework.in_force_from is not None:
        scheme_ends = min(scheme_ends, years_on(framework.in_force_from, SCHEME_YEARS))
    return FrameworkFacts(
        method=CALLED_OFF[methods.pop() if len(methods) == 1 else Method.BOTH],
        buyers=_buyers(session, entitled),
        is_for_unlisted=entitled.all_state_schools or bool(entitled.classes),
        long_term_reason=framework.long_term_reason,
        is_open=framework.is_open_framework,
        scheme_ends=_end(scheme_ends) if framework.is_open_framework else None,
        levy=Decimal(framework.levy_basis_points) / 10_000,
    )


def _buyers(session: Session, entitled: EntitledBuyers) -> str:
    """Who may call off, in words (s.45(5)(f)); of many that are listed one by one, the first."""
    said = ["All state-funded schools in England and their trusts."] if entitled.all_state_schools else []
    for one in entitled.classes:
        kinds = ", ".join(kind.replace("_", " ") for kind in one.kinds) or "all state-funded schools and trusts"
        regions = ", ".join(region.replace("_", " ") for region in one.regions) or "England"
        said.append(f"Of these kinds: {kinds}; in: {regions}.")
    listed = [*entitled.trusts, *entitled.schools]
    keys = [int(one.partition(":")[2]) for one in listed[:_NAMED]]
    trusts, schools = keys[: len(entitled.trusts)], keys[len(entitled.trusts) :]
    group, school = EstablishmentGroup, Establishment
    names = [
        *session.exec(select(group.name).where(col(group.uid).in_(trusts)).order_by(col(group.uid))),
        *session.exec(select(school.name).where(col(school.urn).in_(schools)).order_by(col(school.urn))),
    ]
    if listed:
        more = f" and {len(listed) - _NAMED} more" if len(listed) > _NAMED else ""
        said.append(f"Listed by name: {', '.join(names)}{more}.")
    return " ".join(said)


def _judged(framework: Framework) -> str:
    criteria = award_criteria_of(framework)
    said = "; ".join(f"{one.code} {one.weight.normalize():f} %: {one.text}" for one in criteria)
    return said or "All that meet the conditions of participation are admitted."


def _terms(framework: Framework) -> DocumentFacts:
    return DocumentFacts(
        id=f"terms-{framework.terms_sha256[:16]}",
        kind="contractDraft",
        title="Standard terms and price mechanism",
        description=f"{framework.price_mechanism}\n\nThe standard terms have the SHA-256 {framework.terms_sha256}.",
        published_at=framework.published_at,
    )


def _amendments(rounds: Sequence[FrameworkRound]) -> tuple[AmendmentFacts, ...]:
    return tuple(
        AmendmentFacts(
            id=f"{one.number}-{place}",
            at=made.at,
            rationale=made.reason,
            description="Suppliers may apply for longer.",
        )
        for one in rounds
        for place, made in enumerate(extensions_of(one), 1)
    )


def _bidders(session: Session, framework: Framework, rounds: Sequence[FrameworkRound]) -> int | None:
    """How many suppliers applied in the rounds that were awarded, None before the first award."""
    awarded = [one.number for one in rounds if one.award_published_on is not None]
    if not awarded:
        return None
    row = FrameworkApplication
    asked = select(func.count(func.distinct(col(row.supplier_id)))).where(
        row.framework_id == framework.id, col(row.round).in_(awarded), col(row.state).not_in(_UNSENT)
    )
    return session.exec(asked).one()


def _parties(session: Session, framework: Framework, awards: tuple[AwardFacts, ...]) -> tuple[PartyFacts, ...]:
    suppliers = dict.fromkeys(key for award in awards for key in award.suppliers)
    return (
        party_of(session, framework.authority_id, ("buyer", "procuringEntity")),
        *(party_of(session, UUID(one), ("supplier", "tenderer")) for one in suppliers),
    )


def _kind(framework: Framework) -> ContractKind:
    """The kind of contract of all codes together; of different kinds, the one with the lowest threshold."""
    kinds = {subject_of(code).kind for code in framework.cpv_codes}
    return kinds.pop() if len(kinds) == 1 else ContractKind.GOODS_SERVICES


def _term(framework: Framework) -> Span:
    return Span(
        starts=start_of_day(framework.in_force_from or framework.starts_on),
        ends=_end(framework.last_on or framework.ends_on),
    )


def _start(day: date | None) -> datetime | None:
    return None if day is None else start_of_day(day)


def _end(day: date | None) -> datetime | None:
    """The last second of a day."""
    return None if day is None else start_of_day(day + _DAY) - _SECOND
