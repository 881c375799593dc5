"""What a CFPackage says about itself: identifiers, the ends of associations, the tree of items, definitions used."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from becta.compliance.conformance.case.rules import Fields, Find, Link, members
from becta.compliance.conformance.case.tables import LINKS

_DEFINITIONS = ("CFConcepts", "CFSubjects", "CFLicenses", "CFItemTypes", "CFAssociationGroupings")


class _Thing(Struct, frozen=True):
    group: str
    at: str
    uri: object


class _Association(Struct, frozen=True):
    at: str
    kind: str
    origin: str
    destination: str


def judge_references(package: Fields, links: list[Link], find: Find) -> None:
    """Tell of identifiers given twice and of references that lead nowhere, to another thing, or in a circle."""
    things = _things(package, find)
    _links(links, things, find)
    associations = list(_associations(package))
    nodes = {name: thing for name, thing in things.items() if thing.group in {"CFDocument", "CFItems"}}
    _ends(associations, nodes, find)
    _doubles(associations, find)
    _cycles([association for association in associations if association.kind == "isChildOf"], find)
    placed = {association.origin for association in associations if association.kind == "isChildOf"}
    for name, thing in nodes.items():
        if thing.group == "CFItems" and name not in placed:
            find("unplaced-item", "is no child of the document or of an item", thing.at, name)
    _rubrics(package, find)


def _all_things(package: Fields) -> Iterator[tuple[str, str, Fields]]:
    document = package.get("CFDocument")
    if isinstance(document, dict):
        yield "CFDocument", "/CFDocument", document
    for group in ("CFItems", "CFAssociations"):
        for index, thing in members(package, group):
            yield group, f"/{group}/{index}", thing
    definitions = package.get("CFDefinitions")
    for group in _DEFINITIONS:
        for index, thing in members(definitions, group):
            yield group, f"/CFDefinitions/{group}/{index}", thing
    for index, rubric in members(package, "CFRubrics"):
        at = f"/CFRubrics/{index}"
        yield "CFRubrics", at, rubric
        for place, criterion in members(rubric, "CFRubricCriteria"):
            yield "CFRubricCriteria", f"{at}/CFRubricCriteria/{place}", criterion
            for step, level in members(criterion, "CFRubricCriterionLevels"):
                yield "CFRubricCriterionLevels", f"{at}/CFRubricCriteria/{place}/CFRubricCriterionLevels/{step}", level


def _things(package: Fields, find: Find) -> dict[str, _Thing]:
    things: dict[str, _Thing] = {}
    for group, at, thing in _all_things(package):
        identifier = thing.get("identifier")
        if not isinstance(identifier, str):
            continue
        if identifier in things:
            message = f"is also the identifier of {things[identifier].at}"
            find("duplicate-identifier", message, f"{at}/identifier", identifier)
        else:
            things[identifier] = _Thing(group, at, thing.get("uri"))
    return things


def _links(links: list[Link], things: Mapping[str, _Thing], find: Find) -> None:
    checks = {"document-link": "document-reference", "item-link": "rubric-reference"}
    for link in links:
        thing = things.get(link.identifier)
        group = LINKS.get(link.kind)
        if group is not None and (thing is None or thing.group != group):
            check = checks.get(link.kind, "definition-reference")
            find(check, f"is not in the package's {group}", link.at, link.identifier)
        elif thing is not None and isinstance(link.uri, str) and link.uri != thing.uri:
            find("reference-uri", f"is not the uri of {thing.at}", f"{link.at}/uri", link.uri)


def _associations(package: Fields) -> Iterator[_Association]:
    for index, association in members(package, "CFAssociations"):
        kind = association.get("associationType")
        ends = [association.get(name) for name in ("originNodeURI", "destinationNodeURI")]
        names = [end.get("identifier") if isinstance(end, dict) else None for end in ends]
        if isinstance(kind, str) and isinstance(names[0], str) and isinstance(names[1], str):
            yield _Association(f"/CFAssociations/{index}", kind, names[0], names[1])


def _ends(associations: list[_Association], nodes: Mapping[str, _Thing], find: Find) -> None:
    for association in associations:
        ends = {"originNodeURI": association.origin, "destinationNodeURI": association.destination}
        missing = [name for name, identifier in ends.items() if identifier not in nodes]
        if association.kind == "isChildOf":
            for name in missing:
                message = "is neither the document nor an item of the package"
                find("child-ends", message, f"{association.at}/{name}", ends[name])
        elif len(missing) == 2:
            find("association-ends", "has neither end in the package", association.at)


def _doubles(associations: list[_Association], find: Find) -> None:
    seen: dict[tuple[str, str, str], str] = {}
    for association in associations:
        key = (association.kind, association.origin, association.destination)
        if key in seen:
            find("duplicate-association", f"says the same as {seen[key]}", association.at)
        seen.setdefault(key, association.at)


def _cycles(associations: list[_Association], find: Find) -> None:
    """Walk up from each child; an edge to a node still on the path closes a circle."""
    parents: dict[str, list[_Association]] = {}
    for association in associations:
        parents.setdefault(association.origin, []).append(association)
    done: set[str] = set()
    for start, first in parents.items():
        path: dict[str, Iterator[_Association]] = {} if start in done else {start: iter(first)}
        while path:
            node = next(reversed(path))
            edge = next(path[node], None)
            if edge is None:
                done.add(node)
                del path[node]
            elif edge.destination in path:
                find("child-cycle", "makes an item its own ancestor", edge.at, edge.destination)
            elif edge.destination not in done:
                path[edge.destination] = iter(parents.get(edge.destination, ()))


def _rubrics(package: Fields, find: Find) -> None:
    for index, rubric in members(package, "CFRubrics"):
        for place, criterion in members(rubric, "CFRubricCriteria"):
            at = f"/CFRubrics/{index}/CFRubricCriteria/{place}"
            _same(criterion, "rubricId", rubric, at, find)
            for step, level in members(criterion, "CFRubricCriterionLevels"):
                _same(level, "rubricCriterionId", criterion, f"{at}/CFRubricCriterionLevels/{step}", find)


def _same(part: Fields, name: str, whole: Fields, at: str, find: Find) -> None:
    named = part.get(name)
    if isinstance(named, str) and isinstance(whole.get("identifier"), str) and named != whole["identifier"]:
        find("rubric-reference", "is not the identifier of what it stands in", f"{at}/{name}", named)
