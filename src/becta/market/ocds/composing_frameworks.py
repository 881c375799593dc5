"""The public facts of a framework, read from its rows as they are at a step.

No application is told of before its round is awarded, and then only those that won a place; no person, and no reason
why a supplier was suspended, why one was taken off a lot, or why the framework ended.
"""

from collections.abc import Sequence, Set
from datetime import datetime
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
from becta.market.ocds.places import last_instant, places_of
from becta.market.ocds.words import CALLED_OFF, category_of
from becta.market.organisations.models import Establishment, EstablishmentGroup

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
    places = places_of(session, framework, lots, rounds)
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
        scheme_ends=last_instant(scheme_ends) if framework.is_open_framework else None,
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
        ends=last_instant(framework.last_on or framework.ends_on),
    )
