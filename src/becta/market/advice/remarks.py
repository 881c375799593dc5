"""What holds whichever route is taken: how the value was found, what schools are spared, and direct award."""

from becta.compliance.standards.entries import Certainty
from becta.kernel.money import pounds
from becta.market.advice.entries import LIGHT_TOUCH, SCHOOLS, Band, BuyerKind, Reason, Threshold
from becta.market.advice.reference import procedure_data, sources
from becta.market.advice.steps import ACT, DFE, Case


def valuation_notes(case: Case, threshold: Threshold, *, schools: int, band: Band | None) -> tuple[Reason, ...]:
    """How the value was found and held against the threshold."""
    limit = Reason(
        text=f"The threshold is {pounds(threshold.amount_pence)} with VAT for procurements that commence on this day.",
        section=threshold.section,
        certainty=sources()[threshold.source].certainty,
    )
    if case.value_pence is None:
        text = "The value cannot be estimated, so it is treated as more than the threshold."
        return limit, Reason(text=text, section=f"{ACT}Sch 3 para 5")
    notes = [
        limit,
        Reason(
            text=f"The value counts VAT, even if you recover it: {pounds(case.value_pence)}.",
            section=f"{ACT}s.123(2)",
        ),
        Reason(
            text="It is the most you could pay over the whole term, with options, extensions, fees and premiums.",
            section=f"{ACT}Sch 3 para 1",
        ),
    ]
    if schools > 1 or case.buyer is BuyerKind.TRUST:
        many = f"{schools} schools" if schools > 1 else "all the trust's schools"
        text = f"It covers {many}: what could reasonably be bought under one contract is valued together."
        notes.append(Reason(text=text, section=f"{ACT}Sch 3 para 4"))
    if band is not None:
        text = f"Without VAT it is a {band.value} value to DfE, which does not say whether VAT counts for its bands."
        notes.append(Reason(text=text, section=DFE, certainty=Certainty.GENERAL))
    text = "A purchase may not be split to stay below the threshold."
    notes.append(Reason(text=text, section=f"{ACT}s.4(3)"))
    return tuple(notes)


def general_notes(case: Case) -> tuple[Reason, ...]:
    """What else the buyer should know, whichever route it takes."""
    limits = procedure_data().deadlines
    notes: list[Reason] = []
    if case.buyer in SCHOOLS:
        text = "Your own scheme of delegation and financial rules come before DfE's bands of value."
        notes.append(Reason(text=text, section=DFE))
        text = "Schools are exempt from the rules on regulated below-threshold contracts."
        notes.append(Reason(text=text, section=f"{ACT}s.84(2)(a)"))
    elif not case.is_above:
        text = "Part 6 applies: remove barriers for small suppliers, and publish the notices for notifiable contracts."
        notes.append(Reason(text=text, section=f"{ACT}ss.84 to 87"))
    if case.buyer is BuyerKind.CENTRAL_PURCHASING_BODY:
        text = (
            "Sub-central thresholds were taken. A body that belongs to central government has lower ones: ask again "
            "with buyer=central_government."
        )
        notes.append(Reason(text=text, section=f"{ACT}Sch 1 para 5"))
    if case.is_above:
        text = f"Keep records of your decisions and of communications for {limits.records_years} years."
        notes.append(Reason(text=text, section=f"{ACT}s.98"))
    if case.kind in LIGHT_TOUCH:
        text = "A light touch contract has no minimum tendering period and no mandatory standstill."
        notes.append(Reason(text=text, section=f"{ACT}ss.51(3)(f), 54"))
    if case.value_pence is not None and case.value_pence > limits.pipeline_contract_above_pence:
        text = "A pipeline notice (UK1) names this contract if you expect to pay over £100 million in the year."
        notes.append(Reason(text=text, section=f"{ACT}s.93"))
    if case.is_above:
        text = "Look for an approved framework first: a call-off is quicker, and anybody entitled may use it."
        notes.append(Reason(text=text, section=f"{DFE}, route 1"))
    return tuple(notes)


def direct_award_notes(case: Case) -> tuple[Reason, ...]:
    """When a contract above the threshold may be awarded without competition, and what comes first; else nothing."""
    if not case.is_above:
        return ()
    grounds = procedure_data().direct_award_grounds
    first = (
        Reason(
            text="Without competition and without a framework a contract may be awarded only on one of these grounds.",
            section=f"{ACT}s.41",
        ),
        Reason(
            text="Publish a transparency notice (UK5) before such an award, unless it is for user choice.",
            section=f"{ACT}s.44",
        ),
        Reason(
            text="If a competition brought no suitable tender, you may switch to direct award.", section=f"{ACT}s.43(1)"
        ),
    )
    return (*first, *(Reason(text=one.text, section=one.section) for one in grounds))
