"""The front page."""

from litestar import Response, get

from becta.catalogue.categories import Kind, categories
from becta.kernel import clock
from becta.market.api.access import PUBLIC
from becta.market.api.search import Engine
from becta.market.listings.words import KINDS
from becta.market.web.addresses import facet_href
from becta.market.web.rendering import Rendering
from becta.market.web.views import Browse, HomePage
from becta.search.engine import Answer, Query

FACETS = ("kind", "category", "badge", "condition")
HINTS = {
    Kind.SOFTWARE: "Learning, records, safeguarding, security and the office",
    Kind.DEVICE: "Laptops, tablets, displays, networks and accessories",
    Kind.CONNECTIVITY: "Broadband, leased lines and backup connections",
    Kind.SERVICE: "Support, installation, training and advice",
}
SHORTCUTS = (
    ("condition", "remanufactured", "Remanufactured devices", "At least the original performance and warranty"),
    ("condition", "refurbished", "Refurbished devices", "Used, repaired and tested"),
    ("badge", "cyber-essentials", "Suppliers with Cyber Essentials", ""),
    ("badge", "lti", "Software with LTI", "Opens from your learning platform"),
    ("badge", "oneroster", "Software with OneRoster", "Exchanges class lists"),
    ("badge", "dfe-filtering", "DfE filtering and monitoring standard", ""),
)


@get("/", opt={"access": PUBLIC}, sync_to_thread=True)
def home(engine: Engine, pages: Rendering) -> Response[str]:
    """Ways into the catalogue, with how many products lie behind each."""
    answer = engine.search(Query(limit=0, facets=FACETS, now=int(clock.now().timestamp())))
    return pages.response(home_page(answer))


def home_page(answer: Answer) -> HomePage:
    """The front page over an answer that counted `FACETS` of everything."""
    counts = {name: {each.value: each.count for each in answer.facets.get(name, ())} for name in FACETS}
    filled = [category for category in categories().values() if counts["category"].get(category.code)]
    return HomePage(
        total=answer.total,
        kinds=tuple(
            Browse(text=words, href=facet_href("kind", kind), count=counts["kind"].get(kind, 0), hint=HINTS[kind])
            for kind, words in KINDS.items()
        ),
        categories=tuple(
            Browse(
                text=category.name, href=facet_href("category", category.code), count=counts["category"][category.code]
            )
            for category in sorted(filled, key=lambda each: each.name.casefold())
        ),
        shortcuts=tuple(
            Browse(text=text, href=facet_href(name, value), count=count, hint=hint)
            for name, value, text, hint in SHORTCUTS
            if (count := counts[name].get(value, 0))
        ),
    )
