"""Launching the tool: well, then badly in every way, then well again."""

import secrets
from collections.abc import Callable
from datetime import datetime

import msgspec

from becta.compliance.conformance.fetching import Unreachable
from becta.compliance.conformance.lti.browser import Browser, Landing, LoginFailed, Request
from becta.compliance.conformance.lti.claims import resource_link_claims
from becta.compliance.conformance.lti.forgeries import FORGERIES, NO_TOKEN, UNTELLING_WITHOUT_NONCE
from becta.compliance.conformance.lti.likeness import Welcome, impression
from becta.compliance.conformance.lti.platform import Platform
from becta.compliance.conformance.lti.settings import Tool
from becta.compliance.conformance.lti.tokens import Claims, signed
from becta.compliance.conformance.reports import Recorder

UNSIGNED_TARGET = "https://unsigned-target.example/take-me-there"
_UNKNOWN_CLAIMS: Claims = {"https://becta-conformance.example/claim/unknown": {"to": ["everyone"]}}
_ACCEPT_MEND = "answer with the resource, or redirect to it within the tool"


class Launcher:
    """Launches one tool in one run, and records what is found. Each launch has a login of its own."""

    def __init__(
        self,
        platform: Platform,
        tool: Tool,
        browser: Browser,
        recorder: Recorder,
        *,
        method: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._platform = platform
        self._tool = tool
        self._browser = browser
        self._recorder = recorder
        self._method = method
        self._clock = clock
        self._refused = 0
        self._tried = 0

    def run(self) -> None:
        """Make every launch. Raises LoginFailed where a login that worked before does not any more."""
        welcome = self._launch_well()
        if welcome is None:
            return
        welcome = self._launch_without_token(welcome)
        for check, forge in FORGERIES.items():
            request = self._log_in()
            if request.nonce or check not in UNTELLING_WITHOUT_NONCE:
                token = forge(self._claims(request), self._platform)
                self._expect_refusal(welcome, check, self._landing(request, token))
        self._try_states(welcome)
        self._try_replay(welcome)
        self._try_anonymous(welcome)
        self._try_unsigned_target()
        self._launch_well_again(welcome)
        self._recorder.facts["bad_launches_tried"] = self._tried
        self._recorder.facts["bad_launches_refused"] = self._refused

    def _log_in(self, *, target: str | None = None) -> Request:
        return self._browser.log_in(self._method, target=target)

    def _claims(self, request: Request) -> dict[str, object]:
        return resource_link_claims(self._platform, self._tool, nonce=request.nonce, now=self._clock())

    def _landing(
        self, request: Request, token: str, *, state: str | None = None, elsewhere: bool = False
    ) -> Landing | None:
        try:
            return self._browser.launch(request, token, state=state, elsewhere=elsewhere)
        except Unreachable:
            return None  # a connection broken off is no welcome

    def _launch_well(self) -> Welcome | None:
        request = self._log_in()
        first = self._landing(request, signed(self._claims(request), self._platform))
        if not self._is_accepted("launch-accepted", first) or first is None:
            return None
        self._recorder.facts["launch_status"] = first.answer.status
        self._recorder.facts["launch_place"] = first.answer.url.partition("?")[0]
        request = self._log_in()
        second = self._landing(request, signed({**self._claims(request), **_UNKNOWN_CLAIMS}, self._platform))
        if not self._is_accepted("launch-unknown-claims", second) or second is None:
            request = self._log_in()
            second = self._landing(request, signed(self._claims(request), self._platform))
            if second is None:
                return None
        return Welcome(first=impression(first), second=impression(second))

    def _is_accepted(self, check: str, landing: Landing | None) -> bool:
        if landing is None:
            self._recorder.find(check, "the tool breaks the connection off", mend=_ACCEPT_MEND)
        elif landing.sent_away:
            told = "the tool sends the browser out of the tool"
            self._recorder.find(check, told, mend=_ACCEPT_MEND, value=landing.sent_away.partition("?")[0])
        elif not 200 <= landing.answer.status < 300:
            self._recorder.find(check, f"the tool answers {landing.answer.status}", mend=_ACCEPT_MEND)
        else:
            return True
        return False

    def _launch_without_token(self, welcome: Welcome) -> Welcome:
        """The surest refusal there is, with which the others are compared too."""
        landing = self._landing(self._log_in(), NO_TOKEN)
        self._tried += 1
        if landing is not None and not welcome.is_told_from(impression(landing)):
            self._accepted("refuse-no-token", landing)
            return welcome
        self._refused += 1
        return welcome if landing is None else msgspec.structs.replace(welcome, refusal=impression(landing))

    def _expect_refusal(self, welcome: Welcome, check: str, landing: Landing | None) -> None:
        self._tried += 1
        if landing is None or not welcome.is_like(impression(landing)):
            self._refused += 1
            return
        self._accepted(check, landing)

    def _accepted(self, check: str, landing: Landing) -> None:
        told = f"the tool answers {landing.answer.status} with the page that a good launch gets"
        self._recorder.find(check, told, mend="refuse such a launch, best with status 401 and a page that says why")

    def _try_states(self, welcome: Welcome) -> None:
        """Without a state, which is found already, the tool has nothing that these launches could show."""
        request = self._log_in()
        if not request.state:
            return
        token = signed(self._claims(request), self._platform)
        self._expect_refusal(welcome, "refuse-state", self._landing(request, token, state=secrets.token_urlsafe(24)))
        request = self._log_in()
        token = signed(self._claims(request), self._platform)
        self._expect_refusal(welcome, "refuse-other-browser", self._landing(request, token, elsewhere=True))

    def _try_replay(self, welcome: Welcome) -> None:
        request = self._log_in()
        if not request.nonce:
            return
        token = signed(self._claims(request), self._platform)
        self._landing(request, token)
        self._expect_refusal(welcome, "refuse-replay", self._landing(request, token))

    def _try_anonymous(self, welcome: Welcome) -> None:
        """Core 5.3.6.1 wants such a launch taken as anonymous; the Certification Guide lists it among the bad ones."""
        request = self._log_in()
        personal = {"sub", "name", "given_name", "family_name", "email"}
        claims = {name: value for name, value in self._claims(request).items() if name not in personal}
        landing = self._landing(request, signed(claims, self._platform))
        if landing is None or not welcome.is_like(impression(landing)):
            told = "the tool refuses a launch that names no user, or answers it otherwise than one that does"
            self._recorder.find("launch-anonymous", told)

    def _try_unsigned_target(self) -> None:
        """The login is unsigned: whoever begins it may name any target. The signed claim names the true one."""
        try:
            request = self._log_in(target=UNSIGNED_TARGET)
        except LoginFailed:
            return  # refusing the login is as good
        if request.redirect_uri not in self._tool.redirect_uris:
            told = "the redirect URI is what the unsigned login names as target"
            self._recorder.find("refuse-unsigned-target", told, value=request.redirect_uri)
            return
        landing = self._landing(request, signed(self._claims(request), self._platform))
        if landing is not None and landing.sent_away.startswith(UNSIGNED_TARGET):
            told = "the launch leads to the target that only the unsigned login names"
            mend = "go to the target_link_uri of the token"
            self._recorder.find("refuse-unsigned-target", told, mend=mend, value=landing.sent_away)

    def _launch_well_again(self, welcome: Welcome) -> None:
        """Were this refused, the refusals before might be for another reason, such as too many launches."""
        request = self._log_in()
        landing = self._landing(request, signed(self._claims(request), self._platform))
        if landing is None or not welcome.is_like(impression(landing)):
            told = "a good launch after the bad ones gets another answer than those before"
            self._recorder.find("launch-afterwards", told, mend="let bad launches not count against good ones")
