"""How what is saved together is shared: named policies, published before anybody pledges. Amounts are pence ex VAT.

Whoever's ceiling or price alone lies below the price reached does not buy, so the others never pay for them.
Each policy shares the saving, what all would pay alone less what they pay together, and every school then pays its
price alone less its part. Whole pence are handed out by highest quotients (D'Hondt), which keeps every sum exact and
never takes a penny back from anybody when there is more to share.
"""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from fractions import Fraction
from heapq import heapify, heappop, heappush
from math import inf
from typing import Protocol, TypeVar
from uuid import UUID

from msgspec import Struct, structs

from becta.kernel.money import pounds
from becta.market.pledges.tiers import Tier, price_at, price_for

FIRST_UNITS = 30
"""How many of each school's units count double under `small_schools_first`: about one class."""


class SharingPolicy(StrEnum):
    """The ways of sharing a saving."""

    ONE_PRICE = "one_price"
    BY_QUANTITY = "by_quantity"
    SAME_PERCENTAGE = "same_percentage"
    EQUAL_PER_SCHOOL = "equal_per_school"
    SMALL_SCHOOLS_FIRST = "small_schools_first"


POLICY_SENTENCES: Mapping[SharingPolicy, str] = {
    SharingPolicy.ONE_PRICE: "Every school pays the price of the tier reached together.",
    SharingPolicy.BY_QUANTITY: "Every school saves the same on each unit, against what it would pay alone.",
    SharingPolicy.SAME_PERCENTAGE: "Every school saves the same percentage of what it would pay alone.",
    SharingPolicy.EQUAL_PER_SCHOOL: "The saving is shared equally between the schools, whatever they buy.",
    SharingPolicy.SMALL_SCHOOLS_FIRST: (
        f"The saving is shared by units, and the first {FIRST_UNITS} of every school count double,"
        " so a small school saves up to twice as much on each unit as a large one."
    ),
}
"""Each policy in a sentence, to publish before anybody pledges."""
BOUNDS_SENTENCE = (
    "Under every policy a school pays no more than alone, nothing above its own ceiling, and not less than nothing."
)
"""What holds besides, whichever policy is named."""


class Stake(Struct, frozen=True, kw_only=True):
    """What a school pledged: so many, at most so much for one, and what one would cost it alone."""

    school: UUID
    quantity: int
    ceiling_price_pence: int
    alone_price_pence: int

    @property
    def limit_pence(self) -> int:
        """The most it can be asked to pay for one: no more than its ceiling, nor than alone."""
        return min(self.ceiling_price_pence, self.alone_price_pence)


class Share(Struct, frozen=True, kw_only=True):
    """What a school pays for all its units, what it would pay alone, and the difference."""

    school: UUID
    quantity: int
    pays_pence: int
    alone_pence: int
    saves_pence: int


class Sharing(Struct, frozen=True, kw_only=True):
    """The shares at the price reached; they sum to `total_pence`. `waiting` do not buy unless the price falls."""

    policy: SharingPolicy
    unit_price_pence: int
    quantity: int
    total_pence: int
    shares: tuple[Share, ...]
    waiting: tuple[UUID, ...]


class Wish(Protocol):
    """So many of a thing at no more than a limit (pence for one; None is no limit)."""

    @property
    def quantity(self) -> int:
        """How many."""

    @property
    def limit_pence(self) -> int | None:
        """The most that one may cost."""


W = TypeVar("W", bound=Wish)


def largest_group(tiers: Sequence[Tier], wishes: Sequence[W], *, beside: int = 0) -> tuple[list[W], int | None]:
    """Who buys, in the order given, and the price for one that they reach: the largest group within all its limits.

    `beside` are bought anyway and count on the tiers. The price is None where no tier is reached. There is one such
    largest group: whoever can buy in one group can in any that reaches a price as low.
    """
    staying = sorted(range(len(wishes)), key=lambda place: _limit(wishes[place]), reverse=True)
    quantity = beside + sum(one.quantity for one in wishes)
    while staying and ((price := price_for(tiers, quantity)) is None or _limit(wishes[staying[-1]]) < price):
        quantity -= wishes[staying.pop()].quantity
    return [wishes[place] for place in sorted(staying)], price_for(tiers, quantity)


def _limit(wish: Wish) -> float:
    return inf if wish.limit_pence is None else wish.limit_pence


def buying(tiers: Sequence[Tier], stakes: Sequence[Stake]) -> tuple[list[Stake], int]:
    """Who buys by a table that starts at 1, by school, and the price for one that they reach, for none its first."""
    group, price = largest_group(tiers, stakes)
    by_school = sorted(group, key=lambda stake: stake.school)
    return by_school, tiers[0].unit_price_pence if price is None else price


def share(policy: SharingPolicy, tiers: Sequence[Tier], stakes: Sequence[Stake]) -> Sharing:
    """What each school pays under a policy at the price that those who buy reach together."""
    staying, price = buying(tiers, stakes)
    quantity = sum(stake.quantity for stake in staying)
    bought = {stake.school for stake in staying}
    return Sharing(
        policy=policy,
        unit_price_pence=price,
        quantity=quantity,
        total_pence=price * quantity,
        shares=tuple(_shares(policy, staying, price)),
        waiting=tuple(sorted(stake.school for stake in stakes if stake.school not in bought)),
    )


class Answer(StrEnum):
    """What a school says when it is asked to stay at a higher price."""

    STAYS = "stays"
    LEAVES = "leaves"


class Question(Struct, frozen=True, kw_only=True):
    """A school that must be asked before it pays more than its ceiling, and what each answer does."""

    school: UUID
    ceiling_price_pence: int
    new_price_pence: int
    if_stays: str
    if_leaves: str
    if_silent: str


