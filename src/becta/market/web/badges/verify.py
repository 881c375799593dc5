"""The page where anybody verifies any Open Badges 3.0 credential."""

from typing import Any

from litestar import Response, get, post

from becta.kernel import clock
from becta.market.api.access import PUBLIC
from becta.market.api.ledger import TheLedger, judge
from becta.market.web.account.answers import Running, jar_of, shown
from becta.market.web.badges.badge import verdict_view
from becta.market.web.badges.views import VerifyPage
from becta.market.web.rendering import Rendering
from becta.market.web.visitor import LARGEST_UPLOAD, Filled, Visiting


@get("/verify", opt={"access": PUBLIC}, sync_to_thread=True)
def verify_form(pages: Rendering, visitor: Visiting, house: Running) -> Response[str]:
    """The form to paste a credential into, or to choose a picture with one inside."""
    browser = visitor.as_browser()
    response = shown(pages, VerifyPage(csrf=browser.csrf))
    jar = jar_of(house)
    response.set_cookie(jar.keep(jar.browser, str(browser.browser)))
    return response


@post("/verify", opt={"access": PUBLIC}, sync_to_thread=True, status_code=200, request_max_body_size=LARGEST_UPLOAD)
def verify_given(form: Filled, pages: Rendering, visitor: Visiting, ledger: TheLedger) -> Response[Any]:
    """Verify what was sent. Nothing of it is kept."""
    file = form.files.get("file")
    document = file.file.read() if file is not None and file.filename else form.text("credential").strip().encode()
    if not document:
        error = "Paste a credential, or choose a file that holds one"
        return shown(pages, VerifyPage(csrf=visitor.csrf, error=error), status_code=400)
    verdict = judge(ledger, document, clock.now())
    return shown(pages, VerifyPage(csrf=visitor.csrf, verdict=verdict_view(verdict)))
