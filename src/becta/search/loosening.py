"""When filters leave nothing of what the words find: which ones to do without, and how to say so.

Filters are requirements: what breaks them is never shown, only named, with the facets of the looser question.
"""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from becta.search.engine import Query, Relaxation

_PRICE = "price"
_TRIED = (_PRICE, "price_band", "condition", "supplier", "phase", "region", "category", "kind")
"""What may be left out, in this order. Never `badge` or `badge_all`: who asks for proof is not shown what lacks it."""

_IN_WORDS = {"price_band": "price band"}


class Loosened(Struct, frozen=True):
    """A question with some of its filters, and how to explain that to a person."""

    query: Query
    relaxation: Relaxation


def loosened(query: Query, text: str, has_any: Callable[[Query], bool]) -> Loosened | None:
    """The question without one filter, else without all but badges; None if it has none, or still finds nothing.

    `text` is the question's words as read. `has_any` says whether a question finds anything, and is asked
    at most once for each facet, once for the price and once for all.
    """
    chosen = tuple(name for name in _TRIED if _is_filtered(query, name))
    if not chosen or not has_any(_without(query, chosen)):
        return None
    left_out = chosen
    if len(chosen) > 1:
        left_out = next(((name,) for name in chosen if has_any(_without(query, (name,)))), chosen)
    return Loosened(
        _without(query, left_out),
        Relaxation(how="without_filters", query=text, message=_message_of(text, left_out), ignored=left_out),
    )


def _is_filtered(query: Query, name: str) -> bool:
    if name == _PRICE:
        return query.price_min_pence is not None or query.price_max_pence is not None
    return bool(query.filters.get(name))


def _without(query: Query, names: tuple[str, ...]) -> Query:
    filters = {facet: values for facet, values in query.filters.items() if facet not in names}
    if _PRICE in names:
        return replace(query, filters=filters, price_min_pence=None, price_max_pence=None)
    return replace(query, filters=filters)


def _message_of(text: str, left_out: tuple[str, ...]) -> str:
    matches = f"No product matches “{text}” with these filters" if text else "No product matches these filters"
    names = [_IN_WORDS.get(name, name) for name in left_out]
    if len(names) == 1:
        return f"{matches}; leave out the filter on {names[0]} to see some."
    return f"{matches}; leave out the filters on {', '.join(names[:-1])} and {names[-1]} to see some."
