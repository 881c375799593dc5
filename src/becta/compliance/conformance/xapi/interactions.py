"""What parts of a statement say together: interaction activities (Part Two 2.4.4.1) and scores (2.4.5.1)."""

from collections.abc import Iterator, Mapping

from becta.compliance.conformance.xapi.checks import INTERACTIONS
from becta.compliance.conformance.xapi.formats import is_number

Fault = tuple[str, str, str, object]
"""Check, message, JSON pointer below the part, value."""

_LISTS = ("choices", "scale", "source", "target", "steps")
_MARKS = (*_LISTS, "interactionType", "correctResponsesPattern")
_INTERACTION = "http://adlnet.gov/expapi/activities/cmi.interaction"


def interaction_faults(definition: Mapping[str, object]) -> Iterator[Fault]:
    """What is wrong with a definition as an interaction activity; nothing if it is none."""
    if not any(name in definition for name in _MARKS) and definition.get("type") != _INTERACTION:
        return
    kind = definition.get("interactionType")
    if kind is None and "interactionType" in definition:
        return  # found as null already
    if not isinstance(kind, str) or kind not in INTERACTIONS:
        if kind is None or isinstance(kind, str):
            yield "interaction-type", "is not an interactionType", "/interactionType", kind
        return
    for name in _LISTS:
        if name in definition and name not in INTERACTIONS[kind]:
            yield "interaction-lists", f"is not a list of the interactionType {kind}", f"/{name}", None
        yield from _doubles(definition.get(name), f"/{name}")
    ids = {name: _ids(definition.get(name)) for name in _LISTS}
    patterns = definition.get("correctResponsesPattern")
    for index, pattern in enumerate(patterns if isinstance(patterns, list) else ()):
        if isinstance(pattern, str) and not _fits(kind, pattern, ids):
            message = f"is not a response of the interactionType {kind}"
            yield "response-pattern", message, f"/correctResponsesPattern/{index}", pattern


def score_faults(score: Mapping[str, object]) -> Iterator[Fault]:
    """What is wrong with a score's numbers; those that are no numbers are passed over."""
    scaled, raw, least, most = (_number(score.get(name)) for name in ("scaled", "raw", "min", "max"))
    if scaled is not None and not -1 <= scaled <= 1:
        yield "score-scaled", "is not between -1 and 1", "/scaled", scaled
    if least is not None and most is not None and least >= most:
        yield "score-bounds", "is not less than max", "/min", least
    elif raw is not None and ((least is not None and raw < least) or (most is not None and raw > most)):
        yield "score-raw", "is not between min and max", "/raw", raw


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _doubles(components: object, at: str) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, component in enumerate(components if isinstance(components, list) else ()):
        identifier = component.get("id") if isinstance(component, dict) else None
        if not isinstance(identifier, str):
            continue
        if identifier in seen:
            yield "interaction-ids", "is the id of an earlier component", f"{at}/{index}/id", identifier
        seen.add(identifier)


def _ids(components: object) -> frozenset[str] | None:
    """The ids of a list of components; None where the list was left out."""
    if not isinstance(components, list):
        return None
    found = (component.get("id") for component in components if isinstance(component, dict))
    return frozenset(identifier for identifier in found if isinstance(identifier, str))


def _fits(kind: str, pattern: str, ids: Mapping[str, frozenset[str] | None]) -> bool:
    parts = pattern.split("[,]")
    match kind:
        case "true-false":
            fits = pattern in {"true", "false"}
        case "choice" | "sequencing":
            fits = all(_known(part, ids["choices"]) for part in parts)
        case "likert":
            fits = _known(pattern, ids["scale"])
        case "numeric":
            fits = _is_range(pattern)
        case "matching":
            pairs = [part.split("[.]") for part in parts]
            fits = all(len(pair) == 2 and all(map(_known, pair, (ids["source"], ids["target"]))) for pair in pairs)
        case "performance":
            steps = [part.partition("[.]") for part in _without_parameter(pattern).split("[,]")]
            fits = all(dot != "" and _known(step, ids["steps"]) for step, dot, _ in steps)
        case _:
            fits = True
    return fits


def _known(identifier: str, ids: frozenset[str] | None) -> bool:
    """Whether an id is among those of a list; any is, where the list was left out."""
    return identifier in ids if ids is not None else identifier != ""


def _is_range(pattern: str) -> bool:
    least, colon, most = pattern.partition("[:]")
    if not colon:
        return is_number(pattern)
    bounds = [bound for bound in (least, most) if bound]
    return bool(bounds) and all(map(is_number, bounds))


def _without_parameter(pattern: str) -> str:
    """A pattern without the `{order_matters=...}` that may stand before it."""
    return pattern.partition("}")[2] if pattern.startswith("{order_matters=") else pattern
