"""Whether the statements that a proof covers are those that a reader of the JSON is told, neither more nor fewer.

The JSON is walked beside its expanded form, from the credential along the names that a verifier reads: each place must
say the same in both. Statements about the same things elsewhere in the document must not add to what is said there.
"""

from collections.abc import Iterator

from msgspec import Struct

from becta.compliance.openbadges.contexts import is_version_2
from becta.compliance.openbadges.reading import Json, JsonObject, as_list
from becta.compliance.openbadges.statements import nodes_in
from becta.compliance.openbadges.verdicts import shown
from becta.compliance.openbadges.vocabulary import CLASSES, PREDICATES, SECURITY, TYPES

VALUES = frozenset({"@value", "@list"})
KNOWN_TYPES = frozenset(TYPES.values())
TYPE_COUNTS = frozenset({"credential", "subject", "status"})
"""Classes of which a verifier acts on the type."""


class _Place(Struct, frozen=True):
    """An object that is read, its expanded form, and its class."""

    told: JsonObject
    node: JsonObject
    kind: str


def uncovered(document: JsonObject, expanded: Json, kind: str = "credential") -> list[str]:
    """Where what is signed of a credential, or of the options of a proof, is not what its JSON tells."""
    nodes = as_list(expanded)
    root = nodes[0] if len(nodes) == 1 else None
    if not isinstance(root, dict):
        return ["the proof covers something else than one credential"]
    faults: list[str] = []
    if kind == "credential":
        end, other = ("validUntil", "expirationDate") if is_version_2(document) else ("expirationDate", "validUntil")
        if other in document and document[other] != document.get(end):
            faults.append(f"the proof covers a {other}, which is not read in this version of the data model")
    places: list[_Place] = []
    waiting = [_Place(document, root, kind)]
    while waiting:
        place = waiting.pop()
        places.append(place)
        faults += _differences(place, waiting)
    return faults or list(_additions(expanded, places))


def _differences(place: _Place, waiting: list[_Place]) -> Iterator[str]:
    """Where one object differs from its expanded form; what is below joins those that wait."""
    told, node = place.told, place.node
    if told.get("id") != node.get("@id"):
        yield f"the proof covers the id {shown(node.get('@id'))} where the JSON tells {shown(told.get('id'))}"
    names = {TYPES[name] for name in as_list(told.get("type")) if isinstance(name, str) and name in TYPES}
    for iri in sorted(names ^ _known_types(node)):
        yield f"the proof covers a type other than the JSON tells: {shown(iri)}"
    for name, kind in CLASSES[place.kind].items():
        values = [value for value in as_list(told.get(name)) if value is not None]
        signed = [value for iri in PREDICATES[name] for value in as_list(node.get(iri))]
        if len(signed) > len(values):
            yield f"the proof covers a {name} that is written so that a reader of the JSON misses it"
        elif len(signed) < len(values):
            yield f"the proof does not cover the {name} that the JSON tells"
        else:
            for value, found in zip(values, signed, strict=True):
                if kind and isinstance(value, dict) and isinstance(found, dict) and not VALUES & set(found):
                    waiting.append(_Place(value, found, kind))
                elif not _same(value, found, name):
                    yield f"the proof covers another {name} than the JSON tells"


def _same(value: Json, found: Json, name: str) -> bool:
    """Whether a plain value, or the id of a thing, is what is signed."""
    if not isinstance(found, dict):
        return False
    if "@value" in found:
        if isinstance(value, dict):
            value = value.get("@value")
        return value == found["@value"] and type(value) is type(found["@value"])
    if set(found) != {"@id"} or not isinstance(value, str):
        return False
    return found["@id"] == value or (name == "proofPurpose" and found["@id"] == SECURITY + value)


def _additions(expanded: Json, places: list[_Place]) -> Iterator[str]:
    """Things that are read, and of which another object with the same id says something more or something else."""
    by_id: dict[str, list[JsonObject]] = {}
    for node in nodes_in(expanded):
        if isinstance(named := node.get("@id"), str) and len(node) > 1:
            by_id.setdefault(named, []).append(node)
    read: dict[tuple[str, str], list[JsonObject]] = {}
    for place in places:
        if isinstance(named := place.node.get("@id"), str):
            read.setdefault((named, place.kind), []).append(place.node)
    for (named, kind), nodes in read.items():
        alike = {id(node) for node in nodes}
        for other in by_id.get(named, []):
            if other is not nodes[0] and _adds(other, nodes[0], kind, wholly=id(other) in alike):
                yield f"the proof covers statements about {shown(named)} in two places that do not agree"
                break


def _adds(other: JsonObject, node: JsonObject, kind: str, *, wholly: bool) -> bool:
    """Whether a second object of an id says anything that is read and that the first does not say likewise.

    The credential itself may not be described twice at all. Another that is read at the same place must agree `wholly`.
    """
    for name in CLASSES[kind]:
        for iri in PREDICATES[name]:
            if iri in other and kind == "credential":
                return True
            if (wholly or iri in other) and other.get(iri) != node.get(iri):
                return True
    return kind in TYPE_COUNTS and not _known_types(other) <= _known_types(node)


def _known_types(node: JsonObject) -> set[str]:
    return {kind for kind in as_list(node.get("@type")) if isinstance(kind, str) and kind in KNOWN_TYPES}
