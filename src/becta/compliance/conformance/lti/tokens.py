"""The JWTs that the simulator sends: good ones, and those forged on purpose."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from functools import cache

import msgspec
from joserfc import jwt
from joserfc.jwk import RSAKey

from becta.compliance.conformance.lti.platform import Platform, new_key

Claims = Mapping[str, object]


def signed(claims: Claims, platform: Platform) -> str:
    """The claims signed by the platform, as a launch must be (Security Framework 5.1.2, 6.1)."""
    return _rs256(claims, platform.key, platform.kid)


def signed_by_a_stranger(claims: Claims, platform: Platform) -> str:
    """Signed with a key that is not the platform's, under the name of the platform's key."""
    return _rs256(claims, _stranger(), platform.kid)


def signed_under_another_kid(claims: Claims, platform: Platform) -> str:
    """Signed by the platform, but naming a key that its key set does not hold."""
    return _rs256(claims, platform.key, _stranger().thumbprint())


def signed_without_kid(claims: Claims, platform: Platform) -> str:
    """Signed by the platform, naming no key."""
    return _rs256(claims, platform.key, None)


def unsigned(claims: Claims, platform: Platform) -> str:
    """alg none with an empty signature (RFC 7518 3.6)."""
    return f"{_opening({'alg': 'none', 'typ': 'JWT', 'kid': platform.kid}, claims)}."


def signed_with_the_public_key(claims: Claims, platform: Platform) -> str:
    """HS256 keyed with the public key's PEM: what a tool takes that lets the token choose the algorithm."""
    opening = _opening({"alg": "HS256", "typ": "JWT", "kid": platform.kid}, claims)
    mac = hmac.new(platform.key.as_pem(private=False), opening.encode(), hashlib.sha256)
    return f"{opening}.{_packed(mac.digest())}"


def _rs256(claims: Claims, key: RSAKey, kid: str | None) -> str:
    header = {"alg": "RS256"} if kid is None else {"alg": "RS256", "kid": kid}
    return jwt.encode(header, dict(claims), key, algorithms=["RS256"])


def _opening(header: Mapping[str, str], claims: Claims) -> str:
    return f"{_packed(msgspec.json.encode(header))}.{_packed(msgspec.json.encode(claims))}"


def _packed(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


@cache
def _stranger() -> RSAKey:
    return new_key()
