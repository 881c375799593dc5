"""How our own words are said in OCDS: routes, states and steps, and how bids are judged."""

from collections.abc import Mapping, Set

from becta.market.frameworks.rules import Method
from becta.market.frameworks.steps import Step as FrameworkStep
from becta.market.ocds.notices import Occasion
from becta.market.procurements.states import ProcurementState
from becta.market.procurements.telling import Step
from becta.market.procurements.terms import MOVING_SENTENCE, CriterionKind, LotTerms, Route

METHODS: Mapping[Route, tuple[str, str]] = {
    Route.OPEN_PROCEDURE: ("open", "Open procedure (Procurement Act 2023 s.20(2)(a))"),
    Route.COMPETITIVE_FLEXIBLE: ("selective", "Competitive flexible procedure (Procurement Act 2023 s.20(2)(b))"),
    Route.FRAMEWORK_FURTHER_COMPETITION: (
        "selective",
        "Call-off from a framework with competitive selection (Procurement Act 2023 s.46)",
    ),
    Route.FRAMEWORK_DIRECT_AWARD: (
        "direct",
        "Call-off from a framework without competition (Procurement Act 2023 s.45(4))",
    ),
    Route.THREE_QUOTES: ("limited", "Quotes from suppliers that were asked, below the threshold"),
}
"""The code of `procurementMethod` and its details."""
CALLED_OFF: Mapping[Method, str] = {
    Method.DIRECT_AWARD: "withoutReopeningCompetition",
    Method.FURTHER_COMPETITION: "withReopeningCompetition",
    Method.BOTH: "withAndWithoutReopeningCompetition",
}
"""The code of `frameworkAgreementMethod`."""
COMPETED = frozenset({Route.FRAMEWORK_FURTHER_COMPETITION, Route.OPEN_PROCEDURE, Route.COMPETITIVE_FLEXIBLE})

_S = ProcurementState
TENDER_STATUS: Mapping[ProcurementState, str] = {
    _S.DRAFT: "planning",
    _S.GATHERING: "planning",
    _S.TENDERING: "active",
    _S.OPENED: "active",
    _S.DECIDED: "active",
    _S.STANDSTILL: "complete",
    _S.SUSPENDED: "complete",
    _S.CONTRACTED: "complete",
    _S.TERMINATED: "cancelled",
}
"""The code of `tender/status` by state; a decided one is `complete` once its award is public."""

OCCASIONS: Mapping[Step, Occasion] = {
    Step.MARKET_ENGAGED: Occasion.ENGAGED,
    Step.GATHERING: Occasion.PLANNED,
    Step.ADVERTISED: Occasion.INVITED,
    Step.AMENDED: Occasion.INVITATION_CHANGED,
    Step.AWARD_PUBLISHED: Occasion.AWARDED,
    Step.STANDSTILL: Occasion.AWARDED,
    Step.CONTRACTED: Occasion.CONTRACTED,
    Step.CONTRACT_MODIFIED: Occasion.MODIFIED,
    Step.CONTRACT_ENDED: Occasion.ENDED,
    Step.TERMINATED: Occasion.GIVEN_UP,
}
"""What a step is an occasion for; other steps call for no notice."""
FRAMEWORK_OCCASIONS: Mapping[FrameworkStep, Occasion] = {
    FrameworkStep.PUBLISHED: Occasion.INVITED,
    FrameworkStep.EXTENDED: Occasion.INVITATION_CHANGED,
    FrameworkStep.REOPENED: Occasion.INVITED,
    FrameworkStep.AWARDED: Occasion.AWARDED,
    FrameworkStep.IN_FORCE: Occasion.CONTRACTED,
    FrameworkStep.EXPIRED: Occasion.ENDED,
}
"""The same for frameworks; one that is terminated ended if it was in force, else it was given up."""
_TAGS: Mapping[Step, str] = {
    Step.ADVERTISED: "tender",
    Step.CLARIFIED: "tenderUpdate",
    Step.AMENDED: "tenderAmendment",
    Step.OPENED: "tenderUpdate",
    Step.SUSPENDED: "awardUpdate",
    Step.RESUMED: "awardUpdate",
    Step.CONTRACT_MODIFIED: "contractAmendment",
    Step.CONTRACT_ENDED: "contractTermination",
}
_PLANNING = frozenset({Step.MARKET_ENGAGED, Step.GATHERING})
PUBLIC = frozenset(
    {
        *_TAGS,
        *_PLANNING,
        Step.AWARD_PUBLISHED,
        Step.STANDSTILL,
        Step.CONTRACTED,
        Step.RECONSIDERED,
        Step.TERMINATED,
    }
)
"""Steps that the public may hear of."""
_FRAMEWORK_TAGS: Mapping[FrameworkStep, tuple[str, ...]] = {
    FrameworkStep.PUBLISHED: ("tender",),
    FrameworkStep.EXTENDED: ("tenderAmendment",),
    FrameworkStep.REOPENED: ("tenderUpdate",),
    FrameworkStep.IN_FORCE: ("awardUpdate", "contract"),
    FrameworkStep.EXPIRED: ("contractTermination",),
}
_PLACES = frozenset(
    {FrameworkStep.SUPPLIER_SUSPENDED, FrameworkStep.SUPPLIER_REINSTATED, FrameworkStep.SUPPLIER_REMOVED}
)
_SERVICES, _WORKS = 50, 45


