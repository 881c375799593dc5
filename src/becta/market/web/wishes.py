"""Badges as the search page asks for them: a tick for a standard, and selects that narrow it.

A select is named `standard.part`, such as `lti.role`, so that it needs no script; it counts only while its standard
is ticked. Addresses the page makes carry the whole requirement in `badge` instead.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from becta.compliance.badges.requirements import PROOF, BadgeRequirement, parse_requirement
from becta.compliance.standards.registry import standards
from becta.kernel.errors import Invalid
from becta.market.web.formats import level_words
from becta.market.web.views import Choice, Option

_PARTS = ("version", "role", "level")
_LONGEST_PART = 100


class Parameters(Protocol):
    """The query parameters of a request."""

    def getall(self, key: str, default: list[str], /) -> list[str]:
        """Every value given for a name."""


def requirement_of(text: str) -> BadgeRequirement | None:
    """The requirement a value of the badge filter stands for; None if for none, so that nothing meets it."""
    try:
        return parse_requirement(text)
    except Invalid:
        return None


def wishes_of(values: Iterable[str]) -> tuple[str, ...]:
    """Values of a filter on badges, each in its one form.

    What cannot be read is kept as it is and finds nothing: who asks for proof is not shown what lacks it.
    """
    return tuple(dict.fromkeys(found.text if (found := requirement_of(value)) else value for value in values))


def narrowed(values: Iterable[str], parameters: Parameters) -> tuple[str, ...]:
    """The same with what the selects of the ticked standards add; any badge of a standard takes in narrower wishes."""
    wishes = wishes_of(_with_parts(value, parameters) for value in values)
    return tuple(wish for wish in wishes if ";" not in wish or wish.partition(";")[0] not in wishes)


def ticked(wishes: Sequence[str]) -> dict[str, str]:
    """The checkboxes that show these wishes, with the wish each stands for: one for a standard, however narrowed."""
    boxes: dict[str, str] = {}
    for wish in wishes:
        requirement = requirement_of(wish)
        boxes.setdefault(requirement.standard if requirement else wish, wish)
    return boxes


def choices_of(wish: str) -> tuple[Choice, ...]:
    """The selects that narrow a ticked badge: its proof, and version and role where there are several."""
    requirement = requirement_of(wish)
    if requirement is None:
        return ()
    standard = standards()[requirement.standard]
    level = requirement.minimum_level
    choices = [_choice(standard.code, "level", "Proof at least", "Any proof", PROOF, level.value if level else "")]
    for part, values, chosen in (
        ("version", standard.versions, requirement.version),
        ("role", standard.roles, requirement.role),
    ):
        if len(values) > 1 or chosen:
            choices.append(_choice(standard.code, part, part.capitalize(), f"Any {part}", values, chosen))
    return tuple(choices)


def _choice(code: str, part: str, label: str, anything: str, values: Sequence[str], chosen: str) -> Choice:
    options = [Option(value=value, text=level_words(value) if part == "level" else value) for value in map(str, values)]
    return Choice(
        name=f"{code}.{part}", label=label, options=(Option(value="", text=anything), *options), chosen=chosen
    )


def _with_parts(value: str, parameters: Parameters) -> str:
    if value not in standards():
        return value
    given = ((part, parameters.getall(f"{value}.{part}", [""])[-1].strip()[:_LONGEST_PART]) for part in _PARTS)
    return ";".join([value, *(f"{part}={said}" for part, said in given if said)])
