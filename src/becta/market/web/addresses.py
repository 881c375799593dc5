"""Addresses of pages, and searches read from addresses as forgivingly as people type them."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode
from uuid import UUID

from becta.market.api.search import Question
from becta.market.web.labels import FILTER_TITLES
from becta.market.web.wishes import Parameters, narrowed, ticked, wishes_of
from becta.search.engine import Sort

LONGEST_TEXT = 500
MOST_VALUES = 50
_HIGHEST_PRICE = 10**13


def question_of(parameters: Parameters) -> Question:
    """The search that an address asks for; what cannot be meant is left out, since a person cannot mend a link."""

    def last(name: str) -> str:
        return parameters.getall(name, [""])[-1].strip()

    filters = {name: values for name in FILTER_TITLES if (values := _distinct(parameters.getall(name, [])))}
    if "badge" in filters:
        filters["badge"] = narrowed(filters["badge"], parameters)
    if "badge_all" in filters:
        filters["badge_all"] = wishes_of(filters["badge_all"])
    return Question(
        q=parameters.getall("q", [""])[-1][:LONGEST_TEXT],
        filters=filters,
        min_price=_pence(last("min_price")),
        max_price=_pence(last("max_price")),
        sort=Sort(last("sort")) if last("sort") in set(Sort) else Sort.RELEVANCE,
        cursor=last("cursor")[:400] or None,
    )


def search_href(question: Question, *, cursor: str | None = None) -> str:
    """The address of a search, at its start unless a cursor is given."""
    pairs: list[tuple[str, str]] = [("q", question.q)] if question.q else []
    pairs += [(name, value) for name in FILTER_TITLES for value in question.filters.get(name, ())]
    pairs += price_parameters(question)
    if question.sort is not Sort.RELEVANCE:
        pairs.append(("sort", question.sort.value))
    if cursor is not None:
        pairs.append(("cursor", cursor))
    return f"/search?{urlencode(pairs)}" if pairs else "/search"


def next_href(path: str, cursor: str | None, **query: str) -> str:
    """The address of a list's next page, "" if there is none; `query` is what the list is narrowed by."""
    return "" if cursor is None else f"{path}?{urlencode({**query, 'cursor': cursor})}"


def facet_href(name: str, value: str) -> str:
    """The address of everything with a value of a facet."""
    return f"/search?{urlencode([(name, value)])}"


def kept_parameters(question: Question) -> tuple[tuple[str, str], ...]:
    """What the form of the page must not lose and has no field for: prices, badges all needed, a badge asked twice."""
    shown = ticked(question.filters.get("badge", ())).values()
    surplus = (("badge", wish) for wish in question.filters.get("badge", ()) if wish not in shown)
    needed = (("badge_all", wish) for wish in question.filters.get("badge_all", ()))
    return (*price_parameters(question), *needed, *surplus)


def price_parameters(question: Question) -> tuple[tuple[str, str], ...]:
    """The limits of price in force, as parameters."""
    limits: Mapping[str, int | None] = {"min_price": question.min_price, "max_price": question.max_price}
    return tuple((name, str(value)) for name, value in limits.items() if value is not None)


def as_uuid(text: str) -> UUID | None:
    """The UUID a text stands for, None if for none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _distinct(values: Sequence[str]) -> tuple[str, ...]:
    kept = dict.fromkeys(value for value in values if value.strip() and len(value) <= LONGEST_TEXT)
    return tuple(kept)[:MOST_VALUES]


def _pence(text: str) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(_HIGHEST_PRICE))):
        return None
    return min(int(text), _HIGHEST_PRICE)
