"""The user's browser: it goes to the tool's login, carries the authentication request to us, and posts the launch."""

import secrets
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit, urlunsplit

from msgspec import Struct

from becta.compliance.conformance.fetching import Answer, Unreachable, Web
from becta.compliance.conformance.lti.pages import Step, endpoint, steps, words
from becta.compliance.conformance.lti.platform import Platform
from becta.compliance.conformance.lti.settings import Tool

MOST_STEPS = 5
"""Redirects, scripted ones among them, that are followed inside the tool."""
FEW_WORDS = 20
"""A page with no more words than this may be one that only leads on."""
OTHER_BROWSER: Mapping[str, str] = {"cookie": "another=browser"}
"""Sent instead of the cookies that the tool set."""


class Hints(Struct, frozen=True, kw_only=True):
    """What the platform gave to the login, and must get back."""

    login_hint: str
    message_hint: str


class Request(Struct, frozen=True, kw_only=True):
    """The tool's authentication request as it came to our authorisation endpoint (Security Framework 5.1.1.2)."""

    parameters: Mapping[str, str]
    hints: Hints

    @property
    def state(self) -> str:
        """The state to send back; empty where the tool gave none."""
        return self.parameters.get("state", "")

    @property
    def nonce(self) -> str:
        """The nonce to put into the token; empty where the tool gave none."""
        return self.parameters.get("nonce", "")

    @property
    def redirect_uri(self) -> str:
        """Where the tool wants the launch; empty where it did not say."""
        return self.parameters.get("redirect_uri", "")


class LoginFailed(Exception):
    """The login did not lead to our authorisation endpoint. Says what happened instead, and where it led if known."""

    def __init__(self, message: str, where: str = "") -> None:
        """Say what happened; the address stays out of the message, which is public."""
        super().__init__(message)
        self.where = where


class Landing(Struct, frozen=True, kw_only=True):
    """Where a launch ended: the tool's last answer, and the address outside the tool it sent the browser to, if any."""

    answer: Answer
    sent_away: str = ""


class Browser:
    """One user's browser in one run. Holds the guarded client, which keeps the tool's cookies."""

    def __init__(self, platform: Platform, tool: Tool, web: Web) -> None:
        self._platform = platform
        self._tool = tool
        self._web = web

    def log_in(self, method: str = "GET", *, target: str | None = None, issuer: str | None = None) -> Request:
        """Begin a launch as Security Framework 5.1.1.1 says. Raises LoginFailed, and Refused as the client does."""
        hints = Hints(login_hint=f"user/{secrets.token_hex(8)}=", message_hint=f"link+{secrets.token_hex(8)}/")
        fields = {
            "iss": issuer or self._platform.issuer,
            "target_link_uri": target or self._tool.launch_url,
            "login_hint": hints.login_hint,
            "lti_message_hint": hints.message_hint,
            "client_id": self._tool.client_id,
            "lti_deployment_id": self._tool.deployment_id,
        }
        try:
            if method == "POST":
                answer = self._web.post(self._tool.login_url, form=fields, follow=False)
            else:
                answer = self._web.get(_with_query(self._tool.login_url, fields), follow=False)
            return Request(parameters=self._carried_to_us(answer).parameters, hints=hints)
        except Unreachable as problem:
            raise LoginFailed(str(problem)) from None

    def launch(self, request: Request, id_token: str, *, state: str | None = None, elsewhere: bool = False) -> Landing:
        """Post a launch to the request's redirect URI and follow where the tool leads; `elsewhere` without its cookies.

        Raises LoginFailed where that URI is not registered, Unreachable, and Refused as the client does.
        """
        if request.redirect_uri not in self._tool.redirect_uris:  # a platform sends nothing there: 5.1.1.3
            raise LoginFailed("the request asks for the launch at an unregistered address", request.redirect_uri)
        headers = OTHER_BROWSER if elsewhere else {}
        sent_state = request.state if state is None else state
        form = {"id_token": id_token} | ({"state": sent_state} if sent_state else {})
        answer = self._web.post(request.redirect_uri, form=form, headers=headers, follow=False)
        for _ in range(MOST_STEPS):
            onward = _onward(answer)
            if onward is None:
                break
            if not self._tool.holds(onward.full_url):
                return Landing(answer=answer, sent_away=onward.full_url)
            answer = self._web.get(onward.full_url, headers=headers, follow=False)
        return Landing(answer=answer)

    def _carried_to_us(self, answer: Answer) -> Step:
        for _ in range(MOST_STEPS):
            offered = steps(answer)
            for step in offered:
                if step.url == endpoint(self._platform.authorize_url):
                    return step
            onward = next((step for step in offered if not step.is_form and self._tool.holds(step.full_url)), None)
            if onward is None:
                raise LoginFailed(_instead(answer, offered), offered[0].url if offered else "")
            answer = self._web.get(onward.full_url, follow=False)
        raise LoginFailed(f"the tool sends the browser on more than {MOST_STEPS} times")


def _onward(answer: Answer) -> Step | None:
    """The next page by redirect, refresh or script; a form is not submitted.

    A script is believed only on a page with hardly any words: elsewhere it may be waiting for a click.
    """
    onward = next((step for step in steps(answer) if not step.is_form), None)
    return None if onward is not None and onward.by_script and words(answer).total() > FEW_WORDS else onward


def _instead(answer: Answer, offered: list[Step]) -> str:
    if not offered:
        return f"the tool answers {answer.status} and sends the browser nowhere"
    return "the tool sends the browser elsewhere than to our authorisation endpoint"


def _with_query(url: str, fields: Mapping[str, str]) -> str:
    parts = urlsplit(url)
    query = "&".join(part for part in (parts.query, urlencode(fields)) if part)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))
