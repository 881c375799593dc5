"""Judges one QTI item: its variables, interactions, correct responses, rules and markup."""

import re
from collections.abc import Iterator
from posixpath import normpath
from urllib.parse import unquote

from lxml import etree
from msgspec import Struct

from becta.compliance.conformance.qti.names import Edition
from becta.compliance.conformance.qti.tables import (
    BASE_TYPES,
    BUILT_IN,
    CARDINALITIES,
    INTERACTIONS,
    MEDIA,
    NOT_HTML,
    REFERENCES,
    TEMPLATE,
    TEMPLATES,
    Interaction,
)
from becta.compliance.conformance.qti.values import fits, is_float, is_name
from becta.compliance.conformance.scorm.manifest import Find, line_of

_DECLARATIONS = {
    "responseDeclaration": "response",
    "outcomeDeclaration": "outcome",
    "templateDeclaration": "template",
    "contextDeclaration": "context",
}
_CUSTOM = frozenset({"customInteraction", "portableCustomInteraction"})
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:|//|#|\{")


class Variable(Struct, frozen=True):
    """A declared variable; `cardinality` and `base_type` are empty where missing or unknown."""

    kind: str
    element: etree._Element
    cardinality: str = ""
    base_type: str = ""


class ItemRules:
    """The rules of one version for one item; `files` are those of its package, None for an item alone."""

    def __init__(self, edition: Edition, folder: str, files: frozenset[str] | None, find: Find) -> None:
        """Judge an item that stands in a folder of its package."""
        self._edition = edition
        self._folder = folder
        self._files = files
        self._find = find
        self._variables: dict[str, Variable] = {}
        self._bound: set[str] = set()

    def judge(self, root: etree._Element) -> None:
        """Judge a whole item."""
        if self._edition.name(root) != "assessmentItem":
            message = f"is not an assessment item of QTI {self._edition.version}"
            self._find("item-root", message, root, "assessmentItem", str(root.tag))
            return
        needed = ("identifier", "title", "timeDependent", *(("adaptive",) if self._edition.needs_adaptive else ()))
        self._needed(root, needed)
        for name in ("adaptive", "timeDependent"):
            value = self._edition.get(root, name)
            if value is not None and value not in {"true", "false", "1", "0"}:
                self._tell("boolean", "is not true or false", root, name, value)
        for element in root:
            kind = _DECLARATIONS.get(self._edition.name(element))
            if kind is not None:
                self._declaration(element, kind)
        for element in root.iter():
            name = self._edition.name(element)
            if name in INTERACTIONS:
                self._interaction(element, INTERACTIONS[name])
            elif name in REFERENCES:
                self._reference(element, *REFERENCES[name])
            elif name == "responseProcessing":
                self._processing(element)
        self._markup(root)

    def _tell(self, check: str, message: str, element: etree._Element, field: str, value: str | None = None) -> None:
        self._find(check, message, element, self._edition.written(field), value)

    def _needed(self, element: etree._Element, names: tuple[str, ...]) -> None:
        for name in names:
            if self._edition.get(element, name) is None:
                self._tell("item-attribute", f"has no {self._edition.written(name)}", element, name)

    def _within(self, element: etree._Element, *names: str) -> Iterator[etree._Element]:
        return (inner for inner in element.iter() if self._edition.name(inner) in names)

    def _declaration(self, element: etree._Element, kind: str) -> None:
        self._needed(element, ("identifier", "cardinality"))
        cardinality, base_type = (self._edition.get(element, name) for name in ("cardinality", "baseType"))
        if cardinality is not None and cardinality not in CARDINALITIES:
            self._tell("cardinality", "is no cardinality", element, "cardinality", cardinality)
        if base_type is not None and base_type not in BASE_TYPES:
            self._tell("base-type", "is no base-type", element, "baseType", base_type)
        elif base_type is None and cardinality in {"single", "multiple", "ordered"}:
            self._tell("base-type", "is missing", element, "baseType")
        identifier = self._edition.get(element, "identifier")
        variable = Variable(
            kind,
            element,
            cardinality if cardinality in CARDINALITIES else "",
            base_type if base_type in BASE_TYPES else "",
        )
        self._values(variable)
        if identifier is None:
            return
        if not is_name(identifier):
            self._tell("variable-identifier", "is not a name", element, "identifier", identifier)
        elif identifier in self._variables:
            message = f"is declared on line {line_of(self._variables[identifier].element)} too"
            self._tell("unique-variable", message, element, "identifier", identifier)
        self._variables.setdefault(identifier, variable)

    def _values(self, variable: Variable) -> None:
        for group in self._within(variable.element, "correctResponse", "defaultValue"):
            values = list(self._within(group, "value"))
            if variable.cardinality == "single" and len(values) != 1:
                self._tell("value", f"has {len(values)} values, but one is held", group, "value")
            for value in values:
                text = (value.text or "").strip()
                if variable.cardinality != "record" and not fits(variable.base_type, text):
                    self._tell("value", f"is not of the base-type {variable.base_type}", value, "value", text)
        seen: set[str] = set()
        for entry in self._within(variable.element, "mapEntry"):
            self._needed(entry, ("mapKey", "mappedValue"))
            key, mapped = (self._edition.get(entry, name) for name in ("mapKey", "mappedValue"))
            if key is not None and (not fits(variable.base_type, key.strip()) or key in seen):
                fault = "is mapped already" if key in seen else f"is not of the base-type {variable.base_type}"
                self._tell("map-key", fault, entry, "mapKey", key)
            seen.add(key or "")
            if mapped is not None and not is_float(mapped):
                self._tell("mapped-value", "is not a number", entry, "mappedValue", mapped)

    def _interaction(self, element: etree._Element, wanted: Interaction) -> None:
        self._needed(element, ("responseIdentifier",))
        least, most = (self._edition.get(element, name) or "" for name in ("minChoices", "maxChoices"))
        if least.isdecimal() and most.isdecimal() and 0 < int(most[:9]) < int(least[:9]):
            self._tell("choice-limits", "is more than maxChoices", element, "minChoices", least)
        choices, targets = self._choices(element, wanted)
        identifier = self._edition.get(element, "responseIdentifier")
        if identifier is None:
            return
        variable = self._variables.get(identifier)
        if variable is None or variable.kind != "response":
            message = "names no declared response"
            self._tell("undeclared-response", message, element, "responseIdentifier", identifier)
            return
        if variable.cardinality and variable.cardinality not in wanted.cardinalities:
            message = f"is bound to a variable whose cardinality is {variable.cardinality}"
            self._tell("response-cardinality", message, element, "responseIdentifier", identifier)
        if variable.base_type and variable.base_type not in wanted.base_types:
            message = f"is bound to a variable whose base-type is {variable.base_type}"
            self._tell("response-base-type", message, element, "responseIdentifier", identifier)
        elif wanted.choices and variable.base_type and identifier not in self._bound:
            self._answers(variable, choices, targets)
        self._bound.add(identifier)

    def _choices(self, element: etree._Element, wanted: Interaction) -> tuple[set[str], set[str]]:
        """The identifiers of an interaction's choices, and of those that stand second in a pair."""
        found: tuple[set[str], set[str]] = (set(), set())
        sets = list(self._within(element, "simpleMatchSet"))
        for choice in self._within(element, *wanted.choices, *wanted.targets):
            self._needed(choice, ("identifier",))
            identifier = self._edition.get(choice, "identifier")
            if identifier is None:
                continue
            if not is_name(identifier):
                self._tell("variable-identifier", "is not a name", choice, "identifier", identifier)
            elif identifier in found[0] or identifier in found[1]:
                self._tell("unique-choice", "is the identifier of an earlier choice", choice, "identifier", identifier)
            second = choice.getparent() is sets[-1] if sets else self._edition.name(choice) in wanted.targets
            found[second].add(identifier)
        return found

    def _answers(self, variable: Variable, choices: set[str], targets: set[str]) -> None:
        for group in self._within(variable.element, "correctResponse"):
            for value in self._within(group, "value"):
                text = (value.text or "").strip()
                if fits(variable.base_type, text) and not _possible(variable.base_type, text, choices, targets):
                    self._tell("correct-response", "is not among the choices", value, "value", text)
        for entry in self._within(variable.element, "mapEntry"):
            key = (self._edition.get(entry, "mapKey") or "").strip()
            if fits(variable.base_type, key) and not _possible(variable.base_type, key, choices, targets):
                self._tell("map-key", "is not among the choices", entry, "mapKey", key)

    def _reference(self, element: etree._Element, attribute: str, kinds: frozenset[str]) -> None:
        self._needed(element, (attribute,))
        identifier = self._edition.get(element, attribute)
        if identifier is None:
            return
        kind = self._variables[identifier].kind if identifier in self._variables else BUILT_IN.get(identifier)
        if kind not in kinds:
            wanted = "no declared variable" if len(kinds) > 2 else f"no declared {' or '.join(sorted(kinds))} variable"
            self._tell("undeclared-variable", f"names {wanted}", element, attribute, identifier)

    def _processing(self, element: etree._Element) -> None:
        template = self._edition.get(element, "template")
        if template is None:
            return
        known = re.fullmatch(TEMPLATE, template.strip())
        if known is None or known.group(1) not in TEMPLATES:
            self._tell("template", "is not one of the standard templates", element, "template", template)
            return
        for name, kind in (("RESPONSE", "response"), ("SCORE", "outcome")):
            if name not in self._variables or self._variables[name].kind != kind:
                message = f"uses {name}, which is not declared as {kind}"
                self._tell("template-variables", message, element, "template", template)

    def _markup(self, element: etree._Element) -> None:
        for child in element:
            name = self._edition.name(child)
            if name in _CUSTOM:
                continue  # what stands in a custom interaction is its own affair
            if name in NOT_HTML:
                self._find("html-element", "is not in QTI's HTML subset", child, name)
            for attribute, value in child.attrib.items():
                plain = str(attribute)
                if plain.lower().startswith("on") or str(value).strip().lower().startswith("javascript:"):
                    self._find("html-attribute", "holds a script", child, plain)
            if name == "img" and child.get("alt") is None:
                self._find("image-text", "has no alt", child, "alt")
            if name in MEDIA:
                self._media(child, MEDIA[name])
            self._markup(child)

    def _media(self, element: etree._Element, attribute: str) -> None:
        address = (element.get(attribute) or "").strip()
        if self._files is None or not address or _ADDRESS.match(address):
            return
        path = unquote(re.split(r"[?#]", address, maxsplit=1)[0])
        if normpath(f"{self._folder}{path}") not in self._files:
            self._find("media-file", "is not in the package", element, attribute, address)


def _possible(base_type: str, text: str, choices: set[str], targets: set[str]) -> bool:
    """Whether a response can be given by choosing."""
    halves = text.split()
    if base_type == "directedPair":
        return halves[0] in choices and halves[1] in targets
    return all(half in choices for half in halves)
