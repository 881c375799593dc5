"""From a page's values to its HTML response, with the headers every page carries."""

from collections.abc import Mapping

from jinja2 import Environment
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from msgspec import Struct

from becta.market.web import standard_views, views
from becta.market.web.account import views as account
from becta.market.web.badges import views as badges
from becta.market.web.work import views as work
from becta.market.web.work.claims import views as claims
from becta.market.web.work.shortlists import views as shortlists

CONTENT_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
}
TEMPLATES: dict[type[Struct], str] = {
    views.HomePage: "home.html",
    views.SearchPage: "search.html",
    views.ProductPage: "product.html",
    views.ProblemPage: "problem.html",
    views.ProblemTypePage: "problem_type.html",
    views.ApiPage: "api.html",
    standard_views.StandardsPage: "standards.html",
    standard_views.StandardPage: "standard.html",
    account.SignInPage: "account/sign_in.html",
    account.CheckEmailPage: "account/check_email.html",
    account.UseLinkPage: "account/use_link.html",
    account.NotePage: "account/note.html",
    account.OrganisationPage: "account/organisation.html",
    account.AccountPage: "account/account.html",
    account.OutboxPage: "account/outbox.html",
    **badges.TEMPLATES,
    **work.TEMPLATES,
    **shortlists.TEMPLATES,
    **claims.TEMPLATES,
}


class Pages:
    """Renders pages."""

    def __init__(self, jinja: Environment) -> None:
        """Render with this environment; every template is compiled now, so that a fault in one shows at the start."""
        self._templates = {kind: jinja.get_template(name) for kind, name in TEMPLATES.items()}

    def html(self, page: Struct) -> str:
        """The page as HTML."""
        return self._templates[type(page)].render(page=page)

    def response(
        self, page: Struct, *, status_code: int = 200, headers: Mapping[str, str] | None = None
    ) -> Response[str]:
        """The page as a response."""
        return Response(
            self.html(page),
            status_code=status_code,
            media_type="text/html",
            headers={**SECURITY_HEADERS, **(headers or {})},
        )


Rendering = NamedDependency[SkipValidation[Pages]]
"""How handlers ask for `pages`."""