def tags(step: Step, *, is_published: bool, told: Set[str], awards: Set[str]) -> tuple[str, ...]:
    """The tags of the release that a step makes, none for a step that is not public.

    `told` are the awards that earlier releases told of, `awards` those that stand now.
    """
    match step:
        case _ if step in _PLANNING:
            return ("planningUpdate",) if is_published else ("planning",)
        case Step.AWARD_PUBLISHED | Step.STANDSTILL:
            return ("award",) if awards - told else ("awardUpdate",)
        case Step.CONTRACTED:
            return ("award" if awards - told else "awardUpdate", "contract")
        case Step.RECONSIDERED:
            return ("awardCancellation",) if told else ()
        case Step.TERMINATED:
            return ("tenderCancellation",) if is_published else ()
        case _:
            return (_TAGS[step],) if step in _TAGS else ()


def framework_tags(step: FrameworkStep, *, told: Set[str], awards: Set[str], is_in_force: bool) -> tuple[str, ...]:
    """The tags of the release that a step of a framework makes, none for a step that is not public.

    `is_in_force`: contracts were entered into. The rest as in `tags`.
    """
    if step is FrameworkStep.AWARDED:
        return ("award",) if awards - told else ("awardUpdate",)
    if step in _PLACES:
        return ("awardUpdate", "contractUpdate") if is_in_force else ("awardUpdate",)
    if step is FrameworkStep.TERMINATED:
        if is_in_force:
            return ("contractTermination",)
        return ("awardCancellation", "tenderCancellation") if told else ("tenderCancellation",)
    return _FRAMEWORK_TAGS.get(step, ())


def category_of(cpv: str) -> str:
    """The code of `mainProcurementCategory`: division 45 of the CPV is works, from 50 on services, the rest goods."""
    division = int(cpv[:2])
    return "works" if division == _WORKS else "services" if division >= _SERVICES else "goods"


def judged(terms: LotTerms, *, may_grow: bool) -> str:
    """How bids for a lot are judged, as published (s.23): weights in per cent, what must be met, and the formula.

    `may_grow`: schools may come to it from other lots.
    """
    weights = [f"{one.title} {one.weight} %" for one in terms.criteria if one.kind is CriterionKind.QUALITY]
    must = [one.title for one in terms.criteria if one.kind is CriterionKind.PASS_FAIL] + list(terms.badges)
    formula = terms.price_formula.value.replace("_", " ")
    said = "; ".join([f"price {terms.price_weight} % ({formula} formula)", *weights])
    said = f"{said}; to be met: {', '.join(must)}." if must else f"{said}."
    return f"{said} {MOVING_SENTENCE}" if may_grow else said
