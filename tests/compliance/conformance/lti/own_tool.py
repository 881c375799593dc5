"""A strict LTI 1.3 tool of our own, which can be made wrong in exactly one way: the flaw bears the check's name.

The way it is right: every check of the specification that the runner asks for is done, in `_launch_fault`.
"""

import hashlib
import hmac
import json
import secrets
import time
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import jwt
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm
from tests.compliance.conformance.lti.serving import Asked, Told, moved

from becta.compliance.conformance.lti.platform import Platform

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
TOOL_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-tool-configuration"

KEY = generate_private_key(65537, 2048)
OTHER_KEY = generate_private_key(65537, 2048)
WEAK_KEY = generate_private_key(65537, 1024)
KNOWN = frozenset({"custom", "context", "resource_link", "tool_platform", "launch_presentation"})


class Refusal(Exception):
    """Why a launch is refused."""


class OwnTool:
    """One running tool. `flaw` is the id of the check that must find it; empty for the good tool."""

    def __init__(self, origin: str, platform: Platform, *, client_id: str, deployment_id: str, flaw: str = "") -> None:
        self.origin = origin
        self.platform = platform
        self.client_id = client_id
        self.deployment_id = deployment_id
        self.flaw = flaw
        self.states: dict[str, tuple[str, str]] = {}
        self.nonces: set[str] = set()
        self.is_blocked = False

    def answer(self, asked: Asked) -> Told:
        """The whole tool."""
        if asked.path == "/login":
            return self._log_in(asked)
        if asked.path in {"/launch", "/deep"} and asked.method == "POST":
            return self._launched(asked)
        if asked.path == "/jwks":
            return self._key_set()
        if asked.path == "/configuration":
            return self._configuration()
        return Told(status=404, body="<h1>Not found</h1>")

    def _has(self, flaw: str) -> bool:
        return self.flaw == flaw

    # login

    def _log_in(self, asked: Asked) -> Told:
        if self._has(f"login-{asked.method.lower()}"):
            return Told(status=405, body="<h1>Method not allowed</h1>")
        given = asked.parameters
        if given.get("iss") != self.platform.issuer and not self._has("login-issuer"):
            return Told(status=400, body="<h1>Unknown platform</h1>")
        session = asked.cookies.get("session") or secrets.token_hex(8)
        state = "always" if self._has("request-state-fresh") else secrets.token_urlsafe(16)
        nonce = "always" if self._has("request-nonce-fresh") else secrets.token_urlsafe(16)
        self.states[state] = (session, given["target_link_uri"])
        self.nonces.add(nonce)
        is_deep = given["target_link_uri"] == f"{self.origin}/deep"
        sent = {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": self.client_id,
            "redirect_uri": f"{self.origin}/{'deep' if is_deep else 'launch'}",
            "login_hint": given["login_hint"],
            "lti_message_hint": given["lti_message_hint"],
            "state": state,
            "nonce": nonce,
        }
        wrong = {
            "request-scope": {"scope": "profile"},
            "request-response-type": {"response_type": "code"},
            "request-response-mode": {"response_mode": "query"},
            "request-prompt": {"prompt": "login"},
            "request-client-id": {"client_id": "someone-else"},
            "request-redirect-uri": {"redirect_uri": f"{self.origin}/unregistered"},
            "request-login-hint": {"login_hint": given["login_hint"].rstrip("=")},
            "request-message-hint": {"lti_message_hint": given["lti_message_hint"].lower().replace("+", " ")},
            "request-state": {"state": ""},
            "request-nonce": {"nonce": ""},
        }
        query = urlencode({name: value for name, value in (sent | wrong.get(self.flaw, {})).items() if value})
        return moved(f"{self.platform.authorize_url}?{query}", ("Set-Cookie", f"session={session}; Path=/; HttpOnly"))

    # launch

    def _launched(self, asked: Asked) -> Told:
        try:
            target = self._judge_state(asked)
            claims = self._claims(asked.form.get("id_token", ""))
            self._judge_times_and_parties(claims)
            self._judge_nonce(claims)
            if asked.path == "/deep":
                return self._deep_linked(claims)
            self._judge_message(claims)
        except Refusal as why:
            return Told(status=401, body=f"<h1>No entry</h1><p>{escape(str(why))}</p>")
        if target.startswith("https://unsigned-target.example"):
            self.is_blocked = self._has("launch-afterwards")
            if self._has("refuse-unsigned-target"):
                return moved(target)
        elif self.is_blocked or self._has("launch-accepted"):
            return Told(status=500, body="<h1>Out of order</h1>")
        return self._welcome(claims)

    def _welcome(self, claims: Mapping[str, Any]) -> Told:
        name, course = claims.get("name", "guest"), claims.get(f"{LTI}context", {}).get("title", "a course")
        body = f"""<!doctype html><title>Fractions</title><!-- {secrets.token_hex(4)} --><h1>Fractions</h1>
            <p>Hello {escape(name)}</p><p>You came from {escape(course)}. Start your exercise when you are ready. There
            are ten questions and each of them counts one mark.</p><p>Visit {secrets.token_hex(4)}</p>"""
        return Told(body=body)

    def _judge_state(self, asked: Asked) -> str:
        if self._has("request-state"):
            return f"{self.origin}{asked.path}"
        session, target = self.states.get(asked.form.get("state", ""), ("", ""))
        if not session:
            if self._has("refuse-state"):
                return f"{self.origin}{asked.path}"
            raise Refusal("unknown state")
        if session != asked.cookies.get("session") and not self._has("refuse-other-browser"):
            raise Refusal("the login was begun in another browser")
        return target

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            header, payload, signature = token.split(".")
            head, claims = (json.loads(_unpacked(part)) for part in (header, payload))
        except ValueError:
            if self._has("refuse-no-token"):
                return self._guest()
            raise Refusal("this is no token") from None
        signing_input = f"{header}.{payload}".encode()
        with urlopen(self.platform.jwks_url) as answer:
            keys = {key["kid"]: key for key in json.load(answer)["keys"]}
        only = RSAAlgorithm.from_jwk(next(iter(keys.values())))
        alg, kid = head.get("alg"), head.get("kid")
        if alg == "none" and not signature and self._has("refuse-alg-none"):
            return claims
        if alg == "HS256" and self._has("refuse-hs256"):
            pem = only.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            if hmac.compare_digest(hmac.new(pem, signing_input, hashlib.sha256).digest(), _unpacked(signature)):
                return claims
        if alg != "RS256":
            raise Refusal("the algorithm is not RS256")
        if kid is None and not self._has("refuse-no-kid"):
            raise Refusal("no kid")
        if kid is not None and kid not in keys and not self._has("refuse-unknown-kid"):
            raise Refusal("unknown kid")
        try:
            only.verify(_unpacked(signature), signing_input, PKCS1v15(), SHA256())
        except InvalidSignature:
            if not self._has("refuse-signature"):
                raise Refusal("the signature is wrong") from None
        return claims

    def _guest(self) -> dict[str, Any]:
        nonce = secrets.token_hex(8)
        self.nonces.add(nonce)
        return {
            "iss": self.platform.issuer,
            "aud": self.client_id,
            "exp": time.time() + 60,
            "iat": time.time(),
            "nonce": nonce,
            "name": "Ada Teacher",
            f"{LTI}version": "1.3.0",
            f"{LTI}deployment_id": self.deployment_id,
            f"{LTI}message_type": "LtiResourceLinkRequest",
            f"{LTI}resource_link": {"id": "1"},
            f"{LTI}roles": [],
            f"{LTI}context": {"title": "Year 7 mathematics"},
        }

    def _judge_times_and_parties(self, claims: Mapping[str, Any]) -> None:
        audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        for flaw, is_wrong in (
            ("refuse-issuer", claims["iss"] != self.platform.issuer),
            ("refuse-audience", self.client_id not in audiences),
            ("refuse-more-audiences", len(audiences) > 1),
            ("refuse-azp", claims.get("azp", self.client_id) != self.client_id),
            ("refuse-expired", claims["exp"] <= time.time()),
            ("refuse-future", claims["iat"] > time.time() + 60),
        ):
            if is_wrong and not self._has(flaw):
                raise Refusal(flaw)

    def _judge_nonce(self, claims: Mapping[str, Any]) -> None:
        nonce = claims.get("nonce")
        if nonce is None:
            if self.flaw in {"request-nonce", "refuse-no-nonce"}:
                return
            raise Refusal("no nonce")
        if nonce not in self.nonces:
            if self._has("refuse-other-nonce") and nonce.startswith("a-nonce"):
                return
            raise Refusal("this nonce was not asked for, or has been used")
        if not self._has("refuse-replay"):
            self.nonces.discard(nonce)

    def _judge_message(self, claims: Mapping[str, Any]) -> None:
        version = claims.get(f"{LTI}version")
        deployment = claims.get(f"{LTI}deployment_id")
        for flaw, is_wrong in (
            ("refuse-no-version", version is None),
            ("refuse-version", version not in {None, "1.3.0"}),
            ("refuse-no-deployment", deployment is None),
            ("refuse-deployment", deployment not in {None, self.deployment_id}),
            ("refuse-no-message-type", f"{LTI}message_type" not in claims),
            ("refuse-no-resource-link", not claims.get(f"{LTI}resource_link", {}).get("id")),
            ("refuse-no-roles", f"{LTI}roles" not in claims),
        ):
            if is_wrong and not self._has(flaw):
                raise Refusal(flaw)
        if self._has("launch-unknown-claims") and any("unknown" in name for name in claims):
            raise Refusal("what is this claim?")
        if self._has("launch-anonymous") and "sub" not in claims:
            raise Refusal("who are you?")

    # deep linking

    def _deep_linked(self, claims: Mapping[str, Any]) -> Told:
        if self._has("deep-linking-accepted"):
            return Told(status=500, body="<h1>Broken</h1>")
        settings = claims[f"{DL}deep_linking_settings"]
        if self._has("deep-linking-by-hand"):
            return Told(body="<h1>Choose</h1><form action='/chosen' method='post'><button>Fractions</button></form>")
        said = {
            "iss": self.client_id,
            "aud": claims["iss"],
            "iat": int(time.time()),
            "exp": int(time.time()) + 300,
            "nonce": secrets.token_hex(8),
            f"{LTI}message_type": "LtiDeepLinkingResponse",
            f"{LTI}version": "1.3.0",
            f"{LTI}deployment_id": claims[f"{LTI}deployment_id"],
            f"{DL}data": settings["data"],
            f"{DL}content_items": [{"type": "ltiResourceLink", "title": "Fractions", "url": f"{self.origin}/launch"}],
        }
        link = {"type": "link", "url": "https://tool.example/a"}
        wrong: dict[str, dict[str, object]] = {
            "deep-linking-issuer": {"iss": self.origin},
            "deep-linking-audience": {"aud": "https://another.example"},
            "deep-linking-times": {"exp": int(time.time()) - 3600},
            "deep-linking-nonce": {"nonce": ""},
            "deep-linking-message-type": {f"{LTI}message_type": "LtiDeepLinkingRequest"},
            "deep-linking-version": {f"{LTI}version": "1.3"},
            "deep-linking-deployment": {f"{LTI}deployment_id": "2"},
            "deep-linking-data": {f"{DL}data": settings["data"].encode("ascii", "ignore").decode()},
            "deep-linking-items": {f"{DL}content_items": [{"type": "link", "title": "Fractions"}]},
            "deep-linking-types": {f"{DL}content_items": [{**link, "type": "file"}]},
            "deep-linking-multiple": {f"{DL}content_items": [link, link]},
        }
        key = OTHER_KEY if self._has("deep-linking-signature") else KEY
        header = {} if self._has("deep-linking-kid") else {"kid": "tool-1"}
        token = jwt.encode(said | wrong.get(self.flaw, {}), key, algorithm="RS256", headers=header)
        name = "id_token" if self._has("deep-linking-form") else "JWT"
        action = escape(settings["deep_link_return_url"])
        form = f"<form method='post' action='{action}'><input type='hidden' name='{name}' value='{token}'></form>"
        return Told(body=f"<!doctype html><title>Back</title>{form}<script>document.forms[0].submit()</script>")

    # keys and configuration

    def _key_set(self) -> Told:
        good = _jwk(KEY, "tool-1")
        if self._has("keys-given"):
            return Told(status=404, body="{}", kind="application/json")
        more: dict[str, list[dict[str, Any]]] = {
            "keys-form": [{"kty": "RSA", "kid": "tool-2", "e": "AQAB"}],
            "keys-kid": [{name: value for name, value in _jwk(OTHER_KEY, "").items() if name != "kid"}],
            "keys-size": [_jwk(WEAK_KEY, "tool-2")],
            "keys-private": [_jwk(OTHER_KEY, "tool-2") | {"d": json.loads(RSAAlgorithm.to_jwk(OTHER_KEY))["d"]}],
            "keys-use": [_jwk(OTHER_KEY, "tool-2") | {"use": "enc"}],
        }
        keys = [good, *more.get(self.flaw, [])]
        return Told(body=json.dumps({"keys": keys}), kind="application/json")

    def _configuration(self) -> Told:
        if self._has("configuration-readable"):
            return Told(body="<p>Later</p>")
        place = self.origin.partition("//")[2]
        stated: dict[str, Any] = {
            "application_type": "web",
            "client_name": "Fractions",
            "response_types": ["id_token"],
            "grant_types": ["implicit", "client_credentials"],
            "initiate_login_uri": f"{self.origin}/login",
            "redirect_uris": [f"{self.origin}/launch", f"{self.origin}/deep"],
            "jwks_uri": f"{self.origin}/jwks",
            "token_endpoint_auth_method": "private_key_jwt",
            TOOL_CONFIGURATION: {"domain": place, "target_link_uri": f"{self.origin}/launch", "claims": ["iss", "sub"]},
        }
        if self._has("configuration-complete"):
            del stated["jwks_uri"]
        if self._has("configuration-https"):
            stated["redirect_uris"].append("http://tool.example/launch")
        if self._has("configuration-agrees"):
            stated["initiate_login_uri"] = "https://tool.example/login"
        if self._has("configuration-domain"):
            stated[TOOL_CONFIGURATION]["domain"] = "tool.example"
        return Told(body=json.dumps(stated), kind="application/json")


def _jwk(key: RSAPrivateKey, kid: str) -> dict[str, Any]:
    return json.loads(RSAAlgorithm.to_jwk(key.public_key())) | {"kid": kid, "alg": "RS256", "use": "sig"}


def _unpacked(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))
