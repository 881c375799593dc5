"""What is in force on a day, what may be certified then, and how a measurement is judged. Pure functions."""

import re
from collections.abc import Collection
from datetime import date
from enum import StrEnum
from math import isfinite
from typing import TypeGuard

from becta.catalogue.products.rules import Phase
from becta.compliance.standards.entries import Criterion, Edition, Operator, Requirement, Standard

Measured = bool | int | float | str | Collection[str] | None
"""What was found at a school: None when nobody measured."""


class Verdict(StrEnum):
    """What a criterion says of a measurement. Unknown: nothing was measured, or nothing it can be held against."""

    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"


class EditionState(StrEnum):
    """Where an edition stands on a day. Transition: only assessments begun before may still be finished."""

    FUTURE = "future"
    CURRENT = "current"
    TRANSITION = "transition"
    SUPERSEDED = "superseded"


def edition_state(edition: Edition, day: date) -> EditionState:
    """Where an edition stands; one whose first day is not known counts as begun."""
    if edition.effective_from is not None and day < edition.effective_from:
        return EditionState.FUTURE
    if edition.effective_to is None or day < edition.effective_to:
        return EditionState.CURRENT
    if edition.transition_end is not None and day <= edition.transition_end:
        return EditionState.TRANSITION
    return EditionState.SUPERSEDED


def may_be_issued(standard: Standard, version: str, day: date) -> bool:
    """Whether a certificate on this version can bear this day of issue. It says nothing of one issued before.

    A certificate stays valid to its own end whatever becomes of its edition. KeyError for an unknown version.
    """
    edition = {each.version: each for each in standard.editions}[version]
    return edition_state(edition, day) in {EditionState.CURRENT, EditionState.TRANSITION}


def in_force(statement: Requirement | Criterion, day: date) -> bool:
    """Whether a requirement or criterion applies on a day: from its first day, until the day it no longer does."""
    begun = statement.effective_from is None or statement.effective_from <= day
    return begun and (statement.effective_to is None or day < statement.effective_to)


def applies(criterion: Criterion, phase: Phase | None) -> bool:
    """Whether a criterion is for schools of this phase; with None, for any."""
    return phase is None or not criterion.applies_to or phase in criterion.applies_to


def judge(criterion: Criterion, measured: Measured) -> Verdict:
    """Hold a measurement against a criterion. The unit is the criterion's; what is not of its kind is unknown."""
    verdict = _holds(criterion.operator, criterion.value, measured)
    if verdict is None:
        return Verdict.UNKNOWN
    return Verdict.MET if verdict else Verdict.NOT_MET


def certificate_warning(standard: Standard, number: str) -> str | None:
    """A warning where a certificate's number has no form we have seen; never a reason to refuse by itself."""
    if standard.certificate_pattern is None or re.fullmatch(standard.certificate_pattern, number.strip()):
        return None
    return f"the number has none of the forms seen on certificates of {standard.name}; look it up in the register"


def _holds(operator: Operator, wanted: object, measured: Measured) -> bool | None:
    if operator in {Operator.AT_LEAST, Operator.AT_MOST}:
        return _reaches(operator, wanted, measured)
    if operator is Operator.EQUALS:
        return measured == wanted if _same_kind(wanted, measured) else None
    if not isinstance(wanted, tuple):
        return None
    if operator is Operator.INCLUDES_ALL:
        return set(wanted) <= set(measured) if _is_group(measured) else None
    return (measured in wanted) is (operator is Operator.ONE_OF) if isinstance(measured, str) else None


def _reaches(operator: Operator, wanted: object, measured: object) -> bool | None:
    if not (_is_number(wanted) and _is_number(measured)):
        return None
    return measured >= wanted if operator is Operator.AT_LEAST else measured <= wanted


def _is_group(measured: object) -> TypeGuard[Collection[str]]:
    return isinstance(measured, Collection) and not isinstance(measured, str)


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _same_kind(wanted: object, measured: object) -> bool:
    if isinstance(wanted, bool) or isinstance(measured, bool):
        return isinstance(wanted, bool) and isinstance(measured, bool)
    return (_is_number(wanted) and _is_number(measured)) or (isinstance(wanted, str) and isinstance(measured, str))
