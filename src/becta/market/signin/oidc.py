"""OpenID Connect: where an issuer is, whom its keys vouch for, and what a code is worth. No database here."""

import base64
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from msgspec import Struct

from becta.market.accounts.domains import proper_email
from becta.market.signin.fetching import Fetcher, Unanswered
from becta.market.signin.flows import Flow
from becta.market.signin.id_tokens import Claims, Expected, Key, checked_claims, keys_of, pick_key
from becta.market.signin.issuers import Issuer, is_safe
from becta.market.signin.people import Proved, SignInRefused
from becta.market.signin.rules import plain_name

KEPT = timedelta(hours=1)
"""How long what an issuer says of itself is believed without asking again."""
KEYS_EVERY = timedelta(minutes=1)
"""How often at most keys are fetched again for a token with a key we do not know."""
LONGEST_CODE = 2_000


class Discovery(Struct, frozen=True, kw_only=True):
    """What an issuer says of itself."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    secret_in_form: bool
    names_itself: bool


class Provider:
    """One issuer, with what it said of itself lately."""

    def __init__(self, issuer: Issuer, fetcher: Fetcher) -> None:
        """Nothing is fetched yet."""
        self.issuer = issuer
        self._fetcher = fetcher
        self._lock = threading.Lock()
        self._discovery: tuple[datetime, Discovery] | None = None
        self._keys: tuple[datetime, Sequence[Key]] | None = None

    def authorization_url(self, flow: Flow, *, redirect_uri: str, now: datetime) -> str:
        """Where somebody is sent to sign in; raises Unanswered."""
        endpoint = self._discovered(now).authorization_endpoint
        query = urlencode(
            {
                "response_type": "code",
                "client_id": self.issuer.client_id,
                "redirect_uri": redirect_uri,
                "scope": " ".join(self.issuer.scopes),
                "state": flow.state,
                "nonce": flow.nonce,
                "code_challenge": flow.code_challenge,
                "code_challenge_method": "S256",
            }
        )
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{query}"

    def proved(self, flow: Flow, *, code: str, named: str | None, redirect_uri: str, now: datetime) -> Claims:
        """What the issuer says of whoever came back with a code; `named` is the `iss` they came with (RFC 9207).

        Raises Unanswered, or SignInRefused for anything that does not fit.
        """
        discovery = self._discovered(now)
        if named is None and discovery.names_itself:
            raise SignInRefused("the answer does not name its issuer")
        if not 0 < len(code) <= LONGEST_CODE:
            raise SignInRefused("there is no code")
        answer = self._exchange(discovery, flow, code=code, redirect_uri=redirect_uri)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise SignInRefused("there is no identity token")
        expected = Expected(issuer=self.issuer.issuer, client_id=self.issuer.client_id, nonce=flow.nonce)
        claims = checked_claims(token, self._key_for(token, discovery, now=now), expected, now=now)
        if named is not None and named != claims["iss"]:
            raise SignInRefused("the answer names another issuer")
        return claims

    def _exchange(self, discovery: Discovery, flow: Flow, *, code: str, redirect_uri: str) -> dict[str, Any]:
        secret = self.issuer.client_secret.get_secret_value()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": flow.code_verifier,
        }
        if discovery.secret_in_form:
            form |= {"client_id": self.issuer.client_id, "client_secret": secret}
            return self._fetcher.post(discovery.token_endpoint, form=form)
        pair = f"{quote_plus(self.issuer.client_id)}:{quote_plus(secret)}"
        headers = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        return self._fetcher.post(discovery.token_endpoint, form=form, headers=headers)

    def _discovered(self, now: datetime) -> Discovery:
        with self._lock:
            if self._discovery is None or now - self._discovery[0] >= KEPT:
                self._discovery = (now, discovery_of(self._fetcher.get(self.issuer.discovery_url), self.issuer))
            return self._discovery[1]

    def _key_for(self, token: str, discovery: Discovery, *, now: datetime) -> Key:
        with self._lock:
            age = None if self._keys is None else now - self._keys[0]
            found = None if self._keys is None or age >= KEPT else pick_key(token, self._keys[1])  # type: ignore[operator]
            if found is None and (age is None or age >= KEYS_EVERY):
                self._keys = (now, keys_of(self._fetcher.get(discovery.jwks_uri)))
                found = pick_key(token, self._keys[1])
        if found is None:
            raise SignInRefused("the identity token's key is unknown")
        return found


def discovery_of(document: dict[str, Any], issuer: Issuer) -> Discovery:
    """What a discovery document says; raises Unanswered if it is not this issuer's or sends us somewhere unsafe."""
    if document.get("issuer") != issuer.issuer:
        raise Unanswered("the discovery document is of another issuer")
    places = [document.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
    for place in places:
        if not isinstance(place, str) or not is_safe(place, named_by=issuer.issuer) or "#" in place:
            raise Unanswered("the discovery document names an unsafe address")
    authorization, token, keys = places
    methods = document.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    return Discovery(
        authorization_endpoint=str(authorization),
        token_endpoint=str(token),
        jwks_uri=str(keys),
        secret_in_form="client_secret_basic" not in methods and "client_secret_post" in methods,
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
    )


def proved_by(claims: Claims, issuer: Issuer, *, organisation: str | None = None) -> Proved:
    """Who claims speak of. An e-mail address counts only from an issuer that is trusted with it, and if verified."""
    email = claims.get("email")
    is_proved = issuer.trust_email and claims.get("email_verified") is True and isinstance(email, str)
    given = f"{claims.get('given_name') or ''} {claims.get('family_name') or ''}"
    return Proved(
        issuer=claims["iss"],
        subject=claims["sub"],
        name=plain_name(claims.get("name")) or plain_name(given),
        email=proper_email(str(email)) if is_proved else None,
        organisation=organisation,
    )
