"""What a scheme of delegation says, what it decides of an amount, and who may let through what it holds."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from becta.catalogue.categories import Kind, categories
from becta.kernel.actor import Role, Scope
from becta.kernel.errors import Conflict
from becta.kernel.money import pounds
from becta.market.accounts.roles import ROLE_SCOPES, OrganisationKind

MAX_AMOUNT = 10**12
"""Largest amount of one commitment, ten billion pounds: beyond it a typing error is certain."""
SPENDING = frozenset({OrganisationKind.SCHOOL, OrganisationKind.TRUST})
"""The kinds of organisation that spend and have schemes."""


class Outcome(StrEnum):
    """What a scheme makes of an amount, from lax to strict."""

    APPROVED = "approved"
    HELD = "held"
    REFUSED = "refused"


class CommitmentState(StrEnum):
    """Where a commitment stands. Refused by a scheme at once; declined by a person who could have let it through."""

    HELD = "held"
    APPROVED = "approved"
    REFUSED = "refused"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


MOVES: Mapping[CommitmentState, frozenset[CommitmentState]] = {
    CommitmentState.HELD: frozenset({CommitmentState.APPROVED, CommitmentState.DECLINED, CommitmentState.WITHDRAWN}),
    CommitmentState.APPROVED: frozenset({CommitmentState.WITHDRAWN}),
    CommitmentState.REFUSED: frozenset(),
    CommitmentState.DECLINED: frozenset(),
    CommitmentState.WITHDRAWN: frozenset(),
}
"""The only moves there are; the database's trigger holds the same pairs."""


def check_move(current: CommitmentState, wanted: CommitmentState) -> None:
    """Raise Conflict unless the move is in the table."""
    if wanted not in MOVES[current]:
        allowed = ", ".join(sorted(MOVES[current])) or "nothing: that is final"
        raise Conflict(f"the commitment is {current}, so it cannot become {wanted}; from here it can become {allowed}")


