"""Identity tokens: which are believed. Pure: keys, expectations and the time are handed in."""

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry
from msgspec import Struct

from becta.market.signin.issuers import TENANT
from becta.market.signin.people import SignInRefused

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
"""Signatures with a key pair only: "none" signs nothing, and with HS256 our own secret could sign."""
KEY_TYPES = frozenset({"RSA", "EC", "OKP"})
LEEWAY_SECONDS = 60
LONGEST_SUBJECT = 250
_UNREADABLE = (JoseError, ValueError, TypeError, KeyError)

Claims = Mapping[str, Any]


class Key(Struct, frozen=True):
    """A public key of an issuer. `raw` is the JWK as it came."""

    kid: str | None
    algorithm: str | None
    raw: dict[str, Any]


class Expected(Struct, frozen=True, kw_only=True):
    """What a token must say. `issuer` may hold the place of a tenant's id."""

    issuer: str
    client_id: str
    nonce: str


def keys_of(document: object) -> tuple[Key, ...]:
    """The keys of a JWK set that can check signatures; others are passed over."""
    entries = document.get("keys") if isinstance(document, dict) else None
    found = []
    for raw in entries if isinstance(entries, list) else ():
        if not isinstance(raw, dict) or raw.get("kty") not in KEY_TYPES or raw.get("use", "sig") != "sig":
            continue
        public = {name: value for name, value in raw.items() if name not in {"d", "p", "q", "dp", "dq", "qi", "oth"}}
        try:
            JWKRegistry.import_key(public)
        except _UNREADABLE:
            continue
        found.append(Key(kid=_text(raw.get("kid")), algorithm=_text(raw.get("alg")), raw=public))
    return tuple(found)


def pick_key(token: str, keys: Sequence[Key]) -> Key | None:
    """The key a token names, or the only one if it names none; None if there is no such key."""
    header = _header_of(token)
    kid = header.get("kid")
    if kid is None:
        return keys[0] if len(keys) == 1 else None
    return next((key for key in keys if key.kid == kid), None)


def checked_claims(token: str, key: Key, expected: Expected, *, now: datetime) -> Claims:
    """What a token says, once its signature and everything around it fit; raises SignInRefused."""
    algorithm = _header_of(token).get("alg")
    if algorithm not in ALGORITHMS:
        raise SignInRefused("the identity token's algorithm is not allowed")
    if key.algorithm is not None and key.algorithm != algorithm:
        raise SignInRefused("the identity token's algorithm is not the key's")
    try:
        claims = jwt.decode(token, JWKRegistry.import_key(key.raw), algorithms=[algorithm]).claims
    except _UNREADABLE:
        raise SignInRefused("the identity token's signature is wrong") from None
    _check_audience(claims, expected.client_id)
    _check_times(claims, now=now.timestamp())
    if claims.get("iss") != issuer_for(claims, expected.issuer):
        raise SignInRefused("the identity token is of another issuer")
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise SignInRefused("the identity token's nonce is not ours")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
        raise SignInRefused("the identity token names nobody")
    return claims


def issuer_for(claims: Claims, issuer: str) -> str | None:
    """The issuer a token must name: where people of any tenant may sign in, with the id of theirs."""
    if TENANT not in issuer:
        return issuer
    try:
        return issuer.replace(TENANT, str(UUID(claims["tid"])))
    except (KeyError, ValueError, AttributeError, TypeError):
        return None


def _check_audience(claims: Claims, client_id: str) -> None:
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if client_id not in audiences:
        raise SignInRefused("the identity token is for somebody else")
    party = claims.get("azp")
    if (len(audiences) > 1 and party is None) or (party is not None and party != client_id):
        raise SignInRefused("the identity token was given to somebody else")


def _check_times(claims: Claims, *, now: float) -> None:
    expires, issued, starts = claims.get("exp"), claims.get("iat"), claims.get("nbf", 0)
    for moment in (expires, issued, starts):
        if isinstance(moment, bool) or not isinstance(moment, int | float):
            raise SignInRefused("the identity token's times are missing")
    if expires + LEEWAY_SECONDS <= now:  # type: ignore[operator] # checked above
        raise SignInRefused("the identity token has expired")
    if max(issued, starts) - LEEWAY_SECONDS > now:
        raise SignInRefused("the identity token is from the future")


def _header_of(token: str) -> dict[str, Any]:
    first = token.partition(".")[0]
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)), type=dict[str, Any])
    except (msgspec.MsgspecError, binascii.Error, ValueError):
        raise SignInRefused("the identity token cannot be read") from None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
