"""What is wrong with a proposed scheme of delegation or commitment: all of it, each with how to mend it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from becta.catalogue.categories import Kind, categories
from becta.catalogue.text_rules import text_faults
from becta.kernel.actor import Role
from becta.kernel.errors import Fault
from becta.market.accounts.roles import KIND_ROLES, OrganisationKind
from becta.market.delegation.rules import DECIDING, MAKING, MAX_AMOUNT, Delegation, a_role, in_words

MAX_RULES = 200
FURTHEST = timedelta(days=5 * 366)


def commitment_faults(*, purpose: str, amount_pence: int, category: str, budget_code: str) -> list[Fault]:
    """Everything wrong with what somebody wants to commit."""
    faults = text_faults("purpose", purpose, at_least=1, at_most=200)
    if not 1 <= amount_pence <= MAX_AMOUNT:
        mend, value = f"give 1 to {MAX_AMOUNT} whole pence", str(amount_pence)[:40]
        faults.append(Fault(field="amount_pence", problem="is not an amount", mend=mend, value=value))
    if category not in categories():
        mend = "choose one of those under /api/v1/categories"
        faults.append(Fault(field="category", problem="is not a category", mend=mend, value=category[:80]))
    return [*faults, *text_faults("budget_code", budget_code, at_least=1, at_most=40)]


def start_faults(start: datetime | None, *, now: datetime) -> list[Fault]:
    """Faults of the instant from which a scheme is to be in force: a scheme never judges what is past."""
    if start is None:
        return []
    if start.tzinfo is None:
        problem = "has no time zone"
    elif start < now:
        problem = "is past"
    elif start > now + FURTHEST:
        problem = "is more than five years off"
    else:
        return []
    mend = "leave it out to start at once, or give a coming instant such as 2027-04-01T00:00:00Z"
    return [Fault(field="in_force_from", problem=problem, mend=mend, value=start.isoformat())]


def scheme_faults(kind: OrganisationKind, rules: Sequence[Delegation]) -> list[Fault]:
    """Everything wrong with the rules of a school's or trust's scheme, not only the first fault."""
    if not 1 <= len(rules) <= MAX_RULES:
        mend = f"give 1 to {MAX_RULES} rules; a limit of 0 lets a role commit nothing"
        return [Fault(field="rules", problem=f"has {len(rules)} entries", mend=mend)]
    faults = [fault for place, rule in enumerate(rules) for fault in _rule_faults(kind, place, rule, rules)]
    return faults or _circle_faults(rules)


def _rule_faults(kind: OrganisationKind, place: int, rule: Delegation, rules: Sequence[Delegation]) -> Iterator[Fault]:
    at = f"rules.{place}"
    makers, deciders = KIND_ROLES[kind] & MAKING, KIND_ROLES[kind] & DECIDING
    if rule.role not in makers:
        problem, mend = f"is not a role that commits money in a {kind}", f"choose {' or '.join(sorted(makers))}"
        yield Fault(field=f"{at}.role", problem=problem, mend=mend, value=rule.role)
    if rule.above is not None and rule.above not in deciders:
        problem, mend = f"is not a role that decides in a {kind}", f"choose {' or '.join(sorted(deciders))}"
        yield Fault(field=f"{at}.above", problem=problem, mend=mend, value=rule.above)
    if rule.category is not None and rule.category not in categories() and rule.category not in set(Kind):
        mend = f"give a category's code, or one of {', '.join(Kind)}, or null for any category"
        yield Fault(field=f"{at}.category", problem="is not a category", mend=mend, value=rule.category[:80])
    if rule.limit_pence is not None and not 0 <= rule.limit_pence <= MAX_AMOUNT:
        mend = f"give 0 to {MAX_AMOUNT} pence; 0 is nothing and null is no limit"
        value = str(rule.limit_pence)[:40]
        yield Fault(field=f"{at}.limit_pence", problem="is not an amount", mend=mend, value=value)
    if any((other.role, other.category) == (rule.role, rule.category) for other in rules[:place]):
        mend = "keep one rule for each role and category"
        yield Fault(field=at, problem="is for the role and category of a rule before it", mend=mend)
    yield from _above_faults(at, rule, rules)


def _above_faults(at: str, rule: Delegation, rules: Sequence[Delegation]) -> Iterator[Fault]:
    """A limit leads somewhere or nowhere, but never into the void."""
    if rule.above is None:
        if rule.two_people and rule.role not in DECIDING:
            problem = f"wants a second person, but {a_role(rule.role)} decides of nobody's commitments"
            yield Fault(field=f"{at}.above", problem=problem, mend="name in above the role that lets it through")
        return
    if rule.limit_pence is None and not rule.two_people:
        mend = "leave above out, or give a limit"
        yield Fault(field=f"{at}.above", problem="decides above a limit that is not there", mend=mend, value=rule.above)
    known = categories().get(rule.category or "")
    fitting = {rule.category, known.kind if known else None, None}
    if not any(other.role is rule.above and other.category in fitting for other in rules):
        where = "in any category" if rule.category is None else in_words(rule.category)
        mend = f"add a rule that says what {a_role(rule.above)} may commit {where}"
        yield Fault(field=f"{at}.above", problem="has no rule of its own there", mend=mend, value=rule.above)


def _circle_faults(rules: Sequence[Delegation]) -> list[Fault]:
    """Roles stand above one another in one order, whatever the category."""
    over: dict[Role, set[Role]] = {}
    for rule in rules:
        if rule.above is not None:
            over.setdefault(rule.role, set()).add(rule.above)
    return [
        Fault(
            field=f"rules.{place}.above",
            problem=f"leads back to {a_role(rule.role)}",
            mend="let each role's above lead further up, and the last have none",
            value=rule.above,
        )
        for place, rule in enumerate(rules)
        if rule.above is not None and rule.role in _reached(over, rule.above)
    ]


def _reached(over: Mapping[Role, set[Role]], start: Role) -> set[Role]:
    found, waiting = set(), [start]
    while waiting:
        role = waiting.pop()
        if role not in found:
            found.add(role)
            waiting += over.get(role, ())
    return found
