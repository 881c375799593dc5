"""The registry of standards over HTTP: what badges and criteria rest on, today or as of another day."""

from datetime import date
from typing import Annotated

import msgspec
from litestar import get
from litestar.params import FromPath, QueryParameter
from msgspec import Struct

from becta.catalogue.products.rules import Phase
from becta.compliance.standards.entries import Category, Criterion, EvidenceKind, Holder, Standard
from becta.compliance.standards.registry import criteria_as_of, registry, standard_as_of
from becta.kernel import clock
from becta.market.api.access import PUBLIC
from becta.market.api.paging import Page
from becta.market.problems import documented

AsOf = Annotated[date | None, QueryParameter(description="The day in question, such as 2026-10-27; today if left out")]


class StandardOut(Struct, frozen=True, kw_only=True):
    """A standard in short. `is_badge` says whether a badge can name it; schools are judged by the others."""

    code: str
    name: str
    publisher: str
    holder: Holder
    is_badge: bool
    category: Category
    core: bool
    summary: str
    months_valid: int | None
    versions: tuple[str, ...]
    roles: tuple[str, ...]
    label: str
    four_eyes: bool
    evidence_wanted: tuple[EvidenceKind, ...]
    runners: tuple[str, ...]


class StandardOnDay(Standard, frozen=True, kw_only=True):
    """A standard with the editions, requirements and criteria in force on `as_of`; criteria are ours, not official."""

    as_of: date


class CriterionOut(Struct, frozen=True, kw_only=True):
    """A criterion and the standard it reads. It is ours, not the publisher's."""

    standard: str
    criterion: Criterion


@get(
    "/standards",
    sync_to_thread=False,
    operation_id="list_standards",
    opt={"access": PUBLIC},
    tags=["reference"],
    responses=documented(400),
)
def list_standards(
    category: Annotated[Category | None, QueryParameter(description="Only this theme")] = None,
    core: Annotated[bool | None, QueryParameter(description="Only DfE core standards, or only others")] = None,
    holder: Annotated[Holder | None, QueryParameter(description="Only standards about this kind of holder")] = None,
) -> Page[StandardOut]:
    """Every standard we know, in display order: those a badge can name and those schools are judged by."""
    return Page(
        items=[
            standard_out(each)
            for each in registry().values()
            if category in {None, each.category} and core in {None, each.core} and holder in {None, each.holder}
        ],
        next=None,
    )


@get(
    "/standards/criteria",
    sync_to_thread=False,
    operation_id="list_criteria",
    opt={"access": PUBLIC},
    tags=["reference"],
    responses=documented(400),
)
def list_criteria(
    as_of: AsOf = None,
    phase: Annotated[Phase | None, QueryParameter(description="Only criteria for schools of this phase")] = None,
) -> Page[CriterionOut]:
    """The machine-checkable criteria in force on a day. They are our reading of the standards, not official."""
    found = criteria_as_of(as_of or _today(), phase)
    return Page(
        items=[CriterionOut(standard=code, criterion=each) for code, criteria in found.items() for each in criteria],
        next=None,
    )


@get(
    "/standards/{code:str}",
    sync_to_thread=False,
    operation_id="get_standard",
    opt={"access": PUBLIC},
    tags=["reference"],
    responses=documented(400, 404),
)
def get_standard(code: FromPath[str], as_of: AsOf = None) -> StandardOnDay:
    """A standard as of a day: its editions, what it asks for, our criteria, what counts as evidence, and sources."""
    day = as_of or _today()
    return StandardOnDay(**msgspec.structs.asdict(standard_as_of(code, day)), as_of=day)


def standard_out(standard: Standard) -> StandardOut:
    """A standard in short."""
    return StandardOut(
        code=standard.code,
        name=standard.name,
        publisher=standard.publisher,
        holder=standard.holder,
        is_badge=standard.holder is not Holder.SCHOOL,
        category=standard.category,
        core=standard.core,
        summary=standard.summary,
        months_valid=standard.months_valid,
        versions=standard.versions,
        roles=standard.roles,
        label=standard.label,
        four_eyes=standard.four_eyes,
        evidence_wanted=standard.evidence_wanted,
        runners=standard.runners,
    )


def _today() -> date:
    return clock.london_date(clock.now())