class Delegation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a role may commit in a category. `limit_pence` null is no limit, 0 is nothing; beyond it `above` decides.

    `category` is a category's code, a kind (all its categories) or null (any); the narrowest that fits counts.
    `two_people`: even within the limit another person must let it through.
    """

    role: Role
    category: str | None = None
    limit_pence: int | None
    above: Role | None = None
    two_people: bool = False

    def covers(self, amount_pence: int) -> bool:
        """Whether the amount is within the limit."""
        return self.limit_pence is None or amount_pence <= self.limit_pence


class Decision(Struct, frozen=True, kw_only=True):
    """What a scheme decides, the rule that says so by its place in the scheme, and the same as a sentence."""

    outcome: Outcome
    sentence: str
    rule: int | None = None
    held_for: Role | None = None


class Release(Struct, frozen=True, kw_only=True):
    """Whether somebody may let through what a scheme holds, and why."""

    is_allowed: bool
    sentence: str


def _having(scope: Scope) -> frozenset[Role]:
    return frozenset(role for role, scopes in ROLE_SCOPES.items() if scope in scopes)


MAKING = _having(Scope.COMMITMENTS_MAKE)
DECIDING = _having(Scope.COMMITMENTS_DECIDE)
_STRICTNESS = list(Outcome)


def strictest(outcomes: Iterable[Outcome]) -> Outcome:
    """What several schemes together make of an amount: no laxer than any of them; refused where there is none."""
    return max(outcomes, key=_STRICTNESS.index, default=Outcome.REFUSED)


def decide(
    rules: Sequence[Delegation], *, roles: Iterable[Role], amount_pence: int, category: str, kind: Kind
) -> Decision:
    """What the rules make of an amount that somebody with these roles wants to commit; the best of the roles counts."""
    held = sorted(roles)
    ladders = [ladder for role in held if (ladder := list(_ladder(rules, role, category, kind)))]
    if not ladders:
        who = " or ".join(a_role(role) for role in held) or "somebody without a role"
        sentence = f"the scheme lets {who} commit nothing {in_words(category)}: it has no rule for that"
        return Decision(outcome=Outcome.REFUSED, sentence=sentence)
    found = [(_decide(ladder, amount_pence), _releasing(ladder, amount_pence)) for ladder in ladders]
    best, _ = min(found, key=lambda one: (_STRICTNESS.index(one[0].outcome), -len(one[1]), one[0].rule or 0))
    return best


def may_release(
    rules: Sequence[Delegation],
    *,
    held_for: Role,
    roles: Iterable[Role],
    amount_pence: int,
    category: str,
    kind: Kind,
    is_maker: bool,
) -> Release:
    """Whether somebody with these roles may let through what is held for a role.

    They must have that role or one further up, with a limit that covers the amount, and not be who made it.
    """
    if is_maker:
        sentence = "whoever made a commitment may not let it through: it takes another person"
        return Release(is_allowed=False, sentence=sentence)
    ladder, own = list(_ladder(rules, held_for, category, kind)), frozenset(roles)
    mine = [rule for _, rule in ladder if rule.role in own]
    able = [rule for rule in mine if rule in _releasing(ladder, amount_pence)]
    if able:
        return Release(is_allowed=True, sentence=f"{_grant(able[0])}; {pounds(amount_pence)} is within it")
    if mine:
        return Release(is_allowed=False, sentence=f"{_grant(mine[-1])}; {pounds(amount_pence)} is above it")
    has = " and ".join(a_role(role) for role in sorted(own)) or "nothing"
    sentence = f"it is held for {a_role(held_for)} or a role above, and you act as {has}"
    return Release(is_allowed=False, sentence=sentence)


def releasing_roles(
    rules: Sequence[Delegation], *, held_for: Role, amount_pence: int, category: str, kind: Kind
) -> list[Role]:
    """The roles that may let through what is held for a role, as `may_release` says, the nearest first."""
    ladder = list(_ladder(rules, held_for, category, kind))
    return [rule.role for rule in _releasing(ladder, amount_pence)]


Step = tuple[int, Delegation]


def _ladder(rules: Sequence[Delegation], role: Role, category: str, kind: Kind) -> Iterator[Step]:
    """The rule for a role and those for the roles above it, up to where the scheme ends."""
    climbed: set[Role] = set()
    following: Role | None = role
    while following is not None and following not in climbed:
        climbed.add(following)
        of_role = {rule.category: (place, rule) for place, rule in enumerate(rules) if rule.role is following}
        found = of_role.get(category) or of_role.get(kind) or of_role.get(None)
        if found is None:
            return
        yield found
        following = found[1].above


def _releasing(ladder: Sequence[Step], amount_pence: int) -> list[Delegation]:
    return [rule for _, rule in ladder if rule.role in DECIDING and rule.covers(amount_pence)]


def _decide(ladder: Sequence[Step], amount_pence: int) -> Decision:
    place, rule = ladder[0]
    is_within = rule.covers(amount_pence)
    said = f"{_grant(rule)}; {pounds(amount_pence)} is {'within' if is_within else 'above'} it"
    if is_within and not rule.two_people:
        return Decision(outcome=Outcome.APPROVED, rule=place, sentence=said)
    if is_within:
        said += ", but two people must agree"
    releasing = _releasing(ladder, amount_pence)
    if not releasing:
        last, top = ladder[-1]
        if top is not rule:
            said = f"{_grant(top)}; {pounds(amount_pence)} is above it"
        sentence = f"{said}, and the scheme names nobody else who may decide"
        return Decision(outcome=Outcome.REFUSED, rule=last, sentence=sentence)
    role = releasing[0].role
    decides = f"another {_words(role)}" if role is rule.role else a_role(role)
    return Decision(outcome=Outcome.HELD, rule=place, held_for=role, sentence=f"{said}, so {decides} decides")


def _grant(rule: Delegation) -> str:
    where = "in any category" if rule.category is None else in_words(rule.category)
    match rule.limit_pence:
        case None:
            limit = "any amount"
        case 0:
            limit = "nothing"
        case pence:
            limit = f"up to {pounds(pence)}"
    return f"{_words(rule.role).capitalize()} may commit {limit} {where}"


def in_words(category: str) -> str:
    """Where a rule holds: "in Laptops" or "in any device category"."""
    known = categories().get(category)
    return f"in any {category} category" if known is None else f"in {known.name}"


def _words(role: Role) -> str:
    return "finance officer" if role is Role.FINANCE else role.replace("_", " ")


def a_role(role: Role) -> str:
    """A role with its article: "an approver"."""
    return f"{'an' if role[0] in 'aeio' else 'a'} {_words(role)}"
