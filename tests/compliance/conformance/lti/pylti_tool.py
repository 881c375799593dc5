"""A real tool: pylti1p3 behind a thin adapter of its request, cookie, session, login and launch classes.

As shipped, pylti1p3 accepts the same launch twice and a launch that is for another audience too; `StrictLaunch` adds
what the Security Framework asks for there (5.1.3 (3) and (9)).
"""

import json
import secrets
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from pylti1p3.cookie import CookieService
from pylti1p3.deep_link_resource import DeepLinkResource
from pylti1p3.exception import LtiException
from pylti1p3.message_launch import MessageLaunch
from pylti1p3.oidc_login import OIDCLogin
from pylti1p3.redirect import Redirect
from pylti1p3.request import Request
from pylti1p3.session import SessionService
from pylti1p3.tool_config import ToolConfDict
from tests.compliance.conformance.lti.own_tool import KEY
from tests.compliance.conformance.lti.serving import App, Asked, Told, app_of, moved

from becta.compliance.conformance.lti.platform import Platform
from becta.compliance.conformance.lti.settings import DEFAULT_CLIENT_ID, DEFAULT_DEPLOYMENT_ID


class _Request(Request):
    def __init__(self, asked: Asked, session: dict[str, Any]) -> None:
        self._asked = asked
        self._session = session

    @property
    def session(self) -> dict[str, Any]:
        return self._session

    def is_secure(self) -> bool:
        return True

    def get_param(self, key: str) -> str:
        return self._asked.parameters.get(key, "")


class _Cookies(CookieService):
    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self.to_set: list[tuple[str, str]] = []

    def get_cookie(self, name: str) -> str | None:
        return self._asked.cookies.get(f"lti1p3-{name}")

    def set_cookie(self, name: str, value: str | int, exp: int | None = 3600) -> None:
        self.to_set.append(("Set-Cookie", f"lti1p3-{name}={value}; Path=/; HttpOnly; Secure; SameSite=None"))


class _Redirect(Redirect[Told]):
    def __init__(self, url: str, cookies: _Cookies) -> None:
        self._url = url
        self._cookies = cookies

    def do_redirect(self) -> Told:
        return moved(self._url, *self._cookies.to_set)

    def do_js_redirect(self) -> Told:
        body = f'<script type="text/javascript">window.location="{self._url}";</script>'
        return Told(body=body, headers=tuple(self._cookies.to_set))

    def set_redirect_url(self, location: str) -> None:
        self._url = location

    def get_redirect_url(self) -> str:
        return self._url


class _Login(OIDCLogin[_Request, ToolConfDict, SessionService, _Cookies, Told]):
    def get_redirect(self, url: str) -> Redirect[Told]:
        return _Redirect(url, self._cookie_service)


class ShippedLaunch(MessageLaunch[_Request, ToolConfDict, SessionService, _Cookies]):
    """pylti1p3 as it comes."""

    def _get_request_param(self, key: str) -> str:
        return self._request.get_param(key)


class StrictLaunch(ShippedLaunch):
    """With nonces that are good once, and no audiences but the tool."""

    def validate_nonce(self) -> "StrictLaunch":
        super().validate_nonce()
        self._request.session.pop(f"lti1p3-nonce-{self._get_jwt_body()['nonce']}")
        return self

    def validate_registration(self) -> "StrictLaunch":
        super().validate_registration()
        body: Any = self._get_jwt_body()
        client = self.get_client_id()
        if body["aud"] not in (client, [client]) or body.get("azp", client) != client:
            raise LtiException("for somebody else too")
        return self


class PyltiTool:
    """The tool's web side. Sessions are kept in memory, by cookie."""

    def __init__(
        self, origin: str, platform: Platform, launch: type[ShippedLaunch], *, by_script: bool = False
    ) -> None:
        self._origin = origin
        self._launch = launch
        self._by_script = by_script
        self._sessions: dict[str, dict[str, Any]] = {}
        self._config = ToolConfDict(
            {
                platform.issuer: [
                    {
                        "default": True,
                        "client_id": DEFAULT_CLIENT_ID,
                        "auth_login_url": platform.authorize_url,
                        "auth_token_url": platform.token_url,
                        "key_set_url": platform.jwks_url,
                        "deployment_ids": [DEFAULT_DEPLOYMENT_ID],
                    }
                ]
            }
        )
        private = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        self._config.set_private_key(platform.issuer, private, DEFAULT_CLIENT_ID)
        self._config.set_public_key(platform.issuer, public, DEFAULT_CLIENT_ID)

    def answer(self, asked: Asked) -> Told:
        """Login, launch, deep linking and keys."""
        if asked.path == "/jwks":
            return Told(body=json.dumps(self._config.get_jwks()), kind="application/json")
        name = asked.cookies.get("session") or secrets.token_hex(16)
        request = _Request(asked, self._sessions.setdefault(name, {}))
        cookies = _Cookies(asked)
        session = SessionService(request)
        if asked.path == "/login":
            cookies.to_set.append(("Set-Cookie", f"session={name}; Path=/; HttpOnly"))
            login = _Login(request, self._config, session, cookies)
            is_deep = request.get_param("target_link_uri").endswith("/deep")
            return login.redirect(f"{self._origin}/{'deep' if is_deep else 'launch'}", js_redirect=self._by_script)
        launch = self._launch(request, self._config, session, cookies)
        data = launch.get_launch_data()
        if launch.is_deep_link_launch():
            item = DeepLinkResource().set_title("Fractions").set_url(f"{self._origin}/launch")
            return Told(body=launch.get_deep_link().output_response_form([item]))
        return Told(body=f"<h1>Fractions</h1><p>Hello {data['name']}, here are ten questions.</p>")


def pylti_app(launch: type[ShippedLaunch], *, by_script: bool = False) -> Any:
    """What `report_on` takes, for this launch class."""

    def make(origin: str, platform: Platform) -> App:
        return app_of(PyltiTool(origin, platform, launch, by_script=by_script).answer)

    return make
