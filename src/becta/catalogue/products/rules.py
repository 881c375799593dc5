"""What a listing may say, and how it moves from draft to published and away."""

import re
from enum import StrEnum
from hashlib import sha256

import msgspec
from msgspec import Struct
from stdnum import ean

from becta.catalogue.categories import Kind, categories
from becta.catalogue.connectivity.rules import ConnectivityPackage, connectivity_faults
from becta.catalogue.text_rules import text_faults
from becta.kernel.errors import Conflict, Fault


class Phase(StrEnum):
    """Phases of education a product suits."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    ALL_THROUGH = "all-through"
    SPECIAL = "special"
    FE = "fe"


class ListingState(StrEnum):
    """Where a version of a listing stands. Superseded: a newer version took its place."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


OPEN_STATES = (ListingState.DRAFT, ListingState.SUBMITTED, ListingState.RETURNED)
"""States of a version that is still being worked on; a product has at most one such version."""

TRANSITIONS: dict[ListingState, frozenset[ListingState]] = {
    ListingState.DRAFT: frozenset({ListingState.SUBMITTED, ListingState.WITHDRAWN}),
    ListingState.SUBMITTED: frozenset({ListingState.PUBLISHED, ListingState.RETURNED, ListingState.WITHDRAWN}),
    ListingState.RETURNED: frozenset({ListingState.DRAFT, ListingState.WITHDRAWN}),
    ListingState.PUBLISHED: frozenset({ListingState.SUPERSEDED, ListingState.WITHDRAWN}),
    ListingState.SUPERSEDED: frozenset(),
    ListingState.WITHDRAWN: frozenset(),
}
"""The only moves there are; the database's trigger holds the same pairs."""


def check_transition(current: ListingState, wanted: ListingState) -> None:
    """Raise Conflict unless the move is in the table."""
    if wanted not in TRANSITIONS[current]:
        allowed = ", ".join(sorted(TRANSITIONS[current])) or "nothing: this version is final"
        raise Conflict(f"the listing is {current}, so it cannot become {wanted}; from here it can become {allowed}")


class ListingContent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a version says of the product; frozen once published. `connectivity` is for that kind only."""

    title: str
    summary: str = ""
    description: str = ""
    cpv_code: str
    category: str
    phases: tuple[Phase, ...] = ()
    features: tuple[str, ...] = ()
    attributes: dict[str, str] = {}
    brand: str = ""
    model: str = ""
    part_number: str = ""
    gtins: tuple[str, ...] = ()
    connectivity: ConnectivityPackage | None = None


_CPV = re.compile(r"\d{8}(-\d)?", re.ASCII)


def content_faults(kind: Kind, content: ListingContent) -> list[Fault]:
    """Everything wrong with a listing's content, not only the first fault."""
    faults = [
        *text_faults("title", content.title, at_least=3, at_most=300),
        *text_faults("summary", content.summary, at_most=2_000),
        *text_faults("description", content.description, at_most=20_000),
        *text_faults("brand", content.brand, at_most=120),
        *text_faults("model", content.model, at_most=300),
        *text_faults("part_number", content.part_number, at_most=300),
    ]
    if not _CPV.fullmatch(content.cpv_code):
        faults.append(
            Fault(
                field="cpv_code",
                problem="is not a CPV code",
                mend="give eight digits of the Common Procurement Vocabulary, such as 30213100",
                value=content.cpv_code,
            )
        )
    faults += _category_faults(kind, content.category)
    faults += _list_faults(content)
    faults += [
        Fault(
            field="gtins",
            problem="is not a valid GTIN (EAN or UPC)",
            mend="give 8, 12, 13 or 14 digits with a right check digit",
            value=gtin,
        )
        for gtin in content.gtins
        if not (gtin.isdigit() and ean.is_valid(gtin))
    ]
    if kind is Kind.CONNECTIVITY and content.connectivity is None:
        faults.append(
            Fault(
                field="connectivity",
                problem="is missing",
                mend="state access type, download and upload speed and term of the package",
            )
        )
    elif kind is not Kind.CONNECTIVITY and content.connectivity is not None:
        faults.append(
            Fault(
                field="connectivity",
                problem=f"does not belong to a listing of kind {kind}",
                mend="leave it out, or list this as connectivity",
            )
        )
    if content.connectivity is not None:
        faults += connectivity_faults(content.connectivity)
    return faults


def _category_faults(kind: Kind, code: str) -> list[Fault]:
    category = categories().get(code)
    if category is not None and category.kind is kind:
        return []
    choices = ", ".join(sorted(c.code for c in categories().values() if c.kind is kind))
    problem = "is not a category" if category is None else f"is a category of {category.kind}, not of {kind}"
    return [Fault(field="category", problem=problem, mend=f"choose one of {choices}", value=code)]


def _list_faults(content: ListingContent) -> list[Fault]:
    faults = []
    for field, size, most in (
        ("features", len(content.features), 50),
        ("attributes", len(content.attributes), 400),
        ("gtins", len(content.gtins), 500),
    ):
        if size > most:
            faults.append(
                Fault(field=field, problem=f"has {size} entries", mend=f"keep the {most} that matter", value=str(size))
            )
    if len(set(content.phases)) < len(content.phases):
        faults.append(
            Fault(
                field="phases",
                problem="names a phase twice",
                mend="name each phase once",
                value=", ".join(content.phases),
            )
        )
    for feature in content.features:
        faults += text_faults("features", feature, at_least=1, at_most=300)
    for name, value in content.attributes.items():
        faults += text_faults("attributes", name, at_least=1, at_most=120)
        faults += text_faults(f"attributes.{name[:120]}", value, at_most=8_000)
    return faults


def content_hash(content: ListingContent) -> str:
    """SHA-256 of the content in canonical JSON: equal exactly when nothing a buyer sees differs."""
    return sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()
