"""What a scheme decides: the sentences people read, and what holds for every scheme there can be."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from becta.catalogue.categories import Kind, categories
from becta.kernel.actor import Role
from becta.kernel.errors import Conflict
from becta.market.accounts.roles import OrganisationKind
from becta.market.delegation.faults import MAX_RULES, commitment_faults, scheme_faults
from becta.market.delegation.rules import (
    DECIDING,
    MAX_AMOUNT,
    MOVES,
    CommitmentState,
    Decision,
    Delegation,
    Outcome,
    Release,
    check_move,
    decide,
    may_release,
    strictest,
)

BUYER, APPROVER, LEAD = Role.BUYER, Role.APPROVER, Role.TRUST_LEAD
SCHEME = (
    Delegation(role=BUYER, limit_pence=50_000, above=APPROVER),
    Delegation(role=APPROVER, limit_pence=500_000, above=LEAD),
    Delegation(role=LEAD, limit_pence=None),
    Delegation(role=BUYER, category="device", limit_pence=100_000, above=APPROVER),
    Delegation(role=BUYER, category="laptops", limit_pence=0, above=APPROVER),
)
STRICTNESS = [Outcome.APPROVED, Outcome.HELD, Outcome.REFUSED]


def asked(rules: tuple[Delegation, ...], amount_pence: int, *roles: Role, category: str = "mis") -> Decision:
    return decide(rules, roles=roles, amount_pence=amount_pence, category=category, kind=categories()[category].kind)


def released(
    rules: tuple[Delegation, ...], amount_pence: int, held_for: Role, *roles: Role, is_maker: bool = False
) -> Release:
    kind = categories()["mis"].kind
    return may_release(
        rules,
        held_for=held_for,
        roles=roles,
        amount_pence=amount_pence,
        category="mis",
        kind=kind,
        is_maker=is_maker,
    )


@pytest.mark.parametrize(
    ("_case", "amount", "roles", "category", "decision"),
    [
        (
            "at the edge is within",
            50_000,
            [BUYER],
            "mis",
            (Outcome.APPROVED, 0, None, "Buyer may commit up to £500.00 in any category; £500.00 is within it"),
        ),
        (
            "a penny more is above",
            50_001,
            [BUYER],
            "mis",
            (
                Outcome.HELD,
                0,
                APPROVER,
                "Buyer may commit up to £500.00 in any category; £500.01 is above it, so an approver decides",
            ),
        ),
        (
            "past the next limit too, up to the one who may",
            500_001,
            [BUYER],
            "mis",
            (
                Outcome.HELD,
                0,
                LEAD,
                "Buyer may commit up to £500.00 in any category; £5,000.01 is above it, so a trust lead decides",
            ),
        ),
        (
            "null is no limit",
            MAX_AMOUNT,
            [LEAD],
            "mis",
            (
                Outcome.APPROVED,
                2,
                None,
                "Trust lead may commit any amount in any category; £10,000,000,000.00 is within it",
            ),
        ),
        (
            "a kind beats any category",
            100_000,
            [BUYER],
            "monitors",
            (
                Outcome.APPROVED,
                3,
                None,
                "Buyer may commit up to £1,000.00 in any device category; £1,000.00 is within it",
            ),
        ),
        (
            "a category beats its kind, and 0 is nothing",
            1,
            [BUYER],
            "laptops",
            (
                Outcome.HELD,
                4,
                APPROVER,
                "Buyer may commit nothing in Laptops; £0.01 is above it, so an approver decides",
            ),
        ),
        (
            "the best of the roles counts",
            50_001,
            [APPROVER, BUYER],
            "mis",
            (Outcome.APPROVED, 1, None, "Approver may commit up to £5,000.00 in any category; £500.01 is within it"),
        ),
        (
            "a role without a rule",
            1,
            [Role.FINANCE, Role.AUDITOR],
            "laptops",
            (
                Outcome.REFUSED,
                None,
                None,
                "the scheme lets an auditor or a finance officer commit nothing in Laptops: it has no rule for that",
            ),
        ),
        (
            "no role at all",
            1,
            [],
            "laptops",
            (
                Outcome.REFUSED,
                None,
                None,
                "the scheme lets somebody without a role commit nothing in Laptops: it has no rule for that",
            ),
        ),
    ],
)
def test_a_decision_names_its_rule(
    _case: str, amount: int, roles: list[Role], category: str, decision: tuple[Outcome, int, Role, str]
) -> None:
    found = asked(SCHEME, amount, *roles, category=category)

    assert (found.outcome, found.rule, found.held_for, found.sentence) == decision


def test_an_amount_above_every_limit_is_refused_by_the_last_rule() -> None:
    found = asked((SCHEME[0], Delegation(role=APPROVER, limit_pence=500_000)), 500_001, BUYER)

    assert found == Decision(
        outcome=Outcome.REFUSED,
        rule=1,
        sentence="Approver may commit up to £5,000.00 in any category; £5,000.01 is above it, and the scheme names "
        "nobody else who may decide",
    )


@pytest.mark.parametrize(
    ("_case", "rules", "role", "held_for", "decides"),
    [
        (
            "the buyers' own approver",
            (Delegation(role=BUYER, limit_pence=500, above=APPROVER, two_people=True), SCHEME[1], SCHEME[2]),
            BUYER,
            APPROVER,
            "an approver",
        ),
        ("another of the same role", (Delegation(role=APPROVER, limit_pence=500, two_people=True),), APPROVER, APPROVER,
         "another approver"),
    ],
)  # fmt: skip
def test_two_people_must_agree_even_within_the_limit(
    _case: str, rules: tuple[Delegation, ...], role: Role, held_for: Role, decides: str
) -> None:
    found = asked(rules, 500, role)

    assert (found.outcome, found.held_for) == (Outcome.HELD, held_for)
    assert found.sentence == (
        f"{role.capitalize()} may commit up to £5.00 in any category; £5.00 is within it, but two people must agree, "
        f"so {decides} decides"
    )


@pytest.mark.parametrize(
    ("_case", "amount", "roles", "is_maker", "release"),
    [
        ("the role held for", 60_000, [APPROVER], False,
         (True, "Approver may commit up to £5,000.00 in any category; £600.00 is within it")),
        ("a role further up", 60_000, [LEAD], False,
         (True, "Trust lead may commit any amount in any category; £600.00 is within it")),
        ("their own", 60_000, [APPROVER], True,
         (False, "whoever made a commitment may not let it through: it takes another person")),
        ("a role below", 60_000, [BUYER], False,
         (False, "it is held for an approver or a role above, and you act as a buyer")),
        ("no role any more", 60_000, [], False,
         (False, "it is held for an approver or a role above, and you act as nothing")),
        ("a limit that does not cover it", 500_001, [APPROVER], False,
         (False, "Approver may commit up to £5,000.00 in any category; £5,000.01 is above it")),
    ],
)  # fmt: skip
def test_who_may_let_a_held_commitment_through(
    _case: str, amount: int, roles: list[Role], is_maker: bool, release: tuple[bool, str]
) -> None:
    found = released(SCHEME, amount, APPROVER, *roles, is_maker=is_maker)

    assert (found.is_allowed, found.sentence) == release


def test_without_any_scheme_nothing_is_approved() -> None:
    assert strictest([]) is Outcome.REFUSED


@pytest.mark.parametrize(("current", "wanted"), list(product(CommitmentState, CommitmentState)))
def test_a_commitment_moves_only_along_the_table(current: CommitmentState, wanted: CommitmentState) -> None:
    if wanted in MOVES[current]:
        check_move(current, wanted)
    else:
        with pytest.raises(Conflict, match=f"^the commitment is {current}, so it cannot become {wanted}; "):
            check_move(current, wanted)


ROLES = st.sampled_from([BUYER, APPROVER, LEAD])
PLACES = st.sampled_from(["mis", "laptops", "monitors"])
AMOUNTS = st.integers(1, 100)
DELEGATIONS = st.builds(
    Delegation,
    role=ROLES,
    category=st.sampled_from([None, None, "mis", "laptops", Kind.DEVICE.value]),
    limit_pence=st.none() | st.integers(0, 100),
    above=st.none() | st.sampled_from([APPROVER, LEAD]),
    two_people=st.booleans(),
)
ANY_RULES = st.lists(DELEGATIONS, min_size=1, max_size=6, unique_by=lambda rule: (rule.role, rule.category)).map(tuple)


def mended(rules: tuple[Delegation, ...]) -> tuple[Delegation, ...]:
    """The rules that are left once those at fault are taken away, one after another."""
    while rules and (faults := scheme_faults(OrganisationKind.TRUST, rules)):
        at = int(faults[0].field.split(".")[1])
        rules = rules[:at] + rules[at + 1 :]
    return rules


@given(ANY_RULES, AMOUNTS, AMOUNTS, st.sets(ROLES), PLACES)
def test_a_smaller_amount_is_never_treated_more_strictly(
    rules: tuple[Delegation, ...], one: int, other: int, roles: set[Role], category: str
) -> None:
    smaller, larger = sorted((one, other))

    found = [STRICTNESS.index(asked(rules, amount, *roles, category=category).outcome) for amount in (smaller, larger)]

    assert found == sorted(found)


@given(ANY_RULES, AMOUNTS, st.sets(ROLES), ROLES, PLACES)
def test_another_role_never_makes_it_stricter(
    rules: tuple[Delegation, ...], amount: int, roles: set[Role], more: Role, category: str
) -> None:
    with_fewer = asked(rules, amount, *roles, category=category).outcome
    with_more = asked(rules, amount, *roles, more, category=category).outcome

    assert STRICTNESS.index(with_more) <= STRICTNESS.index(with_fewer)


@given(AMOUNTS, ROLES, PLACES, st.booleans())
def test_nought_never_approves_and_null_always_does_where_one_person_is_enough(
    amount: int, role: Role, category: str, two_people: bool
) -> None:
    nothing = Delegation(role=role, limit_pence=0, two_people=two_people)
    unlimited = Delegation(role=role, limit_pence=None)

    assert asked((nothing,), amount, role, category=category).outcome is Outcome.REFUSED
    assert asked((unlimited,), amount, role, category=category).outcome is Outcome.APPROVED


@given(ANY_RULES, AMOUNTS, st.sets(ROLES), PLACES)
def test_it_is_approved_exactly_when_a_role_held_covers_it_alone(
    rules: tuple[Delegation, ...], amount: int, roles: set[Role], category: str
) -> None:
    kind = categories()[category].kind
    narrowest = {
        role: rule
        for role in roles
        for place in (None, kind, category)
        for rule in rules
        if (rule.role, rule.category) == (role, place)
    }
    expected = any(
        not rule.two_people and (rule.limit_pence is None or amount <= rule.limit_pence) for rule in narrowest.values()
    )

    assert (asked(rules, amount, *roles, category=category).outcome is Outcome.APPROVED) is expected


@given(ANY_RULES, AMOUNTS, st.sets(ROLES), PLACES)
def test_what_is_held_can_be_let_through_by_the_role_it_is_held_for_but_not_by_its_maker(
    rules: tuple[Delegation, ...], amount: int, roles: set[Role], category: str
) -> None:
    found = asked(rules, amount, *roles, category=category)
    if found.held_for is None:
        return
    told: dict[str, Any] = {
        "held_for": found.held_for,
        "roles": {found.held_for},
        "amount_pence": amount,
        "category": category,
        "kind": categories()[category].kind,
    }

    assert found.outcome is Outcome.HELD
    assert found.held_for in DECIDING
    assert may_release(rules, is_maker=False, **told).is_allowed
    assert not may_release(rules, is_maker=True, **told).is_allowed


@given(ANY_RULES, AMOUNTS, ROLES, st.sets(ROLES), PLACES)
def test_nobody_lets_through_what_their_own_limit_does_not_cover(
    rules: tuple[Delegation, ...], amount: int, held_for: Role, roles: set[Role], category: str
) -> None:
    kind = categories()[category].kind
    found = may_release(
        rules, held_for=held_for, roles=roles, amount_pence=amount, category=category, kind=kind, is_maker=False
    )

    if found.is_allowed:
        without_second = [
            Delegation(role=rule.role, category=rule.category, limit_pence=rule.limit_pence) for rule in rules
        ]
        assert asked(tuple(without_second), amount, *roles, category=category).outcome is Outcome.APPROVED


@given(st.lists(st.sampled_from(Outcome)), st.sampled_from(Outcome))
def test_a_further_scheme_is_never_laxer(outcomes: list[Outcome], more: Outcome) -> None:
    joint = strictest([*outcomes, more])

    assert all(STRICTNESS.index(joint) >= STRICTNESS.index(one) for one in [*outcomes, more])
    assert joint in [*outcomes, more]


@given(ANY_RULES.map(mended), ROLES, PLACES)
def test_in_a_scheme_that_may_be_set_nobody_is_above_who_may_do_nothing(
    rules: tuple[Delegation, ...], role: Role, category: str
) -> None:
    kind = categories()[category].kind
    own = {rule.category: rule for rule in rules if rule.role is role}
    rule = own.get(category) or own.get(kind) or own.get(None)
    if rule is None or rule.above is None:
        return
    nothing = may_release(
        rules, held_for=rule.above, roles={rule.above}, amount_pence=0, category=category, kind=kind, is_maker=False
    )

    assert nothing.is_allowed


def fields(kind: OrganisationKind, *rules: Delegation) -> list[tuple[str, str]]:
    found = scheme_faults(kind, rules)
    assert all(fault.mend for fault in found)
    return [(fault.field, fault.problem) for fault in found]


SCHOOL, TRUST = OrganisationKind.SCHOOL, OrganisationKind.TRUST
FINE = Delegation(role=APPROVER, limit_pence=None)


@pytest.mark.parametrize(
    ("_case", "kind", "rules", "faults"),
    [
        ("right", TRUST, SCHEME, []),
        ("none", SCHOOL, (), [("rules", "has 0 entries")]),
        ("too many", SCHOOL, (FINE,) * (MAX_RULES + 1), [("rules", "has 201 entries")]),
        ("a role of another kind of organisation", SCHOOL, (Delegation(role=LEAD, limit_pence=1),),
         [("rules.0.role", "is not a role that commits money in a school")]),
        ("a role that spends nothing", TRUST, (FINE, Delegation(role=Role.FINANCE, limit_pence=1)),
         [("rules.1.role", "is not a role that commits money in a trust")]),
        ("above, a role that decides nothing", SCHOOL,
         (Delegation(role=APPROVER, limit_pence=1, above=BUYER), Delegation(role=BUYER, limit_pence=None)),
         [("rules.0.above", "is not a role that decides in a school")]),
        ("below nought", SCHOOL, (Delegation(role=BUYER, limit_pence=-1),),
         [("rules.0.limit_pence", "is not an amount")]),
        ("beyond all reason", SCHOOL, (Delegation(role=BUYER, limit_pence=10**30),),
         [("rules.0.limit_pence", "is not an amount")]),
        ("no such category", SCHOOL, (Delegation(role=BUYER, category="lap-dogs", limit_pence=1),),
         [("rules.0.category", "is not a category")]),
        ("twice the same", SCHOOL, (FINE, FINE), [("rules.1", "is for the role and category of a rule before it")]),
        ("above no limit", SCHOOL, (Delegation(role=BUYER, limit_pence=None, above=APPROVER), FINE),
         [("rules.0.above", "decides above a limit that is not there")]),
        ("above, a role of which nothing is said", SCHOOL, (Delegation(role=BUYER, limit_pence=1, above=APPROVER),),
         [("rules.0.above", "has no rule of its own there")]),
        ("above, a role of which nothing is said there", SCHOOL,
         (Delegation(role=BUYER, limit_pence=1, above=APPROVER),
          Delegation(role=APPROVER, category="laptops", limit_pence=1)),
         [("rules.0.above", "has no rule of its own there")]),
        ("of its kind something is said", SCHOOL,
         (Delegation(role=BUYER, category="laptops", limit_pence=1, above=APPROVER),
          Delegation(role=APPROVER, category="device", limit_pence=1)), []),
        ("a second person who cannot be", SCHOOL, (Delegation(role=BUYER, limit_pence=1, two_people=True),),
         [("rules.0.above", "wants a second person, but a buyer decides of nobody's commitments")]),
        ("round in a circle", TRUST,
         (Delegation(role=APPROVER, limit_pence=1, above=LEAD), Delegation(role=LEAD, limit_pence=1, above=APPROVER)),
         [("rules.0.above", "leads back to an approver"), ("rules.1.above", "leads back to a trust lead")]),
        ("above oneself", SCHOOL, (Delegation(role=APPROVER, limit_pence=1, above=APPROVER),),
         [("rules.0.above", "leads back to an approver")]),
    ],
)  # fmt: skip
def test_a_scheme_that_makes_no_sense_is_told_where(
    _case: str, kind: OrganisationKind, rules: tuple[Delegation, ...], faults: list[tuple[str, str]]
) -> None:
    assert fields(kind, *rules) == faults


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"purpose": " "}, "purpose"),
        ({"purpose": "x" * 201}, "purpose"),
        ({"amount_pence": 0}, "amount_pence"),
        ({"amount_pence": -5}, "amount_pence"),
        ({"amount_pence": MAX_AMOUNT + 1}, "amount_pence"),
        ({"category": "lap-dogs"}, "category"),
        ({"category": "device"}, "category"),
        ({"budget_code": ""}, "budget_code"),
        ({"budget_code": "x" * 41}, "budget_code"),
    ],
)
def test_every_bad_field_of_a_commitment_has_its_fault_and_a_mend(changes: dict[str, Any], field: str) -> None:
    right = {"purpose": "Reading books", "amount_pence": 1, "category": "library", "budget_code": "LIB-1"}

    assert commitment_faults(**right) == []
    [fault] = commitment_faults(**{**right, **changes})
    assert fault.field == field
    assert fault.mend
