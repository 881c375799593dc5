"""Whether RDF takes all of an expanded JSON-LD document: what RDF drops, no signature over its statements covers."""

import re
from collections import Counter
from collections.abc import Iterator

from becta.compliance.openbadges.effort import NotCanonical
from becta.compliance.openbadges.reading import LONGEST_ARRAY, Json, JsonObject, as_list
from becta.compliance.openbadges.verdicts import shown

IRI = re.compile(r"""[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>"{}|^`\\\s]*""")
"""An absolute IRI, as N-Quads can write it."""
LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
"""A language tag. N-Quads write it without any escape, so that another text could add statements."""
NODE_KEYWORDS = frozenset({"@id", "@type", "@graph"})
VALUE_KEYWORDS = frozenset({"@value", "@type", "@language", "@direction"})


def check_statements(expanded: Json) -> None:
    """Raise NotCanonical for anything that RDF would drop, or that stands elsewhere than where it says.

    Blank nodes may have no labels: nothing signs a label, and only with labels can a graph be more than a tree.
    """
    many = Counter[tuple[str, str]]()
    for item in nodes_in(expanded):
        if "@value" in item:
            _check_value(item)
        elif set(item) != {"@list"}:
            _check_node(item, many)
    if most := [name for (_, name), count in many.items() if count > LONGEST_ARRAY]:
        raise NotCanonical(f"one thing has more than {LONGEST_ARRAY} values of {shown(most[0])}")


def nodes_in(expanded: Json) -> Iterator[JsonObject]:
    """Every object of an expanded document: nodes, values and lists; what is inside a JSON value is not entered."""
    waiting = [expanded]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting += item
        elif isinstance(item, dict):
            yield item
            if "@value" not in item:
                waiting += [inner for name, inner in item.items() if name not in {"@id", "@type"}]


def _check_value(item: JsonObject) -> None:
    if unknown := sorted(set(item) - VALUE_KEYWORDS):
        raise NotCanonical(f"a value has {shown(unknown[0])}, which no signature covers")
    if "@type" in item and item["@type"] != "@json":
        _check_iri(item["@type"], "datatype")
    language = item.get("@language", "en")
    if not isinstance(language, str) or not LANGUAGE.fullmatch(language):
        raise NotCanonical(f"{shown(language)} is not a language tag")


def _check_node(item: JsonObject, many: Counter[tuple[str, str]]) -> None:
    named = item.get("@id")
    if "@id" in item:
        _check_iri(named, "id")
    for kind in as_list(item.get("@type")):
        _check_iri(kind, "type")
    for name, values in item.items():
        if name.startswith("@") and name not in NODE_KEYWORDS:
            raise NotCanonical(f"{shown(name)} moves statements about, or is not covered by a signature")
        if not name.startswith("@"):
            _check_iri(name, "property")
        many[str(named or id(item)), name] += len(as_list(values))


def _check_iri(value: Json, what: str) -> None:
    if not isinstance(value, str) or not IRI.fullmatch(value):
        raise NotCanonical(f"the {what} {shown(value)} is no absolute IRI, so that no signature covers it")
