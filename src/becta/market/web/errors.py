"""Problems as pages, for people; programs get them as JSON."""

from collections.abc import Callable
from typing import Any, TypeVar

from litestar import Request, Response
from litestar.exceptions import HTTPException

from becta.kernel.errors import DomainError
from becta.market.problems import Problem, on_domain_error, on_http_error, on_unexpected
from becta.market.web.rendering import Pages
from becta.market.web.views import Link, ProblemPage, Slip

E = TypeVar("E", bound=Exception)
Handler = Callable[[Request[Any, Any, Any], E], Response[Any]]
Handlers = dict[int | type[Exception], Any]

API = "/api"
TEXTS = {
    400: (
        "There is a problem with this address",
        "The address asks for something that this page cannot give. It may be old or not whole.",
    ),
    403: (
        "You may not do that",
        "Your roles in the organisation you act for do not let you. Act for another one, or ask somebody there.",
    ),
    404: (
        "Page not found",
        "If you typed the address, check that it is right. If a link led here, it may be old, or about something that "
        "the organisation you act for does not reach.",
    ),
    405: ("This address cannot be used like that", "Go to the page again and start from there."),
    409: (
        "This cannot be done now",
        "It has changed or is settled already. Go back and look at it again.",
    ),
    413: ("This file is too large", "Nothing of it was kept. Go back and choose a smaller one."),
    412: ("Somebody changed this", "Open it again and repeat what you did."),
    429: ("Too many requests", "Wait a little and try again."),
    500: ("Sorry, there is a problem with the service", "It was logged. Try again later."),
}
_KEPT = ("Allow", "Retry-After")
LINKS = (Link(text="Look through all products", href="/search"), Link(text="Go to the home page", href="/"))


def for_everybody(pages: Pages) -> Handlers:
    """Exception handlers of the application: a page for browsers outside the API, else JSON."""
    return _handlers(pages, wants_page)


def for_pages(pages: Pages) -> Handlers:
    """Exception handlers of the pages' own routes: always a page."""
    return _handlers(pages, lambda _request: True)


def wants_page(request: Request[Any, Any, Any]) -> bool:
    """Whether the one who asks is at a browser and not at the API."""
    path = request.url.path
    if path == API or path.startswith(f"{API}/"):
        return False
    return "text/html" in request.headers.get("accept", "")


def problem_page(problem: Problem) -> ProblemPage:
    """A problem in words for somebody reading pages."""
    title, detail = TEXTS.get(problem.status, (problem.title, problem.detail))
    slips = tuple(Slip(pointer="", detail=f"{slip.detail}: {slip.mend}") for slip in problem.errors)
    return ProblemPage(status=problem.status, title=title, detail=detail, errors=slips, links=LINKS)


def _handlers(pages: Pages, is_for_people: Callable[[Request[Any, Any, Any]], bool]) -> Handlers:
    def readable(answer: Handler[E]) -> Handler[E]:
        def handle(request: Request[Any, Any, Any], error: E) -> Response[Any]:
            response = answer(request, error)
            if not is_for_people(request):
                return response
            kept = {name: response.headers[name] for name in _KEPT if name in response.headers}
            kept["Cache-Control"] = "no-store"
            return pages.response(problem_page(response.content), status_code=response.status_code or 500, headers=kept)

        return handle

    return {
        DomainError: readable(on_domain_error),
        HTTPException: readable(on_http_error),
        Exception: readable(on_unexpected),
    }
