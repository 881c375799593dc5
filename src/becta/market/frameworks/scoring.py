"""How applications are assessed: conditions met or not, award criteria scored, places by weighted total.

Scores are out of five and totals out of a hundred, exact decimals. Procurement Act 2023 ss.19, 22 and 23.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from msgspec import Struct

from becta.catalogue.text_rules import text_faults
from becta.kernel.errors import Fault
from becta.market.frameworks.declarations import Effect, Verdict

MAX_SCORE = 5
_STEP = Decimal("0.1")


class SelectionCriterion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A condition of participation (s.22): met or not."""

    code: str
    text: str


class AwardCriterion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What tenders are scored on (s.23): its weight in per cent, and the least score that is admitted."""

    code: str
    text: str
    weight: Decimal
    minimum: Decimal = Decimal(0)


class ReferredJudgement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person makes of an answer that was referred, and why."""

    question: str
    is_accepted: bool
    reason: str


class SelectionJudgement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether a condition of participation is met, and why."""

    criterion: str
    is_met: bool
    reason: str


class Score(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A score out of five with at most one decimal place, and why."""

    criterion: str
    score: Decimal
    reason: str


class Assessment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything a person judged of an application, each with its reason."""

    referred: tuple[ReferredJudgement, ...] = ()
    selection: tuple[SelectionJudgement, ...] = ()
    scores: tuple[Score, ...] = ()


class Outcome(Struct, frozen=True, kw_only=True):
    """Whether an application is admitted, its total, and if not, every reason."""

    is_admitted: bool
    total: Decimal
    reasons: tuple[str, ...]


class Place(Struct, frozen=True, kw_only=True):
    """Where an application came among those admitted to its lot, and whether the lot takes it."""

    rank: int
    is_awarded: bool
    sentence: str


def needs_person(selection: Sequence[SelectionCriterion], award: Sequence[AwardCriterion], verdict: Verdict) -> bool:
    """Whether there is anything that only a person can judge."""
    return bool(selection or award or verdict.effect is Effect.REFER)


def assessment_faults(
    selection: Sequence[SelectionCriterion], award: Sequence[AwardCriterion], verdict: Verdict, given: Assessment
) -> list[Fault]:
    """What is missing from an assessment, is in it twice or does not belong, and scores that cannot be given."""
    referred = [one.question for one in verdict.findings if one.effect is Effect.REFER]
    faults = _all_judged("referred", referred, [one.question for one in given.referred])
    faults += _all_judged("selection", [one.code for one in selection], [one.criterion for one in given.selection])
    faults += _all_judged("scores", [one.code for one in award], [one.criterion for one in given.scores])
    reasons = {
        "referred": [one.reason for one in given.referred],
        "selection": [one.reason for one in given.selection],
        "scores": [one.reason for one in given.scores],
    }
    for field, texts in reasons.items():
        for place, text in enumerate(texts):
            faults += text_faults(f"{field}.{place}.reason", text, at_least=3, at_most=5_000)
    for place, score in enumerate(given.scores):
        if not is_score(score.score):
            mend = f"give 0 to {MAX_SCORE} with at most one decimal place"
            faults.append(
                Fault(field=f"scores.{place}.score", problem="is not a score", mend=mend, value=str(score.score))
            )
    return faults


def is_score(score: Decimal) -> bool:
    """Whether a score can be given: nought to five in steps of a tenth."""
    return score.is_finite() and 0 <= score <= MAX_SCORE and score % _STEP == 0


def total_of(award: Sequence[AwardCriterion], scores: Sequence[Score]) -> Decimal:
    """The weighted total out of a hundred; a criterion without a score counts nothing."""
    given = {one.criterion: one.score for one in scores}
    return sum((one.weight * given.get(one.code, Decimal(0)) / MAX_SCORE for one in award), Decimal(0))


def outcome_of(award: Sequence[AwardCriterion], verdict: Verdict, given: Assessment) -> Outcome:
    """What follows from an assessment: nobody chooses it, so that it can be followed by anybody."""
    scores = {one.criterion: one.score for one in given.scores}
    reasons = [one.sentence for one in verdict.findings if one.effect is Effect.FAIL]
    reasons += [f"{one.question} is not accepted: {one.reason}" for one in given.referred if not one.is_accepted]
    reasons += [f"{one.criterion} is not met: {one.reason}" for one in given.selection if not one.is_met]
    reasons += [
        f"{one.code} scores {scores[one.code]}, below the minimum of {one.minimum}"
        for one in award
        if one.code in scores and scores[one.code] < one.minimum
    ]
    return Outcome(is_admitted=not reasons, total=total_of(award, given.scores), reasons=tuple(reasons))


def places(totals: Mapping[UUID, Decimal], limit: int | None) -> dict[UUID, Place]:
    """Where each stands, the highest total first; those level at the last place are all taken. No limit takes all."""
    found = {}
    for one, total in totals.items():
        rank = 1 + sum(other > total for other in totals.values())
        is_awarded = limit is None or rank <= limit
        room = "takes all that are admitted" if limit is None else f"takes {limit}"
        said = f"{total.normalize():f} of 100, place {rank} of {len(totals)}; the lot {room}"
        found[one] = Place(rank=rank, is_awarded=is_awarded, sentence=said)
    return found


def _all_judged(field: str, wanted: Sequence[str], given: Sequence[str]) -> list[Fault]:
    faults = []
    for place, code in enumerate(given):
        if code not in wanted:
            problem, mend = "is not to be judged here", f"judge {', '.join(wanted) or 'nothing'}"
            faults.append(Fault(field=f"{field}.{place}", problem=problem, mend=mend, value=code[:80]))
        elif code in given[:place]:
            faults.append(Fault(field=f"{field}.{place}", problem="is judged twice", mend="judge it once", value=code))
    faults += [
        Fault(field=field, problem=f"say nothing of {code}", mend="judge every one", value=code)
        for code in wanted
        if code not in given
    ]
    return faults
