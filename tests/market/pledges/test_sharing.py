"""What each school pays when a saving is shared, and what follows when one leaves."""

from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.market.pledges.stakes import stake, stakes_of, tables

from becta.market.pledges.sharing import (
    POLICY_SENTENCES,
    Answer,
    Share,
    SharingPolicy,
    Stake,
    after_withdrawal,
    buying,
    share,
)
from becta.market.pledges.tiers import Tier, price_at

POLICIES = st.sampled_from(SharingPolicy)
TIERS = [Tier(from_quantity=1, unit_price_pence=200), Tier(from_quantity=100, unit_price_pence=150)]
BIG, SMALL = stake(1, 90, ceiling=200, alone=200), stake(2, 10, ceiling=200, alone=200)


@pytest.mark.parametrize(
    ("policy", "saves"),
    [
        (SharingPolicy.ONE_PRICE, [4_500, 500]),
        (SharingPolicy.BY_QUANTITY, [4_500, 500]),
        (SharingPolicy.SAME_PERCENTAGE, [4_500, 500]),
        (SharingPolicy.EQUAL_PER_SCHOOL, [3_000, 2_000]),  # the small one cannot save more than all it would pay
        (SharingPolicy.SMALL_SCHOOLS_FIRST, [4_286, 714]),  # 120 and 20 parts of 5,000
    ],
)
def test_a_saving_is_shared_as_the_policy_says(policy: SharingPolicy, saves: list[int]) -> None:
    found = share(policy, TIERS, [BIG, SMALL])

    assert [one.saves_pence for one in found.shares] == saves
    assert (found.unit_price_pence, found.quantity, found.total_pence, found.waiting) == (150, 100, 15_000, ())
    assert POLICY_SENTENCES[policy].endswith(".")


def test_whoever_would_only_buy_at_a_lower_price_waits_and_is_paid_for_by_nobody() -> None:
    found = share(SharingPolicy.BY_QUANTITY, TIERS, [BIG, SMALL, stake(3, 50, ceiling=149, alone=200)])

    assert (found.quantity, found.waiting) == (100, (UUID(int=3),))


@given(st.data(), tables(), POLICIES)
def test_nobody_pays_more_than_alone_or_its_ceiling_and_shares_sum_exactly(
    data: st.DataObject, tiers: list[Tier], policy: SharingPolicy
) -> None:
    stakes = data.draw(stakes_of(tiers))
    found = share(policy, tiers, stakes)
    by_school = {one.school: one for one in stakes}

    for one in found.shares:
        pledged = by_school[one.school]
        assert 0 <= one.pays_pence <= one.alone_pence == pledged.alone_price_pence * pledged.quantity
        assert one.pays_pence <= pledged.ceiling_price_pence * pledged.quantity
        assert one.saves_pence == one.alone_pence - one.pays_pence
    assert sum(one.pays_pence for one in found.shares) == found.total_pence == found.unit_price_pence * found.quantity
    assert {one.school for one in found.shares} | set(found.waiting) == set(by_school)


@given(st.data(), tables(), POLICIES, st.integers(0, 600))
def test_a_school_that_pledges_what_another_did_pays_the_same_to_a_penny(
    data: st.DataObject, tiers: list[Tier], policy: SharingPolicy, seed: int
) -> None:
    stakes = data.draw(stakes_of(tiers, at_most=6))
    twins = [stake(90 + n, 1 + seed % 50, ceiling=600, alone=seed) for n in range(3)]
    pays = [one.pays_pence for one in share(policy, tiers, [*stakes, *twins]).shares if one.school.int >= 90]

    assert not pays or max(pays) - min(pays) <= 1


@given(st.data(), tables(), POLICIES)
def test_the_order_in_which_schools_pledged_changes_nothing(
    data: st.DataObject, tiers: list[Tier], policy: SharingPolicy
) -> None:
    stakes = data.draw(stakes_of(tiers))

    assert share(policy, tiers, data.draw(st.permutations(stakes))) == share(policy, tiers, stakes)


@given(st.data(), tables(), POLICIES, st.integers(0, 50))
def test_when_the_price_falls_nobody_pays_a_penny_more(
    data: st.DataObject, tiers: list[Tier], policy: SharingPolicy, less: int
) -> None:
    staying, price = buying(tiers, data.draw(stakes_of(tiers)))
    cheaper = [Tier(from_quantity=1, unit_price_pence=max(price - less, 0))]
    now = [Tier(from_quantity=1, unit_price_pence=price)]
    paid = {one.school: one.pays_pence for one in share(policy, now, staying).shares}

    for one in share(policy, cheaper, staying).shares:
        assert one.pays_pence <= paid[one.school]


@given(st.data(), tables())
def test_those_who_buy_are_the_largest_group_that_agrees(data: st.DataObject, tiers: list[Tier]) -> None:
    stakes = data.draw(stakes_of(tiers, at_most=5))
    found, price = buying(tiers, stakes)
    agreeing = [
        group
        for mask in range(1 << len(stakes))
        if (group := [one for place, one in enumerate(stakes) if mask >> place & 1])
        and all(one.limit_pence >= _price(tiers, group) for one in group)
    ]

    assert all(one.limit_pence >= price for one in found)
    assert len(found) == max((len(group) for group in agreeing), default=0)
    assert all({one.school for one in group} <= {one.school for one in found} for group in agreeing)


