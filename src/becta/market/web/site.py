"""The pages put together for the application to mount."""

from functools import lru_cache
from typing import Any

from litestar import Request, Response, Router, get
from litestar.datastructures import CacheControlHeader
from litestar.di import NamedDependency, Provide
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin, YamlRenderPlugin
from litestar.response.file import ASGIFileResponse
from litestar.static_files import create_static_files_router
from litestar.types import ASGIApp
from msgspec import Struct

from becta.market.api.access import PUBLIC
from becta.market.web import assets
from becta.market.web.account.pages import ACCOUNT_PAGES
from becta.market.web.badges.badge import show_badge
from becta.market.web.badges.run import show_run
from becta.market.web.badges.verify import verify_form, verify_given
from becta.market.web.errors import Handlers, for_everybody
from becta.market.web.find import find
from becta.market.web.home import home
from becta.market.web.problem_pages import problem_type
from becta.market.web.product import show_product
from becta.market.web.rendering import SECURITY_HEADERS, Pages
from becta.market.web.standards import list_standards, show_standard
from becta.market.web.templates import environment
from becta.market.web.views import ApiPage
from becta.market.web.visitor import LARGEST_FORM, Jar, for_visitors, form, own_forms_only, visitors
from becta.market.web.work.pages import WORK_PAGES
from becta.market.wiring import House

STATIC = "/static/built"
SCHEMA = "/schema"
YEAR = 31_536_000


class Site(Struct, frozen=True, kw_only=True):
    """What the application mounts: routes, the handlers of its exceptions, and how OpenAPI is shown."""

    routers: tuple[Router, ...]
    exception_handlers: Handlers
    openapi_router: Router
    render_plugins: tuple[OpenAPIRenderPlugin, ...]


class ApiBrowser(OpenAPIRenderPlugin):
    """Our own page around the self-hosted API browser, in place of those that load theirs from elsewhere."""

    def __init__(self, pages: Pages) -> None:
        """Serve it at the root of the schema's routes."""
        super().__init__(path="/")
        self._page = pages.html(ApiPage(openapi_href=f"{SCHEMA}/openapi.json")).encode()

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:  # noqa: ARG002
        """The page; the browser's script loads the document itself."""
        return self._page


@get("/robots.txt", opt={"access": PUBLIC}, media_type="text/plain", sync_to_thread=True)
def robots(is_demonstration: NamedDependency[bool]) -> Response[str]:
    """What crawlers may read: the pages, but nothing of a demonstration, whose products do not exist."""
    kept_out = "/" if is_demonstration else "/api/"
    return Response(f"User-agent: *\nDisallow: {kept_out}\n", media_type="text/plain", headers=SECURITY_HEADERS)


def _with_security_headers(response: ASGIApp) -> ASGIApp:
    if isinstance(response, ASGIFileResponse):
        response.headers.update(SECURITY_HEADERS)
    return response


@lru_cache(maxsize=4)
def _compiled(static_urls: tuple[tuple[str, str], ...], *, demonstration: bool) -> Pages:
    """The pages' templates, compiled once a process: it takes longer than the rest of the application together."""
    return Pages(environment(static_urls=dict(static_urls), demonstration=demonstration))


def site(house: House) -> Site:
    """The pages over a house; FileNotFoundError tells how to build their assets when that was not done."""
    is_demonstration = house.settings.demo
    jar = Jar(is_secure=house.settings.is_secure)
    pages = _compiled(tuple(assets.manifest(STATIC).items()), demonstration=is_demonstration)
    return Site(
        routers=(
            Router(
                path="/",
                route_handlers=[
                    home,
                    find,
                    show_product,
                    list_standards,
                    show_standard,
                    show_badge,
                    verify_form,
                    verify_given,
                    show_run,
                    problem_type,
                    robots,
                    *ACCOUNT_PAGES,
                    *WORK_PAGES,
                ],
                guards=[own_forms_only(house.settings, jar)],
                dependencies={
                    "pages": Provide(lambda: pages, sync_to_thread=False),
                    "house": Provide(lambda: house, sync_to_thread=False),
                    "visitor": Provide(visitors(house.settings, jar), sync_to_thread=False),
                    "form": Provide(form),
                    "is_demonstration": Provide(lambda: is_demonstration, sync_to_thread=False),
                },
                exception_handlers=for_visitors(pages),
                request_max_body_size=LARGEST_FORM,
                include_in_schema=False,
            ),
            create_static_files_router(
                path=STATIC,
                directories=[assets.BUILT],
                cache_control=CacheControlHeader(public=True, max_age=YEAR, immutable=True),
                after_request=_with_security_headers,
            ),
        ),
        exception_handlers=for_everybody(pages),
        openapi_router=Router(
            path=SCHEMA, route_handlers=[], response_headers=SECURITY_HEADERS, include_in_schema=False
        ),
        render_plugins=(ApiBrowser(pages), JsonRenderPlugin(), YamlRenderPlugin()),
    )
