"""What the rules of frameworks say of terms, places, entitlement, declarations, levies and awards."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.market.frameworks.conftest import terms

from becta.catalogue.offers.rules import Region
from becta.kernel.clock import add_months
from becta.kernel.errors import Conflict
from becta.market.frameworks.declarations import (
    Answer,
    AnswerRule,
    Effect,
    Question,
    Verdict,
    answer_faults,
    assess_declaration,
    grounds_on,
    question_about,
)
from becta.market.frameworks.entitlement import Buyer, BuyerClass, BuyerKind, EntitledBuyers, is_entitled
from becta.market.frameworks.faults import term_faults
from becta.market.frameworks.rules import (
    APPLICATION_MOVES,
    FRAMEWORK_MOVES,
    ApplicationState,
    Dates,
    FrameworkState,
    Lot,
    Method,
    Standing,
    check_application_move,
    check_framework_move,
    last_day,
    levy_pence,
    may_compete,
    may_direct_award,
    next_award_by,
    standing,
    years_on,
)
from becta.market.frameworks.scoring import (
    Assessment,
    AwardCriterion,
    ReferredJudgement,
    Score,
    outcome_of,
    places,
    total_of,
)
from becta.market.frameworks.terms import FrameworkTerms

DAYS = st.dates(date(2025, 2, 24), date(2060, 1, 1))
BUYERS = st.builds(
    Buyer,
    reference=st.sampled_from(["urn:100001", "trust:2044"]),
    name=st.just("Larch Lane"),
    kind=st.none() | st.sampled_from(BuyerKind),
    regions=st.frozensets(st.sampled_from(Region), max_size=2),
    trust=st.none() | st.just("trust:2044"),
    is_open=st.booleans(),
)
ENTITLED = st.builds(
    EntitledBuyers,
    all_state_schools=st.booleans(),
    trusts=st.sampled_from([(), ("trust:2044",), ("trust:1",)]),
    schools=st.sampled_from([(), ("urn:100001",)]),
    classes=st.lists(
        st.builds(
            BuyerClass,
            kinds=st.lists(st.sampled_from(BuyerKind), max_size=2).map(tuple),
            regions=st.lists(st.sampled_from(Region), max_size=2).map(tuple),
        ),
        max_size=2,
    ).map(tuple),
)


SENT: dict[str, Any] = {**terms(), "starts_on": date(2026, 12, 1), "ends_on": date(2030, 11, 30)}


@given(ENTITLED, ENTITLED, BUYERS)
def test_naming_more_buyers_shuts_nobody_out(some: EntitledBuyers, more: EntitledBuyers, buyer: Buyer) -> None:
    both = EntitledBuyers(
        all_state_schools=some.all_state_schools or more.all_state_schools,
        trusts=some.trusts + more.trusts,
        schools=some.schools + more.schools,
        classes=some.classes + more.classes,
    )

    assert is_entitled(both, buyer) is (is_entitled(some, buyer) or is_entitled(more, buyer))


@given(ENTITLED, BUYERS)
def test_a_buyer_that_closed_or_that_nothing_is_known_of_is_entitled_only_by_name(
    entitled: EntitledBuyers, buyer: Buyer
) -> None:
    if not buyer.is_open or (buyer.kind is None and not entitled.schools and not entitled.trusts):
        assert not is_entitled(entitled, buyer)


def test_a_trust_is_of_a_region_only_with_all_its_schools() -> None:
    london = EntitledBuyers(classes=(BuyerClass(regions=(Region.LONDON,)),))
    trust = {"reference": "trust:1", "name": "A", "kind": BuyerKind.ACADEMY_TRUST}

    assert is_entitled(london, Buyer(**trust, regions=frozenset({Region.LONDON})))
    assert not is_entitled(london, Buyer(**trust, regions=frozenset({Region.LONDON, Region.EAST})))
    assert not is_entitled(london, Buyer(**trust, regions=frozenset()))


@given(st.integers(0, 10**13), st.integers(0, 1_000))
def test_a_levy_is_the_nearest_penny_and_half_a_penny_goes_up(value: int, basis_points: int) -> None:
    levy = levy_pence(value, Lot(number=1, method=Method.BOTH, levy_basis_points=basis_points))

    assert levy == (value * basis_points * 2 + 10_000) // 20_000


@given(st.sampled_from(Method), st.integers(0, 9), st.booleans(), st.booleans(), st.booleans())
def test_award_without_competition_needs_one_supplier_or_core_terms_and_a_mechanism(
    method: Method, suppliers: int, has_terms: bool, has_mechanism: bool, is_light_touch: bool
) -> None:
    lot = Lot(
        number=1,
        method=method,
        core_terms="Terms" if has_terms else " ",
        mechanism="Lowest price" if has_mechanism else "",
        is_light_touch=is_light_touch,
    )
    ruling = may_direct_award(lot, suppliers)

    is_set_out = has_terms and has_mechanism
    lawful = suppliers == 1 or is_set_out or is_light_touch
    assert ruling.is_allowed is (suppliers > 0 and method is not Method.FURTHER_COMPETITION and lawful)
    assert may_compete(lot, suppliers).is_allowed is (suppliers > 0 and method is not Method.DIRECT_AWARD)
    assert ruling.section.startswith("s.45")


@given(DAYS, DAYS, st.integers(0, 4_000), st.integers(1, 5))
def test_an_open_framework_ends_within_eight_years_of_its_first_award_and_four_with_a_single_supplier(
    ends_on: date, first: date, later: int, suppliers: int
) -> None:
    awarded = first + timedelta(days=later)
    ends = last_day(ends_on, is_open_framework=True, first_awarded_on=first, awarded_on=awarded, suppliers=suppliers)

    assert ends <= ends_on
    assert ends < add_months(first, 96)
    if suppliers == 1:
        assert ends < years_on(awarded, 4)
    closed = last_day(ends_on, is_open_framework=False, first_awarded_on=first, awarded_on=awarded, suppliers=suppliers)
    assert closed == ends_on


@given(DAYS, st.integers(0, 4_000), st.booleans(), st.booleans(), st.booleans())
def test_a_framework_is_let_for_four_years_or_with_reasons_and_an_open_one_for_eight(
    starts_on: date, days: int, is_open: bool, is_light_touch: bool, has_reason: bool
) -> None:
    said = {**SENT, "starts_on": starts_on, "ends_on": starts_on + timedelta(days=days)}
    said |= {"is_open_framework": is_open, "is_light_touch": is_light_touch}
    reason = "The network takes ten years to pay for" if has_reason else None
    faults = term_faults(msgspec.convert({**said, "long_term_reason": reason}, FrameworkTerms))

    within = said["ends_on"] < add_months(starts_on, 96 if is_open else 48)
    assert (faults == []) is (within or (not is_open and (is_light_touch or has_reason)))


def test_an_open_framework_awards_again_within_three_years_and_then_five() -> None:
    first, second, last = date(2026, 12, 3), date(2028, 3, 1), date(2034, 12, 2)

    assert next_award_by([first], last) == date(2029, 12, 2)
    assert next_award_by([first, second], last) == date(2033, 2, 28)
    assert next_award_by([first, second, date(2031, 1, 1)], last) is None
    assert next_award_by([first], date(2029, 12, 2)) is None
    assert next_award_by([], last) is None


AWARDED = Dates(
    closes_at=datetime(2026, 11, 11, 9, tzinfo=UTC),
    standstill_ends_on=date(2026, 12, 2),
    in_force_from=date(2026, 12, 10),
    last_on=date(2030, 12, 9),
)


@pytest.mark.parametrize(
    ("at", "where"),
    [
        ("2026-12-02T23:59:59", Standing.STANDSTILL),
        ("2026-12-03T00:00:00", Standing.AWAITING_START),
        ("2026-12-10T00:00:00", Standing.IN_FORCE),
        ("2030-12-09T23:59:59", Standing.IN_FORCE),
        ("2030-12-10T00:00:00", Standing.EXPIRED),
    ],
)
def test_where_an_awarded_framework_stands_follows_from_the_day(at: str, where: Standing) -> None:
    now = datetime.fromisoformat(at).replace(tzinfo=UTC)

    assert standing(FrameworkState.AWARDED, AWARDED, now=now) is where
    assert standing(FrameworkState.OPEN, AWARDED, now=now) is where  # opened again
    assert standing(FrameworkState.TERMINATED, AWARDED, now=now) is Standing.TERMINATED


ANSWERS = tuple(AnswerRule(code=effect, text=effect, effect=effect) for effect in Effect)
GIVEN = st.lists(st.sampled_from([*Effect, None]), max_size=8)


@given(GIVEN)
def test_the_strictest_answer_decides_and_an_open_question_fails(given_: list[Effect | None]) -> None:
    questions = [Question(code=str(n), text="Is it so?", answers=ANSWERS) for n in range(len(given_))]
    answers = [Answer(question=str(n), answer=one) for n, one in enumerate(given_) if one is not None]
    verdict = assess_declaration(questions, answers)

    effects = [Effect.FAIL if one is None else one for one in given_]
    assert verdict.effect is max(effects, key=list(Effect).index, default=Effect.PASS)
    assert [finding.effect for finding in verdict.findings] == [one for one in effects if one is not Effect.PASS]


def test_a_mandatory_ground_fails_and_a_discretionary_one_goes_to_a_person() -> None:
    day = date(2026, 11, 26)
    effects = {one.schedule: {a.code: a.effect for a in question_about(one).answers} for one in grounds_on(day)}

    assert effects[6] == {"no": Effect.PASS, "put_right": Effect.REFER, "yes": Effect.FAIL}
    assert effects[7] == {"no": Effect.PASS, "put_right": Effect.REFER, "yes": Effect.REFER}
    assert grounds_on(date(2025, 2, 23)) == ()


def test_what_goes_to_a_person_needs_an_explanation() -> None:
    asked = [Question(code="a", text="Is it so?", answers=ANSWERS)]

    [fault] = answer_faults(asked, [Answer(question="a", answer="refer")])
    assert (fault.field, fault.problem) == ("answers.0.explanation", "is empty")
    assert answer_faults(asked, [Answer(question="a", answer="fail")]) == []
    twice = answer_faults(asked, [Answer(question="a", answer="pass"), Answer(question="a", answer="no such")])
    assert [fault.field for fault in twice] == ["answers.1.answer", "answers.1.question"]


@given(st.dictionaries(st.uuids(), st.decimals(0, 100, places=2), max_size=8), st.none() | st.integers(1, 8))
def test_places_follow_the_totals_and_only_those_level_at_the_last_one_exceed_the_limit(
    totals: dict[UUID, Decimal], limit: int | None
) -> None:
    found = places(totals, limit)

    assert found.keys() == totals.keys()
    for one, other in product(totals, totals):
        assert (found[one].rank < found[other].rank) is (totals[one] > totals[other])
        assert found[one].is_awarded or not found[other].is_awarded or totals[one] < totals[other]
    taken = [one for one in found.values() if one.is_awarded]
    assert len(taken) >= min(len(totals), limit or len(totals))
    if limit is not None and len(taken) > limit:
        assert sum(one.rank < max(t.rank for t in taken) for one in taken) < limit


SCORES = st.lists(st.integers(0, 50).map(lambda tenths: Decimal(tenths) / 10), min_size=2, max_size=2)


@given(SCORES, st.integers(1, 99))
def test_a_total_is_exact_and_full_marks_are_a_hundred(scores: list[Decimal], weight: int) -> None:
    award = [
        AwardCriterion(code="a", text="First", weight=Decimal(weight)),
        AwardCriterion(code="b", text="Second", weight=Decimal(100 - weight)),
    ]
    given_ = [Score(criterion=one.code, score=score, reason="So") for one, score in zip(award, scores, strict=True)]

    assert total_of(award, given_) * 5 == weight * scores[0] + (100 - weight) * scores[1]
    assert total_of(award, [Score(criterion=one.code, score=Decimal(5), reason="So") for one in award]) == 100


def test_an_answer_that_is_not_accepted_keeps_an_application_out() -> None:
    verdict = Verdict(effect=Effect.REFER, findings=())
    judged = Assessment(referred=(ReferredJudgement(question="tax", is_accepted=False, reason="It may recur"),))

    outcome = outcome_of([], verdict, judged)
    assert (outcome.is_admitted, outcome.reasons) == (False, ("tax is not accepted: It may recur",))


@pytest.mark.parametrize("current", FrameworkState)
def test_a_framework_makes_a_move_exactly_when_the_table_holds_it(current: FrameworkState) -> None:
    for wanted in FrameworkState:
        if wanted in FRAMEWORK_MOVES[current]:
            check_framework_move(current, wanted)
        else:
            with pytest.raises(Conflict, match=f"the framework is {current}, so it cannot become {wanted}"):
                check_framework_move(current, wanted)


@pytest.mark.parametrize("current", ApplicationState)
def test_an_application_makes_a_move_exactly_when_the_table_holds_it(current: ApplicationState) -> None:
    for wanted in ApplicationState:
        if wanted in APPLICATION_MOVES[current]:
            check_application_move(current, wanted)
        else:
            with pytest.raises(Conflict, match=f"the application is {current}, so it cannot become {wanted}"):
                check_application_move(current, wanted)