class Withdrawal(Struct, frozen=True, kw_only=True):
    """What follows when schools leave: the price, whom to ask, who is let go, and the shares of those who stay.

    `released` could buy cheaper alone, so they are not asked. It is settled once `questions` is empty; until then
    `sharing` is of those who need not be asked, at the price that they reach alone.
    """

    price_before_pence: int
    price_after_pence: int
    questions: tuple[Question, ...]
    released: tuple[UUID, ...]
    policy: SharingPolicy
    tiers: Sequence[Tier]
    staying: Sequence[Stake]

    @property
    def sharing(self) -> Sharing:
        """The shares, worked out at each look: whoever only asks the questions needs none."""
        return share(self.policy, self.tiers, self.staying)

    @property
    def is_settled(self) -> bool:
        """Whether nobody need be asked any more."""
        return not self.questions


def after_withdrawal(
    policy: SharingPolicy,
    tiers: Sequence[Tier],
    stakes: Sequence[Stake],
    leaving: Collection[UUID],
    answers: Mapping[UUID, tuple[Answer, int]] | None = None,
) -> Withdrawal:
    """What follows when schools leave those who buy, given what others answered to the price they were asked.

    Whoever leaves makes it dearer for the rest, so each answer can raise new questions, also to one who stayed: it
    said yes to the price it was asked (`answers` holds it), and to no higher one.
    """
    said = answers or {}
    before, price_before = buying(tiers, stakes)
    gone = set(leaving) | {school for school, (answer, _) in said.items() if answer is Answer.LEAVES}
    staying = [_as_answered(stake, said) for stake in before if stake.school not in gone]
    released: list[UUID] = []
    while True:
        price = price_at(tiers, sum(stake.quantity for stake in staying))
        cheaper_alone = {stake.school for stake in staying if stake.alone_price_pence < price}
        if not cheaper_alone:
            break
        released += sorted(cheaper_alone)
        staying = [stake for stake in staying if stake.school not in cheaper_alone]
    return Withdrawal(
        price_before_pence=price_before,
        price_after_pence=price,
        questions=tuple(_question(stake, price) for stake in staying if stake.ceiling_price_pence < price),
        released=tuple(released),
        policy=policy,
        tiers=tiers,
        staying=staying,
    )


def _as_answered(stake: Stake, said: Mapping[UUID, tuple[Answer, int]]) -> Stake:
    answer, price = said.get(stake.school, (Answer.LEAVES, 0))
    if answer is Answer.STAYS and price > stake.ceiling_price_pence:
        return structs.replace(stake, ceiling_price_pence=price)
    return stake


def _question(stake: Stake, price: int) -> Question:
    return Question(
        school=stake.school,
        ceiling_price_pence=stake.ceiling_price_pence,
        new_price_pence=price,
        if_stays=f"the school's ceiling becomes {pounds(price)} and it stays, at that price or below",
        if_leaves="the school leaves and owes nothing, and the price is worked out again for the others",
        if_silent="without an answer before bids are opened the school leaves: nobody pays above a ceiling unasked",
    )


def _shares(policy: SharingPolicy, staying: Sequence[Stake], price: int) -> list[Share]:
    alone = [stake.alone_price_pence * stake.quantity for stake in staying]
    if policy is SharingPolicy.ONE_PRICE:
        saved = [(stake.alone_price_pence - price) * stake.quantity for stake in staying]
    else:
        total = sum(alone) - price * sum(stake.quantity for stake in staying)
        least = [(stake.alone_price_pence - stake.limit_pence) * stake.quantity for stake in staying]
        saved = _shared_out(total, [_weight(policy, stake) for stake in staying], least, alone)
    return [
        Share(
            school=stake.school, quantity=stake.quantity, pays_pence=would - saves, alone_pence=would, saves_pence=saves
        )
        for stake, would, saves in zip(staying, alone, saved, strict=True)
    ]


def _weight(policy: SharingPolicy, stake: Stake) -> int:
    """How much a school counts when a saving is shared; 1 at least, so that there is always somebody to share with."""
    match policy:
        case SharingPolicy.SAME_PERCENTAGE:
            return max(stake.alone_price_pence * stake.quantity, 1)
        case SharingPolicy.EQUAL_PER_SCHOOL:
            return 1
        case SharingPolicy.SMALL_SCHOOLS_FIRST:
            return stake.quantity + min(stake.quantity, FIRST_UNITS)
        case _:
            return stake.quantity


def _shared_out(total: int, weights: Sequence[int], least: Sequence[int], most: Sequence[int]) -> list[int]:
    """Whole pence by weight, no part below its `least` or above its `most`, summing to `total`.

    `total` lies between the sums of `least` and `most`. A level just too low for all is found by halving, and the few
    pence left go one by one to the highest quotient of weight and part, the first in order where there are several.
    """
    scale = sum(weights)

    def parts(level: int) -> list[int]:
        return [
            min(max(weight * level // scale, low), high) for weight, low, high in zip(weights, least, most, strict=True)
        ]

    low, high = 0, total * scale + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if sum(parts(middle)) <= total else (low, middle)
    found = parts(low)
    queue = [
        (Fraction(part + 1, weight), place)
        for place, (part, weight) in enumerate(zip(found, weights, strict=True))
        if part < most[place]
    ]
    heapify(queue)
    for _ in range(total - sum(found)):
        _, place = heappop(queue)
        found[place] += 1
        if found[place] < most[place]:
            heappush(queue, (Fraction(found[place] + 1, weights[place]), place))
    return found
