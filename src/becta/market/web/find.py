"""The search page: the API's own question and answer, shown to people."""

from collections.abc import Iterable, Mapping
from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from msgspec.structs import replace
from sqlmodel import col, select

from becta.catalogue.categories import Kind
from becta.catalogue.suppliers.models import Supplier
from becta.kernel.money import pounds
from becta.kernel.paging import decode_cursor, encode_cursor
from becta.market.api.access import PUBLIC
from becta.market.api.search import Engine, Question, ask
from becta.market.db import Database
from becta.market.web.addresses import as_uuid, kept_parameters, question_of, search_href
from becta.market.web.labels import FACET_TITLES, FILTER_TITLES, facet, value_label
from becta.market.web.rendering import Rendering
from becta.market.web.views import Badge, Link, Notice, Option, Price, Result, SearchPage, Selected
from becta.search.engine import Answer, Card, Hit, Sort

SORTS = (
    Option(value=Sort.RELEVANCE.value, text="Relevance"),
    Option(value=Sort.PRICE_ASC.value, text="Price, lowest first"),
    Option(value=Sort.PRICE_DESC.value, text="Price, highest first"),
    Option(value=Sort.NEWEST.value, text="Newest first"),
    Option(value=Sort.TITLE.value, text="Title, A to Z"),
)


@get("/search", opt={"access": PUBLIC}, sync_to_thread=True)
def find(
    request: Request[Any, Any, Any], engine: Engine, db: NamedDependency[Database], pages: Rendering
) -> Response[str]:
    """Results of a search, with what narrows it. One statement at most, for names of suppliers without results."""
    question = question_of(request.query_params)
    answer, following = ask(engine, question)
    if not answer.hits and answer.total and question.cursor:  # the list grew shorter since: start it again
        question = replace(question, cursor=None)
        answer, following = ask(engine, question)
    counted = {each.value for each in answer.facets.get("supplier", ())}
    suppliers = _names(db, (value for value in question.filters.get("supplier", ()) if value not in counted))
    suggestions = engine.suggest(question.q, limit=5) if question.q and not answer.hits else ()
    return pages.response(search_page(question, answer, following, suppliers=suppliers, suggestions=suggestions))


def search_page(
    question: Question,
    answer: Answer,
    following: str | None,
    *,
    suppliers: Mapping[str, str],
    suggestions: Iterable[str] = (),
) -> SearchPage:
    """What the page shows of an answer; `suppliers` names chosen suppliers that the answer does not know."""
    names = {**suppliers, **{each.value: each.label for each in answer.facets.get("supplier", ())}}
    better = answer.did_you_mean
    return SearchPage(
        q=question.q,
        total=answer.total,
        results=tuple(_result(hit) for hit in answer.hits),
        sort=question.sort.value,
        sorts=SORTS,
        facets=tuple(
            facet(name, answer.facets.get(name, ()), question.filters.get(name, ()), names) for name in FACET_TITLES
        ),
        selected=_selected(question, names),
        clear_href=search_href(replace(question, filters={}, min_price=None, max_price=None)),
        kept=kept_parameters(question),
        notice=Notice(message=answer.relaxed.message) if answer.relaxed else None,
        did_you_mean=Link(text=better, href=search_href(replace(question, q=better))) if better else None,
        suggestions=tuple(
            Link(text=f"search for “{text}”", href=search_href(Question(q=text))) for text in suggestions
        ),
        previous_href=_previous_href(question),
        next_href=search_href(question, cursor=following) if following else None,
    )


def _result(hit: Hit) -> Result:
    card = hit.card
    return Result(
        title=card.title,
        href=f"/products/{card.id}",
        supplier=card.supplier,
        category=value_label("category", card.category),
        summary=card.summary,
        highlight=hit.highlights.get("summary", ""),
        price=_price(card),
        conditions=card.conditions if card.kind == Kind.DEVICE else (),
        badges=tuple(
            Badge(name=mark.name, level=mark.level, role=mark.role, holder=mark.holder) for mark in card.badges
        ),
    )


def _price(card: Card) -> Price | None:
    if card.price_pence is None:
        return None
    return Price(pence=card.price_pence, unit=card.price_unit, is_from=card.offers > 1)


def _selected(question: Question, names: Mapping[str, str]) -> tuple[Selected, ...]:
    chosen = [
        Selected(
            facet=FILTER_TITLES[name],
            text=value_label(name, value, known=names),
            href=search_href(_without(question, name, value)),
        )
        for name in FILTER_TITLES
        for value in question.filters.get(name, ())
    ]
    if question.min_price is not None:
        text = f"From {pounds(question.min_price)}"
        chosen.append(Selected(facet="Price", text=text, href=search_href(replace(question, min_price=None))))
    if question.max_price is not None:
        text = f"Up to {pounds(question.max_price)}"
        chosen.append(Selected(facet="Price", text=text, href=search_href(replace(question, max_price=None))))
    return tuple(chosen)


def _without(question: Question, name: str, value: str) -> Question:
    left = tuple(each for each in question.filters[name] if each != value)
    others = {key: values for key, values in question.filters.items() if key != name}
    return replace(question, filters=others | {name: left} if left else others)


def _previous_href(question: Question) -> str | None:
    if question.cursor is None:
        return None
    offset = decode_cursor(question.cursor, question.bound_to, int) - question.limit
    return search_href(question, cursor=encode_cursor(question.bound_to, offset) if offset > 0 else None)


def _names(db: Database, supplier_ids: Iterable[str]) -> dict[str, str]:
    wanted = [found for text in supplier_ids if (found := as_uuid(text))]
    if not wanted:
        return {}
    with db.read() as session:
        rows = session.exec(select(Supplier.id, Supplier.name).where(col(Supplier.id).in_(wanted))).all()
    return {str(supplier_id): name for supplier_id, name in rows}
