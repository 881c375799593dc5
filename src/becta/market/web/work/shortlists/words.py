"""What states, badges and happenings of shortlists are called on the pages, and what they look like."""

from becta.kernel.money import pounds
from becta.market.shortlists.rules import HeldBadge, ShortlistState
from becta.market.shortlists.schemas import EntryOut, ShortlistOut
from becta.market.web.formats import level_words, london_date
from becta.market.web.views import Badge, Fact
from becta.market.web.work.shortlists.views import EntryRow, RemovedRow
from becta.market.web.work.views import Tag
from becta.market.web.work.words import NOBODY

LIST = "/shortlists"
STATES = {
    ShortlistState.OPEN: ("Open", "govuk-tag--blue"),
    ShortlistState.CLOSED: ("Closed", "govuk-tag--green"),
    ShortlistState.ARCHIVED: ("Put away", "govuk-tag--grey"),
}
HEADLINES = {
    ShortlistState.OPEN: "Nothing is chosen yet. Prices and badges below are those of this moment.",
    ShortlistState.CLOSED: "A product was chosen and the list is frozen. Prices and badges below are those of this "
    "moment; the file for your records shows how they stood when it was closed.",
    ShortlistState.ARCHIVED: "This was put away without a choice, and is frozen. Prices and badges below are those of "
    "this moment; the file for your records shows how they stood then.",
}


def tag_of(state: ShortlistState) -> Tag:
    """The state of a shortlist as a tag."""
    text, colour = STATES[state]
    return Tag(text=text, colour=colour)


def entry_row(found: ShortlistOut, entry: EntryOut, *, may_write: bool) -> EntryRow:
    """A product of a shortlist in words."""
    is_open = found.state is ShortlistState.OPEN
    return EntryRow(
        title=entry.title,
        href=f"/products/{entry.product_id}" if entry.is_listed else "",
        supplier=entry.supplier,
        note=entry.note,
        added_by=entry.added_by_name or NOBODY,
        added_at=entry.added_at,
        price_pence=entry.price_pence,
        unit=entry.unit or "",
        price_pence_then=entry.price_pence_then if entry.price_pence_then != entry.price_pence else None,
        badges=tuple(
            Badge(name=one.name, level=one.level, role=one.role, holder=one.holder) for one in entry.badges_now
        ),
        lost=tuple(f"{badge_words(one.badge)}: {one.sentence}" for one in entry.badges_lost),
        gained=tuple(badge_words(one) for one in entry.badges_gained),
        lacking=tuple(one.sentence for one in entry.badges_lacking),
        is_chosen=entry.product_id == found.chosen_product_id,
        remove_href=f"{LIST}/{found.id}/entries/{entry.id}/remove" if may_write and is_open else "",
    )


def removed_rows(found: ShortlistOut) -> tuple[RemovedRow, ...]:
    """The products taken off a shortlist in words."""
    return tuple(
        RemovedRow(
            title=one.title,
            supplier=one.supplier,
            removed_by=one.removed_by_name or NOBODY,
            removed_at=one.removed_at,
            reason=one.reason,
        )
        for one in found.removed
    )


def warnings_of(found: ShortlistOut) -> tuple[str, ...]:
    """What has been lost since the products were put on the list, a sentence for each product."""
    told = []
    for entry in found.entries:
        if not entry.is_listed:
            since = "" if entry.withdrawn_at is None else f" since {london_date(entry.withdrawn_at)}"
            told.append(f"{entry.title} is not listed any more{since}.")
        if entry.badges_lost:
            lost = "; ".join(f"{badge_words(one.badge)} ({one.sentence})" for one in entry.badges_lost)
            told.append(f"{entry.title} has lost since it was added: {lost}.")
    return tuple(told)


def facts_of(found: ShortlistOut, wanted: tuple[str, ...]) -> tuple[Fact, ...]:
    """What a shortlist is for and what became of it; `wanted` are its badges in words."""
    facts = [
        Fact(term="For", text=found.organisation.name),
        Fact(term="The need", text=found.need),
        Fact(term="Wanted badges", text="; ".join(wanted) or "No badge in particular"),
        Fact(term="Started by", text=found.created_by_name or NOBODY, note=london_date(found.created_at)),
    ]
    if found.ended_at is not None:
        chosen = [entry for entry in found.as_ended or () if entry.product_id == found.chosen_product_id]
        for entry in chosen:
            price = "" if entry.price_pence is None else f"{pounds(entry.price_pence)} ex VAT when it was chosen"
            facts.append(Fact(term="Chosen", text=f"{entry.title} from {entry.supplier}", note=price))
        verb = "Closed by" if chosen else "Put away by"
        facts.append(Fact(term=verb, text=found.ended_by_name or NOBODY, note=london_date(found.ended_at)))
        facts.append(Fact(term="Reason", text=found.reason or ""))
    return tuple(facts)


def badge_words(badge: HeldBadge) -> str:
    """A badge in a few words: "LTI 1.3 (Tool), certified"."""
    role = f" ({badge.role})" if badge.role else ""
    return f"{badge.name}{role}, {level_words(badge.level).lower()}"
