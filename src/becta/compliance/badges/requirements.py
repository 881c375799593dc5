"""What a buyer may ask of a badge: standard, version, role, and proof at least this good. Pure functions.

A requirement as text is `standard;version=..;role=..;level=..`, its parts in any order and each optional:
`lti;version=1.3;role=Tool;level=tested_by_us`. The search page, the search API and procurement criteria use it.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from becta.compliance.badges.rules import ClaimState, Level, Standing, standing
from becta.compliance.standards.registry import Standard, standards
from becta.kernel.errors import Fault, Invalid, refuse_if_any

PROOF = (Level.SELF_DECLARED, Level.TESTED_BY_US, Level.CERTIFIED)
"""Levels of proof, weakest first: "at least" means this one or any after it."""

HOLDS = frozenset({Standing.VALID, Standing.EXPIRING})
"""What a claim must be worth to meet a requirement."""

SYNTAX = "standard;version=..;role=..;level=.."
"""How a requirement is written, for messages and descriptions."""

_PARTS = ("version", "role", "level")
_LEVEL_WORDS = {
    Level.SELF_DECLARED: "self-declared",
    Level.TESTED_BY_US: "tested by us",
    Level.CERTIFIED: "certified",
}


class Held(Protocol):
    """What must be known of a claim to judge it; a stored claim has all of it."""

    standard: str
    standard_version: str
    role: str
    level: Level
    state: ClaimState
    issued_on: date
    expires_on: date | None


class BadgeRequirement(Struct, frozen=True):
    """A badge that is asked for; an empty version or role, or no level, will be met by any."""

    standard: str
    version: str = ""
    role: str = ""
    minimum_level: Level | None = None

    @property
    def text(self) -> str:
        """The one way to write it that `parse_requirement` reads back to the same."""
        level = self.minimum_level.value if self.minimum_level else ""
        parts = zip(_PARTS, (self.version, self.role, level), strict=True)
        return ";".join([self.standard, *(f"{name}={value}" for name, value in parts if value)])

    @property
    def words(self) -> str:
        """The requirement for people: "LTI 1.3, role Tool, tested by us or certified"."""
        proof = PROOF[PROOF.index(self.minimum_level) :] if self.minimum_level else ()
        return ", ".join(filter(None, [_named(self.standard, self.version, self.role), _either(proof)]))


class Why(StrEnum):
    """Why a requirement is not met."""

    NEVER_HELD = "never_held"
    OTHER_VERSION = "other_version"
    OTHER_ROLE = "other_role"
    LEVEL_TOO_LOW = "level_too_low"
    NOT_VALID = "not_valid"


class Lack(Struct, frozen=True, kw_only=True):
    """A requirement that is not met, why the nearest claim does not meet it, and one sentence on that for people."""

    requirement: BadgeRequirement
    why: tuple[Why, ...]
    message: str


def parse_requirement(text: str) -> BadgeRequirement:
    """The requirement a text stands for; raises Invalid with every part that is not known, and what is."""
    code, *pieces = (piece.strip() for piece in text.split(";"))
    standard = standards().get(code)
    if standard is None:
        raise Invalid([_unknown("standard", "is not a standard we know", tuple(standards()), code)])
    given: dict[str, str] = {}
    faults = []
    for piece in pieces:
        name, equals, value = (each.strip() for each in piece.partition("="))
        if not equals or name not in _PARTS:
            known = tuple(f"{each}=.." for each in _PARTS)
            faults.append(_unknown("part", "is not a part of a requirement", known, piece))
        elif name in given:
            faults.append(Fault(field=name, problem="is given twice", mend="give it once", value=value[:80]))
        else:
            given[name] = value
            faults += _value_faults(standard, name, value)
    refuse_if_any(faults)
    level = given.get("level")
    return BadgeRequirement(code, given.get("version", ""), given.get("role", ""), Level(level) if level else None)


def meets(claims: Iterable[Held], requirement: BadgeRequirement, *, now: datetime) -> bool:
    """Whether one of the claims meets the whole requirement and is valid at `now`."""
    return any(not _shortfall(claim, requirement, now) for claim in claims)


def lacking(claims: Iterable[Held], requirements: Iterable[BadgeRequirement], *, now: datetime) -> tuple[Lack, ...]:
    """The requirements that no claim meets at `now`, in their order, each with why; a refused claim is as none."""
    held = [claim for claim in claims if claim.state is not ClaimState.REFUSED]
    lacks = (_lack([claim for claim in held if claim.standard == each.standard], each, now) for each in requirements)
    return tuple(lack for lack in lacks if lack is not None)


def _lack(held: Sequence[Held], requirement: BadgeRequirement, now: datetime) -> Lack | None:
    if not held:
        message = f"{requirement.words}: never held"
        return Lack(requirement=requirement, why=(Why.NEVER_HELD,), message=message)
    nearest = min(held, key=lambda claim: _distance(claim, requirement, now))
    why = _shortfall(nearest, requirement, now)
    if not why:
        return None
    has = f"{_named(nearest.standard, nearest.standard_version, nearest.role)}, {_LEVEL_WORDS[nearest.level]}"
    lapse = f", but it {_worth(nearest, now)}" if Why.NOT_VALID in why else ""
    return Lack(requirement=requirement, why=why, message=f"{requirement.words}: has {has}{lapse}")


def _shortfall(claim: Held, requirement: BadgeRequirement, now: datetime) -> tuple[Why, ...]:
    """Everything in which a claim falls short; of another standard, that it was never held."""
    if claim.standard != requirement.standard:
        return (Why.NEVER_HELD,)
    wanted, level = requirement, requirement.minimum_level
    short = {
        Why.OTHER_VERSION: bool(wanted.version) and claim.standard_version != wanted.version,
        Why.OTHER_ROLE: bool(wanted.role) and claim.role != wanted.role,
        Why.LEVEL_TOO_LOW: level is not None and PROOF.index(claim.level) < PROOF.index(level),
        Why.NOT_VALID: _standing(claim, now) not in HOLDS,
    }
    return tuple(why for why, is_so in short.items() if is_so)


def _distance(claim: Held, requirement: BadgeRequirement, now: datetime) -> tuple[bool, bool, bool, bool, int]:
    """Another badge is farther off than too weak a proof, and that than dates; of equals the latest end is nearest."""
    why = _shortfall(claim, requirement, now)
    other = Why.OTHER_ROLE in why, Why.OTHER_VERSION in why
    end = (claim.expires_on or date.max).toordinal()
    return other[0], other[1], Why.LEVEL_TOO_LOW in why, Why.NOT_VALID in why, -end


def _standing(claim: Held, now: datetime) -> Standing:
    return standing(claim.state, claim.issued_on, claim.expires_on, now=now)


def _worth(claim: Held, now: datetime) -> str:
    match _standing(claim, now):
        case Standing.EXPIRED if claim.expires_on is not None:
            return f"expired on {_day(claim.expires_on)}"
        case Standing.NOT_YET:
            return f"begins on {_day(claim.issued_on)}"
        case Standing.UNVERIFIED:
            return "is not verified"
        case other:
            return f"is {other.value}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _value_faults(standard: Standard, name: str, value: str) -> list[Fault]:
    if name == "level":
        choices, problem = tuple(level.value for level in PROOF), "is not a level of proof"
    else:
        choices = standard.versions if name == "version" else standard.roles
        problem = f"is not a {name} of {standard.name}"
    return [] if value in choices else [_unknown(name, problem, choices, value)]


def _unknown(field: str, problem: str, choices: tuple[str, ...], value: str) -> Fault:
    mend = f"choose one of {', '.join(choices)}" if choices else "leave it out"
    return Fault(field=field, problem=problem, mend=mend, value=value[:80])


def _named(code: str, version: str, role: str) -> str:
    """As in "LTI 1.3, role Tool"; where a badge does not name its version, the version is said apart."""
    standard = standards().get(code)
    name = standard.name if standard else code
    if version and standard and "{version}" in standard.label:
        name = standard.label.format(name=name, version=version)
    elif version:
        name = f"{name}, version {version}"
    return f"{name}, role {role}" if role else name


def _either(levels: tuple[Level, ...]) -> str:
    words = [_LEVEL_WORDS[level] for level in levels]
    return " or ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
