"""What the registry of standards holds: editions, requirements, criteria and sources, each with its days.

Days: `effective_from` is the first day something is in force, `effective_to` the first day it no longer is, as with
badges. Every statement says how sure we are of it and where it comes from; what we only know is never called official.
"""

from datetime import date
from enum import StrEnum

from msgspec import Struct

from becta.catalogue.products.rules import Phase


class Holder(StrEnum):
    """Whom a standard is about: a certificate is an organisation's, a conformance a product's.

    What a school itself must meet is judged, not claimed: no badge names it.
    """

    SUPPLIER = "supplier"
    PRODUCT = "product"
    SCHOOL = "school"


class Certainty(StrEnum):
    """How sure we are: read at the publisher, read elsewhere, or known without a source at hand."""

    VERIFIED = "verified"
    SECONDARY = "secondary"
    GENERAL = "general"


class Category(StrEnum):
    """The theme a standard is listed under, in the order people meet them."""

    SECURITY = "security"
    SAFEGUARDING = "safeguarding"
    PRIVACY = "privacy"
    ACCESSIBILITY = "accessibility"
    INTEROPERABILITY = "interoperability"
    CONTENT = "content"
    INFRASTRUCTURE = "infrastructure"
    GOVERNANCE = "governance"
    DEVICES = "devices"


class EvidenceKind(StrEnum):
    """What a supplier can give as evidence for a badge."""

    FILE = "file"
    CERTIFICATE_NUMBER = "certificate_number"
    URL = "url"
    CONFORMANCE_RUN = "conformance_run"
    STATEMENT = "statement"


class EvidenceType(StrEnum):
    """How a school shows what it has: a test of it, its register, a paper, or somebody's word."""

    MEASUREMENT = "measurement"
    INVENTORY = "inventory"
    DOCUMENT = "document"
    STATEMENT = "statement"


class Operator(StrEnum):
    """How a measured value is held against the wanted one."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    EQUALS = "equals"
    ONE_OF = "one_of"
    NONE_OF = "none_of"
    INCLUDES_ALL = "includes_all"


class Source(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a statement comes from; `certainty` is the most that can be said on its ground. `url` empty: none seen."""

    id: str
    title: str
    certainty: Certainty
    url: str = ""


class Edition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A version of a standard and its days. `effective_from` None: a day we have not seen stated.

    `transition_end` is the last day on which an assessment begun on this edition may still end in a certificate.
    """

    version: str
    name: str
    certainty: Certainty
    source: str
    effective_from: date | None = None
    effective_to: date | None = None
    transition_end: date | None = None
    note: str = ""


class Requirement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something the standard asks for, in our words; `clause` is where its text says so, empty where unnumbered."""

    id: str
    text: str
    certainty: Certainty
    source: str
    clause: str = ""
    effective_from: date | None = None
    effective_to: date | None = None


class Criterion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A machine-checkable reading of a requirement. It is ours, not the publisher's, and says so.

    `metric` names what is measured, `value` what it is held against in `unit`; `applies_to` empty: every phase.
    """

    id: str
    requirement: str
    title: str
    metric: str
    operator: Operator
    value: bool | int | str | tuple[str, ...]
    unit: str
    certainty: Certainty
    source: str
    evidence_type: EvidenceType
    applies_to: tuple[Phase, ...] = ()
    effective_from: date | None = None
    effective_to: date | None = None
    ours: bool = True


class Standard(Struct, frozen=True, forbid_unknown_fields=True):
    """A standard a claim can name, or a school can be judged by. `months_valid` None: no fixed life.

    `label` is how a badge names it, with `{name}` and, where versions matter to a buyer, `{version}`. `versions` are
    those a claim may name; `editions` may reach further back. `needs` are the codes of standards to hold first.
    """

    code: str
    name: str
    publisher: str
    holder: Holder
    months_valid: int | None
    versions: tuple[str, ...]
    roles: tuple[str, ...]
    label: str = "{name} {version}"
    category: Category = Category.INTEROPERABILITY
    core: bool = False
    summary: str = ""
    scope_rule: str = ""
    renewal: str = ""
    decided_by: str = ""
    four_eyes: bool = False
    four_eyes_why: str = ""
    needs: tuple[str, ...] = ()
    exclusive_editions: bool = False
    evidence_wanted: tuple[EvidenceKind, ...] = ()
    certificate_pattern: str | None = None
    runners: tuple[str, ...] = ()
    editions: tuple[Edition, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    sources: tuple[Source, ...] = ()
