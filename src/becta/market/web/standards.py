"""The pages of standards: what each badge means and rests on, with how sure we are of each statement."""

from collections.abc import Mapping
from datetime import date

from litestar import Response, get
from litestar.params import FromPath

from becta.compliance.standards.entries import (
    Category,
    Certainty,
    Criterion,
    Edition,
    EvidenceKind,
    Holder,
    Operator,
    Standard,
)
from becta.compliance.standards.registry import registry, standard
from becta.compliance.standards.rules import EditionState, edition_state, in_force
from becta.kernel import clock
from becta.market.api.access import PUBLIC
from becta.market.listings.words import PHASES
from becta.market.web.addresses import facet_href
from becta.market.web.formats import london_date
from becta.market.web.rendering import Rendering
from becta.market.web.standard_views import (
    EditionRow,
    SourceRow,
    StandardGroup,
    StandardPage,
    StandardRow,
    StandardsPage,
    StatementRow,
)
from becta.market.web.views import Fact, Link

THEMES = {
    Category.SECURITY: "Security",
    Category.SAFEGUARDING: "Safeguarding",
    Category.PRIVACY: "Privacy",
    Category.ACCESSIBILITY: "Accessibility",
    Category.INTEROPERABILITY: "Working together with other systems",
    Category.CONTENT: "Learning content",
    Category.INFRASTRUCTURE: "Networks and servers",
    Category.GOVERNANCE: "Leadership",
    Category.DEVICES: "Devices",
}
"""Every theme, in the order shown."""
HOLDERS = {
    Holder.SUPPLIER: "A supplier: the badge is the organisation’s, not a product’s",
    Holder.PRODUCT: "A product, in the version and role named",
    Holder.SCHOOL: "A school or college: no product has this badge",
}
FINDING = {
    Holder.SUPPLIER: "Find products of suppliers with this badge",
    Holder.PRODUCT: "Find products with this badge",
}
EVIDENCE = {
    EvidenceKind.CERTIFICATE_NUMBER: "the number of a certificate, which we look up",
    EvidenceKind.FILE: "a file, such as a certificate or report",
    EvidenceKind.URL: "an address where anyone can see it, such as an entry in a register",
    EvidenceKind.CONFORMANCE_RUN: "a run of our own checks",
    EvidenceKind.STATEMENT: "the supplier’s own statement, shown as self-declared",
}
EDITIONS = {
    EditionState.FUTURE: "Not yet in force",
    EditionState.CURRENT: "Current",
    EditionState.TRANSITION: "Only to finish what was begun",
    EditionState.SUPERSEDED: "Superseded",
}
_COMPARED = {
    Operator.AT_LEAST: "at least ",
    Operator.AT_MOST: "at most ",
    Operator.EQUALS: "",
    Operator.ONE_OF: "one of ",
    Operator.NONE_OF: "none of ",
    Operator.INCLUDES_ALL: "all of ",
}
_UNITS_SHOWN = frozenset({"Mbps", "Gbps", "GB", "months", "days", "metres"})
"""Other units say again what the criterion's title says."""


@get("/standards", opt={"access": PUBLIC}, sync_to_thread=True)
def list_standards(pages: Rendering) -> Response[str]:
    """What the badges mean, by theme."""
    return pages.response(standards_page(registry()))


@get("/standards/{code:str}", opt={"access": PUBLIC}, sync_to_thread=True)
def show_standard(pages: Rendering, code: FromPath[str]) -> Response[str]:
    """A standard: its editions, what it asks for, what counts as evidence, who checks, and sources."""
    return pages.response(standard_page(standard(code), today=clock.london_date(clock.now())))


def standards_page(known: Mapping[str, Standard]) -> StandardsPage:
    """The list over the registry; a theme without a standard is left out."""
    groups = {
        title: tuple(_row(each) for each in known.values() if each.category is theme) for theme, title in THEMES.items()
    }
    return StandardsPage(groups=tuple(StandardGroup(title=title, rows=rows) for title, rows in groups.items() if rows))


def standard_page(shown: Standard, *, today: date) -> StandardPage:
    """The page of a standard on a day: every edition, and the requirements and criteria then in force."""
    return StandardPage(
        title=shown.name,
        publisher=shown.publisher,
        summary=shown.summary,
        is_core=shown.core,
        facts=_facts(shown),
        evidence=tuple(EVIDENCE[kind] for kind in shown.evidence_wanted),
        four_eyes_why=shown.four_eyes_why,
        editions=tuple(_edition(each, today) for each in shown.editions),
        requirements=tuple(
            StatementRow(text=each.text, clause=each.clause, certainty=each.certainty, source=each.source)
            for each in shown.requirements
            if in_force(each, today)
        ),
        criteria=tuple(_criterion(each) for each in shown.criteria if in_force(each, today)),
        sources=tuple(
            SourceRow(id=each.id, title=each.title, certainty=each.certainty, href=each.url) for each in shown.sources
        ),
        search=Link(text=FINDING[shown.holder], href=facet_href("badge", shown.code))
        if shown.holder in FINDING
        else None,
        data=Link(text="this page as data", href=f"/api/v1/standards/{shown.code}"),
        has_general=any(each.certainty is Certainty.GENERAL for each in shown.sources),
        today=today,
    )


def wanted(criterion: Criterion) -> str:
    """What a criterion holds a measurement against: "at least 1,000 Mbps", "yes", "one of fttp, leased line"."""
    value = criterion.value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        words = ", ".join(each.replace("_", " ") for each in value)
    else:
        words = f"{value:,}" if isinstance(value, int) else value
    if criterion.unit == "percent of devices":
        words = f"{words}% of them"
    unit = f" {criterion.unit}" if criterion.unit in _UNITS_SHOWN else ""
    return f"{_COMPARED[criterion.operator]}{words}{unit}"


def _row(each: Standard) -> StandardRow:
    return StandardRow(
        link=Link(text=each.name, href=f"/standards/{each.code}"),
        publisher=each.publisher,
        summary=each.summary,
        is_core=each.core,
        is_for_schools=each.holder is Holder.SCHOOL,
    )


def _facts(shown: Standard) -> tuple[Fact, ...]:
    facts = [Fact(term="About", text=HOLDERS[shown.holder])]
    facts += [
        Fact(term="First needed", text=registry()[code].name, href=f"/standards/{code}")
        for code in shown.needs
        if code in registry()
    ]
    if shown.holder is not Holder.SCHOOL:
        facts.append(Fact(term="Versions a badge names", text=", ".join(shown.versions)))
    if shown.roles:
        facts.append(Fact(term="Roles", text=", ".join(shown.roles)))
    return (
        *facts,
        Fact(term="What it covers", text=shown.scope_rule),
        Fact(term="How long it lasts", text=shown.renewal),
        Fact(term="Who checks", text=shown.decided_by),
    )


def _edition(edition: Edition, today: date) -> EditionRow:
    state = edition_state(edition, today)
    return EditionRow(
        version=edition.version,
        name=edition.name,
        state=state,
        state_words=EDITIONS[state],
        starts=london_date(edition.effective_from) if edition.effective_from else "",
        ends=london_date(edition.effective_to) if edition.effective_to else "",
        transition_end=london_date(edition.transition_end) if edition.transition_end else "",
        note=edition.note,
        certainty=edition.certainty,
        source=edition.source,
    )


def _criterion(criterion: Criterion) -> StatementRow:
    return StatementRow(
        text=criterion.title,
        clause=", ".join(PHASES[phase] for phase in criterion.applies_to) or "All phases",
        wanted=wanted(criterion),
        certainty=criterion.certainty,
        source=criterion.source,
    )
