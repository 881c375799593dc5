"""The tool's login: begun by GET and by POST, and the authentication request that it makes of it."""

from collections.abc import Callable

from becta.compliance.conformance.lti.browser import Browser, LoginFailed, Request
from becta.compliance.conformance.lti.settings import Tool
from becta.compliance.conformance.reports import Recorder

UNKNOWN_ISSUER = "https://unknown-platform.example"
_LOGIN_MEND = "answer with a redirect, or a form that submits itself, to the platform's authorisation endpoint"


def look_at_logins(tool: Tool, browser: Browser, recorder: Recorder) -> str | None:
    """Log in three times; returns the method that works, or None where launches cannot follow."""
    requests: dict[str, list[Request]] = {"GET": [], "POST": []}
    for method in ("GET", "POST", "GET"):
        if method == "GET" and recorder.found("login-get"):
            continue
        try:
            requests[method].append(browser.log_in(method))
        except LoginFailed as problem:
            recorder.find(
                f"login-{method.lower()}", str(problem), mend=_LOGIN_MEND, value=problem.where or tool.login_url
            )
    every = requests["GET"] + requests["POST"]
    for method, made in requests.items():
        for request in made[:1]:
            _judge_request(request, method, tool, recorder)
    _judge_freshness(every, recorder)
    if not every:
        return None
    method = "GET" if requests["GET"] else "POST"
    _try_unknown_issuer(browser, method, recorder)
    return None if recorder.found("request-redirect-uri") else method


def _judge_request(request: Request, method: str, tool: Tool, recorder: Recorder) -> None:
    """Security Framework 5.1.1.2, parameter by parameter. State is judged as required: without it, no CSRF token."""
    wanted: dict[str, tuple[str, Callable[[str], bool], str]] = {
        "request-scope": ("scope", lambda given: "openid" in given.split(), "openid"),
        "request-response-type": ("response_type", "id_token".__eq__, "id_token"),
        "request-response-mode": ("response_mode", "form_post".__eq__, "form_post"),
        "request-prompt": ("prompt", "none".__eq__, "none"),
        "request-client-id": ("client_id", tool.client_id.__eq__, tool.client_id),
        "request-redirect-uri": (
            "redirect_uri",
            tool.redirect_uris.__contains__,
            " or ".join(sorted(tool.redirect_uris)),
        ),
        "request-login-hint": ("login_hint", request.hints.login_hint.__eq__, request.hints.login_hint),
        "request-message-hint": ("lti_message_hint", request.hints.message_hint.__eq__, request.hints.message_hint),
        "request-state": ("state", bool, "a value that is hard to guess"),
        "request-nonce": ("nonce", bool, "a value that is hard to guess"),
    }
    for check, (name, is_right, right) in wanted.items():
        given = request.parameters.get(name)
        if given is None or not is_right(given):
            told = f"after login by {method}, {name} is {'missing' if given is None else 'wrong'}"
            recorder.find(check, told, mend=f"send {right}", field=name, value=given)


def _judge_freshness(requests: list[Request], recorder: Recorder) -> None:
    for check, values in (
        ("request-state-fresh", [request.state for request in requests if request.state]),
        ("request-nonce-fresh", [request.nonce for request in requests if request.nonce]),
    ):
        if len(set(values)) < len(values):
            recorder.find(
                check, f"{len(values)} logins gave {len(set(values))} values", mend="make a new one each time"
            )


def _try_unknown_issuer(browser: Browser, method: str, recorder: Recorder) -> None:
    try:
        browser.log_in(method, issuer=UNKNOWN_ISSUER)
    except LoginFailed:
        return
    told = "a login begun by an issuer that the tool cannot know leads to our authorisation endpoint"
    recorder.find("login-issuer", told, mend="refuse issuers that are not registered", value=UNKNOWN_ISSUER)
