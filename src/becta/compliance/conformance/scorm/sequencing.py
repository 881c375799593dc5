"""Judges words, numbers and references of sequencing in a SCORM 2004 manifest; not what the rules do at run time."""

import re

from lxml import etree

from becta.compliance.conformance.scorm.manifest import Find, children, local, text_of
from becta.compliance.conformance.scorm.tables import (
    BOOLEANS,
    FLAGS,
    MEASURES,
    RULE_ACTIONS,
    RULE_WORDS,
    SCORM_2004,
    SEQUENCING,
)

_DECIMAL = re.compile(r"[+\-]?(?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})")
_OURS = frozenset({SEQUENCING, SCORM_2004.extension})


def judge_sequencing(root: etree._Element, find: Find) -> None:
    """Judge every element of sequencing and of completion thresholds."""
    found = [each for each in root.iter() if isinstance(each.tag, str) and etree.QName(each).namespace in _OURS]
    collections = [each for each in found if local(each) == "sequencingCollection"]
    shared = {each.get("ID") for collection in collections for each in children(collection, "sequencing")}
    for element in found:
        name = local(element)
        reference = element.get("IDRef")
        if name == "sequencing" and reference is not None and reference not in shared:
            find("sequencing-reference", "names none of the collection", element, "IDRef", reference)
        elif name == "objectives":
            _objectives(element, find)
        elif name == "limitConditions":
            attempts = element.get("attemptLimit")
            if attempts is not None and not re.fullmatch(r"\d{1,9}", attempts):
                find("sequencing-limit", "is not a whole number", element, "attemptLimit", attempts)
        elif name == "minNormalizedMeasure":
            _measure(element, "minNormalizedMeasure", text_of(element), (-1, 1), find)
        _words(element, name, find)
        for flag in FLAGS.get(name, ()):
            value = element.get(flag)
            if value is not None and value not in BOOLEANS:
                find("sequencing-flag", "is not true or false", element, flag, value)
        for (owner, attribute), bounds in MEASURES.items():
            value = element.get(attribute) if owner == name else None
            if value is not None:
                _measure(element, attribute, value, bounds, find)


def _objectives(element: etree._Element, find: Find) -> None:
    seen: set[str] = set()
    for objective in children(element, "primaryObjective", "objective"):
        identifier = objective.get("objectiveID")
        if identifier is not None and identifier in seen:
            find("sequencing-objective", "is the id of another objective here", objective, "objectiveID", identifier)
        elif identifier is None and local(objective) == "objective":
            find("sequencing-objective", "has no objectiveID", objective, "objectiveID")
        if identifier is not None:
            seen.add(identifier)


def _words(element: etree._Element, name: str, find: Find) -> None:
    for (owner, attribute), words in RULE_WORDS.items():
        value = element.get(attribute)
        if owner == name and value is not None and value not in words:
            find("sequencing-rule", f"is none of {', '.join(sorted(words))}", element, attribute, value)
    parent = element.getparent()
    actions = RULE_ACTIONS.get(local(parent)) if name == "ruleAction" and parent is not None else None
    if actions is not None and element.get("action") not in actions:
        message = f"is none of {', '.join(sorted(actions))}"
        find("sequencing-rule", message, element, "action", element.get("action"))


def _measure(element: etree._Element, field: str, text: str, bounds: tuple[float, float], find: Find) -> None:
    least, most = bounds
    if not _DECIMAL.fullmatch(text) or not least <= float(text) <= most:
        find("measure", f"is not a number from {least:g} to {most:g}", element, field, text)
