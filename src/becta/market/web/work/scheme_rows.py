"""The rules of a scheme of delegation as rows of a form, and back.

Row 0 has the fields `role-0`, `category-0`, `limit-0`, `above-0` and the boxes `ticks-0`.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec
from msgspec import Struct

from becta.catalogue.categories import Kind, categories
from becta.kernel.actor import Role
from becta.kernel.errors import Fault, Invalid, refuse_if_any
from becta.kernel.money import pounds
from becta.market.delegation.rules import Delegation
from becta.market.web.visitor import MOST_FIELDS, Form
from becta.market.web.work.amounts import AMOUNT_MEND, pence_of

LEFT_OUT = "none"
"""The role of a row that is to be no rule."""
ANY = "any"
NO_LIMIT, TWO_PEOPLE = "no_limit", "two_people"
FIELDS = {
    "role": "the role",
    "category": "the category",
    "limit": "the limit",
    "above": "the role above",
    "ticks": "what is ticked",
}
MOST_ROWS = (MOST_FIELDS - 8) // (len(FIELDS) + 1)
"""Rows with all their fields, two boxes each, that one form holds beside its own fields."""
MORE_ROWS = 3
_COLUMNS = {"role": "role", "category": "category", "limit_pence": "limit", "above": "above"}


class Row(Struct, frozen=True, kw_only=True):
    """A rule, and the row that it was written in."""

    number: int
    rule: Delegation


def values_of(rules: Sequence[Delegation]) -> dict[str, tuple[str, ...]]:
    """The fields of rows that say these rules."""
    values: dict[str, tuple[str, ...]] = {}
    for number, rule in enumerate(rules):
        ticks = {NO_LIMIT: rule.limit_pence is None, TWO_PEOPLE: rule.two_people}
        values[f"role-{number}"] = (rule.role,)
        values[f"category-{number}"] = (rule.category or ANY,)
        values[f"limit-{number}"] = ("" if rule.limit_pence is None else pounds(rule.limit_pence).removeprefix("£"),)
        values[f"above-{number}"] = (rule.above or "",)
        values[f"ticks-{number}"] = tuple(name for name, is_ticked in ticks.items() if is_ticked)
    return values


def rows_sent(form: Form) -> int:
    """How many rows a form has, empty ones too."""
    return next((number for number in range(MOST_ROWS) if f"role-{number}" not in form.values), MOST_ROWS)


def rows_in(form: Form) -> list[Row]:
    """The rules that were filled in; raises Invalid with every fault, named by its field."""
    faults: list[Fault] = []
    rows = []
    for number in range(rows_sent(form)):
        if _is_left_out(form, number):
            continue
        wrong = list(_faults(form, number))
        faults += wrong
        if not wrong:
            rows.append(Row(number=number, rule=_rule(form, number)))
    if not rows and not faults:
        mend = "give at least one rule; a limit of 0 lets a role commit nothing"
        faults.append(Fault(field="role-0", problem="is not chosen", mend=mend))
    refuse_if_any(faults)
    return rows


def named_by_field(error: Invalid, rows: Sequence[Row]) -> Invalid:
    """The same faults at the fields of the form: `rules.0.limit_pence` is `limit-3` if row 3 has the first rule."""
    return Invalid([msgspec.structs.replace(fault, field=_field(fault.field, rows)) for fault in error.faults])


def labels(count: int) -> Mapping[str, str]:
    """What the fields of so many rows are called."""
    return {f"{name}-{row}": f"Rule {row + 1}: {text}" for row in range(count) for name, text in FIELDS.items()}


def _field(name: str, rows: Sequence[Row]) -> str:
    match name.split("."):
        case ["rules", place, *rest]:
            column = _COLUMNS.get(rest[0], "role") if rest else "role"
            return f"{column}-{rows[int(place)].number}"
        case ["rules"]:
            return "role-0"
        case _:
            return name


def _is_left_out(form: Form, number: int) -> bool:
    if form.text(f"role-{number}") == LEFT_OUT:
        return True
    return not any(form.text(f"{name}-{number}").strip() for name in FIELDS)


def _faults(form: Form, number: int) -> Iterator[Fault]:
    """What is wrong with a row by itself."""
    limit, is_unlimited = form.text(f"limit-{number}").strip(), NO_LIMIT in form.all(f"ticks-{number}")
    category = form.text(f"category-{number}")
    if form.text(f"role-{number}") not in set(Role):
        mend = "choose one, or choose to leave the row out"
        yield Fault(field=f"role-{number}", problem="is not chosen", mend=mend)
    if category != ANY and category not in set(Kind) and category not in categories():
        yield Fault(field=f"category-{number}", problem="is not chosen", mend="choose one, or any category")
    if limit and is_unlimited:
        mend = "empty it, or take the tick at no limit away"
        yield Fault(field=f"limit-{number}", problem="is given beside no limit", mend=mend)
    elif not limit and not is_unlimited:
        yield Fault(field=f"limit-{number}", problem="is empty", mend="write 0 for nothing, or tick no limit")
    elif limit and pence_of(limit, at_least=0) is None:
        mend = f"{AMOUNT_MEND}, or 0 for nothing"
        yield Fault(field=f"limit-{number}", problem="is not an amount of money", mend=mend)
    if form.text(f"above-{number}") not in {"", *Role}:
        yield Fault(field=f"above-{number}", problem="is not a role", mend="choose one, or nobody")


def _rule(form: Form, number: int) -> Delegation:
    category, above, ticks = form.text(f"category-{number}"), form.text(f"above-{number}"), form.all(f"ticks-{number}")
    return Delegation(
        role=Role(form.text(f"role-{number}")),
        category=None if category == ANY else category,
        limit_pence=None if NO_LIMIT in ticks else pence_of(form.text(f"limit-{number}"), at_least=0),
        above=Role(above) if above else None,
        two_people=TWO_PEOPLE in ticks,
    )
