"""Finding products: search, suggestions."""

from collections.abc import Iterable
from time import perf_counter
from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter, SkipValidation
from msgspec import Struct
from msgspec.structs import replace

from becta.compliance.badges.requirements import PROOF, SYNTAX, parse_requirement
from becta.kernel import clock
from becta.kernel.errors import Fault, Invalid, refuse_if_any
from becta.kernel.paging import decode_cursor, encode_cursor, fingerprint
from becta.market.api.access import PUBLIC
from becta.market.api.paging import CursorParameter, Limit, link_header
from becta.market.problems import documented
from becta.search.documents import BadgeMark
from becta.search.engine import Answer, FacetCount, Hit, Query, Relaxation, SearchEngine, Sort

DEEPEST = 1_000
"""Hits that can be paged through; nobody reads further, and a narrower question serves better."""

Engine = NamedDependency[SkipValidation[SearchEngine]]
Text = Annotated[str, QueryParameter(max_length=500, description="What to look for; empty lists everything")]
Values = Annotated[list[str] | None, QueryParameter(max_items=50, description="Any of these values; may be repeated")]
Wishes = Annotated[
    list[str] | None,
    QueryParameter(
        max_items=50,
        description=(
            f"A badge as `{SYNTAX}`, its parts in any order and each optional, such as `lti` or "
            "`lti;version=1.3;role=Tool;level=tested_by_us`. `level` is the least proof that will do: "
            f"{', '.join(PROOF)}, weakest first. One badge that is valid now must meet all parts. May be repeated: "
            "any of `badge` will do, every one of `badge_all` is needed"
        ),
    ),
]
Pence = Annotated[int | None, QueryParameter(ge=0, le=10**13, description="Pence ex VAT")]


class HitOut(Struct, frozen=True, kw_only=True):
    """A found product. `price` is its lowest offer in pence ex VAT; `highlights` are HTML-escaped with `<mark>`."""

    id: str
    reference: str
    kind: str
    title: str
    summary: str
    supplier: str
    supplier_id: str
    brand: str
    category: str
    category_name: str
    price: int | None
    price_unit: str
    offers: int
    conditions: tuple[str, ...]
    badges: tuple[BadgeMark, ...]
    score: float
    highlights: dict[str, str]


class SearchOut(Struct, frozen=True, kw_only=True):
    """An answer. `relaxed` is null when the question was answered as asked, else says what was searched instead."""

    hits: list[HitOut]
    facets: dict[str, tuple[FacetCount, ...]]
    total: int
    relaxed: Relaxation | None
    did_you_mean: str | None
    next: str | None
    took_ms: float


class SuggestOut(Struct, frozen=True, kw_only=True):
    """Completions of what is being typed, best first."""

    suggestions: tuple[str, ...]


class Question(Struct, frozen=True, kw_only=True):
    """A search as asked, before it is made into an engine's query; shared by API and pages."""

    q: str = ""
    filters: dict[str, tuple[str, ...]] = {}
    min_price: int | None = None
    max_price: int | None = None
    sort: Sort = Sort.RELEVANCE
    limit: int = 20
    cursor: str | None = None

    @property
    def bound_to(self) -> str:
        """What a cursor of this question is bound to: everything but the place."""
        return fingerprint(self.q, sorted(self.filters.items()), self.min_price, self.max_price, self.sort)


def ask(engine: SearchEngine, question: Question) -> tuple[Answer, str | None]:
    """The engine's answer, and the cursor of the next page; raises Invalid for a cursor of another question."""
    offset = 0 if question.cursor is None else decode_cursor(question.cursor, question.bound_to, int)
    if not 0 <= offset <= DEEPEST:
        mend = "narrow the question with filters instead of paging further"
        refuse_if_any([Fault(field="cursor", problem=f"is beyond the first {DEEPEST} hits", mend=mend)])
    query = Query(
        text=question.q,
        filters=question.filters,
        price_min_pence=question.min_price,
        price_max_pence=question.max_price,
        sort=question.sort,
        limit=question.limit,
        offset=offset,
        now=int(clock.now().timestamp()),
    )
    answer = engine.search(query)
    end = offset + question.limit
    more = answer.hits and answer.total > end and end <= DEEPEST
    return answer, encode_cursor(question.bound_to, end) if more else None


@get(
    "/search",
    sync_to_thread=True,
    operation_id="search",
    opt={"access": PUBLIC},
    tags=["search"],
    responses=documented(400),
)
def search(
    request: Request[Any, Any, Any],
    engine: Engine,
    q: Text = "",
    kind: Values = None,
    category: Values = None,
    phase: Values = None,
    badge: Wishes = None,
    badge_all: Wishes = None,
    supplier: Values = None,
    price_band: Values = None,
    condition: Values = None,
    region: Values = None,
    min_price: Pence = None,
    max_price: Pence = None,
    sort: Annotated[Sort, QueryParameter(description="Order of hits")] = Sort.RELEVANCE,
    limit: Limit = 20,
    cursor: CursorParameter = None,
) -> Response[SearchOut]:
    """Search products by words and facets. Values of one facet widen, different facets and `badge_all` narrow."""
    began = perf_counter()
    chosen = {
        "kind": kind,
        "category": category,
        "phase": phase,
        "badge": _wishes("badge", badge),
        "badge_all": _wishes("badge_all", badge_all),
        "supplier": supplier,
        "price_band": price_band,
        "condition": condition,
        "region": region,
    }
    question = Question(
        q=q,
        filters={name: tuple(values) for name, values in chosen.items() if values},
        min_price=min_price,
        max_price=max_price,
        sort=sort,
        limit=limit,
        cursor=cursor,
    )
    answer, following = ask(engine, question)
    body = SearchOut(
        hits=[_hit(hit) for hit in answer.hits],
        facets=answer.facets,
        total=answer.total,
        relaxed=answer.relaxed,
        did_you_mean=answer.did_you_mean,
        next=following,
        took_ms=round((perf_counter() - began) * 1000, 3),
    )
    return Response(body, headers=link_header(request, following))


@get(
    "/suggest",
    sync_to_thread=True,
    operation_id="suggest",
    opt={"access": PUBLIC},
    tags=["search"],
    responses=documented(400),
)
def suggest(engine: Engine, q: Text = "") -> SuggestOut:
    """Complete what is being typed."""
    return SuggestOut(suggestions=engine.suggest(q))


def _wishes(parameter: str, texts: Iterable[str] | None) -> list[str]:
    """Each wish in its one form; raises Invalid that names the parameter."""
    wishes, faults = [], []
    for text in texts or ():
        try:
            wishes.append(parse_requirement(text).text)
        except Invalid as refusal:
            faults += [
                replace(fault, field=parameter, problem=f"asks for a {fault.field} that {fault.problem}")
                for fault in refusal.faults
            ]
    refuse_if_any(faults)
    return wishes


def _hit(hit: Hit) -> HitOut:
    card = hit.card
    return HitOut(
        id=card.id,
        reference=card.reference,
        kind=card.kind,
        title=card.title,
        summary=card.summary,
        supplier=card.supplier,
        supplier_id=card.supplier_id,
        brand=card.brand,
        category=card.category,
        category_name=card.category_name,
        price=card.price_pence,
        price_unit=card.price_unit,
        offers=card.offers,
        conditions=card.conditions,
        badges=card.badges,
        score=round(hit.score, 4),
        highlights=hit.highlights,
    )