@given(st.data(), tables())
def test_whoever_joins_lets_nobody_drop_out_and_makes_it_no_dearer(data: st.DataObject, tiers: list[Tier]) -> None:
    stakes = data.draw(stakes_of(tiers))
    joining = data.draw(stakes_of(tiers, at_most=1))
    before, price_before = buying(tiers, stakes)
    after, price_after = buying(
        tiers, [*stakes, *(msgspec.structs.replace(one, school=UUID(int=99)) for one in joining)]
    )

    assert price_after <= price_before or not before
    assert {one.school for one in before} <= {one.school for one in after}


LEAVING = stake(1, 60, ceiling=200, alone=200)
STAYING = stake(2, 40, ceiling=200, alone=200)
CAREFUL = stake(3, 20, ceiling=160, alone=200)


def test_a_withdrawal_that_takes_the_tier_away_asks_only_those_it_lifts_above_their_ceiling() -> None:
    found = after_withdrawal(SharingPolicy.ONE_PRICE, TIERS, [LEAVING, STAYING, CAREFUL], {LEAVING.school})

    assert (found.price_before_pence, found.price_after_pence, found.is_settled) == (150, 200, False)
    [asked] = found.questions
    assert (asked.school, asked.ceiling_price_pence, asked.new_price_pence) == (CAREFUL.school, 160, 200)
    assert asked.if_stays == "the school's ceiling becomes £2.00 and it stays, at that price or below"
    assert [(one.school, one.pays_pence) for one in found.sharing.shares] == [(STAYING.school, 8_000)]


@pytest.mark.parametrize(
    ("answer", "pays"),
    [((Answer.STAYS, 200), {2: 8_000, 3: 4_000}), ((Answer.LEAVES, 200), {2: 8_000})],
)
def test_each_answer_settles_it(answer: tuple[Answer, int], pays: dict[int, int]) -> None:
    stakes = [LEAVING, STAYING, CAREFUL]
    found = after_withdrawal(SharingPolicy.ONE_PRICE, TIERS, stakes, {LEAVING.school}, {CAREFUL.school: answer})

    assert found.is_settled
    assert {one.school.int: one.pays_pence for one in found.sharing.shares} == pays


def test_one_who_leaves_when_asked_raises_the_question_for_one_who_stayed_at_a_lower_price() -> None:
    tiers = [*TIERS, Tier(from_quantity=160, unit_price_pence=120)]
    first, second = stake(3, 50, ceiling=130, alone=200), stake(4, 50, ceiling=130, alone=200)
    stakes = [LEAVING, STAYING, first, second]

    asked = after_withdrawal(SharingPolicy.ONE_PRICE, tiers, stakes, {LEAVING.school})
    assert [(one.school, one.new_price_pence) for one in asked.questions] == [(first.school, 150), (second.school, 150)]
    answers = {first.school: (Answer.STAYS, 150), second.school: (Answer.LEAVES, 150)}
    again = after_withdrawal(SharingPolicy.ONE_PRICE, tiers, stakes, {LEAVING.school}, answers)
    assert [(one.school, one.ceiling_price_pence, one.new_price_pence) for one in again.questions] == [
        (first.school, 150, 200)
    ]


def test_one_who_is_cheaper_alone_is_let_go_without_a_question() -> None:
    cheap = stake(3, 20, ceiling=200, alone=170)
    found = after_withdrawal(SharingPolicy.ONE_PRICE, TIERS, [LEAVING, STAYING, cheap], {LEAVING.school})

    assert (found.released, found.questions) == ((cheap.school,), ())


@given(st.data(), tables(), POLICIES)
def test_no_withdrawal_makes_a_stayer_pay_above_its_ceiling_unless_it_said_yes(
    data: st.DataObject, tiers: list[Tier], policy: SharingPolicy
) -> None:
    stakes = data.draw(stakes_of(tiers))
    staying, _ = buying(tiers, stakes)
    by_school = {one.school: one for one in staying}
    if not staying:
        return
    leaving = {data.draw(st.sampled_from(staying)).school}
    answers: dict[UUID, tuple[Answer, int]] = {}
    rounds = 0
    while not (found := after_withdrawal(policy, tiers, stakes, leaving, answers)).is_settled:
        rounds += 1
        assert rounds <= 2 * len(stakes) * len(tiers)
        _nobody_pays_unasked(found.sharing.shares, by_school, answers)
        asked = data.draw(st.sampled_from(found.questions))
        assert asked.new_price_pence > asked.ceiling_price_pence
        answers[asked.school] = (data.draw(st.sampled_from(Answer)), asked.new_price_pence)
    _nobody_pays_unasked(found.sharing.shares, by_school, answers)
    stayed = {school for school, (answer, _) in answers.items() if answer is Answer.STAYS} - set(found.released)
    assert stayed <= {one.school for one in found.sharing.shares}


def _nobody_pays_unasked(
    shares: tuple[Share, ...], by_school: dict[UUID, Stake], answers: dict[UUID, tuple[Answer, int]]
) -> None:
    for one in shares:
        pledged = by_school[one.school]
        said, price = answers.get(pledged.school, (Answer.LEAVES, 0))
        ceiling = max(pledged.ceiling_price_pence, price if said is Answer.STAYS else 0)
        assert one.pays_pence <= min(ceiling, pledged.alone_price_pence) * pledged.quantity


def _price(tiers: list[Tier], group: list[Stake]) -> int:
    return price_at(tiers, sum(one.quantity for one in group))
